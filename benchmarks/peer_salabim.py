"""The models a good salabim practitioner writes for a port: on the plain SimPy model's draws, in two styles.

`simulate_a` and `simulate_b` are written as salabim's manual writes its bank: trucks are components, which stand in
salabim's queues in order of priority, and lanes are components that fall asleep when their queue is empty. Making a
component of each truck is most of the work. `simulate_a_on_tuples` and `simulate_b_on_tuples` make none: trucks are
tuples in lists kept in order by `heapq`, of which salabim knows nothing, and only lanes are salabim's.

All of it with what salabim offers for speed: no trace, no animation, no monitors of the queues, and processes that
`yield` rather than switch greenlets. No officers, no hours, no waiting space, no blocking.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

import salabim

from benchmarks.plain_simpy import DAY, SHIFTS, Draws, Visit

Process = Generator[Any, Any, None]
THREE = ((0, 3),)
"""Workload A: three lanes all day."""


def simulate_a(draws: Draws) -> list[Visit]:
    """Workload A, trucks as components."""
    return _simulate(draws, THREE, Stage)


def simulate_b(draws: Draws, shifts: Sequence[tuple[int, int]] = SHIFTS) -> list[Visit]:
    """Workload B, trucks as components."""
    return _simulate(draws, shifts, Stage)


def simulate_a_on_tuples(draws: Draws) -> list[Visit]:
    """Workload A, trucks as tuples."""
    return _simulate(draws, THREE, StageOfTuples)


def simulate_b_on_tuples(draws: Draws, shifts: Sequence[tuple[int, int]] = SHIFTS) -> list[Visit]:
    """Workload B, trucks as tuples."""
    return _simulate(draws, shifts, StageOfTuples)


class Truck(salabim.Component):
    """A truck: it has no process of its own and stands in queues."""

    def setup(self, unit: int, rank: int) -> None:
        """Salabim calls this as the truck is made; `priority` is a word of its own."""
        self.unit = unit
        self.rank = rank
        self.joined = 0.0


class Stage:
    """A stage: those who wait, lanes asleep, and how many lanes have yet to close.

    following : the stage after it, None after the last
    """

    def __init__(self, number: int, draws: Draws, visits: list[Visit], environment: Any) -> None:
        self.number = number
        self.work = draws.work[number]
        self.visits = visits
        self.environment = environment
        self.following: Any = None
        self.waiting: Any = salabim.Queue(monitor=False, env=environment)
        self.lane: type[Lane] = Lane
        self.asleep: list[Lane] = []
        self.closing = 0

    def arrive(self, unit: int, priority: int) -> None:
        """A new truck joins."""
        self.join(Truck(unit=unit, rank=priority, env=self.environment))

    def join(self, truck: Truck) -> None:
        """Queue by priority, and wake a lane."""
        truck.joined = self.environment.now()
        truck.enter_sorted(self.waiting, truck.rank)
        if self.asleep:
            self.asleep.pop().activate()

    def change(self, more: int) -> None:
        """Open lanes, or close those that are free first."""
        for _ in range(more):
            self.lane(stage=self, env=self.environment)
        self.closing += max(-more, 0)
        for _ in range(min(-more, len(self.asleep))):
            self.asleep.pop().activate()


class StageOfTuples(Stage):
    """The same with trucks as tuples (priority, tick joined, unit) in a heap."""

    def __init__(self, number: int, draws: Draws, visits: list[Visit], environment: Any) -> None:
        super().__init__(number, draws, visits, environment)
        self.waiting = []
        self.lane = LaneOfTuples

    def arrive(self, unit: int, priority: int) -> None:
        """Queue by priority, and wake a lane."""
        heappush(self.waiting, (priority, self.environment.now(), unit))
        if self.asleep:
            self.asleep.pop().activate()


class Lane(salabim.Component):
    """A lane, from its opening until it is told to close."""

    def setup(self, stage: Stage) -> None:
        """Salabim calls this as the lane is made."""
        self.stage = stage

    def process(self) -> Process:
        """Serve whoever is first and send it on; sleep while nobody waits."""
        stage, now = self.stage, self.env.now
        waiting, number, work, visits = stage.waiting, stage.number, stage.work, stage.visits
        while not stage.closing:
            if not waiting:
                stage.asleep.append(self)
                yield self.passivate()
                continue
            truck, started = waiting.pop(), now()
            yield self.hold(work[truck.unit])
            visits.append((truck.unit, number, truck.joined, started, now()))
            if stage.following:
                stage.following.join(truck)
        stage.closing -= 1


class LaneOfTuples(Lane):
    """The same where trucks are tuples."""

    def process(self) -> Process:
        """Serve whoever is first and send it on; sleep while nobody waits."""
        stage, now = self.stage, self.env.now
        waiting, number, work, visits = stage.waiting, stage.number, stage.work, stage.visits
        while not stage.closing:
            if not waiting:
                stage.asleep.append(self)
                yield self.passivate()
                continue
            (priority, joined, unit), started = heappop(waiting), now()
            yield self.hold(work[unit])
            visits.append((unit, number, joined, started, now()))
            if stage.following:
                stage.following.arrive(unit, priority)
        stage.closing -= 1


class Arrivals(salabim.Component):
    """Brings the trucks."""

    def setup(self, draws: Draws, stage: Stage) -> None:
        """Salabim calls this as it is made."""
        self.draws = draws
        self.stage = stage

    def process(self) -> Process:
        """Each at its tick."""
        for unit, (tick, priority) in enumerate(zip(self.draws.arrived, self.draws.priority, strict=True)):
            yield self.hold(till=tick)
            self.stage.arrive(unit, priority)


class Roster(salabim.Component):
    """Opens and closes lanes with the shifts."""

    def setup(self, shifts: Sequence[tuple[int, int]], stages: list[Stage]) -> None:
        """Salabim calls this as it is made."""
        self.shifts = shifts
        self.stages = stages

    def process(self) -> Process:
        """The same every day."""
        lanes = 0
        while True:
            for (tick, level), (until, _) in pairwise((*self.shifts, (DAY, 0))):
                for stage in self.stages:
                    stage.change(level - lanes)
                lanes = level
                yield self.hold(until - tick)


def _simulate(draws: Draws, shifts: Sequence[tuple[int, int]], kind: type[Stage]) -> list[Visit]:
    environment = salabim.Environment(trace=False, yieldless=False)
    visits: list[Visit] = []
    stages = [kind(number, draws, visits, environment) for number in range(len(draws.work))]
    for stage, following in pairwise(stages):
        stage.following = following
    Arrivals(draws=draws, stage=stages[0], env=environment)
    Roster(shifts=shifts, stages=stages, env=environment)
    environment.run(till=draws.end)
    return visits
