"""When the units of a flow come, as a scenario has it."""

from __future__ import annotations

from dataclasses import dataclass

from portsim.scenario.levels import Amount, Distribution, Wave, WeekProfile


@dataclass(frozen=True, slots=True)
class RateArrivals:
    """Units come at random at a rate that follows the clock (a Poisson process with random day factors).

    per_day : (date ordinal from which it holds, mean units a day), ascending; the first also holds before its date
    by_hour : relative weights over the day; only their ratios matter
    by_weekday : seven weights, Monday first, scaled to mean 1
    by_month : twelve weights, January first, scaled to mean 1
    growth_per_year : 0.1 means 10 % more after 365.25 days, from the scenario's start
    day_to_day_cv : coefficient of variation of the factor each calendar day's demand is multiplied with
    """

    per_day: tuple[tuple[int, float], ...]
    by_hour: WeekProfile
    by_weekday: tuple[float, ...]
    by_month: tuple[float, ...]
    growth_per_year: float
    day_to_day_cv: float


@dataclass(frozen=True, slots=True)
class RegularArrivals:
    """Units come one after another, the first a gap after the start; gaps are independent draws of `every`."""

    every: Distribution


@dataclass(frozen=True, slots=True)
class Departure:
    """One line of a timetable: at this ms of the day, on these weekdays (0 is Monday), this many units."""

    at_ms: int
    weekdays: tuple[int, ...]
    units: int


@dataclass(frozen=True, slots=True)
class TimetableArrivals:
    """Units come by timetable, each late by its own draw of `late` (never early)."""

    departures: tuple[Departure, ...]
    late: Distribution | None


@dataclass(frozen=True, slots=True)
class RecordedArrivals:
    """Units come as they were recorded, in time order: UTC epoch ms and what the file says of each unit.

    priority, persons, goods are None where the file has no such column.
    """

    file: str
    arrived_ms: tuple[int, ...]
    priority: tuple[int, ...] | None
    persons: tuple[int, ...] | None
    goods: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class AboardArrivals:
    """The units are passengers: they come in the vehicles of another flow and get off at a stage of its journey.

    number : how many there are in one vehicle
    get_off_at : they come as the vehicle joins this stage, the first time it makes a step there with certainty
    """

    flow: str
    number: Amount
    get_off_at: str


@dataclass(frozen=True, slots=True)
class NoArrivals:
    """Nobody comes after the start (only the queue standing at the start)."""


Arrivals = RateArrivals | RegularArrivals | TimetableArrivals | RecordedArrivals | AboardArrivals | NoArrivals


@dataclass(frozen=True, slots=True)
class WhenClosed:
    """What arrivals do when their first stage is closed (contract rule 30).

    re_spread : the units of each day come within the hours it is open that day, spread by the same weights
    stay_away : share of those who find it closed that does not come at all
    come_back : how long after its next opening the others come; None to queue before it
    """

    re_spread: bool = False
    stay_away: float = 0.0
    come_back: Distribution | None = None


@dataclass(frozen=True, slots=True)
class Appointments:
    """Units book a slot before they come, and come by appointment (contract rule 31).

    slots : by the clock of the flow, with the places each has (None for any number)
    ahead : how long before it wants to come a unit asks for a slot
    early, late : share of units that come before, or after, their slot, and by how much
    no_show : share that books and does not come
    grace_ms : how late a unit may come and still go first as its flow does
    """

    slots: tuple[Wave, ...]
    ahead: Distribution
    early: tuple[float, Distribution] | None = None
    late: tuple[float, Distribution] | None = None
    no_show: float = 0.0
    grace_ms: int = 0
