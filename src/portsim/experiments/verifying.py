"""Whether a run folder is what its run wrote, and whether the run gives the same today.

First every file is held against the manifest, and the manifest against its own hash. Then the scenario in the folder is
played again, and each table it gives is compared with the folder's, byte for byte, as soon as it is made.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

import portsim
from portsim.errors import ScenarioError
from portsim.experiments.executors import Played
from portsim.experiments.replicate import Run, replicate
from portsim.model import lower
from portsim.model.network import Network
from portsim.results.compared import RowDifference, compare_tables
from portsim.results.files import CHUNK
from portsim.results.journal import ENTRY, read_entry
from portsim.results.lock import FILE as LOCK
from portsim.results.manifest import FILE, RUN, is_as_written, manifest_of, packages, read_manifest
from portsim.results.runtables import REPLICATIONS, RunTables, folder_of
from portsim.scenario import load
from portsim.scenario.scenario import Scenario

PLOTS = "plots"
SCENARIO = "scenario.yaml"

_OF_THE_RUN = (
    *("scenario", "port", "seed", "replications", "from", "to", "measure_from", "clock"),
    *("start_ms", "end_tick", "measure_from_tick", "names", "kept"),
)
"""What a manifest says that follows from the scenario, the seed and the replications."""

What = Literal["missing", "changed", "differs"]
"""A file that is gone; one that is not as its run wrote it; one that is, and its run gives something else today."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that is not as it should be.

    why : the cause, as far as it can be known
    row : the first row that differs from what the run gives today; None where no tables could be compared
    """

    file: str
    what: What
    why: str
    row: RowDifference | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a run folder.

    numbers : the replications that were played again
    files : how many files were checked, the manifest among them
    differences : by file, what the scenario rests on first; none of a folder that is identical
    not_replayed : why nothing was played again; None if it was
    extra : files that are not part of the run
    versions : (what, then, now) of everything that is not of the version the run was made with
    notes : what else a reader should know
    """

    folder: Path
    numbers: tuple[int, ...]
    files: int
    differences: tuple[Difference, ...]
    not_replayed: str | None
    extra: tuple[str, ...]
    versions: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        """Whether every file is as it was written and the run gives the same today."""
        return not self.differences and self.not_replayed is None


def verify(folder: Path, *, on_replication: Callable[[int], None] | None = None) -> Verification:
    """Check a run folder against its manifest, then play its run again and compare every table.

    on_replication : called with how many there are, whenever one has been played and compared

    Nothing is written. Raises ScenarioError if the folder has no manifest or one of another format, OSError if a file
    cannot be read, KeyboardInterrupt.
    """
    if (folder / FILE).is_file() and not is_as_written((folder / FILE).read_bytes()):
        why = "its own sha256 does not fit it: it was changed after the run (or comes from a portsim that gave it none)"
        unsure = f"{FILE} may no longer say what was run and what the files should hold"
        return Verification(folder, (), 1, (Difference(FILE, "changed", why),), unsure, (), (), ())
    return _Verifying(folder, read_manifest(folder)).verify(on_replication)


class _Verifying:
    """A folder whose manifest is as it was written, on its way through the checks."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.stated: dict[str, Mapping[str, Any]] = {entry["path"]: entry for entry in manifest["files"]}
        self.found: dict[str, str] = {}
        self.differences: dict[str, Difference] = {}
        self.versions = _versions(manifest)
        self.made: set[str] = set()
        self.rewritten: list[str] = []
        self.edited: list[str] = []

    def verify(self, on_replication: Callable[[int], None] | None) -> Verification:
        self._check_files()
        numbers = _numbers(self.stated)
        ready = self._scenario()
        not_replayed = ready if isinstance(ready, str) else None
        if not isinstance(ready, str):
            self._replay(*ready, numbers, on_replication)
        there = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}
        unknown = sorted(there - self.stated.keys() - {FILE, LOCK})
        pictures = [path for path in unknown if path.startswith(f"{PLOTS}/")]
        notes = []
        if pictures:
            notes.append(f"{PLOTS}/ was not checked: pictures are no part of what a run must give again")
        if self.rewritten:
            notes.append(f"the same rows in other bytes, as another pyarrow writes them: {', '.join(self.rewritten)}")
        inputs = [path for path in self.edited if path in self.differences]
        order = [*inputs, *sorted(self.differences.keys() - set(inputs))]
        return Verification(
            folder=self.folder,
            numbers=numbers if not_replayed is None else (),
            files=len(self.stated) + 1,
            differences=tuple(self.differences[path] for path in order),
            not_replayed=not_replayed,
            extra=tuple(path for path in unknown if path not in pictures),
            versions=self.versions,
            notes=tuple(notes),
        )

    def _check_files(self) -> None:
        """Hold every file of the manifest against its hash and number of rows."""
        for path, entry in self.stated.items():
            if not (self.folder / path).is_file():
                self.differences[path] = Difference(path, "missing", "missing, and the manifest lists it")
            else:
                self.found[path], lines = _sha256(self.folder / path)
                if self.found[path] != entry["sha256"]:
                    self.differences[path] = Difference(path, "changed", "changed after the run")
                elif path.endswith(".csv") and lines - 1 != entry.get("rows", lines - 1):
                    why = f"of {lines - 1} rows, and the manifest says {entry['rows']}"
                    self.differences[path] = Difference(path, "changed", why)
            if path in self.differences and "rows" not in entry and not _is_said(path):
                self.edited.append(path)

    def _scenario(self) -> tuple[Scenario, Network] | str:
        """The scenario in the folder, or why it cannot be played."""
        missing = [path for path in self.edited if self.differences[path].what == "missing"]
        if missing:
            return f"the run cannot be played without {', '.join(missing)}"
        try:
            scenario = load(self.folder / SCENARIO)
            network = lower(scenario)
        except ScenarioError as error:
            if self.edited:
                return f"{_was_edited(self.edited)}, and what is left is no valid scenario: {error.problems[0]}"
            why = f"as it was written, and this portsim refuses it: {error.problems[0]}{_with_versions(self.versions)}"
            self.differences[SCENARIO] = Difference(SCENARIO, "differs", why)
            return f"{SCENARIO} cannot be read by this portsim"
        if (network.start_ms, network.end) != (self.manifest["start_ms"], self.manifest["end_tick"]):
            return f"{_was_edited(self.edited or [SCENARIO])}, and is now of another stretch of time than the run"
        return scenario, network

    def _replay(
        self,
        scenario: Scenario,
        network: Network,
        numbers: Sequence[int],
        on_replication: Callable[[int], None] | None,
    ) -> None:
        keep, table_format = self.manifest["keep"], self.manifest["format"]
        tables = RunTables(self._compare, network, table_format=table_format)

        def on_each(played: Played) -> None:
            assert played.days is not None
            self._compare_entry(played)
            tables.add(
                played.number,
                played.measures,
                played.days,
                played.hours,
                played.records,
                end=played.end,
                is_stopped=played.stopped is not None,
            )
            if on_replication is not None:
                on_replication(len(numbers))

        run = replicate(
            scenario,
            replications=numbers,
            seed=self.manifest["seed"],
            tables=True,
            records=keep,
            on_replication=on_each,
        )
        if run.is_interrupted:
            raise KeyboardInterrupt
        tables.finish(run.rows)
        for path, entry in self.stated.items():
            if "rows" in entry and path not in self.made:
                self._note(path, "the run does not give this file today", None)
        self._compare_manifest(run, tables.kept)
        if run.stopped != self.manifest["stopped"] and not self.differences:
            then, now = (text or "was played to its end" for text in (self.manifest["stopped"], run.stopped))
            self._note(FILE, f"then: {then}; now: {now}", None)

    def _compare_manifest(self, run: Run, kept: Sequence[Mapping[str, int]]) -> None:
        """Hold what the manifest says of the run against the run: a changed manifest may carry a hash that fits it."""
        given = manifest_of(
            run.scenario, run.network, seed=run.seed, replications=run.numbers, engine=run.engine, warnings=()
        ) | {"kept": list(kept)}
        changed = [key for key in _OF_THE_RUN if self.manifest.get(key) != given[key]]
        if changed and not self.differences:
            self._note(FILE, f"the run gives another value today for {', '.join(changed)}", None)

    def _compare_entry(self, played: Played) -> None:
        """Hold what a replication's folder says of it against what it gives today."""
        path = f"{folder_of(played.number)}/{ENTRY}"
        if path not in self.found or path in self.differences:
            return
        try:
            entry = read_entry(self.folder / folder_of(played.number))
        except ScenarioError as error:
            self._note(path, "; ".join(problem.message for problem in error.problems), None)
            return
        then = (entry.number, entry.end, entry.stopped, entry.ring)
        now = (played.number, played.end, played.stopped, played.finding.ring)
        if then != now or not np.array_equal(entry.in_port, played.finding.in_port, equal_nan=True):
            self._note(path, "another end, or other numbers of units in the port", None)

    def _compare(self, path: str, pieces: Iterable[bytes], rows: int) -> None:
        """Hold a table against the folder's; it is taken apart only where the bytes differ."""
        del rows
        self.made.add(path)
        parts = list(pieces)
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        made = digest.hexdigest()
        if path not in self.found:
            if path not in self.differences:
                why = "not in the manifest, and the run gives it today"
                self.differences[path] = Difference(path, "differs", why)
            return
        if made == self.found[path]:
            if path in self.differences and made != self.stated[path]["sha256"]:
                why = "changed after the run, into what the run gives today" + self._cause()
                self.differences[path] = Difference(path, "changed", why)
            return
        stated = self.stated[path]["sha256"]
        try:
            row = compare_tables(self.folder, path, b"".join(parts))
        except ScenarioError as error:
            self._note(path, "; ".join(problem.message for problem in error.problems), None, made == stated)
            return
        if row is None and self.found[path] == stated:
            self.rewritten.append(path)
        else:
            self._note(path, "", row, made == stated)

    def _note(self, path: str, what: str, row: RowDifference | None, is_restored: bool = False) -> None:
        """Write down a difference between the folder and what the run gives today."""
        known = self.differences.get(path)
        if known is None:
            why = "as it was written, and the run gives something else today" + self._cause()
        elif is_restored:
            why = f"{known.why}; played again, the run gives what the manifest says"
        else:
            why = f"{known.why}, and the run gives something else today than the manifest says" + self._cause()
        why = f"{why} ({what})" if what else why
        self.differences[path] = Difference(path, known.what if known else "differs", why, row)

    def _cause(self) -> str:
        """Why a run may give something else today."""
        if self.edited:
            return f": {_was_edited(self.edited)}"
        if self.versions:
            return _with_versions(self.versions)
        return (
            ". Nothing recorded explains it, all versions are those of the run: either portsim's own code was changed, "
            "or the file together with its manifest"
        )


def _is_said(path: str) -> bool:
    """Whether a file only says what the run was for, or how a replication ended: nothing is played from it."""
    return path == RUN or path.endswith(f"/{ENTRY}")


def _was_edited(inputs: Sequence[str]) -> str:
    return f"{', '.join(inputs)} {'was' if len(inputs) == 1 else 'were'} edited after the run"


def _with_versions(versions: Sequence[tuple[str, str, str]]) -> str:
    return f": {'; '.join(f'{name} {then} then, {now} now' for name, then, now in versions)}" if versions else ""


def _versions(manifest: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """What differs between then and now of all that results may depend on."""
    then = {"portsim": manifest["portsim"], "python": manifest["python"], **manifest["packages"]}
    now = {"portsim": portsim.__version__, "python": platform.python_version(), **packages()}
    then["platform"], now["platform"] = manifest["platform"], platform.platform()
    names = dict.fromkeys((*then, *now))
    pairs = ((name, then.get(name, "absent"), now.get(name, "absent")) for name in names)
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _numbers(paths: Iterable[str]) -> tuple[int, ...]:
    """The replications a folder has tables of, the one that had to stop among them."""
    return tuple(sorted({int(path.split("/")[1]) for path in paths if path.startswith(f"{REPLICATIONS}/")}))


def _sha256(path: Path) -> tuple[str, int]:
    """Hash of a file, hex, and its number of lines."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines
