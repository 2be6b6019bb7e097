"""What an unfinished run folder says of itself, so that its run can be continued.

`run.json` is written before anything else and says what was asked for. Each replication's folder comes into being
whole, with a `replication.json` that says how it ended and what each of its files must hold. Neither has a time, a
machine or an engine in it: a run that was broken off and continued leaves the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.errors import Place, Problem, ScenarioError
from portsim.results.files import CHUNK
from portsim.results.manifest import RUN, check_shape, is_as_written, manifest_text, packages

ENTRY = "replication.json"
RUN_SCHEMA = "portsim.run-asked/1"
ENTRY_SCHEMA = "portsim.replication/1"

_TEXT_OR_NONE = (str, type(None))
_RUN_SHAPE = {
    "schema": str,
    "portsim": str,
    "packages": {str: str},
    "scenario": str,
    "port": str,
    "plan": _TEXT_OR_NONE,
    "seed": int,
    "replications": [[int]],
    "keep": str,
    "format": str,
    "files": [{"path": str, "sha256": str}],
}
_ENTRY_SHAPE = {
    "schema": str,
    "replication": int,
    "end_tick": int,
    "stopped": _TEXT_OR_NONE,
    "in_port": [(int, float, type(None))],
    "ring": [str],
    "files": [{"path": str, "sha256": str, "rows": int}],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run folder was begun for.

    versions : of everything that results may depend on
    numbers : the replications, ascending
    files : sha256 of the scenario and of each file it names, by path
    """

    versions: Mapping[str, str]
    scenario: str
    port: str
    plan: str | None
    seed: int
    numbers: Sequence[int]
    keep: str
    format: str
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> bytes:
        """As it stands in run.json."""
        versions = dict(self.versions)
        return manifest_text(
            {
                "schema": RUN_SCHEMA,
                "portsim": versions.pop("portsim"),
                "packages": versions,
                "scenario": self.scenario,
                "port": self.port,
                "plan": self.plan,
                "seed": self.seed,
                "replications": ranges(self.numbers),
                "keep": self.keep,
                "format": self.format,
                "files": [{"path": path, "sha256": sha256} for path, sha256 in self.files.items()],
            }
        )


def read_asked(folder: pathlib.Path) -> Asked:
    """What a run folder was begun for; ScenarioError if that is damaged or in a format this portsim does not know."""
    value = _read(folder / RUN, RUN_SCHEMA, _RUN_SHAPE)
    return Asked(
        versions={"portsim": value["portsim"], **value["packages"]},
        scenario=value["scenario"],
        port=value["port"],
        plan=value["plan"],
        seed=value["seed"],
        numbers=[number for first, end in value["replications"] for number in range(first, end)],
        keep=value["keep"],
        format=value["format"],
        files={entry["path"]: entry["sha256"] for entry in value["files"]},
    )


def versions_that_count(table_format: str) -> dict[str, str]:
    """Versions of what the bytes of a run folder depend on."""
    import portsim

    names = ("numpy", "scipy", *(("pyarrow",) if table_format == "parquet" else ()))
    found = packages()
    return {"portsim": portsim.__version__} | {name: found[name] for name in names if name in found}


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A replication that is in its folder whole.

    in_port, ring : what it says about its own worth, see `portsim.experiments.findings`
    files : by name within its folder, sha256 and number of rows
    """

    number: int
    end: int
    stopped: str | None
    in_port: NDArray[np.float64]
    ring: tuple[str, ...]
    files: Mapping[str, Mapping[str, Any]]

    def text(self) -> bytes:
        """As it stands in replication.json."""
        return manifest_text(
            {
                "schema": ENTRY_SCHEMA,
                "replication": self.number,
                "end_tick": self.end,
                "stopped": self.stopped,
                "in_port": [value if np.isfinite(value) else None for value in self.in_port.tolist()],
                "ring": list(self.ring),
                "files": [{"path": name, **entry} for name, entry in self.files.items()],
            }
        )


def read_entry(folder: pathlib.Path) -> Entry:
    """What a replication's folder says of itself; ScenarioError if that is damaged or of an unknown format."""
    value = _read(folder / ENTRY, ENTRY_SCHEMA, _ENTRY_SHAPE)
    numbers = [np.nan if number is None else number for number in value["in_port"]]
    return Entry(
        number=value["replication"],
        end=value["end_tick"],
        stopped=value["stopped"],
        in_port=np.array(numbers, np.float64),
        ring=tuple(value["ring"]),
        files={entry["path"]: {"sha256": entry["sha256"], "rows": entry["rows"]} for entry in value["files"]},
    )


def damaged(folder: pathlib.Path, entry: Entry) -> list[str]:
    """Names of the files of a replication's folder that are gone, not as they were written, or none of its own."""
    there = {path.name for path in folder.iterdir()} - {ENTRY}
    wrong = {name for name in entry.files if name not in there or entry.files[name]["sha256"] != sha256(folder / name)}
    return sorted(wrong | (there - entry.files.keys()))


def sha256(path: pathlib.Path) -> str:
    """The sha256 of a file, hex; OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending numbers as ranges [first, end), end not included."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1][1] = number + 1
        else:
            found.append([number, number + 1])
    return found


def in_words(numbers: Iterable[int]) -> str:
    """Ascending numbers for people: `0 to 49, 60`."""
    return ", ".join(f"{first} to {end - 1}" if end - first > 1 else str(first) for first, end in ranges(numbers))


def _read(path: pathlib.Path, schema: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = path.read_bytes()
        value = json.loads(text)
    except FileNotFoundError:
        raise _problem(path, "is missing") from None
    except (OSError, ValueError) as error:
        raise _problem(path, f"cannot be read: {error}") from None
    found = value.get("schema") if isinstance(value, dict) else None
    if found != schema:
        raise _problem(path, f"the schema must be {schema}, got {found!r}; continue with the portsim that wrote it")
    if not is_as_written(text):
        raise _problem(path, "was changed: its own sha256 does not fit it")
    check_shape(path, value, shape)
    return dict(value)


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
