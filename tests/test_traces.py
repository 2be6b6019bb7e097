"""Runs worked out by hand, from scenario text to records; times are minutes after midnight, or clock times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portsim.experiments import Replication, replicate
from portsim.model.network import NONE
from portsim.model.records import UnitOutcome, VisitOutcome
from portsim.scenario import load, load_text

MINUTE = 60_000
Play = Callable[..., Replication]


@pytest.fixture
def play(engine_name: str) -> Play:
    """Run a scenario once."""

    def run(stages: str, flows: str, more: str = "") -> Replication:
        text = (
            "portsim: 1\nname: a trace\nport: paper\nfrom: 2025-01-01\n"
            "to: 2025-01-01 12:00\nsides: {own: {timezone: UTC}}\n"
            f"{more}\nstages: {stages}\nflows:\n{flows}"
        )
        return replicate(load_text(text), replications=1, engine=engine_name, keep="all").kept[0]

    return run


def trucks(*times_and_works: tuple[int, int], more: str = "") -> str:
    """Flows of one truck each, at a minute after midnight, with so many minutes of work at the check."""
    return "".join(
        f"  truck{number}: {{kind: truck, direction: out, journey: [{{check: {{service: {work} min}}}}], "
        f"arrivals: {{timetable: [{{at: '{at // 60:02}:{at % 60:02}'}}]}}{more}}}\n"
        for number, (at, work) in enumerate(times_and_works)
    )


def minutes(replication: Replication, column: str, stage: str | None = None) -> list[float | None]:
    """A column of the visits (of one stage) in minutes, by unit; None where it has not come."""
    visits = replication.records.visits
    names = [each.name for each in replication.network.stages]
    ticks = visits[column] if stage is None else visits[column][visits["stage"] == names.index(stage)]
    return [None if tick == NONE else tick / MINUTE for tick in ticks.tolist()]


def outs(replication: Replication) -> list[float | None]:
    return [None if tick == NONE else tick / MINUTE for tick in replication.records.units["out"].tolist()]


def pieces(replication: Replication) -> list[tuple[float, float]]:
    """(from, until) of each piece of an interrupted service, in minutes."""
    work = replication.records.work
    return [(start / MINUTE, until / MINUTE) for start, until in zip(work["from"], work["until"], strict=True)]


def measured(replication: Replication, metric: str, **where: str) -> float:
    return next(
        row.value
        for row in replication.measures
        if row.metric == metric
        and all(getattr(row, name) == where.get(name) for name in ("flow", "stage", "pool", "kind", "direction"))
    )


# One lane, one officer, open from 0 to 5 and from 9 on; a truck comes at 1 and needs 10 -------------------------------

ON_DUTY = "{'00:00-00:05': 1, '00:09-24:00': 1}"
OPEN = "['00:00-00:05', '00:09-24:00']"


def test_officers_who_hand_over_leave_at_5_and_the_truck_is_through_at_15(play):
    replication = play(
        "{check: {lanes: 1, officers: {police: 1}, service: 1 min}}",
        trucks((1, 10)),
        f"officers: {{police: {{level: {ON_DUTY}, end_of_shift: hand_over}}}}",
    )
    assert outs(replication) == [15]
    assert pieces(replication) == [(1, 5), (9, 15)]
    assert measured(replication, "overtime_hours") == 0
    assert measured(replication, "delay_mean_min") == 4


def test_officers_who_finish_stay_until_11(play):
    replication = play(
        "{check: {lanes: 1, officers: {police: 1}, service: 1 min}}",
        trucks((1, 10)),
        f"officers: {{police: {{level: {ON_DUTY}, end_of_shift: finish}}}}",
    )
    assert outs(replication) == [11]
    assert pieces(replication) == []
    assert measured(replication, "overtime_hours") == pytest.approx(4 / 60)


@pytest.mark.parametrize(("closing", "out"), [("suspend", 15), ("finish", 11)])
def test_a_stage_that_closes_suspends_or_finishes(play, closing, out):
    replication = play(f"{{check: {{lanes: 1, open: {OPEN}, closing: {closing}, service: 1 min}}}}", trucks((1, 10)))
    assert outs(replication) == [out]


# Levels ---------------------------------------------------------------------------------------------------------------


def test_who_finishes_late_is_missed_in_the_next_shift(play):
    """Three officers until 7, two until 11, one until 20. The third truck's officer is one of the two from 7 on.

    At 11 two are at work and one is on duty: the fifth truck, begun at 10, leaves overtime of 11 to 13.
    """
    replication = play(
        "{check: {lanes: 9, officers: {police: 1}, service: 1 min}}",
        trucks((1, 5), (1, 7), (1, 9), (9, 4), (9, 5), (12, 5)),
        "officers: {police: {level: {'00:00-00:07': 3, '00:07-00:11': 2, '00:11-00:20': 1}}}",
    )
    assert minutes(replication, "started") == [1, 1, 1, 9, 10, 15]
    assert outs(replication) == [6, 8, 10, 13, 15, 20]
    assert measured(replication, "overtime_hours") == pytest.approx(2 / 60)
    assert measured(replication, "officer_hours") == pytest.approx((3 * 7 + 2 * 4 + 9) / 60)


def test_a_lane_that_closes_interrupts_nobody(play):
    """One lane, three from 1 to 2, then one."""
    lanes = "{'00:00-00:01': 1, '00:01-00:02': 3, '00:02-24:00': 1}"
    replication = play(f"{{check: {{lanes: {lanes}, service: 1 min}}}}", trucks((0, 2), (0, 2), (0, 2)))
    assert outs(replication) == [2, 3, 3]


def test_a_truck_that_ends_as_its_lane_closes_is_done(play):
    """No lane until 5, one until 10, none until 15, then one."""
    lanes = "{'00:05-00:10': 1, '00:15-24:00': 1}"
    replication = play(f"{{check: {{lanes: {lanes}, service: 1 min}}}}", trucks((0, 5), (0, 5), (0, 5)))
    assert outs(replication) == [10, 20, 25]


# Waiting space --------------------------------------------------------------------------------------------------------


def test_one_place_and_one_lane_let_two_trucks_in_at_once(play):
    replication = play("{check: {lanes: 1, waiting_space: 1, service: 1 min}}", trucks((0, 1), (0, 1)))
    assert minutes(replication, "joined") == [0, 0]
    assert outs(replication) == [1, 2]


def test_one_place_before_a_closed_stage_lets_one_truck_in(play):
    stage = "{check: {lanes: 1, waiting_space: 1, open: '00:02-24:00', service: 1 min}}"
    replication = play(stage, trucks((0, 1), (0, 1)))
    assert minutes(replication, "joined") == [0, 2]
    assert minutes(replication, "started") == [2, 3]
    assert measured(replication, "wait_mean_min") == 2.5


def test_a_truck_that_finds_no_room_and_may_not_wait_is_turned_away(play):
    stage = "{check: {lanes: 1, waiting_space: 0, service: 1 min}}"
    replication = play(stage, trucks((0, 3), (2, 1), (3, 1), more=", when_full: turn_away"))
    outcomes = [UnitOutcome(value).name for value in replication.records.units["outcome"]]
    assert outcomes == ["RELEASED", "TURNED_AWAY", "RELEASED"]
    assert outs(replication) == [3, 2, 4]
    assert measured(replication, "turned_away") == 1


def test_two_lanes_in_a_row_without_room_between_block_each_other(play):
    """Check of 1, scan of 3, four trucks: the first lane is held until the scan is free."""
    stages = "{check: {lanes: 1, service: 1 min}, scan: {lanes: 1, waiting_space: 0, service: 3 min}}"
    flows = "  trucks: {kind: truck, direction: out, journey: [check, scan], arrivals: {queue_at_start: 4}}\n"
    replication = play(stages, flows)
    assert minutes(replication, "started", "check") == [0, 1, 4, 7]
    assert minutes(replication, "left", "check") == [1, 4, 7, 10]
    assert outs(replication) == [4, 7, 10, 13]
    assert measured(replication, "blocked_mean_min") == (0 + 2 + 2 + 2) / 4


# Who goes first -------------------------------------------------------------------------------------------------------


def test_a_truck_of_high_priority_goes_before_those_who_wait_and_interrupts_nobody(play):
    flows = trucks((0, 10), (1, 2)) + trucks((3, 4), more=", priority: high").replace("truck0", "first")
    replication = play("{check: {lanes: 1, service: 1 min}}", flows)
    assert minutes(replication, "started") == [0, 14, 10]


def test_stages_share_officers_in_file_order(play):
    """One officer. At 5 a truck waits at each stage; the one at the check came later and goes first."""
    stages = (
        "{check: {lanes: 1, officers: {police: 1}, service: 5 min}, "
        "scan: {lanes: 1, officers: {police: 1}, service: 2 min}}"
    )
    flows = trucks((0, 5), (3, 5)) + (
        "  scanned: {kind: truck, direction: in, journey: [scan], arrivals: {timetable: [{at: '00:01'}]}}\n"
    )
    replication = play(stages, flows, "officers: {police: {level: 1}}")
    assert minutes(replication, "started") == [0, 5, 10]


def test_a_green_lane_helps_others_only_while_no_truck_of_its_own_waits(play):
    """One lane of each role, the general one busy until 9. At 4 the green lane is free for the green truck of 2.

    The truck of 1 came before it, but gets the green lane's help only at 8, when no green truck waits.
    """
    flow = "  {}: {{kind: truck, direction: out, journey: [{{check: {{{}}}}}], arrivals: {{timetable: [{}]}}}}\n"
    flows = (
        flow.format("slow", "roles: [general], service: 9 min", "{at: '00:00'}")
        + flow.format("other", "roles: [general], helped_by: [green]", "{at: '00:01'}")
        + flow.format("fresh", "roles: [green]", "{at: '00:00'}, {at: '00:02'}")
    )
    replication = play("{check: {lanes: {general: 1, green: 1}, service: 4 min}}", flows)
    assert minutes(replication, "started") == [0, 8, 0, 4]
    roles = [replication.network.roles[role] for role in replication.records.visits["role"]]
    assert roles == ["general", "green", "green", "green"]


# Sides, clocks and dates ----------------------------------------------------------------------------------------------

TWO_SIDES = """
portsim: 1
name: two sides
port: paper
from: 2025-05-30
to: 2025-06-03
sides:
  china:  {timezone: Asia/Shanghai, open: CHINA}
  kyrgyz: {timezone: Asia/Bishkek, KYRGYZ}
CHANGES
stages:
  border_check: {side: china, lanes: 1, counted: true, service: 30 min}
  kyrgyz_exit:  {side: kyrgyz, lanes: 1, service: 10 min}
  kyrgyz_entry: {side: kyrgyz, lanes: 1, service: 15 min}
flows:
  outbound:
    kind: truck
    direction: out
    journey: [border_check, kyrgyz_entry]
    arrivals: {csv: out.csv}
  inbound:
    kind: truck
    direction: in
    journey: [kyrgyz_exit, border_check]
    arrivals: {csv: in.csv}
"""


@pytest.fixture
def times(engine_name: str, tmp_path: Path) -> Callable[..., dict[tuple[str, int], list[str]]]:
    """Run the two sides; by flow and truck, when each service started and when it was out, on the clock of Beijing."""

    def run(
        outbound: list[str], inbound: list[str], china: str = "always", kyrgyz: str = "open: always", changes: str = ""
    ) -> dict[tuple[str, int], list[str]]:
        for name, arrivals in (("out", outbound), ("in", inbound)):
            (tmp_path / f"{name}.csv").write_text("arrived_at\n" + "".join(f"{at}\n" for at in arrivals))
        text = TWO_SIDES.replace("CHINA", china).replace("KYRGYZ", kyrgyz).replace("CHANGES", changes)
        scenario = load_text(text, folder=tmp_path)
        records = replicate(scenario, replications=1, engine=engine_name, keep="all").kept[0].records
        found: dict[tuple[str, int], list[str]] = {}
        for number, out in zip(records.units["unit"].tolist(), records.units["out"].tolist(), strict=True):
            ticks = records.visits["started"][records.visits["unit"] == number].tolist()
            flow = ("outbound", "inbound")[number >= len(outbound)]
            place = number - len(outbound) * (flow == "inbound")
            found[flow, place] = [_clock(tick) for tick in (*ticks, out)]
        return found

    return run


def _clock(tick: int) -> str:
    at = datetime(2025, 5, 30) + timedelta(milliseconds=tick)
    return "never" if tick == NONE else f"{at:%d %H:%M}"


def test_both_directions_pass_both_sides_in_the_hours_of_each(times):
    """The neighbour works from 9 to 17 on its clock, which is two hours behind: 11 to 19 in Beijing.

    The first truck out is checked at 10 and waits for the neighbour until 11. The truck in comes at 09:05 in Bishkek,
    11:05 in Beijing; from 11:15 it wants the check, where the second truck out stands until 11:40.
    """
    found = times(
        outbound=["2025-05-30 10:00", "2025-05-30 11:10", "2025-05-30 18:40"],
        inbound=["2025-05-30 09:05"],
        china='"10:00-24:00"',
        kyrgyz='open: "09:00-17:00"',
    )
    assert found == {
        ("outbound", 0): ["30 10:00", "30 11:00", "30 11:15"],
        ("outbound", 1): ["30 11:10", "30 11:40", "30 11:55"],
        ("outbound", 2): ["30 18:40", "31 11:00", "31 11:15"],
        ("inbound", 0): ["30 11:05", "30 11:40", "30 12:10"],
    }


def test_a_date_closed_on_the_clock_of_bishkek_ends_at_2_in_beijing(times):
    """31 May in Bishkek is 02:00 on 31 May to 02:00 on 1 June in Beijing."""
    found = times(
        outbound=["2025-05-31 01:15", "2025-05-31 01:30", "2025-06-01 00:00"],
        inbound=["2025-05-30 23:55", "2025-05-31 00:00"],
        kyrgyz="open: always, closed: [2025-05-31]",
    )
    assert found == {
        ("outbound", 0): ["31 01:15", "31 01:45", "31 02:00"],
        ("outbound", 1): ["31 01:45", "01 02:00", "01 02:15"],
        ("outbound", 2): ["01 00:00", "01 02:15", "01 02:30"],
        ("inbound", 0): ["31 01:55", "31 02:15", "31 02:45"],
        ("inbound", 1): ["01 02:00", "01 02:10", "01 02:40"],
    }


def test_a_change_of_hours_at_10_begins_at_10(times):
    """Open from 10 to 24 until 1 June, 10:00, then all the time: a truck of 03:00 waits one day and not the next."""
    found = times(
        outbound=["2025-06-01 03:00", "2025-06-02 03:00"],
        inbound=["2025-06-02 20:00"],
        china='"10:00-24:00"',
        changes="changes: [{at: 2025-06-01 10:00, set: {sides.china.open: always}}]",
    )
    assert found["outbound", 0] == ["01 10:00", "01 10:30", "01 10:45"]
    assert found["outbound", 1] == ["02 03:00", "02 03:30", "02 03:45"]


def test_a_change_of_lanes_at_10_begins_at_10(times):
    """Three lanes instead of one: of four trucks of 09:45 the second and third start at 10:00, the fourth at 10:15."""
    found = times(
        outbound=["2025-06-01 09:45"] * 4,
        inbound=["2025-06-02 20:00"],
        changes="changes: [{at: 2025-06-01 10:00, set: {stages.border_check.lanes: 3}}]",
    )
    assert [found["outbound", number][0] for number in range(4)] == ["01 09:45", "01 10:00", "01 10:00", "01 10:15"]


# The page of six trucks -----------------------------------------------------------------------------------------------


def test_six_trucks_do_what_the_page_says(engine_name):
    """Every cell of the table of docs/tiny.md."""
    page = (Path(__file__).resolve().parent.parent / "docs" / "tiny.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    replication = replicate(load("tiny"), replications=1, engine=engine_name, keep="all").kept[0]
    units, visits = replication.records.units, replication.records.visits
    start = datetime(2025, 1, 1, 7)

    def clock(tick: int) -> str:
        at = start + timedelta(milliseconds=int(tick))
        return f"{at:%H:%M}"

    def length(ms: int) -> str:
        hours, rest = divmod(int(ms) // MINUTE, 60)
        return f"{hours} h {rest} min" if hours >= 2 else f"{60 * hours + rest} min" if ms else "0"

    found = []
    for number in range(6):
        check, scan = (2 * number, 2 * number + 1)
        wait = visits["started"][check] - units["arrived"][number] + visits["started"][scan] - visits["joined"][scan]
        started = clock(visits["started"][check]) + (" next day" if visits["started"][check] > 17 * 3_600_000 else "")
        found.append(
            [
                str(number + 1),
                clock(units["arrived"][number]),
                started,
                *(clock(visits[name][check]) for name in ("ended", "left")),
                clock(visits["ended"][scan]),
                length(wait),
                length(visits["left"][check] - visits["ended"][check]),
                length(units["out"][number] - units["arrived"][number]),
            ]
        )
    assert rows[0] == [
        "truck",
        "arrives",
        "check starts",
        "check ends",
        "leaves the check lane",
        "scan ends",
        "wait",
        "blocked",
        "dwell",
    ]
    assert found == rows[1:]
    assert measured(replication, "wait_mean_min") == pytest.approx(210.8, abs=0.05)
    assert measured(replication, "wait_p50_min") == 15
    assert [VisitOutcome(value).name for value in visits["outcome"]] == ["DONE"] * 12
