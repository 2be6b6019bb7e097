"""The unknown numbers of a calibration file, with their priors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from portsim.errors import Problem, ScenarioError
from portsim.experiments.calibration.page import Page
from portsim.experiments.calibration.priors import Prior, Shape
from portsim.experiments.calibration.question import Load, Parameter
from portsim.scenario.schema.fields import is_name
from portsim.scenario.schema.posterior import read_paths
from portsim.scenario.units import shown
from portsim.yamlfile import Path as Keys

MOST_PARAMETERS = 12

_FIT = {"sets", "prior", "why"}
_SHAPES: Mapping[str, Shape] = {
    "uniform": "uniform",
    "log_uniform": "log_uniform",
    "triangular": "triangular",
    "normal": "normal",
    "lognormal": "lognormal",
    "whole": "whole",
}
_PRIOR_RULE = (
    "write {uniform: [300, 900]}, {log_uniform: [1 min, 12 min]}, {whole: [1, 8]}, {triangular: [1, 2, 5]}, "
    "{normal: {mean: 500, sd: 50}} or {lognormal: {mean: 3 min, cv: 0.5}}"
)
_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-z%/][A-Za-z%/]*)?\s*")


class Parameters:
    """Reads `fit`."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def read(self) -> list[Parameter]:
        """The unknown numbers, in the order of the file."""
        found = self.page.value(("fit",))
        if not isinstance(found, dict) or not found:
            self.page.refuse(("fit",), "write the unknown numbers by names of your own, each with sets, prior and why")
            return []
        if len(found) > MOST_PARAMETERS:
            self.page.refuse(("fit",), f"there are {len(found)} unknown numbers, {MOST_PARAMETERS} are the most")
        parameters = []
        owners: dict[str, str] = {}
        for name in found:
            keys: Keys = ("fit", name)
            if not is_name(name):
                self.page.refuse(keys, f"{shown(name)} is not a name", key=True)
                continue
            if self.page.mapping(keys, _FIT, _FIT) is None or not found[name].keys() >= _FIT:
                continue
            sets = self._sets((*keys, "sets"))
            prior = self._prior((*keys, "prior"))
            why = self.page.text((*keys, "why"))
            for path, _ in sets:
                if path in owners:
                    self.page.refuse((*keys, "sets"), f"{path} is set by {owners[path]} already")
                owners[path] = name
            if sets and prior is not None:
                parameters.append(Parameter(name, tuple(sets), prior, why, self.page.place(keys, key=True)))
        return parameters

    def _sets(self, keys: Keys) -> list[tuple[str, float]]:
        try:
            return list(read_paths(self.page.value(keys)))
        except ValueError as error:
            self.page.refuse(keys, str(error))
            return []

    def _prior(self, keys: Keys) -> Prior | None:
        found = self.page.value(keys)
        if not isinstance(found, dict) or len(found) != 1 or next(iter(found)) not in _SHAPES:
            self.page.refuse(keys, f"got {shown(found)}; {_PRIOR_RULE}")
            return None
        [(name, body)] = found.items()
        wanted = {"triangular": 3}.get(name, 2)
        named = {"normal": ("mean", "sd"), "lognormal": ("mean", "cv")}.get(name)
        values = [body.get(key) for key in named] if named and isinstance(body, dict) else body
        if (named and (not isinstance(body, dict) or set(body) != set(named))) or not isinstance(values, list):
            self.page.refuse(keys, f"got {shown(found)}; {_PRIOR_RULE}")
            return None
        parts = [_quantity(value) for value in values]
        if len(parts) != wanted or not all(parts):
            self.page.refuse(keys, f"got {shown(found)}; {_PRIOR_RULE}")
            return None
        numbers = [part[0] for part in parts if part]
        units = {part[1] for part in parts if part and part[1]}
        if len(units) > 1:
            self.page.refuse(keys, f"has the units {', '.join(sorted(units))}; write one of them")
            return None
        if wrong := _wrong_with(name, numbers):
            self.page.refuse(keys, wrong)
            return None
        return Prior(
            _SHAPES[name], numbers[0], numbers[1], numbers[2] if wanted == 3 else math.nan, next(iter(units), "")
        )

    def try_out(self, load: Load, parameters: Sequence[Parameter]) -> None:
        """Whether the scenario is one with all numbers at their medians, and each in turn at both ends of its prior."""
        medians = {one.name: float(one.prior.value(0.5)) for one in parameters}

        def wrong_with(values: Mapping[str, float]) -> list[Problem]:
            try:
                load([text for one in parameters for text in one.settings(values[one.name])])
            except ScenarioError as error:
                return list(error.problems)
            return []

        def refuse(one: Parameter, key: str, value: float, problem: Problem) -> None:
            text = f"at {one.prior.written(value)} the scenario is not valid: {problem.key}: {problem.message}"
            self.page.refuse(("fit", one.name, key), text)

        everywhere = wrong_with(medians)
        known = {(problem.key, problem.message) for problem in everywhere}
        for problem in everywhere:
            owner = next((one for one in parameters if _is_of(problem, one)), None)
            if owner is None:
                self.page.refuse(("fit",), f"at the medians of all priors: {problem.key}: {problem.message}")
            else:
                refuse(owner, "sets", medians[owner.name], problem)
        for one in parameters:
            for share in (0.0, 1.0):
                value = float(one.prior.value(share))
                found = [
                    problem
                    for problem in wrong_with({**medians, one.name: value})
                    if (problem.key, problem.message) not in known
                ]
                for problem in [other for other in found if _is_of(other, one)] or found:
                    refuse(one, "prior", value, problem)


def _is_of(problem: Problem, parameter: Parameter) -> bool:
    return any(
        problem.key.startswith(path) or (problem.place is not None and problem.place.file.startswith(f"--set {path}="))
        for path, _ in parameter.sets
    )


def _quantity(value: Any) -> tuple[float, str] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return (float(value), "") if math.isfinite(value) else None
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return (float(found[1]), found[2] or "") if found else None


def _wrong_with(name: str, numbers: Sequence[float]) -> str:
    """What is wrong with the numbers of a prior, nothing if they make one."""
    first, second = numbers[:2]
    if name in ("normal", "lognormal"):
        what = "sd" if name == "normal" else "cv"
        if second <= 0:
            return f"the {what} is above 0, got {second:g}"
        return f"the mean is above 0, got {first:g}" if name == "lognormal" and first <= 0 else ""
    if any(low > high for low, high in pairwise(numbers)) or numbers[0] == numbers[-1]:
        return f"goes up, got {', '.join(f'{number:g}' for number in numbers)}"
    if name == "log_uniform" and first <= 0:
        return f"a range by the log is above 0, got {first:g}"
    if name == "whole" and any(number != round(number) for number in numbers):
        return "a range of whole numbers has whole ends"
    return ""
