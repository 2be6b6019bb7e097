"""A replication played part by part, days at a time, in as much memory for ten years as for one.

Each part is drawn, played and measured, and whoever is out by its end is forgotten. Nothing else changes: units are the
same, with the same luck, in the same order, and the engine goes on where it was. The reference engine plays one part,
which is the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.engines import Playing, simulate
from portsim.errors import LimitError
from portsim.experiments.findings import Finder, Finding
from portsim.model import Drawing, with_outages
from portsim.model.network import NONE, Network
from portsim.model.records import Records, Table
from portsim.model.traffic import Traffic, join
from portsim.results import Measure
from portsim.results.days import DayTally
from portsim.results.ledger import Ledger
from portsim.results.measuring import Measuring
from portsim.results.spread import Binned
from portsim.scenario.scenario import Scenario

VISITS_IN_PART = 100_000
"""About so many visits make a part: 20 MB, and its overhead, some 20 ms, is a fifth of the time it takes to play."""

MOST_GROWTH = 4
"""A part has at most so many times the days of the one before: a quiet day says little of the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What is kept of a replication that was played part by part.

    days : as `portsim.results.days.count_days` gives them
    end : the tick it was played to
    stop : why it had to stop, None if it was played to its end
    """

    measures: tuple[Measure, ...]
    finding: Finding
    days: Table
    end: int
    stop: LimitError | None


def play_in_parts(
    scenario: Scenario,
    network: Network,
    *,
    seed: int,
    number: int,
    engine: Playing,
    visits_in_part: int = VISITS_IN_PART,
) -> Summary:
    """Draw, simulate and measure replication `number` part by part.

    network : what `lower` made of the scenario
    visits_in_part : how long parts are, in visits; figures do not depend on it
    """
    drawing = Drawing(scenario, network, seed=seed, replication=number)
    network = with_outages(scenario, network, seed=seed, replication=number)
    summing = _Summing(scenario, network)
    limits = scenario.limits
    if engine == "reference":
        traffic = drawing.until(network.end)
        try:
            records = simulate(
                network, traffic, units_in_port=limits.units_in_port, wall_time=limits.wall_time_s, engine=engine
            )
        except LimitError as error:
            return summing.stop(error, traffic, 0)
        summing.add(Ledger(network, traffic, records), is_last=True)
        return summing.summary()

    from portsim.engines.compiled import Course

    since, days = 0, 1
    until = _later(network, since, days)
    traffic = drawing.until(until)
    course = Course(network, traffic, units_in_port=limits.units_in_port, wall_time=limits.wall_time_s)
    while True:
        is_last = until == network.end
        try:
            records = course.play(until, is_last=is_last)
        except LimitError as error:
            return summing.stop(error, traffic, since)
        is_settled = None if is_last else settled(traffic, records)
        summing.add(Ledger(network, traffic, records, since=since, settled=is_settled), is_last=is_last)
        if is_settled is None:
            return summing.summary()
        visits = int(np.count_nonzero(records.visits["joined"] >= since))
        days = min(max(days * visits_in_part // max(visits, 1), 1), MOST_GROWTH * days)
        kept = np.flatnonzero(~is_settled)
        since, until = until, _later(network, until, days)
        moved = np.full(len(traffic), NONE, np.int64)
        traffic, moved[kept], _ = join(traffic.only(kept), drawing.until(until))
        course.go_on(traffic, moved)


def visits_of(scenario: Scenario, network: Network, *, seed: int, number: int) -> int:
    """About how many visits a replication has: as many a day as in its first week."""
    until = _later(network, 0, 7)
    first = Drawing(scenario, network, seed=seed, replication=number).until(until)
    return int(first.first[-1]) * network.end // until


def _later(network: Network, tick: int, days: int) -> int:
    """The tick that so many midnights are after this one, or the end."""
    midnights = network.midnights
    place = int(np.searchsorted(midnights, tick, side="right")) + days - 1
    return min(int(midnights[min(place, midnights.size - 1)]), network.end)


class _Summing:
    """Everything that is kept of the parts."""

    def __init__(self, scenario: Scenario, network: Network) -> None:
        self._network = network
        self._measuring = Measuring(network, scenario.targets, Binned)
        self._finder = Finder(network)
        self._days = DayTally(network)
        self._end = 0

    def add(self, ledger: Ledger, *, is_last: bool) -> None:
        self._end = ledger.end
        self._measuring.add(ledger, is_last=is_last)
        self._finder.add(ledger)
        self._days.add(ledger)

    def stop(self, error: LimitError, traffic: Traffic, since: int) -> Summary:
        """The run had to stop in this part."""
        if error.records is None:
            raise error
        self.add(Ledger(self._network, traffic, error.records, since=since), is_last=True)
        return self.summary(error)

    def summary(self, stop: LimitError | None = None) -> Summary:
        return Summary(self._measuring.measures(), self._finder.finding(), self._days.table(), self._end, stop)


def settled(traffic: Traffic, records: Records) -> NDArray[np.bool_]:
    """Whose way is over: bool[units]. A vehicle and its passengers are settled together."""
    units = records.units["unit"]
    is_out, has_come = np.zeros((2, len(traffic)), np.bool_)
    is_out[units] = records.units["out"] != NONE
    has_come[units] = True
    # Whoever has not got off a vehicle that is out never will.
    is_over = is_out | (~has_come & is_out[traffic.vehicle])
    still_in = np.bincount(traffic.vehicle[~is_over], minlength=len(traffic))
    settled: NDArray[np.bool_] = still_in[traffic.vehicle] == 0
    return settled
