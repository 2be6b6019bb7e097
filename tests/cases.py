"""Ports and traffic for the tests: written by hand with readable defaults, or drawn at random, small and full of ties.

By hand::

    network, traffic = port(
        stages=[stage("check", lanes=[(0, 1), (5, 0)]), stage("yard", lanes=None)],
        units=[unit(0, [(0, 3), (1, 2)]), unit(1, [step(0, 3, hold=4)], priority=-1)],
    )

At random: `case(random.Random(1))` for loops, `cases()` as a Hypothesis strategy. Both are made by the same code out of
small whole numbers, so that a failing case shrinks, and `described` writes it in words.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st

from portsim.model.network import (
    NONE,
    Batch,
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
    frozen,
)
from portsim.model.records import Records, Table, UnitOutcome, VisitOutcome
from portsim.model.traffic import Traffic, WhenFull

DAY = 86_400_000
GENERAL = 0

Level = int | Iterable[tuple[int, int]]
RoleList = tuple[tuple[int, bool], ...]

# Written by hand ----------------------------------------------------------------------------------------------------


def level(steps: Level) -> StepFunction:
    """A level from tick 0 on, or (tick, level) steps."""
    return StepFunction.constant(steps) if isinstance(steps, int) else StepFunction.of(steps)


def stage(
    name: str = "check",
    *,
    lanes: Level | Mapping[int, Level] | None = 1,
    is_open: Level = 1,
    closing: str = "finish",
    waiting_space: int | None = None,
    pool: int | None = None,
    officers: int = 1,
    counted: bool = False,
    side: int = 0,
    waves: Sequence[tuple[int, int]] | None = None,
    batch: tuple[int, int | None] | None = None,
    pace: Pace | None = None,
) -> Stage:
    """A stage; `lanes` is a level of role 0, a mapping from role to level, or None for a delay.

    waves : (tick, up to how many), ascending
    batch : (size, at most so long or None)
    """
    calls: Waves | Batch | None = None
    if waves is not None:
        calls = Waves(frozen([tick for tick, _ in waves], np.int64), frozen([up_to for _, up_to in waves], np.int64))
    elif batch is not None:
        calls = Batch(batch[0], _or_none(batch[1]))
    by_role = lanes if isinstance(lanes, Mapping) or lanes is None else {GENERAL: lanes}
    return Stage(
        name=name,
        side=side,
        counted=counted,
        lanes=None if by_role is None else tuple((role, level(steps)) for role, steps in by_role.items()),
        is_open=level(is_open),
        closing=Closing[closing.upper()],
        waiting_space=NONE if waiting_space is None else waiting_space,
        pool=NONE if pool is None else pool,
        officers=0 if pool is None else officers,
        calls=calls,
        pace=pace,
    )


def pace(
    by_clock: Level = 1000, by_lanes: Sequence[tuple[int, int]] = (), by_queue: Sequence[tuple[int, int]] = ()
) -> Pace:
    """A pace in permille: a level, and (lanes open, permille) and (units waiting, permille), ascending."""
    return Pace(level(by_clock), tuple(by_lanes), tuple(by_queue))


def reserve(
    officers: int, watched: Sequence[int], *, call_at: int, close_at: int, ready_in: int = 0, stay: int = 0
) -> Reserve:
    """A reserve whose crew `pool` will number."""
    return Reserve(NONE, officers, tuple(watched), call_at, close_at, ready_in, stay)


def pool(
    *crews: Level,
    name: str = "police",
    end_of_shift: str = "finish",
    precedence: str = "fixed",
    reserves: Sequence[Reserve] = (),
) -> Pool:
    """A pool of crews, each a level; after them one crew, on paper of nobody, for each reserve."""
    levels = [level(steps) for steps in (*crews, *(0 for _ in reserves))]
    return Pool(
        name=name,
        crews=tuple(Crew(each, each) for each in levels),
        end_of_shift=EndOfShift[end_of_shift.upper()],
        cost_per_hour=None,
        precedence=Precedence[precedence.upper()],
        reserves=tuple(replace(each, crew=len(crews) + number) for number, each in enumerate(reserves)),
    )


@dataclass(frozen=True)
class Step:
    """One step of a unit's journey; `roles` are (role, is helped) in order of preference."""

    stage: int
    work: int
    hold: int = 0
    roles: RoleList = ((GENERAL, False),)
    join: bool = False
    join_limit: int | None = None


step = Step


@dataclass(frozen=True)
class Unit:
    """One unit: it arrives at a tick, or splits off when its parent joins the parent's step `split_step`."""

    arrived: int
    steps: tuple[Step, ...]
    priority: int = 0
    patience: int | None = None
    when_full: str = "wait_outside"
    parent: int | None = None
    split_step: int | None = None
    flow: int = 0


def unit(arrived: int, steps: Sequence[Step | tuple[int, int]], **others: Any) -> Unit:
    """A unit; a step may be written (stage, work)."""
    return Unit(arrived, tuple(each if isinstance(each, Step) else Step(*each) for each in steps), **others)


def passenger(parent: int, split_step: int, steps: Sequence[Step | tuple[int, int]], **others: Any) -> Unit:
    """A unit that splits off from another."""
    return unit(NONE, steps, parent=parent, split_step=split_step, **others)


def network(
    stages: Sequence[Stage],
    pools: Sequence[Pool] = (),
    *,
    end: int = 1000,
    measure_from: int = 0,
    role_lists: Sequence[RoleList] = (((GENERAL, False),),),
    flows: int = 1,
) -> Network:
    """A port with one side that never closes, whose clock is UTC and whose tick 0 is the start of 2025."""
    roles = 1 + max((role for each in stages for role, _ in each.lanes or ()), default=0)
    sides = 1 + max(each.side for each in stages)
    return Network(
        port="example",
        start_ms=1_735_689_600_000,
        end=end,
        measure_from=measure_from,
        clock="UTC",
        midnights=frozen(range(0, end + DAY, DAY), np.int64),
        first_day=739_252,
        stages=tuple(stages),
        pools=tuple(pools),
        sides=tuple(f"side{number}" for number in range(sides)),
        side_open=(StepFunction.constant(1),) * sides,
        flows=tuple(f"flow{number}" for number in range(flows)),
        kinds=("truck",),
        roles=tuple(("general", "green", "trusted")[:roles]),
        role_lists=tuple(role_lists),
        windows=(),
    )


def traffic(units: Sequence[Unit], port_network: Network) -> Traffic:
    """These units, numbered in the order given; role lists must stand in the network."""
    steps = [each for one in units for each in one.steps]
    lengths = [len(one.steps) for one in units]

    def role_list(each: Step) -> int:
        return NONE if port_network.stages[each.stage].lanes is None else port_network.role_lists.index(each.roles)

    return Traffic.of(
        flow=[one.flow for one in units],
        kind=[0] * len(units),
        parent=[_or_none(one.parent) for one in units],
        split_step=[_or_none(one.split_step) for one in units],
        priority=[one.priority for one in units],
        persons=[1] * len(units),
        goods=[0] * len(units),
        wanted=[one.arrived if one.parent is None else 0 for one in units],
        arrived=[one.arrived if one.parent is None else NONE for one in units],
        patience=[_or_none(one.patience) for one in units],
        when_full=[WhenFull[one.when_full.upper()] for one in units],
        first=np.cumsum([0, *lengths]),
        stage=[each.stage for each in steps],
        leg=[0] * len(steps),
        direction=[0] * len(steps),
        work=[each.work for each in steps],
        hold=[each.hold for each in steps],
        roles=[role_list(each) for each in steps],
        is_join=[each.join for each in steps],
        join_limit=[_or_none(each.join_limit) for each in steps],
        stayed_away=[0] * len(port_network.flows),
    )


def port(
    stages: Sequence[Stage], units: Sequence[Unit], pools: Sequence[Pool] = (), *, end: int = 1000
) -> tuple[Network, Traffic]:
    """A network and its traffic; role lists are collected from the units' steps."""
    role_lists = list(dict.fromkeys(each.roles for one in units for each in one.steps)) or [((GENERAL, False),)]
    flows = 1 + max((one.flow for one in units), default=0)
    built = network(stages, pools, end=end, role_lists=role_lists, flows=flows)
    return built, traffic(units, built)


def _or_none(value: int | None) -> int:
    return NONE if value is None else value


# At random ----------------------------------------------------------------------------------------------------------

FEATURES = frozenset(
    {
        "roles",  # several lane roles, lists in any order
        "helped",  # roles that only help
        "lane_steps",  # lanes that open and close, down to none
        "pools",  # officers
        "crews",  # several crews in a pool
        "hand_over",  # services paused at the end of a shift
        "delay_officers",  # delays that need officers
        "hours",  # stages that close
        "suspend",  # services paused at closing
        "waiting_space",  # none, 0, 1 or 2: blocking, doors
        "delays",  # stages without lanes
        "zero_work",  # services of no time
        "turn_away",  # units that do not wait outside
        "priorities",
        "holds",  # not before a tick
        "patience",
        "joins",  # passengers who split off and are waited for
        "join_limits",
        "waves",  # units called in at set ticks
        "batches",  # units called in when so many wait
        "precedence",  # stages that share officers by the longest queue or wait
        "reserves",  # officers called in while queues are long
        "pace",  # services that take more or less time by the hour, the lanes open and the queue
    }
)
"""What a random case may contain; leave out what an engine or a law does not cover."""


class Source(Protocol):
    """Where whole numbers come from, both ends included: `random.Random` or a Hypothesis draw."""

    def randint(self, a: int, b: int, /) -> int: ...


def case(rng: Source, features: frozenset[str] = FEATURES) -> tuple[Network, Traffic]:
    """A small port with a few units: 1-4 stages, 1-3 roles, 0-2 pools, 1-9 units, ticks mostly 0-12."""
    return port(**parts(rng, features))


def parts(rng: Source, features: frozenset[str] = FEATURES) -> dict[str, Any]:
    """The arguments of `port` for a random case."""
    unknown = features - FEATURES
    if unknown:
        raise ValueError(f"unknown features: {sorted(unknown)}")
    return Drawn(rng, features).parts()


def cases(features: frozenset[str] = FEATURES) -> st.SearchStrategy[tuple[Network, Traffic]]:
    """Random cases as a Hypothesis strategy."""

    @st.composite
    def build(draw: st.DrawFn) -> tuple[Network, Traffic]:
        return case(_Draw(draw), features)

    return build()


class _Draw:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def randint(self, a: int, b: int, /) -> int:
        return self.draw(_integers(a, b))


@cache  # a case asks for some two hundred numbers
def _integers(a: int, b: int) -> st.SearchStrategy[int]:
    return st.integers(a, b)


PERMILLES = (1000, 1333, 750, 999, 1001, 333, 667, 1500, 2000, 777, 20_000, 50)
"""Paces, the ordinary one first; most leave a remainder."""

THEMES = ("mixed", "officers", "roles", "doors", "buses", "calls", "sharing", "reserves")
"""What a random case has most of: rules that meet seldom (a closed stage whose crew hands over) meet often enough."""


class Drawn:
    """Choices made from whole numbers, 0 always the plainest, so that Hypothesis shrinks towards simple ports."""

    def __init__(self, rng: Source, features: frozenset[str]) -> None:
        self.rng = rng
        self.features = features
        self.theme = THEMES[self.number(0, len(THEMES) - 1)]
        self.is_crowded = self.theme in ("sharing", "reserves")

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high) if low < high else low

    def chance(self, feature: str | None, times: int, of: int, *, theme: str = "", mostly: int = 3) -> bool:
        """True `times` in `of`, or `mostly` in 4 if the case has this theme; never if the feature is left out."""
        if theme == self.theme:
            times, of = mostly, 4
        return (feature is None or feature in self.features) and self.number(0, of - 1) >= of - times

    def pick(self, values: Sequence[int]) -> int:
        return values[self.number(0, len(values) - 1)]

    def tick(self, low: int, high: int) -> int:
        """When a level changes: with some themes at few ticks, so that shifts, hours and waves come together."""
        every = {"officers": 4, "calls": 2}.get(self.theme, 1)
        return every * self.number(-(-low // every), high // every)

    def steps(self, highest: int, lowest: int = 0) -> list[tuple[int, int]]:
        """Up to four steps, some before tick 0, some at one tick."""
        count = self.number(1, 4)
        ticks = sorted(self.tick(-1, 14) if index else 0 for index in range(count))
        return [(tick, self.number(lowest, highest)) for tick in ticks]

    def hours(self) -> list[tuple[int, int]]:
        """Open and closed in turn."""
        is_open = 0 if self.theme == "officers" else self.number(0, 1)
        ticks = sorted({0, *(self.tick(1, 16) for _ in range(self.number(1, 4)))})
        return [(tick, (index + is_open + 1) % 2) for index, tick in enumerate(ticks)]

    def parts(self) -> dict[str, Any]:
        roles = self.number(2 if self.theme == "roles" else 1, 3) if "roles" in self.features else 1
        fewest = 1 if self.theme == "officers" or self.is_crowded else 0
        count = self.number(fewest, 2) if "pools" in self.features else 0
        fewest = 2 if self.theme == "sharing" else 1
        stages = [
            self.stage(number, roles, count) for number in range(self.number(fewest, 2 if self.theme == "roles" else 4))
        ]
        pools = [self.pool(number, stages) for number in range(count)]
        fewest = {"mixed": 1, "sharing": 6}.get(self.theme, 4)
        units = [self.unit(stages) for _ in range(self.number(fewest, 9))]
        if "joins" in self.features:
            units = self.with_passengers(units, stages)
        flows = sorted(self.number(0, 1) for _ in units)
        units = [replace(one, flow=flow) for one, flow in zip(units, flows, strict=True)]
        return {"stages": stages, "units": units, "pools": pools, "end": self.number(5, 40)}

    def pool(self, number: int, stages: Sequence[Stage]) -> Pool:
        crews = [self.steps(4) for _ in range(self.number(1, 3) if "crews" in self.features else 1)]
        if self.theme == "officers":
            crews[0] = [(0, self.number(2, 5)), (self.tick(4, 12), self.number(0, 3)), (12, self.number(0, 5))]
        elif self.is_crowded:
            crews = [[(0, self.number(1, 2)), (self.tick(4, 14), self.number(0, 3))], *crews[2:]]
        of_pool = [index for index, each in enumerate(stages) if each.pool == number]
        precedence = "fixed"
        if len(of_pool) > 1 and self.chance("precedence", 1, 2, theme="sharing", mostly=4):
            precedence = ("longest_queue", "longest_wait")[self.number(0, 1)]
        count = self.number(1, 2) if self.chance("reserves", 1, 4, theme="reserves", mostly=4) else 0
        return pool(
            *crews,
            name=f"pool{number}",
            end_of_shift="hand_over" if self.chance("hand_over", 1, 2, theme="officers") else "finish",
            precedence=precedence,
            reserves=[self.reserve(of_pool, len(stages)) for _ in range(count)],
        )

    def reserve(self, of_pool: Sequence[int], stages: int) -> Reserve:
        """Watching the stages of its pool, or one, or one of another pool and perhaps the next too."""
        watched = list(of_pool)
        if not watched or not self.chance(None, 2, 3):
            first = self.number(0, stages - 1)
            watched = [first] if self.chance(None, 1, 2) else sorted({first, (first + 1) % stages})
        call_at = self.number(1, 4)
        return reserve(
            self.number(1, 3),
            watched,
            call_at=call_at,
            close_at=self.number(0, call_at - 1),
            ready_in=self.number(0, 3),
            stay=self.number(0, 4),
        )

    def stage(self, number: int, roles: int, pools: int) -> Stage:
        is_delay = self.chance("delays", 1, 8 if self.is_crowded else 4, theme="buses", mostly=2)
        here = [role for role in range(roles) if role == 0 or self.chance(None, 1, 2, theme="roles")]
        lanes = {
            role: self.steps(3) if self.chance("lane_steps", 1, 2, theme="officers", mostly=1) else self.number(1, 3)
            for role in here
        }
        if is_delay:
            has_officers = pools > 0 and self.chance("delay_officers", 1, 4)
        else:
            is_staffed = self.theme == "officers" or self.is_crowded
            has_officers = pools > 0 and self.chance(None, 3 if is_staffed else 2, 4)
        waves, batch = self.waves_or_batch()
        is_narrow = self.chance("waiting_space", 1, 4 if self.is_crowded else 2, theme="doors", mostly=4)
        fewest = 0 if waves is batch is None or self.chance(None, 1, 8) else 1
        is_spread = not self.is_crowded and self.chance(None, 1, 2)
        return stage(
            f"stage{number}",
            lanes=None if is_delay else lanes,
            is_open=self.hours() if self.chance("hours", 1, 3, theme="officers", mostly=2) else 1,
            closing="suspend" if self.chance("suspend", 1, 2) else "finish",
            waiting_space=self.number(fewest, 2) if is_narrow else None,
            pool=None if not has_officers else self.number(0, pools - 1) if is_spread else 0,
            officers=self.number(1, 1 if self.theme == "sharing" and self.chance(None, 3, 4) else 2)
            if has_officers
            else 0,
            waves=waves,
            batch=batch,
            pace=self.pace() if self.chance("pace", 1, 4) else None,
        )

    def pace(self) -> Pace:
        """By the clock, by lanes open and by queue, each often the ordinary one."""
        ticks = sorted({0, *(self.tick(1, 14) for _ in range(self.number(0, 3)))})
        return pace([(tick, self.pick(PERMILLES)) for tick in ticks], self.paces(), self.paces())

    def paces(self) -> list[tuple[int, int]]:
        numbers = sorted({self.number(0, 4) for _ in range(self.number(0, 3))})
        return [(number, self.pick(PERMILLES)) for number in numbers]

    def waves_or_batch(self) -> tuple[list[tuple[int, int]] | None, tuple[int, int | None] | None]:
        """Up to five waves, or batches of 1-3; mostly neither. Where nobody may wait inside, nobody is called."""
        if self.chance("waves", 1, 8, theme="calls", mostly=2):
            ticks = sorted({self.tick(0, 14) for _ in range(self.number(1, 5))})
            return [(tick, self.number(1, 4)) for tick in ticks], None
        if self.chance("batches", 1, 8, theme="calls", mostly=2):
            return None, (self.number(1, 3), self.number(1, 8) if self.chance(None, 1, 2) else None)
        return None, None

    def unit(self, stages: Sequence[Stage]) -> Unit:
        return Unit(
            arrived=self.number(0, 45)
            if not self.is_crowded and self.chance(None, 1, 4)
            else self.number(0, 2 if self.theme in ("roles", "sharing") else 6),
            steps=tuple(
                self.step(stages, self.number(0, len(stages) - 1))
                for _ in range(self.number(1, 2 if self.is_crowded else 4))
            ),
            priority=self.number(-1, 1) if self.chance("priorities", 1, 3) else 0,
            patience=self.number(1, 8) if self.chance("patience", 1, 4) else None,
            when_full="turn_away" if self.chance("turn_away", 1, 3) else "wait_outside",
        )

    def step(self, stages: Sequence[Stage], number: int) -> Step:
        longest = 12 if self.theme == "officers" else 6
        return Step(
            stage=number,
            work=self.number(0 if "zero_work" in self.features else 1, longest),
            hold=self.number(1, 14) if self.chance("holds", 1, 6, theme="roles", mostly=0) else 0,
            roles=self.role_list([role for role, _ in stages[number].lanes or ()]),
        )

    def role_list(self, roles: list[int]) -> RoleList:
        """Some of the stage's roles in some order, at least one of them its own."""
        if not roles:
            return ((GENERAL, False),)
        left = list(roles)
        taken = [left.pop(self.number(0, len(left) - 1)) for _ in range(self.number(1, len(left)))]
        own = self.number(0, len(taken) - 1)
        return tuple((role, index != own and self.chance("helped", 2, 3)) for index, role in enumerate(taken))

    def with_passengers(self, units: list[Unit], stages: Sequence[Stage]) -> list[Unit]:
        """Some units become passengers of earlier ones; parents of some get a join at a delay after the last split.

        Numbers are turned round in half of the cases, so that passengers come before their parents too.
        """
        units = list(units)
        for number in range(1, len(units)):
            if self.chance("joins", 1, 4, theme="buses", mostly=2):
                parent = self.number(0, number - 1)
                split_step = self.number(0, len(units[parent].steps) - 1)
                units[number] = replace(units[number], arrived=NONE, parent=parent, split_step=split_step)
        delays = [number for number, each in enumerate(stages) if each.lanes is None]
        for number, one in enumerate(units):
            splits = [each.split_step or 0 for each in units if each.parent == number]
            earliest = max(splits, default=len(one.steps))
            steps = list(one.steps)
            if delays and self.chance(None, 3, 4) and (splits or self.chance(None, 1, 8)):
                steps.append(self.step(stages, self.pick(delays)))
                earliest = min(earliest, len(steps) - 1)
            for index, each in enumerate(steps):
                if index >= earliest and each.stage in delays and self.chance(None, 3, 4):
                    limit = self.number(0, 6) if self.chance("join_limits", 1, 3) else None
                    steps[index] = replace(each, join=True, join_limit=limit)
            units[number] = replace(one, steps=tuple(steps))
        if not self.number(0, 1):
            return units
        last = len(units) - 1
        return [one if one.parent is None else replace(one, parent=last - one.parent) for one in reversed(units)]


# In words -----------------------------------------------------------------------------------------------------------


def described(network: Network, traffic: Traffic) -> str:
    """The whole case in words, to print when a test fails."""
    lines = [f"end {network.end}"]
    for number, each in enumerate(network.pools):
        lines.append(
            f"pool {number} {each.end_of_shift.name} {each.precedence.name}: "
            + "; ".join(str(crew.level.pairs()) for crew in each.crews)
        )
        lines += [
            f"  reserve of {one.officers} as crew {one.crew}: called at {one.call_at}, closed at {one.close_at} units "
            f"at stages {list(one.watched)}, ready in {one.ready_in}, stays {one.stay}"
            for one in each.reserves
        ]
    for number, at in enumerate(network.stages):
        lanes = "delay" if at.lanes is None else {role: steps.pairs() for role, steps in at.lanes}
        lines.append(
            f"stage {number} '{at.name}': lanes {lanes}, open {at.is_open.pairs()} {at.closing.name}, "
            f"waiting space {at.waiting_space}, pool {at.pool}, officers {at.officers}"
            f"{_calls_in_words(at)}{_pace_in_words(at)}"
        )
    for number in range(len(traffic)):
        come = f"arrives {traffic.arrived[number]}"
        if traffic.parent[number] != NONE:
            come = f"splits off from unit {traffic.parent[number]} at its step {traffic.split_step[number]}"
        lines.append(
            f"unit {number} (flow {traffic.flow[number]}): {come}, priority {traffic.priority[number]}, "
            f"patience {traffic.patience[number]}, {WhenFull(int(traffic.when_full[number])).name}"
        )
        for index, row in enumerate(range(traffic.first[number], traffic.first[number + 1])):
            roles = () if traffic.roles[row] == NONE else network.role_lists[int(traffic.roles[row])]
            join = f", join within {traffic.join_limit[row]}" if traffic.is_join[row] else ""
            lines.append(
                f"  step {index}: stage {traffic.stage[row]}, work {traffic.work[row]}, hold {traffic.hold[row]}, "
                f"roles {roles}{join}"
            )
    return "\n".join(lines)


def _calls_in_words(at: Stage) -> str:
    if isinstance(at.calls, Waves):
        waves = zip(at.calls.at.tolist(), at.calls.up_to.tolist(), strict=True)
        return ", waves " + "; ".join(f"up to {up_to} at {tick}" for tick, up_to in waves)
    if isinstance(at.calls, Batch):
        return f", batches of {at.calls.size}" + ("" if at.calls.at_most == NONE else f" within {at.calls.at_most}")
    return ""


def _pace_in_words(at: Stage) -> str:
    if at.pace is None:
        return ""
    by_clock, by_lanes, by_queue = at.pace.by_clock.pairs(), list(at.pace.by_lanes), list(at.pace.by_queue)
    return f", pace by clock {by_clock}, by lanes open {by_lanes}, by queue {by_queue}"


def difference(a: Records, b: Records, network: Network) -> str | None:
    """The earliest visit (by tick) or else unit, piece of work or level in which two runs differ; None if none."""
    found = (
        _difference(a.visits, b.visits, ("unit", "step"), network)
        or _difference(a.units, b.units, ("unit",), network)
        or _difference(a.work, b.work, ("unit", "step", "from"), network)
        or _difference(a.levels, b.levels, ("tick", "is_pool", "where", "which"), network)
    )
    if found is None and a.end != b.end:
        found = f"the run ended at {a.end} in the first, {b.end} in the second"
    return found


def _difference(a: Table, b: Table, key: tuple[str, ...], network: Network) -> str | None:
    for name in a:
        if a[name].dtype != b[name].dtype:
            return f"column {name} is {a[name].dtype} in the first, {b[name].dtype} in the second"
    if list(a) != list(b):
        return f"columns {list(a)} in the first, {list(b)} in the second"
    if all(np.array_equal(a[name], b[name]) for name in a):
        return None
    first, second = _rows(a, key), _rows(b, key)
    found: list[tuple[int, str]] = []
    for at in sorted({*first, *second}):
        one, other = first.get(at), second.get(at)
        if one == other:
            continue
        what = ", ".join(f"{name} {value}" for name, value in zip(key, at, strict=True))
        present = one or other or {}
        if "stage" in present:
            what += f" at stage '{network.stages[present['stage']].name}'"
        if one is None or other is None:
            which = "second" if one is None else "first"
            found.append((_tick(present), f"{what}: only in the {which}: {_words(present)}"))
            continue
        names = [name for name in one if one[name] != other[name]]
        changes = "; ".join(
            f"{name} {_word(name, one)} in the first, {_word(name, other)} in the second" for name in names
        )
        found.append((min(_tick(one, names), _tick(other, names)), f"{what}: {changes}"))
    return min(found)[1] if found else f"the same rows in another order (by {key})"


def _rows(table: Table, key: tuple[str, ...]) -> dict[tuple[int, ...], dict[str, int]]:
    columns = {name: values.tolist() for name, values in table.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {tuple(row[name] for name in key): row for row in rows}


TICKS = ("tick", "arrived", "joined", "started", "from", "until", "ended", "left", "out")


def _tick(row: dict[str, int], names: Iterable[str] = TICKS) -> int:
    """The earliest tick among these columns, the row's first if none of them holds one."""
    ticks = [row[name] for name in names if name in TICKS and row.get(name, NONE) != NONE]
    return min(ticks) if ticks else min((row[name] for name in TICKS if name in row), default=NONE)


def _word(name: str, row: dict[str, int]) -> str:
    if name == "outcome":
        return (VisitOutcome if "stage" in row else UnitOutcome)(row[name]).name.lower()
    return "none" if row[name] == NONE else str(row[name])


def _words(row: dict[str, int]) -> str:
    return ", ".join(f"{name} {_word(name, row)}" for name in row)


def seeded(seed: int, features: frozenset[str] = FEATURES) -> tuple[Network, Traffic]:
    """The random case of this number, for plain loops."""
    return case(random.Random(seed), features)
