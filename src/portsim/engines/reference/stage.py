"""One stage: its door, its waiting space and its lanes. Here is decided how long a unit waits.

`move` lets units in from the door, `grant` starts services; `Port.dispatch` calls them stage by stage.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import simpy

from portsim.engines.reference.lanes import Lanes
from portsim.engines.reference.queue import Queue
from portsim.engines.reference.unit import NEVER, Unit
from portsim.model.network import NONE, Closing, Network

if TYPE_CHECKING:
    from portsim.engines.reference.port import Port

ANY_NUMBER = float("inf")
"""Waiting space of a stage that has room for everyone."""

ANY_LANE = NONE
"""Stands for the lane role at a stage without lanes, where any number is served at once (rule 16)."""


class Stage:
    """A stage during the run; `paper` is the same stage as the network describes it."""

    __slots__ = (
        "_env",
        "_own_roles",
        "_port",
        "_recorder",
        "_role_lists",
        "can_pause",
        "door",
        "index",
        "is_open",
        "lanes",
        "name",
        "officers",
        "paused",
        "pool",
        "queue",
        "serving",
        "space",
        "suspends",
        "touched",
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
        self.door: list[tuple[int, int, Unit]] = []
        self.queue = Queue()
        self.serving: set[Unit] = set()  # kept only where services can be paused
        self.paused: list[tuple[int, int, int, Unit]] = []
        self.touched = False

    def stand_at_door(self, unit: Unit) -> None:
        """A unit has come to this stage: from outside, or blocking the lane behind it (rules 5 and 10)."""
        port = self._port
        unit.roles = port.roles_of[unit.row]
        if self.space == ANY_NUMBER and not port.holds_back:
            # Nobody ever stands at this door; let in now or by the moves of this instant, it comes to the same.
            self._admit(unit)
            self.queue.join(unit, True, self._own_roles[unit.roles])
        else:
            heappush(self.door, (self._env.now, unit.number, unit))
            port.watch(unit, self)
        if not self.touched:
            port.touch(self)

    def move(self) -> None:
        """Rule 11: let units in, in door order, while fewer wait than there is waiting space."""
        while self.door and self.queue.waiting < self.space:
            unit = heappop(self.door)[2]
            if unit.is_out:
                continue
            self._admit(unit)
            self.queue.join(unit, self._port.is_ready(unit), self._own_roles[unit.roles])
            self._port.watch_limit(unit, self)

    def grant(self) -> None:
        """Rule 12: start what can start now, paused services first, then those who wait, then the door."""
        while self.paused and self._can_resume():
            self._resume(heappop(self.paused)[3])
        if not self.is_open:
            return
        while self.queue.waiting and self._has_officers() and (found := self.queue.first(self._role_for)):
            unit, role = found
            self.queue.depart(unit, self._own_roles[unit.roles])
            self._start(unit, role)
            if self.door:
                self._port.touch(self)  # there is waiting space again
        while self.door:
            unit = self.door[0][2]
            if unit.is_out:
                heappop(self.door)
                continue
            role_or_none = self._role_for(unit.roles)
            if role_or_none is None or not self._has_officers() or not self._port.is_ready(unit):
                return
            heappop(self.door)
            self._admit(unit)
            self._start(unit, role_or_none)

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
        if self._port.is_ready(unit):
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
        self._port.touch(self)

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
        self._work(unit, self._port.work_of[row])

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

    def _can_resume(self) -> bool:
        """Rules 12 and 17: a stage that suspends must be open again; then officers are all that is missing."""
        return (self.is_open or not self.suspends) and self._has_officers()

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
