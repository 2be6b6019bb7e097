"""What a description is made of: numbered sections of paragraphs, lists, tables and diagrams, written as Markdown.

All texts of a block are inline Markdown: names and numbers as written stand in backticks, and what people wrote has
gone through `escape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from portsim.tables import printable

TO_WRITE = "To be written by the author:"
"""What begins each mark of something that only the author can say."""

_SPECIAL = re.compile(r"[\\`*|<\[]|(?<!\w)_|_(?!\w)")
_BLOCK_START = re.compile(r"^(?:[#+>=~-]|\d+(?=[.)](?:\s|$)))")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Items of equal standing, one line each."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: headings, and rows of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Grid:
        """Build from any sequences."""
        return cls(tuple(columns), tuple(tuple(row) for row in rows))


@dataclass(frozen=True, slots=True)
class Diagram:
    """A flowchart in the language of Mermaid."""

    text: str


@dataclass(frozen=True, slots=True)
class ToWrite:
    """What only the author can say, as a request."""

    text: str


Block = Paragraph | Listing | Grid | Diagram | ToWrite


@dataclass(frozen=True, slots=True)
class Section:
    """One item of the checklist; number "2" heads a part, "2.5" an item and "2.5.1" a part of an item."""

    number: str
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A description of one scenario, or of one run of it.

    preface : what stands before the first section
    """

    title: str
    scenario: str
    plan: str | None
    preface: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def to_write(self) -> tuple[tuple[str, str], ...]:
        """(number of the section, request) of everything that only the author can say, in order."""
        return tuple(
            (section.number, block.text)
            for section in self.sections
            for block in section.blocks
            if isinstance(block, ToWrite)
        )

    def markdown(self) -> str:
        """The whole as Markdown, ended by a line feed."""
        parts = [f"# {self.title}", *self.preface]
        for section in self.sections:
            level = "#" * (section.number.count(".") + 2)
            parts.append(f"{level} {section.number} {section.title}")
            parts += [_markdown(block) for block in section.blocks]
        parts += [
            "## What the author still has to write",
            "A scenario file does not say these things. Each is marked at its place above.",
            _markdown(Listing(tuple(f"{number}: {text}" for number, text in self.to_write))),
        ]
        return "\n\n".join(parts) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The whole as plain values: `portsim.describe/1`."""
        return {
            "schema": "portsim.describe/1",
            "scenario": self.scenario,
            "plan": self.plan,
            "preface": list(self.preface),
            "sections": [
                {
                    "number": section.number,
                    "title": section.title,
                    "blocks": [_plain(block) for block in section.blocks],
                }
                for section in self.sections
            ],
            "to_write": [{"section": number, "text": text} for number, text in self.to_write],
        }


def code(text: str) -> str:
    """A name, or a value as the file has it; in backticks unless it holds one itself."""
    shown = printable(text)
    return escape(shown) if "`" in shown or "|" in shown or not shown.strip() else f"`{shown}`"


def codes(names: Iterable[str]) -> str:
    """Names with commas between them."""
    return ", ".join(map(code, names))


def escape(text: str) -> str:
    """What somebody wrote, so that Markdown shows it as it is, on one line."""
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(printable(text).split()))
    start = _BLOCK_START.match(escaped)
    if start is None:
        return escaped
    head = start[0]
    return f"{head}\\{escaped[len(head) :]}" if head.isdigit() else f"\\{escaped}"


def _markdown(block: Block) -> str:
    match block:
        case Paragraph(text):
            return text
        case ToWrite(text):
            return f"**{TO_WRITE}** {text}"
        case Listing(items):
            return "\n".join(f"- {item}" for item in items)
        case Diagram(text):
            return f"```mermaid\n{text}\n```"
        case Grid(columns, rows):
            lines = [columns, ("---",) * len(columns), *rows]
            return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _plain(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph(text):
            return {"kind": "paragraph", "text": text}
        case ToWrite(text):
            return {"kind": "to_write", "text": text}
        case Listing(items):
            return {"kind": "list", "items": list(items)}
        case Diagram(text):
            return {"kind": "diagram", "language": "mermaid", "text": text}
        case Grid(columns, rows):
            return {"kind": "table", "columns": list(columns), "rows": [list(row) for row in rows]}
