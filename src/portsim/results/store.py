"""Run folders: everything a run gave, in files people and programs can read.

```
DIR/scenario.yaml                 the scenario as it was run, and the files it names beside it
DIR/manifest.json                 written last: what was run, with what, and what each file holds
DIR/summary.csv                   one row per measure, over the replications
DIR/daily.csv                     arrivals and crossings by replication, day, flow, direction and kind
DIR/hourly.csv                    what happens at each stage hour by hour, mean over the replications
DIR/replications/0000/            measures.csv, daily.csv, hourly.csv of every replication, and of those that are
                                  kept units, visits, work, levels as .csv or .parquet
```

Tables are the same bytes for the same scenario, seed and version, whatever the engine, machine or time. Ticks are ms
since the start, areas in the hourly.csv of a replication unit-ms. A file is there whole or not at all.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from portsim.errors import Place, Problem, ScenarioError
from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.model.traffic import Traffic
from portsim.results.days import count_days, join_days
from portsim.results.files import write_whole
from portsim.results.hours import HOUR_SUMS, count_hours, mean_hours
from portsim.results.manifest import FILE, manifest_text
from portsim.results.measure import Measure
from portsim.results.names import Names
from portsim.results.parquet import parquet_bytes, require_parquet
from portsim.results.reading import cell, day_columns, hour_columns, measure_lines
from portsim.results.recordfiles import columns_of, to_files
from portsim.results.statistics import MetricRow
from portsim.results.tables import Column, csv_line, csv_text

Keep = Literal["first", "all", "none"]
Format = Literal["csv", "parquet"]

_OWN = {"scenario.yaml", FILE, "summary.csv", "daily.csv", "hourly.csv", "replications"}


class RunFolder:
    """A run folder being written.

    keep : whose units, visits, work and levels are kept: those of the first replication written, of all, of none
    table_format : what those four tables are written as; all others are CSV

    Every write raises OSError if the disk is full or the folder cannot be written, and leaves no part of a file.
    """

    def __init__(self, path: pathlib.Path, network: Network, *, keep: Keep, table_format: Format) -> None:
        self.path = path
        self._network = network
        self._names = Names.of(network)
        self._keep = keep
        self._format = table_format
        self._files: dict[str, dict[str, Any]] = {}
        self._days: list[tuple[int, Table]] = []
        self._hours: Table = {}
        self._hours_end = 0
        self._kept: list[dict[str, int]] = []

    @classmethod
    def create(
        cls, path: pathlib.Path, network: Network, *, keep: Keep = "first", table_format: Format = "csv"
    ) -> RunFolder:
        """Begin a run folder; nothing is written yet.

        Raises ScenarioError if there is something at `path` already, or if Parquet is asked for without pyarrow;
        ValueError for an unknown `keep` or `table_format`.
        """
        if keep not in ("first", "all", "none"):
            raise ValueError(f"keep must be first, all or none, got {keep!r}")
        if table_format not in ("csv", "parquet"):
            raise ValueError(f"table_format must be csv or parquet, got {table_format!r}")
        if path.exists() and not path.is_dir():
            raise _problem(path, "is a file, and a run needs a folder: give another name")
        if path.exists() and any(path.iterdir()):
            raise _problem(path, "is not empty, and runs are never overwritten: give a new folder, or empty this one")
        if table_format == "parquet":
            require_parquet()
        return cls(path, network, keep=keep, table_format=table_format)

    def write_scenario(self, text: str, inputs: Mapping[str, pathlib.Path] | None = None) -> None:
        """Save the resolved scenario, with copies of the files it names so that it loads again from here.

        inputs : where each file is now, by the name the scenario has for it, relative to its own folder

        Raises ScenarioError, before anything is written, for a name that leads out of the folder or is one of the
        folder's own, and for a file that cannot be read.
        """
        problems = []
        contents = {}
        for name, source in (inputs or {}).items():
            place = pathlib.PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name or not place.parts:
                problems.append(Problem(None, name, "leads out of the scenario's folder: put the file inside it"))
            elif place.parts[0].lower() in _OWN:
                problems.append(Problem(None, name, "is a name run folders use themselves: rename the file"))
            else:
                try:
                    contents[name] = source.read_bytes()
                except OSError as error:
                    problems.append(Problem(None, name, f"cannot be read: {error.strerror}"))
        if problems:
            raise ScenarioError(problems)
        for name, content in contents.items():
            self._write(name, [content])
        self._write("scenario.yaml", [text.encode()])

    def write_replication(
        self,
        number: int,
        network: Network,
        traffic: Traffic,
        records: Records,
        measures: Sequence[Measure],
        *,
        is_stopped: bool = False,
    ) -> None:
        """Save one replication.

        network : as it was played, which ends early if the replication had to stop
        is_stopped : whether it had to; daily.csv and hourly.csv are then of the others, if there are any
        """
        folder = f"replications/{number:04d}"
        days, hours = count_days(network, traffic, records), count_hours(network, traffic, records)
        self._write(f"{folder}/measures.csv", measure_lines(measures), len(measures))
        self._write_table(f"{folder}/daily.csv", day_columns(self._names), days)
        self._write_table(f"{folder}/hourly.csv", hour_columns(self._names), hours)
        if self._keep == "all" or (self._keep == "first" and not self._kept and not self._days):
            for name, table in to_files(records, self._names).items():
                self._write_table(f"{folder}/{name}.{self._format}", columns_of(name, self._names), table)
            self._kept.append({"replication": number, "end_tick": records.end})
        if not is_stopped or not self._days:
            self._days.append((number, days))
            sums = {name: hours[name] + self._hours.get(name, 0) for name in HOUR_SUMS}
            self._hours = hours | sums
            self._hours_end = network.end

    def finish(self, rows: Sequence[MetricRow], manifest: Mapping[str, Any]) -> None:
        """Write the tables over all replications, then the manifest (see `manifest.manifest_of`)."""
        fields = [field.name for field in dataclasses.fields(MetricRow)]
        lines = [csv_line([cell(getattr(row, name)) for name in fields]) for row in rows]
        self._write("summary.csv", [csv_line(fields), *lines], len(lines))
        days = join_days(sorted(self._days, key=lambda pair: pair[0]))
        self._write_table("daily.csv", (Column("replication", np.int64), *day_columns(self._names)), days)
        hours = list(mean_hours(self._network, self._hours, len(self._days), self._hours_end))
        self._write("hourly.csv", map(csv_line, hours), len(hours) - 1)
        files = [{"path": path, **self._files[path]} for path in sorted(self._files)]
        whole = {**manifest, "keep": self._keep, "kept": self._kept, "format": self._format, "files": files}
        self._write(FILE, [manifest_text(whole)])

    def _write_table(self, path: str, columns: Sequence[Column], table: Table) -> None:
        rows = len(table[columns[0].name])
        is_parquet = path.endswith(".parquet")
        self._write(path, [parquet_bytes(columns, table)] if is_parquet else csv_text(columns, table), rows)

    def _write(self, path: str, pieces: Iterable[bytes], rows: int | None = None) -> None:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        entry: dict[str, Any] = {"sha256": write_whole(target, pieces)}
        self._files[path] = entry if rows is None else {**entry, "rows": rows}


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
