"""What an engine does, traced by hand, and the laws it keeps on any port.

Ticks are plain numbers here. Every test runs on each engine of the `engine` fixture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.errors import LimitError
from portsim.model.network import (
    NONE,
    Batch,
    Closing,
    Crew,
    EndOfShift,
    Network,
    Precedence,
    Stage,
    StepFunction,
    Waves,
    frozen,
)
from portsim.model.records import Records, UnitOutcome, VisitOutcome
from portsim.model.traffic import Traffic
from tests import oracle
from tests.cases import (
    FEATURES,
    Level,
    cases,
    described,
    difference,
    level,
    passenger,
    pool,
    port,
    reserve,
    seeded,
    stage,
    step,
    unit,
)
from tests.conftest import ENGINES

Engine = Callable[..., Records]

law = settings(max_examples=max(200, settings.default.max_examples))
"""How often a law is tried: in 200 random ports, in 5,000 with the profile "deep"."""


@pytest.fixture(scope="session", params=["oracle", *ENGINES])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The oracle has to pass all this as well as the engines: it is what they are compared with."""
    return request.param


def of_step(records: Records, column: str, step_number: int = 0) -> list[int]:
    """A column of the visits of one step, by unit."""
    return records.visits[column][records.visits["step"] == step_number].tolist()


def outs(records: Records) -> list[int]:
    return records.units["out"].tolist()


def decided(records: Records) -> list[tuple[int, ...]]:
    """(tick, pool, crew, level) of every change of a level the run itself decided."""
    assert records.levels["is_pool"].all()
    return list(zip(*(records.levels[name].tolist() for name in ("tick", "where", "which", "level")), strict=True))


def outcomes(records: Records) -> list[str]:
    return [UnitOutcome(value).name.lower() for value in records.units["outcome"].tolist()]


def visit_outcomes(records: Records) -> list[str]:
    return [VisitOutcome(value).name.lower() for value in records.visits["outcome"].tolist()]


def pieces(records: Records) -> list[tuple[int, ...]]:
    """(unit, crew, from, until) of every piece of an interrupted service."""
    return list(zip(*(records.work[name].tolist() for name in ("unit", "crew", "from", "until")), strict=True))


# Shifts and hours ---------------------------------------------------------------------------------------------------

CLOSED_5_TO_9 = [(0, 1), (5, 0), (9, 1)]


def test_a_service_of_ten_is_paused_from_5_to_9_by_a_handover_and_ends_at_15(engine):
    records = engine(
        *port(
            [stage(pool=0)],
            [unit(1, [(0, 10)])],
            [pool(CLOSED_5_TO_9, end_of_shift="hand_over")],
        )
    )
    assert outs(records) == [15]
    assert pieces(records) == [(0, 0, 1, 5), (0, 0, 9, 15)]
    assert of_step(records, "started") == [1]


def test_a_service_of_ten_is_paused_by_a_closing_that_suspends_and_ends_at_15(engine):
    records = engine(*port([stage(is_open=CLOSED_5_TO_9, closing="suspend")], [unit(1, [(0, 10)])]))
    assert outs(records) == [15]
    assert pieces(records) == [(0, NONE, 1, 5), (0, NONE, 9, 15)]


@pytest.mark.parametrize("what", ["officers", "stage"])
def test_a_service_of_ten_goes_on_over_a_closing_that_finishes_and_ends_at_11(engine, what):
    if what == "officers":
        records = engine(*port([stage(pool=0)], [unit(1, [(0, 10)])], [pool(CLOSED_5_TO_9)]))
    else:
        records = engine(*port([stage(is_open=CLOSED_5_TO_9)], [unit(1, [(0, 10)])]))
    assert outs(records) == [11]
    assert pieces(records) == []


SIX_UNITS = [unit(at, [(0, work)]) for at, work in [(1, 5), (1, 7), (1, 9), (9, 4), (9, 5), (12, 5)]]


def test_late_finishers_count_against_their_own_crew_only(engine):
    """Crews of 3 until 7, of 2 until 11, of 1 until 20: the third unit's officer stays until 10 on his own time."""
    crews = [[(0, 3), (7, 0)], [(7, 2), (11, 0)], [(11, 1), (20, 0)]]
    records = engine(*port([stage(lanes=9, pool=0)], SIX_UNITS, [pool(*crews)], end=30))
    assert of_step(records, "ended") == [6, 8, 10, 13, 14, 17]
    assert of_step(records, "crew") == [0, 0, 0, 1, 1, 2]
    shift_ends = [7, 7, 7, 11, 11, 20]
    overtime = [max(0, end - shift) for end, shift in zip(of_step(records, "ended"), shift_ends, strict=True)]
    assert overtime == [0, 1, 3, 2, 3, 0]


def test_late_finishers_count_against_the_level_of_a_plain_pool(engine):
    """The same officers as one level 3/2/1: who finishes late is missed in the next shift."""
    level = [(0, 3), (7, 2), (11, 1), (20, 0)]
    records = engine(*port([stage(lanes=9, pool=0)], SIX_UNITS, [pool(level)], end=30))
    assert of_step(records, "started") == [1, 1, 1, 9, 10, 15]


def test_a_fall_in_lanes_open_interrupts_nobody(engine):
    lanes = [(0, 1), (1, 3), (2, 1)]
    records = engine(*port([stage(lanes=lanes)], [unit(0, [(0, 2)])] * 3))
    assert of_step(records, "ended") == [2, 3, 3]
    assert of_step(records, "lane") == [0, 1, 2]


def test_a_unit_that_ends_as_its_lane_closes_is_done(engine):
    lanes = [(0, 0), (5, 1), (10, 0), (15, 1)]
    records = engine(*port([stage(lanes=lanes)], [unit(0, [(0, 5)])] * 3))
    assert of_step(records, "ended") == [10, 20, 25]


def test_a_service_that_ends_as_its_shift_ends_is_not_handed_over(engine):
    records = engine(*port([stage(pool=0)], [unit(0, [(0, 5)])], [pool([(0, 1), (5, 0)], end_of_shift="hand_over")]))
    assert outs(records) == [5]
    assert pieces(records) == []


def test_nothing_starts_at_the_closing_tick_and_it_can_at_the_opening_tick(engine):
    records = engine(*port([stage(is_open=[(0, 0), (3, 1), (5, 0)])], [unit(2, [(0, 2)]), unit(2, [(0, 1)])]))
    assert of_step(records, "started") == [3, NONE]


def test_only_the_net_level_at_a_tick_counts(engine):
    """The level falls to 0 and is back at the same tick: nobody is paused."""
    level = StepFunction.of([(0, 1), (3, 0), (3, 1)])
    records = engine(*port([stage(pool=0)], [unit(0, [(0, 5)])], [pool(level.pairs(), end_of_shift="hand_over")]))
    assert outs(records) == [5]
    assert pieces(records) == []


def test_levels_from_before_the_start_hold_at_the_start(engine):
    records = engine(*port([stage(lanes=[(-5, 1)], is_open=[(-9, 1)])], [unit(0, [(0, 2)])]))
    assert outs(records) == [2]


def test_levels_are_0_before_their_first_step(engine):
    records = engine(*port([stage(lanes=[(4, 1)])], [unit(0, [(0, 2)])]))
    assert of_step(records, "started") == [4]


def test_what_falls_on_the_end_is_not_played(engine):
    records = engine(*port([stage(lanes=2)], [unit(0, [(0, 5)]), unit(5, [(0, 1)]), unit(4, [(0, 1)])], end=5))
    assert records.units["unit"].tolist() == [0, 2]
    assert visit_outcomes(records) == ["in_service", "in_service"]
    assert of_step(records, "ended") == [NONE, NONE]
    assert outcomes(records) == ["in_port", "in_port"]


# Handing over -------------------------------------------------------------------------------------------------------


def test_a_service_taken_over_in_the_same_instant_is_two_pieces_and_no_gap(engine):
    crews = [[(0, 1), (4, 0)], [(4, 1)]]
    records = engine(*port([stage(pool=0)], [unit(0, [(0, 7)])], [pool(*crews, end_of_shift="hand_over")]))
    assert outs(records) == [7]
    assert pieces(records) == [(0, 0, 0, 4), (0, 1, 4, 7)]
    assert of_step(records, "crew") == [0]


def test_the_last_in_stage_priority_joined_number_is_paused_first(engine):
    """Three officers become one: of stage 1's unit, the urgent and the ordinary unit of stage 0 the urgent stays."""
    records = engine(
        *port(
            [stage(lanes=2, pool=0), stage("scan", pool=0)],
            [unit(0, [(0, 9)]), unit(0, [(0, 9)], priority=-1), unit(0, [(1, 9)], priority=-5)],
            [pool([(0, 3), (4, 1)], end_of_shift="hand_over")],
            end=8,
        )
    )
    assert visit_outcomes(records) == ["paused", "in_service", "paused"]
    assert pieces(records) == [(0, 0, 0, 4), (2, 0, 0, 4)]


def test_a_closing_stage_gives_up_its_officers_before_a_shift_counts_them(engine):
    """At 4 stage 0 closes and one of two officers goes: stage 0's service pauses, so stage 1's need not."""
    records = engine(
        *port(
            [stage(pool=0, is_open=[(0, 1), (4, 0), (8, 1)], closing="suspend"), stage("scan", pool=0)],
            [unit(0, [(0, 6)]), unit(0, [(1, 6)])],
            [pool([(0, 2), (4, 1)], end_of_shift="hand_over")],
        )
    )
    assert outs(records) == [10, 6]
    assert pieces(records) == [(0, 0, 0, 4), (0, 0, 8, 10)]


def test_pausing_goes_crew_by_crew(engine):
    """At 4 the first crew goes and the second is full: nobody of the second has to stop."""
    crews = [[(0, 1), (4, 0)], [(1, 1)]]
    records = engine(
        *port(
            [stage(lanes=2, pool=0)],
            [unit(0, [(0, 9)]), unit(1, [(0, 5)])],
            [pool(*crews, end_of_shift="hand_over")],
        )
    )
    assert pieces(records) == [(0, 0, 0, 4), (0, 1, 6, 11)]
    assert outs(records) == [11, 6]


def test_a_small_service_paused_with_a_large_one_can_resume_in_the_same_instant(engine):
    """Five officers become three: both later services pause, one officer is left, and the small one goes on."""
    records = engine(
        *port(
            [stage(lanes=2, pool=0, officers=2), stage("scan", pool=0)],
            [unit(0, [(0, 9)]), unit(0, [(0, 9)]), unit(0, [(1, 9)])],
            [pool([(0, 5), (4, 3)], end_of_shift="hand_over")],
        )
    )
    assert pieces(records) == [(1, 0, 0, 4), (1, 0, 9, 14), (2, 0, 0, 4), (2, 0, 4, 9)]


def test_paused_units_resume_before_waiting_ones_start(engine):
    records = engine(
        *port(
            [stage(lanes=2, pool=0)],
            [unit(0, [(0, 4)]), unit(3, [(0, 4)], priority=-1)],
            [pool([(0, 1), (2, 0), (5, 1)], end_of_shift="hand_over")],
        )
    )
    assert of_step(records, "started") == [0, 7]
    assert outs(records) == [7, 11]


def test_a_paused_unit_keeps_its_lane(engine):
    records = engine(
        *port(
            [stage(lanes=1, is_open=[(0, 1), (2, 0), (6, 1)], closing="suspend")],
            [unit(0, [(0, 3)]), unit(1, [(0, 1)], priority=-1)],
        )
    )
    assert of_step(records, "started") == [0, 7]


def test_a_paused_unit_may_resume_while_a_stage_that_finishes_is_closed(engine):
    crews = [(0, 1), (2, 0), (4, 1)]
    records = engine(
        *port(
            [stage(pool=0, is_open=[(0, 1), (3, 0)])],
            [unit(0, [(0, 5)])],
            [pool(crews, end_of_shift="hand_over")],
        )
    )
    assert outs(records) == [7]


def test_a_paused_unit_waits_for_the_opening_of_a_stage_that_suspends(engine):
    records = engine(
        *port(
            [stage(pool=0, is_open=[(0, 1), (3, 0), (8, 1)], closing="suspend")],
            [unit(0, [(0, 5)])],
            [pool([(0, 1), (2, 0), (4, 1)], end_of_shift="hand_over")],
        )
    )
    assert pieces(records) == [(0, 0, 0, 2), (0, 0, 8, 11)]


def test_a_closing_that_suspends_frees_the_officers_for_another_stage(engine):
    records = engine(
        *port(
            [stage(pool=0, is_open=[(0, 1), (2, 0), (4, 1)], closing="suspend"), stage("scan", pool=0)],
            [unit(0, [(0, 5)]), unit(0, [(1, 4)])],
            [pool(1)],
        )
    )
    assert pieces(records) == [(0, 0, 0, 2), (0, 0, 6, 9)]
    assert of_step(records, "started") == [0, 2]


def test_a_piece_still_running_at_the_end_has_no_until(engine):
    records = engine(
        *port([stage(is_open=CLOSED_5_TO_9, closing="suspend")], [unit(1, [(0, 10)])], end=12),
    )
    assert pieces(records) == [(0, NONE, 1, 5), (0, NONE, 9, NONE)]
    assert visit_outcomes(records) == ["in_service"]


# Officers -----------------------------------------------------------------------------------------------------------


def test_of_the_crews_able_the_one_that_came_on_duty_last_serves(engine):
    """Crew 1 came at 3, crew 2 at 2; a higher level from 4 on is no coming on duty."""
    crews = [[(0, 9)], [(3, 9)], [(2, 1), (4, 9)]]
    records = engine(*port([stage(lanes=9, pool=0)], [unit(at, [(0, 1)]) for at in (1, 2, 3, 5)], [pool(*crews)]))
    assert of_step(records, "crew") == [0, 2, 1, 1]


def test_crews_that_came_together_give_the_lower_number(engine):
    records = engine(*port([stage(lanes=2, pool=0)], [unit(0, [(0, 1)])] * 2, [pool(1, 1)]))
    assert of_step(records, "crew") == [0, 1]


def test_one_crew_staffs_a_service_and_crews_never_mix(engine):
    crews = [[(0, 1)], [(0, 1), (5, 2)]]
    records = engine(*port([stage(pool=0, officers=2)], [unit(0, [(0, 1)])], [pool(*crews)]))
    assert of_step(records, "started") == [5]
    assert of_step(records, "crew") == [1]
    assert of_step(records, "officers") == [2]


def test_stages_share_a_pool_in_file_order(engine):
    records = engine(
        *port(
            [stage("first", pool=0), stage("second", pool=0)],
            [unit(0, [(1, 2)], priority=-1), unit(0, [(0, 3)])],
            [pool(1)],
        )
    )
    assert of_step(records, "started") == [3, 0]


def test_a_service_needs_a_lane_and_the_officers(engine):
    records = engine(*port([stage(lanes=1, pool=0)], [unit(0, [(0, 2)])] * 2, [pool(5)]))
    assert of_step(records, "started") == [0, 2]
    records = engine(*port([stage(lanes=5, pool=0)], [unit(0, [(0, 2)])] * 2, [pool(1)]))
    assert of_step(records, "started") == [0, 2]


# Lanes and their roles ----------------------------------------------------------------------------------------------


def test_the_lowest_free_lane_number_of_the_role_is_used(engine):
    records = engine(*port([stage(lanes=3)], [unit(0, [(0, work)]) for work in (5, 1, 9)] + [unit(2, [(0, 1)])]))
    assert of_step(records, "lane") == [0, 1, 2, 1]


def test_a_unit_takes_its_roles_in_order(engine):
    both = ((1, False), (0, False))
    records = engine(*port([stage(lanes={0: 1, 1: 1})], [unit(0, [step(0, 5, roles=both)])] * 2))
    assert of_step(records, "role") == [1, 0]
    assert of_step(records, "lane") == [0, 0]


def test_a_helped_role_serves_others_only_while_none_of_its_own_waits(engine):
    """Role 1's lane is busy until 2; then its own second unit goes before the ordinary one that came first."""
    helped = ((0, False), (1, True))
    own = ((1, False),)
    records = engine(
        *port(
            [stage(lanes={0: [(9, 1)], 1: 1})],
            [
                unit(0, [step(0, 2, roles=own)]),
                unit(0, [step(0, 1, roles=helped)]),
                unit(1, [step(0, 1, roles=own)]),
            ],
        )
    )
    assert of_step(records, "started") == [0, 3, 2]
    assert of_step(records, "role") == [1, 1, 1]


def test_the_door_does_not_count_as_waiting_for_a_role_of_its_own(engine):
    """Waiting space 1: the unit of role 1 stands at the door, so role 1 helps the one that waits."""
    records = engine(
        *port(
            [stage(lanes={0: 1, 1: [(2, 1)]}, waiting_space=1)],
            [
                unit(0, [step(0, 9)]),
                unit(1, [step(0, 4, roles=((0, False), (1, True)))]),
                unit(1, [step(0, 4, roles=((1, False),))]),
            ],
        )
    )
    assert of_step(records, "started") == [0, 2, 6]
    assert of_step(records, "joined") == [0, 1, 2]


def test_a_unit_passed_over_is_looked_at_again_before_later_ones_of_its_kind(engine):
    """Units 0 and 2 may be helped by role 1; the start of unit 1, role 1's own, lets them. Unit 0 goes first."""
    helped = ((0, False), (1, True))
    records = engine(
        *port(
            [stage(lanes={0: 0, 1: [(2, 2)]})],
            [
                unit(0, [step(0, 9, roles=helped)]),
                unit(0, [step(0, 9, roles=((1, False),))]),
                unit(0, [step(0, 9, roles=helped)]),
            ],
            end=5,
        )
    )
    assert of_step(records, "started") == [2, 2, NONE]


def test_waiting_units_that_cannot_start_are_passed_over(engine):
    records = engine(
        *port(
            [stage(lanes={0: 1, 1: 1})],
            [unit(0, [step(0, 9)]), unit(1, [step(0, 1)]), unit(2, [step(0, 1, roles=((1, False),))])],
        )
    )
    assert of_step(records, "started") == [0, 9, 2]


def test_priority_then_joined_then_number_decide_among_waiting_units(engine):
    records = engine(
        *port(
            [stage(is_open=[(5, 1)])],
            [unit(2, [(0, 1)]), unit(1, [(0, 1)]), unit(1, [(0, 1)]), unit(4, [(0, 1)], priority=-1)],
        )
    )
    assert of_step(records, "started") == [8, 6, 7, 5]


def test_a_hold_keeps_a_unit_from_starting_not_from_leaving(engine):
    records = engine(*port([stage()], [unit(0, [step(0, 3, hold=4)]), unit(1, [(0, 2)])]))
    assert of_step(records, "started") == [4, 1]
    assert outs(records) == [7, 3]


# Waiting space, doors, blocking -------------------------------------------------------------------------------------


def test_waiting_space_1_and_one_lane_let_two_units_join_at_once(engine):
    records = engine(*port([stage(waiting_space=1)], [unit(0, [(0, 1)])] * 2))
    assert of_step(records, "joined") == [0, 0]
    assert outs(records) == [1, 2]


def test_waiting_space_1_before_a_closed_stage_lets_one_unit_join_at_once(engine):
    records = engine(*port([stage(waiting_space=1, is_open=[(2, 1)])], [unit(0, [(0, 1)])] * 2))
    assert of_step(records, "joined") == [0, 2]
    assert of_step(records, "started") == [2, 3]


def test_waiting_space_0_means_straight_onto_a_lane(engine):
    records = engine(*port([stage(lanes=2, waiting_space=0)], [unit(0, [(0, 3)])] * 3))
    assert of_step(records, "joined") == [0, 0, 3]
    assert of_step(records, "started") == [0, 0, 3]


def test_a_blocked_unit_keeps_its_lane_and_frees_its_officers(engine):
    """Stage 1 is busy until 9 with no room to wait: unit 0 stands on stage 0's only lane from 2 to 9."""
    records = engine(
        *port(
            [stage("gate", pool=0), stage("scan", waiting_space=0), stage("office", pool=0)],
            [unit(0, [(0, 2), (1, 1)]), unit(0, [(1, 9)]), unit(0, [(0, 1)]), unit(1, [(2, 4)])],
            [pool(1)],
        )
    )
    assert records.visits["left"].tolist() == [9, 10, 9, 10, 6]
    assert of_step(records, "ended") == [2, 9, 10, 6]
    assert of_step(records, "started") == [0, 0, 9, 2]


def test_a_chain_of_blocked_lanes_moves_up_in_one_instant(engine):
    """Three lanes in a row without places: when the last ends at 12 all move, and one from outside follows."""
    line = [stage(f"line{number}", waiting_space=0) for number in range(3)]
    journey = [(0, 1), (1, 1), (2, 10)]
    records = engine(*port(line, [unit(0, journey)] * 4, end=13))
    assert of_step(records, "started", 2) == [2, 12]
    assert of_step(records, "started", 1) == [1, 2, 12]
    assert of_step(records, "started", 0) == [0, 1, 2, 12]


def test_the_door_is_first_come_first_served_whatever_the_priority(engine):
    records = engine(
        *port(
            [stage(waiting_space=0)],
            [unit(0, [(0, 4)]), unit(1, [(0, 1)]), unit(2, [(0, 1)], priority=-1), unit(1, [(0, 1)], priority=-1)],
        )
    )
    assert of_step(records, "started") == [0, 4, 6, 5]


def test_paused_units_take_no_waiting_space(engine):
    """The lane's unit is paused from 2 to 6; the one place is free for another, who waits on it from 3."""
    at = stage(is_open=[(0, 1), (2, 0), (6, 1)], closing="suspend", waiting_space=1)
    records = engine(*port([at], [unit(0, [(0, 4)]), unit(3, [(0, 1)])]))
    assert of_step(records, "joined") == [0, 3]
    assert of_step(records, "started") == [0, 8]


def test_who_waits_inside_starts_before_the_door(engine):
    records = engine(*port([stage(waiting_space=1)], [unit(0, [(0, 3)]), unit(1, [(0, 1)]), unit(2, [(0, 1)])]))
    assert of_step(records, "joined") == [0, 1, 3]
    assert of_step(records, "started") == [0, 3, 4]


def test_a_unit_at_the_door_may_start_while_those_inside_are_held(engine):
    records = engine(*port([stage(waiting_space=1)], [unit(0, [step(0, 1, hold=5)]), unit(0, [(0, 1)])]))
    assert of_step(records, "started") == [5, 0]


def test_units_that_block_each_other_in_a_ring_stay_blocked(engine):
    two = [stage("out", waiting_space=0), stage("in", waiting_space=0)]
    records = engine(*port(two, [unit(0, [(0, 3), (1, 1)]), unit(0, [(1, 2), (0, 1)])], end=50))
    assert visit_outcomes(records) == ["blocked", "blocked"]
    assert of_step(records, "ended") == [3, 2]
    assert of_step(records, "left") == [NONE, NONE]
    assert outcomes(records) == ["in_port", "in_port"]


def test_a_unit_may_come_back_to_the_stage_it_leaves(engine):
    """From its lane it joins the same stage's waiting line, and so frees the lane for itself."""
    records = engine(*port([stage()], [unit(0, [(0, 2), (0, 3)])]))
    assert records.visits["joined"].tolist() == [0, 2]
    assert outs(records) == [5]


def test_a_unit_that_would_come_back_to_a_stage_without_room_blocks_itself(engine):
    records = engine(*port([stage(waiting_space=0)], [unit(0, [(0, 2), (0, 3)])], end=9))
    assert visit_outcomes(records) == ["blocked"]


def test_a_unit_that_comes_back_through_the_door_needs_another_lane_and_takes_the_lowest(engine):
    """Two lanes, no room: at 2 the other lane is free, so it can start; entering frees its own, number 0."""
    records = engine(*port([stage(lanes=2, waiting_space=0)], [unit(0, [(0, 2), (0, 3)])]))
    assert records.visits["lane"].tolist() == [0, 0]
    assert outs(records) == [5]


# Turn-away and patience ---------------------------------------------------------------------------------------------


def test_a_unit_is_turned_away_when_the_instant_has_come_to_rest(engine):
    """At 3 the lane's zero-work unit comes and goes within the instant, so unit 2 finds the lane free after all."""
    records = engine(
        *port(
            [stage(waiting_space=0)],
            [
                unit(0, [(0, 3)]),
                unit(3, [(0, 0)]),
                unit(3, [(0, 1)], when_full="turn_away"),
                unit(3, [(0, 1)], when_full="turn_away"),
            ],
        )
    )
    assert outcomes(records) == ["released", "released", "released", "turned_away"]
    assert outs(records) == [3, 3, 4, 3]
    assert records.visits["unit"].tolist() == [0, 1, 2]


def test_a_unit_that_waits_outside_has_no_visit_until_it_joins(engine):
    records = engine(*port([stage(waiting_space=0)], [unit(0, [(0, 9)]), unit(2, [(0, 1)])], end=5))
    assert records.visits["unit"].tolist() == [0]
    assert outcomes(records) == ["in_port", "in_port"]


def test_turning_one_away_lets_the_next_at_the_door_in(engine):
    """The first at the door wants the busy role and is turned away; the second wants the free one."""
    records = engine(
        *port(
            [stage(lanes={0: 0, 1: 1}, waiting_space=0)],
            [unit(1, [(0, 1)], when_full="turn_away"), unit(1, [step(0, 1, roles=((1, False),))])],
        )
    )
    assert outcomes(records) == ["turned_away", "released"]
    assert outs(records) == [1, 2]


def test_a_unit_leaves_when_its_patience_ends_before_the_grants_of_that_tick(engine):
    records = engine(
        *port(
            [stage()],
            [unit(0, [(0, 4)]), unit(1, [(0, 1)], patience=3), unit(1, [(0, 1)], patience=4)],
        )
    )
    assert outcomes(records) == ["released", "left", "released"]
    assert outs(records) == [4, 4, 5]
    assert visit_outcomes(records) == ["done", "left", "done"]
    assert of_step(records, "left") == [4, 4, 5]


def test_patience_runs_outside_and_while_the_stage_is_closed(engine):
    records = engine(
        *port([stage(waiting_space=0, is_open=[(9, 1)])], [unit(1, [(0, 1)], patience=3)]),
    )
    assert outcomes(records) == ["left"]
    assert outs(records) == [4]
    assert records.visits["unit"].size == 0


def test_a_unit_whose_service_began_once_has_patience_for_good(engine):
    records = engine(*port([stage(), stage("scan", is_open=[(9, 1)])], [unit(0, [(0, 1), (1, 1)], patience=2)]))
    assert outs(records) == [10]


# Delays, zero work, passengers --------------------------------------------------------------------------------------


def test_a_stage_without_lanes_serves_any_number_at_once(engine):
    records = engine(*port([stage("road", lanes=None)], [unit(0, [(0, 5)])] * 9))
    assert outs(records) == [5] * 9
    assert of_step(records, "lane") == of_step(records, "role") == [NONE] * 9


def test_a_delay_closes_and_suspends_like_any_stage(engine):
    road = stage("road", lanes=None, is_open=[(0, 1), (2, 0), (6, 1)], closing="suspend")
    records = engine(*port([road], [unit(0, [(0, 5)]), unit(3, [(0, 1)])]))
    assert outs(records) == [9, 7]


def test_a_delay_may_need_officers(engine):
    records = engine(*port([stage("convoy", lanes=None, pool=0)], [unit(0, [(0, 3)])] * 3, [pool(2)]))
    assert of_step(records, "started") == [0, 0, 3]
    assert of_step(records, "crew") == [0, 0, 0]


def test_zero_work_takes_lane_and_officers_and_gives_them_back_in_the_same_instant(engine):
    records = engine(*port([stage(pool=0)], [unit(4, [(0, 0)])] * 3, [pool(1)]))
    assert of_step(records, "started") == [4, 4, 4]
    assert of_step(records, "lane") == [0, 0, 0]
    assert outs(records) == [4, 4, 4]


def test_passengers_split_off_walk_the_hall_and_are_waited_for(engine):
    """A bus is checked for 3 while its two passengers pass a counter, 2 each; it goes on when both are out."""
    records = engine(
        *port(
            [stage("check"), stage("counter"), stage("rejoin", lanes=None)],
            [
                unit(1, [(0, 3), step(2, 0, join=True)]),
                passenger(0, 0, [(1, 2)]),
                passenger(0, 0, [(1, 2)]),
            ],
        )
    )
    assert records.units["arrived"].tolist() == [1, 1, 1]
    assert outs(records) == [5, 3, 5]
    assert of_step(records, "started", 1) == [5]
    assert of_step(records, "joined", 1) == [4]


def test_passengers_come_one_round_after_their_parent_joins(engine):
    """A walker of the same tick is at the counter first, although his number is higher."""
    records = engine(
        *port(
            [stage("check"), stage("counter")],
            [unit(1, [(0, 1)]), passenger(0, 0, [(1, 5)]), unit(1, [(1, 2)])],
        )
    )
    assert of_step(records, "started") == [1, 3, 1]


def test_passengers_stay_away_while_their_parent_stands_at_the_door(engine):
    records = engine(
        *port(
            [stage("check", waiting_space=0), stage("counter")],
            [unit(0, [(0, 4)]), unit(1, [(0, 1)]), passenger(1, 0, [(1, 1)])],
        )
    )
    assert records.units["arrived"].tolist() == [0, 1, 4]


def test_passengers_who_left_or_were_turned_away_count_as_out(engine):
    records = engine(
        *port(
            [stage("rejoin", lanes=None), stage("counter", lanes=0), stage("full", lanes=0, waiting_space=0)],
            [
                unit(1, [step(0, 2, join=True)]),
                passenger(0, 0, [(1, 1)], patience=3),
                passenger(0, 0, [(2, 1)], when_full="turn_away"),
            ],
        )
    )
    assert outcomes(records) == ["released", "left", "turned_away"]
    assert outs(records) == [6, 4, 1]


def test_a_join_with_a_limit_goes_on_without_those_still_inside(engine):
    records = engine(
        *port(
            [stage("rejoin", lanes=None), stage("counter")],
            [unit(1, [step(0, 2, join=True, join_limit=4)]), passenger(0, 0, [(1, 20)])],
        )
    )
    assert of_step(records, "started") == [5, 1]
    assert outs(records) == [7, 21]


def test_a_parent_that_never_joins_brings_no_passengers(engine):
    records = engine(
        *port(
            [stage("check", lanes=0, waiting_space=0)],
            [unit(1, [(0, 1)], when_full="turn_away"), passenger(0, 0, [(0, 1)])],
        )
    )
    assert records.units["unit"].tolist() == [0]


# Limits -------------------------------------------------------------------------------------------------------------


def test_too_many_units_in_the_port_stop_the_run_with_what_was_recorded(engine):
    """Those outside count; a unit released in the same instant does not."""
    full = stage(waiting_space=0)
    units = [unit(0, [(0, 3)]), unit(3, [(0, 9)]), unit(3, [(0, 1)]), unit(5, [(0, 1)])]
    with pytest.raises(LimitError) as caught:
        engine(*port([full], units), units_in_port=2)
    assert caught.value.tick == 5
    assert caught.value.records is not None
    assert caught.value.records.units["unit"].tolist() == [0, 1, 2, 3]
    assert engine(*port([full], units), units_in_port=3).units["unit"].size == 4


def test_an_instant_that_does_not_come_to_rest_stops_the_run(engine):
    """20,000 steps without work are 20,000 rounds of one instant; 5,000 are allowed."""
    road = stage("road", lanes=None)
    assert outs(engine(*port([road], [unit(2, [(0, 0)] * 5_000)]))) == [2]
    with pytest.raises(LimitError) as caught:
        engine(*port([road], [unit(2, [(0, 0)] * 20_000)]))
    assert caught.value.tick == 2


# Laws ---------------------------------------------------------------------------------------------------------------


class Scene:
    """The records read back as intervals, to see who stood where when an instant had come to rest."""

    def __init__(self, network: Network, traffic: Traffic, records: Records) -> None:
        self.network = network
        self.traffic = traffic
        self.records = records
        columns = records.visits
        self.visits = [
            dict(zip(columns, values, strict=True))
            for values in zip(*(column.tolist() for column in columns.values()), strict=True)
        ]
        columns = records.units
        self.units = {
            values[0]: dict(zip(columns, values, strict=True))
            for values in zip(*(column.tolist() for column in columns.values()), strict=True)
        }
        self.decided: dict[tuple[int, int], list[tuple[int, int]]] = {
            (number, one.crew): [] for number, each in enumerate(network.pools) for one in each.reserves
        }
        levels = (records.levels[name].tolist() for name in ("tick", "where", "which", "level"))
        for tick, where, which, officers in zip(*levels, strict=True):
            self.decided[where, which].append((tick, officers))
        self.pieces: list[tuple[int, int, int, int, int]] = []
        interrupted = defaultdict(list)
        for number, of, crew, officers, start, until in zip(
            *(column.tolist() for column in records.work.values()), strict=True
        ):
            interrupted[number, of].append((crew, officers, start, until))
        for visit in self.visits:
            if visit["started"] != NONE:
                whole = [(visit["crew"], visit["officers"], visit["started"], visit["ended"])]
                for piece in interrupted.get((visit["unit"], visit["step"]), whole):
                    self.pieces.append((visit["stage"], *piece))

    def row(self, visit: dict[str, int]) -> int:
        return int(self.traffic.first[visit["unit"]]) + visit["step"]

    def roles(self, visit: dict[str, int]) -> tuple[tuple[int, bool], ...]:
        number = int(self.traffic.roles[self.row(visit)])
        return () if number == NONE else self.network.role_lists[number]

    def waiting(self, number: int, t: int) -> list[dict[str, int]]:
        return [v for v in self.at(number, t) if not begun(v["started"], t)]

    def at(self, number: int, t: int) -> list[dict[str, int]]:
        """Visits of the stage that were waiting, in service, paused or blocked after tick t."""
        return [v for v in self.visits if v["stage"] == number and v["joined"] <= t and not begun(v["left"], t)]

    def busy(self, number: int, role: int, t: int) -> list[dict[str, int]]:
        return [v for v in self.at(number, t) if begun(v["started"], t) and v["role"] == role]

    def level(self, pool_number: int, crew: int, t: int) -> int:
        """Officers of a crew at t, those of a reserve from the run's own records."""
        if (pool_number, crew) in self.decided:
            return StepFunction.of(self.decided[pool_number, crew])(t)
        return self.network.pools[pool_number].crews[crew].level(t)

    def in_use(self, pool_number: int, crew: int, t: int) -> int:
        return sum(
            officers
            for at, of, officers, start, until in self.pieces
            if self.network.stages[at].pool == pool_number and of == crew and start <= t and not begun(until, t)
        )

    def at_door(self, number: int, t: int) -> list[tuple[int, int]]:
        """(unit, step) of those who stood at the stage's door after tick t."""
        found = []
        for one in self.units.values():
            if one["arrived"] <= t and not begun(one["out"], t):
                joined = [v for v in self.visits if v["unit"] == one["unit"] and v["joined"] <= t]
                last = joined[-1] if joined else None
                if last is None or begun(last["ended"], t):
                    position = len(joined)
                    if self.traffic.stage[self.traffic.first[one["unit"]] + position] == number:
                        found.append((one["unit"], position))
        return found

    def can_start(self, number: int, t: int, unit_number: int, step_number: int, joined: int) -> bool:
        """Contract rule 14, from the records alone, but for whether the unit is called in: they do not tell."""
        at = self.network.stages[number]
        row = int(self.traffic.first[unit_number]) + step_number
        if not at.is_open(t) or self.traffic.hold[row] > t:
            return False
        if self.traffic.is_join[row]:
            limit = int(self.traffic.join_limit[row])
            passengers = np.flatnonzero(self.traffic.parent == unit_number).tolist()
            gone = all(one in self.units and begun(self.units[one]["out"], t) for one in passengers)
            if not gone and (limit == NONE or joined + limit > t):
                return False
        if at.pool != NONE and not any(
            self.level(at.pool, index, t) - self.in_use(at.pool, index, t) >= at.officers
            for index in range(len(self.network.pools[at.pool].crews))
        ):
            return False
        if at.lanes is None:
            return True
        waiting = self.waiting(number, t)
        return any(
            len(self.busy(number, role, t)) < dict(at.lanes)[role](t)
            and not (helped and any((role, False) in self.roles(each) for each in waiting))
            for role, helped in self.network.role_lists[int(self.traffic.roles[row])]
        )


def possible_work(network: Network, visit: dict[str, int], work: int) -> set[int]:
    """Base work at the pace of its start (19): of the hour and the lanes there, and of any length of the queue."""
    at, started = network.stages[visit["stage"]], visit["started"]
    if at.pace is None:
        return {work}
    lanes_open = sum(lanes(started) for _, lanes in at.lanes or ())
    by_lanes = [permille for least, permille in at.pace.by_lanes if least <= lanes_open and at.lanes is not None]
    pace = at.pace.by_clock(started) * (by_lanes or [1000])[-1]
    queues = [1000, *(permille for _, permille in at.pace.by_queue)]
    return {work * 1000 // max(1, pace * by_queue // 1_000_000) for by_queue in queues}


def sorted_pairs(steps: dict[int, int]) -> list[tuple[int, int]]:
    return sorted(steps.items())


def begun(tick: int, t: int) -> bool:
    return tick != NONE and tick <= t


def scene(engine: Engine, case: tuple[Network, Traffic]) -> Scene:
    return Scene(*case, engine(*case))


@law
@given(case=cases())
def test_every_unit_of_a_flow_is_released_or_left_or_turned_away_or_in_port(engine, case):
    network, traffic = case
    seen = scene(engine, case)
    joined = {(visit["unit"], visit["step"]) for visit in seen.visits}
    for flow in range(len(network.flows)):
        came = {
            number
            for number in np.flatnonzero(traffic.flow == flow).tolist()
            if (
                0 <= traffic.arrived[number] < network.end
                if traffic.parent[number] == NONE
                else (int(traffic.parent[number]), int(traffic.split_step[number])) in joined
            )
        }
        rows = {number: one for number, one in seen.units.items() if one["flow"] == flow}
        assert set(rows) == came
        for one in rows.values():
            assert (one["out"] == NONE) == (one["outcome"] == UnitOutcome.IN_PORT)


@law
@given(case=cases())
def test_the_area_under_the_number_inside_is_the_time_spent_inside(engine, case):
    """Little's law, in whole numbers: of the port, and of waiting and occupied lanes at each stage."""
    network, _ = case
    seen = scene(engine, case)
    end = network.end
    spent = sum((end if u["out"] == NONE else u["out"]) - u["arrived"] for u in seen.units.values())
    area = sum(1 for t in range(end) for u in seen.units.values() if u["arrived"] <= t and not begun(u["out"], t))
    assert area == spent
    for number in range(len(network.stages)):
        here = [visit for visit in seen.visits if visit["stage"] == number]
        stop = {id(v): end if v["left"] == NONE else v["left"] for v in here}
        waits = sum((stop[id(v)] if v["started"] == NONE else v["started"]) - v["joined"] for v in here)
        assert waits == sum(len(seen.waiting(number, t)) for t in range(end))
        stays = sum(stop[id(v)] - v["started"] for v in here if v["started"] != NONE)
        assert stays == sum(len(seen.at(number, t)) - len(seen.waiting(number, t)) for t in range(end))


@law
@given(case=cases())
def test_the_ticks_of_a_visit_follow_each_other_and_its_work_is_done_in_full(engine, case):
    network, traffic = case
    seen = scene(engine, case)
    by_unit = defaultdict(list)
    for visit in seen.visits:
        by_unit[visit["unit"]].append(visit)
        ticks = [visit[name] for name in ("joined", "started", "ended", "left") if visit[name] != NONE]
        assert ticks == sorted(ticks)
        outcome = VisitOutcome(visit["outcome"])
        if outcome in (VisitOutcome.DONE, VisitOutcome.BLOCKED):
            own = zip(*(seen.records.work[name].tolist() for name in ("unit", "step", "from", "until")), strict=True)
            work = [until - start for number, of, start, until in own if (number, of) == (visit["unit"], visit["step"])]
            assert len(work) != 1
            done = sum(work or [visit["ended"] - visit["started"]])
            assert done in possible_work(network, visit, int(traffic.work[seen.row(visit)]))
    for number, visits in by_unit.items():
        assert [visit["step"] for visit in visits] == list(range(len(visits)))
        assert seen.units[number]["arrived"] <= visits[0]["joined"]
        assert all(one["left"] == other["joined"] for one, other in pairwise(visits))
        assert visits[-1]["left"] == seen.units[number]["out"]
        is_last = len(visits) == traffic.first[number + 1] - traffic.first[number]
        assert (seen.units[number]["outcome"] == UnitOutcome.RELEASED) == (
            is_last and visits[-1]["outcome"] == VisitOutcome.DONE
        )


@law
@given(case=cases())
def test_nobody_starts_on_a_lane_beyond_those_open_or_with_officers_beyond_the_level(engine, case):
    network, _ = case
    seen = scene(engine, case)
    for t in range(network.end):
        for number, at in enumerate(network.stages):
            for role, lanes in at.lanes or ():
                busy = seen.busy(number, role, t)
                assert len({visit["lane"] for visit in busy}) == len(busy)
                if any(visit["started"] == t for visit in busy):
                    assert len(busy) <= lanes(t)
            if any(visit["started"] == t for visit in seen.visits if visit["stage"] == number):
                assert at.is_open(t)
            if at.closing == Closing.SUSPEND and not at.is_open(t):
                assert not any(
                    where == number and start <= t and not begun(until, t) for where, _, _, start, until in seen.pieces
                )
        for pool_number, officers in enumerate(network.pools):
            for index in range(len(officers.crews)):
                begins = any(
                    network.stages[where].pool == pool_number and of == index and start == t != until
                    for where, of, _, start, until in seen.pieces
                )
                if begins or officers.end_of_shift == EndOfShift.HAND_OVER:
                    assert seen.in_use(pool_number, index, t) <= seen.level(pool_number, index, t)


@law
@given(case=cases())
def test_units_of_one_stage_priority_and_role_list_start_in_the_order_they_joined(engine, case):
    """Of those who joined at one tick a later round's may have the lower number, so only ticks are compared."""
    _, traffic = case
    seen = scene(engine, case)
    lines = defaultdict(list)
    for visit in seen.visits:
        row = seen.row(visit)
        if traffic.hold[row] == 0 and not traffic.is_join[row]:
            lines[visit["stage"], int(traffic.priority[visit["unit"]]), int(traffic.roles[row])].append(visit)
    for line in lines.values():
        for earlier, later in product(line, line):
            if earlier["joined"] < later["joined"] and later["started"] != NONE:
                assert begun(earlier["started"], later["started"]) or begun(earlier["left"], later["started"])


@law
@given(case=cases())
def test_no_unit_waits_that_could_start_and_none_stands_at_a_door_with_room(engine, case):
    network, _ = case
    seen = scene(engine, case)
    for t in range(network.end):
        for number, at in enumerate(network.stages):
            waiting = seen.waiting(number, t)
            could = [v for v in waiting if seen.can_start(number, t, v["unit"], v["step"], v["joined"])]
            if at.calls is None:
                assert not could
            elif isinstance(at.calls, Batch):  # who could start has not been called: too few, and not for too long
                assert len(could) < at.calls.size
                assert at.calls.at_most == NONE or all(v["joined"] + at.calls.at_most > t for v in could)
            elif could and t in at.calls.at.tolist():  # the wave was full of others
                came = [v for v in seen.visits if v["stage"] == number and v["joined"] <= t]
                others = [v for v in came if v not in could and not begun(v["started"], t - 1)]
                assert len(others) >= at.calls.up_to[at.calls.at.tolist().index(t)]
            door = seen.at_door(number, t)
            if door:
                assert at.waiting_space != NONE
                assert len(waiting) >= at.waiting_space

                def since(one: tuple[int, int]) -> tuple[int, int]:
                    number, position = one
                    before = [v["ended"] for v in seen.visits if (v["unit"], v["step"]) == (number, position - 1)]
                    return (before[0] if before else seen.units[number]["arrived"], number)

                first, position = min(door, key=since)
                assert at.calls is not None or not seen.can_start(number, t, first, position, t)


@law
@given(case=cases())
def test_at_a_stage_that_calls_units_in_nobody_starts_uncalled(engine, case):
    """Never have more started than the waves so far could call, or than full batches of those who have joined."""
    network, _ = case
    seen = scene(engine, case)
    for number, at in enumerate(network.stages):
        visits = [visit for visit in seen.visits if visit["stage"] == number and at.calls is not None]
        for t in {visit["started"] for visit in visits} - {NONE}:
            started = sum(begun(visit["started"], t) for visit in visits)
            if isinstance(at.calls, Waves):
                waves = zip(at.calls.at.tolist(), at.calls.up_to.tolist(), strict=True)
                assert started <= sum(up_to for tick, up_to in waves if tick <= t and at.is_open(tick))
            elif isinstance(at.calls, Batch) and at.calls.at_most == NONE:
                joined = sum(visit["joined"] <= t for visit in visits)
                assert started <= joined // at.calls.size * at.calls.size
            elif isinstance(at.calls, Batch):
                waited = any(visit["joined"] + at.calls.at_most <= t for visit in visits)
                assert waited or sum(visit["joined"] <= t for visit in visits) >= at.calls.size


@law
@given(case=cases())
def test_a_reserve_comes_when_its_queue_is_long_and_goes_when_it_is_short(engine, case):
    """Read back from the queues at the end of every tick: each call, each going home, and nothing else."""
    network, _ = case
    seen = scene(engine, case)
    for pool_number, officers in enumerate(network.pools):
        for one in officers.reserves:
            expected: list[tuple[int, int]] = []
            for t in range(network.end):
                if expected and expected[-1][0] > t:
                    continue
                queue = sum(
                    len(seen.waiting(at, t)) + len(seen.at_door(at, t))
                    for at in one.watched
                    if network.stages[at].is_open(t)
                )
                serves = expected != [] and expected[-1][1] > 0
                if not serves and queue >= one.call_at:
                    expected.append((t + max(1, one.ready_in), one.officers))
                elif serves and t >= expected[-1][0] + one.stay and queue <= one.close_at:
                    expected.append((t + 1, 0))
            expected = [(tick, officers) for tick, officers in expected if tick < network.end]
            assert seen.decided[pool_number, one.crew] == expected


@law
@given(case=cases(FEATURES - {"reserves", "pace"}))  # reserves act one tick after, and paced work is rounded down
def test_twice_all_times_give_twice_all_results(engine, case):
    network, traffic = case
    double = engine(scaled(network, 2), scaled_traffic(traffic, 2))
    records = engine(network, traffic)
    for table, other in ((records.units, double.units), (records.visits, double.visits), (records.work, double.work)):
        for name in table:
            if name in ("wanted", "arrived", "out", "joined", "started", "ended", "left", "from", "until"):
                assert other[name].tolist() == [tick if tick == NONE else 2 * tick for tick in table[name].tolist()]
            else:
                assert other[name].tolist() == table[name].tolist()


@law
@given(case=cases())
def test_other_numbers_for_roles_and_pools_and_flows_change_labels_only(engine, case):
    network, traffic = case
    records = engine(network, traffic)
    last_pool, last_role, last_flow = len(network.pools) - 1, len(network.roles) - 1, len(network.flows) - 1
    stages = tuple(
        replace(
            at,
            name=f"other{index}",
            pool=NONE if at.pool == NONE else last_pool - at.pool,
            lanes=None if at.lanes is None else tuple((last_role - role, lanes) for role, lanes in at.lanes),
        )
        for index, at in enumerate(network.stages)
    )
    role_lists = tuple(tuple((last_role - role, helped) for role, helped in each) for each in network.role_lists)
    renamed = replace(network, stages=stages, pools=network.pools[::-1], role_lists=role_lists)
    other = engine(renamed, changed(traffic, flow=last_flow - traffic.flow))
    for name in records.units:
        expected = last_flow - records.units[name] if name == "flow" else records.units[name]
        assert other.units[name].tolist() == expected.tolist()
    for name in records.visits:
        column = records.visits[name]
        expected = np.where(column == NONE, NONE, last_role - column) if name == "role" else column
        assert other.visits[name].tolist() == expected.tolist()
    for name in records.work:
        assert other.work[name].tolist() == records.work[name].tolist()
    assert sorted(decided(other)) == sorted(
        (tick, last_pool - where, which, level) for tick, where, which, level in decided(records)
    )


@law
@given(case=cases(), place=st.integers(0, 4))
def test_a_stage_and_a_pool_nobody_uses_change_nothing_else(engine, case, place):
    """Reserves may watch it. Of a pool whose stages take turns together it is none: it could be the first of them."""
    network, traffic = case
    place = min(place, len(network.stages))
    pools = tuple(
        replace(
            each,
            reserves=tuple(
                replace(one, watched=(*(at + (at >= place) for at in one.watched), place)) for one in each.reserves
            ),
        )
        for each in (*network.pools, pool(3, name="idle", end_of_shift="hand_over"))
    )
    fixed = [number for number, each in enumerate(pools) if each.precedence == Precedence.FIXED]
    unused = stage("unused", lanes=2, waiting_space=0, pool=fixed[0])
    more = replace(
        network,
        stages=(*network.stages[:place], unused, *network.stages[place:]),
        pools=pools,
        flows=(*network.flows, "unused"),
    )
    moved = changed(
        traffic,
        stage=traffic.stage + (traffic.stage >= place),
        stayed_away=[*traffic.stayed_away.tolist(), 0],
    )
    records, other = engine(network, traffic), engine(more, moved)
    visits = {**other.visits, "stage": other.visits["stage"] - (other.visits["stage"] > place)}
    found = difference(records, Records(other.units, visits, other.work, other.levels, other.end), network)
    assert found is None, f"{found}\n{described(network, traffic)}"


CALLS = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"batch": st.tuples(st.integers(1, 3), st.none() | st.integers(1, 6))}),
    st.fixed_dictionaries({"waves": st.dictionaries(st.integers(0, 15), st.integers(1, 4)).map(sorted_pairs)}),
)
"""The argument of `stage` for nothing, batches or waves."""


@law
@given(
    lanes=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=3),
    units=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=9),
    hours=st.lists(st.integers(1, 15), max_size=3, unique=True),
    calls=CALLS,
)
def test_one_more_lane_at_a_single_stage_delays_nobody(engine, lanes, units, hours, calls):
    steps = [(0, 1), *sorted(lanes, key=lambda pair: pair[0])]
    is_open = [(tick, index % 2) for index, tick in enumerate(sorted(hours))] if hours else [(0, 1)]
    trucks = [unit(at, [(0, work)]) for at, work in units]

    def starts(extra: int) -> list[float]:
        level: Level = [(tick, lanes + extra) for tick, lanes in steps]
        records = engine(*port([stage(lanes=level, is_open=is_open, **calls)], trucks, end=60))
        return [float("inf") if tick == NONE else tick for tick in of_step(records, "started")]

    assert all(more <= fewer for more, fewer in zip(starts(1), starts(0), strict=True))


@law
@given(
    units=st.lists(st.tuples(st.integers(0, 9), *[st.integers(0, 5)] * 3), min_size=1, max_size=8),
    hours=st.lists(st.lists(st.integers(1, 15), max_size=3, unique=True), min_size=3, max_size=3),
    closing=st.sampled_from(["finish", "suspend"]),
    space=st.integers(0, 3),
    where=st.integers(1, 2),
)
def test_more_waiting_space_between_stages_in_a_row_delays_nobody(engine, units, hours, closing, space, where):
    """Three stages of one lane each: output never falls when a place is added before one.

    The units are numbered in the order they arrive, else one that joins with an earlier one could go before it.
    """
    trucks = [unit(at, list(enumerate(works))) for at, *works in sorted(units)]

    def done(places: int) -> list[float]:
        line = [
            stage(
                f"line{number}",
                is_open=[(tick, index % 2) for index, tick in enumerate(sorted(ticks))] if ticks else 1,
                closing=closing,
                waiting_space=None if number == 0 else places if number == where else 1,
            )
            for number, ticks in enumerate(hours)
        ]
        return [float("inf") if tick == NONE else tick for tick in outs(engine(*port(line, trucks, end=200)))]

    assert all(more <= fewer for more, fewer in zip(done(space + 1), done(space), strict=True))


NEVER_CALLED = reserve(9, [0], call_at=1_000_000, close_at=999_999)


@law
@given(case=cases())
def test_a_reserve_that_is_never_called_changes_nothing(engine, case):
    network, traffic = case
    more = replace(
        network,
        pools=tuple(
            replace(
                each,
                crews=(*each.crews, Crew(level(0), level(0))),
                reserves=(*each.reserves, replace(NEVER_CALLED, crew=len(each.crews))),
            )
            for each in network.pools
        ),
    )
    found = difference(engine(more, traffic), engine(network, traffic), network)
    assert found is None, f"{found}\n{described(network, traffic)}"


@law
@given(case=cases(), precedence=st.sampled_from([Precedence.LONGEST_QUEUE, Precedence.LONGEST_WAIT]))
def test_precedence_among_the_stages_of_a_pool_means_nothing_with_one_stage(engine, case, precedence):
    network, traffic = case
    stages: list[Stage] = []
    for each in network.stages:
        is_second = any(each.pool == other.pool != NONE for other in stages)
        stages.append(replace(each, pool=NONE, officers=0) if is_second else each)

    def records(which: Precedence) -> Records:
        pools = tuple(replace(each, precedence=which) for each in network.pools)
        return engine(replace(network, stages=tuple(stages), pools=pools), traffic)

    found = difference(records(precedence), records(Precedence.FIXED), network)
    assert found is None, f"{found}\n{described(network, traffic)}"


def test_instants_at_which_nothing_happens_change_nothing():
    """Of the oracle alone: visiting every tick gives the same records as visiting the ticks of events."""
    for number in range(300):
        network, traffic = seeded(number)
        every = oracle.simulate(network, traffic, every_tick=True)
        found = difference(oracle.simulate(network, traffic), every, network)
        assert found is None, f"case {number}: {found}\n{described(network, traffic)}"


def test_random_cases_contain_what_they_should():
    """Random cases are worth nothing if they are all alike: each outcome and each feature is common among them."""
    count: dict[str, int] = defaultdict(int)
    for number in range(400):
        network, traffic = seeded(number)
        records = oracle.simulate(network, traffic)
        found = {f"visit {VisitOutcome(value).name}" for value in records.visits["outcome"].tolist()}
        found |= {f"unit {UnitOutcome(value).name}" for value in records.units["outcome"].tolist()}
        began = [(at, start) for at, _, _, start, _ in Scene(network, traffic, records).pieces]
        found |= {"interrupted"} if records.work["unit"].size else set()
        found |= {"passengers arrived"} if (records.units["parent"] != NONE).any() else set()
        found |= (
            {"a join started"}
            if any(
                traffic.is_join[traffic.first[number] + of] and start != NONE
                for number, of, start in zip(
                    *(records.visits[n].tolist() for n in ("unit", "step", "started")), strict=True
                )
            )
            else set()
        )
        for visit in Scene(network, traffic, records).visits:
            at = network.stages[visit["stage"]]
            if visit["started"] != NONE and at.calls is not None:
                found |= {f"started from {type(at.calls).__name__.lower()}"}
            if visit["started"] > visit["joined"] and at.pool != NONE:
                found |= {f"waited for officers given by {network.pools[at.pool].precedence.name}"}
                found |= {"served by a reserve"} if (at.pool, visit["crew"]) in reserve_crews(network) else set()
        found |= {"a reserve went home"} if (records.levels["level"] == 0).any() else set()
        found |= {"two starts at one stage and tick"} if len(set(began)) < len(began) else set()
        found |= {"helped"} if any(helped for each in network.role_lists for _, helped in each) else set()
        for name in found:
            count[name] += 1
    wanted = [f"visit {outcome.name}" for outcome in VisitOutcome] + [f"unit {outcome.name}" for outcome in UnitOutcome]
    wanted += ["interrupted", "passengers arrived", "a join started", "two starts at one stage and tick", "helped"]
    wanted += ["started from waves", "started from batch", "served by a reserve", "a reserve went home"]
    wanted += [f"waited for officers given by {each.name}" for each in Precedence]
    assert {name: count[name] for name in wanted if count[name] < 20} == {}


def reserve_crews(network: Network) -> set[tuple[int, int]]:
    return {(number, one.crew) for number, each in enumerate(network.pools) for one in each.reserves}


@pytest.mark.parametrize("feature", sorted(FEATURES))
def test_a_feature_left_out_of_random_cases_is_in_none_of_them(feature):
    for number in range(60):
        network, traffic = seeded(number, FEATURES - {feature})
        assert not HAS[feature](network, traffic)


HAS: dict[str, Callable[[Network, Traffic], bool]] = {
    "roles": lambda network, traffic: len(network.roles) > 1,
    "helped": lambda network, traffic: any(helped for each in network.role_lists for _, helped in each),
    "lane_steps": lambda network, traffic: any(
        lanes.pairs() != [(0, lanes(0))] for at in network.stages for _, lanes in at.lanes or ()
    ),
    "pools": lambda network, traffic: len(network.pools) > 0,
    "crews": lambda network, traffic: any(len(each.crews) - len(each.reserves) > 1 for each in network.pools),
    "hand_over": lambda network, traffic: any(each.end_of_shift == EndOfShift.HAND_OVER for each in network.pools),
    "delay_officers": lambda network, traffic: any(at.lanes is None and at.pool != NONE for at in network.stages),
    "hours": lambda network, traffic: any(at.is_open.pairs() != [(0, 1)] for at in network.stages),
    "suspend": lambda network, traffic: any(at.closing == Closing.SUSPEND for at in network.stages),
    "waiting_space": lambda network, traffic: any(at.waiting_space != NONE for at in network.stages),
    "delays": lambda network, traffic: any(at.lanes is None for at in network.stages),
    "zero_work": lambda network, traffic: bool((traffic.work == 0).any()),
    "turn_away": lambda network, traffic: bool(traffic.when_full.any()),
    "priorities": lambda network, traffic: bool(traffic.priority.any()),
    "holds": lambda network, traffic: bool(traffic.hold.any()),
    "patience": lambda network, traffic: bool((traffic.patience != NONE).any()),
    "joins": lambda network, traffic: bool(traffic.is_join.any() or (traffic.parent != NONE).any()),
    "join_limits": lambda network, traffic: bool((traffic.join_limit != NONE).any()),
    "waves": lambda network, traffic: any(isinstance(at.calls, Waves) for at in network.stages),
    "batches": lambda network, traffic: any(isinstance(at.calls, Batch) for at in network.stages),
    "precedence": lambda network, traffic: any(each.precedence != Precedence.FIXED for each in network.pools),
    "reserves": lambda network, traffic: any(each.reserves for each in network.pools),
    "pace": lambda network, traffic: any(at.pace is not None for at in network.stages),
}


def scaled_steps(steps: StepFunction, times: int) -> StepFunction:
    return StepFunction(frozen(steps.at * times, np.int64), steps.value)


def scaled_calls(calls: Waves | Batch | None, times: int) -> Waves | Batch | None:
    if isinstance(calls, Waves):
        return Waves(frozen(calls.at * times, np.int64), calls.up_to)
    if isinstance(calls, Batch):
        return Batch(calls.size, NONE if calls.at_most == NONE else calls.at_most * times)
    return None


def scaled(network: Network, times: int) -> Network:
    stages = tuple(
        replace(
            at,
            is_open=scaled_steps(at.is_open, times),
            lanes=None if at.lanes is None else tuple((role, scaled_steps(lanes, times)) for role, lanes in at.lanes),
            calls=scaled_calls(at.calls, times),
        )
        for at in network.stages
    )
    pools = tuple(
        replace(
            each,
            crews=tuple(
                replace(crew, level=scaled_steps(crew.level, times), rostered=scaled_steps(crew.rostered, times))
                for crew in each.crews
            ),
        )
        for each in network.pools
    )
    return replace(network, stages=stages, pools=pools, end=network.end * times)


def scaled_traffic(traffic: Traffic, times: int) -> Traffic:
    def longer(column: np.ndarray) -> np.ndarray:
        return np.where(column == NONE, NONE, column * times)

    names = ("wanted", "arrived", "patience", "work", "hold", "join_limit")
    return changed(traffic, **{name: longer(getattr(traffic, name)) for name in names})


def changed(traffic: Traffic, **columns: object) -> Traffic:
    return Traffic.of(
        **{field.name: columns.get(field.name, getattr(traffic, field.name)) for field in fields(traffic)}
    )
