"""Settings `path=value` laid over a tree of values: what `--set` says, and what a region says of its ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portsim import yamlfile
from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario.overlay import Mark, Node, Problems, assign, plant, stamp

NOT_IN_OVERLAYS = ("portsim", "extends", "plans", "sources", "posterior")
"""Top-level keys that neither a plan nor a setting may change."""


def place_of(text: str) -> Place:
    """Where messages say a setting stands."""
    return Place(f"--set {text}", 0, 0)


def apply_settings(tree: Node, texts: Sequence[str], problems: Problems) -> Node:
    """Lay `path=value` texts over the tree, one after the other."""
    for text in texts:
        tree = _apply_setting(tree, text, problems)
    return tree


def _apply_setting(tree: Node, text: str, problems: Problems) -> Node:
    """Lay one `path=value` over the tree; whatever is wrong with it is placed at the option itself."""
    key, equals, value = text.partition("=")
    key = key.strip()
    place = place_of(text)
    path = tuple(key.split("."))
    message = ""
    if not equals or not key or not all(path):
        message = "write --set path=value, for instance --set stages.scan.lanes=3"
    elif not value.strip():
        message = "has no value; write null to remove something"
    elif path[0] in NOT_IN_OVERLAYS:
        message = f"--set cannot change {path[0]!r}"
    if message:
        problems.extend([Problem(place, key, message)])
        return tree
    try:
        document = yamlfile.parse(value, place.file)
    except ScenarioError as error:
        problems.extend(replace(problem, place=place, key=key) for problem in error.problems)
        return tree
    node = _moved(plant(document), place, key)
    return assign(tree, path, stamp(node, Mark("set", place.file)), problems)


def _moved(node: Node, place: Place, key: str) -> Node:
    """The same values, all of them at one place."""
    value = node.value
    if isinstance(value, dict):
        value = {name: _moved(inner, place, f"{key}.{name}") for name, inner in value.items()}
    elif isinstance(value, list):
        value = [_moved(inner, place, f"{key}.{index}") for index, inner in enumerate(value)]
    return replace(node, value=value, place=place, key_place=place, key=key)
