"""Where the numbers of a scenario come from, in words."""

from __future__ import annotations

from collections import Counter

from portsim.scenario.scenario import Scenario

KINDS = {
    "fact": "from published figures",
    "measured": "measured",
    "calibrated": "from a calibration",
    "assumed": "assumed",
    "plan": "set by the plan",
    "set": "set by --set",
    "none": "without a source",
}
"""Kinds of `NumberSource`, strongest first; a default nobody wrote down counts as nothing."""


def source_counts(scenario: Scenario) -> str:
    """How many numbers rest on what: `5 from published figures, 31 assumed`."""
    counts: Counter[str] = Counter(source.kind for source in scenario.sources)
    return ", ".join(f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts[kind]) or "none"
