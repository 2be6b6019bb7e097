"""Scenario files: text in, a frozen and validated `Scenario` out.

Read in this order: `scenario` (what comes out), `schema` (what a file may say), `loading` (the way from one to the
other), `overlay` and `sources` (layers and provenance), `assembly` and `references` (parts, and whether they fit).
"""

from typing import Any

from portsim.scenario.files import shipped_regions, shipped_scenarios
from portsim.scenario.loading import load, load_text
from portsim.scenario.scenario import Scenario

__all__ = ["Scenario", "json_schema", "load", "load_text", "region_json_schema", "shipped_regions", "shipped_scenarios"]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file, with the reference of each key as hover text."""
    from portsim.scenario.jsonschema import json_schema as made

    return made()


def region_json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a region file, with the reference of each key as hover text."""
    from portsim.scenario.jsonschema import region_json_schema as made

    return made()
