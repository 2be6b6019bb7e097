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

import pathlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.results.files import write_whole
from portsim.results.manifest import FILE, manifest_text
from portsim.results.measure import Measure
from portsim.results.parquet import require_parquet
from portsim.results.runtables import REPLICATIONS, Format, Keep, RunTables, folder_of
from portsim.results.statistics import MetricRow

_OWN = {"scenario.yaml", FILE, "summary.csv", "daily.csv", "hourly.csv", REPLICATIONS, "plots"}


class RunFolder:
    """A run folder being written.

    keep : whose units, visits, work and levels are kept: those of the first replication written, of all, of none
    table_format : what those four tables are written as; all others are CSV

    Every write raises OSError if the disk is full or the folder cannot be written, and leaves no part of a file.
    """

    def __init__(self, path: pathlib.Path, network: Network, *, keep: Keep, table_format: Format) -> None:
        self.path = path
        self._keep = keep
        self._format = table_format
        self._tables = RunTables(self._write, network, table_format=table_format)
        self._files: dict[str, dict[str, Any]] = {}

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
        check_new(path)
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
        measures: Sequence[Measure],
        days: Table,
        hours: Table,
        records: Records | None,
        *,
        end: int,
        is_stopped: bool = False,
    ) -> None:
        """Save one replication; arguments are those of `runtables.RunTables.add`."""
        self._tables.add(number, measures, days, hours, records, end=end, is_stopped=is_stopped)

    def drop_replication(self, number: int) -> None:
        """Take back the last replication, whole or half written: the summary will not be of it."""
        folder = folder_of(number)
        self._files = {path: entry for path, entry in self._files.items() if not path.startswith(f"{folder}/")}
        self._tables.forget(number)
        shutil.rmtree(self.path / folder, ignore_errors=True)

    def finish(self, rows: Sequence[MetricRow], manifest: Mapping[str, Any]) -> None:
        """Write the tables over all replications, then the manifest (see `manifest.manifest_of`)."""
        self._tables.finish(rows)
        files = [{"path": path, **self._files[path]} for path in sorted(self._files)]
        whole = {**manifest, "keep": self._keep, "kept": self._tables.kept, "format": self._format, "files": files}
        self._write(FILE, [manifest_text(whole)])

    def _write(self, path: str, pieces: Iterable[bytes], rows: int | None = None) -> None:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        entry: dict[str, Any] = {"sha256": write_whole(target, pieces)}
        self._files[path] = entry if rows is None else {**entry, "rows": rows}


def check_new(path: pathlib.Path) -> None:
    """Raise ScenarioError if a run cannot be written to `path` because there is something already."""
    if path.exists() and not path.is_dir():
        raise _problem(path, "is a file, and a run needs a folder: give another name")
    if path.exists() and any(path.iterdir()):
        raise _problem(path, "is not empty, and runs are never overwritten: give a new folder, or empty this one")


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
