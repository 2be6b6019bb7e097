"""A unit's way through the port: the same steps as the process of the reference engine, one event at a time."""

from __future__ import annotations

from portsim.engines.compiled import stage as at
from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.events import push_timer
from portsim.engines.compiled.state import INSIDE, MAY_TURN, NOW, PATIENCE, STILL_TO_COME, State
from portsim.model.network import NONE

LEFT, TURNED_AWAY = 1, 2
RELEASED = 0


@kernel
def begin(s: State, unit: int) -> None:
    """A unit arrives now and stands at its first door."""
    me = s.units[unit]
    me.row = s.first[unit]
    me.last_row = s.first[unit + 1] - 1
    me.priority = s.priority[unit]
    s.arrived[unit] = s.x[NOW]
    s.x[INSIDE] += 1
    if s.parent[unit] != NONE:
        s.x[STILL_TO_COME] -= 1
        if s.patience[unit] != NONE:
            push_timer(s, s.x[NOW] + s.patience[unit], PATIENCE, unit, NONE)
    if s.when_full[unit]:
        s.may_turn[s.x[MAY_TURN]] = unit
        s.x[MAY_TURN] += 1
    at.stand_at_door(s, unit, s.stage_of[me.row])


@kernel
def go_on(s: State, unit: int) -> None:
    """Its service has ended: it stands at the next door, or is released."""
    me = s.units[unit]
    at.end(s, unit, s.stage_of[me.row])
    if me.row < me.last_row:
        me.row += 1
        at.stand_at_door(s, unit, s.stage_of[me.row])
    else:
        put_out(s, unit, RELEASED)
        at.leave_behind(s, unit, me.row)


@kernel
def lose_patience(s: State, unit: int) -> None:
    """Rule 9: a unit that never started a service leaves, from outside or from the queue."""
    if not s.units[unit].is_out and s.started[s.first[unit]] == NONE and s.arrived[unit] != NONE:
        go_away(s, unit, LEFT)


@kernel
def go_away(s: State, unit: int, outcome: int) -> None:
    """A unit that never started a service leaves: it lost patience, or is turned away."""
    put_out(s, unit, outcome)
    at.give_up(s, unit)


@kernel
def put_out(s: State, unit: int, outcome: int) -> None:
    """A unit is out of the port; whoever waited for it may have nobody to wait for any more."""
    s.units[unit].is_out = True
    s.x[INSIDE] -= 1
    s.out[unit] = s.x[NOW]
    s.outcome[unit] = outcome
    parent = s.parent[unit]
    if parent != NONE:
        s.still_in[parent] -= 1
        if s.still_in[parent] == 0 and s.gathering[parent] != NONE:
            row = s.gathering[parent]
            s.gathering[parent] = NONE
            at.look_again(s, parent, row)
