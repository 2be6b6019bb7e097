"""Hours, levels and weights by the clock in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from portsim.scenario.levels import DAY_MS, DatedLevel, WeekProfile
from portsim.views.description.quantities import amount, clock, moment

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

MOST_STEPS = 24
"""A level by dates with more steps than this is summed up rather than listed."""

_Span = tuple[int, int, float]


def hours(profile: WeekProfile) -> str:
    """When something is open: `every day 10:00 to 24:00`."""
    if _is_constant(profile):
        return "around the clock"
    if not any(level for spans in profile.days for _, _, level in spans):
        return "never"
    return _by_days(profile, _open_spans, "closed", "every day ")


def level(profile: WeekProfile) -> str:
    """How many there are by the clock: `4 from 00:00 to 10:00, 10 from 10:00 to 24:00`."""
    if _is_constant(profile):
        return f"{amount(profile.days[0][0][2])} around the clock"
    if not any(level for spans in profile.days for _, _, level in spans):
        return "none"
    return _by_days(profile, _level_spans, "none", "")


def dated_level(steps: DatedLevel, zone: str) -> str:
    """How many there are from date to date; a long list is summed up."""
    listed = [f"{amount(value)} from {moment(at_ms, zone)}" for at_ms, value in steps.steps]
    if len(listed) <= MOST_STEPS:
        return ", ".join(listed) or "none"
    levels = [value for _, value in steps.steps]
    lowest, highest = amount(min(levels)), amount(max(levels))
    first, last = (moment(steps.steps[end][0], zone) for end in (0, -1))
    return f"by a list of {len(listed):,} dates and times from {first} to {last}, between {lowest} and {highest}"


def weekdays(numbers: Sequence[int]) -> str:
    """Days of the week, 0 is Monday: `Monday to Friday`, `Monday, Sunday`."""
    if len(numbers) == len(DAYS):
        return "every day"
    return _runs(sorted(numbers), DAYS)


def weights(values: Sequence[float], names: Sequence[str]) -> str:
    """Relative weights, neighbours of equal weight together: `Monday to Friday 1.17, Saturday to Sunday 0.58`."""
    grouped = [
        (value, [index for index, _ in group])
        for value, group in groupby(enumerate(values), lambda pair: round(pair[1], 4))
    ]
    return ", ".join(f"{_runs(indices, names)} {amount(value)}" for value, indices in grouped)


def _is_constant(profile: WeekProfile) -> bool:
    days = [_joined(spans) for spans in profile.days]
    return len(days[0]) == 1 and days[0][0][:2] == (0, DAY_MS) and days[0][0][2] > 0 and days.count(days[0]) == 7


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """The spans at which there is anything, neighbours of equal level as one."""
    joined: list[_Span] = []
    for start, end, value in spans:
        if not value:
            continue
        if joined and joined[-1][1:] == (start, value):
            joined[-1] = (joined[-1][0], end, value)
        else:
            joined.append((start, end, value))
    return joined


def _open_spans(spans: list[_Span]) -> str:
    return " and ".join(f"{clock(start)} to {clock(end)}" for start, end, _ in spans)


def _level_spans(spans: list[_Span]) -> str:
    return ", ".join(f"{amount(value)} from {clock(start)} to {clock(end)}" for start, end, value in spans)


def _by_days(profile: WeekProfile, words: Callable[[list[_Span]], str], nothing: str, always: str) -> str:
    """Days with the same words together, in the order of their first."""
    said: dict[str, list[int]] = {}
    for day, spans in enumerate(profile.days):
        joined = _joined(spans)
        said.setdefault(words(joined) if joined else nothing, []).append(day)
    if len(said) == 1:
        return always + next(iter(said))
    return "; ".join(f"{_runs(days, DAYS)} {text}" for text, days in said.items())


def _runs(indices: Sequence[int], names: Sequence[str]) -> str:
    """Names by their index, three or more in a row as `first to last`."""
    parts = []
    for _, group in groupby(enumerate(indices), lambda pair: pair[1] - pair[0]):
        run = [names[index] for _, index in group]
        parts.append(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run))
    return ", ".join(parts)
