"""How long a service really takes: at night, or when the line is long, people work at another pace (rule 19)."""

from __future__ import annotations

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import State
from portsim.model.network import NONE

ORDINARY = 1000
"""Permille of the pace at which the base work of the traffic is done."""


@kernel
def work(s: State, stage: int, base: int) -> int:
    """Ticks that `base` work takes if it starts now: the pace is read once."""
    paper = s.stages[stage]
    lanes_open = NONE
    if not paper.is_delay:
        lanes_open = 0
        for slot in range(paper.first_slot, paper.last_slot):
            lanes_open += s.slots[slot].open
    by_clock = _last_reached(s, paper.first_pace, paper.pace_by_lanes, s.x[1], 0)
    by_lanes = _last_reached(s, paper.pace_by_lanes, paper.pace_by_queue, lanes_open, ORDINARY)
    by_queue = _last_reached(s, paper.pace_by_queue, paper.last_pace, paper.waiting, ORDINARY)
    pace = by_clock * by_lanes * by_queue // (ORDINARY * ORDINARY)
    return base * ORDINARY // max(pace, 1)


@kernel
def _last_reached(s: State, first: int, last: int, number: int, before: int) -> int:
    """The permille beside the largest number that is reached."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if s.paces[middle].at <= number:
            low = middle + 1
        else:
            high = middle
    return s.paces[low - 1].permille if low > first else before
