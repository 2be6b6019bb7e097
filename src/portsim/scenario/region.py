"""Region file in, several validated scenarios over one stretch of time out.

A region lays its `from`, `to` and `measure_from` on the scenario of each port as `--set` would, so a port played alone
with the same settings and its own seed gives the same. Times are by the region's clock; each port reads the same
instants by its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from portsim import tables, yamlfile
from portsim.errors import Problem, ScenarioError
from portsim.scenario import calendar, units
from portsim.scenario.assembly import read_map
from portsim.scenario.files import find_file, is_region, locate_scenario
from portsim.scenario.loading import ScenarioSource
from portsim.scenario.overlay import NAMED_SECTIONS, Node, Problems, child, entries, plain, plant, unknown
from portsim.scenario.scenario import Scenario
from portsim.scenario.schema.fields import NAME_RULE, is_name, unknown_key
from portsim.scenario.schema.region import RegionFile, RegionHeading, RegionPortModel
from portsim.scenario.settings import apply_settings, place_of
from portsim.scenario.units import format_local, shown
from portsim.yamlfile import Document

_OWN = ("from", "to", "measure_from", "seed")
"""What the region says for all its ports."""

SEED_BYTES = 6
"""Seeds of ports stay below 2**48, so that programs that hold numbers as floats read them exactly."""


@dataclass(frozen=True, slots=True)
class RegionPort:
    """One port of a region.

    name : what the region calls it
    source : its scenario file, or the name of a shipped one, as a command would name it
    sets : what the region lays on it, as texts for `--set`
    """

    name: str
    source: str
    scenario: Scenario
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Region:
    """Several ports over the same stretch of time, each on its own.

    start_ms, end_ms, measure_from_ms : UTC epoch ms, the same for every port
    clock : zone of the region's clock
    warnings : what is probably not meant, each with the port it is about
    values : the region as plain values, as it was read, with settings laid over it
    """

    name: str
    description: str
    start_ms: int
    end_ms: int
    measure_from_ms: int
    clock: str
    seed: int
    ports: tuple[RegionPort, ...]
    warnings: tuple[str, ...]
    values: Mapping[str, Any]

    def __repr__(self) -> str:
        from portsim.scenario.shown import region_line

        return region_line(self)

    def __str__(self) -> str:
        from portsim.scenario.shown import region_blocks

        return tables.plain(region_blocks(self))

    def _repr_html_(self) -> str:
        from portsim.scenario.shown import region_blocks

        return tables.html(region_blocks(self))


def port_seed(seed: int, port: str) -> int:
    """The seed of a port, of the region's seed and the port's name alone: no other port changes it."""
    text = f"{seed} {port}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=SEED_BYTES).digest(), "big")


def open_source(
    source: str | os.PathLike[str], facts: Sequence[str | os.PathLike[str]] = ()
) -> ScenarioSource | RegionSource:
    """Read the file of a scenario or of a region, or a shipped one by its name. Raises ScenarioError."""
    path, name = find_file(source)
    document = yamlfile.read(path, name)
    if is_region(document.value):
        return RegionSource(document, path.parent, facts)
    return ScenarioSource(document, path.parent, path, facts)


def open_text(
    text: str, *, file: str, folder: Path | None, facts: Sequence[str | os.PathLike[str]] = ()
) -> ScenarioSource | RegionSource:
    """Read the text of a scenario or of a region; `file` is the name in messages. Raises ScenarioError."""
    document = yamlfile.parse(text, file)
    if is_region(document.value):
        return RegionSource(document, folder, facts)
    return ScenarioSource(document, folder, None, facts)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A port whose scenario file could be read, before the region's stretch is laid on it."""

    name: str
    node: Node
    model: RegionPortModel
    source: str
    file: ScenarioSource
    sets: tuple[str, ...]
    zone: str | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """From when to when, UTC ms, by the key that says so."""

    instants: Mapping[str, int]
    zone: str

    def settings(self, zone: str) -> tuple[str, ...]:
        """The same instants by another clock."""
        return tuple(f"{key}={format_local(calendar.to_local(ms, zone))}" for key, ms in self.instants.items())


class RegionSource:
    """A region file, from which the region is made."""

    def __init__(self, document: Document, folder: Path | None, facts: Sequence[str | os.PathLike[str]]) -> None:
        self._file = document.file
        self._folder = folder
        self._facts = facts
        self._tree = plant(document)

    def region(self, plan: str | None = None, sets: Sequence[str] = ()) -> Region:
        """The region with settings laid over it. Raises ScenarioError with every problem of it and its ports."""
        problems = Problems()
        if plan is not None:
            rule = f"a region has no plans; name one for each port: --set ports.NAME.plan={plan}, or in the file"
            raise ScenarioError([Problem(self._tree.place, "ports", rule)])
        tree = self._settled(sets, problems)
        known = [info.alias or name for name, info in RegionFile.model_fields.items()]
        for key, node in tree.value.items():
            if key not in known:
                problems.add(node, unknown_key(key, known), at_key=True)
        below = {key: node for key, node in tree.value.items() if key in known and key != "ports"}
        heading = read_map(RegionHeading, replace(tree, value=below), problems)
        opened = list(self._open_ports(tree, heading, problems))
        stretch = _stretch(tree, heading, opened, problems) if heading is not None else None
        ports: list[RegionPort] = []
        warnings: list[str] = []
        for one in opened:
            port = _port(one, stretch, heading, tree, problems, warnings)
            if port is not None:
                ports.append(port)
        if problems or heading is None or stretch is None:
            raise ScenarioError(problems.sorted([self._file]))
        return Region(
            name=heading.region,
            description=heading.description or "",
            start_ms=stretch.instants["from"],
            end_ms=stretch.instants["to"],
            measure_from_ms=stretch.instants["measure_from"],
            clock=stretch.zone,
            seed=heading.seed,
            ports=tuple(ports),
            warnings=tuple(warnings),
            values=plain(tree),
        )

    def _settled(self, sets: Sequence[str], problems: Problems) -> Node:
        """The tree with settings laid over it, every port a map."""
        tree = _with_maps(self._tree)
        ports = entries(tree, "ports")
        for text in sets:
            path = text.partition("=")[0].strip().split(".")
            if path[0] == "ports" and len(path) > 2 and path[1] not in ports:
                message = unknown(path[1], ports, f"there is no {path[1]!r} under ports")
                problems.extend([Problem(place_of(text), ".".join(path), message)])
        if problems:
            raise ScenarioError(problems.sorted([self._file]))
        return _with_maps(apply_settings(tree, sets, problems))

    def _open_ports(self, tree: Node, heading: RegionHeading | None, problems: Problems) -> Iterator[_Opened]:
        """The ports whose scenario can be read; a problem for each of the others."""
        section = child(tree, "ports")
        if section is None or section.value is None:
            problems.add_missing(tree, "ports", "is required: at least one port with its scenario")
        elif not isinstance(section.value, dict) or not section.value:
            problems.add(section, f"got {shown(plain(section))}; write ports by name, each with its scenario")
        names: dict[str, str] = {}
        for name, node in entries(section).items():
            if not is_name(name):
                problems.add(node, f"{shown(name)} is not a name: {NAME_RULE}", at_key=True)
            elif heading is not None and name == heading.region:
                problems.add(node, "is also the name of the region; call one of them something else", at_key=True)
            elif name.lower() in names:
                rule = f"differs from {names[name.lower()]!r} only in small and capital letters; give another name"
                problems.add(node, rule, at_key=True)
            else:
                names[name.lower()] = name
                model = read_map(RegionPortModel, node, problems)
                opened = self._open_port(name, node, model, problems) if model is not None else None
                if opened is not None:
                    yield opened

    def _open_port(self, name: str, node: Node, model: RegionPortModel, problems: Problems) -> _Opened | None:
        at = node.value["scenario"]
        try:
            path, source = locate_scenario(at, self._folder)
            file = ScenarioSource(yamlfile.read(path, source), path.parent, path, self._facts)
        except ScenarioError as error:
            if any(problem.key == "region" for problem in error.problems):
                problems.add(at, "is a region itself; name the scenarios of its ports instead")
            else:
                problems.extend(error.problems)
            return None
        except ValueError as error:
            problems.add(at, str(error))
            return None
        if model.plan is not None and model.plan not in entries(file.plans):
            known = entries(file.plans)
            message = f"there is no plan {shown(model.plan)} in {source}"
            problems.add(node.value["plan"], unknown(model.plan, known, message))
            return None
        settings = list(_settings(child(node, "set")))
        for steps, inner in settings:
            if steps[0] in _OWN:
                problems.add(inner, f"{steps[0]!r} is the same for all ports; write it at the top of the region")
        sets = tuple(f"{'.'.join(steps)}={_written(inner)}" for steps, inner in settings)
        zone = _clock(file.layered(model.plan, sets, Problems()))
        shipped_name = Path(source).stem if source.startswith("scenarios/") and is_name(at.value) else source
        return _Opened(name, node, model, shipped_name, file, sets, zone)


def _port(
    one: _Opened,
    stretch: _Stretch | None,
    heading: RegionHeading | None,
    tree: Node,
    problems: Problems,
    warnings: list[str],
) -> RegionPort | None:
    """The port over the region's stretch; None, with problems, if its scenario is wrong."""
    own: tuple[str, ...] = ()
    if stretch is not None:
        own = stretch.settings(one.zone or stretch.zone)
        dropped = list(_outside(one, stretch))
        own += tuple(f"windows.{window}=null" for window in dropped)
        if dropped:
            listed = ", ".join(dropped)
            warnings.append(f"{one.name}: left out, as they lie outside the region's stretch: windows {listed}")
    if heading is not None and heading.records is not None:
        own += (f"records={heading.records}",)
    sets = (*one.sets, *own)
    try:
        scenario = one.file.scenario(one.model.plan, sets)
    except ScenarioError as error:
        nodes = [node for _, node in _settings(child(one.node, "set"))]
        places = {place_of(text): node for text, node in zip(one.sets, nodes, strict=True)}
        places |= {place_of(text): node for text in own if (node := child(tree, text.partition("=")[0])) is not None}
        for problem in error.problems:
            said = places.get(problem.place) if problem.place is not None else None
            problems.extend([replace(problem, place=said.place, key=said.key) if said is not None else problem])
        return None
    warnings += [f"{one.name}: {warning}" for warning in scenario.warnings]
    return RegionPort(one.name, one.source, scenario, sets)


def _stretch(tree: Node, heading: RegionHeading, opened: Sequence[_Opened], problems: Problems) -> _Stretch | None:
    """The region's stretch as instants, by its clock; None, with problems, if it is none."""
    zone = heading.timezone or next((one.zone for one in opened[:1]), None)
    if zone is None:
        return None
    said: dict[str, datetime] = {"from": heading.from_, "to": heading.to}
    if heading.measure_from is not None:
        said["measure_from"] = heading.measure_from
    instants: dict[str, int] = {}
    for key, local in said.items():
        try:
            instants[key] = calendar.to_utc_ms(local, zone)
        except ValueError as error:
            problems.add(tree.value[key], str(error))
    if len(instants) < len(said):
        return None
    start, end = instants["from"], instants["to"]
    if end <= start:
        rule = f"is {format_local(heading.to)}, not after `from`, {format_local(heading.from_)}"
        problems.add(tree.value["to"], f"{rule}; a run ends after it begins")
        return None
    if not start <= instants.setdefault("measure_from", start) < end:
        span = f"{format_local(heading.from_)} to before {format_local(heading.to)}"
        problems.add(tree.value["measure_from"], f"lies outside the run: write a time from {span}")
        return None
    return _Stretch(instants, zone)


def _outside(one: _Opened, stretch: _Stretch) -> Iterator[str]:
    """The windows of a port that do not lie in the stretch; those that cannot be read are left for its own check."""
    tree = one.file.layered(one.model.plan, one.sets, Problems())
    zone = one.zone or stretch.zone
    for name in entries(tree, "windows"):
        try:
            start, end = (
                calendar.to_utc_ms(
                    units.parse_local_datetime(getattr(child(tree, "windows", name, key), "value", None)), zone
                )
                for key in ("from", "to")
            )
        except ValueError:
            continue
        if start < stretch.instants["from"] or end > stretch.instants["to"]:
            yield name


def _clock(tree: Node) -> str | None:
    """The clock of a port's first side, None if that cannot be read."""
    side = next((node for node in entries(tree, "sides").values() if node.value is not None), None)
    zone = child(side, "timezone")
    try:
        return calendar.check_zone(zone.value) if zone is not None else None
    except ValueError:
        return None


def _with_maps(tree: Node) -> Node:
    """The same tree with each port a map, `{scenario: horgos-24h}` for `horgos-24h`; a port that is null is gone."""
    section = child(tree, "ports")
    if section is None or not isinstance(section.value, dict):
        return tree
    ports = {
        name: node if isinstance(node.value, dict) else replace(node, value={"scenario": node})
        for name, node in section.value.items()
        if node.value is not None
    }
    return replace(tree, value={**tree.value, "ports": replace(section, value=ports)})


def _settings(node: Node | None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """(path, value) of what is set; maps of names the user chose are taken apart, so that a misspelt one is found."""
    for key, inner in entries(node).items():
        steps = (*path, *key.split("."))
        if isinstance(inner.value, dict) and inner.value and steps[0] in NAMED_SECTIONS and len(steps) < 3:
            yield from _settings(inner, steps)
        else:
            yield steps, inner


def _written(node: Node) -> str:
    """A value on one line, as `--set` reads it."""
    value = plain(node)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return yamlfile.dump(value).rstrip("\n")
