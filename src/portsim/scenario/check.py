"""What can be said of a scenario without running it: whether each of its plans is valid, and what it rests on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portsim.errors import Problem, ScenarioError
from portsim.scenario.calendar import to_local
from portsim.scenario.capacity import StageLoad, load_warnings, loads
from portsim.scenario.levels import Closure
from portsim.scenario.loading import ScenarioSource, open_file
from portsim.scenario.region import Region, RegionSource
from portsim.scenario.scenario import NumberSource, Scenario, Side, Stage
from portsim.scenario.sources import count_kinds


@dataclass(frozen=True, slots=True)
class ClosureTimes:
    """One closure of a side or stage, start <= t < end, by the clock of every side.

    clocks : (start, end) as local times, by side
    """

    where: str
    text: str
    clocks: Mapping[str, tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` finds.

    scenario : None if it, or one of its plans, is not valid
    problems : everything that is wrong, with the place of each
    warnings : what is allowed and probably not meant, stages whose load reaches 1 among them
    closures : each closure once, in the clock of every side
    kinds : how many numbers each kind of source vouches for (fact, measured, assumed, plan, set, none)
    unsourced : the numbers nothing vouches for
    loads : how busy each stage would be over each stretch of the run
    """

    scenario: Scenario | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    closures: tuple[ClosureTimes, ...]
    kinds: Mapping[str, int]
    unsourced: tuple[NumberSource, ...]
    loads: tuple[StageLoad, ...]

    @property
    def is_valid(self) -> bool:
        """Whether the scenario can be run, with any of its plans."""
        return self.scenario is not None

    @property
    def facts(self) -> tuple[str, ...]:
        """Ids of the published facts that are cited."""
        return tuple(self.scenario.facts) if self.scenario else ()


@dataclass(frozen=True, slots=True)
class RegionReport:
    """What `check_region` finds.

    region : None if it, or one of its ports, is not valid
    ports : what is found of each port, by its name in the region
    """

    region: Region | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    ports: Mapping[str, Report]


def check(
    source: str | os.PathLike[str],
    *,
    plan: str | None = None,
    sets: Sequence[str] = (),
    facts: Sequence[str | os.PathLike[str]] = (),
) -> Report:
    """Read a scenario as `load` does, and every plan of it as the file has it; say what is wrong rather than raise."""
    try:
        return check_opened(open_file(source, facts), plan, sets)
    except ScenarioError as error:
        return invalid(error.problems)


def check_opened(opened: ScenarioSource, plan: str | None, sets: Sequence[str]) -> Report:
    """Check a scenario whose file was read."""
    problems: dict[Problem, None] = {}
    try:
        scenario = opened.scenario(plan, sets)
    except ScenarioError as error:
        return invalid(error.problems)
    for other in scenario.plans:
        try:
            opened.check(other)
        except ScenarioError as error:
            problems.update(dict.fromkeys(error.problems))
    return invalid(problems) if problems else report_on(scenario)


def check_region(opened: RegionSource, plan: str | None, sets: Sequence[str]) -> RegionReport:
    """Check a region and each of its ports with the plan it names; say what is wrong rather than raise."""
    try:
        region = opened.region(plan, sets)
    except ScenarioError as error:
        return RegionReport(None, error.problems, (), {})
    reports = {port.name: report_on(port.scenario) for port in region.ports}
    of_ports = [f"{name}: {warning}" for name, report in reports.items() for warning in report.warnings]
    return RegionReport(region, (), tuple(dict.fromkeys((*region.warnings, *of_ports))), reports)


def invalid(problems: Iterable[Problem]) -> Report:
    """The report of a scenario that has these problems."""
    return Report(None, tuple(problems), (), (), {}, (), ())


def report_on(scenario: Scenario) -> Report:
    """What can be said of a scenario that is valid."""
    unsourced = tuple(source for source in scenario.sources if source.kind == "none")
    known = tuple(loads(scenario))
    warnings = [*scenario.warnings, *load_warnings(scenario, known)]
    if unsourced:
        warnings.append(f"{len(unsourced)} of {len(scenario.sources)} numbers have no source")
    return Report(
        scenario=scenario,
        problems=(),
        warnings=tuple(dict.fromkeys(warnings)),
        closures=closures_of(scenario),
        kinds=count_kinds(scenario.sources),
        unsourced=unsourced,
        loads=known,
    )


def closures_of(scenario: Scenario) -> tuple[ClosureTimes, ...]:
    """Each closure of a side or stage once, however many regimes repeat it, in the clock of every side."""
    found: dict[tuple[str, Closure], None] = {}
    for regime in scenario.regimes:
        closed: list[Side | Stage] = [*regime.sides, *regime.stages]
        found.update(((one.name, closure), None) for one in closed for closure in one.closures)
    zones = {side.name: side.timezone for side in scenario.regimes[0].sides}
    return tuple(
        ClosureTimes(
            where,
            closure.text,
            {side: (to_local(closure.start_ms, zone), to_local(closure.end_ms, zone)) for side, zone in zones.items()},
        )
        for where, closure in found
    )
