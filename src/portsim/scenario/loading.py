"""Scenario text in, a validated `Scenario` out.

The way through, in order: read the file and what it extends (`ScenarioSource`), lay the plan and `--set` on it, put
facts in place of their ids (`sources`), read every part by its model (`assembly`), see whether the parts fit
(`references`). Problems are collected on the way and raised together.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from portsim import yamlfile
from portsim.errors import Problem, ScenarioError
from portsim.facts import Fact, load_facts
from portsim.scenario import csvfile, references, sources
from portsim.scenario.appointments import check_slots
from portsim.scenario.assembly import Assembly, Parts, read_map
from portsim.scenario.files import check_is_scenario, find_file, locate_scenario
from portsim.scenario.findings import Findings
from portsim.scenario.flows import check_gates, clocks_of, read_flows
from portsim.scenario.forecast import staffed
from portsim.scenario.overlay import (
    Mark,
    Node,
    Problems,
    assign,
    child,
    entries,
    items,
    merge,
    plant,
    stamp,
    unknown,
)
from portsim.scenario.posterior import Stated, central_draw, lay_settings, plain_posterior
from portsim.scenario.regimes import read_regimes
from portsim.scenario.resolved import Attachments, resolved_tree
from portsim.scenario.scenario import Limits, Posterior, Scenario
from portsim.scenario.schema.fields import is_name
from portsim.scenario.schema.posterior import PosteriorModel
from portsim.scenario.settings import NOT_IN_OVERLAYS, Setting, apply_settings
from portsim.scenario.units import shown
from portsim.yamlfile import Document

MAX_EXTENDS = 8
"""Longest chain of scenarios that extend one another."""

_DEMAND = ("arrivals", "persons", "goods", "kind", "direction")
_NOT_DEMAND = (("arrivals", "when_closed"), ("arrivals", "appointments"))
_TRAFFIC = ("from", "to", "seed")


def load(
    source: str | os.PathLike[str],
    *,
    plan: str | None = None,
    sets: Sequence[str] = (),
    facts: Sequence[str | os.PathLike[str]] = (),
) -> Scenario:
    """Read a scenario file, or a shipped scenario by its name, and check all of it.

    plan : name of one of the scenario's plans; sets : texts `path=value` that come last; facts : further files of
    published figures. Raises ScenarioError with every problem found, each with its place.
    """
    return open_file(source, facts).scenario(plan, sets)


def load_text(
    text: str,
    *,
    file: str = "scenario.yaml",
    folder: Path | None = None,
    plan: str | None = None,
    sets: Sequence[str] = (),
    facts: Sequence[str | os.PathLike[str]] = (),
) -> Scenario:
    """Read a scenario from text, as `load` does; `file` is the name in messages.

    folder : where files that the text names are looked for; without it the text can only extend shipped scenarios.
    """
    return ScenarioSource(yamlfile.parse(text, file), folder, None, facts).scenario(plan, sets)


def open_file(source: str | os.PathLike[str], facts: Sequence[str | os.PathLike[str]] = ()) -> ScenarioSource:
    """Read a scenario file and what it extends, for one or more of its plans. Raises ScenarioError as `load` does."""
    path, name = find_file(source)
    return ScenarioSource(yamlfile.read(path, name), path.parent, path, facts)


class ScenarioSource:
    """A scenario file with what it extends, from which the scenario of each plan is made.

    findings : what is wrong with the file whatever the plan; `scenario` adds to a copy
    """

    def __init__(
        self,
        document: Document,
        folder: Path | None,
        path: Path | None,
        facts: Sequence[str | os.PathLike[str]],
    ) -> None:
        self.findings = Findings(folder)
        self.problems = self.findings.problems
        self.extra_facts = [Path(file) for file in facts]
        self._facts_nodes: list[Node] = []
        self._facts: Mapping[str, Fact] | None = None
        self.posterior: Stated | None = None
        self._central: int | None = None
        self.citations = sources.Citations(self._load_facts, self.problems)
        tree = self._layer(document, folder, (path.resolve(),) if path else ())
        if self._facts_nodes or self.extra_facts:
            self._load_facts()
        self.plans = tree.value.get("plans")
        self.tree = replace(tree, value={key: node for key, node in tree.value.items() if key != "plans"})
        self._check_plans()

    def _layer(self, document: Document, folder: Path | None, chain: tuple[Path, ...]) -> Node:
        """A document laid over what it extends, its `sources` applied to both."""
        self.findings.files[document.file] = document.sha256
        self.findings.folders[document.file] = folder
        node = plant(document)
        check_is_scenario(node)
        own = replace(node, value={key: below for key, below in node.value.items() if key != "extends"})
        stated = own.value.pop("posterior", None)
        extends = child(node, "extends")
        if extends is not None and extends.value is not None:
            parent = self._parent(extends, folder, chain)
            if parent is not None:
                own = merge(parent, own)
        said = own.value.pop("sources", None)
        self._facts_nodes += items(node, "facts")
        if said is not None and said.value is not None:
            own = sources.vouch(own, said, self.citations, self.problems)
        return own if stated is None else self._open(own, stated)

    def _open(self, tree: Node, node: Node) -> Node:
        """Take in the posterior that a file states over these values; null for none."""
        self.posterior = None
        model = None if node.value is None else read_map(PosteriorModel, node, self.problems)
        if model is None:
            return tree
        settings = child(node, "set")
        if settings is not None:
            tree = lay_settings(tree, settings, model.calibration.name, self.problems)
        self.posterior = Stated.of(model, node, tree)
        self._central = central_draw(self.posterior.draws)
        return tree

    def _parent(self, node: Node, folder: Path | None, chain: tuple[Path, ...]) -> Node | None:
        """The scenario that is extended, or None with a problem."""
        if len(chain) >= MAX_EXTENDS:
            self.problems.add(
                node, f"is the {MAX_EXTENDS}th in a chain of scenarios that extend one another; shorten it"
            )
            return None
        try:
            path, shown_as = locate_scenario(node, folder)
        except ValueError as error:
            self.problems.add(node, str(error))
            return None
        if path.resolve() in chain:
            self.problems.add(node, f"leads back to {shown_as}; scenarios cannot extend one another in a circle")
            return None
        try:
            document = yamlfile.read(path, shown_as)
        except ScenarioError as error:
            self.problems.extend(error.problems)
            return None
        return self._layer(document, path.parent, (*chain, path.resolve()))

    def _load_facts(self) -> Mapping[str, Fact]:
        """The shipped facts and the user's own, read once; what is wrong with the latter is a problem of the file."""
        if self._facts is None:
            files = [file for file in (*self.extra_facts, *map(self._facts_file, self._facts_nodes)) if file]
            for file in files:
                if file.is_file():
                    self.findings.files[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
            try:
                self._facts = load_facts(files)
            except ScenarioError as error:
                self.problems.extend(error.problems)
                self._facts = load_facts()
                self.citations.is_complete = False
        return self._facts

    def _facts_file(self, node: Node) -> Path | None:
        """A facts file beside the scenario, by the path the user knows it under."""
        folder = self.findings.folder_of(node)
        found = self.findings.attempt(node, lambda: csvfile.locate(node.value, folder))
        if not found or not folder:
            return None
        # By the path the user knows it under, as its scenario is shown; a shipped one has none of its own.
        beside = Path(node.place.file).parent / node.value
        is_same = beside.is_file() and beside.resolve() == found.resolve()
        return beside if is_same else folder / Path(node.value)

    @property
    def plan_names(self) -> tuple[str, ...]:
        """Names of its plans, in the order of the file."""
        return tuple(entries(self.plans))

    def check(self, plan: str) -> None:
        """Raise ScenarioError with every problem that the scenario has with a plan laid over it."""
        self._read(plan, ())

    def scenario(self, plan: str | None = None, sets: Sequence[Setting] = (), *, draw: int | None = None) -> Scenario:
        """The scenario with a plan and settings laid over it. Raises ScenarioError with every problem.

        draw : of the posterior, whose scenario is left without one; None for the scenario that carries it, if there is
            one, and shows its central draw
        """
        read = self._read(plan, sets, draw)
        tree, findings, citations, heading, span = read.tree, read.findings, read.citations, read.heading, read.span
        for warning in sources.disagreements(tree, citations.cited):
            findings.warnings.append(warning)
        numbers = sources.number_sources(tree)
        used = {number.detail.partition(" ")[0] for number in numbers if number.kind == "fact"}
        used.update(window.published for window in read.windows if window.published is not None)
        attachments = Attachments(findings, self.extra_facts)
        resolved = resolved_tree(tree, attachments)
        posterior = None if draw is not None else self._settled(plan, sets)
        if posterior is not None:
            resolved["posterior"] = plain_posterior(posterior)
        return Scenario(
            name=heading.name,
            description=heading.description or "",
            port=heading.port,
            plan=plan,
            start_ms=span.start_ms,
            end_ms=span.end_ms,
            measure_from_ms=span.measure_from_ms,
            clock=span.clock,
            seed=heading.seed,
            targets=heading.targets,
            limits=Limits(
                heading.limits.units_in_port,
                None if heading.limits.wall_time is None else heading.limits.wall_time / 1000,
            ),
            windows=read.windows,
            flows=read.flows,
            regimes=read.regimes,
            sources=numbers,
            facts={name: citations.cited[name] for name in sorted(used & citations.cited.keys())},
            warnings=tuple(findings.warnings),
            plans=self.plan_names,
            resolved=resolved,
            files=tuple(findings.files.items()),
            attachments=attachments.listed(),
            records=heading.records,
            posterior=posterior,
        )

    def _settled(self, plan: str | None, sets: Sequence[Setting]) -> Posterior | None:
        """What the posterior leaves open of the scenario with a plan and settings; None if that is nothing."""
        if self.posterior is None or self._central is None:
            return None
        texts = tuple(sets)

        def load(draw: int) -> Scenario:
            try:
                return self.scenario(plan, texts, draw=draw)
            except ScenarioError as error:
                said = f" (with draw {draw} of the posterior of {self.posterior_name})"
                raise ScenarioError(
                    [replace(problem, message=problem.message + said) for problem in error.problems]
                ) from None

        settled = self.posterior.settled(self.layered(plan, sets, Problems()), self._central, load)
        return settled if settled.open_numbers else None

    @property
    def posterior_name(self) -> str:
        """The calibration that the posterior comes from."""
        return "" if self.posterior is None else self.posterior.model.calibration.name

    def _read(self, plan: str | None, sets: Sequence[Setting], draw: int | None = None) -> Parts:
        findings = self.findings.copy()
        citations = self.citations.copy(findings.problems)
        # Demand is timed by the port as it is, wherever the plan lets units stop first.
        clocks = {} if plan is None else clocks_of(self.layered(None, sets, Problems()))
        tree = self.layered(plan, sets, findings.problems)
        draw = self._central if draw is None else draw
        if self.posterior is not None and draw is not None:
            tree = self.posterior.lay(tree, draw, findings.problems)
        tree = sources.resolve(tree, citations, findings.problems)
        assembly = Assembly(tree, findings)
        references.check_names(assembly)
        regimes = read_regimes(assembly)
        flows = read_flows(assembly, regimes, clocks)
        if assembly.span is not None and not findings.problems:
            regimes = staffed(regimes, flows, assembly.span.start_ms, assembly.span.end_ms)
        if plan is None:  # a plan may keep a stage open for which the file says what happens while it is closed
            check_gates(assembly, regimes, flows)
        check_slots(assembly, regimes, flows)
        references.check_staffing(assembly, regimes)
        references.check_rotas(assembly, regimes)
        references.check_counting(assembly, regimes)
        windows = references.read_windows(assembly, regimes, citations)
        span, heading = assembly.span, assembly.heading
        findings.problems.extend(self.problems.found)
        if findings.problems or span is None or heading is None:
            raise ScenarioError(findings.problems.sorted(findings.files))
        return Parts(tree, findings, citations, heading, span, regimes, flows, windows)

    def layered(self, plan: str | None, sets: Sequence[Setting], problems: Problems) -> Node:
        """The values of the file with a plan and settings laid over them, not looked at yet."""
        tree = self.tree if plan is None else self._apply_plan(self.tree, plan, problems)
        return apply_settings(tree, sets, problems)

    def _check_plans(self) -> None:
        """Every plan sets only what exists and what a plan may set, whether it is used or not."""
        plans = self.plans
        if plans is None or plans.value is None:
            return
        if not isinstance(plans.value, dict):
            self.problems.add(plans, f"got {shown(plans.value)}; write plans by name")
            return
        for name, node in plans.value.items():
            if not is_name(name):
                self.problems.add(node, f"{shown(name)} is not a name for a plan", at_key=True)
            self._apply_plan(self.tree, name, self.problems)

    def _apply_plan(self, tree: Node, name: str, problems: Problems) -> Node:
        node = child(self.plans, name)
        if node is None:
            known = list(entries(self.plans))
            message = f"there is no plan {shown(name)}"
            text = unknown(name, known, message) if known else f"{message}; this scenario has no plans"
            raise ScenarioError([Problem(self.tree.place, "plans", text)])
        if node.value is None:
            return tree
        if not isinstance(node.value, dict):
            problems.add(node, f"got {shown(node.value)}; write what the plan sets, or {{}} for nothing")
            return tree
        marked = stamp(node, Mark("plan", name))
        for path, setting in _settings(marked.value, ()):
            refusal = _refusal(tree, path, setting)
            if refusal:
                problems.add(setting, refusal, at_key=True)
            else:
                tree = assign(tree, path, setting, problems)
        return tree


def _settings(below: Mapping[str, Node], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """(path, value) of what a plan sets; dotted or nested, what belongs to one flow or side is taken apart."""
    for key, node in below.items():
        steps = (*path, *key.split("."))
        is_taken_apart = steps[0] in ("flows", "sides") and (len(steps) < 3 or steps[2:] == ("arrivals",))
        if is_taken_apart and isinstance(node.value, dict) and node.value:
            yield from _settings(node.value, steps)
        else:
            yield steps, node


def _refusal(tree: Node, path: tuple[str, ...], node: Node) -> str:
    """Why a plan may not set this, or nothing."""
    if not all(path):
        return "has an empty part; write a path such as stages.scan.lanes"
    if path[0] in NOT_IN_OVERLAYS:
        return f"a plan cannot change {path[0]!r}"
    if path[0] in _TRAFFIC:
        return f"a plan cannot set {path[0]!r}: plans are compared on the same traffic"
    if path[0] not in ("flows", "sides"):
        return ""
    section, one = path[0], path[0].removesuffix("s")
    if len(path) > 1 and path[1] not in entries(tree, section):
        known = entries(tree, section)
        return unknown(path[1], known, f"there is no {path[1]!r} under {section}, and a plan adds no {one}")
    if section == "sides":
        if len(path) < 3:
            return "a plan cannot add, remove or replace sides: their clocks time the demand"
        return "a plan cannot set the timezone of a side: it times the demand" if path[2] == "timezone" else ""
    if len(path) < 3:
        return "a plan changes no demand, so it cannot add, remove or replace flows"
    if path[2] in _DEMAND and path[2:4] not in _NOT_DEMAND:
        return (
            f"a plan changes no demand, so it cannot set {path[2]!r} of a flow; plans are compared on the same traffic"
        )
    return ""
