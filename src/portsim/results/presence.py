"""Who is somewhere from when until when, asked how many that is without putting every coming and going in order.

Sums of whole numbers need no order, and a maximum or what exceeds a ceiling needs it only where it may come about. All
is integer arithmetic and exact, as in `portsim.results.areas`, where the same is asked of a level in full.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import StepFunction
from portsim.results.areas import Ints, inside_of, level_of, levels_at

_PER_BUCKET = 8
_FINE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """Those present at any time of a stretch, each from its start until (not including) its end.

    starts, ends : int64[n], ticks, start <= starts < ends <= end
    weights : int64[n], how much each counts; None where each counts 1
    start, end : the stretch, start <= t < end
    """

    starts: Ints
    ends: Ints
    weights: Ints | None
    start: int
    end: int

    @classmethod
    def of(cls, starts: Ints, ends: Ints, start: int, end: int, weights: Ints | None = None) -> Presence:
        """Cut to a stretch; those not there in it, or whose end is their start, are left out."""
        end = max(start, end)
        if starts.size and (starts.min() < start or ends.max() > end):
            starts, ends = np.clip(starts, start, end), np.clip(ends, start, end)
        there = np.flatnonzero(ends > starts)
        if there.size < starts.size:
            starts, ends = starts.take(there), ends.take(there)
            weights = None if weights is None else weights.take(there)
        return cls(starts, ends, weights, start, end)

    def area(self) -> int:
        """Sum of the times present, ms."""
        lengths = self.ends - self.starts
        return int(lengths.sum() if self.weights is None else np.dot(lengths, self.weights))

    def area_while(self, condition: StepFunction) -> int:
        """Sum of the times present while the condition is above 0, ms; each counts 1."""
        edges = np.concatenate(([self.start], inside_of(condition, self.start, self.end)[0], [self.end]))
        holds = levels_at(condition, edges[:-1]) > 0
        if holds.all():
            return int((self.ends - self.starts).sum())
        held = np.concatenate(([0], np.cumsum(np.diff(edges) * holds)))

        def held_until(ticks: Ints) -> Ints:
            piece = np.searchsorted(edges[1:-1], ticks, side="right")
            until: Ints = held[piece] + (ticks - edges[piece]) * holds[piece]
            return until

        return int((held_until(self.ends) - held_until(self.starts)).sum())

    def areas_between(self, ticks: Ints) -> Ints:
        """Sum of the times present between each two neighbours of these ticks, ascending: int64[ticks - 1], ms.

        Each counts 1. Exact for a hundred million that are present if the ticks are days.
        """
        return _since(self.starts, ticks) - _since(self.ends, ticks)

    def at(self, ticks: Ints) -> Ints:
        """How many are present once each of these ticks of the stretch, ascending, is over: int64[ticks]."""
        if not ticks.size:
            return np.empty(0, np.int64)
        come, gone = (
            np.bincount(np.searchsorted(ticks, edges), minlength=ticks.size + 1) for edges in (self.starts, self.ends)
        )
        present: Ints = np.cumsum(come - gone)[:-1]
        return present

    def largest(self) -> int:
        """The most that are present once any tick of the stretch is over.

        Counted in buckets of time; in order are put only those of buckets that may hold more than any has at its end.
        """
        if not self.starts.size:
            return 0
        shift = max((self.end - self.start) * _PER_BUCKET // self.starts.size, 1).bit_length()
        lowest = self.start >> shift
        come, gone = (self.starts >> shift) - lowest, (self.ends >> shift) - lowest
        buckets = (self.end >> shift) - lowest + 1
        coming = np.bincount(come, minlength=buckets)
        change = coming - np.bincount(gone, minlength=buckets)
        after = np.cumsum(change)
        most = int(after.max())
        may_exceed = after - change + coming > most
        chosen = np.flatnonzero(may_exceed)
        if not chosen.size:
            return most
        if 4 * chosen.size > buckets:
            return int(level_of(self.starts, self.ends).value.max())
        starts = self.starts[np.flatnonzero(may_exceed.take(come))]
        ends = self.ends[np.flatnonzero(may_exceed.take(gone))]
        begins = (after - change)[chosen] - np.concatenate(([0], after[chosen[:-1]]))
        ticks = np.concatenate(((chosen + lowest) << shift, starts, ends))
        changes = np.concatenate((begins, np.ones(starts.size, np.int64), np.full(ends.size, -1)))
        order = np.argsort(ticks, kind="stable")
        ticks = ticks[order]
        is_last = np.append(ticks[1:] != ticks[:-1], True)
        return max(most, int(np.cumsum(changes[order])[is_last].max()))

    def excess(self, ceiling: StepFunction) -> int:
        """Area of what is present above the ceiling, ms, provided that nobody comes while that would be above it.

        Then only those who are there as the ceiling changes can be too many, and until enough of them are gone nobody
        comes.
        """
        if not self.starts.size:
            return 0
        turns = np.concatenate(([self.start], inside_of(ceiling, self.start, self.end)[0]))
        caps = levels_at(ceiling, turns)
        rows = _about(turns, self.starts, self.ends)
        first, last = np.searchsorted(turns, self.starts[rows]), np.searchsorted(turns, self.ends[rows])
        there = last - first
        row = np.repeat(rows, there)
        turn = np.arange(row.size) + np.repeat(first - np.cumsum(there) + there, there)
        until = np.minimum(self.ends[row], np.append(turns, self.end)[turn + 1])
        order = np.lexsort((until, turn))
        turn, until = turn[order], until[order]
        weight = np.ones(row.size, np.int64) if self.weights is None else self.weights[row[order]]
        bounds = np.searchsorted(turn, np.arange(turns.size + 1))
        gone = np.concatenate(([0], np.cumsum(weight)))
        left = gone[bounds[1:]][turn] - gone[:-1]  # there until the one at hand goes, this one included
        since = np.empty(row.size, np.int64)
        since[1:] = until[:-1]
        begins = bounds[:-1][bounds[1:] > bounds[:-1]]
        since[begins] = turns[turn[begins]]
        return int(np.dot(np.maximum(left - caps[turn], 0), until - since))


def _since(events: Ints, ticks: Ints) -> Ints:
    """Sum over the events, between each two neighbours of these ticks, of the time since the event: int64, ms."""
    if ticks.size < 2:
        return np.empty(0, np.int64)
    events = np.clip(events, ticks[0], ticks[-1])
    place = np.searchsorted(ticks, events)
    # Sums of whole numbers below 2**53 are exact in float64, which is what bincount adds in.
    within = np.bincount(place, weights=ticks.take(place) - events, minlength=ticks.size).astype(np.int64)
    before = np.cumsum(np.bincount(place, minlength=ticks.size))
    since: Ints = within[1:] + before[:-1] * np.diff(ticks)
    return since


def _about(ticks: Ints, starts: Ints, ends: Ints) -> NDArray[np.intp]:
    """Rows for which start <= tick < end may hold for one of these ticks, ascending; all for which it does."""
    lowest, highest = int(starts.min()), int(ends.max())
    shift = max((highest - lowest) // _FINE, 1).bit_length()
    lowest >>= shift
    begins = np.arange(lowest, (highest >> shift) + 2) << shift
    known = np.searchsorted(ticks, begins).astype(np.int32)
    return np.flatnonzero(known[1:].take((ends >> shift) - lowest) > known.take((starts >> shift) - lowest))
