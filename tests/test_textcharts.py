"""Charts of text: a glyph for each stretch of time, and intervals on a common axis, as values."""

from __future__ import annotations

import math

import numpy as np
import pytest

import portsim as ps
from portsim.views.textcharts import (
    ASCII,
    UNICODE,
    differences_chart,
    glyphs_for,
    interval_lines,
    queue_chart,
    sparkline,
)

# One lane, thirty minutes each, four trucks at noon: 2.5 wait on average from 12 to 13, 0.5 from 13 to 14.
TEXT = """
portsim: 1
name: Noon
port: test
from: 2025-03-03 00:00
to: 2025-03-05 00:00
sides: {own: {timezone: Asia/Shanghai}}
stages: {check: {counted: true, lanes: 1, service: 30 min}}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {timetable: [{at: "12:00", units: 4}]}}
plans:
  two_lanes: {stages.check.lanes: 2}
  slow: {stages.check.service: 1 h}
"""


def test_a_glyph_is_as_high_as_its_share_of_the_largest_and_only_nothing_is_empty():
    assert sparkline(np.array([0, 0.001, 1, 4, 8])) == " ▁▁▄█"
    assert sparkline(np.array([0, 0.001, 1, 4, 8]), ASCII) == " .:+@"
    assert sparkline(np.zeros(3)) == "   "


def test_the_queue_is_drawn_with_its_largest_and_the_clock_times_of_both_ends():
    run = ps.run(ps.load_text(TEXT), replications=2).data
    title, chart, ends = queue_chart(run, 120)
    assert title == "Queue: up to 2.5 trucks on 3 March 12:00, mean of 2 replications"
    assert chart == " " * 12 + "█▂" + " " * 22 + "█▂" + " " * 10, "an hour each: no more columns than there are hours"
    assert ends == "3 March 00:00" + " " * 22 + "5 March 00:00"
    assert len(ends) == len(chart) == 48


def test_a_narrow_terminal_gets_means_of_longer_stretches_and_never_less_than_forty_columns():
    run = ps.run(ps.load_text(TEXT.replace("to: 2025-03-05", "to: 2025-03-23")), replications=1).data
    for asked, columns in ((40, 40), (10, 40), (80, 80), (1000, 120)):
        _, chart, ends = queue_chart(run, asked)
        assert len(chart) == len(ends) == columns
    # 480 hours in 40 columns are half a day each: of an afternoon (2.5 + 0.5) / 12 wait on average, mornings none.
    assert queue_chart(run, 40, ASCII)[1] == " @" * 20


def test_a_run_in_which_nobody_waits_or_of_which_no_hours_were_kept_has_no_chart():
    nobody = ps.run(ps.load_text(TEXT.replace("units: 4", "units: 1")), replications=1)
    assert queue_chart(nobody.data, 80) == ["Queue: no trucks wait"]
    summary = ps.run(
        ps.load_text(TEXT.replace("portsim: 1", "portsim: 1\nrecords: summary")), replications=1, keep="none"
    )
    assert queue_chart(summary.data, 80) == []


def test_intervals_stand_on_one_axis_with_zero_on_it():
    """From -15 to 25 in 41 columns: each column is 1."""
    rows = [
        ("less", -10.0, -15.0, -5.0),
        ("none", 0.0, -3.0, 3.0),
        ("over", 2.0, -1.0, 5.0),
        ("more", 20.0, 15.0, 25.0),
        ("one", 5.0, math.nan, math.nan),
    ]
    assert interval_lines(rows, 47, ASCII) == [
        "less  |----o----|    :",
        "none              |--o--|",
        "over                |+-o--|",
        "more                 :              |----o----|",
        "one                  :    o",
        "      -15            0                       25",
    ]
    assert interval_lines(rows, 47)[2] == "over                ├┼─●──┤"


def test_the_numbers_of_an_axis_do_not_touch():
    assert interval_lines([("a", 10.0, 9.0, 11.0)], 40, ASCII)[-1].split() == ["0", "11"]
    assert interval_lines([("a", -10.0, -11.0, 0.1)], 40, ASCII)[-1].split() == ["-11", "0.1"]


def test_labels_are_cut_to_leave_room_and_wide_characters_take_two_columns():
    lines = interval_lines([("a" * 60, 1.0, 0.0, 2.0), ("口岸", 1.0, 0.0, 2.0)], 40, ASCII)
    assert all(line.index("|") == lines[0].index("|") - (2 if "口岸" in line else 0) for line in lines[:2])
    assert lines[0].startswith("a" * 12 + "…")


def test_the_differences_of_plans_are_those_of_the_first_measure():
    """Waits are 0, 30, 60, 90: 45 on average; with two lanes 0, 0, 30, 30; at an hour each 90."""
    made = ps.compare(ps.load_text(TEXT), replications=2)
    title, two, slow, axis = differences_chart(made.data, 60)
    assert title == "Difference in mean wait, min, from (no plan)"
    assert two.startswith("two_lanes  ●")
    assert slow.endswith("●")
    assert axis.split() == ["-30", "0", "45"]
    other = differences_chart(made.data, 60, wanted=ps_selection("crossings"))
    assert other[0] == "Difference in crossings, from (no plan)"
    assert other[-1].strip() == "0"


def ps_selection(text: str):
    from portsim.results.selection import Selection

    return [Selection.parse(text)]


@pytest.mark.parametrize(
    ("encoding", "glyphs"), [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), (None, ASCII), ("none", ASCII)]
)
def test_glyphs_are_those_the_encoding_has(encoding, glyphs):
    assert glyphs_for(encoding) is glyphs


def test_the_queue_of_a_run_that_was_broken_off_and_continued_is_that_of_one_that_was_not(tmp_path):
    scenario = ps.load_text(TEXT.replace('{timetable: [{at: "12:00", units: 4}]}', "{rate: 4/h}"))

    class Broken(Exception):
        pass

    def breaking(played: object) -> None:
        if played.number == 1:
            raise Broken

    with pytest.raises(Broken):
        ps.run(scenario, replications=3, folder=tmp_path / "run", on_replication=breaking)
    continued = ps.run(scenario, replications=3, folder=tmp_path / "run", resume=True)
    whole = ps.run(scenario, replications=3)
    assert whole.data.waiting.shape == (3, 48)
    np.testing.assert_array_equal(continued.data.waiting, whole.data.waiting)
