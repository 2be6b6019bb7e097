"""Published figures as a table, and one of them in full."""

from __future__ import annotations

from collections.abc import Mapping

from portsim.facts.fact import Fact
from portsim.facts.table import fact_rows
from portsim.tables import Line, Table, shortened


def facts_blocks(facts: Mapping[str, Fact]) -> list[Line | Table]:
    """One line a figure, with what it counts, when, and how far it can be trusted."""
    cells = [
        (
            row["id"],
            shortened(row["shown"], 32),
            shortened(row["measure"], 48),
            shortened(row["period"].removesuffix(row["timezone"]), 35),
            row["reliability"],
        )
        for row in fact_rows(facts)
    ]
    table = Table.of(("fact", "figure", "measure", "period", "reliability"), cells, names=5)
    return [
        table,
        Line(""),
        Line(f"{len(cells)} figures; portsim facts ID shows one in full, with its source and note"),
    ]


def fact_blocks(fact: Fact) -> list[Line | Table]:
    """Everything known about one figure."""
    row = fact_rows({fact.id: fact})[0]
    refused = "; refused as a source" if fact.is_rejected else ""
    counted = [row["counts"], row["direction"] and f"direction {row['direction']}"]
    if row["drivers_included"]:
        counted.append(f"drivers included: {row['drivers_included']}")
    cells = [
        ("figure", row["shown"]),
        ("measure", row["measure"]),
        ("counts", ", ".join(part for part in counted if part)),
        ("period", row["period"]),
        ("clock", row["timezone"]),
        ("on the year before", f"{100 * fact.change_on_year:+.1f} %" if fact.change_on_year is not None else ""),
        ("follows from", row["derived"]),
        ("reliability", row["reliability"] + refused),
        ("source", ", ".join(part for part in (row["title"], row["publisher"], row["date"]) if part)),
        ("where", row["where"]),
        ("stands in", str(fact.place)),
    ]
    shown = [cell for cell in cells if cell[1]]
    blocks: list[Line | Table] = [Line(fact.id, is_heading=True), Table.of(("", ""), shown, names=2)]
    return [*blocks, Line(""), Line(row["note"])] if row["note"] else blocks
