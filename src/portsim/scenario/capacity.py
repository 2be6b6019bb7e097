"""A capacity check without simulation: the work a stage is offered beside what its lanes and officers can do.

A stage whose load is above 1 builds a queue that never goes away; at exactly 1 it does so whenever chance enters.
The check looks at means over stretches in which neither the way the port is run nor the stated demand changes. What
happens within a day, services that run past closing time and the queue standing at the start are left out.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise

from portsim.scenario import calendar, rota
from portsim.scenario.calendar import Steps
from portsim.scenario.scenario import (
    DAY_MS,
    Distribution,
    Flow,
    Pool,
    RateArrivals,
    RecordedArrivals,
    Regime,
    RegularArrivals,
    Scenario,
    Stage,
    Step,
    TimetableArrivals,
    WeekProfile,
)
from portsim.scenario.units import HOUR_MS, format_local

_YEAR_MS = 365.25 * DAY_MS
_FULL = 1 - 1e-9
"""A load from which a stage is full, allowing for rounding."""


@dataclass(frozen=True, slots=True)
class StageLoad:
    """How busy a stage would be on average over one stretch of the run, start <= t < end, UTC epoch ms.

    units_per_day : mean number of services asked of the lanes below
    roles : the lane roles that are tightest; empty if it is all lanes together, or a delay
    lane_hours_needed, lane_hours_open : per day, for those lanes; both 0 at a delay
    lane_load : needed / open, infinite if there is work and no lane open, None at a delay
    pool : the pool of its officers, None if it needs none
    sharing : the stages that draw on this pool, in file order
    officer_hours_needed : per day, of all stages sharing the pool
    officer_hours_on_duty : per day, while any of them is open, and only as many at once as make up whole services
    officer_load : needed / on duty, None without a pool
    """

    stage: str
    from_ms: int
    to_ms: int
    units_per_day: float
    roles: tuple[str, ...]
    lane_hours_needed: float
    lane_hours_open: float
    lane_load: float | None
    pool: str | None
    sharing: tuple[str, ...]
    officer_hours_needed: float
    officer_hours_on_duty: float
    officer_load: float | None


def loads(scenario: Scenario) -> list[StageLoad]:
    """The load of every stage over every stretch of the run, by stage in file order and then by time."""
    expected = {flow.name: _expected_units(flow, scenario.start_ms, scenario.end_ms) for flow in scenario.flows}
    found: list[StageLoad] = []
    for regime, from_ms, to_ms in _stretches(scenario):
        units = {name: between(from_ms, to_ms) for name, between in expected.items()}
        found += _Stretch(scenario, regime, from_ms, to_ms, units).loads()
    order = {stage.name: number for number, stage in enumerate(scenario.regimes[0].stages)}
    return sorted(found, key=lambda load: (order[load.stage], load.from_ms))


def telling(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Those of stretches long enough to say something.

    A stretch shorter than a day says little (a port may be closed all of it) and counts only if there is no longer one.
    """
    known = list(loads)
    shortest = min(DAY_MS, max((load.to_ms - load.from_ms for load in known), default=0))
    return [load for load in known if load.to_ms - load.from_ms >= shortest]


def busiest_lanes(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Of each stage the telling stretch in which its lanes are busiest, the first of equals."""
    worst: dict[str, StageLoad] = {}
    for load in telling(loads):
        if load.stage not in worst or (load.lane_load or 0.0) > (worst[load.stage].lane_load or 0.0):
            worst[load.stage] = load
    return list(worst.values())


def busiest_officers(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Of each pool the telling stretch in which its officers are busiest, the first of equals."""
    worst: dict[str, StageLoad] = {}
    for load in telling(loads):
        if load.pool is not None and load.officer_load is not None:
            known = worst.get(load.pool)
            if known is None or load.officer_load > (known.officer_load or 0.0):
                worst[load.pool] = load
    return list(worst.values())


def overloaded(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Those of telling stretches whose lanes or officers reach a load of 1."""
    return [load for load in telling(loads) if max(load.lane_load or 0.0, load.officer_load or 0.0) >= _FULL]


def load_warnings(scenario: Scenario) -> tuple[str, ...]:
    """A sentence for each stage whose lanes, and each pool whose officers, reach a load of 1, in its worst stretch."""
    full = overloaded(loads(scenario))
    by_owner: dict[tuple[str, str], dict[int, tuple[float, StageLoad]]] = {}
    for load in full:
        if load.lane_load is not None and load.lane_load >= _FULL:
            by_owner.setdefault(("stage", load.stage), {})[load.from_ms] = (load.lane_load, load)
        if load.pool is not None and load.officer_load is not None and load.officer_load >= _FULL:
            by_owner.setdefault(("officers", load.pool), {})[load.from_ms] = (load.officer_load, load)
    sentences = []
    for (owner, _), stretches in by_owner.items():
        _, worst = max(stretches.values(), key=lambda pair: pair[0])
        text = describe_lanes(worst, scenario.clock) if owner == "stage" else describe_officers(worst, scenario.clock)
        others = len(stretches) - 1
        sentences.append(text + (f" (and in {others} other stretch{'es' * (others > 1)} of the run)" if others else ""))
    return tuple(sentences)


def describe_lanes(load: StageLoad, zone: str) -> str:
    """What a stage's lanes are asked and can do, in one sentence with times by the clock of `zone`."""
    lanes = f"lanes {', '.join(load.roles)} of stage {load.stage}" if load.roles else f"stage {load.stage}"
    return (
        f"{lanes}: load {_ratio(load.lane_load)} {_when(load, zone)}: {_number(load.units_per_day)} units a day need "
        f"{_number(load.lane_hours_needed)} lane-hours a day, {_number(load.lane_hours_open)} are open"
    )


def describe_officers(load: StageLoad, zone: str) -> str:
    """What a stage's pool of officers is asked and can do, in one sentence with times by the clock of `zone`."""
    stages = f"stage{'s' * (len(load.sharing) > 1)} {', '.join(load.sharing)}"
    return (
        f"officers {load.pool}: load {_ratio(load.officer_load)} {_when(load, zone)}: {stages} need"
        f"{'s' * (len(load.sharing) == 1)} {_number(load.officer_hours_needed)} officer-hours a day, "
        f"{_number(load.officer_hours_on_duty)} are on duty while open"
    )


class _Stretch:
    """One stretch of the run in which the port is run in one way: its work and its capacity."""

    def __init__(self, scenario: Scenario, regime: Regime, from_ms: int, to_ms: int, units: dict[str, float]) -> None:
        self.regime = regime
        self.run_start_ms = scenario.start_ms
        self.from_ms = from_ms
        self.to_ms = to_ms
        self.sides = {side.name: side for side in regime.sides}
        self.known: dict[tuple[WeekProfile, str], Steps] = {}
        self.work = {stage.name: _work(scenario.flows, stage, units) for stage in regime.stages}
        self.open = {stage.name: self._opening(stage) for stage in regime.stages}

    def loads(self) -> list[StageLoad]:
        on_duty = {pool.name: self._officers(pool) for pool in self.regime.pools}
        return [self._load(stage, on_duty) for stage in self.regime.stages]

    def _load(self, stage: Stage, on_duty: dict[str, tuple[tuple[str, ...], float, float]]) -> StageLoad:
        per_day = (self.to_ms - self.from_ms) / DAY_MS
        roles, units, needed_ms, open_ms = self._tightest_lanes(stage)
        sharing, officers_needed_ms, officers_ms = on_duty[stage.pool] if stage.pool is not None else ((), 0.0, 0.0)
        return StageLoad(
            stage=stage.name,
            from_ms=self.from_ms,
            to_ms=self.to_ms,
            units_per_day=units / per_day,
            roles=roles,
            lane_hours_needed=needed_ms / HOUR_MS / per_day if stage.lanes is not None else 0.0,
            lane_hours_open=open_ms / HOUR_MS / per_day,
            lane_load=_load_of(needed_ms, open_ms) if stage.lanes is not None else None,
            pool=stage.pool,
            sharing=sharing,
            officer_hours_needed=officers_needed_ms / HOUR_MS / per_day,
            officer_hours_on_duty=officers_ms / HOUR_MS / per_day,
            officer_load=_load_of(officers_needed_ms, officers_ms) if stage.pool is not None else None,
        )

    def _tightest_lanes(self, stage: Stage) -> tuple[tuple[str, ...], float, float, float]:
        """(roles, units, work ms, lane ms) of the lanes with the highest load: all of them, or those of a few roles.

        Units that accept only some roles can overload these lanes while others stand idle.
        """
        work = self.work[stage.name]
        units, needed = (math.fsum(part[index] for part in work.values()) for index in (0, 1))
        if stage.lanes is None:
            return (), units, needed, 0.0
        open_ms = {role: self._area(self._steps(level, stage.side), stage) for role, level in stage.lanes}
        tightest: tuple[tuple[str, ...], float, float, float] = ((), units, needed, math.fsum(open_ms.values()))
        for accepted in work:
            if len(accepted) == len(open_ms):
                continue
            inside = [part for roles, part in work.items() if roles <= accepted]
            units, needed = (math.fsum(part[index] for part in inside) for index in (0, 1))
            lanes = math.fsum(open_ms[role] for role in accepted)
            if _load_of(needed, lanes) > _load_of(tightest[2], tightest[3]):
                tightest = (tuple(role for role in open_ms if role in accepted), units, needed, lanes)
        return tightest

    def _officers(self, pool: Pool) -> tuple[tuple[str, ...], float, float]:
        """(stages that share the pool, officer ms of work, officer ms on duty while one of them is open)."""
        stages = [stage for stage in self.regime.stages if stage.pool == pool.name]
        work = math.fsum(part[1] * stage.officers for stage in stages for part in self.work[stage.name].values())
        together = math.gcd(*(stage.officers for stage in stages)) or 1
        is_open = _union([self.open[stage.name] for stage in stages])
        on_duty = 0.0
        for level in self._crews(pool):
            whole = [(at, officers // together * together) for at, officers in level]
            on_duty += _area_of_product(whole, is_open, self.to_ms)
        return tuple(stage.name for stage in stages), work, on_duty

    def _crews(self, pool: Pool) -> list[Steps]:
        """Officers each crew can give; one crew staffs a service, so that none makes up for what another lacks."""
        found = [self._steps(pool.level, pool.side)] if pool.level is not None else []
        if pool.crews is not None:
            zone = self.sides[pool.side].timezone
            crews = rota.duties(pool.crews, zone, self.run_start_ms, self.from_ms, self.to_ms, strict=False)
            found += [crew.level for crew in crews]
        return found

    def _opening(self, stage: Stage) -> Steps:
        side = self.sides[stage.side]
        hours = self._steps(side.open if stage.open is None else stage.open, stage.side)
        return calendar.cut(hours, (*side.closures, *stage.closures), self.to_ms)

    def _steps(self, profile: WeekProfile, side: str) -> Steps:
        zone = self.sides[side].timezone
        if (profile, zone) not in self.known:
            self.known[profile, zone] = calendar.steps(profile, zone, self.from_ms, self.to_ms, strict=False)
        return self.known[profile, zone]

    def _area(self, levels: Steps, stage: Stage) -> float:
        return _area_of_product(levels, self.open[stage.name], self.to_ms)


def _stretches(scenario: Scenario) -> list[tuple[Regime, int, int]]:
    """(regime, from, to) between any two moments at which the regime or a demand stated by date changes."""
    turns = {scenario.start_ms, *(regime.at_ms for regime in scenario.regimes)}
    for flow in scenario.flows:
        if isinstance(flow.arrivals, RateArrivals):
            turns |= {calendar.day_start(ordinal, flow.clock) for ordinal, _ in flow.arrivals.per_day[1:]}
    edges = [*sorted(turn for turn in turns if scenario.start_ms <= turn < scenario.end_ms), scenario.end_ms]
    starts = [regime.at_ms for regime in scenario.regimes]
    return [(scenario.regimes[bisect_right(starts, from_ms) - 1], from_ms, to_ms) for from_ms, to_ms in pairwise(edges)]


def _work(flows: Sequence[Flow], stage: Stage, units: dict[str, float]) -> dict[frozenset[str], tuple[float, float]]:
    """(services, work in ms) asked of a stage, by the set of lane roles that are accepted, in order of the flows."""
    work: dict[frozenset[str], tuple[float, float]] = {}
    for flow in flows:
        for step in flow.journey:
            if step.stage == stage.name:
                roles = frozenset(role for role, _ in step.roles)
                services = units[flow.name] * step.share
                before = work.get(roles, (0.0, 0.0))
                mean_ms = _service(flow, step, stage).mean_ms
                work[roles] = (before[0] + services, before[1] + services * mean_ms)
    return work


def _service(flow: Flow, step: Step, stage: Stage) -> Distribution:
    if step.service is not None:
        return step.service
    return stage.service[flow.kind] if flow.kind in stage.service else stage.service[None]


def _expected_units(flow: Flow, start_ms: int, end_ms: int) -> Callable[[int, int], float]:
    """How many units of a flow are expected to come from one instant to another, within the run."""
    match flow.arrivals:
        case RateArrivals() as arrivals:
            at, reached = _cumulative(flow, arrivals, start_ms, end_ms)
            return lambda from_ms, to_ms: _interpolated(at, reached, to_ms) - _interpolated(at, reached, from_ms)
        case RegularArrivals() as arrivals:
            gap_ms = max(arrivals.every.mean_ms, 1.0)
            return lambda from_ms, to_ms: (to_ms - from_ms) / gap_ms
        case TimetableArrivals() as arrivals:
            due, by_then = _due(flow, arrivals, start_ms, end_ms)
            return lambda from_ms, to_ms: float(by_then[bisect_left(due, to_ms)] - by_then[bisect_left(due, from_ms)])
        case RecordedArrivals() as arrivals:
            recorded = arrivals.arrived_ms
            return lambda from_ms, to_ms: float(bisect_left(recorded, to_ms) - bisect_left(recorded, from_ms))
        case _:
            return lambda from_ms, to_ms: 0.0


def _cumulative(flow: Flow, arrivals: RateArrivals, start_ms: int, end_ms: int) -> tuple[list[int], list[float]]:
    """Instants and the units expected by each of them, linear between: the mean of what the model draws.

    Each local day has its demand times the weights of its weekday and month and its growth, spread over the clock in
    proportion to the weights by hour.
    """
    demand_from = [ordinal for ordinal, _ in arrivals.per_day]
    weights = calendar.steps(arrivals.by_hour, flow.clock, start_ms, end_ms, strict=False)
    days = calendar.midnights(flow.clock, start_ms, end_ms)
    at, reached = [start_ms], [0.0]
    index = 0
    for day, (ordinal, midnight) in enumerate(days[:-1]):
        demand = arrivals.per_day[max(bisect_right(demand_from, ordinal) - 1, 0)][1]
        demand *= arrivals.by_weekday[(ordinal + 6) % 7] * arrivals.by_month[date.fromordinal(ordinal).month - 1]
        demand *= (1 + arrivals.growth_per_year) ** ((midnight - start_ms + DAY_MS / 2) / _YEAR_MS)
        whole_day = _weight_of_day(arrivals.by_hour, (ordinal + 6) % 7)
        until = min(days[day + 1][1], end_ms)
        while at[-1] < until:
            turn = weights[index + 1][0] if index + 1 < len(weights) else end_ms
            to_ms = min(turn, until)
            share = (to_ms - at[-1]) * weights[index][1] / whole_day if whole_day else 0.0
            reached.append(reached[-1] + demand * share)
            at.append(to_ms)
            index += to_ms == turn
    return at, reached


def _weight_of_day(profile: WeekProfile, weekday: int) -> float:
    """Area (weight * ms) under a profile over a day of 24 hours, with what the day before left over midnight."""
    own = sum((min(end, DAY_MS) - start) * weight for start, end, weight in profile.days[weekday] if start < DAY_MS)
    before = sum(
        (end - max(start, DAY_MS)) * weight for start, end, weight in profile.days[weekday - 1] if end > DAY_MS
    )
    return own + before


def _interpolated(at: list[int], reached: list[float], at_ms: int) -> float:
    index = bisect_right(at, at_ms) - 1
    if index + 1 >= len(at):
        return reached[-1]
    share = (at_ms - at[index]) / (at[index + 1] - at[index])
    return reached[index] + share * (reached[index + 1] - reached[index])


def _due(flow: Flow, arrivals: TimetableArrivals, start_ms: int, end_ms: int) -> tuple[list[int], list[int]]:
    """(instants, units due by each of them) of a timetable's lines within the run, delays left out."""
    first, last = (calendar.to_local(ms, flow.clock).toordinal() for ms in (start_ms, end_ms))
    due = sorted(
        (calendar.clock_instant(ordinal, line.at_ms, flow.clock), line.units)
        for ordinal in range(first - 1, last + 1)
        for line in arrivals.departures
        if (ordinal + 6) % 7 in line.weekdays
    )
    return [at_ms for at_ms, _ in due], list(accumulate((units for _, units in due), initial=0))


def _union(functions: Sequence[Steps]) -> Steps:
    """1 wherever any of the step functions is above 0."""
    events = sorted((at, number, level) for number, steps in enumerate(functions) for at, level in steps)
    levels = [0.0] * len(functions)
    found: Steps = []
    for at, number, level in events:
        levels[number] = level
        found.append((at, 1.0 if any(levels) else 0.0))
    return found


def _area_of_product(first: Steps, second: Steps, end_ms: int) -> float:
    """Integral of the product of two step functions up to an instant, in level-milliseconds."""
    events = sorted([(at, 0, level) for at, level in first] + [(at, 1, level) for at, level in second])
    levels = [0.0, 0.0]
    area = 0.0
    for index, (at, which, level) in enumerate(events):
        levels[which] = level
        until = events[index + 1][0] if index + 1 < len(events) else end_ms
        area += levels[0] * levels[1] * (until - at)
    return area


def _load_of(needed: float, capacity: float) -> float:
    if capacity:
        return needed / capacity
    return math.inf if needed else 0.0


def _when(load: StageLoad, zone: str) -> str:
    from_local, to_local = (format_local(calendar.to_local(ms, zone)) for ms in (load.from_ms, load.to_ms))
    return f"from {from_local} to {to_local}"


def _ratio(load: float | None) -> str:
    return "infinite" if load is None or math.isinf(load) else f"{load:.2f}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
