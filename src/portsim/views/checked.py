"""What a reader sees of a scenario before it runs: its parts, its closures, what its numbers rest on, its loads."""

from __future__ import annotations

import math

from portsim.facts import fact_rows
from portsim.scenario.calendar import to_local
from portsim.scenario.capacity import StageLoad, busiest_lanes, busiest_officers, busiest_waves
from portsim.scenario.check import Report
from portsim.scenario.levels import DAY_MS
from portsim.scenario.officers import Pool
from portsim.scenario.provenance import source_counts
from portsim.scenario.scenario import Batch, Scenario, Stage
from portsim.tables import Line, Table, number
from portsim.views.leftopen import open_rows

MINUTE = "%Y-%m-%d %H:%M"

MOST_LISTED = 40
"""More numbers without a source than this are counted rather than listed."""


def check_blocks(report: Report) -> list[Line | Table]:
    """Everything `portsim check` says of a valid scenario but its warnings; nothing of one that is not."""
    scenario = report.scenario
    if scenario is None:
        return []
    blocks: list[Line | Table] = [Line(f"valid: {scenario.name}", is_heading=True), _parts_table(scenario)]
    if report.closures:
        blocks += [Line(""), Line("Closures, in the clock of every side", is_heading=True), _closures_table(report)]
    blocks += [*_load_tables(report), Line(""), Line(f"numbers: {source_counts(scenario)}")]
    if rows := open_rows(scenario):
        heading = f"Left open by the calibration {scenario.posterior.calibration if scenario.posterior else ''}"
        table = Table(("", "90 % from", "to", "", "numbers"), tuple(rows), (False, True, True, False, False))
        blocks += [Line(""), Line(heading, is_heading=True), table]
        blocks.append(Line("Each replication is played with one draw of them; what stands above is of a central one."))
    if scenario.facts:
        blocks += [Line(""), Line("Published figures it cites", is_heading=True), _facts_table(scenario)]
    if report.unsourced:
        blocks += [Line(""), Line("Numbers without a source", is_heading=True)]
        cells = [(source.path, source.text) for source in report.unsourced[:MOST_LISTED]]
        blocks.append(Table.of(("", ""), cells, names=2))
        if len(report.unsourced) > MOST_LISTED:
            blocks.append(Line(f"and {len(report.unsourced) - MOST_LISTED} more (--json lists them all)"))
    return blocks


def _parts_table(scenario: Scenario) -> Table:
    first = scenario.regimes[0]
    days = (scenario.end_ms - scenario.start_ms) / DAY_MS
    stretch = f"{_clock(scenario.start_ms, scenario.clock)} to {_clock(scenario.end_ms, scenario.clock)}"
    changes = [_clock(regime.at_ms, scenario.clock) for regime in scenario.regimes[1:]]
    cells = [
        ("plan", scenario.plan or "none, as the file says"),
        ("plans", ", ".join(scenario.plans) or "none"),
        ("simulated", f"{stretch}, {scenario.clock} ({number(days)} days)"),
        ("measured from", _clock(scenario.measure_from_ms, scenario.clock)),
        ("sides", ", ".join(f"{side.name} ({side.timezone})" for side in first.sides)),
        ("stages", ", ".join(f"{stage.name}{_calls(stage)}" for stage in first.stages)),
        ("officers", ", ".join(f"{pool.name}{_reserves(pool)}" for pool in first.pools) or "none"),
        ("flows", ", ".join(f"{flow.name} ({flow.kind}, {flow.direction})" for flow in scenario.flows)),
        ("changes", ", ".join(changes) or "none"),
    ]
    return Table.of(("", ""), cells, names=2)


def _calls(stage: Stage) -> str:
    """How a stage calls units in, where they do not start on arrival."""
    if stage.calls is None:
        return ""
    if isinstance(stage.calls, Batch):
        return f" (batches of {stage.calls.size})"
    return " (waves)"


def _reserves(pool: Pool) -> str:
    listed = ", ".join(str(reserve.officers) for reserve in pool.reserves)
    return f" (with reserve{'s' * (len(pool.reserves) > 1)} of {listed})" if listed else ""


def _closures_table(report: Report) -> Table:
    assert report.scenario is not None
    clocks = [f"{side.name} ({side.timezone})" for side in report.scenario.regimes[0].sides]
    cells = [
        (
            closure.where,
            closure.text,
            *(f"{start:{MINUTE}} to {end:{MINUTE}}" for start, end in closure.clocks.values()),
        )
        for closure in report.closures
    ]
    return Table.of(("", "as written", *clocks), cells, names=2 + len(clocks))


def _facts_table(scenario: Scenario) -> Table:
    """Each published figure with what it is used for: numbers of the scenario, or windows it stands beside."""
    uses: dict[str, list[str]] = {id: [] for id in scenario.facts}
    for source in scenario.sources:
        if source.kind == "fact":
            uses[source.detail.split(" ")[0]].append(source.path)
    for window in scenario.windows:
        if window.published is not None:
            uses[window.published].append(f"beside windows.{window.name}")
    rows = {row["id"]: row for row in fact_rows(scenario.facts)}
    cells = [(id, rows[id]["shown"], rows[id]["reliability"], ", ".join(paths)) for id, paths in uses.items()]
    return Table.of(("", "figure", "reliability", "used for"), cells, names=4)


def _load_tables(report: Report) -> list[Line | Table]:
    """Lanes and officers, each in the stretch of the run in which they are busiest."""
    assert report.scenario is not None
    clock = report.scenario.clock

    def stretch(load: StageLoad) -> str:
        return f"{_clock(load.from_ms, clock)} to {_clock(load.to_ms, clock)}"

    lanes = [
        (
            f"{load.stage} ({', '.join(load.roles)})" if load.roles else load.stage,
            stretch(load),
            number(load.units_per_day),
            number(load.lane_hours_needed),
            number(load.lane_hours_open),
            _ratio(load.lane_load),
        )
        for load in busiest_lanes(report.loads)
        if load.lane_load is not None
    ]
    waves = [
        (
            load.stage,
            stretch(load),
            number(load.visits_per_day),
            number(load.called_per_day or 0.0),
            _ratio(load.wave_load),
        )
        for load in busiest_waves(report.loads)
    ]
    officers = [
        (
            load.pool or "",
            stretch(load),
            number(load.officer_hours_needed),
            number(load.officer_hours_on_duty),
            _ratio(load.officer_load),
        )
        for load in busiest_officers(report.loads)
    ]
    blocks: list[Line | Table] = []
    if lanes:
        of_lanes = ("", "busiest", "units a day", "lane-hours a day needed", "open", "load")
        blocks += [Line(""), Line("Load of lanes", is_heading=True), Table.of(of_lanes, lanes, names=2)]
        out = {load.stage: 1 - load.availability for load in report.loads if load.availability < 1}
        if out:
            shares = ", ".join(f"{stage} is out {100 * share:.3g} % of the time" for stage, share in out.items())
            blocks.append(Line(f"Less what outages take on average: {shares}."))
        by_queue = dict.fromkeys(load.stage for load in report.loads if load.is_by_queue)
        if by_queue:
            blocks.append(Line(f"The pace by the length of the queue is not counted: {', '.join(by_queue)}."))
    if waves:
        of_waves = ("", "busiest", "units a day", "called at most", "load")
        blocks += [Line(""), Line("Load of waves", is_heading=True), Table.of(of_waves, waves, names=2)]
    if officers:
        of_officers = ("", "busiest", "officer-hours a day needed", "on duty while open", "load")
        blocks += [Line(""), Line("Load of officers", is_heading=True), Table.of(of_officers, officers, names=2)]
        if any(load.reserves for load in report.loads):
            blocks.append(Line("Reserves are not counted."))
    return blocks


def _ratio(load: float | None) -> str:
    if load is None:
        return "-"
    return "no capacity" if math.isinf(load) else f"{load:.2f}"


def _clock(utc_ms: int, zone: str) -> str:
    return f"{to_local(utc_ms, zone):{MINUTE}}"
