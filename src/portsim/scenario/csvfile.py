"""CSV files that a scenario names: inside its folder, UTF-8 text, the first line naming the columns.

Everything wrong in a file is reported at once, each with its line and column, up to `PROBLEMS_SHOWN`; what follows is
counted.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario.units import shown, suggestion

LARGEST_FILE = 50_000_000
"""Bytes of the largest file that is read."""

PROBLEMS_SHOWN = 20
PROBLEMS_COUNTED = 1000
"""Problems after which the rest of a file is not read any more."""

_MISSPELT = 0.8
"""Nearness from which a header name is a misspelt column rather than one of the user's own ("person_id")."""


def locate(file: object, folder: Path | None, beside: str = "scenario") -> Path:
    """Where a data file that a scenario names stands: always inside the scenario's folder.

    beside : what names it, where that is another file

    Raises ValueError with the rule if the path is absolute, has "..", or leads out of the folder by a link, and if
    there is no such file.
    """
    cure = f"put the file beside the {beside} and write its name, for instance 'arrivals.csv'"
    if not isinstance(file, str) or not file.strip() or "\0" in file:
        raise ValueError(f"got {shown(file)}, which is not a file name; {cure}")
    if folder is None:
        raise ValueError(f"got {shown(file)}, but this {beside} was read from text and has no folder to look in")
    if "\\" in file or PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive:
        raise ValueError(f"got {shown(file)}; a path is relative to the {beside}'s folder and uses '/'; {cure}")
    if ".." in PurePosixPath(file).parts:
        raise ValueError(f"got {shown(file)}; a path may not leave the {beside}'s folder by '..'; {cure}")
    try:
        path, home = (folder / file).resolve(), folder.resolve()
        if not path.is_relative_to(home):
            raise ValueError(f"got {shown(file)}, a link that leads out of the {beside}'s folder; {cure}")
        if not path.exists():
            names = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
            raise ValueError(f"there is no file {shown(file)} in the {beside}'s folder" + suggestion(path.name, names))
        if not path.is_file():
            raise ValueError(f"got {shown(file)}, which is a folder or device, not a file; {cure}")
    except (OSError, RuntimeError) as error:
        raise ValueError(f"cannot look up {shown(file)}: {_reason(error)}") from None
    return path


class CsvTable:
    """A CSV file being read: its header, its rows, and the problems found so far.

    header_line : at which the header stands
    line : at which the row that was read last begins
    """

    def __init__(self, file: str, text: str, sha256: str) -> None:
        self.file = file
        self.sha256 = sha256
        self._text = text
        self._raw: list[str] = []
        self._problems: list[Problem] = []
        self._more = 0
        self._rows = 0
        self._records = self._read_records()
        self.line, header = next(self._records, (1, []))
        self.header_line = self.line
        self.header = [name.strip() for name in header]

    @classmethod
    def read(cls, file: object, folder: Path | None, beside: str = "scenario") -> CsvTable:
        """Open a file as `locate` finds it. Raises ValueError as that does, ScenarioError if it is no table."""
        path = locate(file, folder, beside)
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
            raise ScenarioError([Problem(whole_file, "", "is empty; write a header line and rows below it")])
        return cls(name, text, hashlib.sha256(content).hexdigest())

    def columns(self, known: Sequence[str], *, required: Sequence[str]) -> dict[str, int]:
        """Position of each known column that the header has. A misspelt, missing or repeated one ends the reading."""
        found: dict[str, int] = {}
        for index, name in enumerate(self.header):
            if name in known and name in found:
                self._cell_problem(self.header_line, index, name, f"column {name!r} stands twice; keep one of them")
            elif name in known:
                found[name] = index
            elif meant := suggestion(name, [one for one in known if one not in self.header], nearness=_MISSPELT):
                self._cell_problem(self.header_line, index, name, f"unknown column{meant}")
        for name in required:
            if name not in found and not self._problems:
                self.problem(self.header_line, 1, name, f"has no column {name!r}" + self._header_cure())
        if self._problems:
            raise ScenarioError(self._problems)
        return found

    def rows(self, readers: Sequence[tuple[int, str, Callable[[str], Any]]]) -> Iterator[tuple[Any, ...]]:
        """The rows in which every cell that is asked for (position, column, reader) can be read."""
        width = len(self.header)
        for line, cells in self._records:
            self.line = line
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
            self.problem(self.header_line, 1, "", if_empty)
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


def _reason(error: OSError | RuntimeError) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
