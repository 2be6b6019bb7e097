"""Small tables of text: built once, then written as aligned plain text, as HTML, or drawn by the command line."""

from __future__ import annotations

import math
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Line:
    """One line of prose between tables."""

    text: str
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text under headings.

    is_right : per column, whether its cells stand at the right edge (numbers) or at the left (names)
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_right: tuple[bool, ...]

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1) -> Table:
        """Build with the first `names` columns at the left edge and the others at the right."""
        return cls(
            tuple(columns),
            tuple(tuple(row) for row in rows),
            tuple(index >= names for index in range(len(columns))),
        )


class Shown(ABC):
    """What a reader sees of an object: text where it is printed, tables in a notebook."""

    __slots__ = ()

    @abstractmethod
    def blocks(self) -> list[Line | Table]:
        """The readable object, as lines and tables."""

    def __str__(self) -> str:
        return plain(self.blocks())

    def _repr_html_(self) -> str:
        return html(self.blocks())


def plain(blocks: Iterable[Line | Table]) -> str:
    """All blocks as text, columns aligned by display width, no control characters, no trailing blanks."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Line):
            lines.append(printable(block.text))
        else:
            lines.extend(_aligned(block))
    return "\n".join(lines) + "\n"


def html(blocks: Iterable[Line | Table]) -> str:
    """All blocks as an HTML fragment; every text is escaped, and there is no script and no style sheet."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Line):
            tag = "strong" if block.is_heading else "span"
            parts.append(f"<p><{tag}>{escape(printable(block.text))}</{tag}></p>" if block.text else "")
            continue
        align = ["right" if is_right else "left" for is_right in block.is_right]
        head = "".join(
            f'<th style="text-align:{side}">{escape(printable(cell))}</th>'
            for side, cell in zip(align, block.columns, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:{side}">{escape(printable(cell))}</td>'
                for side, cell in zip(align, row, strict=True)
            )
            + "</tr>"
            for row in block.rows
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "<div>" + "".join(parts) + "</div>"


def printable(text: str) -> str:
    """The text without characters that move the cursor, change colours or turn the reading direction."""
    return "".join(
        character if character == " " or unicodedata.category(character)[0] not in "CZ" else " " for character in text
    )


def width(text: str) -> int:
    """Columns a text takes on a terminal: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def shortened(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer than this many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def number(value: float, half_width: float = math.nan, *, decimals: int | None = None) -> str:
    """A number, with the half width of its interval where there is one: `801 ± 12`; a dash where it is undefined.

    decimals : as many as leave two significant digits of the half width (or three of the number) if not given
    """
    if not math.isfinite(value):
        return "-"
    if not math.isfinite(half_width) or half_width == 0:
        return _fixed(value, _decimals(value, 3) if decimals is None else decimals)
    if decimals is None:
        decimals = _decimals(half_width, 2)
    return f"{_fixed(value, decimals)} ± {_fixed(half_width, decimals)}"


def share(value: float, half_width: float = math.nan) -> str:
    """A share of 0..1 in per cent: `86.4 ± 0.3 %`."""
    return "-" if not math.isfinite(value) else f"{number(100 * value, 100 * half_width, decimals=1)} %"


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def _decimals(value: float, significant: int) -> int:
    """Decimals that leave this many significant digits, 4 at the most; none for a whole number."""
    if value == round(value):
        return 0
    return max(0, min(significant - 1 - math.floor(math.log10(abs(value))), 4))


def _aligned(table: Table) -> list[str]:
    head = [table.columns] if any(table.columns) else []
    rows = [tuple(printable(cell) for cell in row) for row in (*head, *table.rows)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(table.columns))] if rows else []
    lines = []
    for row in rows:
        cells = []
        for cell, wide, is_right in zip(row, widths, table.is_right, strict=True):
            gap = " " * (wide - width(cell))
            cells.append(gap + cell if is_right else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return lines
