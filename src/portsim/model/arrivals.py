"""When the units of a flow want to come: from a rate, at regular gaps, by timetable or as recorded.

Units are counted by k in the order they are generated. Unit k always uses row k of its flow's streams, whatever the
rate: a changed rate moves units in time and never swaps one for another.

Sums over a year are taken in whole numbers (ms, or grains of an expected unit), so they depend neither on the blocks
they are drawn in nor on the last bit of a machine's logarithm. Drawing a run in chunks needs nothing but the number k
and the sum reached so far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from portsim.errors import Problem, ScenarioError
from portsim.model.distributions import durations, exponential, gamma
from portsim.model.streams import Streams
from portsim.scenario import calendar
from portsim.scenario.arrivals import RateArrivals, RecordedArrivals, RegularArrivals, TimetableArrivals
from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.scenario import Flow
from portsim.scenario.timetable import departures

YEAR_MS = 365.25 * DAY_MS

GRAINS = 2**26
"""Grains in one expected unit: fine enough for a ms at one unit a day, coarse enough to absorb rounding noise."""

MOST_UNITS = 20_000_000
"""Units one flow may bring in one replication; their arrays alone would take several gigabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Coming:
    """The units of a flow that want to come during the run, without the queue standing at the start.

    k : int64[n], ascending; the row of the flow's streams that belongs to the unit
    wanted : int64[n], tick, 0 <= wanted < end; not sorted where units of a timetable are late
    rate : what their times come from; None unless they come by a rate
    reached : int64[n], ascending, in grains of the rate, exactly where on it each unit stands; empty without one
    due : int64[n], ascending, the tick that says which part of a run a unit is drawn in; None where it is `wanted`
    """

    k: NDArray[np.int64]
    wanted: NDArray[np.int64]
    rate: CumulativeRate | None
    reached: NDArray[np.int64]
    due: NDArray[np.int64] | None = None


def coming(flow: Flow, streams: Streams, start_ms: int, end_ms: int) -> Coming:
    """The units a flow brings in [start_ms, end_ms), UTC epoch ms. ScenarioError if they are more than MOST_UNITS."""
    return Source(flow, streams, start_ms, end_ms).until(end_ms - start_ms)


class Source:
    """Where the units of a flow come from, one part of the run after another.

    drawn : how many units have been drawn; all that want to come before the tick drawn up to are among them

    Raises ScenarioError, then or while drawing, if they are more than MOST_UNITS.
    """

    def __init__(self, flow: Flow, streams: Streams, start_ms: int, end_ms: int) -> None:
        refuse_too_many(flow, flow.queue_at_start)
        self._flow, self._streams = flow, streams
        self._start_ms, self._end = start_ms, end_ms - start_ms
        self._at = 0
        self._sum = 0
        self.drawn = 0
        self._rate: CumulativeRate | None = None
        self._bounds = np.empty(0, np.int64)
        match flow.arrivals:
            case RateArrivals() as arrivals:
                self._rate = cumulative_rate(flow, arrivals, streams, start_ms, end_ms)
                midnights = [at_ms for _, at_ms in calendar.midnights(flow.clock, start_ms, end_ms)]
                self._bounds = np.clip(np.array(midnights, np.int64) - start_ms, 0, self._end)
            case RegularArrivals() as arrivals:
                refuse_too_many(flow, self._end / max(arrivals.every.mean_ms, 1e-3))
            case RecordedArrivals() as arrivals:
                self._recorded = np.asarray(arrivals.arrived_ms, dtype=np.int64) - start_ms

    def until(self, tick: int) -> Coming:
        """The units that are due before a tick and were not drawn yet.

        Those that come by a rate are drawn by whole days of their clock: on each day that begins before the tick.
        """
        tick = max(min(tick, self._end), self._at)
        first, since = self.drawn, self._at
        reached, due = np.empty(0, np.int64), None
        match self._flow.arrivals:
            case RateArrivals():
                assert self._rate is not None
                tick = int(self._bounds[min(int(np.searchsorted(self._bounds, tick)), self._bounds.size - 1)])
                tick = max(tick, since)
                reached = self._by_rate(self._rate, tick)
                ticks = self._rate.ticks(reached)
            case RegularArrivals() as arrivals:
                ticks = self._regular(arrivals, tick)
            case TimetableArrivals() as arrivals:
                due = self._due(arrivals, since, tick)
                ticks = self._late(arrivals, due)
            case RecordedArrivals():
                # Those before the start are no part of the run, and nobody reads their rows.
                first, last = np.searchsorted(self._recorded, (since, tick)).tolist()
                ticks = self._recorded[first:last]
                self.drawn = last
            case _:
                ticks = np.empty(0, np.int64)
        self._at = tick
        k = np.arange(first, first + ticks.size)
        comes = ticks < self._end
        if comes.all():
            return Coming(k, ticks, self._rate, reached, due)
        return Coming(k[comes], ticks[comes], self._rate, reached, None if due is None else due[comes])

    def _by_rate(self, rate: CumulativeRate, tick: int) -> NDArray[np.int64]:
        """A Poisson process by inverting its cumulative rate (Cinlar, "Introduction to Stochastic Processes", 1975).

        Unit k comes when the expected number reaches the sum of the first k + 1 exponential numbers of mean 1 (chapter
        4). These sums are what is returned, in grains: int64[n].
        """

        def gaps(k: int, count: int) -> NDArray[np.int64]:
            gap = exponential(self._streams.uniforms("arrival", self._flow.name, count=count, skip=k))
            gap *= GRAINS
            return np.rint(gap, out=gap).astype(np.int64)

        limit = int(rate.grains[-1]) if tick >= self._end else int(rate.by(np.array([tick]))[0])
        return self._sums(gaps, limit, expected=(limit - self._sum) / GRAINS)

    def _regular(self, arrivals: RegularArrivals, tick: int) -> NDArray[np.int64]:
        """The first unit a gap after the start, each next a gap after the one before."""

        def gaps(k: int, count: int) -> NDArray[np.int64]:
            return durations(arrivals.every, self._streams.uniforms("gap", self._flow.name, count=count, skip=k))

        return self._sums(gaps, tick, expected=(tick - self._sum) / max(arrivals.every.mean_ms, 1e-3))

    def _sums(self, gaps: Callable[[int, int], NDArray[np.int64]], limit: int, *, expected: float) -> NDArray[np.int64]:
        sums = running_sums(self._flow, gaps, limit, expected=max(expected, 0.0), k=self.drawn, total=self._sum)
        self.drawn += sums.size
        self._sum = int(sums[-1]) if sums.size else self._sum
        return sums

    def _due(self, arrivals: TimetableArrivals, since: int, tick: int) -> NDArray[np.int64]:
        """When each unit of a part of the timetable is due, by time and then line."""
        due = departures(arrivals, self._flow.clock, self._start_ms + since, self._start_ms + tick)
        units = np.array([arrivals.departures[line].units for _, line in due], dtype=np.int64)
        refuse_too_many(self._flow, float(units.sum()) + self.drawn)
        return np.repeat(np.array([at_ms - self._start_ms for at_ms, _ in due], dtype=np.int64), units)

    def _late(self, arrivals: TimetableArrivals, due: NDArray[np.int64]) -> NDArray[np.int64]:
        """When each of them wants to come: late by its own draw.

        What was due before the start and would come late after it belongs to the queue at the start.
        """
        first, self.drawn = self.drawn, self.drawn + due.size
        if arrivals.late is None:
            return due
        return due + durations(
            arrivals.late, self._streams.uniforms("late", self._flow.name, count=due.size, skip=first)
        )


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeRate:
    """How many units are expected by each tick: piecewise linear, from 0 at tick 0.

    at : int64[p + 1], ticks at which the pieces begin, ascending, from 0 to the end
    grains : int64[p + 1], what is expected by then, in grains of a unit
    """

    at: NDArray[np.int64]
    grains: NDArray[np.int64]

    def ticks(self, grains: NDArray[np.int64]) -> NDArray[np.int64]:
        """The tick in which each expected number, 0 <= grains < grains[p], ascending, is reached: int64[n], floor."""
        # Few pieces are looked up among many numbers: these ascend.
        many = np.diff(np.searchsorted(grains, self.grains))
        within = (grains - np.repeat(self.grains[:-1], many)).astype(np.float64)
        within *= np.repeat(np.diff(self.at).astype(np.float64), many)
        within /= np.repeat(np.diff(self.grains).astype(np.float64), many)
        ticks: NDArray[np.int64] = np.repeat(self.at[:-1], many) + within.astype(np.int64)
        return ticks

    def by(self, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """What is expected by each of these ticks, 0 <= tick <= at[p], in grains: int64[n], rounded."""
        piece = np.minimum(np.searchsorted(self.at, ticks, side="right"), self.at.size - 1) - 1
        within = (ticks - self.at[piece]) * np.diff(self.grains)[piece].astype(np.float64)
        grains: NDArray[np.int64] = self.grains[piece] + np.rint(within / np.diff(self.at)[piece]).astype(np.int64)
        return grains


def cumulative_rate(flow: Flow, arrivals: RateArrivals, streams: Streams, start_ms: int, end_ms: int) -> CumulativeRate:
    """Expected arrivals over [start_ms, end_ms), with each local day's demand times its random factor.

    A local day of 24 hours has `per_day` units times the weights of its weekday and month, its growth (taken half a
    day after its midnight) and its factor. On a day when clocks change, each clock hour keeps its rate: a day of 23
    hours lacks the units of the hour that is not there, one of 25 hours has those of the repeated hour twice.
    Raises ScenarioError if they are more than MOST_UNITS.
    """
    days = calendar.midnights(flow.clock, start_ms, end_ms)
    ordinals = np.array([ordinal for ordinal, _ in days], dtype=np.int64)
    midnights = np.array([midnight for _, midnight in days], dtype=np.int64)
    hours = calendar.steps(arrivals.by_hour, flow.clock, start_ms, end_ms, strict=False)
    turns = np.array([at_ms for at_ms, _ in hours], dtype=np.int64)
    weights = np.array([weight for _, weight in hours], dtype=np.float64)
    at_ms = np.union1d(turns, midnights[(midnights > start_ms) & (midnights < end_ms)])
    with np.errstate(over="ignore", invalid="ignore"):  # absurd numbers are refused by their sum
        per_weight = _demand(flow, arrivals, ordinals, midnights - start_ms, streams)
        rate = weights[np.searchsorted(turns, at_ms, side="right") - 1]
        rate *= per_weight[np.searchsorted(midnights, at_ms, side="right") - 1]
        units = rate * np.diff(at_ms, append=end_ms)
        refuse_too_many(flow, float(units.sum()))
    grains = np.cumsum(np.rint(units * GRAINS).astype(np.int64))
    return CumulativeRate(np.append(at_ms, end_ms) - start_ms, np.concatenate(([0], grains)))


def _demand(
    flow: Flow, arrivals: RateArrivals, ordinals: NDArray[np.int64], midnights: NDArray[np.int64], streams: Streams
) -> NDArray[np.float64]:
    """Units per ms and hour weight on each local date: float64[days]. midnights : ticks at which the dates begin."""
    weekday = (ordinals + 6) % 7
    month = np.array([date.fromordinal(ordinal).month - 1 for ordinal in ordinals.tolist()], dtype=np.int64)
    since = np.array([ordinal for ordinal, _ in arrivals.per_day], dtype=np.int64)
    levels = np.array([level for _, level in arrivals.per_day], dtype=np.float64)
    demand = levels[np.maximum(np.searchsorted(since, ordinals, side="right") - 1, 0)]
    demand *= _mean_one(arrivals.by_weekday)[weekday] * _mean_one(arrivals.by_month)[month]
    demand *= (1 + arrivals.growth_per_year) ** ((midnights + DAY_MS / 2) / YEAR_MS)
    demand *= day_factors(flow.name, arrivals.day_to_day_cv, ordinals, streams)
    weight_of_day = np.array([_weight(arrivals.by_hour, day) for day in range(7)], dtype=np.float64)[weekday]
    return np.divide(demand, weight_of_day, out=np.zeros_like(demand), where=weight_of_day > 0)


def day_factors(flow: str, cv: float, ordinals: NDArray[np.int64], streams: Streams) -> NDArray[np.float64]:
    """The factor each local date's demand is multiplied with: float64[days], gamma with mean 1 and this cv.

    Row k of the stream belongs to the date with ordinal k, so a date keeps its factor when the run starts earlier.
    ordinals : int64[days], `date.toordinal`, ascending
    """
    if not cv:
        return np.ones(ordinals.shape)
    first, last = int(ordinals[0]), int(ordinals[-1])
    uniforms = streams.uniforms("day factor", flow, count=last - first + 1, skip=first)
    return gamma(1.0, cv, uniforms[ordinals - first])


def running_sums(
    flow: Flow,
    gaps: Callable[[int, int], NDArray[np.int64]],
    limit: int,
    *,
    expected: float,
    k: int = 0,
    total: int = 0,
) -> NDArray[np.int64]:
    """Running sums of whole gaps as long as they stay below the limit: int64[n], drawn in blocks.

    gaps : called with (k, count), gives the gaps of units k .. k + count - 1
    expected : about how many there will be; sets the first block's length and nothing else
    k, total : how many units came before, and the last of their sums
    Raises ScenarioError if there are more than MOST_UNITS.
    """
    blocks: list[NDArray[np.int64]] = []
    drawn = k
    count = int(expected + 6 * expected**0.5) + 16
    while total < limit:
        sums = total + np.cumsum(gaps(drawn, count))
        blocks.append(sums[: np.searchsorted(sums, limit)])
        total, drawn = int(sums[-1]), drawn + count
        refuse_too_many(flow, k + sum(block.size for block in blocks))
        count = (drawn - k) // 4 + 16
    return np.concatenate(blocks) if blocks else np.empty(0, np.int64)


def _mean_one(weights: tuple[float, ...]) -> NDArray[np.float64]:
    """Weights scaled so that their mean is 1; all zero stay zero."""
    array = np.array(weights, dtype=np.float64)
    mean = array.mean()
    return array / mean if mean > 0 else array


def _weight(profile: WeekProfile, weekday: int) -> float:
    """Area (weight * ms) under a profile over a 24-hour day, with what the day before left over midnight."""
    own = sum((min(end, DAY_MS) - start) * level for start, end, level in profile.days[weekday] if start < DAY_MS)
    before = sum((end - max(start, DAY_MS)) * level for start, end, level in profile.days[weekday - 1] if end > DAY_MS)
    return own + before


def refuse_too_many(flow: Flow, units: float) -> None:
    """Raise ScenarioError if a flow brings more than MOST_UNITS in one replication."""
    if not units <= MOST_UNITS:
        raise ScenarioError(
            [
                Problem(
                    None,
                    f"flows.{flow.name}.arrivals",
                    f"brings about {units:.3g} units in one run, at most {MOST_UNITS:,} are possible: "
                    "lower the rate or shorten the run",
                )
            ]
        )
