"""What the compiled engine is measured by: beside plain SimPy, beside the reference engine, and beside itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import plain_simpy, workloads
from benchmarks.measurements import Row, interleaved, peak, speed

if TYPE_CHECKING:
    from portsim.engines import EngineName
    from portsim.scenario.scenario import Scenario

LARGE, HUGE = 10, 100
"""How many times the units of workload B a long run has; the second only where it is asked for."""

YEAR = "to=2026-05-24 00:00"
"""From the first day of irkeshtam-24h on a year."""


def measure_kernel(units: int, repeats: int) -> Iterator[Row]:
    """The compiled engine on workloads B and A, alone and the whole way, and on a year of a port as it is.

    The plain model's draws are made before its run and left out; portsim's are counted the whole way. Nothing is read
    or lowered within the time taken, and the kernel is loaded before.
    """
    from portsim.engines import compiled, simulate
    from portsim.scenario import load, load_text

    compiled.load(print)
    draws = plain_simpy.draw_b(units, seed=1)
    work = workloads.workload_b(draws)
    whole = Whole(load_text(workloads.scenario_b(units)))
    whole.play("compiled")
    plain, engine, _ = interleaved(
        repeats,
        lambda: plain_simpy.simulate_b(draws),
        lambda: simulate(work.network, work.traffic, engine="compiled"),
        lambda: whole.play("compiled"),
    )
    rounds = whole.rounds[1:]
    yield speed("B, compiled engine with records / plain SimPy", units, engine, plain, bar=25)
    yield speed("B, draw to measures / plain SimPy", units, [sum(times) for times in rounds], plain, bar=18)
    around = [drawing + measuring for drawing, _, measuring in rounds]
    yield speed("B, draw and measures alone / plain SimPy", units, around, plain, bar=50)

    draws = plain_simpy.draw_a(2 * units, seed=1)
    single = Whole(load_text(workloads.scenario_a(2 * units)))
    single.play("compiled")
    plain, whole_way = interleaved(repeats, lambda: plain_simpy.simulate_a(draws), lambda: single.play("compiled"))
    yield speed("A, draw to measures / plain SimPy", 2 * units, whole_way, plain, bar=12)

    year = Whole(load("irkeshtam-24h", sets=[YEAR]))
    count = year.play("compiled")
    reference, kernel = interleaved(min(repeats, 2), lambda: year.play("reference"), lambda: year.play("compiled"))
    yield speed("a year of irkeshtam-24h / reference engine", count, kernel, reference, bar=30)


class Whole:
    """One replication of a scenario from drawing to measures and findings.

    rounds : processor time of each that was played: drawing, simulating with records, measuring
    """

    def __init__(self, scenario: Scenario) -> None:
        from portsim.model import lower

        self.scenario = scenario
        self.network = lower(scenario)
        self.rounds: list[tuple[float, float, float]] = []

    def play(self, engine: EngineName) -> int:
        """Play it and return how many units there were."""
        from portsim.engines import simulate
        from portsim.experiments.findings import find
        from portsim.model import draw, with_outages
        from portsim.results import measure

        marks = [time.process_time()]
        traffic = draw(self.scenario, self.network, seed=1, replication=0)
        network = with_outages(self.scenario, self.network, seed=1, replication=0)
        marks.append(time.process_time())
        records = simulate(network, traffic, engine=engine)
        marks.append(time.process_time())
        measure(network, traffic, records, self.scenario.targets)
        find(network, traffic, records)
        marks.append(time.process_time())
        drawing, simulating, measuring = (after - before for before, after in pairwise(marks))
        self.rounds.append((drawing, simulating, measuring))
        return len(traffic)


def measure_scale(units: int, repeats: int) -> Iterator[Row]:
    """Processor time per unit of a long run of workload B from drawing to measures, beside a short one."""
    yield _per_unit(units, LARGE, repeats, bar=1.2)


def measure_huge(units: int, repeats: int) -> Iterator[Row]:
    """The same of a run that takes some gigabytes: done once."""
    del repeats
    yield _per_unit(units, HUGE, 1, bar=1.6)


def _per_unit(units: int, times: int, repeats: int, bar: float) -> Row:
    from portsim.engines import compiled

    compiled.load(print)
    short, long = _whole_b(units), _whole_b(times * units)
    few, many = short(), long()
    short_times, long_times = interleaved(repeats, short, long)
    return Row(
        f"B, {times * units:,} units / {units:,}, draw to measures",
        f"{median(long_times) / many * 1e6:.2f} us/unit",
        f"{median(short_times) / few * 1e6:.2f} us/unit",
        median(a / many / (b / few) for a, b in zip(long_times, short_times, strict=True)),
        bar,
    )


def _whole_b(units: int) -> Callable[[], int]:
    from portsim.scenario import load_text

    whole = Whole(load_text(workloads.scenario_b(units)))
    return lambda: whole.play("compiled")


def measure_slope(units: int, repeats: int) -> Iterator[Row]:
    """Slope of peak memory a visit, drawing, compiled engine and all records, each in a new process."""
    from portsim.engines import compiled

    del repeats
    compiled.load(print)
    few, low = peak(units, "compiled")
    many, high = peak(units * 5, "compiled")
    yield Row(
        f"memory between {few:,} and {many:,} units of B, compiled",
        f"{high / 1e6:.0f} MB",
        f"{low / 1e6:.0f} MB",
        (high - low) / (many - few) / workloads.STAGES_B,
        bar=120,
        unit=" B/visit",
    )
