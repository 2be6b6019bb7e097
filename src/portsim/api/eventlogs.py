"""What happened as event logs that other tools read: process mining (XES, OCEL 2.0) and animation (vidigi).

Process mining looks at one thing a row: who, what, when. The names of columns and transitions are those of the XES
standard (IEEE 1849-2016) and its lifecycle and organizational extensions, those of objects and events OCEL 2.0 (Berti
et al., "OCEL (Object-Centric Event Log) 2.0 Specification", 2023), and those of the Python package vidigi.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from portsim.experiments import Replication
from portsim.model.network import NONE, Network
from portsim.model.records import UnitOutcome, VisitOutcome
from portsim.results.ledger import Ledger

if TYPE_CHECKING:
    import pandas as pd

LogStyle = Literal["xes", "vidigi"]

MINUTE_MS = 60_000

ORDER = ("complete", "withdraw", "suspend", "resume", "schedule", "start")
"""Within an instant: what ends first, then what begins."""

Ints = NDArray[np.int64]


def event_log(network: Network, kept: Sequence[Replication], style: LogStyle) -> pd.DataFrame:
    """Every event of the kept replications, one row each, in order of time within each replication.

    style : "xes" or "vidigi"; ValueError for another
    """
    if style not in get_args(LogStyle):
        raise ValueError(f"style must be xes or vidigi, got {style!r}")
    import pandas as pd

    make = _xes if style == "xes" else _vidigi
    return pd.concat([make(network, replication) for replication in kept], ignore_index=True)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What happened at visits: tick, row in the visits table, and which transition of `ORDER` it is. int64[n] each."""

    tick: Ints
    visit: Ints
    transition: Ints


def steps_of(ledger: Ledger) -> Steps:
    """Every transition of every visit, by (tick, transition, unit): joining is schedule, giving up withdraw."""
    visits, work = ledger.visits, ledger.records.work
    rows = np.arange(visits["unit"].size)
    found: list[tuple[str, Ints, Ints]] = [
        ("schedule", rows, visits["joined"]),
        ("start", rows, visits["started"]),
        ("complete", rows, visits["ended"]),
    ]
    gave_up = np.flatnonzero(visits["outcome"] == VisitOutcome.LEFT)
    found.append(("withdraw", gave_up, visits["left"][gave_up]))
    if work["unit"].size:
        width = int(visits["step"].max()) + 1
        visit = np.searchsorted(visits["unit"] * width + visits["step"], work["unit"] * width + work["step"])
        is_first = np.append(True, visit[1:] != visit[:-1])
        found.append(("resume", visit[~is_first], work["from"][~is_first]))
        stops = work["until"] != visits["ended"][visit]  # the last piece ends as the service does
        found.append(("suspend", visit[stops], work["until"][stops]))
    tick = np.concatenate([ticks for _, _, ticks in found])
    visit = np.concatenate([which for _, which, _ in found])
    transition = np.concatenate([np.full(which.size, ORDER.index(name)) for name, which, _ in found])
    order = np.lexsort((visit, transition, tick))
    order = order[tick[order] != NONE]
    return Steps(tick[order], visit[order], transition[order])


def _xes(network: Network, replication: Replication) -> pd.DataFrame:
    """Columns that process mining expects of an event log: a case is a unit, an activity a stage."""
    import pandas as pd

    ledger = Ledger(network, replication.traffic, replication.records)
    steps = steps_of(ledger)
    visits, unit = ledger.visits, ledger.unit_row[steps.visit]
    names = np.array([f"{replication.number}-{number}" for number in ledger.units["unit"].tolist()], dtype=object)
    is_new = steps.transition == ORDER.index("schedule")
    lane, crew = _lanes(network, ledger)[steps.visit], _crews(network, ledger)[steps.visit]
    lane[is_new] = crew[is_new] = None
    return pd.DataFrame(
        {
            "case:concept:name": names[unit],
            "concept:name": _of([stage.name for stage in network.stages], visits["stage"][steps.visit]),
            "time:timestamp": _moments(steps.tick, network),
            "lifecycle:transition": _of(ORDER, steps.transition),
            "org:resource": pd.array(lane, dtype="str"),
            "org:group": pd.array(crew, dtype="str"),
            "case:flow": _of(network.flows, ledger.units["flow"][unit]),
            "case:kind": _of(network.kinds, ledger.units["kind"][unit]),
            "replication": replication.number,
        }
    )


def _vidigi(network: Network, replication: Replication) -> pd.DataFrame:
    """Columns that vidigi animates: time in minutes since the start, queues at STAGE_wait, services at STAGE.

    A stage without lanes holds everybody as a queue does.
    """
    import pandas as pd

    ledger = Ledger(network, replication.traffic, replication.records)
    units, visits = ledger.units, ledger.visits
    stages = np.array([stage.name for stage in network.stages], dtype=object)
    stage = stages[visits["stage"]]
    is_delay = np.array([one.lanes is None for one in network.stages])[visits["stage"]]
    lane = _lane_numbers(network, ledger)
    of_unit = np.full(units["unit"].size, NONE)
    parts: list[tuple[str, Any, Ints, Ints, Ints]] = [
        ("arrival_departure", "arrival", np.arange(units["unit"].size), units["arrived"], of_unit),
        ("queue", stage + "_wait", ledger.unit_row, ledger.reached, np.full(stage.size, NONE)),
        ("resource_use", stage, ledger.unit_row, np.where(is_delay, NONE, visits["started"]), lane),
        ("queue", stage, ledger.unit_row, np.where(is_delay, visits["started"], NONE), np.full(stage.size, NONE)),
        ("resource_use_end", stage, ledger.unit_row, np.where(is_delay, NONE, visits["left"]), lane),
        ("arrival_departure", "depart", np.arange(units["unit"].size), units["out"], of_unit),
    ]
    # Who left without a start was in no lane.
    never = visits["started"] == NONE
    parts[4] = (*parts[4][:3], np.where(never, NONE, parts[4][3]), lane)
    frames = []
    for order, (kind, event, row, tick, resource) in enumerate(parts):
        there = tick != NONE
        frames.append(
            pd.DataFrame(
                {
                    "entity_id": units["unit"][row][there],
                    "pathway": np.array(network.flows, dtype=object)[units["flow"][row]][there],
                    "event_type": kind,
                    "event": event if isinstance(event, str) else event[there],
                    "time": tick[there] / MINUTE_MS,
                    "resource_id": pd.array(np.where(resource == NONE, 0, resource)[there], dtype="Int64"),
                    "run_number": replication.number,
                    "order": order,
                }
            )
        )
        frames[-1].loc[resource[there] == NONE, "resource_id"] = pd.NA
    whole = pd.concat(frames, ignore_index=True)
    # At one tick a unit ends at a stage before it comes to the next.
    rank = whole["order"].map({0: 0, 4: 1, 1: 2, 3: 3, 2: 3, 5: 4})
    whole = whole.assign(order=rank).sort_values(["time", "order", "entity_id"], kind="stable", ignore_index=True)
    return whole.drop(columns="order")


def ocel(network: Network, replication: Replication) -> dict[str, Any]:
    """One replication as an object-centric event log: the object OCEL 2.0 JSON holds.

    Objects are the units, by kind, lanes and crews; a passenger is related to the vehicle it came aboard of. An event
    belongs to its unit, and from the start of a service on to its lane and its crew.
    """
    ledger = Ledger(network, replication.traffic, replication.records)
    units, steps = ledger.units, steps_of(ledger)
    lanes, crews = _lanes(network, ledger), _crews(network, ledger)
    kinds = [name for number, name in enumerate(network.kinds) if (units["kind"] == number).any()]
    at = _moment(network, 0)
    objects: list[dict[str, Any]] = []
    for row in range(units["unit"].size):
        parent = int(units["parent"][row])
        values = {"flow": network.flows[units["flow"][row]]}
        values |= {name: int(units[name][row]) for name in ("priority", "persons", "goods")}
        objects.append(
            {
                "id": _unit(int(units["unit"][row])),
                "type": network.kinds[units["kind"][row]],
                "attributes": [{"name": name, "time": at, "value": value} for name, value in values.items()],
                "relationships": [] if parent == NONE else [{"objectId": _unit(parent), "qualifier": "came aboard"}],
            }
        )
    for kind, names in (("lane", lanes), ("crew", crews)):
        used = sorted({name for name in names.tolist() if name is not None})
        objects += [{"id": f"{kind} {name}", "type": kind, "attributes": [], "relationships": []} for name in used]
    events = list(_ocel_events(network, ledger, steps, lanes, crews))
    activities = {event["type"]: bool(event["attributes"]) for event in events}
    has = {one["type"] for one in objects}
    of_unit = [{"name": "flow", "type": "string"}]
    of_unit += [{"name": name, "type": "integer"} for name in ("priority", "persons", "goods")]
    return {
        "objectTypes": [{"name": name, "attributes": of_unit} for name in kinds]
        + [{"name": name, "attributes": []} for name in ("lane", "crew") if name in has],
        "eventTypes": [
            {"name": name, "attributes": [{"name": "stage", "type": "string"}] if has_stage else []}
            for name, has_stage in activities.items()
        ],
        "objects": objects,
        "events": events,
    }


def _ocel_events(
    network: Network, ledger: Ledger, steps: Steps, lanes: NDArray[Any], crews: NDArray[Any]
) -> Iterator[dict[str, Any]]:
    """Arrivals, every transition at a stage, and departures, by tick."""
    units, visits = ledger.units, ledger.visits
    outcomes = [outcome.name.lower().replace("_", " ") for outcome in UnitOutcome]
    every: list[tuple[int, int, int, str, Mapping[str, str], list[dict[str, str]]]] = []
    for row, number in enumerate(units["unit"].tolist()):
        one = [{"objectId": _unit(number), "qualifier": "unit"}]
        every.append((int(units["arrived"][row]), 0, number, "arrive", {}, one))
        if units["out"][row] != NONE:
            every.append((int(units["out"][row]), 8, number, outcomes[units["outcome"][row]], {}, one))
    for tick, visit, transition in zip(
        steps.tick.tolist(), steps.visit.tolist(), steps.transition.tolist(), strict=True
    ):
        number, stage = int(visits["unit"][visit]), network.stages[visits["stage"][visit]].name
        related = [{"objectId": _unit(number), "qualifier": "unit"}]
        if ORDER[transition] != "schedule":
            for kind, names in (("lane", lanes), ("crew", crews)):
                if names[visit] is not None:
                    related.append({"objectId": f"{kind} {names[visit]}", "qualifier": kind})
        every.append((tick, 1 + transition, number, f"{ORDER[transition]} {stage}", {"stage": stage}, related))
    every.sort(key=lambda event: event[:3])
    for place, (tick, _, _, name, attributes, related) in enumerate(every):
        yield {
            "id": f"event {place}",
            "type": name,
            "time": _moment(network, tick),
            "attributes": [{"name": key, "value": value} for key, value in attributes.items()],
            "relationships": related,
        }


def _unit(number: int) -> str:
    return f"unit {number}"


def _of(names: Sequence[str], codes: NDArray[np.integer[Any]]) -> NDArray[Any]:
    named: NDArray[Any] = np.array(list(names), dtype=object)[codes]
    return named


def _lanes(network: Network, ledger: Ledger) -> NDArray[Any]:
    """What each visit was served in: `border_check general 0`; None at a stage without lanes, or before the start."""
    visits = ledger.visits
    stages, roles = [stage.name for stage in network.stages], network.roles
    keys = zip(visits["stage"].tolist(), visits["role"].tolist(), visits["lane"].tolist(), strict=True)
    names = [None if lane == NONE else f"{stages[stage]} {roles[role]} {lane}" for stage, role, lane in keys]
    return np.array(names, dtype=object)


def _crews(network: Network, ledger: Ledger) -> NDArray[Any]:
    """Who began the service of each visit: `border_police 2`; None without officers."""
    visits = ledger.visits
    pools = [stage.pool for stage in network.stages]
    keys = zip(visits["stage"].tolist(), visits["crew"].tolist(), strict=True)
    names = [None if crew == NONE else f"{network.pools[pools[stage]].name} {crew}" for stage, crew in keys]
    return np.array(names, dtype=object)


def _lane_numbers(network: Network, ledger: Ledger) -> Ints:
    """The lane of each visit, counted from 1 over all roles of its stage; NONE where there is none."""
    before = np.zeros((len(network.stages), len(network.roles)), np.int64)
    for number, stage in enumerate(network.stages):
        total = 0
        for role, level in stage.lanes or ():
            before[number, role] = total
            total += int(level.value.max(initial=0))
    visits = ledger.visits
    numbers: Ints = 1 + visits["lane"] + before[visits["stage"], visits["role"]]
    return np.where(visits["lane"] == NONE, NONE, numbers)


def _moments(ticks: Ints, network: Network) -> pd.DatetimeIndex:
    import pandas as pd

    instants = (ticks + network.start_ms).astype("datetime64[ms]")
    return pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(network.clock)


def _moment(network: Network, tick: int) -> str:
    """An instant in UTC, as ISO 8601 has it: 2025-06-01T02:00:00.000Z."""
    at = datetime.fromtimestamp((network.start_ms + tick) / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{(network.start_ms + tick) % 1000:03d}Z"
