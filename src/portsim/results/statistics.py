"""Measures over replications: mean, spread and a 95 % interval for each row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portsim.results.appointments import TOTAL_WAIT, VIRTUAL_WAIT
from portsim.results.measure import Measure
from portsim.results.rejoins import REJOIN
from portsim.results.spread import BIN_ERROR, PERCENTILES, STATISTICS
from portsim.results.waits import TIMES

CONFIDENCE = 0.95
UNFINISHED_LIMIT = 0.01
"""Share of unfinished units above which times are called lower bounds."""

MAXIMA = frozenset(
    {f"{time}_max_min" for time in (*TIMES, REJOIN, VIRTUAL_WAIT, TOTAL_WAIT)}
    | {"queue_max", "in_port_max", "crossings_max_per_day", "recovery_max_h"}
)
"""Metrics that are a largest value: over replications the largest is shown, and no interval."""

LOWER_BOUNDS = frozenset(
    {f"{time}_{statistic}_min" for time in (*TIMES, REJOIN, VIRTUAL_WAIT, TOTAL_WAIT) for statistic in STATISTICS}
    | {"truck_hours_lost"}
)
"""Metrics that can only grow when unfinished units are followed to their end (`within_target_*` too)."""

UNFINISHED = "unfinished_share"
UNFINISHED_OF = {
    f"{time}_{statistic}_min": f"{time}_{UNFINISHED}" for time in (VIRTUAL_WAIT, TOTAL_WAIT) for statistic in STATISTICS
}
"""The share of unfinished units that says whether a metric is a lower bound; `unfinished_share` of all others."""

RECOVERIES = {
    "recovery_h": "recovered_share",
    "recovery_max_h": "recovered_share",
    "backlog_h": "backlog_cleared_share",
}
"""Metrics that can only grow when what a closure left is followed until it is gone, and the share that came to that."""

BINNED = frozenset(f"{time}_p{q}_min" for time in (*TIMES, REJOIN, VIRTUAL_WAIT, TOTAL_WAIT) for q in PERCENTILES)
"""Percentiles of times, which a run that keeps a summary counts in bins."""

BUFFERS = frozenset({"buffer_time_min", "buffer_index"})
"""Differences of such metrics: unfinished units may push them either way."""


DRAWN = "each at a draw of the posterior"
"""How the method of a row says that chance is not all that differs between replications."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One measure over all replications.

    mean : mean over the replications in which it is defined; of a maximum the largest of them; NaN of none
    sd : standard deviation over replications (n - 1); NaN for fewer than two or a maximum
    ci_low, ci_high : 95 % interval of the mean; NaN where there is none
    n : replications in which it is defined
    method : how mean and interval were made
    """

    metric: str
    unit: str
    port: str
    flow: str | None
    kind: str | None
    direction: str | None
    stage: str | None
    pool: str | None
    mean: float
    sd: float
    ci_low: float
    ci_high: float
    n: int
    method: str


def summarise(
    port: str, replications: Sequence[Sequence[Measure]], *, is_binned: bool = False, is_drawn: bool = False
) -> tuple[MetricRow, ...]:
    """Put the measures of replications side by side, one row for each.

    A mean carries Student's t interval over replications (Law 2015, Simulation Modeling and Analysis, eq. 4.12);
    percentiles are taken in each replication and then averaged. A maximum shows the largest over replications and
    carries no interval. Sums are exactly rounded, so the order of replications changes nothing. Where more than 1 %
    of a flow's (or the port's) units are unfinished, or of a stage's still wait there, their times are marked as lower
    bounds; so are recoveries where a queue was not gone by the end.

    is_binned : whether percentiles of times were counted in bins, which rows say with how far they may be off
    is_drawn : whether each replication was played with a draw of a posterior of its own, which rows say

    Raises ValueError if the replications do not have the same rows.
    """
    if not replications:
        return ()
    keys = [_key(measure) for measure in replications[0]]
    if any([_key(measure) for measure in measures] != keys for measures in replications):
        raise ValueError("replications of one scenario have the same measures in the same order; these differ")
    unfinished = {
        (measure.metric, measure.flow, measure.stage): _mean(_defined(column)) > UNFINISHED_LIMIT
        for measure, column in zip(replications[0], zip(*replications, strict=True), strict=True)
        if measure.metric in (UNFINISHED, *UNFINISHED_OF.values())
    }
    unrecovered = {
        (measure.metric, measure.flow, measure.stage)
        for measure, column in zip(replications[0], zip(*replications, strict=True), strict=True)
        if measure.metric in RECOVERIES.values() and _mean(_defined(column)) < 1
    }
    rows = []
    for measure, column in zip(replications[0], zip(*replications, strict=True), strict=True):
        values = _defined(column)
        is_unfinished = (
            (RECOVERIES[measure.metric], measure.flow, measure.stage) in unrecovered
            if measure.metric in RECOVERIES
            else unfinished.get((UNFINISHED_OF.get(measure.metric, UNFINISHED), measure.flow, measure.stage), False)
        )
        if measure.metric in MAXIMA:
            numbers = (max(values, default=math.nan), math.nan, math.nan, math.nan)
        else:
            numbers = interval(values)
        rows.append(
            MetricRow(
                measure.metric,
                measure.unit,
                port,
                measure.flow,
                measure.kind,
                measure.direction,
                measure.stage,
                measure.pool,
                *numbers,
                len(values),
                _method(measure.metric, len(values), is_unfinished, is_binned, is_drawn),
            )
        )
    return tuple(rows)


def interval(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Mean, standard deviation and both ends of the 95 % t interval of independent values; NaN where undefined."""
    n = len(values)
    mean = _mean(values)
    if n < 2:
        return mean, math.nan, math.nan, math.nan
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = t_quantile(n - 1) * sd / math.sqrt(n)
    return mean, sd, mean - half, mean + half


def t_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t distribution with this many degrees of freedom."""
    from scipy.special import stdtrit  # scipy.stats takes a second to import

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _defined(column: Sequence[Measure]) -> list[float]:
    return [measure.value for measure in column if not math.isnan(measure.value)]


def _method(metric: str, n: int, is_unfinished: bool, is_binned: bool, is_drawn: bool) -> str:
    if n == 0:
        return "undefined"
    if metric in MAXIMA:
        method = "maximum over replications: no interval"
    else:
        method = "t over replications" if n > 1 else "one replication: no interval"
    if is_drawn and metric not in MAXIMA and n > 1:
        method += f", {DRAWN}"
    if is_binned and (metric in BINNED or metric in BUFFERS):
        of = "from a percentile" if metric in BUFFERS else "percentile"
        method = f"{of} within {100 * BIN_ERROR:.1f} %, {method}"
    can_grow = metric in LOWER_BOUNDS or metric in RECOVERIES or metric.startswith("within_target_")
    if is_unfinished and can_grow:
        return f"lower bound, {method}"
    if is_unfinished and metric in BUFFERS:
        return f"distorted by unfinished units, {method}"
    return method


def _key(measure: Measure) -> tuple[str | None, ...]:
    return (measure.metric, measure.flow, measure.kind, measure.direction, measure.stage, measure.pool)
