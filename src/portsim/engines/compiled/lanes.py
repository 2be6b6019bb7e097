"""Lanes of one role at one stage (contract rule 15)."""

from __future__ import annotations

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import State


@kernel
def take(s: State, slot: int) -> int:
    """Hold the free lane with the lowest number."""
    lanes = s.slots[slot]
    lane = lanes.hint
    while s.held[lanes.first + lane]:
        lane += 1
    s.held[lanes.first + lane] = True
    lanes.hint = lane + 1
    lanes.busy += 1
    return lane


@kernel
def give_back(s: State, slot: int, lane: int) -> None:
    """The unit has left the lane."""
    lanes = s.slots[slot]
    s.held[lanes.first + lane] = False
    if lane < lanes.hint:
        lanes.hint = lane
    lanes.busy -= 1
