"""The part of the schema that says what a calibration left open: `posterior`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from portsim.scenario import units
from portsim.scenario.quantities import dimension
from portsim.scenario.schema.fields import (
    Count,
    Flag,
    Found,
    Model,
    Quantity,
    Refusal,
    Text,
    read_list,
    read_map,
    read_text,
    refuse,
)
from portsim.scenario.units import shown

MOST_DRAWS = 10_000

_NOT_VARIED = (None, "clock", "date", "file")
_PATHS_RULE = "write a path of the scenario, a list of them, or paths with what each is multiplied with"


def read_paths(value: Any) -> tuple[tuple[str, float], ...]:
    """(path, factor) of the numbers that follow an unknown one."""
    if isinstance(value, str):
        value = {value: 1}
    elif isinstance(value, list) and all(isinstance(path, str) for path in value):
        value = dict.fromkeys(value, 1)
    given = read_map(value, _PATHS_RULE)
    for path, times in given.items():
        if isinstance(times, bool) or not isinstance(times, int | float) or not math.isfinite(times):
            refuse(f"{path} is multiplied with a number, got {shown(times)}", path)
        if dimension(tuple(path.split("."))) in _NOT_VARIED:
            refuse(f"{path} is no number of a scenario", path, at_key=True)
    return tuple((path, float(times)) for path, times in given.items())


def read_draws(value: Any) -> tuple[tuple[str, ...], tuple[tuple[float, ...], ...]]:
    """(names, draws) of a table written as text: a line of names, then a line for each draw, parted by commas."""
    rule = "write a line of names and a line of numbers for each draw, parted by commas, in a block that begins with |"
    if not isinstance(value, str):
        raise ValueError(f"got {shown(value)}; {rule}")
    head, *lines = value.strip().splitlines()
    if not lines:
        raise ValueError(f"holds no draw; {rule}")
    if len(lines) > MOST_DRAWS:
        raise ValueError(f"holds {len(lines):,} draws, {MOST_DRAWS:,} are the most")
    names = tuple(name.strip() for name in head.split(","))
    draws = []
    for number, line in enumerate(lines, 1):
        cells = line.split(",")
        try:
            draw = tuple(float(cell) for cell in cells)
        except ValueError:
            raise ValueError(f"draw {number}, {shown(line)}, holds something that is no number") from None
        if len(draw) != len(names):
            raise ValueError(f"draw {number} has {len(draw)} numbers, and there are {len(names)} names: {rule}")
        if not all(map(math.isfinite, draw)):
            raise ValueError(f"draw {number}, {shown(line)}, holds a number that is not finite")
        draws.append(draw)
    return names, tuple(draws)


def _read_settings(value: Any) -> Mapping[str, Any]:
    return read_map(value, "write paths of the scenario with their values")


def _read_figures(value: Any) -> tuple[str, ...]:
    figures: tuple[str, ...] = read_list(value, read_text, "write the figures as a list")
    return figures


class CalibrationModel(Model):
    """Which calibration a posterior comes from."""

    name: Text
    """What the calibration is called. Required."""

    file: Text | None = None
    """The file that asked it. Default not said."""

    sha256: Text | None = None
    """Hash of that file. Default not said."""

    portsim: Text | None = None
    """The version that answered it. Default not said."""

    seed: Annotated[int, Quantity(units.parse_count, "count")] | None = None
    """Its seed. Default not said."""

    runs: Count | None = None
    """How many points were played. Default not said."""

    effective: Annotated[float, Quantity(units.parse_number, "number")] | None = None
    """How many independent draws the draws are worth. Default not said."""

    figures: Annotated[tuple[str, ...], Quantity(_read_figures, "texts")] = ()
    """The figures it was fitted to: ids of published ones, or what was observed. Default not said."""


class UnknownModel(Model):
    """One unknown number."""

    sets: Annotated[tuple[tuple[str, float], ...], Quantity(read_paths, "paths")]
    """The numbers of the scenario that follow it: a path, a list of paths, or paths with factors. Required."""

    unit: Text | None = None
    """What stands behind it in the scenario, min or %. Default nothing."""

    whole: Flag = False
    """Whether only whole numbers of it mean something. Default false."""


class PosteriorModel(Model):
    """What a calibration left open of the numbers of the scenario, as draws of equal weight.

    Each replication is played with one of the draws, the same for every plan.
    """

    calibration: CalibrationModel
    """Which calibration it comes from. Required."""

    set: Annotated[Mapping[str, Any], Quantity(_read_settings, "settings")] = Field(default_factory=dict)
    """What the calibration set in the scenario beside that, by path. Default nothing."""

    numbers: dict[str, UnknownModel]
    """The unknown numbers by name, at least one. Required."""

    draws: Annotated[tuple[tuple[str, ...], tuple[tuple[float, ...], ...]], Quantity(read_draws, "draws")]
    """A line with the names of the numbers, then a line for each draw, parted by commas. Required, at most 10,000."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        found: list[Found] = []
        if not self.numbers:
            found.append(Found(("numbers",), "is empty; write at least one unknown number"))
        elif self.draws[0] != tuple(self.numbers):
            has, needs = ", ".join(self.draws[0]), ", ".join(self.numbers)
            found.append(Found(("draws",), f"is of {has}; write the numbers in their order: {needs}"))
        owner: dict[str, str] = {}
        for name, number in self.numbers.items():
            for path, _ in number.sets:
                if path in owner:
                    rule = f"{path} is set by {owner[path]} already"
                    found.append(Found(("numbers", name, "sets"), rule))
                owner[path] = name
        if found:
            raise Refusal(found)
        return self
