"""How many cross: by day, by hour, in named stretches of time; for the port, each flow, kind and direction.

A crossing is a visit to a counted stage whose service ended: it belongs to the tick of that end, as the published
counts do. A unit that passes two counted stages crosses twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE, Network
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger
from portsim.results.measure import HOUR_MS, Sheet, ratio
from portsim.results.names import DIRECTIONS
from portsim.results.spread import PERCENTILES, percentile


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """Crossings, one row each: tick, what crossed, and how much of it.

    tick : int64[n]; flow, kind : int16[n]; direction : int8[n]; persons, goods : int64[n]
    """

    tick: Ints
    flow: NDArray[np.int16]
    kind: NDArray[np.int16]
    direction: NDArray[np.int8]
    persons: Ints
    goods: Ints


WHAT = ("crossings", "persons", "goods")

Group = tuple[str | None, str | None, str | None]
"""Flow, kind, direction: at most one of them named."""

Counts = dict[str, Ints]
"""By what is counted: int64[flows, kinds, directions, columns]."""


def crossings_of(ledger: Ledger) -> Crossings:
    """Find every crossing of the run, or of the part of it at hand, in the measured stretch or not."""
    visits, units = ledger.visits, ledger.units
    counted = [ledger.visits_of_stage[number] for number, stage in enumerate(ledger.network.stages) if stage.counted]
    rows = np.concatenate((np.empty(0, np.intp), *counted))
    tick = visits["ended"][rows]
    ended = np.flatnonzero((tick != NONE) & (tick >= ledger.since))
    rows, tick = rows[ended], tick[ended]
    unit = ledger.rows_of(visits["unit"][rows])
    return Crossings(
        tick,
        units["flow"][unit],
        units["kind"][unit],
        visits["direction"][rows],
        units["persons"][unit].astype(np.int64),
        units["goods"][unit].astype(np.int64),
    )


def whole_days(network: Network, start: int, end: int) -> Ints:
    """Midnights that bound the calendar days lying entirely in [start, end): one more than there are days."""
    inside = network.midnights[(network.midnights >= start) & (network.midnights <= end)]
    return inside if inside.size > 1 else inside[:0]


class CrossingTally:
    """Counts of crossings by day and in named stretches, added up part by part."""

    def __init__(self, network: Network) -> None:
        self._network = network
        midnights = network.midnights
        self._midnights = midnights[(midnights >= network.measure_from) & (midnights <= network.end)]
        self._shape = (len(network.flows), len(network.kinds), len(DIRECTIONS))
        # Column 0 is for what is before the first midnight, column i + 1 for what is after midnight i.
        columns = self._midnights.size + 1
        self._days = {what: np.zeros((*self._shape, columns), np.int64) for what in WHAT}
        self._windows = [{what: np.zeros((*self._shape, 1), np.int64) for what in WHAT} for _ in network.windows]

    def add(self, ledger: Ledger) -> None:
        """Count the crossings of a part."""
        every = crossings_of(ledger)
        column = np.searchsorted(self._midnights, every.tick, side="right")
        self._count(self._days, every, (every.tick >= ledger.start) & (every.tick < ledger.end), column)
        for window, counts in zip(self._network.windows, self._windows, strict=True):
            chosen = (every.tick >= window.start) & (every.tick < window.end)
            if window.kinds:
                chosen &= np.isin(every.kind, window.kinds)
            self._count(counts, every, chosen, np.zeros_like(every.tick))

    def write(self, sheet: Sheet, start: int, end: int) -> None:
        """Write every count of the measured stretch, which ended at `end`.

        `crossings_per_day`, `persons_per_day` and `goods_per_day` are means over the whole calendar days of the
        measured stretch, a closed day being a day with none; `throughput_per_h` is per hour of the whole stretch,
        closed hours included; `crossings_in_NAME`, `persons_in_NAME` and `goods_in_NAME` count the named stretch
        wherever it lies, of its kinds only, and are undefined if the run stopped before its end.
        """
        network = self._network
        days = max(int(np.count_nonzero(self._midnights <= end)) - 1, 0)
        hours = (end - start) / HOUR_MS
        crossings, persons, goods = (self._by_group(self._days[what]) for what in WHAT)
        windows = [[self._by_group(counts[what]) for what in WHAT] for counts in self._windows]
        for where, counts in crossings.items():
            flow, kind, direction = where
            per_day = np.sort(counts[1 : days + 1])
            largest = float(per_day[-1]) if days else float("nan")
            total = int(counts.sum())
            cells = [("crossings_per_day", "crossings/day", ratio(int(per_day.sum()), days))]
            cells += [(f"crossings_p{q}_per_day", "crossings/day", percentile(per_day, q)) for q in PERCENTILES]
            cells += [
                ("crossings_max_per_day", "crossings/day", largest),
                ("crossings", "crossings", float(total)),
                ("throughput_per_h", "crossings/h", ratio(total, hours)),
                ("persons_per_day", "persons/day", ratio(int(persons[where][1 : days + 1].sum()), days)),
                ("goods_per_day", "goods/day", ratio(int(goods[where][1 : days + 1].sum()), days)),
            ]
            for window, groups in zip(network.windows, windows, strict=True):
                for what, group in zip(WHAT, groups, strict=True):
                    value = float(group[where][0]) if window.end <= end else float("nan")
                    cells.append((f"{what}_in_{window.name}", what, value))
            for metric, unit, value in cells:
                sheet.write(metric, unit, value, flow=flow, kind=kind, direction=direction)

    def _count(self, counts: Counts, every: Crossings, chosen: NDArray[np.bool_], column: Ints) -> None:
        """Add chosen crossings, and the persons and goods that crossed with them, in their columns."""
        rows = slice(None) if chosen.all() else np.flatnonzero(chosen)
        _, kinds, directions = self._shape
        part = (every.flow.astype(np.int64) * kinds + every.kind) * directions + every.direction
        shape = counts["crossings"].shape
        cells = (part * shape[-1] + column)[rows]
        for what, weight in (("crossings", None), ("persons", every.persons[rows]), ("goods", every.goods[rows])):
            # Sums of whole numbers below 2**53 are exact in float64, which is what bincount adds in.
            flat = np.bincount(cells, weights=weight, minlength=int(np.prod(shape)))
            counts[what] += flat.astype(np.int64).reshape(shape)

    def _by_group(self, cube: Ints) -> dict[Group, Ints]:
        """The columns of each group: the whole port, each flow, kind and direction."""
        network = self._network
        result: dict[Group, Ints] = {(None, None, None): cube.sum(axis=(0, 1, 2))}
        result |= {(name, None, None): cube[f].sum(axis=(0, 1)) for f, name in enumerate(network.flows)}
        result |= {(None, name, None): cube[:, k].sum(axis=(0, 1)) for k, name in enumerate(network.kinds)}
        result |= {(None, None, name): cube[:, :, d].sum(axis=(0, 1)) for d, name in enumerate(DIRECTIONS)}
        return result
