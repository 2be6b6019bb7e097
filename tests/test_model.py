"""Lowering: clock times, zones, closures and dated changes become levels over ticks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portsim.errors import ScenarioError
from portsim.model import lower
from portsim.model.network import NONE, Closing, EndOfShift, StepFunction
from portsim.scenario.levels import WeekProfile
from portsim.scenario.officers import Pool
from portsim.scenario.scenario import CountWindow, Regime, Scenario, Step
from tests.scenarios import BISHKEK, HOUR, closure, flow, port, profile, side, stage, utc

BERLIN = "Europe/Berlin"


def hours(level: StepFunction) -> list[tuple[float, int]]:
    """Steps as (hour of the run, level)."""
    return [(tick / HOUR, value) for tick, value in level.pairs()]


def regime(scenario: Scenario, **changed: object) -> Regime:
    """The scenario's first regime with something else in it."""
    return replace(scenario.regimes[0], **changed)  # type: ignore[arg-type]


# Levels by the clock ------------------------------------------------------------------------------------------------


def test_ticks_count_from_the_start_and_levels_stop_at_the_end() -> None:
    scenario = port(sides=[side(hours={"10-24": 1})], start="2025-03-03 06:00", end="2025-03-05 06:00")
    network = lower(scenario)
    assert network.start_ms == utc("2025-03-03 06:00")
    assert network.end == 48 * HOUR
    assert network.measure_from == 0
    assert hours(network.side_open[0]) == [(4, 1), (18, 0), (28, 1), (42, 0)]


def test_a_level_that_holds_at_the_start_stands_at_tick_0() -> None:
    """Six lanes from 20:00 to 04:00: at midnight the night that began the day before is under way."""
    network = lower(port(stages=[stage(lanes={"20-4": 6, "8-20": 2})], end="2025-03-04 00:00"))
    ((role, lanes),) = network.stages[0].lanes or ()
    assert role == 0
    assert hours(lanes) == [(0, 6), (4, 0), (8, 2), (20, 6)]


def test_equal_neighbours_are_one_step() -> None:
    network = lower(port(stages=[stage(lanes={"0-8": 3, "8-16": 3, "16-24": 3})]))
    assert hours((network.stages[0].lanes or ())[0][1]) == [(0, 3)]
    assert hours(network.side_open[0]) == hours(network.stages[0].is_open) == [(0, 1)]


def test_days_of_the_week_are_those_of_the_clock() -> None:
    """The run begins on Monday 3 March 2025; two officers on weekdays, none at the weekend."""
    weekdays = WeekProfile((((0, 24 * HOUR, 2.0),),) * 5 + ((),) * 2)
    pool = Pool("customs", "own", weekdays, "hand_over", 12.5)
    network = lower(port(stages=[stage(pool="customs", officers=2)], pools=[pool], end="2025-03-11 00:00"))
    (crew,) = network.pools[0].crews
    assert hours(crew.level) == [(0, 2), (120, 0), (168, 2)]
    assert crew.rostered is crew.level
    assert network.pools[0].name == "customs"
    assert network.pools[0].end_of_shift is EndOfShift.HAND_OVER
    assert network.pools[0].cost_per_hour == 12.5
    assert network.stages[0].pool == 0
    assert network.stages[0].officers == 2


def test_each_side_keeps_its_own_clock() -> None:
    """08:00 to 22:00 in Bishkek is 10:00 to 24:00 in Beijing, and a pool may follow the other side's clock."""
    sides = [side("china", hours={"10-24": 1}), side("kyrgyz", BISHKEK, hours={"8-22": 1})]
    stages = [
        stage("exit", side="china", lanes={"8-20": 2}),
        stage("entry", side="kyrgyz", lanes={"8-20": 2}, pool="guards", officers=1, hours={"9-17": 1}),
    ]
    pools = [Pool("guards", "kyrgyz", profile({"0-12": 1, "12-24": 3}), "finish", None)]
    network = lower(port(sides=sides, stages=stages, pools=pools, end="2025-03-04 00:00"))
    assert network.clock == "Asia/Shanghai"
    assert network.sides == ("china", "kyrgyz")
    assert [one.side for one in network.stages] == [0, 1]
    assert hours(network.side_open[0]) == hours(network.side_open[1]) == [(10, 1)]
    assert hours((network.stages[0].lanes or ())[0][1]) == [(8, 2), (20, 0)]
    assert hours((network.stages[1].lanes or ())[0][1]) == [(10, 2), (22, 0)]
    assert hours(network.pools[0].crews[0].level) == [(0, 3), (2, 1), (14, 3)]
    assert [hours(one.is_open) for one in network.stages] == [[(10, 1)], [(11, 1), (19, 0)]]


def test_officers_follow_the_clock_through_a_change_of_clocks() -> None:
    """Berlin, 29 to 31 March 2025: the second night is an hour shorter."""
    network = lower(
        port(sides=[side(zone=BERLIN, hours={"8-20": 1})], start="2025-03-29 00:00", end="2025-04-01 00:00")
    )
    assert hours(network.side_open[0]) == [(8, 1), (20, 0), (31, 1), (43, 0), (55, 1), (67, 0)]
    assert network.end == 71 * HOUR
    assert (network.midnights / HOUR).tolist() == [0, 24, 47, 71]


def test_the_days_of_a_run_are_the_calendar_days_of_the_ports_clock() -> None:
    network = lower(port(start="2025-03-03 15:00", end="2025-03-05 09:00"))
    assert (network.midnights / HOUR).tolist() == [-15, 9, 33, 57]
    assert date.fromordinal(network.first_day) == date(2025, 3, 3)
    whole = lower(port(start="2025-03-03 00:00", end="2025-03-05 00:00"))
    assert (whole.midnights / HOUR).tolist() == [0, 24, 48]
    assert not whole.midnights.flags.writeable


# Closures -----------------------------------------------------------------------------------------------------------


def test_a_date_closed_on_both_clocks_ends_at_02_00_beijing_for_the_neighbour() -> None:
    """31 May 2025: closed in Beijing 00:00 to 24:00, in Bishkek 02:00 to 02:00 Beijing time."""
    sides = [
        side("china", closures=[closure("2025-05-31")]),
        side("kyrgyz", BISHKEK, closures=[closure("2025-05-31", zone=BISHKEK)]),
    ]
    stages = [stage("exit", side="china"), stage("entry", side="kyrgyz")]
    network = lower(port(sides=sides, stages=stages, start="2025-05-30 00:00", end="2025-06-02 00:00"))
    assert hours(network.side_open[0]) == hours(network.stages[0].is_open) == [(0, 1), (24, 0), (48, 1)]
    assert hours(network.side_open[1]) == hours(network.stages[1].is_open) == [(0, 1), (26, 0), (50, 1)]


def test_a_stage_is_closed_with_its_side_and_by_itself() -> None:
    """The side is open 10:00 to 24:00 and closed on the second day; the stage on the third."""
    network = lower(
        port(
            sides=[side(hours={"10-24": 1}, closures=[closure("2025-03-04")])],
            stages=[
                stage("check", closures=(closure("2025-03-05"),)),
                stage("scan", hours={"0-24": 1}),
                stage("unpack", hours={"8-12": 1}, closures=(closure("2025-03-03", "2025-03-05"),)),
            ],
            end="2025-03-07 00:00",
        )
    )
    assert hours(network.side_open[0]) == [(10, 1), (24, 0), (58, 1), (72, 0), (82, 1)]
    check, scan, unpack = (hours(one.is_open) for one in network.stages)
    assert check == [(10, 1), (24, 0), (82, 1)]
    assert scan == [(0, 1), (24, 0), (48, 1)]
    assert unpack == [(80, 1), (84, 0)]


def test_closures_leave_lanes_and_officers_on_the_roster() -> None:
    pool = Pool("customs", "own", WeekProfile.constant(5), "finish", None)
    network = lower(
        port(sides=[side(closures=[closure("2025-03-04")])], stages=[stage(lanes=2, pool="customs")], pools=[pool])
    )
    assert hours((network.stages[0].lanes or ())[0][1]) == [(0, 2)]
    assert hours(network.pools[0].crews[0].rostered) == [(0, 5)]


# Changes ------------------------------------------------------------------------------------------------------------


def test_a_change_at_10_00_takes_effect_at_10_00() -> None:
    """14 hours until 1 June 10:00, around the clock from then; the closed day before stays closed."""
    before = port(
        sides=[side(hours={"10-24": 1}, closures=[closure("2025-05-31")])],
        start="2025-05-30 00:00",
        end="2025-06-03 00:00",
    )
    after = regime(before, sides=(side(hours=1, closures=[closure("2025-05-31")]),))
    changed = replace(before, regimes=(*before.regimes, replace(after, at_ms=utc("2025-06-01 10:00"))))
    assert hours(lower(before).side_open[0]) == [(10, 1), (24, 0), (58, 1), (72, 0), (82, 1)]
    assert hours(lower(changed).side_open[0]) == hours(lower(changed).stages[0].is_open) == [(10, 1), (24, 0), (58, 1)]


def test_a_change_takes_the_value_the_new_profile_has_at_that_moment() -> None:
    """Six lanes by day become eight by night at 22:30: eight at once, none from 04:00."""
    before = port(stages=[stage(lanes={"8-22": 6})], end="2025-03-05 00:00")
    after = regime(before, stages=(stage(lanes={"20-4": 8}),), at_ms=utc("2025-03-03 22:30"))
    network = lower(replace(before, regimes=(*before.regimes, after)))
    lanes = (network.stages[0].lanes or ())[0][1]
    assert hours(lanes) == [(8, 6), (22, 0), (22.5, 8), (28, 0), (44, 8)]


def test_a_change_that_changes_nothing_is_no_step() -> None:
    scenario = port(stages=[stage(lanes={"8-20": 2})])
    again = regime(scenario, at_ms=utc("2025-03-05 12:00"))
    assert hours((lower(scenario).stages[0].lanes or ())[0][1]) == hours(
        (lower(replace(scenario, regimes=(*scenario.regimes, again))).stages[0].lanes or ())[0][1]
    )


def test_a_role_that_a_change_brings_has_no_lanes_before_and_one_it_drops_none_after() -> None:
    before = port(stages=[stage(lanes={"general": 4, "trusted": 1})], end="2025-03-04 00:00")
    after = regime(before, stages=(stage(lanes={"general": 3, "green": 2}),), at_ms=utc("2025-03-03 10:00"))
    network = lower(replace(before, regimes=(*before.regimes, after)))
    assert network.roles == ("general", "trusted", "green")
    assert [(role, hours(lanes)) for role, lanes in network.stages[0].lanes or ()] == [
        (0, [(0, 4), (10, 3)]),
        (1, [(0, 1), (10, 0)]),
        (2, [(10, 2)]),
    ]


def test_officers_change_too() -> None:
    pool = Pool("customs", "own", profile({"8-20": 4}), "finish", None)
    before = port(stages=[stage(pool="customs")], pools=[pool], end="2025-03-05 00:00")
    after = regime(before, pools=(replace(pool, level=WeekProfile.constant(6)),), at_ms=utc("2025-03-04 12:00"))
    network = lower(replace(before, regimes=(*before.regimes, after)))
    assert hours(network.pools[0].crews[0].level) == [(8, 4), (20, 0), (32, 4), (36, 6)]


def test_a_change_may_not_turn_lanes_into_a_delay() -> None:
    before = port(stages=[stage(lanes=2)])
    after = regime(before, stages=(stage(lanes=None),), at_ms=utc("2025-03-04 00:00"))
    with pytest.raises(ScenarioError) as caught:
        lower(replace(before, regimes=(*before.regimes, after)))
    assert str(caught.value) == (
        "stages.check.lanes: a change cannot give lanes to a stage without any, or take them away: "
        "set them to 0 instead"
    )


def test_every_clock_time_that_does_not_exist_is_told_at_once() -> None:
    """02:30 is skipped in Berlin on 30 March 2025: the side's hours count once, however many stages follow them."""
    half_past_two = WeekProfile((((5 * HOUR // 2, 12 * HOUR, 1.0),),) * 7)
    scenario = port(
        sides=[side(zone=BERLIN, hours=half_past_two)],
        stages=[
            stage("check", lanes=half_past_two, pool="customs"),
            stage("scan"),
            stage("unpack", hours=half_past_two),
        ],
        pools=[Pool("customs", "own", half_past_two, "finish", None)],
        start="2025-03-29 00:00",
        end="2025-04-01 00:00",
    )
    with pytest.raises(ScenarioError) as caught:
        lower(scenario)
    assert sorted(problem.key for problem in caught.value.problems) == [
        "officers.customs.level",
        "sides.own.open",
        "stages.check.lanes",
        "stages.unpack.open",
    ]
    assert {problem.message for problem in caught.value.problems} == {
        "2025-03-30 02:30 does not exist in Europe/Berlin: clocks go forward from 2025-03-30 02:00 to 2025-03-30 "
        "03:00; write a time before 2025-03-30 02:00 or from 2025-03-30 03:00 on"
    }


# Names and numbers --------------------------------------------------------------------------------------------------


def test_stages_keep_file_order_and_what_the_scenario_says_of_them() -> None:
    network = lower(
        port(
            stages=[
                stage("check", counted=True, waiting_space=80, closing="suspend"),
                stage("yard", lanes=None),
            ],
            windows=[CountWindow("first_day", utc("2025-03-03 10:00"), utc("2025-03-04 08:00"), "a.fact")],
        )
    )
    check, yard = network.stages
    assert (check.name, check.counted, check.waiting_space, check.closing) == ("check", True, 80, Closing.SUSPEND)
    assert (yard.name, yard.counted, yard.waiting_space, yard.closing) == ("yard", False, NONE, Closing.FINISH)
    assert (check.pool, yard.pool) == (NONE, NONE)
    assert yard.lanes is None
    assert network.port == "test"
    assert [(window.name, window.start / HOUR, window.end / HOUR) for window in network.windows] == [
        ("first_day", 10, 32)
    ]


def test_kinds_roles_and_role_lists_are_numbered_in_order_of_first_use() -> None:
    green_first = (("green", False), ("general", False))
    helped = (("general", False), ("green", True))
    flows = [
        flow("a", [Step("hall", 1.0, None, green_first), Step("yard", 1.0, None, ())], kind="bus"),
        flow("b", [Step("hall", 1.0, None, helped), Step("gate", 1.0, None, (("general", False),))], kind="truck"),
        flow("c", [Step("hall", 1.0, None, green_first)], kind="bus"),
    ]
    stages = [stage("gate"), stage("hall", lanes={"general": 4, "green": 1}), stage("yard", lanes=None)]
    network = lower(port(stages=stages, flows=flows))
    assert network.flows == ("a", "b", "c")
    assert network.kinds == ("bus", "truck")
    assert network.roles == ("general", "green")
    assert network.role_lists == (((1, False), (0, False)), ((0, False), (1, True)), ((0, False),))


@given(
    own=st.dictionaries(st.sampled_from(["0-6", "6-10", "10-19", "22-3"]), st.integers(0, 5)),
    change=st.dictionaries(st.sampled_from(["0-6", "6-10", "10-19", "22-3"]), st.integers(0, 5)),
    at=st.integers(1, 71),
    closed=st.sets(st.sampled_from(["2025-03-03", "2025-03-04", "2025-03-05"])),
)
def test_a_level_is_at_every_hour_what_the_rules_say(
    own: dict[str, int], change: dict[str, int], at: int, closed: set[str]
) -> None:
    """Hour by hour against the meaning, read straight from the spans; hours and lanes alike."""
    own.pop("0-6" if "22-3" in own else "", None)
    change.pop("0-6" if "22-3" in change else "", None)

    def spelled(level: dict[str, int], hour: int) -> int:
        clock = hour % 24
        for text, value in level.items():
            start, end = map(int, text.split("-"))
            if (start <= clock < end) if start < end else (clock >= start or clock < end):
                return value
        return 0

    def of(level: dict[str, int]) -> dict[str, object]:
        is_open = {text: min(value, 1) for text, value in level.items()}
        closures = [closure(day) for day in sorted(closed)]
        return {"stages": (stage(lanes={"general": level}),), "sides": (side(hours=is_open, closures=closures),)}

    scenario = port(**of(own), end="2025-03-06 00:00")  # type: ignore[arg-type]
    after = regime(scenario, **of(change), at_ms=scenario.start_ms + at * HOUR)
    network = lower(replace(scenario, regimes=(*scenario.regimes, after)))
    lanes, is_open = (network.stages[0].lanes or ())[0][1], network.stages[0].is_open
    for hour in range(72):
        level = spelled(own if hour < at else change, hour)
        assert lanes(hour * HOUR) == lanes((hour + 1) * HOUR - 1) == level
        assert is_open(hour * HOUR) == (level > 0 and f"2025-03-0{3 + hour // 24}" not in closed)
