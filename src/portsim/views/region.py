"""What a reader sees of a region: totals, its ports side by side, and how each is run alone."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from portsim.experiments import RegionRun
from portsim.results import MetricRow
from portsim.scenario.calendar import moment
from portsim.tables import Line, Table
from portsim.views.documents import run_document
from portsim.views.finite import finite
from portsim.views.regionchecked import port_command, stretch_of
from portsim.views.rows import UNDEFINED, Rows, TimeUnit

TOTALS = {
    "crossings": "crossings",
    "crossings_per_day": "crossings a day",
    "persons_per_day": "persons a day",
    "goods_per_day": "goods a day",
    "in_port_mean": "units in the ports, mean",
    "in_port": "units still in the ports at the end",
    "left": "units that gave up waiting",
    "turned_away": "units turned away",
    "stayed_away": "units that stayed away",
    "no_shows": "units that booked a slot and did not come",
    "truck_hours_lost": "hours lost by delay",
    "officer_hours": "officer-hours",
    "overtime_hours": "officer-hours of overtime",
    "officer_cost": "cost of officers",
}
"""Totals and what they are called; those that are 0 in every replication are left out, but for crossings."""


def region_blocks(run: RegionRun) -> list[Line | Table]:
    """The whole readable result of a region."""
    region = run.region
    totals = [row for row in run.rows if row.port == region.name]
    head = [
        ("measured", stretch_of(region)),
        ("replications", f"{len(run.numbers)}, seed {run.seed}"),
        ("ports", ", ".join(run.runs)),
    ]
    blocks: list[Line | Table] = [Line(region.name, is_heading=True), Table.of(("", ""), head, names=2)]
    if totals:
        blocks += [Line(""), Line("All ports together", is_heading=True), _totals_table(totals)]
        blocks += [Line(""), Line("Crossings by kind and direction", is_heading=True), _parts_table(totals)]
    blocks += [Line(""), *_ports_section(run)]
    blocks += [Line(""), Line("Each port alone", is_heading=True)]
    blocks += [Line(port_command(port, run.runs[port.name].seed)) for port in region.ports]
    blocks.append(Line(""))
    if run.stopped is not None or run.is_interrupted:
        blocks.append(Line(f"incomplete: {run.warnings[0]}"))
    if run.warnings:
        blocks.append(Line(f"warnings: {len(run.warnings)}, on standard error"))
    return blocks


def region_document(run: RegionRun) -> dict[str, Any]:
    """`portsim.region/1`: the totals, and of each port what `portsim.run/1` says of it."""
    region = run.region
    return {
        "schema": "portsim.region/1",
        "region": region.name,
        "seed": run.seed,
        "replications": len(run.numbers),
        "window": {"from": moment(region.measure_from_ms, region.clock), "to": moment(region.end_ms, region.clock)},
        "warnings": list(run.warnings),
        "totals": [
            {name: finite(value) for name, value in asdict(row).items()} for row in run.rows if row.port == region.name
        ],
        "ports": {
            port.name: {"source": port.source, "sets": list(port.sets), "run": run_document(run.runs[port.name])}
            for port in region.ports
        },
    }


def _totals_table(totals: list[MetricRow]) -> Table:
    rows = Rows(totals)
    cells = [
        (label, rows.number(metric))
        for metric, label in TOTALS.items()
        if (row := rows.row(metric)) is not None and (row.mean > 0 or metric.startswith("crossings"))
    ]
    return Table.of(("", "mean ± 95 % interval"), cells)


def _parts_table(totals: list[MetricRow]) -> Table:
    """Crossings a day, or of the whole stretch where it has no whole day, of each kind and direction."""
    has_days = Rows(totals).row("crossings_per_day") is not None
    metric = "crossings_per_day" if has_days else "crossings"
    cells = [
        (row.kind or row.direction or "", Rows([replace(row, kind=None, direction=None)]).number(metric))
        for row in totals
        if row.metric == metric and (row.direction or (row.kind and row.mean > 0))
    ]
    return Table.of(("", "crossings a day" if has_days else "crossings"), cells)


def _ports_section(run: RegionRun) -> list[Line | Table]:
    of_ports = {name: Rows(one.rows) for name, one in run.runs.items()}
    unit = TimeUnit.of(rows.row(f"wait_{which}_min") for rows in of_ports.values() for which in ("mean", "p95"))
    has_days = any(rows.row("crossings_per_day") is not None for rows in of_ports.values())
    cells = [
        (
            name,
            rows.number("crossings_per_day" if has_days else "crossings"),
            unit.show(rows.row("wait_mean_min")),
            unit.show(rows.row("wait_p95_min")),
            rows.number("in_port"),
            rows.number("truck_hours_lost"),
            rows.number("officer_hours") if run.runs[name].network.pools else UNDEFINED,
        )
        for name, rows in of_ports.items()
    ]
    crossings = "crossings a day" if has_days else "crossings"
    columns = ("", crossings, "wait, mean", "95 % within", "in the port at the end", "hours lost", "officer-hours")
    return [Line(f"By port, waits in {unit.name}", is_heading=True), Table.of(columns, cells)]
