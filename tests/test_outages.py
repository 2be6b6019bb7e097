"""Stages that break down (rule 32): from scenario text to the draws, the run, and what is said of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import portsim as ps
from portsim import yamlfile
from portsim.errors import ScenarioError
from portsim.experiments import Replication, replicate, verify
from portsim.model import lower, with_outages
from portsim.model.distributions import durations
from portsim.model.network import Closed, Network
from portsim.model.outages import MOST_AT_ONCE, draw_outages
from portsim.model.streams import Streams
from portsim.results import Ledger
from portsim.results.days import count_days
from portsim.results.hours import count_hours
from portsim.results.runtables import RunTables
from portsim.results.trace import trace_unit
from portsim.scenario import Scenario, json_schema, load_text
from portsim.scenario.capacity import describe_lanes, describe_waves, loads
from portsim.scenario.check import report_on
from portsim.scenario.levels import DAY_MS, Distribution
from portsim.scenario.scenario import Outages
from portsim.tables import plain
from portsim.views.checked import check_blocks
from portsim.views.plots import Folder, Memory
from portsim.views.traced import trace_blocks
from tests.scenarios import exponential, fixed, flow, per_day, port, side, stage
from tests.test_check import fits

HOUR = 3_600_000
MINUTE = 60_000

PORT = """\
portsim: 1
name: Breakdowns
port: paper
from: 2025-03-03 00:00
to: 2025-03-05 00:00
sides:
  own: {timezone: UTC}
stages:
  check: {lanes: 2, service: 5 min}
  scan: {lanes: 1, service: 20 min, MORE}
flows:
  out: {kind: truck, direction: out, journey: [check, scan], arrivals: {every: 37 min}}
"""


def text_of(outages: str = "{every: 10 h, last: 2 h}", more: str = "", after: str = "") -> str:
    return PORT.replace("MORE", f"outages: {outages}{more}") + after


def scenario_of(*text: str, plan: str | None = None) -> Scenario:
    return load_text(text_of(*text), plan=plan)


def problems(*text: str, plan: str | None = None) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(text_of(*text), plan=plan)
    return [str(problem).removeprefix("scenario.yaml:") for problem in raised.value.problems]


def of_replication(scenario: Scenario, number: int = 0, seed: int = 1) -> Network:
    return with_outages(scenario, lower(scenario), seed=seed, replication=number)


def spans(network: Network, name: str) -> list[tuple[int, int]]:
    """The outages of a stage, by its name."""
    numbers = {stage.name: number for number, stage in enumerate(network.stages)}
    return [(outage.start, outage.end) for outage in network.outages if outage.stage == numbers[name]]


def hours_open(network: Network, stage: int) -> list[tuple[float, int]]:
    return [(tick / HOUR, level) for tick, level in network.stages[stage].is_open.pairs()]


def played(scenario: Scenario, replications: int = 1, **more: Any) -> list[Replication]:
    return list(replicate(scenario, replications=replications, keep="all", **more).kept)


def value(replication: Replication, metric: str, stage: str) -> float:
    return next(one.value for one in replication.measures if (one.metric, one.stage) == (metric, stage))


# From text ------------------------------------------------------------------------------------------------------------


def test_how_often_and_how_long_are_durations_or_distributions():
    scan = (
        scenario_of("{every: {exponential: {mean: 10 d}}, last: {lognormal: {mean: 3 h, cv: 0.5}}}")
        .regimes[0]
        .stages[1]
    )
    assert scan.outages == Outages(
        every=Distribution("exponential", {"mean": 240 * HOUR}),
        last=Distribution("lognormal", {"mean": 3 * HOUR, "cv": 0.5}),
    )
    assert scan.outages.availability == 240 / 243
    assert scenario_of().regimes[0].stages[1].outages == Outages(fixed(10 * HOUR), fixed(2 * HOUR))
    assert scenario_of().regimes[0].stages[0].outages is None


@pytest.mark.parametrize(
    ("outages", "said"),
    [
        (
            "{every: 10 d}",
            "10:37: stages.scan.outages.last: is required: how long one outage lasts, a duration or a distribution",
        ),
        (
            "{last: 3 h}",
            "10:37: stages.scan.outages.every: is required: from the end of one outage to the beginning of the next, "
            "a duration or a distribution",
        ),
        ("3 h", "10:46: stages.scan.outages: got '3 h'; write a map with the keys every, last"),
        (
            "{every: 0 h, last: 3 h}",
            "10:54: stages.scan.outages.every: has a mean of 0 s, and 1 min is the least; what is as short belongs to "
            "`service`",
        ),
        (
            "{every: {exponential: {mean: 59 s}}, last: 3 h}",
            "10:54: stages.scan.outages.every: has a mean of 59 s, and 1 min is the least; what is as short belongs to "
            "`service`",
        ),
        (
            "{every: 10 d, last: 0 h}",
            "10:66: stages.scan.outages.last: has a mean of 0 s; for no outages leave `outages` out",
        ),
        (
            "{every: {exponential: {mean: 0 h}}, last: 3 h}",
            "10:75: stages.scan.outages.every.exponential.mean: got '0 h'; a mean is above 0 (write {fixed: 0 s} for "
            "no time at all)",
        ),
        (
            "{every: 10 d, last: 3}",
            "10:66: stages.scan.outages.last: got 3, which has no unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "{evry: 10 d, last: 3 h}",
            "10:47: stages.scan.outages.evry: unknown key; did you mean 'every'?",
        ),
    ],
)
def test_outages_that_mean_nothing_are_refused_where_they_stand(outages, said):
    assert said in problems(outages)


def test_a_time_below_zero_is_refused():
    [problem] = problems("{every: -1 h, last: 3 h}")
    assert problem.startswith("10:54: stages.scan.outages.every: got '-1 h'")


def test_repairs_may_stand_in_a_file(tmp_path):
    """The mean of 1 h, 2 h and 6 h; a file of zeros is refused like a zero that is written."""
    (tmp_path / "repairs.csv").write_text("hours\n1\n2\n6\n")
    (tmp_path / "none.csv").write_text("hours\n0\n0\n")
    text = text_of("{every: 9 d, last: {empirical: {file: repairs.csv, column: hours, unit: h}}}")
    scan = load_text(text, folder=tmp_path).regimes[0].stages[1]
    assert scan.outages.last.mean_ms == 3 * HOUR
    with pytest.raises(ScenarioError, match=r"outages\.last: has a mean of 0 s"):
        load_text(text.replace("repairs.csv", "none.csv"), folder=tmp_path)


def test_a_dated_change_cannot_set_outages():
    [problem] = problems(
        "{every: 10 d, last: 3 h}", "", "changes: [{at: 2025-03-04, set: {stages.scan.outages: null}}]\n"
    )
    assert "a change cannot set stages.scan.outages; allowed: " in problem


def test_a_plan_may_change_one_of_the_two_or_remove_them():
    plans = "plans:\n  slow: {stages.scan.outages.last: 4 h}\n  spare: {stages.scan.outages: null}\n"
    where = ("{every: {exponential: {mean: 10 d}}, last: 2 h}", "", plans)
    slow = scenario_of(*where, plan="slow").regimes[0].stages[1].outages
    assert slow == Outages(exponential(240 * HOUR), fixed(4 * HOUR))
    assert scenario_of(*where, plan="spare").regimes[0].stages[1].outages is None


def test_their_numbers_need_sources_like_all_others():
    outages = "{every: {exponential: {mean: 10 d}}, last: {assumed: a guess, value: 3 h}}"
    sources = {source.path: (source.text, source.kind) for source in scenario_of(outages).sources}
    assert sources["stages.scan.outages.every.exponential.mean"] == ("10 d", "none")
    assert sources["stages.scan.outages.last"] == ("3 h", "assumed")


def test_the_json_schema_knows_them():
    schema = json_schema()
    for outages, is_right in [("{every: 10 d, last: 3 h}", True), ("{every: 10 d}", False), ("10 d", False)]:
        assert fits(yamlfile.parse(text_of(outages), "x.yaml").value, schema, schema) is is_right


# Draws ----------------------------------------------------------------------------------------------------------------


def test_a_stage_works_then_is_out_then_works_from_the_start_of_the_run_on():
    network = of_replication(scenario_of())
    assert network.outages == tuple(Closed(1, at * HOUR, (at + 2) * HOUR) for at in (10, 22, 34, 46))
    assert hours_open(network, 1) == [
        (0, 1), (10, 0), (12, 1), (22, 0), (24, 1), (34, 0), (36, 1), (46, 0), (48, 1),
    ]  # fmt: skip
    assert hours_open(network, 0) == [(0, 1)]


def test_hours_and_closures_stay_as_they_are_beside_outages():
    """Open 8 to 11, out 10 to 12: open 8 to 10. `closures`, which recoveries follow, are those on the calendar only."""
    paper = lower(scenario_of("{every: 10 h, last: 2 h}", ', open: "08:00-11:00", closed: [2025-03-04]'))
    network = of_replication(scenario_of("{every: 10 h, last: 2 h}", ', open: "08:00-11:00", closed: [2025-03-04]'))
    assert hours_open(network, 1) == [(8, 1), (10, 0)]
    assert network.stages[1].on_paper.pairs() == paper.stages[1].is_open.pairs() == [(8 * HOUR, 1), (11 * HOUR, 0)]
    assert network.closures == paper.closures == (Closed(1, 24 * HOUR, 48 * HOUR),)


def test_without_outages_the_network_is_the_same_object():
    paper = lower(port())
    assert with_outages(port(), paper, seed=1, replication=0) is paper


def test_outages_that_touch_are_one_and_those_without_length_none():
    """Gaps of 0 or 10 min, outages of 0 or 10 min: whatever is drawn, each begins after the one before is over."""
    either = Distribution("empirical", {"values": (0, 10 * MINUTE)})
    starts, ends = draw_outages("scan", Outages(either, either), Streams(1, 0), DAY_MS)
    gaps = np.diff(np.stack((starts, ends), axis=1).ravel())
    assert gaps.min() >= 10 * MINUTE and gaps.max() > 10 * MINUTE
    assert starts[0] >= 0 and ends[-1] <= DAY_MS


def one_by_one(stage: str, outages: Outages, streams: Streams, end: int) -> list[tuple[int, int]]:
    """The rule read literally: row k of both streams for outage k."""
    found: list[tuple[int, int]] = []
    tick = k = 0
    while tick < end:
        start = tick + int(durations(outages.every, streams.uniforms("outage every", stage, count=1, skip=k))[0])
        tick = start + int(durations(outages.last, streams.uniforms("outage last", stage, count=1, skip=k))[0])
        k += 1
        if start < end and found and found[-1][1] == start:
            found[-1] = (found[-1][0], min(tick, end))
        elif start < min(tick, end):
            found.append((start, min(tick, end)))
    return found


MEANS = st.integers(MINUTE, 2 * DAY_MS)


@given(every=MEANS, last=MEANS, cv=st.sampled_from([0.5, 3.0, 20.0]), end=st.integers(1, 5 * DAY_MS))
def test_drawing_in_blocks_gives_what_the_rule_says(every, last, cv, end):
    outages = Outages(Distribution("gamma", {"mean": every, "cv": cv}), exponential(last))
    starts, ends = draw_outages("scan", outages, Streams(3, 1), min(end, 200 * (every + last)))
    expected = one_by_one("scan", outages, Streams(3, 1), min(end, 200 * (every + last)))
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == expected


def test_more_outages_than_one_block_holds_are_drawn_to_the_end():
    outages = Outages(fixed(MINUTE), fixed(MINUTE))
    end = (2 * MOST_AT_ONCE + 100) * 2 * MINUTE
    starts, ends = draw_outages("scan", outages, Streams(1, 0), end)
    assert starts.size == 2 * MOST_AT_ONCE + 100
    assert np.all(starts == MINUTE * (2 * np.arange(starts.size) + 1)) and np.all(ends == starts + MINUTE)


BREAKS = Outages(exponential(6 * HOUR), exponential(2 * HOUR))


def test_the_same_seed_and_replication_give_the_same_outages_whatever_else_the_port_has():
    scan = stage("scan", outages=BREAKS)
    alone = spans(of_replication(port(stages=[scan])), "scan")
    assert len(alone) > 10
    others = [
        port(
            stages=[stage("check", outages=BREAKS), scan, stage("yard", lanes=None)],
            flows=[flow("in", ["check", "scan"])],
        ),
        port(stages=[stage("scan", lanes=9, hours={"8-20": 1}, closing="suspend", outages=BREAKS)]),
        port(stages=[scan], sides=[side(hours={"10-14": 1})], flows=[flow("out", ["scan"], per_day(500))]),
    ]
    for other in others:
        assert spans(of_replication(other), "scan") == alone
    assert spans(of_replication(others[0]), "check") != alone


def test_seed_and_replication_each_give_other_outages():
    scenario = port(stages=[stage("scan", outages=BREAKS)])
    found = [tuple(spans(of_replication(scenario, *address), "scan")) for address in ((0, 1), (1, 1), (0, 2))]
    assert len(set(found)) == 3


def test_a_longer_run_begins_with_the_outages_of_the_shorter():
    short, long = (
        spans(of_replication(port(stages=[stage("scan", outages=BREAKS)], end=end)), "scan")
        for end in ("2025-03-06 00:00", "2025-03-20 00:00")
    )
    assert long[: len(short) - 1] == short[:-1]


def test_a_plan_with_another_length_moves_the_outages_of_that_stage_only():
    """Each outage is twice as long, and each time of work as long as before."""
    longer = Outages(BREAKS.every, exponential(4 * HOUR))
    base, plan = (
        of_replication(port(stages=[stage("check", outages=BREAKS), stage("scan", outages=outages)]))
        for outages in (BREAKS, longer)
    )
    assert spans(plan, "check") == spans(base, "check")
    before, after = np.array(spans(base, "scan")), np.array(spans(plan, "scan"))
    both = min(len(before), len(after)) - 1
    assert both > 5
    assert np.all(np.abs(2 * np.diff(before[:both]) - np.diff(after[:both])) <= 1)
    assert np.array_equal(before[1:both, 0] - before[: both - 1, 1], after[1:both, 0] - after[: both - 1, 1])


def test_the_time_out_is_what_theory_says_of_works_and_repairs():
    """Exponential times: out for a/(a+b) of T less a/(a+b)^2 (1 - e^-(a+b)T), with a = 1/every and b = 1/last.

    The second term is the start: it begins at work (Ross, "Stochastic Processes", 2nd ed., section 5.4).
    """
    end = 100 * DAY_MS
    a, b = 1 / BREAKS.every.mean_ms, 1 / BREAKS.last.mean_ms
    out = []
    for replication in range(200):
        starts, ends = draw_outages("scan", BREAKS, Streams(1, replication), end)
        out.append(float(np.sum(ends - starts)))
    expected = a / (a + b) * end - a / (a + b) ** 2 * (1 - math.exp(-(a + b) * end))
    error = float(np.std(out, ddof=1)) / math.sqrt(len(out))
    assert error < 0.01 * expected
    assert abs(np.mean(out) - expected) < 4 * error


def test_a_long_run_is_out_for_its_share_of_the_time():
    """2 h in 8 h for 60 days: within the interval that results give, for times that are not exponential as well."""
    outages = "{every: {weibull: {mean: 6 h, shape: 2}}, last: {lognormal: {mean: 2 h, cv: 1}}}"
    text = text_of(outages).replace("2025-03-05", "2025-05-02").replace("every: 37 min", "every: 10 d")
    run = replicate(load_text(text), replications=20)
    [row] = [row for row in run.rows if row.metric == "outage_h" and row.stage == "scan"]
    assert row.method == "t over replications" and row.unit == "h"
    assert row.ci_low < 60 * 24 / 4 < row.ci_high and row.ci_high - row.ci_low < 60


# Runs -----------------------------------------------------------------------------------------------------------------


def visits_of(closing: str) -> list[tuple[int, int]]:
    """Start and end in minutes of trucks that come every 37 min and need 20 min: the stage is out 60-90, 150-180 ..."""
    [replication] = played(load_text(text_of("{every: 1 h, last: 30 min}", f", closing: {closing}")))
    visits = replication.records.visits
    rows = visits["stage"] == 1
    return [
        (start // MINUTE, end // MINUTE)
        for start, end in zip(visits["started"][rows].tolist(), visits["ended"][rows].tolist(), strict=True)
    ]


@pytest.mark.parametrize(("closing", "ends"), [("finish", [62, 110, 136]), ("suspend", [92, 112, 136])])
def test_while_it_is_out_nothing_starts_and_services_finish_or_wait(closing, ends):
    """Trucks come to the scan at 42, 79, 116 min. The second waits until 90 in either case."""
    assert visits_of(closing)[:3] == list(zip((42, 90 if closing == "finish" else 92, 116), ends, strict=True))


def test_drivers_do_not_know_of_outages():
    """Gates that people stay away from when closed: an outage keeps nobody away, and moves no other draw."""
    arrivals = "{per_day: 200, when_closed: {stay_away: 50%, come_back: 2 h}}"
    text = PORT.replace("[check, scan]", "[scan]").replace("{every: 37 min}", arrivals)
    broken = load_text(text.replace("MORE", 'open: "08:00-20:00", outages: {every: 5 h, last: 5 h}'))
    sound = load_text(text.replace("MORE", 'open: "08:00-20:00"'))
    [one], [other] = played(broken), played(sound)
    assert one.traffic.stayed_away.tolist() == other.traffic.stayed_away.tolist() != [0]
    assert np.array_equal(one.traffic.arrived, other.traffic.arrived)
    assert np.array_equal(one.traffic.work, other.traffic.work)
    assert not np.array_equal(one.records.visits["started"], other.records.visits["started"])


def test_an_outage_of_a_stage_nobody_uses_changes_no_record(engine_name):
    plans = "plans:\n  sound: {stages.yard.outages: null}\n"
    text = text_of("{every: 7 h, last: 90 min}").replace(
        "flows:\n", "  yard: {lanes: 3, service: 1 h, outages: {every: 2 h, last: 1 h}}\nflows:\n"
    )
    [with_yard], [without] = (
        played(load_text(text + plans, plan=plan), engine=engine_name) for plan in (None, "sound")
    )
    assert len(with_yard.network.outages) > len(without.network.outages) > 0
    for name in ("units", "visits", "work", "levels"):
        table, other = getattr(with_yard.records, name), getattr(without.records, name)
        assert all(np.array_equal(table[column], other[column]) for column in table)


@pytest.mark.deep
def test_a_lane_that_breaks_down_keeps_to_theory(engine_name):
    """M/M/1 with exponential breakdowns, at work or idle, services suspended (White and Christie, 1958, Oper. Res. 6).

    Arrivals c = 0.5, rate m = 1, breakdowns a = 0.05, repairs b = 0.2 a minute: c ((a+b)^2 + a m) / ((a+b) (m b -
    c (a+b))) = 3 units on average in the port.
    """
    text = text_of("{every: {exponential: {mean: 20 min}}, last: {exponential: {mean: 5 min}}}", ", closing: suspend")
    text = text.replace("[check, scan]", "[scan]").replace("every: 37 min", "rate: 0.5/min")
    text = text.replace("service: 20 min", "service: {exponential: {mean: 1 min}}").replace("2025-03-05", "2025-03-08")
    text = text.replace("sides:", "measure_from: 2025-03-03 12:00\nsides:", 1)
    means = [
        next(one.value for one in replication.measures if one.metric == "in_port_mean")
        for replication in played(load_text(text), 40, engine=engine_name)
    ]
    error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    assert error < 0.1 and abs(np.mean(means) - 3) < 4 * error


# What is said of it ---------------------------------------------------------------------------------------------------


def test_hours_out_are_those_of_the_measured_stretch_open_or_not():
    """Out 10-12, 22-24, 34-36, 46-48; measured from 11:00: 1 + 2 + 2 + 2 hours. The check is never out."""
    for more in ("", ', open: "08:00-09:00"'):
        text = text_of("{every: 10 h, last: 2 h}", more)
        [one] = played(load_text(text.replace("sides:", "measure_from: 2025-03-03 11:00\nsides:", 1)))
        assert value(one, "outage_h", "scan") == 7.0
        assert value(one, "outage_h", "check") == 0.0


def test_lanes_of_a_stage_that_is_out_are_not_open():
    """Out 8 of 48 h: 40 lane-hours are open. Each of the trucks that come every 37 min takes 20 min."""
    [one] = played(scenario_of("{every: 10 h, last: 2 h}", ", closing: suspend"))
    hours = count_hours(one.network, one.traffic, one.records)
    at_scan = hours["stage"] == 1
    lanes = (hours["lanes_open_ms"][at_scan] / HOUR).tolist()
    assert lanes == [0.0 if hour in (10, 11, 22, 23, 34, 35, 46, 47) else 1.0 for hour in range(48)]
    in_service = float(hours["in_service_ms"][at_scan].sum()) / HOUR
    assert value(one, "lane_utilisation", "scan") == pytest.approx(in_service / 40)


def test_a_closing_by_chance_is_no_night():
    """Out 10-12 of a stage open 8 to 20: those waiting at 10:00 are not held over, those at 20:00 are."""
    slow = text_of("{every: 10 h, last: 2 h}", ', open: "08:00-20:00"').replace("service: 20 min", "service: 2 h")
    [one] = played(load_text(slow))
    visits = one.records.visits
    rows = visits["stage"] == 1
    held = []
    for close in (20 * HOUR, 44 * HOUR):
        started = visits["started"][rows]
        is_waiting = (visits["joined"][rows] <= close) & ((started > close) | (started < 0))
        held.append(int(is_waiting.sum()))
    assert value(one, "overnight", "scan") == sum(held) / 2


def test_a_closure_is_over_when_a_stage_that_is_out_is_back():
    """Closed until 24:00 and out from 23:00 to 02:00: what waits, waits until 2 h into the day."""
    text = text_of("{every: 23 h, last: 3 h}", ", closed: [2025-03-03]")
    [one] = played(load_text(text))
    first = one.records.visits["started"][one.records.visits["stage"] == 1]
    assert int(first[first >= 0].min()) == 26 * HOUR
    assert value(one, "recovered_share", "scan") in (0.0, 1.0)


def test_the_mean_day_is_over_days_that_differ():
    """Hourly lanes open are the mean of what each replication had: not those of the first, nor those on paper."""
    scenario = scenario_of("{every: {exponential: {mean: 10 h}}, last: {exponential: {mean: 2 h}}}")
    files: dict[str, bytes] = {}
    paper = lower(scenario)
    tables = RunTables(lambda path, pieces, rows: files.update({path: b"".join(pieces)}), paper, table_format="csv")
    runs = played(scenario, 3)
    for one in runs:
        days, hours = (count(one.network, one.traffic, one.records) for count in (count_days, count_hours))
        tables.add(one.number, one.measures, days, hours, None, end=one.network.end, is_stopped=False)
    tables.finish([])
    header, *lines = files["hourly.csv"].decode().splitlines()
    place = header.split(",").index("lanes_open")
    mean = [float(line.split(",")[place]) for line in lines if line.split(",")[3] == "scan"]
    each = [count_hours(one.network, one.traffic, one.records) for one in runs]
    at_scan = each[0]["stage"] == 1
    assert len({hours["lanes_open_ms"][at_scan].tobytes() for hours in each}) == 3
    assert mean == pytest.approx(np.mean([hours["lanes_open_ms"][at_scan] for hours in each], axis=0) / HOUR)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[ps.Run, Path]:
    """Three replications of a port whose scanner breaks down, in a folder and in memory."""
    folder = tmp_path_factory.mktemp("outages")
    (folder / "port.yaml").write_text(
        text_of("{every: {exponential: {mean: 10 h}}, last: {exponential: {mean: 2 h}}}", ", closing: suspend")
    )
    run = ps.run(ps.load(folder / "port.yaml"), replications=3, keep="all", folder=folder / "run", folder_keep="all")
    return run, folder / "run"


def test_a_folder_is_verified_with_the_outages_it_was_played_with(stored):
    assert verify(stored[1]).is_identical


def test_pictures_of_a_folder_and_of_memory_see_the_same_outages(stored):
    run, folder = stored
    one, other = Memory(run.data), Folder(folder)
    assert np.array_equal(one.hours.sums["lanes_open_ms"], other.hours.sums["lanes_open_ms"])
    assert np.array_equal(one.hours.waiting, other.hours.waiting)
    for mine, theirs in zip(one.waits(), other.waits(), strict=True):
        assert np.array_equal(mine.ms, theirs.ms)


def test_a_trace_tells_an_outage_from_a_closing():
    """Out 60-90 min: the truck in service at 60 min is interrupted by it, and the next waits for it."""
    scenario = scenario_of("{every: 1 h, last: 30 min}", ', closing: suspend, open: "00:00-02:00"')
    [one] = played(scenario)
    ledger = Ledger(one.network, one.traffic, one.records)
    said = [plain(trace_blocks(trace_unit(ledger, unit, {"own": "UTC"}), 0)) for unit in range(3)]
    assert "is interrupted: scan is out" in said[0]
    assert "scan was out until 01:30" in said[1]
    assert "scan is closed" not in said[0]


def test_a_trace_tells_when_a_stage_closes_while_it_is_out():
    """Out 90-210 min and closed from 120 min on: who comes at 116 min finds it out for 4 min, closed from then on."""
    [one] = played(scenario_of("{every: 90 min, last: 2 h}", ', closing: suspend, open: "00:00-02:00"'))
    trace = trace_unit(Ledger(one.network, one.traffic, one.records), 2, {"own": "UTC"})
    causes = [(str(part.cause), part.start // MINUTE) for stay in trace.stays for part in stay.queued]
    assert causes[:2] == [("out", 116), ("closed", 120)]
    interrupted = trace_unit(Ledger(one.network, one.traffic, one.records), 1, {"own": "UTC"})
    pauses = [(str(part.cause), part.start // MINUTE) for stay in interrupted.stays for part in stay.pauses]
    assert pauses[:2] == [("out", 90), ("closed", 120)]


def test_a_trace_of_a_folder_knows_the_outages(stored):
    _, folder = stored
    said = [str(ps.trace(folder, unit=unit)) for unit in range(40)]
    assert any("scan was out" in one for one in said)
    assert not any("scan was closed" in one for one in said)


def test_check_takes_the_mean_time_out_off_the_lanes_and_says_so():
    """10 h of 12: of 24 lane-hours a day 20 are left; trucks every 37 min need 13 of them."""
    scenario = scenario_of()
    check, scan = loads(scenario)
    assert (check.availability, check.lane_hours_open) == (1.0, 48.0)
    assert scan.availability == 10 / 12
    assert scan.lane_hours_open == pytest.approx(20)
    assert scan.lane_load == pytest.approx(24 * 60 / 37 / 3 / 20)
    assert describe_lanes(scan, "UTC").endswith("20 are open (outages, 16.7 % of the time, taken off)")
    assert "outages" not in describe_lanes(check, "UTC")
    said = plain(check_blocks(report_on(scenario)))
    assert "Less what outages take on average: scan is out 16.7 % of the time." in said


def test_check_takes_it_off_waves_and_off_officers_of_one_stage_too():
    """48 waves of 2 a day, of which 5 in 6 are called; 24 officer-hours, of which 20 are of use."""
    waves = ", waves: {every: 30 min, up_to: 2}, officers: {police: 1}"
    text = text_of("{every: 10 h, last: 2 h}", waves).replace("stages:", "officers:\n  police: {level: 1}\nstages:", 1)
    scan = loads(load_text(text))[1]
    assert scan.called_per_day == pytest.approx(80)
    assert scan.officer_hours_on_duty == pytest.approx(20)
    assert "at most 80 are called (outages, 16.7 % of the time, taken off)" in describe_waves(scan, "UTC")
    shared = text.replace("check: {lanes: 2, ", "check: {lanes: 2, officers: {police: 1}, ")
    assert loads(load_text(shared))[1].officer_hours_on_duty == pytest.approx(24)


def test_a_description_says_how_often_a_stage_breaks_down(tmp_path):
    (tmp_path / "port.yaml").write_text(text_of("{every: {exponential: {mean: 10 d}}, last: 3 h}"))
    said = str(ps.describe(tmp_path / "port.yaml"))
    assert "after mean 10 d (exponential); for always 3 h; 1.23 % of the time in the long run" in said
    assert "A stage that breaks down is closed meanwhile" in said


def test_a_summary_has_a_column_of_hours_out_where_a_stage_breaks_down(stored):
    sound = ps.run(scenario_of("{every: 9 d, last: 1 h}"), replications=1)
    assert "hours out" in str(stored[0])
    assert "hours out" not in str(sound)


def test_what_the_reference_says_can_be_written_is_read(tmp_path):
    (tmp_path / "repairs.csv").write_text("hours\n1\n2\n6\n")
    page = (Path(__file__).parent.parent / "docs" / "scenario-reference.md").read_text("utf-8")
    table = page.split("\n## Breakdowns\n")[1].split("\n## ")[0]
    written = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `{")]
    assert len(written) == 3
    for outages in written:
        assert load_text(text_of(outages), folder=tmp_path).regimes[0].stages[1].outages is not None
