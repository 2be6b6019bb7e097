"""Counts by calendar day of the port, in whole numbers: what a planner puts beside a day's log."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.model.traffic import Traffic
from portsim.results.areas import Ints
from portsim.results.crossings import crossings_of
from portsim.results.ledger import Ledger

DAY_COUNTS = ("arrived", "crossings", "persons", "goods")


def count_days(network: Network, traffic: Traffic, records: Records) -> Table:
    """Arrivals and crossings by calendar day, flow, direction and kind of one replication, zeros included.

    Columns, int64, ordered by (date, flow, direction, kind): date (number of the day, from 0), is_whole (1 if
    all of the day lies in the measured stretch, which are the days `crossings_per_day` is over), flow, direction, kind,
    arrived (by the direction of a unit's first leg), crossings, persons and goods (of the units that cross).
    """
    ledger = Ledger(network, traffic, records)
    kind_count, direction_count = len(network.kinds), 2
    every = crossings_of(ledger)
    arrivals = _part(ledger.units["flow"], ledger.direction, ledger.units["kind"], kind_count)
    crossed = _part(every.flow, every.direction, every.kind, kind_count)
    steps = np.diff(traffic.first)
    planned = _part(np.repeat(traffic.flow, steps), traffic.direction, np.repeat(traffic.kind, steps), kind_count)
    parts = np.unique(planned)
    bounds = network.midnights
    shape = (bounds.size - 1, parts.size)

    def tally(ticks: Ints, part: Ints, weight: Ints | None = None) -> Ints:
        day = np.searchsorted(bounds, ticks, side="right") - 1
        cells = day * parts.size + np.searchsorted(parts, part)
        return np.bincount(cells, weights=weight, minlength=shape[0] * shape[1]).astype(np.int64)

    is_whole = (bounds[:-1] >= ledger.start) & (bounds[1:] <= ledger.end)
    flow, rest = np.divmod(np.tile(parts, shape[0]), direction_count * kind_count)
    return {
        "date": np.repeat(np.arange(shape[0]), parts.size),
        "is_whole": np.repeat(is_whole.astype(np.int64), parts.size),
        "flow": flow,
        "direction": rest // kind_count,
        "kind": rest % kind_count,
        "arrived": tally(ledger.units["arrived"], arrivals),
        "crossings": tally(every.tick, crossed),
        "persons": tally(every.tick, crossed, every.persons),
        "goods": tally(every.tick, crossed, every.goods),
    }


def join_days(replications: Sequence[tuple[int, Table]]) -> Table:
    """Put `count_days` of replications under one another, each with every part any of them has.

    (A flow nobody came in is in no replication's counts of its own.) Adds the column `replication` in front.
    """
    names = ("date", "is_whole", "flow", "direction", "kind")
    keys = [np.stack([days[name] for name in names]) for _, days in replications]
    every = np.unique(np.concatenate(keys, axis=1), axis=1) if keys else np.empty((len(names), 0), np.int64)
    joined: dict[str, list[Ints]] = {name: [] for name in ("replication", *names, *DAY_COUNTS)}
    for (number, days), key in zip(replications, keys, strict=True):
        _, place = np.unique(np.concatenate((every, key), axis=1), axis=1, return_inverse=True)
        place = place.reshape(-1)[every.shape[1] :]
        joined["replication"].append(np.full(every.shape[1], number, np.int64))
        for name, column in zip(names, every, strict=True):
            joined[name].append(column)
        for name in DAY_COUNTS:
            column = np.zeros(every.shape[1], np.int64)
            column[place] = days[name]
            joined[name].append(column)
    return {name: np.concatenate(columns or [np.empty(0, np.int64)]) for name, columns in joined.items()}


def _part(flow: NDArray[np.int16], direction: NDArray[np.int8], kind: NDArray[np.int16], kinds: int) -> Ints:
    """One number for each combination of flow, direction and kind, in that order."""
    return (flow.astype(np.int64) * 2 + direction) * kinds + kind
