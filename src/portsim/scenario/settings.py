"""Settings laid over a tree of values: `path=value` texts of `--set` and of a region, and values given in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from portsim import yamlfile
from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario.overlay import Mark, Node, Problems, assign, plant, stamp

NOT_IN_OVERLAYS = ("portsim", "extends", "plans", "sources", "posterior")
"""Top-level keys that neither a plan nor a setting may change."""

MOST_SHOWN = 200
"""Characters of a value given in Python that messages and manifests show."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A value given in Python, at its path: one entry of `Scenario.with_`.

    text : the value as YAML on one line, from `portsim.scenario.edits`; empty where YAML cannot say it
    refusal : why it cannot be said; empty where it can
    """

    path: str
    text: str
    refusal: str = ""

    def __str__(self) -> str:
        text = self.text if len(self.text) <= MOST_SHOWN else f"{self.text[: MOST_SHOWN - 3]}..."
        return f'with_({{"{self.path}": {text or "..."}}})'


Setting = str | Edit
"""What is laid over a scenario: a text `path=value`, or a value given in Python."""


def place_of(setting: Setting) -> Place:
    """Where messages say a setting stands."""
    return Place(str(setting) if isinstance(setting, Edit) else f"--set {setting}", 0, 0)


def apply_settings(tree: Node, settings: Sequence[Setting], problems: Problems) -> Node:
    """Lay settings over the tree, one after the other."""
    for setting in settings:
        tree = _apply_setting(tree, setting, problems)
    return tree


def _apply_setting(tree: Node, setting: Setting, problems: Problems) -> Node:
    """Lay one setting over the tree; whatever is wrong with it is placed at the setting itself."""
    place = place_of(setting)
    if isinstance(setting, Edit):
        key, value, message = setting.path, setting.text, setting.refusal
        form, option = 'write a path such as "stages.scan.lanes"', "with_"
        is_formed = True
    else:
        key, equals, value = setting.partition("=")
        key, message = key.strip(), ""
        form, option = "write --set path=value, for instance --set stages.scan.lanes=3", "--set"
        is_formed = bool(equals)
    path = tuple(key.split("."))
    if not is_formed or not all(path):
        message = form
    elif path[0] in NOT_IN_OVERLAYS:
        message = f"{option} cannot change {path[0]!r}"
    elif not value.strip() and not message:
        message = "has no value; write null to remove something"
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
