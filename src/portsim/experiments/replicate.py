"""Replications of one scenario: draw, simulate, measure, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from portsim.engines import Choice, EngineName, check_name, choose, simulate
from portsim.errors import LimitError
from portsim.experiments.findings import Finding, find, warnings_about
from portsim.model import draw, lower, with_outages
from portsim.model.network import Network, frozen
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results import Measure, MetricRow, measure, summarise
from portsim.results.runtables import Keep
from portsim.scenario.calendar import to_local
from portsim.scenario.capacity import load_warnings
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


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What the replications of a scenario gave.

    numbers : the replications the rows summarise
    measures : of each of them, in the same order
    rows : means over them with their intervals
    kept : replications whose records were asked for
    stopped : why a replication could not be played to its end, None if all could. The rows are then of the
        replications before it, or, where there are none, of the part it played
    is_interrupted : whether Ctrl-C ended the run; the rows are of the replications done by then
    end_ms : end of what the rows speak of, UTC epoch ms: the scenario's, unless they are of a part
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


def replicate(
    scenario: Scenario,
    *,
    replications: int | Iterable[int] = 10,
    seed: int | None = None,
    engine: EngineName = "auto",
    keep: Keep = "none",
    on_replication: Callable[[Replication], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Run:
    """Simulate a scenario several times and summarise its measures.

    replications : how many, or which (`range(50, 60)`); replication 57 alone equals replication 57 of 100
    seed : in place of the scenario's
    engine : "reference", "compiled", or "auto": the one that is done sooner, see `portsim.engines.choose`
    keep : whose records the result carries: the first replication's, everyone's, or nobody's
    on_replication : called with each replication when it is done, in ascending order
    on_notice : called with a text when something is begun that takes long and is no replication

    A limit that is reached ends the run with what there is (`Run.stopped`). So does Ctrl-C once a replication is
    done (`Run.is_interrupted`); before that it is raised as KeyboardInterrupt.

    Raises ValueError for fewer than one replication, a negative number, or an unknown `keep` or engine, and
    UnavailableError where the engine asked for cannot run.
    """
    numbers = numbers_of(replications)
    gathering = Gathering(scenario, seed=seed, engine=engine, keep=keep, replications=len(numbers), on_notice=on_notice)
    for number in numbers:
        try:
            replication = gathering.play(number)
            if on_replication is not None:
                on_replication(replication)
        except KeyboardInterrupt:
            if not gathering.numbers:
                raise
            done = f"{len(gathering.numbers)} of {len(numbers)} replications"
            return gathering.finish(f"interrupted: the figures are of {done}", is_interrupted=True)
        gathering.add(replication)
        if replication.stopped is not None:
            break
    return gathering.finish()


def numbers_of(replications: int | Iterable[int]) -> Sequence[int]:
    """The numbers of replications, of which there are so many or these; ValueError for none or a negative one."""
    numbers = range(replications) if isinstance(replications, int) else sorted(set(replications))
    if not numbers or numbers[0] < 0:
        raise ValueError(f"at least one replication is needed, numbered from 0, got {replications}")
    return numbers


class Gathering:
    """The replications of one scenario while they are played, one after another in ascending order.

    Arguments are those of `replicate`, and how many replications there will be, here or of other scenarios as large.
    Raises ValueError for an unknown `keep` or engine.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int | None,
        engine: EngineName,
        keep: Keep,
        replications: int = 1,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        if keep not in ("first", "all", "none"):
            raise ValueError(f"keep must be first, all or none, got {keep!r}")
        self._scenario = scenario
        self._engine: EngineName = engine
        check_name(engine)
        self._choice: Choice | None = None
        self._replications = replications
        self._on_notice = on_notice
        self._seed = scenario.seed if seed is None else seed
        self._network = lower(scenario)
        self._keep = keep
        self._done: list[tuple[int, tuple[Measure, ...], Finding]] = []
        self._kept: list[Replication] = []
        self._newest: int | None = None
        self._stopped: str | None = None
        self._extent = ""
        self._end_ms = scenario.end_ms

    @property
    def numbers(self) -> tuple[int, ...]:
        """The replications that figures would be of."""
        return tuple(number for number, _, _ in self._done)

    def play(self, number: int) -> Replication:
        """Draw, simulate and measure a replication; nothing is kept of it yet."""
        traffic = draw(self._scenario, self._network, seed=self._seed, replication=number)
        if self._choice is None:
            self._choice = choose(self._engine, traffic, replications=self._replications, on_notice=self._on_notice)
        return play(self._scenario, self._network, traffic, seed=self._seed, number=number, engine=self._choice.engine)

    def add(self, replication: Replication) -> None:
        """Take a replication in; one that had to stop is the last, and counts only if there is none before it."""
        if self._keep == "all" or (self._keep == "first" and not self._kept and not self._done):
            self._kept.append(replication)
        self._newest = replication.number
        self._stopped = replication.stopped
        is_first = not self._done
        if self._stopped is None or is_first:
            self._done.append((replication.number, replication.measures, replication.finding))
        if self._stopped is not None:
            if is_first:
                self._end_ms = self._network.start_ms + replication.records.end
            before = f"the {len(self._done)} before it, which leaves the worst out"
            part = "the part played until then" if is_first else before
            self._extent = f"{self._stopped}; the figures are of {part}"

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
        done = self._done
        rows = summarise(self._scenario.port, [measures for _, measures, _ in done])
        found = warnings_about(rows, [finding for _, _, finding in done])
        choice = self._choice or Choice("reference")
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
        )


def play(
    scenario: Scenario, network: Network, traffic: Traffic, *, seed: int, number: int, engine: EngineName
) -> Replication:
    """Simulate and measure replication `number`; one that has to stop is measured as far as it went."""
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
        network = _until(network, records.end)
        moment = to_local(network.start_ms + error.tick, network.clock)
        stopped = f"replication {number} stopped at {moment:%Y-%m-%d %H:%M}: {error}"
    return Replication(
        number=number,
        network=network,
        traffic=traffic,
        records=records,
        measures=measure(network, traffic, records, scenario.targets),
        finding=find(network, traffic, records),
        stopped=stopped,
    )


def _until(network: Network, end: int) -> Network:
    """The network as far as it was played, so that nothing is said of time that was not."""
    last = int(network.midnights.searchsorted(end))
    return replace(
        network,
        end=end,
        measure_from=min(network.measure_from, end),
        midnights=frozen(network.midnights[: last + 1], network.midnights.dtype),
    )
