"""Turn a scenario into a network: clock times, zones, closures and dated changes become levels over ticks.

This is the last place that knows dates (contract rules 2, 20 and 29). Every level is read in the clock of its side;
each regime holds from its own instant, at which a level takes the value the new profile has at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from portsim.errors import Problem, ScenarioError
from portsim.model.network import (
    NONE,
    Batch,
    Closed,
    Closing,
    Crew,
    EndOfShift,
    Network,
    Pace,
    Pool,
    Precedence,
    Reserve,
    Stage,
    StepFunction,
    Waves,
    Window,
    frozen,
)
from portsim.scenario import calendar, officers, rota, scenario, waves
from portsim.scenario.arrivals import AboardArrivals
from portsim.scenario.calendar import Steps
from portsim.scenario.levels import Closure, DatedLevel, WeekProfile
from portsim.scenario.profiles import ProfileError
from portsim.scenario.rota import Duty
from portsim.scenario.scenario import Regime, Scenario, Side

_T = TypeVar("_T")

EVERYONE = 2**31 - 1
"""How many a wave without a limit calls: more than any queue."""


def lower(plan: Scenario) -> Network:
    """The network of a scenario.

    Raises ScenarioError with every clock time of hours and levels that does not exist or is ambiguous on a date of the
    run, and every change that gives lanes to a delay or takes them from a stage.
    """
    levels = Levels(plan)
    first = plan.regimes[0]
    roles = _in_order(role for stage in _every_stage(plan) for role, _ in stage.lanes or ())
    role_lists = _in_order(
        tuple((roles.index(role), helped) for role, helped in step.roles)
        for flow in plan.flows
        for step in flow.journey
        if step.roles
    )
    midnights = calendar.midnights(plan.clock, plan.start_ms, plan.end_ms)
    kinds = _in_order(flow.kind for flow in plan.flows)
    network = Network(
        port=plan.port,
        start_ms=plan.start_ms,
        end=plan.end_ms - plan.start_ms,
        measure_from=plan.measure_from_ms - plan.start_ms,
        clock=plan.clock,
        midnights=frozen([midnight - plan.start_ms for _, midnight in midnights], "int64"),
        first_day=midnights[0][0],
        stages=tuple(_stage(levels, number, roles) for number in range(len(first.stages))),
        pools=tuple(_pool(levels, number) for number in range(len(first.pools))),
        sides=tuple(side.name for side in first.sides),
        side_open=tuple(levels.side_open(number) for number in range(len(first.sides))),
        flows=tuple(flow.name for flow in plan.flows),
        kinds=kinds,
        roles=roles,
        role_lists=role_lists,
        windows=tuple(
            Window(
                name=window.name,
                start=window.start_ms - plan.start_ms,
                end=window.end_ms - plan.start_ms,
                kinds=tuple(kinds.index(kind) for kind in window.kinds),
            )
            for window in plan.windows
        ),
        closures=tuple(closed for number in range(len(first.stages)) for closed in _closures(levels, number)),
        rejoining=tuple(
            number for number, flow in enumerate(plan.flows) if any(step.rejoin is not None for step in flow.journey)
        ),
        aboard=tuple(number for number, flow in enumerate(plan.flows) if isinstance(flow.arrivals, AboardArrivals)),
        booked=tuple(
            (number, [stage.name for stage in first.stages].index(step.stage))
            for number, flow in enumerate(plan.flows)
            for step in flow.journey
            if step.booked_after is not None
        ),
    )
    if levels.problems:
        raise ScenarioError(levels.problems.values())
    return network


@dataclass(slots=True)
class Levels:
    """Reads profiles of a scenario as levels over its ticks, and keeps what is wrong with them.

    problems : by key and message, so that stages which share their side's hours complain once
    """

    plan: Scenario
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    _known: dict[tuple[WeekProfile | DatedLevel, str, int, int], Steps] = field(default_factory=dict)

    def level(self, key: str, profile_and_zone: Callable[[Regime], tuple[WeekProfile, str]]) -> StepFunction:
        """A level through all regimes. key : dotted path of the profile, named if it cannot be read."""
        return self._spliced(lambda regime: (key, *profile_and_zone(regime), ()))

    def side_open(self, number: int) -> StepFunction:
        """1 while a side is open: its hours cut by its closures."""

        def hours(regime: Regime) -> tuple[str, WeekProfile, str, tuple[Closure, ...]]:
            side = regime.sides[number]
            return f"sides.{side.name}.open", side.open, side.timezone, side.closures

        return self._spliced(hours)

    def stage_open(self, number: int) -> StepFunction:
        """1 while a stage is open: its own hours, else its side's, cut by the closures of both."""

        def hours(regime: Regime) -> tuple[str, WeekProfile, str, tuple[Closure, ...]]:
            stage = regime.stages[number]
            side = _side(regime, stage.side)
            closures = (*side.closures, *stage.closures)
            if stage.open is None:
                return f"sides.{side.name}.open", side.open, side.timezone, closures
            return f"stages.{stage.name}.open", stage.open, side.timezone, closures

        return self._spliced(hours)

    def _spliced(self, read: Callable[[Regime], tuple[str, WeekProfile, str, tuple[Closure, ...]]]) -> StepFunction:
        pieces = []
        for regime, from_ms, end_ms in self.spans():
            key, profile, zone, closures = read(regime)
            steps = self._steps(key, profile, zone, from_ms, end_ms)
            pieces.append((from_ms, calendar.cut(steps, closures, end_ms)))
        return self.over_ticks(pieces)

    def spans(self) -> list[tuple[Regime, int, int]]:
        """Each regime with the instants from which and to which it holds."""
        regimes = self.plan.regimes
        ends = [*(regime.at_ms for regime in regimes[1:]), self.plan.end_ms]
        return [(regime, regime.at_ms, end_ms) for regime, end_ms in zip(regimes, ends, strict=True)]

    def over_ticks(self, pieces: Sequence[tuple[int, Steps]]) -> StepFunction:
        """One level over the ticks of the run from those of the regimes."""
        start_ms = self.plan.start_ms
        return StepFunction.of((at_ms - start_ms, int(level)) for at_ms, level in calendar.splice(pieces))

    def crews(self, regime: Regime, number: int, from_ms: int, end_ms: int) -> tuple[Duty, ...]:
        """The crews of a pool as one regime has them."""
        pool = regime.pools[number]
        zone = _side(regime, pool.side).timezone
        if pool.crews is None:
            profile = pool.level or WeekProfile.constant(0)
            steps = self._steps(f"officers.{pool.name}.level", profile, zone, from_ms, end_ms)
            return (Duty(steps, steps),)
        try:
            return rota.duties(pool.crews, zone, self.plan.start_ms, from_ms, end_ms)
        except ProfileError as error:
            key = ".".join(map(str, ("officers", pool.name, *error.path)))
            self.problems.setdefault((key, str(error)), Problem(None, key, str(error)))
            return ()

    def _steps(self, key: str, profile: WeekProfile | DatedLevel, zone: str, start_ms: int, end_ms: int) -> Steps:
        address = (profile, zone, start_ms, end_ms)
        if address not in self._known:
            try:
                self._known[address] = calendar.steps(profile, zone, start_ms, end_ms)
            except ValueError as error:
                self.problems.setdefault((key, str(error)), Problem(None, key, str(error)))
                return [(start_ms, 0.0)]
        return self._known[address]


def _stage(levels: Levels, number: int, roles: tuple[str, ...]) -> Stage:
    stages = [regime.stages[number] for regime in levels.plan.regimes]
    stage = stages[0]
    first = levels.plan.regimes[0]
    return Stage(
        name=stage.name,
        side=[side.name for side in first.sides].index(stage.side),
        counted=stage.counted,
        lanes=_lanes(levels, number, roles),
        is_open=levels.stage_open(number),
        closing=Closing.SUSPEND if stage.closing == "suspend" else Closing.FINISH,
        waiting_space=NONE if stage.waiting_space is None else stage.waiting_space,
        pool=NONE if stage.pool is None else [pool.name for pool in first.pools].index(stage.pool),
        officers=stage.officers,
        calls=_calls(levels.plan, first, stage),
        pace=_pace(levels, number),
    )


def _calls(plan: Scenario, regime: Regime, stage: scenario.Stage) -> Waves | Batch | None:
    """When the units of a stage are called in; waves due at one tick are one wave. No dated change sets them."""
    if stage.calls is None:
        return None
    if isinstance(stage.calls, scenario.Batch):
        at_most_ms = stage.calls.at_most_ms
        return Batch(stage.calls.size, NONE if at_most_ms is None else at_most_ms)
    up_to_at: dict[int, int] = {}
    zone = _side(regime, stage.side).timezone
    for at_ms, up_to in waves.calls(stage.calls, zone, plan.start_ms, plan.end_ms):
        tick = at_ms - plan.start_ms
        up_to_at[tick] = min(up_to_at.get(tick, 0) + (EVERYONE if up_to is None else up_to), EVERYONE)
    return Waves(frozen(list(up_to_at), "int64"), frozen(list(up_to_at.values()), "int64"))


def _pace(levels: Levels, number: int) -> Pace | None:
    """How fast a stage works, in whole permille; None if it keeps the ordinary pace. Only the hour's has dates."""
    stages = [regime.stages[number] for regime in levels.plan.regimes]
    paces = [stage.pace for stage in stages if stage.pace is not None]
    if not paces:
        return None

    def by_hour(regime: Regime) -> tuple[WeekProfile, str]:
        stage = regime.stages[number]
        profile = WeekProfile.constant(1) if stage.pace is None else stage.pace.by_hour
        in_permille = tuple(tuple((start, end, _permille(pace)) for start, end, pace in day) for day in profile.days)
        return WeekProfile(in_permille), _side(regime, stage.side).timezone

    by_lanes, by_queue = (
        tuple((least, _permille(pace)) for least, pace in by_number)
        for by_number in (paces[0].by_lanes, paces[0].by_queue)
    )
    return Pace(levels.level(f"stages.{stages[0].name}.pace.by_hour", by_hour), by_lanes, by_queue)


def _permille(pace: float) -> int:
    return round(1000 * pace)


def _closures(levels: Levels, number: int) -> list[Closed]:
    """The closures of a stage, its own and its side's, within the run; those that overlap or touch are one."""
    start_ms = levels.plan.start_ms
    spans = []
    for regime, from_ms, end_ms in levels.spans():
        stage = regime.stages[number]
        for closure in (*_side(regime, stage.side).closures, *stage.closures):
            spans.append((max(closure.start_ms, from_ms) - start_ms, min(closure.end_ms, end_ms) - start_ms))
    merged: list[Closed] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1].end:
            merged[-1] = Closed(number, merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Closed(number, start, end))
    return merged


def _lanes(levels: Levels, number: int, roles: tuple[str, ...]) -> tuple[tuple[int, StepFunction], ...] | None:
    """Lanes of each role a stage has in any regime, in order of the file; a role it has not yet, or no more, is 0."""
    stages = [regime.stages[number] for regime in levels.plan.regimes]
    key = f"stages.{stages[0].name}.lanes"
    if any((stage.lanes is None) != (stages[0].lanes is None) for stage in stages):
        message = "a change cannot give lanes to a stage without any, or take them away: set them to 0 instead"
        levels.problems[key, message] = Problem(None, key, message)
        return None
    if stages[0].lanes is None:
        return None

    def of_role(role: str) -> StepFunction:
        def lanes(regime: Regime) -> tuple[WeekProfile, str]:
            stage = regime.stages[number]
            profile = dict(stage.lanes or ()).get(role, WeekProfile.constant(0))
            return profile, _side(regime, stage.side).timezone

        return levels.level(key, lanes)

    own = _in_order(role for stage in stages for role, _ in stage.lanes or ())
    return tuple((roles.index(role), of_role(role)) for role in own)


def _pool(levels: Levels, number: int) -> Pool:
    """A pool as crews: a plain level is one, all of it on duty and paid; crews a regime does not have are 0 in it.

    Each reserve is one more crew after those, whose levels are 0 on paper.
    """
    pool = levels.plan.regimes[0].pools[number]
    pieces = [(from_ms, levels.crews(regime, number, from_ms, end_ms)) for regime, from_ms, end_ms in levels.spans()]
    crews = []
    for crew in range(max(len(duties) for _, duties in pieces)):
        own = [(from_ms, duties[crew] if crew < len(duties) else Duty([], [])) for from_ms, duties in pieces]
        level = levels.over_ticks([(from_ms, duty.level) for from_ms, duty in own])
        is_plain = all(duty.rostered is duty.level for _, duty in own)
        rostered = level if is_plain else levels.over_ticks([(from_ms, duty.rostered) for from_ms, duty in own])
        crews.append(Crew(level, rostered))
    reserves = tuple(_reserve(levels, len(crews) + index, reserve) for index, reserve in enumerate(pool.reserves))
    never = StepFunction.of(())
    return Pool(
        name=pool.name,
        crews=(*crews, *(Crew(never, never) for _ in reserves)),
        end_of_shift=EndOfShift.HAND_OVER if pool.end_of_shift == "hand_over" else EndOfShift.FINISH,
        cost_per_hour=pool.cost_per_hour,
        precedence=Precedence[pool.precedence.upper()],
        reserves=reserves,
    )


def _reserve(levels: Levels, crew: int, reserve: officers.Reserve) -> Reserve:
    names = [stage.name for stage in levels.plan.regimes[0].stages]
    watched = tuple(sorted(names.index(stage) for stage in reserve.stages))
    return Reserve(
        crew=crew,
        officers=reserve.officers,
        watched=watched,
        call_at=reserve.call_at,
        close_at=reserve.close_at,
        ready_in=reserve.ready_in_ms,
        stay=reserve.stay_ms,
    )


def _side(regime: Regime, name: str) -> Side:
    return next(side for side in regime.sides if side.name == name)


def _every_stage(plan: Scenario) -> Iterable[scenario.Stage]:
    """Each stage in file order, as each regime has it."""
    return (regime.stages[number] for number in range(len(plan.regimes[0].stages)) for regime in plan.regimes)


def _in_order(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
