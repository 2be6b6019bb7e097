"""What the shipped Irkeshtam plans say of one another, on the same trucks (one replication each)."""

from __future__ import annotations

from functools import cache

import pytest

import portsim as ps
from portsim.experiments import Replication


@cache
def played(plan: str | None = None, *sets: str) -> Replication:
    run = ps.run("irkeshtam-24h", plan=plan, sets=["to=2025-06-05 00:00", *sets], replications=1, keep="first")
    return run.data.kept[0]


def measured(replication: Replication, metric: str, stage: str | None = None) -> float:
    [value] = [
        row.value
        for row in replication.measures
        if (row.metric, row.stage) == (metric, stage) and not (row.flow or row.kind or row.direction or row.pool)
    ]
    return value


@pytest.mark.parametrize("plan", ["no_pilot", "neighbour_14h", "three_crews", "eight_a_crew", "reserve", "waves"])
def test_every_plan_meets_the_same_trucks(plan):
    """Wanted, arrived, work and referral of every truck: plans change the port, not what comes to it."""
    for column in ("wanted", "arrived", "work", "stage", "persons", "flow"):
        assert (getattr(played(plan).traffic, column) == getattr(played().traffic, column)).all(), column


def test_half_of_those_who_would_find_the_gate_closed_stay_away():
    base, away = played(), played("stay_away")
    stayed = int(away.traffic.stayed_away.sum())
    in_all = len(base.traffic) - len(away.traffic)
    assert 0 < stayed <= in_all, "those who wanted to come before the measured stretch are not counted"
    first_stages = base.traffic.stage[base.traffic.first[:-1]].tolist()
    found_closed = sum(
        base.network.stages[stage].is_open(tick) == 0
        for stage, tick in zip(first_stages, base.traffic.arrived.tolist(), strict=True)
    )
    assert in_all / found_closed == pytest.approx(0.5, abs=0.05)


def test_three_crews_do_to_the_trucks_what_four_do():
    """At any time one crew is on duty: the same hours, and every truck is out at the same millisecond."""
    four, three = played(), played("three_crews")
    assert (four.records.units["out"] == three.records.units["out"]).all()
    assert measured(four, "officer_hours") == measured(three, "officer_hours")


def test_a_fifth_fewer_border_police_are_a_fifth_fewer_of_their_hours():
    ten, eight = (
        next(
            row.value for row in played(plan).measures if row.metric == "officer_hours" and row.pool == "border_police"
        )
        for plan in (None, "eight_a_crew")
    )
    assert eight == pytest.approx(0.8 * ten)


def test_longer_hours_and_a_neighbour_who_follows_shorten_the_wait():
    waits = [measured(played(plan), "wait_mean_min") for plan in (None, "neighbour_14h", "no_pilot")]
    assert waits == sorted(waits)
    assert waits[0] < waits[1]


def test_the_backlog_of_the_closed_day_is_through_before_the_queue_is_gone():
    assert (
        5
        < measured(played(), "backlog_h")
        < measured(played(), "recovery_h")
        < measured(played("no_pilot"), "recovery_h")
    )
