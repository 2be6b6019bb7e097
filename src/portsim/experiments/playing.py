"""One replication of a scenario: drawn, simulated and measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portsim.engines import EngineName, simulate
from portsim.errors import LimitError
from portsim.experiments.findings import NOTHING, Finding, find
from portsim.model import draw, lower, scenario_of, with_outages
from portsim.model.network import Network, frozen
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results import Measure, count, measure
from portsim.scenario.calendar import to_local
from portsim.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Replication:
    """One replication, with what went into it and what came out of it.

    number : which one, from 0; it alone decides the draws, not how many others there are
    network : as it was played, with its outages; it ends early if the replication had to stop
    measures : of the measured stretch, the same rows in the same order in every replication
    stopped : why it had to stop and when, None if it was played to its end
    """

    number: int
    network: Network
    traffic: Traffic
    records: Records
    measures: tuple[Measure, ...]
    finding: Finding
    stopped: str | None


def replay(scenario: Scenario, number: int, *, seed: int | None = None, engine: EngineName = "auto") -> Replication:
    """Draw, simulate and measure replication `number`, alone or again, to look at everything in it.

    seed : in place of the scenario's

    Raises ValueError for an engine that does not exist, UnavailableError for one that cannot run here.
    """
    seed = scenario.seed if seed is None else seed
    scenario = scenario_of(scenario, seed=seed, replication=number)
    network = lower(scenario)
    traffic = draw(scenario, network, seed=seed, replication=number)
    return play(scenario, network, traffic, seed=seed, number=number, engine=engine)


def play(
    scenario: Scenario,
    network: Network,
    traffic: Traffic,
    *,
    seed: int,
    number: int,
    engine: EngineName,
    counts_only: bool = False,
) -> Replication:
    """Simulate and measure replication `number`; one that has to stop is measured as far as it went.

    counts_only : whether crossings are all that is wanted: other measures, and what was found, are left out
    """
    network = with_outages(scenario, network, seed=seed, replication=number)
    stopped: str | None = None
    try:
        records = simulate(
            network,
            traffic,
            units_in_port=scenario.limits.units_in_port,
            wall_time=scenario.limits.wall_time_s,
            engine=engine,
        )
    except LimitError as error:
        if error.records is None:
            raise
        records = error.records
        network = until(network, records.end)
        stopped = stopped_in_words(number, network, error)
    return Replication(
        number=number,
        network=network,
        traffic=traffic,
        records=records,
        measures=count(network, traffic, records)
        if counts_only
        else measure(network, traffic, records, scenario.targets),
        finding=NOTHING if counts_only else find(network, traffic, records),
        stopped=stopped,
    )


def stopped_in_words(number: int, network: Network, stop: LimitError) -> str:
    """Which replication had to stop, when by the port's clock, and why."""
    moment = to_local(network.start_ms + stop.tick, network.clock)
    return f"replication {number} stopped at {moment:%Y-%m-%d %H:%M}: {stop}"


def until(network: Network, end: int) -> Network:
    """The network as far as it was played, so that nothing is said of time that was not."""
    last = int(network.midnights.searchsorted(end))
    return replace(
        network,
        end=end,
        measure_from=min(network.measure_from, end),
        midnights=frozen(network.midnights[: last + 1], network.midnights.dtype),
    )
