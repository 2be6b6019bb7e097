"""The model a good SimPy practitioner writes for a port: what portsim's speed is measured against.

Lanes are processes that take trucks from a store, in order of priority. At the end of a shift the stage puts one
closing note for each lane that closes into the store, ahead of every truck: whichever lane takes it goes off duty.
At the start of the next shift new lane processes begin. No officers, no hours, no waiting space, no blocking.

Written for speed where it stays readable: trucks are plain tuples, so that the store's heap compares them in C;
time is whole milliseconds; every draw is made by numpy before the run; one tuple of ticks is kept for each visit.
This file imports nothing of portsim.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import simpy

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
HIGH, ORDINARY = -1, 0
CLOSING = -2
SHIFTS = ((0, 4), (8 * HOUR, 3), (16 * HOUR, 2))
"""Workload B: lanes of each stage from this time of the day on."""

Process = Generator[simpy.Event, Any, None]
Visit = tuple[int, int, float, float, float]
"""unit, stage, tick joined, tick started, tick ended (whole ms; SimPy calls any time a float)."""


@dataclass(frozen=True)
class Draws:
    """All randomness of a run.

    arrived : arrival of each unit, ms, ascending
    priority : of each unit, smaller goes first
    work : for each stage the service of each unit, ms
    end : tick up to which the run is played, ms; by then every unit is through
    """

    arrived: list[int]
    priority: list[int]
    work: list[list[int]]
    end: int


def draw(units: int, seed: int, *, mean_gap: float, stages: int, mean_service: float, high: float) -> Draws:
    """Poisson arrivals, exponential services (means in ms) and a share `high` of units that go first."""
    random = np.random.default_rng(seed)
    arrived = np.cumsum(random.exponential(mean_gap, units)).round().astype(np.int64)
    work = random.exponential(mean_service, (stages, units)).round().astype(np.int64)
    priority = np.where(random.random(units) < high, HIGH, ORDINARY)
    end = (int(arrived[-1]) // DAY + 3) * DAY
    return Draws(arrived.tolist(), priority.tolist(), work.tolist(), end)


def draw_a(units: int, seed: int) -> Draws:
    """Workload A: one stage at load 0.9 of its three lanes (M/M/3), mean service 1 minute."""
    return draw(units, seed, mean_gap=MINUTE / 2.7, stages=1, mean_service=MINUTE, high=0.0)


def draw_b(units: int, seed: int) -> Draws:
    """Workload B: five stages in tandem, one unit a minute, mean service 2 minutes, one unit in ten goes first."""
    return draw(units, seed, mean_gap=MINUTE, stages=5, mean_service=2 * MINUTE, high=0.1)


def simulate_a(draws: Draws) -> list[Visit]:
    """Workload A: three lanes that take units in order of arrival from a `Store`."""
    environment = simpy.Environment()
    queue = simpy.Store(environment)
    visits: list[Visit] = []
    work = draws.work[0]

    def arrivals() -> Process:
        last = 0
        for unit, tick in enumerate(draws.arrived):
            yield environment.timeout(tick - last)
            last = tick
            queue.put((tick, unit))

    def lane() -> Process:
        while True:
            joined, unit = yield queue.get()
            started = environment.now
            yield environment.timeout(work[unit])
            visits.append((unit, 0, joined, started, environment.now))

    environment.process(arrivals())
    for _ in range(3):
        environment.process(lane())
    environment.run(until=draws.end)
    return visits


def simulate_b(draws: Draws, shifts: Sequence[tuple[int, int]] = SHIFTS) -> list[Visit]:
    """Workload B: stages in tandem whose lanes open and close with the shifts, units by priority."""
    environment = simpy.Environment()
    queues = [simpy.PriorityStore(environment) for _ in draws.work]
    visits: list[Visit] = []

    def arrivals() -> Process:
        last = 0
        first = queues[0]
        for unit, (tick, priority) in enumerate(zip(draws.arrived, draws.priority, strict=True)):
            yield environment.timeout(tick - last)
            last = tick
            first.put((priority, tick, unit))

    def lane(stage: int) -> Process:
        take, timeout, work = queues[stage].get, environment.timeout, draws.work[stage]
        put = queues[stage + 1].put if stage + 1 < len(queues) else None
        while True:
            priority, joined, unit = yield take()
            if priority == CLOSING:
                return
            started = environment.now
            yield timeout(work[unit])
            now = environment.now
            visits.append((unit, stage, joined, started, now))
            if put:
                put((priority, now, unit))

    def roster(stage: int) -> Process:
        lanes = 0
        while True:
            for (tick, level), (until, _) in pairwise((*shifts, (DAY, 0))):
                for _ in range(lanes, level):
                    environment.process(lane(stage))
                for note in range(level, lanes):
                    queues[stage].put((CLOSING, 0, note))
                lanes = level
                yield environment.timeout(until - tick)

    environment.process(arrivals())
    for stage in range(len(queues)):
        environment.process(roster(stage))
    environment.run(until=draws.end)
    return visits
