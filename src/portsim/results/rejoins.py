"""How long vehicles wait for their passengers, and how many passengers they leave without.

rejoin  of a vehicle: from joining the step at which it waits for its passengers until that step starts. It is part of
        the delay and of the dwell, and no part of the wait
left_behind  passengers who are not out when the vehicle goes on without them, because it waits no longer

The rejoin belongs to the measured stretch in which the vehicle arrived, who is left behind to that in which the vehicle
goes on.
"""

from __future__ import annotations

import numpy as np

from portsim.model.network import NONE, Network
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet
from portsim.results.spread import Spread

REJOIN = "rejoin"


class RejoinTally:
    """How long vehicles waited for passengers, and whom they left behind: of the port and of each flow that waits."""

    def __init__(self, network: Network, spread: type[Spread]) -> None:
        self._network = network
        self._spread = spread(len(network.rejoining))
        self._behind = dict.fromkeys(network.rejoining, 0)

    def add(self, ledger: Ledger) -> None:
        """Take in the vehicles that are counted here."""
        network, visits, units = ledger.network, ledger.visits, ledger.units
        if not network.rejoining:
            return
        joins = np.flatnonzero(ledger.is_join)
        started = ledger.until_end(visits["started"][joins])
        rejoin = started - visits["joined"][joins]
        vehicle_row = ledger.unit_row[joins]
        place = np.searchsorted(network.rejoining, units["flow"][vehicle_row])
        counted = np.flatnonzero(ledger.is_counted[vehicle_row])
        order = counted[np.argsort(place[counted], kind="stable")]
        bounds = np.searchsorted(place[order], np.arange(len(network.rejoining) + 1))
        self._spread.add(rejoin[order], bounds)

        # Of each unit the tick at which it went on; NONE for those who wait still, or for nobody.
        went_on = np.full(len(ledger.traffic), NONE, np.int64)
        went_on[visits["unit"][joins]] = visits["started"][joins]
        passengers = np.flatnonzero(ledger.is_passenger)
        if ledger.is_settled is not None:
            passengers = passengers[ledger.is_settled[passengers]]
        vehicle = units["parent"][passengers]
        without = went_on[vehicle]
        out = units["out"][passengers]
        start = min(network.measure_from, ledger.end)
        behind = (without >= start) & ((out == NONE) | (out > without))
        behind_of = ledger.traffic.flow[vehicle[behind]]
        for flow in self._behind:
            self._behind[flow] += int(np.count_nonzero(behind_of == flow))

    def write(self, sheet: Sheet) -> None:
        """Write `rejoin_*_min` and `left_behind`, where vehicles wait for passengers."""
        network = self._network
        if not network.rejoining:
            return
        for place, number in ((None, None), *enumerate(network.rejoining)):
            flow = None if number is None else network.flows[number]
            for statistic, value in self._spread.statistics(place):
                sheet.write(f"{REJOIN}_{statistic}_min", "min", value, flow=flow)
            left = sum(self._behind.values()) if number is None else self._behind[number]
            sheet.write("left_behind", "units", left, flow=flow)
