"""What the shipped freight ports say of themselves, with numbers that can be checked by hand (one replication each)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import portsim as ps
from portsim.experiments import Replication
from portsim.model.network import NONE, Waves
from portsim.scenario.arrivals import TimetableArrivals

HOUR = 3_600_000
MINUTE = 60_000
STRETCHES = {
    "horgos-24h": ("2025-11-06", "2025-11-13"),
    "horgos-exports": ("2025-09-15", "2025-09-20"),
    "alashankou-rail": ("2025-09-01", "2025-09-15"),
}
"""What is played here of each scenario, so that a test takes seconds."""


@cache
def played(name: str, plan: str | None = None, *sets: str) -> Replication:
    start, end = STRETCHES[name]
    windows = [] if name == "horgos-24h" else [f"windows.{window.name}=null" for window in ps.load(name).windows]
    cut = [f"from={start} 00:00", f"measure_from={start} 00:00", f"to={end} 00:00", *windows]
    return ps.run(name, plan=plan, sets=[*cut, *sets], replications=1, keep="first").data.kept[0]


def measured(replication: Replication, metric: str, **part: str) -> float:
    """The value of the one row of a metric for this part of the port, or for all of it."""
    parts = ("flow", "kind", "direction", "stage", "pool")
    [value] = [
        row.value
        for row in replication.measures
        if row.metric == metric and all(getattr(row, name) == part.get(name) for name in parts)
    ]
    return value


def units_of(replication: Replication, flow: str) -> np.ndarray:
    """Rows of the units of a flow in the traffic, which are their numbers too."""
    return np.flatnonzero(replication.traffic.flow == replication.network.flows.index(flow))


def visits_to(replication: Replication, stage: str) -> dict[str, np.ndarray]:
    """The visits to a stage, column by column."""
    names = [one.name for one in replication.network.stages]
    chosen = replication.records.visits["stage"] == names.index(stage)
    return {column: values[chosen] for column, values in replication.records.visits.items()}


# ---- horgos-exports ----------------------------------------------------------------------------------------------


def test_the_year_has_the_published_vehicles_of_which_136_000_are_driven_across():
    """365 x (132.35 carriers x 6.5 + 372.6) = 450,000."""
    flows = {flow.name: flow for flow in ps.load("horgos-exports").flows}
    a_day = {name: flow.arrivals.per_day[0][1] for name, flow in flows.items()}
    assert flows["carriers"].goods.mean == 6.5
    assert 365 * a_day["self_driven"] == pytest.approx(136_000, rel=1e-4)
    assert 365 * (6.5 * a_day["carriers"] + a_day["self_driven"]) == pytest.approx(450_000, rel=1e-4)


def test_a_carrier_holds_five_to_eight_vehicles_and_six_and_a_half_on_average():
    run = played("horgos-exports")
    goods = run.traffic.goods[units_of(run, "carriers")]
    assert set(goods.tolist()) == {5, 6, 7, 8}
    assert goods.mean() == pytest.approx(6.5, abs=0.15)
    assert set(run.traffic.goods[units_of(run, "self_driven")].tolist()) == {1}
    assert set(run.traffic.goods[units_of(run, "trucks")].tolist()) == {0}


def test_vehicles_exported_and_units_in_lanes_are_told_apart():
    """A carrier is one crossing and 6.5 goods; a vehicle driven across is one of each; a truck is one and none."""
    run = played("horgos-exports")
    crossings, goods = (
        {flow: measured(run, metric, flow=flow) for flow in run.network.flows}
        for metric in ("crossings_per_day", "goods_per_day")
    )
    assert goods["carriers"] / crossings["carriers"] == pytest.approx(6.5, abs=0.15)
    assert goods["self_driven"] == crossings["self_driven"] > 300
    assert goods["trucks"] == 0 < crossings["trucks"]
    assert measured(run, "goods_per_day") == pytest.approx(sum(goods.values()))
    assert measured(run, "crossings_per_day") == pytest.approx(sum(crossings.values()))
    assert measured(run, "goods_per_day") > 1.3 * measured(run, "crossings_per_day")


def test_customs_checks_the_vehicles_of_a_carrier_one_after_the_other():
    """2 min for each vehicle: 6.5 of them take 13 min, one takes 2, and a truck takes its own 5 min."""
    run = played("horgos-exports")
    visits = visits_to(run, "vehicle_check")
    done = visits["ended"] != NONE
    minutes = (visits["ended"] - visits["started"])[done] / MINUTE
    flow = run.traffic.flow[visits["unit"][done]]
    mean = {name: minutes[flow == index].mean() for index, name in enumerate(run.network.flows)}
    assert mean["carriers"] == pytest.approx(13, rel=0.05)
    assert mean["self_driven"] == pytest.approx(2, rel=0.05)
    assert mean["trucks"] == 5


def test_one_check_a_carrier_takes_four_minutes_whatever_it_holds():
    run = played("horgos-exports", "one_check_a_carrier")
    visits = visits_to(run, "vehicle_check")
    carriers = np.isin(visits["unit"], units_of(run, "carriers")) & (visits["ended"] != NONE)
    assert set((visits["ended"] - visits["started"])[carriers].tolist()) == {4 * MINUTE}


def test_nobody_leaves_on_the_days_of_the_notice():
    """Closed on 1 to 3 October: what is under way at midnight is finished, within an hour, and then nobody crosses."""
    run = ps.run(
        "horgos-exports",
        sets=["from=2025-09-30 12:00", "measure_from=2025-09-30 12:00", "to=2025-10-04 12:00"],
        replications=1,
        keep="first",
    ).data.kept[0]
    ended = visits_to(run, "border_check")["ended"] / HOUR
    assert not ((ended > 13) & (ended < 84)).any()
    assert (ended >= 84).any()


def test_twelve_hours_pass_nearly_as_many_exports_and_let_them_wait():
    day, half = played("horgos-exports"), played("horgos-exports", "twelve_hours")
    assert (half.traffic.wanted == day.traffic.wanted).all()
    assert measured(half, "crossings_per_day") > 0.9 * measured(day, "crossings_per_day")
    assert measured(half, "wait_mean_min") > 5 * measured(day, "wait_mean_min")


# ---- horgos-24h --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["third_scanner", "smart_port", "bonded_like_others", "twelve_hours"])
def test_every_plan_of_horgos_meets_the_same_trucks(plan):
    for column in ("wanted", "flow", "priority", "persons"):
        assert (
            getattr(played("horgos-24h", plan).traffic, column) == getattr(played("horgos-24h").traffic, column)
        ).all()


def test_china_takes_in_700_to_750_a_day_while_the_queue_stands():
    """Two scanners at 0.8 of the pace for 3.2 min do 2 x 1440 / 4 = 720 a day."""
    run = played("horgos-24h")
    assert 5 * 690 < measured(run, "crossings_in_no_more", direction="in") < 5 * 750
    entered = visits_to(run, "in_scan")["ended"] / HOUR
    for day in (4, 5, 6):
        assert ((entered >= 24 * day) & (entered < 24 * (day + 1))).sum() == pytest.approx(720, abs=25)


def test_the_queue_stands_before_nur_zholy():
    """1,050 come and 720 go from 8 to 12 November: 330 more each day, 1,650 in five."""
    run = played("horgos-24h")
    assert measured(run, "queue_max", stage="nz_exit") == pytest.approx(1_650, rel=0.2)
    assert measured(run, "queue_max", stage="in_scan") == 40


def test_a_third_scanner_or_pictures_recognised_let_the_queue_never_grow():
    for plan in ("third_scanner", "smart_port"):
        run = played("horgos-24h", plan)
        assert measured(run, "queue_max", stage="nz_exit") < 500
        assert measured(run, "dwell_mean_min", flow="inbound") < 0.2 * measured(
            played("horgos-24h"), "dwell_mean_min", flow="inbound"
        )


def test_booking_moves_the_queue_and_does_not_shorten_it():
    """720 places a day for 720 a day that go in: hardly anyone waits before the gate, everybody waits at home."""
    base, booked = played("horgos-24h"), played("horgos-24h", "e_queue")
    assert measured(booked, "dwell_mean_min", flow="inbound") < 0.2 * measured(base, "dwell_mean_min", flow="inbound")
    assert measured(booked, "total_wait_mean_min", flow="inbound") > 0.9 * measured(
        base, "total_wait_mean_min", flow="inbound"
    )
    assert measured(booked, "waiting_elsewhere") > 1_000


def test_every_truck_that_wanted_to_come_came_or_is_accounted_for():
    base, booked = played("horgos-24h"), played("horgos-24h", "e_queue")
    came = measured(booked, "arrived")
    assert came + measured(booked, "no_shows") + measured(booked, "waiting_elsewhere") == pytest.approx(
        measured(base, "arrived") + measured(base, "waiting_elsewhere")
    )


def test_trucks_of_the_bonded_area_skip_a_step_and_are_through_sooner():
    base, plan = played("horgos-24h"), played("horgos-24h", "bonded_like_others")
    names = [stage.name for stage in base.network.stages]
    of_bonded = base.traffic.stage[base.traffic.first[units_of(base, "bonded")[0]] :][:2]
    assert "out_documents" not in {names[stage] for stage in of_bonded}
    assert measured(base, "dwell_mean_min", flow="bonded") < measured(plan, "dwell_mean_min", flow="bonded")


def test_perishables_on_the_green_lane_go_before_other_trucks():
    run = played("horgos-24h")
    assert measured(run, "wait_mean_min", flow="perishables") < 0.5 * measured(run, "wait_mean_min", flow="outbound")


def test_a_slower_neighbour_sets_the_dwell_whatever_our_lanes_do():
    base, slow = played("horgos-24h"), played("horgos-24h", "slow_neighbour")
    more = played("horgos-24h", "slow_neighbour", "stages.out_check.lanes=8", "stages.out_documents.lanes.general=10")
    dwell = [measured(run, "dwell_mean_min", flow="outbound") for run in (base, slow, more)]
    assert dwell[1] > 2 * dwell[0]
    assert dwell[2] == pytest.approx(dwell[1], rel=0.15)


def test_twelve_hours_cannot_carry_the_trucks_of_2025():
    run = played("horgos-24h", "twelve_hours")
    assert measured(run, "crossings_per_day", direction="in") < 0.6 * measured(
        played("horgos-24h"), "crossings_per_day", direction="in"
    )


# ---- alashankou-rail ---------------------------------------------------------------------------------------------


def test_the_timetable_has_21_trains_a_day_30_on_thursdays_and_the_published_mean():
    """21 x 7 + 9 = 156 a week, 22.29 a day; 8,165 in 2025 are 22.37."""
    scenario = ps.load("alashankou-rail")
    lines = [line for flow in scenario.flows for line in trains_of(flow.arrivals)]
    by_day = [sum(units for weekdays, units in lines if day in weekdays) for day in range(7)]
    assert by_day == [21, 21, 21, 30, 21, 21, 21]
    assert sum(by_day) / 7 == pytest.approx(scenario.facts["alashankou.trains_per_day_2025"].amount, rel=0.005)


def trains_of(arrivals: object) -> list[tuple[tuple[int, ...], int]]:
    """(weekdays, trains) of each line of a timetable; none of passengers."""
    if not isinstance(arrivals, TimetableArrivals):
        return []
    return [(departure.weekdays, departure.units) for departure in arrivals.departures]


def test_a_train_leaves_only_after_its_last_container():
    run = played("alashankou-rail")
    units, traffic = run.records.units, run.traffic
    out = dict(zip(units["unit"].tolist(), units["out"].tolist(), strict=True))
    for trains, containers in (("hall_trains", "hall_containers"), ("yard_trains", "yard_containers")):
        boxes = units_of(run, containers)
        left = [train for train in units_of(run, trains).tolist() if out.get(train, NONE) != NONE]
        assert len(left) > 40
        for train in left:
            last = max(out[box] for box in boxes[traffic.parent[boxes] == train].tolist())
            assert last != NONE
            assert out[train] == last + 30 * MINUTE, "half an hour to be rebuilt, counted from the last container"


def test_a_train_has_forty_containers_give_or_take_five():
    run = played("alashankou-rail")
    boxes = units_of(run, "hall_containers")
    aboard = np.unique(run.traffic.parent[boxes], return_counts=True)[1]
    assert aboard.min() >= 35
    assert aboard.max() <= 45
    assert aboard.mean() == pytest.approx(40, abs=1)


def test_the_hall_reloads_one_train_at_a_time_in_three_hours():
    """Two hours to be placed, 40 boxes of 6 min over 4 cranes make another; the next train enters after that."""
    run = played("alashankou-rail")
    visits = visits_to(run, "hall_track")
    order = np.argsort(visits["joined"])
    joined, started = visits["joined"][order], visits["started"][order]
    assert (joined[1:] >= started[:-1]).all()
    assert (started - joined)[started != NONE].mean() / HOUR == pytest.approx(3.1, abs=0.15)


def test_only_trains_cross():
    run = played("alashankou-rail")
    assert measured(run, "crossings", kind="container") == 0
    assert measured(run, "crossings", kind="train") == measured(run, "crossings") > 290


def test_gales_touch_160_dates_a_year():
    """One every 70 h + 12 h is 107 a year; one of half a day touches one date and, half of the time, the next."""
    [outages] = [stage.outages for stage in ps.load("alashankou-rail").regimes[0].stages if stage.outages]
    cycle, last = outages.every.mean_ms + outages.last.mean_ms, outages.last.mean_ms
    assert 365 * 24 * HOUR / cycle * (1 + last / (24 * HOUR)) == pytest.approx(160, abs=1)


def test_without_gales_the_yard_works_on_and_its_trains_leave_sooner():
    base, calm = played("alashankou-rail"), played("alashankou-rail", "no_gale")
    assert measured(base, "outage_h", stage="yard_cranes") > 12
    assert measured(calm, "outage_h", stage="yard_cranes") == 0
    assert measured(calm, "dwell_mean_min", flow="yard_trains") < measured(base, "dwell_mean_min", flow="yard_trains")


def test_in_the_open_the_trains_of_the_hall_wait_for_the_wind():
    base, roofless = played("alashankou-rail"), played("alashankou-rail", "no_hall")
    assert measured(roofless, "dwell_mean_min", flow="hall_trains") > 1.3 * measured(
        base, "dwell_mean_min", flow="hall_trains"
    )


@pytest.mark.parametrize("plan", ["more_cranes", "more_tracks"])
def test_a_second_track_or_two_more_cranes_shorten_the_stay_of_a_train(plan):
    base, more = played("alashankou-rail"), played("alashankou-rail", plan)
    assert (more.traffic.wanted == base.traffic.wanted).all()
    assert measured(more, "dwell_mean_min", flow="hall_trains") < 0.95 * measured(
        base, "dwell_mean_min", flow="hall_trains"
    )


@pytest.mark.parametrize(("plan", "paths"), [(None, 28), ("neighbour_14", 14)])
def test_the_neighbour_hands_over_so_many_trains_a_day(plan, paths):
    """Waves of one train, every 52 or 103 min from midnight of Dostyk on: 28 or 14 of them a day."""
    run = played("alashankou-rail", plan)
    [calls] = [stage.calls for stage in run.network.stages if stage.name == "handover"]
    assert isinstance(calls, Waves)
    assert calls.at.size == pytest.approx(14 * paths, abs=2), "over two weeks that begin at 21:00 there"
    started = visits_to(run, "handover")["started"]
    assert len(set(started[started != NONE].tolist())) == (started != NONE).sum(), "one train a path"
