"""How long vehicles wait for their passengers, and how many passengers they leave without.

rejoin  of a vehicle: from joining the step at which it waits for its passengers until that step starts. It is part of
        the delay and of the dwell, and no part of the wait
left_behind  passengers who are not out when the vehicle goes on without them, because it waits no longer

The rejoin belongs to the measured stretch in which the vehicle arrived, who is left behind to that in which the vehicle
goes on.
"""

from __future__ import annotations

import numpy as np

from portsim.model.network import NONE
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet
from portsim.results.waits import time_statistics

REJOIN = "rejoin"


def measure_rejoins(ledger: Ledger, sheet: Sheet) -> None:
    """Write down `rejoin_*_min` and `left_behind`, where vehicles wait for passengers: of the port and of each flow."""
    network, visits, units = ledger.network, ledger.visits, ledger.units
    if not network.rejoining:
        return
    joins = np.flatnonzero(ledger.is_join)
    started = ledger.until_end(visits["started"][joins])
    rejoin = started - visits["joined"][joins]
    of_flow = units["flow"][ledger.unit_row[joins]]
    came = ledger.came_in_window[ledger.unit_row[joins]]

    # Of each unit the tick at which it went on; NONE for those who wait still, or for nobody.
    went_on = np.full(len(ledger.traffic), NONE, np.int64)
    went_on[visits["unit"][joins]] = visits["started"][joins]
    passengers = np.flatnonzero(ledger.is_passenger)
    vehicle = units["parent"][passengers]
    without = went_on[vehicle]
    out = units["out"][passengers]
    behind = (without >= ledger.start) & ((out == NONE) | (out > without))
    behind_of = ledger.traffic.flow[vehicle[behind]]

    for number in (None, *network.rejoining):
        flow = None if number is None else network.flows[number]
        ms = rejoin[came & (True if number is None else of_flow == number)]
        for statistic, value in time_statistics(ms):
            sheet.write(f"{REJOIN}_{statistic}_min", "min", value, flow=flow)
        left = behind_of.size if number is None else np.count_nonzero(behind_of == number)
        sheet.write("left_behind", "units", int(left), flow=flow)
