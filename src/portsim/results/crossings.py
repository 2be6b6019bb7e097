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
from portsim.results.measure import Sheet, ratio
from portsim.results.names import DIRECTIONS
from portsim.results.waits import PERCENTILES, percentile


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """Every crossing of the run, one row each: tick, what crossed, and how much of it.

    tick : int64[n]; flow, kind : int16[n]; direction : int8[n]; persons, goods : int64[n]
    """

    tick: Ints
    flow: NDArray[np.int16]
    kind: NDArray[np.int16]
    direction: NDArray[np.int8]
    persons: Ints
    goods: Ints


def crossings_of(ledger: Ledger) -> Crossings:
    """Find every crossing of the run, in the measured stretch or not."""
    visits, units = ledger.visits, ledger.units
    counted = [ledger.visits_of_stage[number] for number, stage in enumerate(ledger.network.stages) if stage.counted]
    rows = np.concatenate((np.empty(0, np.intp), *counted))
    tick = visits["ended"][rows]
    ended = np.flatnonzero(tick != NONE)
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


def measure_crossings(ledger: Ledger, sheet: Sheet) -> None:
    """Write down every count of crossings.

    `crossings_per_day`, `persons_per_day` and `goods_per_day` are means over the whole calendar days of the
    measured stretch, a closed day being a day with none; `throughput_per_h` is per hour of the whole stretch,
    closed hours included; `crossings_in_NAME`, `persons_in_NAME` and `goods_in_NAME` count the named stretch wherever
    it lies, of its kinds only, and are undefined if the run stopped before its end.
    """
    network = ledger.network
    every = crossings_of(ledger)
    in_window = (every.tick >= ledger.start) & (every.tick < ledger.end)
    midnights = whole_days(network, ledger.start, ledger.end)
    days = max(midnights.size - 1, 0)
    # Column 0 is for the hours that are no whole day, before the first midnight and after the last.
    column = np.searchsorted(midnights, every.tick, side="right")
    column[column > days] = 0
    by_day = Tally(network, every, in_window, column, days + 1)
    crossings, persons, goods = by_day.sums(), by_day.sums(every.persons), by_day.sums(every.goods)
    windows = []
    for window in network.windows:
        chosen = (every.tick >= window.start) & (every.tick < window.end)
        if window.kinds:
            chosen &= np.isin(every.kind, window.kinds)
        counted = Tally(network, every, chosen, np.zeros_like(every.tick), 1)
        windows.append((counted.sums(), counted.sums(every.persons), counted.sums(every.goods)))
    for where, counts in crossings.items():
        flow, kind, direction = where
        per_day = np.sort(counts[1:])
        largest = float(per_day[-1]) if days else float("nan")
        total = int(counts.sum())
        cells = [("crossings_per_day", "crossings/day", ratio(int(per_day.sum()), days))]
        cells += [(f"crossings_p{q}_per_day", "crossings/day", percentile(per_day, q)) for q in PERCENTILES]
        cells += [
            ("crossings_max_per_day", "crossings/day", largest),
            ("crossings", "crossings", float(total)),
            ("throughput_per_h", "crossings/h", ratio(total, ledger.hours)),
            ("persons_per_day", "persons/day", ratio(int(persons[where][1:].sum()), days)),
            ("goods_per_day", "goods/day", ratio(int(goods[where][1:].sum()), days)),
        ]
        for window, sums in zip(network.windows, windows, strict=True):
            for what, sum_of in zip(("crossings", "persons", "goods"), sums, strict=True):
                value = float(sum_of[where][0]) if window.end <= ledger.end else float("nan")
                cells.append((f"{what}_in_{window.name}", what, value))
        for metric, unit, value in cells:
            sheet.write(metric, unit, value, flow=flow, kind=kind, direction=direction)


Group = tuple[str | None, str | None, str | None]
"""Flow, kind, direction: at most one of them named."""


class Tally:
    """Chosen crossings counted by column for the whole port, each flow, kind and direction.

    column : int64[n], 0 <= column < columns
    """

    def __init__(
        self, network: Network, crossings: Crossings, chosen: NDArray[np.bool_], column: Ints, columns: int
    ) -> None:
        self._network = network
        self._chosen = slice(None) if chosen.all() else np.flatnonzero(chosen)
        self._shape = (len(network.flows), len(network.kinds), len(DIRECTIONS), columns)
        _, kinds, directions, _ = self._shape
        part = (crossings.flow.astype(np.int64) * kinds + crossings.kind) * directions + crossings.direction
        self._cells = (part * columns + column)[self._chosen]

    def sums(self, weight: Ints | None = None) -> dict[Group, Ints]:
        """How many, or the sum of a weight of them: int64[columns] of each group."""
        amount = None if weight is None else weight[self._chosen]
        # Sums of whole numbers below 2**53 are exact in float64, which is what bincount adds in.
        flat = np.bincount(self._cells, weights=amount, minlength=int(np.prod(self._shape)))
        cube = flat.astype(np.int64).reshape(self._shape)
        result: dict[Group, Ints] = {(None, None, None): cube.sum(axis=(0, 1, 2))}
        result |= {(name, None, None): cube[f].sum(axis=(0, 1)) for f, name in enumerate(self._network.flows)}
        result |= {(None, name, None): cube[:, k].sum(axis=(0, 1)) for k, name in enumerate(self._network.kinds)}
        result |= {(None, None, name): cube[:, :, d].sum(axis=(0, 1)) for d, name in enumerate(DIRECTIONS)}
        return result
