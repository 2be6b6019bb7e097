"""Every unit of one replication with every random draw already made: the other half of an engine's input."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE

ORDINARY = 0
"""Priority of most units; smaller goes first."""


class WhenFull(IntEnum):
    """What a unit does that finds its first stage full (contract rules 3 and 13)."""

    WAIT_OUTSIDE = 0
    TURN_AWAY = 1


class Direction(IntEnum):
    """Which way a unit crosses, seen from the first side."""

    OUT = 0
    IN = 1


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """All units of a replication, one row per unit, ordered by (flow, k): the row is the unit's number.

    Unit number decides ties (contract rule 4), so units of a flow that is added never come between old ones.

    Per unit (arrays of length n):
    flow, kind : int16, index into `Network.flows` and `Network.kinds`
    parent : int64, number of the unit it splits off from, NONE for one that arrives by itself
    split_step : int16, the parent's step at whose joining it arrives, NONE without a parent
    priority : int16, smaller goes first, 0 is ordinary
    persons, goods : int32, persons aboard (drivers included) and goods units carried
    wanted : int64, tick at which it would come if nothing stood in its way; no plan changes it
    arrived : int64, tick at which it arrives; NONE with a parent
    patience : int64, ms after which it leaves if no service has begun, NONE for never
    when_full : int8, `WhenFull`
    first : int64[n + 1], the unit's steps are rows first[i] .. first[i + 1] - 1 below, at least one

    Per step (arrays of length m = first[n]):
    stage : int16, index into `Network.stages`
    leg : int8, 0 for the first crossing of a journey, 1 for the way back
    direction : int8, `Direction` of this leg
    work : int64, ms of service at the ordinary pace
    hold : int64, tick before which it may not start, 0 for none
    roles : int16, index into `Network.role_lists`, NONE at a stage without lanes
    is_join : bool, whether the step waits for the unit's passengers
    join_limit : int64, ms after which a join goes on without them, NONE for never

    stayed_away : int64[flows], units that wanted to come and did not, because the port was closed
    no_shows : int64[flows], units that booked a slot and did not come

    Units that want to come during the run, and come only after its end (arrays of length d):
    later_flow : int16, their flow
    later_wanted : int64, tick at which they want to come
    """

    flow: NDArray[np.int16]
    kind: NDArray[np.int16]
    parent: NDArray[np.int64]
    split_step: NDArray[np.int16]
    priority: NDArray[np.int16]
    persons: NDArray[np.int32]
    goods: NDArray[np.int32]
    wanted: NDArray[np.int64]
    arrived: NDArray[np.int64]
    patience: NDArray[np.int64]
    when_full: NDArray[np.int8]
    first: NDArray[np.int64]
    stage: NDArray[np.int16]
    leg: NDArray[np.int8]
    direction: NDArray[np.int8]
    work: NDArray[np.int64]
    hold: NDArray[np.int64]
    roles: NDArray[np.int16]
    is_join: NDArray[np.bool_]
    join_limit: NDArray[np.int64]
    stayed_away: NDArray[np.int64]
    no_shows: NDArray[np.int64]
    later_flow: NDArray[np.int16]
    later_wanted: NDArray[np.int64]

    @classmethod
    def of(cls, **columns: Any) -> Traffic:
        """Build from columns of any integer type: copied to the exact dtype and made read-only.

        Without `no_shows`, `later_flow` and `later_wanted` there are none of these.
        """
        columns.setdefault("no_shows", np.zeros_like(columns["stayed_away"]))
        columns = {"later_flow": (), "later_wanted": ()} | columns
        arrays = {}
        for field in fields(cls):
            array = np.array(columns.pop(field.name), dtype=DTYPES[field.name])
            array.flags.writeable = False
            arrays[field.name] = array
        if columns:
            raise TypeError(f"unknown columns: {sorted(columns)}")
        return cls(**arrays)

    @classmethod
    def owning(cls, **columns: NDArray[Any]) -> Traffic:
        """Build from arrays of the exact dtypes that nobody else writes to: made read-only, not copied."""
        for name, array in columns.items():
            if array.dtype != DTYPES[name]:
                raise TypeError(f"{name} is {array.dtype}, not {np.dtype(DTYPES[name])}")
            array.flags.writeable = False
        return cls(**columns)

    def __len__(self) -> int:
        return int(self.flow.size)

    @property
    def vehicle(self) -> NDArray[np.int64]:
        """The unit each unit comes with: the one it is aboard, itself if it comes by itself; int64[units]."""
        vehicle = np.where(self.parent == NONE, np.arange(len(self)), self.parent)
        while not np.array_equal(further := vehicle[vehicle], vehicle):
            vehicle = further
        return vehicle

    def only(self, units: NDArray[np.int64]) -> Traffic:
        """The traffic of some of its units, numbered anew in the order they have.

        units : int64[k], their numbers, ascending; whoever is aboard another one comes with it. Those that come after
            the run stay, who stayed away or did not show up is told only once, here.
        """
        number = np.full(len(self) + 1, NONE, np.int64)
        number[units] = np.arange(units.size)
        steps = np.diff(self.first)[units]
        first = np.concatenate(([0], np.cumsum(steps)))
        rows = np.arange(first[-1]) + np.repeat(self.first[units] - first[:-1], steps)
        columns = {name: getattr(self, name)[units] for name in OF_UNITS}
        columns |= {name: getattr(self, name)[rows] for name in OF_STEPS}
        columns["parent"] = number[columns["parent"]]
        nobody = np.zeros_like(self.stayed_away)
        return Traffic.owning(
            **columns,
            first=first,
            stayed_away=nobody,
            no_shows=nobody.copy(),
            later_flow=self.later_flow.copy(),
            later_wanted=self.later_wanted.copy(),
        )


def join(one: Traffic, other: Traffic) -> tuple[Traffic, NDArray[np.int64], NDArray[np.int64]]:
    """Both together, and the number each unit of the one and of the other has then: int64[units] each.

    Within each flow those of the one come first.
    """
    flow = np.concatenate((one.flow, other.flow))
    order = np.argsort(flow, kind="stable")
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    ours, theirs = number[: len(one)], number[len(one) :]
    steps = np.concatenate((np.diff(one.first), np.diff(other.first)))[order]
    begins = np.concatenate((one.first[:-1], other.first[:-1] + one.first[-1]))[order]
    first = np.concatenate(([0], np.cumsum(steps)))
    rows = np.arange(first[-1]) + np.repeat(begins - first[:-1], steps)
    columns = {name: np.concatenate((getattr(one, name), getattr(other, name)))[order] for name in OF_UNITS}
    columns |= {name: np.concatenate((getattr(one, name), getattr(other, name)))[rows] for name in OF_STEPS}
    parents = [np.append(mine, NONE)[traffic.parent] for mine, traffic in ((ours, one), (theirs, other))]
    columns["parent"] = np.concatenate(parents)[order]
    columns |= {name: getattr(one, name) + getattr(other, name) for name in ("stayed_away", "no_shows")}
    columns |= {name: np.concatenate((getattr(one, name), getattr(other, name))) for name in LATER}
    return Traffic.owning(**columns, first=first), ours, theirs


DTYPES: dict[str, type[np.generic]] = {
    "flow": np.int16,
    "kind": np.int16,
    "parent": np.int64,
    "split_step": np.int16,
    "priority": np.int16,
    "persons": np.int32,
    "goods": np.int32,
    "wanted": np.int64,
    "arrived": np.int64,
    "patience": np.int64,
    "when_full": np.int8,
    "first": np.int64,
    "stage": np.int16,
    "leg": np.int8,
    "direction": np.int8,
    "work": np.int64,
    "hold": np.int64,
    "roles": np.int16,
    "is_join": np.bool_,
    "join_limit": np.int64,
    "stayed_away": np.int64,
    "no_shows": np.int64,
    "later_flow": np.int16,
    "later_wanted": np.int64,
}

OF_UNITS = (
    *("flow", "kind", "parent", "split_step", "priority", "persons", "goods"),
    *("wanted", "arrived", "patience", "when_full"),
)
OF_STEPS = ("stage", "leg", "direction", "work", "hold", "roles", "is_join", "join_limit")
LATER = ("later_flow", "later_wanted")
