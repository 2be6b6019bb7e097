"""Where the numbers of a scenario come from, in words."""

from __future__ import annotations

from collections import Counter

from portsim.scenario.scenario import NumberSource, Scenario

KINDS = {
    "fact": "from published figures",
    "measured": "measured",
    "calibrated": "from a calibration",
    "assumed": "assumed",
    "plan": "set by the plan",
    "set": "set by --set",
    "edit": "set by with_",
    "none": "without a source",
}
"""Kinds of `NumberSource`, strongest first, settings by where they were given; a default counts as nothing."""


def source_counts(scenario: Scenario) -> str:
    """How many numbers rest on what: `5 from published figures, 31 assumed`."""
    counts = Counter(_kind(source) for source in scenario.sources)
    return ", ".join(f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts[kind]) or "none"


def _kind(source: NumberSource) -> str:
    is_edit = source.kind == "set" and not source.detail.startswith("--set ")
    return "edit" if is_edit else source.kind
