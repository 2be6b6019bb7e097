"""The units that wait inside a stage, and which of them is first among those that could start.

A list of units is a chain of those that came in order and a pairing heap of the others (Fredman, Sedgewick, Sleator
and Tarjan, "The pairing heap", Algorithmica 1, 1986): most units come in order, and cost nothing.
"""

from __future__ import annotations

from typing import Any

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import State
from portsim.model.network import NONE


@kernel
def is_before(units: Any, a: int, b: int, by_priority: bool) -> bool:
    """Whether unit a comes before unit b in the order of rule 4; at a door priority does not count."""
    if by_priority and units[a].priority != units[b].priority:
        return units[a].priority < units[b].priority
    if units[a].joined != units[b].joined:
        return units[a].joined < units[b].joined
    return a < b


@kernel
def push(units: Any, lists: Any, line: int, unit: int, by_priority: bool) -> None:
    """Add a unit to a list."""
    held = lists[line]
    tail = held.tail
    if tail == NONE or not is_before(units, unit, tail, by_priority):
        units[unit].next = NONE
        if tail == NONE:
            held.head = unit
        else:
            units[tail].next = unit
        held.tail = unit
        return
    units[unit].child = NONE
    units[unit].sibling = NONE
    held.root = _meld(units, held.root, unit, by_priority)


@kernel
def peek(units: Any, lists: Any, line: int, by_priority: bool) -> int:
    """The first unit of a list, NONE if it is empty."""
    held = lists[line]
    head, root = held.head, held.root
    if root == NONE:
        return head
    if head == NONE or is_before(units, root, head, by_priority):
        return root
    return head


@kernel
def drop(units: Any, lists: Any, line: int, unit: int, by_priority: bool) -> None:
    """Take the first unit, which `peek` gave, off a list."""
    held = lists[line]
    if held.head == unit:
        held.head = units[unit].next
        if held.head == NONE:
            held.tail = NONE
        return
    held.root = _merge_pairs(units, units[unit].child, by_priority)


@kernel
def _meld(units: Any, a: int, b: int, by_priority: bool) -> int:
    if a == NONE:
        return b
    if b == NONE:
        return a
    if is_before(units, b, a, by_priority):
        a, b = b, a
    units[b].sibling = units[a].child
    units[a].child = b
    return a


@kernel
def _merge_pairs(units: Any, first: int, by_priority: bool) -> int:
    """One heap of the heaps in a chain of siblings: in pairs from the left, then together from the right."""
    paired = NONE
    while first != NONE:
        a = first
        b = units[a].sibling
        first = NONE
        if b != NONE:
            first = units[b].sibling
            units[b].sibling = NONE
        units[a].sibling = NONE
        pair = _meld(units, a, b, by_priority)
        units[pair].sibling = paired
        paired = pair
    root = NONE
    while paired != NONE:
        rest = units[paired].sibling
        units[paired].sibling = NONE
        root = _meld(units, root, paired, by_priority)
        paired = rest
    return root


@kernel
def join(s: State, unit: int, stage: int, is_ready: bool) -> None:
    """A unit is let in from the door."""
    s.stages[stage].waiting += 1
    queue = s.units[unit].queue
    for choice in range(s.queues[queue].first_own, s.queues[queue].last_own):
        s.slots[s.choices[choice].slot].own += 1
    if is_ready:
        push(s.units, s.lists, s.queues[queue].list, unit, True)
    else:
        s.units[unit].is_aside = True


@kernel
def become_ready(s: State, unit: int) -> None:
    """What the unit stood aside for has come."""
    if s.units[unit].is_aside:
        s.units[unit].is_aside = False
        push(s.units, s.lists, s.queues[s.units[unit].queue].list, unit, True)


@kernel
def depart(s: State, unit: int, stage: int) -> None:
    """A unit waits no longer: its service starts, or it has left. Its place in the list is dropped by `first`."""
    s.stages[stage].waiting -= 1
    queue = s.queues[s.units[unit].queue]
    for choice in range(queue.first_own, queue.last_own):
        s.slots[s.choices[choice].slot].own -= 1
    s.units[unit].is_aside = False


@kernel
def first_of(s: State, queue: int) -> int:
    """The first unit of a queue that is still there, NONE if there is none."""
    line = s.queues[queue].list
    while True:
        unit = peek(s.units, s.lists, line, True)
        if unit == NONE or not s.units[unit].is_out:
            return unit
        drop(s.units, s.lists, line, unit, True)
