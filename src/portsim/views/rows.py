"""Rows of results as cells of text: looked up by name, in readable units, marked where they are lower bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from portsim.results import MetricRow
from portsim.tables import number, share

HOURS_FROM_MIN = 180.0
"""A table with durations of this many minutes or more is in hours."""


UNDEFINED = "-"
"""Stands where a measure has no value, as a mean of nothing."""


class Rows:
    """The rows of a run, by metric and the part of the port they are about."""

    def __init__(self, rows: Iterable[MetricRow]) -> None:
        self._rows = {(row.metric, row.flow, row.direction, row.stage, row.pool): row for row in rows if not row.kind}

    def row(
        self,
        metric: str,
        *,
        flow: str | None = None,
        direction: str | None = None,
        stage: str | None = None,
        pool: str | None = None,
    ) -> MetricRow | None:
        """The row of this metric, None if there is none or its value is undefined."""
        row = self._rows.get((metric, flow, direction, stage, pool))
        return None if row is None or math.isnan(row.mean) else row

    def number(self, metric: str, **part: str) -> str:
        """Mean and half width, a dash where undefined."""
        row = self.row(metric, **part)
        return UNDEFINED if row is None else _marked(row, number(row.mean, half_width(row)))

    def share(self, metric: str, **part: str) -> str:
        """The same of a share, in per cent."""
        row = self.row(metric, **part)
        return UNDEFINED if row is None else _marked(row, share(row.mean, half_width(row)))


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """The unit all durations of one table are shown in, to the same decimals."""

    name: str
    minutes: float
    decimals: int

    @classmethod
    def of(cls, rows: Iterable[MetricRow | None]) -> TimeUnit:
        """The unit in which rows given in minutes read best: hours if any of them is long."""
        longest = max((row.mean for row in rows if row is not None), default=0.0)
        if longest >= HOURS_FROM_MIN:
            return cls("h", 60.0, 1 if longest >= 10 * HOURS_FROM_MIN else 2)
        return cls("min", 1.0, 1 if longest >= 10 else 2)

    def show(self, row: MetricRow | None) -> str:
        """Mean and half width, a dash where undefined."""
        if row is None:
            return UNDEFINED
        text = number(row.mean / self.minutes, half_width(row) / self.minutes, decimals=self.decimals)
        return _marked(row, text)


def half_width(row: MetricRow) -> float:
    """Half the width of a row's 95 % interval, NaN where it has none."""
    return (row.ci_high - row.ci_low) / 2


def _marked(row: MetricRow, text: str) -> str:
    return f"≥ {text}" if row.method.startswith("lower bound") else text
