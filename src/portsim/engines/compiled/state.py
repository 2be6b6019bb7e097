"""Everything a run of the kernel reads and writes, as arrays: made once from a network and its traffic.

The reference engine keeps objects; here each kind of object is a record array and an object is its number. Lists of
units (a door, those who wait, those paused) hang together by numbers in the units themselves, so that nothing is
allocated while the kernel runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

UNIT = np.dtype(
    [
        ("joined", np.int64),  # tick it joined the stage; at a door, the tick it came there
        ("ends_at", np.int64),
        ("since", np.int64),
        ("row", np.int32),
        ("last_row", np.int32),
        ("next", np.int32),  # in the list it stands in
        ("queue", np.int32),  # of its current step
        ("slot", np.int32),  # the lanes it is in, NONE at a delay
        ("lane", np.int32),
        ("crew", np.int16),
        ("behind", np.int16),  # the stage whose lane it still holds
        ("priority", np.int16),
        ("is_out", np.bool_),
        ("is_called", np.bool_),
        ("is_aside", np.bool_),
        ("is_in_line", np.bool_),
        ("is_late", np.bool_),
        ("was_paused", np.bool_),
    ],
    align=True,
)
"""A unit, in one line of the processor's cache: 64 bytes."""

HEAPED = np.dtype([("child", np.int32), ("sibling", np.int32)], align=True)
"""A unit's place in the pairing heap of those that did not come in order."""

INTERRUPTED = np.dtype([("remaining", np.int64), ("before", np.int32), ("after", np.int32)], align=True)
"""Of a unit where services can be paused: its remaining work, and who stands beside it among those in service."""

LIST = np.dtype([("head", np.int32), ("tail", np.int32), ("root", np.int32)], align=True)
"""Units in an order: those that came in order in a chain, the others in a pairing heap."""

STAGE = np.dtype(
    [
        ("space", np.int64),  # waiting space, NONE for any number
        ("waiting", np.int64),
        ("at_door", np.int64),
        ("batch_after", np.int64),
        ("wave_at", np.int64),
        ("places", np.int64),
        ("batch_size", np.int64),
        ("in_line", np.int64),
        ("late", np.int64),
        ("door", np.int32),
        ("paused", np.int32),
        ("line", np.int32),
        ("turn", np.int32),
        ("pool", np.int32),
        ("officers", np.int32),
        ("first_queue", np.int32),
        ("last_queue", np.int32),
        ("first_slot", np.int32),
        ("last_slot", np.int32),
        ("serving", np.int32),
        ("first_pace", np.int32),
        ("last_pace", np.int32),
        ("pace_by_lanes", np.int32),
        ("pace_by_queue", np.int32),
        ("is_open", np.bool_),
        ("suspends", np.bool_),
        ("can_pause", np.bool_),
        ("is_delay", np.bool_),
        ("calls_in", np.bool_),
        ("is_batch", np.bool_),
        ("has_pace", np.bool_),
    ],
    align=True,
)

QUEUE = np.dtype(
    [
        ("list", np.int32),
        ("first", np.int32),
        ("last", np.int32),
        ("first_own", np.int32),
        ("last_own", np.int32),
        ("is_delay", np.bool_),
    ],
    align=True,
)
"""Those who wait at a stage and accept the same lane roles. Their lanes are choices[first:last]."""

CHOICE = np.dtype([("slot", np.int32), ("helped", np.bool_)], align=True)

SLOT = np.dtype(
    [
        ("open", np.int32),
        ("busy", np.int32),
        ("own", np.int32),
        ("hint", np.int32),
        ("first", np.int32),
        ("role", np.int32),
        ("stage", np.int32),
    ],
    align=True,
)
"""Lanes of one role at one stage; lane n is held while held[first + n]."""

CREW = np.dtype([("level", np.int64), ("in_use", np.int64), ("since", np.int64), ("pool", np.int64)], align=True)

POOL = np.dtype(
    [
        ("first_crew", np.int32),
        ("last_crew", np.int32),
        ("first_stage", np.int32),
        ("last_stage", np.int32),
        ("hands_over", np.bool_),
        ("by_queue", np.bool_),
        ("is_shared", np.bool_),
    ],
    align=True,
)

RESERVE = np.dtype(
    [
        ("pool", np.int32),
        ("crew", np.int32),
        ("crew_of_pool", np.int32),
        ("first_watched", np.int32),
        ("last_watched", np.int32),
        ("duty", np.int32),
        ("officers", np.int64),
        ("call_at", np.int64),
        ("close_at", np.int64),
        ("ready_in", np.int64),
        ("stay", np.int64),
        ("since", np.int64),
    ],
    align=True,
)

CHANGE = np.dtype(
    [("at", np.int64), ("tick", np.int64), ("level", np.int64), ("where", np.int32), ("what", np.int32)], align=True
)
"""A level of the network at its tick; `at` is the tick at which it is set, 0 for those from before the run."""

SET_HOURS, SET_LANES, BEGIN_WAVE, SET_OFFICERS = range(4)

EVENT = np.dtype([("at", np.int64), ("what", np.int64)], align=True)
"""An entry of a heap: a tick, and a unit or a row of the timers."""

TIMER = np.dtype([("unit", np.int32), ("kind", np.int32), ("row", np.int64)], align=True)

LOOK, BATCH_DUE, READ, PATIENCE, COME, GO = range(6)

PIECE = np.dtype(
    [
        ("unit", np.int64),
        ("row", np.int64),
        ("crew", np.int64),
        ("officers", np.int64),
        ("since", np.int64),
        ("until", np.int64),
    ],
    align=True,
)

LEVEL = np.dtype([("tick", np.int64), ("pool", np.int64), ("crew", np.int64), ("level", np.int64)], align=True)

PACE = np.dtype([("at", np.int64), ("permille", np.int64)], align=True)

DONE, SLICED, TOO_MANY_UNITS, TOO_MANY_ROUNDS, NO_ROOM = range(5)
"""Why the kernel hands back."""

(
    END,
    NOW,
    NEXT_ARRIVAL,
    NEXT_CHANGE,
    NEXT_PATIENCE,
    ENDS,
    TIMERS,
    FREE_TIMER,
    INSIDE,
    MOST_INSIDE,
    PIECES,
    LEVELS,
    TOUCHED,
    SPLIT_HEAD,
    SPLIT_TAIL,
    MAY_TURN,
    READING_DUE,
    HOLDS_BACK,
    HAS_HOLDS,
    HAS_DOORS,
    HAS_RESERVES,
    HAS_PASSENGERS,
    STILL_TO_COME,
    MOST_AT_A_TICK,
    ROUND,
    CAN_PAUSE,
    EVENTS,
    ROLE_LISTS,
    SCALARS,
) = range(29)


_FIELDS: dict[str, Any] = {
    "x": np.int64,
    "units": UNIT,
    "heaped": HEAPED,
    "interrupted": INTERRUPTED,
    "stages": STAGE,
    "lists": LIST,
    "queues": QUEUE,
    "queue_of": np.int32,
    "choices": CHOICE,
    "slots": SLOT,
    "held": np.bool_,
    "crews": CREW,
    "pools": POOL,
    "stages_of_pool": np.int32,
    "shared": np.int32,
    "touched": np.bool_,
    "moving": np.bool_,
    "changes": CHANGE,
    "arrivals": np.int32,
    "arrival_at": np.int64,
    "losing": np.int32,
    "losing_at": np.int64,
    "ends": EVENT,
    "timers": EVENT,
    "timer": TIMER,
    "free_timers": np.int32,
    "stage_of": np.int16,
    "work_of": np.int64,
    "roles_of": np.int16,
    "hold": np.int64,
    "is_join": np.bool_,
    "join_limit": np.int64,
    "priority": np.int16,
    "patience": np.int64,
    "when_full": np.int8,
    "may_turn": np.int32,
    "parent": np.int64,
    "still_in": np.int32,
    "gathering": np.int64,
    "first_passenger": np.int64,
    "last_passenger": np.int64,
    "passengers": np.int32,
    "splits_at": np.int64,
    "first": np.int64,
    "reserves": RESERVE,
    "watched": np.int32,
    "paces": PACE,
    "arrived": np.int64,
    "out": np.int64,
    "outcome": np.int8,
    "joined": np.int64,
    "started": np.int64,
    "ended": np.int64,
    "left": np.int64,
    "lane": np.int16,
    "role": np.int16,
    "crew": np.int16,
    "officers": np.int16,
    "pieces": PIECE,
    "levels": LEVEL,
}
FIELDS: dict[str, np.dtype[Any]] = {name: np.dtype(dtype) for name, dtype in _FIELDS.items()}
"""The arrays of a run, all of one dimension."""


class State:
    """The arrays of a run by name, and the table the kernel finds them by: their addresses and lengths."""

    def __init__(self, **arrays: NDArray[Any]) -> None:
        self.arrays = {name: np.ascontiguousarray(arrays[name], dtype).reshape(-1) for name, dtype in FIELDS.items()}
        self.table = np.zeros(2 * len(FIELDS), np.int64)
        self._enter()

    def __getattr__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def _enter(self) -> None:
        for number, array in enumerate(self.arrays.values()):
            self.table[2 * number] = array.ctypes.data
            self.table[2 * number + 1] = array.size

    def forget(self, *names: str) -> None:
        """Give back the memory of these arrays: the kernel is done."""
        for name in names:
            self.arrays[name] = np.empty(0, FIELDS[name])
        self._enter()

    def lengthen(self, *names: str) -> None:
        """Give these arrays twice the room."""
        for name in names:
            array = self.arrays[name]
            self.arrays[name] = np.zeros(2 * array.size, array.dtype)
            self.arrays[name][: array.size] = array
        self._enter()
