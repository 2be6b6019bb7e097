"""Checking a scenario without running it: what it rests on, and whether its lanes and officers can keep up."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from portsim.api.arguments import several
from portsim.errors import Problem, ScenarioError
from portsim.scenario import check as checking
from portsim.scenario.capacity import StageLoad
from portsim.scenario.check import RegionReport, Report
from portsim.scenario.region import Region, RegionSource, open_source
from portsim.scenario.scenario import Scenario
from portsim.tables import Line, Shown, Table
from portsim.views.checked import check_blocks
from portsim.views.regionchecked import region_check_blocks


@dataclass(frozen=True, slots=True, repr=False)
class Check(Shown):
    """What is known about a scenario before it runs; `print` shows it as tables, and so does a notebook."""

    report: Report

    @property
    def is_valid(self) -> bool:
        """Whether the scenario can be run, with any of its plans."""
        return self.report.is_valid

    @property
    def scenario(self) -> Scenario | None:
        """The scenario; None if it is not valid."""
        return self.report.scenario

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with it or one of its plans, in file order."""
        return self.report.problems

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and yet worth a look, stages whose load reaches 1 among them."""
        return self.report.warnings

    @property
    def loads(self) -> tuple[StageLoad, ...]:
        """How busy each stage would be, by stage and stretch of the run."""
        return self.report.loads

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim check --json` prints; an infinite load is None."""
        return {
            "schema": "portsim.check/1",
            "valid": self.is_valid,
            "scenario": self.scenario.name if self.scenario else None,
            "plan": self.scenario.plan if self.scenario else None,
            "problems": [_problem_document(problem) for problem in self.problems],
            "warnings": list(self.warnings),
            "sources": [asdict(source) for source in self.scenario.sources] if self.scenario else [],
            "facts": list(self.report.facts),
            "loads": [{name: _finite(value) for name, value in asdict(load).items()} for load in self.loads],
        }

    def blocks(self) -> list[Line | Table]:
        """The readable form, as lines and tables."""
        if self.scenario is None:
            return [Line("not valid", is_heading=True), *(Line(str(problem)) for problem in self.problems)]
        return check_blocks(self.report)

    def __repr__(self) -> str:
        found = f"{len(self.problems)} problems" if self.scenario is None else repr(self.scenario.name)
        return f"<Check: {'valid' if self.is_valid else 'not valid'}, {found}, {len(self.warnings)} warnings>"


@dataclass(frozen=True, slots=True, repr=False)
class RegionCheck(Shown):
    """What is known about a region before it runs; `print` shows it as tables, and so does a notebook."""

    report: RegionReport

    @property
    def is_valid(self) -> bool:
        """Whether every port of the region can be run."""
        return self.report.region is not None

    @property
    def region(self) -> Region | None:
        """The region; None if it is not valid."""
        return self.report.region

    @property
    def ports(self) -> Mapping[str, Check]:
        """What is known about each port, by its name in the region; none if the region is not valid."""
        return {name: Check(report) for name, report in self.report.ports.items()}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with it or one of its ports, the region's own file first."""
        return self.report.problems

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and yet worth a look, each with the port it is about."""
        return self.report.warnings

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim check --json` prints."""
        return {
            "schema": "portsim.check-region/1",
            "valid": self.is_valid,
            "region": self.region.name if self.region else None,
            "problems": [_problem_document(problem) for problem in self.problems],
            "warnings": list(self.warnings),
            "ports": {name: check.to_dict() for name, check in self.ports.items()},
        }

    def blocks(self) -> list[Line | Table]:
        """The readable form, as lines and tables."""
        if self.region is None:
            return [Line("not valid", is_heading=True), *(Line(str(problem)) for problem in self.problems)]
        return region_check_blocks(self.report)

    def __repr__(self) -> str:
        found = f"{len(self.problems)} problems" if self.region is None else repr(self.region.name)
        return f"<RegionCheck: {'valid' if self.is_valid else 'not valid'}, {found}, {len(self.warnings)} warnings>"


def check(
    source: str | os.PathLike[str],
    *,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    facts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
) -> Check | Any:
    """Read a scenario as `load` does, with every plan it has, and say what is wrong rather than raise.

    Of a region each port with the plan it names, which gives a `RegionCheck`.
    """
    try:
        opened = open_source(source, several(facts))
    except ScenarioError as error:
        return Check(checking.invalid(error.problems))
    if isinstance(opened, RegionSource):
        return RegionCheck(checking.check_region(opened, plan, several(sets)))
    return Check(checking.check_opened(opened, plan, several(sets)))


def _problem_document(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.place.file if problem.place else None,
        "line": (problem.place.line or None) if problem.place else None,
        "col": (problem.place.col or None) if problem.place else None,
        "key": problem.key or None,
        "message": problem.message,
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
