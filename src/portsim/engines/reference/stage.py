"""One stage: its door, its waiting space and its lanes. Here is decided how long a unit waits.

`move` lets units in from the door, `grant` starts services; `Port.dispatch` calls them stage by stage.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import simpy

from portsim.engines.reference.calls import Calls
from portsim.engines.reference.lanes import Lanes
from portsim.engines.reference.pace import Pace
from portsim.engines.reference.queue import Queue
from portsim.engines.reference.unit import NEVER, Unit
from portsim.model.network import NONE, Closing, Network

if TYPE_CHECKING:
    from portsim.engines.reference.port import Port
    from portsim.engines.reference.sharing import SharedTurn

ANY_NUMBER = float("inf")
"""Waiting space of a stage that has room for everyone."""

ANY_LANE = NONE
"""Stands for the lane role at a stage without lanes, where any number is served at once (rule 16)."""


PAUSED, WAITING, AT_DOOR = range(3)
"""Where a unit is that can start (rule 12 a, c and d)."""

Grant = tuple[Unit, int, int]
"""Who can start, in a lane of which role (NONE for a paused service, which has kept its own), and from where."""


class Stage:
    """A stage during the run; `paper` is the same stage as the network describes it."""

    __slots__ = (
        "_env",
        "_own_roles",
        "_port",
        "_recorder",
        "_role_lists",
        "at_door",
        "calls",
        "can_pause",
        "door",
        "index",
        "is_open",
        "lanes",
        "name",
        "officers",
        "pace",
        "paused",
        "pool",
        "queue",
        "serving",
        "space",
        "suspends",
        "touched",
        "turn",
    )

    def __init__(self, port: Port, index: int, network: Network) -> None:
        paper = network.stages[index]
        self._port, self._env, self._recorder = port, port.env, port.recorder
        self._role_lists = network.role_lists
        helped = any(helps for roles in network.role_lists for _, helps in roles)
        self._own_roles: list[tuple[int, ...]] = [  # counted only where some role list is helped (rule 14)
            tuple(role for role, helps in roles if not helps) if helped else () for roles in network.role_lists
        ]
        self._own_roles.append(())  # of units at a delay, whose role list is NONE, the last entry
        self.index = index
        self.name = paper.name
        self.is_open = False
        self.suspends = paper.closing == Closing.SUSPEND
        self.lanes = None if paper.lanes is None else {role: Lanes() for role, _ in paper.lanes}
        self.space = ANY_NUMBER if paper.waiting_space == NONE else paper.waiting_space
        self.pool = None if paper.pool == NONE else port.pools[paper.pool]
        self.officers = 0 if self.pool is None else paper.officers
        self.can_pause = self.suspends or (self.pool is not None and self.pool.hands_over)
        self.calls = None if paper.calls is None else Calls(paper.calls)
        self.pace = None if paper.pace is None else Pace(paper.pace)
        self.door: list[tuple[int, int, Unit]] = []
        self.at_door = 0
        self.queue = Queue()
        self.serving: set[Unit] = set()  # kept only where services can be paused
        self.paused: list[tuple[int, int, int, Unit]] = []
        self.touched = False
        self.turn: Stage | SharedTurn = self

    def stand_at_door(self, unit: Unit) -> None:
        """A unit has come to this stage: from outside, or blocking the lane behind it (rules 5 and 10)."""
        port = self._port
        unit.roles = port.roles_of[unit.row]
        unit.is_called = self.calls is None
        if self.space == ANY_NUMBER and not port.holds_back:
            # Nobody ever stands at this door; let in now or by the moves of this instant, it comes to the same.
            self._admit(unit)
            self._wait(unit)
        else:
            heappush(self.door, (self._env.now, unit.number, unit))
            self.at_door += 1
            port.watch(unit, self)
        if not self.touched:
            port.touch(self)

    def move(self) -> None:
        """Rule 11: let units in, in door order, while fewer wait than there is waiting space."""
        while self.door and self.queue.waiting < self.space:
            unit = heappop(self.door)[2]
            if unit.is_out:
                continue
            self.at_door -= 1
            self._admit(unit)
            self._wait(unit)
            self._port.watch_limit(unit, self)

    def grant(self) -> None:
        """Rule 12: start what can start now: paused services, then those who wait, then the door."""
        if self.calls is not None:
            self.call_in()
        if self.paused:
            while found := self._paused_grant():
                self.give(found)
        if self.is_open:
            while found := self._waiting_grant():
                self.give(found)
            while self.door and (found := self._door_grant()):
                self.give(found)

    def call_in(self) -> None:
        """Rule 12 (b): where units are called in, those who are called now."""
        if self.calls is not None and self.is_open:
            for unit in self.calls.called(self._env.now):
                unit.is_called = True
                if self._port.is_ready(unit):
                    self.queue.become_ready(unit)

    def next_grant(self) -> Grant | None:
        """Who is next here if anybody can start now, where the stage shares its turn with others (rule 24)."""
        return self._paused_grant() or (self._waiting_grant() or self._door_grant() if self.is_open else None)

    def give(self, grant: Grant) -> None:
        """Start the service that `next_grant` found."""
        unit, role, place = grant
        if place == PAUSED:
            heappop(self.paused)
            self._resume(unit)
            return
        if place == WAITING:
            self.queue.take(unit, self._own_roles[unit.roles])
            if self.door:
                self._port.touch(self)  # there is waiting space again
        else:
            heappop(self.door)
            self.at_door -= 1
            self._admit(unit)
        self._start(unit, role)

    def joined_of(self, grant: Grant) -> int:
        """When the unit of a grant joined; one at the door does so now."""
        unit, _, place = grant
        return self._env.now if place == AT_DOOR else unit.joined

    def end(self, unit: Unit) -> None:
        """Rule 7: a service is done. The officers are free; the lane is held until the unit has moved on."""
        now = self._env.now
        self._recorder.ended[unit.row] = now
        if unit.was_paused:
            self._write_piece(unit, now)
            unit.was_paused = False
        if self.pool is not None:
            self._free_officers(unit)
        if self.can_pause:
            self.serving.remove(unit)
        unit.behind = self

    def leave_behind(self, unit: Unit) -> None:
        """A unit that was done here has moved on, or is released: the lane is free."""
        self._recorder.left[unit.row if unit.is_out else unit.row - 1] = self._env.now
        unit.behind = None
        if self.lanes is not None:
            self.lanes[unit.role].give_back(unit.lane)
            if not self.touched:
                self._port.touch(self)

    def pause(self, unit: Unit) -> None:
        """Rule 8: interrupt a service; the officers are free, the lane and the remaining work are kept."""
        now = self._env.now
        self._write_piece(unit, now)
        unit.was_paused = True
        unit.remaining = unit.ends_at - now
        unit.ends_at = NEVER
        unit.end = simpy.Event(self._env)  # the old one stays in SimPy's calendar; `cross` looks at ends_at
        if self.pool is not None:
            self._free_officers(unit)
        self.serving.remove(unit)
        heappush(self.paused, (*unit.turn, unit))
        self._port.touch(self)

    def look_again(self, unit: Unit) -> None:
        """A unit that was not ready may have become so: its hold-until has come, or its passengers are out."""
        if not unit.is_called:
            self._line_up(unit)
        elif self._port.is_ready(unit):
            self.queue.become_ready(unit)
            self._port.touch(self)

    def write_unfinished(self, until: int) -> None:
        """The run is over: note who is paused, and the pieces of interrupted services still under way."""
        self._recorder.paused.extend(unit.row for *_, unit in self.paused)
        for unit in self.serving:
            if unit.was_paused:
                self._write_piece(unit, until)

    def give_up(self, unit: Unit) -> None:
        """A unit that never started a service leaves from the door or the queue (rules 9 and 13)."""
        if self._recorder.joined[unit.row] != NONE:
            self.queue.depart(unit, self._own_roles[unit.roles])
            self._recorder.left[unit.row] = self._env.now
            if self.calls is not None:
                self.calls.forget(unit)
        else:
            self.at_door -= 1
        self._port.touch(self)

    def _is_ready(self, unit: Unit) -> bool:
        """Rule 14: it has been called where units are called in, and there is nothing else it must wait for."""
        return unit.is_called and (not self._port.holds_back or self._port.is_ready(unit))

    def _wait(self, unit: Unit) -> None:
        """A unit that has just been let in joins those who wait."""
        self.queue.join(unit, self._is_ready(unit), self._own_roles[unit.roles])
        if not unit.is_called:
            self._line_up(unit)

    def _line_up(self, unit: Unit) -> None:
        """Where units are called in: it can be called once it waits inside and its hold-until has come."""
        assert self.calls is not None
        if self._recorder.joined[unit.row] == NONE or not self._port.hold_has_come(unit):
            return
        self.calls.line_up(unit)
        self._port.touch(self)
        due = unit.joined + self.calls.after
        if self.calls.after != NONE and due > self._env.now:
            self._port.call(lambda _: self._port.touch(self), due - self._env.now)

    def _admit(self, unit: Unit) -> None:
        unit.joined = self._recorder.joined[unit.row] = self._env.now
        if unit.behind is not None:
            unit.behind.leave_behind(unit)
        if self._port.holds_back:
            self._port.split_off(unit)

    def _start(self, unit: Unit, role: int) -> None:
        recorder, row, now = self._recorder, unit.row, self._env.now
        recorder.started[row] = now
        unit.role = recorder.role[row] = role
        if self.lanes is not None:
            unit.lane = recorder.lane[row] = self.lanes[role].take()
        if self.pool is not None:
            self._take_officers(unit)
            recorder.crew[row] = unit.crew
            recorder.officers[row] = self.officers
        work = self._port.work_of[row]
        if self.pace is not None:
            lanes_open = NONE if self.lanes is None else sum(lanes.open for lanes in self.lanes.values())
            work = self.pace.work(work, now, lanes_open, self.queue.waiting)
        self._work(unit, work)

    def _resume(self, unit: Unit) -> None:
        if self.pool is not None:
            self._take_officers(unit)
        self._work(unit, unit.remaining)

    def _work(self, unit: Unit, work: int) -> None:
        unit.since = self._env.now
        unit.ends_at = unit.since + work
        if self.can_pause:
            self.serving.add(unit)
        self._port.schedule(unit.end, work)

    def _paused_grant(self) -> Grant | None:
        """Rules 12 (a) and 17: a stage that suspends must be open again; then officers are all that is missing."""
        if self.paused and (self.is_open or not self.suspends) and self._has_officers():
            return self.paused[0][3], NONE, PAUSED
        return None

    def _waiting_grant(self) -> Grant | None:
        """Rule 12 (c): the first of those who wait that can start."""
        if self.queue.waiting and self._has_officers() and (found := self.queue.first(self._role_for)):
            return found[0], found[1], WAITING
        return None

    def _door_grant(self) -> Grant | None:
        """Rule 12 (d): whoever is first at the door, if it can start at once."""
        while self.door and self.door[0][2].is_out:
            heappop(self.door)
        if not self.door:
            return None
        unit = self.door[0][2]
        role = self._role_for(unit.roles)
        if role is None or not self._has_officers() or not self._is_ready(unit):
            return None
        return unit, role, AT_DOOR

    def _role_for(self, roles: int) -> int | None:
        """Rule 14: the first accepted role with a free lane; a helped role only while none of its own wait."""
        if self.lanes is None:
            return ANY_LANE
        for role, helped in self._role_lists[roles]:
            lanes = self.lanes.get(role)
            if lanes is not None and lanes.busy < lanes.open and not (helped and self.queue.own.get(role)):
                return role
        return None

    def _has_officers(self) -> bool:
        return self.pool is None or self.pool.crew_for(self.officers) is not None

    def _take_officers(self, unit: Unit) -> None:
        assert self.pool is not None
        crew = self.pool.crew_for(self.officers)
        assert crew is not None
        unit.crew = crew
        self.pool.crews[crew].in_use += self.officers

    def _free_officers(self, unit: Unit) -> None:
        assert self.pool is not None
        self.pool.crews[unit.crew].in_use -= self.officers
        for stage in self.pool.stages:
            self._port.touch(self._port.stages[stage])

    def _write_piece(self, unit: Unit, until: int) -> None:
        crew = NONE if self.pool is None else unit.crew
        self._recorder.piece(unit.number, unit.row, crew, self.officers, unit.since, until)
