"""What figures say of unknown numbers: the file, the inference, the verdicts, and whether all of it can be believed."""

# ruff: noqa: E501 - calibration files and messages stand on one line

from __future__ import annotations

import importlib.util
import json
import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from typer.testing import CliRunner

import portsim as ps
from portsim.cli.app import app
from portsim.errors import CalibrationError, Place
from portsim.experiments.calibration import RUNS, calibrate, read_question, shipped_calibrations
from portsim.experiments.calibration.bend import find_bend
from portsim.experiments.calibration.calibrate import coordinates, learn
from portsim.experiments.calibration.emulator import Emulator, Predicted, _Data
from portsim.experiments.calibration.likelihood import log_likelihood
from portsim.experiments.calibration.playing import Playing, Point
from portsim.experiments.calibration.posterior import DRAWS, draw_posterior, sobol
from portsim.experiments.calibration.priors import Prior
from portsim.experiments.calibration.question import Error, Measured, Target
from portsim.experiments.calibration.verdicts import verdict_of
from portsim.experiments.executors import executor_for

PORT = """\
portsim: 1
name: A small port
port: small
from: 2025-03-03 00:00
to: 2025-03-13 00:00
sides: {a: {timezone: Asia/Shanghai}}
stages:
  check: {side: a, counted: true, lanes: 2, service: {lognormal: {mean: 6 min, cv: 0.5}}}
flows:
  out: {kind: truck, direction: out, persons: 1, journey: [check], arrivals: {per_day: 300}}
  back: {kind: truck, direction: in, persons: 1, journey: [check], arrivals: {per_day: 20}}
sources: {stages.*: {assumed: for a test}, flows.*: {assumed: for a test}}
"""
FILE = """\
calibration: 1
name: A test
scenario: port.yaml
fit:
  demand: {sets: flows.out.arrivals.per_day, prior: {uniform: [100, 450]}, why: wide}
  service: {sets: stages.check.service.lognormal.mean, prior: {uniform: [1 min, 15 min]}, why: wide}
targets:
  ten_days: {value: 3000, unit: vehicles, source: a log, measure: crossings in 2025-03-03 .. 2025-03-12, error: {within: 3%}}
"""
HEADWAY = "facts: 1\nsource: {title: t, publisher: p, where: w}\nfigures:\n"


def target(value, *, name="it", metric="crossings", error=None, is_fitted=True):
    measured = Measured(metric, None, (), 0, 1)
    return Target(name, value, measured, error or Error(), is_fitted, None, "a test", "", Place("", 0, 0))


@pytest.fixture
def written(tmp_path):
    """Writes a calibration file beside its scenario and facts; gives its path."""

    def write(text=FILE, port=PORT, facts=""):
        (tmp_path / "port.yaml").write_text(port, "utf-8")
        (tmp_path / "own.yaml").write_text(HEADWAY + facts, "utf-8")
        path = tmp_path / "cal.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


# ---- the file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_calibrations())
def test_every_shipped_calibration_is_valid(name):
    question = read_question(name)
    assert question.parameters
    assert question.fitted


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("calibration: 1", "calibration: 2", "calibration", "the format is 1, got 2"),
        ("name: A test", "nmae: A test", "nmae", "unknown key; did you mean 'name'?"),
        ("scenario: port.yaml", "scenario: prot", "scenario", "there is no file and no shipped scenario 'prot'"),
        ("name: A test", "plan: none_such", "plan", "there is no plan 'none_such'"),
        ("name: A test", "set: {stages.chekc.lanes: 3}", "set.stages.chekc.lanes", "there is no 'chekc' under stages"),
        ("name: A test", "set: {stages.check.lanes: many}", "set.stages.check.lanes", "many"),
        ("uniform: [100, 450]", "uniform: [450, 100]", "fit.demand.prior", "goes up, got 450, 100"),
        ("uniform: [100, 450]", "flat: [1, 2]", "fit.demand.prior", "write {uniform: [300, 900]}"),
        ("uniform: [1 min, 15 min]", "uniform: [1 min, 15 h]", "fit.service.prior", "has the units h, min"),
        ("uniform: [1 min, 15 min]", "uniform: [1, 15]", "fit.service.sets", "unit"),
        ("uniform: [100, 450]", "uniform: [-100, 450]", "fit.demand.prior", "at -100 the scenario is not valid"),
        ("flows.out.arrivals", "flows.uot.arrivals", "fit.demand.sets", "there is no 'uot' under flows"),
        ("flows.out.arrivals.per_day", "flows.out.kind", "fit.demand.sets", "flows.out.kind is no number of a scenario"),
        ("stages.check.service.lognormal.mean", "flows.out.arrivals.per_day", "fit.service.sets", "is set by demand already"),
        (", why: wide}\n  service", "}\n  service", "fit.demand", "the key 'why' is missing"),
        ("unit: vehicles", "unit: persons", "targets.ten_days.measure", "counts persons, and crossings counts crossings"),
        ("unit: vehicles", "unit: vehicles/day", "targets.ten_days.measure", "compare it with crossings_per_day"),
        ("unit: vehicles", "unit: min", "targets.ten_days.measure", "is in min, and crossings is a count"),
        ("unit: vehicles", "unit: trains", "targets.ten_days.measure", "counts trains, and crossings counts truck too"),
        ("measure: crossings in", "measure: persons in", "targets.ten_days.measure", "counts vehicles, and persons counts"),
        ("measure: crossings in", "measure: wait_maen_min in", "targets.ten_days.measure", "did you mean 'wait_mean_min'"),
        ("measure: crossings in", "measure: crossings of uot in", "targets.ten_days.measure", "not of 'uot'; did you mean 'out'"),
        ("2025-03-12,", "2025-03-14,", "targets.ten_days.measure", "lies outside the run of the scenario"),
        ("2025-03-03 .. 2025-03-12", "2025-03-12 .. 2025-03-03", "targets.ten_days.measure", "ends before it begins"),
        ("source: a log, ", "", "targets.ten_days", "needs 'source': who observed it"),
        ("within: 3%", "within: 3", "targets.ten_days.error.within", "3"),
        ("within: 3%", "wihtin: 3%", "targets.ten_days.error.wihtin", "did you mean 'within'"),
        ("within: 3%", "at_least: true, rounded: 10", "targets.ten_days.error", "at_least and rounded exclude one another"),
        ("within: 3%", "counted_by: us", "targets.ten_days.error.counted_by", "a name, beside 'counting'"),
        ("value: 3000, unit: vehicles", "fact: xinjiang.persons_2025", "targets.ten_days.fact", "fact"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_calibration_file_is_told_with_its_place_and_key(written, old, new, key, message):
    assert old in FILE
    path = written(FILE.replace(old, new, 1))
    done = CliRunner().invoke(app, ["calibrate", str(path)])
    assert done.exit_code == 3
    assert f"{key}: " in done.output
    assert message in done.output
    assert f"{path}:" in done.output
    assert "--set" not in done.output


def test_what_is_wrong_with_one_number_is_told_once_and_of_no_other(written):
    path = written(FILE.replace("flows.out.arrivals", "flows.uot.arrivals"))
    done = CliRunner().invoke(app, ["calibrate", str(path)])
    lines = done.output.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["fit.demand.sets"]


def test_a_rejected_fact_is_refused_with_the_reason(written):
    facts = """\
  small.wrong: {measure: m, value: 58, unit: vehicles, counts: {what: trucks}, reliability: reject, note: another count}
"""
    text = FILE.replace("name: A test", "facts: [own.yaml]").replace(
        "value: 3000, unit: vehicles, source: a log", "fact: small.wrong"
    )
    with pytest.raises(CalibrationError, match=r"was rejected and is no source: another count"):
        read_question(written(text, facts=facts))


def test_a_figure_is_compared_over_its_own_period_or_says_why_not(written):
    facts = """\
  small.week:
    {measure: m, value: 2100, unit: vehicles, counts: {what: trucks, direction: both}, reliability: A,
     period: {from: 2025-03-03, to: 2025-03-09, timezone: Asia/Shanghai}}
"""
    text = FILE.replace("name: A test", "facts: [own.yaml]").replace(
        "value: 3000, unit: vehicles, source: a log", "fact: small.week"
    )
    with pytest.raises(CalibrationError, match=r"small\.week is about 2025-03-03\.\.2025-03-09"):
        read_question(written(text, facts=facts))
    assert read_question(written(text.replace("error:", "why: for a test, error:"), facts=facts)).targets
    own = text.replace(" in 2025-03-03 .. 2025-03-12", "")
    measured = read_question(written(own, facts=facts)).targets[0].measured
    assert (measured.end_ms - measured.start_ms) == 7 * 86_400_000


def test_a_figure_of_one_direction_is_compared_with_that_direction(written):
    facts = """\
  small.out: {measure: m, value: 3000, unit: vehicles, counts: {what: trucks, direction: out}, reliability: A}
"""
    text = FILE.replace("name: A test", "facts: [own.yaml]").replace(
        "value: 3000, unit: vehicles, source: a log", "fact: small.out"
    )
    with pytest.raises(CalibrationError, match=r"counts direction 'out' only; write crossings of out"):
        read_question(written(text, facts=facts))
    assert read_question(written(text.replace("crossings in", "crossings of out in"), facts=facts)).targets


def test_the_error_of_a_figure_follows_from_its_bound(written):
    def error(of, bound="exact"):
        facts = f"  small.it: {{measure: m, value: 3000, unit: vehicles, counts: {{what: trucks}}, bound: {bound}, reliability: A}}\n"
        text = FILE.replace("name: A test", "facts: [own.yaml]").replace(
            "value: 3000, unit: vehicles, source: a log", "fact: small.it"
        )
        return read_question(written(text.replace("error: {within: 3%}", of), facts=facts)).targets[0].error

    assert error("why: x").interval(3000) == (2999.5, 3000.5)
    assert error("why: x", "at_least").interval(3000) == (3000, math.inf)
    assert error("why: x", "at_most").interval(3000) == (-math.inf, 3000)
    assert error("error: {rounded_down: 500}", "at_least").interval(3000) == (3000, 3500)
    assert error("error: {rounded: 100}").interval(3000) == (2950, 3050)
    assert error("error: {counting: 3%}").counting == pytest.approx(0.03 / 1.96)
    with pytest.raises(CalibrationError, match="is about right only: say how far it may be off"):
        error("why: x", "about")


def test_passengers_of_a_bus_are_no_vehicles():
    with pytest.raises(
        CalibrationError, match=r"counts vehicles, and crossings counts group, traveller too; write 'kinds"
    ):
        read_text_of("jeminay-summer", "jeminay.vehicles_to_2025_07_15", "crossings", "flows.cars_out.arrivals.per_day")


def read_text_of(scenario, fact, measure, path):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cal.yaml"
        file.write_text(
            f"calibration: 1\nscenario: {scenario}\nfit:\n  it: {{sets: {path}, prior: {{uniform: [10, 90]}}, why: x}}\n"
            f"targets:\n  it: {{fact: {fact}, measure: {measure}, why: x}}\n",
            "utf-8",
        )
        return read_question(file)


OBSERVED = (
    FILE[: FILE.index("targets:")]
    + """\
observed:
  log:
    file: log.csv
    columns:
      trucks: {measure: crossings, unit: vehicles}
      wait: {measure: wait_mean_min, unit: h, error: {within: 20%}}
"""
)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2025-03-03,290,0.1\n2025-03-03,300,\n", "log.csv:3:1: date: 2025-03-03 stands already in line 2"),
        ("2025-03-14,290,0.1\n", "log.csv:2:1: date: 2025-03-14 lies outside the run of the scenario"),
        ("2025-03-02,290,0.1\n", "log.csv:2:1: date: 2025-03-02 lies outside the run of the scenario"),
        ("2025-03-03,many,0.1\n", "log.csv:2:12: trucks: a number from 0 is needed, or nothing for a gap, got 'many'"),
        ("3 March,290,0.1\n", "log.csv:2:1: date: "),
        ("", "has no rows; write a day in each"),
    ],
)
def test_what_is_wrong_with_observed_days_is_told_with_its_place(written, tmp_path, rows, message):
    (tmp_path / "log.csv").write_text("date,trucks,wait\n" + rows, "utf-8")
    with pytest.raises(CalibrationError) as refused:
        read_question(written(OBSERVED))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: vehicles", "unit: persons", "observed.log.columns.trucks.measure: the column counts persons"),
        ("unit: h,", "unit: vehicles,", "observed.log.columns.wait.measure: the column is in vehicles"),
        ("measure: crossings,", "measure: crossings_per_day,", "a row is a day, so write crossings, persons, goods"),
        (
            "file: log.csv",
            "file: lgo.csv",
            "observed.log.file: there is no file 'lgo.csv' in the calibration file's folder",
        ),
        ("wait: {", "wiat: {", "has no column 'wiat'"),
    ],
)
def test_units_and_names_of_observed_columns_are_checked(written, tmp_path, old, new, message):
    (tmp_path / "log.csv").write_text("date,trucks,wait\n2025-03-03,290,0.1\n", "utf-8")
    with pytest.raises(CalibrationError) as refused:
        read_question(written(OBSERVED.replace(old, new, 1)))
    assert message in str(refused.value)


def test_observed_days_are_figures_and_empty_cells_are_gaps(written, tmp_path):
    (tmp_path / "log.csv").write_text("date,trucks,wait\n2025-03-03,290,0.1\n2025-03-06,310,\n", "utf-8")
    found = read_question(written(OBSERVED)).targets
    assert [(one.name, one.value) for one in found] == [
        ("trucks 2025-03-03", 290), ("wait 2025-03-03", pytest.approx(6)), ("trucks 2025-03-06", 310),
    ]  # fmt: skip
    assert all(one.measured.end_ms - one.measured.start_ms == 86_400_000 for one in found)
    assert found[0].error.interval(290) == (289.5, 290.5)


# ---- priors --------------------------------------------------------------------------------------------------------


def test_priors_have_the_quantiles_of_their_kind():
    assert Prior("uniform", 10, 20).value(0.3) == pytest.approx(13)
    assert Prior("log_uniform", 1, 100).value(0.5) == pytest.approx(10)
    assert [float(Prior("whole", 1, 4).value(u)) for u in (0, 0.249, 0.251, 0.75, 1)] == [1, 1, 2, 4, 4]
    assert Prior("triangular", 0, 1, 2).value(0.5) == pytest.approx(1)
    assert Prior("normal", 50, 5).value(0.5) == pytest.approx(50)
    even = (np.arange(20_000) + 0.5) / 20_000
    lognormal = Prior("lognormal", 3, 0.5).value(even)
    assert lognormal.mean() == pytest.approx(3, rel=0.01)
    assert lognormal.std() / lognormal.mean() == pytest.approx(0.5, rel=0.03)


def test_a_value_is_written_as_a_scenario_takes_it():
    assert Prior("uniform", 1, 2, unit="min").written(1.25) == "1.25 min"
    assert Prior("uniform", 1, 90, unit="%").written(12.5) == "12.5%"
    assert Prior("whole", 1, 8).written(3.0) == "3"
    assert Prior("uniform", 1, 900).written(825.0, 0.5) == "412.5"


# ---- likelihood ----------------------------------------------------------------------------------------------------


def at(mean, chance, error=0.0):
    return Predicted(np.array([mean]), np.array([error]), np.array([chance]))


def test_a_bound_says_how_probable_more_is():
    found = log_likelihood([target(1000.0, error=Error(0, math.inf))], [at(980.0, 20.0)], np.eye(1))
    assert found[0] == pytest.approx(norm.logsf(1), abs=1e-6)


def test_a_bound_far_away_does_not_lose_its_tail():
    found = log_likelihood([target(1000.0, error=Error(0, math.inf))], [at(200.0, 20.0)], np.eye(1))
    assert found[0] == pytest.approx(norm.logsf(40), rel=1e-6)


def test_a_rounded_count_says_that_it_lies_in_a_range():
    found = log_likelihood([target(49_000.0, error=Error(0, 1000))], [at(49_200.0, 300.0)], np.eye(1))
    expected = norm.cdf(800 / 300) - norm.cdf(-200 / 300)
    assert found[0] == pytest.approx(np.log(expected), abs=1e-6)


def test_counting_error_and_what_is_not_known_of_the_mean_add_to_chance():
    one = target(1000.0, error=Error(0, math.inf, spread=0.03))
    found = log_likelihood([one], [at(950.0, 30.0, 50.0)], np.eye(1))
    assert found[0] == pytest.approx(norm.logsf(50 / math.sqrt(30**2 + 50**2 + 30**2)), abs=1e-6)


def test_figures_of_one_body_are_off_together():
    errors = [Error(counting=0.02, body="b"), Error(counting=0.02, body="b")]
    figures = [target(1000.0, name="a", error=errors[0]), target(2000.0, name="b", error=errors[1])]
    found = log_likelihood(figures, [at(1030.0, 10.0), at(2060.0, 10.0)], np.eye(2))
    covariance = np.array([[100 + 400, 800], [800, 100 + 1600]])
    assert found[0] + math.log(2 * math.pi) == pytest.approx(
        multivariate_normal([1030, 2060], covariance).logpdf([1000, 2000]) + math.log(2 * math.pi) * 2, abs=1e-3
    )


def test_two_bounds_that_go_together_are_a_box_of_a_normal_distribution():
    figures = [target(1000.0, name="a", error=Error(0, math.inf)), target(950.0, name="b", error=Error(0, math.inf))]
    correlation = np.array([[1.0, 0.8], [0.8, 1.0]])
    found = log_likelihood(figures, [at(980.0, 30.0), at(960.0, 30.0)], correlation)
    exact = multivariate_normal([-980, -960], 900 * correlation).cdf([-1000, -950])
    assert found[0] == pytest.approx(np.log(exact), abs=0.05)


# ---- emulator ------------------------------------------------------------------------------------------------------


def test_an_emulator_finds_a_kinked_mean_and_a_chance_that_grows():
    rng = np.random.default_rng(1)
    x = sobol(2, 160, 1, "test")
    mean = 1000 * np.minimum(x[:, 0], 0.6)
    y = mean + (5 + 20 * x[:, 1]) * rng.standard_normal(160)
    emulator = Emulator.learn(x, y)
    new = sobol(2, 200, 2, "test")
    predicted = emulator.predict(new)
    scores = (predicted.mean - 1000 * np.minimum(new[:, 0], 0.6)) / np.hypot(predicted.error, predicted.chance)
    assert np.abs(scores).max() < 1.5, "where it bends as elsewhere"
    ends = emulator.predict(np.array([[0.3, 0.0], [0.3, 1.0]])).chance
    assert ends[0] == pytest.approx(5, rel=0.6)
    assert ends[1] == pytest.approx(25, rel=0.35)


@pytest.mark.parametrize(("is_lower", "ends"), [(True, np.minimum), (False, np.maximum)])
def test_a_bend_is_found_where_two_planes_meet_and_nowhere_else(is_lower, ends):
    rng = np.random.default_rng(2)
    x = sobol(3, 120, 1, "test")
    first, second = 2 * x[:, 0] + x[:, 1], 1.5 - x[:, 2]
    bend = find_bend(x, ends(first, second) + 0.05 * rng.standard_normal(120))
    assert bend.is_lower is is_lower
    assert bend.value(x) == pytest.approx(ends(first, second), abs=0.1)
    side = bend.side(x) * (1 if np.corrcoef(bend.side(x), second - first)[0, 1] > 0 else -1)
    assert (np.sign(side) == np.sign(second - first)).mean() > 0.95
    assert find_bend(x, first + 0.05 * rng.standard_normal(120)) is None
    assert find_bend(x[:8], first[:8]) is None, "too few points"


def test_the_sizes_of_an_emulator_are_sought_along_the_true_slope_of_how_likely_they_are():
    from scipy.optimize import check_grad

    rng = np.random.default_rng(3)
    x = sobol(2, 60, 1, "test")
    y = np.minimum(2 * x[:, 0], x[:, 1]) + 0.1 * rng.standard_normal(60)
    data = _Data(x, y, find_bend(x, y))
    sizes = data.prior_mean + 0.1
    assert check_grad(lambda at: data.cost(at)[0], lambda at: data.cost(at)[1], sizes) < 1e-3


def test_an_emulator_of_something_that_never_changes_is_sure():
    x = sobol(1, 40, 1, "test")
    predicted = Emulator.learn(x, np.full(40, 7.0)).predict(x)
    assert predicted.mean == pytest.approx(np.full(40, 7.0), abs=1e-3)


# ---- posterior and verdicts ----------------------------------------------------------------------------------------


def test_the_posterior_of_a_known_case_is_found_where_the_prior_is_far_too_wide():
    """A uniform prior and a normal likelihood in three dimensions, of which the third says nothing."""
    centre, width = np.array([0.3, 0.7]), np.array([0.004, 0.01])

    def logs(u):
        return -0.5 * (((u[:, :2] - centre) / width) ** 2).sum(axis=1)

    found = draw_posterior(logs, 3, seed=4)
    assert found.shares.shape == (DRAWS, 3)
    assert found.shares[:, :2].mean(axis=0) == pytest.approx(centre, abs=0.001)
    assert found.shares[:, :2].std(axis=0) == pytest.approx(width, rel=0.12)
    assert found.shares[:, 2].std() == pytest.approx(12**-0.5, rel=0.08)
    assert found.evidence == pytest.approx(math.log(2 * math.pi * 0.004 * 0.01), abs=0.25)


def test_draws_favour_neither_half_of_what_figures_say_nothing_of():
    """Quasi-random points alternate between halves, which evenly spaced draws must not fall in step with."""
    points = sobol(2, 2**16, 1, "prior")
    for centre in np.linspace(0.3, 0.7, 9):
        logs = -0.5 * ((points[:, 0] - centre) / 0.01) ** 2
        shares = draw_posterior(lambda u: np.zeros(len(u)), 2, seed=1, prior=(points, logs)).shares
        assert abs(np.mean(shares[:, 1] < 0.5) - 0.5) < 0.08


@pytest.mark.parametrize(
    ("draws", "verdict"),
    [
        (lambda u: u, "not identified"),
        (lambda u: 0.5 * u, "bounded above"),
        (lambda u: 0.1 * u, "bounded above"),
        (lambda u: 0.4 + 0.6 * u, "bounded below"),
        (lambda u: 0.5 + 0.05 * norm.ppf(u), "identified"),
        (lambda u: 0.05 + 0.01 * norm.ppf(u), "identified"),
        (lambda u: np.where(u < 0.2, 0.5 + 2.5 * u, 0.5 + 0.01 * norm.ppf(u)), "bounded below"),
    ],
)
def test_a_verdict_looks_at_the_ends_of_the_prior_and_not_only_at_the_width(draws, verdict):
    assert verdict_of(np.clip(draws((np.arange(1024) + 0.5) / 1024), 0, 1)) == verdict


# ---- all of it -----------------------------------------------------------------------------------------------------


def small(written, text=FILE):
    with executor_for() as executor:
        return calibrate(read_question(written(text)), runs=120, executor=executor)


def test_a_count_bounds_service_from_above_and_nothing_more(written):
    """Two lanes are 48 lane-hours a day: 300 a day cannot be passed at more than 9.6 min each."""
    found = small(written)
    demand, service = found.findings
    assert demand.posterior[0] < 280 < demand.posterior[2]
    assert service.verdict == "bounded above"
    assert 7 < service.posterior[2] < 10
    assert service.posterior[0] < 2
    assert "queue length, a wait, or a saturated day" in service.settles
    assert found.predictions[0].is_reached
    assert 0.6 < found.error_of_emulators < 1.5


def test_a_prior_that_keeps_below_load_1_leaves_service_unidentified(written):
    demand, service = small(written, FILE.replace("[1 min, 15 min]", "[1 min, 7 min]")).findings
    assert demand.verdict == "identified"
    assert 265 < demand.posterior[0] < 280 < demand.posterior[2] < 295
    assert service.verdict == "not identified"
    assert service.reason.startswith("no figure moves with it")


def test_a_wait_identifies_service(written):
    wait = "  wait: {value: 8, unit: min, source: a log, measure: wait_mean_min, error: {within: 20%}}\n"
    service = small(written, FILE + wait).findings[1]
    assert service.verdict == "identified"
    assert service.settles == ""


def test_observed_counts_and_waits_of_two_days_identify_service(written, tmp_path):
    (tmp_path / "log.csv").write_text("date,trucks,wait\n2025-03-03,310,0.12\n2025-03-04,330,0.16\n", "utf-8")
    found = small(written, OBSERVED)
    assert [one.verdict for one in found.findings] == ["identified", "identified"]
    assert 5.5 < found.findings[1].posterior[1] < 8.5


def test_a_figure_that_no_value_reaches_is_a_discrepancy_with_what_it_would_take(written):
    check = (
        "check:\n  more: {value: 9000, unit: vehicles, source: a log, measure: crossings, would_take: a second port}\n"
    )
    found = ps.calibrate(written(FILE + check), runs=90, workers=1)
    text = str(found)
    assert "DISCREPANCY more: 9,000 observed, and the model gives" in text
    assert "None of the points that were played over the priors reaches it" in text
    assert "What it would take: a second port." in text


def test_the_same_seed_gives_the_same_posterior_on_any_number_of_workers(written):
    path = written()
    one, two = (ps.calibrate(path, runs=60, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.data.values, two.data.values)
    other = ps.calibrate(path, runs=60, workers=1, seed=2)
    assert not np.array_equal(one.data.values, other.data.values)


def test_the_command_prints_json_and_writes_a_folder(written, tmp_path):
    folder = tmp_path / "out"
    done = CliRunner().invoke(app, ["calibrate", str(written()), "-n", "60", "--json", "-o", str(folder), "-j", "1"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["schema"] == "portsim.calibration/1"
    assert [one["parameter"] for one in document["parameters"]] == ["demand", "service"]
    assert json.loads((folder / "calibration.json").read_text("utf-8")) == document
    assert len((folder / "posterior.csv").read_text("utf-8").splitlines()) == DRAWS + 1
    assert {path.name for path in folder.iterdir()} == {
        "calibration.json", "figures.csv", "parameters.csv", "posterior.csv", "posterior.png", "runs.jsonl",
        "cal-calibrated.yaml", "scenario", "figures.png",
    }  # fmt: skip
    drawn = CliRunner().invoke(app, ["plot", str(folder)])
    assert drawn.stdout.splitlines() == [str(folder / "plots" / f"{name}.png") for name in ("posterior", "figures")]
    for name in ("posterior.png", "figures.png"):
        assert (folder / "plots" / name).read_bytes() == (folder / name).read_bytes(), "from the files alone, the same"
    assert "replications in" in done.stderr
    assert "effective draws" in done.stderr


def test_a_calibration_that_was_broken_off_goes_on_and_ends_as_if_it_had_not_been(written, tmp_path):
    path, folder = written(), tmp_path / "out"
    whole = ps.calibrate(path, runs=60, workers=1)

    class Broken(Exception):
        pass

    def breaking(after):
        done = []

        def on_replication(expected):
            done.append(expected)
            if len(done) == after:
                raise Broken

        return on_replication

    for after in (20, 25):  # among the first points, then among the second
        with pytest.raises(Broken):
            ps.calibrate(path, runs=60, workers=1, folder=folder, resume=True, on_replication=breaking(after))
    with open(folder / "runs.jsonl", "ab") as stream:  # a line that was being written
        stream.write(b'["predicting 9", [30')
    with pytest.raises(CalibrationError, match="not an empty folder; name a new one, or --resume"):
        ps.calibrate(path, runs=60, workers=1, folder=folder)
    with pytest.raises(CalibrationError, match="holds no calibration of this file, seed, number of runs"):
        ps.calibrate(path, runs=60, workers=1, seed=2, folder=folder, resume=True)
    played = []
    resumed = ps.calibrate(path, runs=60, workers=1, folder=folder, resume=True, on_replication=played.append)
    assert played == [60 - 19 - 24] * (60 - 19 - 24)  # all but those written down before, and so many are announced
    assert np.array_equal(resumed.data.values, whole.data.values)
    assert resumed.to_dict() == whole.to_dict()
    assert json.loads((folder / "calibration.json").read_text("utf-8")) == whole.to_dict()


def test_a_calibration_that_was_killed_goes_on_to_the_same_posterior(written, tmp_path):
    path, folder = written(), tmp_path / "killed"
    command = [
        sys.executable,
        "-m",
        "portsim.cli",
        "calibrate",
        str(path),
        "-n",
        "60",
        "-j",
        "2",
        "--no-plots",
        "-q",
        "-o",
    ]
    process = subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = folder / "runs.jsonl"
    for _ in range(6000):
        if journal.is_file() and journal.read_bytes().count(b"\n") > 31:
            break
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "posterior.csv").exists()
    assert subprocess.run([*command, str(folder), "--resume"], capture_output=True, check=False).returncode == 0
    assert subprocess.run([*command, str(tmp_path / "whole")], capture_output=True, check=False).returncode == 0
    names = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    assert names == {one.relative_to(tmp_path / "whole").as_posix() for one in (tmp_path / "whole").rglob("*") if one.is_file()}  # fmt: skip
    for name in names - {"runs.jsonl", "run.lock"}:
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


# ---- can it be believed --------------------------------------------------------------------------------------------

SYNTHETIC = """\
calibration: 1
name: Synthetic
scenario: port.yaml
set: {to: 2025-03-09 00:00}
fit:
  demand: {sets: flows.out.arrivals.per_day, prior: {uniform: [200, 450]}, why: a test}
  spread: {sets: flows.out.arrivals.day_to_day_cv, prior: {uniform: [0, 0.3]}, why: a test}
  service: {sets: stages.check.service.lognormal.mean, prior: {uniform: [1 min, 12 min]}, why: a test}
targets:
  rounded: {value: 100, unit: vehicles, source: t, measure: crossings in 2025-03-03 .. 2025-03-05, error: {rounded_down: 50}}
  one_day: {value: 100, unit: vehicles, source: t, measure: crossings of out in 2025-03-06 .. 2025-03-06, error: {counting: 3%}}
  bound: {value: 100, unit: vehicles/day, source: t, measure: crossings_max_per_day in 2025-03-03 .. 2025-03-08, error: {at_least: true}}
  night: {value: 100, unit: vehicles, source: t, measure: crossings in 2025-03-07 10:00 .. 2025-03-08 08:00}
"""
"""Rounding, a lower bound, a counting error, two missing days, and a window of 22 hours."""


class Synthetic:
    """Ports of which all is known but to the calibration.

    What is learnt does not depend on the figures, so that one set of replications serves all ports.
    """

    def __init__(self, question, seed=1, runs=160, points=2**14):
        self.question, self.seed = question, seed
        self.d = len(question.parameters)
        design = sobol(self.d, runs, seed, "design")
        self.outputs = self.play(design, [f"d{n}" for n in range(runs)], np.arange(runs))
        self.learnt = learn(question, design, self.outputs)
        self.points = sobol(self.d, points, seed, "prior")
        x = coordinates(question.parameters, self.points)
        self.predicted = [emulator.predict(x) for emulator in self.learnt.emulators]

    def play(self, shares, keys, numbers):
        return self.play_with(self.question, shares, keys, numbers)

    @staticmethod
    def play_with(question, shares, keys, numbers):
        values = np.stack([one.prior.value(shares[:, n]) for n, one in enumerate(question.parameters)], axis=1)
        with executor_for() as executor:
            playing = Playing(question, executor=executor, engine="auto", expected=len(keys), known={})
            rows = zip(keys, values.tolist(), numbers, strict=True)
            return playing.play([Point(key, tuple(row), int(number)) for key, row, number in rows])

    def posteriors(self, truths):
        """Draws for each port, float64[ports, draws, d], from what it would publish."""
        ports = len(truths)
        happened = self.play(truths, [f"t{n}" for n in range(ports)], 10_000 + np.arange(ports))
        rng = np.random.default_rng(self.seed + 1)
        found = []
        for port in range(ports):
            marks = self.outputs[rng.integers(len(self.outputs))]
            figures = tuple(
                published(one, happened[port, n], rng, marks[n]) for n, one in enumerate(self.learnt.targets)
            )
            of_port = replace(self.learnt, targets=figures)
            logs = log_likelihood(figures, self.predicted, self.learnt.correlation)
            found.append(draw_posterior(of_port.log_likelihood, self.d, seed=port, prior=(self.points, logs)).shares)
        return found


def synthetic_ranks(question, ports, seed=1, runs=160):
    """Ranks of true values among posterior draws, for ports drawn from the prior: float64[ports, d]."""
    truths = np.random.default_rng(seed).random((ports, len(question.parameters)))
    found = Synthetic(question, seed, runs=runs).posteriors(truths)
    return np.stack([(shares < truth).mean(axis=0) for shares, truth in zip(found, truths, strict=True)])


def published(one, happened, rng, mark=None):
    """What a port publishes: a count off by its error, or rounded; one that reached a mark only as "more than" it.

    mark : does not follow from what happened. A port that put it just below each count would say more than a bound does.
    """
    error = one.error
    if one.is_by_log:
        return replace(one, value=float(f"{happened * (1 + error.spread * rng.standard_normal()):.3g}"))
    counted = happened / (1 + error.counting * rng.standard_normal()) if error.counting else happened
    if math.isinf(error.above):
        bound = math.floor(mark / 50) * 50
        return replace(one, value=bound) if counted >= bound else replace(one, value=counted, error=Error(0.5, 0.5))
    return replace(
        one, value=math.floor(counted / error.above) * error.above if error.above > 1 else float(round(counted))
    )


def test_intervals_of_synthetic_ports_hold_the_truth_as_often_as_they_say(written):
    """100 ports: a coverage of 90 % has a standard error of 3 %; ranks are even within what a chi-square allows."""
    ranks = synthetic_ranks(read_question(written(SYNTHETIC)), 100)
    for column in ranks.T:
        held = np.mean((column > 0.05) & (column < 0.95))
        assert held >= 0.80
        assert chi_square(column) < 33.7  # 1 in 10,000 for 9 degrees of freedom


def chi_square(ranks):
    counts, _ = np.histogram(ranks, bins=10, range=(0, 1))
    return float(((counts - len(ranks) / 10) ** 2).sum() / (len(ranks) / 10))


@pytest.fixture(scope="module")
def ranks_of_a_thousand(tmp_path_factory):
    """With as many points as a calibration has unless it is told another number."""
    folder = tmp_path_factory.mktemp("synthetic")
    (folder / "port.yaml").write_text(PORT, "utf-8")
    (folder / "cal.yaml").write_text(SYNTHETIC, "utf-8")
    return synthetic_ranks(read_question(folder / "cal.yaml"), 1000, seed=11, runs=RUNS)


@pytest.mark.deep
def test_intervals_of_a_thousand_synthetic_ports_hold_the_truth_in_nine_cases_of_ten(ranks_of_a_thousand):
    for column in ranks_of_a_thousand.T:
        assert np.mean((column > 0.05) & (column < 0.95)) == pytest.approx(0.9, abs=0.038)


@pytest.mark.deep
def test_ranks_of_a_thousand_synthetic_ports_are_even(ranks_of_a_thousand):
    for column in ranks_of_a_thousand.T:
        assert chi_square(column) < 33.7


COUNTED = FILE.replace("name: A test", "set: {to: 2025-03-10 00:00}").replace(
    "  ten_days: {value: 3000, unit: vehicles, source: a log, measure: crossings in 2025-03-03 .. 2025-03-12, "
    "error: {within: 3%}}\n",
    "  week: {value: 2000, unit: vehicles, source: t, measure: crossings in 2025-03-03 .. 2025-03-09, "
    "error: {counting: 3%}}\n",
)
WAITED = "  wait: {value: 8, unit: min, source: t, measure: wait_mean_min in 2025-03-03 .. 2025-03-09, error: {within: 10%}}\n"
DEMAND = 320.0
"""A day, both ways: two lanes are 48 lane-hours, so load 1 is at 9 min."""


def verdicts_on_service(text, written, cases, loads=(0.4, 0.6, 0.8)):
    """Verdicts on the service time of ports of these loads, with 300 trucks a day out and 20 back."""
    question = read_question(written(text))
    prior = question.parameters[1].prior
    truths = np.array(
        [
            ((300 - 100) / 350, (load * 9 - prior.first) / (prior.second - prior.first))
            for load in loads
            for _ in range(cases // len(loads))
        ]
    )
    return [verdict_of(shares[:, 1]) for shares in Synthetic(question, points=2**16).posteriors(truths)]


@pytest.mark.deep
def test_counts_never_identify_service_and_bound_it_only_where_the_prior_reaches_load_1(written):
    reaching = verdicts_on_service(COUNTED, written, 300)
    assert "identified" not in reaching
    assert reaching.count("bounded above") >= 297
    keeping = verdicts_on_service(COUNTED.replace("[1 min, 15 min]", "[1 min, 8 min]"), written, 300)
    assert "identified" not in keeping
    assert keeping.count("not identified") >= 297


SURGE = "  surge: {kind: truck, direction: out, journey: [check], arrivals: {csv: surge.csv}}\n"
SATURATED = "  day: {value: 800, unit: vehicles, source: t, measure: crossings in 2025-03-06 .. 2025-03-06, error: {counting: 3%}}\n"
"""On 6 March 1,500 trucks come at midnight, more than two lanes pass in a day at any load tried."""


@pytest.mark.deep
@pytest.mark.parametrize("load", [0.4, 0.6, 0.8])
@pytest.mark.parametrize("more", ["a wait", "a saturated day"])
def test_waits_and_saturated_days_identify_service(written, tmp_path, more, load):
    """Each of 100 ports calibrated as a user would, beginning from its own figures."""
    if more == "a wait":
        question = read_question(written(COUNTED + WAITED))
    else:
        (tmp_path / "surge.csv").write_text("arrived_at\n" + 1_500 * "2025-03-06 00:00\n")
        question = read_question(written(COUNTED + SATURATED, PORT.replace("flows:\n", f"flows:\n{SURGE}")))
    prior = question.parameters[1].prior
    truth = [(300 - 100) / 350, (load * 9 - prior.first) / (prior.second - prior.first)]
    rng = np.random.default_rng(int(load * 10))
    happened = Synthetic.play_with(question, np.array([truth] * 100), [f"{n}" for n in range(100)], 10_000 + np.arange(100))  # fmt: skip
    verdicts = []
    for row in happened:
        figures = tuple(published(one, row[n], rng) for n, one in enumerate(question.targets))
        with executor_for(workers=1) as executor:
            found = calibrate(replace(question, targets=figures), runs=160, executor=executor)
        verdicts.append(found.findings[1].verdict)
    assert verdicts.count("identified") >= 95, verdicts


# ---- the page ------------------------------------------------------------------------------------------------------


def calibrated():
    path = Path(__file__).resolve().parent.parent / "docs" / "calibrated.py"
    spec = importlib.util.spec_from_file_location("calibrated", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_of_the_shipped_calibrations():
    page = calibrated()
    rows = page.rows_of(page.PAGE.read_text("utf-8"))
    for name in page.NAMES:
        question = read_question(name)
        numbers = [key for of, table, key in rows if (of, table) == (name, "numbers")]
        assert numbers == [one.name for one in question.parameters]
        for one in question.targets:
            _, _, fact, use = rows[name, "figures", one.name]
            assert fact == f"`{one.fact.id}`"
            assert use.startswith("fitted" if one.is_fitted else "predicted")


def test_replications_at_what_the_page_says_give_the_figures_it_says():
    """A small version of the deep test: two replications in the middle of the committed posterior."""
    page = calibrated()
    rows = page.rows_of(page.PAGE.read_text("utf-8"))
    question = read_question("irkeshtam")
    middle = [np.mean(page._ends(rows["irkeshtam", "numbers", one.name][1])) for one in question.parameters]
    with executor_for() as executor:
        playing = Playing(question, executor=executor, engine="auto", expected=2, known={})
        outputs = playing.play([Point(f"{n}", tuple(middle), 500 + n) for n in range(2)]).mean(axis=0)
    for one, value in zip(question.targets, outputs, strict=True):
        low, high = page._ends(rows["irkeshtam", "figures", one.name][1])
        assert low - 0.5 * (high - low) < value < high + 0.5 * (high - low), one.name


def test_a_page_that_says_something_else_is_noticed():
    page = calibrated()
    text = page.PAGE.read_text("utf-8")
    assert page.differences(text, text) == []
    row = next(line for line in text.splitlines() if line.startswith("| `winter_demand`"))
    other = row.replace("identified", "not identified")
    assert page.differences(text, text.replace(row, other, 1)) == [
        "irkeshtam numbers winter_demand: says identified, and it is not identified"
    ]
    low = row.split("|")[3].split(" to ")[0].strip()
    assert len(page.differences(text, text.replace(row, row.replace(f"| {low} to", "| 1 to"), 1))) == 1


def test_the_scenario_that_notebooks_go_on_with_is_of_the_shipped_calibration():
    page = calibrated()
    carried, question = ps.load(page.SCENARIO).posterior, read_question("irkeshtam")
    assert carried.made["sha256"] == dict(question.files)[question.file], "run python docs/calibrated.py"
    assert [(one.name, one.sets, one.unit) for one in carried.numbers] == [
        (one.name, one.sets, one.prior.unit) for one in question.parameters
    ]
    text = page.SCENARIO.read_text("utf-8")
    rows = page.rows_of(page.PAGE.read_text("utf-8"))
    names, draws = page._draws(text)
    for name, column in zip(names, zip(*draws, strict=True), strict=True):
        low, _, high = page._quarters(column)
        assert page._ends(rows["irkeshtam", "numbers", name][1]) == pytest.approx((low, high), rel=0.02)
    assert page.moved(text, text) == []
    other = text.replace("\n    5", "\n    6")  # winter_demand, which is between 500 and 600
    assert [line.partition(":")[0] for line in page.moved(text, other)] == ["winter_demand"]


@pytest.mark.deep
def test_the_page_is_what_its_command_gives(monkeypatch, capsys):
    """On a machine, and with as many threads of linear algebra, as it was written with; others round otherwise."""
    page = calibrated()
    monkeypatch.setattr(sys, "argv", ["calibrated.py", "--check"])
    assert page.main() == 0, capsys.readouterr().err
