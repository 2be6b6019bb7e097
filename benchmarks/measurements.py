"""What is measured, one function for each group of rows of the table."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks import plain_simpy, workloads

START_UPS = 9


@dataclass(frozen=True)
class Row:
    """One line of the table.

    value, base : what portsim and what it is compared with took or reached, as shown
    ratio : the figure the bar is about
    bar, at_least : what the ratio is to reach (at least) or not to exceed; None where nothing is promised
    """

    what: str
    value: str
    base: str
    ratio: float
    bar: float | None = None
    at_least: bool = False
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Whether the bar is met."""
        if self.bar is None:
            return ""
        return "met" if (self.ratio >= self.bar if self.at_least else self.ratio <= self.bar) else "not met"


Clock = Callable[[], float]


def seconds(work: Callable[[], object], clock: Clock) -> float:
    """How long one call takes by this clock, the garbage of earlier ones out of the way."""
    gc.collect()
    start = clock()
    work()
    return clock() - start


def interleaved(repeats: int, *works: Callable[[], object], clock: Clock = time.process_time) -> list[list[float]]:
    """Seconds of each work, taken in turn so that a slow moment of the machine meets all of them.

    Work within this process is counted in processor time, which other programs of the machine disturb least.
    """
    rounds = [[seconds(work, clock) for work in works] for _ in range(repeats)]
    return [list(times) for times in zip(*rounds, strict=True)]


def times_as_fast(base: list[float], other: list[float]) -> float:
    """Median over the rounds of how many times as fast the other was."""
    return median(b / o for b, o in zip(base, other, strict=True))


def measure_speed(units: int, repeats: int) -> Iterator[Row]:
    """Workloads B and A: the engine on the draws of the plain model, and B from YAML to measures.

    The plain model's draws (numpy, before the run) are left out beside the engine, which is given its traffic, and
    counted beside the whole way from YAML.
    """
    from portsim.engines import simulate

    draws = plain_simpy.draw_b(units, seed=1)
    work = workloads.workload_b(draws)
    text = workloads.scenario_b(units)
    plain, engine, whole, drawing = interleaved(
        repeats,
        lambda: plain_simpy.simulate_b(draws),
        lambda: simulate(work.network, work.traffic, engine="reference"),
        lambda: from_text(text),
        lambda: plain_simpy.draw_b(units, seed=1),
    )
    plain_whole = [run + draw for run, draw in zip(plain, drawing, strict=True)]
    yield speed("B, reference engine / plain SimPy", units, engine, plain, bar=0.5)
    yield speed("B, YAML to measures / plain SimPy", units, whole, plain_whole)

    draws = plain_simpy.draw_a(2 * units, seed=1)
    work = workloads.workload_a(draws)
    plain, engine = interleaved(
        repeats,
        lambda: plain_simpy.simulate_a(draws),
        lambda: simulate(work.network, work.traffic, engine="reference"),
    )
    yield speed("A, reference engine / plain SimPy", 2 * units, engine, plain)


def from_text(text: str) -> object:
    """One replication the whole way: read, check, lower, draw, simulate, measure."""
    from portsim.engines import simulate
    from portsim.model import draw, lower
    from portsim.results import measure
    from portsim.scenario import load_text

    scenario = load_text(text)
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    records = simulate(network, traffic, engine="reference")
    return measure(network, traffic, records, scenario.targets)


def speed(what: str, units: int, other: list[float], base: list[float], bar: float | None = None) -> Row:
    """Units a second of both, and how many times as fast the other is."""
    return Row(
        what,
        f"{units / median(other):,.0f} units/s",
        f"{units / median(base):,.0f} units/s",
        times_as_fast(base, other),
        bar,
        at_least=True,
    )


def measure_overload(units: int, repeats: int) -> Iterator[Row]:
    """Time per unit where the backlog grows to 40,000 beside one that grows to 10,000 (at 100,000 units asked)."""
    from portsim.engines import simulate

    large, small = max(units * 2 // 5, 40), max(units // 10, 10)
    for what, build in (
        ("inside", workloads.backlog_of_trucks),
        ("outside the door", workloads.backlog_at_door),
        ("half without a lane", workloads.backlog_without_lane),
    ):
        heavy, light = build(large), build(small)
        long, short = interleaved(
            repeats,
            lambda work=heavy: simulate(work.network, work.traffic, engine="reference"),  # type: ignore[misc]
            lambda work=light: simulate(work.network, work.traffic, engine="reference"),  # type: ignore[misc]
        )
        yield Row(
            f"backlog {large:,} / {small:,}, {what}",
            f"{median(long) / heavy.units * 1e6:.1f} us/unit",
            f"{median(short) / light.units * 1e6:.1f} us/unit",
            median(a / heavy.units / (b / light.units) for a, b in zip(long, short, strict=True)),
            bar=1.5,
        )


def measure_start_up(units: int, repeats: int) -> Iterator[Row]:
    """What a command takes to start, beside importing typer alone; `units` does not matter here."""
    del units
    typer, help_page, check = interleaved(
        max(repeats, START_UPS),
        lambda: _python("import typer"),
        lambda: _portsim("--help"),
        lambda: _portsim("check", "irkeshtam-24h"),
        clock=time.perf_counter,
    )
    for what, times, bar in (("portsim --help", help_page, 2.6), ("portsim check irkeshtam-24h", check, 6.0)):
        yield Row(
            f"{what} / import typer",
            f"{median(times) * 1e3:.0f} ms",
            f"{median(typer) * 1e3:.0f} ms",
            median(t / base for t, base in zip(times, typer, strict=True)),
            bar,
        )


def _portsim(*arguments: str) -> None:
    _python("import sys; from portsim.cli import main; sys.argv[0] = 'portsim'; sys.exit(main())", *arguments)


def _python(code: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def measure_memory(units: int, repeats: int) -> Iterator[Row]:
    """Slope of peak memory between a fifth of the units and all of them, each in a new process."""
    del repeats
    few, low = peak(units // 5, "reference")
    many, high = peak(units, "reference")
    yield Row(
        f"memory between {few:,} and {many:,} units of B",
        f"{high / 1e6:.0f} MB",
        f"{low / 1e6:.0f} MB",
        (high - low) / (many - few) / 1000,
        bar=1.5,
        unit=" kB/unit",
    )


def peak(units: int, engine: str) -> tuple[int, int]:
    """How many units a run of workload B had, and its peak memory in bytes, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", str(units), engine]
    count, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(count), int(peak)
