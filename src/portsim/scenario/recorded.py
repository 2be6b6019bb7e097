"""Recorded data of the user: CSV files of arrivals, and of durations for empirical distributions.

A file is read with the csv module as UTF-8 text with a header line. Everything wrong in it is reported at once, each
with its line and column, up to `PROBLEMS_SHOWN`; what follows is counted.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario import units
from portsim.scenario.calendar import steady_day_start, to_utc_ms
from portsim.scenario.scenario import RecordedArrivals
from portsim.scenario.units import (
    parse_count,
    parse_date,
    parse_duration_in,
    parse_local_datetime,
    parse_priority,
    parse_time_unit,
    shown,
    suggestion,
)

LARGEST_FILE = 50_000_000
"""Bytes of the largest file that is read."""

PROBLEMS_SHOWN = 20
PROBLEMS_COUNTED = 1000
"""Problems after which the rest of a file is not read any more."""


_COLUMNS = ("arrived_at", "priority", "persons", "goods")
_MISSPELT = 0.8
"""Nearness from which a header name is a misspelt column rather than one of the user's own ("person_id")."""

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


def locate(file: object, folder: Path | None) -> Path:
    """Where a data file that a scenario names stands: always inside the scenario's folder.

    Raises ValueError with the rule if the path is absolute, has "..", or leads out of the folder by a link, and if
    there is no such file.
    """
    cure = "put the file beside the scenario and write its name, for instance 'arrivals.csv'"
    if not isinstance(file, str) or not file.strip() or "\0" in file:
        raise ValueError(f"got {shown(file)}, which is not a file name; {cure}")
    if folder is None:
        raise ValueError(f"got {shown(file)}, but this scenario was read from text and has no folder to look in")
    if "\\" in file or PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive:
        raise ValueError(f"got {shown(file)}; a path is relative to the scenario's folder and uses '/'; {cure}")
    if ".." in PurePosixPath(file).parts:
        raise ValueError(f"got {shown(file)}; a path may not leave the scenario's folder by '..'; {cure}")
    try:
        path, home = (folder / file).resolve(), folder.resolve()
        if not path.is_relative_to(home):
            raise ValueError(f"got {shown(file)}, a link that leads out of the scenario's folder; {cure}")
        if not path.exists():
            names = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
            raise ValueError(f"there is no file {shown(file)} in the scenario's folder" + suggestion(path.name, names))
        if not path.is_file():
            raise ValueError(f"got {shown(file)}, which is a folder or device, not a file; {cure}")
    except (OSError, RuntimeError) as error:
        raise ValueError(f"cannot look up {shown(file)}: {_reason(error)}") from None
    return path


def read_arrivals(file: object, folder: Path | None, zone: str, start_ms: int, end_ms: int) -> Recording:
    """Read recorded arrivals: columns arrived_at and, if there, priority, persons, goods.

    file : as the scenario names it, below `folder`
    zone : the clock of times written without an offset ("2025-05-24 08:15"); "2025-05-24T08:15:00+08:00" says its own
    start_ms, end_ms : the run, UTC epoch ms; rows outside it are dropped and counted
    Raises ValueError if the path is refused, ScenarioError with everything wrong inside the file.
    """
    table = _Table.read(file, folder)
    columns = table.columns(_COLUMNS, required=("arrived_at",))
    readers: dict[str, Callable[[str], int]] = {
        "arrived_at": _Instants(zone),
        "priority": _priority,
        "persons": lambda cell: _whole(cell, units.MOST_PERSONS),
        "goods": lambda cell: _whole(cell, units.MOST_GOODS),
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
    table = _Table.read(file, folder)
    columns = table.columns((name,), required=(name,))
    values = [value for (value,) in table.rows([(columns[name], name, lambda cell: parse_duration_in(cell, unit))])]
    table.finish("has a header but no durations; write one row for each")
    return tuple(values), table.sha256


class _Table:
    """A CSV file being read: its header, its rows, and the problems found so far."""

    def __init__(self, file: str, text: str, sha256: str) -> None:
        self.file = file
        self.sha256 = sha256
        self._text = text
        self._raw: list[str] = []
        self._problems: list[Problem] = []
        self._more = 0
        self._rows = 0
        self._records = self._read_records()
        line, header = next(self._records, (1, []))
        self._header_line = line
        self.header = [name.strip() for name in header]

    @classmethod
    def read(cls, file: object, folder: Path | None) -> _Table:
        path = locate(file, folder)
        name = str(file)
        whole_file = Place(name, 0, 0)
        try:
            with path.open("rb") as stream:
                content = stream.read(LARGEST_FILE + 1)
        except OSError as error:
            raise ScenarioError([Problem(whole_file, "", f"cannot be read: {_reason(error)}")]) from None
        if len(content) > LARGEST_FILE:
            message = f"is larger than {LARGEST_FILE // 1_000_000} MB; split it or keep only the columns that are read"
            raise ScenarioError([Problem(whole_file, "", message)])
        cure = "save the table as CSV with encoding UTF-8"
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ScenarioError([Problem(whole_file, "", f"is UTF-16 text; {cure}")])
        if b"\0" in content:
            raise ScenarioError([Problem(whole_file, "", f"is not text; {cure}")])
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = content[: error.start]
            place = Place(name, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
            raise ScenarioError([Problem(place, "", f"is not UTF-8 text; {cure}")]) from None
        if not text.strip():
            raise ScenarioError([Problem(whole_file, "", "is empty; write a header line and one row for each unit")])
        return cls(name, text, hashlib.sha256(content).hexdigest())

    def columns(self, known: Sequence[str], *, required: Sequence[str]) -> dict[str, int]:
        """Position of each known column that the header has. A misspelt, missing or repeated one ends the reading."""
        found: dict[str, int] = {}
        for index, name in enumerate(self.header):
            if name in known and name in found:
                self._cell_problem(self._header_line, index, name, f"column {name!r} stands twice; keep one of them")
            elif name in known:
                found[name] = index
            elif meant := suggestion(name, [one for one in known if one not in self.header], nearness=_MISSPELT):
                self._cell_problem(self._header_line, index, name, f"unknown column{meant}")
        for name in required:
            if name not in found and not self._problems:
                self.problem(self._header_line, 1, name, f"has no column {name!r}" + self._header_cure())
        if self._problems:
            raise ScenarioError(self._problems)
        return found

    def rows(self, readers: Sequence[tuple[int, str, Callable[[str], int]]]) -> Iterator[tuple[int, ...]]:
        """The rows in which every cell that is asked for (position, column, reader) can be read."""
        width = len(self.header)
        for line, cells in self._records:
            if self._more + PROBLEMS_SHOWN >= PROBLEMS_COUNTED:
                return
            self._rows += 1
            if len(cells) != width:
                self.problem(line, 1, "", f"has {len(cells)} cells where the header has {width}; write one for each")
                continue
            wrong: list[tuple[int, str, str]] = []
            values = []
            for index, column, read in readers:
                try:
                    values.append(read(cells[index]))
                except ValueError as error:
                    wrong.append((index, column, str(error)))
            for index, column, message in sorted(wrong):
                self._cell_problem(line, index, column, message)
            if not wrong:
                yield tuple(values)

    def problem(self, line: int, col: int, key: str, message: str) -> None:
        """Note one thing that is wrong; beyond `PROBLEMS_SHOWN` they are only counted."""
        if len(self._problems) < PROBLEMS_SHOWN:
            self._problems.append(Problem(Place(self.file, line, col), key, message))
        else:
            self._more += 1

    def finish(self, if_empty: str) -> None:
        """Raise ScenarioError if anything was wrong, or if no row followed the header."""
        if not self._rows:
            self.problem(self._header_line, 1, "", if_empty)
        if self._more:
            is_all = self._more + PROBLEMS_SHOWN < PROBLEMS_COUNTED
            more = f"and {self._more} more problems" if is_all else f"and at least {self._more} more problems"
            self._problems.append(Problem(Place(self.file, 0, 0), "", more))
        if self._problems:
            raise ScenarioError(self._problems)

    def _read_records(self) -> Iterator[tuple[int, list[str]]]:
        """(line at which it begins, cells) of each record that is not blank."""
        reader = csv.reader(self._raw_lines(), strict=True)
        line = 1
        while True:
            self._raw.clear()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                self.problem(line, 1, "", f"is not CSV: {error}; close every quote that is opened")
                return
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1

    def _raw_lines(self) -> Iterator[str]:
        """The lines of the text; those of the record being read are kept, to find the place of a cell."""
        for line in io.StringIO(self._text, newline=""):
            self._raw.append(line)
            yield line

    def _cell_problem(self, line: int, index: int, column: str, message: str) -> None:
        """Note what is wrong with one cell of the record that was read last, `line` being its first."""
        before = _text_before("".join(self._raw), index) if len(self._problems) < PROBLEMS_SHOWN else ""
        self.problem(line + before.count("\n"), len(before) - before.rfind("\n"), column, message)

    def _header_cure(self) -> str:
        found = ", ".join(shown(name) for name in self.header[:10])
        mark = next((mark for mark in (";", "\t", "|") if len(self.header) == 1 and mark in self.header[0]), None)
        if mark is not None:
            name = "a tab" if mark == "\t" else repr(mark)
            return f"; cells are separated by {name} here: save the table with commas"
        return f"; the first line names the columns, here {found}"


def _text_before(record: str, index: int) -> str:
    """What stands before a cell of a CSV record."""
    is_quoted = False
    for position, character in enumerate(record):
        if index == 0:
            return record[:position]
        if character == '"':
            is_quoted = not is_quoted
        elif character == "," and not is_quoted:
            index -= 1
    return record.rstrip("\r\n")


class _Instants:
    """Reads one time after another, remembering the dates it has seen: files repeat them thousands of times."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._day_starts: dict[str, int | None] = {}

    def __call__(self, cell: str) -> int:
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


def _whole(cell: str, at_most: int) -> int:
    text = cell.strip()
    if not text:
        raise ValueError("is empty; write a whole number, or leave the column out")
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"got {shown(text)}, which is not a whole number; write one from 0 to {at_most}")
    number = int(text)
    return number if 0 <= number <= at_most else parse_count(number, at_most=at_most)


def _reason(error: OSError | RuntimeError) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
