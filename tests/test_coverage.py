"""The intervals that are printed cover the truth as often as they say, where theory knows it (tests/coverage.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest

import portsim as ps
from tests import coverage, verification

PAGE = verification.PAGE.read_text(encoding="utf-8")


def test_trucks_in_line_before_several_lanes_wait_as_long_as_theory_says():
    # Three trucks before two lanes: only the third waits, for the first of two services to end, half a minute.
    assert coverage.lined_up(3, 2) == pytest.approx(0.5 / 3)
    assert coverage.lined_up(40, 1) == 19.5


@pytest.mark.parametrize("case", coverage.cases()[1:3], ids=lambda case: case.name)
def test_what_is_worked_out_of_the_records_is_what_is_printed(case):
    case = replace(case, at_once=10, replications=1)
    scenario = case.scenario()
    network_rows = case.measured(scenario, seed=3)[0]
    run = ps.run(scenario, replications=[0], seed=3, keep="none")
    printed = [row.mean for row in run.rows if row.metric == case.metric and row.flow and not row.kind]
    assert [measure.value for measure in network_rows] == pytest.approx(printed)


def check(found: coverage.Coverage) -> None:
    assert abs(found.share - 0.95) <= found.allowed, found


def test_an_interval_of_a_run_that_starts_and_ends_as_stated_covers():
    check(coverage.cases()[0].coverage(coverage.DEFAULT))


def test_an_interval_of_a_difference_covers():
    check(coverage.paired(coverage.DEFAULT))


def test_of_five_plans_that_are_equal_none_is_called_different():
    found = coverage.equal_plans(coverage.DEFAULT)
    assert found.share >= 0.95 - found.allowed, found


def test_an_interval_of_a_run_that_stops_when_it_knows_enough_covers():
    found, taken = coverage.sequential(coverage.DEFAULT, 25.0, 0.05)
    check(found)
    # Of a cv of 20 % so much takes (1.96 x 0.2 / 0.0476)^2, 68 replications.
    assert 65 < taken < 85


def test_an_interval_that_is_not_made_for_its_case_is_noticed():
    found = coverage.cases()[-1].coverage(500)
    assert found.share < 0.9, found


def test_the_tool_warns_of_a_long_run_it_cannot_give():
    short, long = coverage.steady_cases()
    assert any("a steady state is claimed" in text for text in coverage.advice(short))
    assert not coverage.advice(long)


@pytest.mark.deep
def test_intervals_cover_in_many_experiments_as_the_page_says():
    for found in coverage.every(coverage.DEEP):
        assert f"{found}\n" in PAGE, "run `python -m tests.verification coverage` and look at what has changed"
        if found.is_promised and found.truth == "no difference":
            assert found.share >= 0.95 - found.allowed, found
        elif found.is_promised:
            check(found)
