"""Tables of whole numbers and names as CSV text, and back, quickly and without loss.

Written are UTF-8 lines ended by a line feed on every platform, a header first; what is missing is empty, and what
stands for an enumeration is its name.
"""

from __future__ import annotations

import csv
import io
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.errors import Place, Problem, ScenarioError
from portsim.model.network import NONE
from portsim.model.records import Table
from portsim.results.areas import Ints

ROWS_AT_A_TIME = 16_384  # the characters of so many rows stay in the processor's cache
DIGITS = 18  # of any number in a table: all such numbers fit 64 bits

Chars = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    dtype : integer type in memory
    labels : the names of 0, 1, 2 ... in the file; None for a plain number
    is_optional : whether NONE (-1) is nothing, an empty cell, rather than a number
    """

    name: str
    dtype: type[np.generic]
    labels: tuple[str, ...] | None = None
    is_optional: bool = False


def csv_text(columns: Sequence[Column], table: Mapping[str, NDArray[np.integer]]) -> Iterator[bytes]:
    """Text of a table in pieces of whole lines, the header first.

    Each cell is laid out in a field of fixed width filled up with NUL, which no cell contains; dropping the NULs
    leaves the lines. That takes a fifth of the time of pandas.
    """
    yield csv_line([column.name for column in columns])
    size = len(table[columns[0].name])
    names = {column.name: _label_chars(column.labels) for column in columns if column.labels is not None}
    for first in range(0, size, ROWS_AT_A_TIME):
        fields: list[Chars] = []
        rows = slice(first, min(first + ROWS_AT_A_TIME, size))
        for column in columns:
            values = table[column.name][rows]
            if column.name in names:
                # The last row of the names is empty, and -1 is its index.
                field = names[column.name][values]
            else:
                field = _digits(values.astype(np.int64), column.is_optional)
            fields += [field, np.full((len(values), 1), ord(","), np.uint8)]
        fields[-1][:] = ord("\n")
        text = np.concatenate(fields, axis=1).ravel()
        yield text[text != 0].tobytes()


def csv_line(cells: Sequence[object]) -> bytes:
    """One line: None is empty, floats are written so that they read back exactly."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()


def read_csv(path: pathlib.Path, columns: Sequence[Column]) -> Table:
    """Read a table written by `csv_text`, and nothing else: it takes no liberties a damaged file could hide behind.

    Raises ScenarioError if the file is not such a table: other columns, lines of other length, a name that is none of
    the column's, a cell that is no whole number, an empty cell where there may be none. OSError if it cannot be read.
    """
    chars = np.frombuffer(path.read_bytes(), np.uint8)
    header = csv_line([column.name for column in columns])
    if chars[: len(header)].tobytes() != header:
        first = chars[:1000].tobytes().split(b"\n")[0].decode(errors="replace")
        raise _unreadable(path, f"should begin with the columns {header.decode().strip()}, got {first}")
    ends = np.flatnonzero((chars == ord(",")) | (chars == ord("\n")))
    ends = ends[np.searchsorted(ends, len(header)) :]
    separators = np.full(len(columns), ord(","), np.uint8)
    separators[-1] = ord("\n")
    rows, over = divmod(ends.size, len(columns))
    if over or chars[-1] != ord("\n") or np.any(chars[ends].reshape(rows, len(columns)) != separators):
        raise _unreadable(path, f"is damaged: every line must have {len(columns)} cells and an end")
    starts = np.append(len(header), ends[:-1] + 1)[: ends.size].reshape(rows, len(columns))
    stops = ends.reshape(rows, len(columns))
    table: Table = {column.name: np.empty(rows, column.dtype) for column in columns}
    for top in range(0, rows, ROWS_AT_A_TIME):
        part = slice(top, top + ROWS_AT_A_TIME)
        for number, column in enumerate(columns):
            cells = Cells(chars, np.ascontiguousarray(starts[part, number]), np.ascontiguousarray(stops[part, number]))
            values, is_wrong = cells.numbers() if column.labels is None else cells.codes(column.labels)
            is_empty = cells.first == cells.last
            values[is_empty] = NONE
            limits = np.iinfo(np.dtype(column.dtype))
            is_wrong |= (values < limits.min) | (values > limits.max)
            is_wrong[is_empty] = not column.is_optional
            if is_wrong.any():
                row = int(np.argmax(is_wrong))
                must = "a name of this run" if column.labels else f"a whole number from {limits.min} to {limits.max}"
                must += " or empty" if column.is_optional else ""
                message = f"line {top + row + 2}, column {column.name}: must be {must}, got {cells.text(row)!r}"
                raise _unreadable(path, message)
            table[column.name][part] = values
    for array in table.values():
        array.flags.writeable = False
    return table


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of one column: characters first <= place < last of the file, int64[n] each."""

    chars: Chars
    first: Ints
    last: Ints

    def text(self, row: int) -> str:
        """What stands in one cell."""
        return self.chars[self.first[row] : self.last[row]].tobytes().decode(errors="replace")

    def numbers(self) -> tuple[Ints, NDArray[np.bool_]]:
        """Whole numbers, and which cells hold none or one of over 18 digits."""
        is_negative = self.chars[self.first] == ord("-")
        length = self.last - self.first - is_negative
        is_wrong = (length < 1) | (length > DIGITS)
        values = np.zeros(length.size, np.int64)
        for place in range(min(int(length.max(initial=0)), DIGITS)):
            # Places left of a cell are read as well, and then taken for 0.
            digit = self.chars[np.maximum(self.last - 1 - place, 0)] - np.uint8(ord("0"))  # below "0" wraps above 9
            digit[place >= length] = 0
            is_wrong |= digit > 9
            values += digit * np.int64(10**place)
        return np.where(is_negative, -values, values), is_wrong

    def codes(self, labels: tuple[str, ...]) -> tuple[Ints, NDArray[np.bool_]]:
        """Numbers of names, and which cells hold none of them."""
        codes = np.full(self.first.size, NONE, np.int64)
        length = self.last - self.first
        for code, label in enumerate(labels):
            name = np.frombuffer(label.encode(), np.uint8)
            rows = np.flatnonzero(length == name.size)
            for place, char in enumerate(name):
                rows = rows[self.chars[self.first[rows] + place] == char]
            codes[rows] = code
        return codes, codes == NONE


def _digits(values: Ints, is_optional: bool) -> Chars:
    """Decimal digits, one row per value, NUL where there is none."""
    magnitude = np.abs(values)
    is_missing = values == NONE if is_optional else np.zeros(values.size, np.bool_)
    width = len(str(int(magnitude.max(initial=0))))
    chars = np.zeros((values.size, width + 1), np.uint8)
    chars[values < 0, 0] = ord("-")
    rest = magnitude
    for place in range(width, 0, -1):
        quotient = rest // 10
        digit = (rest - quotient * 10 + ord("0")).astype(np.uint8)
        if place < width:
            digit[rest == 0] = 0
        chars[:, place] = digit
        rest = quotient
    chars[is_missing] = 0
    return chars


def _label_chars(labels: tuple[str, ...]) -> Chars:
    """Characters of each name, one row each, and an empty row after the last."""
    cells = [label.encode() for label in labels] + [b""]
    chars = np.zeros((len(cells), max(len(cell) for cell in cells)), np.uint8)
    for row, (label, cell) in enumerate(zip((*labels, ""), cells, strict=True)):
        if any(char in label for char in ',"\r\n\0'):
            raise ValueError(f"a name in a table has no comma, quotation mark, line end or NUL; got {label!r}")
        chars[row, : len(cell)] = np.frombuffer(cell, np.uint8)
    return chars


def _unreadable(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
