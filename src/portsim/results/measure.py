"""One number a replication gave, and of which part of the port."""

from __future__ import annotations

from dataclasses import dataclass, replace

MINUTE_MS = 60_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one replication; what is None is not narrowed down, so all None is the whole port.

    metric : measure, statistic and unit in one name, `wait_p95_min`
    value : NaN where it is not defined, for instance the mean wait of no unit
    """

    metric: str
    unit: str
    flow: str | None
    kind: str | None
    direction: str | None
    stage: str | None
    pool: str | None
    value: float


class Sheet:
    """Measures in the order they are written down."""

    def __init__(self) -> None:
        self.rows: list[Measure] = []

    def write(
        self,
        metric: str,
        unit: str,
        value: float,
        *,
        flow: str | None = None,
        kind: str | None = None,
        direction: str | None = None,
        stage: str | None = None,
        pool: str | None = None,
    ) -> None:
        """Add one row."""
        self.rows.append(Measure(metric, unit, flow, kind, direction, stage, pool, float(value)))

    def write_again(self, row: int, *, flow: str) -> None:
        """Add the rows from `row` on once more, as those of a flow."""
        self.rows += [replace(measure, flow=flow) for measure in self.rows[row:]]


def ratio(part: float, whole: float) -> float:
    """Part of a whole, NaN of nothing."""
    return part / whole if whole else float("nan")
