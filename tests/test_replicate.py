"""Replications: what makes them equal, what ends them early, and what a reader is warned of."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from portsim.errors import ScenarioError
from portsim.experiments import Played, Saving, replicate
from portsim.experiments.findings import Finding, warnings_about
from portsim.model.records import VisitOutcome
from portsim.scenario import load_text
from portsim.scenario.arrivals import RegularArrivals
from portsim.scenario.scenario import Scenario
from tests.scenarios import HOUR, MINUTE, exponential, fixed, flow, per_day, port, stage


def check_port(*, lanes: int = 2, **other: object) -> Scenario:
    """A check of 3 minutes on average, about 500 trucks a day: load 0.52 on two lanes, 1.04 on one."""
    return port(
        stages=[stage("check", counted=True, lanes=lanes, service=exponential(3 * MINUTE))],
        flows=[flow("out", ["check"], per_day(500))],
        **{"end": "2025-03-05 00:00", **other},
    )


def steady_port(gap_min: int, work_min: int, *, end: str = "2025-03-05 00:00") -> Scenario:
    """A truck every `gap_min` minutes, the first after one gap; each takes `work_min` minutes in the only lane."""
    return port(
        stages=[stage("check", counted=True, lanes=1, service=fixed(work_min * MINUTE))],
        flows=[flow("out", ["check"], RegularArrivals(fixed(gap_min * MINUTE)))],
        end=end,
    )


def same(one: object, other: object) -> bool:
    """Whether two results are equal, an undefined value being equal to itself."""
    return repr(one) == repr(other)


def row(run: object, metric: str, **part: str) -> float:
    [found] = [
        row.mean
        for row in run.rows
        if row.metric == metric
        and all(getattr(row, name) == part.get(name) for name in ("flow", "kind", "direction", "stage", "pool"))
    ]
    return found


def test_a_replication_alone_equals_the_same_among_many():
    scenario = check_port()
    many = replicate(scenario, replications=4)
    alone = replicate(scenario, replications=[2])
    assert alone.numbers == (2,)
    assert same(alone.measures[0], many.measures[2])
    assert not same(many.measures[1], many.measures[2])


def test_the_order_asked_for_and_repetitions_do_not_matter():
    scenario = check_port()
    assert same(replicate(scenario, replications=[2, 0, 2]).rows, replicate(scenario, replications=[0, 2]).rows)


def test_the_seed_of_the_scenario_is_used_unless_another_is_given():
    scenario = check_port()
    assert replicate(scenario, replications=1).seed == 1
    other = replicate(scenario, replications=1, seed=2)
    assert other.seed == 2
    assert same(other.measures, replicate(replace(scenario, seed=2), replications=1).measures)
    assert not same(other.measures, replicate(scenario, replications=1).measures)


def test_a_truck_every_ten_minutes_that_takes_five_never_waits():
    """The first comes at 00:10, so of two days 143 and 144 are checked (the last of day two comes at 23:50)."""
    run = replicate(steady_port(10, 5), replications=3)
    assert row(run, "crossings") == 287
    assert row(run, "wait_max_min") == 0
    assert run.warnings == ()
    assert run.numbers == (0, 1, 2)


def test_the_engine_that_ran_is_named():
    assert replicate(steady_port(10, 5), replications=1, engine="auto").engine == "reference"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"replications": 10**9}, "1,000,000 replications are the most, numbered from 0"),
        ({"replications": range(10**9)}, "1,000,000 replications are the most, numbered from 0"),
        ({"replications": 1.5}, "a number of replications, or their numbers, is needed, got 1.5"),
        ({"replications": "5"}, "a number of replications, or their numbers, is needed, got '5'"),
        ({"replications": [0, 0.5]}, r"a number of replications, or their numbers, is needed, got \[0, 0.5\]"),
        ({"seed": "a"}, r"the seed is a whole number from 0 to 2\^63 - 1, got 'a'"),
        ({"seed": -1}, r"the seed is a whole number from 0 to 2\^63 - 1, got -1"),
        ({"replications": 0}, "at least one replication is needed, numbered from 0, got 0"),
        ({"replications": []}, r"at least one replication is needed, numbered from 0, got \[\]"),
        ({"replications": [-1, 2]}, r"at least one replication is needed, numbered from 0, got \[-1, 2\]"),
        ({"keep": "some"}, "keep must be first, all or none, got 'some'"),
        ({"engine": "quick"}, "engine 'quick' does not exist; use 'auto', 'reference' or 'compiled'"),
    ],
)
def test_an_argument_that_means_nothing_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        replicate(steady_port(10, 5), **arguments)


@pytest.mark.parametrize(("keep", "kept"), [("none", []), ("first", [5]), ("all", [5, 6])])
def test_records_are_kept_as_asked(keep, kept):
    run = replicate(steady_port(10, 5), replications=[5, 6], keep=keep)
    assert [replication.number for replication in run.kept] == kept


def test_each_replication_is_handed_over_once_in_order():
    seen: list[int] = []
    replicate(steady_port(10, 5), replications=3, on_replication=lambda replication: seen.append(replication.number))
    assert seen == [0, 1, 2]


# ---- ended early -----------------------------------------------------------------------------------------------


def interrupt_at(number: int):
    def interrupt(replication: Played) -> None:
        if replication.number == number:
            raise KeyboardInterrupt

    return interrupt


def test_ctrl_c_leaves_the_replications_done_and_says_so():
    scenario = check_port()
    run = replicate(scenario, replications=5, on_replication=interrupt_at(2))
    assert run.is_interrupted
    assert run.numbers == (0, 1)
    assert same(run.rows, replicate(scenario, replications=2).rows)
    assert run.warnings[0] == "interrupted: the figures are of 2 of 5 replications"


def test_ctrl_c_before_anything_is_done_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        replicate(check_port(), replications=5, on_replication=interrupt_at(0))


def full_port() -> Scenario:
    """A truck a minute into a lane that takes two: after k minutes k/2 are inside, so 10 are at about 00:20."""
    scenario = steady_port(1, 2)
    return replace(scenario, limits=replace(scenario.limits, units_in_port=10))


def test_a_limit_that_is_reached_ends_the_run_with_the_part_played():
    run = replicate(full_port(), replications=3)
    assert run.numbers == (0,)
    assert run.stopped is not None
    assert run.stopped.startswith("replication 0 stopped at 2025-03-03 00:2")
    assert run.warnings[0] == f"{run.stopped}; the figures are of the part played until then"
    assert 9 <= row(run, "crossings") <= 11
    assert not run.is_interrupted
    assert row(run, "in_port") == row(run, "in_port_max") == 11, "the unit that passed the limit is among them"
    assert run.end_ms < run.scenario.end_ms


OVERRUN = """\
portsim: 1
name: Too many
port: nowhere
from: 2025-03-03 00:00
to: 2025-03-05 00:00
sides: {here: {timezone: Asia/Shanghai}}
stages: {check: {counted: true, lanes: 1, service: 2 min}}
flows:
  out:
    kind: truck
    direction: out
    journey: [check]
    arrivals: {rate: 60/h, queue_at_start: 2}
"""


@pytest.mark.parametrize("keep", ["first", "none"])
@pytest.mark.parametrize("limit", [1, 10, 900])
def test_a_run_that_stopped_is_written_as_far_as_it_went(tmp_path, limit, keep):
    """With a limit of 1 and two units at the start it stops at the very first instant, with 900 on the second day."""
    scenario = load_text(OVERRUN, sets=[f"limits.units_in_port={limit}"])
    with Saving(scenario, tmp_path / "out", replications=2, keep=keep) as saving:
        run = replicate(scenario, replications=2, tables=True, records=keep, on_replication=saving.add)
        saving.finish(run)
    assert run.stopped is not None
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["stopped"] == run.stopped
    assert (tmp_path / "out" / "replications" / "0000" / "hourly.csv").is_file()


def test_replications_before_the_one_that_stopped_are_the_result():
    """A limit between the peaks of two replications: the calmer one is played to its end, the other stops."""
    scenario = check_port(lanes=1)
    peaks = [row(replicate(scenario, replications=[number]), "in_port_max") for number in range(8)]
    later = next(number for number in range(1, 8) if peaks[number] > max(peaks[:number]))
    limited = replace(scenario, limits=replace(scenario.limits, units_in_port=int(max(peaks[:later]))))
    run = replicate(limited, replications=8)
    assert run.numbers == tuple(range(later))
    assert same(run.rows, replicate(scenario, replications=later).rows)
    assert run.stopped.startswith(f"replication {later} stopped at ")
    assert run.warnings[0].endswith(f"; the figures are of the {later} before it, which leaves the worst out")


# ---- warnings --------------------------------------------------------------------------------------------------


def test_an_overloaded_stage_is_named_and_so_is_a_queue_that_still_grows():
    """A truck a minute, two minutes each: half of the 1440 trucks a day stay, 720 more every day."""
    run = replicate(steady_port(1, 2, end="2025-03-08 00:00"), replications=2)
    overload, unfinished, growing = run.warnings
    assert overload.startswith("stage check: load 2.00 from 2025-03-03 00:00 to 2025-03-08 00:00")
    assert unfinished.startswith("flow out: 50.0 % of the units that arrived in the measured stretch were still in the")
    assert "lower bounds" in unfinished
    assert growing == (
        "the queue may still have been growing at the end: units in the port rose on each of the last 3 days, from "
        "1080 to 3240 on average, more than on any day before; if so, every wait depends on how long is simulated"
    )
    [wait] = [row for row in run.rows if row.metric == "wait_mean_min" and row.flow == "out"]
    assert wait.method.startswith("lower bound")


def test_a_queue_that_rises_and_falls_is_not_said_to_grow():
    run = replicate(check_port(end="2025-03-10 00:00"), replications=2)
    assert run.warnings == ()


@pytest.mark.parametrize(
    ("in_port", "is_growing"),
    [
        ([10, 12, 14, 16], True),
        ([90, 10, 12, 14, 16], False),  # it was higher before
        ([9, 10, 12, 14, 16], True),
        ([10, 30, 20, 25], False),  # rose and fell
        ([10, 11, 12, 13], False),  # less than half as many again
        ([0.1, 0.2, 0.3, 0.4], False),  # less than one unit
        ([12, 14, 16], False),  # three days make two rises
        ([], False),
    ],
)
def test_a_queue_grows_when_it_rose_on_each_of_the_last_three_days_by_half(in_port, is_growing):
    warnings = list(warnings_about([], [Finding(np.array(in_port), ())]))
    assert [warning.partition(":")[0] for warning in warnings] == [
        "the queue may still have been growing at the end"
    ] * is_growing


def test_whether_a_queue_grows_is_asked_of_the_mean_over_replications():
    falling, rising = Finding(np.array([40.0, 30, 20, 10]), ()), Finding(np.array([10.0, 20, 30, 40]), ())
    assert not list(warnings_about([], [falling, rising]))


def crossing_paths(*, lanes: int | dict[str, int] = 1) -> Scenario:
    """A truck each way at 01:00 through two stages without room to wait: at 01:10 each needs the other's lane."""
    arrivals = RegularArrivals(fixed(HOUR))
    stages = [
        stage(name, lanes=lanes, service=fixed(10 * MINUTE), waiting_space=0, counted=True) for name in ("gate", "yard")
    ]
    flows = [
        flow("out", ["gate", "yard"], arrivals),
        flow("in", ["yard", "gate"], arrivals, direction="in"),
    ]
    return port(stages=stages, flows=flows, end="2025-03-03 01:30")


def rings(run: object) -> list[str]:
    return [warning for warning in run.warnings if "block one another" in warning]


def test_stages_that_block_one_another_for_good_are_named():
    [warning] = rings(replicate(crossing_paths(), replications=2))
    assert warning == (
        "units block one another for good at gate, yard (in 2 of 2 replications): each holds a lane until the next has "
        "room; give one of these stages more waiting space or lanes"
    )


@pytest.mark.parametrize("lanes", [2, {"0-1": 2, "1-24": 1}])
def test_a_second_lane_even_one_of_another_hour_is_a_way_out(lanes):
    assert not rings(replicate(crossing_paths(lanes=lanes), replications=1))


def test_a_line_that_is_blocked_by_a_slow_stage_is_no_ring():
    """At 01:15 the second truck stands blocked in the gate since 00:50, the first being in the yard until 01:30."""
    scenario = port(
        stages=[
            stage("gate", lanes=1, service=fixed(10 * MINUTE)),
            stage("yard", lanes=1, service=fixed(60 * MINUTE), waiting_space=0),
        ],
        flows=[flow("out", ["gate", "yard"], RegularArrivals(fixed(20 * MINUTE)))],
        end="2025-03-03 01:15",
    )
    run = replicate(scenario, replications=1, keep="all")
    [replication] = run.kept
    assert (replication.records.visits["outcome"] == VisitOutcome.BLOCKED).sum() == 1
    assert not rings(run)


def test_a_warning_is_given_once():
    scenario = replace(steady_port(10, 5), warnings=("look here", "look here"))
    assert replicate(scenario, replications=1).warnings == ("look here",)


# ---- run folders -----------------------------------------------------------------------------------------------

TEXT = """
portsim: 1
name: one lane
port: test
from: 2025-03-03 00:00
to: 2025-03-05 00:00
sides: {own: {timezone: Asia/Shanghai}}
stages: {check: {counted: true, lanes: 1, service: 5 min}}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {every: 10 min}}
"""


def save(folder, *, replications):
    scenario = load_text(TEXT)
    with Saving(scenario, folder, replications=replications) as saving:
        run = replicate(scenario, replications=replications, tables=True, records="first", on_replication=saving.add)
        saving.finish(run)
    return run


def test_a_run_folder_is_the_same_whatever_the_number_of_replications_beside_it(tmp_path):
    save(tmp_path / "many", replications=3)
    save(tmp_path / "alone", replications=[2])
    name = "replications/0002/measures.csv"
    assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()


def test_nothing_is_written_before_a_replication_is_done(tmp_path):
    with pytest.raises(KeyboardInterrupt), Saving(load_text(TEXT), tmp_path / "new"):
        replicate(load_text(TEXT), replications=2, on_replication=interrupt_at(0))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_refused_before_the_run(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ScenarioError, match="is not empty, and runs are never overwritten"):
        Saving(load_text(TEXT), tmp_path)


def test_the_scenario_of_a_run_folder_gives_the_same_run_again(tmp_path):
    from portsim.scenario import load

    run = save(tmp_path / "first", replications=2)
    again = replicate(load(tmp_path / "first" / "scenario.yaml"), replications=2)
    assert same(again.rows, run.rows)
