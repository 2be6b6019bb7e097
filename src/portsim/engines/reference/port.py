"""The port during the run, and the order of things within one instant (contract rules 6 to 13)."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from heapq import heapify, heappop, heappush

import numpy as np
import simpy
from numpy.typing import NDArray

from portsim.engines import limits
from portsim.engines.limits import MOST_ROUNDS
from portsim.engines.reference.officers import Pool
from portsim.engines.reference.recorder import Recorder
from portsim.engines.reference.reserves import Reserve
from portsim.engines.reference.sharing import SharedTurn
from portsim.engines.reference.stage import ANY_NUMBER, Stage
from portsim.engines.reference.unit import Unit, cross
from portsim.model.network import NONE, Network, Precedence
from portsim.model.records import UnitOutcome
from portsim.model.traffic import Traffic, WhenFull

# What SimPy plays first within one instant. Ends and arrivals have SimPy's normal priority, 1: they may share it, since
# both only free officers and lanes or add to a door, whose order does not depend on who comes first to it.
ENDS_AND_ARRIVALS = 1
CALENDAR_AND_PATIENCE = 2
DISPATCH = 3
TURN_AWAY = 4
LIMIT = 5
RESERVES = 6

ROUNDS_BETWEEN_LOOKS = 512
"""So often the clock on the wall is looked at, where a run has a limit of that kind."""


class Clock(simpy.Environment):
    """SimPy's environment, in whole ticks."""

    @property
    def now(self) -> int:
        """The current tick."""
        return self._now  # type: ignore[return-value]  # every delay given to it is an int


class Port:
    """All stages, officers and units of one run, and the dispatcher that moves them.

    A round of rule 6 is what SimPy plays at one tick up to and including one `dispatch`: the ends and arrivals of
    the tick, in the first round the calendar and patience, then all moves, then all grants. Whatever a dispatch
    makes possible (a service without work ends, a lane has become free) brings about the next round.
    """

    def __init__(self, network: Network, traffic: Traffic, units_in_port: int, wall_time: float | None = None) -> None:
        self.network = network
        self.traffic = traffic
        self.env = Clock()
        self.recorder = Recorder(traffic)
        # memoryviews hand out Python integers, faster than numpy does and without a copy
        self.stage_of, self.work_of = traffic.stage.data, traffic.work.data
        self.roles_of, self._first = traffic.roles.data, traffic.first.data
        self._priority, self._patience, self._when_full = (
            traffic.priority.data,
            traffic.patience.data,
            traffic.when_full.data,
        )
        self._parent = traffic.parent.data
        self.pools = [
            Pool(paper, [index for index, stage in enumerate(network.stages) if stage.pool == number])
            for number, paper in enumerate(network.pools)
        ]
        self.stages = [Stage(self, index, network) for index in range(len(network.stages))]
        self.turns = self._turns()
        self._reserves = [Reserve(self, i, paper) for i, pool in enumerate(network.pools) for paper in pool.reserves]
        self._is_reading_due = False
        self._inside = 0
        self._most_inside = units_in_port
        self._wall_time = wall_time
        self._deadline = None if wall_time is None else time.monotonic() + wall_time
        self._rounds_to_look = ROUNDS_BETWEEN_LOOKS
        self._touched: list[int] = []
        self._is_dispatch_due = False
        self._tick_of_round, self._round = NONE, 0
        self._may_turn_away: list[Unit] = []
        self._has_holds = bool(traffic.hold.any())
        self._passengers = _passengers(traffic)
        self._still_in: dict[int, int] = defaultdict(int)  # passengers not yet out, by parent
        for parent in traffic.parent[traffic.parent != NONE].tolist():
            self._still_in[parent] += 1
        self._gathering: dict[int, Callable[[], None]] = {}  # what to do once a unit's passengers are out
        # Whether any unit may have to wait for something else than its turn: most traffic has no such units.
        self.holds_back = self._has_holds or bool(self._still_in)
        self._has_doors = self.holds_back or any(stage.space != ANY_NUMBER for stage in self.stages)

    # The instant -----------------------------------------------------------------------------------------------

    def touch(self, stage: Stage) -> None:
        """Something changed at this stage: have it looked at in the next moves and grants of this instant."""
        turn = stage.turn
        if not turn.touched:
            turn.touched = True
            heappush(self._touched, turn.index)
            if not self._is_dispatch_due:
                self._is_dispatch_due = True
                self.call(self.dispatch, 0, DISPATCH)

    def dispatch(self, _: simpy.Event) -> None:
        """One round: moves at every stage that was touched, then grants, each stage once, in file order."""
        self._count_round()
        if self._deadline is not None:
            self._look_at_the_clock()
        if self._reserves:
            self.read_reserves()
        if self._has_doors:
            for index in sorted(self._touched):
                self.turns[index].move()
        had_its_turn = NONE
        next_round: list[int] = []
        while self._touched:
            index = heappop(self._touched)
            if index <= had_its_turn:
                next_round.append(index)
                continue
            had_its_turn = index
            self.turns[index].touched = False
            self.turns[index].grant()
        heapify(next_round)
        self._touched = next_round
        self._is_dispatch_due = bool(next_round)
        if next_round:
            self.call(self.dispatch, 0, DISPATCH)

    def _turns(self) -> list[Stage | SharedTurn]:
        """Who takes a turn at the place of each stage: the stage itself, or the first of those that share a pool."""
        turns: list[Stage | SharedTurn] = list(self.stages)
        for pool in self.pools:
            if pool.precedence != Precedence.FIXED and len(pool.stages) > 1:
                stages = [self.stages[index] for index in pool.stages]
                turn = turns[pool.stages[0]] = SharedTurn(stages, pool.precedence)
                for stage in stages:
                    stage.turn = turn
        return turns

    def turn_away(self, _: simpy.Event) -> None:
        """Rule 13: nothing moves any more at this instant; who came now, may not wait and is outside, goes."""
        outside, self._may_turn_away = self._may_turn_away, []
        for unit in outside:
            if not unit.is_out and self.recorder.joined[self._first[unit.number]] == NONE:
                self._go_away(unit, UnitOutcome.TURNED_AWAY)

    def read_reserves(self) -> None:
        """Rule 24: have the queues read once this instant has come to rest."""
        if not self._is_reading_due:
            self._is_reading_due = True
            self.call(self._read_reserves, 0, RESERVES)

    def _read_reserves(self, _: simpy.Event) -> None:
        self._is_reading_due = False
        for reserve in self._reserves:
            reserve.read()

    def schedule(self, event: simpy.Event, delay: int, priority: int = ENDS_AND_ARRIVALS) -> None:
        """Let an event happen `delay` ticks from now, at its place within that instant."""
        event._ok, event._value = True, None
        self.env.schedule(event, priority, delay)  # type: ignore[arg-type]

    def call(self, callback: Callable[[simpy.Event], None], delay: int, priority: int = ENDS_AND_ARRIVALS) -> None:
        """Call back `delay` ticks from now, at the place within that instant that `priority` says."""
        event = simpy.Event(self.env)
        assert event.callbacks is not None
        event.callbacks.append(callback)
        self.schedule(event, delay, priority)

    def at_calendar(self, tick: int) -> simpy.Event:
        """An event at the calendar's place in the first round of `tick`."""
        event = simpy.Event(self.env)
        self.schedule(event, tick - self.env.now, CALENDAR_AND_PATIENCE)
        return event

    def call_at_calendar(self, callback: Callable[[simpy.Event], None], delay: int) -> None:
        """Call back at the calendar's place in the first round `delay` ticks from now."""
        self.call(callback, delay, CALENDAR_AND_PATIENCE)

    def set_officers(self, pool: int, crew: int, level: int, tick: int) -> None:
        """From `tick` on this many officers of a crew can be given to services."""
        self.pools[pool].crews[crew].set_level(level, tick)
        for stage in self.pools[pool].stages:
            self.touch(self.stages[stage])

    # Units -----------------------------------------------------------------------------------------------------

    def order_of_arrival(self) -> NDArray[np.int64]:
        """Numbers of the units that come by themselves, by (tick, number)."""
        numbers = np.flatnonzero(self.traffic.parent == NONE)
        return numbers[np.argsort(self.traffic.arrived[numbers], kind="stable")]

    def steps_of(self, number: int) -> tuple[int, int]:
        """First row of a unit's steps, and the row after its last."""
        return self._first[number], self._first[number + 1]

    def begin(self, number: int) -> None:
        """A unit arrives now and stands at its first door."""
        unit = Unit(number, self._priority[number])
        unit.row = self._first[number]
        self.recorder.arrived[number] = self.env.now
        self._inside += 1
        if self._inside == self._most_inside + 1:
            self.call(self._check_limit, 0, LIMIT)
        patience = self._patience[number]
        if patience != NONE:
            self.call(lambda _: self._lose_patience(unit), patience, CALENDAR_AND_PATIENCE)
        if self._when_full[number] == WhenFull.TURN_AWAY:
            if not self._may_turn_away:
                self.call(self.turn_away, 0, TURN_AWAY)
            self._may_turn_away.append(unit)
        self.env.process(cross(self, unit))

    def release(self, unit: Unit) -> None:
        """A unit has done its last step and leaves the port."""
        self._put_out(unit, UnitOutcome.RELEASED)
        assert unit.behind is not None
        unit.behind.leave_behind(unit)

    def split_off(self, unit: Unit) -> None:
        """Rule 26: passengers who leave the unit at the step it has just joined arrive in the next round."""
        for passenger in self._passengers.get(unit.row, ()):
            self.call(lambda _, passenger=passenger: self.begin(passenger), 0)  # type: ignore[misc]

    # Units that may not start yet ------------------------------------------------------------------------------

    def is_ready(self, unit: Unit) -> bool:
        """Rule 14: its hold-until has come, and at a join its passengers are out or the limit has passed."""
        if not self.holds_back:
            return True
        row, now = unit.row, self.env.now
        if not self.hold_has_come(unit):
            return False
        if not self._is_gathering(unit):
            return True
        limit = self.traffic.join_limit[row]
        joined = self.recorder.joined[row]
        return bool(limit != NONE and (now if joined == NONE else joined) + limit <= now)

    def hold_has_come(self, unit: Unit) -> bool:
        """Whether the tick has come before which the unit may not start."""
        return not self._has_holds or bool(self.traffic.hold[unit.row] <= self.env.now)

    def watch(self, unit: Unit, stage: Stage) -> None:
        """Have the stage looked at again when the hold-until of a unit at its door comes, or its passengers are out."""
        if not self.holds_back:
            return
        row = unit.row
        if self._has_holds and self.traffic.hold[row] > self.env.now:
            self._call_when_ready(unit, stage, int(self.traffic.hold[row] - self.env.now))
        if self._is_gathering(unit):
            self._gathering[unit.number] = self._look_again(unit, stage)

    def watch_limit(self, unit: Unit, stage: Stage) -> None:
        """Have the stage looked at again when a unit that has just joined has waited long enough for passengers."""
        limit = int(self.traffic.join_limit[unit.row]) if self._is_gathering(unit) else NONE
        if limit != NONE:
            self._call_when_ready(unit, stage, limit)

    def _is_gathering(self, unit: Unit) -> bool:
        return bool(self._still_in and self.traffic.is_join[unit.row] and self._still_in.get(unit.number))

    def _call_when_ready(self, unit: Unit, stage: Stage, delay: int) -> None:
        look = self._look_again(unit, stage)
        self.call(lambda _: look(), delay)

    def _look_again(self, unit: Unit, stage: Stage) -> Callable[[], None]:
        """Has the stage look at a unit again, if by then it is still at this step."""
        row = unit.row

        def look() -> None:
            if unit.row == row and not unit.is_out:
                stage.look_again(unit)

        return look

    # Ways out --------------------------------------------------------------------------------------------------

    def _lose_patience(self, unit: Unit) -> None:
        """Rule 9: a unit that never started a service leaves, from outside or from the queue."""
        if not unit.is_out and self.recorder.started[self._first[unit.number]] == NONE:
            self._go_away(unit, UnitOutcome.LEFT)

    def _go_away(self, unit: Unit, outcome: UnitOutcome) -> None:
        self._put_out(unit, outcome)
        self.stages[self.stage_of[unit.row]].give_up(unit)

    def _put_out(self, unit: Unit, outcome: UnitOutcome) -> None:
        unit.is_out = True
        self._inside -= 1
        self.recorder.out[unit.number] = self.env.now
        self.recorder.outcome[unit.number] = outcome
        parent = self._parent[unit.number]
        if parent != NONE:
            self._still_in[parent] -= 1
            if not self._still_in[parent] and parent in self._gathering:
                self._gathering.pop(parent)()

    # Limits ----------------------------------------------------------------------------------------------------

    def _count_round(self) -> None:
        now = self.env.now
        self._round = self._round + 1 if now == self._tick_of_round else 1
        self._tick_of_round = now
        if self._round > MOST_ROUNDS:
            raise limits.too_many_rounds(self.network, now, sorted(self._touched))

    def _look_at_the_clock(self) -> None:
        self._rounds_to_look -= 1
        if self._rounds_to_look == 0:
            self._rounds_to_look = ROUNDS_BETWEEN_LOOKS
            assert self._deadline is not None
            if time.monotonic() > self._deadline:
                self.call(self._stop_late, 0, LIMIT)

    def _stop_late(self, _: simpy.Event) -> None:
        assert self._wall_time is not None
        raise limits.too_long(self.network, self.env.now, self._wall_time, self._standing())

    def _check_limit(self, _: simpy.Event) -> None:
        if self._inside > self._most_inside:
            raise limits.too_many_units(self.network, self.env.now, self._most_inside, self._standing())

    def _standing(self) -> list[int]:
        """Units that wait or stand at the door, by stage."""
        return [stage.queue.waiting + stage.at_door for stage in self.stages]


def _passengers(traffic: Traffic) -> dict[int, list[int]]:
    """Who splits off at which row of the traffic's steps."""
    by_row: dict[int, list[int]] = defaultdict(list)
    for number in np.flatnonzero(traffic.parent != NONE).tolist():
        by_row[int(traffic.first[traffic.parent[number]] + traffic.split_step[number])].append(number)
    return dict(by_row)
