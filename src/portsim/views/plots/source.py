"""What pictures are made from: the tables of a run, out of its folder or out of memory, the same either way."""

from __future__ import annotations

import abc
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from portsim.errors import Place, Problem, ScenarioError
from portsim.experiments import Run
from portsim.model import draw, lower, scenario_of, with_outages
from portsim.model.network import Network
from portsim.model.records import Table
from portsim.results import Ledger, Measure, read_manifest, read_measures, read_records, read_table
from portsim.results.areas import Ints
from portsim.results.days import count_days, join_days
from portsim.results.hours import HOUR_SUMS, count_hours
from portsim.results.names import Names
from portsim.results.reading import check_unchanged, day_columns, hour_columns
from portsim.results.tables import Column
from portsim.results.waits import Times, times_of
from portsim.scenario import load
from portsim.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """What happens at each stage hour by hour.

    bounds : int64[hours + 1], ticks at which the hours begin, and the end of the last
    waiting : int64[replications, hours, stages], area under the number waiting, unit-ms
    sums : the other columns of `count_hours` added up over the replications, each int64[hours, stages]
    """

    bounds: Ints
    waiting: Ints
    sums: Mapping[str, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What crosses on each calendar day of the port.

    bounds : int64[days + 1], ticks of the midnights
    is_whole : bool[days], whether all of the day lies in the measured stretch
    crossings, persons : int64[replications, days, 2, kinds], by direction (0 out, 1 in) and kind of unit
    """

    bounds: Ints
    is_whole: np.ndarray[tuple[int], np.dtype[np.bool_]]
    crossings: Ints
    persons: Ints


class Source(abc.ABC):
    """One run, ready to be looked at.

    network : as it was lowered, without the outages of any replication
    numbers : the replications that `hours`, `days` and `measures` are of
    kept : those whose units are known, which `waits` are of
    total : how many replications the run had
    """

    scenario: Scenario
    network: Network
    numbers: tuple[int, ...]
    kept: tuple[int, ...]
    total: int

    @property
    def has_hours(self) -> bool:
        """Whether it is known what happened hour by hour: not of a run with `records: summary`."""
        return self.scenario.records == "all"

    @cached_property
    def hours(self) -> Hours:
        """By hour and stage, every replication read once. ScenarioError where that was not kept."""
        if not self.has_hours:
            rule = "nothing was kept by the hour, which this picture is of: run with --set records=all"
            raise ScenarioError([Problem(None, "records", rule)])
        stages = len(self.network.stages)
        waiting: list[Ints] = []
        sums: dict[str, Ints] = {}
        bounds = np.zeros(1, np.int64)
        for table, end in self._hour_tables():
            shape = (table["tick"].size // stages, stages)
            bounds = np.append(table["tick"].reshape(shape)[:, 0], end)
            waiting.append(table["waiting_ms"].reshape(shape))
            for name in HOUR_SUMS:
                part = table[name].reshape(shape)
                sums[name] = sums[name] + part if name in sums else part
        return Hours(bounds, np.stack(waiting), sums)

    @cached_property
    def days(self) -> Days:
        """By calendar day, direction and kind."""
        table = self._day_table()
        count = self.network.midnights.size - 1
        shape = (len(self.numbers), count, 2, len(self.network.kinds))
        place = np.searchsorted(np.array(self.numbers), table["replication"])
        cells = (place, table["date"], table["direction"], table["kind"])
        crossings, persons = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        np.add.at(crossings, cells, table["crossings"])
        np.add.at(persons, cells, table["persons"])
        is_whole = np.zeros(count, np.bool_)
        is_whole[table["date"]] = table["is_whole"] == 1
        return Days(self.network.midnights, is_whole, crossings, persons)

    @abc.abstractmethod
    def measures(self) -> Sequence[Sequence[Measure]]:
        """Every measure of each replication."""

    @abc.abstractmethod
    def waits(self) -> tuple[Times, ...]:
        """Wait of every unit that arrived in the measured stretch, one of each kept replication."""

    @abc.abstractmethod
    def _hour_tables(self) -> Iterator[tuple[Table, int]]:
        """Hours of each replication, and the tick it was played up to."""

    @abc.abstractmethod
    def _day_table(self) -> Table:
        """Days of all replications under one another."""


class Memory(Source):
    """A run in memory: of the replications whose records it carries, since nothing else is known of the others.

    Raises ValueError if it carries none.
    """

    def __init__(self, run: Run) -> None:
        if not run.kept:
            raise ValueError("no records were kept: run with keep='first' or keep='all'")
        self.scenario, self.network = run.scenario, run.network
        played = [replication for replication in run.kept if replication.number in run.numbers]
        self._played = played or list(run.kept)
        self.numbers = self.kept = tuple(replication.number for replication in self._played)
        self.total = len(run.numbers)

    def measures(self) -> Sequence[Sequence[Measure]]:
        """Every measure of each kept replication."""
        return [replication.measures for replication in self._played]

    def waits(self) -> tuple[Times, ...]:
        """Waits of the units of each kept replication."""
        return tuple(times_of(Ledger(one.network, one.traffic, one.records))["wait"] for one in self._played)

    def _hour_tables(self) -> Iterator[tuple[Table, int]]:
        for one in self._played:
            yield count_hours(one.network, one.traffic, one.records), one.network.end

    def _day_table(self) -> Table:
        return join_days([(one.number, count_days(one.network, one.traffic, one.records)) for one in self._played])


class Folder(Source):
    """A run folder: of every replication its summary is of.

    Raises ScenarioError if it is no finished run folder or one of its tables is damaged, and OSError.
    """

    def __init__(self, path: pathlib.Path) -> None:
        manifest = read_manifest(path)
        self._path = path
        self._manifest = manifest
        self._seed: int = manifest["seed"]
        self._is_cut = manifest["stopped"] is not None and len(manifest["replications"]) == 1
        self._ends: dict[int, int] = {entry["replication"]: entry["end_tick"] for entry in manifest["kept"]}
        self.scenario = load(path / "scenario.yaml")
        self.network = lower(self.scenario)
        self.numbers = tuple(manifest["replications"])
        self.kept = tuple(number for number in self.numbers if number in self._ends)
        self.total = len(self.numbers)
        self._names = Names.of(self.network)

    def measures(self) -> Sequence[Sequence[Measure]]:
        """Every measure of each replication."""
        return [read_measures(self._unchanged(f"{_folder(number)}/measures.csv")) for number in self.numbers]

    def waits(self) -> tuple[Times, ...]:
        """Waits of the units of each kept replication, whose draws are made again to know what its records mean."""
        return tuple(map(self._waits_of, self.kept))

    def _waits_of(self, number: int) -> Times:
        records = read_records(self._path, number)
        scenario = scenario_of(self.scenario, seed=self._seed, replication=number)
        network = self.network if scenario is self.scenario else lower(scenario)
        traffic = draw(scenario, network, seed=self._seed, replication=number)
        units = records.units
        drawn = traffic.arrived[units["unit"]] if int(units["unit"].max(initial=-1)) < len(traffic) else None
        if drawn is None or np.any((drawn != units["arrived"]) & (units["parent"] < 0)):
            message = (
                "its units are not those this portsim draws for its scenario and seed: "
                "plot it with the version that wrote it, or run it again"
            )
            raise ScenarioError([Problem(Place(str(self._path / _folder(number)), 0, 0), "", message)])
        network = with_outages(scenario, network, seed=self._seed, replication=number)
        return times_of(Ledger(network, traffic, records))["wait"]

    def _hour_tables(self) -> Iterator[tuple[Table, int]]:
        for number in self.numbers:
            table = read_table(self._unchanged(f"{_folder(number)}/hourly.csv"), hour_columns(self._names))
            end = self._ends.get(number, self.network.end) if self._is_cut else self.network.end
            if self._is_cut and number not in self._ends:  # how far the last hour was played is not written down
                end = int(table["tick"][-1])
                table = {name: column[table["tick"] < end] for name, column in table.items()}
            yield table, end

    def _day_table(self) -> Table:
        columns = (Column("replication", np.int64), *day_columns(self._names))
        return read_table(self._unchanged("daily.csv"), columns)

    def _unchanged(self, path: str) -> pathlib.Path:
        """Where a table stands, once it is known to be as it was written."""
        check_unchanged(self._path, self._manifest, [path])
        return self._path / path


def _folder(number: int) -> str:
    return f"replications/{number:04d}"
