"""Plans side by side: differences replication by replication, verdicts, officer-hours, and how all of it is shown."""

from __future__ import annotations

import csv
import json
import math
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import portsim as ps
from portsim.cli import app
from portsim.errors import ArgumentError, ScenarioError
from portsim.experiments.equalhours import Adjusted, Share, apportion, equalise, rostered_hours
from portsim.results import Measure, summarise
from portsim.results.differences import PlanMeasures, chances, differences, good_direction, holm
from portsim.results.selection import Condition, Selection
from portsim.scenario.reader import Reader
from portsim.views.plots.differences import differences_view
from portsim.views.plots.studies import Compared

# Four trucks come at 09:00, one lane, ten minutes each: they wait 0, 10, 20 and 30 minutes, 15 on average; at two
# lanes 0, 0, 10 and 10, 5 on average. Two officers from 08 to 18 on one day are 20 officer-hours.
TEXT = """\
portsim: 1
name: Four in line
port: test
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides: {own: {timezone: Asia/Shanghai}}
officers: {police: {level: {8-18: 2}}}
stages: {check: {counted: true, lanes: 1, service: 10 min, officers: {police: 1}}}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {timetable: [{at: "09:00", units: 4}]}}
plans:
  two_lanes: {stages.check.lanes: 2}
  the_same: {}
  four_officers: {officers.police.level: {8-18: 4}}
  slow: {stages.check.service: 20 min}
  patient: {flows.out.patience: 15 min}
sources:
  stages.*: {assumed: made up}
  officers.*: {assumed: made up}
  flows.*: {assumed: made up}
"""

RANDOM = TEXT.replace('{timetable: [{at: "09:00", units: 4}]}', "{rate: 5/h}").replace(
    "service: 10 min", "service: {exponential: {mean: 10 min}}"
)
"""The same port with trucks that come by chance, 5 an hour from 0 to 24."""


@pytest.fixture
def port(tmp_path: Path) -> Path:
    path = tmp_path / "port.yaml"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture(scope="module")
def four() -> ps.Comparison:
    return ps.compare(ps.load_text(TEXT), replications=2)


def row(comparison: ps.Comparison, plan: str, metric: str, **part: str):  # type: ignore[no-untyped-def]
    parts = {name: part.get(name) for name in ("flow", "kind", "direction", "stage", "pool")}
    [found] = [
        one
        for one in comparison.rows
        if one.plan == plan and one.metric == metric and parts == {name: getattr(one, name) for name in parts}
    ]
    return found


def portsim_(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


# ---- differences and verdicts --------------------------------------------------------------------------------------


def test_a_difference_is_taken_from_the_scenario_without_a_plan(four):
    found = row(four, "two_lanes", "wait_mean_min")
    assert (found.mean, found.sd, found.n, found.baseline) == (-10, 0, 2, None)
    assert (found.ci_low, found.ci_high) == (-10, -10)
    assert row(four, "slow", "wait_mean_min").mean == 15
    assert row(four, "two_lanes", "wait_mean_min", flow="out").mean == -10
    assert row(four, "two_lanes", "wait_mean_min", stage="check").mean == -10


def test_a_verdict_knows_whether_less_or_more_is_better(four):
    assert row(four, "two_lanes", "wait_mean_min").verdict == "better"
    assert row(four, "slow", "wait_mean_min").verdict == "worse"
    assert row(four, "the_same", "wait_mean_min").verdict == "no difference shown"
    assert row(four, "four_officers", "officer_hours").verdict == "higher"


@pytest.mark.parametrize(
    ("metric", "direction"),
    [
        ("wait_p95_min", -1),
        ("queue_max", -1),
        ("left", -1),
        ("left_behind", -1),
        ("in_port_mean", -1),
        ("officer_cost", -1),
        ("crossings_per_day", 1),
        ("within_target_wait_p95_min", 1),
        ("released", 1),
        ("officer_hours", 0),
        ("officer_utilisation", 0),
        ("lane_utilisation", 0),
        ("arrived", 0),
        ("in_port_at_start", 0),
        ("no_shows", 0),
        ("outage_h", 0),
    ],
)
def test_every_measure_has_a_direction_of_good_or_none(metric, direction):
    assert good_direction(metric) == direction


def measures(values: dict[str, float], metric: str = "wait_mean_min") -> tuple[Measure, ...]:
    return tuple(Measure(metric, "min", flow, None, None, None, None, value) for flow, value in values.items())


def plan(name: str | None, values: list[float], metric: str = "wait_mean_min", method: str = "") -> PlanMeasures:
    by_number = {number: measures({"out": value}, metric) for number, value in enumerate(values)}
    rows = summarise("test", list(by_number.values()))
    if method:
        from dataclasses import replace

        rows = tuple(replace(row, method=f"{method}, {row.method}") for row in rows)
    return PlanMeasures(name, by_number, rows)


def test_the_interval_of_one_plan_is_the_plain_t_interval_of_the_differences():
    # Differences 1, 2, 3: mean 2, standard deviation 1; the 97.5 % quantile of t with 2 degrees is 4.302653.
    [found] = differences(plan(None, [10, 20, 30]), [plan("a", [11, 22, 33])])
    assert found.mean == pytest.approx(2)
    assert found.sd == pytest.approx(1)
    assert found.ci_high - 2 == pytest.approx(4.302653 / math.sqrt(3))
    assert found.method == "paired t over replications"
    assert found.verdict == "no difference shown"


def test_holm_tests_the_smallest_first_and_stops_at_what_shows_nothing():
    # 0.01 <= 5 %/4; 0.02 > 5 %/3: it and all after it stay at that level. Adjusted: 4 x 0.01, 3 x 0.02, then no less.
    levels, adjusted = holm([0.02, 0.01, 0.5, 0.021], 4)
    assert levels == pytest.approx([0.05 / 3, 0.05 / 4, 0.05 / 3, 0.05 / 3])
    assert adjusted == pytest.approx([0.06, 0.04, 0.5, 0.06])
    levels, adjusted = holm([0.001, 0.001], 2)
    assert levels == pytest.approx([0.025, 0.05])
    assert adjusted == pytest.approx([0.002, 0.002])


def test_a_plan_that_could_not_be_tested_still_counts_in_the_correction():
    levels, adjusted = holm([math.nan, 0.03], 2)
    assert levels[1] == pytest.approx(0.025)
    assert math.isnan(adjusted[0])
    assert adjusted[1] == pytest.approx(0.06)


def test_one_replication_shows_nothing():
    [found] = differences(plan(None, [10]), [plan("a", [5])])
    assert (found.mean, found.n, found.verdict, found.method) == (-5, 1, "not known", "one replication: no interval")
    assert math.isnan(found.ci_low)


def test_only_replications_in_which_both_are_defined_count():
    [found] = differences(plan(None, [10, math.nan, 30, 50]), [plan("a", [9, 8, 29, math.nan])])
    assert (found.mean, found.n) == (-1, 2)


@pytest.mark.parametrize(
    ("of_plan", "of_baseline", "by", "verdict"),
    [
        ("lower bound", "", 5.0, "worse"),  # it waits at least 5 min more
        ("lower bound", "", -5.0, "not known"),  # it may wait much longer yet
        ("", "lower bound", -5.0, "better"),
        ("", "lower bound", 5.0, "not known"),
        ("lower bound", "lower bound", 5.0, "not known"),
        ("distorted by unfinished units", "", 5.0, "not known"),
    ],
)
def test_of_lower_bounds_only_what_stays_true_is_said(of_plan, of_baseline, by, verdict):
    base = plan(None, [10.0, 20.0, 31.0], method=of_baseline)
    [found] = differences(base, [plan("a", [10 + by, 20 + by, 31 + by], method=of_plan)])
    assert found.verdict == verdict


def test_a_maximum_has_no_difference(four):
    assert "wait_max_min" not in {one.metric for one in four.rows}


def test_the_chance_of_being_best_is_shared_by_those_who_are_equal(four):
    found = {
        one.plan: one.probability
        for one in four.data.chances
        if one.metric == "wait_mean_min" and one.flow is None and one.stage is None
    }
    # At 15 min of patience two leave: waits 0, 10, 15, 15, no better than at two lanes.
    assert found["two_lanes"] == 1
    assert found[None] == 0
    crossed = {
        one.plan: one.probability
        for one in four.data.chances
        if (one.metric, one.flow, one.kind, one.direction) == ("crossings", None, None, None)
    }
    assert crossed["patient"] == 0
    assert crossed["two_lanes"] == pytest.approx(0.2)


def test_the_chance_of_being_best_is_the_same_every_time_and_sure_of_nothing_that_overlaps():
    base, other = plan(None, [10, 12, 14, 16]), plan("a", [11, 11, 15, 14])
    first, second = (chances(base, [other]) for _ in range(2))
    assert first == second
    assert [one.plan for one in first] == [None, "a"]
    assert sum(one.probability for one in first) == pytest.approx(1)
    # Differences 1, -1, 1, -2: a resample's mean is below 0 in 57 to 58 % of the 256, and 0 in some.
    assert 0.5 < first[1].probability < 0.75


# ---- which plans ---------------------------------------------------------------------------------------------------


def test_all_plans_are_compared_in_their_order_unless_some_are_named():
    scenario = ps.load_text(TEXT)
    every = ps.compare(scenario, replications=1)
    assert list(every.scenarios) == ["(no plan)", "two_lanes", "the_same", "four_officers", "slow", "patient"]
    some = ps.compare(scenario, plans=["slow", "two_lanes"], replications=1)
    assert list(some.scenarios) == ["(no plan)", "slow", "two_lanes"]


def test_another_baseline_takes_the_place_of_the_scenario_without_a_plan():
    found = ps.compare(ps.load_text(TEXT), plans=["two_lanes"], baseline="slow", replications=2)
    assert list(found.scenarios) == ["slow", "two_lanes"]
    assert row(found, "two_lanes", "wait_mean_min").mean == -25
    every = ps.compare(ps.load_text(TEXT), baseline="slow", replications=1)
    assert list(every.scenarios)[:2] == ["slow", "(no plan)"]


def test_several_scenarios_are_compared_under_the_names_of_their_files(tmp_path):
    for name, text in (("a", TEXT), ("b", TEXT.replace("lanes: 1", "lanes: 2"))):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    found = ps.compare([tmp_path / "a.yaml", tmp_path / "b.yaml"], replications=2)
    assert list(found.scenarios) == ["a", "b"]
    assert row(found, "b", "wait_mean_min").mean == -10
    assert not found.warnings
    turned = ps.compare([tmp_path / "a.yaml", tmp_path / "b.yaml"], baseline="b", replications=2)
    assert row(turned, "a", "wait_mean_min").mean == 10


def test_settings_hold_for_every_plan():
    found = ps.compare(ps.load_text(TEXT), plans=["the_same"], sets=["stages.check.service=20 min"], replications=2)
    assert row(found, "the_same", "wait_mean_min").mean == 0
    assert found.data.plans[0].run.rows[0].metric
    assert {one.mean for one in found.data.plans[0].run.rows if one.metric == "wait_mean_min"} == {30.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"plans": ["two_lane"]}, "there is no plan 'two_lane'; did you mean 'two_lanes'?"),
        ({"plans": ["?"]}, "there is no plan '?'; there are: two_lanes, the_same, four_officers, slow, patient"),
        ({"baseline": "slwo"}, "there is no plan 'slwo'; did you mean 'slow'?"),
        ({"plans": ["slow"], "baseline": "slow"}, "name a plan that is not the baseline"),
        ({"of": "wait_p59_min"}, "there is no measure 'wait_p59_min'; did you mean 'wait_p95_min'?"),
        ({"of": "wait_mean_min of in"}, "wait_mean_min is not given of 'in'; it is given of: the port, out, check"),
        ({"of": "wait mean"}, "got 'wait mean'; write a measure, and a flow, kind, direction, stage or pool"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_cure(arguments, message):
    with pytest.raises((ScenarioError, ArgumentError)) as error:
        ps.compare(ps.load_text(TEXT), replications=1, **arguments)
    assert message in str(error.value)


def test_a_scenario_without_plans_and_one_loaded_with_a_plan_are_refused():
    without = TEXT.partition("plans:")[0]
    with pytest.raises(ScenarioError, match="this scenario has no plans; compare it with another scenario"):
        ps.compare(ps.load_text(without), replications=1)
    with pytest.raises(ValueError, match="was loaded with plan 'slow': load it without"):
        ps.compare(ps.load_text(TEXT, plan="slow"), replications=1)
    with pytest.raises(ValueError, match="plans are those of one scenario"):
        ps.compare(["tiny", "traveller-hall"], plans=["slow"], replications=1)
    with pytest.raises(ValueError, match="two scenarios are called tiny"):
        ps.compare(["tiny", "tiny"], replications=1)
    with pytest.raises(ScenarioError, match="this is a region, and plans are those of a scenario"):
        ps.compare("xinjiang-region", replications=1)


def test_a_file_that_changed_since_it_was_loaded_is_refused(port):
    scenario = ps.load(port)
    port.write_text(TEXT.replace("10 min", "11 min"), "utf-8")
    with pytest.raises(ScenarioError, match="has changed since the scenario was loaded: load it again"):
        ps.compare(scenario, replications=1)


# ---- the same demand -----------------------------------------------------------------------------------------------


def test_plans_meet_the_same_units_and_a_plan_that_keeps_some_away_does_too():
    text = RANDOM.replace("{timezone: Asia/Shanghai}", '{timezone: Asia/Shanghai, open: "06:00-22:00"}').replace(
        "plans:\n", "plans:\n  stay: {flows.out.arrivals.when_closed: {stay_away: 50%}}\n"
    )
    found = ps.compare(ps.load_text(text), plans=["stay"], replications=2)
    assert not [warning for warning in found.warnings if "do not meet the same units" in warning]
    [fewer] = [warning for warning in found.warnings if "more units stay away" in warning]
    assert fewer.endswith("so its waits are those of fewer units: read them with crossings")


def test_scenarios_with_other_demand_are_compared_with_a_warning(tmp_path):
    for name, text in (("a", RANDOM), ("b", RANDOM.replace("rate: 5/h", "rate: 6/h"))):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    found = ps.compare([tmp_path / "a.yaml", tmp_path / "b.yaml"], replications=2)
    [warning] = [text for text in found.warnings if "do not meet the same units" in text]
    assert warning.startswith("b and a do not meet the same units (flow out wants to come at other moments)")
    (tmp_path / "c.yaml").write_text(RANDOM.partition("plans:")[0].replace("out:", "back:"), "utf-8")
    found = ps.compare([tmp_path / "a.yaml", tmp_path / "c.yaml"], replications=2)
    assert sum("comes in one of them only" in text for text in found.warnings) == 2


def test_a_plan_that_has_to_stop_has_no_verdict_and_the_others_have(tmp_path):
    text = TEXT.replace("sources:", "limits: {units_in_port: 3}\nsources:").replace(
        "  slow:", "  more: {limits.units_in_port: 9}\n  slow:"
    )
    found = ps.compare(ps.load_text(text), plans=["more", "slow"], baseline="more", replications=2)
    assert found.stopped is not None
    assert found.stopped.startswith("slow: replication 0 stopped")
    assert row(found, "slow", "wait_mean_min").verdict == "not known"
    assert "slow: not known: replication 0 stopped" in str(found)


# ---- officer-hours -------------------------------------------------------------------------------------------------


def test_officer_hours_stand_beside_and_more_of_them_are_flagged(four):
    assert four.officer_hours["(no plan)"] == 20
    assert four.officer_hours["four_officers"] == 40
    text = str(four)
    assert "officer-hours differ by more than 1 %: four_officers; --equal-hours compares them at the same" in text


def test_equal_hours_take_officers_away_and_say_so():
    found = ps.compare(ps.load_text(TEXT), plans=["four_officers"], equal_hours=True, replications=2)
    [played] = found.data.plans[1:]
    assert played.candidate.adjusted == (Adjusted("officers.police.level.8-18", 4, 2),)
    assert played.officer_hours == 20
    assert "left over, as officers are whole: nothing" in str(found)


def test_what_whole_officers_leave_over_is_printed():
    # 18 h of nine officers at one time; a plan of two spans of 10 h and 6 h: 20 h are 2 x 10, or 1 x 10 and 2 x 6 (22).
    text = TEXT.replace("{officers.police.level: {8-18: 4}}", "{officers.police.level: {8-18: 4, 18-21: 3}}")
    found = ps.compare(ps.load_text(text), plans=["four_officers"], equal_hours=True, replications=2)
    # 49 h in all, to be 20: 1.63 and 1.22 officers. Rounded down 1 and 1, 13 h; the 7 h left go to the larger remainder
    # first: +10 h would be 3 h too many, which is nearer than 7 too few.
    assert [one.after for one in found.data.plans[1].candidate.adjusted] == [2, 1]
    assert found.officer_hours["four_officers"] == 23
    assert "left over, as officers are whole: four_officers +3 h" in str(found)


def test_apportioning_goes_by_the_largest_remainder():
    shares = [Share("a", 10, 1.0, 1), Share("b", 10, 1.0, 1), Share("c", 5, 1.0, 1)]
    # 12 of 25: 4.8, 4.8 and 2.4; rounded down 4, 4, 2, and the two left go to the first two.
    assert apportion(shares, 12) == [5, 5, 2]
    assert apportion(shares, 25) == [10, 10, 5]
    assert apportion(shares, 30) == [12, 12, 6]
    assert apportion([Share("a", 3, 8.0, 2)], 1.0) == [2]  # no fewer than one service takes
    assert apportion([], 10.0) == []


def test_crews_are_made_equal_by_their_size():
    reader = Reader("irkeshtam-24h")
    wanted = rostered_hours(reader.scenario())
    scenario, [one] = equalise(lambda sets: reader.scenario("eight_a_crew", sets), wanted, {})
    assert one.setting == "officers.border_police.crew_size=10"
    assert rostered_hours(scenario) == wanted
    # 420 h of reserves on top: 427 h are one officer a crew, so that one fewer comes nearest.
    _, [one] = equalise(lambda sets: reader.scenario("eight_a_crew", sets), wanted, {"border_police": 420.0})
    assert one.after == 9


def test_no_officers_are_taken_below_what_one_service_needs():
    reader = Reader("irkeshtam-24h")
    _, [one] = equalise(lambda sets: reader.scenario(None, sets), {"border_police": 0.0}, {})
    assert one.after == 2


def test_a_level_that_follows_a_forecast_is_left_as_it_is():
    reader = Reader("traveller-hall")
    scenario, adjusted = equalise(lambda sets: reader.scenario("forecast", sets), {"border_police": 100.0}, {})
    assert not adjusted
    assert rostered_hours(scenario)["border_police"] > 600


# ---- how it is shown -----------------------------------------------------------------------------------------------


def test_the_words_say_the_verdict_first(four):
    lines = str(four).splitlines()
    start = lines.index("In words")
    assert lines[start + 1] == "two_lanes: better, mean wait -10 min (-10 to -10), at the same officer-hours"
    assert (
        lines[start + 2]
        == "the_same: no difference shown: mean wait is the same in each replication, at the same officer-hours"
    )
    assert lines[start + 3] == (
        "four_officers: no difference shown: mean wait is the same in each replication, at +100.0 % officer-hours"
    )
    assert lines[start + 4] == "slow: worse, mean wait +15 min (+15 to +15), at the same officer-hours"


def test_the_json_is_that_of_the_design(four):
    document = four.to_dict()
    assert document["schema"] == "portsim.compare/1"
    assert [one["plan"] for one in document["plans"]] == [
        None,
        "two_lanes",
        "the_same",
        "four_officers",
        "slow",
        "patient",
    ]
    assert set(document["plans"][0]) == {"plan", "officer_hours", "metrics"}
    assert (
        document["plans"][0]["metrics"] == ps.run(ps.load_text(TEXT), replications=2, keep="none").to_dict()["metrics"]
    )
    first = document["differences"][0]
    assert list(first) == ["plan", "baseline", "metric", "flow", "stage", "mean", "ci_low", "ci_high", "n", "verdict"]
    keys = [(one["plan"], one["metric"], one["flow"], one["stage"]) for one in document["differences"]]
    assert len(keys) == len(set(keys))
    assert ("two_lanes", "wait_mean_min", None, "check") in keys
    json.dumps(document, allow_nan=False)


def test_the_frames_have_a_row_a_plan_and_measure(four):
    frame = four.differences.set_index(["plan", "metric"])
    assert set(frame["baseline"]) == {"(no plan)"}
    assert len(four.summary()) == sum(len(played.run.rows) for played in four.data.plans)
    assert set(four.best["plan"]) == set(four.scenarios)


def test_the_picture_shows_each_plan_from_the_top_with_its_interval(four):
    view = differences_view(Compared.of(four.data))
    assert [one.label for one in view.panels[0].whiskers] == [
        "two_lanes",
        "the_same",
        "four_officers",
        "slow",
        "patient",
    ]
    first = view.panels[0].whiskers[0]
    assert (first.mean, first.low, first.high, first.verdict, first.beside) == (
        -10,
        -10,
        -10,
        "better",
        "hours the same",
    )
    assert view.panels[0].whiskers[2].beside == "hours +100.0 %"
    assert view.panels[0].axis == "mean wait, min"
    assert view.title == "In mean wait, two_lanes and patient are better than the scenario without a plan"
    axes = four.plot.plans()
    assert [label.get_text() for label in axes.get_yticklabels()] == [one.label for one in view.panels[0].whiskers]


def test_a_picture_is_drawn_into_the_axes_it_is_given(four):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert four.plot.plans(ax=axes, of="crossings") is axes
    assert axes.get_xlabel() == "difference in crossings\n(further right is better)"


def test_a_comparison_shows_itself_without_markup_of_others():
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.found.add(tag)

    text = TEXT.replace("Four in line", "<script>alert(1)</script>")
    parser = Tags()
    parser.feed(ps.compare(ps.load_text(text), plans=["slow"], replications=1)._repr_html_())
    assert parser.found <= {"div", "p", "strong", "span", "table", "thead", "tbody", "tr", "th", "td"}


# ---- the command ---------------------------------------------------------------------------------------------------


def test_the_command_prints_what_python_gives(port):
    done = portsim_("compare", port, "-n", "2")
    assert done.exit_code == 0
    assert done.stdout == str(ps.compare(ps.load(port), replications=2))
    given = json.loads(portsim_("compare", port, "-n", "2", "--json").stdout)
    assert given["differences"] == ps.compare(ps.load(port), replications=2).to_dict()["differences"]


def test_tables_and_the_picture_go_into_a_new_folder(port, tmp_path):
    folder = tmp_path / "out"
    assert portsim_("compare", port, "-n", "2", "-o", folder, "--equal-hours").exit_code == 0
    names = {"plans.csv", "summary.csv", "differences.csv", "best.csv", "officers.csv", "comparison.json", "plans.png"}
    names |= {"queues.csv", "hours.csv", "queues.png"}
    assert {path.name for path in folder.iterdir()} == names
    with (folder / "differences.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    [found] = [
        line
        for line in lines
        if (line["plan"], line["metric"], line["flow"], line["stage"]) == ("two_lanes", "wait_mean_min", "", "")
    ]
    assert (float(found["mean"]), found["verdict"], found["baseline"]) == (-10, "better", "(no plan)")
    again = portsim_("compare", port, "-n", "1", "-o", folder)
    assert again.exit_code == 3
    assert "is there already and not an empty folder; name a new one, nothing is overwritten" in again.stderr


def test_the_answer_does_not_depend_on_who_plays(port):
    port.write_text(RANDOM, "utf-8")
    alone, two = (portsim_("compare", port, "-n", "2", "-j", workers, "--json", "-q").stdout for workers in ("1", "2"))
    assert alone == two


def test_wrong_usage_of_compare_ends_with_2_and_a_wrong_plan_with_3(port):
    assert portsim_("compare", port, "--plan", "slwo").exit_code == 3
    assert portsim_("compare", port, "--of", "wait_p59_min").exit_code == 2
    assert portsim_("compare", port, "-n", "0").exit_code == 2


def test_ctrl_c_leaves_the_replications_that_every_plan_has_done(monkeypatch):
    from portsim.experiments.executors.tasks import Player

    play, count = Player.play, 0

    def broken(self, task):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        if count == 6:  # the sixth of seven: the third replication of the baseline is done, that of the plan is not
            raise KeyboardInterrupt
        return play(self, task)

    monkeypatch.setattr(Player, "play", broken)
    found = ps.compare(ps.load_text(RANDOM), plans=["slow"], replications=4, workers=1)
    assert found.is_interrupted
    assert found.data.numbers == (0, 1)
    assert {len(played.run.numbers) for played in found.data.plans} == {2}
    assert "interrupted: the figures are of 2 of 4 replications" in found.warnings


# ---- conditions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "selection", "sign", "number", "plan"),
    [
        ("wait_p95_min > 120", Selection("wait_p95_min"), ">", 120, None),
        ("wait_p95_min>=1.5e2", Selection("wait_p95_min"), ">=", 150, None),
        (" wait_mean_min of outbound <= -3 ", Selection("wait_mean_min", "outbound"), "<=", -3, None),
        ("lane_utilisation of check < 85 %", Selection("lane_utilisation", "check"), "<", 0.85, None),
        ("three_crews: wait_p95_min > 120", Selection("wait_p95_min"), ">", 120, "three_crews"),
    ],
)
def test_a_condition_is_a_measure_a_sign_and_a_number(text, selection, sign, number, plan):
    found = Condition.parse(text)
    assert (found.selection, found.sign, found.number, found.plan) == (selection, sign, number, plan)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wait_p95_min",
        "wait_p95_min > ",
        "> 3",
        "wait_p95_min = 3",
        "wait > 3 and left > 2",
        "__import__('os') > 1",
        "1 > 2",
    ],
)
def test_nothing_else_is_a_condition(text):
    with pytest.raises(ArgumentError, match="write a measure, one of < <= > >=, and a number"):
        Condition.parse(text)


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("m > 1", 1.0, False),
        ("m >= 1", 1.0, True),
        ("m < 1", 0.5, True),
        ("m <= 1", 1.5, False),
        ("m > 1", math.nan, False),
    ],
)
def test_a_condition_holds_of_a_value(condition, value, holds):
    assert Condition.parse(condition).holds(value) is holds


def test_a_condition_that_holds_ends_a_command_with_5_and_says_which(port):
    done = portsim_("run", port, "-n", "1", "-q", "--fail-if", "wait_mean_min > 14", "--fail-if", "wait_mean_min > 16")
    assert done.exit_code == 5
    assert done.stderr == "failed: wait_mean_min is 15, and wait_mean_min > 14 was not to be\n"
    assert "wait" in done.stdout
    assert portsim_("run", port, "-n", "1", "--fail-if", "wait_mean_min > 15").exit_code == 0
    done = portsim_("compare", port, "-n", "1", "-q", "--fail-if", "wait_mean_min > 14")
    assert done.exit_code == 5
    assert "failed: slow: wait_mean_min is 30, and" in done.stderr
    assert portsim_("compare", port, "-n", "1", "--fail-if", "two_lanes: wait_mean_min > 14").exit_code == 0


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("wait_p59_min > 3", "there is no measure 'wait_p59_min'; did you mean 'wait_p95_min'?"),
        ("slow: wait_mean_min > 3", "--fail-if names 'slow', which is not what is run"),
        ("nonsense", "write a measure, one of < <= > >=, and a number"),
    ],
)
def test_a_condition_that_means_nothing_is_wrong_usage_before_anything_is_played(port, condition, message):
    done = portsim_("run", port, "--fail-if", condition)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not done.stdout


def test_a_condition_on_a_plan_that_is_not_compared_is_wrong_usage(port):
    done = portsim_("compare", port, "--plan", "slow", "--fail-if", "two_lanes: wait_mean_min > 3")
    assert done.exit_code == 2
    assert "names 'two_lanes', which is not compared; there are: (no plan), slow" in done.stderr


def test_a_region_takes_no_condition():
    done = portsim_("run", "xinjiang-region", "--fail-if", "wait_mean_min > 3")
    assert done.exit_code == 2
    assert "--fail-if is of one port, and this is a region" in done.stderr
