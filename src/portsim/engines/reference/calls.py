"""Waves and batches: at some stages nobody starts without being called in (contract rule 25)."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from portsim.engines.reference.unit import NEVER, Unit
from portsim.model.network import NONE, Batch, Waves

ROOM_FOR_NONE = 0


class Calls:
    """Who at a stage waits to be called, and who is called next.

    A unit lines up once it waits inside and its hold-until has come; before that it cannot be called.
    """

    __slots__ = ("_batch", "_in_line", "_line", "_places", "_wave_at", "after")

    def __init__(self, paper: Waves | Batch) -> None:
        self._batch = paper if isinstance(paper, Batch) else None
        self.after = self._batch.at_most if self._batch is not None else NONE
        self._wave_at, self._places = NEVER, ROOM_FOR_NONE
        self._line: list[tuple[int, int, int, Unit]] = []
        self._in_line: set[Unit] = set()

    def line_up(self, unit: Unit) -> None:
        """From now on the unit can be called."""
        if unit not in self._in_line:
            self._in_line.add(unit)
            heappush(self._line, (*unit.turn, unit))

    def forget(self, unit: Unit) -> None:
        """The unit has left; its place in the heap is dropped when it comes up."""
        self._in_line.discard(unit)

    def begin_wave(self, tick: int, up_to: int) -> None:
        """At this tick so many are called at most; what is not used lapses with the instant."""
        self._wave_at, self._places = tick, up_to

    def called(self, now: int) -> Iterator[Unit]:
        """Who is called in this round, in the order of rule 4."""
        if self._batch is None:
            while self._in_line and self._wave_at == now and self._places:
                self._places -= 1
                yield self._next()
            return
        while len(self._in_line) >= self._batch.size:
            for _ in range(self._batch.size):
                yield self._next()
        if self.after != NONE and any(unit.joined + self.after <= now for unit in self._in_line):
            while self._in_line:
                yield self._next()

    def _next(self) -> Unit:
        while True:
            unit = heappop(self._line)[3]
            if unit in self._in_line:
                self._in_line.remove(unit)
                return unit
