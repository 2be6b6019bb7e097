"""Run folders: everything a run gave, in files people and programs can read.

```
DIR/run.json                      written first: what was asked for
DIR/scenario.yaml                 the scenario as it was run, and the files it names beside it
DIR/manifest.json                 written last: what was run, with what, and what each file holds
DIR/summary.csv                   one row per measure, over the replications
DIR/daily.csv                     arrivals and crossings by replication, day, flow, direction and kind
DIR/hourly.csv                    what happens at each stage hour by hour, mean over the replications
DIR/replications/0000/            measures.csv, daily.csv, hourly.csv of every replication, and of those that are
                                  kept units, visits, work, levels as .csv or .parquet; replication.json says how it
                                  ended and what these files hold
DIR/run.lock                      only while a run writes here: who
```

Tables are the same bytes for the same scenario, seed and version, whatever the engine, machine or time. Ticks are ms
since the start, areas in the hourly.csv of a replication unit-ms. A file is there whole or not at all, and so is the
folder of a replication: a run that was broken off at any moment can be continued.
"""

from __future__ import annotations

import hashlib
import pathlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.results.files import PARTIAL, move_whole, settle, write_whole
from portsim.results.journal import ENTRY, Asked, Entry
from portsim.results.lock import FolderLock
from portsim.results.manifest import FILE, RUN, manifest_text
from portsim.results.measure import Measure
from portsim.results.names import Names
from portsim.results.reading import day_columns, hour_columns, read_measures, read_table
from portsim.results.recordfiles import SPECIFICATIONS
from portsim.results.runtables import RunTables, folder_of
from portsim.results.statistics import MetricRow

SCENARIO = "scenario.yaml"


class RunFolder:
    """A run folder being written; whoever writes it holds its lock until it is closed.

    network : as the scenario has it
    asked : what the folder is for, without the hashes of the scenario's files
    texts : the scenario and the files it names, by path in the folder

    Every write raises OSError if the disk is full or the folder cannot be written, and leaves no part of a file.
    """

    def __init__(
        self,
        path: pathlib.Path,
        network: Network,
        asked: Asked,
        texts: Mapping[str, bytes],
        held: FolderLock,
        *,
        is_made_here: bool = False,
    ) -> None:
        self.path = path
        self.asked = asked
        self._texts = texts
        self._lock = held
        self._is_made_here = is_made_here
        self._names = Names.of(network)
        self._staged: dict[str, dict[str, Any]] = {}
        self._tables = RunTables(self._stage, network, table_format=asked.format)  # type: ignore[arg-type]
        self._files: dict[str, dict[str, Any]] = {}
        self._entries: dict[int, Entry] = {}
        self._is_begun = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """The replications whose folders are there, ascending."""
        return tuple(sorted(self._entries))

    def __contains__(self, number: object) -> bool:
        return number in self._entries

    def write_replication(
        self,
        number: int,
        measures: Sequence[Measure],
        days: Table,
        hours: Table | None,
        records: Records | None,
        *,
        end: int,
        in_port: NDArray[np.float64],
        ring: tuple[str, ...],
        stopped: str | None = None,
    ) -> None:
        """Save one replication, and before the first what the folder is for.

        end, in_port, ring, stopped : see `journal.Entry`; the rest is as for `runtables.RunTables.add`
        """
        self._begin()
        unfinish(self.path)
        staging = self._staging(number)
        staging.mkdir(parents=True)
        try:
            self._staged = {}
            self._tables.add(number, measures, days, hours, records, end=end, is_stopped=stopped is not None)
            files = {path.rpartition("/")[2]: entry for path, entry in self._staged.items()}
            entry = Entry(number, end, stopped, in_port, ring, files)
            self._commit(entry)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def copy_replication(self, source: pathlib.Path, entry: Entry, *, is_kept: bool) -> None:
        """Save a replication that stands in the folder of another run, as this one would have written it.

        is_kept : whether its records are copied, if they are there
        """
        self._begin()
        unfinish(self.path)
        staging = self._staging(entry.number)
        staging.mkdir(parents=True)
        files = {
            name: file for name, file in entry.files.items() if is_kept or name.partition(".")[0] not in SPECIFICATIONS
        }
        try:
            for name in files:
                content = (source / folder_of(entry.number) / name).read_bytes()
                write_whole(staging / name, [content], is_in_whole_folder=True)
            self._commit(Entry(entry.number, entry.end, entry.stopped, entry.in_port, entry.ring, files))
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def read_replication(self, number: int) -> tuple[Entry, tuple[Measure, ...], Table, Table | None]:
        """What stands in the folder of a replication: how it ended, measures, days and hours if kept; OSError."""
        entry = self._entries[number]
        folder = self.path / folder_of(number)
        measures = read_measures(folder / "measures.csv")
        days = read_table(folder / "daily.csv", day_columns(self._names))
        has_hours = "hourly.csv" in entry.files
        hours = read_table(folder / "hourly.csv", hour_columns(self._names)) if has_hours else None
        return entry, measures, days, hours

    def count_in(self, number: int, days: Table, hours: Table | None) -> None:
        """Have the tables over all replications be of one that stands in its folder already."""
        entry = self._entries[number]
        is_kept = any(name.partition(".")[0] in SPECIFICATIONS for name in entry.files)
        self._tables.count_in(number, days, hours, end=entry.end, is_kept=is_kept, is_stopped=entry.stopped is not None)

    def drop_replication(self, number: int) -> None:
        """Take a replication back: the summary will not be of it."""
        unfinish(self.path)
        folder = folder_of(number)
        self._entries.pop(number, None)
        self._files = {path: entry for path, entry in self._files.items() if not path.startswith(f"{folder}/")}
        self._tables.forget(number)
        shutil.rmtree(self.path / folder, ignore_errors=True)

    def leave_out(self, number: int) -> None:
        """Have nothing be of a replication whose folder stays, for a run that comes to it."""
        self._files = {
            path: entry for path, entry in self._files.items() if not path.startswith(f"{folder_of(number)}/")
        }

    def finish(self, rows: Sequence[MetricRow], manifest: Mapping[str, Any]) -> None:
        """Write the tables over all replications, then the manifest (see `manifest.manifest_of`)."""
        self._begin()
        self._staged = {}
        self._tables.finish(rows)
        self._files |= self._staged
        files = [{"path": path, **self._files[path]} for path in sorted(self._files)]
        whole = {
            **manifest,
            "keep": self.asked.keep,
            "kept": self._tables.kept,
            "format": self.asked.format,
            "files": files,
        }
        write_whole(self.path / FILE, [manifest_text(whole)])

    def close(self) -> None:
        """Let others write here; a folder in which nothing was begun goes if it was made for this run."""
        self._lock.release()
        if self._is_made_here and not self._is_begun:
            with suppress(OSError):
                self.path.rmdir()

    def _begin(self) -> None:
        """Write what the folder is for, then the scenario, where that is not done."""
        if self._is_begun:
            return
        self._is_begun = True
        self._files[RUN] = {"sha256": write_whole(self.path / RUN, [self.asked.text()])}
        for name, content in self._texts.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            self._files[name] = {"sha256": write_whole(target, [content])}

    def adopt(self, entries: Iterable[Entry]) -> None:
        """Take over the replications of a run that is continued."""
        self._begin()
        for entry in entries:
            self._take_in(entry)

    def _commit(self, entry: Entry) -> None:
        """A replication's files are written: give its folder its name."""
        staging = self._staging(entry.number)
        write_whole(staging / ENTRY, [entry.text()], is_in_whole_folder=True)
        move_whole(staging, self.path / folder_of(entry.number))
        self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        folder = folder_of(entry.number)
        self._entries[entry.number] = entry
        self._files |= {f"{folder}/{name}": dict(file) for name, file in entry.files.items()}
        self._files[f"{folder}/{ENTRY}"] = {"sha256": hashlib.sha256(entry.text()).hexdigest()}

    def _stage(self, path: str, pieces: Iterable[bytes], rows: int) -> None:
        """Write a table; one of a replication where its folder is prepared."""
        folder, _, name = path.rpartition("/")
        target = self.path / path if not folder else self._staging(int(folder.rpartition("/")[2])) / name
        hashed = write_whole(target, pieces, is_in_whole_folder=bool(folder))
        self._staged[path] = {"sha256": hashed, "rows": rows}

    def _staging(self, number: int) -> pathlib.Path:
        folder = self.path / folder_of(number)
        return folder.with_name(f".{folder.name}{PARTIAL}")


def unfinish(path: pathlib.Path) -> None:
    """Take away the manifest of a folder that is about to change: without it the folder is not finished; OSError."""
    if (path / FILE).exists():
        (path / FILE).unlink()
        settle(path)
