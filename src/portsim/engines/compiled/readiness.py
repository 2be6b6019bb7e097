"""Units that may not start yet, and their passengers: what the port of the reference engine does for them.

A file of its own because stages need it, and files may not need one another in a ring.
"""

from __future__ import annotations

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.events import push_timer
from portsim.engines.compiled.state import (
    HAS_HOLDS,
    HAS_PASSENGERS,
    HOLDS_BACK,
    LOOK,
    NOW,
    SPLIT_HEAD,
    SPLIT_TAIL,
    State,
)
from portsim.model.network import NONE


@kernel
def is_ready(s: State, unit: int) -> bool:
    """Rule 14: its hold-until has come, and at a join its passengers are out or the limit has passed."""
    if not s.x[HOLDS_BACK]:
        return True
    if not hold_has_come(s, unit):
        return False
    if not is_gathering(s, unit):
        return True
    row, now = s.units[unit].row, s.x[NOW]
    limit = s.join_limit[row]
    joined = s.joined[row]
    return limit != NONE and (now if joined == NONE else joined) + limit <= now


@kernel
def hold_has_come(s: State, unit: int) -> bool:
    """Whether the tick has come before which the unit may not start."""
    return not s.x[HAS_HOLDS] or s.hold[s.units[unit].row] <= s.x[NOW]


@kernel
def may_start(s: State, unit: int) -> bool:
    """Rule 14: it has been called where units are called in, and there is nothing else it must wait for."""
    return s.units[unit].is_called and is_ready(s, unit)


@kernel
def watch(s: State, unit: int) -> None:
    """Have the stage looked at again when the hold-until of a unit at its door comes, or its passengers are out."""
    if not s.x[HOLDS_BACK]:
        return
    row = s.units[unit].row
    if s.x[HAS_HOLDS] and s.hold[row] > s.x[NOW]:
        push_timer(s, s.hold[row], LOOK, unit, row)
    if is_gathering(s, unit):
        s.gathering[unit] = row


@kernel
def watch_limit(s: State, unit: int) -> None:
    """Have the stage looked at again when a unit that has just joined has waited long enough for passengers."""
    if is_gathering(s, unit):
        row = s.units[unit].row
        if s.join_limit[row] != NONE:
            push_timer(s, s.x[NOW] + s.join_limit[row], LOOK, unit, row)


@kernel
def is_gathering(s: State, unit: int) -> bool:
    """Whether the unit is at a join and its passengers are not all out."""
    return s.x[HAS_PASSENGERS] and s.is_join[s.units[unit].row] and s.still_in[unit] > 0


@kernel
def split_off(s: State, unit: int) -> None:
    """Rule 26: passengers who leave the unit at the step it has just joined arrive in the next round."""
    row = s.units[unit].row
    at = s.first_passenger[unit]
    last = s.last_passenger[unit]
    while at < last and s.splits_at[at] <= row:
        passenger = s.passengers[at]
        at += 1
        s.units[passenger].next = NONE
        if s.x[SPLIT_HEAD] == NONE:
            s.x[SPLIT_HEAD] = passenger
        else:
            s.units[s.x[SPLIT_TAIL]].next = passenger
        s.x[SPLIT_TAIL] = passenger
    s.first_passenger[unit] = at
