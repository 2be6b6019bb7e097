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
from portsim.results.crossings import whole_days
from portsim.results.ledger import Ledger
from portsim.results.presence import Presence
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


NOTHING = Finding(np.empty(0), ())
"""Of a replication nobody looked through."""


class Finder:
    """Looks through the records of one replication, as one piece or part by part (`portsim.results.measuring`)."""

    def __init__(self, network: Network) -> None:
        self._midnights = whole_days(network, network.measure_from, network.end)
        self._areas = np.zeros(max(self._midnights.size - 1, 0), np.int64)
        self._end = 0
        self._ring: tuple[str, ...] = ()

    def add(self, ledger: Ledger) -> None:
        """Look through a part; what is blocked for good is so in the last one."""
        self._end = ledger.end
        present = Presence.of(ledger.units["arrived"], ledger.gone, ledger.start, ledger.end)
        self._areas += present.areas_between(self._midnights)
        self._ring = blocked_for_good(ledger.network, ledger.traffic, ledger.records)

    def finding(self) -> Finding:
        """What was found."""
        is_whole = self._midnights[1:] <= self._end
        return Finding((self._areas / np.diff(self._midnights))[is_whole], self._ring)


def find(network: Network, traffic: Traffic, records: Records) -> Finding:
    """Look through the records of one replication."""
    finder = Finder(network)
    finder.add(Ledger(network, traffic, records))
    return finder.finding()


def unfinished_flows(rows: Sequence[MetricRow]) -> dict[str, float]:
    """Flows of which more than 1 % of the units were still in the port at the end, with that share."""
    return {
        row.flow: row.mean
        for row in rows
        if row.metric == "unfinished_share" and row.flow is not None and row.mean > UNFINISHED_LIMIT
    }


def absent_flows(rows: Sequence[MetricRow]) -> dict[str, float]:
    """Flows of which more than 1 % of the units that wanted to come had not come by the end, with that share."""
    return {
        row.flow: row.mean
        for row in rows
        if row.metric == "virtual_wait_unfinished_share" and row.flow is not None and row.mean > UNFINISHED_LIMIT
    }


def impatient_flows(rows: Sequence[MetricRow]) -> dict[str, float]:
    """Flows of which so many gave up waiting that their waits look short, with how many did per unit that arrived."""
    counts = {(row.metric, row.flow): row.mean for row in rows if row.metric in ("left", "arrived")}
    shares = {
        flow: left / counts["arrived", flow]
        for (metric, flow), left in counts.items()
        if metric == "left" and flow is not None and counts["arrived", flow]
    }
    return {flow: share for flow, share in shares.items() if share > UNFINISHED_LIMIT}


def _unrecovered(rows: Sequence[MetricRow]) -> Iterator[str]:
    """A warning if the queue or the backlog of a closure outlived the run, naming the stages at which a queue did."""
    shares = {row.stage: row.mean for row in rows if row.metric == "recovered_share" and row.mean < 1}
    if shares:
        stages = [stage for stage in shares if stage is not None]
        where = f" at {', '.join(stages)}" if stages else ""
        share = 100 * (1 - min(shares.values()))
        yield (
            f"after a closure units still waited{where} when the run ended (in {share:.0f} % of cases), so recovery_h "
            "is a lower bound: simulate longer, or read backlog_h, as a port under load may never be without a queue"
        )
    if any(row.metric == "backlog_cleared_share" and row.mean < 1 for row in rows):
        yield "a closure's backlog was not through when the run ended, so backlog_h is a lower bound: simulate longer"


def _is_growing(days: NDArray[np.float64]) -> bool:
    """Whether the last days rose steadily, by much, and above every day before them: chance seldom does all three."""
    if days.size <= GROWING_DAYS:
        return False
    last = days[-GROWING_DAYS - 1 :]
    rises = bool(np.all(np.diff(last) > 0)) and last[-1] > max(GROWING_RATIO * last[0], last[0] + 1)
    return rises and last[-1] > float(days[:-1].max())


def warnings_about(rows: Sequence[MetricRow], findings: Sequence[Finding]) -> Iterator[str]:
    """Every warning that the replications of a scenario give cause for."""
    booked = {row.flow for row in rows if row.metric == "booked" and row.flow is not None}
    for flow, share in unfinished_flows(rows).items():
        others = " (some wait for the departure they are booked on)" if flow in booked else ""
        yield (
            f"flow {flow}: {100 * share:.1f} % of the units that arrived in the measured stretch were still in the "
            "port at its end, so its waits are lower bounds: simulate longer, or relieve the stage they wait for"
            f"{others}"
        )
    for flow, share in absent_flows(rows).items():
        yield (
            f"flow {flow}: {100 * share:.1f} % of the units that wanted to come in the measured stretch had not come "
            "by its end, so its virtual and total waits are lower bounds: simulate longer, or offer more slots"
        )
    for flow, share in impatient_flows(rows).items():
        yield (
            f"flow {flow}: of every 100 units that arrived {100 * share:.1f} gave up waiting, and their waits end when "
            "they left, so its waits are shorter than until service: read them with left and left_wait_mean_min, or "
            "set its patience to null to see how long the queue would be"
        )
    yield from _unrecovered(rows)
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
