"""Officers on duty who follow the forecast: a level for each slice of the day, from the work that is expected in it.

The work of a slice is that of the units expected at the stages in it, and what earlier slices had no officers for. A
unit is expected at a stage when the services before it are done, each at its mean. Work flows: no chance, no whole
units, no waits, nothing of services that run on after closing time. Pace, outages, reserves, appointments and what units
do at a closed gate are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from portsim.scenario import calendar, rota, waves
from portsim.scenario.arrivals import AboardArrivals
from portsim.scenario.calendar import Steps
from portsim.scenario.demand import expected_units
from portsim.scenario.levels import DAY_MS, DatedLevel, Wave
from portsim.scenario.officers import Forecast, Pool
from portsim.scenario.profiles import HIGHEST_LEVEL
from portsim.scenario.routes import chances
from portsim.scenario.scenario import Flow, Regime, Side, Stage, Step
from portsim.scenario.units import HOUR_MS
from portsim.scenario.work import mean_work_ms

_DAILY = tuple(range(7))
_ROUNDING = 1e-9
"""Of an officer: what sums of work are wrong by at most."""


def staffed(regimes: Sequence[Regime], flows: Sequence[Flow], start_ms: int, end_ms: int) -> tuple[Regime, ...]:
    """The same regimes, each pool that follows the forecast with its officers on duty as a level by dates."""
    names = {pool.name for regime in regimes for pool in regime.pools if pool.forecast is not None}
    if not names:
        return tuple(regimes)
    coming = {flow.name: _coming(flow, flows, start_ms, end_ms) for flow in flows}
    levels = {name: _Following(name, regimes, flows, coming, end_ms).levels() for name in sorted(names)}

    def on_duty(pool: Pool, number: int) -> Pool:
        return replace(pool, level=levels[pool.name][number]) if pool.forecast is not None else pool

    return tuple(
        replace(regime, pools=tuple(on_duty(pool, number) for pool in regime.pools))
        for number, regime in enumerate(regimes)
    )


def _coming(flow: Flow, flows: Sequence[Flow], start_ms: int, end_ms: int) -> Callable[[int], float]:
    """How many units of a flow are expected before an instant, those that stand in the queue at the start included."""
    between = expected_units(flow, flows, start_ms, end_ms)
    queue = float(flow.queue_at_start)
    if isinstance(flow.arrivals, AboardArrivals):
        vehicles = next(one for one in flows if one.name == flow.arrivals.flow)
        queue = flow.arrivals.number.mean * vehicles.queue_at_start

    def before(at_ms: int) -> float:
        return queue + between(start_ms, min(at_ms, end_ms)) if at_ms > start_ms else 0.0

    return before


class _Following:
    """One pool through the run: the work it is offered, slice by slice, and the officers that takes."""

    def __init__(
        self,
        name: str,
        regimes: Sequence[Regime],
        flows: Sequence[Flow],
        coming: Mapping[str, Callable[[int], float]],
        end_ms: int,
    ) -> None:
        self.name = name
        self.regimes = regimes
        self.end_ms = end_ms
        self.work_of = [
            (work, coming[flow.name], after_ms)
            for flow in flows
            for work, after_ms in _work_of_unit(flow, flows, regimes[0].stages, name)
        ]
        self.offered = 0.0
        self.backlog = 0.0

    def levels(self) -> list[DatedLevel]:
        """Officers on duty in each regime; of a regime in which the pool follows no forecast an empty level."""
        ends = [*(regime.at_ms for regime in self.regimes[1:]), self.end_ms]
        return [
            DatedLevel(tuple(self._regime(regime, to_ms))) for regime, to_ms in zip(self.regimes, ends, strict=True)
        ]

    def _regime(self, regime: Regime, to_ms: int) -> Steps:
        """The level of one regime; what its officers have not done is left for the next."""
        pool = next(pool for pool in regime.pools if pool.name == self.name)
        stages = [stage for stage in regime.stages if stage.pool == self.name]
        sides = {side.name: side for side in regime.sides}
        zone, from_ms = sides[pool.side].timezone, regime.at_ms
        is_open = calendar.union([_opening(stage, sides[stage.side], from_ms, to_ms) for stage in stages])
        together = math.gcd(*(stage.officers for stage in stages)) or 1
        largest = max((stage.officers for stage in stages), default=0)
        crews = [] if pool.forecast is not None else self._crews(pool, zone, from_ms, to_ms)
        every_ms, lag_ms = (pool.forecast.every_ms, pool.forecast.lag_ms) if pool.forecast else (HOUR_MS, 0)
        found: Steps = []
        for begin, end, (opening, *on_duty) in _pieces(every_ms, zone, [is_open, *crews], from_ms, to_ms):
            work = self.backlog + self._newly_offered(end - lag_ms)
            if pool.forecast is not None:
                level = wanted(pool.forecast, work, end - begin, together, largest) if opening else 0
                on_duty = [level]
                if not found or found[-1][1] != level:
                    found.append((begin, float(level)))
            able = sum(int(level) // together * together for level in on_duty) if opening else 0
            self.backlog = max(work - able * (end - begin), 0.0)
        return found

    def _newly_offered(self, until_ms: int) -> float:
        """Work, in officer-ms, of units expected before an instant and not counted yet."""
        offered = math.fsum(work * coming(until_ms - after_ms) for work, coming, after_ms in self.work_of)
        new = max(offered - self.offered, 0.0)
        self.offered += new
        return new

    def _crews(self, pool: Pool, zone: str, from_ms: int, to_ms: int) -> list[Steps]:
        """Who is on duty in a regime in which the pool follows no forecast, crew by crew."""
        found = [calendar.steps(pool.level, zone, from_ms, to_ms, strict=False)] if pool.level is not None else []
        if pool.crews is not None:
            duties = rota.duties(pool.crews, zone, self.regimes[0].at_ms, from_ms, to_ms, strict=False)
            found += [duty.level for duty in duties]
        return found


def wanted(forecast: Forecast, work: float, for_ms: int, together: int, largest: int) -> int:
    """Officers for so much work, in officer-ms, in a slice of `for_ms`: whole services, within the limits stated.

    together : officers of whole services come in multiples of this
    largest : what the largest service takes; where there is work at all there are no fewer, so that none waits for good
    """
    services = math.ceil(work / (for_ms * forecast.load) / together - _ROUNDING)
    officers = max(services * together, largest) if services > 0 else 0
    highest = HIGHEST_LEVEL if forecast.at_most is None else forecast.at_most
    return min(max(officers, forecast.at_least), highest)


def _work_of_unit(flow: Flow, flows: Iterable[Flow], stages: Sequence[Stage], pool: str) -> Iterator[tuple[float, int]]:
    """(mean work of a pool on one unit of a flow, officer-ms; ms after it came) at each step at which it has any."""
    after_ms = 0.0
    if isinstance(flow.arrivals, AboardArrivals):
        vehicles = next(one for one in flows if one.name == flow.arrivals.flow)
        for step, work_ms in _mean_work(vehicles, stages):
            if step.is_certain and step.stage == flow.arrivals.get_off_at:
                break
            after_ms += work_ms
    served = {stage.name: stage.officers for stage in stages if stage.pool == pool}
    for step, work_ms in _mean_work(flow, stages):
        if work_ms and step.stage in served:
            yield work_ms * served[step.stage], round(after_ms)
        after_ms += work_ms


def _mean_work(flow: Flow, stages: Sequence[Stage]) -> Iterator[tuple[Step, float]]:
    """Each step of a journey with the mean time of service there, 0 for those who do not stop, ms."""
    named = {stage.name: stage for stage in stages}
    for step, chance in zip(flow.journey, chances(flow.journey), strict=True):
        yield step, chance * mean_work_ms(flow, step, named[step.stage])


def _opening(stage: Stage, side: Side, from_ms: int, to_ms: int) -> Steps:
    hours = calendar.steps(stage.open or side.open, side.timezone, from_ms, to_ms, strict=False)
    return calendar.cut(hours, (*side.closures, *stage.closures), to_ms)


def _pieces(
    every_ms: int, zone: str, functions: Sequence[Steps], from_ms: int, to_ms: int
) -> Iterator[tuple[int, int, list[float]]]:
    """(begin, end, level of each function) of every slice of the clock, cut short where one of the levels changes."""
    by_clock = (Wave(at_ms, _DAILY, None) for at_ms in range(0, DAY_MS, every_ms))
    edges = {at_ms for at_ms, _ in waves.calls(by_clock, zone, from_ms, to_ms)}
    turns: dict[int, list[tuple[int, float]]] = {}
    for number, steps in enumerate(functions):
        before = 0.0
        for at_ms, level in steps:  # a union also has a step where one stage opens or closes while another is open
            if level != before:
                turns.setdefault(at_ms, []).append((number, level))
            before = level
    levels = [0.0] * len(functions)
    for begin, end in pairwise(sorted({*edges, *turns, from_ms, to_ms})):
        for number, level in turns.get(begin, ()):
            levels[number] = level
        yield begin, end, levels
