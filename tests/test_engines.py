"""Every engine against the oracle: on random ports full of ties, each column of each table is the same."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given, settings

from portsim.engines import reference, simulate
from portsim.errors import LimitError
from tests import oracle
from tests.cases import cases, described, difference, port, seeded, stage, unit

RANDOM_PORTS = 30_000


@given(case=cases())
@settings(max_examples=2 * settings.default.max_examples)
def test_an_engine_writes_the_records_of_the_oracle(engine, case):
    network, traffic = case
    found = difference(engine(network, traffic), oracle.simulate(network, traffic), network)
    assert found is None, f"{found}\n{described(network, traffic)}"


@pytest.mark.deep
@pytest.mark.parametrize("part", range(10))
def test_an_engine_writes_the_records_of_the_oracle_on_thousands_of_ports(engine, part):
    size = RANDOM_PORTS // 10
    for number in range(part * size, (part + 1) * size):
        network, traffic = seeded(number)
        found = difference(engine(network, traffic), oracle.simulate(network, traffic), network)
        assert found is None, f"case {number}: {found}\n{described(network, traffic)}"


@given(case=cases())
def test_an_engine_that_has_to_stop_has_written_what_the_oracle_has(engine, case):
    """With more than three units in the port both stop at the same instant, or neither does."""
    network, traffic = case

    def played(play):
        try:
            return play(network, traffic, units_in_port=3), None
        except LimitError as stop:
            return stop.records, stop.tick

    (one, tick), (other, other_tick) = played(engine), played(oracle.simulate)
    assert tick == other_tick
    found = difference(one, other, network)
    assert found is None, f"{found}\n{described(network, traffic)}"


@pytest.mark.parametrize("name", ["quick", "oracle", ""])
def test_an_engine_that_does_not_exist_is_refused(name):
    with pytest.raises(ValueError, match=f"engine '{name}' does not exist; use 'auto', 'reference' or 'compiled'"):
        simulate(*port([stage()], [unit(0, [(0, 1)])]), engine=name)


# What a run costs -----------------------------------------------------------------------------------------------------


def line(units: int):
    """Five stages in a row whose lanes go from 4 to 3 to 2, one unit in ten first: workload B in small."""
    stages = [stage(f"line{number}", lanes=[(0, 4), (800, 3), (1600, 2)]) for number in range(5)]
    trucks = [
        unit(
            20 * k,
            [(number, 1 + (37 * k + 11 * number) % 80) for number in range(5)],
            priority=-1 if k % 10 == 0 else 0,
        )
        for k in range(units)
    ]
    return port(stages, trucks, end=10_000)


def operations(monkeypatch, network, traffic) -> tuple[int, int]:
    """How many events the reference engine gives to SimPy, and how often it touches a heap of its own."""
    counts = {"events": 0, "heaps": 0}

    def counting(what, function):
        def counted(*arguments, **named):
            counts[what] += 1
            return function(*arguments, **named)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(simpy.Environment, "schedule", counting("events", simpy.Environment.schedule))
        for module in (reference.port, reference.queue, reference.stage):
            for name in ("heappush", "heappop", "heapify"):
                if hasattr(module, name):
                    patch.setattr(module, name, counting("heaps", getattr(module, name)))
        records = reference.simulate(network, traffic, units_in_port=200_000)
    assert (records.visits["left"] >= 0).all()
    return counts["events"], counts["heaps"]


EVENTS, HEAP_OPERATIONS = 1338, 3484
"""What 100 units at five stages cost: 500 services, 530 instants.

Events: one for each service, two for each unit's process, one for each later arrival, one round for each instant, and
nine for the calendar, the two processes that keep it and bring the units, and the end.
"""


def test_a_feature_that_is_not_used_costs_no_event_and_no_heap_operation(monkeypatch):
    """These numbers may fall. If they rise, a run pays for something its scenario does not ask for."""
    assert operations(monkeypatch, *line(100)) == (EVENTS, HEAP_OPERATIONS)
    assert EVENTS == 500 + 2 * 100 + 99 + 530 + 9
