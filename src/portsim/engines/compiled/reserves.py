"""Reserves: officers called in when queues have become long, and sent home when they are short again (rule 24)."""

from __future__ import annotations

from typing import Any

from portsim.engines.compiled import officers
from portsim.engines.compiled.calendar import pause_for_handover, touch_pool
from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.events import push_timer
from portsim.engines.compiled.state import COME, GO, LEVELS, NOW, READ, READING_DUE, State
from portsim.model.network import NONE

AT_HOME, CALLED, SERVING, GOING = range(4)


@kernel
def read(s: State) -> None:
    """The end of an instant: call the officers, or send them home, by the queues as they are now."""
    now = s.x[NOW]
    for number in range(s.reserves.size):
        reserve = s.reserves[number]
        if reserve.duty == AT_HOME:
            if _queue(s, reserve) >= reserve.call_at:
                reserve.duty = CALLED
                push_timer(s, now + max(1, reserve.ready_in), COME, number, NONE)
        elif reserve.duty == SERVING and now >= reserve.since + reserve.stay and _queue(s, reserve) <= reserve.close_at:
            reserve.duty = GOING
            push_timer(s, now + 1, GO, number, NONE)


@kernel
def _queue(s: State, reserve: Any) -> int:
    """Units that wait at the watched stages or stand at their doors; before a closed stage nobody counts."""
    total = 0
    for watched in range(reserve.first_watched, reserve.last_watched):
        stage = s.stages[s.watched[watched]]
        if stage.is_open:
            total += stage.waiting + stage.at_door
    return total


@kernel
def come(s: State, number: int) -> None:
    """The officers called are there."""
    reserve = s.reserves[number]
    reserve.duty = SERVING
    reserve.since = s.x[NOW]
    _set_level(s, number, reserve.officers)
    if reserve.stay > 0:
        push_timer(s, s.x[NOW] + reserve.stay, READ, number, NONE)


@kernel
def go(s: State, number: int) -> None:
    """The officers go home."""
    s.reserves[number].duty = AT_HOME
    _set_level(s, number, 0)
    pause_for_handover(s)


@kernel
def _set_level(s: State, number: int, level: int) -> None:
    reserve = s.reserves[number]
    now = s.x[NOW]
    officers.set_level(s, reserve.crew, level, now)
    touch_pool(s, reserve.pool)
    at = s.x[LEVELS]
    s.x[LEVELS] = at + 1
    step = s.levels[at]
    step.tick = now
    step.pool = reserve.pool
    step.crew = reserve.crew_of_pool
    step.level = level
    s.x[READING_DUE] = True
