"""The tables an engine writes: its only output, the same from either engine, column by column.

Ticks are whole milliseconds since the start of the run; NONE (-1) stands where a thing has not happened.
Stages, flows, kinds, lanes' roles, pools and crews are numbers; their names are in the `Network`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = dict[str, NDArray[Any]]
"""Columns of one length by name, in the order of its specification below."""


class UnitOutcome(IntEnum):
    """How a unit's way through the port ended."""

    RELEASED = 0
    LEFT = 1
    TURNED_AWAY = 2
    IN_PORT = 3


class VisitOutcome(IntEnum):
    """How a visit ended, or how it stood when the run ended."""

    DONE = 0
    LEFT = 1
    WAITING = 2
    IN_SERVICE = 3
    PAUSED = 4
    BLOCKED = 5


UNITS: dict[str, type[np.generic]] = {
    "unit": np.int64,
    "flow": np.int16,
    "kind": np.int16,
    "parent": np.int64,
    "priority": np.int16,
    "persons": np.int32,
    "goods": np.int32,
    "wanted": np.int64,
    "arrived": np.int64,
    "out": np.int64,
    "outcome": np.int8,
}
"""One row per unit that arrived, by unit. `out` is the tick it was released, left or was turned away."""

VISITS: dict[str, type[np.generic]] = {
    "unit": np.int64,
    "step": np.int16,
    "leg": np.int8,
    "direction": np.int8,
    "stage": np.int16,
    "lane": np.int16,
    "role": np.int16,
    "joined": np.int64,
    "started": np.int64,
    "ended": np.int64,
    "left": np.int64,
    "officers": np.int16,
    "crew": np.int16,
    "outcome": np.int8,
}
"""One row per step joined, by (unit, step).

`lane` counts from 0 within the lanes of `role`; both are NONE at a stage without lanes or before the start.
`crew` is the one that began the service, `officers` how many it gave (0 before the start or where none are needed).
"""

WORK: dict[str, type[np.generic]] = {
    "unit": np.int64,
    "step": np.int16,
    "crew": np.int16,
    "officers": np.int16,
    "from": np.int64,
    "until": np.int64,
}
"""One row per unbroken piece of an interrupted service, by (unit, step, from); an unbroken service has none."""

LEVELS: dict[str, type[np.generic]] = {
    "tick": np.int64,
    "is_pool": np.int8,
    "where": np.int16,
    "which": np.int16,
    "level": np.int32,
}
"""Changes of level the run itself decided: `where` is the pool (is_pool 1) or stage, `which` the crew or role."""


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """What happened in one replication.

    end : the tick the run played up to (exclusive); less than `Network.end` only if it had to stop
    """

    units: Table
    visits: Table
    work: Table
    levels: Table
    end: int


def table(specification: dict[str, type[np.generic]], columns: dict[str, Any]) -> Table:
    """Columns in the order and dtypes of a specification, read-only."""
    result: Table = {}
    for name, dtype in specification.items():
        array = np.asarray(columns[name]).astype(dtype, copy=False)
        array.flags.writeable = False
        result[name] = array
    return result


def empty(specification: dict[str, type[np.generic]]) -> Table:
    """A table without rows."""
    return table(specification, {name: np.empty(0, dtype) for name, dtype in specification.items()})
