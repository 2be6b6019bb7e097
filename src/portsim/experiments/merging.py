"""Run folders that hold parts of one run, put together into the folder of the whole.

Nothing is played: the replications are copied, and what is said of all of them is made anew. The folder of the whole
is that of a run of all replications at once, byte for byte but for the times in its manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.experiments.findings import Finding, warnings_about
from portsim.experiments.replicate import Run
from portsim.model import lower
from portsim.model.network import Network
from portsim.results import Measure, read_measures, summarise
from portsim.results.journal import Asked, Entry, damaged, in_words, read_asked, read_entry, sha256
from portsim.results.manifest import FILE, RUN, is_as_written, manifest_of, read_manifest
from portsim.results.opening import open_folder
from portsim.results.ranges import ranges
from portsim.results.runtables import folder_of
from portsim.results.store import SCENARIO
from portsim.scenario import load
from portsim.scenario.scenario import Scenario

_OF_THE_SCENARIO = ("plan", "scenario_files", "facts", "assumed", "without_source", "overridden")
"""What a manifest says of how the scenario came to be: the copy in the folder does not know it."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The finished folder of a part of a run."""

    path: Path
    asked: Asked
    manifest: Mapping[str, Any]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The replications it was for; of one that had to stop there may be fewer."""
        return tuple(self.asked.numbers)


def merge(parts: Sequence[Path], path: Path, *, on_replication: Callable[[int], None] | None = None) -> Run:
    """Put the folders of parts of a run together into a new folder, and summarise all of their replications.

    on_replication : called with how many there are, whenever one has been copied

    Raises ScenarioError if the parts are not of one run (another scenario, plan, seed, version, or other records kept),
    if one is not finished, or damaged, if a replication is in two of them or in none, and if something is at `path`
    already; OSError.
    """
    return merge_into(path, read_parts(parts), on_replication=on_replication)


def read_parts(paths: Sequence[Path]) -> list[Part]:
    """The parts of one run in order of their replications; ScenarioError where they are not that."""
    parts = [_read_part(path) for path in paths]
    first = parts[0]
    for part in parts[1:]:
        _check_alike(first, part)
    parts.sort(key=lambda part: part.numbers[0])
    owner: dict[int, Path] = {}
    for part in parts:
        twice = [number for number in part.numbers if number in owner]
        if twice:
            other = owner[twice[0]]
            raise _problem(part.path, f"has replications {in_words(twice)}, and so has {other}: leave one out")
        owner |= dict.fromkeys(part.numbers, part.path)
    missing = [number for number in range(min(owner), max(owner) + 1) if number not in owner]
    if missing:
        raise _problem(first.path, f"and the others have no replications {in_words(missing)}: run them, then merge all")
    return parts


def merge_into(path: Path, parts: Sequence[Part], *, on_replication: Callable[[int], None] | None = None) -> Run:
    """Write the whole of such parts into a new folder."""
    first = parts[0]
    scenario = replace(load(first.path / SCENARIO), plan=first.asked.plan)
    network = lower(scenario)
    entries = {number: (part, entry) for part in parts for number, entry in _entries(part).items()}
    numbers = sorted(number for part in parts for number in part.numbers)
    asked = replace(first.asked, numbers=tuple(numbers), files={})
    done: list[tuple[int, tuple[Measure, ...], Finding]] = []
    stopped: str | None = None
    end_ms = scenario.end_ms
    with closing(
        open_folder(
            path,
            network,
            asked,
            inputs={name: first.path / name for name in first.asked.files if name != SCENARIO},
            text=(first.path / SCENARIO).read_text("utf-8"),
        )
    ) as folder:
        for number in numbers:
            part, entry = entries[number]
            is_kept = asked.keep == "all" or (asked.keep == "first" and number == numbers[0])
            folder.copy_replication(part.path, entry, is_kept=is_kept)
            _, measures, days, hours = folder.read_replication(number)
            folder.count_in(number, days, hours)
            stopped = entry.stopped
            if stopped is None or not done:
                done.append((number, measures, Finding(entry.in_port, entry.ring)))
            if on_replication is not None:
                on_replication(len(numbers))
            if stopped is not None:
                end_ms = network.start_ms + entry.end if len(done) == 1 and done[0][0] == number else end_ms
                break
        run = _summary(scenario, network, parts, done, stopped, end_ms)
        manifest = manifest_of(
            scenario,
            network,
            seed=run.seed,
            replications=run.numbers,
            engine=run.engine,
            warnings=run.warnings,
            stopped=run.stopped,
            wall_s={"run": sum(part.manifest["wall_s"].get("run", 0.0) for part in parts)},
        )
        folder.finish(run.rows, manifest | {name: first.manifest[name] for name in _OF_THE_SCENARIO})
    return run


def _summary(
    scenario: Scenario,
    network: Network,
    parts: Sequence[Part],
    done: Sequence[tuple[int, tuple[Measure, ...], Finding]],
    stopped: str | None,
    end_ms: int,
) -> Run:
    rows = summarise(
        scenario.port,
        [measures for _, measures, _ in done],
        is_binned=scenario.records == "summary",
        is_drawn=scenario.posterior is not None,
    )
    found = warnings_about(rows, [finding for _, _, finding in done])
    extent = ""
    if stopped is not None:
        is_first = end_ms != scenario.end_ms
        before = f"the {len(done)} before it, which leaves the worst out"
        extent = f"{stopped}; the figures are of {'the part played until then' if is_first else before}"
    known = [warning for part in parts for warning in _known(scenario, part)]
    return Run(
        scenario=scenario,
        network=network,
        seed=parts[0].asked.seed,
        engine=" and ".join(dict.fromkeys(part.manifest["engine"] for part in parts)),
        numbers=tuple(number for number, _, _ in done),
        measures=tuple(measures for _, measures, _ in done),
        rows=rows,
        warnings=tuple(dict.fromkeys(text for text in (extent, *known, *found) if text)),
        kept=(),
        stopped=stopped,
        is_interrupted=False,
        end_ms=end_ms,
        ranges=() if scenario.posterior is None else ranges([measures for _, measures, _ in done]),
    )


def _known(scenario: Scenario, part: Part) -> list[str]:
    """The warnings of a part that are not about its replications: they hold for the whole as they are."""
    found = found_in(scenario, part)
    stopped = part.manifest["stopped"]
    return [
        warning
        for warning in part.manifest["warnings"]
        if warning not in found and (stopped is None or not warning.startswith(f"{stopped}; the figures are of"))
    ]


def found_in(scenario: Scenario, part: Part) -> set[str]:
    """The warnings that the replications of a part gave cause for."""
    numbers = part.manifest["replications"]
    measures = [read_measures(part.path / folder_of(number) / "measures.csv") for number in numbers]
    entries = [read_entry(part.path / folder_of(number)) for number in numbers]
    findings = [Finding(entry.in_port, entry.ring) for entry in entries]
    return set(warnings_about(summarise(scenario.port, measures), findings))


def _read_part(path: Path) -> Part:
    manifest = read_manifest(path)
    if not is_as_written((path / FILE).read_bytes()):
        raise _problem(path / FILE, "was changed after the run: its own sha256 does not fit it")
    if not (path / RUN).is_file():
        raise _problem(path, f"has no {RUN}, as folders of earlier versions: run it again with this one")
    if manifest["is_interrupted"]:
        raise _problem(path, "was interrupted: continue it with portsim run ... --resume, then merge")
    part = Part(path, read_asked(path), manifest)
    changed = [name for name, hashed in part.asked.files.items() if _hash(path / name) != hashed]
    if changed:
        raise _problem(path / changed[0], "is not as it was written: see portsim verify")
    return part


def _entries(part: Part) -> dict[int, Entry]:
    """The replications in a part's folder, up to one that had to stop; ScenarioError for one that is damaged."""
    found = {}
    for number in part.numbers:
        folder = part.path / folder_of(number)
        entry = found[number] = read_entry(folder)
        wrong = damaged(folder, entry)
        if wrong or entry.number != number:
            file = folder / (wrong or [""])[0]
            cure = "run the part again with --resume, then merge"
            raise _problem(file, f"is not as it was written: {cure}")
        if entry.stopped is not None:
            break
    return found


def _check_alike(first: Part, part: Part) -> None:
    one, other = first.asked, part.asked
    pairs = [
        ("scenario", one.files.get(SCENARIO), other.files.get(SCENARIO)),
        ("data", {**one.files, SCENARIO: ""}, {**other.files, SCENARIO: ""}),
        ("plan", one.plan, other.plan),
        ("seed", one.seed, other.seed),
        ("version", one.versions, other.versions),
        ("--keep", one.keep, other.keep),
        ("--format", one.format, other.format),
    ]
    differing = [name for name, mine, theirs in pairs if mine != theirs]
    if "plan" in differing and "scenario" in differing:  # which is written down with its plan laid over it
        differing.remove("scenario")
    if differing:
        raise _problem(
            part.path,
            f"is of another {' and another '.join(differing)} than {first.path}: only parts of one run are merged",
        )


def _hash(path: Path) -> str:
    return sha256(path) if path.is_file() else ""


def _problem(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
