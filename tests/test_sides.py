"""Two sides in series: a neutral zone that fills up, lanes blocked behind it, gates that close, and who sets the pace.

Everything is from scenario text to measures; times are minutes after midnight unless they are clock times.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portsim.experiments import Replication, Run, replicate
from portsim.model.network import NONE, Closed
from portsim.model.records import UnitOutcome
from portsim.scenario import load_text
from portsim.tables import Table
from portsim.views.summary import run_blocks
from tests import theory
from tests.cases import port, stage, step, unit

MINUTE = 60_000
HOUR = 3_600_000
Play = Callable[..., Run]


@pytest.fixture
def play(engine_name: str) -> Play:
    """Run a port of two sides once; `own` and `neighbour` are what a side says beside its zone."""

    def run(
        stages: str,
        flows: str,
        *,
        own: str = "open: always",
        neighbour: str = "open: always",
        start: str = "2025-05-31",
        end: str = "2025-05-31 01:00",
    ) -> Run:
        text = (
            f"portsim: 1\nname: two sides\nport: paper\nfrom: {start}\nto: {end}\nsides:\n"
            f"  own: {{timezone: Asia/Shanghai, {own}}}\n  neighbour: {{timezone: Asia/Bishkek, {neighbour}}}\n"
            f"stages:\n{_indented(stages)}flows:\n{_indented(flows)}"
        )
        return replicate(load_text(text), replications=1, engine=engine_name, keep="all")

    return run


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip().splitlines())


def trucks(arrivals: str, journey: str = "exit, entry", more: str = "") -> str:
    return f"trucks: {{kind: truck, direction: out, journey: [{journey}], arrivals: {{{arrivals}}}{more}}}"


def minutes(run: Run, column: str, stage_name: str | None = None) -> list[float | None]:
    """A column of the units, or of the visits to a stage, in minutes; None where it has not come."""
    replication = _only(run)
    if stage_name is None:
        ticks = replication.records.units[column]
    else:
        visits = replication.records.visits
        ticks = visits[column][visits["stage"] == _number(replication, stage_name)]
    return [None if tick == NONE else tick / MINUTE for tick in ticks.tolist()]


def clock(run: Run, column: str, stage_name: str) -> list[str]:
    """A column of the visits to a stage, all of which have come, as days and times in Beijing."""
    midnight = datetime(2025, 5, 31)
    return [f"{midnight + timedelta(minutes=tick):%d %H:%M}" for tick in minutes(run, column, stage_name)]


def measured(run: Run, metric: str, stage_name: str | None = None) -> float:
    [value] = [
        row.value
        for row in _only(run).measures
        if (row.metric, row.stage) == (metric, stage_name) and not (row.flow or row.kind or row.direction or row.pool)
    ]
    return value


def _only(run: Run) -> Replication:
    [replication] = run.kept
    return replication


def _number(replication: Replication, stage_name: str) -> int:
    return [each.name for each in replication.network.stages].index(stage_name)


# A neutral zone with places for two trucks ----------------------------------------------------------------------------

ZONE = """\
exit:  {side: own, lanes: 1, counted: true, service: 1 min}
entry: {side: neighbour, lanes: 1, waiting_space: 2, service: 5 min}
"""


def test_the_neutral_zone_fills_then_the_lane_is_blocked_then_the_queue_outside_grows(play):
    """A truck a minute from 1 on; the neighbour takes 5 for each.

    The first is at the neighbour's at 2, the second and third wait in the zone from 3 and 4, the fourth holds our lane
    from 5. From then on everything moves when the neighbour is done with one: at 7, 12, 17, ... 57.
    """
    run = play(ZONE, trucks("every: 1 min"))
    assert minutes(run, "started", "exit")[:8] == [1, 2, 3, 4, 7, 12, 17, 22]
    assert minutes(run, "left", "exit")[:7] == [2, 3, 4, 7, 12, 17, 22]
    assert minutes(run, "started", "entry")[:6] == [2, 7, 12, 17, 22, 27]
    assert measured(run, "queue_max", "entry") == 2
    assert measured(run, "queue_max", "exit") == 59 - 15  # of those who came until 59, all but 4 + 11 wait
    assert measured(run, "released") == 11
    assert measured(run, "blocked_max_min", "exit") == 4
    assert measured(run, "lane_utilisation", "exit") == 15 / 60, "a blocked lane is not in use"


def test_where_a_truck_stands_in_a_full_port(play):
    """Six trucks at the start: one at the neighbour's, two in the zone, one blocked, two outside, as it is at 5."""
    run = play(ZONE, trucks("queue_at_start: 6"), end="2025-05-31 00:05")
    assert minutes(run, "started", "entry") == [1, None, None]
    assert minutes(run, "joined", "entry") == [1, 2, 3]
    assert minutes(run, "ended", "exit") == [1, 2, 3, 4, None, None]
    assert minutes(run, "left", "exit") == [1, 2, 3, None, None, None]
    assert measured(run, "in_port") == 6


def test_a_yard_that_is_full_turns_trucks_away_while_the_lane_behind_it_is_blocked(play):
    """One place before our lane. The truck of 5 takes it; those of 7, 12, ... find it free again, in that instant."""
    stages = ZONE.replace("counted: true", "counted: true, waiting_space: 1")
    run = play(stages, trucks("every: 1 min", more=", when_full: turn_away"))
    assert minutes(run, "joined", "exit") == [1, 2, 3, 4, 5, *range(7, 60, 5)]
    assert measured(run, "turned_away") == 59 - 16
    outcomes = _only(run).records.units["outcome"].tolist()
    assert [number + 1 for number, how in enumerate(outcomes) if how == UnitOutcome.TURNED_AWAY][:6] == [
        6, 8, 9, 10, 11, 13
    ]  # fmt: skip


def test_more_places_in_the_neutral_zone_take_more_trucks_and_release_no_more_at_a_slow_neighbour(play):
    run = play(ZONE.replace("waiting_space: 2", "waiting_space: 20"), trucks("every: 1 min"))
    assert measured(run, "released") == 11
    assert measured(run, "queue_max", "entry") == 20
    assert measured(run, "queue_max", "exit") == 59 - 33  # 4 + 11 have started, and 18 more that found a place


def test_a_drive_through_the_zone_takes_its_time_and_any_number(play):
    """Four minutes between the sides, a stage without lanes: our lane is never blocked, they queue at its far end."""
    stages = ZONE.replace("entry:", "drive: {side: neighbour, service: 4 min}\nentry:")
    run = play(stages, trucks("every: 1 min", journey="exit, drive, entry"))
    assert minutes(run, "started", "exit") == list(range(1, 60))
    assert minutes(run, "ended", "drive")[:4] == [6, 7, 8, 9]
    assert minutes(run, "left", "drive")[:6] == [6, 7, 8, 11, 16, 21]
    assert minutes(run, "started", "entry")[:4] == [6, 11, 16, 21]
    assert measured(run, "blocked_mean_min", "exit") == 0
    assert measured(run, "queue_max", "exit") == 0
    assert measured(run, "queue_max", "entry") == 2, "the others stand at the end of the drive"


def test_a_drive_closed_by_the_neighbour_blocks_nobody_and_starts_nobody(play):
    """The neighbour closes at 00:04: trucks past our lane wait to drive off, and do so when it opens at 00:30."""
    stages = ZONE.replace("entry:", "drive: {side: neighbour, service: 4 min}\nentry:")
    hours = "['22:00-22:04', '22:30-23:00']"  # two hours behind us
    run = play(stages, trucks("queue_at_start: 6", journey="exit, drive, entry"), neighbour=f"open: {hours}")
    assert minutes(run, "ended", "exit") == [1, 2, 3, 4, 5, 6]
    assert minutes(run, "started", "drive") == [1, 2, 3, 30, 30, 30]
    assert minutes(run, "started", "entry") == [30, 35, 40, 45, 50, 55]


# Hours and closures of each side --------------------------------------------------------------------------------------


def test_the_neighbour_closes_and_opens_by_its_own_clock(play):
    """08:00-22:00 in Bishkek is 10:00-24:00 in Beijing. Our side is open all night and blocks behind the zone."""
    run = play(
        ZONE,
        trucks("timetable: [{at: ['23:52', '23:55', '23:57', '23:58', '23:59']}]"),
        neighbour='open: "08:00-22:00"',
        end="2025-06-01 12:00",
    )
    assert clock(run, "started", "exit") == ["31 23:52", "31 23:55", "31 23:57", "31 23:58", "31 23:59"]
    assert clock(run, "started", "entry") == ["31 23:53", "31 23:58", "01 10:00", "01 10:05", "01 10:10"]
    assert clock(run, "left", "exit")[3:] == ["31 23:59", "01 10:00"], "the zone has a place again in the morning"


CLOSED = "open: always, closed: [2025-05-31]"


def test_a_date_closed_in_bishkek_is_over_at_2_in_beijing_and_so_begins_the_recovery(play):
    """31 May there is 02:00 to 02:00 here. Seven trucks come while the neighbour is closed.

    By 02:00 two are in the zone, one holds our lane and four stand before it. Each takes five minutes: the last of
    them starts six times five minutes after the first, at 02:30.
    """
    seven = ", ".join(f"'20:0{minute}'" for minute in range(7))
    run = play(ZONE, trucks(f"timetable: [{{at: [{seven}]}}]"), neighbour=CLOSED, end="2025-06-01 12:00")
    assert clock(run, "started", "entry") == [f"01 02:{minute:02}" for minute in range(0, 35, 5)]
    assert _only(run).network.closures == (Closed(1, 2 * HOUR, 26 * HOUR),)
    assert measured(run, "recovery_h", "entry") == 0.5
    assert measured(run, "recovery_h") == 0.5
    assert measured(run, "recovered_share") == 1


def test_a_holiday_on_both_sides_is_one_closure_of_the_port(play):
    """Both sides keep 31 May: here it ends at 24:00, there two hours later, and only then does the backlog go.

    Of five trucks that came at 23:00 two are in the zone by then, one holds our lane and two stand before it. At 02:20
    the last of them starts at the neighbour's: 2 h 20 min after our side was open again.
    """
    run = play(
        ZONE,
        trucks("timetable: [{at: ['23:00', '23:01', '23:02', '23:03', '23:04']}]"),
        own=CLOSED,
        neighbour=CLOSED,
        end="2025-06-01 12:00",
    )
    assert minutes(run, "started", "exit")[0] == 24 * 60
    assert measured(run, "recovery_h") == pytest.approx(2 + 20 / 60)
    assert measured(run, "recovery_h", "entry") == pytest.approx(20 / 60)
    assert measured(run, "recovery_h", "exit") == pytest.approx(2 + 5 / 60), "the last can start when the zone moves"


# A gate that opens: the fluid limit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("closed", "expected"), [("08:00", 16), ("04:00", 8)])
def test_recovery_is_the_backlog_over_what_capacity_has_beyond_arrivals(play, closed, expected):
    """A truck every a = 30 s, s = 20 s each. The fluid limit is closed x s / (a - s): twice the time it was closed.

    Trucks are whole: the queue is gone when truck k starts before truck k + 1 comes, r + s (k - 1) < a (k + 1), the
    first such k being (r - s - a) / (a - s) or the next. That is s (s + a) / (a - s) = 100 s earlier.
    """
    hours = int(closed[:2])
    fluid, _ = theory.fluid_recovery(120, 180, hours)
    assert fluid == expected
    run = play(
        f"gate: {{side: own, lanes: 1, closed: [2025-05-31 00:00..2025-05-31 {closed}], service: 20 s}}",
        trucks("every: 30 s", journey="gate"),
        end="2025-06-01 06:00",
    )
    for where in (None, "gate"):
        assert measured(run, "recovery_h", where) * 3600 == pytest.approx(fluid * 3600 - 100, abs=20)
        assert measured(run, "recovered_share", where) == 1


def test_a_backlog_that_outlives_the_run_is_a_lower_bound_with_a_warning(play):
    run = play(
        "gate: {side: own, lanes: 1, closed: [2025-05-31 00:00..2025-05-31 08:00], service: 20 s}",
        trucks("every: 30 s", journey="gate"),
        end="2025-05-31 18:00",
    )
    [row] = [row for row in run.rows if row.metric == "recovery_h" and row.stage == "gate"]
    assert (row.mean, row.method) == (10, "lower bound, one replication: no interval")
    assert (
        "after a closure units still waited at gate when the run ended (in 100 % of cases), so recovery_h is a lower "
        "bound: simulate longer, or read backlog_h, as a port under load may never be without a queue"
    ) in run.warnings
    assert ("gate", "≥ 10", "≥ 10", "0.0 %", "-") in lines(run)


def lines(run: Run) -> list[tuple[str, ...]]:
    """Every line of the tables a run is shown in."""
    return [tuple(row) for block in run_blocks(run) if isinstance(block, Table) for row in block.rows]


def test_the_summary_speaks_of_recovery_where_something_was_closed(play):
    flows = trucks("timetable: [{at: '00:10'}]", journey="gate")
    stages = "gate: {side: own, lanes: 1, service: 20 s}"
    assert not any(line[0] == "the port" for line in lines(play(stages, flows)))
    closed = stages.replace("lanes: 1", "lanes: 1, closed: [2025-05-31 00:00..2025-05-31 00:40]")
    shown = [line for line in lines(play(closed, flows)) if line[0] == "the port" or line[3:4] == ("100.0 %",)]
    assert shown == [("the port", "0", "0", "100.0 %", "0.0056")], "20 s of service; nothing is said of the gate"


def test_a_backlog_is_through_when_95_of_100_of_those_held_up_are_out(play):
    """40 trucks stand before the gate as it opens at 00:40, of 20 s each: the 38th is out after 760 s.

    20 more come in the next 10 minutes; the queue is gone later, and they are no part of the backlog.
    """
    held_up, later = [f"00:{minute:02}" for minute in range(1, 41)], [f"00:{minute:02}" for minute in range(41, 51)]
    run = play(
        "gate: {side: own, lanes: 1, closed: [2025-05-31 00:00..2025-05-31 00:40], service: 20 s}",
        trucks(f"timetable: [{{at: {held_up}}}, {{at: {later}, units: 2}}]", journey="gate"),
    )
    assert measured(run, "backlog_h") * 3600 == pytest.approx(38 * 20)
    assert measured(run, "recovery_h") * 3600 > 40 * 20
    assert measured(run, "backlog_cleared_share") == 1


def test_a_stage_that_opens_before_the_gates_with_nobody_there_does_not_start_the_clock_of_the_port(play):
    """Both closed all day, the road open again at 00:00, the gate at 08:00: one truck waits since noon."""
    run = play(
        "gate: {side: own, lanes: 1, open: '08:00-20:00', closed: [2025-05-31], service: 20 s}\n"
        "road: {side: own, open: always, closed: [2025-05-31], service: 10 s}",
        trucks("timetable: [{at: '12:00'}]", journey="gate, road"),
        end="2025-06-01 12:00",
    )
    assert measured(run, "backlog_h") * 3600 == pytest.approx(30)
    assert measured(run, "recovery_h") == 0, "it starts in the instant of the reopening"


def test_a_closure_after_which_one_stage_does_not_reopen_in_the_run_has_a_recovery_at_the_others(play):
    """The side is closed on the 31st; the gate is open at 00:00, the check only at 10:00, after the run's end."""
    run = play(
        "gate: {side: own, lanes: 1, open: always, service: 20 s}\n"
        "check: {side: own, lanes: 1, open: '10:00-20:00', service: 20 s}",
        trucks("timetable: [{at: '12:00', units: 2}]", journey="gate, check"),
        own="open: always, closed: [2025-05-31]",
        end="2025-06-01 09:00",
    )
    assert measured(run, "recovery_h", "gate") * 3600 == pytest.approx(20)
    assert measured(run, "recovery_h") == 9
    assert measured(run, "recovered_share") == 0


def test_a_backlog_still_there_at_the_end_is_a_lower_bound_with_a_warning(play):
    run = play(
        "gate: {side: own, lanes: 1, closed: [2025-05-31 00:00..2025-05-31 00:40], service: 2 h}",
        trucks("timetable: [{at: '00:10', units: 20}]", journey="gate"),
        end="2025-05-31 18:00",
    )
    [row] = [row for row in run.rows if row.metric == "backlog_h" and row.flow is None]
    assert (row.mean, row.method) == (pytest.approx(17 + 1 / 3), "lower bound, one replication: no interval")
    assert "a closure's backlog was not through when the run ended, so backlog_h is a lower bound: simulate longer" in (
        run.warnings
    )


def test_the_summary_counts_those_who_were_turned_away_only_if_any_were(play):
    arrivals = "timetable: [{at: ['00:10', '00:10', '00:10']}]"
    stages = "gate: {side: own, lanes: 1, waiting_space: 0, service: 5 min}"
    run = play(stages, trucks(arrivals, journey="gate", more=", when_full: turn_away"))
    assert ("units turned away", "2") in lines(run)
    assert not any(line[0] == "units that gave up waiting" for line in lines(run))


def test_who_gives_up_at_a_closed_gate_is_told_apart_from_who_was_served(play):
    """Patience is 15 minutes, the gate closed until 00:40: those of 00:10 and 00:20 leave, that of 00:35 waits 5."""
    run = play(
        "gate: {side: own, lanes: 1, counted: true, closed: [2025-05-31 00:00..2025-05-31 00:40], service: 1 min}",
        trucks("timetable: [{at: ['00:10', '00:20', '00:35']}]", journey="gate", more=", patience: 15 min"),
    )
    assert minutes(run, "out") == [25, 35, 41]
    assert measured(run, "left") == 2
    assert measured(run, "left_wait_mean_min") == 15
    assert measured(run, "wait_mean_min") == pytest.approx(35 / 3)
    assert measured(run, "recovery_h") == 0, "one waits at the reopening, and starts in that instant"
    assert ("units that gave up waiting", "2") in lines(run)
    assert [warning for warning in run.warnings if warning.startswith("flow trucks: of every 100 units")]


# Who sets the pace ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", ["", "waiting_space: 0, ", "waiting_space: 2, "])
@pytest.mark.parametrize("own_lanes", [2, 3, 8])
def test_a_slower_neighbour_sets_the_dwell_whatever_our_lanes_do(play, own_lanes, space):
    """We take 6 minutes in each lane, the neighbour 5 in its one: from two lanes on it always has the next at hand.

    Truck k of 20 is out at 6 + 5 k, whatever the lanes and the zone between: 58.5 minutes on average, 19 an hour
    and a half. With one lane we are the slower: 6 k + 5.
    """
    stages = """
exit:  {{side: own, lanes: {lanes}, service: 6 min}}
entry: {{side: neighbour, lanes: 1, {space}service: 5 min}}
"""
    run = play(stages.format(lanes=own_lanes, space=space), trucks("queue_at_start: 20"), end="2025-05-31 03:00")
    assert minutes(run, "out") == [6 + 5 * k for k in range(1, 21)]
    assert measured(run, "dwell_mean_min") == 58.5
    one = play(stages.format(lanes=1, space=space), trucks("queue_at_start: 20"), end="2025-05-31 03:00")
    assert minutes(one, "out") == [6 * k + 5 for k in range(1, 21)]


def test_a_neighbour_who_falls_behind_arrivals_makes_dwell_grow_alike_for_any_lanes(play):
    """A truck every 4 minutes, 2 at our side, 5 at the neighbour's: truck k, who came at 4 k, is out at 6 + 5 k."""
    for own_lanes in (1, 4):
        stages = (
            f"exit: {{side: own, lanes: {own_lanes}, service: 2 min}}\n"
            "entry: {side: neighbour, lanes: 1, waiting_space: 3, service: 5 min}"
        )
        run = play(stages, trucks("every: 4 min"), end="2025-05-31 04:00")
        outs = [out for out in minutes(run, "out") if out is not None]
        assert outs == [6 + 5 * k for k in range(1, len(outs) + 1)]
        assert measured(run, "released") == len(outs) == 46


@given(
    own=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), min_size=1, max_size=9),
    neighbour_work=st.integers(0, 9),
    lanes=st.integers(1, 3),
    neighbour_lanes=st.integers(1, 2),
)
def test_our_lanes_gain_a_truck_at_most_what_they_gain_on_the_way_to_the_neighbour(
    engine, own, neighbour_work, lanes, neighbour_lanes
):
    """The k-th to be out is never out later for one more of our lanes, and earlier at most by the largest time by which
    a k-th reaches the neighbour earlier: where the neighbour is the slower, that is lost in its queue.
    """

    def line(own_lanes: int) -> tuple[list[int], list[int]]:
        stages = [stage("exit", lanes=own_lanes), stage("entry", lanes=neighbour_lanes)]
        units = [unit(at, [step(0, work), step(1, neighbour_work)]) for at, work in own]
        records = engine(*port(stages, units))
        visits = records.visits
        return sorted(visits["joined"][visits["stage"] == 1].tolist()), sorted(records.units["out"].tolist())

    (reached, out), (reached_more, out_more) = line(lanes), line(lanes + 1)
    gained = [before - after for before, after in zip(out, out_more, strict=True)]
    assert min(gained) >= 0
    assert max(gained) <= max(before - after for before, after in zip(reached, reached_more, strict=True))


@given(
    data=st.data(), stages=st.integers(2, 4), arrivals=st.lists(st.integers(0, 12), min_size=1, max_size=8).map(sorted)
)
def test_more_places_between_single_lanes_never_let_a_truck_out_later(engine, data, stages, arrivals):
    """With one lane a stage nobody overtakes, and each truck is out no later, so no fewer by any time.

    Trucks are numbered as they come: of two at a door at one tick the smaller number is first, which may else overtake.

    (With several lanes and works of their own one truck may be worse off: another takes the lane it would have had.)
    """
    spaces = [data.draw(st.integers(0, 3)) for _ in range(stages)]
    more = [space + data.draw(st.integers(0, 2)) for space in spaces]
    units = [unit(at, [step(where, data.draw(st.integers(0, 6))) for where in range(stages)]) for at in arrivals]
    assume(spaces != more)

    def outs(places: list[int]) -> list[int]:
        line = [stage(f"stage{number}", waiting_space=space) for number, space in enumerate(places)]
        return engine(*port(line, units)).units["out"].tolist()

    assert all(after <= before for before, after in zip(outs(spaces), outs(more), strict=True))


# Rings ----------------------------------------------------------------------------------------------------------------

BOTH_WAYS = """
out: {kind: truck, direction: out, journey: [own_check, neighbour_check], arrivals: {queue_at_start: 1}}
in: {kind: truck, direction: in, journey: [neighbour_check, own_check], arrivals: {queue_at_start: 1}}
"""
CHECKS = """
own_check: {side: own, counted: true, lanes: 1, waiting_space: 0, service: 5 min}
neighbour_check: {side: neighbour, lanes: 1, waiting_space: 0, service: 5 min}
"""


def test_two_directions_that_share_lanes_without_a_place_between_block_each_other_and_the_run_says_so(play):
    run = play(CHECKS, BOTH_WAYS)
    assert minutes(run, "out") == [None, None]
    assert minutes(run, "ended", "own_check") == [5]
    assert measured(run, "in_port") == 2
    assert (
        "units block one another for good at own_check, neighbour_check (in 1 of 1 replications): each holds a lane "
        "until the next has room; give one of these stages more waiting space or lanes"
    ) in run.warnings


@pytest.mark.parametrize(
    "cure",
    [("neighbour, lanes: 1, waiting_space: 0", "neighbour, lanes: 1, waiting_space: 1"), ("lanes: 1", "lanes: 2")],
)
def test_one_place_or_lane_more_undoes_the_ring(play, cure):
    run = play(CHECKS.replace(*cure), BOTH_WAYS)
    assert minutes(run, "out") == [10, 10]
    assert run.warnings == ()
