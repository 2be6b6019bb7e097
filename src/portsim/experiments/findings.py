"""What a reader of the results has to be warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.experiments.rings import blocked_for_good
from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results import MetricRow
from portsim.results.areas import areas_until
from portsim.results.crossings import whole_days
from portsim.results.ledger import Ledger
from portsim.results.queues import inside
from portsim.results.statistics import UNFINISHED_LIMIT

GROWING_DAYS = 3
GROWING_RATIO = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What one replication says about its own worth.

    in_port : float64[days], mean number of units in the port on each whole calendar day of the measured stretch
    ring : stages whose units block one another for good (contract rule 27)
    """

    in_port: NDArray[np.float64]
    ring: tuple[str, ...]


def find(network: Network, traffic: Traffic, records: Records) -> Finding:
    """Look through the records of one replication."""
    ledger = Ledger(network, traffic, records)
    midnights = whole_days(network, ledger.start, ledger.end)
    in_port = np.diff(areas_until(inside(ledger), midnights)) / np.diff(midnights)
    return Finding(in_port, blocked_for_good(network, traffic, records))


def unfinished_flows(rows: Sequence[MetricRow]) -> dict[str, float]:
    """Flows of which more than 1 % of the units were still in the port at the end, with that share."""
    return {
        row.flow: row.mean
        for row in rows
        if row.metric == "unfinished_share" and row.flow is not None and row.mean > UNFINISHED_LIMIT
    }


def _is_growing(days: NDArray[np.float64]) -> bool:
    """Whether the last days rose steadily, by much, and above every day before them: chance seldom does all three."""
    if days.size <= GROWING_DAYS:
        return False
    last = days[-GROWING_DAYS - 1 :]
    rises = bool(np.all(np.diff(last) > 0)) and last[-1] > max(GROWING_RATIO * last[0], last[0] + 1)
    return rises and last[-1] > float(days[:-1].max())


def warnings_about(rows: Sequence[MetricRow], findings: Sequence[Finding]) -> Iterator[str]:
    """Every warning that the replications of a scenario give cause for."""
    for flow, share in unfinished_flows(rows).items():
        yield (
            f"flow {flow}: {100 * share:.1f} % of the units that arrived in the measured stretch were still in the "
            "port at its end, so its waits are lower bounds: simulate longer, or relieve the stage they wait for"
        )
    days = np.mean([finding.in_port for finding in findings], axis=0)
    if _is_growing(days):
        yield (
            "the queue may still have been growing at the end: units in the port rose on each of the last "
            f"{GROWING_DAYS} days, from {days[-GROWING_DAYS - 1]:.0f} to {days[-1]:.0f} on average, more than on any "
            "day before; if so, every wait depends on how long is simulated"
        )
    for ring, count in Counter(finding.ring for finding in findings if finding.ring).items():
        yield (
            f"units block one another for good at {', '.join(ring)} (in {count} of {len(findings)} replications): "
            "each holds a lane until the next has room; give one of these stages more waiting space or lanes"
        )
