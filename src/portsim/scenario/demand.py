"""How many units of a flow are expected to come, on average, in any stretch of the run: the mean of what is drawn."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from datetime import date
from itertools import accumulate

from portsim.scenario import calendar
from portsim.scenario.arrivals import AboardArrivals, RateArrivals, RecordedArrivals, RegularArrivals, TimetableArrivals
from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.scenario import Flow

_YEAR_MS = 365.25 * DAY_MS


def expected_units(flow: Flow, flows: Iterable[Flow], start_ms: int, end_ms: int) -> Callable[[int, int], float]:
    """How many units of a flow are expected to come from one instant to another, within the run.

    flows : all of the scenario; passengers are expected with the vehicles of another flow
    """
    match flow.arrivals:
        case AboardArrivals(flow=name, number=number):
            vehicles = expected_units(next(one for one in flows if one.name == name), (), start_ms, end_ms)
            return lambda from_ms, to_ms: number.mean * vehicles(from_ms, to_ms)
        case RateArrivals() as arrivals:
            at, reached = _cumulative(flow, arrivals, start_ms, end_ms)
            return lambda from_ms, to_ms: _interpolated(at, reached, to_ms) - _interpolated(at, reached, from_ms)
        case RegularArrivals() as arrivals:
            gap_ms = max(arrivals.every.mean_ms, 1.0)
            return lambda from_ms, to_ms: (to_ms - from_ms) / gap_ms
        case TimetableArrivals() as arrivals:
            due, by_then = _due(flow, arrivals, start_ms, end_ms)
            return lambda from_ms, to_ms: float(by_then[bisect_left(due, to_ms)] - by_then[bisect_left(due, from_ms)])
        case RecordedArrivals() as arrivals:
            recorded = arrivals.arrived_ms
            return lambda from_ms, to_ms: float(bisect_left(recorded, to_ms) - bisect_left(recorded, from_ms))
        case _:
            return lambda from_ms, to_ms: 0.0


def _cumulative(flow: Flow, arrivals: RateArrivals, start_ms: int, end_ms: int) -> tuple[list[int], list[float]]:
    """Instants and the units expected by each of them, linear between: the mean of what the model draws.

    Each local day has its demand times the weights of its weekday and month and its growth, spread over the clock in
    proportion to the weights by hour.
    """
    demand_from = [ordinal for ordinal, _ in arrivals.per_day]
    weights = calendar.steps(arrivals.by_hour, flow.clock, start_ms, end_ms, strict=False)
    days = calendar.midnights(flow.clock, start_ms, end_ms)
    at, reached = [start_ms], [0.0]
    index = 0
    for day, (ordinal, midnight) in enumerate(days[:-1]):
        demand = arrivals.per_day[max(bisect_right(demand_from, ordinal) - 1, 0)][1]
        demand *= arrivals.by_weekday[(ordinal + 6) % 7] * arrivals.by_month[date.fromordinal(ordinal).month - 1]
        demand *= (1 + arrivals.growth_per_year) ** ((midnight - start_ms + DAY_MS / 2) / _YEAR_MS)
        whole_day = _weight_of_day(arrivals.by_hour, (ordinal + 6) % 7)
        until = min(days[day + 1][1], end_ms)
        while at[-1] < until:
            turn = weights[index + 1][0] if index + 1 < len(weights) else end_ms
            to_ms = min(turn, until)
            share = (to_ms - at[-1]) * weights[index][1] / whole_day if whole_day else 0.0
            reached.append(reached[-1] + demand * share)
            at.append(to_ms)
            index += to_ms == turn
    return at, reached


def _weight_of_day(profile: WeekProfile, weekday: int) -> float:
    """Area (weight * ms) under a profile over a day of 24 hours, with what the day before left over midnight."""
    own = sum((min(end, DAY_MS) - start) * weight for start, end, weight in profile.days[weekday] if start < DAY_MS)
    before = sum(
        (end - max(start, DAY_MS)) * weight for start, end, weight in profile.days[weekday - 1] if end > DAY_MS
    )
    return own + before


def _interpolated(at: list[int], reached: list[float], at_ms: int) -> float:
    index = bisect_right(at, at_ms) - 1
    if index + 1 >= len(at):
        return reached[-1]
    share = (at_ms - at[index]) / (at[index + 1] - at[index])
    return reached[index] + share * (reached[index + 1] - reached[index])


def _due(flow: Flow, arrivals: TimetableArrivals, start_ms: int, end_ms: int) -> tuple[list[int], list[int]]:
    """(instants, units due by each of them) of a timetable's lines within the run, delays left out."""
    first, last = (calendar.to_local(ms, flow.clock).toordinal() for ms in (start_ms, end_ms))
    due = sorted(
        (calendar.clock_instant(ordinal, line.at_ms, flow.clock), line.units)
        for ordinal in range(first - 1, last + 1)
        for line in arrivals.departures
        if (ordinal + 6) % 7 in line.weekdays
    )
    return [at_ms for at_ms, _ in due], list(accumulate((units for _, units in due), initial=0))
