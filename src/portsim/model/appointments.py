"""Which slot each unit gets, when it comes to it, and which departure it is booked for (contract rule 31).

Slots are given out before the run: first come, first served, by the tick at which a unit asks for one. Engines see
nothing of them but the tick before which a unit may not start. When a unit wants to come is never touched, and each
of its draws is its own row of the flow's streams, so another number of places moves no draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.closed_gates import Gate, levels
from portsim.model.distributions import durations
from portsim.model.network import StepFunction, Waves
from portsim.scenario.arrivals import Appointments


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The slots of a run.

    at : int64[s], ticks, strictly ascending
    places : int64[s], how many units can book each, at least 1
    """

    at: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, due: Sequence[tuple[int, int | None]], start_ms: int) -> Slots:
        """Build from (UTC ms, places) in ascending order; slots at one tick are one slot with the places of all."""
        ticks = np.array([at_ms - start_ms for at_ms, _ in due], np.int64)
        places = np.array([up_to or 0 for _, up_to in due], np.int64)
        at, slot = np.unique(ticks, return_inverse=True)
        total = np.zeros(at.size, np.int64)
        np.add.at(total, slot, places)
        return cls(at, total)


def meet_slots(
    appointments: Appointments,
    slots: Slots,
    hours: Sequence[StepFunction],
    first: NDArray[np.int64],
    wanted: NDArray[np.int64],
    end: int,
    uniforms: Callable[[str], NDArray[np.float64]],
) -> Gate:
    """Everybody books a slot; who gets one before the end comes to it, sooner or later, unless it never shows up.

    hours : of each stage, 1 while it is open by its hours and closures
    first : int64[n], the stage each unit goes to first
    wanted : int64[n], tick at which it wants to come
    uniforms : gives one uniform for each unit, by purpose
    """
    asked = wanted - durations(appointments.ahead, uniforms("asks for a slot"))
    stages, way = np.unique(first, return_inverse=True)
    offered = [levels(hours[stage], slots.at) > 0 for stage in stages.tolist()]
    number = first_come_first_served(slots, offered, way, wanted, asked)
    has_slot = number < slots.at.size
    slot = np.append(slots.at, end)[number]

    punctuality = uniforms("keeps to its slot")
    arrived = slot.copy()
    if appointments.early is not None:
        share, by = appointments.early
        early = punctuality < share
        arrived[early] = np.maximum(slot - durations(by, uniforms("comes early")), wanted)[early]
    if appointments.late is not None:
        share, by = appointments.late
        late = punctuality >= 1 - share
        arrived[late] = (slot + durations(by, uniforms("comes late")))[late]
    never_shows = has_slot & (uniforms("does not show up") < appointments.no_show)
    comes = has_slot & ~never_shows & (arrived < end)
    return Gate(
        comes=comes,
        arrived=arrived,
        stays_away=np.zeros(wanted.size, np.bool_),
        never_shows=never_shows,
        slot=slot,
        is_overdue=arrived > slot + appointments.grace_ms,
    )


def first_come_first_served(
    slots: Slots,
    offered: Sequence[NDArray[np.bool_]],
    way: NDArray[np.int64],
    wanted: NDArray[np.int64],
    asked: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The number of the slot each unit gets: int64[n], the first it can use at or after `wanted`; s where none is left.

    Units are served in the order in which they ask, those that ask at one tick in the order of their rows. For each
    way through the port the slots that are closed or full point to the next one that is not, so that looking for a
    place takes next to no time however many are full (Tarjan, "Efficiency of a Good But Not Linear Set Union
    Algorithm", 1975).

    offered : for each way, bool[s], which slots units that go this way can use
    way : int64[n], below len(offered)
    asked : int64[n], tick at which it asks
    """
    none = slots.at.size
    following = [np.where(np.append(usable, True), 0, 1) + np.arange(none + 1) for usable in offered]
    pointers = [pointer.tolist() for pointer in following]
    left = slots.places.tolist()
    got = np.searchsorted(slots.at, wanted, side="left").tolist()
    ways = way.tolist()
    for unit in np.argsort(asked, kind="stable").tolist():
        pointer = pointers[ways[unit]]
        slot = got[unit]
        while pointer[slot] != slot:
            pointer[slot] = pointer[pointer[slot]]
            slot = pointer[slot]
        got[unit] = slot
        if slot < none:
            left[slot] -= 1
            if not left[slot]:
                for other in pointers:
                    if other[slot] == slot:
                        other[slot] = slot + 1
    return np.array(got, np.int64)


def departures(calls: Waves, from_ticks: NDArray[np.int64], end: int) -> NDArray[np.int64]:
    """The first wave at or after each of these ticks, `end` where there is none in the run: int64[n]."""
    return np.append(calls.at, end)[np.searchsorted(calls.at, from_ticks, side="left")]
