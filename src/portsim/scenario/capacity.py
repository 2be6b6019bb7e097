"""A capacity check without simulation: the work a stage is offered beside what its lanes and officers can do.

A stage whose load is above 1 builds a queue that never goes away; at exactly 1 it does so whenever chance enters.
The check looks at means over stretches in which neither the way the port is run nor the stated demand changes. What
happens within a day, services that run past closing time, reserves, the queue standing at the start, units that stay
away or lose patience, and the pace by the length of the queue are left out. A stage that breaks down has its lanes, and
its waves, for the share of time in which it is not out in the long run; officers serve nobody while all stages of their
pool are out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from portsim.scenario import calendar, rota, waves
from portsim.scenario.arrivals import RateArrivals
from portsim.scenario.calendar import Steps
from portsim.scenario.demand import expected_units
from portsim.scenario.levels import DAY_MS, DatedLevel, WeekProfile
from portsim.scenario.officers import Pool
from portsim.scenario.pace import mean_pace
from portsim.scenario.routes import chances
from portsim.scenario.scenario import Flow, Regime, Scenario, Stage
from portsim.scenario.units import HOUR_MS, format_local
from portsim.scenario.work import mean_work_ms

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
    reserves : officers of each reserve of the pool, on top of those on duty
    visits_per_day : mean number of services asked of the stage, whatever the lanes
    called_per_day : most units its waves call while it is open; None without waves, and where one calls everyone
    wave_load : visits / called, infinite if nobody is ever called, None where called_per_day is
    mean_pace : work done in an open lane-hour, in hours of the ordinary pace, by the hour and the lanes open: what is
        needed, of lanes and of officers, is the work over it
    is_by_queue : whether the length of the queue changes the pace too, which is left out
    availability : share of the time in which the stage is not out, by its mean outages: lane_hours_open and
        called_per_day are lower by it; 1 without outages
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
    reserves: tuple[int, ...]
    visits_per_day: float
    called_per_day: float | None
    wave_load: float | None
    mean_pace: float = 1.0
    is_by_queue: bool = False
    availability: float = 1.0


def loads(scenario: Scenario) -> list[StageLoad]:
    """The load of every stage over every stretch of the run, by stage in file order and then by time."""
    flows, start_ms, end_ms = scenario.flows, scenario.start_ms, scenario.end_ms
    expected = {flow.name: expected_units(flow, flows, start_ms, end_ms) for flow in flows}
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
    return _busiest((load.stage, load.lane_load or 0.0, load) for load in telling(loads))


def busiest_waves(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Of each stage whose waves have a limit the telling stretch in which they are busiest, the first of equals."""
    known = ((load, load.wave_load) for load in telling(loads))
    return _busiest((load.stage, ratio, load) for load, ratio in known if ratio is not None)


def busiest_officers(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Of each pool the telling stretch in which its officers are busiest, the first of equals."""
    known = ((load, load.pool, load.officer_load) for load in telling(loads))
    return _busiest((pool, ratio, load) for load, pool, ratio in known if pool is not None and ratio is not None)


def _busiest(known: Iterable[tuple[str, float, StageLoad]]) -> list[StageLoad]:
    """Of each owner the load with the highest ratio, from (owner, ratio, load)."""
    worst: dict[str, tuple[float, StageLoad]] = {}
    for owner, ratio, load in known:
        if owner not in worst or ratio > worst[owner][0]:
            worst[owner] = (ratio, load)
    return [load for _, load in worst.values()]


def overloaded(loads: Iterable[StageLoad]) -> list[StageLoad]:
    """Those of telling stretches whose lanes, waves or officers reach a load of 1."""
    of_each = ((load, (load.lane_load, load.wave_load, load.officer_load)) for load in telling(loads))
    return [load for load, parts in of_each if max(part or 0.0 for part in parts) >= _FULL]


def load_warnings(scenario: Scenario, known: Sequence[StageLoad] | None = None) -> tuple[str, ...]:
    """A sentence for each stage whose lanes or waves, and each pool whose officers, reach a load of 1, in its worst.

    The worst is that of the stretches of the run; how many others there are is said too.

    known : what `loads` gives, where it has been asked already
    """
    describe = {"lanes": describe_lanes, "waves": describe_waves, "officers": describe_officers}
    by_owner: dict[tuple[str, str], dict[int, tuple[float, StageLoad]]] = {}
    for load in overloaded(loads(scenario) if known is None else known):
        parts = (
            ("lanes", load.stage, load.lane_load),
            ("waves", load.stage, load.wave_load),
            ("officers", load.pool or "", load.officer_load),
        )
        for what, owner, ratio in parts:
            if ratio is not None and ratio >= _FULL:
                by_owner.setdefault((what, owner), {})[load.from_ms] = (ratio, load)
    sentences = []
    for (what, _), stretches in by_owner.items():
        _, worst = max(stretches.values(), key=lambda pair: pair[0])
        text = describe[what](worst, scenario.clock)
        others = len(stretches) - 1
        sentences.append(text + (f" (and in {others} other stretch{'es' * (others > 1)} of the run)" if others else ""))
    return tuple(sentences)


def describe_lanes(load: StageLoad, zone: str) -> str:
    """What a stage's lanes are asked and can do, in one sentence with times by the clock of `zone`."""
    lanes = f"lanes {', '.join(load.roles)} of stage {load.stage}" if load.roles else f"stage {load.stage}"
    return (
        f"{lanes}: load {_ratio(load.lane_load)} {_when(load, zone)}: {_number(load.units_per_day)} units a day need "
        f"{_number(load.lane_hours_needed)} lane-hours a day, {_number(load.lane_hours_open)} are open"
        f"{_pace(load)}{_outages(load)}"
    )


def describe_waves(load: StageLoad, zone: str) -> str:
    """What a stage's waves are asked and can call, in one sentence with times by the clock of `zone`."""
    return (
        f"waves of stage {load.stage}: load {_ratio(load.wave_load)} {_when(load, zone)}: "
        f"{_number(load.visits_per_day)} units a day come, at most {_number(load.called_per_day or 0.0)} are called"
        f"{_outages(load)}"
    )


def describe_officers(load: StageLoad, zone: str) -> str:
    """What a stage's pool of officers is asked and can do, in one sentence with times by the clock of `zone`."""
    stages = f"stage{'s' * (len(load.sharing) > 1)} {', '.join(load.sharing)}"
    reserves = f" (not counting reserves of {' and '.join(map(str, load.reserves))})" if load.reserves else ""
    return (
        f"officers {load.pool}: load {_ratio(load.officer_load)} {_when(load, zone)}: {stages} need"
        f"{'s' * (len(load.sharing) == 1)} {_number(load.officer_hours_needed)} officer-hours a day, "
        f"{_number(load.officer_hours_on_duty)} are on duty while open{reserves}"
    )


class _Stretch:
    """One stretch of the run in which the port is run in one way: its work and its capacity."""

    def __init__(self, scenario: Scenario, regime: Regime, from_ms: int, to_ms: int, units: dict[str, float]) -> None:
        self.regime = regime
        self.run_start_ms = scenario.start_ms
        self.from_ms = from_ms
        self.to_ms = to_ms
        self.sides = {side.name: side for side in regime.sides}
        self.known: dict[tuple[WeekProfile | DatedLevel, str], Steps] = {}
        self.open = {stage.name: self._opening(stage) for stage in regime.stages}
        self.pace = {stage.name: self._mean_pace(stage) for stage in regime.stages}
        self.work = {stage.name: _work(scenario.flows, stage, units, self.pace[stage.name]) for stage in regime.stages}
        self.reserves = {pool.name: tuple(one.officers for one in pool.reserves) for pool in regime.pools}

    def loads(self) -> list[StageLoad]:
        on_duty = {pool.name: self._officers(pool) for pool in self.regime.pools}
        return [self._load(stage, on_duty) for stage in self.regime.stages]

    def _load(self, stage: Stage, on_duty: dict[str, tuple[tuple[str, ...], float, float]]) -> StageLoad:
        per_day = (self.to_ms - self.from_ms) / DAY_MS
        roles, units, needed_ms, open_ms = self._tightest_lanes(stage)
        sharing, officers_needed_ms, officers_ms = on_duty[stage.pool] if stage.pool is not None else ((), 0.0, 0.0)
        visits = math.fsum(part[0] for part in self.work[stage.name].values())
        called = self._called(stage)
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
            reserves=self.reserves.get(stage.pool or "", ()),
            visits_per_day=visits / per_day,
            called_per_day=None if called is None else called / per_day,
            wave_load=None if called is None else _load_of(visits, called),
            mean_pace=self.pace[stage.name],
            is_by_queue=stage.pace is not None and bool(stage.pace.by_queue),
            availability=_availability(stage),
        )

    def _called(self, stage: Stage) -> float | None:
        """How many units the waves of a stage call at most while it is open and not out; None if any number."""
        if not isinstance(stage.calls, tuple):
            return None
        is_open = self.open[stage.name]
        turns = [at for at, _ in is_open]
        total = 0
        for at_ms, up_to in waves.calls(stage.calls, self.sides[stage.side].timezone, self.from_ms, self.to_ms):
            if is_open[bisect_right(turns, at_ms) - 1][1]:
                if up_to is None:
                    return None
                total += up_to
        return total * _availability(stage)

    def _tightest_lanes(self, stage: Stage) -> tuple[tuple[str, ...], float, float, float]:
        """(roles, units, work ms, lane ms) of the lanes with the highest load: all of them, or those of a few roles.

        Units that accept only some roles can overload these lanes while others stand idle.
        """
        work = self.work[stage.name]
        units, needed = (math.fsum(part[index] for part in work.values()) for index in (0, 1))
        if stage.lanes is None:
            return (), units, needed, 0.0
        share = _availability(stage)
        open_ms = {role: share * self._area(self._steps(level, stage.side), stage) for role, level in stage.lanes}
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
        """(stages that share the pool, officer ms of work, officer ms on duty while one of them is open, not out)."""
        stages = [stage for stage in self.regime.stages if stage.pool == pool.name]
        work = math.fsum(part[1] * stage.officers for stage in stages for part in self.work[stage.name].values())
        together = math.gcd(*(stage.officers for stage in stages)) or 1
        is_open = calendar.union([self.open[stage.name] for stage in stages])
        on_duty = 0.0
        for level in self._crews(pool):
            whole = [(at, officers // together * together) for at, officers in level]
            on_duty += calendar.area_of_product(whole, is_open, self.to_ms)
        all_out = math.prod(1 - _availability(stage) for stage in stages) if stages else 0.0
        return tuple(stage.name for stage in stages), work, on_duty * (1 - all_out)

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

    def _mean_pace(self, stage: Stage) -> float:
        if stage.pace is None:
            return 1.0
        by_hour = self._steps(stage.pace.by_hour, stage.side)
        lanes = None if stage.lanes is None else [self._steps(level, stage.side) for _, level in stage.lanes]
        return mean_pace(by_hour, stage.pace.by_lanes, self.open[stage.name], lanes, self.to_ms)

    def _steps(self, profile: WeekProfile | DatedLevel, side: str) -> Steps:
        zone = self.sides[side].timezone
        if (profile, zone) not in self.known:
            self.known[profile, zone] = calendar.steps(profile, zone, self.from_ms, self.to_ms, strict=False)
        return self.known[profile, zone]

    def _area(self, levels: Steps, stage: Stage) -> float:
        return calendar.area_of_product(levels, self.open[stage.name], self.to_ms)


def _stretches(scenario: Scenario) -> list[tuple[Regime, int, int]]:
    """(regime, from, to) between any two moments at which the regime or a demand stated by date changes."""
    turns = {scenario.start_ms, *(regime.at_ms for regime in scenario.regimes)}
    for flow in scenario.flows:
        if isinstance(flow.arrivals, RateArrivals):
            turns |= {calendar.day_start(ordinal, flow.clock) for ordinal, _ in flow.arrivals.per_day[1:]}
    edges = [*sorted(turn for turn in turns if scenario.start_ms <= turn < scenario.end_ms), scenario.end_ms]
    starts = [regime.at_ms for regime in scenario.regimes]
    return [(scenario.regimes[bisect_right(starts, from_ms) - 1], from_ms, to_ms) for from_ms, to_ms in pairwise(edges)]


def _work(
    flows: Sequence[Flow], stage: Stage, units: dict[str, float], pace: float
) -> dict[frozenset[str], tuple[float, float]]:
    """(services, work in ms) asked of a stage, by the set of lane roles that are accepted, in order of the flows."""
    work: dict[frozenset[str], tuple[float, float]] = {}
    for flow in flows:
        for step, chance in zip(flow.journey, chances(flow.journey), strict=True):
            if step.stage == stage.name:
                roles = frozenset(role for role, _ in step.roles)
                services = units[flow.name] * chance
                before = work.get(roles, (0.0, 0.0))
                mean_ms = mean_work_ms(flow, step, stage) / pace
                work[roles] = (before[0] + services, before[1] + services * mean_ms)
    return work


def _availability(stage: Stage) -> float:
    return 1.0 if stage.outages is None else stage.outages.availability


def _load_of(needed: float, capacity: float) -> float:
    if capacity:
        return needed / capacity
    return math.inf if needed else 0.0


def _pace(load: StageLoad) -> str:
    paced = f", at a mean pace of {load.mean_pace:.3g}" if load.mean_pace != 1 else ""
    return paced + (", the pace by the queue left out" if load.is_by_queue else "")


def _outages(load: StageLoad) -> str:
    out = 1 - load.availability
    return f" (outages, {100 * out:.3g} % of the time, taken off)" if out else ""


def _when(load: StageLoad, zone: str) -> str:
    from_local, to_local = (format_local(calendar.to_local(ms, zone)) for ms in (load.from_ms, load.to_ms))
    return f"from {from_local} to {to_local}"


def _ratio(load: float | None) -> str:
    return "infinite" if load is None or math.isinf(load) else f"{load:.2f}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
