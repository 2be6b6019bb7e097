"""What a calibration left open of a scenario: draws of its unknown numbers, each of which makes a scenario of its own.

A draw is laid on the values that stood where the posterior was stated. Whatever says something else of one of them
later prevails: a file that extends this one, a plan, `--set`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portsim.errors import Place
from portsim.scenario.overlay import Mark, Node, Problems, assign, child, leaves, stamp
from portsim.scenario.scenario import Posterior, Scenario, Unknown
from portsim.scenario.schema.posterior import PosteriorModel

DIGITS = 8
"""Significant digits of a value: as many as a scenario is given."""


def written(value: float, *, times: float = 1.0, unit: str = "", is_whole: bool = False) -> str:
    """A value of an unknown number, multiplied, as a scenario has it."""
    number = value * times
    text = str(round(number)) if is_whole and number == round(number) else format(number, f".{DIGITS}g")
    return f"{text}{'' if unit in ('', '%') else ' '}{unit}"


@dataclass(frozen=True, slots=True)
class Stated:
    """A posterior where a file states it.

    node : as written
    before : where everything of the value that each path had stood before any draw; nothing where there was none
    """

    model: PosteriorModel
    node: Node
    before: Mapping[str, tuple[Place, ...]] = field(repr=False)

    @classmethod
    def of(cls, model: PosteriorModel, node: Node, tree: Node) -> Stated:
        """It, over a tree of values."""
        paths = [path for number in model.numbers.values() for path, _ in number.sets]
        return cls(model, node, {path: _places(tree, path) for path in paths})

    def holds(self, tree: Node) -> tuple[Unknown, ...]:
        """The unknown numbers, with the paths that nothing later has taken from them."""
        return tuple(
            Unknown(
                name,
                tuple((path, times) for path, times in number.sets if _places(tree, path) == self.before[path]),
                number.unit or "",
                number.whole,
            )
            for name, number in self.model.numbers.items()
        )

    @property
    def draws(self) -> tuple[tuple[float, ...], ...]:
        """A value of every number in each."""
        return self.model.draws[1]

    def lay(self, tree: Node, draw: int, problems: Problems) -> Node:
        """The values with a draw laid on them."""
        for number, value in zip(self.holds(tree), self.draws[draw], strict=True):
            stated = child(self.node, "numbers", number.name) or self.node
            mark = Mark("calibrated", f"{number.name} of {self.model.calibration.name}")
            for path, times in number.sets:
                text = written(value, times=times, unit=number.unit, is_whole=number.is_whole)
                given: Any = text if number.unit else int(text) if text.lstrip("-").isdecimal() else float(text)
                node = Node(given, stated.key_place, path, stated.key_place, mark)
                tree = assign(tree, tuple(path.split(".")), node, problems)
        return tree

    def settled(self, tree: Node, central: int, load: Callable[[int], Scenario]) -> Posterior:
        """What a scenario carries of it.

        tree : the values it was laid on, plan and settings applied
        """
        made = self.model.calibration.model_dump(exclude_none=True)
        return Posterior(
            calibration=self.model.calibration.name,
            made={
                key: list(value) if isinstance(value, tuple) else value for key, value in made.items() if value != ()
            },
            numbers=self.holds(tree),
            draws=self.draws,
            central=central,
            load=load,
        )


def lay_settings(tree: Node, node: Node, name: str, problems: Problems) -> Node:
    """The values with what a calibration set beside its unknown numbers."""
    for path, given in (node.value if isinstance(node.value, dict) else {}).items():
        tree = assign(tree, tuple(path.split(".")), stamp(given, Mark("assumed", f"set for {name}")), problems)
    return tree


def central_draw(draws: tuple[tuple[float, ...], ...]) -> int:
    """The draw that lies nearest to the middle of all: what a scenario shows where one has to stand for all.

    Near by ranks, so that no unit weighs more than another.
    """
    count = len(draws)
    away = [0.0] * count
    for column in zip(*draws, strict=True):
        for rank, place in enumerate(sorted(range(count), key=lambda draw: column[draw])):
            away[place] += ((rank + 0.5) / count - 0.5) ** 2
    return min(range(count), key=lambda draw: (away[draw], draw))


def plain_posterior(posterior: Posterior) -> dict[str, Any]:
    """It as the values of a file; numbers without a path left are left out."""
    kept = [place for place, number in enumerate(posterior.numbers) if number.sets]
    numbers = {
        number.name: {"sets": dict(number.sets)}
        | ({"unit": number.unit} if number.unit else {})
        | ({"whole": True} if number.is_whole else {})
        for number in (posterior.numbers[place] for place in kept)
    }
    lines = [",".join(numbers), *(",".join(format(draw[place], ".10g") for place in kept) for draw in posterior.draws)]
    return {"calibration": dict(posterior.made), "numbers": numbers, "draws": "".join(f"{line}\n" for line in lines)}


def _places(tree: Node, path: str) -> tuple[Place, ...]:
    """Where the value at a dotted path stands, all of it; keys may have dots, as those of changes do."""
    found = _at(tree, tuple(path.split(".")))
    return () if found is None else (found.place, *(leaf.place for _, leaf in leaves(found)))


def _at(node: Node, path: tuple[str, ...]) -> Node | None:
    if not path:
        return node
    if isinstance(node.value, list):
        inner = child(node, int(path[0])) if path[0].isdecimal() and len(path[0]) < 10 else None
        return None if inner is None else _at(inner, path[1:])
    if isinstance(node.value, dict):
        for length in range(len(path), 0, -1):
            inner = node.value.get(".".join(path[:length]))
            if inner is not None:
                return _at(inner, path[length:])
    return None
