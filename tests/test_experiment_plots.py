"""Pictures of comparisons, sweeps, screenings and calibrations: the same from a folder as from memory."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from typer.testing import CliRunner, Result

import portsim as ps
from portsim.api.plotting import plot_folder
from portsim.cli import app
from portsim.errors import ArgumentError, ScenarioError
from portsim.experiments.calibration.priors import Prior
from portsim.views.plots import EXPERIMENTS, Compared, Drawn, Screened, Swept, draw_all, write_pictures
from portsim.views.plots import Calibrated as Drawable
from portsim.views.plots.calibrated import FITTED, MISSED, PREDICTED, draw_figures, draw_posterior, figures_view
from portsim.views.plots.planqueues import Queues
from portsim.views.plots.queues import queues_view
from portsim.views.plots.shading import Span
from portsim.views.plots.studies import Figure as Published
from portsim.views.plots.studies import Number

HOUR = 3_600_000

# Four trucks at noon, one lane, thirty minutes each: means over the hour are 2.5 waiting, then 0.5. With two lanes 1.
# The port is open from 10 to 24; `night` opens it all day, so that those who come at 6 need not wait until 10.
TEXT = """
portsim: 1
name: Noon and night
port: test
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides:
  own: {timezone: Asia/Shanghai, open: "10:00-24:00"}
  other: {timezone: Asia/Bishkek}
stages:
  check: {side: own, counted: true, lanes: 1, service: 30 min}
flows:
  out: {kind: truck, direction: out, journey: [check],
        arrivals: {timetable: [{at: "12:00", units: 4}, {at: "06:00", units: 1}]}}
plans:
  two_lanes: {stages.check.lanes: 2}
  night: {sides.own.open: "00:00-24:00"}
"""
DATED = TEXT.replace(
    "plans:", "changes:\n  - {at: 2025-03-03 18:00, set: {stages.check.lanes: 3}}\nplans:\n  never: {changes: []}"
)
CHANCY = TEXT.replace('{timetable: [{at: "12:00", units: 4}, {at: "06:00", units: 1}]}', "{rate: 4/h}")


@pytest.fixture(scope="module")
def comparison() -> ps.Comparison:
    return ps.compare(ps.load_text(TEXT), replications=2)


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


# ---- the same from a folder as from memory -------------------------------------------------------------------------


def test_a_comparison_is_drawn_the_same_from_its_folder(tmp_path):
    made = ps.compare(ps.load_text(CHANCY), replications=3, of="wait_p95_min")
    paths = made.write(tmp_path / "out")
    assert {path.name for path in paths if path.suffix == ".png"} == {"plans.png", "queues.png"}
    again, notices = plot_folder(tmp_path / "out")
    assert notices == []
    for path in again:
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()
    stored, memory = Compared.read(tmp_path / "out"), Compared.of(made.data, made._wanted)
    for name in ("scenario", "plans", "replications", "seed", "wanted"):
        assert getattr(stored, name) == getattr(memory, name)
    assert repr(stored.differences) == repr(memory.differences)
    for one, other in zip(stored.queues.plans, memory.queues.plans, strict=True):
        assert (one.label, one.closed, one.closures, one.changes) == (
            other.label,
            other.closed,
            other.closures,
            other.changes,
        )
        for part in ("mean", "low", "high"):
            np.testing.assert_array_equal(getattr(one.waiting, part), getattr(other.waiting, part))


def test_points_of_a_sweep_that_are_lower_bounds_are_marked():
    """Of four trucks that come an hour before the end one lane clears two, four lanes all."""
    late = ps.load_text(TEXT.replace("12:00", "23:00"))
    swept = ps.sweep(late, {"stages.check.lanes": [1, 4]}, replications=1, of="wait_mean_min")
    axes = swept.plot.sweep()
    [hollow] = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert hollow.get_xdata().tolist() == [1.0]
    lower = axes.figure.get_suptitle() or axes.get_title(loc="left")
    assert "at least" in lower
    both = {"stages.check.lanes": [1, 4], "stages.check.service": ["10 min", "30 min"]}
    cells = [text.get_text() for text in ps.sweep(late, both, replications=1, of="wait_mean_min").plot.sweep().texts]
    assert sorted(text.startswith("≥ ") for text in cells) == [False, False, False, True]


def test_a_sweep_and_a_screening_are_drawn_the_same_from_their_folders(tmp_path):
    swept = ps.sweep(ps.load_text(CHANCY), {"stages.check.lanes": "1:3"}, replications=2, of="wait_p95_min of out")
    swept.write(tmp_path / "swept")
    screened = ps.screen("tiny", trajectories=2)
    screened.write(tmp_path / "screened")
    for folder, name in (("swept", "sweep.png"), ("screened", "assumptions.png")):
        [path], notices = plot_folder(tmp_path / folder)
        assert (path.name, notices) == (name, [])
        assert path.read_bytes() == (tmp_path / folder / name).read_bytes()
    assert repr(Swept.read(tmp_path / "swept")) == repr(Swept.of(swept.data, swept._wanted))
    assert repr(Screened.read(tmp_path / "screened")) == repr(Screened.of(screened.data))
    assert "95 % of out" in swept.plot.sweep().get_ylabel() or "out" in swept.plot.sweep().get_ylabel()


# ---- what can be drawn of which folder ------------------------------------------------------------------------------


def test_a_picture_that_is_not_one_of_the_folder_is_wrong_usage_and_says_what_there_is(comparison, tmp_path):
    comparison.write(tmp_path / "compared", with_picture=False)
    done = call("plot", tmp_path / "compared", "--what", "daily")
    assert done.exit_code == 2
    message = " ".join(done.stderr.split())
    assert "is the folder of a comparison: of it can be drawn plans, queues; got 'daily'" in message
    ps.run("tiny", replications=1, folder=tmp_path / "run")
    with pytest.raises(ArgumentError, match="is the folder of a run: of it can be drawn queue, daily, wait, use; got"):
        plot_folder(tmp_path / "run", what=["plans"])


def test_the_command_draws_what_is_asked_for_of_a_comparison(comparison, tmp_path):
    comparison.write(tmp_path / "compared", with_picture=False)
    done = call("plot", tmp_path / "compared", "--what", "queues", "--format", "svg")
    assert done.exit_code == 0
    assert done.stdout == f"{tmp_path / 'compared' / 'plots' / 'queues.svg'}\n"


def test_a_calibration_that_did_not_finish_is_said(tmp_path):
    (tmp_path / "runs.jsonl").write_text("{}\n", "utf-8")
    with pytest.raises(ScenarioError, match="of a calibration that did not finish: continue it with portsim calibrate"):
        plot_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("comparison.json", "{", "cannot be read .*make the folder again"),
        ("comparison.json", "[]", "it is no object"),
        ("comparison.json", '{"schema": "portsim.compare/9"}', "must be portsim.compare/1, got 'portsim.compare/9'"),
        ("comparison.json", '{"schema": "portsim.compare/1"}', "there is no '"),
        ("differences.csv", None, "it is missing"),
        ("differences.csv", "plan,baseline\na\n", "a row is longer or shorter than the header"),
        ("differences.csv", "plan,baseline\na,b\n", "there is no column metric"),
        ("queues.csv", "plan,tick,until,date,hour,mean,low,high\na,x,2,d,0,1,1,1\n", "invalid literal for int"),
    ],
)
def test_a_damaged_folder_is_said_with_its_file(comparison, tmp_path, name, content, message):
    comparison.write(tmp_path / "out", with_picture=False)
    path = tmp_path / "out" / name
    path.unlink() if content is None else path.write_text(content, "utf-8")
    with pytest.raises(ScenarioError, match=message) as caught:
        plot_folder(tmp_path / "out")
    assert name in str(caught.value)


def test_a_damaged_number_is_said_with_its_column(comparison, tmp_path):
    comparison.write(tmp_path / "out", with_picture=False)
    path = tmp_path / "out" / "differences.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["mean"] = "many"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(ScenarioError, match="'many' is no number in column mean"):
        plot_folder(tmp_path / "out")


def test_what_there_is_nothing_to_draw_of_is_a_notice_or_refused_if_asked_for(tmp_path):
    text = TEXT.replace("portsim: 1", "portsim: 1\nrecords: summary")
    made = ps.compare(ps.load_text(text), replications=1)
    made.write(tmp_path / "out")
    assert not (tmp_path / "out" / "queues.csv").exists()
    paths, notices = plot_folder(tmp_path / "out")
    assert [path.name for path in paths] == ["plans.png"]
    assert len(notices) == 1
    assert notices[0].startswith("no picture queues: there are no queues to draw: nothing was kept by the hour")
    with pytest.raises(ScenarioError, match="there are no queues to draw"):
        write_pictures(tmp_path / "out", tmp_path, what=["queues"])
    with pytest.raises(ValueError, match="there are no queues to draw"):
        made.plot.queues()


# ---- the queues of plans --------------------------------------------------------------------------------------------


def test_the_queues_of_plans_are_means_over_the_hours(comparison):
    """One waits from 6 to 10 unless it is open; at noon four, thirty minutes each, in one lane or in two."""
    view = queues_view(Compared.of(comparison.data))
    lines = {line.label: line.waiting.mean.tolist() for line in view.lines}
    assert lines["(no plan)"][5:15] == [0, 1, 1, 1, 1, 0, 0, 2.5, 0.5, 0]
    assert lines["two_lanes"][5:15] == [0, 1, 1, 1, 1, 0, 0, 1, 0, 0]
    # Over the day they are seven, five and three truck-hours in 24.
    assert lines["night"][5:15] == [0, 0, 0, 0, 0, 0, 0, 2.5, 0.5, 0]
    assert view.title == ("On average 0.3 trucks wait in (no plan), from 0.1 (night) to 0.2 (two_lanes) in the others")
    axes = comparison.plot.queues()
    drawn = {line.get_label(): line.get_ydata().tolist() for line in axes.get_lines()}
    assert drawn["two_lanes"][:-1] == lines["two_lanes"]


def test_the_queue_of_a_plan_is_that_of_its_run_on_its_own():
    made = ps.compare(ps.load_text(CHANCY), replications=3)
    alone = ps.run(ps.load_text(CHANCY), replications=3, keep="all")
    expected = np.mean([_waiting(alone, number) for number in range(3)], axis=0)
    queues = Queues.of(made.data)
    np.testing.assert_allclose(queues.plans[0].waiting.mean, expected, rtol=1e-9, atol=1e-12)


def _waiting(run: ps.Run, number: int) -> np.ndarray:
    """Mean number waiting in each hour, counted from the units and visits themselves."""
    visits = run.visits[run.visits["replication"] == number]
    units = run.units[run.units["replication"] == number].set_index("unit")
    midnight = visits["joined_at"].min().normalize()

    def hours(moments: pd.Series) -> np.ndarray:
        return ((moments - midnight) / pd.Timedelta(hours=1)).to_numpy()

    begins = hours(units["arrived_at"].reindex(visits["unit"]))
    ends = np.nan_to_num(hours(visits["started_at"]), nan=24.0)
    overlap = [np.clip(np.minimum(ends, hour + 1) - np.maximum(begins, hour), 0, None).sum() for hour in range(24)]
    return np.array(overlap)


def test_the_queues_do_not_depend_on_who_plays(tmp_path):
    for workers in (1, 2):
        ps.compare(ps.load_text(CHANCY), replications=4, workers=workers).write(tmp_path / str(workers))
    for name in ("queues.csv", "hours.csv", "comparison.json", "queues.png"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_hours_that_differ_between_plans_stand_below_and_what_is_common_is_shaded(comparison):
    shading = queues_view(Compared.of(comparison.data)).shading
    assert [strip.name for strip in shading.strips] == ["open, (no plan) and 1 more", "open, night"]
    assert [duty.span for duty in shading.strips[0].duties] == [Span(10 * HOUR, 24 * HOUR)]
    assert [duty.span for duty in shading.strips[1].duties] == [Span(0, 24 * HOUR)]
    assert shading.closed == (), "under night it is never closed"
    same = ps.compare(ps.load_text(TEXT), plans=["two_lanes"], replications=1)
    shading = queues_view(Compared.of(same.data)).shading
    assert [strip.name for strip in shading.strips] == ["port open"]
    assert shading.closed == (Span(0, 10 * HOUR),)


def test_changes_of_the_baseline_are_drawn_and_said_to_be_its():
    view = queues_view(Compared.of(ps.compare(ps.load_text(DATED), plans=["never"], replications=1).data))
    assert view.shading.changes == (18 * HOUR,)
    assert "Dated changes are those of (no plan)." in view.caption


def test_a_plan_that_had_to_stop_has_no_line():
    text = TEXT.replace("plans:", "plans:\n  crowd: {limits.units_in_port: 2}")
    made = ps.compare(ps.load_text(text), plans=["two_lanes", "crowd"], replications=1)
    view = queues_view(Compared.of(made.data))
    assert [line.label for line in view.lines] == ["(no plan)", "two_lanes"]
    assert "Not shown: crowd." in view.caption


def test_a_long_comparison_shows_the_fullest_hour_of_each_day():
    text = TEXT.replace("to: 2025-03-04", "to: 2025-06-01")
    view = queues_view(Compared.of(ps.compare(ps.load_text(text), plans=["two_lanes"], replications=1).data))
    assert view.is_by_day
    assert view.edges.size == 91
    assert view.lines[0].waiting.mean.tolist() == [2.5] * 90


def test_the_neighbours_clock_stands_above_the_queues_in_given_axes_too(comparison):
    for axes in (comparison.plot.queues(), comparison.plot.queues(ax=Figure().subplots())):
        [upper] = axes.child_axes
        assert upper.get_xlabel() == "other, clock of Asia/Bishkek"


# ---- calibrations ----------------------------------------------------------------------------------------------------


def calibrated(**changes: object) -> Drawable:
    """Two numbers, one of them known; figures: one reached, a lower bound, an upper bound, one missed, one of zero."""
    generator = np.random.default_rng(1)
    values = {
        "name": "Made up",
        "seed": 1,
        "runs": 60,
        "effective": 100.0,
        "numbers": (
            Number("demand", Prior("uniform", 0.0, 10.0), "identified"),
            Number("lanes", Prior("whole", 1.0, 4.0), "not identified"),
        ),
        "figures": (
            Published("count", 200.0, 10.0, 0.0, 0.05, 190.0, 200.0, 210.0, True, True),
            Published("at_least", 100.0, 0.0, math.inf, 0.0, 110.0, 130.0, 150.0, False, True),
            Published("at_most", 100.0, math.inf, 0.0, 0.0, 50.0, 60.0, 80.0, True, True),
            Published("missed", 10.0, 0.0, 0.0, 0.0, 15.0, 20.0, 25.0, True, False),
            Published("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, True, True),
        ),
        "draws": np.stack([generator.uniform(4, 6, 200), generator.integers(1, 5, 200).astype(float)], axis=1),
    }
    return Drawable(**(values | changes))


def test_each_figure_is_shown_in_per_cent_of_what_is_published():
    view = figures_view(calibrated())
    rows = {row.name: row for row in view.rows}
    assert [(row.low, row.middle, row.high) for row in view.rows] == [
        (95, 100, 105),
        (110, 130, 150),
        (50, 60, 80),
        (150, 200, 250),
    ]
    assert [row.kind for row in view.rows] == [FITTED, PREDICTED, FITTED, MISSED]
    # It may be 5 % less as it is stated, and 1.96 times 5 % off besides.
    assert (rows["count"].below, rows["count"].above) == pytest.approx((5 + 9.8, 9.8))
    assert math.isinf(rows["at_least"].above)
    assert rows["at_least"].beside == "≥ 100; 130 (110-150)"
    assert rows["at_most"].beside.startswith("≤ 100; 60")
    assert view.left_out == ("none",)
    assert "Not shown, as nothing is a share of 0: none." in view.caption
    assert view.title == "The model reaches 4 of 5 figures, not missed"


def test_the_whiskers_and_marks_drawn_are_those():
    axes = draw_figures(calibrated()).axes
    whiskers = {line.get_gid(): list(line.get_xdata()) for line in axes.get_lines() if line.get_gid()}
    assert whiskers == {"count": [95, 105], "at_least": [110, 150], "at_most": [50, 80], "missed": [150, 250]}
    marks = [line.get_marker() for line in axes.get_lines() if line.get_marker() in "|<>" and list(line.get_xdata())]
    assert marks == ["|", ">", "<", "|"], "a triangle points to where the truth lies"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["count", "at_least", "at_most", "missed"]
    labels = axes.get_legend_handles_labels()[1]
    assert {"figure", "figure, at least", "figure, at most", FITTED, PREDICTED, MISSED} == set(labels)
    given = Figure().subplots()
    assert draw_figures(calibrated(), given).axes is given


def test_figures_that_are_far_off_stand_on_an_axis_of_ratios():
    far = Published("far", 1.0, 0.0, 0.0, 0.0, 9.0, 10.0, 12.0, True, False)
    axes = draw_figures(calibrated(figures=(far,))).axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlim()[0] < 100 < 1200 < axes.get_xlim()[1]
    with pytest.raises(ValueError, match="there is nothing to draw: no figure is above 0"):
        draw_figures(calibrated(figures=calibrated().figures[-1:]))


def test_the_posterior_shows_every_number_and_every_two():
    made = calibrated()
    drawn = draw_posterior(made)
    panels = np.array(drawn.axes.get_figure(root=True).axes).reshape(2, 2)
    assert [panels[place, place].get_title() for place in (0, 1)] == ["identified", "not identified"]
    assert panels[0, 0].get_xlim() == (0, 10)
    counts = [patch.get_height() for patch in panels[1, 1].patches[:4]]
    assert counts == [pytest.approx(np.mean(made.draws[:, 1] == number)) for number in (1, 2, 3, 4)]
    [dots] = panels[1, 0].get_lines()
    np.testing.assert_array_equal(dots.get_xdata(), made.draws[:, 0])
    assert drawn.axes.figure.get_suptitle() == "The figures identify 1 of 2 unknown numbers: demand"
    one = draw_posterior(made, ["lanes"]).axes.get_figure(root=True)
    assert len(one.axes) == 1
    with pytest.raises(ValueError, match="there is no unknown number 'lane'; there are: demand, lanes"):
        draw_posterior(made, ["lane"])


# ---- how they look ---------------------------------------------------------------------------------------------------


def sheets(comparison: ps.Comparison) -> dict[str, Drawn]:
    swept = ps.sweep(ps.load_text(TEXT), {"stages.check.lanes": "1:3"}, replications=1)
    found: dict[str, Drawn] = {}
    for file, of in (
        ("comparison.json", Compared.of(comparison.data)),
        ("sweep.json", Swept.of(swept.data)),
        ("screening.json", Screened.of(ps.screen("tiny", trajectories=2).data)),
        ("calibration.json", calibrated()),
    ):
        drawn, notices = draw_all(EXPERIMENTS[file], of)
        assert notices == []
        found |= drawn
    return found


def test_sheets_are_as_wide_as_a_report_with_nothing_outside_and_no_letter_below_seven_points(comparison):
    found = sheets(comparison)
    assert set(found) == {"plans", "queues", "sweep", "assumptions", "posterior", "figures"}
    for name, drawn in found.items():
        figure = drawn.axes.get_figure(root=True)
        figure.canvas.draw()
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert width * 2.54 == pytest.approx(16), name
        assert (box.x0 >= 0, box.y0 >= 0, box.x1 <= width, box.y1 <= height) == (True,) * 4, name
        sizes = [one.get_fontsize() for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible()]
        assert min(sizes) >= 7, name
        assert figure.get_suptitle(), name
        for axes in figure.axes:
            is_labelled = axes.get_xlabel() or not axes.get_visible() or axes is not figure.axes[-1]
            assert is_labelled or axes.get_ylabel(), name


def test_characters_that_no_font_has_are_a_warning(monkeypatch):
    monkeypatch.setattr("portsim.views.plots.letters._installed", list)
    monkeypatch.setattr("portsim.views.plots.letters.PREFERRED", ())
    made = ps.compare(ps.load_text(TEXT.replace("Noon and night", "口岸")), replications=1)
    for draw in (made.plot.plans, made.plot.queues):
        with pytest.warns(UserWarning, match="no installed font has the characters 口岸") as found:
            draw()
        assert found[0].filename == __file__, "it is said where the call stands"


def test_json_says_which_measures_were_asked_for():
    made = ps.compare(ps.load_text(TEXT), replications=1, of=["wait_p95_min", "wait_mean_min of out"])
    document = json.loads(json.dumps(made.to_dict()))
    assert document["of"] == ["wait_p95_min", "wait_mean_min of out"]
    assert document["sides"] == {"own": "Asia/Shanghai", "other": "Asia/Bishkek"}
    assert (document["start"], document["kinds"]) == ("2025-03-03T00:00:00+08:00", ["truck"])


def test_the_folder_of_a_calibration_is_read_with_its_bounds(tmp_path):
    """What has no upper end is null in JSON: the error above a lower bound."""
    uniform = {"shape": "uniform", "first": 0.0, "second": 10.0, "third": None, "unit": "min"}
    error = {"below": 0.0, "above": None, "counting": 0.03, "body": None, "spread": 0.04, "cut_off_ms": 0}
    figure = {
        "figure": "busy",
        "value": 100.0,
        "error": error,
        "model_q05": 90.0,
        "model_q50": 120.0,
        "model_q95": None,
        "is_fitted": True,
        "is_reached": True,
    }
    document = {
        "schema": "portsim.calibration/1",
        "calibration": "By hand",
        "seed": 3,
        "runs": 60,
        "effective": 12.5,
        "parameters": [{"parameter": "service", "distribution": uniform, "verdict": "bounded above"}],
        "figures": [figure],
    }
    (tmp_path / "calibration.json").write_text(json.dumps(document), "utf-8")
    (tmp_path / "posterior.csv").write_text("service\n0.1\n0.30000000000000004\n", "utf-8")
    made = Drawable.read(tmp_path)
    [of_busy], [of_service] = made.figures, made.numbers
    assert (of_busy.below, of_busy.above, of_busy.spread) == (0, math.inf, 0.05)
    assert math.isnan(of_busy.high)
    assert (of_service.name, of_service.prior.value(0.5), of_service.prior.unit) == ("service", 5, "min")
    assert made.draws.tolist() == [[0.1], [0.30000000000000004]]
    (tmp_path / "posterior.csv").write_text("lanes\n1\n", "utf-8")
    with pytest.raises(ScenarioError, match="there is no 'service'"):
        plot_folder(tmp_path)
