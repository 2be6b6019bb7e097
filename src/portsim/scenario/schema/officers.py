"""Pools of officers: a plain level by the clock, or crews who work shifts on a rota; and reserves on top of either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from portsim.scenario import profiles, units
from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.officers import Break, Forecast, Reserve, Rota, Shift
from portsim.scenario.overlay import is_clock_or_days
from portsim.scenario.schema.fields import (
    NAME_RULE,
    Count,
    Duration,
    Found,
    Model,
    Name,
    OneOf,
    Quantity,
    Refusal,
    found_in,
    is_name,
    read_list,
    read_map,
    read_name,
    read_parts,
    refuse,
)
from portsim.scenario.schema.levels import LevelFile, read_level
from portsim.scenario.units import format_clock, shown

MOST_CREWS = 100
LONGEST_ROTA = 366
"""Days of the longest cycle."""

OFF_DUTY = ("rest", "off")
"""What a rota says of a day without a shift."""

Span = tuple[int, int]

_NEEDED = ("crews", "crew_size", "rota", "shifts")
_OF_CREWS = (*_NEEDED, "handover", "breaks", "min_rest")
_ROTA_RULE = "write the shifts of the cycle's days in order, for instance [day, night, rest, rest]"


def read_rota(value: Any) -> tuple[str | None, ...]:
    """The shift of each day of the cycle, None for rest."""
    names: tuple[str, ...] = read_list(value, read_name, _ROTA_RULE)
    if not 1 <= len(names) <= LONGEST_ROTA:
        raise ValueError(f"got a list of {len(names)}; a rota has 1 to {LONGEST_ROTA} days: {_ROTA_RULE}")
    rota = tuple(None if name in OFF_DUTY else name for name in names)
    if not any(rota):
        raise ValueError(f"got a rota without any shift; {_ROTA_RULE}")
    return rota


def read_shifts(value: Any) -> dict[str, Span]:
    """Each shift's stretch of the clock, in ms after midnight of the day it starts."""
    rule = "write shifts by name, for instance {day: '08:00-20:00', night: '20:00-08:00'}"
    found: list[Found] = []
    shifts = {}
    for name, span in read_map(value, rule).items():
        if name in OFF_DUTY:
            found.append(Found((name,), f"{shown(name)} is a day without a shift; choose another name", at_key=True))
        elif is_clock_or_days(name):
            rule = f"{shown(name)} names the clock or days, not a shift; choose another name"
            found.append(Found((name,), rule, at_key=True))
        elif not is_name(name):
            found.append(Found((name,), f"{shown(name)} is not a name: {NAME_RULE}", at_key=True))
        else:
            try:
                shifts[name] = profiles.parse_span(span)
            except ValueError as error:
                found.append(Found((name,), str(error)))
    if found:
        raise Refusal(found)
    return shifts


def read_breaks(value: Any) -> dict[str, tuple[Break, ...]]:
    """The breaks of each shift, their clock times not yet counted into the shift."""
    rule = "write breaks by shift, for instance {day: [{at: '12:00', for: 30 min}]}"
    found: list[Found] = []
    breaks = {}
    for shift, listed in read_map(value, rule).items():
        try:
            breaks[shift] = read_list(listed, _read_break, rule)
        except ValueError as error:
            found += [Found((shift, *one.path), one.message, one.at_key) for one in found_in(error)]
    if found:
        raise Refusal(found)
    return breaks


def _read_break(value: Any) -> Break:
    if not isinstance(value, dict):
        raise ValueError(f"got {shown(value)}; write a break as {{at: '12:00', for: 30 min, officers: 4}}")
    parts = {"at": units.parse_clock, "for": _read_time, "officers": _read_officers}
    read = read_parts(value, parts, ("at", "for"))
    return Break(read["at"], read["for"], read.get("officers"))


def _read_time(value: Any) -> int:
    time = units.parse_duration(value)
    if time == 0:
        raise ValueError(f"got {shown(value)}; a break lasts longer than 0 (leave it out for none)")
    return time


def _read_officers(value: Any) -> int:
    return units.parse_count(value, at_least=1, at_most=profiles.HIGHEST_LEVEL)


def _number_from_zero(value: Any) -> float:
    return units.parse_number(value, at_least=0)


def _read_stages(value: Any) -> tuple[str, ...]:
    rule = "write the stages whose queues are added up, for instance [border_check]"
    stages: tuple[str, ...] = read_list(value, read_name, rule)
    if not stages:
        raise ValueError(f"got an empty list; {rule}, or leave it out for all stages of the pool")
    for index, stage in enumerate(stages):
        if stage in stages[:index]:
            refuse(f"{stage!r} stands twice; name each stage once", index)
    return stages


def _read_call_at(value: Any) -> int:
    return units.parse_count(value, at_least=1)


Officers = Annotated[int, Quantity(_read_officers, "count")]
Amount = Annotated[float, Quantity(_number_from_zero, "amount")]
Crews = Annotated[int, Quantity(lambda value: units.parse_count(value, at_least=1, at_most=MOST_CREWS), "count")]
Cycle = Annotated[tuple[str | None, ...], Quantity(read_rota, "rota")]
Shifts = Annotated[dict[str, Span], Quantity(read_shifts, "shifts")]
Breaks = Annotated[dict[str, tuple[Break, ...]], Quantity(read_breaks, "breaks")]


class ReserveModel(Model):
    """Officers who come in while queues are long, and go home when they are short again."""

    officers: Officers
    """How many they are, a whole number from 1 to 10,000. Required.

    They are a crew of their own: one service is staffed by one crew.
    """

    stages: Annotated[tuple[str, ...], Quantity(_read_stages, "stages")] | None = None
    """Stages whose queues are added up, those waiting and those at the door: [check]. Default all of the pool.

    A stage that is closed counts as empty.
    """

    call_at: Annotated[int, Quantity(_read_call_at, "count")]
    """They are called when so many units stand there, or more: a whole number from 1. Required."""

    close_at: Count
    """They go home when so many stand there, or fewer: a whole number from 0, below call_at. Required."""

    ready_in: Duration = 0
    """How long it takes them to come, from the call until they serve. Default 0."""

    stay: Duration = 0
    """How long they serve at least. Default 0."""

    @model_validator(mode="after")
    def _closes_below(self) -> Self:
        if self.close_at >= self.call_at:
            rule = f"is {self.close_at}, not below call_at, {self.call_at}; they would come and go at one queue"
            refuse(rule, "close_at")
        return self


class PoolModel(Model):
    """Officers of one service who staff one or more stages: a level by the clock, or crews on a rota."""

    level: Annotated[WeekProfile | LevelFile | Forecast, Quantity(read_level, "officers_level")] | None = None
    """Officers on duty: a whole number, by the clock {8-20: 10, 20-8: 4}, by day {mon-fri: 10}, or {csv: wanted.csv}.

    {forecast: {every: 15 min, load: 80%, at_most: 12}} lets them follow the demand that is expected. Needed unless the
    pool has crews. Hours not named are 0.
    """

    crews: Crews | None = None
    """How many crews take turns on the rota, a whole number from 1 to 100. Needed unless the pool has a level.

    Crew 1 begins the rota on the first date of the run, crew 2 is one day further in it on that date, and so on.
    """

    crew_size: Officers | None = None
    """Officers of one crew, a whole number from 1 to 10,000. Needed with crews.

    One service is staffed by one crew: no stage can need more officers than this.
    """

    rota: Cycle | None = None
    """The shift of each day of the cycle, 1 to 366 days: [day, night, rest, rest]. Needed with crews.

    `rest` (or `off`) is a day without a shift. The cycle also runs backwards from the first date, so that the crew of
    the night before is on duty when the run starts.
    """

    shifts: Shifts | None = None
    """When each shift of the rota works: {day: "08:00-20:00", night: "20:00-08:00"}. Needed with crews.

    A shift whose end is not after its start runs over midnight; it belongs to the day it starts.
    """

    handover: Duration = 0
    """How long a crew that comes on duty takes over before it serves: the first minutes of its shift, paid. Default 0.

    Shorter than every shift. With `end_of_shift: hand_over` services under way pause through it.
    """

    breaks: Breaks | None = None
    """Breaks by shift: {day: [{at: "12:00", for: 30 min, officers: 5}]}. Default none.

    So many officers are away, all of the crew if `officers` is not said, paid all the same. Each lies within its shift;
    a clock time after midnight counts into the shift that runs over it.
    """

    min_rest: Duration | None = None
    """Rest between two shifts of one crew, "24 h", below which a check warns. Default no such limit."""

    side: Name | None = None
    """The side whose clock officers follow. Default: the side of the first stage that needs these officers."""

    end_of_shift: Annotated[Literal["finish", "hand_over"], OneOf()] = "finish"
    """What happens to a service under way when fewer are on duty: finish it, or hand_over to who is there.

    Default finish.
    """

    precedence: Annotated[Literal["fixed", "longest_queue", "longest_wait"], OneOf()] = "fixed"
    """Which stage of the pool is given officers first: fixed (file order), longest_queue or longest_wait.

    longest_queue gives to the stage with most units waiting, longest_wait to the one whose next unit has waited
    longest. Default fixed.
    """

    reserves: tuple[ReserveModel, ...] = ()
    """Officers called in while queues are long: [{officers: 4, call_at: 60, close_at: 20, stay: 2 h}]. Default none."""

    cost_per_hour: Amount | None = None
    """Cost of one officer-hour, in any currency, from 0. Default none: no cost is reported."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [key for key in _OF_CREWS if key in self.model_fields_set]
        found: list[Found] = []
        if not given and self.level is None:
            rule = "is required: officers on duty, or in its place crews on a rota: crews, crew_size, rota and shifts"
            found.append(Found(("level",), rule))
        elif given and self.level is not None:
            rule = f"stands beside {given[0]}; a pool has a level or crews on a rota (null removes an inherited one)"
            found.append(Found(("level",), rule, at_key=True))
        elif given:
            missing = [key for key in _NEEDED if getattr(self, key) is None]
            rule = "is required: crews on a rota have crews, crew_size, rota and shifts"
            found += [Found((key,), rule) for key in missing] if missing else self._misfits()
        if found:
            raise Refusal(found)
        return self

    def _misfits(self) -> Iterator[Found]:
        """What does not fit together of a rota that is complete."""
        shifts, rota = self.shifts or {}, self.rota or ()
        for day, name in enumerate(rota):
            if name is not None and name not in shifts:
                meant = units.suggestion(name, shifts) or f"; there are: {', '.join([*shifts, 'rest'])}"
                yield Found(("rota", day), f"there is no shift {shown(name)} under shifts{meant}")
        for day, (before, name) in enumerate(zip((rota[-1], *rota), rota, strict=False)):
            if before in shifts and name in shifts and shifts[before][1] - DAY_MS > shifts[name][0]:
                end, start = format_clock(shifts[before][1] - DAY_MS), format_clock(shifts[name][0])
                rule = f"begins at {start}, before {shown(before)} of the day before ends at {end}"
                yield Found(("rota", day), f"{shown(name)} {rule}; a crew works one shift at a time")
        shortest = min(shifts, key=lambda name: shifts[name][1] - shifts[name][0])
        if self.handover >= shifts[shortest][1] - shifts[shortest][0]:
            rule = f"is not shorter than shift {shown(shortest)}, {_clock(shifts[shortest])}; nobody would ever serve"
            yield Found(("handover",), rule)
        for name, breaks in (self.breaks or {}).items():
            if name not in shifts:
                meant = units.suggestion(name, shifts) or f"; there are: {', '.join(shifts)}"
                yield Found(("breaks", name), f"there is no shift {shown(name)} under shifts{meant}", at_key=True)
                continue
            for index, one in enumerate(breaks):
                if _into(shifts[name], one.at_ms) + one.for_ms > shifts[name][1]:
                    rule = f"does not lie within shift {shown(name)}, {_clock(shifts[name])}; move or shorten it"
                    yield Found(("breaks", name, index), rule)

    def reserves_for(self, stages: tuple[str, ...]) -> tuple[Reserve, ...]:
        """The reserves of the pool, whose own stages are `stages`."""
        return tuple(
            Reserve(one.officers, one.stages or stages, one.call_at, one.close_at, one.ready_in, one.stay)
            for one in self.reserves
        )

    def on_rota(self) -> Rota | None:
        """The crews of the pool; None if it has a plain level."""
        if self.crews is None or self.crew_size is None or self.rota is None or self.shifts is None:
            return None
        shifts: dict[str | None, Shift] = {}
        for name, (start, end) in self.shifts.items():
            of_shift = (self.breaks or {}).get(name, ())
            breaks = tuple(Break(_into((start, end), one.at_ms), one.for_ms, one.officers) for one in of_shift)
            shifts[name] = Shift(name, start, end, breaks)
        cycle = tuple(shifts.get(name) for name in self.rota)
        return Rota(self.crews, self.crew_size, cycle, self.handover, self.min_rest)


def _into(shift: Span, clock_ms: int) -> int:
    """A clock time as ms after midnight of the day the shift starts: before the start it means the next day's."""
    return clock_ms if clock_ms >= shift[0] else clock_ms + DAY_MS


def _clock(shift: Span) -> str:
    start, end = shift
    return f"{format_clock(start)}-{format_clock(end if end <= DAY_MS else end - DAY_MS)}"
