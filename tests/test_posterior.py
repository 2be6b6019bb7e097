"""What a calibration left open, carried through runs and comparisons: each replication is played with a draw of it."""

# ruff: noqa: E501 - messages stand on one line

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import portsim as ps
from portsim.cli import app
from portsim.errors import CalibrationError, ScenarioError
from portsim.experiments.calibration import read_question
from portsim.experiments.executors.wire import scenario_text
from portsim.model import draw_of
from portsim.results.ranges import range_of
from portsim.results.statistics import DRAWN
from tests.test_resume import without_times, without_times_of_region

PORT = """\
portsim: 1
name: Two at noon
port: test
from: 2025-03-03 00:00
to: 2025-03-05 00:00
sides: {a: {timezone: Asia/Shanghai}}
stages:
  check: {side: a, counted: true, lanes: 1, service: 30 min}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {timetable: [{at: "12:00", units: 2}]}}
plans:
  two_lanes: {stages.check.lanes: 2}
  known: {stages.check.service: 50 min}
"""
OPEN = """\
portsim: 1
extends: port.yaml
name: Two at noon, calibrated
posterior:
  calibration: {name: A test, figures: [a log]}
  numbers:
    minutes: {sets: stages.check.service, unit: min}
  draws: |
    minutes
    10
    20
    40
"""
"""Of two trucks that come at once to one lane, the second waits for the service of the first: half of it on average."""


@pytest.fixture
def written(tmp_path, monkeypatch):
    def write(text: str = OPEN, port: str = PORT) -> Path:
        (tmp_path / "port.yaml").write_text(port, "utf-8")
        (tmp_path / "open.yaml").write_text(text, "utf-8")
        return tmp_path / "open.yaml"

    monkeypatch.chdir(tmp_path)
    return write


def waits(run: ps.Run) -> list[float]:
    """The mean wait of each replication, min."""
    return [
        next(one.value for one in measures if (one.metric, one.flow, one.stage, one.kind, one.direction) == ("wait_mean_min", *[None] * 4))
        for measures in run.data.measures
    ]  # fmt: skip


def test_each_replication_is_played_with_the_draw_of_its_number(written, engine_name):
    scenario = ps.load(written())
    run = ps.run(scenario, replications=12, engine=engine_name)
    drawn = [draw_of(scenario, seed=scenario.seed, replication=number) for number in range(12)]
    assert waits(run) == [(10, 20, 40)[draw] / 2 for draw in drawn]
    assert set(drawn) == {0, 1, 2}
    assert ps.run(scenario, replications=range(7, 8), engine=engine_name).rows[0].n == 1
    assert waits(ps.run(scenario, replications=range(7, 8), engine=engine_name)) == waits(run)[7:8]


def test_draws_come_as_often_as_one_another_and_follow_the_seed(written):
    scenario = ps.load(written())
    drawn = [draw_of(scenario, seed=5, replication=number) for number in range(3000)]
    assert np.bincount(drawn) == pytest.approx([1000] * 3, abs=4 * (3000 * 2 / 9) ** 0.5)
    assert drawn != [draw_of(scenario, seed=6, replication=number) for number in range(3000)]
    assert draw_of(ps.load("tiny"), seed=1, replication=0) is None


def test_a_scenario_shows_its_central_draw_and_says_where_it_is_from(written):
    scenario = ps.load(written())
    assert scenario.regimes[0].stages[0].service[None].mean_ms == 20 * 60_000
    [source] = [one for one in scenario.sources if one.path == "stages.check.service"]
    assert (source.kind, source.text, source.detail) == ("calibrated", "20 min", "minutes of A test")
    text = str(ps.check("open.yaml"))
    assert "numbers: 1 from a calibration, 3 without a source" in text
    assert re.search(r"minutes +10 +40 +min +stages\.check\.service\n", text)
    assert "calibrated, minutes of A test" in str(ps.describe("open.yaml"))


def test_a_plan_a_setting_and_a_file_that_extends_prevail_over_the_draws(written, tmp_path):
    path = written()
    known = ps.load(path, plan="known")
    assert known.posterior is None, "nothing is left open"
    assert waits(ps.run(known, replications=3)) == [25, 25, 25]
    assert ps.load(path, sets=["stages.check.service=30 min"]).posterior is None
    (tmp_path / "own.yaml").write_text("portsim: 1\nextends: open.yaml\nstages: {check: {service: 60 min}}\n")
    assert waits(ps.run("own.yaml", replications=2)) == [30, 30]
    (tmp_path / "other.yaml").write_text("portsim: 1\nextends: open.yaml\nseed: 4\n")
    assert ps.load("other.yaml").posterior == ps.load(path).posterior, "what says nothing of them leaves them open"
    (tmp_path / "none.yaml").write_text("portsim: 1\nextends: open.yaml\nposterior: null\n")
    assert waits(ps.run("none.yaml", replications=2)) == [15, 15], "the scenario as it was"


def test_a_setting_of_a_part_of_what_a_draw_would_replace_prevails_too(written):
    port = PORT.replace("service: 30 min", "service: {lognormal: {mean: 30 min, cv: 0.2}}")
    assert ps.load(written(port=port)).regimes[0].stages[0].service[None].kind == "fixed"
    own = ps.load("open.yaml", sets=["stages.check.service.lognormal.cv=0.3"])
    assert own.posterior is None
    assert own.regimes[0].stages[0].service[None].params["cv"] == 0.3


def test_every_plan_is_played_with_the_same_draws_and_ranges_stand_beside_the_intervals(written):
    both = ps.compare(written(), plans=["two_lanes", "known"], replications=20)
    base, two, known = (waits(ps.run("open.yaml", replications=20, plan=plan)) for plan in (None, "two_lanes", "known"))
    assert [waits(ps.Run(one.run)) for one in both.data.plans] == [base, two, known]
    assert set(base) == {5, 10, 20}
    found = {row.plan: row for row in both.data.ranges if (row.metric, row.flow, row.stage, row.kind, row.direction) == ("wait_mean_min", *[None] * 4)}  # fmt: skip
    assert (found["two_lanes"].low, found["two_lanes"].high, found["two_lanes"].share) == (-20, -5, 0.9)
    assert (found["known"].low, found["known"].high) == (5, 20)
    text = str(both)
    assert "left open     each replication at one of 3 draws of minutes (A test), the same for every plan" in text
    assert re.search(r"two_lanes +0\.0 .* better .* -20\.0 to -5\.0\n", text)
    document = both.to_dict()["posterior"]
    assert document["draw_of"] == [draw_of(ps.load("open.yaml"), seed=1, replication=number) for number in range(20)]
    assert {"plan", "metric", "low", "high", "share", "n"} <= document["ranges"][0].keys()


def test_a_range_says_of_how_many_replications_it_is_and_where_it_is_a_lower_bound(written):
    """Two trucks at 23:50: with 10 min each both are through, with more the second still waits at the end."""
    late = PORT.replace('at: "12:00"', 'at: "23:50"').replace("to: 2025-03-05", "to: 2025-03-04")
    text = str(ps.run(written(port=late), replications=20))
    assert re.search(r"mean wait +min +≥ [\d.]+ +≥ [\d.]+ +90 %\n", text)
    seldom = PORT.replace('{timetable: [{at: "12:00", units: 2}]}', "{per_day: 0.5}")
    run = ps.run(written(port=seldom), replications=12)
    shares = {
        row.metric: row.share
        for row in run.data.ranges
        if (row.flow, row.stage, row.kind, row.direction) == (None,) * 4
    }
    waited = sum(not np.isnan(wait) for wait in waits(run))
    assert 2 <= waited < 12
    assert shares["wait_mean_min"] == (waited - 1) / (waited + 1) < shares["crossings"] == 11 / 13


def test_a_run_says_beside_its_intervals_what_they_are_of(written):
    run = ps.run(written(), replications=20)
    [row] = [row for row in run.rows if (row.metric, row.flow, row.stage, row.kind, row.direction) == ("wait_mean_min", *[None] * 4)]  # fmt: skip
    assert row.method == f"t over replications, {DRAWN}"
    assert row.sd == pytest.approx(np.std(waits(run), ddof=1))
    text = str(run)
    assert "What the calibration leaves open: where single replications lie" in text
    assert re.search(r"mean wait +min +5\.0+ +20\.0+ +90 %\n", text)
    assert "shrink with more replications; these ranges do not" in text
    assert re.search(r"mean wait .* 67 %\n", str(ps.run("open.yaml", replications=5))), "4 of 6"
    assert run.to_dict()["posterior"]["draws"] == 3
    assert ps.run("tiny", replications=2).to_dict()["posterior"] is None
    assert "calibration" not in str(ps.run("tiny", replications=2))


def test_folders_are_the_same_bytes_on_any_number_of_workers_and_are_verified_resumed_merged_and_looked_at(
    written, tmp_path
):
    path = written()
    arguments = {"keep": "none", "engine": "reference", "folder_keep": "all"}
    one = ps.run(path, replications=6, folder="one", workers=1, **arguments)
    ps.run(path, replications=6, folder="two", workers=2, **arguments)
    assert without_times(tmp_path / "one") == without_times(tmp_path / "two")
    assert ps.verify("one").is_identical
    for first in (0, 4):
        ps.run(path, replications=range(first, min(first + 4, 6)), folder=f"part{first}", **{**arguments, "folder_keep": "none"})  # fmt: skip
    ps.run(path, replications=6, folder="bare", **{**arguments, "folder_keep": "none"})
    merged = ps.merge(["part4", "part0"], "merged")
    assert without_times(tmp_path / "merged") == without_times(tmp_path / "bare")
    assert merged.data.ranges == one.data.ranges
    resumed = ps.run(path, replications=8, folder="merged", resume=True, **{**arguments, "folder_keep": "none"})
    assert waits(resumed) == waits(ps.run(path, replications=8, keep="none"))
    manifest = json.loads(Path("one/manifest.json").read_text("utf-8"))["posterior"]
    scenario = ps.load(path)
    assert manifest["draw_of"] == [draw_of(scenario, seed=1, replication=number) for number in range(6)]
    assert manifest["calibration"] == {"name": "A test", "figures": ["a log"]}
    for number, draw in enumerate(manifest["draw_of"]):
        minutes = (10, 20, 40)[draw]
        assert ps.trace("one", unit=1, replication=number).to_dict()["totals_ms"]["wait"] == minutes * 60_000
    assert CliRunner().invoke(app, ["plot", "one", "--what", "wait"]).exit_code == 0
    assert ps.run(path, replications=6, keep="all").visits["wait_min"].max() == max(
        (10, 20, 40)[draw] for draw in manifest["draw_of"]
    )


def test_the_scenario_in_a_folder_leaves_open_what_the_run_left_open(written):
    more = OPEN.replace("    minutes: {sets: stages.check.service, unit: min}", "    minutes: {sets: stages.check.service, unit: min}\n    lanes: {sets: stages.check.lanes, whole: true}")  # fmt: skip
    more = re.sub(r"    minutes\n    10\n    20\n    40\n", "    minutes,lanes\n    10,1\n    20,1\n    40,2\n", more)
    ps.run(written(more), replications=4, plan="two_lanes", folder="out")
    kept = ps.load("out/scenario.yaml").posterior
    assert [number.name for number in kept.numbers] == ["minutes"]
    assert kept.draws == ((10.0,), (20.0,), (40.0,))
    assert ps.verify("out").is_identical
    assert (
        ps.run("open.yaml", replications=4, plan="two_lanes").rows == ps.run("out/scenario.yaml", replications=4).rows
    )


def test_a_run_of_summaries_and_a_region_carry_draws_too(written, tmp_path):
    path = written()
    assert waits(ps.run(path, replications=5, sets=["records=summary"])) == waits(ps.run(path, replications=5))
    Path("region.yaml").write_text("portsim: 1\nregion: All\nfrom: 2025-03-03\nto: 2025-03-05\ntimezone: Asia/Shanghai\nports: {west: open.yaml, east: port.yaml}\n")  # fmt: skip
    run = ps.run("region.yaml", replications=4, folder="region")
    assert set(waits(ps.Run(run.data.runs["west"]))) <= {5, 10, 20}
    assert set(waits(ps.Run(run.data.runs["east"]))) == {15}
    assert ps.verify("region").is_identical
    for first in (0, 2):
        ps.run("region.yaml", replications=range(first, first + 2), folder=f"r{first}", folder_keep="none")
    ps.run("region.yaml", replications=4, folder="whole", folder_keep="none")
    ps.merge(["r0", "r2"], "merged")
    assert without_times_of_region(tmp_path / "merged") == without_times_of_region(tmp_path / "whole")


def test_parts_of_a_run_of_summaries_are_merged_into_the_summary_of_the_whole(written, tmp_path):
    """Percentiles say that they were counted in bins, whoever puts them together."""
    path = written()
    for name, numbers in (("a", range(2)), ("b", range(2, 4)), ("whole", range(4))):
        ps.run(path, replications=numbers, folder=name, sets=["records=summary"], engine="reference")
    ps.merge(["a", "b"], "merged")
    assert without_times(tmp_path / "merged") == without_times(tmp_path / "whole")
    assert "percentile within" in Path("merged/summary.csv").read_text("utf-8")


def test_whoever_plays_a_replication_elsewhere_gets_its_draw_alone(written):
    scenario = ps.load(written())
    assert scenario.posterior is not None
    assert scenario.posterior.load(1).posterior is None
    assert scenario_text(scenario) == scenario_text(ps.load("open.yaml"))


# ---- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("sets: stages.check.service,", "sets: stages.chekc.service,", "open.yaml:7:5: stages.chekc.service: there is no 'chekc' under stages; did you mean 'check'?"),
        ("sets: stages.check.service,", "sets: name,", "posterior.numbers.minutes.sets: name is no number of a scenario"),
        ("    minutes\n", "    hours\n", "posterior.draws: is of hours; write the numbers in their order: minutes"),
        ("    20\n", "    20,3\n", "posterior.draws: draw 2 has 2 numbers, and there are 1 names"),
        ("    20\n", "    twenty\n", "posterior.draws: draw 2, 'twenty', holds something that is no number"),
        ("    20\n", "    inf\n", "posterior.draws: draw 2, 'inf', holds a number that is not finite"),
        ("    10\n    20\n    40\n", "", "posterior.draws: holds no draw"),
        ("name: A test, ", "", "posterior.calibration.name: is required: what the calibration is called"),
        ("unit: min}", "unit: min, wide: 3}", "posterior.numbers.minutes.wide: unknown key; allowed: sets, unit, whole"),
        ("unit: min}", "unit: min}\n    more: {sets: stages.check.service, unit: h}", "stages.check.service is set by minutes already"),
        ("unit: min", "unit: lightyears", "open.yaml:7:5: stages.check.service: unknown unit 'lightyears'"),
    ],
)  # fmt: skip
def test_a_posterior_that_is_none_is_refused_with_the_key(written, before, after, message):
    with pytest.raises(ScenarioError) as error:
        ps.load(written(OPEN.replace(before, after)))
    assert message in str(error.value)


def test_neither_a_plan_nor_a_setting_changes_a_posterior(written):
    with pytest.raises(ScenarioError, match="--set cannot change 'posterior'"):
        ps.load(written(), sets=["posterior=null"])
    with pytest.raises(ScenarioError, match="a plan cannot change 'posterior'"):
        ps.load(written(OPEN + "plans: {none: {posterior: null}}\n"))


def test_a_draw_that_makes_no_valid_scenario_says_which_it_is(written):
    path = written(OPEN.replace("    40\n", "    -40\n"))
    with pytest.raises(ScenarioError, match=re.escape("(with draw 2 of the posterior of A test)")):
        ps.run(path, replications=20)
    assert CliRunner().invoke(app, ["run", str(path), "-n", "20"]).exit_code == 3


# ---- from a calibration to a run -----------------------------------------------------------------------------------

CALIBRATION = """\
calibration: 1
name: Mine
scenario: port/mine.yaml
set: {stages.check.service.lognormal.cv: 0.7, to: 2025-03-10 00:00}
fit:
  demand: {sets: {flows.out.arrivals.per_day: 0.5, flows.in.arrivals.per_day: 0.5}, prior: {uniform: [200, 500]}, why: a test}
  minutes: {sets: stages.check.service.lognormal.mean, prior: {uniform: [1 min, 12 min]}, why: a test}
targets:
  week: {value: 2100, unit: vehicles, source: a log, measure: crossings in 2025-03-03 .. 2025-03-09, error: {within: 3%}}
"""
MINE = """\
portsim: 1
extends: base.yaml
officers: {police: {level: 2}}
stages: {check: {officers: {police: 1}}}
plans: {staffed: {officers.police.level: {csv: officers.csv}}}
"""
BASE = """\
portsim: 1
name: A small port
port: small
from: 2025-03-03 00:00
to: 2025-03-13 00:00
sides: {a: {timezone: Asia/Shanghai}}
stages: {check: {side: a, counted: true, lanes: 2, service: {lognormal: {mean: 6 min, cv: 0.5}}}}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {per_day: 150}}
  in: {kind: truck, direction: in, journey: [check], arrivals: {per_day: 150}}
"""


def test_a_calibration_writes_a_scenario_that_carries_it_anywhere(tmp_path, monkeypatch):
    (tmp_path / "here" / "port").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name, text in (("mine.yaml", CALIBRATION), ("port/mine.yaml", MINE), ("port/base.yaml", BASE)):
        Path("here", name).write_text(text, "utf-8")
    Path("here/port/officers.csv").write_text("from,officers\n2025-03-03 00:00,2\n")
    found = ps.calibrate("here/mine.yaml", runs=60, workers=1, folder="here/out", with_picture=False)
    (tmp_path / "here" / "out").rename(tmp_path / "elsewhere")
    assert sorted(path.name for path in Path("elsewhere/scenario").iterdir()) == [
        "base.yaml",
        "mine.yaml",
        "officers.csv",
    ]
    text = Path("elsewhere/mine-calibrated.yaml").read_text("utf-8")
    assert re.search(r"^#   minutes: bounded above, .* min$", text, re.M)
    scenario = ps.load("elsewhere/mine-calibrated.yaml")
    assert scenario.posterior is not None
    assert scenario.posterior.made["figures"] == ["week, 2,100 (a log)"]
    assert len(scenario.posterior.draws) == len(found.posterior)
    assert scenario.end_ms - scenario.start_ms == 10 * 86_400_000, "the stretch of the calibration is not that of a run"
    held = found.scenario(plan="staffed").posterior
    assert held is not None
    assert (held.draws, held.numbers) == (scenario.posterior.draws, scenario.posterior.numbers)
    question = read_question("here/mine.yaml")
    for draw in (0, 500, 1023):
        asked = question.load(question.texts(found.data.values[draw].tolist()))
        carried = scenario.posterior.load(draw)
        assert carried.regimes == asked.regimes
        assert carried.flows == asked.flows
    [cv] = [one for one in scenario.sources if one.path == "stages.check.service.lognormal.cv"]
    assert (cv.text, cv.kind, cv.detail) == ("0.7", "assumed", "set for Mine")
    assert ps.load("elsewhere/mine-calibrated.yaml", plan="staffed").posterior is not None
    spread = np.std(daily(ps.run(scenario, replications=20, keep="none")))
    alone = np.std(daily(ps.run("here/port/mine.yaml", replications=20, keep="none")))
    assert spread > 1.2 * alone, "demand is not known to better than 3 %"


def daily(run: ps.Run) -> list[float]:
    return [next(one.value for one in measures if one.metric == "crossings_per_day") for measures in run.data.measures]


def test_the_calibrated_scenario_of_a_shipped_one_extends_it_by_name():
    question = read_question("torugart")
    assert question.copies == ()
    assert question.source == "torugart"


def test_a_scenario_that_carries_a_posterior_is_not_calibrated_again(written, tmp_path):
    written()
    (tmp_path / "again.yaml").write_text(CALIBRATION.replace("port/mine.yaml", "open.yaml").replace("set: {stages.check.service.lognormal.cv: 0.7, to: 2025-03-10 00:00}\n", ""))  # fmt: skip
    with pytest.raises(CalibrationError, match="carries a posterior already: calibrate the scenario that it extends"):
        read_question("again.yaml")


# ---- ranges --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "low", "high", "share"),
    [
        ([3.0, 1.0], 1.0, 3.0, 1 / 3),
        ([5.0, 1.0, 2.0, 4.0, 3.0], 1.0, 5.0, 4 / 6),
        (list(range(1, 20)), 1.0, 19.0, 0.9),
        (list(range(1, 40)), 2.0, 38.0, 0.9),
        (list(range(1, 30)), 1.5, 28.5, 0.9),
    ],
)
def test_a_range_goes_from_order_statistic_to_order_statistic(values, low, high, share):
    assert range_of(values) == pytest.approx((low, high, share))


@pytest.mark.parametrize("n", [2, 10, 19, 27, 60])
def test_one_more_value_falls_within_a_range_as_often_as_it_says(n):
    """20,000 ports: a share of 0.9 has a standard error of 0.2 %, of skewed values as of any others."""
    values = np.random.default_rng(n).exponential(size=(20_000, n + 1))
    found = [range_of(row[:n]) for row in values.tolist()]
    held = np.mean([low <= row[n] <= high for (low, high, _), row in zip(found, values, strict=True)])
    assert held == pytest.approx(
        found[0][2], abs=4 * (found[0][2] * (1 - found[0][2]) / 20_000) ** 0.5 + (0.003 if n in (27,) else 0)
    )


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=80))
def test_a_range_lies_within_its_values(values):
    low, high, share = range_of(values)
    assert min(values) <= low <= high <= max(values) or high - low < 1e-6
    assert 0 < share <= 0.9
