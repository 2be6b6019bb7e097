"""A run folder to write into: a new one, or one that a run of the same has left, with what is whole of it."""

from __future__ import annotations

import hashlib
import pathlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args

from portsim.errors import Place, Problem, ScenarioError
from portsim.model.network import Network
from portsim.results import journal, lock
from portsim.results.files import PARTIAL, remove_partial, settle
from portsim.results.journal import Asked, Entry
from portsim.results.lock import FolderLock
from portsim.results.manifest import FILE, RUN
from portsim.results.parquet import require_parquet
from portsim.results.runtables import REPLICATIONS, Format, Keep, folder_of
from portsim.results.store import SCENARIO, RunFolder, unfinish

_OWN = {SCENARIO, RUN, FILE, lock.FILE, "summary.csv", "daily.csv", "hourly.csv", REPLICATIONS, "plots"}


def open_folder(
    path: pathlib.Path,
    network: Network,
    asked: Asked,
    *,
    inputs: Mapping[str, pathlib.Path],
    text: str,
    is_continued: bool = False,
    on_damage: Callable[[str], None] | None = None,
) -> RunFolder:
    """A run folder to write into; what is asked for is written with the first replication.

    inputs : where each file the scenario names is now, by the name it has for it, relative to its own folder
    text : the scenario
    is_continued : whether what a run of the same has left there is continued
    on_damage : told what is damaged and will be played again

    Raises ScenarioError if there is something at `path` already, or something else than the run that is continued; if
    another run writes there; if Parquet is asked for without pyarrow; for an input whose name leads out of the folder
    or is one of its own, and for one that cannot be read. ValueError for an unknown `keep` or `format`.
    """
    if asked.keep not in get_args(Keep):
        raise ValueError(f"keep must be first, all or none, got {asked.keep!r}")
    if asked.format not in get_args(Format):
        raise ValueError(f"table_format must be csv or parquet, got {asked.format!r}")
    if asked.format == "parquet":
        require_parquet()
    texts = _contents(inputs) | {SCENARIO: text.encode()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in texts.items()}
    whole = replace(asked, files=hashes)
    if path.exists() and not path.is_dir():
        raise _problem(path, "is a file, and a run needs a folder: give another name")
    is_new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    held = FolderLock.take(path)
    folder = RunFolder(path, network, whole, texts, held, is_made_here=is_new)
    try:
        if is_continued and (path / RUN).exists():
            folder.adopt(_left(path, whole, texts, on_damage))
        else:
            _check_empty(path, is_continued=is_continued)
            remove_partial(path)
    except BaseException:
        folder.close()
        raise
    return folder


def check_new(path: pathlib.Path) -> None:
    """Raise ScenarioError if a run cannot be written to `path` because there is something already."""
    if path.exists() and not path.is_dir():
        raise _problem(path, "is a file, and a run needs a folder: give another name")
    if path.exists():
        _check_empty(path, is_continued=False)


def _check_empty(path: pathlib.Path, *, is_continued: bool) -> None:
    """Raise ScenarioError if anything is there but what a run leaves that died before it began to write."""
    there = {entry.name for entry in path.iterdir()} - {lock.FILE}
    if all(name.startswith(f".{RUN}.") and name.endswith(PARTIAL) for name in there):
        return
    if is_continued:
        raise _problem(path, f"cannot be continued: there is no {RUN} in it, so it is no run folder of this portsim")
    if RUN in there and FILE not in there:
        raise _problem(path, "holds a run that did not finish: continue it with --resume, or give a new folder")
    raise _problem(path, "is not empty, and runs are never overwritten: give a new folder, or empty this one")


def _left(
    path: pathlib.Path, asked: Asked, texts: Mapping[str, bytes], on_damage: Callable[[str], None] | None
) -> list[Entry]:
    """The replications that a run of the same has left whole; everything else of it is removed.

    Raises ScenarioError if the folder is of another run.
    """
    found = journal.read_asked(path)
    _check_same(path, found, asked)
    if found != asked:
        unfinish(path)

    def tell(notice: str) -> None:
        if on_damage is not None:
            on_damage(notice)

    for name in texts:
        if (path / name).is_file() and journal.sha256(path / name) != asked.files[name]:
            tell(f"{path / name} was damaged, and is written again")
    entries = []
    replications = path / REPLICATIONS
    if replications.is_dir():
        remove_partial(replications)
        for folder in sorted(replications.iterdir()):
            entry = _whole_entry(folder, tell)
            if entry is not None:
                entries.append(entry)
            else:
                unfinish(path)
                _remove(folder)
        settle(replications)
    for partial in path.rglob(f".*{PARTIAL}"):
        partial.unlink()
    return entries


def _remove(path: pathlib.Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _whole_entry(folder: pathlib.Path, tell: Callable[[str], None]) -> Entry | None:
    """A replication that is to be kept: whole, and played to its end. One that had to stop may not have to again."""
    try:
        entry = journal.read_entry(folder)
        if folder_of(entry.number).rpartition("/")[2] != folder.name:
            raise _problem(folder, f"says it is of replication {entry.number}")
        wrong = journal.damaged(folder, entry)
    except (ScenarioError, OSError) as error:
        tell(f"{error}; the replication is played again")
        return None
    if wrong:
        files = ", ".join(str(folder / name) for name in wrong)
        tell(f"{files}: {'is' if len(wrong) == 1 else 'are'} damaged; the replication is played again")
        return None
    return None if entry.stopped is not None else entry


def _check_same(path: pathlib.Path, found: Asked, asked: Asked) -> None:
    """Raise ScenarioError unless what a folder was begun for is continued by what is asked for now."""
    other = []
    for name, then, now in (
        ("seed", found.seed, asked.seed),
        ("--keep", found.keep, asked.keep),
        ("--format", found.format, asked.format),
        ("plan", found.plan, asked.plan),
        *((name, found.versions.get(name), asked.versions.get(name)) for name in {**found.versions, **asked.versions}),
    ):
        if then != now:
            other.append(f"{name} was {then}, and is {now} now")
    changed = sorted(name for name in {**found.files, **asked.files} if found.files.get(name) != asked.files.get(name))
    if changed:
        other.append(f"{', '.join(changed)} would be another than it was")
    missing = [number for number in found.numbers if number not in set(asked.numbers)]
    if missing:
        other.append(f"replications {journal.in_words(missing)} were asked for then, and are not now")
    if other:
        raise _problem(path, f"holds another run, which cannot be continued: {'; '.join(other)}; give a new folder")


def _contents(inputs: Mapping[str, pathlib.Path]) -> dict[str, bytes]:
    """The files a scenario names; ScenarioError for every one that cannot be saved beside it."""
    problems = []
    contents = {}
    for name, source in inputs.items():
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
    return contents


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
