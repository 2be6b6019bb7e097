"""A unit and its way through the port, as a SimPy process."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import simpy

from portsim.model.network import NONE

if TYPE_CHECKING:
    from portsim.engines.reference.port import Port
    from portsim.engines.reference.stage import Stage

NEVER = -1
"""`ends_at` of a unit that is not being served."""


class Unit:
    """One unit on its way: which step it is at and what it holds.

    row : row of its current step in the traffic's step columns
    roles : the role list of that step
    ends_at : tick at which the service under way ends; NEVER while there is none or it is paused
    end : the event the unit waits for
    behind : the stage whose lane it still holds while it stands at the next door
    is_called : whether it may start, where units are called in by waves or batches (rule 25)
    """

    __slots__ = (
        "behind",
        "crew",
        "end",
        "ends_at",
        "is_called",
        "is_out",
        "joined",
        "lane",
        "number",
        "priority",
        "remaining",
        "role",
        "roles",
        "row",
        "since",
        "was_paused",
    )

    end: simpy.Event

    def __init__(self, number: int, priority: int) -> None:
        self.number = number
        self.priority = priority
        self.is_out = False
        self.row = self.roles = self.joined = self.role = self.lane = self.crew = NONE
        self.ends_at = NEVER
        self.since = self.remaining = 0
        self.was_paused = self.is_called = False
        self.behind: Stage | None = None

    @property
    def turn(self) -> tuple[int, int, int]:
        """Its place among waiting or paused units (rule 4)."""
        return self.priority, self.joined, self.number


def cross(port: Port, unit: Unit) -> Generator[simpy.Event, None, None]:
    """One unit's way through the port, from its own seat.

    All it does is stand at the next door and wait for the end of its service; when it moves in and when its
    service starts is decided for all units together by `Port.dispatch`, which calls `Stage.move` and `Stage.grant`.
    """
    env, stage_of = port.env, port.stage_of
    for row in range(*port.steps_of(unit.number)):
        stage = port.stages[stage_of[row]]
        unit.row = row
        unit.end = simpy.Event(env)
        stage.stand_at_door(unit)
        yield unit.end
        while env.now != unit.ends_at:  # a pause has moved the end
            yield unit.end
        stage.end(unit)
    port.release(unit)


def arrive(port: Port) -> Generator[simpy.Event, None, None]:
    """Brings every unit that comes by itself, in order of arrival."""
    env, arrived = port.env, port.traffic.arrived
    order = port.order_of_arrival()
    for number, tick in zip(order.tolist(), arrived[order].tolist(), strict=True):
        if tick > env.now:
            yield env.timeout(tick - env.now)
        port.begin(number)
