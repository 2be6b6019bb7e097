"""What portsim brings along: published figures, scenarios, and the schema of a scenario file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portsim.facts import Fact, fact_rows, load_facts


def facts(port: str | None = None, *, files: Sequence[str | os.PathLike[str]] = ()) -> Mapping[str, Fact]:
    """The published figures by id, of one port or of all; rejected ones included, with the reason in their note.

    files : facts files of your own, read after the shipped ones
    Raises FactError if a file is wrong or nothing is known of the port.
    """
    known = load_facts([Path(file) for file in files])
    return known if port is None else {row["id"]: known[row["id"]] for row in fact_rows(known, port)}


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
