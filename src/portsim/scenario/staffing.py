"""Officers wanted hour by hour, from a CSV file of the user: by dates and times, or by the hours of a week."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario import calendar, units
from portsim.scenario.csvfile import CsvTable
from portsim.scenario.levels import DatedLevel, WeekProfile
from portsim.scenario.profiles import DAY_NAMES, HIGHEST_LEVEL, parse_days
from portsim.scenario.recorded import Instants, parse_whole
from portsim.scenario.units import HOUR_MS, shown

_FORMS = ("from", "hour")
_COLUMNS = (*_FORMS, "officers", "days")


@dataclass(frozen=True, slots=True)
class Staffing:
    """A file of officers wanted, as read.

    ignored : header names of columns that mean nothing here
    sha256 : of the file's bytes, hexadecimal
    """

    level: WeekProfile | DatedLevel
    ignored: tuple[str, ...]
    sha256: str


def read_staffing(file: object, folder: Path | None, zone: str) -> Staffing:
    """Read officers wanted: columns `from` and `officers`, or `hour`, `officers` and, if there, `days`.

    file : as the scenario names it, below `folder`
    zone : the clock of its times; a row of `from` holds until the next one, a row of `hour` for one hour
    Raises ValueError if the path is refused, ScenarioError with everything wrong inside the file.
    """
    table = CsvTable.read(file, folder)
    columns = table.columns(_COLUMNS, required=("officers",))
    forms = [form for form in _FORMS if form in columns]
    if len(forms) != 1:
        has = "both a column 'from' and a column 'hour'" if forms else "neither a column 'from' nor a column 'hour'"
        rule = "write `from` (2025-05-24 08:00) for a level by dates, `hour` (8) for one of every day or week"
        raise ScenarioError([Problem(Place(table.file, table.header_line, 1), "", f"has {has}; {rule}")])
    by_date = forms == ["from"]
    level: WeekProfile | DatedLevel = _by_date(table, columns, zone) if by_date else _by_hour(table, columns)
    known = ("from", "officers") if by_date else ("hour", "officers", "days")
    return Staffing(level, tuple(name for name in table.header if name not in known), table.sha256)


def _by_date(table: CsvTable, columns: Mapping[str, int], zone: str) -> DatedLevel:
    officers_from: dict[int, int] = {}
    lines: dict[int, int] = {}
    readers: dict[str, Callable[[str], int]] = {"from": _since(zone), "officers": _officers}
    for at_ms, officers in table.rows([(columns[name], name, read) for name, read in readers.items()]):
        if at_ms in lines:
            table.problem(table.line, 1, "from", f"is the same time as in line {lines[at_ms]}; keep one of the rows")
        lines.setdefault(at_ms, table.line)
        officers_from[at_ms] = officers
    table.finish("has a header but no rows; write one for each change of officers")
    return DatedLevel(tuple((at_ms, float(officers)) for at_ms, officers in sorted(officers_from.items())))


def _by_hour(table: CsvTable, columns: Mapping[str, int]) -> WeekProfile:
    officers_at: dict[tuple[int, int], int] = {}
    lines: dict[tuple[int, int], int] = {}
    readers: dict[str, Callable[[str], Any]] = {"hour": _hour, "officers": _officers, "days": parse_days}
    names = [name for name in readers if name in columns]
    for row in table.rows([(columns[name], name, readers[name]) for name in names]):
        hour, officers, *listed = row
        days: tuple[int, ...] = listed[0] if listed else tuple(range(7))
        twice = next(((day, hour) for day in days if (day, hour) in lines), None)
        if twice is not None:
            of_day = f"{DAY_NAMES[twice[0]]} " if listed else ""
            rule = f"{of_day}{hour:02d}:00 stands in line {lines[twice]} already; keep one of the rows"
            table.problem(table.line, 1, "hour", rule)
        for day in days:
            lines.setdefault((day, hour), table.line)
            officers_at[day, hour] = officers
    table.finish("has a header but no rows; write one for each hour")
    return WeekProfile(tuple(_spans([officers_at.get((day, hour), 0) for hour in range(24)]) for day in range(7)))


def _spans(by_hour: list[int]) -> tuple[tuple[int, int, float], ...]:
    """The hours of a day as spans; hours of the same level are one, so that no clock time stands where none changes."""
    spans: list[tuple[int, int, float]] = []
    for hour, officers in enumerate(by_hour):
        if spans and spans[-1][1:] == (hour * HOUR_MS, officers):
            spans[-1] = (spans[-1][0], (hour + 1) * HOUR_MS, float(officers))
        elif officers:
            spans.append((hour * HOUR_MS, (hour + 1) * HOUR_MS, float(officers)))
    return tuple(spans)


def _since(zone: str) -> Callable[[str], int]:
    """Reads when a row begins to hold; a date alone is its 00:00."""
    instants = Instants(zone)

    def read(cell: str) -> int:
        text = cell.strip()
        if text and ":" not in text:
            return calendar.day_start(units.parse_date(text).toordinal(), zone)
        return instants(cell)

    return read


def _hour(cell: str) -> int:
    text = cell.strip()
    cure = "write the hour it begins, 0 to 23 or '08:00'"
    if text.isdecimal() and len(text) <= 2 and int(text) < 24:
        return int(text)
    if ":" not in text:
        raise ValueError(f"got {shown(text)}, which is not an hour of the day; {cure}" if text else f"is empty; {cure}")
    hour, part = divmod(units.parse_clock(text), HOUR_MS)
    if part:
        raise ValueError(f"got {shown(text)}; each row holds one whole hour: {cure}")
    return hour


def _officers(cell: str) -> int:
    if not cell.strip():
        raise ValueError("is empty; write a whole number of officers, 0 for none")
    return parse_whole(cell, HIGHEST_LEVEL)
