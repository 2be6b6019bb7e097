"""The measures of several ports added up, replication by replication: only what adds up."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from portsim.results.measure import Measure
from portsim.results.statistics import MetricRow, summarise

ADDITIVE = frozenset(
    {
        *("crossings", "crossings_per_day", "throughput_per_h", "persons_per_day", "goods_per_day"),
        *("in_port_at_start", "arrived", "released", "left", "turned_away", "in_port", "in_port_mean"),
        *("stayed_away", "no_shows", "waiting_elsewhere", "left_behind"),
        *("truck_hours_lost", "officer_hours", "overtime_hours", "officer_cost"),
    }
)
"""Counts, rates, hours, costs and means over time of numbers: of several ports together they are the sum.

Times of a unit, percentiles, maxima and shares are not, nor is what is counted at a moment of each port's own.
"""

_OF_OFFICERS = "officer_cost"

Part = tuple[str, str, str | None, str | None]
"""Metric, unit, kind, direction."""


def add_up(ports: Sequence[Sequence[Measure]]) -> tuple[Measure, ...]:
    """The totals of one replication over its ports, for all together and by kind and direction.

    A port that has no such row (a kind that does not come there) adds nothing; one in which it is undefined makes the
    total undefined. A port without officers costs nothing.
    """
    values: dict[Part, list[float]] = {}
    for measures in ports:
        has_officers = any(measure.pool is not None for measure in measures)
        for measure in measures:
            if measure.metric not in ADDITIVE or (measure.flow, measure.stage, measure.pool) != (None, None, None):
                continue
            part = (measure.metric, measure.unit, measure.kind, measure.direction)
            added = values.setdefault(part, [])
            if measure.metric != _OF_OFFICERS or has_officers:
                added.append(measure.value)
    return tuple(
        Measure(metric, unit, None, kind, direction, None, None, math.fsum(added) if added else math.nan)
        for (metric, unit, kind, direction), added in values.items()
    )


def summarise_region(
    region: str,
    ports: Mapping[str, Sequence[Sequence[Measure]]],
    complete: Sequence[Sequence[Sequence[Measure]]],
    *,
    binned: Collection[str] = (),
    drawn: Collection[str] = (),
) -> tuple[MetricRow, ...]:
    """Rows of the totals, then those of each port under its name in the region.

    ports : measures of each port's replications, by name
    complete : of each replication that all ports have played to the end, the measures by port
    binned : the ports whose percentiles of times were counted in bins; totals have no percentiles
    drawn : the ports of which each replication was played with a draw of a posterior

    The interval of a total is that of the sums of each replication, not a sum of intervals. A total is marked as a
    lower bound if it is one in any port.
    """
    of_ports = [
        row
        for name, replications in ports.items()
        for row in summarise(name, replications, is_binned=name in binned, is_drawn=name in drawn)
    ]
    bounds = {
        row.metric
        for row in of_ports
        if row.method.startswith("lower bound") and (row.flow, row.stage, row.pool) == (None, None, None)
    }
    totals = summarise(region, [add_up(replication) for replication in complete], is_drawn=bool(drawn))
    marked = (
        replace(row, method=f"lower bound, {row.method}") if row.metric in bounds and row.n else row for row in totals
    )
    return (*marked, *of_ports)
