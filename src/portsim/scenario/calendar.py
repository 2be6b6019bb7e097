"""Local clocks to instants: the only place where time zones are known.

Instants are integer ms since the UTC epoch. Zones come from the `tzdata` package, not from the machine, so that the
same scenario gives the same instants everywhere. Contract rules 2 (step functions) and 29 (hours and closures).

An explicit local time that the clocks skip, or show twice, is refused. The edges of a whole day (00:00 and 24:00 of
hours, levels and dated closures) are not explicit times: a day begins at its first instant, whatever the clock shows.
"""

from __future__ import annotations

import io
import pkgutil
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from portsim.scenario.levels import DAY_MS, Closure, DatedLevel, WeekProfile
from portsim.scenario.units import format_local, parse_date, parse_local_datetime, shown, suggestion

Steps = list[tuple[int, float]]
"""A step function as (UTC ms, level) pairs, ascending, no two neighbours of equal level."""

_EPOCH = datetime(1970, 1, 1)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MS = timedelta(milliseconds=1)
_OFTEN_MEANT = {"beijing": "Asia/Shanghai", "astana": "Asia/Almaty"}


def zone_names() -> tuple[str, ...]:
    """Every IANA zone name that may be written, in the order of the tz database's list."""
    listed = pkgutil.get_data("tzdata", "zones") or b""
    return tuple(name for name in listed.decode("ascii").split() if name != "Factory")


def check_zone(name: object) -> str:
    """The name itself if it is an IANA zone. Raises ValueError with the nearest real name."""
    cure = "write an IANA zone name such as Asia/Shanghai"
    if not isinstance(name, str):
        raise ValueError(f"got {shown(name)}, which is not a time zone; {cure}")
    names = zone_names()
    if name in names:
        return name
    place = name.rpartition("/")[2].lower()
    near = _OFTEN_MEANT.get(place) or next(
        (known for known in names if known.rpartition("/")[2].lower() == place), None
    )
    hint = f"; did you mean {near!r}?" if near else suggestion(name, names)
    raise ValueError(f"unknown time zone {shown(name)}; {cure}{hint}")


def to_utc_ms(local: datetime, zone: str) -> int:
    """The instant a naive local time means.

    Raises ValueError if the zone is unknown, or if the clocks skip that time or show it twice.
    """
    return _resolve(local.replace(fold=0), _zone(zone), is_strict=True)


def to_local(utc_ms: int, zone: str) -> datetime:
    """The naive local time the clock of a zone shows at an instant."""
    return _local(utc_ms, _zone(zone))


def moment(utc_ms: int, zone: str) -> str:
    """An instant as ISO 8601 with the offset of a zone: `2025-06-01T10:00:00+08:00`."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=utc_ms)
    return instant.astimezone(_zone(zone)).isoformat()


def day_start(ordinal: int, zone: str) -> int:
    """First instant of a local date (`date.toordinal`): its 00:00, or what the clocks jump to if they skip it.

    A date that the zone skipped altogether starts, and ends, where the next one starts.
    """
    return _resolve(datetime.fromordinal(ordinal), _zone(zone), is_strict=False)


def clock_instant(ordinal: int, ms: int, zone: str, *, strict_within: tuple[int, int] | None = None) -> int:
    """The instant of a clock time (ms after midnight, which may lie in the next day) of a local date.

    Of an ambiguous time the earlier reading; of a time that the clocks skip the instant of the jump. Such a time within
    `strict_within` (UTC ms, start <= t < end) raises ValueError instead.
    """
    return _resolve_clock(ordinal, ms, _zone(zone), strict_within)


def steady_day_start(ordinal: int, zone: str) -> int | None:
    """First instant of a local date on which clocks do not change, so that ms after midnight just add up; else None."""
    info = _zone(zone)
    shift = _steady_shift(ordinal, info)
    if shift is None or shift != _steady_shift(ordinal + 1, info):
        return None
    return (ordinal - _EPOCH_ORDINAL) * DAY_MS - shift


def is_steady(zone: str, start_ms: int, end_ms: int) -> bool:
    """Whether the clocks of a zone stay as they are from a day before to two days after a stretch.

    Then every clock time within it, also of a span that runs over midnight, exists and is shown once.
    """
    info = _zone(zone)
    first, last = (to_local(ms, zone).toordinal() for ms in (start_ms, end_ms))
    shifts = {_steady_shift(ordinal, info) for ordinal in range(first - 1, last + 3)}
    return len(shifts) == 1 and None not in shifts


def showings(ordinal: int, ms: int, zone: str) -> tuple[int, ...]:
    """Every instant at which the clock of a zone shows this time (ms after midnight) of a local date.

    None if the clocks skip it, two if they show it twice.
    """
    local = datetime.fromordinal(ordinal) + timedelta(milliseconds=ms)
    early, late = _shifts(local, _zone(zone))
    wall = (local - _EPOCH) // _MS
    if early == late:
        return (wall - early,)
    return (wall - early, wall - late) if early > late else ()


def midnights(zone: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """(date ordinal, first instant) of each local day, from the one containing start to the first at or after end."""
    ordinal = to_local(start_ms, zone).toordinal()
    while day_start(ordinal + 1, zone) <= start_ms:
        ordinal += 1
    found = [(ordinal, day_start(ordinal, zone))]
    while found[-1][1] < end_ms:
        ordinal += 1
        found.append((ordinal, day_start(ordinal, zone)))
    return found


def steps(profile: WeekProfile | DatedLevel, zone: str, start_ms: int, end_ms: int, *, strict: bool = True) -> Steps:
    """The level by the clock as a step function on [start_ms, end_ms); the first pair stands exactly at start_ms.

    Spans that run over midnight from the day before count. With `strict` a clock time within the stretch that does
    not exist or is ambiguous raises ValueError with the rule; without it (weights of arrivals) the earlier reading
    counts, and a time that the clocks skip means the instant of the jump. A level by dates has its instants already.
    """
    if isinstance(profile, DatedLevel):
        return _tidy([(start_ms, 0.0), *((max(at, start_ms), level) for at, level in profile.steps)], end_ms)
    info = _zone(zone)
    found: Steps = [(start_ms, 0.0)]
    first, last = (to_local(ms, zone).toordinal() for ms in (start_ms, end_ms))
    shifts = [_steady_shift(ordinal, info) for ordinal in range(first - 1, last + 4)]
    for index, ordinal in enumerate(range(first - 1, last + 2)):
        midnight = (ordinal - _EPOCH_ORDINAL) * DAY_MS
        # A span may reach to the end of the next day: without a change of clocks on either, plain arithmetic will do.
        steady = shifts[index] if shifts[index] == shifts[index + 1] == shifts[index + 2] else None
        for from_ms, to_ms, level in profile.days[(ordinal + 6) % 7]:
            if steady is not None:
                begin, end = midnight + from_ms - steady, midnight + to_ms - steady
            else:
                begin, end = (
                    _resolve_clock(ordinal, ms, info, (start_ms, end_ms) if strict else None) for ms in (from_ms, to_ms)
                )
            begin, end = max(begin, start_ms), min(end, end_ms)
            if begin < end:
                found += [(begin, level), (end, 0.0)]
    return _tidy(found, end_ms)


def cut(levels: Sequence[tuple[int, float]], closures: Iterable[Closure], end_ms: int) -> Steps:
    """A step function with level 0 inside each closure; closures may overlap and stand in any order."""
    if not levels:
        return []
    events: list[tuple[int, float | None, int]] = [(at, level, 0) for at, level in levels]
    for closure in closures:
        events += [(closure.start_ms, None, 1), (closure.end_ms, None, -1)]
    events.sort(key=lambda event: event[0])
    found: Steps = []
    level_by_clock, closed_by = 0.0, 0
    for at, level, closing in events:
        level_by_clock = level_by_clock if level is None else level
        closed_by += closing
        found.append((max(at, levels[0][0]), 0.0 if closed_by else level_by_clock))
    return _tidy(found, end_ms)


def splice(pieces: Sequence[tuple[int, Sequence[tuple[int, float]]]]) -> Steps:
    """One step function of several: each piece holds from its own instant until the next piece's.

    A piece whose steps begin earlier counts from its instant on, with the level it has there; before its first step
    its level is 0.
    """
    found: Steps = []
    for index, (from_ms, levels) in enumerate(pieces):
        until = pieces[index + 1][0] if index + 1 < len(pieces) else None
        level_at_start = 0.0
        for at, level in levels:
            if at > from_ms:
                break
            level_at_start = level
        found.append((from_ms, level_at_start))
        found += [(at, level) for at, level in levels if at > from_ms and (until is None or at < until)]
    return _tidy(found, None)


def union(functions: Sequence[Steps]) -> Steps:
    """1 wherever any of the step functions is above 0."""
    events = sorted((at, number, level) for number, steps in enumerate(functions) for at, level in steps)
    levels = [0.0] * len(functions)
    found: dict[int, float] = {}
    for at, number, level in events:
        levels[number] = level
        found[at] = 1.0 if any(levels) else 0.0  # of several steps at one instant what holds after all of them
    return list(found.items())


def area_of_product(first: Steps, second: Steps, end_ms: int) -> float:
    """Integral of the product of two step functions up to an instant, in level-milliseconds."""
    events = sorted([(at, 0, level) for at, level in first] + [(at, 1, level) for at, level in second])
    levels = [0.0, 0.0]
    area = 0.0
    for index, (at, which, level) in enumerate(events):
        levels[which] = level
        until = events[index + 1][0] if index + 1 < len(events) else end_ms
        area += levels[0] * levels[1] * (until - at)
    return area


def parse_closure(text: object, zone: str) -> Closure:
    """A closure: "2025-05-31", "2025-10-01..2025-10-03" (both days) or "2025-05-31 12:00..2025-05-31 18:00".

    Whole days run from the day's first instant to the next day's. Raises ValueError.
    """
    cure = "write '2025-05-31', '2025-10-01..2025-10-03' or '2025-05-31 12:00..2025-05-31 18:00'"
    if not isinstance(text, str):
        raise ValueError(f"got {shown(text)}, which is not a closure; {cure}")
    first, dots, last = (part.strip() for part in text.partition(".."))
    if dots and not (first and last):
        raise ValueError(f"got {shown(text)}, a closure without a beginning or an end; {cure}")
    if not dots and re.search(r":|\sto\s|/|\s-\s|[\u2013\u2014]", text):
        raise ValueError(f"got {shown(text)}, which is not a closure; {cure}")
    have_clock = [":" in part for part in (first, last) if part]
    if len(set(have_clock)) > 1:
        raise ValueError(f"got {shown(text)}, a date and a date with a clock time; {cure}")
    if have_clock[0]:
        start, end = (to_utc_ms(parse_local_datetime(part), zone) for part in (first, last))
    else:
        days = [parse_date(part).toordinal() for part in (first, last or first)]
        start, end = day_start(days[0], zone), day_start(days[1] + 1, zone)
    if end <= start:
        what = "which ends before it begins" if dots else f"a date that {zone} skipped"
        raise ValueError(f"got {shown(text)}, {what}; {cure}")
    return Closure(start, end, text)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    data = pkgutil.get_data("tzdata", f"zoneinfo/{check_zone(name)}")
    return ZoneInfo.from_file(io.BytesIO(data or b""), key=name)


def _local(utc_ms: int, info: ZoneInfo) -> datetime:
    utc = _EPOCH + timedelta(milliseconds=utc_ms)
    return info.fromutc(utc.replace(tzinfo=info)).replace(tzinfo=None, fold=0)


def _shifts(local: datetime, info: ZoneInfo) -> tuple[int, int]:
    """Local time minus UTC, in ms, by the earlier (fold 0) and by the later reading; equal where there is only one."""
    early, late = info.utcoffset(local), info.utcoffset(local.replace(fold=1))
    assert early is not None and late is not None
    return early // _MS, late // _MS


def _steady_shift(ordinal: int, info: ZoneInfo) -> int | None:
    """Local time minus UTC at a date's midnight, in ms; None if the clocks change there."""
    early, late = _shifts(datetime.fromordinal(ordinal), info)
    return early if early == late else None


def _resolve(local: datetime, info: ZoneInfo, *, is_strict: bool) -> int:
    """The instant of a local time; not strict: the earlier of two, the instant of the jump for one skipped."""
    early, late = _shifts(local, info)
    wall = (local - _EPOCH) // _MS
    if early == late:
        return wall - early
    if is_strict:
        raise ValueError(_refusal(local, info, early, late))
    return wall - early if early > late else _jump(wall - late, wall - early, info)


def _resolve_clock(ordinal: int, ms: int, info: ZoneInfo, strict_within: tuple[int, int] | None) -> int:
    """The instant of a clock time of a date; whole days stand for day edges, which are never refused."""
    days, clock = divmod(ms, DAY_MS)
    local = datetime.fromordinal(ordinal + days) + timedelta(milliseconds=clock)
    at = _resolve(local, info, is_strict=False)
    if clock and strict_within is not None:
        early, late = _shifts(local, info)
        # Of an ambiguous time, the later reading comes (early - late) after the earlier one.
        if early != late and at < strict_within[1] and at + max(early - late, 0) > strict_within[0]:
            raise ValueError(_refusal(local, info, early, late))
    return at


def _jump(before_ms: int, after_ms: int, info: ZoneInfo) -> int:
    """The instant in (before_ms, after_ms] at which the clocks change, by bisection."""

    def shift(utc_ms: int) -> timedelta:
        return _local(utc_ms, info) - timedelta(milliseconds=utc_ms) - _EPOCH

    after = shift(after_ms)
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        if shift(middle) == after:
            after_ms = middle
        else:
            before_ms = middle
    return after_ms


def _refusal(local: datetime, info: ZoneInfo, early: int, late: int) -> str:
    """Why an explicit local time is refused, and between which clock times none may lie."""
    wall = (local - _EPOCH) // _MS
    jump = _jump(wall - max(early, late), wall - min(early, late), info)
    before, after = (format_local(_EPOCH + timedelta(milliseconds=jump + shift)) for shift in (early, late))
    if early < late:
        return (
            f"{format_local(local)} does not exist in {info.key}: clocks go forward from {before} to {after}; "
            f"write a time before {before} or from {after} on"
        )
    return (
        f"{format_local(local)} is ambiguous in {info.key}: clocks go back from {before} to {after} and show it "
        f"twice; write a time before {after} or from {before} on"
    )


def _tidy(found: Iterable[tuple[int, float]], end_ms: int | None) -> Steps:
    """Of several steps at one instant the last counts; steps that change nothing, or stand at the end, are left out."""
    tidy: Steps = []
    for at, level in found:
        if end_ms is not None and at >= end_ms:
            continue
        if tidy and tidy[-1][0] == at:
            tidy.pop()
        if not tidy or tidy[-1][1] != level:
            tidy.append((at, level))
    return tidy
