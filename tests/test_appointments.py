"""Slots that are booked before units come, and departures they are booked for (rule 31)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import portsim
from portsim.cli.app import app
from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model.appointments import Places, Slots
from portsim.model.network import NONE
from portsim.model.records import Records
from portsim.scenario import json_schema, load_text
from portsim.views.description.demand import flow_words, journey
from portsim.views.description.rules import rules
from tests.conftest import ENGINES
from tests.test_check import fits
from tests.test_passengers import MINUTE, Played, columns_of, drawn

Play = Callable[[str], Played]

HOURLY = "{slots: {every: 1 h, up_to: 1}}"

PORT = """\
portsim: 1
name: Slots
port: paper
from: 2025-01-01
to: 2025-01-01 12:00
sides: {own: {timezone: UTC}}
stages:
  gate: {lanes: 1, counted: true, service: 10 min}
flows:
  trucks:
    kind: truck
    direction: out
    journey: [gate]
    arrivals:
      timetable: [{at: ["01:00"], units: 3}]
      appointments: {slots: {every: 1 h, up_to: 1}}
"""


@pytest.fixture(scope="session", params=[*ENGINES, "oracle"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The oracle has to pass all this as well as the engines."""
    return request.param


@pytest.fixture(scope="session")
def play(engine: Callable[..., Records]) -> Play:
    return lambda text: Played(load_text(text), engine)


def port(*changes: tuple[str, str]) -> str:
    """The port above after replacing pieces of its text."""
    text = PORT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def booked(appointments: str) -> tuple[str, str]:
    return HOURLY, appointments


def at(*times: str) -> tuple[str, str]:
    listed = ", ".join(f"{{at: '{one}'}}" for one in times)
    return '{at: ["01:00"], units: 3}', listed


def slots_of(text: str, **more: Any) -> list[tuple[float, float]]:
    """(arrived, slot) of each unit that comes, in minutes after midnight."""
    _, traffic = drawn(text, **more)
    return [
        (arrived / MINUTE, hold / MINUTE)
        for arrived, hold in zip(traffic.arrived.tolist(), traffic.hold[traffic.first[:-1]].tolist(), strict=True)
    ]


# Who gets which slot --------------------------------------------------------------------------------------------------


def test_each_unit_comes_to_the_first_slot_with_a_place_from_when_it_wants_to_come() -> None:
    """Three want to come at 01:00, the very tick of a slot: one place an hour, at 01:00, 02:00 and 03:00."""
    assert slots_of(port()) == [(60, 60), (120, 120), (180, 180)]
    assert slots_of(port(booked("{slots: {every: 1 h, up_to: 2}}"))) == [(60, 60), (60, 60), (120, 120)]
    assert slots_of(port(at("01:01"))) == [(120, 120)]


def test_slots_at_one_instant_add_their_places() -> None:
    listed = "{slots: [{at: ['02:00', '04:00'], up_to: 1}, {at: '02:00', days: wed, up_to: 1}]}"
    assert slots_of(port(booked(listed))) == [(120, 120), (120, 120), (240, 240)]  # 1 January 2025 is a Wednesday
    assert slots_of(port(booked(listed.replace("wed", "thu")))) == [(120, 120), (240, 240)]


def test_slots_at_which_the_gate_is_closed_are_not_offered() -> None:
    """Open from 02:00 to 05:00, closed for a date from 03:00 to 04:00: only 02:00 and 04:00 are left."""
    hours = ("gate: {", 'gate: {open: "02:00-05:00", closed: [2025-01-01 03:00..2025-01-01 04:00], ')
    _, traffic = drawn(port(hours))
    assert (traffic.arrived / MINUTE).tolist() == [120, 240]
    assert (traffic.later_wanted / MINUTE).tolist() == [60]
    assert traffic.later_flow.tolist() == [0]


def test_who_asks_first_is_given_a_place_first_and_rows_decide_between_equals() -> None:
    """Slots at 0, 60 and 120 with a place each. The second asks first and gets 60, the third then 0, the first 120."""
    slots = Slots(np.array([0, 60, 120]), np.array([1, 1, 1]))
    always = [np.ones(3, np.bool_)]
    ways, wanted = np.zeros(3, np.int64), np.array([30, 60, 0])
    assert Places(slots, always).book(ways, wanted, np.array([9, 7, 8])).tolist() == [2, 1, 0]
    assert Places(slots, always).book(ways, wanted, np.array([7, 7, 7])).tolist() == [1, 2, 0]
    assert Places(slots, always).book(ways, np.array([121, 0, 120]), wanted).tolist() == [3, 0, 2]


def test_units_of_either_way_share_the_places_and_each_uses_those_open_to_it() -> None:
    """The first stage of way 0 is closed at slot 0, that of way 1 at slot 1; slot 2 has two places."""
    slots = Slots(np.array([0, 10, 20]), np.array([1, 1, 2]))
    offered = [np.array([False, True, True]), np.array([True, False, True])]
    way, wanted = np.array([0, 1, 0, 1, 0]), np.zeros(5, np.int64)
    assert Places(slots, offered).book(way, wanted, wanted).tolist() == [1, 0, 2, 2, 3]


def test_the_stage_a_unit_really_goes_to_first_decides_which_slots_it_is_offered() -> None:
    text = port(
        ("stages:", "stages:\n  scan: {lanes: 9, service: 1 min, open: '06:00-12:00'}"),
        ("journey: [gate]", "journey: [{scan: 50%}, gate]"),
        ("units: 3", "units: 40"),
        booked("{slots: {every: 1 h, up_to: 40}}"),
    )
    network, traffic = drawn(text)
    scan = [stage.name for stage in network.stages].index("scan")
    is_scanned = traffic.stage[traffic.first[:-1]] == scan
    assert 0 < is_scanned.sum() < 40
    assert set((traffic.arrived[is_scanned] / MINUTE).tolist()) == {360}
    assert set((traffic.arrived[~is_scanned] / MINUTE).tolist()) == {60}


@given(st.data())
def test_slots_are_given_out_as_a_plain_loop_gives_them(data: st.DataObject) -> None:
    size, count, ways = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 30)), data.draw(st.integers(1, 3))
    ticks = np.array(sorted(data.draw(st.sets(st.integers(0, 20), min_size=size, max_size=size))), np.int64)
    places = np.array(data.draw(st.lists(st.integers(1, 4), min_size=size, max_size=size)), np.int64)
    offered = [
        np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), np.bool_) for _ in range(ways)
    ]
    column = lambda low, high: np.array(  # noqa: E731
        data.draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), np.int64
    )
    way, wanted, asked = column(0, ways - 1), column(0, 21), column(-5, 5)
    got = Places(Slots(ticks, places), offered).book(way, wanted, asked).tolist()
    left, expected = places.tolist(), [size] * count
    for unit in sorted(range(count), key=lambda unit: (asked[unit], unit)):
        free = [s for s in range(size) if ticks[s] >= wanted[unit] and left[s] and offered[way[unit]][s]]
        if free:
            expected[unit] = free[0]
            left[free[0]] -= 1
    assert got == expected


# How units keep to their slot -----------------------------------------------------------------------------------------


def test_who_comes_early_waits_for_its_slot_and_nobody_comes_before_it_wanted_to(play: Play) -> None:
    """Wanted at 01:10 and 01:10, slots at 02:00 and 03:00; 90 minutes early is 01:10 at most, and 01:30."""
    played = play(
        port(at("01:10", "01:10"), booked("{slots: {every: 1 h, up_to: 1}, early: {share: 100%, by: 90 min}}"))
    )
    assert played.minutes("gate", "joined") == [70, 90]
    assert played.minutes("gate", "started") == [120, 180]
    assert played.measured("wait_mean_min") == (50 + 90) / 2
    assert played.measured("virtual_wait_mean_min") == (0 + 20) / 2
    assert played.measured("total_wait_mean_min") == (50 + 110) / 2


@pytest.mark.parametrize(("priority", "within", "beyond"), [("high", -1, 0), ("ordinary", 0, 0), ("low", 1, 1)])
def test_who_is_late_keeps_its_precedence_within_the_grace_and_is_ordinary_beyond(
    priority: str, within: int, beyond: int
) -> None:
    def rank(late: str, grace: str) -> list[int]:
        text = port(
            ("    kind: truck", f"    priority: {priority}\n    kind: truck"),
            booked(f"{{slots: {{every: 1 h, up_to: 1}}, late: {{share: 100%, by: {late}}}, grace: {grace}}}"),
        )
        assert [arrived - slot for arrived, slot in slots_of(text)] == [float(late.split()[0])] * 3
        priorities: list[int] = drawn(text)[1].priority.tolist()
        return priorities

    assert rank("15 min", "15 min") == [within] * 3
    assert rank("16 min", "15 min") == [beyond] * 3
    assert rank("0 min", "0 min") == [within] * 3


def test_a_late_unit_of_a_flow_that_goes_first_stands_behind_those_without_appointment(play: Play) -> None:
    """At 01:00 a walk-in truck is served until 01:10 and another waits. The booked one comes at 01:05."""
    others = "  cars: {kind: car, direction: out, journey: [gate], arrivals: {timetable: [{at: '01:00', units: 2}]}}\n"
    late = "{slots: {every: 1 h, up_to: 1}, late: {share: 100%, by: 5 min}, grace: GRACE}"
    for grace, start in (("5 min", 70), ("4 min", 80)):
        text = port(
            at("01:00"),
            booked(late.replace("GRACE", grace)),
            ("    kind: truck", "    priority: high\n    kind: truck"),
        )
        assert play(text + others).minutes("gate", "started")[0] == start


def test_nobody_is_both_early_and_late_and_one_number_decides() -> None:
    text = port(
        booked("{slots: {every: 1 h, up_to: 1000}, early: {share: 30%, by: 30 min}, late: {share: 70%, by: 20 min}}"),
        at("01:10"),
    ).replace("{at: '01:10'}", "{at: '01:10', units: 1000}")
    arrived = [one for one, _ in slots_of(text)]
    assert set(arrived) == {90, 140}
    assert 0.25 < arrived.count(90) / 1000 < 0.35


def test_no_shows_keep_their_places_and_are_counted() -> None:
    """The others come to the very slots they have when everybody comes."""
    all_come = drawn(port(("units: 3", "units: 10")))[1]
    share = booked("{slots: {every: 1 h, up_to: 1}, no_show: 40%}")
    _, some = drawn(port(("units: 3", "units: 10"), share))
    absent = 10 - len(some)
    assert 0 < absent < 10
    assert set(some.arrived.tolist()) < set(all_come.arrived.tolist())
    assert some.no_shows.tolist() == [absent]
    nobody = drawn(port(booked("{slots: {every: 1 h, up_to: 1}, no_show: 100%}")))[1]
    assert (len(nobody), nobody.no_shows.tolist(), nobody.later_wanted.size) == (0, [3], 0)
    measured = drawn(
        port(booked("{slots: {every: 1 h, up_to: 1}, no_show: 100%}"), ("to:", "measure_from: 2025-01-01 02:00\nto:"))
    )
    assert measured[1].no_shows.tolist() == [0]


def test_who_has_no_slot_cannot_miss_it() -> None:
    """The run ends at 02:10, so two of three have a slot and stay away from it; the third has none yet, and waits."""
    nobody_comes = booked("{slots: {every: 1 h, up_to: 1}, no_show: 100%}")
    traffic = drawn(port(("to: 2025-01-01 12:00", "to: 2025-01-01 02:10"), nobody_comes))[1]
    assert (len(traffic), traffic.no_shows.tolist(), traffic.later_wanted.size) == (0, [2], 1)


def test_who_has_no_slot_before_the_end_or_comes_to_it_later_waits_elsewhere(play: Play) -> None:
    """The run ends at 02:10. Slots 01:00 and 02:00; the third has none. Late by 10 min they come at 01:10 and 02:10."""
    end = ("to: 2025-01-01 12:00", "to: 2025-01-01 02:10")
    played = play(port(end))
    assert [played.measured(m) for m in ("arrived", "waiting_elsewhere", "no_shows")] == [2, 1, 0]
    late = play(port(end, booked("{slots: {every: 1 h, up_to: 1}, late: {share: 100%, by: 10 min}}")))
    assert [late.measured(m) for m in ("arrived", "waiting_elsewhere")] == [1, 2]
    assert late.traffic.later_wanted.tolist() == [60 * MINUTE] * 2
    assert late.measured("virtual_wait_unfinished_share") == 2 / 3
    assert late.measured("virtual_wait_mean_min") == pytest.approx((10 + 70 + 70) / 3)


def test_the_queue_at_the_start_has_no_slots() -> None:
    text = port(("      timetable:", "      queue_at_start: 2\n      timetable:"))
    assert slots_of(text) == [(0, 0), (0, 0), (60, 60), (120, 120), (180, 180)]


# Measures -------------------------------------------------------------------------------------------------------------


def test_total_waits_are_those_at_the_port_and_elsewhere(play: Play) -> None:
    """Four at 01:00, two places at each whole hour: two come at 01:00, two at 02:00; one of each waits 10 minutes."""
    played = play(port(("units: 3", "units: 4"), booked("{slots: {every: 1 h, up_to: 2}}")))
    names = (
        "wait_mean_min",
        "virtual_wait_mean_min",
        "virtual_wait_max_min",
        "total_wait_mean_min",
        "total_wait_max_min",
    )
    for where in ({}, {"flow": "trucks"}):
        assert [played.measured(name, **where) for name in names] == [5, 30, 60, 35, 70]
        assert played.measured("total_wait_p50_min", **where) == 35  # 0, 10, 60, 70
    without = play(port(("units: 3", "units: 4"), ("\n      appointments: " + HOURLY, "")))
    assert [without.measured(name) for name in names] == [15, 0, 0, 15, 30]


RANDOM = (
    ("to: 2025-01-01 12:00", "to: 2025-01-03"),
    ('timetable: [{at: ["01:00"], units: 3}]', "per_day: 120"),
    ("gate: {", 'gate: {open: "06:00-22:00", '),
)
MESSY = (
    "{slots: {every: 20 min, up_to: 2}, ahead: {exponential: {mean: 5 h}}, early: {share: 30%, by: 20 min}, "
    "late: {share: 20%, by: {exponential: {mean: 15 min}}}, no_show: 10%, grace: 10 min}"
)
BUSES = (
    "  buses: {kind: bus, direction: in, journey: [gate], arrivals: {per_day: 20, appointments: %s}}\n"
    "  people: {kind: traveller, direction: in, journey: [hall], "
    "arrivals: {aboard: {flow: buses, number: 3, get_off_at: gate}}}\n"
)
HALL = ("stages:", "stages:\n  hall: {lanes: 5, service: 1 min}")


def test_measures_are_those_of_a_plain_loop_over_the_units(play: Play) -> None:
    text = port(*RANDOM, HALL, booked(MESSY), ("to:", "measure_from: 2025-01-01 09:00\nto:"))
    played = play(text + BUSES % "{slots: {every: 1 h, up_to: 1}, no_show: 20%}")
    end, start = played.network.end, played.network.measure_from
    units, traffic = played.records.units, played.traffic
    waited: dict[int, int] = dict.fromkeys(units["unit"].tolist(), 0)
    for row in range(played.records.visits["unit"].size):
        unit, joined, started = (int(played.records.visits[name][row]) for name in ("unit", "joined", "started"))
        first = int(played.records.visits["step"][row]) == 0
        waited[unit] += (end if started == NONE else started) - (int(traffic.arrived[unit]) if first else joined)
    never_in = set(units["unit"].tolist()) - set(played.records.visits["unit"].tolist())
    for number, name in enumerate(("trucks", "buses", "people")):
        virtual, total, elsewhere = [], [], 0
        for unit, wanted, arrived in zip(
            units["unit"].tolist(), units["wanted"].tolist(), units["arrived"].tolist(), strict=True
        ):
            if traffic.flow[unit] == number and traffic.parent[unit] == NONE and wanted >= start:
                wait = end - arrived if unit in never_in else waited[unit]
                virtual.append(arrived - wanted)
                total.append(arrived - wanted + wait)
        for flow, wanted in zip(traffic.later_flow.tolist(), traffic.later_wanted.tolist(), strict=True):
            elsewhere += flow == number
            if flow == number and name != "people" and wanted >= start:
                virtual.append(end - wanted)
                total.append(end - wanted)
        assert played.measured("waiting_elsewhere", flow=name) == elsewhere
        assert played.measured("no_shows", flow=name) == traffic.no_shows[number]
        for metric, times in (("virtual_wait", virtual), ("total_wait", total)):
            mean = played.measured(f"{metric}_mean_min", flow=name)
            if name == "people":
                assert np.isnan(mean)
            else:
                assert mean == pytest.approx(np.mean(times) / MINUTE)
                assert played.measured(f"{metric}_p95_min", flow=name) == pytest.approx(
                    np.percentile(times, 95) / MINUTE
                )
    assert played.measured("no_shows", flow="people") == 3 * traffic.no_shows[1] > 0
    assert played.measured("waiting_elsewhere", flow="people") == 3 * played.measured("waiting_elsewhere", flow="buses")


def test_units_that_have_not_come_make_the_waits_lower_bounds_with_a_warning() -> None:
    run = portsim.run(load_text(port(("to: 2025-01-01 12:00", "to: 2025-01-01 02:30"))), replications=2)
    methods = {row.metric: row.method for row in run.rows if row.flow == "trucks"}
    assert methods["virtual_wait_mean_min"].startswith("lower bound")
    assert methods["total_wait_p95_min"].startswith("lower bound")
    assert not methods["wait_mean_min"].startswith("lower bound")
    assert methods["virtual_wait_max_min"].startswith("lower bound, maximum")
    assert any(
        "flow trucks: 33.3 % of the units that wanted to come in the measured stretch had not come" in warning
        for warning in run.warnings
    )


# Plans with and without -----------------------------------------------------------------------------------------------

PLANS = "plans:\n  slots:\n    flows.trucks.arrivals.appointments: %s\n"


def both(appointments: str, *changes: tuple[str, str]) -> tuple[Played, Played]:
    """The random port without appointments, and with those of a plan."""
    text = port(*RANDOM, HALL, ("\n      appointments: " + HOURLY, ""), *changes)
    text += BUSES % HOURLY + PLANS % appointments
    return Played(load_text(text), simulate), Played(load_text(text, plan="slots"), simulate)


@pytest.mark.parametrize("replication", range(3))
def test_slots_at_unchanged_capacity_shorten_the_queue_at_the_gate_and_not_the_total_wait(replication: int) -> None:
    """The direction an electronic queue is known for, unit by unit: with one lane nobody is done sooner for it."""
    text = port(*RANDOM, ("\n      appointments: " + HOURLY, "")) + PLANS % "{slots: {every: 30 min, up_to: 3}}"
    before, after = (Played(load_text(text, plan=plan), simulate, replication) for plan in (None, "slots"))
    started = [
        dict(zip(one.traffic.wanted.tolist(), one.minutes("gate", "started"), strict=False)) for one in (before, after)
    ]
    for wanted, begun in started[1].items():
        assert begun is None or begun >= started[0][wanted]
    assert after.measured("queue_max", stage="gate") < before.measured("queue_max", stage="gate") / 2
    assert after.measured("wait_mean_min") < before.measured("wait_mean_min") / 4
    assert after.measured("total_wait_mean_min") >= before.measured("total_wait_mean_min")


@settings(max_examples=25)
@given(
    every=st.sampled_from(["10 min", "45 min", "3 h"]),
    places=st.integers(1, 9),
    ahead=st.sampled_from(["0 min", "2 h", "{exponential: {mean: 6 h}}"]),
    shares=st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 100)),
)
def test_slots_change_who_comes_when_and_nothing_else(
    every: str, places: int, ahead: str, shares: tuple[int, int, int]
) -> None:
    early, late, absent = shares
    written = (
        f"{{slots: {{every: {every}, up_to: {places}}}, ahead: {ahead}, early: {{share: {early}%, by: 1 h}}, "
        f"late: {{share: {late}%, by: 30 min}}, no_show: {absent}%}}"
    )
    text = port(
        *RANDOM, HALL, ("\n      appointments: " + HOURLY, ""), ("    kind: truck", "    persons: 1.4\n    kind: truck")
    )
    text += BUSES % HOURLY + PLANS % written
    without, slots = drawn(text), drawn(text, plan="slots")
    for flow in ("buses", "people"):
        assert columns_of(*without, flow) == columns_of(*slots, flow)
    mine = slots[1].flow == 0
    first = slots[1].first[:-1][mine]
    hold, wanted, arrived = slots[1].hold[first], slots[1].wanted[mine], slots[1].arrived[mine]
    assert np.all(np.bincount(hold // MINUTE) <= places) if hold.size else True
    assert np.all(hold >= wanted) and np.all(arrived >= wanted) and np.all(arrived < slots[0].end)
    is_open = slots[0].stages[[stage.name for stage in slots[0].stages].index("gate")].is_open
    assert all(is_open(tick) for tick in set(hold.tolist()))
    came = set(zip(wanted.tolist(), slots[1].persons[mine].tolist(), strict=True))
    all_wanted = without[1].flow == 0
    pairs = set(zip(without[1].wanted[all_wanted].tolist(), without[1].persons[all_wanted].tolist(), strict=True))
    assert came <= pairs
    later = int(np.count_nonzero(slots[1].later_flow == 0))
    assert len(first) + later + slots[1].no_shows[0] == np.count_nonzero(all_wanted)


def test_the_engine_and_the_oracle_play_slots_alike() -> None:
    from tests import oracle

    text = port(*RANDOM, HALL, booked(MESSY)) + BUSES % "{slots: {every: 1 h, up_to: 1}, early: {share: 50%, by: 1 h}}"
    text = text.replace("  gate: {", "  flight: {waves: {every: 3 h, up_to: 9}, service: 1 min}\n  gate: {", 1)
    text = text.replace("journey: [gate]", "journey: [gate, {flight: {share: 70%, booked_after: 4 h}}]", 1)
    network, traffic = drawn(text)
    engine, paper = simulate(network, traffic), oracle.simulate(network, traffic)
    for table in ("units", "visits"):
        for name, column in getattr(engine, table).items():
            assert column.tolist() == getattr(paper, table)[name].tolist(), name


# Departures -----------------------------------------------------------------------------------------------------------

FLIGHT = port(
    ("stages:", "stages:\n  flight: {waves: [{at: ['03:00', '06:00'], up_to: 2}], service: 1 min}"),
    ("journey: [gate]", "journey: [gate, {flight: {booked_after: 2 h}}]"),
    ("\n      appointments: " + HOURLY, ""),
)


def test_units_go_with_the_departure_they_are_booked_for_or_with_the_next_that_has_room(play: Play) -> None:
    """Three at 01:00, through the gate at 01:10, 01:20, 01:30; all booked for 03:00, which takes two."""
    played = play(FLIGHT)
    assert played.minutes("flight", "started") == [180, 180, 360]
    for where in ({}, {"flow": "trucks"}, {"stage": "flight"}):
        assert played.measured("booked", **where) == 3
        assert played.measured("caught_share", **where) == 2 / 3


def test_nobody_goes_before_its_departure_and_who_is_late_misses_it(play: Play) -> None:
    """Booked 5 hours on, for 06:00, all of them go then; at 02:00 nobody calls, so nobody goes early. With a service of
    70 minutes they are through at 02:10, 03:20 and 04:30, and the flight at 03:00 takes the first alone.
    """
    later = FLIGHT.replace("booked_after: 2 h", "booked_after: 5 h")
    assert play(later).minutes("flight", "started") == [360, 360, None]
    assert play(later).measured("caught_share") == 2 / 3
    slow = FLIGHT.replace("service: 10 min", "service: 70 min")
    assert play(slow).minutes("flight", "started") == [180, 360, 360]
    assert play(slow).measured("caught_share") == pytest.approx(1 / 3)


def test_a_departure_while_the_stage_is_closed_is_missed_by_all(play: Play) -> None:
    closed = FLIGHT.replace("  flight: {", '  flight: {open: "04:00-12:00", ')
    assert play(closed).minutes("flight", "started") == [360, 360, None]
    assert (play(closed).measured("booked"), play(closed).measured("caught_share")) == (3, 0)


def test_without_a_departure_left_in_the_run_nobody_goes_and_nobody_is_booked(play: Play) -> None:
    late = FLIGHT.replace("booked_after: 2 h", "booked_after: 6 h")
    assert play(late).minutes("flight", "started") == [None] * 3
    assert set(play(late).traffic.hold.tolist()) == {0, 720 * MINUTE}
    assert play(late).measured("booked") == 0
    assert np.isnan(play(late).measured("caught_share"))


def test_what_comes_in_a_vehicle_is_booked_from_when_the_vehicle_wants_to_come(play: Play) -> None:
    """The truck of 01:00 comes to its slot at 04:00; its goods were booked for 03:00, two hours after 01:00."""
    text = FLIGHT.replace("journey: [gate, {flight: {booked_after: 2 h}}]", "journey: [gate]").replace(
        'timetable: [{at: ["01:00"], units: 3}]',
        "timetable: [{at: '01:00'}]\n      appointments: {slots: [{at: '04:00', up_to: 1}]}",
    )
    text += (
        "  goods: {kind: pallet, direction: out, journey: [{flight: {booked_after: 2 h}}], "
        "arrivals: {aboard: {flow: trucks, number: 2, get_off_at: gate}}}\n"
    )
    played = play(text)
    assert played.minutes("flight", "joined") == [240, 240]
    assert played.minutes("flight", "started") == [360, 360]
    assert (played.measured("booked", flow="goods"), played.measured("caught_share", flow="goods")) == (2, 0)


def test_without_bookings_there_are_no_rows_of_them(play: Play) -> None:
    assert {row.metric for row in play(port()).measures} & {"booked", "caught_share"} == set()


# What is refused, warned of and said ----------------------------------------------------------------------------------


def problems(text: str, **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(text, **more)
    return [str(problem).removeprefix("scenario.yaml:") for problem in raised.value.problems]


WHERE = "flows.trucks.arrivals.appointments"


RULE = "write {every: 1 h, up_to: 30}, or the slots of the day as a list: [{at: '10:00', up_to: 20}]"
ONE = "{slots: {every: 1 h, up_to: 1}, "


@pytest.mark.parametrize(
    ("written", "place", "key", "said"),
    [
        (
            "{ahead: 1 h}",
            "16:7",
            "slots",
            "is required: when slots are and how many places each has: {every: 1 h, up_to: 30}, "
            'or [{at: "10:00", up_to: 20}]',
        ),
        ("{slots: {every: 1 h}}", "16:22", "slots.up_to", "is required"),
        ("{slots: [{at: '10:00'}]}", "16:30", "slots.0.up_to", "is required"),
        ("{slots: []}", "16:29", "slots", f"got an empty list, and nobody could ever come; {RULE}"),
        ("{slots: {at: '10:00', up_to: 1}}", "16:29", "slots", f"got one slot that is not in a list; {RULE}"),
        ("{slots: [10]}", "16:30", "slots.0", "got 10; write a slot as {at: '10:00', days: mon-fri, up_to: 20}"),
        (
            "{slots: {every: 30 s, up_to: 1}}",
            "16:37",
            "slots.every",
            "got '30 s'; slots are offered every 1 min to 24 h, counted from 00:00 of each day",
        ),
        (
            "{slots: {every: 1 h, up_to: 0}}",
            "16:49",
            "slots.up_to",
            "got 0; it must be a whole number from 1 to 1000000",
        ),
        (
            ONE + "early: {share: 20%}}",
            "16:53",
            "early.by",
            "is required: how long before or after their slot they come, a duration or a distribution",
        ),
        (
            ONE + "early: {share: 60%, by: 1 min}, late: {share: 50%, by: 1 min}}",
            "16:99",
            "late.share",
            "is 0.5, with the early 1.1; early and late are at most 1 together",
        ),
        (ONE + "no_shows: 3%}", "16:53", "no_shows", "unknown key; did you mean 'no_show'?"),
    ],
)
def test_each_mistake_is_said_where_it_stands(written: str, place: str, key: str, said: str) -> None:
    assert problems(port(booked(written))) == [f"{place}: {WHERE}.{key}: {said}"]


def test_appointments_do_not_go_with_a_gate_that_turns_units_away_or_with_vehicles_that_bring_them() -> None:
    said = "does not belong beside when_closed: who has a slot finds the stage open; write when_closed: queue"
    for when in ("{stay_away: 10%}", "{come_back: 1 h}"):
        closed = port(("      timetable:", f"      when_closed: {when}\n      timetable:"))
        assert problems(closed) == [f"17:7: {WHERE}: {said}"]
    aboard = port() + (
        "  people: {kind: t, direction: in, journey: [gate], arrivals: {aboard: {flow: trucks, number: 1, "
        "get_off_at: gate}, appointments: {slots: {every: 1 h, up_to: 1}}}}\n"
    )
    [problem] = problems(aboard)
    assert "appointments: does not belong beside aboard: passengers come, and stay away, with their vehicle" in problem
    spread = port(
        ('timetable: [{at: ["01:00"], units: 3}]', "rate: 1/h"),
        ("      appointments", "      when_closed: re_spread\n      appointments"),
    )
    assert said in problems(spread)[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "waves: [{at: ['03:00', '06:00'], up_to: 2}], ",
            "",
            "flight has no waves, and a departure is one of them; give it waves: [{at: '10:00'}]",
        ),
        (
            "flight: {waves",
            "flight: {lanes: 1, waves",
            "flight has lanes, and a departure takes all it calls; use a stage without lanes",
        ),
        (
            "journey: [gate,",
            "journey: [gate, flight,",
            "the journey names flight twice, and a unit has one departure; use another stage",
        ),
    ],
)
def test_a_booking_needs_a_departure(old: str, new: str, said: str) -> None:
    [problem] = problems(FLIGHT.replace(old, new, 1))
    assert "flows.trucks.journey." in problem
    assert problem.endswith(f".flight.booked_after: {said}")


def test_a_unit_has_an_appointment_or_a_departure_for_its_first_stage() -> None:
    text = FLIGHT.replace("[gate, {flight: {booked_after: 2 h}}]", "[{flight: {booked_after: 2 h}}, gate]")
    said = "the units of trucks come to flight by appointment; book a departure at a later stage"
    [problem] = problems(text + PLANS % HOURLY, plan="slots")
    assert problem.endswith(said)


def test_a_slot_at_a_clock_time_that_does_not_exist_is_refused() -> None:
    """In Berlin clocks go forward on 30 March 2025, from 02:00 to 03:00; slots at gaps follow the clock."""
    changes = (("timezone: UTC", "timezone: Europe/Berlin"), ("from: 2025-01-01", "from: 2025-03-30"))
    spring = port(*changes, ("to: 2025-01-01 12:00", "to: 2025-03-30 12:00"))
    [problem] = problems(spring.replace("{every: 1 h, up_to: 1}", "[{at: '02:30', up_to: 1}]"))
    assert f"{WHERE}.slots.0.at: 2025-03-30 02:30 does not exist in Europe/Berlin" in problem
    assert slots_of(spring) == [(60, 60), (120, 120), (180, 180)]


def test_a_plan_may_set_appointments_and_a_dated_change_may_not() -> None:
    plain = port(("\n      appointments: " + HOURLY, ""))
    nested = "plans:\n  slots: {flows: {trucks: {arrivals: {appointments: %s}}}}\n"
    for plan in (PLANS, nested):
        assert slots_of(plain + plan % HOURLY, plan="slots") == slots_of(port())
    assert slots_of(port() + PLANS % "null", plan="slots") == [(60, 0)] * 3
    changed = plain + f"changes: [{{at: 2025-01-01 03:00, set: {{{WHERE}: {HOURLY}}}}}]\n"
    assert "flows" in problems(changed)[0]


def test_check_warns_of_too_few_places_in_numbers() -> None:
    """Open 16 hours: 32 places a day at one each half hour, and 120 units."""
    text = port(*RANDOM, booked("{slots: {every: 30 min, up_to: 1}}"))
    [warning] = [one for one in load_text(text).warnings if "places" in one]
    assert (
        "the slots of trucks have 32 places a day while its first stage is open, and 120 units a day want to come"
        in warning
    )
    assert warning.startswith("scenario.yaml:16:21: ")
    assert not load_text(port(*RANDOM, booked("{slots: {every: 30 min, up_to: 4}}"))).warnings


def test_numbers_of_appointments_have_sources_and_the_schema_takes_them() -> None:
    text = port(booked(MESSY)).replace(
        "journey: [gate]", "journey: [gate, {flight: {booked_after: {exponential: {mean: 2 h}}}}]"
    )
    text = text.replace("stages:", "stages:\n  flight: {waves: {every: 1 h}, service: 1 min}")
    paths = {source.path.removeprefix(WHERE + ".") for source in load_text(text).sources}
    assert {
        "slots.every", "slots.up_to", "ahead.exponential.mean", "early.share", "early.by", "late.by.exponential.mean",
        "no_show", "grace", "flows.trucks.journey.1.flight.booked_after.exponential.mean",
    } <= paths  # fmt: skip
    schema = json_schema()
    for slots, ok in (("{every: 1 h, up_to: 1}", True), ("{every: 1 h}", False), ("[{at: '10:00', up_to: 2}]", True)):
        value = portsim.yamlfile.parse(port(booked(f"{{slots: {slots}}}")), "x").value
        assert fits(value, schema, schema) is ok


def test_a_scenario_is_told_with_its_slots_and_departures() -> None:
    scenario = load_text(port(booked(MESSY)))
    assert flow_words(scenario.flows[0])["appointments"] == (
        "slots every 20 min from 00:00 to 23:40, every day, up to 2, asked for ahead of the time they want to come: "
        "mean 5 h (exponential); 30 % come early by always 20 min; 20 % come late by mean 15 min (exponential); late "
        "by more than 10 min they lose their precedence; 10 % do not come to their slot"
    )
    assert flow_words(load_text(FLIGHT).flows[0])["appointments"] == "none: they come unannounced"
    assert "booked for the first call" in journey(load_text(FLIGHT).flows[0].journey)
    assert [where for _, where in rules(scenario)].count("rule 31") == 2
    assert [where for _, where in rules(load_text(FLIGHT))].count("rule 31") == 1


# The whole way through ------------------------------------------------------------------------------------------------


def test_a_run_with_appointments_is_verified_traced_and_plotted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    early = "{slots: {every: 1 h, up_to: 1}, early: {share: 100%, by: 30 min}}"
    Path("slots.yaml").write_text(port(booked(early), at("01:05")), "utf-8")

    def call(*words: str) -> str:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        return done.stdout

    rows = json.loads(call("run", "slots.yaml", "-n", "2", "-o", "out", "--json"))["metrics"]
    values = {row["metric"]: row["mean"] for row in rows if row["flow"] is None and row["stage"] is None}
    assert values["virtual_wait_mean_min"] == 25
    assert values["total_wait_mean_min"] == 55
    assert (values["no_shows"], values["waiting_elsewhere"]) == (0, 0)
    assert "identical" in call("verify", "out")
    assert "02:00" in call("trace", "out", "--unit", "0")
    call("plot", "out", "--what", "wait")
    assert "virtual wait, before coming" in call("run", "slots.yaml", "-n", "2", "-q")


def test_a_million_units_get_their_slots_in_seconds() -> None:
    """Slots for 85 in 100 of them, so that most are full when the last ask."""
    generator = np.random.default_rng(1)
    wanted = np.sort(generator.integers(0, 365 * 24 * 60 * MINUTE, 1_000_000))
    slots = Slots(np.arange(0, 365 * 24 * 60 * MINUTE, 60 * MINUTE), np.full(365 * 24, 97))
    asked = wanted - generator.integers(0, 48 * 60 * MINUTE, wanted.size)
    begun = time.perf_counter()
    got = Places(slots, [np.ones(slots.at.size, np.bool_)]).book(np.zeros(wanted.size, np.int64), wanted, asked)
    assert time.perf_counter() - begun < 10
    assert np.bincount(got, minlength=slots.at.size)[:-1].max() <= 97
