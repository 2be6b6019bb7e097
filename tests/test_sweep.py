"""Sweeps of numbers over many points, and the screening of what is assumed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import portsim as ps
from portsim.cli import app
from portsim.errors import ArgumentError, ScenarioError
from portsim.experiments.screening import factors_of
from portsim.experiments.vary import Listed, factorial, parse_axis, quasi_random
from portsim.scenario.reader import Reader

# Four trucks come at 09:00; each takes 10 minutes. At one lane they wait 15 min on average, at two 5, at four 0.
TEXT = """\
portsim: 1
name: Four in line
port: test
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides: {own: {timezone: Asia/Shanghai, open: "06:00-22:00"}}
officers: {police: {level: {8-18: 4}}}
stages: {check: {counted: true, lanes: 1, service: 10 min, officers: {police: 1}}}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {timetable: [{at: "09:00", units: 4}]}}
plans: {quick: {stages.check.service: 5 min}}
sources:
  sides.*: {assumed: made up}
  stages.*: {assumed: made up}
  officers.*: {measured: by the port}
  flows.*: {assumed: made up}
"""


def portsim_(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def port(tmp_path: Path) -> Path:
    path = tmp_path / "port.yaml"
    path.write_text(TEXT, "utf-8")
    return path


# ---- what is varied ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("stages.check.lanes=3:6", ("3", "4", "5", "6")),
        ("stages.check.lanes=3:8:2", ("3", "5", "7")),
        ("a.b=0.1:0.3:0.1", ("0.1", "0.2", "0.3")),
        ("a.b=2:3:0.5 min", ("2 min", "2.5 min", "3 min")),
        ("a.b=2 min:4 min:1 min", ("2 min", "3 min", "4 min")),
        ("a.b=10%:30%:10%", ("10%", "20%", "30%")),
        ("a.b=400,600,800", ("400", "600", "800")),
        ("a.b=3 min", ("3 min",)),
        ("a.open=always,10:00-24:00", ("always", "10:00-24:00")),
        ("a.level={6-14: 4, 14-22: 2},3", ("{6-14: 4, 14-22: 2}", "3")),
        ("a.rota=[day, night, rest],[day, rest]", ("[day, night, rest]", "[day, rest]")),
    ],
)
def test_values_are_a_range_or_a_list(text, values):
    assert [combination[0] for combination in factorial([parse_axis(text)])] == list(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages.check.lanes", "write --vary PATH=LOW:HIGH"),
        ("=3:4", "write --vary PATH=LOW:HIGH"),
        ("a.=3", "write --vary PATH=LOW:HIGH"),
        ("a.b=5:3", "a.b: got '5:3', which does not go up; write the lower end first"),
        ("a.b=1:3:0", "a.b: got '1:3:0'; a step is above 0"),
        ("a.b=1 min:3 h", "with the units h, min; write one of them"),
        ("a.b=1,,2", "with an empty value"),
        ("a.b=1,1", "with a value twice; name each once"),
        ("a.b=1.5:3", "a.b: 1.5:3 has no step; write 1.5:3:STEP, or --points N to draw from it"),
        ("a.b=2:6 min", "a.b: 2:6 min has no step; write 2:6:STEP min"),
        ("a.b=1:100000", "a.b: has 100,000 values; a sweep has 10,000 points at most"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_cure(text, message):
    with pytest.raises(ArgumentError) as error:
        factorial([parse_axis(text)])
    assert message in str(error.value)


def test_every_combination_is_a_point_the_last_varying_fastest():
    axes = [parse_axis("a=1:2"), Listed("b", ("x", "y", "z"))]
    assert factorial(axes) == [("1", "x"), ("1", "y"), ("1", "z"), ("2", "x"), ("2", "y"), ("2", "z")]
    with pytest.raises(ArgumentError, match="every combination makes 1,000,000 points"):
        factorial([parse_axis("a=1:100"), parse_axis("b=1:100"), parse_axis("c=1:100")])


def test_quasi_random_points_fill_their_ranges_evenly_and_are_the_same_for_a_seed():
    axes = [parse_axis("a=1:4"), parse_axis("b=0.5:1.5"), parse_axis("c=2:6:1 min"), Listed("d", ("x", "y"))]
    points = quasi_random(axes, 64, seed=1)
    assert points == quasi_random(axes, 64, seed=1)
    assert points != quasi_random(axes, 64, seed=2)
    # A Sobol sequence of 64 points has 16 in each quarter of each axis.
    assert {value: [point[0] for point in points].count(value) for value in "1234"} == dict.fromkeys("1234", 16)
    quarters = np.floor([4 * (float(point[1]) - 0.5) for point in points]).astype(int)
    assert np.bincount(quarters, minlength=4).tolist() == [16] * 4
    assert {point[2] for point in points} == {f"{minutes} min" for minutes in range(2, 7)}
    assert [point[3] for point in points].count("x") == 32
    with pytest.raises(ArgumentError, match="a sweep has 1 to 10,000 points, got 0"):
        quasi_random(axes, 0, seed=1)


# ---- points --------------------------------------------------------------------------------------------------------


def test_each_point_is_the_scenario_with_its_values():
    found = ps.sweep(ps.load_text(TEXT), {"stages.check.lanes": [1, 2, 4]}, replications=2)
    waits = found.summary().query("metric == 'wait_mean_min' and flow.isna() and stage.isna()")
    assert waits["stages.check.lanes"].tolist() == ["1", "2", "4"]
    assert waits["mean"].tolist() == [15, 5, 0]
    text = str(found)
    assert "stages.check.lanes  mean wait, min" in text
    assert "officer-hours" in text


def test_points_are_played_on_the_same_chance():
    text = TEXT.replace('{timetable: [{at: "09:00", units: 4}]}', "{rate: 5/h}")
    found = ps.sweep(ps.load_text(text), ["stages.check.lanes=1:2"], replications=2)
    [arrived] = {
        tuple(m.value for measures in point.run.measures for m in measures if m.metric == "arrived")
        for point in found.data.points
    }
    assert len(arrived) == 4


def test_ctrl_c_leaves_the_replications_that_every_point_has_done(monkeypatch):
    from portsim.experiments.executors.tasks import Player

    play, count = Player.play, 0

    def broken(self, task):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        if count == 6:  # of two points the first has done three replications, the second two
            raise KeyboardInterrupt
        return play(self, task)

    monkeypatch.setattr(Player, "play", broken)
    found = ps.sweep(ps.load_text(TEXT), {"stages.check.lanes": "1:2"}, replications=4, workers=1)
    assert found.is_interrupted
    assert found.data.numbers == (0, 1)
    assert [point.run.numbers for point in found.data.points] == [(0, 1), (0, 1)]
    assert "interrupted: the figures are of 2 of 4 replications" in found.warnings
    assert not any("points were done" in warning for warning in found.warnings)


def test_a_plan_and_settings_lie_below_what_is_varied():
    found = ps.sweep(ps.load_text(TEXT, plan="quick"), ["stages.check.lanes=1:2"], replications=1)
    waits = found.summary().query("metric == 'wait_mean_min' and flow.isna() and stage.isna()")
    assert waits["mean"].tolist() == [7.5, 2.5]


def test_a_point_that_is_no_scenario_is_refused_before_anything_is_played():
    with pytest.raises(ScenarioError, match=r"--set stages\.check\.lanes=-1: .*got -1; it must be a whole number"):
        ps.sweep(ps.load_text(TEXT), ["stages.check.lanes=-1:1"])
    with pytest.raises(ScenarioError, match="unknown key; did you mean 'lanes'"):
        ps.sweep(ps.load_text(TEXT), ["stages.check.lanse=1:2"])


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ([], "nothing is varied: name at least one path with its values"),
        ({"stages.check.lanes": []}, "stages.check.lanes: has no values"),
        (
            ["stages.check.lanes=1", "stages.check.lanes=2"],
            "stages.check.lanes is varied twice: write all of its values",
        ),
    ],
)
def test_a_sweep_of_nothing_is_refused(vary, message):
    with pytest.raises(ArgumentError, match=message):
        ps.sweep(ps.load_text(TEXT), vary)


def test_the_json_and_the_csv_have_every_point(port, tmp_path):
    done = portsim_("sweep", port, "--vary", "stages.check.lanes=1:2", "-n", "1", "--json", "-o", tmp_path / "out")
    document = json.loads(done.stdout)
    assert document["schema"] == "portsim.sweep/1"
    assert [point["values"] for point in document["points"]] == [
        {"stages.check.lanes": "1"},
        {"stages.check.lanes": "2"},
    ]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"points.csv", "sweep.json", "sweep.png"}
    with (tmp_path / "out" / "points.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["metric"] == "crossings" and not line["flow"]]
    assert {line["stages.check.lanes"] for line in lines} == {"1", "2"}


def test_pictures_show_a_line_a_map_or_dots():
    scenario = ps.load_text(TEXT)
    line = ps.sweep(scenario, ["stages.check.lanes=1:2"], replications=2).plot.sweep()
    assert (line.get_xlabel(), line.get_ylabel()) == ("stages.check.lanes", "mean wait, min")
    two = ps.sweep(scenario, ["stages.check.lanes=1:2", "stages.check.service=5:10:5 min"], replications=1).plot.sweep()
    assert two.images[0].get_array().tolist() == [[7.5, 2.5], [15, 5]]
    dots = ps.sweep(
        scenario, ["stages.check.lanes=1:2", "stages.check.service=5:10 min"], points=4, replications=1
    ).plot.sweep()
    assert len(dots.get_figure().axes) == 2


def test_the_command_ends_with_5_where_a_point_fails(port):
    done = portsim_(
        "sweep", port, "--vary", "stages.check.lanes=1:2", "-n", "1", "-q", "--fail-if", "wait_mean_min > 9"
    )
    assert done.exit_code == 5
    assert done.stderr == ("failed: stages.check.lanes=1: wait_mean_min is 15, and wait_mean_min > 9 was not to be\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "say what varies: --vary PATH=VALUES, or --assumed for all assumed numbers, and not both"),
        (["--assumed", "--vary", "a=1:2"], "and not both"),
        (["--vary", "stages.check.lanes=1:2", "--trajectories", "4"], "--trajectories goes with --assumed"),
        (["--assumed", "-n", "4"], "--replications goes with --vary"),
        (["--assumed", "--fail-if", "left > 2"], "--fail-if goes with --vary"),
        (["--assumed", "--within", "100%"], "numbers are varied by more than 0 % and less than 100 %, got 100 %"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(port, words, message):
    done = portsim_("sweep", port, *words)
    assert done.exit_code == 2
    assert message in done.stderr


# ---- screening -----------------------------------------------------------------------------------------------------


def test_assumed_numbers_have_ranges_and_what_cannot_be_varied_is_listed():
    reader = Reader(ps.load_text(TEXT))
    factors, left_out = factors_of(lambda sets: reader.scenario(None, sets), 0.2)
    ranges = {factor.path: (factor.written(0), factor.written(1)) for factor in factors}
    assert ranges["stages.check.lanes"] == ("1", "2")  # whole, by one at least, not below 1
    assert ranges["stages.check.officers.police"] == ("1", "2")
    assert ranges["stages.check.service"] == ("8 min", "12 min")
    assert ranges["flows.out.arrivals.timetable.0.units"] == ("3", "5")
    assert not [path for path in ranges if path.startswith("officers.")]  # measured, not assumed
    why = {one.path: one.why for one in left_out}
    assert why["sides.own.open"] == "a clock time"
    assert why["flows.out.arrivals.timetable.0.at"] == "a clock time"


def test_a_share_stays_a_share_and_a_range_the_scenario_refuses_is_left_out():
    text = TEXT.replace("journey: [check]", "journey: [check, {scan: 90%}]").replace(
        "stages: {check", "stages: {scan: {service: 1 min}, check"
    )
    reader = Reader(ps.load_text(text))
    factors, _ = factors_of(lambda sets: reader.scenario(None, sets), 0.2)
    [share] = [factor for factor in factors if factor.path.endswith("scan") and factor.path.startswith("flows")]
    assert (share.written(0), share.written(1)) == ("72%", "100%")
    # Reserves called at 10 and sent home at 9: called at 8 they would come and go at one queue.
    few = TEXT.replace("{8-18: 4}", "{8-18: 4}, reserves: [{officers: 2, call_at: 10, close_at: 9}]")
    reader = Reader(ps.load_text(few.replace("measured: by the port", "assumed: so")))
    _, left_out = factors_of(lambda sets: reader.scenario(None, sets), 0.2)
    [one] = [one for one in left_out if one.path == "officers.police.reserves.0.call_at"]
    assert one.why.startswith("at 8 the scenario is not valid: ")


def test_effects_are_those_worked_by_hand():
    # Four trucks at one lane wait 1.5 services on average: from 8 to 12 min that is 6 min, whatever else.
    text = (
        TEXT.replace("lanes: 1,", "lanes: {measured: counted, value: 1},")
        .replace("officers: {police: 1}}", "officers: {police: {measured: counted, value: 1}}}")
        .replace("flows.*: {assumed", "flows.*: {measured")
    )
    found = ps.screen(ps.load_text(text), of=["wait_mean_min", "crossings"], trajectories=4)
    [wait, crossed] = found.data.effects
    assert wait.path == "stages.check.service"
    assert (wait.mu_star, wait.mu, wait.sigma, wait.n) == (
        pytest.approx(6),
        pytest.approx(6),
        pytest.approx(0, abs=1e-5),
        4,
    )
    assert (wait.ci_low, wait.ci_high) == (pytest.approx(6), pytest.approx(6))
    assert (crossed.measure, crossed.mu_star) == ("crossings", 0)


def test_the_ranking_puts_what_matters_first_and_an_interaction_shows_in_its_spread():
    found = ps.screen(ps.load_text(TEXT), trajectories=6)
    effects = {effect.path: effect for effect in found.data.effects}
    assert [effect.mu_star for effect in found.data.effects] == sorted(
        (e.mu_star for e in effects.values()), reverse=True
    )
    assert effects["stages.check.lanes"].mu < 0 < effects["stages.check.service"].mu
    assert effects["stages.check.lanes"].sigma > 0
    assert found.data.effects[0].path == "stages.check.lanes"
    text = str(found)
    assert "1  stages.check.lanes" in text
    assert "sides.own.open: a clock time" in text
    again = ps.screen(ps.load_text(TEXT), trajectories=6)
    assert again.to_dict() == found.to_dict()


def test_the_screening_writes_what_it_found(port, tmp_path):
    done = portsim_("sweep", port, "--assumed", "--trajectories", "2", "--json", "-o", tmp_path / "out")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["schema"] == "portsim.screening/1"
    assert {"path", "value", "low", "high", "reason"} == set(document["assumptions"][0])
    names = {"effects.csv", "assumptions.csv", "left_out.csv", "screening.json", "assumptions.png"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names


def test_a_scenario_without_assumptions_has_nothing_to_screen():
    with pytest.raises(ArgumentError, match="no number of this scenario is assumed and can be varied"):
        ps.screen(ps.load_text(TEXT.replace("assumed", "measured")))
    with pytest.raises(ArgumentError, match="an interval takes at least 2 trajectories, got 1"):
        ps.screen(ps.load_text(TEXT), trajectories=1)
    with pytest.raises(ArgumentError, match="name at least one measure"):
        ps.screen(ps.load_text(TEXT), of=())
