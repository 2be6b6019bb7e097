"""The measures of one replication: pure functions of the port, its traffic and what happened."""

from __future__ import annotations

from collections.abc import Mapping

from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results.appointments import measure_departures, measure_total_waits
from portsim.results.crossings import measure_crossings
from portsim.results.ledger import Ledger
from portsim.results.measure import Measure, Sheet
from portsim.results.queues import measure_balance, measure_queues, measure_stage_queue
from portsim.results.recovery import measure_recovery
from portsim.results.rejoins import measure_rejoins
from portsim.results.staffing import measure_staffing, measure_stage_lanes
from portsim.results.waits import measure_stage_waits, measure_waits


def measure(network: Network, traffic: Traffic, records: Records, targets: Mapping[str, float]) -> tuple[Measure, ...]:
    """Measure one replication over its measured stretch.

    targets : by name, for instance {"wait_p95_min": 120.0}: each adds the share of units that kept it

    The rows and their order follow from the network's names and the targets alone, so that rows of replications can
    be put side by side; what is not defined is NaN. Raises ValueError for a target of another form.
    """
    ledger = Ledger(network, traffic, records)
    sheet = Sheet()
    measure_crossings(ledger, sheet)
    measure_waits(ledger, sheet, targets)
    waits, queues, lanes = Sheet(), Sheet(), Sheet()
    for number in range(len(network.stages)):
        measure_stage_waits(ledger, number, waits)
        measure_stage_queue(ledger, number, queues)
        measure_stage_lanes(ledger, number, lanes)
        ledger.put_away(number)
    sheet.rows += waits.rows
    measure_total_waits(ledger, sheet)
    measure_departures(ledger, sheet)
    measure_rejoins(ledger, sheet)
    measure_queues(ledger, sheet)
    sheet.rows += queues.rows
    measure_balance(ledger, sheet)
    measure_recovery(ledger, sheet)
    sheet.rows += lanes.rows
    measure_staffing(ledger, sheet)
    return tuple(sheet.rows)
