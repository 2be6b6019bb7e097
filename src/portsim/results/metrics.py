"""The measures of one replication: pure functions of the port, its traffic and what happened."""

from __future__ import annotations

from collections.abc import Mapping

from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results.crossings import CrossingTally
from portsim.results.ledger import Ledger
from portsim.results.measure import Measure, Sheet
from portsim.results.measuring import Measuring


def measure(network: Network, traffic: Traffic, records: Records, targets: Mapping[str, float]) -> tuple[Measure, ...]:
    """Measure one replication over its measured stretch.

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
