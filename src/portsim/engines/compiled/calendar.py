"""What the clock decides: lanes, hours and officers by the step functions of the network (contract rule 8)."""

from __future__ import annotations

from typing import Any

from portsim.engines.compiled import officers, queue
from portsim.engines.compiled import stage as at
from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import BEGIN_WAVE, CAN_PAUSE, NEXT_CHANGE, NOW, SET_HOURS, SET_LANES, State
from portsim.model.network import NONE


@kernel
def keep_calendar(s: State) -> None:
    """Sets every level of this tick, after the ends of the tick, then pauses what may not go on."""
    number = s.x[NEXT_CHANGE]
    if number >= s.changes.size or s.changes[number].at != s.x[NOW]:
        return
    while number < s.changes.size and s.changes[number].at == s.x[NOW]:
        _set(s, s.changes[number])
        number += 1
    s.x[NEXT_CHANGE] = number
    if s.x[CAN_PAUSE]:
        _pause_in_closed_stages(s)
        pause_for_handover(s)


@kernel
def _set(s: State, change: Any) -> None:
    where = change.where
    if change.what == SET_HOURS:
        s.stages[where].is_open = change.level > 0
        at.touch(s, where)
    elif change.what == SET_LANES:
        s.slots[where].open = change.level
        at.touch(s, s.slots[where].stage)
    elif change.what == BEGIN_WAVE:
        s.stages[where].wave_at = change.tick
        s.stages[where].places = change.level
        at.touch(s, where)
    else:
        officers.set_level(s, where, change.level, change.tick)
        touch_pool(s, s.crews[where].pool)


@kernel
def touch_pool(s: State, pool: int) -> None:
    """Have all stages of a pool looked at."""
    for other in range(s.pools[pool].first_stage, s.pools[pool].last_stage):
        at.touch(s, s.stages_of_pool[other])


@kernel
def _pause_in_closed_stages(s: State) -> None:
    """Rule 8 (i): all services of a closed stage that is `suspend`."""
    for stage in range(s.stages.size):
        if s.stages[stage].suspends and not s.stages[stage].is_open:
            while s.stages[stage].serving != NONE:
                at.pause(s, s.stages[stage].serving, stage)


@kernel
def pause_for_handover(s: State) -> None:
    """Rule 8 (ii): where officers hand over, crew by crew, whoever comes last while more work than are on duty."""
    for pool in range(s.pools.size):
        if not s.pools[pool].hands_over:
            continue
        for crew in range(s.pools[pool].first_crew, s.pools[pool].last_crew):
            while s.crews[crew].in_use > s.crews[crew].level:
                _pause_last(s, pool, crew)


@kernel
def _pause_last(s: State, pool: int, crew: int) -> None:
    """Pause the service of a crew that comes last in (stage, turn)."""
    for place in range(s.pools[pool].last_stage - 1, s.pools[pool].first_stage - 1, -1):
        stage = s.stages_of_pool[place]
        last = NONE
        unit = s.stages[stage].serving
        while unit != NONE:
            if s.units[unit].crew == crew and (last == NONE or queue.is_before(s, last, unit, True)):
                last = unit
            unit = s.interrupted[unit].after
        if last != NONE:
            at.pause(s, last, stage)
            return
