"""Stages that share a pool of officers and are staffed by need: the longest queue, or the longest wait (rule 24)."""

from __future__ import annotations

from portsim.engines.compiled import stage as at
from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import NOW, State
from portsim.model.network import NONE

PAUSED, WAITING, AT_DOOR = range(3)


@kernel
def move(s: State, pool: int) -> None:
    """Rule 11 at each of the stages."""
    for place in range(s.pools[pool].first_stage, s.pools[pool].last_stage):
        at.move(s, s.stages_of_pool[place])


@kernel
def grant(s: State, pool: int) -> None:
    """One grant after another to the stage that comes first of those able; ties to file order."""
    first, last = s.pools[pool].first_stage, s.pools[pool].last_stage
    for place in range(first, last):
        at.call_in(s, s.stages_of_pool[place])
    while True:
        best, best_place, best_unit, best_slot, best_precedence = NONE, NONE, NONE, NONE, 0
        for place in range(first, last):
            stage = s.stages_of_pool[place]
            where, unit, slot = _next_grant(s, stage)
            if unit == NONE:
                continue
            if s.pools[pool].by_queue:
                precedence = -s.stages[stage].waiting
            else:
                precedence = s.x[NOW] if where == AT_DOOR else s.units[unit].joined
            if best == NONE or precedence < best_precedence:
                best, best_place, best_unit, best_slot, best_precedence = stage, where, unit, slot, precedence
        if best == NONE:
            return
        if best_place == PAUSED:
            at.give_paused(s, best, best_unit)
        elif best_place == WAITING:
            at.give_waiting(s, best, best_unit, best_slot)
        else:
            at.give_door(s, best, best_unit, best_slot)


@kernel
def _next_grant(s: State, stage: int) -> tuple[int, int, int]:
    """Who is next here if anybody can start now, from where, and in which lanes."""
    unit = at.paused_grant(s, stage)
    if unit != NONE:
        return PAUSED, unit, NONE
    if not s.stages[stage].is_open:
        return PAUSED, NONE, NONE
    unit, slot = at.waiting_grant(s, stage)
    if unit != NONE:
        return WAITING, unit, slot
    unit, slot = at.door_grant(s, stage)
    return AT_DOOR, unit, slot
