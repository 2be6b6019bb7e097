"""The units that wait inside a stage, and which of them is first among those that could start.

A list of units is a chain of those that came in order and a pairing heap of the others (Fredman, Sedgewick, Sleator
and Tarjan, "The pairing heap", Algorithmica 1, 1986): most units come in order, and cost nothing.
"""

from __future__ import annotations

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import State
from portsim.model.network import NONE


@kernel
def is_before(s: State, a: int, b: int, by_priority: bool) -> bool:
    """Whether unit a comes before unit b in the order of rule 4; at a door priority does not count."""
    if by_priority and s.units[a].priority != s.units[b].priority:
        return s.units[a].priority < s.units[b].priority
    if s.units[a].joined != s.units[b].joined:
        return s.units[a].joined < s.units[b].joined
    return a < b


@kernel
def push(s: State, line: int, unit: int, by_priority: bool) -> None:
    """Add a unit to a list."""
    held = s.lists[line]
    tail = held.tail
    if tail == NONE or not is_before(s, unit, tail, by_priority):
        s.units[unit].next = NONE
        if tail == NONE:
            held.head = unit
        else:
            s.units[tail].next = unit
        held.tail = unit
        return
    s.heaped[unit].child = NONE
    s.heaped[unit].sibling = NONE
    held.root = _meld(s, held.root, unit, by_priority)


@kernel
def peek(s: State, line: int, by_priority: bool) -> int:
    """The first unit of a list, NONE if it is empty."""
    held = s.lists[line]
    head, root = held.head, held.root
    if root == NONE:
        return head
    if head == NONE or is_before(s, root, head, by_priority):
        return root
    return head


@kernel
def drop(s: State, line: int, unit: int, by_priority: bool) -> None:
    """Take the first unit, which `peek` gave, off a list."""
    held = s.lists[line]
    if held.head == unit:
        held.head = s.units[unit].next
        if held.head == NONE:
            held.tail = NONE
        return
    held.root = _merge_pairs(s, s.heaped[unit].child, by_priority)


@kernel
def _meld(s: State, a: int, b: int, by_priority: bool) -> int:
    if a == NONE:
        return b
    if b == NONE:
        return a
    if is_before(s, b, a, by_priority):
        a, b = b, a
    s.heaped[b].sibling = s.heaped[a].child
    s.heaped[a].child = b
    return a


@kernel
def _merge_pairs(s: State, first: int, by_priority: bool) -> int:
    """One heap of the heaps in a chain of siblings: in pairs from the left, then together from the right."""
    paired = NONE
    while first != NONE:
        a = first
        b = s.heaped[a].sibling
        first = NONE
        if b != NONE:
            first = s.heaped[b].sibling
            s.heaped[b].sibling = NONE
        s.heaped[a].sibling = NONE
        pair = _meld(s, a, b, by_priority)
        s.heaped[pair].sibling = paired
        paired = pair
    root = NONE
    while paired != NONE:
        rest = s.heaped[paired].sibling
        s.heaped[paired].sibling = NONE
        root = _meld(s, root, paired, by_priority)
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
        push(s, s.queues[queue].list, unit, True)
    else:
        s.units[unit].is_aside = True


@kernel
def become_ready(s: State, unit: int) -> None:
    """What the unit stood aside for has come."""
    if s.units[unit].is_aside:
        s.units[unit].is_aside = False
        push(s, s.queues[s.units[unit].queue].list, unit, True)


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
        unit = peek(s, line, True)
        if unit == NONE or not s.units[unit].is_out:
            return unit
        drop(s, line, unit, True)
