"""A published figure, with everything needed to use it rightly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from portsim.errors import Place
from portsim.facts.units import UNITS, Dimension
from portsim.tables import html, plain

Bound = Literal["exact", "at_least", "at_most", "about"]
Direction = Literal["both", "in", "out", "unknown"]
Answer = Literal["yes", "no", "unknown"]
Rule = Literal["minus", "ratio", "fact"]
Span = Literal["days", "hours"]
RELIABILITIES = ("A", "A-", "B+", "B", "C", "reject")
"""Best first: A an authority or a state agency's report of it, C a copy that cannot be checked, reject never to use."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was published; `date` as far as it is known ("2025", "2025-06", "2025-06-02" or empty)."""

    title: str
    publisher: str
    date: str
    where: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a count counts.

    what : for example vehicles, persons, goods
    direction : both, in (into the first side's country), out, or unknown
    drivers_included : of persons, whether those who drive the vehicles are among them: yes, no or unknown
    """

    what: str
    direction: Direction
    drivers_included: Answer


@dataclass(frozen=True, slots=True)
class Period:
    """The time a figure is about: start <= t < end, local clock of `timezone`; None where the source does not say.

    A period stated in whole days includes its last day: "to: 2025-06-01" ends at 2025-06-02 00:00.
    """

    start: datetime | None
    end: datetime | None
    timezone: str | None

    @property
    def length(self) -> timedelta | None:
        """How long it is by its own clock, changes of the clock counted; None if a side is open."""
        if self.start is None or self.end is None:
            return None
        if self.timezone is None:
            return self.end - self.start
        from zoneinfo import ZoneInfo

        zone, utc = ZoneInfo(self.timezone), ZoneInfo("UTC")
        return self.end.replace(tzinfo=zone).astimezone(utc) - self.start.replace(tzinfo=zone).astimezone(utc)

    @property
    def days(self) -> int | None:
        """Calendar days in it; None if a side is open or it does not run from midnight to midnight."""
        if self.start is None or self.end is None or not self.is_whole_days:
            return None
        return (self.end - self.start).days

    @property
    def is_whole_days(self) -> bool:
        """Both ends stand at midnight, as those of a period stated in dates do."""
        return all(moment is None or moment.time() == time.min for moment in (self.start, self.end))

    def __str__(self) -> str:
        if self.is_whole_days:
            start = f"{self.start:%Y-%m-%d}" if self.start else ""
            end = f"{self.end - timedelta(days=1):%Y-%m-%d}" if self.end else ""
            return start if start == end else f"{start}..{end}"
        start = f"{self.start:%Y-%m-%d %H:%M}" if self.start else ""
        end = f"{self.end:%Y-%m-%d %H:%M}" if self.end else ""
        return f"{start}..{end} {self.timezone or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Derived:
    """How a figure follows from published ones: first - second, first / second, or the first alone; then `per`."""

    rule: Rule
    parts: tuple[str, ...]
    per: Span | None

    def __str__(self) -> str:
        body = {"minus": " - ", "ratio": " / ", "fact": ""}[self.rule].join(self.parts)
        return f"({body}) per {self.per.removesuffix('s')}" if self.per else body


@dataclass(frozen=True, slots=True, repr=False)
class Fact:
    """A published figure, or one that follows from published figures by a stated rule.

    id : "<port>.<name>"
    value : a number; text for units of dimension text
    bound : whether the truth is the value, at least it, at most it or about it
    change_on_year : growth on the same period a year earlier as published with it, a share (0.76 is +76 %)
    """

    id: str
    measure: str
    value: int | float | str
    unit: str
    counts: Counts | None
    period: Period | None
    bound: Bound
    reliability: str
    source: Source
    note: str
    change_on_year: float | None
    derived: Derived | None
    place: Place

    def __repr__(self) -> str:
        from portsim.facts.table import shown_value

        return f"<Fact {self.id}: {shown_value(self)}>"

    def __str__(self) -> str:
        from portsim.facts.shown import fact_blocks

        return plain(fact_blocks(self))

    def _repr_html_(self) -> str:
        from portsim.facts.shown import fact_blocks

        return html(fact_blocks(self))

    @property
    def port(self) -> str:
        """The port it is about, the part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def dimension(self) -> Dimension:
        """count, rate, duration, share, plain or text."""
        return UNITS[self.unit][0]

    @property
    def is_rejected(self) -> bool:
        """Shown, but refused as a source."""
        return self.reliability == "reject"

    @property
    def amount(self) -> float:
        """The value in base units: a rate per day, a duration in ms, anything else as it is.

        Raises ValueError for a fact whose value is text.
        """
        if isinstance(self.value, str):
            raise ValueError(f"fact {self.id} is {self.unit} {self.value!r}, not a number")
        return self.value * UNITS[self.unit][1]
