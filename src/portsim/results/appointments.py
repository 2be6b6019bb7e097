"""How long units wait in all, elsewhere and at the port, and whether they catch the departure they are booked for.

virtual wait  of a unit: from wanting to come until it comes
total wait    of a unit: the virtual wait and the wait at the port

Both belong to the measured stretch in which the unit wanted to come; passengers, who come with their vehicle, are left
out. A unit that has not come by the end of the run counts with the time until then, so that a queue which is moved
elsewhere does not vanish. Units that stay away, or book a slot and do not come, have neither time.

A departure belongs to the stretch in which it is. It is caught by the units that start at that very tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE, Network
from portsim.model.records import UnitOutcome
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet, ratio
from portsim.results.spread import Spread
from portsim.results.waits import Counts, unit_times

VIRTUAL_WAIT = "virtual_wait"
TOTAL_WAIT = "total_wait"


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """Units that wanted to come before the end of the run and have not come by then, passengers with their vehicle.

    flow : int16[n]; wanted : int64[n], ticks; is_passenger : bool[n]
    """

    flow: NDArray[np.int16]
    wanted: Ints
    is_passenger: NDArray[np.bool_]

    @classmethod
    def of(cls, ledger: Ledger) -> Elsewhere:
        """Those who come only after the run, and those whom a run that had to stop did not get to."""
        traffic, end = ledger.traffic, ledger.end
        arrived = np.where(traffic.parent == NONE, traffic.arrived, traffic.arrived[traffic.parent])
        missed = (arrived >= end) & (traffic.wanted < end)
        later = traffic.later_wanted < end
        flow = np.concatenate((traffic.later_flow[later], traffic.flow[missed]))
        wanted = np.concatenate((traffic.later_wanted[later], traffic.wanted[missed]))
        return cls(flow, wanted, np.isin(flow, ledger.network.aboard))


class TotalWaitTally:
    """Virtual and total waits, how many never came and how many have not come yet: of the port and of each flow."""

    def __init__(self, network: Network, spread: type[Spread]) -> None:
        self._flows = network.flows
        many = len(network.flows)
        self._spreads = {metric: spread(many) for metric in (VIRTUAL_WAIT, TOTAL_WAIT)}
        self._counts = {metric: Counts(many) for metric in (VIRTUAL_WAIT, TOTAL_WAIT)}
        self._unfinished = {metric: Counts(many) for metric in (VIRTUAL_WAIT, TOTAL_WAIT)}
        self._no_shows, self._elsewhere = Counts(many), Counts(many)

    def add(self, ledger: Ledger, *, is_last: bool = True) -> None:
        """Take in the units that are counted here, and with the last part those that have not come."""
        units = ledger.units
        start = min(ledger.network.measure_from, ledger.end)
        came = (units["wanted"] >= start) & ~ledger.is_passenger
        if ledger.is_settled is not None:
            came &= ledger.is_settled
        virtual = units["arrived"] - units["wanted"]
        total = virtual + unit_times(ledger)[0]
        in_port = units["outcome"] == UnitOutcome.IN_PORT
        nobody = np.zeros(in_port.size, np.bool_)
        self._add(VIRTUAL_WAIT, virtual, units["flow"], came, nobody)
        self._add(TOTAL_WAIT, total, units["flow"], came & ledger.is_admitted, in_port)
        edges = np.arange(len(self._flows) + 1)
        self._no_shows.add(ledger.traffic.no_shows, edges)
        if is_last:
            elsewhere = Elsewhere.of(ledger)
            self._elsewhere.add(None, np.searchsorted(np.sort(elsewhere.flow), edges))
            later = (elsewhere.wanted >= start) & ~elsewhere.is_passenger
            until_end = ledger.end - elsewhere.wanted
            for metric in (VIRTUAL_WAIT, TOTAL_WAIT):
                self._add(metric, until_end, elsewhere.flow, later, np.ones(later.size, np.bool_))

    def _add(
        self,
        metric: str,
        ms: Ints,
        flow: NDArray[np.int16],
        is_chosen: NDArray[np.bool_],
        is_open: NDArray[np.bool_],
    ) -> None:
        """Take in chosen times; is_open : bool[n], whether a time may still grow."""
        rows: NDArray[np.intp] | slice = slice(None) if is_chosen.all() else np.flatnonzero(is_chosen)
        flow, ms, is_open = flow[rows], ms[rows], is_open[rows]
        if (flow[1:] < flow[:-1]).any():
            order = np.argsort(flow, kind="stable")
            flow, ms, is_open = flow[order], ms[order], is_open[order]
        bounds = np.searchsorted(flow, np.arange(len(self._flows) + 1))
        self._spreads[metric].add(ms, bounds)
        self._counts[metric].add(None, bounds)
        self._unfinished[metric].add(is_open, bounds)

    def write(self, sheet: Sheet) -> None:
        """Write the rows."""
        first_row = len(sheet.rows)
        for number, name in ((None, None), *enumerate(self._flows)):
            if name is not None and len(self._flows) == 1:
                sheet.write_again(first_row, flow=name)
                break
            for metric in (VIRTUAL_WAIT, TOTAL_WAIT):
                share = ratio(self._unfinished[metric].of(number), self._counts[metric].of(number))
                sheet.write(f"{metric}_unfinished_share", "share", share, flow=name)
                for statistic, value in self._spreads[metric].statistics(number):
                    sheet.write(f"{metric}_{statistic}_min", "min", value, flow=name)
            sheet.write("no_shows", "units", self._no_shows.of(number), flow=name)
            sheet.write("waiting_elsewhere", "units", self._elsewhere.of(number), flow=name)


class DepartureTally:
    """How many units are booked for departures, and how many catch theirs: by flow and stage.

    Booked are units that come in the run, whatever becomes of them; one that has not reached the stage has missed it.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._booked = dict.fromkeys(network.booked, 0)
        self._caught = dict.fromkeys(network.booked, 0)

    def add(self, ledger: Ledger) -> None:
        """Take in the units that are settled here; a departure counts if it is in the measured stretch."""
        network, traffic, visits = ledger.network, ledger.traffic, ledger.visits
        if not network.booked:
            return
        unit = np.repeat(np.arange(len(traffic)), np.diff(traffic.first))
        started = np.full(unit.size, NONE, np.int64)
        started[traffic.first[visits["unit"]] + visits["step"]] = visits["started"]
        is_measured = (traffic.hold >= min(network.measure_from, ledger.end)) & (traffic.hold < ledger.end)
        if ledger.settled is not None:
            is_measured &= ledger.settled[unit]
        flow = traffic.flow[unit]
        for number, stage in network.booked:
            rows = np.flatnonzero(is_measured & (flow == number) & (traffic.stage == stage))
            self._booked[number, stage] += rows.size
            self._caught[number, stage] += int(np.count_nonzero(started[rows] == traffic.hold[rows]))

    def write(self, sheet: Sheet) -> None:
        """Write `booked` and `caught_share` where units are booked: of the port, by flow and by stage."""
        network = self._network
        if not network.booked:
            return

        def write(keys: Sequence[tuple[int, int]], flow: str | None, stage: str | None) -> None:
            booked = sum(self._booked[key] for key in keys)
            sheet.write("booked", "units", booked, flow=flow, stage=stage)
            caught = sum(self._caught[key] for key in keys)
            sheet.write("caught_share", "share", ratio(caught, booked), flow=flow, stage=stage)

        write(network.booked, None, None)
        for number in dict.fromkeys(number for number, _ in network.booked):
            write([key for key in network.booked if key[0] == number], network.flows[number], None)
        for stage in dict.fromkeys(stage for _, stage in network.booked):
            write([key for key in network.booked if key[1] == stage], None, network.stages[stage].name)
