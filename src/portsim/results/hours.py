"""What happens at each stage hour by hour, in whole numbers: sums over replications are exact in any order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.model.traffic import Traffic
from portsim.results.areas import Ints, areas_until, level_of
from portsim.results.ledger import Ledger
from portsim.results.presence import Presence
from portsim.results.queues import queue
from portsim.results.staffing import lanes_offered
from portsim.scenario.calendar import to_local

HOUR_MS = 3_600_000

HOUR_COUNTS = ("arrived", "started", "ended")
HOUR_AREAS = ("waiting", "in_service", "paused", "blocked", "lanes_open", "officers_in_use", "officers_on_duty")
HOUR_SUMS = (*HOUR_COUNTS, *(f"{name}_ms" for name in HOUR_AREAS))


def hours_of(network: Network, end: int) -> Ints:
    """Ticks that bound the hours of the port's clock in 0 <= t < end, counted from each midnight; int64[hours + 1]."""
    pairs = zip(network.midnights[:-1].tolist(), network.midnights[1:].tolist(), strict=True)
    hours = np.concatenate([np.arange(low, high, HOUR_MS, dtype=np.int64) for low, high in pairs])
    return np.concatenate(([0], hours[(hours > 0) & (hours < end)], [end]))


def count_hours(network: Network, traffic: Traffic, records: Records) -> Table:
    """What happens at each stage in each hour of one replication.

    Columns, int64, ordered by (tick, stage): tick (at which the hour begins), stage; events of the hour: arrived (units
    that reached the stage, or its door if it is their first), started, ended; areas in unit-ms, each
    named with `_ms`: waiting, in_service, paused, blocked, lanes_open (all roles, while the stage is open),
    officers_in_use (at this stage), officers_on_duty (of its whole pool).
    """
    ledger = Ledger(network, traffic, records)
    bounds = hours_of(network, ledger.end)
    hours = bounds.size - 1
    columns: dict[str, list[Ints]] = {name: [] for name in HOUR_SUMS}
    on_duty = [
        [ledger.crew(number, crew).level for crew in range(len(pool.crews))]
        for number, pool in enumerate(network.pools)
    ]
    for number, stage in enumerate(network.stages):
        visits = ledger.visits_of_stage[number]
        begun = visits[ledger.visits["started"][visits] >= 0]
        done = begun[ledger.visits["ended"][begun] >= 0]
        pieces = ledger.pieces(number)
        levels = {
            "waiting": [queue(ledger, number)],
            "in_service": [level_of(pieces.start, pieces.end)],
            "blocked": [level_of(ledger.visits["ended"][done], ledger.left[done])],
            "lanes_open": lanes_offered(stage),
            "officers_in_use": [level_of(pieces.start, pieces.end, pieces.officers)],
            "officers_on_duty": on_duty[stage.pool] if stage.pool >= 0 else [],
        }
        areas = {
            name: sum((np.diff(areas_until(level, bounds)) for level in parts), np.zeros(hours, np.int64))
            for name, parts in levels.items()
        }
        held = level_of(ledger.visits["started"][begun], ledger.ended[begun])
        areas["paused"] = np.diff(areas_until(held, bounds)) - areas["in_service"]
        events = {
            "arrived": ledger.waiting(number)[0],
            "started": ledger.visits["started"][begun],
            "ended": ledger.visits["ended"][done],
        }
        for name, ticks in events.items():
            hour = np.searchsorted(bounds, ticks, side="right") - 1
            columns[name].append(np.bincount(hour, minlength=hours))
        for name in HOUR_AREAS:
            columns[f"{name}_ms"].append(areas[name])
    stages = len(network.stages)
    table: Table = {"tick": np.repeat(bounds[:-1], stages), "stage": np.tile(np.arange(stages), hours)}
    return table | {name: np.stack(rows, axis=1).ravel() for name, rows in columns.items()}


def count_waiting(network: Network, traffic: Traffic, records: Records) -> Ints:
    """Area under the number waiting in and before the port in each hour of one replication: int64[hours], unit-ms.

    The same as `waiting_ms` of `count_hours` added up over the stages, without the rest of that table.
    """
    ledger = Ledger(network, traffic, records)
    bounds = hours_of(network, ledger.end)
    areas = np.zeros(bounds.size - 1, np.int64)
    for number in range(len(network.stages)):
        areas += Presence.of(*ledger.waiting(number), 0, ledger.end).areas_between(bounds)
    return areas


def hour_labels(network: Network, end: int) -> list[tuple[str, int]]:
    """Date (YYYY-MM-DD) and hour (0 to 23) by the port's clock of each hour of `hours_of`, as the clock shows it."""
    labels = []
    for tick in hours_of(network, end)[:-1].tolist():
        local = to_local(network.start_ms + tick, network.clock)
        labels.append((local.date().isoformat(), local.hour))
    return labels


def mean_hours(network: Network, sums: Table, replications: int, end: int) -> Iterator[list[object]]:
    """Rows of hourly.csv, the header first: means over replications of `count_hours`, areas as levels over the hour.

    sums : columns of `count_hours` added up over the replications
    end : the tick they were played up to
    """
    yield ["tick", "date", "hour", "stage", "pool", *HOUR_COUNTS, *HOUR_AREAS]
    if not replications:
        return
    stages = len(network.stages)
    lengths = np.repeat(np.diff(hours_of(network, end)), stages)
    means = [sums[name] / replications for name in HOUR_COUNTS]
    means += [sums[f"{name}_ms"] / (replications * lengths) for name in HOUR_AREAS]
    labels = hour_labels(network, end)
    undefined = []
    for stage in network.stages:
        names = [] if stage.lanes is not None else ["lanes_open"]
        names += [] if stage.pool >= 0 else ["officers_in_use", "officers_on_duty"]
        undefined.append([len(HOUR_COUNTS) + HOUR_AREAS.index(name) for name in names])
    ticks = sums["tick"].tolist()
    for row, values in enumerate(zip(*(column.tolist() for column in means), strict=True)):
        hour, number = divmod(row, stages)
        cells: list[object] = list(values)
        for place in undefined[number]:
            cells[place] = None
        stage = network.stages[number]
        pool = network.pools[stage.pool].name if stage.pool >= 0 else None
        yield [ticks[row], *labels[hour], stage.name, pool, *cells]
