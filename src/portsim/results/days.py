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
from portsim.results.names import DIRECTIONS

DAY_COUNTS = ("arrived", "crossings", "persons", "goods")


def count_days(network: Network, traffic: Traffic, records: Records) -> Table:
    """Arrivals and crossings by calendar day of one replication, as `DayTally.table` gives them."""
    tally = DayTally(network)
    tally.add(Ledger(network, traffic, records))
    return tally.table()


class DayTally:
    """Arrivals and crossings by calendar day, flow, direction and kind, added up part by part."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._shape = (network.midnights.size - 1, len(network.flows), len(DIRECTIONS), len(network.kinds))
        self._counts = {what: np.zeros(self._shape, np.int64) for what in DAY_COUNTS}
        self._is_planned = np.zeros(self._shape[1:], np.bool_)
        self._end = 0

    def add(self, ledger: Ledger) -> None:
        """Take in a part of the run."""
        self._end = ledger.end
        traffic, units = ledger.traffic, ledger.units
        steps = np.diff(traffic.first)
        self._is_planned[np.repeat(traffic.flow, steps), traffic.direction, np.repeat(traffic.kind, steps)] = True
        every = crossings_of(ledger)
        came = np.flatnonzero(units["arrived"] >= ledger.since)
        self._count("arrived", units["arrived"][came], units["flow"][came], ledger.direction[came], units["kind"][came])
        for what, weight in (("crossings", None), ("persons", every.persons), ("goods", every.goods)):
            self._count(what, every.tick, every.flow, every.direction, every.kind, weight)

    def _count(
        self,
        what: str,
        ticks: Ints,
        flow: NDArray[np.int16],
        direction: NDArray[np.int8],
        kind: NDArray[np.int16],
        weight: Ints | None = None,
    ) -> None:
        day = np.searchsorted(self._network.midnights, ticks, side="right") - 1
        cells = np.ravel_multi_index((day, flow, direction, kind), self._shape)
        # Sums of whole numbers below 2**53 are exact in float64, which is what bincount adds in.
        flat = np.bincount(cells, weights=weight, minlength=int(np.prod(self._shape)))
        self._counts[what] += flat.astype(np.int64).reshape(self._shape)

    def table(self) -> Table:
        """Counts of every day that was played, zeros included, of the parts of the port some unit belongs to.

        Columns, int64, ordered by (date, flow, direction, kind): date (number of the day, from 0), is_whole (1 if
        all of the day lies in the measured stretch, which are the days `crossings_per_day` is over), flow, direction,
        kind, arrived (by the direction of a unit's first leg), crossings, persons and goods (of the units that cross).
        """
        network, end = self._network, self._end
        days = int(np.searchsorted(network.midnights, end))
        bounds = network.midnights[: days + 1]
        is_whole = (bounds[:-1] >= min(network.measure_from, end)) & (bounds[1:] <= end)
        flow, direction, kind = np.nonzero(self._is_planned)
        return {
            "date": np.repeat(np.arange(days), flow.size),
            "is_whole": np.repeat(is_whole.astype(np.int64), flow.size),
            "flow": np.tile(flow, days),
            "direction": np.tile(direction, days),
            "kind": np.tile(kind, days),
            **{what: counts[:days, flow, direction, kind].ravel() for what, counts in self._counts.items()},
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
