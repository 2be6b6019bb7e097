"""The part of the schema that says when units come: `flows.*.arrivals`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from portsim.scenario import profiles, units
from portsim.scenario.levels import Amount, Distribution, WeekProfile
from portsim.scenario.schema.amounts import read_persons
from portsim.scenario.schema.appointments import AppointmentsModel
from portsim.scenario.schema.fields import (
    Found,
    Growth,
    Model,
    Name,
    Quantity,
    Rate,
    Refusal,
    Text,
    read_map,
    read_parts,
)
from portsim.scenario.schema.values import DurationTable, read_clock_times, read_distribution
from portsim.scenario.units import shown

WAYS = ("per_day", "rate", "every", "timetable", "csv", "aboard")
"""The keys of `arrivals` that say how units come; exactly one is given."""

_WORDS_WHEN_CLOSED = ("queue", "re_spread")
_PARTS_WHEN_CLOSED = {"stay_away": units.parse_share, "come_back": read_distribution}
_RULE_WHEN_CLOSED = "allowed: queue, re_spread, {stay_away: 40%}, {come_back: 2 h}, or the last two in one map"
_SHAPES_OF_RATE = ("by_hour", "by_weekday", "by_month", "growth_per_year", "day_to_day_cv")


@dataclass(frozen=True, slots=True)
class WhenClosedEntry:
    """What arrivals do while their first stage is closed, as written; by default they queue."""

    re_spread: bool = False
    stay_away: float = 0.0
    come_back: Distribution | DurationTable | None = None


def read_when_closed(value: Any) -> WhenClosedEntry:
    """queue, re_spread, or a map of stay_away and come_back, one of them or both."""
    if isinstance(value, dict):
        if not value:
            raise ValueError(f"got a mapping; {_RULE_WHEN_CLOSED}")
        return WhenClosedEntry(**read_parts(read_map(value, _RULE_WHEN_CLOSED), _PARTS_WHEN_CLOSED, ()))
    if value not in _WORDS_WHEN_CLOSED:
        words = (*_WORDS_WHEN_CLOSED, *_PARTS_WHEN_CLOSED)
        meant = units.suggestion(value, words) if isinstance(value, str) else ""
        raise ValueError(f"got {shown(value)}; {_RULE_WHEN_CLOSED}{meant if value not in words else ''}")
    return WhenClosedEntry(re_spread=value == "re_spread")


def _read_group(value: Any) -> int:
    return units.parse_count(value, at_least=1, at_most=10_000)


def _read_queue(value: Any) -> int:
    return units.parse_count(value, at_most=1_000_000)


class DepartureModel(Model):
    """One line of a timetable: units that come at the same clock time on the same days."""

    at: Annotated[tuple[int, ...], Quantity(read_clock_times, "clock_times")]
    """Clock time of the flow's first side, "10:00", or a list of them. Required."""

    days: Annotated[tuple[int, ...], Quantity(profiles.parse_days, "days")] = Field(
        default=tuple(range(7)), json_schema_extra={"default": "daily"}
    )
    """Days of the week, "mon-fri" or "sat,sun". Default daily."""

    units: Annotated[int, Quantity(_read_group, "count")] = 1
    """How many come together, a whole number from 1 to 10000. Default 1."""


class AboardModel(Model):
    """Passengers: units that come in the vehicles of another flow and go their own way from where they get off."""

    flow: Name
    """The flow of the vehicles they come in. Required."""

    number: Annotated[Amount, Quantity(read_persons, "persons")]
    """How many are in one vehicle: a number from 0 to 10,000, {mean: 40, cv: 0.3} or {from: 30, to: 45}. Required.

    Of a number each vehicle has the whole part, and one more by chance so that the mean comes out. With mean and cv (0
    to 5) vehicles differ: the number is gamma distributed, rounded, which takes a little off means below 3. Of from and
    to each whole number is equally likely.
    """

    get_off_at: Name
    """The stage of the vehicle's journey at which they get off; every vehicle stops there. Required.

    They come as the vehicle is let in there to wait, and stand at the first stage of their own journey.
    """


class ArrivalsModel(Model):
    """When units come to the first stage: exactly one of per_day, rate, every, timetable, csv and aboard.

    None of them is needed if queue_at_start says who stands there at the start.
    """

    per_day: Annotated[tuple[tuple[int, float], ...], Quantity(profiles.parse_per_day, "per_day")] | None = None
    """Mean number of units a day: 533, "533/day", or by date {2025-01-01: 533, 2025-04-03: 825}.

    Units come at random (a Poisson process), because trucks from many senders do not know of one another. Each
    number holds from its date on, the first also before.
    """

    rate: Rate | None = None
    """Mean number of units per time, "15/h". The same as per_day where that is how it is known."""

    by_hour: Annotated[WeekProfile, Quantity(profiles.parse_hour_weights, "hour_weights")] | None = None
    """Relative weights over the day {0-8: 1, 8-20: 3}; only their ratios matter. Default even around the clock.

    Hours not named weigh 0. Clock of the flow's first side.
    """

    by_weekday: Annotated[tuple[float, ...], Quantity(profiles.parse_weekday_weights, "weekday_weights")] | None = None
    """Relative weights of the days of the week {mon-fri: 1.2, sun: 0.5}; days not named weigh 1. Default even."""

    by_month: Annotated[tuple[float, ...], Quantity(profiles.parse_month_weights, "month_weights")] | None = None
    """Relative weights of the months {"1": 0.8, "6-8": 1.2}; months not named weigh 1. Default even."""

    growth_per_year: Growth = 0.0
    """Growth of demand over 365.25 days from the start, "10%" or 0.1; above -100%. Default 0."""

    day_to_day_cv: Annotated[
        float, Quantity(lambda value: units.parse_number(value, at_least=0, at_most=5), "number")
    ] = 0.0
    """How much whole days differ from one another: coefficient of variation of a day's factor, 0 to 5. Default 0.

    Daily counts vary more than a Poisson process does; without it every day is alike.
    """

    every: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")] | None = None
    """Gap between one unit and the next, a duration or a distribution; the first comes one gap after the start."""

    timetable: tuple[DepartureModel, ...] | None = None
    """Units that come by the clock: buses, trains, flights. A list of {at, days, units}."""

    late: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")] | None = None
    """How late units of the timetable come, a duration or a distribution; never early. Default on time."""

    csv: Text | None = None
    """A CSV file in the scenario's folder with a column `arrived_at`, and if known `priority`, `persons`, `goods`."""

    aboard: AboardModel | None = None
    """Passengers of the vehicles of another flow: {flow: buses, number: 40, get_off_at: inspection}.

    They come, and stay away, with their vehicle; so queue_at_start and when_closed are those of the vehicles.
    """

    queue_at_start: Annotated[int, Quantity(_read_queue, "count")] = 0
    """Units that stand at the first stage when the run starts, a whole number to a million. Default 0."""

    when_closed: Annotated[WhenClosedEntry, Quantity(read_when_closed, "when_closed")] = Field(
        default=WhenClosedEntry(), json_schema_extra={"default": "queue"}
    )
    """What units do that want to come while the first stage is closed. Default queue: they come and wait for it.

    re_spread: each day's units come within the hours it is open. {stay_away: 40%}: so many of them never come.
    {come_back: 2 h}: they come so long after it next opens, a duration or a distribution. Both may stand together. A
    plan may set it.
    """

    appointments: AppointmentsModel | None = None
    """Slots that units book before they come. Default none: they come unannounced.

    Units wait for their slot elsewhere, and for the rest at the port. The queue at the start has none. A plan may set
    it.
    """

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = self.model_fields_set
        ways = [way for way in WAYS if getattr(self, way) is not None]
        found = []
        if not ways and "queue_at_start" not in given:
            found.append(Found((), f"says nothing of when units come; write one of {', '.join(WAYS)}"))
        for way in ways[1:]:
            rule = f"stands beside {ways[0]}; arrivals have one of {', '.join(WAYS)} (null removes an inherited one)"
            found.append(Found((way,), rule, at_key=True))
        for shape in _SHAPES_OF_RATE:
            if shape in given and not {"per_day", "rate"} & set(ways):
                found.append(Found((shape,), "only shapes per_day or rate, and neither is given", at_key=True))
        if self.when_closed.re_spread and not {"per_day", "rate"} & set(ways):
            rule = "re_spread moves units of per_day or rate only, and neither is given; write for instance queue"
            found.append(Found(("when_closed",), rule))
        if self.late is not None and self.timetable is None:
            found.append(Found(("late",), "only belongs to a timetable, and none is given", at_key=True))
        for key in ("queue_at_start", "when_closed", "appointments") if self.aboard is not None else ():
            if key in given:
                rule = "does not belong beside aboard: passengers come, and stay away, with their vehicle"
                found.append(Found((key,), f"{rule}; write it at the vehicles' flow", at_key=True))
        if self.appointments is not None and self.when_closed != WhenClosedEntry():
            rule = "does not belong beside when_closed: who has a slot finds the stage open; write when_closed: queue"
            found.append(Found(("appointments",), rule, at_key=True))
        if self.timetable == ():
            found.append(Found(("timetable",), "is empty; write for instance [{at: '10:00', units: 1}]"))
        if found:
            raise Refusal(found)
        return self
