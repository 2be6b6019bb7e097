"""What portsim brings along: published figures, scenarios, and the schema of a scenario file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portsim.api.arguments import several
from portsim.facts import Fact, fact_rows, load_facts
from portsim.facts.shown import facts_blocks
from portsim.tables import Line, Shown, Table

if TYPE_CHECKING:
    import pandas as pd


class Facts(Shown, Mapping[str, Fact]):
    """Published figures by id; `print` shows a line for each, and so does a notebook."""

    def __init__(self, known: Mapping[str, Fact]) -> None:
        self._known = dict(known)

    def __getitem__(self, id: str) -> Fact:
        return self._known[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def to_frame(self) -> pd.DataFrame:
        """One row a figure: id, value, unit, bound, what it counts, period and its clock, source, note.

        value : missing where the figure is text; shown : every figure with its bound and unit, as text
        days : calendar days of a period that is stated in whole ones
        """
        import pandas as pd

        rows = []
        for row, fact in zip(fact_rows(self._known), self._known.values(), strict=True):
            value = None if isinstance(fact.value, str) else float(fact.value)
            days = None if fact.period is None else fact.period.days
            rows.append({**row, "value": value, "days": days})
        frame = pd.DataFrame(rows, columns=[*fact_rows(self._known)[0], "days"] if rows else None)
        return frame.astype({"value": "float64", "change_on_year": "float64", "days": "Int64"}) if rows else frame

    def blocks(self) -> list[Line | Table]:
        """The readable form, as lines and tables."""
        return facts_blocks(self._known)

    def __repr__(self) -> str:
        ports = len({fact.port for fact in self._known.values()})
        return f"<Facts: {len(self)} published figures of {ports} {'port' if ports == 1 else 'ports'}>"


def facts(port: str | None = None, *, files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ()) -> Facts:
    """The published figures by id, of one port or of all; rejected ones included, with the reason in their note.

    files : facts files of your own, read after the shipped ones
    Raises FactError if a file is wrong or nothing is known of the port.
    """
    known = load_facts([Path(file) for file in several(files)])
    return Facts(known if port is None else {row["id"]: known[row["id"]] for row in fact_rows(known, port)})


def scenarios() -> list[tuple[str, str]]:
    """The shipped scenarios: (name, title), by name."""
    from portsim.scenario import shipped_scenarios

    return shipped_scenarios()


def regions() -> list[tuple[str, str]]:
    """The shipped regions: (name, title), by name."""
    from portsim.scenario import shipped_regions

    return shipped_regions()


def json_schema(*, region: bool = False) -> dict[str, Any]:
    """The JSON Schema of a scenario file, or of a region file, for editors that complete and explain keys."""
    from portsim.scenario import json_schema, region_json_schema

    return region_json_schema() if region else json_schema()
