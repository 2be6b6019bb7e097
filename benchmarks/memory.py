"""Peak memory of one run of workload B, in a process of its own: `python -m benchmarks.memory UNITS ENGINE`."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.workloads import scenario_b

if TYPE_CHECKING:
    from portsim.engines import EngineName


def peak_bytes() -> int:
    """The most memory this process has held at once.

    Linux hands `ru_maxrss` of the process that started this one down to it, so the kernel's own mark is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        mark = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(mark.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(units: int, engine: EngineName) -> None:
    """Draw, simulate, keep all records, and print how many units there were and the peak in bytes."""
    from portsim.engines import simulate
    from portsim.model import draw, lower
    from portsim.scenario import load_text

    scenario = load_text(scenario_b(units))
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    records = simulate(network, traffic, engine=engine)
    print(len(records.units["unit"]), peak_bytes())


if __name__ == "__main__":
    main(int(sys.argv[1]), cast("EngineName", sys.argv[2]))
