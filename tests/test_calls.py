"""Waves, batches, stages that share officers, and reserves: runs worked out by hand, ticks as plain numbers."""

from __future__ import annotations

import pytest

from portsim.model.network import NONE
from portsim.model.records import Records
from tests.cases import passenger, pool, port, reserve, stage, step, unit
from tests.conftest import ENGINES


@pytest.fixture(scope="session", params=["oracle", *ENGINES])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The oracle has to pass all this as well as the engines."""
    return request.param


def first_of(records: Records, column: str) -> list[int]:
    """A column of the visits of each unit's first step."""
    return records.visits[column][records.visits["step"] == 0].tolist()


def levels(records: Records) -> list[tuple[int, ...]]:
    """(tick, pool, crew, level) of what the run decided."""
    assert records.levels["is_pool"].tolist() == [1] * records.levels["tick"].size
    return list(zip(*(records.levels[name].tolist() for name in ("tick", "where", "which", "level")), strict=True))


# Waves ----------------------------------------------------------------------------------------------------------------

WAVES = [(10, 3), (20, 2), (30, 5), (40, 3)]
"""At 1, 2, 3 and 4 at most 3, 2, 5 and 3; ticks are tenths."""

NINE = [3, 5, 7, 12, 13, 18, 26, 27, 31]


def test_units_start_with_the_wave_that_calls_them(engine):
    """The third to come after the first wave, at 1.8, is one too many for the second and waits for the third."""
    records = engine(*port([stage(lanes=3, waves=WAVES)], [unit(at, [(0, 1)]) for at in NINE], end=100))
    assert first_of(records, "started") == [10, 10, 10, 20, 20, 30, 30, 30, 40]


def test_called_units_start_one_after_another_when_there_is_one_lane(engine):
    records = engine(*port([stage(lanes=1, waves=WAVES)], [unit(at, [(0, 1)]) for at in NINE], end=100))
    assert first_of(records, "started") == [10, 11, 12, 20, 21, 30, 31, 32, 40]


def test_who_is_called_stays_called_after_the_wave(engine):
    """Two are called at 0; the one lane serves the second at 5. The third waits for the wave at 9."""
    records = engine(*port([stage(waves=[(0, 2), (9, 2)])], [unit(0, [(0, 5)])] * 3, end=30))
    assert first_of(records, "started") == [0, 5, 10]


def test_places_of_a_wave_that_nobody_takes_lapse(engine):
    records = engine(*port([stage(lanes=9, waves=[(2, 5), (6, 1)])], [unit(3, [(0, 1)])] * 2, end=30))
    assert first_of(records, "started") == [6, NONE]


def test_a_wave_at_a_closed_stage_lapses(engine):
    closed = stage(lanes=9, is_open=[(0, 1), (2, 0), (4, 1)], waves=[(2, 5), (6, 5)])
    assert first_of(engine(*port([closed], [unit(1, [(0, 1)])])), "started") == [6]


def test_a_wave_calls_those_let_in_during_its_instant_too(engine):
    """One place to wait. At 3 the first is called and starts, the second is let in, called and starts, and so on."""
    records = engine(*port([stage(lanes=9, waiting_space=1, waves=[(3, 3), (8, 3)])], [unit(0, [(0, 9)])] * 4, end=30))
    assert first_of(records, "joined") == [0, 3, 3, 3]
    assert first_of(records, "started") == [3, 3, 3, 8]


def test_a_called_unit_without_a_lane_keeps_its_waiting_space(engine):
    """At 3 one is called, and its lane opens at 5. Whoever is let in then has missed the wave."""
    narrow = stage(lanes=[(5, 2)], waiting_space=1, waves=[(3, 9), (7, 9)])
    records = engine(*port([narrow], [unit(0, [(0, 1)])] * 2, end=30))
    assert first_of(records, "joined") == [0, 5]
    assert first_of(records, "started") == [5, 7]


def test_a_wave_calls_in_the_order_of_the_line_and_passes_over_those_on_hold(engine):
    units = [unit(0, [step(0, 1, hold=5)]), unit(1, [(0, 1)]), unit(2, [(0, 1)]), unit(3, [(0, 1)], priority=-1)]
    records = engine(*port([stage(lanes=9, waves=[(4, 2), (6, 1)])], units, end=30))
    assert first_of(records, "started") == [6, 4, NONE, 4]


def test_nobody_goes_straight_from_the_door_to_a_lane_where_waves_call(engine):
    records = engine(*port([stage(lanes=9, waiting_space=0, waves=[(0, 9), (1, 9)])], [unit(0, [(0, 1)])], end=30))
    assert records.visits["unit"].size == 0


def test_patience_is_lost_before_the_wave_of_that_tick(engine):
    units = [unit(0, [(0, 1)], patience=4), unit(0, [(0, 1)])]
    records = engine(*port([stage(lanes=9, waves=[(4, 1)])], units, end=30))
    assert first_of(records, "started") == [NONE, 4]


# Batches --------------------------------------------------------------------------------------------------------------


def test_a_batch_of_two_starts_when_the_second_has_come(engine):
    records = engine(*port([stage(lanes=9, batch=(2, None))], [unit(at, [(0, 1)]) for at in range(4)], end=30))
    assert first_of(records, "started") == [1, 1, 3, 3]


def test_what_is_left_of_full_batches_waits_for_more(engine):
    records = engine(*port([stage(lanes=9, batch=(2, None))], [unit(1, [(0, 1)])] * 5, end=30))
    assert first_of(records, "started") == [1, 1, 1, 1, NONE]


def test_everyone_is_called_when_one_has_waited_long_enough(engine):
    """Batches of three within 5: those of 0 and 4 go at 5, the one of 6 at 11."""
    records = engine(*port([stage(lanes=9, batch=(3, 5))], [unit(at, [(0, 1)]) for at in (0, 4, 6)], end=30))
    assert first_of(records, "started") == [5, 5, 11]


def test_a_batch_is_called_when_the_stage_opens(engine):
    """Closed until 8: five wait, two batches of two are called, and the fifth, of 4, has waited for 4 by then."""
    closed = stage(lanes=9, is_open=[(8, 1)], batch=(2, 4))
    records = engine(*port([closed], [unit(at, [(0, 1)]) for at in (0, 1, 2, 3, 4)], end=30))
    assert first_of(records, "started") == [8] * 5
    closed = stage(lanes=9, is_open=[(8, 1)], batch=(2, 6))
    records = engine(*port([closed], [unit(at, [(0, 1)]) for at in (0, 1, 2, 3, 4)], end=30))
    assert first_of(records, "started") == [8, 8, 8, 8, 10]


def test_a_unit_on_hold_makes_up_no_batch(engine):
    units = [unit(0, [step(0, 1, hold=6)]), unit(2, [(0, 1)])]
    assert first_of(engine(*port([stage(lanes=9, batch=(2, None))], units, end=30)), "started") == [6, 6]


@pytest.mark.parametrize("calls", [{"batch": (2, None)}, {"waves": [(6, 1)]}])
def test_a_unit_that_has_left_is_called_no_more(engine, calls):
    """The first leaves at 3; at 6 its passenger is out, so that it could be gathered. The batch is still of one."""
    units = [unit(0, [step(0, 1, join=True)], patience=3), passenger(0, 0, [(1, 6)]), unit(4, [(0, 1)])]
    records = engine(*port([stage("rejoin", lanes=None, **calls), stage("counter")], units, end=30))
    assert first_of(records, "started") == [NONE, 0, NONE if "batch" in calls else 6]


def test_a_unit_that_went_on_without_its_passengers_is_called_where_it_is_now(engine):
    """It joins within 1 and waits for a batch elsewhere when its passenger is out at 6, and for another until 8."""
    units = [unit(0, [step(0, 1, join=True, join_limit=1), (2, 1)]), passenger(0, 0, [(1, 6)]), unit(8, [(2, 1)])]
    stages = [stage("rejoin", lanes=None), stage("counter"), stage("bus", lanes=9, batch=(2, None))]
    records = engine(*port(stages, units, end=30))
    assert records.visits["started"].tolist() == [1, 8, 0, 8]


def test_a_unit_called_before_its_passengers_are_out_starts_when_they_are(engine):
    """Called with the second at 4, it starts at 6 and the second at 4."""
    units = [unit(0, [step(0, 1, join=True)]), passenger(0, 0, [(1, 6)]), unit(4, [(0, 1)])]
    records = engine(*port([stage("rejoin", lanes=None, batch=(2, None)), stage("counter")], units, end=30))
    assert first_of(records, "started") == [6, 0, 4]


# Officers shared by stages --------------------------------------------------------------------------------------------


def shared(engine, precedence: str, **second) -> list[int]:
    """One officer for two stages, busy until 4. At the first one waits since 1, at the second two since 2 and 3."""
    stages = [stage("check", lanes=9, pool=0), stage("scan", lanes=9, pool=0, **second)]
    units = [unit(0, [(0, 4)]), unit(1, [(0, 2)]), unit(2, [(1, 2)]), unit(3, [(1, 2)])]
    return first_of(engine(*port(stages, units, [pool(1, precedence=precedence)], end=30)), "started")


def test_the_first_stage_goes_first_where_precedence_is_fixed(engine):
    assert shared(engine, "fixed") == [0, 4, 6, 8]


def test_the_stage_with_most_waiting_goes_first_and_file_order_breaks_the_tie(engine):
    """At 4 one waits against two; at 6 one against one, and the check stands first in the file."""
    assert shared(engine, "longest_queue") == [0, 6, 4, 8]


def test_the_stage_whose_next_unit_has_waited_longest_goes_first(engine):
    assert shared(engine, "longest_wait") == [0, 4, 6, 8]


def test_the_longest_wait_is_that_of_the_unit_next_in_line(engine):
    """At the check an urgent unit of 3 is next, before the one of 1; at the scan the one of 2 has waited longer."""
    stages = [stage("check", lanes=9, pool=0), stage("scan", lanes=9, pool=0)]
    units = [unit(0, [(0, 4)]), unit(1, [(0, 2)]), unit(2, [(1, 2)]), unit(3, [(0, 2)], priority=-1)]
    records = engine(*port(stages, units, [pool(1, precedence="longest_wait")], end=30))
    assert first_of(records, "started") == [0, 8, 4, 6]


def test_who_stands_at_the_door_does_not_lengthen_the_queue(engine):
    """With one place at the scan one waits inside and one at the door: the queues are equal."""
    assert shared(engine, "longest_queue", waiting_space=1) == [0, 4, 6, 8]


def test_uncalled_units_lengthen_the_queue_of_a_stage(engine):
    """Two wait at the scan, one of them called; the check's one waits alone and comes second."""
    assert shared(engine, "longest_queue", waves=[(4, 1), (9, 1)]) == [0, 6, 4, 9]


def test_queues_are_counted_again_after_every_grant(engine):
    """Two officers come at 5, and three and two wait: the scan's first, then the check, whose queue is as long."""
    stages = [stage("check", lanes=9, pool=0), stage("scan", lanes=9, pool=0)]
    units = [unit(0, [(0, 9)])] * 2 + [unit(0, [(1, 9)])] * 3
    records = engine(*port(stages, units, [pool([(5, 2)], precedence="longest_queue")], end=10))
    assert first_of(records, "started") == [5, NONE, 5, NONE, NONE]


def test_who_starts_from_the_door_has_not_waited_there(engine):
    """At 4 the check's next stands at its door since 1, and would join at 4; the scan's waits inside since 2."""
    stages = [stage("check", lanes=9, waiting_space=0, pool=0), stage("scan", lanes=9, pool=0)]
    units = [unit(0, [(0, 4)]), unit(1, [(0, 2)]), unit(2, [(1, 2)])]
    records = engine(*port(stages, units, [pool(1, precedence="longest_wait")], end=30))
    assert first_of(records, "started") == [0, 6, 4]


def test_stages_that_share_take_their_turn_at_the_place_of_the_first(engine):
    """At 4 the officer and the scale come free. Of the two who wait at the scan none has a lane: it is held by the
    truck that waits for the scale, whose turn is after the check's. So the one at the check starts, and they at 7.
    """
    stages = [stage("check", lanes=9, pool=0), stage("scale", waiting_space=0), stage("scan", pool=0)]
    units = [unit(0, [(1, 4)]), unit(0, [(2, 2), (1, 9)]), unit(1, [(0, 2)])]
    units += [unit(3, [(0, 3)]), unit(3, [(2, 3)]), unit(3, [(2, 3)])]
    records = engine(*port(stages, units, [pool(1, precedence="longest_queue")], end=30))
    assert first_of(records, "started") == [0, 0, 2, 4, 7, 10]


@pytest.mark.parametrize(("precedence", "starts"), [("fixed", [0, 5, 2]), ("longest_queue", [0, 2, 5])])
def test_a_lane_left_by_a_unit_from_the_door_goes_to_the_door_only_where_precedence_is_fixed(
    engine, precedence, starts
):
    """One lane of each role, one place. At 2 the first unit goes on from lane 1 through the door to lane 0.

    A stage that has come to its door stays there for the round, and the third unit follows. Stages that share their
    officers by the longest queue are looked at afresh, and the second, who waits inside, comes first.
    """
    other = ((1, False),)
    units = [unit(0, [step(0, 2, roles=other), (0, 9)]), *(unit(at, [step(0, 3, roles=other)]) for at in (1, 2))]
    stages = [stage(lanes={0: 1, 1: 1}, waiting_space=1, pool=0), stage("scan", pool=0)]
    records = engine(*port(stages, units, [pool(9, precedence=precedence)], end=30))
    assert first_of(records, "started") == starts


# Reserves -------------------------------------------------------------------------------------------------------------


def test_a_reserve_is_called_serves_stays_and_goes_home(engine):
    """One officer, services of 6, six trucks at 0: five wait, so at 0 the reserve of two is called.

    Ready in 4, it serves from 4 on: two trucks at 4, at 6 one of the officer's own, at 10 the last two of the
    reserve's. From 10 on nobody waits, but it stays at least 8: at 12 that is over, and from 13 on its level is 0.
    The truck of 14 is the officer's own.
    """
    network, traffic = port(
        [stage(lanes=9, pool=0)],
        [unit(0, [(0, 6)])] * 6 + [unit(14, [(0, 6)])],
        [pool(1, reserves=[reserve(2, [0], call_at=5, close_at=0, ready_in=4, stay=8)])],
        end=40,
    )
    records = engine(network, traffic)
    assert first_of(records, "started") == [0, 4, 4, 6, 10, 10, 14]
    assert first_of(records, "crew") == [0, 1, 1, 0, 1, 1, 0]
    assert first_of(records, "ended") == [6, 10, 10, 12, 16, 16, 20]
    assert levels(records) == [(4, 0, 1, 2), (13, 0, 1, 0)]


def test_a_reserve_that_hands_over_stops_the_tick_after_its_queue_is_short(engine):
    """The second truck's service, begun by the reserve at 1, is paused at 2 and goes on with the officer at 6."""
    officers = pool(1, end_of_shift="hand_over", reserves=[reserve(1, [0], call_at=1, close_at=0)])
    records = engine(*port([stage(lanes=9, pool=0)], [unit(0, [(0, 6)])] * 2, [officers], end=40))
    assert levels(records) == [(1, 0, 1, 1), (2, 0, 1, 0)]
    assert first_of(records, "ended") == [6, 11]
    assert records.work["crew"].tolist() == [1, 0]
    assert records.work["from"].tolist() == [1, 6]
    assert records.work["until"].tolist() == [2, 11]


def test_a_reserve_may_be_called_again(engine):
    """Two wait at 0 and two more at 10, and each time the reserve serves one and goes when one is left."""
    officers = pool([(0, 0)], reserves=[reserve(1, [0], call_at=2, close_at=1, ready_in=2)])
    records = engine(
        *port([stage(lanes=9, pool=0)], [unit(0, [(0, 1)])] * 2 + [unit(10, [(0, 1)])], [officers], end=40)
    )
    assert levels(records) == [(2, 0, 1, 1), (3, 0, 1, 0), (12, 0, 1, 1), (13, 0, 1, 0)]
    assert first_of(records, "started") == [2, 12, NONE]


def test_a_queue_at_a_closed_stage_and_one_that_lasts_no_instant_call_nobody(engine):
    """Three stand at the closed stage until 7; then two are served at once, and one waits: too few for the reserve."""
    officers = pool(2, reserves=[reserve(1, [0], call_at=2, close_at=0)])
    records = engine(*port([stage(lanes=9, is_open=[(7, 1)], pool=0)], [unit(0, [(0, 3)])] * 3, [officers], end=40))
    assert levels(records) == []
    assert first_of(records, "started") == [7, 7, 10]


def test_a_reserve_watches_doors_and_other_stages(engine):
    """One waits at the scan and one stands at its door: the check gets its reserve, for whom there is no work yet."""
    stages = [stage("check", lanes=9, pool=0), stage("scan", lanes=[(9, 1)], waiting_space=1)]
    units = [unit(0, [(1, 1)])] * 2 + [unit(3, [(0, 1)])]
    officers = pool([(20, 1)], reserves=[reserve(1, [0, 1], call_at=2, close_at=0, stay=2)])
    records = engine(*port(stages, units, [officers], end=40))
    assert levels(records) == [(1, 0, 1, 1), (11, 0, 1, 0)]
    assert first_of(records, "started") == [9, 10, 3]


def test_a_reserve_ready_at_the_end_writes_nothing(engine):
    officers = pool([(0, 0)], reserves=[reserve(1, [0], call_at=1, close_at=0, ready_in=5)])
    records = engine(*port([stage(lanes=9, pool=0)], [unit(0, [(0, 1)])], [officers], end=5))
    assert levels(records) == []
    assert first_of(records, "started") == [NONE]
