"""Many times of one meaning, flow by flow: how many, their sum and longest, and their percentiles.

`Every` keeps each of them, so that percentiles are exact. `Binned` counts them in bins as a long run goes by: number,
sum and maximum stay exact, and a percentile is off by at most `BIN_ERROR` of itself. Bins are of one width up to
`2 ** BITS` ms and double their width with each doubling beyond, as in floating-point numbers of `BITS` digits
(the layout of HdrHistogram, and the error guarantee of DDSketch: Masson, Rim and Lee, "DDSketch", VLDB 2019).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from portsim.results.areas import Ints
from portsim.results.measure import MINUTE_MS, ratio

PERCENTILES = (50, 90, 95)
STATISTICS = ("mean", "p50", "p90", "p95", "max")

BITS = 8
BIN_ERROR = 2.0**-BITS
"""How far a percentile out of bins may be off, of itself: half a bin beside its middle, 0.4 %."""

_HALF = 1 << (BITS - 1)

Bounds = NDArray[np.intp] | Sequence[int]
"""Those of flow f are rows bounds[f] .. bounds[f + 1] - 1."""


def percentile(ascending: NDArray[Any], q: int) -> float:
    """The q-th percentile of values in ascending order, NaN of none."""
    if not ascending.size:
        return float("nan")
    whole, hundredths = divmod((ascending.size - 1) * q, 100)
    low = int(ascending[whole])
    high = int(ascending[min(whole + 1, ascending.size - 1)])
    return low + (high - low) * hundredths / 100


def time_statistics(ms: Ints) -> Iterator[tuple[str, float]]:
    """Mean, percentiles and maximum in minutes, of ms in any order."""
    size, longest, shortest = ms.size, int(ms.max(initial=0)), int(ms.min(initial=0))
    # Numbers of half the width are sorted in half the time.
    ascending: NDArray[Any] = ms.astype(np.int32) if max(longest, -shortest) < 2**31 else ms.copy()
    if longest or shortest:
        ascending.sort()
    yield "mean", ratio(int(ms.sum()), size) / MINUTE_MS
    for q in PERCENTILES:
        yield f"p{q}", percentile(ascending, q) / MINUTE_MS
    yield "max", int(ascending[-1]) / MINUTE_MS if size else float("nan")


class Spread(Protocol):
    """Times of one meaning, in ms, by flow, of which there are so many."""

    def __init__(self, flows: int) -> None: ...

    def add(self, ms: Ints, bounds: Bounds) -> None:
        """Take more of them in, ordered by flow: int64[n]."""

    def statistics(self, flow: int | None) -> Iterator[tuple[str, float]]:
        """Mean, percentiles and maximum in minutes of one flow's times, or of all; NaN of none."""

    def total(self, flow: int | None) -> int:
        """Sum of one flow's times, or of all, ms."""


class Every:
    """Each time as it is."""

    def __init__(self, flows: int) -> None:
        del flows
        self._parts: list[tuple[Ints, Bounds]] = []

    def add(self, ms: Ints, bounds: Bounds) -> None:
        """Take more of them in; kept, not copied."""
        self._parts.append((ms, bounds))

    def statistics(self, flow: int | None) -> Iterator[tuple[str, float]]:
        """Mean, exact percentiles and maximum in minutes."""
        parts = self._of(flow)
        return time_statistics(parts[0] if len(parts) == 1 else np.concatenate((np.empty(0, np.int64), *parts)))

    def total(self, flow: int | None) -> int:
        """Sum of one flow's times, or of all, ms."""
        return sum(int(part.sum()) for part in self._of(flow))

    def _of(self, flow: int | None) -> list[Ints]:
        if flow is None:
            return [ms for ms, _ in self._parts]
        return [ms[bounds[flow] : bounds[flow + 1]] for ms, bounds in self._parts]


class Binned:
    """How many times fall into each bin: as much memory for ten years as for one.

    A virtual wait is below 0 where a unit comes before it wanted to: bins below 0 mirror those above.
    """

    def __init__(self, flows: int) -> None:
        self._counts = np.zeros((flows, 1), np.int64)
        self._lowest = 0
        self._sums = [0] * flows
        self._longest: list[int | None] = [None] * flows

    def add(self, ms: Ints, bounds: Bounds) -> None:
        """Count more of them."""
        if not ms.size:
            return
        bins = bins_of(ms)
        self._widen(int(bins.min()), int(bins.max()))
        bins -= self._lowest
        width = self._counts.shape[1]
        for flow in range(len(self._sums)):
            part = slice(bounds[flow], bounds[flow + 1])
            if ms[part].size:
                self._counts[flow] += np.bincount(bins[part], minlength=width)
                self._sums[flow] += int(ms[part].sum())
                longest, here = self._longest[flow], int(ms[part].max())
                self._longest[flow] = here if longest is None else max(longest, here)

    def _widen(self, lowest: int, highest: int) -> None:
        """Have room for these bins."""
        below = max(self._lowest - lowest, 0)
        above = max(highest - (self._lowest + self._counts.shape[1] - 1), 0)
        if below or above:
            self._counts = np.pad(self._counts, ((0, 0), (below, above)))
            self._lowest -= below

    def statistics(self, flow: int | None) -> Iterator[tuple[str, float]]:
        """Exact mean and maximum, and percentiles within `BIN_ERROR` of themselves, in minutes."""
        counts = self._counts.sum(axis=0) if flow is None else self._counts[flow]
        known = [ms for ms in (self._longest if flow is None else [self._longest[flow]]) if ms is not None]
        longest = max(known, default=0)
        size = int(counts.sum())
        yield "mean", ratio(self.total(flow), size) / MINUTE_MS
        reached = np.cumsum(counts)

        def at(place: int) -> float:
            number = int(np.searchsorted(reached, place, side="right")) + self._lowest
            return min(middle_of(number), longest)

        for q in PERCENTILES:
            whole, hundredths = divmod((size - 1) * q, 100)
            low, high = (at(whole), at(min(whole + 1, size - 1))) if size else (float("nan"), float("nan"))
            yield f"p{q}", (low + (high - low) * hundredths / 100) / MINUTE_MS
        yield "max", longest / MINUTE_MS if size else float("nan")

    def total(self, flow: int | None) -> int:
        """Sum of one flow's times, or of all, ms."""
        return sum(self._sums) if flow is None else self._sums[flow]


def bins_of(ms: Ints) -> Ints:
    """The bin of each time: int64[n]. Those nearer to 0 than 2 ** BITS have one of their own."""
    size: Ints = np.abs(ms)
    digits = np.frexp(size.astype(np.float64))[1].astype(np.int64)  # a time below 2 ** 53 ms has so many binary digits
    shift: Ints = np.maximum(digits - BITS, 0)
    bins: Ints = shift * _HALF + (size >> shift)
    np.negative(bins, out=bins, where=ms < 0)
    return bins


def middle_of(number: int) -> float:
    """The time in the middle of a bin, ms."""
    size = abs(number)
    shift = max(size // _HALF - 1, 0)
    return math.copysign(((size - shift * _HALF) << shift) + ((1 << shift) - 1) / 2, number)
