"""What a reader sees of a region before it runs: its stretch, its ports, and how each of them is run alone."""

from __future__ import annotations

import shlex

from portsim.scenario.calendar import to_local
from portsim.scenario.capacity import busiest_lanes, busiest_officers
from portsim.scenario.check import RegionReport, Report
from portsim.scenario.region import Region, RegionPort, port_seed
from portsim.tables import Line, Table, number


def region_check_blocks(report: RegionReport) -> list[Line | Table]:
    """Everything `portsim check` says of a valid region but its warnings; nothing of one that is not."""
    region = report.region
    if region is None:
        return []
    cells = [
        (
            port.name,
            port.source,
            port.scenario.plan or "-",
            ", ".join(flow.name for flow in port.scenario.flows),
            _largest_load(report.ports[port.name]),
            str(len(report.ports[port.name].unsourced)),
        )
        for port in region.ports
    ]
    return [
        Line(f"valid: {region.name}", is_heading=True),
        Table.of(("", ""), [("measured", stretch_of(region)), ("seed", str(region.seed))], names=2),
        Line(""),
        Table.of(("port", "scenario", "plan", "flows", "largest load", "numbers without a source"), cells, names=4),
        Line(""),
        Line("Each port alone", is_heading=True),
        *(Line(port_command(port, port_seed(region.seed, port.name))) for port in region.ports),
    ]


def _largest_load(report: Report) -> str:
    """Of all lanes and officers of a port, in the stretch in which they are busiest."""
    lanes = [load.lane_load for load in busiest_lanes(report.loads)]
    officers = [load.officer_load for load in busiest_officers(report.loads)]
    found = [load for load in (*lanes, *officers) if load is not None]
    return number(max(found), decimals=2) if found else "-"


def port_command(port: RegionPort, seed: int) -> str:
    """The command that plays one port of a region alone, to the same figures."""
    plan = [] if port.scenario.plan is None else ["--plan", port.scenario.plan]
    sets = [part for text in port.sets for part in ("--set", text)]
    return shlex.join(["portsim", "run", port.source, *plan, "--seed", str(seed), *sets])


def stretch_of(region: Region) -> str:
    """The measured stretch by the region's clock."""
    start, end = (to_local(ms, region.clock) for ms in (region.measure_from_ms, region.end_ms))
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {region.clock}"
