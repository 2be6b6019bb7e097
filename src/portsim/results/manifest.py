"""What a run folder says of itself: what was run, with what, from which figures, and what each file must hold."""

from __future__ import annotations

import hashlib
import json
import pathlib
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from portsim.errors import Place, Problem, ScenarioError
from portsim.model import draw_of
from portsim.model.network import Network
from portsim.results.names import DIRECTIONS, UNIT_OUTCOMES, VISIT_OUTCOMES, Names
from portsim.scenario.calendar import moment

if TYPE_CHECKING:  # what reads run folders need not load what reads scenarios
    from portsim.scenario.scenario import Scenario

SCHEMA = "portsim.run-folder/2"
FIRST_SCHEMA = "portsim.run-folder/1"
"""Of folders without run.json and replication.json: they are read, not continued."""

REGION_SCHEMA = "portsim.region-folder/1"
FILE = "manifest.json"
RUN = "run.json"
OWN_HASH = "sha256"
_END = b"\n}\n"
PACKAGES = ("numpy", "scipy", "pandas", "simpy", "numba", "pyarrow")


def manifest_of(
    scenario: Scenario,
    network: Network,
    *,
    seed: int,
    replications: Sequence[int],
    engine: str,
    warnings: Sequence[str],
    stopped: str | None = None,
    is_interrupted: bool = False,
    wall_s: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Everything of a manifest but its files.

    replications : numbers of those the summary is of
    engine : the one that ran; only the manifest names it
    stopped : why the run had to stop, None if it did not
    wall_s : seconds by the clock of each part of the work, for instance {"simulate": 1.2}
    """
    import portsim

    return {
        "schema": SCHEMA,
        "portsim": portsim.__version__,
        "python": platform.python_version(),
        "packages": packages(),
        "platform": platform.platform(),
        "scenario": scenario.name,
        "port": scenario.port,
        "plan": scenario.plan,
        "seed": seed,
        "replications": list(replications),
        "engine": engine,
        "records": scenario.records,
        "from": moment(network.start_ms, network.clock),
        "to": moment(network.start_ms + network.end, network.clock),
        "measure_from": moment(network.start_ms + network.measure_from, network.clock),
        "clock": network.clock,
        "start_ms": network.start_ms,
        "end_tick": network.end,
        "measure_from_tick": network.measure_from,
        "names": Names.of(network).as_plain()
        | {
            "sides": list(network.sides),
            "directions": list(DIRECTIONS),
            "unit_outcomes": list(UNIT_OUTCOMES),
            "visit_outcomes": list(VISIT_OUTCOMES),
        },
        "scenario_files": [{"path": path, "sha256": sha256} for path, sha256 in scenario.files],
        "facts": [
            {"id": fact, "used_by": [source.path for source in scenario.sources if source.detail == fact]}
            for fact in dict.fromkeys(source.detail for source in scenario.sources if source.kind == "fact")
        ],
        "assumed": [
            {"path": source.path, "value": source.text, "reason": source.detail}
            for source in scenario.sources
            if source.kind == "assumed"
        ],
        "without_source": [source.path for source in scenario.sources if source.kind == "none"],
        "overridden": [
            {"path": source.path, "value": source.text, "by": source.detail}
            for source in scenario.sources
            if source.kind in ("plan", "set")
        ],
        "posterior": _posterior(scenario, seed, replications),
        "warnings": list(warnings),
        "stopped": stopped,
        "is_interrupted": is_interrupted,
        "wall_s": dict(wall_s or {}),
    }


def _posterior(scenario: Scenario, seed: int, replications: Sequence[int]) -> dict[str, Any] | None:
    """What a calibration left open, and which draw each replication was played with; None where nothing is open."""
    if scenario.posterior is None:
        return None
    return {
        "calibration": dict(scenario.posterior.made),
        "numbers": {one.name: [path for path, _ in one.sets] for one in scenario.posterior.numbers},
        "draws": len(scenario.posterior.draws),
        "draw_of": [draw_of(scenario, seed=seed, replication=number) for number in replications],
    }


def manifest_text(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as JSON, in its own order, ended by a line feed; last its own sha256: of the text without it."""
    rest = {key: value for key, value in manifest.items() if key != OWN_HASH}
    text = (json.dumps(rest, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    return _with_hash(text)


def is_as_written(text: bytes) -> bool:
    """Whether not one byte of a manifest was changed since it was written."""
    return text == _with_hash(text[: -len(_hash_line(b""))] + _END)


def _with_hash(text: bytes) -> bytes:
    """The text of a JSON object with its sha256 as the last entry."""
    return text.removesuffix(_END) + _hash_line(text)


def _hash_line(text: bytes) -> bytes:
    return f',\n  "{OWN_HASH}": "{hashlib.sha256(text).hexdigest()}"'.encode() + _END


def read_manifest(folder: pathlib.Path) -> dict[str, Any]:
    """The manifest of a finished run folder.

    Raises ScenarioError if there is none, if it is no manifest, or of a format this portsim does not know.
    """
    path = folder / FILE
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        if (folder / RUN).is_file():
            unfinished = "there is no manifest: its run did not finish; continue it with portsim run ... --resume"
            raise _problem(path, unfinished) from None
        raise _problem(path, "there is no manifest: this is no run folder, or its run did not finish") from None
    except (OSError, ValueError) as error:
        raise _problem(path, f"cannot be read as a manifest: {error}") from None
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema == REGION_SCHEMA:
        raise _problem(folder, "is the folder of a region, and what is wanted is that of a port: name one inside it")
    if schema not in (SCHEMA, FIRST_SCHEMA):
        raise _problem(path, f"the schema must be {SCHEMA}, got {schema!r}; read it with the portsim that wrote it")
    check_shape(path, manifest, _SHAPE)
    return dict(manifest)


def check_shape(path: pathlib.Path, manifest: Any, shape: Mapping[str, Any]) -> None:
    """Raise ScenarioError if a manifest lacks what reading its folder relies on."""
    if (misfit := _misfit(manifest, shape)) is not None:
        raise _problem(path, f"is no manifest of portsim: {misfit}; run the scenario again")


_TEXT_OR_NONE = (str, type(None))
_SHAPE = {
    "portsim": str,
    "python": str,
    "packages": {str: str},
    "platform": str,
    "plan": _TEXT_OR_NONE,
    "seed": int,
    "replications": [int],
    "engine": str,
    "start_ms": int,
    "end_tick": int,
    "names": {
        "flows": [str],
        "kinds": [str],
        "stages": [{"name": str, "pool": _TEXT_OR_NONE}],
        "roles": [str],
        "pools": [{"name": str, "crews": int}],
        "days": {"first": str, "count": int},
    },
    "scenario_files": [{"path": str, "sha256": str}],
    "overridden": [{"path": str, "value": str, "by": str}],
    "warnings": [str],
    "stopped": _TEXT_OR_NONE,
    "is_interrupted": bool,
    "wall_s": {str: (int, float)},
    "keep": str,
    "kept": [{"replication": int, "end_tick": int}],
    "format": str,
    "files": [{"path": str, "sha256": str}],
}
"""What reading a run folder relies on: a type or several, a list of such, a map of any names, or one of these names."""


def _misfit(value: Any, shape: Any, where: str = "") -> str | None:
    """The first place at which a value is not of a shape, in words; None if it is."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where[1:]} should be a list"
        parts = [(f"{where}.{index}", one, shape[0]) for index, one in enumerate(value)]
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{where[1:]} should be a map"
        if str in shape:
            parts = [(f"{where}.{key}", one, shape[str]) for key, one in value.items()]
        elif missing := [key for key in shape if key not in value]:
            return f"{where}.{missing[0]} is missing"[1:]
        else:
            parts = [(f"{where}.{key}", value[key], inner) for key, inner in shape.items()]
    else:
        fits = isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
        return None if fits else f"{where[1:]} is {value!r}"
    return next((found for part in parts if (found := _misfit(part[1], part[2], part[0])) is not None), None)


def packages() -> dict[str, str]:
    """Versions of the installed packages that results may depend on."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _problem(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
