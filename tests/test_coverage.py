"""The intervals that are printed cover the truth as often as they say, where theory knows it (tests/coverage.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest

import portsim as ps
from tests import coverage

DEFAULT, DEEP = 1_000, 4_000


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
    check(coverage.cases()[0].coverage(DEFAULT))


def test_an_interval_of_a_difference_covers():
    check(coverage.paired(DEFAULT))


def test_of_five_plans_that_are_equal_none_is_called_different():
    found = coverage.equal_plans(DEFAULT)
    assert found.share >= 0.95 - found.allowed, found


def test_an_interval_of_a_run_that_stops_when_it_knows_enough_covers():
    found, taken = coverage.sequential(DEFAULT, 25.0, 0.05)
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
@pytest.mark.parametrize("case", [case for case in coverage.cases() if case.is_promised], ids=lambda case: case.name)
def test_intervals_cover_in_many_experiments(case):
    check(case.coverage(DEEP))


@pytest.mark.deep
def test_differences_cover_and_equal_plans_are_left_alone_in_many_experiments():
    check(coverage.paired(DEEP))
    found = coverage.equal_plans(DEEP)
    assert found.share >= 0.95 - found.allowed, found
    for shape, relative in ((100.0, 0.05), (25.0, 0.05), (4.0, 0.1)):
        found = coverage.sequential(DEEP, shape, relative)[0]
        assert abs(found.share - 0.95) <= 0.02, found
