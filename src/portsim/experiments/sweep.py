"""A scenario at many points of some of its numbers, all on the same chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from portsim.engines import EngineName
from portsim.experiments.executors import Executor
from portsim.experiments.replicate import Run, numbers_of
from portsim.experiments.together import play_together
from portsim.scenario.scenario import Scenario

AT_ONCE = 32
"""Points played side by side; fewer than executors keep ready."""

Load = Callable[[Sequence[str]], Scenario]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A scenario with these values at the paths of the sweep, and what its replications gave."""

    values: tuple[str, ...]
    run: Run

    @property
    def officer_hours(self) -> float:
        """Officer-hours on the roster, mean over the replications; 0 without officers."""
        rows = (row for row in self.run.rows if row.metric == "officer_hours" and row.pool is None)
        return next((row.mean for row in rows if not math.isnan(row.mean)), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What the points of a sweep gave.

    scenario : as it is without any of the values
    paths : what was varied
    is_factorial : whether the points are every combination of the values
    asked : how many points there are to be; fewer are here if it was interrupted
    """

    scenario: Scenario
    paths: tuple[str, ...]
    points: tuple[Point, ...]
    is_factorial: bool
    asked: int
    seed: int
    numbers: tuple[int, ...]
    is_interrupted: bool

    @property
    def stopped(self) -> str | None:
        """Why the first point that had to stop did, None if none had to."""
        return next((f"{self.name_of(point)}: {point.run.stopped}" for point in self.points if point.run.stopped), None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What holds at every point as it is; what holds at some, by the first of them."""
        said: dict[str, list[Point]] = {}
        for point in self.points:
            for warning in point.run.warnings:
                said.setdefault(warning, []).append(point)
        everywhere = [text for text, points in said.items() if len(points) == len(self.points)]
        elsewhere = [point for point in self.points if any(text not in everywhere for text in point.run.warnings)]
        found = list(everywhere)
        if elsewhere:
            first = next(text for text in elsewhere[0].run.warnings if text not in everywhere)
            where = self.name_of(elsewhere[0])
            found.append(f"{len(elsewhere)} of {len(self.points)} points have warnings, the first ({where}): {first}")
        if self.is_interrupted and len(self.points) < self.asked:
            found.insert(0, f"interrupted: {len(self.points)} of {self.asked} points were done")
        return tuple(found)

    def name_of(self, point: Point) -> str:
        """The values of a point with their paths."""
        return ", ".join(f"{path}={value}" for path, value in zip(self.paths, point.values, strict=True))


def sweep(
    load: Load,
    paths: Sequence[str],
    points: Sequence[tuple[str, ...]],
    *,
    is_factorial: bool,
    replications: int | Iterable[int] = 10,
    seed: int | None = None,
    engine: EngineName = "auto",
    executor: Executor | None = None,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Sweep:
    """Play the same replications of the scenario at every point.

    load : gives the scenario with settings `path=value`
    on_replication : called when a replication of a point is done, with how many there will be in all

    Points that had to stop at a limit keep what there is. Ctrl-C ends the sweep with the points that are done; with
    none done, with the replications that all of those under way have; and is raised as KeyboardInterrupt without any.

    Raises ScenarioError, before anything is played, with what is wrong with the first point that is no scenario.
    """
    base = load(())
    numbers = numbers_of(replications)
    used = base.seed if seed is None else seed
    scenarios = [_scenario(load, paths, values) for values in points]
    expected = len(points) * len(numbers)

    def on_each(of_some: int) -> None:
        del of_some
        if on_replication is not None:
            on_replication(expected)

    done: list[Point] = []
    is_interrupted = False
    for first in range(0, len(points), AT_ONCE):
        try:
            together = play_together(
                scenarios[first : first + AT_ONCE],
                numbers,
                seed=used,
                engine=engine,
                executor=executor,
                expected=expected,
                on_replication=on_each,
                on_notice=on_notice,
            )
        except KeyboardInterrupt:
            if not done:
                raise
            is_interrupted = True
            break
        if not together.is_interrupted or not done:  # points of fewer replications cannot stand beside whole ones
            values = points[first : first + AT_ONCE]
            done += [Point(value, run) for value, run in zip(values, together.runs, strict=True)]
        if together.is_interrupted:
            is_interrupted = True
            break
    return Sweep(
        scenario=base,
        paths=tuple(paths),
        points=tuple(done),
        is_factorial=is_factorial,
        asked=len(points),
        seed=used,
        numbers=next((point.run.numbers for point in done if point.run.stopped is None), tuple(numbers)),
        is_interrupted=is_interrupted,
    )


def _scenario(load: Load, paths: Sequence[str], values: Sequence[str]) -> Scenario:
    return load([f"{path}={value}" for path, value in zip(paths, values, strict=True)])
