"""What is held possible of a number before any figure is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portsim.scenario import posterior

Floats = NDArray[np.float64]
Shape = Literal["uniform", "log_uniform", "triangular", "normal", "lognormal", "whole"]

TAIL = 0.001
"""Share of a prior without ends that is left out at either side: a value there is never tried."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A distribution over one number, cut at both ends of what is tried.

    shape : its kind; `whole` gives every whole number of the range the same chance
    first, second, third : uniform, log_uniform and whole: low and high; triangular: low, mode, high; normal: mean and
        sd; lognormal: mean and cv
    unit : what stands behind the number, as it is written in the scenario: "", "min", "%"
    """

    shape: Shape
    first: float
    second: float
    third: float = math.nan
    unit: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it gives whole numbers only."""
        return self.shape == "whole"

    def value(self, share: float | Floats) -> Floats:
        """Its quantile, 0 <= share <= 1: the value below which so much of it lies."""
        u = np.asarray(share, np.float64)
        if self.shape == "uniform":
            return self.first + u * (self.second - self.first)
        if self.shape == "log_uniform":
            low, high = math.log(self.first), math.log(self.second)
            return np.exp(low + u * (high - low))
        if self.shape == "whole":
            return np.minimum(self.first + np.floor(u * (self.second - self.first + 1)), self.second)
        if self.shape == "triangular":
            low, mode, high = self.first, self.second, self.third
            turn = (mode - low) / (high - low)
            rising = low + np.sqrt(u * (high - low) * (mode - low))
            falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
            return np.where(u < turn, rising, falling)
        score = self._score(u)
        if self.shape == "normal":
            return self.first + self.second * score
        spread = math.log1p(self.second**2)
        return np.exp(math.log(self.first) - spread / 2 + math.sqrt(spread) * score)

    def coordinate(self, share: Floats) -> Floats:
        """Where it stands on a scale on which outcomes are smooth: linear in the number, or in its logarithm."""
        if self.shape in ("normal", "lognormal"):
            return np.asarray(self._score(share) / 4 + 0.5)
        if self.shape == "triangular":
            return np.asarray((self.value(share) - self.first) / (self.third - self.first))
        if self.shape == "whole":
            return np.asarray((self.value(share) - self.first) / max(self.second - self.first, 1.0))
        return np.asarray(share, np.float64)

    def written(self, value: float, times: float = 1.0) -> str:
        """A value of it, multiplied, as a scenario has it."""
        return posterior.written(value, times=times, unit=self.unit, is_whole=self.is_whole)

    def _score(self, share: float | Floats) -> Floats:
        from scipy.special import ndtri

        u = np.asarray(share, np.float64)
        return np.asarray(ndtri(TAIL + u * (1 - 2 * TAIL)))

    def __str__(self) -> str:
        return SAID[self.shape](self)


def _plain(value: float) -> str:
    return format(value, ".6g")


def _with_unit(text: str, unit: str) -> str:
    return f"{text}{'' if unit in ('', '%') else ' '}{unit}"


SAID: dict[Shape, Callable[[Prior], str]] = {
    "uniform": lambda one: _with_unit(f"{_plain(one.first)} to {_plain(one.second)}", one.unit),
    "log_uniform": lambda one: _with_unit(f"{_plain(one.first)} to {_plain(one.second)}", one.unit) + ", by the log",
    "whole": lambda one: _with_unit(f"{_plain(one.first)} to {_plain(one.second)}", one.unit) + ", whole",
    "triangular": lambda one: (
        _with_unit(f"{_plain(one.first)} to {_plain(one.third)}", one.unit) + f", most likely {_plain(one.second)}"
    ),
    "normal": lambda one: _with_unit(f"about {_plain(one.first)}, sd {_plain(one.second)}", one.unit),
    "lognormal": lambda one: _with_unit(f"mean {_plain(one.first)}", one.unit) + f", cv {_plain(one.second)}",
}
