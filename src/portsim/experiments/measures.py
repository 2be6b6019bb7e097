"""Which measures a scenario has, without a run of it: to say at once that one which is asked for does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from portsim.engines import simulate
from portsim.model import draw, lower
from portsim.results import Measure, measure
from portsim.results.selection import Condition, Selection
from portsim.scenario.scenario import Scenario

MOMENT_MS = 60_000
"""Long enough to have every row: rows follow from names and targets alone."""


def measures_of(scenario: Scenario) -> tuple[Measure, ...]:
    """The rows a replication of the scenario gives; their values mean nothing."""
    end_ms = min(scenario.end_ms, scenario.start_ms + MOMENT_MS)
    short = replace(scenario, end_ms=end_ms, measure_from_ms=scenario.start_ms)
    network = lower(short)
    traffic = draw(short, network, seed=0, replication=0)
    return measure(network, traffic, simulate(network, traffic, engine="reference"), scenario.targets)


def check_selections(scenario: Scenario, asked: Iterable[Selection | Condition]) -> None:
    """Raise ArgumentError if the scenario has no such measure."""
    wanted = [one.selection if isinstance(one, Condition) else one for one in asked]
    if wanted:
        rows = measures_of(scenario)
        for selection in wanted:
            selection.check(rows)
