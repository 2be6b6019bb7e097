"""Officers: crews that come and go, and the pool that lends them to services (contract rules 20 to 22)."""

from __future__ import annotations

from portsim.model.network import EndOfShift
from portsim.model.network import Pool as PoolOnPaper


class Crew:
    """Officers who come and go together."""

    __slots__ = ("in_use", "level", "on_duty_since")

    def __init__(self) -> None:
        self.level = 0
        self.in_use = 0
        self.on_duty_since = 0

    def set_level(self, level: int, tick: int) -> None:
        """From `tick` on this many officers of the crew can be given to services."""
        if self.level == 0:
            self.on_duty_since = tick
        self.level = level

    def can_give(self, officers: int) -> bool:
        """Rule 20: on duty, and with this many free; those who stay late count against their own crew only."""
        return self.level > 0 and self.level - self.in_use >= officers


class Pool:
    """The officers that some stages draw from."""

    __slots__ = ("crews", "hands_over", "precedence", "stages")

    def __init__(self, paper: PoolOnPaper, stages: list[int]) -> None:
        self.crews = [Crew() for _ in paper.crews]
        self.hands_over = paper.end_of_shift == EndOfShift.HAND_OVER
        self.precedence = paper.precedence
        self.stages = stages

    def crew_for(self, officers: int) -> int | None:
        """Rule 21: of the crews able to give the officers the one that came on duty last, else nobody."""
        best = None
        for number, crew in enumerate(self.crews):
            if crew.can_give(officers) and (best is None or crew.on_duty_since > self.crews[best].on_duty_since):
                best = number
        return best
