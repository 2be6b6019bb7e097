"""All measures of one replication, taken in as one piece or part by part.

Whoever plays a long run part by part hands over each part's records once. Everything is added up in whole numbers, so
that figures do not depend on how the run was cut; only percentiles do, if the times are binned (`spread.Binned`).
"""

from __future__ import annotations

from collections.abc import Mapping

from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results.appointments import DepartureTally, TotalWaitTally
from portsim.results.crossings import CrossingTally
from portsim.results.ledger import Ledger
from portsim.results.measure import Measure, Sheet
from portsim.results.queues import BalanceTally, PortTally, QueueTally
from portsim.results.recovery import RecoveryTally
from portsim.results.rejoins import RejoinTally
from portsim.results.spread import Every, Spread
from portsim.results.staffing import LaneTally, StaffingTally
from portsim.results.waits import StageWaitTally, WaitTally


class Measuring:
    """The measures of one replication while it goes by.

    network : of the whole replication, with its outages
    targets : by name, for instance {"wait_p95_min": 120.0}: each adds the share of units that kept it; ValueError for
        one of another form
    spread : how times are kept
    """

    def __init__(self, network: Network, targets: Mapping[str, float], spread: type[Spread] = Every) -> None:
        stages = range(len(network.stages))
        self._network = network
        self._crossings = CrossingTally(network)
        self._waits = WaitTally(network, targets, spread)
        self._stages = [
            (StageWaitTally(network, stage, spread), QueueTally(network, stage), LaneTally(network, stage))
            for stage in stages
        ]
        self._total_waits = TotalWaitTally(network, spread)
        self._departures = DepartureTally(network)
        self._rejoins = RejoinTally(network, spread)
        self._port = PortTally()
        self._balance = BalanceTally(network)
        self._recovery = RecoveryTally(network)
        self._staffing = StaffingTally(network)
        self._end = 0

    def add(self, ledger: Ledger, *, is_last: bool = True) -> None:
        """Take in a part of the run; parts come in order, and the last one settles every unit that is left."""
        self._end = ledger.end
        self._crossings.add(ledger)
        self._waits.add(ledger)
        for number, tallies in enumerate(self._stages):
            for tally in tallies:
                tally.add(ledger)
            ledger.put_away(number)
        self._total_waits.add(ledger, is_last=is_last)
        self._departures.add(ledger)
        self._rejoins.add(ledger)
        self._port.add(ledger)
        self._balance.add(ledger)
        self._recovery.add(ledger)
        self._staffing.add(ledger)

    def measures(self) -> tuple[Measure, ...]:
        """Every measure of what was taken in, in an order that follows from names alone; NaN where undefined."""
        end = self._end
        start = min(self._network.measure_from, end)
        sheet = Sheet()
        self._crossings.write(sheet, start, end)
        self._waits.write(sheet)
        for waits, _, _ in self._stages:
            waits.write(sheet)
        self._total_waits.write(sheet)
        self._departures.write(sheet)
        self._rejoins.write(sheet)
        self._port.write(sheet, start, end)
        for _, queue, _ in self._stages:
            queue.write(sheet, start, end)
        self._balance.write(sheet)
        self._recovery.write(sheet, start, end)
        for _, _, lanes in self._stages:
            lanes.write(sheet)
        self._staffing.write(sheet)
        return tuple(sheet.rows)


def measure(network: Network, traffic: Traffic, records: Records, targets: Mapping[str, float]) -> tuple[Measure, ...]:
    """Measure one replication over its measured stretch: a pure function of the port, its traffic and what happened.

    targets : by name, for instance {"wait_p95_min": 120.0}: each adds the share of units that kept it

    The rows and their order follow from the network's names and the targets alone, so that rows of replications can
    be put side by side; what is not defined is NaN. Raises ValueError for a target of another form.
    """
    measuring = Measuring(network, targets)
    measuring.add(Ledger(network, traffic, records))
    return measuring.measures()


def count(network: Network, traffic: Traffic, records: Records) -> tuple[Measure, ...]:
    """Only the counts among the measures of one replication, where nothing else is wanted: see `CrossingTally`."""
    ledger = Ledger(network, traffic, records)
    tally = CrossingTally(network)
    tally.add(ledger)
    sheet = Sheet()
    tally.write(sheet, min(network.measure_from, ledger.end), ledger.end)
    return tuple(sheet.rows)
