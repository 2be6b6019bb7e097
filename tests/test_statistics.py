"""What is said over replications: means, intervals, maxima, lower bounds."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from portsim.experiments.findings import Finding, warnings_about
from portsim.results import Measure, summarise
from portsim.results.statistics import interval, t_quantile

NAN = math.nan


def row(metric: str, value: float, flow: str | None = None, stage: str | None = None) -> Measure:
    return Measure(metric, "min", flow, None, None, stage, None, value)


def only(metric: str, *values: float, unfinished: float = 0.0):
    """The summary of one measure over replications of which a share of the units is unfinished."""
    rows = summarise("test", [[row("unfinished_share", unfinished), row(metric, value)] for value in values])
    return rows[1]


def test_the_mean_carries_a_t_interval():
    """1, 2, 3, 4, 5: sd is the root of 2.5, and t with 4 degrees of freedom 2.776."""
    summary = only("wait_mean_min", 1, 2, 3, 4, 5)
    assert summary.mean == 3
    assert summary.sd == pytest.approx(math.sqrt(2.5))
    assert summary.ci_high - summary.mean == pytest.approx(2.776445 * math.sqrt(2.5 / 5), abs=1e-6)
    assert summary.mean - summary.ci_low == pytest.approx(summary.ci_high - summary.mean)
    assert (summary.port, summary.n, summary.method) == ("test", 5, "t over replications")


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062), (2, 4.3027), (4, 2.7764), (9, 2.2622), (19, 2.0930), (29, 2.0452), (99, 1.9842)],
)
def test_t_quantiles_are_those_of_the_tables(degrees, quantile):
    assert t_quantile(degrees) == pytest.approx(quantile, abs=5e-5)


def test_one_replication_has_a_mean_and_no_interval():
    summary = only("wait_mean_min", 7)
    assert (summary.mean, summary.n, summary.method) == (7, 1, "one replication: no interval")
    assert all(map(math.isnan, (summary.sd, summary.ci_low, summary.ci_high)))


def test_replications_in_which_a_measure_is_undefined_do_not_count():
    summary = only("wait_mean_min", 2, NAN, 4)
    assert (summary.mean, summary.n) == (3, 2)
    nothing = only("wait_mean_min", NAN, NAN)
    assert (nothing.n, nothing.method) == (0, "undefined")
    assert math.isnan(nothing.mean)


def test_a_maximum_is_the_largest_and_carries_no_interval():
    for metric in ("wait_max_min", "queue_max", "in_port_max", "crossings_max_per_day", "recovery_max_h"):
        summary = only(metric, 2, 9, 4)
        assert (summary.mean, summary.method) == (9, "maximum over replications: no interval")
        assert all(map(math.isnan, (summary.sd, summary.ci_low, summary.ci_high)))
    assert math.isnan(only("queue_max", NAN).mean)


def test_a_window_or_target_named_max_is_no_maximum():
    assert only("crossings_in_queue_max", 1, 3).mean == 2
    assert only("within_target_wait_max_min", 0, 1).mean == 0.5


def test_times_are_lower_bounds_when_more_than_one_percent_are_unfinished():
    assert only("wait_p95_min", 1, 2, unfinished=0.01).method == "t over replications"
    assert only("wait_p95_min", 1, 2, unfinished=0.011).method == "lower bound, t over replications"
    assert only("truck_hours_lost", 1, unfinished=0.5).method == "lower bound, one replication: no interval"
    assert only("wait_max_min", 1, unfinished=0.5).method == "lower bound, maximum over replications: no interval"
    assert only("within_target_wait_p95_min", 1, 2, unfinished=0.5).method == "lower bound, t over replications"
    assert only("buffer_index", 1, 2, unfinished=0.5).method == "distorted by unfinished units, t over replications"
    assert only("crossings_per_day", 1, 2, unfinished=0.5).method == "t over replications"


def test_a_flow_is_judged_by_its_own_unfinished_units_and_a_stage_by_those_that_wait_there():
    measures = [
        row("unfinished_share", 0.02),
        row("unfinished_share", 0.0, flow="inbound"),
        row("unfinished_share", 0.0, stage="gate"),
        row("unfinished_share", 0.5, stage="scan"),
        row("wait_mean_min", 1, flow="inbound"),
        row("wait_mean_min", 1, stage="gate"),
        row("wait_mean_min", 1, stage="scan"),
    ]
    methods = [summary.method for summary in summarise("test", [measures, measures])]
    assert methods[4:] == ["t over replications", "t over replications", "lower bound, t over replications"]


def test_a_recovery_is_a_lower_bound_where_a_queue_outlived_the_run_in_any_replication():
    def measures(port: float, gate: float) -> list[Measure]:
        return [
            row("unfinished_share", 0.5),
            row("unfinished_share", 0.5, stage="gate"),
            row("recovery_h", 4),
            row("recovery_max_h", 5),
            row("recovered_share", port),
            row("recovery_h", 3, stage="gate"),
            row("recovered_share", gate, stage="gate"),
            row("recovery_h", NAN, stage="scan"),
            row("recovered_share", NAN, stage="scan"),
        ]

    t = "t over replications"
    methods = [each.method for each in summarise("test", [measures(1, 1), measures(0.5, 1)])][2:]
    assert methods == [
        f"lower bound, {t}",
        "lower bound, maximum over replications: no interval",
        t,
        t,  # that of a gate's queue is known, however many units are unfinished
        t,
        "undefined",
        "undefined",
    ]


def test_a_queue_that_outlived_the_run_is_a_warning_that_names_the_stages():
    measures = [
        row("recovered_share", 0.5),
        row("recovered_share", 1, stage="gate"),
        row("recovered_share", 0.75, stage="scan"),
        row("recovered_share", NAN, stage="yard"),
    ]
    nothing = [Finding(np.array([]), ())]
    assert list(warnings_about(summarise("test", [measures]), nothing)) == [
        "after a closure units still waited at scan when the run ended (in 50 % of cases), so recovery_h is a lower "
        "bound: simulate longer, or read backlog_h, as a port under load may never be without a queue"
    ]
    over = [replace(measure, value=1.0) for measure in measures]
    assert list(warnings_about(summarise("test", [over]), nothing)) == []


@pytest.mark.parametrize(("left", "is_said"), [(2, False), (3, True)])
def test_a_flow_many_of_which_gave_up_is_a_warning_to_its_waits(left, is_said):
    """Of 200 units 2 are one in a hundred, which is let pass."""
    measures = [
        row("arrived", 200),
        row("left", left),
        row("arrived", 200, flow="trucks"),
        row("left", left, flow="trucks"),
        row("arrived", 0, flow="buses"),
        row("left", 0, flow="buses"),
    ]
    said = list(warnings_about(summarise("test", [measures]), [Finding(np.array([]), ())]))
    warning = (
        "flow trucks: of every 100 units that arrived 1.5 gave up waiting, and their waits end when they left, so its "
        "waits are shorter than until service: read them with left and left_wait_mean_min, or set its patience to "
        "null to see how long the queue would be"
    )
    assert said == ([warning] if is_said else [])


def test_the_order_of_replications_changes_no_bit():
    values = [random.Random(5).uniform(0, 1e9) ** 3 / 7 for _ in range(50)] + [0.1, 1e-9, 3e17]
    expected = interval(values)
    for seed in range(20):
        random.Random(seed).shuffle(values)
        assert interval(values) == expected


def test_equal_values_have_an_interval_without_width():
    assert interval([0.1] * 3)[2:] == (pytest.approx(0.1), pytest.approx(0.1))


def test_replications_with_other_rows_are_refused():
    with pytest.raises(ValueError, match="the same measures in the same order; these differ"):
        summarise("test", [[row("a", 1)], [row("b", 1)]])
    with pytest.raises(ValueError, match="these differ"):
        summarise("test", [[row("a", 1)], [row("a", 1), row("b", 1)]])


def test_no_replications_have_no_rows():
    assert summarise("test", []) == ()
