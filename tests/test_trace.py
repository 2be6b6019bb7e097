"""One unit's day in words: the six trucks of docs/tiny.md, ports worked out by hand, and laws on random ports."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from typer.testing import CliRunner, Result

import portsim
from portsim import yamlfile
from portsim.cli import app
from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model.network import NONE, Network
from portsim.model.traffic import Traffic
from portsim.results import Ledger, measure
from portsim.results.causes import Cause
from portsim.results.trace import Trace, longest_wait, trace_unit
from portsim.tables import plain
from portsim.views.traced import duration, trace_blocks
from tests.cases import cases, passenger, pool, port, reserve, stage, step, unit

MIN = 60_000


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    portsim.run("tiny", replications=2, folder=folder, keep="none")
    return folder


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def story(text: str) -> list[str]:
    """The lines of the story with single blanks: date where it is new, clocks, what happens."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    start, end = (number for number, line in enumerate(lines) if not line)
    return lines[start + 2 : end]


def followed(network: Network, traffic: Traffic, number: int) -> Trace:
    zones = dict.fromkeys(network.sides, "UTC")
    return trace_unit(Ledger(network, traffic, simulate(network, traffic)), number, zones)


def told(network: Network, traffic: Traffic, number: int) -> list[str]:
    """What happens to a unit, without the clocks."""
    lines = story(plain(trace_blocks(followed(network, traffic, number), 0)))
    return [line.removeprefix("2025-01-01 ") for line in lines]


def minutes(steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(at * MIN, level) for at, level in steps]


# ---- the six trucks --------------------------------------------------------------------------------------------


def test_a_truck_that_comes_before_the_opening_waits_for_it(tiny):
    text = call("trace", str(tiny), "--unit", "0").stdout
    assert text.splitlines()[:4] == [
        "truck 0 of replication 0",
        "flow      outbound (truck, out)",
        "priority  ordinary",
        "aboard    1 person",
    ]
    assert story(text) == [
        "2025-01-01 07:50:00 comes to check, nobody ahead of it",
        "08:00:00 check begins in lane 0 (general), after 10 min (check was closed until 08:00)",
        "08:10:00 check is done, 10 min of work",
        "08:10:00 scan begins in lane 0 (general)",
        "08:25:00 scan is done, 15 min of work",
        "08:25:00 is out",
    ]
    assert [" ".join(line.split()) for line in text.splitlines()[-3:]] == [
        "waited 10 min",
        "worked on 25 min",
        "dwell (arrived to out) 35 min",
    ]


def test_a_truck_that_cannot_go_on_is_blocked_by_the_stage_ahead(tiny):
    text = call("trace", str(tiny), "--unit", "1").stdout
    assert story(text) == [
        "2025-01-01 08:00:00 comes to check, nobody ahead of it",
        "08:10:00 check begins in lane 0 (general), after 10 min (the only lane was taken)",
        "08:20:00 check is done, 10 min of work; cannot go on, and keeps its lane: at the door of scan, "
        "nobody ahead of it there",
        "08:25:00 goes on to scan, blocked until now for 5 min (the only lane was taken)",
        "08:25:00 scan begins in lane 0 (general)",
        "08:40:00 scan is done, 15 min of work",
        "08:40:00 is out",
    ]
    assert "blocked 5 min" in " ".join(text.split())
    third = call("trace", str(tiny), "--unit", "2").stdout
    assert story(third)[0] == "2025-01-01 08:05:00 comes to check, 1 ahead of it"


def test_the_unit_that_waited_longest_needs_no_number(tiny):
    document = json.loads(call("trace", str(tiny), "--longest", "--json").stdout)
    assert (document["schema"], document["unit"], document["replication"]) == ("portsim.trace/1", 5, 0)
    assert document["totals_ms"]["wait"] == (19 * 60 + 55) * MIN
    assert document["totals_ms"]["dwell"] == (20 * 60 + 20) * MIN
    assert document["arrived_at"] == "2025-01-01T12:05:00+08:00"
    check, scan = document["stays"]
    assert (check["stage"], check["lane"], check["started_at"]) == ("check", 0, "2025-01-02T08:00:00+08:00")
    assert check["queued"] == [{"cause": "closed", "from": check["joined"], "until": check["started"]}]
    assert scan["work"] == [{"from": scan["started"], "until": scan["ended"], "crew": None, "officers": 0}]
    assert portsim.trace(tiny).to_dict() == document
    assert str(portsim.trace(tiny, unit=5)) == call("trace", str(tiny), "--longest").stdout
    assert portsim.trace(tiny)._repr_html_().startswith("<div>")


# ---- what is refused -------------------------------------------------------------------------------------------


def test_a_unit_or_replication_that_is_not_there_is_refused_with_what_is(tiny, tmp_path):
    result = call("trace", str(tiny), "--unit", "6")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "there is no unit 6: the replication has units 0 to 5\n"
    result = call("trace", str(tiny), "--unit", "0", "--replication", "1")
    assert result.exit_code == 3
    assert "the records of replication 1 were not kept (kept: 0): use --keep all" in result.stderr
    result = call("trace", str(tiny), "--unit", "0", "--replication", "9")
    assert result.exit_code == 3
    assert "there is no replication 9: it has " in result.stderr
    portsim.run("tiny", replications=1, folder=tmp_path / "bare", folder_keep="none", keep="none")
    result = call("trace", str(tmp_path / "bare"), "--longest")
    assert result.exit_code == 3
    assert "the records of no replication were kept: run with --keep first or --keep all" in result.stderr


@pytest.mark.parametrize("options", [[], ["--unit", "1", "--longest"]])
def test_one_of_a_number_and_longest_must_be_given(tiny, options):
    result = call("trace", str(tiny), *options)
    assert result.exit_code == 2
    assert "give --unit N or --longest, one of the two" in result.stderr


def test_a_unit_that_never_arrived_is_refused(tmp_path):
    """The port may hold two; the third of ten stops the run, so that the others never come."""
    text = (
        "portsim: 1\nname: Stops\nport: test\nfrom: 2025-03-03 00:00\nto: 2025-03-04 00:00\n"
        "limits: {units_in_port: 2}\nsides: {own: {timezone: Asia/Shanghai}}\n"
        "stages: {check: {lanes: 1, service: 2 h}}\n"
        "flows: {out: {kind: truck, direction: out, journey: [check], arrivals: {every: 10 min}}}\n"
    )
    portsim.run(portsim.load_text(text), replications=1, folder=tmp_path / "run", keep="none")
    with pytest.raises(ScenarioError, match="unit 9 never arrived: the run ended before its time"):
        portsim.trace(tmp_path / "run", unit=9)
    ending = story(str(portsim.trace(tmp_path / "run", unit=1)))[-1]
    assert ending.endswith(
        "is still in the port as the run ends, waiting at check for 10 min (the only lane was taken)"
    )


def test_records_of_another_scenario_are_refused(tmp_path):
    portsim.run("tiny", replications=1, folder=tmp_path / "run", keep="none")
    path = tmp_path / "run" / "scenario.yaml"
    document = yamlfile.parse(path.read_text("utf-8"), "scenario.yaml").value
    document["flows"]["outbound"]["journey"] = ["scan", "check"]
    path.write_text(yamlfile.dump(document), "utf-8")
    with pytest.raises(ScenarioError, match="its records are not of its scenario: `portsim verify` says what was"):
        portsim.trace(tmp_path / "run")


def test_nobody_waited_longest_where_nobody_came():
    network, traffic = port([stage("check")], [unit(2000, [(0, 5)])])
    with pytest.raises(ScenarioError, match="no unit that arrived in the measured stretch was let in"):
        longest_wait(Ledger(network, traffic, simulate(network, traffic)))
    with pytest.raises(ScenarioError, match="unit 0 never arrived"):
        followed(network, traffic, 0)


# ---- what it waits for -----------------------------------------------------------------------------------------


def test_lanes_officers_and_hours_are_told_apart():
    """Two lanes, open from 00:10, and one officer: of the lanes one is always free, so it is officers that lack."""
    network, traffic = port(
        [stage("check", lanes=2, is_open=minutes([(10, 1)]), pool=0)],
        [unit(0, [(0, 20 * MIN)]), unit(0, [(0, 30 * MIN)]), unit(5 * MIN, [(0, MIN)])],
        [pool(1)],
        end=200 * MIN,
    )
    assert told(network, traffic, 2) == [
        "00:05:00 comes to check, 2 ahead of it",
        "01:00:00 check begins in lane 0 (general) with 1 officer of police:0, after 55 min "
        "(5 min check was closed until 00:10, then 50 min the only officer on duty was not free)",
        "01:01:00 check is done, 1 min of work",
        "01:01:00 is out",
    ]


def test_no_lane_open_and_lanes_taken_are_told_apart():
    network, traffic = port(
        [stage("check", lanes=minutes([(10, 3)]))],
        [*(unit(0, [(0, 20 * MIN)]) for _ in range(3)), unit(0, [(0, MIN)])],
        end=60 * MIN,
    )
    ahead = [told(network, traffic, number)[0].removeprefix("00:00:00 comes to check, ") for number in range(4)]
    assert ahead == ["nobody ahead of it", "1 ahead of it", "2 ahead of it", "3 ahead of it"]
    assert told(network, traffic, 3)[1] == (
        "00:30:00 check begins in lane 0 (general), after 30 min "
        "(10 min no lane was open, then 20 min all 3 lanes were taken)"
    )


def test_nobody_on_duty_and_being_passed_are_said():
    """One lane; officers from 10 on. Unit 1 has priority, so it goes before unit 0, which came first."""
    network, traffic = port(
        [stage("check", lanes=1, pool=0)],
        [unit(0, [(0, 5 * MIN)]), unit(MIN, [(0, 5 * MIN)], priority=-1)],
        [pool(minutes([(10, 1)]))],
        end=60 * MIN,
    )
    assert told(network, traffic, 0)[:2] == [
        "00:00:00 comes to check, nobody ahead of it",
        "00:15:00 check begins in lane 0 (general) with 1 officer of police:0, after 15 min (10 min no officer was "
        "on duty, then 5 min the only lane was taken); 1 unit that came later went first",
    ]
    assert told(network, traffic, 1)[0] == "00:01:00 comes to check, nobody ahead of it"


def test_many_stretches_are_added_up_by_cause():
    """Open ten minutes in twenty. Unit 0 has the lane from 00:10 and is finished at 00:35, when the stage is open."""
    hours = [(at, at // 10 % 2) for at in range(10, 70, 10)]
    network, traffic = port(
        [stage("check", lanes=1, is_open=minutes(hours))],
        [unit(0, [(0, 25 * MIN)]), unit(0, [(0, 20 * MIN)]), unit(0, [(0, MIN)])],
        end=90 * MIN,
    )
    assert told(network, traffic, 1)[1].endswith(
        "after 35 min (20 min check was closed, 2 times; 15 min the only lane was taken, 2 times)"
    )


def test_a_full_waiting_space_keeps_units_outside_and_blocks_those_behind():
    """One may wait at the gate: unit 1 does, unit 2 is blocked in the check lane, unit 3 is outside the check."""
    network, traffic = port(
        [stage("check", waiting_space=0), stage("gate", waiting_space=1)],
        [unit(number, [(0, MIN), (1, 30 * MIN)]) for number in range(4)],
        end=200 * MIN,
    )
    assert told(network, traffic, 2)[3:6] == [
        "00:03:00 check is done, 1 min of work; cannot go on, and keeps its lane: at the door of gate, "
        "nobody ahead of it there",
        "00:31:00 goes on to gate, blocked until now for 28 min (no room to wait at gate), nobody ahead of it",
        "01:01:00 gate begins in lane 0 (general), after 30 min (the only lane was taken)",
    ]
    assert told(network, traffic, 3)[:2] == [
        "00:00:00 comes and stands outside check, 2 ahead of it there",
        "00:31:00 goes in at check after 31 min (the only lane was taken)",
    ]


def test_an_interrupted_service_says_by_what_and_who_goes_on():
    """Ten minutes of work from 00:00; crew 0 goes at 00:04, crew 1 comes at 00:06, and the stage closes 00:08-00:20."""
    network, traffic = port(
        [stage("check", pool=0, is_open=minutes([(0, 1), (8, 0), (20, 1)]), closing="suspend")],
        [unit(0, [(0, 10 * MIN)])],
        [pool(minutes([(0, 1), (4, 0)]), minutes([(6, 1)]), end_of_shift="hand_over")],
        end=60 * MIN,
    )
    assert told(network, traffic, 0) == [
        "00:00:00 comes to check",
        "00:00:00 check begins in lane 0 (general) with 1 officer of police:0",
        "00:04:00 is interrupted: its officers go off duty",
        "00:06:00 check goes on with 1 officer of police:1",
        "00:08:00 is interrupted: check closes",
        "00:20:00 check goes on with 1 officer of police:1",
        "00:24:00 check is done, 10 min of work",
        "00:24:00 is out",
    ]
    trace = followed(network, traffic, 0)
    assert (trace.worked_ms, trace.paused_ms, trace.dwell_ms) == (10 * MIN, 14 * MIN, 24 * MIN)


def test_a_service_taken_over_without_a_gap_says_so():
    network, traffic = port(
        [stage("check", pool=0)],
        [unit(0, [(0, 10 * MIN)])],
        [pool(minutes([(0, 1), (4, 0)]), minutes([(4, 1)]), end_of_shift="hand_over")],
        end=60 * MIN,
    )
    assert told(network, traffic, 0)[2] == "00:04:00 1 officer of police:1 take over"


def test_waves_appointments_passengers_and_reserves_are_reasons_too():
    wave, traffic = port([stage("check", waves=[(30 * MIN, 5)])], [unit(0, [(0, MIN)])], end=60 * MIN)
    assert "after 30 min (it was not called in)" in told(wave, traffic, 0)[1]
    early, traffic = port([stage("check")], [unit(0, [step(0, MIN, hold=9 * MIN)])], end=60 * MIN)
    assert "after 9 min (before its time)" in told(early, traffic, 0)[1]
    bus, traffic = port(
        [stage("hall"), stage("yard", lanes=None)],
        [unit(0, [(1, MIN), step(1, MIN, join=True)]), passenger(0, 0, [(0, 20 * MIN)])],
        end=60 * MIN,
    )
    trace = followed(bus, traffic, 0)
    assert (trace.rejoin_ms, trace.wait_ms, trace.dwell_ms) == (19 * MIN, 0, 21 * MIN)
    assert "after 19 min (its passengers were still inside)" in " ".join(told(bus, traffic, 0))
    called, traffic = port(
        [stage("check", pool=0)],
        [unit(0, [(0, MIN)])],
        [pool(0, reserves=[reserve(1, [0], call_at=1, close_at=0, ready_in=15 * MIN)])],
        end=60 * MIN,
    )
    assert told(called, traffic, 0)[1] == (
        "00:15:00 check begins in lane 0 (general) with 1 officer of police:1, after 15 min (no officer was on duty)"
    )


def test_lanes_kept_for_others_are_a_reason():
    """The green lane helps unit 2, but not while unit 1, whose own it is, waits for its time at 00:05."""
    own, helped = ((1, False),), ((0, False), (1, True))
    network, traffic = port(
        [stage("check", lanes={0: 1, 1: 1}, pool=0, officers=1)],
        [unit(0, [step(0, 10 * MIN, roles=((0, False),))]), unit(0, [step(0, MIN, hold=5 * MIN, roles=own)]),
         unit(0, [step(0, MIN, roles=helped)])],
        [pool(2)],
        end=60 * MIN,
    )  # fmt: skip
    assert (
        "after 6 min (5 min free lanes were kept for others, then 1 min both lanes were taken)"
        in told(network, traffic, 2)[1]
    )


def test_those_who_give_up_are_turned_away_or_still_stand_say_so():
    network, traffic = port(
        [stage("check", waiting_space=0), stage("gate", waiting_space=0, is_open=0)],
        [
            unit(0, [(0, MIN), (1, MIN)]),
            unit(0, [(0, MIN)], patience=10 * MIN),
            unit(0, [(0, MIN)], when_full="turn_away"),
        ],
        end=60 * MIN,
    )
    assert told(network, traffic, 0)[-1] == (
        "01:00:00 is still in the port as the run ends, at the door of gate for 59 min (gate was closed)"
    )
    assert told(network, traffic, 1) == [
        "00:00:00 comes and stands outside check, nobody ahead of it there",
        "00:10:00 leaves unserved: its patience is over",
    ]
    assert told(network, traffic, 2)[-1] == "00:00:00 is turned away: there is no room for it"
    lines = plain(trace_blocks(followed(network, traffic, 0), 0))
    assert "at least 59 min" in lines
    assert "measured  no: it was turned away" in plain(trace_blocks(followed(network, traffic, 2), 0))


def test_the_clock_of_the_other_side_stands_beside_the_ports(tmp_path):
    text = (
        "portsim: 1\nname: Two clocks\nport: test\nfrom: 2025-03-03 00:00\nto: 2025-03-05 00:00\n"
        "sides: {own: {timezone: Asia/Shanghai}, other: {timezone: Asia/Bishkek, open: '08:00-22:00'}}\n"
        "stages: {check: {side: own, lanes: 1, service: 10 min}, entry: {side: other, lanes: 1, service: 5 min}}\n"
        "flows: {out: {kind: truck, direction: out, journey: [check, entry], arrivals: {timetable: [{at: '00:50'}]}}}\n"
    )
    portsim.run(portsim.load_text(text), replications=1, folder=tmp_path / "run", keep="none")
    trace = portsim.trace(tmp_path / "run", unit=0)
    assert "            Asia/Shanghai  Asia/Bishkek" in str(trace).splitlines()
    assert story(str(trace))[:4] == [
        "2025-03-03 00:50:00 22:50:00 (02 Mar) comes to check",
        "00:50:00 22:50:00 (02 Mar) check begins in lane 0 (general)",
        "01:00:00 23:00:00 (02 Mar) check is done, 10 min of work",
        "01:00:00 23:00:00 (02 Mar) comes to entry, nobody ahead of it",
    ]
    assert story(str(trace))[4] == (
        "10:00:00 08:00:00 entry begins in lane 0 (general), after 9 h 00 min (entry was closed until 08:00)"
    )
    assert trace.to_dict()["stays"][1]["started_at"] == "2025-03-03T08:00:00+06:00"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"), (7, "0.007 s"), (45_000, "45 s"), (60_000, "1 min"), (200_000, "3 min 20 s"),
        (3_599_600, "1 h 00 min"), (125 * MIN, "2 h 05 min"), (28 * 60 * MIN, "1 d 4 h 00 min"),
    ],
)  # fmt: skip
def test_lengths_of_time_are_written_for_people(ms, text):
    assert duration(ms) == text


# ---- laws ------------------------------------------------------------------------------------------------------


def _may_be_helped(network: Network, traffic: Traffic, number: int, step_number: int) -> bool:
    roles = int(traffic.roles[traffic.first[number] + step_number])
    return roles != NONE and any(is_helped for _, is_helped in network.role_lists[roles])


@given(cases())
def test_a_units_day_has_no_gap_and_agrees_with_the_measures(case):
    """Dwell is wait, waiting for passengers, work, pauses and blocked time; the longest wait is the measured one.

    Whoever waits inside without any other cause waits because the lanes that are free only help it.
    """
    network, traffic = case
    ledger = Ledger(network, traffic, simulate(network, traffic))
    zones = dict.fromkeys(network.sides, "UTC")
    traces = [trace_unit(ledger, int(number), zones) for number in ledger.units["unit"]]
    for trace in traces:
        parts = (trace.wait_ms, trace.rejoin_ms, trace.worked_ms, trace.paused_ms, trace.blocked_ms)
        assert trace.dwell_ms == sum(parts)
        assert trace.dwell_ms == (trace.end if trace.out is None else trace.out) - trace.arrived
        for step_number, stay in enumerate(trace.stays):
            if not _may_be_helped(network, traffic, trace.unit, step_number):
                assert Cause.OTHERS_FIRST not in {stretch.cause for stretch in stay.queued}
            for stretches in (stay.at_door, stay.queued):
                assert all(one.end == other.start for one, other in pairwise(stretches))
        outside = [stretch for stay in trace.stays if stay.is_first for stretch in stay.at_door]
        queued = [s for stay in trace.stays for s in stay.queued if s.cause is not Cause.PASSENGERS]
        assert trace.wait_ms == sum(stretch.end - stretch.start for stretch in (*outside, *queued))
        doors = [stretch for stay in trace.stays if not stay.is_first for stretch in stay.at_door]
        assert trace.blocked_ms == sum(stretch.end - stretch.start for stretch in doors)
    if any(trace.is_measured for trace in traces):
        values = {
            row.metric: row.value
            for row in measure(network, traffic, ledger.records, {})
            if row.flow is None and row.stage is None
        }
        assert traces[[t.unit for t in traces].index(longest_wait(ledger))].wait_ms == pytest.approx(
            values["wait_max_min"] * MIN
        )
