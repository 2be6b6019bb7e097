"""The model a good Ciw practitioner writes for a port: a network of nodes in tandem, on the plain SimPy model's draws.

Each stage is a node with a schedule; units of high priority are a class of their own. Arrivals are a sequence, and a
distribution of our own hands each unit the service that was drawn for it: both are ways Ciw's guides show. Ciw keeps a
record of every visit. No officers, no hours, no waiting space, no blocking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import ciw

from benchmarks.plain_simpy import DAY, HIGH, ORDINARY, SHIFTS, Draws, Visit

CLASSES = {"high": HIGH, "ordinary": ORDINARY}


class Drawn(ciw.dists.Distribution):
    """The services of a stage, drawn before the run; Ciw numbers units from 1 as they arrive."""

    def __init__(self, work: list[int]) -> None:
        self.work = work

    def sample(self, t: float | None = None, ind: Any = None) -> int:
        """The service of this unit, ms."""
        unit: int = ind.id_number - 1
        return self.work[unit]


class Stage(ciw.Node):
    """A node whose lanes stay through a change of shift, as those of the plain SimPy model do.

    By itself Ciw relieves all of them: those at work finish and go, and beside them a whole new shift begins. Here
    only the difference comes or goes: idle lanes go at once, then those that are free first.
    """

    def change_shift(self) -> None:
        """Open or close as many lanes as the new level asks for, and let waiting units in."""
        self.schedule.get_next_shift()
        self.next_shift_change = self.schedule.next_shift_change_date
        self.c = self.schedule.c
        on_duty = [lane for lane in self.servers if not lane.offduty]
        on_duty.sort(key=lambda lane: (lane.busy, lane.next_end_service_date))
        for lane in on_duty[: max(len(on_duty) - self.c, 0)]:
            lane.shift_end = self.next_event_date
            if lane.busy:
                lane.offduty = True
            else:
                self.kill_server(lane)
        self.add_new_servers(max(self.c - len(on_duty), 0))
        self.begin_service_if_possible_change_shift()


def simulate_a(draws: Draws) -> list[Any]:
    """Workload A: one node with three lanes; Ciw's record of every visit."""
    network = ciw.create_network(
        arrival_distributions=[_gaps(draws.arrived)],
        service_distributions=[Drawn(draws.work[0])],
        number_of_servers=[3],
    )
    return _play(ciw.Simulation(network), draws.end)


def simulate_b(draws: Draws, shifts: Sequence[tuple[int, int]] = SHIFTS) -> list[Any]:
    """Workload B: nodes in tandem with schedules, units by priority; Ciw's record of every visit."""
    later = len(draws.work) - 1
    units = list(zip(draws.arrived, draws.priority, strict=True))
    arrivals = {
        name: [_gaps([tick for tick, priority in units if priority == of]), *[None] * later]
        for name, of in CLASSES.items()
    }
    services = [Drawn(work) for work in draws.work]
    onward = [ciw.routing.Direct(to=node) for node in range(2, later + 2)]
    levels, ends = [level for _, level in shifts], [end for _, (end, _) in pairwise((*shifts, (DAY, 0)))]
    network = ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions=dict.fromkeys(CLASSES, services),
        number_of_servers=[ciw.Schedule(numbers_of_servers=levels, shift_end_dates=ends) for _ in draws.work],
        priority_classes={name: rank for rank, name in enumerate(CLASSES)},
        routing={name: ciw.routing.NetworkRouting([*onward, ciw.routing.Leave()]) for name in CLASSES},
    )
    return _play(ciw.Simulation(network, node_class=Stage), draws.end)


def visits_of(records: list[Any]) -> list[Visit]:
    """Ciw's records as visits of the plain SimPy model."""
    return [
        (one.id_number - 1, one.node - 1, one.arrival_date, one.service_start_date, one.service_end_date)
        for one in records
    ]


def _play(simulation: Any, end: int) -> list[Any]:
    simulation.simulate_until_max_time(end)
    records: list[Any] = simulation.get_all_records()
    return records


def _gaps(arrived: list[int]) -> Any:
    """The times between arrivals, and none after the last: Ciw would begin the sequence anew."""
    return ciw.dists.Sequential([*(tick - last for last, tick in pairwise([0, *arrived])), math.inf])
