"""Pictures of a run: what is drawn is what the tables say, at the right instants, with a title that is true."""

from __future__ import annotations

import csv
import threading
import warnings
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from typer.testing import CliRunner, Result

import portsim as ps
from portsim.api.plotting import plot_folder
from portsim.cli import app
from portsim.cli.plot import NAMES
from portsim.errors import ScenarioError
from portsim.model import lower
from portsim.views import plots
from portsim.views.plots import FORMATS, PICTURES, Folder, Memory, Source
from portsim.views.plots.clock import Clock
from portsim.views.plots.daily import daily_view
from portsim.views.plots.letters import Letters, _characters_of, _find_new_fonts, letters_for
from portsim.views.plots.paper import CHANGE, INK, SERIES, Band, counted, duration, mean_of, spread, units_word
from portsim.views.plots.queue import queue_view
from portsim.views.plots.shading import Duty, Span, shading_of
from portsim.views.plots.timeline import Clocks, put_dates
from portsim.views.plots.use import use_view
from portsim.views.plots.wait import steps_of, wait_view

HOUR = 3_600_000
DAY = 24 * HOUR

# Beijing and Bishkek, closed on 5 March on both sides, each by its own clock; four trucks at noon every day, one lane,
# thirty minutes each: they wait 0, 30, 60 and 90 minutes. From 6 March 10:00 on there are two lanes.
TEXT = """
portsim: 1
name: Four at noon
port: test
from: 2025-03-03 00:00
to: 2025-03-08 00:00
measure_from: 2025-03-04 00:00
targets: {wait_p95_min: 60}
facts: [counted.yaml]
windows:
  all_days: {from: 2025-03-04 00:00, to: 2025-03-08 00:00, published: test.trucks_a_day}
  two_days: {from: 2025-03-06 00:00, to: 2025-03-08 00:00, published: test.trucks}
  morning: {from: 2025-03-06 00:00, to: 2025-03-06 13:00, published: test.trucks}
  goods: {from: 2025-03-06 00:00, to: 2025-03-08 00:00, published: test.goods}
sides:
  china: {timezone: Asia/Shanghai, open: "10:00-24:00", closed: [2025-03-05]}
  kyrgyz: {timezone: Asia/Bishkek, open: "08:00-22:00", closed: [2025-03-05]}
officers:
  police: {level: {10-18: 4, 18-24: 2}}
  customs:
    {crews: 3, crew_size: 2, rota: [day, night, rest], shifts: {day: "08:00-20:00", night: "20:00-08:00"}}
stages:
  check: {side: china, counted: true, lanes: 1, officers: {police: 1}, service: 30 min}
  entry: {side: kyrgyz, lanes: 4, officers: {customs: 1}, service: 15 min}
flows:
  out: {kind: truck, direction: out, journey: [check, entry], arrivals: {timetable: [{at: "12:00", units: 4}]}}
changes:
  - {at: 2025-03-06 10:00, set: {stages.check.lanes: 2}}
"""

FACTS = """
facts: 1
source: {title: Count, publisher: a port, date: 2025, where: a page}
figures:
  test.trucks:
    {measure: trucks, value: 12, unit: vehicles, bound: at_least, reliability: B,
     counts: {what: trucks, direction: both}}
  test.trucks_a_day:
    {measure: trucks, value: 5, unit: vehicles/day, bound: about, reliability: B,
     counts: {what: trucks, direction: out}}
  test.goods: {measure: goods, value: 50, unit: t, counts: {what: goods, direction: both}, reliability: B}
"""

PLAIN = """
portsim: 1
name: "{name}"
port: test
from: 2025-03-03 00:00
to: {to}
sides: {{own: {{timezone: Asia/Shanghai}}}}
stages: {{{stage}: {{counted: true, lanes: 1, service: 30 min}}}}
flows:
  out: {{kind: truck, direction: out, journey: [{stage}], arrivals: {{timetable: [{{at: "12:00", units: {units}}}]}}}}
"""


def plain(name: str = "One day", to: str = "2025-03-04 00:00", stage: str = "check", units: int = 4) -> ps.Scenario:
    return ps.load_text(PLAIN.format(name=name, to=to, stage=stage, units=units))


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> ps.Scenario:
    place = tmp_path_factory.mktemp("scenario")
    (place / "counted.yaml").write_text(FACTS, "utf-8")
    (place / "port.yaml").write_text(TEXT, "utf-8")
    return ps.load(place / "port.yaml")


@pytest.fixture(scope="module")
def folder(scenario: ps.Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs") / "run"
    ps.run(scenario, replications=2, folder=place)
    return place


@pytest.fixture(scope="module")
def source(folder: Path) -> Source:
    return Folder(folder)


@pytest.fixture(scope="module")
def chancy(tmp_path_factory: pytest.TempPathFactory) -> tuple[ps.Run, Path]:
    """Three replications of two days at a port with chance, in memory and in a folder."""
    place = tmp_path_factory.mktemp("runs") / "chancy"
    sets = ["to=2025-05-26 00:00", "measure_from=2025-05-24 00:00", "changes=[]", "windows=null"]
    run = ps.run("irkeshtam-24h", sets=sets, replications=3, keep="all", folder=place)
    return run, place


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def data_of(drawn_axes, label):
    line = next(line for line in drawn_axes.get_lines() if line.get_label().startswith(label))
    return line.get_xdata(), line.get_ydata()


def title_of(axes) -> str:
    return (axes.figure.get_suptitle() or axes.get_title(loc="left")).replace("\n", " ")


# ---- what is drawn is what the tables say ----------------------------------------------------------------------


def test_the_line_of_the_queue_is_the_hourly_table(chancy):
    _, place = chancy
    axes = PICTURES["queue"](Folder(place), None).axes
    hours = defaultdict(float)
    for row in table(place / "hourly.csv"):
        hours[int(row["tick"])] += float(row["waiting"])
    x, y = data_of(axes, "whole port")
    assert x.tolist() == [*(tick / HOUR for tick in hours), 48.0]
    np.testing.assert_allclose(y[:-1], list(hours.values()), rtol=1e-12)
    assert y[-1] == y[-2]


def test_the_areas_of_the_stages_are_the_hourly_table_and_add_up_to_the_port(chancy):
    _, place = chancy
    view = queue_view(Folder(place))
    for name, values in view.stages:
        rows = [float(row["waiting"]) for row in table(place / "hourly.csv") if row["stage"] == name]
        np.testing.assert_allclose(values, rows, rtol=1e-12)
    every = sum(values for _, values in view.stages) + view.others
    np.testing.assert_allclose(every, view.total.mean, rtol=1e-12, atol=1e-12)
    axes = PICTURES["queue"](Folder(place), None).axes
    tops = {area.get_label(): area.get_datalim(axes.transData).y1 for area in axes.collections}
    assert tops[f"for {view.stages[0][0].replace('_', ' ')}"] == pytest.approx(view.stages[0][1].max())
    assert tops["for other stages"] == pytest.approx(view.total.mean.max()), "it stands on all others"


def test_the_bars_are_the_daily_table_and_the_whiskers_its_lowest_and_highest_replication(chancy):
    _, place = chancy
    view = daily_view(Folder(place))
    days: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in table(place / "daily.csv"):
        days[row["date"]][row["replication"]] += int(row["crossings"])
    by_day = [list(one.values()) for one in days.values()]
    [panel] = view.panels
    assert panel.days.mean.tolist() == [sum(values) / 3 for values in by_day]
    assert panel.days.low.tolist() == [min(values) for values in by_day]
    assert panel.days.high.tolist() == [max(values) for values in by_day]
    axes = PICTURES["daily"](Folder(place), None).axes
    assert [bar.get_height() for bar in axes.containers[0]] == panel.days.mean.tolist()


def test_the_curve_of_waits_is_that_of_the_units(chancy):
    run, place = chancy
    axes = PICTURES["wait"](Folder(place), None).axes
    waits = run.units[run.units["replication"] == 0]["wait_min"].to_numpy()
    x, y = data_of(axes, "all flows")
    # The axis is in hours and steps are drawn where they can be told apart; each drawn point is exact.
    for hours, percent in list(zip(x, y, strict=True))[1:-1:40]:
        assert percent == pytest.approx(100 * np.mean(waits <= hours * 60 + 1e-9))


def test_memory_and_folder_give_the_same_pictures(chancy):
    run, place = chancy
    memory, stored = Memory(run.data), Folder(place)
    assert memory.numbers == stored.numbers == (0, 1, 2)
    np.testing.assert_array_equal(memory.hours.waiting, stored.hours.waiting)
    np.testing.assert_array_equal(memory.days.crossings, stored.days.crossings)
    np.testing.assert_array_equal(memory.waits()[0].ms, stored.waits()[0].ms)
    assert queue_view(memory).title == queue_view(stored).title
    assert use_view(memory).title == use_view(stored).title


def test_use_is_what_is_in_use_of_what_is_open_summed_over_the_hours_of_the_week(source):
    """Before the change each truck takes half an hour of the one lane: from 12:00 to 14:00 it is full."""
    view = use_view(source)
    before, after = view.stretches
    assert [(one.start, one.end) for one in view.stretches] == [
        (DAY, 3 * DAY + 10 * HOUR),
        (3 * DAY + 10 * HOUR, 5 * DAY),
    ]
    assert view.weekdays == (1, 2, 3, 4)
    assert [row.name for row in before.rows] == [
        "check: lanes",
        "entry: lanes",
        "police: officers",
        "customs: officers",
    ]
    lanes, officers = before.rows[0].share, before.rows[2].share
    assert lanes[:24][[9, 10, 11, 12, 13, 14]].tolist() == pytest.approx([np.nan, 0, 0, 1, 1, 0], nan_ok=True)
    assert officers[:24][[12, 13, 14]].tolist() == [0.25, 0.25, 0]
    assert np.isnan(lanes[24:48]).all(), "closed all Wednesday"
    # On 6 March eight trucks, those of the closed day too, pass two lanes from 10:00 or 12:00 on.
    assert after.rows[0].share[48 + 10 : 48 + 15].tolist() == [1, 0, 1, 0, 0]
    assert after.rows[0].mean == pytest.approx(12 * 0.5 / (2 * 28))


def test_hours_that_were_not_played_are_told_from_closed_ones(source):
    """Measured is from Tuesday on: before the change Friday was not played, after it Tuesday was not."""
    before, after = use_view(source).stretches
    days = [stretch.is_played.reshape(4, 24).sum(axis=1).tolist() for stretch in (before, after)]
    assert days == [[24, 24, 10, 0], [0, 0, 14, 24]]
    axes = PICTURES["use"](source, None).axes
    played = axes.collections[0].get_array()
    assert np.ma.getmaskarray(played)[0].reshape(4, 24).sum(axis=1).tolist() == [0, 0, 14, 24], "nothing is drawn there"
    assert "white: no such hour was played" in use_view(source).caption
    assert "white" not in use_view(source, is_split=False).caption


def test_a_lane_whose_unit_is_blocked_is_in_use():
    """In the tiny port trucks keep the check lane until the scanner behind it, without room to wait, is free."""
    run = ps.run("tiny", replications=1)
    lanes = use_view(Memory(run.data)).stretches[0].rows[0]
    check = run.visits[(run.visits["stage"] == "check") & (run.visits["started_at"].dt.hour == 8)]
    morning = check[check["started_at"].dt.day == 1]
    held = (morning["left_at"] - morning["started_at"]).sum().total_seconds()
    assert lanes.share[8] == pytest.approx(held / 3600) == pytest.approx(55 / 60)
    assert morning["blocked_min"].sum() > 0


# ---- titles ------------------------------------------------------------------------------------------------------


def test_titles_say_what_is_seen(source):
    """On 5 March nobody crosses; at 10:00 on 6 March the four of that day are still there."""
    assert title_of(PICTURES["queue"](source, None).axes) == (
        "The queue peaks at 4 trucks on 5 March, 12:00 to 13:00, waiting for check"
    )
    assert title_of(PICTURES["daily"](source, None).axes) == (
        "4 crossings a day from 4 March to 7 March, most on 6 March with 8"
    )
    assert title_of(PICTURES["use"](source, None).axes) == (
        "From 6 March on, lanes of check are short most often: 90 % in use or more in 3 of 28 hours"
    )


def test_the_title_of_waits_says_what_share_kept_the_target(source):
    """4 March 0, 30, 60, 90; of 5 March 22, 22, 22.5, 22.5 h; 6 and 7 March 0, 0, 30, 30 minutes."""
    view = wait_view(source)
    assert view.title == "69 % of trucks wait at most 60 min (target 95 %), 95 % wait at most 22 h"
    assert [curve.name for curve in view.curves] == ["out"]
    assert view.curves[0].waits_ms.size == 16
    assert view.curves[0].share_within(HOUR) == 11 / 16
    assert view.targets == (("p95", HOUR, 0.95),)


def test_officers_who_finish_late_are_named_where_they_count(source):
    late = "Officers who finish late count while others on duty are idle."
    assert late in use_view(source).caption
    crews = ps.load_text(PLAIN.format(name="Late", to="2025-03-04 00:00", stage="check", units=1))
    assert late not in use_view(Memory(ps.run(crews, replications=1, keep="all").data)).caption


def test_captions_say_which_replications_are_shown(source, chancy):
    assert "mean of 2 replications (pale shade: lowest to highest replication)" in queue_view(source).caption
    assert "(pale shade and white dots: lowest to" in queue_view(Memory(chancy[0].data)).caption
    band = chancy[0].plot.queue().get_legend_handles_labels()[1]
    assert "lowest to highest replication" in band, "or its grey is taken for that of another stage"
    assert "units of replication 0 of 2." in wait_view(source).caption
    run = ps.run(plain(), replications=4)
    assert "replication 0 of 4" in queue_view(Memory(run.data)).caption
    assert "3 replications" in wait_view(Memory(chancy[0].data)).caption


def test_a_band_leaves_out_the_extreme_tenths_of_ten_replications_and_nothing_of_fewer():
    values = np.arange(11.0).reshape(11, 1)
    assert [float(Band.of(values).low[0]), float(Band.of(values).high[0])] == [1, 9]
    assert [float(Band.of(values[:9]).low[0]), float(Band.of(values[:9]).high[0])] == [0, 8]
    assert [spread(1), spread(9), spread(11)] == ["", "lowest to highest replication", "middle 80 % of replications"]


def test_words_of_titles():
    assert [counted(1, "trucks"), counted(0.99, "trucks"), counted(412.4, "trucks"), counted(2.5, "units")] == [
        *("1 truck", "1 truck", "412 trucks", "2.5 units")
    ]
    assert [duration(25), duration(179), duration(180), duration(573)] == ["25 min", "179 min", "3 h", "9.6 h"]
    assert [units_word(["truck"]), units_word(["bus"]), units_word(["car", "bus"])] == ["trucks", "buses", "units"]
    assert [mean_of([0], 1), mean_of([0], 5), mean_of([0, 1], 2)] == [
        *("one replication", "replication 0 of 5", "mean of 2 replications")
    ]


# ---- shading -----------------------------------------------------------------------------------------------------


def test_closures_and_hours_stand_at_their_instants(scenario):
    """A closed date of Bishkek runs from 02:00 to 02:00 in Beijing; its 08:00 is Beijing's 10:00."""
    shading = shading_of(scenario, lower(scenario), 5 * DAY)
    assert shading.closed_name == "china"
    assert shading.closures == (Span(2 * DAY, 3 * DAY, "2025-03-05"),)
    assert shading.closed == (
        *(Span(0, 10 * HOUR), Span(DAY, DAY + 10 * HOUR), Span(2 * DAY, 3 * DAY + 10 * HOUR)),
        *(Span(4 * DAY, 4 * DAY + 10 * HOUR),),
    )
    assert shading.changes == (3 * DAY + 10 * HOUR,)
    china, kyrgyz, *_ = shading.strips
    assert kyrgyz.name == "kyrgyz open"
    assert kyrgyz.closures == (Span(2 * DAY + 2 * HOUR, 3 * DAY + 2 * HOUR, "2025-03-05"),)
    assert china.duties[0].span == kyrgyz.duties[0].span == Span(10 * HOUR, DAY)


def test_the_shaded_spans_of_the_picture_are_those(source):
    axes = PICTURES["queue"](source, None).axes
    spans = {patch.get_label(): patch.get_extents() for patch in axes.patches}
    assert {"china closed", "closure, 2025-03-05"} <= set(spans)
    [closure] = [patch for patch in axes.patches if patch.get_label() == "closure, 2025-03-05"]
    assert (closure.get_x(), closure.get_width()) == (48, 24)
    grey = [(patch.get_x(), patch.get_width()) for patch in axes.patches if patch.get_hatch() is None]
    assert grey == [(0, 10), (24, 10), (48, 34), (96, 10)]
    [change] = [line for line in axes.get_lines() if line.get_label() == "change, 6 March 10:00"]
    assert change.get_xdata()[0] == 82


def test_crews_stand_in_their_strip_and_a_plain_level_says_how_many(scenario):
    strips = {strip.name: strip for strip in shading_of(scenario, lower(scenario), DAY).strips}
    assert strips["police on duty"].duties == (
        Duty(Span(10 * HOUR, 18 * HOUR, "4"), 1, 1.0),
        Duty(Span(18 * HOUR, 24 * HOUR, "2"), 1, 0.5),
    )
    # Their shifts change at 8 and 20 in Bishkek, which is 10 and 22 in Beijing; the run begins on 2 March in Bishkek.
    crews = [
        (duty.span.start // HOUR, duty.span.end // HOUR, duty.span.name) for duty in strips["customs, crew"].duties
    ]
    assert crews == [(0, 10, "2"), (10, 22, "3"), (22, 24, "1")]
    assert {duty.rows for duty in strips["customs, crew"].duties} == {1}


def test_crews_that_overlap_by_more_than_an_hour_stand_above_one_another(scenario):
    shifts = 'officers.customs={crews: 2, crew_size: 1, rota: [a, b], shifts: {a: "08:00-16:00", b: "14:00-22:00"}}'
    text = TEXT.replace("facts: [counted.yaml]\n", "").replace(TEXT[TEXT.index("windows:") : TEXT.index("sides:")], "")
    changed = ps.load_text(text, sets=[shifts])
    strips = {strip.name: strip for strip in shading_of(changed, lower(changed), DAY).strips}
    assert [(duty.row, duty.rows) for duty in strips["customs, crew"].duties] == [(0, 2), (1, 2)]


def test_reserves_have_a_row_that_says_how_many_were_called_in_and_when():
    """Twelve at noon, half an hour each, one officer: three more are called at five waiting, and ready at 12:30."""
    text = (
        PLAIN.format(name="Reserve", to="2025-03-04 00:00", stage="check", units=12)
        .replace("lanes: 1,", "lanes: 9, officers: {police: 1},")
        .replace(
            "stages:",
            "officers:\n  police:\n    level: 1\n    reserves:\n      - {officers: 3, call_at: 5, "
            "close_at: 1, ready_in: 30 min, stay: 1 h}\nstages:",
        )
    )
    source = Memory(ps.run(ps.load_text(text), replications=1).data)
    strips = {strip.name: strip for strip in queue_view(source).shading.strips}
    called = [
        (duty.span.start / HOUR, duty.span.end / HOUR, duty.span.name) for duty in strips["police, reserve"].duties
    ]
    # Of eleven who wait seven are left at 12:30, three at 13:00, none at 13:30, when the reserve goes home.
    assert called == [(12, 14, "1.5")], "half of each hour, three of them"
    assert "Reserve: officers called in, mean." in queue_view(source).caption


def test_a_stage_with_hours_of_its_own_is_what_is_closed():
    scenario = ps.load("tiny")
    shading = shading_of(scenario, lower(scenario), 26 * HOUR)
    assert shading.closed_name == "check"
    assert shading.closed == (Span(0, HOUR), Span(5 * HOUR, 25 * HOUR))
    assert [strip.name for strip in shading.strips] == ["home open", "check open"]
    assert not shading.closures


# ---- clocks ------------------------------------------------------------------------------------------------------


def test_marks_of_a_day_are_round_hours_of_the_clock_with_the_date_below():
    clock = Clock("Asia/Shanghai", lower(plain()).start_ms)
    marks = clock.marks(DAY)
    assert [mark.label for mark in marks] == [f"{hour:02d}:00" for hour in (*range(0, 24, 2), 0)][: len(marks)]
    assert [mark.hour for mark in marks] == [2.0 * place for place in range(len(marks))]
    assert next(mark.below for mark in marks if mark.below) == "Mon 3 March"


@pytest.mark.parametrize("days", [0.1, 1, 2, 3, 6, 12, 13, 25, 40, 80, 166, 366, 1000, 4000])
def test_there_are_neither_too_few_nor_too_many_marks(days):
    marks = Clock("Asia/Shanghai", 1_735_660_800_000).marks(int(days * DAY))
    assert 2 <= len(marks) <= 14
    hours = [mark.hour for mark in marks]
    assert hours == sorted(set(hours))


def test_marks_follow_the_clock_where_it_changes():
    """At Dover the night of 30 March 2025 has no 01:00; noon stays noon."""
    clock = Clock("Europe/London", 1_743_292_800_000)  # 30 March 2025, 00:00
    assert [(mark.hour, mark.label) for mark in clock.marks(12 * HOUR)][:3] == [
        (0, "00:00"),
        (1, "01:00"),
        (2, "03:00"),
    ]


def test_the_neighbours_clock_stands_on_top_where_it_differs(source):
    clocks = Clocks.of(source.scenario)
    assert clocks.above(5 * DAY) == ("kyrgyz", Clock("Asia/Bishkek", source.scenario.start_ms))
    assert clocks.above(100 * DAY) is None
    [upper] = PICTURES["queue"](source, None).axes.child_axes
    assert upper.get_xlabel() == "kyrgyz, clock of Asia/Bishkek"
    ticks = dict(zip(upper.get_xticks(), (label.get_text() for label in upper.get_xticklabels()), strict=True))
    assert ticks[2.0] == "00:00", "midnight in Bishkek is 02:00 in Beijing"
    assert not PICTURES["queue"](Memory(ps.run(plain(), replications=1).data), None).axes.child_axes


@pytest.mark.parametrize("name", ["queue", "daily", "use"])
@pytest.mark.parametrize("is_given", [False, True])
def test_every_picture_over_time_has_the_neighbours_clock_in_given_axes_too(source, name, is_given):
    """Bishkek is two hours behind: its midnight, and its noon, are at 02:00 and 14:00 in Beijing."""
    axes = PICTURES[name](source, Figure().subplots() if is_given else None).axes
    [upper] = axes.child_axes
    assert upper.get_xlabel().endswith("clock of Asia/Bishkek")
    first = next(at for at in upper.get_xticks() if at >= 0)
    assert first == (14 if name == "use" else 2)


def test_of_a_long_run_it_is_said_how_far_the_neighbours_clock_is_off(scenario):
    zones = scenario.regimes[0].sides
    assert [side.timezone for side in zones] == ["Asia/Shanghai", "Asia/Bishkek"]
    axes = Figure().subplots()
    put_dates(axes, Letters(), Clocks.of(scenario), 90 * DAY)
    assert axes.get_xlabel() == "2025, clock of Asia/Shanghai; kyrgyz 2 h behind"
    put_dates(axes, Letters(), Clocks.of(scenario), 5 * DAY)
    assert axes.get_xlabel() == "2025, clock of Asia/Shanghai", "the second axis says it"


def test_a_long_run_shows_the_fullest_hour_of_each_day():
    long = plain(to="2025-06-01 00:00")
    view = queue_view(Memory(ps.run(long, replications=1).data))
    assert view.is_by_day
    assert view.edges.size == 90 + 1
    # At noon 3 wait for half an hour, then 2.
    assert view.total.mean.tolist() == [2.5] * 90
    assert view.title == "The queue peaks at 2.5 trucks on 3 March"
    assert "Fullest hour of each day" in view.caption


# ---- published figures -------------------------------------------------------------------------------------------


def test_published_figures_stand_over_their_windows_with_their_bound(source):
    """Crossings: 4 on 4 March, none on the 5th, 8 on the 6th, 4 on the 7th; 6 until 13:00 on the 6th."""
    both, one_way = daily_view(source).panels
    total_of_days, stretch = both.published
    [level] = one_way.published
    assert (level.start, level.end, level.figure, level.model, level.kind) == (DAY, 5 * DAY, 5, 4, "level")
    assert level.label == "about 5 a day, out only: test.trucks_a_day; model 4"
    assert (total_of_days.figure, total_of_days.model, total_of_days.kind) == (6, 6, "level")
    assert total_of_days.label == "at least 6 a day: test.trucks; model 6"
    assert (stretch.start, stretch.end, stretch.figure, stretch.kind) == (3 * DAY, 3 * DAY + 13 * HOUR, 12, "total")
    assert stretch.label == "at least 12 in 13 h: test.trucks; model 6"
    above, below = PICTURES["daily"](source, None).axes.figure.axes
    drawn = {line.get_gid(): line for axes in (above, below) for line in axes.get_lines() if line.get_gid()}
    assert set(drawn) == {"all_days", "two_days", "morning"}, "goods are not crossings"
    assert [line.get_gid() for line in below.get_lines() if line.get_gid()] == ["all_days"], "it counts one way only"
    assert drawn["all_days"].get_xdata().tolist() == [24, 72, 120]
    assert drawn["two_days"].get_ydata().tolist() == [6, 6, 6]
    assert [drawn[name].get_marker() for name in ("all_days", "two_days")] == ["o", "^"]


BUSES = """
portsim: 1
name: Three buses
port: test
from: 2025-03-03 00:00
to: 2025-03-05 00:00
facts: [counted.yaml]
windows:
  day: {from: 2025-03-03 00:00, to: 2025-03-04 00:00, published: test.persons}
  cars: {from: 2025-03-03 00:00, to: 2025-03-04 00:00, kinds: [car], published: test.vehicles}
sides: {own: {timezone: Asia/Shanghai}}
stages: {check: {counted: true, lanes: 4, service: 1 min}}
flows:
  out: {kind: bus, direction: out, persons: 30, journey: [check], arrivals: {timetable: [{at: "12:00", units: 3}]}}
  in: {kind: car, direction: in, journey: [check], arrivals: {timetable: [{at: "13:00", units: 2}]}}
"""
PERSONS = """
facts: 1
source: {title: Count, publisher: a port, date: 2025, where: a page}
figures:
  test.persons:
    {measure: persons, value: 100, unit: persons/day, bound: at_most, reliability: B,
     counts: {what: persons, direction: out, drivers_included: DRIVERS}}
  test.vehicles:
    {measure: cars, value: 3, unit: vehicles/day, bound: exact, reliability: B,
     counts: {what: cars, direction: both}}
"""


def buses(place: Path, text: str = BUSES, drivers: str = "yes") -> Source:
    place.mkdir()
    (place / "counted.yaml").write_text(PERSONS.replace("DRIVERS", drivers), "utf-8")
    (place / "port.yaml").write_text(text, "utf-8")
    return Memory(ps.run(place / "port.yaml", replications=1).data)


def test_each_figure_stands_beside_what_it_counts(tmp_path):
    """Five units a day; out go three buses with 30 aboard each; two of the units are cars."""
    source = buses(tmp_path / "port")
    view = daily_view(source)
    assert [panel.axis for panel in view.panels] == [
        "crossings a day",
        "persons a day, out only",
        "crossings of car a day",
    ]
    assert [panel.days.mean.tolist() for panel in view.panels] == [[5, 5], [90, 90], [2, 2]]
    assert [[one.label for one in panel.published] for panel in view.panels] == [
        [],
        ["at most 100 persons a day, out only: test.persons; model 90"],
        ["3 a day: test.vehicles; model 2"],
    ]
    sheet = PICTURES["daily"](source, None)
    every = sheet.axes.figure.axes
    assert [axes.get_ylabel() for axes in every] == [panel.axis for panel in view.panels]
    assert [[line.get_gid() for line in axes.get_lines() if line.get_gid()] for axes in every] == [
        [],
        ["day"],
        ["cars"],
    ]
    legend = [text.get_text() for text in sheet.axes.figure.legends[0].get_texts()]
    assert "3 a day: test.vehicles; model 2" in legend
    assert not sheet.notices


def test_in_axes_that_are_given_figures_of_other_counts_are_notices(tmp_path):
    axes = Figure().subplots()
    drawn = PICTURES["daily"](buses(tmp_path / "port"), axes)
    assert not [line for line in axes.get_lines() if line.get_gid()]
    assert list(drawn.notices) == [
        f"figure of another count, drawn on a sheet of its own only: {label}"
        for label in ("at most 100 persons a day, out only: test.persons; model 90", "3 a day: test.vehicles; model 2")
    ]


@pytest.mark.parametrize(
    ("drivers", "persons", "why"),
    [
        ("yes", "persons: 1", "the scenario counts no persons"),
        ("no", "persons: 30", "it leaves out drivers, whom the scenario counts"),
    ],
)
def test_a_figure_of_persons_that_the_scenario_does_not_count_is_a_notice(tmp_path, drivers, persons, why):
    source = buses(tmp_path / "port", BUSES.replace("persons: 30", persons), drivers)
    drawn = PICTURES["daily"](source, None)
    assert drawn.notices == (f"test.persons counts persons and is not drawn: {why}",)
    assert [axes.get_ylabel() for axes in drawn.axes.figure.axes] == ["crossings a day", "crossings of car a day"]


def test_days_outside_the_measured_stretch_are_told_apart(source):
    view = daily_view(source)
    assert view.is_whole.tolist() == [False, True, True, True, True]
    axes = PICTURES["daily"](source, None).axes
    assert {bars.get_label() for bars in axes.containers} == {"model", "model, outside the measured days"}


# ---- waits -------------------------------------------------------------------------------------------------------


def test_the_steps_of_a_curve_rise_at_each_wait():
    x, y = steps_of(np.array([0, 0, 60, 120], np.int64), 180.0)
    assert x.tolist() == [0, 0, 60, 120, 180]
    assert y.tolist() == [0.5, 0.5, 0.75, 1, 1]
    x, y = steps_of(np.array([60, 300], np.int64), 180.0)
    assert (x.tolist(), y.tolist()) == ([0, 60, 180], [0, 0.5, 0.5])


def test_a_curve_has_no_more_steps_than_can_be_seen():
    x, y = steps_of(np.arange(100_000, dtype=np.int64), 100_000.0)
    assert x.size < 900
    assert y[1:-1].tolist() == ((x[1:-1] + 1) / 100_000).tolist()


def test_waits_of_several_kinds_say_so(tmp_path):
    view = wait_view(buses(tmp_path / "port"))
    assert [(curve.name, curve.kind) for curve in view.curves] == [("all flows", ""), ("out", "bus"), ("in", "car")]
    assert view.kinds == 2
    assert "Units are of 2 kinds, each counted as one: bus, car." in view.caption
    axes = PICTURES["wait"](Memory(ps.run(tmp_path / "port" / "port.yaml", replications=1).data), None).axes
    assert axes.get_ylabel() == "units of 2 kinds within this wait, %"
    assert [label for label in axes.get_legend_handles_labels()[1] if "(bus, 6)" in label]


def test_units_still_in_the_port_are_noted():
    cut = plain(to="2025-03-03 12:40")
    view = wait_view(Memory(ps.run(cut, replications=1).data))
    assert view.curves[0].unfinished == 3
    assert " 3 trucks were still in the port at the end: waits so far. " in view.caption


def test_the_waits_of_a_run_that_kept_no_units_cannot_be_drawn(tmp_path):
    ps.run(plain(), replications=1, folder=tmp_path / "run", folder_keep="none")
    paths, notices = plot_folder(tmp_path / "run")
    assert [path.name for path in paths] == ["queue.png", "daily.png", "use.png"]
    assert notices == ["no picture of waits: the units of no replication were kept (--keep first or all)"]
    with pytest.raises(ScenarioError, match="needs units, and none were kept: run with --keep first or all"):
        plot_folder(tmp_path / "run", what=["wait"])


def test_units_that_are_not_those_of_the_scenario_are_noticed(tmp_path):
    ps.run(plain(units=4), replications=1, folder=tmp_path / "run")
    path = tmp_path / "run" / "scenario.yaml"
    path.write_text(path.read_text("utf-8").replace("units: 4", "units: 3"), "utf-8")
    with pytest.raises(ScenarioError, match="its units are not those this portsim draws for its scenario and seed"):
        plot_folder(tmp_path / "run", what=["wait"])


# ---- every kind of port ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURES)
def test_a_port_without_officers_closures_or_anyone_is_drawn(name):
    empty = Memory(ps.run(plain(units=4, to="2025-03-03 11:00"), replications=1).data)
    title = title_of(PICTURES[name](empty, None).axes)
    assert (
        title
        == {
            "queue": "No trucks wait",
            "daily": "0 crossings on part of 1 day",
            "wait": "No trucks arrived in the measured stretch",
            "use": "No lane is in use",
        }[name]
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_single_day_is_drawn(name):
    one = Memory(ps.run(plain(), replications=1).data)
    title = title_of(PICTURES[name](one, None).axes)
    assert (
        title
        == {
            "queue": "The queue peaks at 2.5 trucks on 3 March, 12:00 to 13:00",
            "daily": "4 crossings on 3 March",
            "wait": "Half of the trucks wait at most 45 min, 95 % at most 86 min",
            "use": "Lanes of check are short most often: 90 % in use or more in 2 of 24 hours",
        }[name]
    )


def test_a_run_that_had_to_stop_is_drawn_as_far_as_it_went(tmp_path):
    stopped = ps.load_text(
        PLAIN.format(name="x", to="2025-03-05", stage="check", units=4) + "limits: {units_in_port: 3}\n"
    )
    assert ps.run(stopped, replications=1, folder=tmp_path / "run").stopped is not None
    paths, _ = plot_folder(tmp_path / "run")
    assert len(paths) == 4
    assert int(Folder(tmp_path / "run").hours.bounds[-1]) == 12 * HOUR + 1


# ---- letters -----------------------------------------------------------------------------------------------------


def test_characters_that_no_font_has_are_said_and_not_drawn_as_boxes(monkeypatch):
    monkeypatch.setattr("portsim.views.plots.letters._installed", list)
    monkeypatch.setattr("portsim.views.plots.letters.PREFERRED", ())
    letters = letters_for(plain(name="口岸 test"))
    assert letters.unknown == {"口", "岸"}
    assert letters("口岸 test") == "?? test"
    assert letters.notices == (
        "no installed font has the characters 口岸: pictures show ? in their place; install a font that has them, for "
        "instance Noto Sans CJK",
    )
    run = ps.run(plain(name="口岸 test"), replications=1)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        figure = run.plot.queue().figure
        figure.canvas.draw()
    assert [str(one.message)[:29] for one in found] == ["no installed font has the cha"]


def test_a_font_that_has_the_characters_is_chosen(monkeypatch):
    known = {"DejaVu Sans": frozenset("ab"), "Own Font": frozenset("口岸"), "Other": frozenset("口岸é")}
    monkeypatch.setattr("portsim.views.plots.letters._characters_of", lambda name: known.get(name, frozenset()))
    monkeypatch.setattr("portsim.views.plots.letters._installed", lambda: ["Other", "Own Font"])
    monkeypatch.setattr("portsim.views.plots.letters.PREFERRED", ("Own Font",))
    assert Letters.of(["ab口岸"]) == Letters(("DejaVu Sans", "Own Font"), frozenset())
    assert Letters.of(["é口岸"]) == Letters(("DejaVu Sans", "Own Font", "Other"), frozenset())
    assert Letters.of(["ab"]) == Letters()


def test_a_font_installed_after_matplotlib_listed_them_is_found(monkeypatch):
    """matplotlib lists fonts once and keeps the list, so that the advice to install one would not help."""
    manager = font_manager.fontManager
    late = [entry for entry in manager.ttflist if entry.name == "STIXGeneral"]
    monkeypatch.setattr(manager, "ttflist", [entry for entry in manager.ttflist if entry not in late])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [entry.fname for entry in late])
    monkeypatch.setattr("portsim.views.plots.letters.PREFERRED", ("STIXGeneral",))
    for kept in (_characters_of, _find_new_fonts):
        kept.cache_clear()
    try:
        assert Letters.of(["\N{FROWN}"]).families == ("DejaVu Sans", "STIXGeneral")
    finally:
        for kept in (_characters_of, _find_new_fonts):
            kept.cache_clear()


def test_titles_are_bold_only_where_every_font_is(monkeypatch, caplog):
    """Of a font without bold letters matplotlib would log for each picture which it takes instead."""
    manager = font_manager.fontManager
    is_bold = lambda entry: entry.name == "STIXGeneral" and entry.weight in (700, "bold")  # noqa: E731
    monkeypatch.setattr(manager, "ttflist", [entry for entry in manager.ttflist if not is_bold(entry)])
    assert Letters(("DejaVu Sans",)).weight_of_titles == "bold"
    assert Letters(("DejaVu Sans", "STIXGeneral")).weight_of_titles == "normal"


def test_a_font_that_has_a_box_for_everything_is_never_chosen():
    assert not [family for family in Letters.of(["口\U0001f9ff"]).families if "Last Resort" in family]


def test_names_do_not_become_formulas():
    run = ps.run(plain(name="costs $5 and $6", to="2025-03-03 13:00"), replications=1)
    figure = run.plot.queue().figure
    figure.canvas.draw()
    assert Letters()("$5_$6") == r"\$5_\$6"
    assert Letters().name("border_check") == "border check"


# ---- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image_format", FORMATS)
def test_the_same_run_gives_the_same_bytes(folder, tmp_path, image_format):
    first, _ = plot_folder(folder, output=tmp_path / "a", image_format=image_format)
    second, _ = plot_folder(folder, output=tmp_path / "b", image_format=image_format)
    assert [path.name for path in first] == [f"{name}.{image_format}" for name in PICTURES]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert b"matplotlib" not in one.read_bytes().lower() or image_format == "svg"


def test_a_picture_has_the_size_of_a_report(source):
    figure = PICTURES["queue"](source, None).axes.figure
    assert (figure.get_size_inches() * 2.54).tolist() == pytest.approx([16, 10])
    assert figure.dpi == 200


@pytest.mark.parametrize("name", PICTURES)
def test_no_letter_is_smaller_than_seven_points(source, name):
    figure = PICTURES[name](source, None).axes.figure
    figure.canvas.draw()
    sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()}
    assert min(sizes) >= 7


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of linear sRGB, white D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    ratio = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(
    "seen",
    [
        np.eye(3),
        np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
        np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    ],
    ids=["normal", "deuteranopia", "protanopia"],
)
def test_the_colours_stay_apart_for_eyes_that_see_red_and_green_alike(seen):
    """The matrices are those of Machado, Oliveira and Fernandes (2009, severity 1.0), for linear RGB.

    A CIE76 distance of 2.3 is just noticeable; lines and dots need several times as much.
    """
    points = {}
    for colour in (*SERIES, INK, CHANGE):
        coded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
        points[colour] = lab(np.clip(seen @ linear, 0, 1))
    apart = {(one, other): float(np.linalg.norm(points[one] - points[other])) for one, other in combinations(points, 2)}
    assert min(apart.values()) > 15, min(apart, key=apart.__getitem__)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_stands_outside_the_sheet(source, name):
    figure = PICTURES[name](source, None).axes.figure
    figure.canvas.draw()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    for legend in figure.legends:
        extent = legend.get_window_extent()
        assert extent.x1 <= figure.bbox.x1
        assert extent.y1 <= figure.bbox.y1
        assert not extent.overlaps(legend.figure.axes[0].get_window_extent()), "and the legend stands above the picture"


# ---- from Python -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_into_axes_that_are_given(chancy, name):
    run, _ = chancy
    axes = Figure().subplots()
    assert getattr(run.plot, name)(ax=axes) is axes
    assert axes.get_title(loc="left")
    assert getattr(run.plot, name)().figure is not axes.figure


def test_a_title_is_folded_to_the_axes_it_stands_over(chancy):
    narrow, wide = Figure(figsize=(5, 3)).subplots(), Figure(figsize=(12, 3)).subplots()
    titles = [chancy[0].plot.queue(ax=axes).get_title(loc="left") for axes in (narrow, wide)]
    assert [title.count("\n") for title in titles] == [1, 0]
    assert len({title.replace("\n", " ") for title in titles}) == 1


def test_a_run_without_records_has_no_pictures():
    run = ps.run(plain(), replications=1, keep="none")
    with pytest.raises(ValueError, match="no records were kept: run with keep='first' or keep='all'"):
        run.plot.queue()


def test_pictures_touch_no_global_state_and_can_be_drawn_by_threads(source):
    import matplotlib

    before = dict(matplotlib.rcParams)
    titles: list[str] = []
    threads = [
        threading.Thread(target=lambda name=name: titles.append(title_of(PICTURES[name](source, None).axes)))
        for name in PICTURES
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(titles) == 4
    assert dict(matplotlib.rcParams) == before


# ---- from the command line ---------------------------------------------------------------------------------------


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_plot_writes_every_picture_into_the_folder_and_prints_its_files(tmp_path):
    ps.run(plain(), replications=1, folder=tmp_path / "run")
    done = call("plot", tmp_path / "run")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [str(tmp_path / "run" / "plots" / f"{name}.png") for name in PICTURES]
    assert all(Path(line).read_bytes().startswith(b"\x89PNG") for line in done.stdout.splitlines())


def test_plot_writes_what_is_asked_for_where_it_is_asked(folder, tmp_path):
    done = call("plot", folder, "--what", "daily", "--what", "wait", "-o", tmp_path / "here", "--format", "svg")
    assert done.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["daily.svg", "wait.svg"]
    assert not (folder / "plots").exists()


def test_the_command_knows_the_names_of_the_pictures():
    assert plots.NAMES == NAMES
    assert set(PICTURES) < set(NAMES)


def test_an_unknown_picture_is_wrong_usage_with_the_nearest_name(folder):
    done = call("plot", folder, "--what", "dayly")
    assert done.exit_code == 2
    message = " ".join(done.stderr.split())
    assert f"must be one of {', '.join(NAMES)}, got 'dayly'; did you mean 'daily'?" in message


def test_a_folder_that_is_no_run_folder_is_said(tmp_path):
    done = call("plot", tmp_path)
    assert done.exit_code == 3
    assert "there is no manifest: this is no run folder, or its run did not finish" in done.stderr


def test_a_run_with_a_folder_draws_its_pictures_unless_told_not_to(tmp_path):
    assert call("run", "tiny", "-n", "1", "-o", tmp_path / "with").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "with" / "plots").iterdir()) == sorted(f"{n}.png" for n in PICTURES)
    assert call("run", "tiny", "-n", "1", "-o", tmp_path / "without", "--no-plots").exit_code == 0
    assert not (tmp_path / "without" / "plots").exists()


def test_a_picture_that_fails_costs_the_run_nothing(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portsim.views.plots.write_figure", full)
    done = call("run", "tiny", "-n", "1", "-o", tmp_path / "run")
    assert done.exit_code == 0
    assert "warning: the run is written, its pictures are not: [Errno 28] No space left on device" in done.stderr
    assert (tmp_path / "run" / "manifest.json").is_file()
