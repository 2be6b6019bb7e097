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


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors that complete and explain keys."""
    from portsim.scenario import json_schema

    return json_schema()
