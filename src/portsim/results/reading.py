"""The columns of every file of a run folder, and reading them back."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import math
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from portsim.errors import Place, Problem, ScenarioError
from portsim.model.records import Records, Table
from portsim.results.days import DAY_COUNTS
from portsim.results.hours import HOUR_SUMS
from portsim.results.journal import in_words
from portsim.results.manifest import read_manifest
from portsim.results.measure import Measure
from portsim.results.names import DIRECTIONS, Names
from portsim.results.parquet import read_parquet
from portsim.results.recordfiles import SPECIFICATIONS, columns_of, from_files
from portsim.results.statistics import MetricRow
from portsim.results.tables import Column, csv_line, read_csv

MEASURE_FIELDS = tuple(Measure.__dataclass_fields__)


def day_columns(names: Names) -> tuple[Column, ...]:
    """Columns of a replication's daily.csv (see `days.count_days`)."""
    return (
        Column("date", np.int64, names.dates),
        Column("is_whole", np.int64),
        Column("flow", np.int64, names.flows),
        Column("direction", np.int64, DIRECTIONS),
        Column("kind", np.int64, names.kinds),
        *(Column(name, np.int64) for name in DAY_COUNTS),
    )


def hour_columns(names: Names) -> tuple[Column, ...]:
    """Columns of a replication's hourly.csv (see `hours.count_hours`), areas in unit-ms."""
    return (
        Column("tick", np.int64),
        Column("stage", np.int64, names.stages),
        *(Column(name, np.int64) for name in HOUR_SUMS),
    )


def measure_lines(measures: Sequence[Measure]) -> Iterator[bytes]:
    """Lines of measures.csv; what is not defined is empty."""
    yield csv_line(MEASURE_FIELDS)
    for measure in measures:
        yield csv_line([cell(getattr(measure, name)) for name in MEASURE_FIELDS])


def summary_lines(rows: Sequence[MetricRow]) -> Iterator[bytes]:
    """Lines of summary.csv; what is not defined is empty."""
    fields = [field.name for field in dataclasses.fields(MetricRow)]
    yield csv_line(fields)
    for row in rows:
        yield csv_line([cell(getattr(row, name)) for name in fields])


def cell(value: object) -> object:
    """What a CSV cell holds for a value: nothing for NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def read_measures(path: pathlib.Path) -> tuple[Measure, ...]:
    """Read a replication's measures.csv, every number exactly as it was; ScenarioError if it is none, OSError."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
        if not rows or tuple(rows[0]) != MEASURE_FIELDS:
            raise ValueError(f"should have the columns {', '.join(MEASURE_FIELDS)}")
        measures = []
        for metric, unit, flow, kind, direction, stage, pool, value in rows[1:]:
            number = float(value) if value else math.nan
            measures.append(
                Measure(
                    metric, unit, flow or None, kind or None, direction or None, stage or None, pool or None, number
                )
            )
    except ValueError as error:
        raise _problem(path, f"is no table of measures: {error}") from None
    return tuple(measures)


def read_table(path: pathlib.Path, columns: Sequence[Column]) -> Table:
    """Read a table of a run folder by its columns, CSV or Parquet; ScenarioError if it is not one, OSError."""
    return read_parquet(path, columns) if path.suffix == ".parquet" else read_csv(path, columns)


def read_records(folder: pathlib.Path, number: int) -> Records:
    """The records of a kept replication of a finished run folder, exactly as the engine wrote them.

    Raises ScenarioError if the folder is not finished, the replication was not kept or a table was changed; OSError.
    """
    manifest = read_manifest(folder)
    ends = {entry["replication"]: entry["end_tick"] for entry in manifest["kept"]}
    if number not in manifest["replications"]:
        raise _problem(folder, f"there is no replication {number}: it has {in_words(manifest['replications'])}")
    if number not in ends:
        kept = ", ".join(map(str, ends)) or "none"
        raise _problem(folder, f"the records of replication {number} were not kept (kept: {kept}): use --keep all")
    names = Names.from_plain(manifest["names"])
    paths = {name: f"replications/{number:04d}/{name}.{manifest['format']}" for name in SPECIFICATIONS}
    tables = {name: read_table(folder / path, columns_of(name, names)) for name, path in paths.items()}
    check_unchanged(folder, manifest, paths.values())
    return from_files(tables, names, ends[number])


def check_unchanged(folder: pathlib.Path, manifest: Mapping[str, Any], paths: Iterable[str]) -> None:
    """Raise ScenarioError naming every one of these files that is not as the manifest says it was written; OSError.

    What follows from tables rests on their being complete and in order, which a spreadsheet may quietly change.
    """
    stated = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    changed = [path for path in paths if hashlib.sha256((folder / path).read_bytes()).hexdigest() != stated.get(path)]
    if changed:
        message = "was changed after the run, so nothing is read from it: see portsim verify, or run the scenario again"
        raise ScenarioError(Problem(Place(str(folder / path), 0, 0), "", message) for path in changed)


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
