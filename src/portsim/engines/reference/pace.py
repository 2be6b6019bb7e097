"""How long a service really takes: at night, or when the line is long, people work at another pace (rule 19)."""

from __future__ import annotations

from bisect import bisect_right

from portsim.model.network import Pace as PaceOnPaper

ORDINARY = 1000
"""Permille of the pace at which the base work of the traffic is done."""


class Pace:
    """The pace of one stage. Levels of the clock are read off the paper: nothing happens when one changes."""

    __slots__ = ("_by_lanes", "_by_queue", "_paper")

    def __init__(self, paper: PaceOnPaper) -> None:
        self._paper = paper
        self._by_lanes, self._by_queue = (list(zip(*table, strict=True)) for table in (paper.by_lanes, paper.by_queue))

    def work(self, base: int, now: int, lanes_open: int, waiting: int) -> int:
        """Ticks that `base` work takes if it starts now: the pace is read once. lanes_open : NONE at a delay."""
        by_lanes, by_queue = _last_reached(self._by_lanes, lanes_open), _last_reached(self._by_queue, waiting)
        pace = self._paper.by_clock(now) * by_lanes * by_queue // ORDINARY**2
        return base * ORDINARY // max(pace, 1)


def _last_reached(table: list[tuple[int, ...]], number: int) -> int:
    """The permille beside the largest number that is reached; the ordinary pace before the first."""
    if not table:
        return ORDINARY
    index = bisect_right(table[0], number) - 1
    return table[1][index] if index >= 0 else ORDINARY
