"""Where a single replication lies: what is left open of a port whose numbers are not known, chance included.

The interval of a mean shrinks with every replication; what one port may give does not, where replications are played
with draws of a posterior. So its range stands beside the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portsim.results.differences import Plan, PlanMeasures, paired_values
from portsim.results.measure import Measure
from portsim.results.statistics import MAXIMA

SHARE = 0.9
"""Share of ports that the range holds, where there are replications enough to say so."""


@dataclass(frozen=True, slots=True)
class RangeRow:
    """The range of one measure over replications, or of the difference of a plan from the baseline.

    low, high : NaN of fewer than two
    share : the probability that one more replication lies within
    n : replications in which it is defined
    """

    plan: Plan
    metric: str
    unit: str
    flow: str | None
    kind: str | None
    direction: str | None
    stage: str | None
    pool: str | None
    low: float
    high: float
    share: float
    n: int


def range_of(values: Sequence[float]) -> tuple[float, float, float]:
    """(low, high, share): one more value of the same kind lies from low to high with this probability.

    Of n values in order, one more falls between the j-th from below and the j-th from above with probability
    (n + 1 - 2 j)/(n + 1), whatever their distribution (Wilks 1941, Annals of Mathematical Statistics 12, 91-96). From
    19 values on j = 0.05 (n + 1), on a straight line between two of them where it is not whole; below that j = 1.
    """
    n = len(values)
    if n < 2:
        return math.nan, math.nan, math.nan
    ordered = sorted(values)
    rank = (1 - SHARE) / 2 * (n + 1)
    if rank < 1:
        return ordered[0], ordered[-1], (n - 1) / (n + 1)
    below = int(rank)
    part = rank - below
    low = ordered[below - 1] + part * (ordered[below] - ordered[below - 1])
    high = ordered[n - below] - part * (ordered[n - below] - ordered[n - below - 1])
    return low, high, SHARE


def ranges(replications: Sequence[Sequence[Measure]]) -> tuple[RangeRow, ...]:
    """The range of every measure over replications; maxima, which grow with their number, are left out."""
    rows = []
    for column in zip(*replications, strict=True):
        measure = column[0]
        if measure.metric in MAXIMA:
            continue
        values = [one.value for one in column if not math.isnan(one.value)]
        about = (measure.flow, measure.kind, measure.direction, measure.stage, measure.pool)
        rows.append(RangeRow(None, measure.metric, measure.unit, *about, *range_of(values), len(values)))
    return tuple(rows)


def difference_ranges(baseline: PlanMeasures, plans: Sequence[PlanMeasures]) -> tuple[RangeRow, ...]:
    """The range of the difference of every plan from the baseline, replication by replication."""
    units = {(row.metric, row.flow, row.kind, row.direction, row.stage, row.pool): row.unit for row in baseline.rows}
    return tuple(
        RangeRow(plan.plan, key[0], units[key], *key[1:], *range_of(values), len(values))
        for plan in plans
        if plan.is_whole and baseline.is_whole
        for key, values in paired_values(baseline, plan)
        if key[0] not in MAXIMA
    )
