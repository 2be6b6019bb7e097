"""The finished scenario as plain values: one file that needs no other, apart from the data files it names.

`extends`, plans and `--set` are applied, facts stand as the values they had, and `sources` says of each number what
vouches for it. Data files stand in a folder of their own, `data/`: whoever writes the file puts copies of them there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from portsim.scenario import csvfile, sources
from portsim.scenario.findings import Findings
from portsim.scenario.overlay import Node, entries, plain
from portsim.scenario.quantities import dimension

FOLDER = "data"


class Attachments:
    """The data files a scenario needs, each under a name of its own."""

    def __init__(self, findings: Findings, extra_facts: list[Path]) -> None:
        self._findings = findings
        self._names: dict[Path, str] = {}
        self.extra_facts = [self._name(path.resolve()) for path in extra_facts]

    def name(self, node: Node) -> str:
        """The name of a data file beside the finished scenario; the same file has the same name."""
        return self._name(csvfile.locate(node.value, self._findings.folder_of(node)))

    def _name(self, path: Path) -> str:
        if path not in self._names:
            number, name, taken = 2, f"{FOLDER}/{path.name}", set(self._names.values())
            while name in taken:
                name, number = f"{FOLDER}/{path.stem}-{number}{path.suffix}", number + 1
            self._names[path] = name
        return self._names[path]

    def listed(self) -> tuple[tuple[str, str], ...]:
        """(name beside the finished scenario, where the file stands now)."""
        return tuple((name, str(path)) for path, name in self._names.items())


def resolved_tree(tree: Node, attachments: Attachments) -> dict[str, Any]:
    """The plain values of the finished scenario, in file order, with a source for each number that has one."""
    value = plain(_with_names(tree, (), attachments))
    facts = [*attachments.extra_facts, *value.pop("facts", ())]
    if facts:
        value["facts"] = list(dict.fromkeys(facts))
    said = sources.written(tree)
    if said:
        value["sources"] = said
    return {key: inner for key, inner in value.items() if inner is not None}


def _with_names(node: Node, path: tuple[str, ...], attachments: Attachments) -> Node:
    if isinstance(node.value, dict):
        inner = {key: _with_names(below, (*path, *key.split(".")), attachments) for key, below in entries(node).items()}
        return replace(node, value=inner)
    if isinstance(node.value, list):
        listed = [_with_names(below, (*path, str(index)), attachments) for index, below in enumerate(node.value)]
        return replace(node, value=listed)
    is_file = node.value is not None and (dimension(path) == "file" or path[:1] == ("facts",))
    return replace(node, value=attachments.name(node)) if is_file else node
