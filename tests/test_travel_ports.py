"""What the shipped ports of travellers and of air cargo claim, on one replication each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import portsim as ps
from portsim.experiments import Replication
from portsim.model.network import NONE

SUMMER, CARGO = "jeminay-summer", "urumqi-cargo"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
VEHICLES = ("buses_out", "buses_in", "group_coach", "other_coaches", "cars_out", "cars_in")


@cache
def played(name: str, plan: str | None = None, *sets: str) -> Replication:
    week = ["to=2025-09-08 00:00"] if name == CARGO else []
    return ps.run(name, plan=plan, sets=[*week, *sets], replications=1, keep="first").data.kept[0]


def measured(replication: Replication, metric: str, **part: str) -> float:
    """The value of the one row of this metric that is of this flow, kind, stage or pool, or of the port."""
    parts = ("flow", "kind", "direction", "stage", "pool")
    [value] = [
        row.value
        for row in replication.measures
        if row.metric == metric and all(getattr(row, each) == part.get(each) for each in parts)
    ]
    return value


def visits(replication: Replication, stage: str, *flows: str) -> dict[str, NDArray[np.int64]]:
    """Columns of the visits to a stage, of all flows or of these, with the flow and the persons of each unit."""
    network, table = replication.network, replication.records.visits
    number = next(index for index, one in enumerate(network.stages) if one.name == stage)
    unit = table["unit"]
    chosen = table["stage"] == number
    if flows:
        chosen &= np.isin(replication.traffic.flow[unit], [network.flows.index(flow) for flow in flows])
    return {key: table[key][chosen].astype(np.int64) for key in ("unit", "step", "joined", "started", "ended", "role")}


def units_of(replication: Replication, *flows: str) -> NDArray[np.intp]:
    """Numbers of the units of these flows."""
    names = replication.network.flows
    return np.flatnonzero(np.isin(replication.traffic.flow, [names.index(flow) for flow in flows]))


def times_out(replication: Replication) -> NDArray[np.int64]:
    """The tick at which each unit is out, by its number; NONE for those who never came or are still in the port."""
    out = np.full(len(replication.traffic), NONE, np.int64)
    out[replication.records.units["unit"]] = replication.records.units["out"]
    return out


# ---- Jeminay: who comes ------------------------------------------------------------------------------------------


def test_three_weeks_have_120_buses_24_coaches_and_six_groups_of_150():
    """Each way two buses a day and two coaches more on Friday to Sunday: 14 + 6 a week; four coaches a group."""
    summer = played(SUMMER)
    assert [len(units_of(summer, flow)) for flow in ("buses_out", "buses_in", "group_coach", "other_coaches")] == [
        60, 60, 6, 18,
    ]  # fmt: skip
    assert summer.traffic.persons[units_of(summer, "group")].tolist() == [150] * 6


def test_about_four_persons_come_with_a_vehicle_as_is_published():
    """4.1 of the count by 15 July; more persons than its 250 a day, and fewer than on the record day."""
    summer = played(SUMMER)
    vehicles = sum(measured(summer, "crossings_per_day", kind=kind) for kind in ("bus", "coach", "car"))
    persons = measured(summer, "persons_per_day")
    assert 3.9 < persons / vehicles < 4.6
    assert 250 < persons < 830


def test_a_saturday_with_a_group_comes_near_the_record_of_830_persons():
    """By the means: 8 buses with 34 aboard, 158 with the group, 134 cars with 2.5: 765."""
    summer = played(SUMMER)
    rows = np.concatenate([np.stack([v["ended"], v["unit"]]) for v in counted(summer)], axis=1)
    by_day = np.bincount(rows[0] // DAY, weights=summer.traffic.persons[rows[1]])
    saturdays = by_day[[5, 12, 19]]
    assert 600 < saturdays.mean() < 900
    assert saturdays.max() == by_day.max()
    assert measured(summer, "persons_in_saturday") == saturdays[0]


def counted(summer: Replication) -> Iterator[dict[str, NDArray[np.int64]]]:
    return (visits(summer, stage) for stage in ("belts", "vehicles"))


def test_every_person_is_counted_once_travellers_at_the_belts_and_drivers_with_the_vehicle():
    summer = played(SUMMER)
    passed = np.concatenate([table["unit"] for table in counted(summer)])
    assert sorted(passed.tolist()) == list(range(len(summer.traffic)))
    assert measured(summer, "persons_per_day") * 21 == pytest.approx(summer.traffic.persons.sum())
    assert set(visits(summer, "vehicles")["unit"]) == set(units_of(summer, *VEHICLES).tolist())


@pytest.mark.parametrize(
    "plan", ["forecast", "forecast_by_quarter", "reactive", "no_e_gates", "buses_leave_after_15_min"]
)
def test_every_plan_meets_the_same_travellers(plan):
    for column in ("wanted", "persons", "flow", "parent"):
        assert (getattr(played(SUMMER, plan).traffic, column) == getattr(played(SUMMER).traffic, column)).all(), column


# ---- Jeminay: together -------------------------------------------------------------------------------------------


def test_a_group_is_one_visit_of_150_persons_and_keeps_the_channel_for_37_minutes_on_average():
    """150 times 15 s is 37.5 min; the sum of so many draws varies little."""
    summer = played(SUMMER)
    channel = visits(summer, "group_channel")
    assert len(channel["unit"]) == 6
    assert (summer.traffic.persons[channel["unit"]] == 150).all()
    assert ((channel["ended"] - channel["started"]) / MINUTE).tolist() == pytest.approx([37.5] * 6, rel=0.15)


def test_a_family_takes_one_time_at_the_booth_for_each_of_its_persons():
    """45 s for one, 180 s for four, on average."""
    summer = played(SUMMER)
    booth = visits(summer, "car_booths")
    seconds = (booth["ended"] - booth["started"]) / 1000
    persons = summer.traffic.persons[booth["unit"]]
    assert len(booth["unit"]) == len(units_of(summer, "cars_out", "cars_in"))
    for family in (1, 2, 3, 4):
        assert seconds[persons == family].mean() == pytest.approx(45 * family, rel=0.08)


@pytest.mark.parametrize(
    ("plan", "limit"), [(None, 40 * MINUTE), ("buses_leave_after_15_min", 15 * MINUTE), ("forecast", 40 * MINUTE)]
)
def test_no_bus_leaves_without_its_travellers_before_the_limit(plan, limit):
    """It goes on when the last is out, or exactly at the limit; travellers left behind are those of the latter."""
    summer = played(SUMMER, plan)
    out, parent = times_out(summer), summer.traffic.parent
    left_behind = 0
    boarding = visits(summer, "boarding", "buses_out", "buses_in")
    assert len(boarding["unit"]) == 120
    for bus, joined, started in zip(boarding["unit"], boarding["joined"], boarding["started"], strict=True):
        last = out[parent == bus].max()
        assert started == min(max(joined, last), joined + limit)
        left_behind += int((out[parent == bus] > started).sum())
    assert measured(summer, "left_behind") == left_behind


def test_the_coach_of_a_group_waits_for_all_of_it():
    summer = played(SUMMER)
    out, parent = times_out(summer), summer.traffic.parent
    boarding = visits(summer, "boarding", "group_coach")
    assert boarding["started"].tolist() == [
        max(joined, out[parent == coach].max())
        for coach, joined in zip(boarding["unit"], boarding["joined"], strict=True)
    ]


# ---- Jeminay: gates, counters, officers --------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "flow"), [("exit", "citizens_out"), ("entry", "citizens_in")])
def test_six_citizens_in_ten_try_the_gates_and_those_who_fail_there_go_to_a_counter(side, flow):
    summer = played(SUMMER)
    citizens = set(units_of(summer, flow).tolist())
    gates = set(visits(summer, f"{side}_gates")["unit"].tolist())
    hall = set(visits(summer, f"{side}_hall", flow)["unit"].tolist())
    assert gates | hall == citizens
    assert len(gates) / len(citizens) == pytest.approx(0.6, abs=0.05)
    assert len(gates & hall) / len(gates) == pytest.approx(0.06, abs=0.02)


def test_without_e_gates_every_citizen_goes_to_a_counter_once():
    summer = played(SUMMER, "no_e_gates")
    assert len(visits(summer, "exit_gates")["unit"]) == 0
    assert (
        sorted(visits(summer, "exit_hall", "citizens_out")["unit"].tolist())
        == units_of(summer, "citizens_out").tolist()
    )
    assert measured(summer, "wait_mean_min") > 1.5 * measured(played(SUMMER), "wait_mean_min")


def test_those_who_need_help_go_first_on_a_lane_of_their_own():
    summer = played(SUMMER)
    helped, others = (measured(summer, "wait_p95_min", flow=flow) for flow in ("helped_out", "citizens_out"))
    assert helped < others / 2


@pytest.mark.parametrize("plan", ["forecast", "forecast_by_quarter", "reactive"])
def test_plans_of_staffing_cost_the_same_officer_hours_within_one_per_cent(plan):
    """630 of border police: 3 officers, 10 hours, 21 days."""
    hours = [measured(played(SUMMER, each), "officer_hours", pool="border_police") for each in (None, plan)]
    assert hours[0] == 630
    assert hours[1] == pytest.approx(630, rel=0.01)


def test_the_forecast_shortens_the_wait_and_the_reserve_comes_too_late():
    waits = [measured(played(SUMMER, plan), "wait_p95_min") for plan in ("forecast", None, "reactive")]
    assert waits == sorted(waits)


def test_nearly_everybody_is_served_within_the_promised_half_hour():
    for flow in ("citizens_out", "citizens_in"):
        assert measured(played(SUMMER), "within_target_wait_p95_min", flow=flow) > 0.99


# ---- Urumqi ------------------------------------------------------------------------------------------------------

BOOKED = (("ordinary", "flights"), ("parcels", "flights"), ("priority", "priority_flights"))


def test_a_day_has_the_tonnes_that_are_published():
    """314 t/day by customs, imports included; six days of one replication."""
    assert measured(played(CARGO), "goods_per_day") == pytest.approx(314, rel=0.1)


@pytest.mark.parametrize(("stage", "a_day"), [("flights", 6), ("priority_flights", 2)])
def test_cargo_leaves_with_a_flight_of_the_timetable_and_at_no_other_time(stage, a_day):
    started = visits(played(CARGO), stage)["started"]
    of_day = np.unique(started[started != NONE] % DAY)
    assert len(of_day) == a_day
    assert all(tick % (30 * MINUTE) == 0 for tick in of_day)


@pytest.mark.parametrize("plan", [None, "night_closed"])
@pytest.mark.parametrize(("flow", "stage"), BOOKED)
def test_caught_and_missed_add_up_to_booked(flow, stage, plan):
    """Caught is what starts at its own flight; what missed it goes with a later one or is still there."""
    cargo = played(CARGO, plan)
    traffic, units = cargo.traffic, units_of(cargo, flow)
    booked_for = traffic.hold[traffic.first[units + 1] - 1]
    started = np.full(len(traffic), NONE, np.int64)
    departures = visits(cargo, stage, flow)
    started[departures["unit"]] = departures["started"]
    inside = (booked_for >= DAY) & (booked_for < cargo.network.end)
    caught = inside & (started[units] == booked_for)
    missed = inside & ((started[units] > booked_for) | (started[units] == NONE))
    assert caught.sum() + missed.sum() == inside.sum() == measured(cargo, "booked", flow=flow)
    assert measured(cargo, "caught_share", flow=flow) == pytest.approx(caught.sum() / inside.sum())
    assert missed.any() == (measured(cargo, "caught_share", flow=flow) < 1)


def test_imports_come_before_customs_as_their_flight_is_unloaded():
    cargo = played(CARGO)
    imports = units_of(cargo, "imports")
    stand = visits(cargo, "stand")
    joined = dict(zip(stand["unit"].tolist(), stand["joined"].tolist(), strict=True))
    rows = cargo.records.units
    came = np.isin(rows["unit"], imports)
    assert came.any()
    assert rows["arrived"][came].tolist() == [joined[parent] for parent in rows["parent"][came].tolist()]


@pytest.mark.parametrize("plan", ["no_fast_track", "second_scanner", "six_a_crew", "night_closed", "booked_later"])
def test_every_plan_meets_the_same_cargo(plan):
    for column in ("wanted", "goods", "flow", "parent"):
        assert (getattr(played(CARGO, plan).traffic, column) == getattr(played(CARGO).traffic, column)).all(), column


def test_without_the_fast_track_more_priority_cargo_misses_its_flight():
    with_track, without = (
        measured(played(CARGO, plan), "caught_share", flow="priority") for plan in (None, "no_fast_track")
    )
    assert without < with_track


def test_a_closed_night_at_the_same_officer_hours_loses_flights():
    """Five officers around the clock or ten by day: 120 officer-hours a day, over six days."""
    base, closed = played(CARGO), played(CARGO, "night_closed")
    assert measured(base, "officer_hours") == measured(closed, "officer_hours") == 720
    assert measured(closed, "caught_share") < measured(base, "caught_share") - 0.1


def test_cargo_booked_two_hours_later_flies_no_earlier_and_misses_less():
    base, later = played(CARGO), played(CARGO, "booked_later")
    for flow, _ in BOOKED:
        steps = base.traffic.first[units_of(base, flow) + 1] - 1
        assert (later.traffic.hold[steps] >= base.traffic.hold[steps]).all()
    assert measured(later, "caught_share") > measured(base, "caught_share")
