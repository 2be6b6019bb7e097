"""The unit of work of every experiment: one replication of one scenario, and what comes back of it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from portsim.engines import Playing
from portsim.experiments.findings import Finding
from portsim.experiments.parts import play_in_parts
from portsim.experiments.playing import Replication, play, stopped_in_words, until
from portsim.model import draw, lower, with_outages
from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.model.traffic import Traffic
from portsim.results import Measure
from portsim.results.areas import Ints
from portsim.results.days import count_days
from portsim.results.hours import count_hours, count_waiting
from portsim.scenario.scenario import Scenario

MOST_NETWORKS = 64
"""Scenarios whose lowered form is kept ready: the ports of a region and the plans of a comparison many times over."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One replication of one scenario.

    engine : the one that plays it, already chosen
    tables, records : whether the daily and hourly tables of a run folder, and the records, come back as well
    waiting : whether the units waiting in each hour come back as well
    counts_only : whether crossings are all that is wanted; where the scenario keeps a summary only, all is measured
    drawn : its traffic, where somebody has drawn it already; whoever plays it in this process need not again
    """

    scenario: Scenario
    number: int
    seed: int
    engine: Playing
    tables: bool = False
    records: bool = False
    waiting: bool = False
    counts_only: bool = False
    drawn: Traffic | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What came of a replication: numbers and small tables, never the model.

    measures : of the measured stretch, the same rows in the same order in every replication of a scenario
    stopped : why it had to stop and when, None if it was played to its end
    end : the tick it was played to
    days, hours : see `results.days.count_days` and `results.hours.count_hours`; None unless asked for
    records : None unless asked for; hours and records are None too where the scenario keeps a summary only
    waiting : see `results.hours.count_waiting`; None unless asked for, and where the scenario keeps a summary only
    traffic : what the records are of, where it was drawn in this process anyway
    """

    number: int
    measures: tuple[Measure, ...]
    finding: Finding
    stopped: str | None
    end: int
    days: Table | None = None
    hours: Table | None = None
    records: Records | None = None
    waiting: Ints | None = None
    traffic: Traffic | None = None

    def replication(self, scenario: Scenario, network: Network, *, seed: int) -> Replication:
        """All of it as one thing to look at; what went into it is drawn again where need be.

        network : what `lower` made of the scenario

        Raises ValueError if its records were not asked for.
        """
        if self.records is None:
            raise ValueError(f"the records of replication {self.number} were not asked for")
        traffic = self.traffic
        if traffic is None:
            traffic = draw(scenario, network, seed=seed, replication=self.number)
        network = with_outages(scenario, network, seed=seed, replication=self.number)
        if self.stopped is not None:
            network = until(network, self.end)
        return Replication(self.number, network, traffic, self.records, self.measures, self.finding, self.stopped)


class Executor(Protocol):
    """Plays tasks, here or elsewhere; a context manager, usable again and again until it is left.

    workers : how many replications are played at the same time
    is_here : whether this process plays them, or some of them, itself
    """

    @property
    def workers(self) -> int:
        """How many replications are played at the same time."""

    @property
    def is_here(self) -> bool:
        """Whether this process plays them, or some of them, itself."""

    def play(self, tasks: Iterable[Task]) -> Generator[Played, None, None]:
        """What came of each task, in their order, whatever the order they are done in.

        The tasks are taken one by one, only a few more than are done; closing the iterator gives up the others.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None: ...


class Player:
    """Plays tasks in this process, and keeps what it lowered for the next task of the same scenario."""

    def __init__(self) -> None:
        self._networks: dict[int, tuple[Scenario, Network]] = {}

    def play(self, task: Task) -> Played:
        """Draw, simulate and measure; what is not asked for is let go."""
        scenario, network = task.scenario, self._network(task.scenario)
        if scenario.records == "summary":
            return self._play_in_parts(task, network)
        traffic = task.drawn
        if traffic is None:
            traffic = draw(scenario, network, seed=task.seed, replication=task.number)
        whole = play(
            scenario,
            network,
            traffic,
            seed=task.seed,
            number=task.number,
            engine=task.engine,
            counts_only=task.counts_only,
        )
        return Played(
            number=task.number,
            measures=whole.measures,
            finding=whole.finding,
            stopped=whole.stopped,
            end=whole.network.end,
            days=count_days(whole.network, traffic, whole.records) if task.tables else None,
            hours=count_hours(whole.network, traffic, whole.records) if task.tables and not task.counts_only else None,
            records=whole.records if task.records else None,
            waiting=count_waiting(whole.network, traffic, whole.records) if task.waiting else None,
            traffic=traffic if task.records else None,
        )

    def _play_in_parts(self, task: Task, network: Network) -> Played:
        """The same, of a scenario that keeps a summary only: days at a time."""
        whole = play_in_parts(task.scenario, network, seed=task.seed, number=task.number, engine=task.engine)
        return Played(
            number=task.number,
            measures=whole.measures,
            finding=whole.finding,
            stopped=None if whole.stop is None else stopped_in_words(task.number, network, whole.stop),
            end=whole.end,
            days=whole.days if task.tables else None,
        )

    def _network(self, scenario: Scenario) -> Network:
        """The scenario lowered, the same object for the same object; the oldest goes where there are too many."""
        known = self._networks.get(id(scenario))
        if known is None:
            known = self._networks[id(scenario)] = (scenario, lower(scenario))
            for key in list(self._networks)[:-MOST_NETWORKS]:
                self._networks.pop(key, None)
        return known[1]
