"""What `portsim verify` says: identical, or every difference with its place and cause."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import Any

from portsim.experiments import Difference, Verification
from portsim.results.compared import RowDifference
from portsim.tables import Line, Table

MOST_CELLS = 6
"""More cells of one row than this are counted rather than listed."""


def verified_blocks(verification: Verification) -> list[Line | Table]:
    """The readable result."""
    count = len(verification.differences)
    replications = _count(len(verification.numbers), "replication")
    files = _count(verification.files, "file")
    if verification.is_identical:
        head = f"identical: {replications}, {files}"
    elif verification.not_replayed is not None:
        head = f"not verified, nothing was played again: {verification.not_replayed}"
    else:
        head = f"different: {count} of {files}, after {replications}"
    blocks: list[Line | Table] = [Line(head, is_heading=True)]
    for why, alike in groupby(verification.differences, key=lambda difference: difference.why):
        blocks.append(Line(f"{why}:"))
        blocks += [Line(f"  {_place(difference)}") for difference in alike]
    if verification.is_identical and verification.versions:
        versions = (f"{name} {then} then, {now} now" for name, then, now in verification.versions)
        blocks.append(Line(f"though made with other versions: {'; '.join(versions)}"))
    blocks += [Line(note) for note in verification.notes]
    return blocks


def verified_document(verification: Verification) -> dict[str, Any]:
    """The object `portsim verify --json` prints."""
    return {
        "schema": "portsim.verify/1",
        "identical": verification.is_identical,
        "replications": list(verification.numbers),
        "files": verification.files,
        "differences": [
            {
                "file": difference.file,
                "what": difference.what,
                "why": difference.why,
                "row": None if difference.row is None else _row_document(difference.row),
            }
            for difference in verification.differences
        ],
        "not_replayed": verification.not_replayed,
        "extra": list(verification.extra),
        "versions": [dict(zip(("name", "then", "now"), version, strict=True)) for version in verification.versions],
        "notes": list(verification.notes),
    }


def verified_warnings(verification: Verification) -> list[str]:
    """What lies in the folder and is no part of the run."""
    return [f"{path} is not part of the run" for path in verification.extra]


def _row_document(row: RowDifference) -> dict[str, Any]:
    cells = [dict(zip(("column", "in_folder", "now"), cell, strict=True)) for cell in row.cells]
    whole = asdict(row)
    return {"number": whole["number"], "keys": dict(row.keys), "cells": cells} | {
        name: whole[name] for name in ("in_folder", "now", "rows")
    }


def _place(difference: Difference) -> str:
    """Which file, and of its first row that differs which cells."""
    row = difference.row
    if row is None:
        return difference.file
    keys = ", ".join(f"{name} {value}" for name, value in row.keys)
    place = f"{difference.file}, " + (f"row {row.number}{f' ({keys})' if keys else ''}" if row.number else "heading")
    if row.now is None:
        return f"{place}: the folder has it, and the run does not give it"
    if row.in_folder is None:
        return f"{place}: the run gives it, and the folder lacks it"
    cells = [f"{column} {_shown(there)} (played again: {_shown(now)})" for column, there, now in row.cells[:MOST_CELLS]]
    if len(row.cells) > MOST_CELLS:
        cells.append(_count(len(row.cells) - MOST_CELLS, "more cell"))
    if not cells:
        cells.append("the same cells, written in another way")
    if row.rows is None:
        cells.append("and not the same number of rows")
    elif row.rows > 1:
        cells.append(f"and {_count(row.rows - 1, 'more row')}")
    return f"{place}: {'; '.join(cells)}"


def _shown(value: str | None) -> str:
    return "absent" if value is None else value or "empty"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
