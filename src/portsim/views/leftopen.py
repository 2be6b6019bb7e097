"""The numbers a calibration left open, as readers of a scenario see them before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles

from portsim.scenario.scenario import Scenario

ENOUGH = 19
"""From so many draws on, the interval leaves some of them out at either end."""


def open_rows(scenario: Scenario) -> list[tuple[str, str, str, str, str]]:
    """Each number that is left open: its name, where 90 % of its draws lie, the unit, and the paths that follow it."""
    posterior = scenario.posterior
    if posterior is None:
        return []
    rows = []
    for place, one in enumerate(posterior.numbers):
        if one.sets:
            low, high = _inner([draw[place] for draw in posterior.draws])
            paths = ", ".join(path if times == 1 else f"{times:g} {path}" for path, times in one.sets)
            rows.append((one.name, f"{low:.4g}", f"{high:.4g}", one.unit, paths))
    return rows


def _inner(values: Sequence[float]) -> tuple[float, float]:
    """Both ends of the interval that holds 90 % of the values; of few, all of them."""
    if len(values) < ENOUGH:
        return min(values), max(values)
    parts = quantiles(values, n=20)
    return parts[0], parts[-1]
