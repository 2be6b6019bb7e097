"""Which scalars of a scenario are quantities, of what dimension, and how a published fact is written in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from portsim.scenario import units

if TYPE_CHECKING:
    from portsim.facts import Fact

Dimension = Literal[
    "rate",
    "per_day",
    "duration",
    "count",
    "share",
    "ratio",
    "plain",
    "amount",
    "pace",
    "weight",
    "clock",
    "date",
    "file",
]
"""What a quantity of the scenario is; ratio is a number that may be written as a percentage, weight any number."""

_FITTING: Mapping[str, tuple[str, ...]] = {
    "rate": ("rate",),
    "per_day": ("rate",),
    "duration": ("duration",),
    "count": ("count",),
    "share": ("share",),
    "ratio": ("share", "plain"),
    "plain": ("plain",),
    "amount": ("plain", "count"),
    "pace": ("plain", "share"),
    "weight": ("plain", "share", "count", "rate"),
    "clock": ("text",),
    "date": ("text",),
    "file": (),
}
_WANTED: Mapping[str, str] = {
    "rate": "a rate",
    "per_day": "a rate",
    "duration": "a duration",
    "count": "a count",
    "share": "a share",
    "ratio": "a share or a plain number",
    "plain": "a plain number",
    "amount": "a number",
    "pace": "a plain number or a share",
    "weight": "a number",
    "clock": "hours",
    "date": "a date",
    "file": "a file name",
}
_READERS: Mapping[str, Callable[[Any], float]] = {
    "rate": units.parse_rate,
    "per_day": units.parse_daily,
    "duration": units.parse_duration,
    "count": units.parse_count,
    "share": units.parse_share,
    "ratio": units.parse_growth,
    "plain": units.parse_number,
    "amount": units.parse_number,
    "pace": units.parse_number,
}


def dimension(path: tuple[str, ...]) -> Dimension | None:
    """What the scalar at this path is, None for what is no quantity (names, words, dates of the run)."""
    match path:
        case ("sides" | "stages", _, "open", *_):
            return "clock"
        case ("sides" | "stages", _, "closed", *_) | ("changes", _, "at"):
            return "date"
        case ("officers", _, "level", "csv"):
            return "file"
        case ("officers", _, "level", "forecast", "every" | "lag"):
            return "duration"
        case ("officers", _, "level", "forecast", "load"):
            return "share"
        case ("officers", _, "level", *_) | ("stages", _, "lanes", *_):
            return "count"
        case ("officers", _, "crews" | "crew_size") | ("officers", _, "breaks", _, _, "officers"):
            return "count"
        case ("officers", _, "shifts", _) | ("officers", _, "breaks", _, _, "at"):
            return "clock"
        case ("officers", _, "handover" | "min_rest") | ("officers", _, "breaks", _, _, "for"):
            return "duration"
        case ("officers", _, "reserves", _, "officers" | "call_at" | "close_at"):
            return "count"
        case ("officers", _, "reserves", _, "ready_in" | "stay"):
            return "duration"
        case ("stages", _, "officers", _) | ("stages", _, "waiting_space"):
            return "count"
        case ("stages", _, "waves", "every") | ("stages", _, "batch", "at_most"):
            return "duration"
        case ("stages", _, "waves", "up_to") | ("stages", _, "waves", _, "up_to") | ("stages", _, "batch", "size"):
            return "count"
        case ("stages", _, "waves", _, "at", *_):
            return "clock"
        case ("stages", _, "pace", "by_hour" | "by_lanes" | "by_queue", *_):
            return "pace"
        case ("flows", _, "persons" | "goods", "from" | "to"):
            return "count"
        case ("flows", _, "persons" | "goods") | ("flows", _, "persons" | "goods", "mean"):
            return "amount"
        case ("officers", _, "cost_per_hour") | ("flows", _, "persons" | "goods", _):
            return "plain"
        case (
            ("stages", _, "service", *rest)
            | ("stages", _, "outages", "every" | "last", *rest)
            | ("flows", _, "journey", _, _, "service" | "booked_after", *rest)
            | ("flows", _, "patience", *rest)
        ):
            return _dimension_of_service(rest)
        case ("flows", _, "journey", _, _) | ("flows", _, "journey", _, _, "share") | ("flows", _, "priority", _):
            return "share"
        case ("flows", _, "journey", _, _, "wait_for_passengers"):
            return "duration"
        case ("flows", _, "arrivals", *rest):
            return _dimension_of_arrivals(rest)
        case ("changes", _, "set", *rest):
            return dimension(tuple(rest))
    return None


def _dimension_of_service(path: list[str]) -> Dimension | None:
    match path:
        case [*_, "empirical", "column" | "unit"]:
            return None
        case [*_, "empirical", "file"]:
            return "file"
        case [*_, "cv" | "shape"]:
            return "plain"
    return "duration"


def _dimension_of_arrivals(path: list[str]) -> Dimension | None:
    match path:
        case ["per_day", *_]:
            return "per_day"
        case ["rate"]:
            return "rate"
        case ["by_hour" | "by_weekday" | "by_month", _]:
            return "weight"
        case ["growth_per_year"]:
            return "ratio"
        case ["aboard", "number", "from" | "to"]:
            return "count"
        case ["aboard", "number"] | ["aboard", "number", "mean"]:
            return "amount"
        case ["day_to_day_cv"] | ["aboard", "number", _]:
            return "plain"
        case ["when_closed", "stay_away"]:
            return "share"
        case ["appointments", *rest]:
            return _dimension_of_appointments(rest)
        case ["every" | "late", *rest] | ["when_closed", "come_back", *rest]:
            return _dimension_of_service(rest)
        case ["timetable", _, "at", *_]:
            return "clock"
        case ["timetable", _, "units"] | ["queue_at_start"]:
            return "count"
        case ["csv"]:
            return "file"
    return None


def _dimension_of_appointments(path: list[str]) -> Dimension | None:
    match path:
        case ["slots", "every"] | ["grace"]:
            return "duration"
        case ["slots", "up_to"] | ["slots", _, "up_to"]:
            return "count"
        case ["slots", _, "at", *_]:
            return "clock"
        case ["no_show"] | ["early" | "late", "share"]:
            return "share"
        case ["ahead", *rest] | ["early" | "late", "by", *rest]:
            return _dimension_of_service(rest)
    return None


def value_of(fact: Fact, times: float, wanted: Dimension | None) -> Any:
    """A fact as the scalar that would be written in its place. Raises ValueError if it does not fit there."""
    fitting = _FITTING[wanted] if wanted else ("text",)
    if fact.dimension not in fitting:
        what = f"fact {fact.id} is {fact.value} {fact.unit}, a {fact.dimension}"
        here = _WANTED[wanted] if wanted else "text"
        raise ValueError(f"{what}, and {here} is needed here")
    if fact.dimension == "text":
        if times != 1:
            raise ValueError(f"fact {fact.id} is text and cannot be multiplied; leave `times` out")
        return fact.value
    amount = fact.amount * times
    number = int(amount) if amount == int(amount) else amount
    if wanted == "rate":
        return f"{number}/day"
    if wanted == "duration":
        return _duration(number)
    return number


def _duration(ms: float) -> str:
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if ms and ms % size == 0:
            return f"{int(ms // size)} {unit}"
    return f"{ms} ms"


def stated(value: Any, wanted: Dimension, fact: Fact) -> float | None:
    """A quantity in the base units of the fact it cites; None if the two cannot be compared."""
    if wanted not in _READERS or fact.dimension not in _FITTING[wanted]:
        return None
    return _READERS[wanted](value)
