"""Runs that end when they know enough, and what is said of a steady state that is claimed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import portsim as ps
from portsim.cli import app
from portsim.errors import ArgumentError
from portsim.experiments.precision import Precision, asked_for, assess
from portsim.experiments.warmup import WarmUpAdvice, in_port_by_hour, truncation, without_daily_pattern
from portsim.results import Measure
from portsim.results.selection import Selection
from tests.verification import flow, port

WAIT = Selection("wait_mean_min")
CHECK = "check: {counted: true, lanes: 1, service: {exponential: {mean: 4 min}}}"
BUSY = port(stages=CHECK, flows=flow("trucks", "rate: 10/h"), length=1440)
"""One lane, ten trucks an hour, four minutes each."""


def done(*values: float) -> list[tuple[Measure, ...]]:
    return [(Measure("wait_mean_min", "min", None, None, None, None, None, value),) for value in values]


# ---- where it stops ------------------------------------------------------------------------------------------------


def test_the_half_width_is_held_against_what_makes_it_relative_to_the_truth():
    # 9, 10, 11: mean 10, half width 4.302653 / sqrt(3) = 2.484: 24.8 % of the mean. r / (1 + r) = 24.8 % at r = 33.1 %.
    [found] = assess(Precision(0.34, (WAIT,)), done(9, 10, 11)).reached
    assert found.error == pytest.approx(0.2484, abs=1e-4)
    assert found.is_reached
    [found] = assess(Precision(0.32, (WAIT,)), done(9, 10, 11)).reached
    assert not found.is_reached
    assert found.needed == 4


def test_every_measure_has_to_be_known():
    both = [(*one, *other) for one, other in zip(done(10, 10.1, 9.9), done(1, 20, 300), strict=True)]
    both = [(one, Measure("left", "units", None, None, None, None, None, other.value)) for one, other in both]
    found = assess(Precision(0.1, (WAIT, Selection("left"))), both)
    assert [one.is_reached for one in found.reached] == [True, False]
    assert not found.is_reached


@pytest.mark.parametrize(
    ("values", "is_reached"),
    [
        ((5.0, 5.0), True),
        ((0.0, 0.0), True),
        ((-1.0, 1.0), False),
        ((5.0,), False),
        ((), False),
        ((float("nan"),) * 3, False),
    ],
)
def test_a_measure_that_never_varies_is_known_and_one_without_a_value_is_not(values, is_reached):
    assert assess(Precision(0.1, (WAIT,)), done(*values)).is_reached is is_reached


def test_it_looks_after_the_least_number_and_after_every_ten_more():
    assert list(Precision(0.05, least=20, most=55).looks) == [20, 30, 40, 50, 55]
    assert list(Precision(0.05, least=20, most=20).looks) == [20]


def test_a_run_to_a_precision_equals_one_of_as_many_replications():
    found = ps.run(ps.load_text(BUSY), precision="20%", least=10, most=200, seed=1, keep="none")
    assert found.stopping.is_reached
    n = found.stopping.replications
    assert n % 10 == 0
    plain = ps.run(ps.load_text(BUSY), replications=n, seed=1, keep="none")
    assert [row.mean for row in found.rows] == [row.mean for row in plain.rows]
    half = next((row.ci_high - row.ci_low) / 2 / row.mean for row in found.rows if WAIT.matches(row))
    assert half <= 0.2 / 1.2
    before = ps.run(ps.load_text(BUSY), replications=n - 10, seed=1, keep="none") if n > 10 else None
    if before is not None:
        half = next((row.ci_high - row.ci_low) / 2 / row.mean for row in before.rows if WAIT.matches(row))
        assert half > 0.2 / 1.2


def test_rows_say_that_their_number_was_not_fixed_beforehand():
    found = ps.run(ps.load_text(BUSY), precision=0.9, least=4, most=4, seed=1, keep="none")
    assert "t over replications, sequential" in {row.method for row in found.rows}
    assert "t over replications" not in {row.method for row in found.rows}


def test_it_says_why_it_stopped():
    found = ps.run(ps.load_text(BUSY), precision="50%", least=10, seed=1, keep="none")
    assert found.stopping.reason.startswith(
        "stopped after 10 replications, as precise as asked (50 %): wait_mean_min is"
    )
    assert found.stopping.reason in str(found)
    short = ps.run(ps.load_text(BUSY), precision="1%", least=4, most=6, seed=1, keep="none")
    assert short.stopping.reason.startswith("stopped after 6 replications, at the most that was allowed, short of 1 %")
    assert "replications would reach it" in short.stopping.reason
    assert short.to_dict()["precision"]["is_reached"] is False


def test_workers_change_nothing():
    one, two = (
        ps.run(ps.load_text(BUSY), precision="20%", least=10, seed=1, keep="none", workers=workers)
        for workers in (1, 2)
    )
    assert one.to_dict() == two.to_dict()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "120%"}, "got '120%'; write a precision above 0 % and below 100 %, such as 5%"),
        ({"precision": "nonsense"}, "got 'nonsense'; write a precision above 0 %"),
        ({"precision": 0}, "got 0; write a precision"),
        ({"of": "wait_mean_min"}, "measures, a least and a most number of replications go with a precision"),
        ({"precision": 0.1, "least": 1}, "an interval takes at least 2 replications, got a minimum of 1"),
        ({"precision": 0.1, "least": 9, "most": 8}, "the most replications, 8, are fewer than the least, 9"),
        ({"precision": 0.1, "of": "wait_max_min"}, "wait_max_min is a maximum and has no interval: ask for another"),
        ({"precision": 0.1, "of": "wait_maen_min"}, "did you mean 'wait_mean_min'?"),
    ],
)
def test_what_means_nothing_is_refused(arguments, message):
    with pytest.raises(ArgumentError) as error:
        ps.run(ps.load_text(BUSY), keep="none", **arguments)
    assert message in str(error.value)


def test_a_region_takes_no_precision():
    with pytest.raises(ArgumentError, match="a region takes no precision and claims no steady state"):
        ps.run("xinjiang-region", precision="5%")


def test_without_a_precision_nothing_is_asked_for():
    assert asked_for(None) is None
    assert asked_for("5%", most=8) == Precision(0.05, least=8, most=8)


def test_the_command_runs_to_a_precision_and_its_folder_can_be_verified(tmp_path):
    (tmp_path / "port.yaml").write_text(BUSY, "utf-8")
    words = ["run", str(tmp_path / "port.yaml"), "--precision", "50%", "--min", "4", "--max", "8", "--no-plots"]
    done = CliRunner().invoke(app, [*words, "-o", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["replications"] == len(list((tmp_path / "out" / "replications").iterdir()))
    assert ps.verify(tmp_path / "out").is_identical
    wrong = CliRunner().invoke(app, ["run", str(tmp_path / "port.yaml"), "--precision", "200%"])
    assert wrong.exit_code == 2


# ---- steady state ----------------------------------------------------------------------------------------------------


def test_mser_leaves_out_what_lies_off_the_rest():
    # Ten observations at 100, then ninety around 0: two batches of five stand out.
    series = np.concatenate([np.full(10, 100.0), np.tile([1.0, -1.0, 0.0], 30)])
    assert truncation(series) == 10
    assert truncation(np.zeros(100)) == 0


def test_a_series_that_only_grows_has_no_steady_part():
    assert truncation(np.arange(100.0)) is None


def test_a_pattern_that_every_day_has_is_no_start():
    hours = np.arange(10 * 24)
    series = 50 + 40 * np.sin(2 * np.pi * hours / 24)
    assert np.ptp(without_daily_pattern(series)) == pytest.approx(0, abs=1e-9)
    assert without_daily_pattern(series[:60]) is not None


def test_units_in_the_port_are_those_of_all_stages_and_states():
    hour = 3_600_000
    table = {
        name: np.array(values)
        for name, values in {
            "tick": [0, 0, hour, hour, 2 * hour, 2 * hour],
            "waiting_ms": [hour, 0, 2 * hour, 0, 0, 0],
            "in_service_ms": [hour, hour, 0, 0, 0, 0],
            "paused_ms": [0, 0, 0, hour, 0, 0],
            "blocked_ms": [0, 0, 0, 0, 0, 0],
        }.items()
    }
    assert in_port_by_hour(table).tolist() == [3.0, 3.0]


def claimed(text: str, replications: int = 5) -> list[str]:
    run = ps.run(ps.load_text(text), replications=replications, seed=1, keep="none", steady_state=True)
    return [warning for warning in run.warnings if "a steady state is claimed" in warning]


def test_a_steady_state_is_advised_about_only_where_it_is_claimed():
    run = ps.run(ps.load_text(BUSY), replications=2, seed=1, keep="none")
    assert not [warning for warning in run.warnings if "steady" in warning]


def test_no_steady_state_is_believed_at_a_load_of_1_or_more():
    [said] = claimed(BUSY.replace("rate: 10/h", "rate: 16/h"))
    assert said.startswith(
        "a steady state is claimed, and check is asked for as much as it can do or more (load 1 or above)"
    )


def test_a_start_that_is_measured_is_named_with_when_to_measure_from():
    # Four hundred trucks stand there at the start: at 15 an hour done and 10 coming that lasts 80 hours.
    text = port(stages=CHECK, flows=flow("trucks", "rate: 10/h, queue_at_start: 400"), length=20 * 1440)
    [said] = claimed(text)
    assert "the start is forgotten after about" in said
    assert "set measure_from to 2025-01-0" in said
    hours = int(said.partition("after about ")[2].partition(" h")[0])
    assert 60 <= hours <= 110
    assert not claimed(text.replace("measure_from: 2025-01-01 00:00", "measure_from: 2025-01-07 00:00"))


def test_a_run_that_still_drifts_is_said_to_show_none():
    text = port(stages=CHECK, flows=flow("trucks", "rate: 10/h, queue_at_start: 400"), length=2 * 1440)
    [said] = claimed(text)
    assert "the run does not show one" in said


def test_too_short_a_run_shows_no_steady_state():
    assert WarmUpAdvice().warm_up().hours is None


def test_a_number_of_replications_beside_a_precision_is_wrong_usage():
    done = CliRunner().invoke(app, ["run", "tiny", "-n", "4", "--precision", "5%"])
    assert done.exit_code == 2
    assert "--precision plays as many as it takes, in place of -n; --min and --max bound them" in done.output
