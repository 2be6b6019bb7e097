"""What happens later: a binary heap of (tick, what) for the ends of services, and one for timers."""

from __future__ import annotations

from typing import Any

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import FREE_TIMER, PATIENCE, TIMERS, State


@kernel
def push_event(heap: Any, x: Any, size: int, at: int, what: int) -> None:
    """Add an entry; the number of entries stands in x[size]."""
    place = x[size]
    x[size] = place + 1
    while place > 0:
        parent = (place - 1) >> 1
        if heap[parent].at <= at:
            break
        heap[place].at = heap[parent].at
        heap[place].what = heap[parent].what
        place = parent
    heap[place].at = at
    heap[place].what = what


@kernel
def pop_event(heap: Any, x: Any, size: int) -> int:
    """Take the first entry off; what it is about."""
    first = heap[0].what
    last = x[size] - 1
    x[size] = last
    at, what = heap[last].at, heap[last].what
    place = 0
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        if child + 1 < last and heap[child + 1].at < heap[child].at:
            child += 1
        if heap[child].at >= at:
            break
        heap[place].at = heap[child].at
        heap[place].what = heap[child].what
        place = child
    heap[place].at = at
    heap[place].what = what
    return first


@kernel
def push_timer(s: State, at: int, kind: int, unit: int, row: int) -> None:
    """Have something looked at, or done, at a tick: after the ends and arrivals where the calendar has its place."""
    s.x[FREE_TIMER] -= 1
    number = s.free_timers[s.x[FREE_TIMER]]
    s.timer[number].unit = unit
    s.timer[number].kind = kind
    s.timer[number].row = row
    push_event(s.timers, s.x, TIMERS, 2 * at + (1 if kind >= PATIENCE else 0), number)


@kernel
def pop_timer(s: State) -> int:
    """Take the first timer off; its number is free again, but holds what it was about until the next is pushed."""
    number = pop_event(s.timers, s.x, TIMERS)
    s.free_timers[s.x[FREE_TIMER]] = number
    s.x[FREE_TIMER] += 1
    return number
