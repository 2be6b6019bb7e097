"""Long runs played part by part: the same units, the same records, the same figures, however the run is cut."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import portsim as ps
from portsim.engines import compiled, simulate
from portsim.errors import LimitError, ScenarioError
from portsim.experiments.findings import Finder, find
from portsim.experiments.parts import play_in_parts, settled, visits_of
from portsim.model import Drawing, draw, lower, with_outages
from portsim.model.network import NONE, Network
from portsim.model.records import UNITS, VISITS, WORK, Records, Table, table
from portsim.model.traffic import DTYPES, Traffic, join
from portsim.results import Measure, measure
from portsim.results.days import DayTally, count_days
from portsim.results.ledger import Ledger
from portsim.results.measuring import Measuring
from portsim.results.spread import BIN_ERROR, Binned, Every, bins_of, middle_of
from portsim.scenario import load, load_text, shipped_scenarios
from portsim.scenario.region import Region
from portsim.scenario.scenario import Scenario
from tests.cases import cases, described, difference, seeded

DAY = 86_400_000
NO_FIGURES = {"mean": 0.0, "sd": 0.0, "ci_low": 0.0, "ci_high": 0.0, "method": ""}
TABLES = (("units", UNITS, ("unit",)), ("visits", VISITS, ("step", "unit")), ("work", WORK, ("from", "step", "unit")))


# A run cut at any ticks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One part of a run as it was played; numbers : of its units in the whole traffic."""

    traffic: Traffic
    records: Records
    since: int
    settled: np.ndarray | None
    numbers: np.ndarray


def cut(network: Network, traffic: Traffic, bounds: Sequence[int]) -> list[Part]:
    """Play a traffic part by part: in each those who come in it, with whoever was not settled before."""
    at = traffic.arrived[traffic.vehicle]
    edges = [0, *sorted({bound for bound in bounds if 0 < bound < network.end}), network.end]
    parts: list[Part] = []
    course = None
    kept = np.empty(0, np.int64)
    for since, until in pairwise(edges):
        is_last = until == network.end
        new = np.flatnonzero((at >= since) & ((at < until) | is_last))
        numbers = np.sort(np.concatenate((kept, new)))
        part = traffic.only(numbers)
        if course is None:
            course = compiled.Course(network, part, units_in_port=200_000)
        else:
            before = parts[-1].numbers
            place = np.searchsorted(numbers, before)
            course.go_on(part, np.where(np.isin(before, kept), place, NONE))
        records = course.play(until, is_last=is_last)
        is_settled = None if is_last else settled(part, records)
        parts.append(Part(part, records, since, is_settled, numbers))
        kept = np.empty(0, np.int64) if is_settled is None else numbers[~is_settled]
    return parts


def together(parts: Sequence[Part], end: int) -> Records:
    """The records of the whole: of each unit those of the part that settles it."""
    found: dict[str, Table] = {}
    for name, specification, keys in TABLES:
        columns: dict[str, list[np.ndarray]] = {column: [] for column in specification}
        for part in parts:
            rows = getattr(part.records, name)
            chosen = slice(None) if part.settled is None else part.settled[rows["unit"]]
            for column in specification:
                values = rows[column][chosen]
                if column in ("unit", "parent"):
                    values = np.append(part.numbers, NONE)[values]
                columns[column].append(values)
        joined = {column: np.concatenate(values) for column, values in columns.items()}
        order = np.lexsort([joined[key] for key in keys])
        found[name] = table(specification, {column: values[order] for column, values in joined.items()})
    return Records(found["units"], found["visits"], found["work"], parts[-1].records.levels, end)


def values_of(measures: Sequence[Measure]) -> list[tuple[object, ...]]:
    return [(one.metric, one.flow, one.kind, one.direction, one.stage, one.pool, repr(one.value)) for one in measures]


def assert_cut_changes_nothing(network: Network, traffic: Traffic, bounds: Sequence[int]) -> None:
    """Records, measures, daily counts and findings of the parts are those of the whole."""
    try:
        whole = compiled.simulate(network, traffic, units_in_port=200_000)
    except LimitError:
        return
    parts = cut(network, traffic, bounds)
    found = difference(whole, together(parts, network.end), network)
    assert found is None, f"cut at {bounds}: {found}\n{described(network, traffic)}"
    network = replace(network, measure_from=network.end // 3)
    measuring, days, finder = Measuring(network, {"wait_p95_min": 0.0001}, Every), DayTally(network), Finder(network)
    for part in parts:
        ledger = Ledger(network, part.traffic, part.records, since=part.since, settled=part.settled)
        measuring.add(ledger, is_last=part is parts[-1])
        days.add(ledger)
        finder.add(ledger)
    expected = values_of(measure(network, traffic, whole, {"wait_p95_min": 0.0001}))
    assert values_of(measuring.measures()) == expected, f"cut at {bounds}\n{described(network, traffic)}"
    counted = count_days(network, traffic, whole)
    assert {name: column.tolist() for name, column in days.table().items()} == {
        name: column.tolist() for name, column in counted.items()
    }
    finding = find(network, traffic, whole)
    assert finder.finding().in_port.tolist() == finding.in_port.tolist()
    assert finder.finding().ring == finding.ring


@given(case=cases(), bounds=st.lists(st.integers(1, 30), max_size=6))
@settings(max_examples=max(100, settings.default.max_examples // 2))
def test_a_run_cut_at_any_ticks_gives_the_records_and_figures_of_the_whole(case, bounds):
    assert_cut_changes_nothing(*case, bounds)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_a_thousand_runs_cut_at_any_ticks_give_the_records_and_figures_of_the_whole(part):
    for number in range(250 * part, 250 * (part + 1)):
        network, traffic = seeded(number)
        bounds = np.random.default_rng(number).integers(1, max(network.end, 2), 5).tolist()
        assert_cut_changes_nothing(network, traffic, bounds)


def test_a_part_settles_a_vehicle_only_with_its_passengers():
    """The vehicle is out at 10 while its passenger is inside until 20: cut at 15 neither is settled, at 25 both are."""
    from tests.cases import passenger, port, stage, unit

    network, traffic = port(
        stages=[stage(lanes=1), stage(lanes=1)],
        units=[unit(0, [(0, 10)]), passenger(0, 0, [(1, 20)])],
        end=40,
    )
    first, _ = cut(network, traffic, [15])
    assert first.records.units["out"].tolist() == [10, NONE]
    assert first.settled is not None and first.settled.tolist() == [False, False]
    first, _ = cut(network, traffic, [25])
    assert first.settled is not None and first.settled.tolist() == [True, True]


# Traffic drawn in parts -----------------------------------------------------------------------------------------------

ALL_WAYS = """\
portsim: 1
name: Every way to come
port: somewhere
from: 2025-05-05 00:00
to: 2025-05-12 00:00
measure_from: 2025-05-06 00:00
sides:
  ours:   {timezone: Asia/Shanghai, open: "08:00-20:00", closed: [2025-05-08]}
  theirs: {timezone: Asia/Bishkek, open: "06:00-22:00"}
stages:
  gate:  {side: ours, counted: true, lanes: 3, service: 2 min}
  hall:  {side: ours, lanes: 4, service: {exponential: {mean: 1 min}}}
  kerb:  {side: ours, service: 0 min}
  exit:  {side: theirs, lanes: 2, service: {lognormal: {mean: 3 min, cv: 0.5}}}
flows:
  by_rate:
    {kind: truck, direction: out, journey: [{hall: 30%}, gate, exit],
     arrivals: {per_day: 60, day_to_day_cv: 0.3, queue_at_start: 5,
                when_closed: {stay_away: 30%, come_back: {exponential: {mean: 2 h}}}}}
  re_spread:
    {kind: truck, direction: in, journey: [exit, gate],
     arrivals: {per_day: 40, by_hour: {0-6: 1, 6-24: 4}, when_closed: re_spread}}
  regular:
    {kind: car, direction: out, journey: [gate], priority: {high: 20%}, persons: 2.5,
     arrivals: {every: {exponential: {mean: 40 min}}}}
  buses:
    {kind: bus, direction: in, journey: [gate, {kerb: {wait_for_passengers: 1 h}}, exit],
     arrivals: {timetable: [{at: "09:30", units: 2}, {at: "23:50", units: 1}], late: {exponential: {mean: 3 h}}}}
  riders:
    {kind: traveller, direction: in, journey: [hall],
     arrivals: {aboard: {flow: buses, number: {mean: 9, cv: 0.4}, get_off_at: gate}}}
  booked:
    {kind: truck, direction: out, journey: [gate, exit], patience: 5 h,
     arrivals: {per_day: 50,
                appointments: {slots: {every: 1 h, up_to: 2}, ahead: {exponential: {mean: 12 h}}, no_show: 10%,
                               early: {share: 20%, by: 30 min}, grace: 30 min,
                               late: {share: 20%, by: {exponential: {mean: 2 h}}}}}}
sources:
  sides.*: {assumed: a test}
  stages.*: {assumed: a test}
  flows.*: {assumed: a test}
"""


def drawn_in_parts(scenario: Scenario, network: Network, bounds: Sequence[int], replication: int) -> Traffic:
    drawing = Drawing(scenario, network, seed=7, replication=replication)
    every = [drawing.until(bound) for bound in (*sorted(bounds), network.end)]
    traffic = every[0]
    for part in every[1:]:
        traffic, _, _ = join(traffic, part)
    return traffic


def assert_same_traffic(one: Traffic, other: Traffic) -> None:
    """Byte for byte; those that come after the run are listed by part, so they are put in order first."""
    for name in DTYPES:
        first, second = getattr(one, name), getattr(other, name)
        if name.startswith("later_"):
            first, second = (
                column[np.lexsort((traffic.later_wanted, traffic.later_flow))]
                for column, traffic in ((first, one), (second, other))
            )
        assert first.dtype == second.dtype and first.tobytes() == second.tobytes(), name


@given(bounds=st.lists(st.integers(1, 7 * DAY), max_size=5), replication=st.integers(0, 9))
@settings(max_examples=max(30, settings.default.max_examples // 10))
def test_traffic_drawn_in_parts_is_that_drawn_in_one_piece(bounds, replication):
    scenario = load_text(ALL_WAYS)
    network = lower(scenario)
    whole = draw(scenario, network, seed=7, replication=replication)
    assert whole.no_shows.any() and whole.stayed_away.any() and whole.later_flow.size
    assert_same_traffic(drawn_in_parts(scenario, network, bounds, replication), whole)


def test_each_part_has_everybody_who_comes_before_its_end():
    scenario = load_text(ALL_WAYS)
    network = lower(scenario)
    drawing = Drawing(scenario, network, seed=1, replication=0)
    whole = draw(scenario, network, seed=1, replication=0)
    for bound in (DAY // 2, DAY, 3 * DAY + 7, 5 * DAY):
        drawing.until(bound)
        rest = Drawing(scenario, network, seed=1, replication=0)
        early = rest.until(bound)
        due = whole.arrived[whole.vehicle] < bound
        come = early.arrived[early.vehicle] < bound
        assert np.count_nonzero(come) == np.count_nonzero(due)


# Scenarios that keep a summary ----------------------------------------------------------------------------------------


def ports_and_plans() -> list[tuple[str, str | None]]:
    every: list[tuple[str, str | None]] = []
    for name, _ in shipped_scenarios():
        loaded = ps.load(name)
        if not isinstance(loaded, Region):
            every += [(name, plan) for plan in (None, *loaded.plans)]
    return every


def is_percentile(metric: str) -> bool:
    return metric.endswith("_min") and any(f"_p{q}_" in metric for q in (50, 90, 95))


def assert_summary_fits(scenario: Scenario, replication: int, visits_in_part: int = 3_000) -> None:
    """Every measure is that of the run in one piece; percentiles of times are off by at most what is promised."""
    network = lower(scenario)
    traffic = draw(scenario, network, seed=3, replication=replication)
    played = with_outages(scenario, network, seed=3, replication=replication)
    whole = measure(played, traffic, simulate(played, traffic, engine="compiled"), scenario.targets)
    summary = play_in_parts(
        scenario, network, seed=3, number=replication, engine="compiled", visits_in_part=visits_in_part
    )
    assert len(whole) == len(summary.measures)
    for one, other in zip(whole, summary.measures, strict=True):
        assert replace(one, value=0.0) == replace(other, value=0.0)
        if is_percentile(one.metric):
            assert math.isnan(one.value) == math.isnan(other.value), one
            assert math.isnan(one.value) or abs(other.value - one.value) <= BIN_ERROR * abs(one.value), (
                one,
                other.value,
            )
        elif not one.metric.startswith("buffer_"):
            assert repr(one.value) == repr(other.value), (one, other.value)


@pytest.mark.parametrize("name", ["irkeshtam-24h", "jeminay-summer", "alashankou-rail", "urumqi-cargo"])
def test_a_summary_has_the_figures_of_the_whole(name):
    assert_summary_fits(load(name), 0)


@pytest.mark.deep
@pytest.mark.parametrize(("name", "plan"), ports_and_plans())
def test_a_summary_of_every_shipped_scenario_and_plan_has_the_figures_of_the_whole(name, plan):
    assert_summary_fits(load(name, plan=plan), 1)


def test_a_summary_of_every_way_to_come_has_the_figures_of_the_whole():
    scenario = load_text(ALL_WAYS)
    for replication in range(5):
        assert_summary_fits(scenario, replication, visits_in_part=50)


@pytest.mark.parametrize("visits_in_part", [1, 300, 10**9])
def test_a_summary_does_not_depend_on_the_parts_nor_on_the_engine(visits_in_part):
    scenario = load_text(ALL_WAYS)
    network = lower(scenario)
    one = play_in_parts(scenario, network, seed=1, number=2, engine="reference")
    other = play_in_parts(scenario, network, seed=1, number=2, engine="compiled", visits_in_part=visits_in_part)
    assert values_of(one.measures) == values_of(other.measures)
    assert {name: column.tolist() for name, column in one.days.items()} == {
        name: column.tolist() for name, column in other.days.items()
    }


def test_a_summary_that_has_to_stop_has_the_figures_of_the_whole_up_to_there():
    """Stopped at 400 units, on the closed day in the port: both engines at the same tick, with the same counts."""
    scenario = load("irkeshtam-24h", sets=["limits.units_in_port=400", "records=summary"])
    runs = {engine: ps.run(scenario, replications=1, engine=engine) for engine in ("reference", "compiled")}
    whole = ps.run(load("irkeshtam-24h", sets=["limits.units_in_port=400"]), replications=1, engine="compiled")
    assert runs["compiled"].stopped is not None and "; the last events: one of " in runs["compiled"].stopped
    for run in runs.values():
        assert run.stopped is not None and whole.stopped is not None
        assert run.stopped.partition("; the last events")[0] == whole.stopped.partition("; the last events")[0]
        counted = {replace(row, **NO_FIGURES): row.mean for row in run.rows}
        for row in whole.rows:
            # A run in one piece has drawn everybody beforehand, also who would have stayed away later.
            beforehand = row.metric in ("stayed_away", "no_shows", "waiting_elsewhere")
            if not beforehand and not is_percentile(row.metric) and not row.metric.startswith("buffer_"):
                assert repr(counted[replace(row, **NO_FIGURES)]) == repr(row.mean), row


def test_about_how_many_visits_there_will_be_is_known_from_the_first_week():
    scenario = load("irkeshtam-24h")
    network = lower(scenario)
    whole = int(draw(scenario, network, seed=1, replication=0).first[-1])
    assert visits_of(scenario, network, seed=1, number=0) == pytest.approx(whole, rel=0.2)


# What a user sees -----------------------------------------------------------------------------------------------------


def test_records_are_all_or_summary():
    with pytest.raises(ScenarioError, match="records: got 'sums'; allowed: all, summary"):
        load("tiny", sets=["records=sums"])


def test_a_run_with_a_summary_says_how_far_percentiles_may_be_off():
    run = ps.run("tiny", replications=2, sets=["records=summary"])
    assert "a summary: percentiles of times are off by 0.4 % at most" in str(run)
    methods = {row.metric: row.method for row in run.rows if row.flow is None and row.stage is None}
    assert methods["wait_p95_min"] == "percentile within 0.4 %, t over replications"
    assert methods["buffer_time_min"] == "from a percentile within 0.4 %, t over replications"
    assert methods["wait_mean_min"] == "t over replications"
    whole = ps.run("tiny", replications=2)
    assert all("percentile" not in row.method for row in whole.rows)
    with pytest.raises(ValueError, match="the scenario says records: summary"):
        _ = run.units
    with pytest.raises(ValueError, match="no records were kept"):
        run.plot.queue()


def test_a_folder_of_a_summary_holds_measures_and_days_and_proves_itself(tmp_path: Path):
    folder = tmp_path / "run"
    ps.run("tiny", replications=2, sets=["records=summary"], folder=folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}
    replications = {f"replications/000{number}/{name}.csv" for number in (0, 1) for name in ("measures", "daily")}
    assert names - {"data/tiny-arrivals.csv"} == {"summary.csv", "daily.csv", *replications}
    assert json.loads((folder / "manifest.json").read_text())["records"] == "summary"
    assert ps.verify(folder).is_identical
    paths, notices = ps.api.plotting.plot_folder(folder)
    assert [path.name for path in paths] == ["daily.png"]
    assert notices[0].startswith("pictures of days only")
    with pytest.raises(ScenarioError, match=r"nothing was kept by the hour.*--set records=all"):
        ps.api.plotting.plot_folder(folder, what=["queue"])
    with pytest.raises(ScenarioError, match="--set records=all"):
        ps.trace(folder)


def test_the_ports_of_a_region_keep_what_the_region_says():
    region = ps.load("xinjiang-region", sets=["records=summary"])
    assert {port.scenario.records for port in region.ports} == {"summary"}
    assert all("records=summary" in port.sets for port in region.ports)
    assert {port.scenario.records for port in ps.load("xinjiang-region").ports} == {"all"}


# Percentiles out of bins ----------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-(2**40), 2**46), min_size=1, max_size=300))
def test_bins_keep_order_and_their_middle_is_near(values):
    ms = np.sort(np.array(values, np.int64))
    bins = bins_of(ms)
    assert (np.diff(bins) >= 0).all()
    for value, number in zip(ms.tolist(), bins.tolist(), strict=True):
        assert abs(middle_of(number) - value) <= BIN_ERROR * abs(value)


@given(st.lists(st.lists(st.integers(-(10**7), 10**9), max_size=40), min_size=1, max_size=4), st.integers(1, 3))
def test_number_sum_and_maximum_out_of_bins_are_exact_and_percentiles_are_near(parts, flows):
    every, binned = Every(flows), Binned(flows)
    for part in parts:
        ms = np.array(part, np.int64)
        bounds = np.linspace(0, ms.size, flows + 1).astype(np.intp)
        every.add(ms, bounds)
        binned.add(ms, bounds)
    for flow in (None, *range(flows)):
        assert every.total(flow) == binned.total(flow)
        exact, near = dict(every.statistics(flow)), dict(binned.statistics(flow))
        for name, value in exact.items():
            if math.isnan(value):
                assert math.isnan(near[name])
            elif name in ("mean", "max"):
                assert near[name] == value
            else:  # between two times of which one is early and one late the error is theirs, not the percentile's
                near_zero = max(abs(x) for x in exact.values()) if any(x < 0 for x in exact.values()) else abs(value)
                assert abs(near[name] - value) <= BIN_ERROR * near_zero


# Memory ---------------------------------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is not to be had there")
def test_ten_years_take_no_more_memory_than_one():
    def peak(until: str) -> int:
        command = [sys.executable, "-m", "benchmarks.long", "irkeshtam-24h", until]
        root = Path(__file__).parent.parent
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
        return int(done.stdout.split()[2])

    assert peak("2035-05-24 00:00") <= 1.1 * peak("2026-05-24 00:00")
