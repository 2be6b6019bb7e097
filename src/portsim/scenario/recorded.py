"""Recorded data of the user: CSV files of arrivals, and of durations for empirical distributions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portsim.scenario import units
from portsim.scenario.arrivals import RecordedArrivals
from portsim.scenario.calendar import steady_day_start, to_utc_ms
from portsim.scenario.csvfile import CsvTable
from portsim.scenario.units import (
    parse_count,
    parse_date,
    parse_duration_in,
    parse_local_datetime,
    parse_priority,
    parse_time_unit,
    shown,
)

_COLUMNS = ("arrived_at", "priority", "persons", "goods")

_WITH_OFFSET = re.compile(r"(.*:[0-9.]+)\s*(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))")
_PLAIN_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded arrivals, as read for one run.

    arrivals : those within the run, in time order; rows of the same instant keep the order of the file
    dropped : how many rows lie before the run's start, or at or after its end
    ignored : header names of columns that mean nothing here
    sha256 : of the file's bytes, hexadecimal
    """

    arrivals: RecordedArrivals
    dropped: int
    ignored: tuple[str, ...]
    sha256: str


def read_arrivals(file: object, folder: Path | None, zone: str, start_ms: int, end_ms: int) -> Recording:
    """Read recorded arrivals: columns arrived_at and, if there, priority, persons, goods.

    file : as the scenario names it, below `folder`
    zone : the clock of times written without an offset ("2025-05-24 08:15"); "2025-05-24T08:15:00+08:00" says its own
    start_ms, end_ms : the run, UTC epoch ms; rows outside it are dropped and counted
    Raises ValueError if the path is refused, ScenarioError with everything wrong inside the file.
    """
    table = CsvTable.read(file, folder)
    columns = table.columns(_COLUMNS, required=("arrived_at",))
    readers: dict[str, Callable[[str], int]] = {
        "arrived_at": Instants(zone),
        "priority": _priority,
        "persons": lambda cell: parse_whole(cell, units.MOST_PERSONS),
        "goods": lambda cell: parse_whole(cell, units.MOST_GOODS),
    }
    names = tuple(name for name in _COLUMNS if name in columns)
    rows = list(table.rows([(columns[name], name, readers[name]) for name in names]))
    table.finish("has a header but no arrivals; write one row for each unit")
    inside = [row for row in rows if start_ms <= row[0] < end_ms]
    inside.sort(key=lambda row: row[0])
    by_name = {name: tuple(row[index] for row in inside) for index, name in enumerate(names)}
    arrivals = RecordedArrivals(
        file=table.file,
        arrived_ms=by_name["arrived_at"],
        priority=by_name.get("priority"),
        persons=by_name.get("persons"),
        goods=by_name.get("goods"),
    )
    ignored = tuple(name for name in table.header if name not in columns)
    return Recording(arrivals, len(rows) - len(inside), ignored, table.sha256)


def read_durations(file: object, folder: Path | None, column: object, unit: object) -> tuple[tuple[int, ...], str]:
    """Durations in ms from one column of plain numbers in a unit of time ("min"), and the file's sha256.

    Raises ValueError if path, column name or unit is refused, ScenarioError with everything wrong inside the file.
    """
    if not isinstance(column, str) or not column.strip():
        raise ValueError(f"got {shown(column)}, which is not the name of a column")
    name, unit = column.strip(), parse_time_unit(unit)
    table = CsvTable.read(file, folder)
    columns = table.columns((name,), required=(name,))
    values = [value for (value,) in table.rows([(columns[name], name, lambda cell: parse_duration_in(cell, unit))])]
    table.finish("has a header but no durations; write one row for each")
    return tuple(values), table.sha256


class Instants:
    """Reads one time after another, remembering the dates it has seen: files repeat them thousands of times."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._day_starts: dict[str, int | None] = {}

    def __call__(self, cell: str) -> int:
        """The instant (UTC ms) that a cell names. Raises ValueError."""
        match = _PLAIN_TIME.fullmatch(cell)
        if match is None:
            return _instant(cell, self._zone)
        day, hour, minute, second = match.groups("0")
        if day not in self._day_starts:
            self._day_starts[day] = steady_day_start(parse_date(day).toordinal(), self._zone)
        start_ms = self._day_starts[day]
        if start_ms is None:
            return _instant(cell, self._zone)
        return start_ms + 3_600_000 * int(hour) + 60_000 * int(minute) + 1000 * int(second)


def _instant(cell: str, zone: str) -> int:
    text = cell.strip()
    cure = "write for instance '2025-05-24 08:15' or '2025-05-24T08:15:00+08:00'"
    if not text:
        raise ValueError(f"is empty; {cure}")
    if ":" not in text:
        raise ValueError(f"got {shown(text)}, which has no clock time; {cure}")
    match = _WITH_OFFSET.fullmatch(text)
    if match is None:
        return to_utc_ms(parse_local_datetime(text), zone)
    local, utc, sign, hours, minutes = match.groups()
    shift = 0 if utc else 60 * int(hours) + int(minutes)
    if shift > 14 * 60 or (not utc and int(minutes) > 59):
        raise ValueError(f"got {shown(text)}, whose offset from UTC is not within 14 hours; {cure}")
    wall_as_utc = to_utc_ms(parse_local_datetime(local), "Etc/UTC")
    return wall_as_utc - (-shift if sign == "-" else shift) * 60_000


def _priority(cell: str) -> int:
    text = cell.strip()
    return parse_priority(int(text) if _WHOLE.fullmatch(text) else text)


def parse_whole(cell: str, at_most: int) -> int:
    """A whole number from 0 in a cell of a table. Raises ValueError."""
    text = cell.strip()
    if not text:
        raise ValueError("is empty; write a whole number, or leave the column out")
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"got {shown(text)}, which is not a whole number; write one from 0 to {at_most}")
    number = int(text)
    return number if 0 <= number <= at_most else parse_count(number, at_most=at_most)
