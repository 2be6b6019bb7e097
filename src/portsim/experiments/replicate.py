"""Replications of one scenario, each drawn, simulated and measured, and what they are together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from operator import index
from typing import Protocol, get_args

import numpy as np

from portsim.engines import Choice, EngineName, check_name
from portsim.errors import ArgumentError
from portsim.experiments.executors import Executor, Played, Task, choose_for, executor_for
from portsim.experiments.findings import Finding, warnings_about
from portsim.experiments.parts import visits_of
from portsim.experiments.playing import Replication
from portsim.model import draw, lower, scenario_of
from portsim.model.network import Network
from portsim.model.traffic import Traffic
from portsim.results import Measure, MetricRow, summarise
from portsim.results.areas import Ints
from portsim.results.ranges import RangeRow, ranges
from portsim.results.runtables import Keep
from portsim.scenario.capacity import load_warnings
from portsim.scenario.scenario import Scenario

MOST_REPLICATIONS = 10**6
"""More are a slip."""


class Known(Protocol):
    """Replications of which it is known what came of them, tables included, records not."""

    def __contains__(self, number: object) -> bool: ...

    def __getitem__(self, number: int) -> Played: ...


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What the replications of a scenario gave.

    numbers : the replications the rows summarise
    measures : of each of them, in the same order
    rows : means over them with their intervals
    ranges : where a single replication lies, of a scenario with a posterior; none of any other
    kept : replications whose records were asked for
    stopped : why a replication could not be played to its end, None if all could. The rows are then of the
        replications before it, or, where there are none, of the part it played
    is_interrupted : whether Ctrl-C ended the run; the rows are of the replications done by then
    end_ms : end of what the rows speak of, UTC epoch ms: the scenario's, unless they are of a part
    waiting : int64[replications, hours], area under the number waiting in and before the port, unit-ms; None where it
        was not asked for, and where the scenario keeps a summary only
    """

    scenario: Scenario
    network: Network
    seed: int
    engine: str
    numbers: tuple[int, ...]
    measures: tuple[tuple[Measure, ...], ...]
    rows: tuple[MetricRow, ...]
    warnings: tuple[str, ...]
    kept: tuple[Replication, ...]
    stopped: str | None
    is_interrupted: bool
    end_ms: int
    ranges: tuple[RangeRow, ...] = ()
    waiting: Ints | None = None

    @property
    def end(self) -> int:
        """The same end as a tick."""
        return self.end_ms - self.network.start_ms


def replicate(
    scenario: Scenario,
    *,
    replications: int | Iterable[int] = 10,
    seed: int | None = None,
    engine: EngineName = "auto",
    keep: Keep = "none",
    executor: Executor | None = None,
    known: Known | None = None,
    tables: bool = False,
    records: Keep = "none",
    on_replication: Callable[[Played], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Run:
    """Simulate a scenario several times and summarise its measures.

    replications : how many, or which (`range(50, 60)`); replication 57 alone equals replication 57 of 100
    seed : in place of the scenario's
    engine : "reference", "compiled", or "auto": the one that is done sooner, see `portsim.engines.choose`
    keep : whose records the result carries: the first replication's, everyone's, or nobody's
    executor : who plays them, from `executor_for`; without it one after another in this process
    known : replications that need not be played, by number: those of a run that is continued
    tables, records : whether what `on_replication` is given has the tables of a run folder, and whose has its records
    on_replication : called with what came of each replication when it is done, in ascending order
    on_notice : called with a text when something is begun that takes long and is no replication

    A limit that is reached ends the run with what there is (`Run.stopped`). So does Ctrl-C once a replication is
    done (`Run.is_interrupted`); before that it is raised as KeyboardInterrupt.

    Raises ValueError for fewer than one replication, a negative number, or an unknown `keep` or engine, and
    UnavailableError where the engine asked for cannot run.
    """
    numbers = numbers_of(replications)
    executor = executor_for() if executor is None else executor
    gathering = Gathering(
        scenario,
        seed=seed,
        engine=engine,
        keep=keep,
        known=known,
        tables=tables,
        records=records,
        waiting=True,
        first=numbers[0],
        replications=len(numbers),
        executor=executor,
        on_notice=on_notice,
    )
    tasks = (gathering.task(number) for number in numbers if not gathering.knows(number))
    with closing(executor.play(tasks)) as results:
        for number in numbers:
            try:
                played = gathering.recall(number) if gathering.knows(number) else next(results)
                if on_replication is not None:
                    on_replication(played)
            except KeyboardInterrupt:
                if not gathering.numbers:
                    raise
                done = f"{len(gathering.numbers)} of {len(numbers)} replications"
                return gathering.finish(f"interrupted: the figures are of {done}", is_interrupted=True)
            gathering.add(played)
            if played.stopped is not None:
                break
    return gathering.finish()


def numbers_of(replications: int | Iterable[int]) -> Sequence[int]:
    """The numbers of replications, of which there are so many or these.

    Raises ArgumentError for none, a negative one, one beyond `MOST_REPLICATIONS`, or what is no whole number.
    """
    try:
        numbers = _numbers(replications)
    except TypeError:
        rule = f"a number of replications, or their numbers, is needed, got {replications!r}"
        raise ArgumentError(rule) from None
    if not numbers or numbers[0] < 0:
        raise ArgumentError(f"at least one replication is needed, numbered from 0, got {replications}")
    if numbers[-1] >= MOST_REPLICATIONS:
        raise ArgumentError(f"{MOST_REPLICATIONS:,} replications are the most, numbered from 0")
    return numbers


def _numbers(replications: int | Iterable[int]) -> Sequence[int]:
    """Raises TypeError for what is no whole number, or holds one that is none."""
    if isinstance(replications, range):
        return replications if replications.step > 0 else replications[::-1]
    if isinstance(replications, Iterable):  # of an endless one no more is taken than there may be
        return sorted({index(number) for number in islice(replications, MOST_REPLICATIONS + 1)})
    return range(index(replications))


def checked_seed(seed: int) -> int:
    """The seed. Raises ArgumentError for one that is no whole number from 0 to 2^63 - 1."""
    try:
        whole = index(seed)
    except TypeError:
        whole = -1
    if not 0 <= whole < 2**63:
        raise ArgumentError(f"the seed is a whole number from 0 to 2^63 - 1, got {seed!r}")
    return whole


class Gathering:
    """The replications of one scenario while they are played, taken in in ascending order.

    first, replications : the number of the first, and how many there will be, here or of other scenarios as large
    tables, records : whether what comes of a replication has its tables, and whose have their records, beside `keep`
    waiting : whether the run has the units waiting in each hour
    The rest is as for `replicate`. Raises ValueError for an unknown `keep` or engine.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int | None,
        engine: EngineName,
        keep: Keep,
        known: Known | None = None,
        tables: bool = False,
        records: Keep = "none",
        waiting: bool = False,
        first: int = 0,
        replications: int = 1,
        executor: Executor,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        if keep not in get_args(Keep):
            raise ValueError(f"keep must be first, all or none, got {keep!r}")
        check_name(engine)
        self._scenario = scenario
        self._engine: EngineName = engine
        self._choice: Choice | None = None
        self._replications = replications
        self._executor = executor
        self._on_notice = on_notice
        self._seed = scenario.seed if seed is None else checked_seed(seed)
        self._network = lower(scenario)
        self._keep = keep
        self._known = known
        self._tables = tables
        self._first = first
        self._records = records
        self._wants_waiting = waiting and scenario.records == "all"
        self._done: list[tuple[int, tuple[Measure, ...], Finding]] = []
        self._waiting: dict[int, Ints] = {}
        self._kept: list[Replication] = []
        self._newest: int | None = None
        self._stopped: str | None = None
        self._extent = ""
        self._end_ms = scenario.end_ms

    @property
    def numbers(self) -> tuple[int, ...]:
        """The replications that figures would be of."""
        return tuple(number for number, _, _ in self._done)

    def knows(self, number: int) -> bool:
        """Whether a replication need not be played: it is known, and nobody wants to have its records here."""
        return self._known is not None and number in self._known and not self._is_wanted(self._keep, number)

    def recall(self, number: int) -> Played:
        """A replication that is known."""
        assert self._known is not None
        return self._known[number]

    def task(self, number: int) -> Task:
        """The work of a replication. The engine is chosen with the first, from its traffic.

        Raises ScenarioError where the draw of the posterior it is played with makes no valid scenario.
        """
        traffic: Traffic | None = None
        scenario = self._scenario_of(number)
        if self._choice is None:
            traffic = self._choose(number, scenario)
        assert self._choice is not None
        return Task(
            scenario,
            number,
            self._seed,
            self._choice.engine,
            tables=self._tables,
            records=any(self._is_wanted(keep, number) for keep in (self._keep, self._records)),
            waiting=self._wants_waiting,
            drawn=traffic,
        )

    def _scenario_of(self, number: int) -> Scenario:
        return scenario_of(self._scenario, seed=self._seed, replication=number)

    def _choose(self, number: int, scenario: Scenario) -> Traffic | None:
        """Choose the engine by the traffic of a replication, which comes back if all of it was drawn."""
        traffic: Traffic | None = None
        network = self._network if scenario is self._scenario else lower(scenario)
        if scenario.records == "summary":
            work: Traffic | int = visits_of(scenario, network, seed=self._seed, number=number)
        else:
            work = traffic = draw(scenario, network, seed=self._seed, replication=number)
        self._choice = choose_for(
            self._executor,
            self._engine,
            work,
            replications=self._replications,
            on_notice=self._on_notice,
        )
        return traffic

    def _is_wanted(self, keep: Keep, number: int) -> bool:
        has_records = self._scenario.records == "all"
        return has_records and (keep == "all" or (keep == "first" and number == self._first))

    def add(self, played: Played) -> None:
        """Take a replication in; one that had to stop is the last, and counts only if there is none before it."""
        is_first = not self._done
        if played.records is not None and (self._keep == "all" or (self._keep == "first" and is_first)):
            scenario = self._scenario_of(played.number)
            network = self._network if scenario is self._scenario else lower(scenario)
            self._kept.append(played.replication(scenario, network, seed=self._seed))
        self._newest = played.number
        self._stopped = played.stopped
        if self._stopped is None or is_first:
            self._done.append((played.number, played.measures, played.finding))
            waiting = self._waiting_of(played)
            if waiting is not None:
                self._waiting[played.number] = waiting
        if self._stopped is not None:
            if is_first:
                self._end_ms = self._network.start_ms + played.end
            before = f"the {len(self._done)} before it, which leaves the worst out"
            part = "the part played until then" if is_first else before
            self._extent = f"{self._stopped}; the figures are of {part}"

    def _waiting_of(self, played: Played) -> Ints | None:
        """Units waiting in each hour; of a replication that was known, from its table."""
        if not self._wants_waiting or played.waiting is not None or played.hours is None:
            return played.waiting
        areas: Ints = played.hours["waiting_ms"].reshape(-1, len(self._network.stages)).sum(axis=1)
        return areas

    def drop(self, number: int) -> None:
        """Take back the last replication, if it was taken in."""
        if self._newest == number:
            self._stopped, self._extent = None, ""
        self._done = [done for done in self._done if done[0] != number]
        self._kept = [kept for kept in self._kept if kept.number != number]

    def finish(self, extent: str = "", *, is_interrupted: bool = False) -> Run:
        """Summarise what there is.

        extent : what the figures are of, where it is less than was asked for
        """
        if self._choice is None:  # everything was known: the engine is the one that would have played it
            self._choose(self._first, self._scenario_of(self._first))
        assert self._choice is not None
        done = self._done
        waiting = [self._waiting[number] for number in self.numbers if number in self._waiting]
        is_binned = self._scenario.records == "summary"
        rows = summarise(
            self._scenario.port,
            [measures for _, measures, _ in done],
            is_binned=is_binned,
            is_drawn=self._scenario.posterior is not None,
        )
        found = warnings_about(rows, [finding for _, _, finding in done])
        choice = self._choice
        known = (choice.notice or "", *self._scenario.warnings, *load_warnings(self._scenario), *found)
        return Run(
            scenario=self._scenario,
            network=self._network,
            seed=self._seed,
            engine=choice.engine,
            numbers=self.numbers,
            measures=tuple(measures for _, measures, _ in done),
            rows=rows,
            warnings=tuple(dict.fromkeys(text for text in (self._extent or extent, *known) if text)),
            kept=tuple(self._kept),
            stopped=self._stopped,
            is_interrupted=is_interrupted,
            end_ms=self._end_ms,
            ranges=() if self._scenario.posterior is None else ranges([measures for _, measures, _ in done]),
            waiting=np.stack(waiting) if waiting and len(waiting) == len(done) else None,
        )
