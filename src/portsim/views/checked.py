"""What a reader sees of a scenario before it runs: its parts, its closures, what its numbers rest on, its loads."""

from __future__ import annotations

import math
from collections.abc import Sequence

from portsim.scenario.calendar import to_local
from portsim.scenario.capacity import StageLoad
from portsim.scenario.scenario import DAY_MS, Closure, Scenario, Side, Stage
from portsim.views.provenance import source_counts
from portsim.views.tables import Line, Table, number

MOST_LISTED = 40
"""More numbers without a source than this are counted rather than listed."""


def check_blocks(scenario: Scenario, loads: Sequence[StageLoad]) -> list[Line | Table]:
    """Everything `portsim check` says of a valid scenario but its warnings."""
    blocks: list[Line | Table] = [Line(f"valid: {scenario.name}", is_heading=True), _parts_table(scenario)]
    closures = _closures_table(scenario)
    if closures is not None:
        blocks += [Line(""), Line("Closures, in the clock of every side", is_heading=True), closures]
    blocks += [Line(""), Line("Load of stages and officers, where it is highest", is_heading=True)]
    blocks += [_load_table(scenario, loads), Line(""), Line(f"numbers: {source_counts(scenario)}")]
    bare = [source for source in scenario.sources if source.kind == "none"]
    if bare:
        blocks += [Line(""), Line("Numbers without a source", is_heading=True)]
        blocks.append(Table.of(("", ""), [(source.path, source.text) for source in bare[:MOST_LISTED]], names=2))
        if len(bare) > MOST_LISTED:
            blocks.append(Line(f"and {len(bare) - MOST_LISTED} more (--json lists them all)"))
    return blocks


def worst_loads(loads: Sequence[StageLoad]) -> list[StageLoad]:
    """Of each stage the stretch in which its lanes or officers are busiest, the first of equals.

    A stretch shorter than a day says little, a port may be closed all of it: it counts only if there is no longer one.
    """
    shortest = min(DAY_MS, max((load.to_ms - load.from_ms for load in loads), default=0))
    worst: dict[str, StageLoad] = {}
    for load in loads:
        is_long = load.to_ms - load.from_ms >= shortest
        if is_long and (load.stage not in worst or _highest(load) > _highest(worst[load.stage])):
            worst[load.stage] = load
    return list(worst.values())


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
        ("stages", ", ".join(stage.name for stage in first.stages)),
        ("officers", ", ".join(pool.name for pool in first.pools) or "none"),
        ("flows", ", ".join(f"{flow.name} ({flow.kind}, {flow.direction})" for flow in scenario.flows)),
        ("changes", ", ".join(changes) or "none"),
    ]
    return Table.of(("", ""), cells, names=2)


def _closures_table(scenario: Scenario) -> Table | None:
    """Each closure once, however many regimes repeat it; None if there is none."""
    closures: dict[tuple[str, Closure], None] = {}
    for regime in scenario.regimes:
        places: list[Side | Stage] = [*regime.sides, *regime.stages]
        for place in places:
            closures.update(((place.name, closure), None) for closure in place.closures)
    zones = list(dict.fromkeys(side.timezone for side in scenario.regimes[0].sides))
    cells = [
        (
            place,
            closure.text,
            *(f"{_clock(closure.start_ms, zone)} to {_clock(closure.end_ms, zone)}" for zone in zones),
        )
        for place, closure in closures
    ]
    return Table.of(("", "as written", *zones), cells, names=2 + len(zones)) if cells else None


def _load_table(scenario: Scenario, loads: Sequence[StageLoad]) -> Table:
    cells = [
        (
            load.stage,
            f"{_clock(load.from_ms, scenario.clock)} to {_clock(load.to_ms, scenario.clock)}",
            number(load.units_per_day),
            number(load.lane_hours_needed) if load.lane_load is not None else "-",
            number(load.lane_hours_open) if load.lane_load is not None else "-",
            _ratio(load.lane_load),
            load.pool or "-",
            _ratio(load.officer_load),
        )
        for load in worst_loads(loads)
    ]
    columns = ("", "stretch", "units a day", "lane-hours needed", "open", "load", "officers", "load")
    return Table.of(columns, cells, names=2)


def _highest(load: StageLoad) -> float:
    return max(load.lane_load or 0.0, load.officer_load or 0.0)


def _ratio(load: float | None) -> str:
    if load is None:
        return "-"
    return "no capacity" if math.isinf(load) else f"{load:.2f}"


def _clock(utc_ms: int, zone: str) -> str:
    return f"{to_local(utc_ms, zone):%Y-%m-%d %H:%M}"
