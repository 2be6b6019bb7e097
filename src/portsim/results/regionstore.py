"""Region folders: the run folder of every port, and what they add up to.

```
DIR/NAME/             the run folder of each port, by its name in the region
DIR/region.yaml       the region as it was run
DIR/summary.csv       one row per measure over the replications: the totals, then every port
DIR/totals.csv        the totals of every replication
DIR/manifest.json     written last: what was run, and what each file, and each port's manifest, holds
DIR/run.lock          only while a run writes here: who
```
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.results.files import PARTIAL, remove_partial, write_whole
from portsim.results.lock import FILE as LOCK
from portsim.results.lock import FolderLock
from portsim.results.manifest import FILE, REGION_SCHEMA, check_shape, manifest_text
from portsim.results.measure import Measure
from portsim.results.opening import check_new
from portsim.results.reading import MEASURE_FIELDS, cell, summary_lines
from portsim.results.statistics import MetricRow
from portsim.results.store import unfinish
from portsim.results.tables import csv_line

REGION = "region.yaml"
SUMMARY = "summary.csv"
TOTALS = "totals.csv"
PLOTS = "plots"

_SHAPE = {
    "portsim": str,
    "region": str,
    "seed": int,
    "replications": [int],
    "ports": [{"name": str, "seed": int, "sha256": str}],
    "warnings": [str],
    "stopped": (str, type(None)),
    "is_interrupted": bool,
    "files": [{"path": str, "sha256": str}],
}


def total_lines(numbers: Sequence[int], totals: Sequence[Sequence[Measure]]) -> Iterator[bytes]:
    """Lines of totals.csv: one for each replication and measure."""
    yield csv_line(("replication", *MEASURE_FIELDS))
    for number, measures in zip(numbers, totals, strict=True):
        for measure in measures:
            yield csv_line([number, *(cell(getattr(measure, name)) for name in MEASURE_FIELDS)])


class RegionFolder:
    """A region folder being written; whoever writes it holds its lock, and those of its ports, until it is closed."""

    def __init__(self, path: pathlib.Path, held: FolderLock, *, is_made_here: bool) -> None:
        self.path = path
        self._lock = held
        self._is_made_here = is_made_here

    def unfinish(self) -> None:
        """Take away the manifest before a port's folder changes: without it the folder is not finished; OSError."""
        unfinish(self.path)

    def close(self) -> None:
        """Let others write here; an empty folder goes if it was made for this run."""
        self._lock.release()
        if self._is_made_here:
            with suppress(OSError):
                self.path.rmdir()


def open_region(path: pathlib.Path, ports: Sequence[str], *, is_continued: bool) -> RegionFolder:
    """A folder to write the run of a region into; the folders of its ports are opened for themselves.

    is_continued : whether what a run of these ports has left there is continued

    Raises ScenarioError if there is something else at `path` already, or another run writes there; OSError.
    """
    if not is_continued:
        check_new(path)
    is_new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    folder = RegionFolder(path, FolderLock.take(path), is_made_here=is_new)
    own = {*ports, REGION, SUMMARY, TOTALS, FILE, LOCK, PLOTS}
    foreign = sorted(one.name for one in path.iterdir() if one.name not in own and not one.name.endswith(PARTIAL))
    if foreign:
        folder.close()
        raise _problem(
            path, f"cannot be continued: {', '.join(foreign)} is no part of a run of this region; give a new folder"
        )
    remove_partial(path)
    return folder


def write_region(
    path: pathlib.Path,
    text: str,
    rows: Sequence[MetricRow],
    numbers: Sequence[int],
    totals: Sequence[Sequence[Measure]],
    manifest: Mapping[str, Any],
) -> None:
    """Write what a region adds to the finished run folders of its ports; OSError.

    text : the region as it was run
    manifest : everything of the manifest but its files and the hashes of the ports' own manifests
    """
    tables: dict[str, Iterable[bytes]] = {
        REGION: [text.encode()],
        SUMMARY: summary_lines(rows),
        TOTALS: total_lines(numbers, totals),
    }
    files = [{"path": name, "sha256": write_whole(path / name, pieces)} for name, pieces in tables.items()]
    ports = [port | {"sha256": file_hash(path / port["name"] / FILE)} for port in manifest["ports"]]
    write_whole(path / FILE, [manifest_text({**manifest, "ports": ports, "files": files})])


def file_hash(path: pathlib.Path) -> str:
    """The sha256 of a small file, hex; OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_region_folder(path: pathlib.Path) -> bool:
    """Whether this is a folder that a region was run into, finished or damaged."""
    try:
        value = json.loads((path / FILE).read_bytes())
    except (OSError, ValueError):
        return (path / REGION).is_file()
    return isinstance(value, dict) and value.get("schema") == REGION_SCHEMA


def read_region_manifest(path: pathlib.Path) -> dict[str, Any]:
    """The manifest of a finished region folder; ScenarioError if there is none or it is none."""
    file = path / FILE
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise _problem(file, "there is no manifest: the run of this region did not finish") from None
    except (OSError, ValueError) as error:
        raise _problem(file, f"cannot be read as a manifest: {error}") from None
    check_shape(file, value, _SHAPE)
    return dict(value)


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
