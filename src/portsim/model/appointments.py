"""Which slot each unit gets, when it comes to it, and which departure it is booked for (contract rule 31).

Slots are given out before the run: first come, first served, by the tick at which a unit asks for one. Engines see
nothing of them but the tick before which a unit may not start. When a unit wants to come is never touched, and each
of its draws is its own row of the flow's streams, so another number of places moves no draw.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.arrivals import Coming, Source
from portsim.model.closed_gates import Gate, levels
from portsim.model.distributions import durations
from portsim.model.network import NONE, StepFunction, Waves
from portsim.model.rows import Rows
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


class Bookings:
    """Who gets which slot, one part of the run after another.

    Whoever asks first is served first, and may want to come later than those at hand: so units are drawn ahead of the
    part by as much as anybody asks ahead, and wait here.

    source : where the units of the flow come from
    hours : of each stage, 1 while it is open by its hours and closures
    ways : stages that may be the first of a unit's journey
    first_stages : which of them is, of the units of these rows
    handed : how many units have been handed out with their slots
    """

    def __init__(
        self,
        appointments: Appointments,
        slots: Slots,
        hours: Sequence[StepFunction],
        ways: Sequence[int],
        source: Source,
        rows: Callable[[NDArray[np.int64]], Rows],
        first_stages: Callable[[Rows], NDArray[np.int64]],
        end: int,
    ) -> None:
        self._appointments, self._source = appointments, source
        self._rows, self._first_stages = rows, first_stages
        self._ways = np.array(ways, np.int64)
        self._places = Places(slots, [levels(hours[stage], slots.at) > 0 for stage in ways])
        self._end = end
        self._ahead = int(durations(appointments.ahead, np.array([1 - 2.0**-53]))[0])
        self._drawn = {name: np.empty(0, np.int64) for name in ("k", "wanted", "due", "way", "asked", "number")}
        self.handed = 0

    def until(self, tick: int) -> tuple[Coming, NDArray[np.int64]]:
        """The units that are due before a tick and were not handed out yet, and the number of the slot of each.

        The number is one past the last slot for those who get none.
        """
        tick = min(tick, self._end)
        self._draw(tick)
        is_due = self._drawn["due"] < tick
        until = max(tick, int(self._drawn["wanted"][is_due].max(initial=0)) + 1)
        self._draw(until + self._ahead)
        drawn = self._drawn
        asks = np.flatnonzero((drawn["number"] == NONE) & (drawn["asked"] < until))
        drawn["number"][asks] = self._places.book(drawn["way"][asks], drawn["wanted"][asks], drawn["asked"][asks])
        many = int(np.searchsorted(drawn["due"], tick))
        self._drawn = {name: column[many:] for name, column in drawn.items()}
        self.handed += many
        part = Coming(drawn["k"][:many], drawn["wanted"][:many], None, np.empty(0, np.int64))
        return part, drawn["number"][:many]

    def _draw(self, tick: int) -> None:
        later = self._source.until(tick)
        rows = self._rows(later.k)
        more = {
            "k": later.k,
            "wanted": later.wanted,
            "due": later.wanted if later.due is None else later.due,
            "way": np.searchsorted(self._ways, self._first_stages(rows)),
            "asked": later.wanted - durations(self._appointments.ahead, rows.uniforms("asks for a slot")),
            "number": np.full(later.k.size, NONE, np.int64),
        }
        self._drawn = {name: np.concatenate((column, more[name])) for name, column in self._drawn.items()}


def meet_slots(
    appointments: Appointments,
    slots: Slots,
    number: NDArray[np.int64],
    wanted: NDArray[np.int64],
    end: int,
    uniforms: Callable[[str], NDArray[np.float64]],
) -> Gate:
    """Who got a slot before the end comes to it, sooner or later, unless it never shows up.

    number : int64[n], of the slot of each unit, one past the last where it has none
    wanted : int64[n], tick at which it wants to come
    uniforms : gives one uniform for each unit, by purpose
    """
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


class Places:
    """The places left in each slot.

    For each way through the port the slots that are closed or full point to the next one that is not, so that looking
    for a place takes next to no time however many are full (Tarjan, "Efficiency of a Good But Not Linear Set Union
    Algorithm", 1975).

    offered : for each way, bool[s], which slots units that go this way can use
    """

    def __init__(self, slots: Slots, offered: Sequence[NDArray[np.bool_]]) -> None:
        self._at = slots.at
        none = slots.at.size
        following = [np.where(np.append(usable, True), 0, 1) + np.arange(none + 1) for usable in offered]
        self._pointers = [array("q", pointer.astype(np.int64).tobytes()) for pointer in following]
        self._left = array("q", slots.places.astype(np.int64).tobytes())

    def book(self, way: NDArray[np.int64], wanted: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the slot each unit gets: the first it can use at or after `wanted`; s where none is left.

        Units are served in the order in which they ask, those that ask at one tick in the order of their rows.

        way : int64[n], below len(offered)
        asked : int64[n], tick at which it asks
        """
        none = self._at.size
        pointers, left = self._pointers, self._left
        got = np.searchsorted(self._at, wanted, side="left").tolist()
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
