"""How many are somewhere, as a step function of time, and the areas under it in whole tick-units.

Everything is integer arithmetic: an area is exact, so that Little's law (the area under the number present equals
the sum of the times each was present) holds to the last millisecond, and a result does not depend on the order of
a sum. Areas stay below 2**63 for ten million units over twenty years.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import StepFunction, frozen

Ints = NDArray[np.int64]

_WEIGHT_BITS = 16
_WEIGHT_ZERO = 1 << (_WEIGHT_BITS - 1)


def level_of(starts: Ints, ends: Ints, weights: Ints | int = 1) -> StepFunction:
    """How many are present at each tick, each from its start until (not including) its end.

    starts, ends : int64[n], ticks, 0 <= start <= end < 2**46; what starts and ends at one tick never counts
    weights : int64[n] or one number, how much each counts, 0 <= weight < 2**15
    """
    # Tick and change of level in one integer: sorting plain integers is several times faster than an argsort.
    keys = np.concatenate(((starts << _WEIGHT_BITS) + weights, (ends << _WEIGHT_BITS) - weights))
    keys += _WEIGHT_ZERO
    keys.sort()
    ticks = keys >> _WEIGHT_BITS
    keys &= (1 << _WEIGHT_BITS) - 1
    keys -= _WEIGHT_ZERO
    levels = np.cumsum(keys)
    is_last = np.ones(ticks.size, np.bool_)
    np.not_equal(ticks[1:], ticks[:-1], out=is_last[:-1])
    last = np.flatnonzero(is_last)
    levels = levels.take(last)
    is_new = np.ones(last.size, np.bool_)
    np.not_equal(levels[1:], levels[:-1], out=is_new[1:])
    is_new[:1] = levels[:1] != 0
    return StepFunction(ticks.take(last[is_new]), levels[is_new])


def within(level: StepFunction, start: int, end: int) -> StepFunction:
    """The level with only those of its steps that matter in start <= t < end: few, where a part of a long run is.

    The step before the stretch stays, too, so that a change at `start` is one.
    """
    first = max(int(np.searchsorted(level.at, start, side="left")) - 1, 0)
    last = int(np.searchsorted(level.at, end, side="left"))
    return StepFunction(level.at[first:last], level.value[first:last])


def levels_at(level: StepFunction, ticks: Ints) -> Ints:
    """The level that holds at each of these ticks, int64 of the same length."""
    index = np.searchsorted(level.at, ticks, side="right")
    return np.concatenate((np.zeros(1, np.int64), level.value))[index]


def while_above_zero(level: StepFunction, condition: StepFunction) -> StepFunction:
    """The level where the condition is above 0, and 0 where it is not."""
    ticks = np.union1d(level.at, condition.at)
    levels = np.where(levels_at(condition, ticks) > 0, levels_at(level, ticks), 0)
    return steps(ticks, levels)


def steps(ticks: Ints, levels: Ints) -> StepFunction:
    """The step function that has these levels from these ticks on, strictly ascending."""
    is_new = np.diff(levels, prepend=0) != 0
    return StepFunction(frozen(ticks[is_new], np.int64), frozen(levels[is_new], np.int64))


def areas_until(level: StepFunction, ticks: Ints) -> Ints:
    """Area under the level from its first step to each of these ticks, int64, level-milliseconds."""
    if not level.at.size:
        return np.zeros(len(ticks), np.int64)
    full = np.concatenate((np.zeros(1, np.int64), np.cumsum(level.value[:-1] * np.diff(level.at))))
    index = np.searchsorted(level.at, ticks, side="right") - 1
    known = np.maximum(index, 0)
    areas: Ints = np.where(index >= 0, full[known] + level.value[known] * (ticks - level.at[known]), 0)
    return areas


def area(level: StepFunction, start: int, end: int) -> int:
    """Area under the level over start <= t < end, in level-milliseconds."""
    if end <= start:
        return 0
    ticks, levels = inside_of(level, start, end)
    first = int(ticks[0]) if ticks.size else end
    return level(start) * (first - start) + int(np.dot(levels, np.diff(ticks, append=end)))


def largest(level: StepFunction, start: int, end: int) -> int:
    """The highest level anywhere in start <= t < end, 0 if the stretch is empty."""
    if end <= start:
        return 0
    levels = inside_of(level, start, end)[1]
    return max(level(start), int(levels.max(initial=0)))


def areas_split(level: StepFunction, ceiling: StepFunction, start: int, end: int) -> tuple[int, int]:
    """Areas over start <= t < end of what the level has up to the ceiling, and above it, in level-milliseconds."""
    if end <= start:
        return 0, 0
    if largest(level, start, end) <= _lowest(ceiling, start, end):
        return area(level, start, end), 0
    caps = np.concatenate(([start], inside_of(ceiling, start, end)[0]))
    ticks, levels = inside_of(level, start, end)
    # The ceiling has few steps: they are put between those of the level, with the level that holds there.
    places = np.searchsorted(ticks, caps, side="right")
    ticks = np.insert(ticks, places, caps)
    levels = np.insert(levels, places, levels_at(level, caps))
    spans = np.diff(places + np.arange(caps.size), append=ticks.size)
    lengths = np.diff(ticks, append=end)
    excess = np.maximum(levels - np.repeat(levels_at(ceiling, caps), spans), 0)
    above = int(np.dot(excess, lengths))
    return int(np.dot(levels, lengths)) - above, above


def area_while(level: StepFunction, is_open: StepFunction, start: int, end: int) -> int:
    """Area under the level over the part of start <= t < end in which `is_open` is above 0."""
    edges = np.concatenate(([start], inside_of(is_open, start, end)[0], [end]))
    pieces = np.diff(areas_until(level, edges))
    return int(np.sum(pieces[levels_at(is_open, edges[:-1]) > 0])) if end > start else 0


def falls_to_zero(level: StepFunction, start: int, end: int) -> Ints:
    """Ticks in start <= t < end at which the level falls to 0 from above: the closings of an opening."""
    before = np.concatenate((np.zeros(1, np.int64), level.value[:-1]))
    falls: Ints = level.at[(level.value == 0) & (before > 0) & (level.at >= start) & (level.at < end)]
    return falls


def _lowest(level: StepFunction, start: int, end: int) -> int:
    at_start = level(start)
    return int(inside_of(level, start, end)[1].min(initial=at_start))


def inside_of(level: StepFunction, start: int, end: int) -> tuple[Ints, Ints]:
    """The steps at start < t < end: ticks and levels."""
    part = slice(int(np.searchsorted(level.at, start, side="right")), int(np.searchsorted(level.at, end, side="left")))
    return level.at[part], level.value[part]
