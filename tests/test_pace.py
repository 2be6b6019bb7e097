"""Pace: runs worked out by hand, ticks as plain numbers and paces in permille (rule 19)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from portsim.model.network import NONE
from portsim.model.records import Records
from tests.cases import FEATURES, cases, described, difference, pace, passenger, port, stage, step, unit
from tests.conftest import ENGINES


@pytest.fixture(scope="session", params=["oracle", *ENGINES])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The oracle has to pass all this as well as the engines."""
    return request.param


def first_of(records: Records, column: str) -> list[int]:
    """A column of the visits of each unit's first step."""
    return records.visits[column][records.visits["step"] == 0].tolist()


# By the hour ----------------------------------------------------------------------------------------------------------


def test_a_service_lasts_by_the_pace_of_the_hour_at_which_it_starts(engine):
    """Four fifths until 10: 12 of work take 15. One lane: the second starts at 15, in the ordinary hours."""
    slow = stage(pace=pace([(0, 800), (10, 1000)]))
    records = engine(*port([slow], [unit(0, [(0, 12)])] * 2))
    assert first_of(records, "started") == [0, 15]
    assert first_of(records, "ended") == [15, 27]


def test_at_the_tick_of_a_step_the_new_pace_holds(engine):
    night = stage(lanes=9, pace=pace([(0, 1000), (10, 500)]))
    records = engine(*port([night], [unit(9, [(0, 6)]), unit(10, [(0, 6)])]))
    assert first_of(records, "ended") == [15, 22]


def test_a_pace_before_tick_0_is_the_one_at_0(engine):
    assert first_of(engine(*port([stage(pace=pace([(-5, 500)]))], [unit(0, [(0, 6)])])), "ended") == [12]


@pytest.mark.parametrize(
    ("permille", "work", "takes"),
    [
        (1333, 4, 3),  # 3000.75: a third more is done in the time
        (1333, 6, 4),  # 4.501
        (667, 4, 5),  # 5.997
        (999, 1, 1),  # 1.001
        (999, 1000, 1001),  # 1001.001
        (1001, 1, 0),  # 0.999
        (20_000, 19, 0),  # 0.95
        (50, 3, 60),
    ],
)
def test_work_is_rounded_down_to_whole_ticks(engine, permille, work, takes):
    assert first_of(engine(*port([stage(pace=pace(permille))], [unit(2, [(0, work)])], end=2000)), "ended") == [
        2 + takes
    ]


def test_the_slowest_pace_is_a_thousandth(engine):
    """Before its first step a level is 0; 1 permille is the least there is, so 2 take 2000."""
    late = stage(pace=pace([(9, 1000)]))
    assert first_of(engine(*port([late], [unit(0, [(0, 2)])], end=3000)), "ended") == [2000]


def test_zero_work_takes_no_time_at_any_pace(engine):
    records = engine(*port([stage(pace=pace(50))], [unit(4, [(0, 0)])] * 2))
    assert first_of(records, "started") == first_of(records, "ended") == [4, 4]


# By the lanes open ----------------------------------------------------------------------------------------------------


def test_lanes_that_are_open_count_whether_busy_or_not(engine):
    """At one lane the ordinary pace; from three on half of it: 4 take 8 for the only unit there is."""
    records = engine(*port([stage(lanes=3, pace=pace(by_lanes=[(1, 1000), (3, 500)]))], [unit(0, [(0, 4)])]))
    assert first_of(records, "ended") == [8]


def test_lanes_open_are_read_as_the_service_starts(engine):
    """Two lanes until 5, then three: the third unit starts at 5, when the lane opens, and is slower."""
    at = stage(lanes=[(0, 2), (5, 3)], pace=pace(by_lanes=[(2, 800), (3, 400)]))
    records = engine(*port([at], [unit(0, [(0, 8)])] * 3))
    assert first_of(records, "started") == [0, 0, 5]
    assert first_of(records, "ended") == [10, 10, 25]


def test_lanes_of_all_roles_are_added_up(engine):
    """One green lane and two general ones are three; the green one closes at 5, and two are below the first entry."""
    at = stage(lanes={0: 2, 1: [(0, 1), (5, 0)]}, pace=pace(by_lanes=[(3, 500)]))
    records = engine(*port([at], [unit(0, [step(0, 4, roles=((1, False),))]), unit(5, [(0, 4)])]))
    assert first_of(records, "ended") == [8, 9]


def test_more_lanes_than_the_last_entry_names_are_its_pace(engine):
    at = stage(lanes=9, pace=pace(by_lanes=[(2, 800), (4, 500)]))
    assert first_of(engine(*port([at], [unit(0, [(0, 4)])])), "ended") == [8]


def test_lanes_that_close_behind_their_units_are_not_open(engine):
    """Two lanes until 3, then one; the first two are still busy at 4. The third starts at 8 with one lane open."""
    at = stage(lanes=[(0, 2), (3, 1)], pace=pace(by_lanes=[(1, 1000), (2, 500)]))
    records = engine(*port([at], [unit(0, [(0, 4)]), unit(0, [(0, 4)]), unit(4, [(0, 4)])]))
    assert first_of(records, "started") == [0, 0, 8]
    assert first_of(records, "ended") == [8, 8, 12]


def test_a_delay_has_no_lanes_and_keeps_its_pace(engine):
    road = stage("road", lanes=None, pace=pace(800, by_lanes=[(0, 500)]))
    assert first_of(engine(*port([road], [unit(0, [(0, 4)])])), "ended") == [5]


# By the queue ---------------------------------------------------------------------------------------------------------


def test_the_queue_is_those_who_wait_still_after_earlier_grants(engine):
    """Two lanes, five units at once. The first leaves four behind, the second three; then two, one and nobody."""
    busy = stage(lanes=2, pace=pace(by_queue=[(1, 1250), (3, 1500), (4, 2000)]))
    records = engine(*port([busy], [unit(0, [(0, 60)])] * 5))
    assert first_of(records, "started") == [0, 0, 30, 40, 78]
    assert first_of(records, "ended") == [30, 40, 78, 88, 138]


def test_the_unit_that_starts_is_not_in_its_own_queue(engine):
    alone = stage(pace=pace(by_queue=[(0, 1000), (1, 2000)]))
    assert first_of(engine(*port([alone], [unit(0, [(0, 4)])])), "ended") == [4]


def test_below_the_first_entry_the_pace_is_the_ordinary_one(engine):
    assert first_of(engine(*port([stage(pace=pace(by_queue=[(2, 500)]))], [unit(0, [(0, 4)])] * 4)), "ended") == [
        8,
        16,
        20,
        24,
    ]


def test_units_at_the_door_are_no_queue(engine):
    """One place to wait: who starts leaves it, the next comes in one round later, and so nobody starts with a queue."""
    narrow = stage(waiting_space=1, pace=pace(by_queue=[(1, 500)]))
    records = engine(*port([narrow], [unit(0, [(0, 4)])] * 3))
    assert first_of(records, "joined") == [0, 0, 4]
    assert first_of(records, "ended") == [4, 8, 12]


def test_who_comes_in_by_the_door_and_starts_at_once_finds_the_others_waiting(engine):
    """The one inside is held until 9; the one at the door passes it and counts it."""
    narrow = stage(waiting_space=1, pace=pace(by_queue=[(1, 500)]))
    records = engine(*port([narrow], [unit(0, [step(0, 4, hold=9)]), unit(0, [(0, 4)])]))
    assert first_of(records, "started") == [9, 0]
    assert first_of(records, "ended") == [13, 8]


def test_units_on_hold_and_units_not_called_are_in_the_queue(engine):
    """The wave at 2 calls one of three; the third is held besides."""
    waves = stage(lanes=9, waves=[(2, 1), (4, 1)], pace=pace(by_queue=[(1, 500), (2, 250)]))
    units = [unit(0, [(0, 2)]), unit(0, [(0, 2)]), unit(0, [step(0, 2, hold=50)])]
    records = engine(*port([waves], units, end=40))
    assert first_of(records, "started") == [2, 4, NONE]
    assert first_of(records, "ended") == [10, 8, NONE]


def test_blocked_units_are_no_queue(engine):
    """The scanner is taken until 30. At 2 one truck stands in its lane, checked: the next finds nobody waiting."""
    stages = [stage("check", lanes=2, pace=pace(by_queue=[(1, 500)])), stage("scan", waiting_space=0)]
    units = [unit(0, [(0, 1), (1, 1)]), unit(2, [(0, 4)]), unit(0, [(1, 30)])]
    records = engine(*port(stages, units, end=20))
    assert first_of(records, "ended") == [1, 6, NONE]
    assert records.visits["left"].tolist() == [NONE, 6, NONE]


def test_passengers_who_come_in_the_next_round_are_not_counted_yet(engine):
    """The bus starts in the round in which it joins; its two passengers come to the same stage one round later."""
    check = stage(lanes=9, pace=pace(by_queue=[(1, 500)]))
    units = [unit(0, [(0, 4)]), passenger(0, 0, [(0, 4)]), passenger(0, 0, [(0, 4)])]
    assert first_of(engine(*port([check], units)), "ended") == [4, 8, 4]


# All together ---------------------------------------------------------------------------------------------------------


def test_the_three_are_multiplied_and_rounded_down_once(engine):
    """333 * 667 * 1333 is 296.07 permille: 296, where rounding after the second would leave 295. 1000 take 3378."""
    at = stage(pace=pace(333, by_lanes=[(1, 667)], by_queue=[(0, 1333)]))
    assert first_of(engine(*port([at], [unit(0, [(0, 1000)])], end=4000)), "ended") == [3378]


def test_a_service_that_goes_on_keeps_what_was_left_of_it(engine):
    """At half the pace 5 are 10; 6 are left at 4. From 8 the pace is double, and the queue is long: still 6."""
    at = stage(
        is_open=[(0, 1), (4, 0), (8, 1)], closing="suspend", pace=pace([(0, 500), (8, 2000)], by_queue=[(1, 50)])
    )
    records = engine(*port([at], [unit(0, [(0, 5)]), unit(5, [(0, 8)])], end=40))
    assert first_of(records, "ended") == [14, 18]
    assert records.work["until"].tolist() == [4, 14]


def test_overtaking_by_priority_changes_who_finds_the_queue(engine):
    """The urgent one comes last and starts first, with two behind it."""
    at = stage(lanes=[(1, 1)], pace=pace(by_queue=[(1, 1000), (2, 1333)]))
    records = engine(*port([at], [unit(0, [(0, 4)]), unit(0, [(0, 4)]), unit(1, [(0, 4)], priority=-1)]))
    assert first_of(records, "started") == [4, 8, 1]
    assert first_of(records, "ended") == [8, 12, 4]


@given(case=cases(FEATURES - {"pace"}))
def test_a_pace_of_1000_changes_nothing(engine, case):
    network, traffic = case
    ordinary = pace(1000, by_lanes=[(1, 1000)], by_queue=[(0, 1000), (2, 1000)])
    paced = replace(network, stages=tuple(replace(each, pace=ordinary) for each in network.stages))
    found = difference(engine(paced, traffic), engine(network, traffic), network)
    assert found is None, f"{found}\n{described(network, traffic)}"
