"""Lanes of one role at one stage (contract rule 15)."""

from __future__ import annotations


class Lanes:
    """How many lanes are open, and which are held by a unit in service, paused or blocked."""

    __slots__ = ("_held", "busy", "open")

    def __init__(self) -> None:
        self.open = 0
        self.busy = 0
        self._held = 0  # bit n is set while lane n is held

    def take(self) -> int:
        """Hold the free lane with the lowest number."""
        lowest_free = (self._held + 1) & ~self._held
        self._held |= lowest_free
        self.busy += 1
        return lowest_free.bit_length() - 1

    def give_back(self, lane: int) -> None:
        """The unit has left the lane."""
        self._held &= ~(1 << lane)
        self.busy -= 1
