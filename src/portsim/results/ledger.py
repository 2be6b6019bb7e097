"""What every measure reads: the records of one replication as intervals, each worked out once.

A thing still under way when the run ends is counted as far as it went: a unit still waiting has waited until the
end. So every wait of an unfinished unit is a true lower bound of what it would have been, and never absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE, Crew, Network, StepFunction
from portsim.model.records import Records, UnitOutcome, VisitOutcome
from portsim.model.traffic import Traffic
from portsim.results.areas import Ints, levels_at, steps

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Unbroken pieces of service: at which visit (row of the visits table), by which crew, from when until when.

    visit : intp[pieces]; crew : int16[pieces], NONE without officers; officers, start, end : int64[pieces], ticks
    """

    visit: Rows
    crew: NDArray[np.int16]
    officers: Ints
    start: Ints
    end: Ints


class Ledger:
    """One replication, or one part of it, ready to be measured over start <= t < end.

    A long run is measured part by part (`portsim.results.measuring`). What happens belongs to the part it happens in;
    what a unit went through is counted once, in the part that settles the unit.

    since : tick at which the part begins; 0 for the whole
    start, end : ticks; the measured stretch, or what of it lies in the part; cut short if the run had to stop
    settled : bool[traffic], which units are counted in this part; None for all
    """

    def __init__(
        self,
        network: Network,
        traffic: Traffic,
        records: Records,
        *,
        since: int = 0,
        settled: NDArray[np.bool_] | None = None,
    ) -> None:
        self.network = network
        self.traffic = traffic
        self.records = records
        self.since = since
        self.settled = settled
        self.end = min(network.end, records.end)
        self.start = min(max(network.measure_from, since), self.end)
        self.units = records.units
        self.visits = records.visits
        self._waiting: dict[int, tuple[Ints, Ints]] = {}
        self._pieces: dict[int, Pieces] = {}

    def until_end(self, ticks: Ints) -> Ints:
        """The same ticks, with the end of the run where a thing has not happened."""
        missing = np.flatnonzero(ticks == NONE)
        if not missing.size:
            return ticks
        known = ticks.copy()
        known[missing] = self.end
        return known

    def crew(self, pool: int, number: int) -> Crew:
        """A crew as it was in this run: its levels on paper, and what the run itself called in.

        A reserve that is called in is on the roster, and paid, while it is on duty.
        """
        paper = self.network.pools[pool].crews[number]
        levels = self.records.levels
        rows = (levels["is_pool"] == 1) & (levels["where"] == pool) & (levels["which"] == number)
        if not rows.any():
            return paper
        called = StepFunction(levels["tick"][rows], levels["level"][rows].astype(np.int64))
        return Crew(_sum(paper.level, called), _sum(paper.rostered, called))

    # ---- units: arrays of the length of the units table --------------------------------------------------------

    @cached_property
    def gone(self) -> Ints:
        """Tick a unit was out, or the end of the run."""
        return self.until_end(self.units["out"])

    @cached_property
    def came_in_window(self) -> NDArray[np.bool_]:
        """Whether a unit arrived in the measured stretch."""
        came: NDArray[np.bool_] = self.units["arrived"] >= min(self.network.measure_from, self.end)
        return came

    @cached_property
    def is_settled(self) -> NDArray[np.bool_] | None:
        """Whether a unit is counted in this part; None if all are."""
        return None if self.settled is None else self.settled[self.units["unit"]]

    @cached_property
    def is_counted(self) -> NDArray[np.bool_]:
        """Whether a unit's times are counted: it arrived in the measured stretch, and this part settles it."""
        return self.came_in_window if self.is_settled is None else self.came_in_window & self.is_settled

    @cached_property
    def is_admitted(self) -> NDArray[np.bool_]:
        """Whether a unit's time at the port says anything: not of those turned away as they arrived."""
        admitted: NDArray[np.bool_] = self.units["outcome"] != UnitOutcome.TURNED_AWAY
        return admitted

    @cached_property
    def gave_up(self) -> NDArray[np.bool_]:
        """Whether a unit left without having been served."""
        gave_up: NDArray[np.bool_] = self.units["outcome"] == UnitOutcome.LEFT
        return gave_up

    @cached_property
    def is_passenger(self) -> NDArray[np.bool_]:
        """Whether a unit came aboard another one."""
        is_passenger: NDArray[np.bool_] = self.units["parent"] != NONE
        return is_passenger

    @cached_property
    def outside(self) -> Rows:
        """Rows of units that never joined a stage: outside the first door until they were gone."""
        if self.visited.size == self.units["unit"].size:
            return np.empty(0, np.intp)
        never = np.ones(self.units["unit"].size, np.bool_)
        never[self.visited] = False
        return np.flatnonzero(never & self.is_admitted)

    @cached_property
    def first_stage(self) -> NDArray[np.int16]:
        """Stage at whose door each unit arrived."""
        return self.traffic.stage[self.traffic.first[self.units["unit"]]]

    @cached_property
    def direction(self) -> NDArray[np.int8]:
        """Direction of each unit's first leg."""
        return self.traffic.direction[self.traffic.first[self.units["unit"]]]

    @cached_property
    def unit_wait(self) -> Ints:
        """Time each unit waited at all stages and outside the door, ms."""
        wait = np.zeros(self.units["unit"].size, np.int64)
        wait[self.outside] = self.gone[self.outside] - self.units["arrived"][self.outside]
        if self.first_visits.size:
            wait[self.visited] = np.add.reduceat(self.wait_end - self.reached, self.first_visits)
        return wait

    @cached_property
    def unit_blocked(self) -> Ints:
        """Time each unit was blocked at all stages, ms."""
        blocked = np.zeros(self.units["unit"].size, np.int64)
        if self.is_blocking:
            blocked[self.visited] = np.add.reduceat(self.blocked, self.first_visits)
        return blocked

    # ---- visits: arrays of the length of the visits table ------------------------------------------------------

    @cached_property
    def first_visits(self) -> Rows:
        """Row of the first visit of each unit that has one."""
        return _beginnings(self.visits["unit"])

    @cached_property
    def visited(self) -> Rows:
        """Row in the units table of each unit that has a visit, in step with `first_visits`."""
        return self.rows_of(self.visits["unit"][self.first_visits])

    @cached_property
    def unit_row(self) -> Rows:
        """Row in the units table of each visit's unit."""
        return self.rows_of(self.visits["unit"])

    def rows_of(self, units: Ints) -> Rows:
        """Rows in the units table of these units, all of which have arrived."""
        if self.units["unit"].size == len(self.traffic):
            return units
        row = np.empty(len(self.traffic), np.intp)
        row[self.units["unit"]] = np.arange(self.units["unit"].size)
        return row[units]

    @cached_property
    def reached(self) -> Ints:
        """Tick at which waiting for the stage began: joined, or arrived outside for a unit's first stage.

        (Time at the door of a later stage is time blocked at the stage before.)
        """
        reached: Ints = self.visits["joined"].copy()
        reached[self.first_visits] = self.units["arrived"][self.visited]
        return reached

    @cached_property
    def wait_end(self) -> Ints:
        """Tick at which waiting ended: started, or left without a start, or the end of the run.

        Waiting for one's own passengers (a join) is not waiting for a service: it ends as it begins.
        """
        wait_end: Ints = self.visits["started"].copy()
        never = self._never_started
        wait_end[never] = self.until_end(self.visits["left"][never])
        if self.has_joins:
            np.copyto(wait_end, self.visits["joined"], where=self.is_join)
        return wait_end

    @cached_property
    def _never_started(self) -> Rows:
        """Rows of the visits at which no service began."""
        return np.flatnonzero(self.visits["started"] == NONE)

    @cached_property
    def has_joins(self) -> bool:
        """Whether anybody is to wait for passengers."""
        return bool(self.traffic.is_join.any())

    @cached_property
    def is_join(self) -> NDArray[np.bool_]:
        """Whether the unit waited for its passengers at this visit."""
        row = self.traffic.first[self.visits["unit"]] + self.visits["step"]
        is_join: NDArray[np.bool_] = self.traffic.is_join[row]
        return is_join

    @cached_property
    def held_up(self) -> tuple[Rows, NDArray[np.int16]]:
        """Visits whose unit was blocked for any time, and the stage each was bound for."""
        rows = np.flatnonzero(self.blocked)
        unit = self.visits["unit"][rows]
        return rows, self.traffic.stage[self.traffic.first[unit] + self.visits["step"][rows] + 1]

    @cached_property
    def is_waiting(self) -> NDArray[np.bool_]:
        """Whether the visit still waited when the run ended, so that its wait is known only in part."""
        waiting: NDArray[np.bool_] = self.visits["outcome"] == VisitOutcome.WAITING
        return waiting

    @cached_property
    def ended(self) -> Ints:
        """Tick the service ended, or the end of the run; of no meaning before a start."""
        return self.until_end(self.visits["ended"])

    @cached_property
    def left(self) -> Ints:
        """Tick the visit was over, or the end of the run."""
        return self.until_end(self.visits["left"])

    @cached_property
    def blocked(self) -> Ints:
        """Time between the end of the service and leaving the lane, ms."""
        blocked: Ints = self.until_end(self.visits["left"]) - self.visits["ended"]
        blocked[self.visits["ended"] == NONE] = 0
        return blocked

    @cached_property
    def is_blocking(self) -> bool:
        """Whether any unit was blocked for any time."""
        return bool((self.visits["left"] != self.visits["ended"]).any()) and bool(self.blocked.any())

    @cached_property
    def served(self) -> Ints:
        """Time actually worked on the unit, pauses taken out, ms."""
        served: Ints = self.visits["ended"] - self.visits["started"]
        served[self.visits["ended"] == NONE] += self.end - NONE
        served[self._never_started] = 0
        interrupted, work_row = self._interrupted
        if interrupted.size:
            served[interrupted] = 0
            np.add.at(served, work_row, self.until_end(self.records.work["until"]) - self.records.work["from"])
        return served

    @cached_property
    def _interrupted(self) -> tuple[Rows, Rows]:
        """Rows of visits whose service was interrupted, and the visit's row of each row of the work table."""
        work = self.records.work
        if not work["unit"].size:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        width = int(self.visits["step"].max()) + 1
        keys = self.visits["unit"] * width + self.visits["step"]
        work_row = np.searchsorted(keys, work["unit"] * width + work["step"])
        return np.unique(work_row), work_row

    @cached_property
    def visits_of_stage(self) -> tuple[Rows, ...]:
        """Rows of the visits of each stage, in the order of the table."""
        stage = self.visits["stage"]
        return tuple(np.flatnonzero(stage == number) for number in range(len(self.network.stages)))

    def waiting(self, stage: int) -> tuple[Ints, Ints]:
        """Start and end of every wait for a stage, those outside its door included and last, ticks."""
        if stage not in self._waiting:
            visits = self.visits_of_stage[stage]
            reached, wait_end = self.reached[visits], self.wait_end[visits]
            if self.outside.size:
                outside = self.outside[self.first_stage[self.outside] == stage]
                reached = np.concatenate((reached, self.units["arrived"][outside]))
                wait_end = np.concatenate((wait_end, self.gone[outside]))
            self._waiting[stage] = reached, wait_end
        return self._waiting[stage]

    def put_away(self, stage: int) -> None:
        """Keep no longer what was worked out of a stage: taking memory anew costs more than working it out again."""
        self._waiting.pop(stage, None)
        if self.network.stages[stage].pool == NONE:
            self._pieces.pop(stage, None)

    def is_interrupted(self, stages: Sequence[int]) -> bool:
        """Whether any service at these stages was."""
        rows = self._interrupted[0]
        return bool(rows.size) and bool(np.isin(self.visits["stage"][rows], stages).any())

    def pieces(self, stage: int) -> Pieces:
        """Every unbroken piece of service at a stage."""
        if stage not in self._pieces:
            self._pieces[stage] = self._find_pieces(stage)
        return self._pieces[stage]

    def _find_pieces(self, stage: int) -> Pieces:
        whole = self.visits_of_stage[stage]
        start = self.visits["started"][whole] if self.has_joins else self.waiting(stage)[1][: whole.size]
        end = self.visits["ended"][whole]
        never = self._never_started[self.visits["stage"][self._never_started] == stage]
        if never.size:
            places = np.searchsorted(whole, never)
            whole, start, end = np.delete(whole, places), np.delete(start, places), np.delete(end, places)
        end = self.until_end(end)
        interrupted, work_row = self._interrupted
        if not interrupted.size:
            return self._whole_pieces(whole, start, end, stage)
        is_whole = ~np.isin(whole, interrupted)
        plain = self._whole_pieces(whole[is_whole], start[is_whole], end[is_whole], stage)
        here = self.visits["stage"][work_row] == stage
        work = self.records.work
        return Pieces(
            np.concatenate((plain.visit, work_row[here])),
            np.concatenate((plain.crew, work["crew"][here])),
            np.concatenate((plain.officers, work["officers"][here].astype(np.int64))),
            np.concatenate((plain.start, work["from"][here])),
            np.concatenate((plain.end, self.until_end(work["until"][here]))),
        )

    def _whole_pieces(self, visits: Rows, start: Ints, end: Ints, stage: int) -> Pieces:
        if self.network.stages[stage].pool == NONE:
            crew, officers = np.broadcast_to(np.int16(NONE), visits.size), np.broadcast_to(np.int64(0), visits.size)
            return Pieces(visits, crew, officers, start, end)
        officers = self.visits["officers"][visits].astype(np.int64)
        return Pieces(visits, self.visits["crew"][visits], officers, start, end)

    # ---- legs: one row per leg begun ---------------------------------------------------------------------------

    @cached_property
    def first_visits_of_legs(self) -> Rows:
        """Row of the first visit of each leg of each unit."""
        if not self.visits["leg"].any():
            return self.first_visits
        return _beginnings(self.visits["unit"], self.visits["leg"])


def _sum(paper: StepFunction, called: StepFunction) -> StepFunction:
    ticks = np.union1d(paper.at, called.at)
    levels = levels_at(paper, ticks) + levels_at(called, ticks)
    return steps(ticks, levels)


def _beginnings(*columns: NDArray[np.integer]) -> Rows:
    """Rows at which any of these columns differs from the row before; row 0 is one, if there is a row."""
    if not columns[0].size:
        return np.empty(0, np.intp)
    change = columns[0][1:] != columns[0][:-1]
    for column in columns[1:]:
        change |= column[1:] != column[:-1]
    return np.concatenate((np.zeros(1, np.intp), np.flatnonzero(change) + 1))
