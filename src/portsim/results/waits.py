"""How long units wait, are blocked, are delayed and stay; which of them within the targets.

Each belongs to the measured stretch in which its unit arrived. Units turned away as they arrived have no times;
units that gave up have theirs until they left, which is less than they would have had to wait (`left` says how many
did, `left_wait_mean_min` how long they waited). Units still in the port count with what is known: the time until the
end of the run, a lower bound for each of them (`unfinished_share` says how many there are).

wait     of a unit: arrived to first joined, and joined to started at every stage
blocked  of a unit: ended to left at every stage, its lane held because the next stage had no place
dwell    of each leg of a unit: arrived (first leg) or joined (later ones) to the leg's last stage left
delay    of each leg: dwell less the time actually worked on the unit

Percentiles interpolate linearly between order statistics (Hyndman and Fan 1996, definition 7). The buffer time is
the 95th percentile of dwell less its mean, the buffer index that over the mean (FHWA).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE, Network
from portsim.model.records import UnitOutcome
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger, Rows
from portsim.results.measure import HOUR_MS, MINUTE_MS, Sheet, ratio
from portsim.results.spread import STATISTICS, Spread

TIMES = ("wait", "blocked", "delay", "dwell")


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """One kind of time of the units that arrived in the measured stretch, ordered by flow.

    ms : int64[n]
    is_finished : bool[n], whether it is known to its end
    gave_up : bool[n], whether it ended because the unit gave up waiting
    bounds : intp[flows + 1], those of flow f are rows bounds[f] .. bounds[f + 1] - 1
    """

    ms: Ints
    is_finished: NDArray[np.bool_]
    gave_up: NDArray[np.bool_]
    bounds: Rows


def times_of(ledger: Ledger) -> Mapping[str, Times]:
    """Wait and blocked time of each unit, dwell and delay of each leg: of the units that are counted here."""
    units = ledger.units
    size = units["unit"].size
    is_in_port = units["outcome"] == UnitOutcome.IN_PORT
    outside = ledger.outside
    stood_outside = ledger.gone[outside] - units["arrived"][outside]

    wait, blocked = unit_times(ledger)
    legs = ledger.first_visits_of_legs
    if ledger.first_visits.size:
        left = ledger.visits["left"][np.append(legs[1:], ledger.visits["unit"].size) - 1]
        dwell = ledger.until_end(left) - ledger.reached[legs]
        delay = dwell - np.add.reduceat(ledger.served, legs)
        leg_is_finished = left != NONE
    else:
        dwell = delay = np.empty(0, np.int64)
        leg_is_finished = np.empty(0, np.bool_)
    leg_unit = np.concatenate((ledger.rows_of(ledger.visits["unit"][legs]), outside))
    leg_is_finished = np.concatenate((leg_is_finished, ~is_in_port[outside]))
    of_unit = _chosen(ledger, np.arange(size), ledger.is_counted & ledger.is_admitted)
    of_leg = _chosen(ledger, leg_unit, ledger.is_counted[leg_unit])
    gave_up, leg_gave_up = ledger.gave_up, ledger.gave_up[leg_unit]
    return {
        "wait": _times(wait, ~is_in_port, gave_up, of_unit),
        "blocked": _times(blocked, ~is_in_port, gave_up, of_unit),
        "delay": _times(np.concatenate((delay, stood_outside)), leg_is_finished, leg_gave_up, of_leg),
        "dwell": _times(np.concatenate((dwell, stood_outside)), leg_is_finished, leg_gave_up, of_leg),
    }


def unit_times(ledger: Ledger) -> tuple[Ints, Ints]:
    """Wait and blocked time of each unit, int64 of the length of the units table, ms."""
    return ledger.unit_wait, ledger.unit_blocked


def _chosen(ledger: Ledger, unit: Rows, is_chosen: NDArray[np.bool_]) -> tuple[Rows | slice, Rows]:
    """Rows that are chosen, ordered by flow, and where those of each flow begin."""
    chosen: Rows | slice = slice(None) if is_chosen.all() else np.flatnonzero(is_chosen)
    flow = ledger.units["flow"][unit[chosen]]
    if (flow[1:] < flow[:-1]).any():
        order = np.argsort(flow, kind="stable")
        chosen, flow = np.arange(unit.size)[chosen][order], flow[order]
    return chosen, np.searchsorted(flow, np.arange(len(ledger.network.flows) + 1))


def _times(
    ms: Ints, is_finished: NDArray[np.bool_], gave_up: NDArray[np.bool_], chosen: tuple[Rows | slice, Rows]
) -> Times:
    rows, bounds = chosen
    return Times(ms[rows], is_finished[rows], gave_up[rows], bounds)


class WaitTally:
    """Waits, blocked times, delays and dwells of the port and of each flow, taken in part by part.

    targets : by name, as `wait_p95_min`, with one of the measures and statistics named here; ValueError for others
    spread : keeps the times of so many flows
    """

    def __init__(self, network: Network, targets: Mapping[str, float], spread: type[Spread]) -> None:
        self._flows = network.flows
        self._targets = {target: (_measure_of(target), limit) for target, limit in targets.items()}
        many = len(network.flows)
        self._spreads = {name: spread(many) for name in TIMES}
        self._counts: dict[str, Counts] = {
            name: Counts(many) for name in (*TIMES, "unfinished", "gave up", "lost", *targets)
        }
        self._passengers: set[int] = set()

    def add(self, ledger: Ledger) -> None:
        """Take in the units that are counted here."""
        self._passengers |= set(np.unique(ledger.units["flow"][ledger.is_passenger]).tolist())
        times = times_of(ledger)
        counts = self._counts
        for name, time in times.items():
            self._spreads[name].add(time.ms, time.bounds)
            counts[name].add(None, time.bounds)
        wait = times["wait"]
        if not wait.is_finished.all():
            counts["unfinished"].add(~wait.is_finished, wait.bounds)
        if wait.gave_up.any():
            counts["gave up"].add(wait.gave_up, wait.bounds)
            counts["lost"].add(np.where(wait.gave_up, wait.ms, 0), wait.bounds)
        for target, (name, limit) in self._targets.items():
            time = times[name]
            kept = time.is_finished & ~time.gave_up & (time.ms <= limit * MINUTE_MS)
            counts[target].add(kept, time.bounds)

    def write(self, sheet: Sheet) -> None:
        """Write the rows.

        `within_target_NAME` is the share known to have kept the target; one still in the port has not, and
        one that gave up never will. `truck_hours_lost` is the sum of delays, of whatever kind the units are, for the
        port without those of passengers.
        """
        first_row = len(sheet.rows)
        groups: list[tuple[str | None, int | None]] = [(None, None), *((name, f) for f, name in enumerate(self._flows))]
        counts = self._counts
        for flow, number in groups:
            if flow is not None and len(self._flows) == 1 and not self._passengers:
                sheet.write_again(first_row, flow=flow)
                break
            unfinished = ratio(counts["unfinished"].of(number), counts["wait"].of(number))
            sheet.write("unfinished_share", "share", unfinished, flow=flow)
            for name in TIMES:
                values = dict(self._spreads[name].statistics(number))
                for statistic, value in values.items():
                    sheet.write(f"{name}_{statistic}_min", "min", value, flow=flow)
                if name == "wait":
                    lost = ratio(counts["lost"].of(number) / MINUTE_MS, counts["gave up"].of(number))
                    sheet.write("left_wait_mean_min", "min", lost, flow=flow)
                if name == "delay":
                    delay = self._spreads[name]
                    apart = self._passengers if flow is None else ()
                    lost = (delay.total(number) - sum(delay.total(one) for one in apart)) / HOUR_MS
                    sheet.write("truck_hours_lost", "h", lost, flow=flow)
                if name == "dwell":
                    buffer = values["p95"] - values["mean"]
                    sheet.write("buffer_time_min", "min", buffer, flow=flow)
                    sheet.write("buffer_index", "ratio", ratio(buffer, values["mean"]), flow=flow)
            for target, (name, _) in self._targets.items():
                share = ratio(counts[target].of(number), counts[name].of(number))
                sheet.write(f"within_target_{target}", "share", share, flow=flow)


class Counts:
    """A whole number of each flow, added up part by part."""

    def __init__(self, flows: int) -> None:
        self._of = [0] * flows

    def add(self, values: Ints | NDArray[np.bool_] | None, bounds: Sequence[int] | Rows) -> None:
        """Add up values that are ordered by flow; None counts them."""
        for flow, (begin, end) in enumerate(pairwise(bounds)):
            self._of[flow] += int(end - begin if values is None else values[begin:end].sum())

    def of(self, flow: int | None) -> int:
        """The number of one flow, or of all."""
        return sum(self._of) if flow is None else self._of[flow]


class StageWaitTally:
    """Waits for a stage, the time outside its door included for a unit's first, and times blocked after it."""

    def __init__(self, network: Network, number: int, spread: type[Spread]) -> None:
        self._number, self._name = number, network.stages[number].name
        self._spreads = {"wait": spread(1), "blocked": spread(1)}
        self._waits = self._unfinished = 0

    def add(self, ledger: Ledger) -> None:
        """Take in the visits of the units that are counted here."""
        number, counted = self._number, ledger.is_counted
        reached, wait_end = ledger.waiting(number)
        waits = wait_end - reached
        visits = ledger.visits_of_stage[number]
        outside = (
            ledger.outside[ledger.first_stage[ledger.outside] == number] if ledger.outside.size else ledger.outside
        )
        if not counted.all():
            counted_here = counted[ledger.rows_of(ledger.visits["unit"][visits])]
            waits = waits[np.concatenate((counted_here, counted[outside]))]
            visits, outside = visits[counted_here], outside[counted[outside]]
        still_outside = ledger.units["outcome"][outside] == UnitOutcome.IN_PORT
        self._unfinished += int(np.count_nonzero(ledger.is_waiting[visits])) + int(np.count_nonzero(still_outside))
        self._waits += waits.size
        blocked = ledger.blocked[visits] if ledger.is_blocking else np.zeros(visits.size, np.int64)
        for name, ms in (("wait", waits), ("blocked", blocked)):
            self._spreads[name].add(ms, (0, ms.size))

    def write(self, sheet: Sheet) -> None:
        """Write the rows."""
        sheet.write("unfinished_share", "share", ratio(self._unfinished, self._waits), stage=self._name)
        for name, spread in self._spreads.items():
            for statistic, value in spread.statistics(0):
                sheet.write(f"{name}_{statistic}_min", "min", value, stage=self._name)


def _measure_of(target: str) -> str:
    """Which kind of time a target is about."""
    name, _, rest = target.partition("_")
    statistic, _, unit = rest.partition("_")
    if name not in TIMES or statistic not in STATISTICS or unit != "min":
        raise ValueError(
            f"a target is one of {', '.join(TIMES)} with one of {', '.join(STATISTICS)} in minutes, "
            f"for instance wait_p95_min; got {target!r}"
        )
    return name
