"""Levels by the clock or by dates, closures and durations by chance: the small values scenarios are made of.

Clock times are kept as they were stated, in the clock of their side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class WeekProfile:
    """A level by the clock, for each day of the week; where no span stands the level is 0.

    days : seven tuples, Monday first, of (from_ms, to_ms, level): ms after that day's midnight by the wall clock,
        0 <= from_ms < to_ms <= 2 * DAY_MS, in ascending order and not overlapping. A span that ends after 24:00
        runs into the next day and belongs to the day it starts.
    """

    days: tuple[tuple[tuple[int, int, float], ...], ...]

    @classmethod
    def constant(cls, level: float) -> WeekProfile:
        """The same level around the clock, every day."""
        return cls((((0, DAY_MS, level),) if level else (),) * 7)


@dataclass(frozen=True, slots=True)
class DatedLevel:
    """A level by dates and times: (UTC epoch ms, level), ascending; each holds until the next, 0 before the first."""

    steps: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Closure:
    """A stretch during which a side or stage is closed: UTC epoch ms, start <= t < end, and how it was written."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """How long something takes, in ms.

    kind and params (durations in ms, cv and shapes plain numbers):
    fixed(value), uniform(low, high), triangular(low, mode, high), exponential(mean), erlang(mean, shape),
    gamma(mean, cv), lognormal(mean, cv), weibull(mean, shape), empirical(values; params["values"] is a tuple, ms,
    each equally likely)
    """

    kind: Literal[
        "fixed", "uniform", "triangular", "exponential", "erlang", "gamma", "lognormal", "weibull", "empirical"
    ]
    params: Mapping[str, Any]

    @property
    def mean_ms(self) -> float:
        """Mean duration in ms, exactly for every kind."""
        p = self.params
        match self.kind:
            case "fixed":
                return float(p["value"])
            case "uniform":
                return float(p["low"] + p["high"]) / 2
            case "triangular":
                return float(p["low"] + p["mode"] + p["high"]) / 3
            case "empirical":
                return float(sum(p["values"])) / len(p["values"])
            case _:
                return float(p["mean"])


@dataclass(frozen=True, slots=True)
class Amount:
    """How many of something countable a unit has: persons aboard, goods carried, passengers of a vehicle.

    cv : the number is gamma distributed with this coefficient of variation, rounded; None where it is not
    span : each whole number from the first to the second is equally likely, and `mean` is in their middle; None where
        it is not. With neither a unit has the whole part of the mean, and one more with the fraction as its probability
    """

    mean: float
    cv: float | None = None
    span: tuple[int, int] | None = None

    @property
    def is_certain(self) -> bool:
        """Whether every unit has the same."""
        return self.cv is None and self.span is None and self.mean == int(self.mean)


@dataclass(frozen=True, slots=True)
class Wave:
    """A call at this ms of the day, on these weekdays (0 is Monday), of so many at most; None for everyone waiting."""

    at_ms: int
    weekdays: tuple[int, ...]
    up_to: int | None
