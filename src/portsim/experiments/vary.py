"""What a sweep varies, as it is written: `stages.check.lanes=3:10`, `flows.out.arrivals.per_day=400,600,800`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portsim.errors import ArgumentError
from portsim.scenario.units import shown

RULE = (
    "write --vary PATH=LOW:HIGH, PATH=LOW:HIGH:STEP or PATH=VALUE,VALUE, for instance --vary stages.scan.lanes=1:4, "
    "--vary 'stages.scan.service.lognormal.mean=2:6:1 min' or --vary flows.outbound.arrivals.per_day=400,600,800"
)
MOST_POINTS = 10_000
SIGNIFICANT = 6
"""Digits of a value that is drawn from a range."""

_PART = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-z%/][A-Za-z%/]*)?\s*")
_OPENING, _CLOSING, _QUOTES = "[{(", "]})", "\"'"


@dataclass(frozen=True, slots=True)
class Listed:
    """A number, or anything else, at a path, that takes each of these values, written as `--set` takes them."""

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A number at a path that takes values from `low` to `high`.

    step : between two values; None where it was not said
    unit : behind each number
    """

    path: str
    low: Decimal
    high: Decimal
    step: Decimal | None
    unit: str

    @property
    def is_whole(self) -> bool:
        """Whether both ends are whole and no unit says that parts are meant: lanes, officers, trucks a day."""
        return not self.unit and all(end == end.to_integral_value() for end in (self.low, self.high))

    def listed(self) -> Listed:
        """Its values step by step, both ends included; ArgumentError without a step that whole numbers would have."""
        step = self.step if self.step is not None else Decimal(1) if self.is_whole else None
        if step is None:
            span = f"{plain(self.low)}:{plain(self.high)}"
            end = f" {self.unit}" if self.unit else ""
            raise ArgumentError(
                f"{self.path}: {span}{end} has no step; write {span}:STEP{end}, or --points N to draw from it"
            )
        count = int((self.high - self.low) / step) + 1
        if count > MOST_POINTS:
            raise ArgumentError(f"{self.path}: has {count:,} values; a sweep has {MOST_POINTS:,} points at most")
        return Listed(self.path, tuple(self.text(self.low + step * number) for number in range(count)))

    def text(self, value: Decimal) -> str:
        """A value of it as it is written."""
        return f"{plain(value)} {self.unit}" if self.unit and self.unit != "%" else f"{plain(value)}{self.unit}"


Axis = Listed | Range


def plain(value: Decimal) -> str:
    """A number without an exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_axis(text: str) -> Axis:
    """Read what `--vary` says; ArgumentError with the rule."""
    path, equals, values = text.partition("=")
    path, values = path.strip(), values.strip()
    if not equals or not path or not values or not all(path.split(".")):
        raise ArgumentError(f"got {shown(text)}; {RULE}")
    parts = [_PART.fullmatch(part) for part in values.split(":")]
    if len(parts) in (2, 3) and all(parts):
        return _range(path, values, [(Decimal(part[1]), part[2] or "") for part in parts if part])
    listed = [value.strip() for value in _split(values)]
    if not all(listed):
        raise ArgumentError(f"got {shown(text)}, with an empty value; {RULE}")
    if len(set(listed)) < len(listed):
        raise ArgumentError(f"got {shown(text)}, with a value twice; name each once")
    return Listed(path, tuple(listed))


def _range(path: str, text: str, parts: Sequence[tuple[Decimal, str]]) -> Range:
    units = {unit for _, unit in parts if unit}
    if len(units) > 1:
        raise ArgumentError(f"{path}: got {shown(text)}, with the units {', '.join(sorted(units))}; write one of them")
    numbers = [number for number, _ in parts]
    low, high, step = numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else None
    if low >= high:
        raise ArgumentError(f"{path}: got {shown(text)}, which does not go up; write the lower end first")
    if step is not None and step <= 0:
        raise ArgumentError(f"{path}: got {shown(text)}; a step is above 0")
    return Range(path, low, high, step, next(iter(units), ""))


def _split(text: str) -> Iterator[str]:
    """Parts between commas that stand in no brackets and no quotation marks."""
    depth, quote, start = 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def factorial(axes: Sequence[Axis]) -> list[tuple[str, ...]]:
    """Every combination of the values, the last axis fastest. Raises ArgumentError for more than can be meant."""
    listed = [axis.listed() if isinstance(axis, Range) else axis for axis in axes]
    count = 1
    for axis in listed:
        count *= len(axis.values)
    if count > MOST_POINTS:
        raise ArgumentError(
            f"every combination makes {count:,} points; a sweep has {MOST_POINTS:,} at most: take fewer values, or "
            "--points N"
        )
    return list(itertools.product(*(axis.values for axis in listed)))


def quasi_random(axes: Sequence[Axis], points: int, seed: int) -> list[tuple[str, ...]]:
    """So many points that fill the ranges evenly: a Sobol sequence, scrambled by the seed (Owen 1998).

    A range with a step, or of whole numbers, gives these only, a list one of its values. ArgumentError for none or too
    many points.
    """
    if not 1 <= points <= MOST_POINTS:
        raise ArgumentError(f"a sweep has 1 to {MOST_POINTS:,} points, got {points}")
    import warnings

    import numpy as np
    from scipy.stats import qmc

    sobol = qmc.Sobol(len(axes), scramble=True, seed=np.random.Generator(np.random.PCG64DXSM(seed)))
    with warnings.catch_warnings():  # of a number of points that is no power of two: evenness is a little less then
        warnings.simplefilter("ignore", UserWarning)
        shares = sobol.random(points)
    return [tuple(_at(axis, Decimal(float(share))) for axis, share in zip(axes, row, strict=True)) for row in shares]


def _at(axis: Axis, share: Decimal) -> str:
    if isinstance(axis, Range) and axis.step is None and not axis.is_whole:
        value = axis.low + share * (axis.high - axis.low)
        return axis.text(Decimal(f"{value:.{SIGNIFICANT}g}"))
    values = axis.listed().values if isinstance(axis, Range) else axis.values
    return values[min(int(share * len(values)), len(values) - 1)]
