"""The capacity check: offered work beside lane-hours and officer-hours, by arithmetic a person can follow."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest

from portsim.scenario.arrivals import (
    Departure,
    NoArrivals,
    RateArrivals,
    RecordedArrivals,
    RegularArrivals,
    TimetableArrivals,
)
from portsim.scenario.capacity import describe_lanes, describe_officers, load_warnings, loads, overloaded
from portsim.scenario.levels import DAY_MS, Closure, Distribution, WeekProfile
from portsim.scenario.officers import Pool
from portsim.scenario.profiles import (
    parse_hour_weights,
    parse_hours,
    parse_level,
    parse_month_weights,
    parse_per_day,
    parse_weekday_weights,
)
from portsim.scenario.scenario import Flow, Limits, Regime, Scenario, Side, Stage, Step

H = 3_600_000
MINUTE = 60_000
BEIJING = "Asia/Shanghai"


def utc(*parts):
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


START = utc(2025, 6, 1, 16)  # Monday 2 June 2025, 00:00 in Beijing


def fixed(minutes):
    return Distribution("fixed", {"value": minutes * MINUTE})


def side(hours="always", closures=(), name="china", zone=BEIJING):
    return Side(name, zone, parse_hours(hours), tuple(closures))


def stage(lanes=2, minutes=3, name="check", hours=None, closures=(), pool=None, officers=0, at="china", service=None):
    return Stage(
        name=name,
        side=at,
        counted=True,
        lanes=lanes if lanes is None or isinstance(lanes, tuple) else (("general", parse_level(lanes)),),
        open=None if hours is None else parse_hours(hours),
        closures=tuple(closures),
        closing="finish",
        pool=pool,
        officers=officers,
        waiting_space=None,
        service=service or {None: fixed(minutes)},
    )


def pool(level, name="police"):
    return Pool(name, "china", parse_level(level), "finish", None)


def rate(per_day, **options):
    defaults = {
        "by_hour": WeekProfile.constant(1.0),
        "by_weekday": (1.0,) * 7,
        "by_month": (1.0,) * 12,
        "growth_per_year": 0.0,
        "day_to_day_cv": 0.15,
    }
    return RateArrivals(per_day=parse_per_day(per_day), **(defaults | options))


def flow(arrivals, *journey, name="outbound", kind="truck"):
    steps = journey or (step(),)
    return Flow(name, kind, "out", steps, arrivals, 50, (), 1.0, 0.0, "wait_outside", "queue", BEIJING)


def step(name="check", share=1.0, roles=("general",), service=None):
    return Step(name, share, service, tuple((role, False) for role in roles))


def port(flows, stages, *, days=10, sides=None, pools=(), changes=(), start=START):
    regimes = [Regime(start, tuple(sides or (side(),)), tuple(pools), tuple(stages)), *changes]
    return Scenario(
        name="x", description="", port="x", plan=None, start_ms=start, end_ms=round(start + days * DAY_MS),
        measure_from_ms=start, clock=BEIJING, seed=1, targets={}, limits=Limits(1000), windows=(), flows=tuple(flows),
        regimes=tuple(regimes), sources=(), facts={}, warnings=(), plans=(), resolved=MappingProxyType({}), files=(),
    )  # fmt: skip


def only(found):
    (load,) = found
    return load


# ---- lanes ---------------------------------------------------------------------------------------------------------


def test_load_is_work_over_lane_hours():
    """480 units a day of 3 minutes are 24 lane-hours; two lanes round the clock give 48."""
    load = only(loads(port([flow(rate(480))], [stage()])))
    assert (load.stage, load.from_ms, load.to_ms) == ("check", START, START + 10 * DAY_MS)
    assert load.units_per_day == pytest.approx(480)
    assert load.lane_hours_needed == pytest.approx(24)
    assert load.lane_hours_open == pytest.approx(48)
    assert load.lane_load == pytest.approx(0.5)
    assert load.pool is load.officer_load is None


def test_hours_closures_and_levels_by_the_hour_count():
    """Open 10-24; 2 lanes until 17, 4 from then: 14 + 28 = 42 lane-hours on each of the 9 days not closed."""
    closed = Closure(START + DAY_MS, START + 2 * DAY_MS, "2025-06-03")
    lanes = {"0-17": 2, "17-24": 4}
    scenario = port([flow(rate(480))], [stage(lanes)], sides=[side("10:00-24:00", [closed])])
    assert only(loads(scenario)).lane_hours_open == pytest.approx(42 * 9 / 10)


def test_a_stage_has_its_own_hours_and_closures_or_those_of_its_side():
    """Own hours 00-12 replace the side's 10-24; closures of both count, and overlap here: 8 days of 24 lane-hours."""
    closed = [Closure(START, START + DAY_MS, "a"), Closure(START + 18 * H, START + 36 * H, "b")]
    scenario = port(
        [flow(rate(480))], [stage(hours="00:00-12:00", closures=closed[1:])], sides=[side("10:00-24:00", closed[:1])]
    )
    assert only(loads(scenario)).lane_hours_open == pytest.approx(24 * 8 / 10)


def test_shares_kinds_and_services_of_a_step_decide_the_work():
    """100 trucks of 6 minutes at half share, 100 cars of 3, and 100 more cars that the journey gives 12 minutes."""
    served = stage(1, service={"truck": fixed(6), None: fixed(3)})
    flows = [
        flow(rate(100), step(share=0.5), name="a"),
        flow(rate(100), name="b", kind="car"),
        flow(rate(100), step(service=fixed(12)), name="c", kind="car"),
    ]
    load = only(loads(port(flows, [served])))
    assert load.units_per_day == pytest.approx(250)
    assert load.lane_hours_needed == pytest.approx((50 * 6 + 100 * 3 + 100 * 12) / 60)


def test_a_stage_passed_twice_has_twice_the_work():
    load = only(loads(port([flow(rate(100), step(), step(share=0.2))], [stage()])))
    assert load.lane_hours_needed == pytest.approx(120 * 3 / 60)


def test_work_without_a_lane_open_is_an_infinite_load_and_no_work_none():
    assert only(loads(port([flow(rate(10))], [stage(0)]))).lane_load == math.inf
    assert only(loads(port([flow(rate(10))], [stage(hours="never")]))).lane_load == math.inf
    assert only(loads(port([flow(rate(0))], [stage(0)]))).lane_load == 0.0
    assert only(loads(port([flow(NoArrivals())], [stage()]))).lane_load == 0.0


def test_a_delay_has_no_lane_load():
    load = only(loads(port([flow(rate(1000), step(roles=()))], [stage(None)])))
    assert load.lane_load is None
    assert load.units_per_day == pytest.approx(1000)
    assert overloaded([load]) == []


def test_lanes_of_one_role_can_be_full_while_others_stand_idle():
    """Trusted trucks may use 1 + 4 lanes, the others only the 1 general lane: 600 * 3 min = 30 h for 24."""
    lanes = (("general", parse_level(1)), ("trusted", parse_level(4)))
    flows = [
        flow(rate(600), step(roles=("general",)), name="a"),
        flow(rate(100), step(roles=("trusted", "general")), name="b"),
    ]
    scenario = port(flows, [stage(lanes)])
    load = only(loads(scenario))
    assert load.roles == ("general",)
    assert load.lane_load == pytest.approx(30 / 24)
    assert load_warnings(scenario) == (
        "lanes general of stage check: load 1.25 from 2025-06-02 00:00 to 2025-06-12 00:00: "
        "600 units a day need 30 lane-hours a day, 24 are open",
    )


def test_work_that_accepts_fewer_roles_counts_against_all_sets_that_hold_them():
    """General alone: 300 * 3 min = 15 h of 24. General and trusted: 700 * 3 min = 35 h of 48. All three: 35 of 288."""
    lanes = (("general", parse_level(1)), ("trusted", parse_level(1)), ("bus", parse_level(10)))
    flows = [
        flow(rate(300), step(roles=("general",)), name="a"),
        flow(rate(400), step(roles=("trusted", "general")), name="b"),
    ]
    load = only(loads(port(flows, [stage(lanes)])))
    assert load.roles == ("general", "trusted")
    assert load.lane_load == pytest.approx(35 / 48)


# ---- stretches -----------------------------------------------------------------------------------------------------


def test_each_change_of_the_port_and_each_dated_demand_begins_a_stretch():
    """Demand doubles on 5 June, the second lane opens on 7 June at 12:00: stretches of 3, 2.5 and 4.5 days."""
    change = Regime(START + round(5.5 * DAY_MS), (side(),), (), (stage(2),))
    per_day = {"2025-01-01": 240, "2025-06-05": 480, "2026-01-01": 9999}
    found = loads(port([flow(rate(per_day))], [stage(1)], changes=[change]))
    assert [(load.to_ms - load.from_ms) / DAY_MS for load in found] == [3, 2.5, 4.5]
    assert [load.units_per_day for load in found] == pytest.approx([240, 480, 480])
    assert [load.lane_load for load in found] == pytest.approx([0.5, 1.0, 0.5])


def test_stages_come_in_file_order_and_then_by_time():
    change = Regime(START + 2 * DAY_MS, (side(),), (), (stage(name="z"), stage(name="a")))
    found = loads(port([flow(rate(1), step("z"), step("a"))], [stage(name="z"), stage(name="a")], changes=[change]))
    assert [(load.stage, (load.from_ms - START) // DAY_MS) for load in found] == [
        ("z", 0),
        ("z", 2),
        ("a", 0),
        ("a", 2),
    ]


# ---- every form of arrivals ----------------------------------------------------------------------------------------


def units_per_day(arrivals, days=7, start=START):
    return only(loads(port([flow(arrivals)], [stage()], days=days, start=start))).units_per_day


def test_weekday_weights_average_out_over_a_week():
    weights = parse_weekday_weights({"sat,sun": 8})
    assert units_per_day(rate(300, by_weekday=weights)) == pytest.approx(300)
    assert units_per_day(rate(300, by_weekday=weights), days=5) == pytest.approx(100)


def test_weights_of_the_hour_spread_a_part_of_a_day():
    """A quarter of the weight lies before noon."""
    weights = parse_hour_weights({"0-12": 1, "12-24": 3})
    assert units_per_day(rate(400, by_hour=weights), days=3) == pytest.approx(400)
    assert units_per_day(rate(400, by_hour=weights), days=0.5) == pytest.approx(200)
    assert units_per_day(rate(400, by_hour=weights), days=0.5, start=START + 12 * H) == pytest.approx(600)


def test_month_weights_and_growth_count():
    june = parse_month_weights({"6": 0})
    assert units_per_day(rate(300, by_month=june)) == 0
    assert units_per_day(rate(300, by_month=june), start=START + 30 * DAY_MS) == pytest.approx(300 * 12 / 11)
    growing = rate(300, growth_per_year=0.1)
    assert units_per_day(growing, days=1) == pytest.approx(300 * 1.1 ** (0.5 / 365.25))
    assert units_per_day(growing, days=731) == pytest.approx(300 * (1.1**2 - 1) / 2 / math.log(1.1), rel=1e-3)


def test_on_a_day_of_23_hours_the_hour_that_is_missing_brings_nobody():
    toronto = utc(2025, 3, 9, 5)
    there = flow(rate(240))
    there = Flow(**{name: getattr(there, name) for name in Flow.__slots__} | {"clock": "America/Toronto"})
    load = only(loads(port([there], [stage()], days=23 / 24, start=toronto)))
    assert load.units_per_day * 23 / 24 == pytest.approx(230)


def test_regular_arrivals_come_one_each_gap():
    assert units_per_day(RegularArrivals(fixed(15))) == pytest.approx(96)


def test_a_timetable_counts_its_lines_by_weekday():
    """Monday to Friday at 10:00 three units, daily at 14:30 one; the run begins at 12:00 on a Monday."""
    lines = (Departure(10 * H, (0, 1, 2, 3, 4), 3), Departure(14 * H + 30 * MINUTE, tuple(range(7)), 1))
    arrivals = TimetableArrivals(lines, fixed(20))
    assert units_per_day(arrivals) == pytest.approx((5 * 3 + 7) / 7)
    assert units_per_day(arrivals, days=1, start=START + 12 * H) == pytest.approx(4)
    assert units_per_day(arrivals, days=0.5, start=START + 12 * H) == pytest.approx(1 / 0.5)


def test_recorded_arrivals_are_counted():
    times = tuple(START + hours * H for hours in (0, 5, 5, 23, 24, 100))
    arrivals = RecordedArrivals("a.csv", times, None, None, None)
    assert units_per_day(arrivals, days=1) == 4
    assert units_per_day(arrivals, days=5) == pytest.approx(6 / 5)


# ---- officers ------------------------------------------------------------------------------------------------------


def test_stages_that_share_a_pool_share_its_load():
    """240 * 3 min with 2 officers is 24 officer-hours, 240 * 6 min with 1 is 24 more; 2 officers give 48."""
    stages = [
        stage(2, 3, name="a", pool="police", officers=2),
        stage(2, 6, name="b", pool="police", officers=1),
        stage(2, 1, name="c"),
    ]
    scenario = port([flow(rate(240), step("a"), step("b"), step("c"))], stages, pools=[pool(2)])
    first, second, third = loads(scenario)
    assert first.sharing == second.sharing == ("a", "b")
    assert first.officer_hours_needed == second.officer_hours_needed == pytest.approx(48)
    assert first.officer_hours_on_duty == pytest.approx(48)
    assert first.officer_load == second.officer_load == pytest.approx(1.0)
    assert (third.pool, third.officer_load) == (None, None)
    assert overloaded([first, second, third]) == [first, second]
    assert load_warnings(scenario) == (
        "officers police: load 1.00 from 2025-06-02 00:00 to 2025-06-12 00:00: stages a, b need 48 officer-hours a "
        "day, 48 are on duty while open",
    )


def test_officers_count_only_while_a_stage_of_theirs_is_open():
    """On duty: 4 from 8 to 20, else 2. The stages are open 6-12 and 10-18: 2 hours of 2 and 10 hours of 4."""
    stages = [
        stage(name="a", hours="06:00-12:00", pool="police", officers=1),
        stage(name="b", hours="10:00-18:00", pool="police", officers=1),
    ]
    scenario = port([flow(rate(10), step("a"), step("b"))], stages, pools=[pool({"8-20": 4, "20-8": 2})])
    assert loads(scenario)[0].officer_hours_on_duty == pytest.approx(2 * 2 + 10 * 4)


@pytest.mark.parametrize("closures", [(), ("a", "b")], ids=["by the clock", "and on two days"])
def test_officers_shared_by_stages_that_close_together_do_not_count_after_that(closures):
    """Ten on duty, both stages open 8-20: 120 officer-hours a day; closed on 2 of 10 days 96."""
    days = (Closure(utc(2025, 6, 3), utc(2025, 6, 5), "two days"),) if closures else ()
    stages = [
        stage(name=name, hours="08:00-20:00", pool="police", officers=1, closures=days if name in closures else ())
        for name in ("a", "b")
    ]
    scenario = port([flow(rate(10), step("a"), step("b"))], stages, pools=[pool(10)])
    assert loads(scenario)[0].officer_hours_on_duty == pytest.approx(96 if closures else 120)


def test_officers_who_do_not_make_up_a_service_do_not_count():
    """Services need 2 officers; of 3 on duty one is always idle: 48 officer-hours, not 72."""
    scenario = port([flow(rate(10))], [stage(pool="police", officers=2)], pools=[pool(3)])
    assert only(loads(scenario)).officer_hours_on_duty == pytest.approx(48)


def test_work_without_officers_is_an_infinite_load():
    scenario = port([flow(rate(10))], [stage(pool="police", officers=2)], pools=[pool(1)])
    load = only(loads(scenario))
    assert load.officer_load == math.inf
    assert describe_officers(load, BEIJING) == (
        "officers police: load infinite from 2025-06-02 00:00 to 2025-06-12 00:00: stage check needs 1 officer-hours a "
        "day, 0 are on duty while open"
    )


def test_a_pool_that_no_stage_draws_on_is_no_trouble():
    assert only(loads(port([flow(rate(10))], [stage()], pools=[pool(3)]))).pool is None


# ---- what is said --------------------------------------------------------------------------------------------------


def test_the_warning_names_the_stage_its_worst_stretch_and_counts_the_others():
    """One lane is open 14 hours a day: 825 units of 3 minutes need 41.25 lane-hours, 300 need 15, 280 just 14."""
    per_day = {"2025-01-01": 300, "2025-06-05": 825, "2025-06-08": 280, "2025-06-10": 100}
    scenario = port([flow(rate(per_day))], [stage(1)], sides=[side("10:00-24:00")])
    assert load_warnings(scenario) == (
        "stage check: load 2.95 from 2025-06-05 00:00 to 2025-06-08 00:00: 825 units a day need 41.2 lane-hours a day, "
        "14 are open (and in 2 other stretches of the run)",
    )
    assert [load.lane_load for load in overloaded(loads(scenario))] == pytest.approx([15 / 14, 41.25 / 14, 1.0])
    assert describe_lanes(loads(scenario)[3], BEIJING) == (
        "stage check: load 0.36 from 2025-06-10 00:00 to 2025-06-12 00:00: 100 units a day need 5 lane-hours a day, "
        "14 are open"
    )


def test_a_port_that_keeps_up_has_no_warnings():
    assert load_warnings(port([flow(rate(470))], [stage(1)])) == ()


def test_a_stretch_shorter_than_a_day_is_no_reason_to_warn_unless_there_is_no_longer_one():
    """Open 10-24. The change at 10:00 of the first day leaves a stretch in which the port is closed throughout."""
    hours = [side("10:00-24:00")]
    change = Regime(START + 10 * H, (side(),), (), (stage(2),))
    scenario = port([flow(rate(480))], [stage(2)], sides=hours, changes=[change])
    assert [load.lane_load for load in loads(scenario)] == [math.inf, pytest.approx(0.5)]
    assert load_warnings(scenario) == ()
    assert load_warnings(port([flow(rate(480))], [stage(2)], sides=hours, days=0.4)) == (
        "stage check: load infinite from 2025-06-02 00:00 to 2025-06-02 09:36: 480 units a day need 24 lane-hours "
        "a day, 0 are open",
    )


def test_the_mean_of_the_model_and_of_the_check_are_one():
    """825 a day from 3 April: 60 days until 1 June, whatever the hour weights."""
    weights = parse_hour_weights({"0-8": 1, "8-12": 3, "12-18": 5, "18-24": 3})
    start = utc(2025, 4, 2, 16)
    arrivals = rate({"2025-01-01": 533, "2025-04-03": 825}, by_hour=weights)
    load = only(loads(port([flow(arrivals)], [stage(6)], start=start, days=60)))
    assert load.units_per_day == pytest.approx(825)
    assert date(2025, 4, 3).toordinal() + 60 == date(2025, 6, 2).toordinal()
