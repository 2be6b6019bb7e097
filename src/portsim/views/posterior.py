"""What a reader of a run or comparison is told where a calibration left numbers open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from portsim.model import draw_of
from portsim.results.ranges import SHARE, RangeRow
from portsim.results.selection import Selection
from portsim.results.statistics import MetricRow
from portsim.scenario.scenario import Scenario
from portsim.tables import Line, Table
from portsim.views.finite import finite
from portsim.views.measurewords import Scale, words_of

SHOWN = (
    Selection("crossings_per_day"),
    Selection("crossings"),
    Selection("persons_per_day"),
    Selection("wait_mean_min"),
    Selection("wait_p95_min"),
    Selection("queue_mean"),
    Selection("in_port_mean"),
    Selection("overnight"),
)
"""Measures whose range is shown; those that a port does not have are left out."""


def posterior_fact(scenario: Scenario) -> str:
    """Which numbers are drawn anew for each replication, and from what."""
    posterior = scenario.posterior
    assert posterior is not None
    names = ", ".join(number.name for number in posterior.open_numbers)
    return f"each replication at one of {len(posterior.draws):,} draws of {names} ({posterior.calibration})"


def ranges_section(rows: Sequence[RangeRow], means: Sequence[MetricRow]) -> list[Line | Table]:
    """The range of a single replication in the main measures, with what it means beside the intervals.

    means : the rows of the summary, which know what is a lower bound
    """
    found = [(one, row) for one in SHOWN if (row := one.find(rows)) is not None and not math.isnan(row.low)]
    if not found:
        return []
    lines = []
    for selection, row in found:
        scale = Scale.of(row.unit, [row.low, row.high], [(row.high - row.low) / 2])
        mean = selection.find(means)
        mark = "≥ " if mean is not None and mean.method.startswith("lower bound") else ""
        ends = (f"{mark}{scale.number(end)}" for end in (row.low, row.high))
        lines.append((words_of(selection), scale.name, *ends, f"{100 * row.share:.0f} %"))
    return [
        Line(""),
        Line("What the calibration leaves open: where single replications lie", is_heading=True),
        Table(("", "", "from", "to", "share"), tuple(lines), (False, False, True, True, True)),
        Line(MEANING),
    ]


MEANING = "Intervals (±) are of means over what is left open and shrink with more replications; these ranges do not."


def held(rows: Sequence[RangeRow]) -> str:
    """How many replications each of the ranges holds at least: fewer where a measure is defined in fewer of them."""
    share = min((row.share for row in rows if not math.isnan(row.share)), default=SHARE)
    return f"{100 * share:.0f} % of replications"


def posterior_document(scenario: Scenario, seed: int, numbers: Sequence[int], rows: Sequence[RangeRow]) -> Any:
    """What is left open, the draw of each replication, and every range, as plain values."""
    posterior = scenario.posterior
    if posterior is None:
        return None
    return {
        "calibration": dict(posterior.made),
        "numbers": [{"name": one.name, "sets": dict(one.sets), "unit": one.unit} for one in posterior.open_numbers],
        "draws": len(posterior.draws),
        "draw_of": [draw_of(scenario, seed=seed, replication=number) for number in numbers],
        "ranges": [{name: finite(getattr(row, name)) for name in RangeRow.__dataclass_fields__} for row in rows],
    }
