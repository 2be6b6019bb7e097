"""Where scenario and region files stand, which come with portsim, and which of the two a file is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portsim import shipped, yamlfile
from portsim.errors import Problem, ScenarioError
from portsim.scenario import csvfile
from portsim.scenario.overlay import Node, child, entries, unknown
from portsim.scenario.schema.fields import is_name
from portsim.scenario.units import shown, suggestion


def shipped_scenarios() -> list[tuple[str, str]]:
    """(name, one-line title) of each scenario that comes with portsim, by name."""
    return [(name, str(value.get("name") or "")) for name, value in _shipped_values() if not is_region(value)]


def shipped_regions() -> list[tuple[str, str]]:
    """(name, one-line title) of each region that comes with portsim, by name."""
    return [(name, str(value.get("region") or "")) for name, value in _shipped_values() if is_region(value)]


def _shipped_values() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(shipped.folder("scenarios").glob("*.yaml")):
        value = yamlfile.read(path, f"scenarios/{path.name}").value
        yield path.stem, value if isinstance(value, dict) else {}


def is_region(value: Any) -> bool:
    """Whether the values of a file are those of a region, which is known by its key `region`."""
    return isinstance(value, dict) and "region" in value


def check_is_scenario(node: Node) -> None:
    """Raise ScenarioError if the values of a file are not those of a scenario."""
    if not isinstance(node.value, dict):
        raise ScenarioError([Problem(node.place, "", f"got {shown(node.value)}; a scenario is a map of keys")])
    region = child(node, "region")
    if region is not None:
        ports = ", ".join(entries(node, "ports")) or "none yet"
        rule = f"this is a region, and what is wanted here is a scenario; name that of one of its ports ({ports})"
        raise ScenarioError([Problem(region.key_place, "region", rule)])


def find_file(source: str | os.PathLike[str]) -> tuple[Path, str]:
    """Where a scenario or region stands and how messages name it: a path, or the name of a shipped one."""
    text = os.fspath(source)
    if isinstance(source, str) and is_name(text):
        path = _shipped(text)
        if path is not None:
            return path, f"scenarios/{path.name}"
        if not Path(text).exists():
            none = f"there is no file and no shipped scenario {shown(text)}"
            beside = next((name for name in (f"{text}.yaml", f"{text}.yml") if Path(name).is_file()), None)
            known = f"{none}; did you mean {beside!r}?" if beside else unknown(text, sorted(_names()), none)
            raise ScenarioError([Problem(None, "", known)])
    return Path(text), text


def locate_scenario(node: Node, folder: Path | None) -> tuple[Path, str]:
    """Where a scenario stands that a file names, and how messages name it: in its folder, or a shipped one.

    Raises ValueError with the rule.
    """
    name = node.value
    if not isinstance(name, str):
        raise ValueError(f"got {shown(name)}; write a file of this folder or the name of a shipped scenario")
    path = _shipped(name)
    if path is not None:
        return path, f"scenarios/{path.name}"
    if is_name(name) and not (folder and (folder / name).exists()):
        raise ValueError(f"there is no shipped scenario {shown(name)}{suggestion(name, _names())}")
    return csvfile.locate(name, folder), str(Path(node.place.file).parent / name)


def _names() -> list[str]:
    return [path.stem for path in shipped.folder("scenarios").glob("*.yaml")]


def _shipped(name: str) -> Path | None:
    path = shipped.folder("scenarios") / f"{name}.yaml"
    return path if is_name(name) and path.is_file() else None
