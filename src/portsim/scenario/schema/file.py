"""The scenario format, version 1: one model per map of the file; the docstrings of the fields are its reference.

`portsim.scenario.loading` reads the parts one by one, so that a mistake in one hides none in another; the whole,
`ScenarioFile`, is what the JSON Schema and the reference page are made from.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from portsim.scenario import calendar, units
from portsim.scenario.levels import Amount, Distribution, Wave, WeekProfile
from portsim.scenario.scenario import Batch, ServicePer
from portsim.scenario.schema.amounts import read_goods, read_persons
from portsim.scenario.schema.arrivals import ArrivalsModel
from portsim.scenario.schema.calls import BatchModel, WavesEntry, read_waves
from portsim.scenario.schema.dated import ChangeModel, LocalTime, WindowModel
from portsim.scenario.schema.fields import (
    Count,
    Flag,
    Found,
    Hours,
    Model,
    Name,
    OneOf,
    Quantity,
    Refusal,
    Text,
    read_list,
    read_text,
)
from portsim.scenario.schema.journeys import StepEntry, read_journey
from portsim.scenario.schema.officers import PoolModel
from portsim.scenario.schema.outages import OutagesModel
from portsim.scenario.schema.pace import PaceModel
from portsim.scenario.schema.posterior import PosteriorModel
from portsim.scenario.schema.values import (
    DurationTable,
    read_distribution,
    read_kind,
    read_lanes,
    read_officers_needed,
    read_priority,
    read_services,
    read_targets,
)
from portsim.scenario.units import shown

FORMAT = 1
"""The format this version of portsim reads."""

LARGEST_SEED = 2**63 - 1
DEFAULT_UNITS_IN_PORT = 200_000


def read_format(value: Any) -> int:
    """The version of the format, the one this portsim reads."""
    if value == FORMAT and isinstance(value, int) and not isinstance(value, bool):
        return FORMAT
    raise ValueError(f"got {shown(value)}; this version reads format {FORMAT}: write `portsim: {FORMAT}`")


def _read_closures(value: Any) -> tuple[str, ...]:
    rule = "write dates as a list, for instance [2025-05-31, 2025-10-01..2025-10-03]"
    closures: tuple[str, ...] = read_list(value, read_text, rule)
    return closures


def _read_files(value: Any) -> tuple[str, ...]:
    files: tuple[str, ...] = read_list(value, read_text, "write files as a list, for instance [counts.yaml]")
    return files


Closures = Annotated[tuple[str, ...], Quantity(_read_closures, "closures")]
Persons = Annotated[Amount, Quantity(read_persons, "persons")]
Goods = Annotated[Amount, Quantity(read_goods, "goods")]


class Period(Model):
    """What stretch of time is simulated."""

    from_: LocalTime = Field(alias="from")
    """When the run begins, "2025-05-24 00:00" (a date alone is its 00:00), by the clock of the first side. Required."""

    to: LocalTime
    """When the run ends; what falls on this instant is not played. Clock of the first side. Required.

    At most 20 years after `from`.
    """

    measure_from: LocalTime | None = None
    """From when on measures count, so that an empty start need not weigh. Clock of the first side. Default `from`."""


def _read_wall_time(value: Any) -> int:
    duration = units.parse_duration(value)
    if duration < 1000:
        raise ValueError(f"got {shown(value)}; a replication needs some time: at least 1 s")
    return duration


class LimitsModel(Model):
    """When a run stops rather than go on without end."""

    units_in_port: Annotated[int, Quantity(lambda value: units.parse_count(value, at_least=1), "count")] = (
        DEFAULT_UNITS_IN_PORT
    )
    """Most units in the port, or standing before it, at once: a whole number from 1. Default 200000.

    An overloaded port fills for ever; beyond this the run stops and says where they stand.
    """

    wall_time: Annotated[int, Quantity(_read_wall_time, "duration")] | None = None
    """Longest that one replication may take by the clock on your wall: a duration of at least 1 s. Default none.

    A run that reaches it stops with what it has. How far that is depends on the machine: no other key does.
    """


class Heading(Model):
    """What the scenario is called and how a run of it is done."""

    portsim: Annotated[int, Quantity(read_format, "format")]
    """Version of this format: 1. Required, so that later versions can read old files as they were meant."""

    extends: Text | None = None
    """Another scenario this one starts from: a file in this folder or below it, or the name of a shipped one.

    Maps merge, lists and single values replace, null removes. Default none.
    """

    name: Text
    """What the scenario is called in results. Required."""

    description: Text | None = None
    """A sentence or more for whoever reads the results. Default none."""

    port: Text
    """The port's id, as in the published facts: irkeshtam. Required."""

    seed: Annotated[int, Quantity(lambda value: units.parse_count(value, at_most=LARGEST_SEED), "seed")] = 1
    """Where the random numbers begin, a whole number from 0: the same seed gives the same run. Default 1."""

    targets: Annotated[dict[str, float], Quantity(read_targets, "targets")] = Field(default_factory=dict)
    """What waits should stay within, in minutes: {wait_p95_min: 120}. Reported beside the results. Default none."""

    limits: LimitsModel = Field(default_factory=LimitsModel)
    """When a run stops rather than go on."""

    records: Annotated[Literal["all", "summary"], OneOf()] = "all"
    """What a replication keeps while it is played. Default all: every unit and visit, as tables and pictures need them.

    summary: measures and daily counts only, made days at a time, so that ten years take no more memory than one.
    Counts, means and maxima are the same; percentiles of times are off by at most 0.4 % of themselves.
    """

    facts: Annotated[tuple[str, ...], Quantity(_read_files, "files")] = ()
    """Files with published figures of your own, in the scenario's folder. Default none."""


class SideModel(Model):
    """One side of the border, with its own clock."""

    timezone: Annotated[str, Quantity(calendar.check_zone, "text")]
    """Time zone of its clock, a name of the IANA list such as Asia/Shanghai. Required."""

    open: Hours | None = None
    """When the side is open: "10:00-24:00", a list of spans, always, never, or by day {mon-fri: "08:00-20:00"}.

    A span whose end is not after its start runs over midnight. Default always.
    """

    closed: Closures = ()
    """Dates or times it stays closed whatever the hours: [2025-05-31, 2025-10-01..2025-10-03]. Default none."""


class StageModel(Model):
    """One stage of the way through the port: border check, customs, scan, quarantine."""

    side: Name | None = None
    """The side it belongs to: its clock and its hours. Default the first side."""

    counted: Flag = False
    """Whether a visit here counts as a crossing, which published counts are compared with. Default false."""

    lanes: Annotated[tuple[tuple[str, WeekProfile], ...], Quantity(read_lanes, "lanes")] | None = None
    """Lanes open: a whole number, by the clock {8-20: 6, 20-8: 2}, or by role {green: 1, general: 5}.

    Without lanes the stage is a delay: any number of units at once. Hours not named are 0.
    """

    open: Hours | None = None
    """Hours of its own, in place of its side's; closures of the side still hold. Default the side's."""

    closed: Closures = ()
    """Dates or times it stays closed, on top of its side's. Default none."""

    closing: Annotated[Literal["finish", "suspend"], OneOf()] = "finish"
    """What happens to services under way when the stage closes: finish them, or suspend until it opens again.

    Default finish.
    """

    officers: Annotated[tuple[str, int], Quantity(read_officers_needed, "officers_needed")] | None = None
    """The pool it draws from and how many officers one service needs: {border_police: 2}. Default none needed."""

    waiting_space: Count | None = None
    """How many units may wait here (those in lanes not counted), a whole number from 0. Default no limit.

    When it is full, units are held back at the stage before.
    """

    waves: Annotated[WavesEntry, Quantity(read_waves, "waves")] | None = None
    """When waiting units are called in: {every: 30 min, up_to: 20}, or [{at: "10:00", days: mon-fri, up_to: 40}].

    Nobody starts without being called, and places a wave does not use lapse. `every` is from 1 min to 24 h and counts
    from 00:00 of each day on; without `up_to` a wave calls everyone waiting. Default: each may start on arrival.
    """

    batch: BatchModel | None = None
    """Units that go in together: {size: 10, at_most: 2 h}, as soon as ten wait or one has waited for two hours.

    A stage has waves or batches, not both. Default: each may start on arrival.
    """

    service: Annotated[dict[str | None, Distribution | DurationTable], Quantity(read_services, "services")] = Field(
        default_factory=dict
    )
    """How long one service takes: a duration, a distribution {lognormal: {mean: 3 min, cv: 0.5}}, or by kind.

    {truck: 4 min, other: 2 min} gives each kind its own. Needed unless each journey states its own.
    """

    service_per: Annotated[ServicePer, OneOf()] = "unit"
    """What one service time is for: unit, person or goods. Default unit.

    With person a family of four takes four service times at one lane, each drawn by itself, and stays together; with
    goods each of the goods units a unit carries takes one. A unit without any takes no time.
    """

    pace: PaceModel | None = None
    """How fast it works beside that: {by_hour: {0-6: 0.8}, by_lanes: {4: 0.9}, by_queue: {20: 1.1}}. Default 1.

    1.33 is a third more work done in the time. A service keeps the pace at which it starts.
    """

    outages: OutagesModel | None = None
    """Breakdowns by chance: {every: {exponential: {mean: 10 d}}, last: 3 h}. Default the stage never breaks down.

    Meanwhile it is closed, and `closing` says what becomes of services under way. Nobody knows of it beforehand.
    """

    @model_validator(mode="after")
    def _can_call(self) -> Self:
        found: list[Found] = []
        if self.waves is not None and self.batch is not None:
            rule = "stands beside waves; a stage calls in waves or in batches (null removes what is inherited)"
            found.append(Found(("batch",), rule, at_key=True))
        elif self.waiting_space == 0 and (self.waves or self.batch):
            rule = f"is 0, so nobody could wait to be called by {'waves' if self.waves else 'batch'}; write 1 or more"
            found.append(Found(("waiting_space",), rule))
        elif self.batch is not None and self.batch.at_most is None and self._too_large(self.batch):
            rule = f"is more than waiting_space, {self.waiting_space}, so no batch would ever be full"
            found.append(Found(("batch", "size"), f"{rule}; lower it or add `at_most`"))
        if self.lanes is None and self.pace is not None and self.pace.by_lanes:
            found.append(Found(("pace", "by_lanes"), "stands at a stage without lanes; leave it out", at_key=True))
        if found:
            raise Refusal(found)
        return self

    def _too_large(self, batch: BatchModel) -> bool:
        return self.waiting_space is not None and batch.size > self.waiting_space

    def calls(self) -> tuple[Wave, ...] | Batch | None:
        """When waiting units are called in; None where each may start on arrival."""
        if self.waves is not None:
            return tuple(wave for call in self.waves.calls for wave in call)
        return Batch(self.batch.size, self.batch.at_most) if self.batch is not None else None


class FlowModel(Model):
    """A stream of units of one kind in one direction."""

    kind: Annotated[str, Quantity(read_kind, "name")]
    """What comes: truck, car, bus, traveller. Required; service times may differ by it."""

    direction: Annotated[Literal["out", "in"], OneOf()]
    """Which way it crosses, seen from the first side: out or in. Required."""

    journey: Annotated[tuple[StepEntry, ...], Quantity(read_journey, "journey")]
    """The stages in order: [border_check, {scan: 15%}]. Required.

    {stage: share} stops there for a share of the units. {stage: {share, service, roles, helped_by}} also states this
    flow's own service time, the lane roles it uses in order of preference, and roles that help when idle;
    {stage: {share: 5%, after: e_gate}} is only for units that have stopped at e_gate before, unless: e_gate for the
    others, and the share is of those; service_per says what one service time is for, as at the stage.
    {stage: {wait_for_passengers: 30 min}} has a vehicle wait for those who came aboard it;
    {stage: {booked_after: 6 h}} books the unit for a wave of a stage without lanes, so long after it wants to come.
    """

    arrivals: ArrivalsModel
    """When units come. Required."""

    priority: Annotated[tuple[tuple[int, float], ...], Quantity(read_priority, "priority")] = ()
    """Who goes first: high, ordinary or low, or shares {high: 10%, low: 5%}, the rest ordinary. Default ordinary."""

    persons: Persons = Field(default=Amount(1.0), json_schema_extra={"default": 1})
    """Persons aboard, drivers included: a mean from 0 to 10,000, {mean: 4, cv: 0.5} or {from: 2, to: 6}. Default 1.

    Of a vehicle whose passengers are a flow of their own: those who stay with it. Of passengers: those who stay
    together.
    """

    goods: Goods = Field(default=Amount(0.0), json_schema_extra={"default": 0})
    """Goods units carried, cars on a carrier or containers: a number to 1,000,000 or {from: 5, to: 8}. Default 0."""

    when_full: Annotated[Literal["wait_outside", "turn_away"], OneOf()] = "wait_outside"
    """What a unit does that finds its first stage full: wait_outside, or turn_away (lost). Default wait_outside."""

    patience: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")] | None = None
    """How long a unit waits for its first service before it leaves, a duration or a distribution. Default for ever.

    It counts from the unit's arrival, outside as well as inside, and while the stage is closed; at least 1 ms.
    """


class ScenarioFile(Period, Heading):
    """A land port and the stretch of time to simulate."""

    sides: dict[str, SideModel]
    """The sides of the border by name, at least one; the first is the port's clock. Required."""

    officers: dict[str, PoolModel] = Field(default_factory=dict)
    """Pools of officers by name. Default none."""

    stages: dict[str, StageModel]
    """The stages by name; their order decides between equals. Required."""

    flows: dict[str, FlowModel]
    """The flows by name. Required."""

    windows: dict[str, WindowModel] = Field(default_factory=dict)
    """Stretches of time in which crossings are counted, by name. Default none."""

    changes: tuple[ChangeModel, ...] = ()
    """What the port changed, and when. Default nothing."""

    plans: Annotated[dict[str, Any], Quantity(lambda value: value, "plans")] = Field(default_factory=dict)
    """What-ifs by name: {eight_a_crew: {officers.border_police.crew_size: 8}}. Default none.

    A plan may change anything but what comes: arrivals, kinds, directions, persons and goods stay.
    """

    posterior: PosteriorModel | None = None
    """What a calibration left open of the numbers above. Default nothing: they are what they are.

    `portsim calibrate ... -o DIR` writes it. It replaces that of a scenario that is extended.
    """

    sources: Annotated[dict[str, Any], Quantity(lambda value: value, "sources")] = Field(default_factory=dict)
    """Where numbers come from, by path: {stages.*: {assumed: see the docs}, sides.china.open: {fact: id}}.

    `*` stands for one name; a path covers all beneath it; the most exact one counts.
    """


SECTIONS = {
    "sides": SideModel,
    "officers": PoolModel,
    "stages": StageModel,
    "flows": FlowModel,
    "windows": WindowModel,
}
"""Top-level keys below which each named entry is read by its own model."""
