"""Hours, levels and weights by the clock, as people write them, read into week profiles.

Four forms share one grammar of spans and days:

- hours: "10:00-24:00", a list of such spans, "always", "never", or {days: hours};
- levels (lanes, officers): a whole number, {span: number} with spans such as "8-20" or "08:00-20:00", or
  {days: level}; hours that no span names have level 0;
- paces, like levels but any number from 0.05 to 20; hours that no span names have pace 1;
- weights of arrivals: {span: weight}, {days: weight} and {months: weight}.

A span whose end is not after its start runs over midnight and belongs to the day it starts; "24:00" is midnight at
the end. Spans may touch but not overlap, also not with a span that runs over from the day before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from typing import TypeVar

from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.units import (
    HOUR_MS,
    format_clock,
    parse_clock,
    parse_count,
    parse_daily,
    parse_date,
    parse_number,
    shown,
    suggestion,
)

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HIGHEST_LEVEL = 10_000
"""Most lanes of one role at a stage, and most officers of one pool."""

HIGHEST_WEIGHT = 1e6

SLOWEST_PACE = 0.05
FASTEST_PACE = 20.0

Key = tuple[str | int, ...]
_Span = tuple[int, int, float, str, Key]
_Value = TypeVar("_Value")

_LONG_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NUMBERS: Mapping[str, int] = {
    name: number for names in (DAY_NAMES, _LONG_DAY_NAMES) for number, name in enumerate(names)
}
_WHOLE_HOURS = re.compile(r"([0-9]{1,2})\s*-\s*([0-9]{1,2})")
_MONTHS = re.compile(r"([0-9]{1,2})(?:\s*-\s*([0-9]{1,2}))?")
_HOURS_CURE = "write hours as '08:00-20:00', a list of such spans, 'always' or 'never'"
_DAYS_CURE = "write days as 'mon', 'mon-fri', 'sat,sun' or 'daily'"


class ProfileError(ValueError):
    """A profile is wrong; `path` leads from the value to the part that is (keys and list indices, () for itself)."""

    def __init__(self, message: str, path: Key = ()) -> None:
        super().__init__(message)
        self.path = path


def parse_hours(value: object) -> WeekProfile:
    """Opening hours as a profile of level 1 while open; days that a mapping does not name stay closed.

    Raises ProfileError.
    """
    if isinstance(value, dict):
        return _by_days(value, _hours_of_day)
    return _week([_hours_of_day(value, ())] * 7)


def parse_level(value: object) -> WeekProfile:
    """Lanes open or officers on duty by the clock: whole numbers from 0 to 10000.

    Raises ProfileError.
    """
    if isinstance(value, dict) and not _has_spans(value):
        return _by_days(value, _level_of_day)
    return _week([_level_of_day(value, ())] * 7)


def parse_paces(value: object) -> WeekProfile:
    """Relative paces by the clock: one number, {span: pace} or {days: either}; hours that nothing names have pace 1.

    Raises ProfileError.
    """
    if isinstance(value, dict) and value and not _has_spans(value):
        return _filled(_by_days(value, _paces_of_day), 1.0)
    return _filled(_week([_paces_of_day(value, ())] * 7), 1.0)


def parse_pace(value: object) -> float:
    """A relative pace: a number from 0.05 to 20, 1 for the ordinary one. Raises ValueError."""
    if isinstance(value, dict | list | str):
        raise ValueError(f"got {shown(value)}; write a pace as a number: 1 is the ordinary one, 0.8 a fifth less work")
    return parse_number(value, at_least=SLOWEST_PACE, at_most=FASTEST_PACE)


def parse_span(value: object) -> tuple[int, int]:
    """Start and end of one stretch of the clock, in ms after midnight of the day it starts.

    An end that is not after the start lies in the next day. Raises ProfileError.
    """
    return _span(value, ())


def parse_hour_weights(value: object) -> WeekProfile:
    """Relative weights by the hour of the day, {span: weight}; hours that no span names have weight 0.

    A span over midnight is split at it, so that each day's weights stand within the day. Raises ProfileError, also
    when no weight is above 0.
    """
    if not isinstance(value, dict):
        raise ProfileError(f"got {shown(value)}; write weights by hour as {{0-8: 1, 8-20: 3, 20-24: 1}}")
    spans: list[_Span] = [
        (*_span(key, (key,)), _checked(parse_weight, weight, (key,)), str(key), (key,)) for key, weight in value.items()
    ]
    if not any(weight for _, _, weight, _, _ in spans):
        raise ProfileError("every hour has weight 0; give at least one span a weight above 0")
    day = _week([spans] * 7).days[0]
    late = [(0, end - DAY_MS, weight) for _, end, weight in day if end > DAY_MS]
    return WeekProfile((tuple(late + [(start, min(end, DAY_MS), weight) for start, end, weight in day]),) * 7)


def parse_weekday_weights(value: object) -> tuple[float, ...]:
    """Seven relative weights, Monday first, scaled to mean 1, from {days: weight}; days not named weigh 1.

    Raises ProfileError, also when no weight is above 0.
    """
    if not isinstance(value, dict):
        raise ProfileError(f"got {shown(value)}; write weights by weekday as {{mon-fri: 1.2, sat-sun: 0.5}}")
    return _scaled(value, 7, parse_days, "weekday")


def parse_month_weights(value: object) -> tuple[float, ...]:
    """Twelve relative weights, January first, scaled to mean 1, from {months: weight}; months not named weigh 1.

    Raises ProfileError, also when no weight is above 0.
    """
    if not isinstance(value, dict):
        raise ProfileError(f"got {shown(value)}; write weights by month as {{'1-2': 0.8, '6-8': 1.3}}")
    return _scaled(value, 12, _months, "month")


def parse_per_day(value: object) -> tuple[tuple[int, float], ...]:
    """Mean units a day as (date ordinal from which it holds, units), ascending; one number holds from ordinal 1.

    Takes a number (648), a rate ("15/h") or {date: number or rate}. Raises ProfileError.
    """
    if not isinstance(value, dict):
        return ((1, _checked(parse_daily, value, ())),)
    if not value:
        raise ProfileError("got an empty mapping; write units a day by date, for instance {2025-04-03: 825}")
    from_date: dict[date, str] = {}
    demand: list[tuple[int, float]] = []
    for key, units in value.items():
        day = _checked(parse_date, key, (key,))
        if day in from_date:
            raise ProfileError(f"{shown(key)} and {from_date[day]!r} are the same date; keep one of them", (key,))
        from_date[day] = str(key)
        demand.append((day.toordinal(), _checked(parse_daily, units, (key,))))
    return tuple(sorted(demand))


def parse_days(value: object) -> tuple[int, ...]:
    """Days of the week, 0 is Monday, in ascending order: "mon", "mon-fri", "sat,sun", "fri-mon" or "daily".

    Raises ValueError.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"got {shown(value)}, which names no days; {_DAYS_CURE}")
    if value.strip().lower() == "daily":
        return tuple(range(7))
    days: list[int] = []
    for part in value.lower().split(","):
        first, dash, last = (name.strip() for name in part.partition("-"))
        start = _day_number(first)
        length = (_day_number(last) - start) % 7 if dash else 0
        days.extend((start + ahead) % 7 for ahead in range(length + 1))
    if len(set(days)) < len(days):
        twice = next(day for day in days if days.count(day) > 1)
        raise ValueError(f"got {shown(value)}, which names {DAY_NAMES[twice]} twice; name each day once")
    return tuple(sorted(days))


def parse_weight(value: object) -> float:
    """A relative weight: a number from 0 to a million."""
    return parse_number(value, at_least=0, at_most=HIGHEST_WEIGHT)


def _by_days(value: Mapping[object, object], read_day: Callable[[object, Key], list[_Span]]) -> WeekProfile:
    if not value:
        raise ProfileError(f"got an empty mapping; {_DAYS_CURE}")
    week: list[list[_Span]] = [[] for _ in range(7)]
    named: dict[int, object] = {}
    for key, hours in value.items():
        path: Key = (key,) if isinstance(key, str | int) else ()
        days = _checked(parse_days, key, path)
        if isinstance(hours, dict) and hours and not _has_spans(hours):
            raise ProfileError(f"got days within {shown(key)}; name days once, at the top", path)
        spans = read_day(hours, path)
        for day in days:
            if day in named:
                raise ProfileError(
                    f"{DAY_NAMES[day]} is named by both {shown(named[day])} and {shown(key)}; name each day once", path
                )
            named[day] = key
            week[day] = spans
    return _week(week)


def _hours_of_day(value: object, path: Key) -> list[_Span]:
    if isinstance(value, list):
        if not value:
            raise ProfileError(f"got an empty list; {_HOURS_CURE}", path)
        return [span for index, item in enumerate(value) for span in _hours_of_day_text(item, (*path, index), True)]
    return _hours_of_day_text(value, path, False)


def _hours_of_day_text(value: object, path: Key, is_listed: bool) -> list[_Span]:
    if not isinstance(value, str):
        raise ProfileError(f"got {shown(value)}; {_HOURS_CURE}", path)
    text = value.strip()
    if text in ("always", "never"):
        if is_listed:
            raise ProfileError(f"got {shown(text)} in a list; write it alone, or only spans of the clock", path)
        return [(0, DAY_MS, 1.0, "always", path)] if text == "always" else []
    if "," in text:
        parts = ", ".join(f"'{part.strip()}'" for part in text.split(","))
        raise ProfileError(f"got {shown(value)}; write several spans as a list: [{parts}]", path)
    start, dash, end = text.partition("-")
    if not dash or ":" not in start or ":" not in end:
        raise ProfileError(f"got {shown(value)}; {_HOURS_CURE}" + suggestion(text, ("always", "never")), path)
    return [(*_span(text, path), 1.0, text, path)]


def _level_of_day(value: object, path: Key) -> list[_Span]:
    if not isinstance(value, dict):
        level = _checked(_level, value, path)
        return [(0, DAY_MS, level, "0-24", path)]
    if not value:
        raise ProfileError("got an empty mapping; write a whole number or {8-20: 4, 20-8: 2}", path)
    spans: list[_Span] = []
    for key, number in value.items():
        below: Key = (*path, key)
        spans.append((*_span(key, below), _checked(_level, number, below), str(key), below))
    return spans


def _paces_of_day(value: object, path: Key) -> list[_Span]:
    if not isinstance(value, dict):
        return [(0, DAY_MS, _checked(parse_pace, value, path), "0-24", path)]
    if not value:
        raise ProfileError("got an empty mapping; write paces by hour as {0-6: 0.8, 6-24: 1}", path)
    return [
        (*_span(key, (*path, key)), _checked(parse_pace, pace, (*path, key)), str(key), (*path, key))
        for key, pace in value.items()
    ]


def _filled(profile: WeekProfile, level: float) -> WeekProfile:
    """The same profile with this level wherever no span stands."""
    days = []
    for number, spans in enumerate(profile.days):
        before = profile.days[number - 1]
        until = max(before[-1][1] - DAY_MS, 0) if before else 0
        day: list[tuple[int, int, float]] = []
        for start, end, own in spans:
            day += [(until, start, level)] if until < start else []
            day.append((start, end, own))
            until = end
        days.append((*day, (until, DAY_MS, level)) if until < DAY_MS else tuple(day))
    return WeekProfile(tuple(days))


def _has_spans(value: Mapping[object, object]) -> bool:
    """Whether the keys of a mapping are spans of the clock rather than days; a mixture is refused."""
    is_span = {key: not isinstance(key, str) or key.strip()[:1].isdigit() for key in value}
    if len(set(is_span.values())) > 1:
        spans, days = (next(key for key, is_one in is_span.items() if is_one is want) for want in (True, False))
        raise ProfileError(
            f"mixes spans of the clock ({shown(spans)}) with days ({shown(days)}); "
            "write days at the top and spans within each",
            (days,) if isinstance(days, str | int) else (),
        )
    return any(is_span.values())


def _level(value: object) -> float:
    if isinstance(value, dict | list | str):
        raise ValueError(f"got {shown(value)}; write a whole number, or numbers by the clock as {{8-20: 4, 20-8: 2}}")
    return float(parse_count(value, at_most=HIGHEST_LEVEL))


def _span(value: object, path: Key) -> tuple[int, int]:
    """Start and end of a span in ms after midnight; the end lies in the next day if it is not after the start."""
    cure = "write a span as '8-20' or '08:00-20:00'"
    if not isinstance(value, str):
        raise ProfileError(f"got {shown(value)}, which is not a span of the clock; {cure}", path)
    text = value.strip()
    whole_hours = _WHOLE_HOURS.fullmatch(text)
    if whole_hours is not None:
        start, end = (int(hour) * HOUR_MS for hour in whole_hours.groups())
        if start >= DAY_MS or end > DAY_MS:
            raise ProfileError(f"got {shown(text)}; a span starts at hour 0 to 23 and ends at hour 0 to 24", path)
    else:
        parts = text.split("-")
        if len(parts) != 2:
            raise ProfileError(f"got {shown(value)}, which is not a span of the clock; {cure}", path)
        start = _checked(parse_clock, parts[0], path)
        end = _checked(lambda part: parse_clock(part, is_end=True), parts[1], path)
    return start, end if end > start else end + DAY_MS


def _week(days: list[list[_Span]]) -> WeekProfile:
    """Seven days of spans in order, after making sure that no two overlap, across midnight either."""
    ordered = [sorted(spans, key=lambda span: (span[0], span[1])) for spans in days]
    for number, spans in enumerate(ordered):
        for before, after in pairwise(spans):
            if after[0] < before[1]:
                raise ProfileError(f"spans {before[3]!r} and {after[3]!r} overlap", after[4])
        following = ordered[(number + 1) % 7]
        if spans and following and spans[-1][1] - DAY_MS > following[0][0]:
            last, first = spans[-1], following[0]
            raise ProfileError(
                f"{last[3]!r} of {DAY_NAMES[number]} runs over midnight to {format_clock(last[1] - DAY_MS)} and "
                f"overlaps {first[3]!r} of {DAY_NAMES[(number + 1) % 7]}",
                last[4],
            )
    return WeekProfile(tuple(tuple((start, end, level) for start, end, level, _, _ in day if level) for day in ordered))


def _scaled(
    value: Mapping[str, object], size: int, read_key: Callable[[object], tuple[int, ...]], what: str
) -> tuple[float, ...]:
    weights = [1.0] * size
    named: dict[int, str] = {}
    for key, weight in value.items():
        for index in _checked(read_key, key, (key,)):
            if index in named:
                raise ProfileError(f"{key!r} and {named[index]!r} name the same {what}; name each once", (key,))
            named[index] = key
            weights[index] = _checked(parse_weight, weight, (key,))
    total = sum(weights)
    if not total:
        raise ProfileError(f"every {what} has weight 0; give at least one a weight above 0")
    return tuple(weight * size / total for weight in weights)


def _months(value: object) -> tuple[int, ...]:
    cure = "write months as '1' or '6-8', from 1 to 12"
    match = _MONTHS.fullmatch(str(value).strip()) if isinstance(value, str | int) else None
    if match is None:
        raise ValueError(f"got {shown(value)}, which names no months; {cure}")
    first = int(match.group(1))
    last = int(match.group(2) or first)
    if not (1 <= first <= 12 and 1 <= last <= 12):
        raise ValueError(f"got {shown(value)}; {cure}")
    return tuple((first - 1 + ahead) % 12 for ahead in range((last - first) % 12 + 1))


def _day_number(name: str) -> int:
    if name not in _DAY_NUMBERS:
        raise ValueError(f"unknown day {shown(name)}; {_DAYS_CURE}" + suggestion(name, [*_DAY_NUMBERS, "daily"]))
    return _DAY_NUMBERS[name]


def _checked(read: Callable[[object], _Value], value: object, path: Key) -> _Value:
    try:
        return read(value)
    except ProfileError:
        raise
    except ValueError as error:
        raise ProfileError(str(error), path) from None
