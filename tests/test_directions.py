"""What changes a wait, and in which direction: findings of published studies, met on the same traffic.

Two staffings of a port meet exactly the same units in each replication, so their difference is taken replication by
replication. A direction holds if the mean difference is more than three of its own standard errors beyond the margin
that the test states. Where a direction is a law, it has to hold in each replication, or for each unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from portsim.experiments import Replication, replay, replicate
from portsim.model.network import NONE
from portsim.scenario import load_text
from tests.verification import EXPONENTIAL, flow, measured, port

Floats = np.ndarray
Play = Callable[..., Floats]


@pytest.fixture
def play(engine_name: str) -> Play:
    """What each replication of a scenario gives; the same seed, so the same units whatever the staffing."""

    def run(
        scenario: str,
        *values: Callable[[Replication], float],
        replications: int = 6,
        seed: int = 1,
        replaced: tuple[str, str] | None = None,
    ) -> Floats:
        if replaced is not None:
            assert scenario.count(replaced[0]) == 1, f"{replaced[0]!r} must stand there once"
            scenario = scenario.replace(*replaced)
        found: list[list[float]] = []
        loaded = load_text(scenario)
        for number in range(replications):
            replication = replay(loaded, number, seed=seed, engine=engine_name)
            found.append([value(replication) for value in values])
        table = np.array(found).T
        return table[0] if len(values) == 1 else table

    return run


def lowest(differences: Floats) -> float:
    """Three standard errors below the mean of the differences."""
    return float(differences.mean() - 3 * differences.std(ddof=1) / math.sqrt(differences.size))


# Officers -------------------------------------------------------------------------------------------------------------


def test_officers_who_move_to_the_longest_queue_gain_more_the_heavier_the_load(play):
    """Two stages with two officers each, or four who go where most wait; both of the same lanes and the same trucks.

    At loads of 0.5, 0.7 and 0.85 the gain in the mean wait is half as much again each time, at least.
    """
    sides = ("east", "west")
    stages = "\n".join(f"{name}: {{lanes: 4, officers: {{{name}_police: 1}}, {EXPONENTIAL}}}" for name in sides)
    apart = "officers:\n  east_police: {level: 2}\n  west_police: {level: 2}\n"
    moving = "officers:\n  police: {level: 4, precedence: longest_queue}\n"
    gains = []
    for load in (0.5, 0.7, 0.85):
        flows = "\n".join(flow(f"to_{name}", f"rate: {2 * load:g}/min", journey=name) for name in sides)
        waits = [
            play(port(stages=how, flows=flows, warm_up=150, length=650, more=officers), measured("wait_mean_min"))
            for how, officers in (
                (stages, apart),
                (stages.replace("east_police", "police").replace("west_police", "police"), moving),
            )
        ]
        gains.append(waits[0] - waits[1])
    assert lowest(gains[0]) > 0
    for lighter, heavier in pairwise(gains):
        assert lowest(heavier - 1.5 * lighter) > 0


def test_officers_who_follow_demand_cut_the_wait_at_equal_hours(play):
    """Twelve hours bring three quarters of the trucks. Four officers all day, or six then and two at night.

    Of the mean wait of the flat roster a third goes at least, as do a third of the truck-hours lost. (At Peace Arch
    the same officer-hours, put where demand was, cut the delay by 18 %.)
    """
    scenario = port(
        stages="check: {lanes: 8, officers: {police: 1}, service: {lognormal: {mean: 4 min, cv: 0.6}}}",
        flows=flow("trucks", "per_day: 1080, by_hour: {8-20: 3, 20-8: 1}, day_to_day_cv: 0.05"),
        warm_up=1440,
        length=2 * 1440,
        more="officers:\n  police: {level: 4}\n",
    )
    values = measured("wait_mean_min"), measured("truck_hours_lost"), measured("officer_hours")
    flat = play(scenario, *values)
    followed = play(scenario, *values, replaced=("level: 4", "level: {8-20: 6, 20-8: 2}"))
    for index in (0, 1):
        assert lowest(flat[index] - 1.5 * followed[index]) > 0
    assert flat[2] == pytest.approx(followed[2])


# The neighbour --------------------------------------------------------------------------------------------------------


TWO_SIDES = port(
    stages=f"exit: {{lanes: 2, {EXPONENTIAL}}}\n"
    "entry: {lanes: 2, waiting_space: 10, service: {exponential: {mean: 140 s}}}",
    flows=flow("trucks", "rate: 1/min", journey="exit, entry"),
    length=600,
)
"""The neighbour takes 140 s where we take 60, and cannot do what comes: 0.86 of 1 a minute."""


def test_a_slower_neighbour_sets_the_dwell_whatever_our_own_lanes_do(play):
    """Three and eight lanes of ours move the mean dwell by less than 2 %; one lane of the neighbour's by half."""
    dwell = play(TWO_SIDES, measured("dwell_mean_min"))
    assert dwell.mean() > 30
    for lanes in (3, 8):
        more = play(TWO_SIDES, measured("dwell_mean_min"), replaced=("exit: {lanes: 2", f"exit: {{lanes: {lanes}"))
        assert lowest(0.02 * dwell - abs(more - dwell)) > 0
    theirs = play(TWO_SIDES, measured("dwell_mean_min"), replaced=("entry: {lanes: 2", "entry: {lanes: 3"))
    assert lowest(dwell - 2 * theirs) > 0


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("lanes", [1, 2])
def test_more_waiting_space_between_the_sides_never_lowers_output(play, lanes, seed):
    """Equal sides that never lack trucks, with 0 to 4 places a lane between: output rises in each replication or stays.

    With the first place a lane it rises by a twentieth on average, at least, and by less with the second.
    """
    sides = f"exit: {{lanes: {lanes}, {EXPONENTIAL}}}\nentry: {{lanes: {lanes}, waiting_space: 0, {EXPONENTIAL}}}"
    scenario = port(
        stages=sides, flows=flow("trucks", f"queue_at_start: {lanes * 400}", journey="exit, entry"), length=300
    )
    outputs = [
        play(
            scenario,
            measured("released"),
            seed=seed,
            replaced=("waiting_space: 0", f"waiting_space: {places}"),
        )
        for places in (0, lanes, 2 * lanes, 4 * lanes)
    ]
    for fewer, more in pairwise(outputs):
        assert (more >= fewer).all()
        assert lowest(more - fewer) > 0
    assert lowest(outputs[1] - 1.05 * outputs[0]) > 0
    means = [output.mean() for output in outputs]
    assert means[1] - means[0] > means[2] - means[1]


# Lanes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "service"), [(0.8, "exponential: {mean: 1 min}"), (0.6, "lognormal: {mean: 1 min, cv: 1.5}")]
)
def test_lanes_for_all_are_no_worse_than_lanes_for_each(play, load, service):
    """Two flows with two lanes each, or four lanes for both: the mean wait falls by a third at least."""
    roles = ("east", "west")
    scenario = port(
        stages=f"check: {{lanes: {{east: 2, west: 2}}, service: {{{service}}}}}",
        flows="\n".join(
            flow(f"to_{role}", f"rate: {2 * load:g}/min", journey=f"{{check: {{roles: [{role}]}}}}") for role in roles
        ),
        warm_up=200,
        length=800,
    )
    split = play(scenario, measured("wait_mean_min"))
    pooled = play(
        scenario.replace("roles: [east]", "roles: [east, west]").replace("roles: [west]", "roles: [west, east]"),
        measured("wait_mean_min"),
    )
    assert (pooled < split).all()
    assert lowest(split - 1.5 * pooled) > 0


def test_one_more_lane_delays_nobody(engine_name):
    """A few thousand trucks, first come first served at one stage with hours: each starts as early or earlier.

    `tests/test_oracle.py` tries the same law on random small ports.
    """
    scenario = port(
        stages="check: {lanes: 3, open: '06:00-22:00', service: {lognormal: {mean: 4 min, cv: 1.5}}}",
        flows=flow("trucks", "per_day: 700, by_hour: {6-12: 3, 12-24: 1}")
        + "\n"
        + flow("others", "per_day: 50, by_hour: {8-22: 1}"),
        length=3 * 1440,
    )
    starts = []
    for lanes in (3, 4, 5):
        run = replicate(
            load_text(scenario.replace("lanes: 3", f"lanes: {lanes}")), replications=2, engine=engine_name, keep="all"
        )
        found = []
        for replication in run.kept:
            visits = replication.records.visits
            order = np.argsort(visits["unit"], kind="stable")
            started = visits["started"][order]
            found.append(np.where(started == NONE, replication.network.end, started))
        starts.append(np.concatenate(found))
    for fewer, more in pairwise(starts):
        assert (more <= fewer).all()
        assert (more < fewer).mean() > 0.05
