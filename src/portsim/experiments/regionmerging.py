"""The folders of parts of a region's run, put together: every port for itself, then the totals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from portsim import yamlfile
from portsim.errors import Place, Problem, ScenarioError
from portsim.experiments.merging import Part, found_in, merge_into, read_parts
from portsim.experiments.regional import RegionRun
from portsim.experiments.regionsaving import region_manifest
from portsim.results.manifest import FILE, is_as_written
from portsim.results.regionstore import REGION, file_hash, open_region, read_region_manifest, write_region
from portsim.results.totals import add_up, summarise_region
from portsim.scenario.capacity import load_warnings
from portsim.scenario.region import Region, RegionPort
from portsim.scenario.scenario import Scenario


def merge_regions(
    paths: Sequence[Path], path: Path, *, on_replication: Callable[[int], None] | None = None
) -> RegionRun:
    """Put the folders of parts of a region's run together into a new folder; arguments and errors as for `merge`.

    A part in which a port had to stop is refused as well.
    """
    manifests = [_read(part) for part in paths]
    first = manifests[0]
    for part, manifest in zip(paths, manifests, strict=True):
        if any(manifest[name] != first[name] for name in ("region", "seed", "from", "to", "measure_from")) or (
            _ports(manifest) != _ports(first)
        ):
            raise _problem(part, f"is of another region, seed or stretch of time than {paths[0]}")
    names = [port["name"] for port in first["ports"]]
    parts = {name: read_parts([part / name for part in paths]) for name in names}
    with closing(open_region(path, names, is_continued=False)):
        runs = {
            name: merge_into(path / name, of_port, on_replication=on_replication) for name, of_port in parts.items()
        }
        text = (paths[0] / REGION).read_text("utf-8")
        scenario = runs[names[0]].scenario
        region = Region(
            name=first["region"],
            description="",
            start_ms=scenario.start_ms,
            end_ms=scenario.end_ms,
            measure_from_ms=scenario.measure_from_ms,
            clock=first["clock"],
            seed=first["seed"],
            ports=tuple(
                RegionPort(port["name"], port["scenario"], runs[port["name"]].scenario, tuple(port["sets"]))
                for port in first["ports"]
            ),
            warnings=_own_warnings(manifests, parts, {name: run.scenario for name, run in runs.items()}),
            values=yamlfile.parse(text, REGION).value,
        )
        numbers = runs[names[0]].numbers
        measures = {name: run.measures for name, run in runs.items()}
        complete = list(zip(*measures.values(), strict=True))
        of_ports = (f"{name}: {warning}" for name, run in runs.items() for warning in run.warnings)
        run = RegionRun(
            region=region,
            seed=region.seed,
            runs=runs,
            numbers=numbers,
            totals=tuple(add_up(replication) for replication in complete),
            rows=summarise_region(
                region.name,
                measures,
                complete,
                binned=[name for name, run in runs.items() if run.scenario.records == "summary"],
                drawn=[name for name, run in runs.items() if run.scenario.posterior is not None],
            ),
            warnings=tuple(dict.fromkeys((*region.warnings, *of_ports))),
            stopped=None,
            is_interrupted=False,
        )
        write_region(path, text, run.rows, run.numbers, run.totals, region_manifest(run))
    return run


def _read(path: Path) -> dict[str, Any]:
    manifest = read_region_manifest(path)
    if not is_as_written((path / FILE).read_bytes()):
        raise _problem(path / FILE, "was changed after the run: its own sha256 does not fit it")
    stated = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    if file_hash(path / REGION) != stated.get(REGION):
        raise _problem(path / REGION, "is not as it was written: see portsim verify")
    if manifest["is_interrupted"]:
        raise _problem(path, "was interrupted: continue it with portsim run ... --resume, then merge")
    if manifest["stopped"] is not None:
        raise _problem(path, f"cannot be merged, because a port had to stop: {manifest['stopped']}")
    return manifest


def _ports(manifest: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [(port["name"], port["scenario"], port["plan"], port["seed"], port["sets"]) for port in manifest["ports"]]


def _own_warnings(
    manifests: Sequence[Mapping[str, Any]], parts: Mapping[str, Sequence[Part]], scenarios: Mapping[str, Scenario]
) -> tuple[str, ...]:
    """The warnings of the parts that are about the region as it is written, and not about what was played of it."""
    played = {
        f"{name}: {warning}"
        for name, scenario in scenarios.items()
        for warning in (*load_warnings(scenario), *(text for part in parts[name] for text in found_in(scenario, part)))
    }
    every = dict.fromkeys(warning for manifest in manifests for warning in manifest["warnings"])
    return tuple(warning for warning in every if warning not in played)


def _problem(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
