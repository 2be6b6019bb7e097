"""From a tree of values with their places to the parts of a scenario, every problem on the way collected.

Each side, pool, stage, flow and window is read by its own model: a mistake in one hides none in another. A part that
could not be read is left out; what refers to it is judged by its name alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar, cast

from pydantic import BaseModel

from portsim.scenario import calendar, recorded, staffing
from portsim.scenario.findings import Findings
from portsim.scenario.levels import Closure, DatedLevel, Distribution, WeekProfile
from portsim.scenario.overlay import Node, Problems, child, entries, items, nearest, plain, unknown
from portsim.scenario.scenario import CountWindow, Flow, Regime
from portsim.scenario.schema.dated import WindowModel
from portsim.scenario.schema.fields import NAME_RULE, Refusal, is_name, unknown_key, validate
from portsim.scenario.schema.file import (
    SECTIONS,
    FlowModel,
    Heading,
    Period,
    ScenarioFile,
    SideModel,
    StageModel,
)
from portsim.scenario.schema.levels import LevelFile
from portsim.scenario.schema.values import DurationTable
from portsim.scenario.sources import UNRESOLVED, Citations
from portsim.scenario.units import format_local, shown

ModelType = TypeVar("ModelType", bound=BaseModel)

LONGEST_RUN_YEARS = 20


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch that is simulated: UTC ms, and the zone of the port's clock."""

    start_ms: int
    end_ms: int
    measure_from_ms: int
    clock: str


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a scenario that is valid."""

    tree: Node
    findings: Findings
    citations: Citations
    heading: Heading
    span: Span
    regimes: tuple[Regime, ...]
    flows: tuple[Flow, ...]
    windows: tuple[CountWindow, ...]


class Assembly:
    """Reads the parts of one scenario, in the order in which they need one another."""

    def __init__(self, tree: Node, findings: Findings) -> None:
        self.tree = tree
        self.findings = findings
        self.problems = findings.problems
        self._models: dict[int, tuple[Node, BaseModel | None]] = {}
        self._tables: dict[tuple[str, str, str, str], Distribution | None] = {}
        self._staffings: dict[tuple[str, str, str], WeekProfile | DatedLevel | None] = {}
        self._check_keys()
        self.heading = self._read_top(Heading)
        self.period = self._read_top(Period)
        self.span = self._span()
        self.windows = self.section("windows", WindowModel)
        self.flow_models = self.section("flows", FlowModel)

    def _check_keys(self) -> None:
        known = [info.alias or name for name, info in ScenarioFile.model_fields.items()]
        for key, node in self.tree.value.items():
            if key not in known:
                self.problems.add(node, unknown_key(key, known), at_key=True)
        for section, model in SECTIONS.items():
            if ScenarioFile.model_fields[section].is_required() and not entries(self.tree, section):
                what = {SideModel: "side", StageModel: "stage", FlowModel: "flow"}[model]
                node = child(self.tree, section)
                if node is None or node.value is None:
                    self.problems.add_missing(self.tree, section, f"is required: at least one {what}")
                elif isinstance(node.value, dict):
                    self.problems.add(node, f"got an empty map; write at least one {what}")

    def _read_top(self, model: type[ModelType]) -> ModelType | None:
        keys = {info.alias or name for name, info in model.model_fields.items()}
        below = {key: node for key, node in self.tree.value.items() if key in keys}
        return self.read(model, replace(self.tree, value=below))

    def read(self, model: type[ModelType], node: Node) -> ModelType | None:
        """Read one map by its model; a null stands for a key that is not there."""
        return read_map(model, node, self.problems)

    def section(self, name: str, model: type[ModelType], tree: Node | None = None) -> dict[str, ModelType]:
        """The entries of a top-level map that could be read, by name."""
        section = child(tree or self.tree, name)
        if section is None or section.value is None or section.value is UNRESOLVED:
            return {}
        if not isinstance(section.value, dict):
            self.problems.add(section, f"got {shown(section.value)}; write a map of names")
            return {}
        models = {}
        for key, node in section.value.items():
            if node.value is None:
                known = [other for other in section.value if other != key]
                self.problems.add(node, unknown(key, known, f"there is no {key!r} under {name} to remove"), at_key=True)
            elif not is_name(key):
                self.problems.add(node, f"{shown(key)} is not a name: {NAME_RULE}", at_key=True)
            elif (read := self._read_once(model, node)) is not None:
                models[key] = read
        return models

    def _read_once(self, model: type[ModelType], node: Node) -> ModelType | None:
        """What a change leaves alone is the same node in every regime (kept, so that its id stays its own)."""
        if id(node) not in self._models:
            self._models[id(node)] = (node, self.read(model, node))
        return cast("ModelType | None", self._models[id(node)][1])

    def names(self, section: str) -> list[str]:
        """The names below a top-level map, readable or not, in file order."""
        return [name for name, node in entries(self.tree, section).items() if node.value is not None]

    def _span(self) -> Span | None:
        """The run as instants, by the clock of the first side."""
        if self.period is None or not (sides := self.names("sides")):
            return None
        zone = child(self.tree, "sides", sides[0], "timezone")
        if zone is None or not isinstance(zone.value, str):
            return None
        clock: str = zone.value
        try:
            calendar.check_zone(clock)
        except ValueError:
            return None
        times = {"from": self.period.from_, "to": self.period.to}
        if self.period.measure_from is not None:
            times["measure_from"] = self.period.measure_from
        instants = {key: self._instant(self.tree.value[key], at, clock) for key, at in times.items()}
        start, end = instants["from"], instants["to"]
        measure_from = instants.get("measure_from", start)
        if start is None or end is None or measure_from is None:
            return None
        return self._checked_span(Span(start, end, measure_from, clock))

    def _checked_span(self, span: Span) -> Span | None:
        assert self.period is not None
        start, end = self.period.from_, self.period.to
        if span.end_ms <= span.start_ms:
            rule = f"is {format_local(end)}, not after `from`, {format_local(start)}; a run ends after it begins"
            self.problems.add(self.tree.value["to"], rule)
            return None
        if end > _years_after(start, LONGEST_RUN_YEARS):
            rule = f"is more than {LONGEST_RUN_YEARS} years after `from`, the longest run; end it earlier"
            self.problems.add(self.tree.value["to"], rule)
            return None
        if not span.start_ms <= span.measure_from_ms < span.end_ms:
            rule = f"lies outside the run: write a time from {format_local(start)} to before {format_local(end)}"
            self.problems.add(self.tree.value["measure_from"], rule)
        return span

    def _instant(self, node: Node, local: datetime, zone: str) -> int | None:
        return self.findings.attempt(node, lambda: calendar.to_utc_ms(local, zone))

    def instant(self, node: Node, local: datetime) -> int | None:
        """A time by the port's clock; None if it has none, or with a problem if it does not exist."""
        return self._instant(node, local, self.span.clock) if self.span else None

    def distribution(self, value: Distribution | DurationTable, node: Node) -> Distribution | None:
        """A distribution; one that stands in a file is read from it, once."""
        if isinstance(value, Distribution):
            return value
        at = child(node, "empirical", "file") or node
        folder = self.findings.folder_of(at)
        key = (str(folder), value.file, value.column, value.unit)
        if key not in self._tables:
            read = self.findings.attempt(
                at, lambda: recorded.read_durations(value.file, folder, value.column, value.unit)
            )
            if read is not None:
                self.findings.files[value.file] = read[1]
            self._tables[key] = Distribution("empirical", {"values": read[0]}) if read else None
        return self._tables[key]

    def staffing(self, file: LevelFile, node: Node, zone: str) -> WeekProfile | DatedLevel | None:
        """Officers on duty as a file has them, read once for each clock; None, with problems, if it cannot be read."""
        at = child(node, "csv") or node
        folder = self.findings.folder_of(at)
        key = (str(folder), file.file, zone)
        if key not in self._staffings:
            read = self.findings.attempt(at, lambda: staffing.read_staffing(file.file, folder, zone))
            self._staffings[key] = read.level if read else None
            if read is not None:
                self.findings.files[file.file] = read.sha256
                if read.ignored:
                    listed = ", ".join(read.ignored)
                    self.findings.warn(at, f"columns of {file.file} that mean nothing here: {listed}")
        return self._staffings[key]

    def closures(self, node: Node, texts: tuple[str, ...], zone: str) -> tuple[Closure, ...]:
        """The closures of a side or stage; a warning for each that lies outside the run."""
        closures = []
        for text, at in zip(texts, items(node, "closed"), strict=True):
            closure = self.findings.attempt(at, lambda: calendar.parse_closure(text, zone))  # noqa: B023
            if closure is None:
                continue
            closures.append(closure)
            if self.span and (closure.end_ms <= self.span.start_ms or closure.start_ms >= self.span.end_ms):
                self.findings.warn(at, f"the closure {text} lies outside the run; it changes nothing")
        return tuple(closures)


def _years_after(local: datetime, years: int) -> datetime:
    try:
        return local.replace(year=local.year + years)
    except ValueError:
        return local.replace(year=local.year + years, month=3, day=1)


def read_map(model: type[ModelType], node: Node, problems: Problems) -> ModelType | None:
    """Read one map by its model, a null standing for a key that is not there; None, with problems, if it is wrong."""
    value = plain(node)
    if isinstance(value, dict):
        known = {info.alias or name for name, info in model.model_fields.items()}
        value = {key: inner for key, inner in value.items() if inner is not None or key not in known}
    try:
        return validate(model, value)
    except Refusal as refusal:
        for found in refusal.found:
            _place(node, found.path, found.message, problems, at_key=found.at_key)
    return None


def _place(node: Node, path: Iterable[str | int], message: str, problems: Problems, *, at_key: bool) -> None:
    """Put a problem where it belongs: at the value, or in the map in which something is missing."""
    at, rest = nearest(node, path)
    if at.value is UNRESOLVED:
        return
    if rest and message.startswith("is required"):
        problems.add_missing(at, ".".join(map(str, rest)), message)
    else:
        problems.add(at, message, at_key=at_key)
