"""Choosing a measure by what a user writes: `wait_p95_min`, `wait_p95_min of outbound`, `wait_p95_min > 120`.

A small fixed grammar, read by one pattern; nothing that is written is evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from portsim.errors import ArgumentError
from portsim.scenario.units import shown, suggestion

_SELECTION = re.compile(r"\s*(?P<metric>[A-Za-z]\w*)(?:\s+of\s+(?P<part>\S+))?\s*")
_CONDITION = re.compile(
    r"\s*(?:(?P<plan>\S+)\s*:\s+)?(?P<what>[^<>=]*?)\s*(?P<sign><=|>=|<|>)\s*(?P<number>[+-]?\d[\d_.]*(?:[eE][+-]?\d+)?)\s*(?P<percent>%?)\s*"
)

SELECTION_RULE = "write a measure, and a flow, kind, direction, stage or pool if it is of one: wait_p95_min of outbound"
CONDITION_RULE = (
    "write a measure, one of < <= > >=, and a number: 'wait_p95_min > 120', 'wait_mean_min of outbound >= 60', "
    "'PLAN: wait_p95_min > 120'"
)


class _About(Protocol):
    """A row that says what it is about."""

    @property
    def metric(self) -> str: ...
    @property
    def flow(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def direction(self) -> str | None: ...
    @property
    def stage(self) -> str | None: ...
    @property
    def pool(self) -> str | None: ...


Row = TypeVar("Row", bound=_About)


@dataclass(frozen=True, slots=True)
class Selection:
    """One measure: of the whole port, or of the flow, kind, direction, stage or pool called `part`."""

    metric: str
    part: str | None = None

    @classmethod
    def parse(cls, text: str) -> Selection:
        """Read `METRIC` or `METRIC of NAME`; ArgumentError with the rule."""
        found = _SELECTION.fullmatch(text)
        if found is None:
            raise ArgumentError(f"got {shown(text)}; {SELECTION_RULE}")
        return cls(found["metric"], found["part"])

    def __str__(self) -> str:
        return self.metric if self.part is None else f"{self.metric} of {self.part}"

    def matches(self, row: _About) -> bool:
        """Whether a row is of this measure and part."""
        return row.metric == self.metric and _part(row) == ((self.part,) if self.part else ())

    def find(self, rows: Iterable[Row]) -> Row | None:
        """The row, None if there is none; of a name that a flow and a stage share the first."""
        return next((row for row in rows if self.matches(row)), None)

    def check(self, rows: Sequence[_About]) -> None:
        """Raise ArgumentError, with what was probably meant, if there is no such row among these."""
        if self.find(rows) is not None:
            return
        metrics = list(dict.fromkeys(row.metric for row in rows))
        if self.metric not in metrics:
            meant = suggestion(self.metric, metrics) or "; docs/measures.md has them all"
            raise ArgumentError(f"there is no measure {shown(self.metric)}{meant}")
        parts = [part for row in rows if row.metric == self.metric for part in (_part(row) or ("the port",))]
        names = list(dict.fromkeys(parts))
        what = f"of {shown(self.part)}" if self.part else "of the whole port"
        meant = (suggestion(self.part, names) if self.part else "") or f"; it is given of: {', '.join(names[:20])}"
        raise ArgumentError(f"{self.metric} is not given {what}{meant}")


@dataclass(frozen=True, slots=True)
class Condition:
    """What must not be: a measure above or below a number.

    plan : only of this plan; None for every plan
    text : as it was written
    """

    selection: Selection
    sign: str
    number: float
    text: str
    plan: str | None = None

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read `[PLAN: ]MEASURE SIGN NUMBER`; ArgumentError with the rule."""
        found = _CONDITION.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            selection, number = Selection.parse(found["what"]), float(found["number"])
        except ValueError:
            raise ArgumentError(f"got {shown(text)}; {CONDITION_RULE}") from None
        if not math.isfinite(number):
            raise ArgumentError(f"got {shown(text)}; {CONDITION_RULE}")
        return cls(selection, found["sign"], number / 100 if found["percent"] else number, text.strip(), found["plan"])

    def holds(self, value: float) -> bool:
        """Whether a value is on the wrong side; never of an undefined one."""
        return {
            "<": value < self.number,
            "<=": value <= self.number,
            ">": value > self.number,
            ">=": value >= self.number,
        }[self.sign]


def _part(row: _About) -> tuple[str, ...]:
    names = (row.flow, row.kind, row.direction, row.stage, row.pool)
    return tuple(name for name in names if name is not None)
