"""Many times of one meaning, flow by flow: how many, their sum and longest, and their percentiles.

`Every` keeps each of them, so that percentiles are exact. `Binned` counts them in bins as a long run goes by: number,
sum and maximum stay exact, and a percentile is off by at most `BIN_ERROR` of itself. Bins are of one width up to
`2 ** BITS` ms and double their width with each doubling beyond, as in floating-point numbers of `BITS` digits
(the layout of HdrHistogram, and the error guarantee of DDSketch: Masson, Rim and Lee, "DDSketch", VLDB 2019).
"""

from __future__ import annotations

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
    size, longest = ms.size, int(ms.max(initial=0))
    # Numbers of half the width are sorted in half the time.
    ascending: NDArray[Any] = ms.astype(np.int32) if longest < 2**31 else ms.copy()
    if longest:
        ascending.sort()
    yield "mean", ratio(int(ms.sum()), size) / MINUTE_MS
    for q in PERCENTILES:
        yield f"p{q}", percentile(ascending, q) / MINUTE_MS
    yield "max", int(ascending[-1]) / MINUTE_MS if size else float("nan")


class Spread(Protocol):
    """Times of one meaning, in ms, by flow."""

    def add(self, ms: Ints, bounds: Bounds) -> None:
        """Take more of them in, ordered by flow. ms : int64[n], at least 0"""

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
    """How many times fall into each bin: as much memory for ten years as for one."""

    def __init__(self, flows: int) -> None:
        self._counts = np.zeros((flows, 0), np.int64)
        self._sums = [0] * flows
        self._longest = [0] * flows

    def add(self, ms: Ints, bounds: Bounds) -> None:
        """Count more of them."""
        if not ms.size:
            return
        bins = bins_of(ms)
        most = int(bins.max()) + 1
        if most > self._counts.shape[1]:
            self._counts = np.pad(self._counts, ((0, 0), (0, most - self._counts.shape[1])))
        for flow in range(len(self._sums)):
            part = slice(bounds[flow], bounds[flow + 1])
            if ms[part].size:
                self._counts[flow, :most] += np.bincount(bins[part], minlength=most)
                self._sums[flow] += int(ms[part].sum())
                self._longest[flow] = max(self._longest[flow], int(ms[part].max()))

    def statistics(self, flow: int | None) -> Iterator[tuple[str, float]]:
        """Exact mean and maximum, and percentiles within `BIN_ERROR` of themselves, in minutes."""
        counts = self._counts.sum(axis=0) if flow is None else self._counts[flow]
        longest = max(self._longest) if flow is None else self._longest[flow]
        size = int(counts.sum())
        yield "mean", ratio(self.total(flow), size) / MINUTE_MS
        reached = np.cumsum(counts)
        for q in PERCENTILES:
            whole, hundredths = divmod((size - 1) * q, 100)
            low, high = (
                min(middle_of(int(np.searchsorted(reached, place, side="right"))), longest) if size else float("nan")
                for place in (whole, min(whole + 1, size - 1))
            )
            yield f"p{q}", (low + (high - low) * hundredths / 100) / MINUTE_MS
        yield "max", longest / MINUTE_MS if size else float("nan")

    def total(self, flow: int | None) -> int:
        """Sum of one flow's times, or of all, ms."""
        return sum(self._sums) if flow is None else self._sums[flow]


def bins_of(ms: Ints) -> Ints:
    """The bin of each time: int64[n]. Those below 2 ** BITS have one of their own."""
    digits = np.frexp(ms.astype(np.float64))[1].astype(np.int64)  # a time below 2 ** 53 ms has so many binary digits
    shift = np.maximum(digits - BITS, 0)
    return shift * _HALF + (ms >> shift)


def middle_of(number: int) -> float:
    """The time in the middle of a bin, ms."""
    shift = max(number // _HALF - 1, 0)
    return float(((number - shift * _HALF) << shift) + ((1 << shift) - 1) / 2)
