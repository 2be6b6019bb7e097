"""Quantities as people write them ("4 min", "15/h", "15%", "2025-06-01 10:00"), read exactly.

Every `parse_...` takes a plain YAML value (text, number, truth value, nothing, list or mapping) and returns a plain
value, or raises ValueError with a message that says what was got, what is allowed and how to write it. Numbers are
read in decimal, never through binary fractions: "0.1 s" is 100 ms exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from portsim.scenario.levels import DAY_MS

MINUTE_MS = 60_000
HOUR_MS = 3_600_000

LONGEST_MS = 366 * DAY_MS
"""Longest duration a scenario may state."""

HIGHEST_RATE_PER_DAY = 10_000_000.0
MOST_PERSONS = 10_000
MOST_GOODS = 1_000_000
"""Highest demand of one flow, units a day: beyond it the run cannot be held in memory."""

LARGEST_NUMBER = 1e12
"""Largest plain number a scenario may state."""

FIRST_YEAR, LAST_YEAR = 1970, 2200

UNIT_MS: Mapping[str, int] = {
    **dict.fromkeys(("ms",), 1),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1000),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), MINUTE_MS),
    **dict.fromkeys(("h", "hour", "hours"), HOUR_MS),
    **dict.fromkeys(("d", "day", "days"), DAY_MS),
}
"""Length in ms of every unit of time that may be written."""

PRIORITIES: Mapping[str, int] = {"high": -1, "ordinary": 0, "low": 1}
"""Priority by its name; smaller goes first."""

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_IS_NUMBER = re.compile(_NUMBER)
_NUMBER_AND_WORD = re.compile(rf"({_NUMBER})\s*([^\s0-9.,:/%+-][^\s]*)?")
_ISO_DURATION = re.compile(
    r"P(?:(?P<w>N)W)?(?:(?P<d>N)D)?(?:T(?=[0-9])(?:(?P<h>N)H)?(?:(?P<m>N)M)?(?:(?P<s>N)S)?)?".replace(
        "N", r"[0-9]+(?:[.,][0-9]+)?"
    )
)
_ISO_UNIT_MS = {"w": 7 * DAY_MS, "d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": 1000}
_RATE = re.compile(rf"({_NUMBER})\s*(?:/|per\s)\s*([^\s]+)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")
_LONGEST_TEXT = 64

_DURATION_CURE = "write for instance '4 min', '90 s' or '2 h'"
_RATE_CURE = "write for instance '15/h', '533/day' or '2.7/min'"


def shown(value: object) -> str:
    """How a message shows a value: as the file would say it, cut to a readable length."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value if len(value) <= 40 else value[:37] + "...")
        case int() if abs(value) >= 10**30:
            return "a whole number of more than 30 digits"
        case float() if math.isnan(value):
            return ".nan"
        case float() if math.isinf(value):
            return ".inf" if value > 0 else "-.inf"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return str(value)


def suggestion(word: str, allowed: Iterable[str], *, nearness: float = 0.6) -> str:
    """What to add to a message about an unknown word: "; did you mean 'x'?", or nothing if no word is near.

    nearness : share of equal characters (difflib's ratio) from which a word counts as near
    """
    import difflib

    by_lower: dict[str, str] = {}
    for name in allowed:
        by_lower.setdefault(name.lower(), name)
    near = difflib.get_close_matches(word.lower()[:_LONGEST_TEXT], list(by_lower), n=1, cutoff=nearness)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def parse_duration(value: object) -> int:
    """A length of time in ms: "4 min", "1.5 h", "500 ms", "1 d" or ISO 8601 "PT1H30M"; at most 366 days.

    What is not a whole number of ms is rounded half to even. A bare number is refused: nobody can tell its unit.
    """
    text = _text(value, "a duration", _DURATION_CURE, "unit")
    iso = _ISO_DURATION.fullmatch(text.upper()) if text[:1] in "Pp" else None
    if iso is not None and any(iso.groupdict().values()):
        parts = ((number, _ISO_UNIT_MS[unit]) for unit, number in iso.groupdict().items() if number)
        return _duration_ms(sum((_fraction(number) * unit_ms for number, unit_ms in parts), Fraction(0)), text)
    if text[:1] in "Pp" and re.fullmatch(r"[Pp][0-9.,YMWDTHSymwdths]*", text):
        raise ValueError(
            f"got {shown(text)}, which is no ISO 8601 duration of weeks, days, hours, minutes and seconds "
            f"(years and months have no fixed length); write for instance 'PT5M', 'PT1H30M' or 'P2D'"
        )
    if _CLOCK.fullmatch(text):
        raise ValueError(f"got {shown(text)}, which is a clock time, not a duration; {_DURATION_CURE}")
    match = _NUMBER_AND_WORD.fullmatch(text)
    if match is None:
        cure = _comma_cure(text) or f"; {_DURATION_CURE}"
        raise ValueError(f"got {shown(text)}, which is not one number and one unit{cure}")
    number, unit = match.groups()
    if unit is None:
        raise ValueError(f"got {shown(text)}, which has no unit; {_DURATION_CURE}")
    return _duration_ms(_fraction(number) * _unit_ms(unit), text)


def parse_duration_in(cell: str, unit: str) -> int:
    """A length of time in ms from a bare number of a table whose unit stands elsewhere ("4.5" in "min")."""
    text = _cell(cell, "a number")
    return _duration_ms(_fraction(text) * _unit_ms(unit), f"{text} {unit}")


def parse_time_unit(value: object) -> str:
    """The name of a unit of time, as `parse_duration_in` takes it."""
    text = _text(value, "a unit of time", "write for instance 'min'")
    _unit_ms(text)
    return text


def parse_rate(value: object) -> float:
    """Units per day from a rate: "15/h", "533/day", "2.7/min", "1/s" ("15 per hour" is read too)."""
    text = _text(value, "a rate", _RATE_CURE, "unit of time")
    match = _RATE.fullmatch(text)
    if match is None:
        what = "which has no unit of time" if _IS_NUMBER.fullmatch(text) else "which is not a rate"
        raise ValueError(f"got {shown(text)}, {what}" + (_comma_cure(text) or f"; {_RATE_CURE}"))
    number, unit = match.groups()
    return _demand(_fraction(number) * DAY_MS / _unit_ms(unit), text)


def parse_daily(value: object) -> float:
    """Units a day: a plain number (648) or a rate ("15/h")."""
    if isinstance(value, str):
        return parse_rate(value)
    return _demand(_number(value, "a number of units a day"), shown(value))


def parse_share(value: object) -> float:
    """A share of 0 to 1: a number (0.15) or text with a percent sign ("15%")."""
    cure = "write a share as '15%' or 0.15"
    share = _percentage(value, "a share", cure)
    if not 0 <= share <= 1:
        raise ValueError(f"got {shown(value)}, but a share is between 0 and 1 (0% and 100%); {cure}")
    return float(share)


def parse_growth(value: object) -> float:
    """A yearly growth above -1 and at most 10: a number (0.1) or text with a percent sign ("10%", "-5%")."""
    cure = "write growth as '10%' or 0.1"
    growth = _percentage(value, "a growth per year", cure)
    if not -1 < growth <= 10:
        raise ValueError(f"got {shown(value)}, but growth per year is above -100% and at most 1000%; {cure}")
    return float(growth)


def parse_number(
    value: object,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float = LARGEST_NUMBER,
) -> float:
    """A plain finite number within the limits given (by default between minus and plus `LARGEST_NUMBER`)."""
    number = _number(value, "a number")
    limits = [f"at most {at_most:g}"]
    if above is not None:
        limits.insert(0, f"above {above:g}")
    else:
        at_least = -LARGEST_NUMBER if at_least is None else at_least
        limits.insert(0, f"at least {at_least:g}")
    is_low = number <= above if above is not None else at_least is not None and number < at_least
    if is_low or number > at_most:
        raise ValueError(f"got {shown(value)}; it must be {' and '.join(limits)}")
    return float(number)


def parse_count(value: object, *, at_least: int = 0, at_most: int = 1_000_000_000) -> int:
    """A whole number within the limits given: 4, never 2.5, "4" or true."""
    number = _number(value, "a whole number")
    if number.denominator != 1:
        raise ValueError(f"got {shown(value)}, which is not whole; write a whole number such as {math.ceil(number)}")
    if not at_least <= number <= at_most:
        raise ValueError(f"got {shown(value)}; it must be a whole number from {at_least} to {at_most}")
    return int(number)


def parse_priority(value: object) -> int:
    """A priority: high (-1), ordinary (0), low (1) or a whole number from -100 to 100; smaller goes first."""
    if isinstance(value, str):
        if value not in PRIORITIES:
            raise ValueError(
                f"got {shown(value)}; a priority is high, ordinary, low or a whole number from -100 to 100"
                + suggestion(value, PRIORITIES)
            )
        return PRIORITIES[value]
    return parse_count(value, at_least=-100, at_most=100)


def parse_clock(value: object, *, is_end: bool = False) -> int:
    """A clock time "08:00" (or "08:00:30") as ms after midnight; "24:00" only where something ends (`is_end`)."""
    text = _text(value, "a clock time", "write for instance '08:00'")
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"got {shown(text)}, which is not a clock time; write for instance '08:00'")
    ms = _clock_ms(match, text)
    if ms == DAY_MS and not is_end:
        raise ValueError(f"got {shown(text)}, which only an end can be; write '00:00'")
    return ms


def parse_date(value: object) -> date:
    """A calendar date "2025-05-31", of the years 1970 to 2200."""
    text = _text(value, "a date", "write for instance '2025-05-31'")
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"got {shown(text)}, which is not a date; write year-month-day, for instance '2025-05-31'")
    return _date(match, text)


def parse_local_datetime(value: object) -> datetime:
    """A local date and time "2025-06-01 10:00" (":SS" may follow), or a date alone, which means its 00:00.

    "24:00" is midnight at the end of the date. Naive: the zone is that of the side it belongs to.
    """
    cure = "write for instance '2025-06-01 10:00'"
    text = _text(value, "a local date and time", cure)
    day, _, clock = text.replace("T", " ", 1).partition(" ")
    match_date, match_clock = _DATE.fullmatch(day), _CLOCK.fullmatch(clock.strip())
    if match_date is None or (clock and match_clock is None):
        if match_date is not None and _OFFSET.search(clock):
            raise ValueError(f"got {shown(text)}; times are by the clock of the side, so leave the offset out: {cure}")
        raise ValueError(f"got {shown(text)}, which is not a local date and time; {cure}")
    midnight = datetime.combine(_date(match_date, text), datetime.min.time())
    return midnight + timedelta(milliseconds=_clock_ms(match_clock, text) if match_clock else 0)


def format_clock(ms: int) -> str:
    """Ms after midnight as a clock time "08:00" (seconds and ms only if there are any); one day is "24:00"."""
    minutes, rest = divmod(ms, MINUTE_MS)
    seconds = f":{rest // 1000:02d}" if rest else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d}{seconds}" + (f".{rest % 1000:03d}" if rest % 1000 else "")


def format_local(local: datetime) -> str:
    """A naive local time as "2025-06-01 10:00" (seconds and ms only if there are any)."""
    ms = (local.hour * 60 + local.minute) * MINUTE_MS + local.second * 1000 + local.microsecond // 1000
    return f"{local.date().isoformat()} {format_clock(ms)}"


def _text(value: object, what: str, cure: str, number_lacks: str = "") -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        lack = f"which has no {number_lacks}" if number_lacks else f"which is not {what}"
        raise ValueError(f"got {shown(value)}, {lack}; {cure}")
    if not isinstance(value, str):
        raise ValueError(f"got {shown(value)}, which is not {what}; {cure}")
    text = value.strip()
    if not text:
        raise ValueError(f"got empty text, which is not {what}; {cure}")
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"got text of {len(text)} characters, which is not {what}; {cure}")
    return text


def _cell(cell: str, what: str) -> str:
    text = cell.strip()
    if not text:
        raise ValueError(f"is empty; write {what}")
    if not _IS_NUMBER.fullmatch(text) or len(text) > _LONGEST_TEXT:
        raise ValueError(f"got {shown(text)}, which is not {what}" + _comma_cure(text))
    return text


def _comma_cure(text: str) -> str:
    if not re.match(r"[0-9]+,[0-9]+", text):
        return ""
    return f"; decimals take a point and thousands no mark: {text.replace(',', '.')!r} or {text.replace(',', '')!r}"


def _fraction(number: str) -> Fraction:
    return Fraction(Decimal(number.replace(",", ".")))


def _number(value: object, what: str) -> Fraction:
    if isinstance(value, str) and _IS_NUMBER.fullmatch(value.strip()):
        raise ValueError(f"got the text {shown(value)}, which is not {what}; write it without quotes")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"got {shown(value)}, which is not {what}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"got {shown(value)}, which is not finite; write {what}")
    return Fraction(value)


def _percentage(value: object, what: str, cure: str) -> Fraction:
    if not isinstance(value, str):
        try:
            return _number(value, what)
        except ValueError as error:
            raise ValueError(f"{error}; {cure}") from None
    text = value.strip()
    number = text.removesuffix("%").rstrip()
    if number == text or len(text) > _LONGEST_TEXT or not _IS_NUMBER.fullmatch(number):
        raise ValueError(f"got {shown(value)}, which is not {what}; {cure}")
    return _fraction(number) / 100


def _unit_ms(unit: str) -> int:
    if unit not in UNIT_MS:
        raise ValueError(f"unknown unit {shown(unit)}; write ms, s, min, h or d" + suggestion(unit, UNIT_MS))
    return UNIT_MS[unit]


def _duration_ms(exact: Fraction, text: str) -> int:
    if exact < 0:
        raise ValueError(f"got {shown(text)}; a duration cannot be negative")
    if exact > LONGEST_MS:
        raise ValueError(f"got {shown(text)}; a duration is at most 366 days")
    return round(exact)


def _demand(per_day: Fraction, text: str) -> float:
    if per_day < 0:
        raise ValueError(f"got {text}; a demand cannot be negative")
    if per_day > HIGHEST_RATE_PER_DAY:
        raise ValueError(f"got {text}; a flow has at most {HIGHEST_RATE_PER_DAY:.0f} units a day")
    return float(per_day)


def _clock_ms(match: re.Match[str], text: str) -> int:
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    ms = HOUR_MS * hour + MINUTE_MS * minute + 1000 * second + round(1000 * Fraction(f"0.{match.group(4) or 0}"))
    if minute > 59 or second > 59 or ms > DAY_MS:
        raise ValueError(f"got {shown(text)}; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59")
    return ms


def _date(match: re.Match[str], text: str) -> date:
    year, month, day = (int(part) for part in match.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"got {shown(text)}; years go from {FIRST_YEAR} to {LAST_YEAR}")
    try:
        return date(year, month, day)
    except ValueError:
        pass
    if not 1 <= month <= 12:
        raise ValueError(f"got {shown(text)}, a date that does not exist: months go from 01 to 12")
    following = date(year + month // 12, month % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    raise ValueError(f"got {shown(text)}, a date that does not exist: that month has {last} days")
