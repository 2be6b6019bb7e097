"""Replications of a region: replication i of every port, then replication i + 1 of every port.

So a run that ends early has the same replications of all ports, and records of no more than one replication of one port
need be in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from portsim.engines import EngineName
from portsim.experiments.executors import Executor, Played, executor_for
from portsim.experiments.replicate import Gathering, Known, Run, numbers_of
from portsim.results import Measure, MetricRow
from portsim.results.runtables import Keep
from portsim.results.totals import add_up, summarise_region
from portsim.scenario.region import Region, port_seed


@dataclass(frozen=True, slots=True, eq=False)
class RegionRun:
    """What the replications of a region gave.

    seed : the region's; `runs` have those of the ports
    runs : of each port, by its name in the region
    numbers : the replications that all ports have played to the end, which the totals are of
    totals : of each of them, in the same order, the sums over the ports
    rows : those of the totals, then those of each port; `port` is the region's name, or that of the port in it
    stopped : which port had to stop and why, None if none had to
    """

    region: Region
    seed: int
    runs: Mapping[str, Run]
    numbers: tuple[int, ...]
    totals: tuple[tuple[Measure, ...], ...]
    rows: tuple[MetricRow, ...]
    warnings: tuple[str, ...]
    stopped: str | None
    is_interrupted: bool


def replicate_region(
    region: Region,
    *,
    replications: int | Iterable[int] = 10,
    seed: int | None = None,
    engine: EngineName = "auto",
    keep: Keep = "none",
    executor: Executor | None = None,
    known: Mapping[str, Known] | None = None,
    tables: bool = False,
    records: Keep = "none",
    on_replication: Callable[[str, Played], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> RegionRun:
    """Simulate every port of a region several times, and add up what adds up.

    Arguments are those of `replicate`; `known` is by port, and `on_replication` is given the name of the port as well.

    A port that reaches a limit ends the run once the others have played that replication too; totals and rows are of
    those before it. If it was the first, the ports have what they played of it, and there are no totals. Ctrl-C ends
    the run likewise (`RegionRun.is_interrupted`) with the replications that are done in all ports, and is raised as
    KeyboardInterrupt if there is none.

    Raises ValueError for fewer than one replication, a negative number, or an unknown `keep`.
    """
    numbers = numbers_of(replications)
    executor = executor_for() if executor is None else executor
    seed = region.seed if seed is None else seed
    ports = {
        port.name: Gathering(
            port.scenario,
            seed=port_seed(seed, port.name),
            engine=engine,
            keep=keep,
            known=None if known is None else known[port.name],
            tables=tables,
            records=records,
            first=numbers[0],
            replications=len(numbers) * len(region.ports),
            executor=executor,
            on_notice=on_notice,
        )
        for port in region.ports
    }
    done: list[int] = []
    stopped: dict[str, str] = {}
    extent = ""
    is_interrupted = False
    tasks = (
        gathering.task(number) for number in numbers for gathering in ports.values() if not gathering.knows(number)
    )
    with closing(executor.play(tasks)) as results:
        for number in numbers:
            try:
                for name, gathering in ports.items():
                    played = gathering.recall(number) if gathering.knows(number) else next(results)
                    if on_replication is not None:
                        on_replication(name, played)
                    gathering.add(played)
                    if played.stopped is not None:
                        stopped[name] = played.stopped
            except KeyboardInterrupt:
                if not done:
                    raise
                is_interrupted, stopped = True, {}
                extent = f"interrupted: the figures are of {len(done)} of {len(numbers)} replications"
            if stopped or is_interrupted:
                if done:
                    for name in ports.keys() - stopped.keys():
                        ports[name].drop(number)
                break
            done.append(number)
    if stopped:
        extent = f"port {', '.join(stopped)} had to stop in replication {numbers[len(done)]}"
        extent += f": the figures are of the {len(done)} before it" if done else ", the first"
    runs = {
        name: gathering.finish(extent, is_interrupted=is_interrupted) if extent else gathering.finish()
        for name, gathering in ports.items()
    }
    measures = {name: run.measures for name, run in runs.items()}
    complete = [] if stopped and not done else list(zip(*measures.values(), strict=True))
    binned = [port.name for port in region.ports if port.scenario.records == "summary"]
    drawn = [port.name for port in region.ports if port.scenario.posterior is not None]
    return RegionRun(
        region=region,
        seed=seed,
        runs=runs,
        numbers=tuple(done),
        totals=tuple(add_up(replication) for replication in complete),
        rows=summarise_region(region.name, measures, complete, binned=binned, drawn=drawn),
        warnings=_warnings(region, runs, extent, stopped, has_totals=bool(complete)),
        stopped="; ".join(f"port {name}: {why}" for name, why in stopped.items()) or None,
        is_interrupted=is_interrupted,
    )


def _warnings(
    region: Region, runs: Mapping[str, Run], extent: str, stopped: Mapping[str, str], *, has_totals: bool
) -> tuple[str, ...]:
    """What to know of the whole first, then of each port."""
    first = [f"{name}: {runs[name].warnings[0]}" for name in stopped] or [extent]
    if not has_totals:
        first.append(f"{extent}; there are no totals")
    of_ports = (f"{name}: {warning}" for name, run in runs.items() for warning in run.warnings if warning != extent)
    return tuple(text for text in dict.fromkeys((*first, *region.warnings, *of_ports)) if text)
