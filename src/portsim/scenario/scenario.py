"""A validated scenario: frozen, complete, every quantity in milliseconds or plain numbers.

Nothing here knows YAML or pydantic; what reaches this module has been checked. Clock times are kept as they
were stated, in the clock of their side; `portsim.scenario.calendar` turns them into instants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from portsim.scenario.arrivals import Appointments, Arrivals, WhenClosed
from portsim.scenario.levels import Amount, Closure, Distribution, Wave, WeekProfile
from portsim.scenario.officers import Pool
from portsim.scenario.settings import Setting
from portsim.tables import html, plain

ServicePer = Literal["unit", "person", "goods"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the border: its clock, its hours and the dates it stays closed."""

    name: str
    timezone: str
    open: WeekProfile
    closures: tuple[Closure, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Units go in together: when `size` wait, or all of them when one has waited `at_most_ms` (None for never)."""

    size: int
    at_most_ms: int | None


@dataclass(frozen=True, slots=True)
class Outages:
    """How often a stage is out and for how long (contract rule 32); both means are above 0.

    every : from the end of one outage, or from the start of the run, to the beginning of the next
    last : how long one lasts
    """

    every: Distribution
    last: Distribution

    @property
    def availability(self) -> float:
        """The share of time in the long run in which the stage is not out."""
        return self.every.mean_ms / (self.every.mean_ms + self.last.mean_ms)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a stage works, 1 for the ordinary pace; the three are multiplied, and read as a service starts.

    by_hour : by the clock of the side, never 0
    by_lanes, by_queue : (lanes open, pace) and (units waiting, pace), ascending; each holds from its number on
    """

    by_hour: WeekProfile
    by_lanes: tuple[tuple[int, float], ...] = ()
    by_queue: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its lanes by role, its hours, the officers one service needs and how long that takes.

    lanes : (role, level by the clock) in order of the file; None for a delay, where any number is served at once
    open : own hours; None to follow the side's
    closures : the stage's own, on top of the side's
    service : by kind; key None is the service of every kind not named; empty if every flow states its own
    service_per : what one service time is for: a unit, each person aboard it, or each of the goods it carries
    calls : when waiting units are called in, by waves or as batches; None where each may start on arrival
    pace : how fast it works; None for the ordinary pace throughout
    outages : when it breaks down; None where it never does. The same in every regime
    """

    name: str
    side: str
    counted: bool
    lanes: tuple[tuple[str, WeekProfile], ...] | None
    open: WeekProfile | None
    closures: tuple[Closure, ...]
    closing: Literal["finish", "suspend"]
    pool: str | None
    officers: int
    waiting_space: int | None
    service: Mapping[str | None, Distribution]
    service_per: ServicePer = "unit"
    calls: tuple[Wave, ...] | Batch | None = None
    outages: Outages | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class Rejoin:
    """A vehicle waits here for its passengers, for this long at most (None for as long as it takes)."""

    at_most_ms: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One stop of a journey: the stage, the share of units that stops there, and which lanes it may use.

    after : only units that have stopped at one of these stages before; empty for all
    unless : only units that have stopped at none of these before. `share` is of those who are left
    service : of this flow at this stage; None to use the stage's
    service_per : what one service time is for, the stage's own unless the step says otherwise
    booked_after : the unit goes with the first call of the stage's waves that is at least so long after it wants to
        come, and with none before; None to go with any
    roles : (role, is helped) in order of preference; empty at a delay
    rejoin : None where the unit does not wait for passengers
    """

    stage: str
    share: float
    service: Distribution | None
    roles: tuple[tuple[str, bool], ...]
    rejoin: Rejoin | None = None
    after: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    service_per: ServicePer = "unit"
    booked_after: Distribution | None = None

    @property
    def is_certain(self) -> bool:
        """Whether every unit of the flow stops here."""
        return self.share >= 1 and not self.after and not self.unless


@dataclass(frozen=True, slots=True)
class Flow:
    """A stream of units of one kind in one direction.

    queue_at_start : units already standing at the first stage at tick 0
    priority : (priority, share) of units that differ from the ordinary 0; smaller goes first
    persons, goods : how many are aboard each unit
    clock : IANA zone in which arrivals are stated: that of the first stage's side
    patience : how long a unit waits for its first service before it leaves; None for ever
    appointments : how it books a slot before it comes; None where it comes unannounced
    """

    name: str
    kind: str
    direction: Literal["out", "in"]
    journey: tuple[Step, ...]
    arrivals: Arrivals
    queue_at_start: int
    priority: tuple[tuple[int, float], ...]
    persons: Amount
    goods: Amount
    when_full: Literal["wait_outside", "turn_away"]
    when_closed: WhenClosed
    clock: str
    patience: Distribution | None = None
    appointments: Appointments | None = None


@dataclass(frozen=True, slots=True)
class Regime:
    """How the port is run from an instant on (UTC epoch ms): the start, and each dated change."""

    at_ms: int
    sides: tuple[Side, ...]
    pools: tuple[Pool, ...]
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class CountWindow:
    """A named stretch (UTC epoch ms, start <= t < end) in which crossings are counted, with the published figure.

    kinds : those that are counted; empty for all
    """

    name: str
    start_ms: int
    end_ms: int
    published: str | None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run stops rather than go on.

    units_in_port : more units than this in the port, or standing before it, at once
    wall_time_s : seconds of computing a replication may take, None for any
    """

    units_in_port: int
    wall_time_s: float | None = None


@dataclass(frozen=True, slots=True)
class NumberSource:
    """Where one number of the scenario comes from.

    path : dotted path of the number; text : the value as written
    kind : what vouches for it; `none` is a number nobody vouches for; `default` stands for none written
    detail : the fact's id, the reason, the plan's name or the --set text
    """

    path: str
    text: str
    kind: Literal["fact", "measured", "calibrated", "assumed", "plan", "set", "none"]
    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A number that a calibration left open.

    sets : (path, factor) of the numbers of the scenario that follow it; none where a plan or setting says all of them
    unit : what stands behind it in the scenario; is_whole : whether it is a whole number
    """

    name: str
    sets: tuple[tuple[str, float], ...]
    unit: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a calibration left open of a scenario: each replication is played with one of the draws.

    calibration : its name; made : what is known of it, as plain values
    draws : a value of every number in each, of equal weight
    central : the draw that the scenario itself shows
    load : gives the scenario of a draw, which has no posterior; raises ScenarioError
    """

    calibration: str
    made: Mapping[str, Any]
    numbers: tuple[Unknown, ...]
    draws: tuple[tuple[float, ...], ...]
    central: int
    load: Callable[[int], Scenario] = field(compare=False, repr=False)

    @property
    def open_numbers(self) -> tuple[Unknown, ...]:
        """Those that something of the scenario follows."""
        return tuple(number for number in self.numbers if number.sets)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a scenario was read, so that it can be read again with another plan or other settings.

    source : a path or the name of a shipped one; of text, its name in messages
    text, folder : of a scenario read from text, as given to `load_text`
    sets : as given to `load`, then what was given to `Scenario.with_`
    facts : as given to `load`
    """

    source: str
    sets: tuple[Setting, ...] = ()
    facts: tuple[str, ...] = ()
    text: str | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """A complete, valid description of a port and of the stretch of time to simulate.

    start_ms, end_ms, measure_from_ms : UTC epoch ms
    clock : IANA zone of the first side, the port's clock
    regimes : at least one, ascending; regimes[0].at_ms == start_ms; same sides, pools and stages in each, same order
    targets : by measure name, for instance {"wait_p95_min": 120.0}
    sources : one entry per number of the scenario, in file order
    facts : every fact the scenario cites, by id (portsim.facts.Fact)
    resolved : the scenario as plain YAML values after extends, plan and --set, without provenance lost
    files : (path as given, sha256 hex) of every file read
    records : what a replication keeps: every unit and visit, or a summary made days at a time
    attachments : (name in `resolved`, path now) of each data file that has to lie beside a copy of `resolved`
    posterior : what a calibration left open of it; None if all of its numbers are what they are
    origin : where it was read; None if that was not by a file or a text of its own
    """

    name: str
    description: str
    port: str
    plan: str | None
    start_ms: int
    end_ms: int
    measure_from_ms: int
    clock: str
    seed: int
    targets: Mapping[str, float]
    limits: Limits
    windows: tuple[CountWindow, ...]
    flows: tuple[Flow, ...]
    regimes: tuple[Regime, ...]
    sources: tuple[NumberSource, ...]
    facts: Mapping[str, Any]
    warnings: tuple[str, ...]
    plans: tuple[str, ...]
    resolved: Mapping[str, Any]
    files: tuple[tuple[str, str], ...]
    attachments: tuple[tuple[str, str], ...] = ()
    records: Literal["all", "summary"] = "all"
    posterior: Posterior | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        from portsim.scenario.shown import scenario_line

        return scenario_line(self)

    def __str__(self) -> str:
        from portsim.scenario.shown import scenario_blocks

        return plain(scenario_blocks(self))

    def _repr_html_(self) -> str:
        from portsim.scenario.shown import scenario_blocks

        return html(scenario_blocks(self))

    def with_(self, values: Mapping[str, Any]) -> Scenario:
        """The same scenario with other values, `s.with_({"stages.scan.lanes": 3})`, checked anew; this one stays.

        values : by path, as `--set` has them, in the order in which they are laid on: numbers, text, lists, dicts,
            None to remove something, dates, and timedelta for a length of time

        They come after the plan, after `sets`, and after the edits before. The file is read again for it, and must not
        have changed. Raises ScenarioError with every problem, and ValueError for a scenario that no file or text gave.
        """
        from portsim.scenario.edits import edits_of
        from portsim.scenario.reader import Reader

        edits = edits_of(values)
        return Reader(self).scenario(self.plan, edits)

    def with_plan(self, plan: str | None) -> Scenario:
        """The same scenario under another of its plans, None for none, with all its edits. Raises as `with_` does."""
        from portsim.scenario.reader import Reader

        return Reader(self).scenario(plan)
