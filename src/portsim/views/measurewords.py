"""Measures in words, and amounts in the unit that reads best: for tables, sentences and pictures of comparisons."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from portsim.results.selection import Selection
from portsim.tables import number
from portsim.views.rows import HOURS_FROM_MIN

_WHOLE = {
    "crossings": "crossings",
    "crossings_per_day": "crossings a day",
    "throughput_per_h": "crossings an hour",
    "persons_per_day": "persons a day",
    "goods_per_day": "goods a day",
    "truck_hours_lost": "hours lost",
    "officer_hours": "officer-hours",
    "overtime_hours": "officer-hours of overtime",
    "officer_cost": "cost of officers",
    "overnight": "units held over at closing",
    "in_port_mean": "units in the port",
    "queue_mean": "queue",
    "queue_open_mean": "queue while open",
    "left": "units that gave up waiting",
    "turned_away": "units turned away",
    "stayed_away": "units that stayed away",
    "lane_utilisation": "lanes in use",
    "officer_utilisation": "officers in use",
    "recovery_h": "recovery after a closure",
    "backlog_h": "time until a backlog is out",
}
_TIME = re.compile(
    r"(?P<time>wait|blocked|delay|dwell|rejoin|virtual_wait|total_wait|left_wait)_(?P<statistic>mean|p50|p90|p95)_min"
)
_STATISTICS = {"mean": "mean {}", "p50": "median {}", "p90": "{} of 90 %", "p95": "{} of 95 %"}


def words_of(selection: Selection) -> str:
    """A measure in words: `mean wait`, `wait of 95 % of outbound`; its name where there are none."""
    found = _TIME.fullmatch(selection.metric)
    if found is not None:
        text = _STATISTICS[found["statistic"]].format(found["time"].replace("_", " "))
    else:
        text = _WHOLE.get(selection.metric, selection.metric)
    return text if selection.part is None else f"{text}, {selection.part}"


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that amounts of one measure are shown in, to the same decimals.

    name : `min`, `h`, `%`, or nothing where the words of the measure say it
    size : of the unit, in the measure's own
    """

    name: str
    size: float
    decimals: int

    @classmethod
    def of(cls, unit: str, values: Iterable[float], half_widths: Iterable[float] = ()) -> Scale:
        """Of amounts of a unit: durations in hours where any is long, shares in per cent."""
        known = [abs(value) for value in values if math.isfinite(value)]
        longest = max(known, default=0.0)
        name, size = {"share": ("%", 0.01), "min": ("min", 1.0), "h": ("h", 1.0)}.get(unit, ("", 1.0))
        if unit == "min" and longest >= HOURS_FROM_MIN:
            name, size = "h", 60.0
        halves = [half / size for half in half_widths if math.isfinite(half) and half > 0]
        finest = min(halves, default=longest / size)
        decimals = 0 if finest <= 0 else max(0, min(1 - math.floor(math.log10(finest)), 2))
        return cls(name, size, decimals)

    def number(self, value: float, half_width: float = math.nan) -> str:
        """An amount, with the half width of its interval where it has one."""
        return number(value / self.size, half_width / self.size, decimals=self.decimals)

    def change(self, value: float, half_width: float = math.nan) -> str:
        """A difference, with its sign."""
        text = self.number(value, half_width)
        return f"+{text}" if math.isfinite(value) and value > 0 and text.strip("0.") else text

    def between(self, low: float, high: float) -> str:
        """An interval: `-3.2 to -2.9`."""
        return f"{self.change(low)} to {self.change(high)}"

    def titled(self, heading: str) -> str:
        """The heading of a column in this unit."""
        return f"{heading}, {self.name}" if self.name else heading

    def with_name(self, text: str) -> str:
        """The text with the unit after it."""
        return f"{text} {self.name}" if self.name else text


def percent(share: float) -> str:
    """A share that was added: `+12.5 %`, `-20 %`, `the same`."""
    if share == 0:
        return "the same"
    if math.isinf(share):
        return "some, and the baseline none"
    return f"{100 * share:+.1f} %"
