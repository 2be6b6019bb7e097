"""Measures of hand-made records, each number worked out on paper, and laws that hold for any records."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.engines import simulate
from portsim.model.network import (
    NONE,
    Closed,
    Closing,
    Crew,
    EndOfShift,
    Network,
    Pool,
    Stage,
    StepFunction,
    Window,
)
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, UnitOutcome, VisitOutcome, empty, table
from portsim.model.traffic import Traffic
from portsim.results import Ledger, measure
from portsim.results.areas import area, area_while, areas_split, areas_until, largest, level_of, levels_at
from portsim.results.days import count_days, join_days
from portsim.results.hours import count_hours, hour_labels, hours_of, mean_hours
from portsim.results.presence import Presence
from portsim.results.queues import inside, queue
from portsim.results.spread import percentile
from portsim.results.staffing import lanes_offered
from tests import cases

MIN = 60_000
DAY = 1440
END = 2 * DAY
N = NONE


def steps(*pairs: tuple[int, int]) -> StepFunction:
    return StepFunction.of((minute * MIN, level) for minute, level in pairs)


ALWAYS = steps((0, 1))


def stage(name: str, lanes=((0, ALWAYS),), *, counted=False, pool=N, is_open=ALWAYS) -> Stage:
    return Stage(name, 0, counted, lanes, is_open, Closing.FINISH, N, pool, 0 if pool == N else 1)


def network(stages, *, measure_from=0, end=END, pools=(), windows=(), side_open=ALWAYS, flows=("outbound", "inbound")):
    days = -(-end // DAY)
    return Network(
        port="test",
        start_ms=0,
        end=end * MIN,
        measure_from=measure_from * MIN,
        clock="UTC",
        midnights=np.arange(days + 1, dtype=np.int64) * DAY * MIN,
        first_day=719_163,
        stages=tuple(stages),
        pools=tuple(pools),
        sides=("own",),
        side_open=(side_open,),
        flows=tuple(flows),
        kinds=("truck", "bus"),
        roles=("general", "green"),
        role_lists=(((0, False),),),
        windows=tuple(windows),
    )


def ticks(minutes) -> list[int]:
    return [N if minute == N else minute * MIN for minute in minutes]


def history(units, visits, *, work=(), end=END, journey=None, stayed_away=(0, 0), **steps_of_journey):
    """Traffic and records from rows in minutes.

    units : (flow, kind, persons, goods, wanted, arrived, out, outcome)
    visits : (unit, step, leg, stage, joined, started, ended, left, outcome)
    work : (unit, step, crew, from, until)
    journey : stages of every unit, all of them if not given
    """
    count = len(units)
    flow, kind, persons, goods, wanted, arrived, out, outcome = zip(*units, strict=True)
    journey = journey if journey is not None else [0, 1]
    m = count * len(journey)
    traffic = Traffic.of(
        **dict.fromkeys(("parent", "split_step", "patience"), [N] * count),
        **dict.fromkeys(("priority", "when_full"), [0] * count),
        flow=flow, kind=kind, persons=persons, goods=goods, wanted=ticks(wanted), arrived=ticks(arrived),
        first=np.arange(count + 1) * len(journey),
        stage=journey * count,
        direction=np.repeat(flow, len(journey)),
        join_limit=[N] * m,
        stayed_away=stayed_away,
        **{name: steps_of_journey.get(name, [0] * m) for name in ("leg", "work", "hold", "roles", "is_join")},
    )  # fmt: skip
    unit_rows = {
        "unit": range(count), "flow": flow, "kind": kind, "parent": [N] * count, "priority": [0] * count,
        "persons": persons, "goods": goods, "wanted": ticks(wanted), "arrived": ticks(arrived), "out": ticks(out),
        "outcome": outcome,
    }  # fmt: skip
    unit, step, leg, at, joined, started, ended, left, how = zip(*visits, strict=True) if visits else [()] * 9
    has_begun = np.array(started) != N
    visit_rows = {
        "unit": unit, "step": step, "leg": leg, "direction": np.array(flow)[list(unit)], "stage": at,
        "lane": np.where(has_begun, 0, N), "role": np.where(has_begun, 0, N),
        "joined": ticks(joined), "started": ticks(started), "ended": ticks(ended), "left": ticks(left),
        "officers": np.where(has_begun, 1, 0), "crew": np.where(has_begun, 0, N), "outcome": how,
    }  # fmt: skip
    piece = zip(*work, strict=True) if work else [()] * 5
    names = ("unit", "step", "crew", "from", "until")
    work_rows = dict(zip(names, piece, strict=True)) | {"officers": [1] * len(work)}
    work_rows |= {name: ticks(work_rows[name]) for name in ("from", "until")}
    records = Records(
        table(UNITS, unit_rows), table(VISITS, visit_rows), table(WORK, work_rows), empty(LEVELS), end * MIN
    )
    return traffic, records


DONE, WAITING = VisitOutcome.DONE, VisitOutcome.WAITING
RELEASED, IN_PORT, TURNED_AWAY = UnitOutcome.RELEASED, UnitOutcome.IN_PORT, UnitOutcome.TURNED_AWAY

UNITS_OF_TWO_DAYS = [
    (0, 0, 1, 0, 0, 0, 40, RELEASED),
    (0, 0, 2, 0, 5, 5, 45, RELEASED),
    (0, 0, 1, 5, 6, 6, 60, RELEASED),
    (0, 0, 1, 0, 7, 7, 7, TURNED_AWAY),
    (1, 0, 1, 0, 1470, 1500, 1520, RELEASED),
    (1, 0, 1, 0, 2870, 2870, N, IN_PORT),
    (1, 1, 1, 0, 2872, 2872, N, IN_PORT),
]
VISITS_OF_TWO_DAYS = [
    (0, 0, 0, 0, 0, 0, 10, 10, DONE),
    (0, 1, 0, 1, 10, 10, 40, 40, DONE),
    (1, 0, 0, 0, 5, 10, 20, 40, DONE),  # blocked for 20 minutes: the scan has no place
    (1, 1, 0, 1, 40, 40, 45, 45, DONE),
    (2, 0, 0, 0, 15, 40, 50, 50, DONE),  # stood outside for 9 minutes before it joined
    (2, 1, 0, 1, 50, 50, 60, 60, DONE),
    (4, 0, 0, 0, 1500, 1500, 1510, 1510, DONE),
    (4, 1, 0, 1, 1510, 1510, 1520, 1520, DONE),
    (5, 0, 0, 0, 2870, N, N, N, WAITING),
]  # unit 6 is outside when the run ends


def two_days(measure_from: int = 0, windows=(), targets=None, cost: float | None = 60.0):
    """Two days: a border check with one lane and one officer, then a scan with one lane and no place to wait."""
    hours = steps((0, 1), (45, 0), (1000, 1))
    police = Pool(
        "police",
        (Crew(level=hours, rostered=steps((0, 1), (48, 0), (1000, 1))),),
        EndOfShift.FINISH,
        cost,
    )
    is_open = steps((0, 1), (45, 0), (1000, 1), (2875, 0))
    port = network(
        (stage("check", ((0, hours),), counted=True, pool=0, is_open=is_open), stage("scan")),
        measure_from=measure_from,
        pools=(police,),
        windows=windows,
        side_open=is_open,
    )
    traffic, records = history(UNITS_OF_TWO_DAYS, VISITS_OF_TWO_DAYS, stayed_away=(0, 4))
    return port, traffic, records, targets or {}


def values(rows, **where) -> dict[str, float]:
    """Value by metric, of the whole port or of one part of it."""
    parts = dict.fromkeys(("flow", "kind", "direction", "stage", "pool")) | where
    return {row.metric: row.value for row in rows if all(getattr(row, name) == parts[name] for name in parts)}


def test_a_crossing_is_an_ended_service_at_a_counted_stage_on_the_day_it_ended():
    port = values(measure(*two_days()))
    assert port["crossings"] == 4
    assert port["crossings_per_day"] == 2
    assert port["crossings_max_per_day"] == 3
    assert port["crossings_p50_per_day"] == 2
    assert port["crossings_p90_per_day"] == pytest.approx(2.8)
    assert port["throughput_per_h"] == 4 / 48
    assert port["persons_per_day"] == (1 + 2 + 1 + 1) / 2
    assert port["goods_per_day"] == 2.5


def test_crossings_are_told_apart_by_flow_kind_and_direction():
    rows = measure(*two_days())
    assert values(rows, flow="outbound")["crossings"] == 3
    assert values(rows, flow="inbound")["crossings_per_day"] == 0.5
    assert values(rows, direction="in")["crossings"] == 1
    assert values(rows, kind="truck")["crossings"] == 4
    assert values(rows, kind="bus")["crossings"] == 0


def test_a_day_counts_for_the_mean_only_if_all_of_it_is_measured():
    assert values(measure(*two_days(measure_from=DAY)))["crossings_per_day"] == 1
    late = values(measure(*two_days(measure_from=45)))
    assert late["crossings_per_day"] == 1
    assert late["crossings"] == 2  # at minutes 50 and 1510
    assert math.isnan(values(measure(*two_days(measure_from=DAY + 1)))["crossings_per_day"])


def test_a_closed_day_is_a_day_without_crossings():
    port, traffic, records, targets = two_days()
    longer = replace(port, end=3 * DAY * MIN, midnights=np.arange(4) * DAY * MIN)
    assert values(measure(longer, traffic, replace(records, end=longer.end), targets))["crossings_per_day"] == 4 / 3


def test_a_named_window_counts_wherever_it_lies_and_its_end_is_outside():
    windows = (Window("rush", 10 * MIN, 50 * MIN), Window("late", 0, 3000 * MIN))
    rows = measure(*two_days(measure_from=DAY, windows=windows))
    assert values(rows)["crossings_in_rush"] == 2  # at 10 and 20, not at 50
    assert values(rows, flow="inbound")["crossings_in_rush"] == 0
    assert math.isnan(values(rows)["crossings_in_late"]), "the run ended before the window did"


def test_wait_is_time_outside_and_time_joined_but_not_started():
    port = values(measure(*two_days()))
    assert port["wait_mean_min"] == 57 / 6  # 0, 5, 9 + 25, 0, and so far 10 and 8; not of the one turned away
    assert port["wait_p50_min"] == 6.5
    assert port["wait_p90_min"] == 22
    assert port["wait_p95_min"] == 28
    assert port["wait_max_min"] == 34


def test_blocked_dwell_delay_and_buffer_follow_from_the_same_records():
    port = values(measure(*two_days()))
    assert port["blocked_mean_min"] == pytest.approx(20 / 6)
    assert port["blocked_max_min"] == 20
    assert port["dwell_mean_min"] == pytest.approx((40 + 40 + 54 + 20 + 10 + 8) / 6)
    assert port["delay_max_min"] == 34
    assert port["truck_hours_lost"] == (0 + 25 + 34 + 0 + 10 + 8) / 60
    assert port["buffer_time_min"] == pytest.approx(50.5 - 172 / 6)
    assert port["buffer_index"] == pytest.approx((50.5 - 172 / 6) / (172 / 6))


def test_a_wait_belongs_to_the_stretch_in_which_its_unit_arrived():
    port = values(measure(*two_days(measure_from=10)))
    assert port["wait_mean_min"] == 6  # 0, 10 and 8; those who came before minute 10 are not asked
    assert port["wait_max_min"] == 10


def test_unfinished_units_count_with_what_they_have_waited_so_far():
    rows = measure(*two_days())
    assert values(rows)["unfinished_share"] == 2 / 6
    assert values(rows, flow="outbound")["unfinished_share"] == 0
    assert values(rows, flow="inbound")["unfinished_share"] == 2 / 3
    assert values(rows, flow="inbound")["wait_mean_min"] == 6


def test_a_target_is_kept_only_by_units_known_to_the_end():
    rows = measure(*two_days(targets={"wait_p95_min": 10.0, "dwell_mean_min": 39.9}))
    assert values(rows)["within_target_wait_p95_min"] == 3 / 6  # 0, 5 and 0; those still waiting may yet fail
    assert values(rows, flow="outbound")["within_target_wait_p95_min"] == 2 / 3
    assert values(rows)["within_target_dwell_mean_min"] == 1 / 6


def test_a_target_of_another_form_is_refused_with_the_rule():
    with pytest.raises(ValueError, match=r"a target is one of wait, .* for instance wait_p95_min; got 'queue_max'"):
        measure(*two_days(targets={"queue_max": 1.0}))


def test_a_stage_is_waited_for_from_reaching_its_door():
    rows = measure(*two_days())
    check = values(rows, stage="check")
    assert check["wait_mean_min"] == 57 / 6
    assert check["blocked_max_min"] == 20
    assert values(rows, stage="scan")["wait_max_min"] == 0


def test_the_queue_is_who_waits_inside_or_outside_the_first_door():
    rows = measure(*two_days())
    check = values(rows, stage="check")
    assert check["queue_mean"] == pytest.approx(57 / END)
    assert check["queue_max"] == 2
    assert check["queue_open_mean"] == pytest.approx((5 + 34 + 5 + 3) / (45 + 1875))
    assert check["overnight"] == 1  # none at minute 45, two at 2875
    assert math.isnan(values(rows, stage="scan")["overnight"]), "it never closes"


def test_held_over_are_those_in_the_port_as_it_closes():
    port = values(measure(*two_days()))
    assert port["overnight"] == 1.5  # one at minute 45, where another is just out, and two at 2875
    assert port["in_port_max"] == 3
    assert port["in_port_mean"] == pytest.approx(172 / END)


def test_every_unit_is_accounted_for():
    rows = measure(*two_days())
    out, into = values(rows, flow="outbound"), values(rows, flow="inbound")
    assert [out[name] for name in ("arrived", "released", "turned_away", "left", "in_port")] == [4, 3, 1, 0, 0]
    assert [into[name] for name in ("arrived", "released", "in_port", "stayed_away")] == [3, 1, 2, 4]
    late = values(measure(*two_days(measure_from=42)))
    assert [late[name] for name in ("in_port_at_start", "arrived", "released", "in_port")] == [2, 3, 3, 2]


def test_lane_utilisation_counts_open_lanes_of_an_open_stage_and_service_in_them():
    rows = measure(*two_days())
    assert (
        values(rows, stage="check")["lane_utilisation"] == 35 / 1920
    )  # 5 of 40 minutes of service came after 45, when the stage and its lanes are closed
    assert values(rows, stage="scan")["lane_utilisation"] == 55 / END


def test_officers_are_paid_for_rostered_hours_and_overtime():
    rows = measure(*two_days())
    police = values(rows, pool="police")
    assert police["officer_utilisation"] == 35 / 1925
    assert police["officer_hours"] == pytest.approx(1928 / 60)
    assert police["overtime_hours"] == 2 / 60  # service ran to minute 50, the roster to 48
    assert police["officer_cost"] == pytest.approx(1930)
    assert values(rows)["officer_hours"] == police["officer_hours"]
    assert math.isnan(values(measure(*two_days(cost=None)))["officer_cost"])


def test_the_virtual_wait_is_from_wanting_to_come_to_coming():
    rows = measure(*two_days())
    assert values(rows)["virtual_wait_mean_min"] == pytest.approx(30 / 7)
    assert values(rows, flow="inbound")["virtual_wait_mean_min"] == 10


def test_rows_depend_on_names_only():
    port, traffic, records, _ = two_days()
    nothing = Records(empty(UNITS), empty(VISITS), empty(WORK), empty(LEVELS), port.end)
    nobody = {"first": [0], "stayed_away": [0, 0], "no_shows": [0, 0]}
    silent = Traffic.of(**{name: [] for name in Traffic.__slots__} | nobody)
    full = measure(port, traffic, records, {"wait_p95_min": 1.0})
    none = measure(port, silent, nothing, {"wait_p95_min": 1.0})
    assert [replace(row, value=0) for row in full] == [replace(row, value=0) for row in none]
    assert math.isnan(values(none)["wait_mean_min"])
    assert values(none)["crossings_per_day"] == 0
    assert len({(r.metric, r.flow, r.kind, r.direction, r.stage, r.pool) for r in full}) == len(full)


def interrupted():
    """One unit served 0-10 by crew 0, paused, served 30-40 by crew 1, each crew one officer; the lane is kept."""
    crews = tuple(Crew(level, level) for level in (steps((0, 1), (10, 0)), steps((30, 1))))
    port = network(
        (stage("check", counted=True, pool=0),), end=100, pools=(Pool("police", crews, EndOfShift.HAND_OVER, None),)
    )
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 40, RELEASED)],
        [(0, 0, 0, 0, 0, 0, 40, 40, DONE)],
        work=[(0, 0, 0, 0, 10), (0, 0, 1, 30, 40)],
        journey=[0],
        end=100,
    )
    return port, traffic, records


def test_a_paused_service_is_delay_and_uses_no_officer():
    rows = measure(*interrupted(), {})
    assert values(rows)["delay_max_min"] == 20
    assert values(rows)["wait_max_min"] == 0
    assert values(rows, stage="check")["lane_utilisation"] == 20 / 100
    assert values(rows, pool="police")["officer_utilisation"] == 20 / 80
    assert values(rows, pool="police")["overtime_hours"] == 0


def test_overtime_counts_against_the_crew_that_stayed():
    """Crew 0 goes home at 10 and finishes at 25; crew 1 has been there since 10 and is not thereby in use."""
    crews = (Crew(steps((0, 1), (10, 0)), steps((0, 1), (10, 0))), Crew(steps((10, 1)), steps((10, 1))))
    port = network((stage("check", pool=0),), end=100, pools=(Pool("police", crews, EndOfShift.FINISH, None),))
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 25, RELEASED)], [(0, 0, 0, 0, 0, 0, 25, 25, DONE)], journey=[0], end=100
    )
    police = values(measure(port, traffic, records, {}), pool="police")
    assert police["overtime_hours"] == 15 / 60
    assert police["officer_utilisation"] == 10 / 100


def test_dwell_and_delay_are_of_each_leg():
    port = network((stage("check", counted=True), stage("abroad", None)), end=1000)
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 530, RELEASED)],
        [
            (0, 0, 0, 0, 5, 10, 20, 20, DONE),
            (0, 1, 1, 1, 20, 20, 500, 500, DONE),
            (0, 2, 2, 0, 500, 515, 530, 530, DONE),
        ],
        journey=[0, 1, 0],
        end=1000,
    )
    port_values = values(measure(port, traffic, records, {}))
    assert port_values["dwell_mean_min"] == (20 + 480 + 30) / 3
    assert port_values["delay_mean_min"] == (10 + 0 + 15) / 3
    assert port_values["wait_mean_min"] == 25, "a wait is of the whole unit"
    assert port_values["crossings"] == 2


def test_waiting_for_ones_own_passengers_is_no_wait_for_a_service():
    port = network((stage("check"), stage("rejoin", None)), end=100)
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 60, RELEASED)],
        [(0, 0, 0, 0, 0, 3, 10, 10, DONE), (0, 1, 0, 1, 10, 60, 60, 60, DONE)],
        is_join=[False, True],
        end=100,
    )
    rows = measure(port, traffic, records, {})
    assert values(rows)["wait_max_min"] == 3
    assert values(rows)["delay_max_min"] == 53


def test_who_gave_up_waited_until_leaving():
    port = network((stage("check"),), end=100)
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 30, UnitOutcome.LEFT), (0, 0, 1, 0, 10, 10, 20, UnitOutcome.LEFT)],
        [(0, 0, 0, 0, 5, N, N, 30, VisitOutcome.LEFT)],
        journey=[0],
        end=100,
    )
    rows = values(measure(port, traffic, records, {}))
    assert rows["wait_max_min"] == 30
    assert rows["wait_mean_min"] == 20
    assert rows["left"] == 2
    assert rows["unfinished_share"] == 0


def test_who_gave_up_has_kept_no_target_however_short_the_wait():
    """Three came: one was served after 30 minutes, one left after 10, one after 20. The target is an hour."""
    port = network((stage("check"),), end=100)
    left = (UnitOutcome.LEFT, VisitOutcome.LEFT)
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 31, RELEASED), (0, 0, 1, 0, 0, 0, 10, left[0]), (1, 0, 1, 0, 0, 0, 20, left[0])],
        [(0, 0, 0, 0, 0, 30, 31, 31, DONE), (1, 0, 0, 0, 0, N, N, 10, left[1])],  # the third never got in
        journey=[0],
        end=100,
    )
    rows = measure(port, traffic, records, {"wait_p95_min": 60.0, "dwell_mean_min": 60.0, "delay_max_min": 60.0})
    for target in ("wait_p95_min", "dwell_mean_min", "delay_max_min"):
        assert values(rows)[f"within_target_{target}"] == 1 / 3
        assert values(rows, flow="inbound")[f"within_target_{target}"] == 0
    assert values(rows)["wait_mean_min"] == 20
    assert values(rows)["left_wait_mean_min"] == 15
    assert values(rows, flow="outbound")["left_wait_mean_min"] == 10
    assert values(rows)["truck_hours_lost"] == 1
    assert math.isnan(values(measure(*two_days()))["left_wait_mean_min"])


# ---- reserves ------------------------------------------------------------------------------------------------------


def called_in():
    """One officer on paper from 0 to 60, and a reserve of two from 10 to 40, one of whom serves from 12 to 45."""
    crews = (Crew(*[steps((0, 1), (60, 0))] * 2), Crew(*[steps()] * 2))
    port = network((stage("check", ((0, steps((0, 9))),), pool=0),), end=100,
                   pools=(Pool("police", crews, EndOfShift.FINISH, 10.0),))  # fmt: skip
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, 20, RELEASED), (0, 0, 1, 0, 0, 0, 45, RELEASED)],
        [(0, 0, 0, 0, 0, 0, 20, 20, DONE), (1, 0, 0, 0, 0, 12, 45, 45, DONE)],
        journey=[0],
        end=100,
    )
    records = replace(
        records,
        visits=records.visits | {"crew": np.array([0, 1], np.int16)},
        levels=table(
            LEVELS,
            {"tick": ticks([10, 20, 40]), "is_pool": [1, 0, 1], "where": [0] * 3, "which": [1, 0, 1],
             "level": [2, 5, 0]},
        ),
    )  # fmt: skip
    return port, traffic, records


def test_a_reserve_is_rostered_and_paid_while_it_is_on_duty():
    """60 minutes of one officer and 30 of two; 20 and 28 minutes in use on duty; 5 minutes after going home."""
    police = values(measure(*called_in(), {}), pool="police")
    assert police["officer_hours"] == 2
    assert police["officer_utilisation"] == (20 + 28) / 120
    assert police["overtime_hours"] == 5 / 60
    assert police["officer_cost"] == pytest.approx(10 * (2 + 5 / 60))


def test_hours_show_a_reserve_on_duty():
    assert count_hours(*called_in())["officers_on_duty_ms"].tolist() == [120 * MIN, 0]


def test_what_a_run_calls_in_comes_on_top_of_what_is_on_paper():
    port, traffic, records = called_in()
    paper = Crew(level=steps((0, 1), (15, 0)), rostered=steps((0, 1), (20, 0)))
    port = replace(port, pools=(replace(port.pools[0], crews=(paper, paper)),))
    ledger = Ledger(port, traffic, records)
    assert ledger.crew(0, 0) is paper
    assert ledger.crew(0, 1).level.pairs() == steps((0, 1), (10, 3), (15, 2), (40, 0)).pairs()
    assert ledger.crew(0, 1).rostered.pairs() == steps((0, 1), (10, 3), (20, 2), (40, 0)).pairs()


# ---- recovery after a closure --------------------------------------------------------------------------------------


def reopened(*closures: tuple[int, int, int], measure_from=0, end=100, until=34, checks=((10, 1),)):
    """Two units that want the check, open from 10, and then the scan, where the first is from 20 `until` 34.

    The second starts at the check at 20, is blocked there from 30 until the scan is free, and needs 6 minutes there.
    closures : (stage, start, end), minutes
    """
    port = replace(
        network((stage("check", is_open=steps(*checks)), stage("scan")), measure_from=measure_from, end=end),
        closures=tuple(Closed(where, start * MIN, stop * MIN) for where, start, stop in closures),
    )
    out = 40 if until < end else N
    last = (1, 1, 0, 1, until, until, out, out, DONE)
    traffic, records = history(
        [(0, 0, 1, 0, 0, 0, until, RELEASED), (0, 0, 1, 0, 5, 5, out, RELEASED if until < end else IN_PORT)],
        [
            (0, 0, 0, 0, 0, 10, 20, 20, DONE),
            (0, 1, 0, 1, 20, 20, until, until, DONE),
            (1, 0, 0, 0, 8, 20, 30, until if until < end else N, DONE if until < end else VisitOutcome.BLOCKED),
            *([last] if until < end else []),
        ],
        end=end,
    )
    return measure(port, traffic, records, {})


def recovery(rows, stage_name=None) -> tuple[float, float, float]:
    """Minutes on average and at most, and the share that came to an end."""
    found = values(rows, stage=stage_name)
    return round(60 * found["recovery_h"], 6), round(60 * found["recovery_max_h"], 6), found["recovered_share"]


def test_recovery_runs_from_the_reopening_until_nobody_waits():
    """From 10 to 20, when the second starts at the check. That it waits again from 30 on is another queue."""
    rows = reopened((0, 0, 10))
    assert recovery(rows, "check") == (10, 10, 1)
    assert recovery(rows) == (10, 10, 1)


def test_without_a_closure_there_is_no_recovery():
    assert all(map(math.isnan, recovery(reopened())))
    assert all(map(math.isnan, recovery(reopened((0, 0, 10)), "scan")))


def test_a_stage_that_opens_later_than_the_closure_ends_recovers_from_its_opening():
    """The closed date ends at 3, the stage opens at 10; three closures before one opening are one."""
    assert recovery(reopened((0, 0, 3)), "check") == (10, 10, 1)
    assert recovery(reopened((0, 0, 3), (0, 2, 4), (0, 6, 7)), "check") == (10, 10, 1)
    never = reopened((0, 0, 3), checks=((0, 1), (2, 0)))
    assert all(map(math.isnan, recovery(never, "check")))
    assert all(map(math.isnan, recovery(never)))


def test_only_a_reopening_in_the_measured_stretch_counts():
    assert recovery(reopened((0, 0, 10), measure_from=10), "check") == (10, 10, 1)
    late = reopened((0, 0, 10), measure_from=11)
    assert all(map(math.isnan, recovery(late, "check")))
    assert all(map(math.isnan, recovery(late)))


def test_who_is_blocked_at_the_stage_before_waits_at_the_door():
    """The scan is open again at 31: the unit at its door goes in at 34. At 35 nobody is there, and it takes no time."""
    assert recovery(reopened((1, 25, 31)), "scan") == (3, 3, 1)
    assert recovery(reopened((1, 25, 31), (1, 33, 35)), "scan") == (1.5, 3, 1)


def test_a_queue_that_outlives_the_run_gives_the_time_to_its_end():
    rows = reopened((1, 25, 31), (0, 0, 10), until=100)
    assert recovery(rows, "scan") == (69, 69, 0)
    assert recovery(rows, "check") == (10, 10, 1)


def test_closures_of_several_stages_that_overlap_or_touch_are_one_event_of_the_port():
    """The check is open again at 10, the scan at 12: 10 minutes from the first until nobody waits anywhere, at 20."""
    assert recovery(reopened((0, 0, 10), (1, 2, 12))) == (10, 10, 1)
    assert recovery(reopened((1, 2, 12), (0, 0, 10))) == (10, 10, 1)
    assert recovery(reopened((0, 0, 3), (1, 10, 12))) == (10, 10, 1), "closed until its opening at 10, it touches"
    apart = reopened((0, 0, 10), (1, 28, 31))
    assert recovery(apart) == ((10 + 3) / 2, 10, 1)


def test_a_run_that_had_to_stop_is_measured_as_far_as_it_went():
    port, traffic, records, _ = two_days()
    shorter = replace(records, end=2875 * MIN)
    rows = measure(port, traffic, shorter, {})
    assert values(rows)["crossings_per_day"] == 3, "only the first day is whole"
    assert values(rows)["wait_mean_min"] == (39 + 5 + 3) / 6


def test_many_flows_and_days_do_not_overflow_the_small_integers_of_the_tables():
    flows = [f"flow_{number}" for number in range(200)]
    port = network((stage("check", counted=True),), end=400 * DAY, flows=flows)
    traffic, records = history(
        [(199, 1, 1, 0, 0, 399 * DAY, 399 * DAY + 1, RELEASED)],
        [(0, 0, 0, 0, 399 * DAY, 399 * DAY, 399 * DAY + 1, 399 * DAY + 1, DONE)],
        journey=[0],
        end=400 * DAY,
        stayed_away=[0] * 200,
    )
    records = replace(records, visits=records.visits | {"direction": np.zeros(1, np.int8)})
    assert values(measure(port, traffic, records, {}), flow="flow_199")["crossings"] == 1


# ---- daily and hourly ----------------------------------------------------------------------------------------------


def test_days_list_arrivals_and_crossings_of_every_part_with_zeros():
    port, traffic, records, _ = two_days()
    days = count_days(port, traffic, records)
    rows = list(zip(*(column.tolist() for column in days.values()), strict=True))
    assert list(days) == ["date", "is_whole", "flow", "direction", "kind", "arrived", "crossings", "persons", "goods"]
    assert rows == [
        (0, 1, 0, 0, 0, 4, 3, 4, 5),
        (0, 1, 1, 1, 0, 0, 0, 0, 0),
        (0, 1, 1, 1, 1, 0, 0, 0, 0),
        (1, 1, 0, 0, 0, 0, 0, 0, 0),
        (1, 1, 1, 1, 0, 2, 1, 1, 0),
        (1, 1, 1, 1, 1, 1, 0, 0, 0),
    ]
    assert count_days(*two_days(measure_from=1)[:3])["is_whole"].tolist() == [0, 0, 0, 1, 1, 1]


def test_a_part_missing_from_one_replication_has_zeros_there():
    port, traffic, records, _ = two_days()
    days = count_days(port, traffic, records)
    without_bus = {name: column[days["kind"] == 0] for name, column in days.items()}
    joined = join_days([(0, without_bus), (3, days)])
    assert joined["replication"].tolist() == [0] * 6 + [3] * 6
    assert joined["arrived"].tolist() == [4, 0, 0, 0, 2, 0, 4, 0, 0, 0, 2, 1]
    assert join_days([])["arrived"].tolist() == []


def test_hours_hold_exact_areas():
    port, traffic, records, _ = two_days()
    hours = count_hours(port, traffic, records)
    check = {name: column[hours["stage"] == 0] for name, column in hours.items()}
    assert len(check["tick"]) == 48
    assert [check[name][0] for name in ("arrived", "started", "ended")] == [3, 3, 3]
    assert check["waiting_ms"][0] == 39 * MIN
    assert check["waiting_ms"].sum() == 57 * MIN
    assert check["in_service_ms"][0] == 30 * MIN
    assert check["blocked_ms"][0] == 20 * MIN
    assert check["lanes_open_ms"][0] == 45 * MIN
    assert check["officers_in_use_ms"].sum() == 40 * MIN
    assert check["officers_on_duty_ms"].sum() == 1925 * MIN


def test_hours_tell_paused_from_served():
    hours = count_hours(*interrupted())
    assert hours["paused_ms"].tolist() == [20 * MIN, 0]
    assert hours["in_service_ms"].tolist() == [20 * MIN, 0]


def test_hourly_levels_are_means_over_replications_and_the_hour():
    port, traffic, records, _ = two_days()
    hours = count_hours(port, traffic, records)
    twice = {name: column if name in ("tick", "stage") else 2 * column for name, column in hours.items()}
    header, check, scan, *_ = mean_hours(port, twice, 2, port.end)
    first = dict(zip(header, check, strict=True))
    assert (first["date"], first["hour"], first["stage"], first["pool"]) == ("1970-01-01", 0, "check", "police")
    assert first["waiting"] == 39 / 60
    assert first["started"] == 3.0
    assert first["officers_on_duty"] == 45 / 60
    assert dict(zip(header, scan, strict=True))["officers_on_duty"] is None


def test_hours_are_the_ports_own_also_when_the_clock_changes():
    """Berlin, 26 October 2025: the day has 25 hours and the clock shows 2 twice."""
    midnight = 1761429600000  # 2025-10-26 00:00 +02:00
    port = replace(
        network((stage("check"),), end=25 * 60),
        start_ms=midnight,
        clock="Europe/Berlin",
        midnights=np.array([0, 25 * 60 * MIN]),
    )
    assert [hour for _, hour in hour_labels(port, port.end)] == [0, 1, 2, 2, *range(3, 24)]
    half_past = replace(port, start_ms=midnight + 30 * MIN, midnights=np.array([-30 * MIN, (25 * 60 - 30) * MIN]))
    assert hours_of(half_past, 100 * MIN).tolist() == [0, 30 * MIN, 90 * MIN, 100 * MIN]


# ---- step functions ------------------------------------------------------------------------------------------------


def test_percentiles_interpolate_as_numpy_does():
    for count in range(1, 12):
        ascending = np.sort(np.arange(count) ** 2 * 7 % 11)
        for q in (50, 90, 95):
            assert percentile(ascending, q) == pytest.approx(np.percentile(ascending, q))
    assert math.isnan(percentile(np.empty(0, np.int64), 50))


spans = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 12), st.integers(0, 3)), max_size=12)
stairs = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 4)), max_size=6).map(
    lambda pairs: StepFunction.of(sorted(dict(pairs).items()))
)
stretches = st.tuples(st.integers(0, 35), st.integers(0, 35))


def counted(rows) -> StepFunction:
    starts, lengths, weights = np.array(rows, np.int64).reshape(-1, 3).T
    return level_of(starts, starts + lengths, weights)


@given(spans, stairs, stairs, stretches)
def test_levels_and_areas_agree_with_counting_tick_by_tick(rows, ceiling, is_open, stretch):
    level = counted(rows)
    start, end = stretch
    at = [sum(w for s, n, w in rows if s <= tick < s + n) for tick in range(40)]
    assert levels_at(level, np.arange(40)).tolist() == at
    assert areas_until(level, np.arange(40)).tolist() == [sum(at[:tick]) for tick in range(40)]
    over = range(start, end)
    assert area(level, start, end) == sum(at[t] for t in over)
    assert largest(level, start, end) == max((at[t] for t in over), default=0)
    within, above = areas_split(level, ceiling, start, end)
    assert within == sum(min(at[t], ceiling(t)) for t in over)
    assert above == sum(max(at[t] - ceiling(t), 0) for t in over)
    assert area_while(level, is_open, start, end) == sum(at[t] for t in over if is_open(t))
    assert np.all(np.diff(level.at) > 0)
    assert np.all(np.diff(level.value, prepend=0) != 0)


@given(spans, stairs, stretches)
def test_presence_agrees_with_counting_tick_by_tick(rows, condition, stretch):
    starts, lengths, weights = np.array(rows, np.int64).reshape(-1, 3).T
    start, end = stretch
    at = [sum(s <= tick < s + n for s, n, _ in rows) for tick in range(40)]
    over = range(start, end)
    present = Presence.of(starts, starts + lengths, start, end)
    assert present.area() == sum(at[t] for t in over)
    assert present.area_while(condition) == sum(at[t] for t in over if condition(t))
    assert present.largest() == max((at[t] for t in over), default=0)
    ticks = np.arange(start, end, 3)
    assert present.at(ticks).tolist() == [at[t] for t in ticks]
    assert present.areas_between(ticks).tolist() == [sum(at[t : t + 3]) for t in ticks[:-1]]
    weighed = Presence.of(starts, starts + lengths, start, end, weights)
    assert weighed.area() == sum(w for t in over for s, n, w in rows if s <= t < s + n)


@pytest.mark.parametrize("each", [1, 40, 3_000])
def test_the_most_present_among_many_is_that_of_the_level_in_full(each):
    random = np.random.default_rng(each)
    starts = np.sort(random.integers(0, 60_000, 20_000))
    ends = starts + random.integers(0, each, starts.size)
    for start, end in ((0, 70_000), (20_000, 30_000), (69_000, 70_000), (5, 5)):
        present = Presence.of(starts, ends, start, end)
        assert present.largest() == largest(level_of(starts, ends), start, end)


@given(spans, stairs, stretches)
def test_excess_is_what_is_there_above_the_ceiling_if_nobody_comes_above_it(rows, ceiling, stretch):
    """Those who would come above the ceiling are sent away, as an engine does not begin their service."""
    inside = []
    for s, n, w in sorted(rows):
        if n and sum(v for a, b, v in inside if a <= s < b) + w <= ceiling(s):
            inside.append((s, s + n, w))
    starts, ends, weights = np.array(inside, np.int64).reshape(-1, 3).T
    start, end = stretch
    above = areas_split(level_of(starts, ends, weights), ceiling, start, end)[1]
    assert Presence.of(starts, ends, start, end, weights).excess(ceiling) == above


# ---- laws ----------------------------------------------------------------------------------------------------------

LENGTH = 60


@st.composite
def histories(draw):
    """Any records an engine could write of units passing two stages, cut at the end; times are whole numbers."""
    gap = st.integers(0, 9)
    units, visits = [], []
    for number in range(draw(st.integers(0, 8))):
        arrived = draw(st.integers(0, LENGTH - 1))
        flow, tick, out = draw(st.integers(0, 1)), arrived, N
        for step in range(2):
            moments = []
            for event in ("joined", "started", "ended", "left"):
                tick += 0 if event == "joined" and step else draw(gap)
                moments.append(tick if tick < LENGTH else N)
            joined, started, ended, left = moments
            if joined == N:
                break
            how = (
                VisitOutcome.WAITING if started == N
                else VisitOutcome.IN_SERVICE if ended == N
                else VisitOutcome.BLOCKED if left == N
                else VisitOutcome.DONE
            )  # fmt: skip
            visits.append((number, step, 0, step, joined, started, ended, left, how))
            if left == N:
                break
            out = left if step else N
        units.append((flow, draw(st.integers(0, 1)), 1, 0, arrived, arrived, out, IN_PORT if out == N else RELEASED))
    start = draw(st.integers(0, LENGTH - 1))
    lanes = draw(stairs)
    crew = Crew(StepFunction(lanes.at * MIN, lanes.value), StepFunction(lanes.at * MIN, lanes.value))
    levels = ((0, crew.level),)
    port = network(
        (stage("check", levels, counted=True, pool=0), stage("scan", levels)),
        measure_from=start,
        end=LENGTH,
        pools=(Pool("police", (crew,), EndOfShift.FINISH, 1.0),),
    )
    port = replace(port, midnights=np.array([-10, 10, 40, 70], np.int64) * MIN)
    if not units:
        nobody = {"first": [0], "stayed_away": [0, 0], "no_shows": [0, 0]}
        silent = Traffic.of(**{name: [] for name in Traffic.__slots__} | nobody)
        return port, silent, Records(empty(UNITS), empty(VISITS), empty(WORK), empty(LEVELS), port.end), units
    return port, *history(units, visits, end=LENGTH), units


@settings(max_examples=100, deadline=None)
@given(histories())
def test_littles_law_holds_to_the_millisecond(case):
    port, traffic, records, units = case
    ledger = Ledger(port, traffic, records)
    start = port.measure_from // MIN
    stays = [(arrived, LENGTH if out == N else out) for _, _, _, _, _, arrived, out, _ in units]
    inside_window = sum(max(out - max(arrived, start), 0) for arrived, out in stays)
    assert area(inside(ledger), ledger.start, ledger.end) == inside_window * MIN
    for number in range(2):
        starts, ends = ledger.waiting(number)
        assert area(queue(ledger, number), 0, ledger.end) == int((ends - starts).sum())


@settings(max_examples=100, deadline=None)
@given(histories())
def test_units_and_times_add_up(case):
    port, traffic, records, _ = case
    rows = measure(port, traffic, records, {"wait_mean_min": 5.0})
    for part in ({}, {"flow": "outbound"}, {"flow": "inbound"}):
        v = values(rows, **part)
        assert v["in_port_at_start"] + v["arrived"] == v["released"] + v["left"] + v["turned_away"] + v["in_port"]
        assert v["crossings_per_day"] >= 0 or math.isnan(v["crossings_per_day"])
        if v["arrived"]:
            lost = (v["wait_mean_min"] + v["blocked_mean_min"]) * v["arrived"] / 60
            assert v["truck_hours_lost"] == pytest.approx(lost, abs=1e-9)
            assert v["wait_p50_min"] <= v["wait_p90_min"] <= v["wait_p95_min"] <= v["wait_max_min"]
    whole = values(rows)["crossings"]
    for part, names in (("flow", port.flows), ("kind", port.kinds), ("direction", ("out", "in"))):
        assert sum(values(rows, **{part: name})["crossings"] for name in names) == whole
    days = count_days(port, traffic, records)
    assert days["arrived"].sum() == records.units["unit"].size
    hours = count_hours(port, traffic, records)
    assert hours["ended"].sum() == (records.visits["ended"] != N).sum()


def use_in_full(ledger, number):
    """Areas of the lanes of a stage in use up to those open, and of those open, from the level in full."""
    used = total = 0
    at = ledger.network.stages[number]
    pieces = ledger.pieces(number)
    for (role, _), offered in zip(at.lanes or (), lanes_offered(at), strict=True):
        own = ledger.visits["role"][pieces.visit] == role
        level = level_of(pieces.start[own], pieces.end[own])
        used += areas_split(level, offered, ledger.start, ledger.end)[0]
        total += offered.integral(ledger.start, ledger.end)
    return used / total if total else math.nan


@pytest.mark.parametrize("seed", range(40))
def test_utilisation_never_passes_one_and_is_what_the_level_in_full_says(seed):
    port, traffic = cases.seeded(seed)
    port = replace(port, measure_from=seed % 3 * port.end // 4)
    records = simulate(port, traffic, engine="reference")
    rows = measure(port, traffic, records, {})
    for row in rows:
        if row.metric in ("lane_utilisation", "officer_utilisation"):
            assert math.isnan(row.value) or 0 <= row.value <= 1
        if row.metric == "overtime_hours":
            assert row.value >= 0
    ledger = Ledger(port, traffic, records)
    found = [row.value for row in rows if row.metric == "lane_utilisation"]
    assert found == pytest.approx([use_in_full(ledger, n) for n in range(len(port.stages))], nan_ok=True, abs=0)
