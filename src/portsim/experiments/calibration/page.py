"""A calibration file while it is read: its values with their places, and everything that is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from portsim import yamlfile
from portsim.errors import Place, Problem
from portsim.scenario.units import parse_share, shown, suggestion
from portsim.yamlfile import Path as Keys


class Page:
    """The values of a document by their keys; whoever reads them adds to `problems`."""

    def __init__(self, document: yamlfile.Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def value(self, keys: Keys) -> Any:
        """What stands there."""
        value = self.document.value
        for key in keys:
            value = value[key]
        return value

    def place(self, keys: Keys, *, key: bool = False) -> Place:
        """Where it stands, or its key; what is missing stands where it should."""
        places = self.document.key_places if key and keys in self.document.key_places else self.document.places
        while keys not in places:
            keys = keys[:-1]
        return places[keys]

    def refuse(self, keys: Keys, message: str, *, key: bool = False) -> None:
        """Say what is wrong there, once."""
        found = Problem(self.place(keys, key=key), yamlfile.key_path(keys), message)
        if found not in self.problems:
            self.problems.append(found)

    def mapping(self, keys: Keys, known: Collection[str], required: Collection[str]) -> dict[str, Any] | None:
        """A mapping of known keys; None, with what is wrong, if it is none or lacks a key."""
        value = self.value(keys)
        if not isinstance(value, dict):
            self.refuse(keys, f"a mapping is needed with the keys {', '.join(sorted(known))}")
            return None
        for name in value:
            if name not in known:
                cure = suggestion(name, sorted(known)) or f"; known keys are {', '.join(sorted(known))}"
                self.refuse((*keys, name), f"unknown key{cure}", key=True)
        for name in sorted(required):
            if name not in value:
                self.refuse(keys, f"the key {name!r} is missing", key=True)
        return value if set(required) <= value.keys() else None

    def items(self, keys: Keys) -> list[Any]:
        """A list, empty if there is none."""
        holder = self.value(keys[:-1])
        value = holder.get(keys[-1]) if isinstance(holder, dict) else None
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(keys, f"a list is needed, got {shown(value)}")
            return []
        return value

    def text(self, keys: Keys) -> str:
        """A text that says something."""
        value = self.value(keys)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.refuse(keys, f"text is needed, got {shown(value)}")
        return ""

    def positive(self, keys: Keys) -> float:
        """A number above 0."""
        value = self.value(keys)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            self.refuse(keys, f"a number above 0 is needed, got {shown(value)}")
            return 1.0
        return float(value)

    def share(self, keys: Keys) -> float:
        """A share above 0."""
        try:
            share = parse_share(self.value(keys))
        except ValueError as error:
            self.refuse(keys, str(error))
            return 0.0
        if not share:
            self.refuse(keys, "a share above 0 is needed")
        return share
