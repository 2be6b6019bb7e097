"""Region folders: the run folder of every port, and what they add up to.

```
DIR/NAME/             the run folder of each port, by its name in the region
DIR/region.yaml       the region as it was run
DIR/summary.csv       one row per measure over the replications: the totals, then every port
DIR/totals.csv        the totals of every replication
DIR/manifest.json     written last: what was run, and what each file, and each port's manifest, holds
```
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.results.files import write_whole
from portsim.results.manifest import FILE, REGION_SCHEMA, check_shape, manifest_text
from portsim.results.measure import Measure
from portsim.results.reading import MEASURE_FIELDS, cell, summary_lines
from portsim.results.statistics import MetricRow
from portsim.results.tables import csv_line

REGION = "region.yaml"
SUMMARY = "summary.csv"
TOTALS = "totals.csv"

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
