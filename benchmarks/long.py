"""What long runs are measured by that keep a summary only: time per unit, and memory, beside a short one.

`python -m benchmarks.long SCENARIO TO` plays one in this process and prints units, seconds and bytes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import workloads
from benchmarks.kernel import HUGE, LARGE
from benchmarks.measurements import Row, interleaved
from benchmarks.memory import peak_bytes

if TYPE_CHECKING:
    from portsim.scenario.scenario import Scenario

ONE_YEAR, TEN_YEARS = "2026-05-24 00:00", "2035-05-24 00:00"
"""One and ten years from the first day of irkeshtam-24h."""

REGION_YEAR = ("from=2025-01-01 00:00", "to=2026-01-01 00:00", "measure_from=2025-01-01 00:00", "records=summary")


def measure_long(units: int, repeats: int) -> Iterator[Row]:
    """Processor time per unit, peak memory of ten years beside one, and a year of a region."""
    yield _per_unit(units, LARGE, repeats)
    year, _, low = _played("irkeshtam-24h", ONE_YEAR)
    decade, _, high = _played("irkeshtam-24h", TEN_YEARS)
    yield Row(
        f"memory, ten years ({decade:,} units) / one ({year:,}), summary",
        f"{high / 1e6:.0f} MB",
        f"{low / 1e6:.0f} MB",
        high / low,
        bar=1.1,
    )
    count, seconds, most = _played("xinjiang-region", "")
    yield Row(
        f"a year of xinjiang-region ({count:,} units), summary",
        f"{count / seconds:,.0f} units/s",
        "",
        seconds,
        bar=60,
        unit=" s",
    )
    yield Row("its peak memory", f"{most / 1e6:.0f} MB", "", most / 1e9, bar=4, unit=" GB")


def measure_huge_summary(units: int, repeats: int) -> Iterator[Row]:
    """Processor time per unit of a hundred times the units: done once."""
    del repeats
    yield _per_unit(units, HUGE, 1)


def _per_unit(units: int, times: int, repeats: int) -> Row:
    from portsim.engines import compiled
    from portsim.scenario import load_text

    compiled.load(print)
    short, long = (load_text(workloads.scenario_b(many)) for many in (units, times * units))
    short_times, long_times = interleaved(repeats, lambda: play(short), lambda: play(long))
    few, many = play(short), play(long) if repeats > 1 else times * units
    return Row(
        f"B, {times * units:,} units / {units:,}, summary",
        f"{median(long_times) / many * 1e6:.2f} us/unit",
        f"{median(short_times) / few * 1e6:.2f} us/unit",
        median(a / many / (b / few) for a, b in zip(long_times, short_times, strict=True)),
        bar=1.2,
    )


def play(scenario: Scenario) -> int:
    """Play one replication part by part and return how many units came."""
    from portsim.experiments.parts import play_in_parts
    from portsim.model import lower

    summary = play_in_parts(scenario, lower(scenario), seed=1, number=0, engine="compiled")
    return int(next(measure.value for measure in summary.measures if measure.metric == "arrived"))


def _played(name: str, until: str) -> tuple[int, float, int]:
    """Units, processor seconds (the kernel loaded) and peak memory of a run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.long", name, until]
    count, seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(count), float(seconds), int(peak)


def main(name: str, until: str) -> None:
    """Play a scenario until then, or every port of a region for a year."""
    from portsim.api import Region, load
    from portsim.engines import compiled

    loaded = load(name, sets=[f"to={until}"] if until else REGION_YEAR)
    compiled.load()
    begun = time.process_time()
    scenarios = [port.scenario for port in loaded.ports] if isinstance(loaded, Region) else [loaded]
    units = sum(play(scenario) for scenario in scenarios)
    print(units, time.process_time() - begun, peak_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
