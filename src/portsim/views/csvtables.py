"""Rows of results as CSV files: UTF-8, a header, line feeds; what is undefined is an empty cell."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from portsim.experiments.calibration import Calibration
from portsim.experiments.compare import Comparison, label_of
from portsim.experiments.screening import Effect, Screening
from portsim.experiments.sweep import Sweep
from portsim.results.differences import ChanceRow, DifferenceRow
from portsim.results.statistics import MetricRow
from portsim.views.calibrated import calibration_document
from portsim.views.plots.planqueues import HOUR_COLUMNS, HOURS, VALUE_COLUMNS, VALUES, Queues


def csv_bytes(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A table as the bytes of a file; numbers are written so that they read back the same."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return repr(value) if isinstance(value, float) else value


def comparison_files(comparison: Comparison) -> dict[str, bytes]:
    """The tables of a comparison by file name: plans, the summary of each, differences, chances of being best.

    Where it was kept by the hour also who waits under each plan, and when the port is closed under it.
    """
    plans = [
        (
            played.label,
            played.officer_hours,
            comparison.hours_apart(played),
            len(played.run.numbers),
            played.run.stopped,
        )
        for played in comparison.plans
    ]
    summary = [(played.label, *asdict(row).values()) for played in comparison.plans for row in played.run.rows]
    changes = [
        (played.label, one.path, one.before, one.after)
        for played in comparison.plans
        for one in played.candidate.adjusted
    ]
    files = {
        "plans.csv": csv_bytes(("plan", "officer_hours", "hours_apart", "replications", "stopped"), plans),
        "summary.csv": csv_bytes(("plan", *MetricRow.__dataclass_fields__), summary),
        "differences.csv": csv_bytes(list(DifferenceRow.__dataclass_fields__), map(_named, comparison.differences)),
        "best.csv": csv_bytes(list(ChanceRow.__dataclass_fields__), map(_named, comparison.chances)),
    }
    if changes:
        files["officers.csv"] = csv_bytes(("plan", "path", "before", "after"), changes)
    if (queues := Queues.of(comparison)) is not None:
        files[VALUES] = csv_bytes(VALUE_COLUMNS, queues.values())
        files[HOURS] = csv_bytes(HOUR_COLUMNS, queues.spans())
    return files


def _named(row: DifferenceRow | ChanceRow) -> list[Any]:
    """The values of a row, the scenario without a plan by the name it goes by."""
    values = asdict(row)
    values["plan"] = label_of(row.plan)
    if isinstance(row, DifferenceRow):
        values["baseline"] = label_of(row.baseline)
    return list(values.values())


def sweep_files(sweep: Sweep) -> dict[str, bytes]:
    """The table of a sweep by file name: every measure at every point."""
    rows = [
        (number, *point.values, *asdict(row).values())
        for number, point in enumerate(sweep.points)
        for row in point.run.rows
    ]
    return {"points.csv": csv_bytes(("point", *sweep.paths, *MetricRow.__dataclass_fields__), rows)}


def calibration_files(calibration: Calibration) -> dict[str, bytes]:
    """The tables of a calibration by file name: numbers, figures, and the draws of the posterior."""
    document = calibration_document(calibration)
    parameters = [
        {key: value for key, value in row.items() if key not in ("sets", "distribution")}
        for row in document["parameters"]
    ]
    figures = [
        row | {"from": row["window"]["from"], "to": row["window"]["to"], "kinds": " ".join(row["kinds"])}
        for row in document["figures"]
    ]
    columns = [key for key in figures[0] if key not in ("window", "error")]
    return {
        "parameters.csv": csv_bytes(list(parameters[0]), (row.values() for row in parameters)),
        "figures.csv": csv_bytes(columns, ([row[key] for key in columns] for row in figures)),
        "posterior.csv": csv_bytes([one.name for one in calibration.question.parameters], calibration.values.tolist()),
    }


def screening_files(screening: Screening) -> dict[str, bytes]:
    """The tables of a screening by file name: effects, the numbers varied with their ranges, and those left out."""
    factors = [(one.path, one.text, one.written(0), one.written(1), one.reason) for one in screening.factors]
    return {
        "effects.csv": csv_bytes(
            list(Effect.__dataclass_fields__), (asdict(one).values() for one in screening.effects)
        ),
        "assumptions.csv": csv_bytes(("path", "value", "low", "high", "reason"), factors),
        "left_out.csv": csv_bytes(("path", "value", "why"), (asdict(one).values() for one in screening.left_out)),
    }
