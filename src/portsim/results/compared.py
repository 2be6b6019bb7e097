"""Two versions of one table of a run folder: the first row in which they differ, named by its keys."""

from __future__ import annotations

import csv
import io
import pathlib
from dataclasses import dataclass

from portsim.results.parquet import differing_rows
from portsim.results.runtables import REPLICATIONS

_PART = ("metric", "flow", "kind", "direction", "stage", "pool")
_KEYS = {
    "summary": _PART,
    "measures": _PART,
    "daily": ("replication", "date", "flow", "direction", "kind"),
    "hourly": ("tick", "date", "hour", "stage"),
    "units": ("unit",),
    "visits": ("unit", "step"),
    "work": ("unit", "step", "from"),
    "levels": ("tick", "where", "which"),
}

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class RowDifference:
    """The first row in which a file of the folder differs from what its run gives now.

    number : of the row, from 1; 0 is the heading
    keys : names and values of what the row is about, the replication first
    in_folder, now : the row by column; None where that table has ended before it
    rows : how many rows differ, None if one table has more rows than the other
    """

    number: int
    keys: tuple[tuple[str, str], ...]
    in_folder: Row | None
    now: Row | None
    rows: int | None

    @property
    def cells(self) -> tuple[tuple[str, str | None, str | None], ...]:
        """(column, value in the folder, value now) of every cell that differs; of a row that one table lacks, none."""
        if self.in_folder is None or self.now is None:
            return ()
        columns = [*self.now, *(column for column in self.in_folder if column not in self.now)]
        cells = ((column, self.in_folder.get(column), self.now.get(column)) for column in columns)
        return tuple(cell for cell in cells if cell[1] != cell[2])


def compare_tables(folder: pathlib.Path, path: str, made: bytes) -> RowDifference | None:
    """The first row in which a table of the folder differs from the bytes its run gives now.

    path : of the table in the folder. None if the rows are the same, as in Parquet files of two versions of pyarrow.
    Raises ScenarioError if the folder's file is no table at all (a damaged Parquet file), OSError.
    """
    if path.endswith(".parquet"):
        found = differing_rows(folder / path, made)
        if found is None:
            return None
        number, in_folder, now, rows = found
        return RowDifference(number, _keys(path, in_folder, now), in_folder, now, rows)
    return _compare_lines(path, (folder / path).read_bytes(), made)


def _compare_lines(path: str, found: bytes, made: bytes) -> RowDifference | None:
    theirs, ours = io.BytesIO(found).readlines(), io.BytesIO(made).readlines()
    differing = [number for number, (one, other) in enumerate(zip(theirs, ours, strict=False)) if one != other]
    if not differing and len(theirs) == len(ours):
        return None
    number = differing[0] if differing else min(len(theirs), len(ours))
    heading = _cells(ours[0])
    in_folder, now = (
        _by_column(heading, _cells(lines[number])) if number < len(lines) else None for lines in (theirs, ours)
    )
    rows = len(differing) if len(theirs) == len(ours) else None
    return RowDifference(number, _keys(path, in_folder, now) if number else (), in_folder, now, rows)


def _cells(line: bytes) -> list[str]:
    text = line.removesuffix(b"\n").decode(errors="replace")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:  # a damaged line may hold anything
        return text.split(",")


def _by_column(heading: list[str], cells: list[str]) -> Row:
    """Cells by their columns; those beyond the last column are numbered."""
    names = [*heading, *(f"cell {number}" for number in range(len(heading) + 1, len(cells) + 1))]
    return dict(zip(names, cells, strict=False))


def _keys(path: str, in_folder: Row | None, now: Row | None) -> tuple[tuple[str, str], ...]:
    """What a row is about, by the row the run gives, else by the folder's."""
    place = pathlib.PurePosixPath(path)
    row = now if now is not None else in_folder or {}
    replication = [("replication", str(int(place.parts[1])))] if place.parts[0] == REPLICATIONS else []
    return (*replication, *((key, row[key]) for key in _KEYS.get(place.stem, ()) if row.get(key)))
