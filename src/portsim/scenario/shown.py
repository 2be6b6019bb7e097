"""A scenario or a region as a reader wants to see it at a glance: lines and small tables, and one line of text."""

from __future__ import annotations

from portsim.scenario.calendar import to_local
from portsim.scenario.provenance import source_counts
from portsim.scenario.region import Region
from portsim.scenario.scenario import Scenario
from portsim.scenario.settings import Edit
from portsim.scenario.units import format_local
from portsim.tables import Line, Table


def scenario_line(scenario: Scenario) -> str:
    """A scenario in one line, for a prompt."""
    plan = f", plan {scenario.plan}" if scenario.plan is not None else ""
    return f"<Scenario {scenario.name!r}: {scenario.port}{plan}, {_stretch(scenario)}>"


def scenario_blocks(scenario: Scenario) -> list[Line | Table]:
    """What is simulated, from when to when, what was laid on it, and what its numbers rest on."""
    first = scenario.regimes[0]
    edits = scenario.origin.sets if scenario.origin is not None else ()
    rows = [
        ("port", scenario.port),
        ("plan", scenario.plan or "none"),
        ("other plans", ", ".join(name for name in scenario.plans if name != scenario.plan)),
        ("played", _stretch(scenario)),
        ("measured from", _local(scenario.measure_from_ms, scenario.clock)),
        ("sides", ", ".join(f"{side.name} ({side.timezone})" for side in first.sides)),
        ("flows", ", ".join(f"{flow.name} ({flow.kind}, {flow.direction})" for flow in scenario.flows)),
        ("stages", ", ".join(stage.name for stage in first.stages)),
        ("officers", ", ".join(pool.name for pool in first.pools)),
        ("changes on", ", ".join(_local(regime.at_ms, scenario.clock) for regime in scenario.regimes[1:])),
        ("laid on it", ", ".join(str(one) if isinstance(one, Edit) else f"--set {one}" for one in edits)),
        ("its numbers", source_counts(scenario)),
        ("seed", str(scenario.seed)),
    ]
    blocks: list[Line | Table] = [Line(scenario.name, is_heading=True)]
    blocks.append(Table.of(("", ""), [row for row in rows if row[1]], names=2))
    return [*blocks, *(Line(f"warning: {warning}") for warning in scenario.warnings)]


def region_line(region: Region) -> str:
    """A region in one line, for a prompt."""
    return f"<Region {region.name!r}: {len(region.ports)} ports, {_stretch(region)}>"


def region_blocks(region: Region) -> list[Line | Table]:
    """What is simulated, from when to when, and its ports."""
    rows = [("played", _stretch(region)), ("measured from", _local(region.measure_from_ms, region.clock))]
    rows.append(("seed", str(region.seed)))
    ports = [(port.name, port.source, port.scenario.plan or "", ", ".join(port.sets)) for port in region.ports]
    return [
        Line(region.name, is_heading=True),
        Table.of(("", ""), rows, names=2),
        Line(""),
        Table.of(("port", "scenario", "plan", "settings"), ports, names=4),
        *(Line(f"warning: {warning}") for warning in region.warnings),
    ]


def _stretch(of: Scenario | Region) -> str:
    return f"{_local(of.start_ms, of.clock)} to {_local(of.end_ms, of.clock)}, {of.clock}"


def _local(ms: int, clock: str) -> str:
    return format_local(to_local(ms, clock))
