"""Whether a region folder is what its run wrote: every port's run folder, and the totals made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from portsim.errors import ScenarioError
from portsim.experiments.verifying import Difference, Verification, verify
from portsim.results import Measure, read_manifest, read_measures
from portsim.results.manifest import FILE, is_as_written
from portsim.results.reading import summary_lines
from portsim.results.regionstore import SUMMARY, TOTALS, file_hash, read_region_manifest, total_lines
from portsim.results.runtables import folder_of
from portsim.results.totals import add_up, summarise_region


def verify_region(folder: Path, *, on_replication: Callable[[int], None] | None = None) -> Verification:
    """Check every port's run folder as `verify` does, and the region's own files against manifest and ports.

    Files are named below the region's folder. `on_replication` and errors are those of `verify`.
    """
    if (folder / FILE).is_file() and not is_as_written((folder / FILE).read_bytes()):
        why = "its own sha256 does not fit it: it was changed after the run"
        unsure = f"{FILE} may no longer say what was run and what the files should hold"
        return Verification(folder, (), 1, (Difference(FILE, "changed", why),), unsure, (), (), ())
    manifest = read_region_manifest(folder)
    names = [port["name"] for port in manifest["ports"]]
    differences = list(_own_files(folder, manifest))
    verified: dict[str, Verification] = {}
    for port in manifest["ports"]:
        name = port["name"]
        path = f"{name}/{FILE}"
        if not (folder / path).is_file():
            differences.append(Difference(path, "missing", "missing, and the region's manifest lists it"))
            continue
        if file_hash(folder / path) != port["sha256"]:
            differences.append(Difference(path, "changed", "not the one the region's manifest lists"))
        try:
            verified[name] = verify(folder / name, on_replication=on_replication)
        except ScenarioError as error:
            text = "; ".join(problem.message for problem in error.problems)
            differences.append(Difference(path, "changed", f"cannot be read: {text}"))
    not_replayed = [f"{name}: {one.not_replayed}" for name, one in verified.items() if one.not_replayed is not None]
    known = {difference.file for difference in differences}
    for name, one in verified.items():
        moved = (replace(found, file=f"{name}/{found.file}") for found in one.differences)
        differences += [found for found in moved if found.file not in known]
    if not differences and not not_replayed:
        differences += _totals(folder, manifest, names)
    return Verification(
        folder=folder,
        numbers=tuple(sorted({number for one in verified.values() for number in one.numbers})),
        files=1 + len(manifest["files"]) + sum(one.files for one in verified.values()),
        differences=tuple(differences),
        not_replayed="; ".join(not_replayed) or None,
        extra=tuple(_extra(folder, manifest, verified)),
        versions=tuple(dict.fromkeys(version for one in verified.values() for version in one.versions)),
        notes=tuple(f"{name}: {note}" for name, one in verified.items() for note in one.notes),
    )


def _own_files(folder: Path, manifest: Mapping[str, Any]) -> Iterable[Difference]:
    """The files of the region itself that are not as they were written."""
    for entry in manifest["files"]:
        path = entry["path"]
        if not (folder / path).is_file():
            yield Difference(path, "missing", "missing, and the manifest lists it")
        elif file_hash(folder / path) != entry["sha256"]:
            yield Difference(path, "changed", "changed after the run")


def _extra(folder: Path, manifest: Mapping[str, Any], verified: Mapping[str, Verification]) -> Iterable[str]:
    """What lies in the folder and is no part of the run."""
    names = {port["name"] for port in manifest["ports"]}
    own = {FILE, *(entry["path"] for entry in manifest["files"])}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in names and path.relative_to(folder).as_posix() not in own:
            yield path.relative_to(folder).as_posix()
    for name, one in verified.items():
        yield from (f"{name}/{path}" for path in one.extra)


def _totals(folder: Path, manifest: Mapping[str, Any], names: Iterable[str]) -> Iterable[Difference]:
    """The tables that do not follow from those of the ports."""
    ports = {name: read_manifest(folder / name) for name in names}
    measures = {name: _measures(folder / name, port["replications"]) for name, port in ports.items()}
    binned = [name for name, port in ports.items() if port.get("records") == "summary"]
    drawn = [name for name, port in ports.items() if port.get("posterior") is not None]
    numbers = manifest["replications"]
    complete = list(zip(*measures.values(), strict=True)) if numbers else []
    made = {
        SUMMARY: summary_lines(summarise_region(manifest["region"], measures, complete, binned=binned, drawn=drawn)),
        TOTALS: total_lines(numbers, [add_up(replication) for replication in complete]),
    }
    for path, pieces in made.items():
        if hashlib.sha256(b"".join(pieces)).hexdigest() != file_hash(folder / path):
            yield Difference(path, "differs", "as it was written, and it does not follow from the ports' own tables")


def _measures(folder: Path, numbers: Iterable[int]) -> list[tuple[Measure, ...]]:
    return [read_measures(folder / folder_of(number) / "measures.csv") for number in numbers]
