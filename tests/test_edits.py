"""Edits of a scenario from Python: `with_` gives a new, checked scenario, and says what is wrong as `--set` does."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import portsim as ps
from portsim import yamlfile
from portsim.scenario.edits import edits_of

TEXT = """\
portsim: 1
name: A gate
port: gate
from: 2025-03-03 00:00
to: 2025-03-05 00:00
sides: {own: {timezone: Asia/Shanghai, open: "08:00-20:00"}}
officers: {police: {level: 2}}
stages:
  check: {counted: true, lanes: 1, officers: {police: 1}, service: {lognormal: {mean: 6 min, cv: 0.5}}}
  scan: {lanes: 1, service: 2 min}
flows:
  out: {kind: truck, direction: out, journey: [check, {scan: 20%}], arrivals: {per_day: 60}}
plans:
  two_lanes: {stages.check.lanes: 2}
"""


@pytest.fixture
def gate() -> ps.Scenario:
    return ps.load_text(TEXT)


def lanes(scenario: ps.Scenario, stage: int = 0) -> float:
    """Lanes of a stage, the same at any hour."""
    roles = scenario.regimes[0].stages[stage].lanes
    assert roles is not None
    [(_, _, level)] = roles[0][1].days[0]
    return level


def test_an_edit_gives_a_new_scenario_and_leaves_the_old_one(gate):
    changed = gate.with_({"stages.check.lanes": 8})
    assert (lanes(changed), lanes(gate)) == (8, 1)
    assert isinstance(changed, ps.Scenario)
    assert changed != gate
    assert gate == ps.load_text(TEXT)


def test_an_edit_is_what_set_gives(gate):
    edited = gate.with_({"stages.check.lanes": 8, "stages.scan.service": "3 min"})
    asked = ps.load_text(TEXT, sets=["stages.check.lanes=8", "stages.scan.service=3 min"])
    assert (edited.regimes, edited.flows) == (asked.regimes, asked.flows)


def test_edits_follow_one_another_and_the_last_holds(gate):
    changed = gate.with_({"stages.check.lanes": 3}).with_({"stages.scan.lanes": 4}).with_({"stages.check.lanes": 5})
    assert (lanes(changed), lanes(changed, 1)) == (5, 4)


def test_an_edit_comes_after_the_plan_and_after_sets():
    planned = ps.load_text(TEXT, plan="two_lanes", sets=["stages.check.lanes=3"])
    assert lanes(planned) == 3
    changed = planned.with_({"stages.check.lanes": 4})
    assert (changed.plan, lanes(changed)) == ("two_lanes", 4)


def test_a_loaded_scenario_takes_another_plan_with_its_edits(gate):
    planned = gate.with_({"stages.scan.lanes": 4}).with_plan("two_lanes")
    assert (planned.plan, lanes(planned), lanes(planned, 1)) == ("two_lanes", 2, 4)
    assert planned.with_plan(None) == gate.with_({"stages.scan.lanes": 4})
    with pytest.raises(ps.ScenarioError, match=r"there is no plan 'two_lane'; did you mean 'two_lanes'\?"):
        gate.with_plan("two_lane")


def test_shipped_scenarios_files_and_texts_can_be_edited(tmp_path, gate):
    assert lanes(ps.load("irkeshtam-24h", plan="no_pilot").with_({"stages.border_check.lanes": 8})) == 8
    (tmp_path / "gate.yaml").write_text(TEXT, "utf-8")
    assert lanes(ps.load(tmp_path / "gate.yaml").with_({"stages.check.lanes": 7})) == 7
    assert gate.with_({}) == gate


def test_a_file_that_has_changed_since_is_not_edited(tmp_path):
    path = tmp_path / "gate.yaml"
    path.write_text(TEXT, "utf-8")
    scenario = ps.load(path)
    path.write_text(TEXT.replace("per_day: 60", "per_day: 70"), "utf-8")
    with pytest.raises(ps.ScenarioError, match="has changed since the scenario was loaded: load it again"):
        scenario.with_({"stages.check.lanes": 2})


def test_a_scenario_that_was_not_read_cannot_be_edited():
    from tests.scenarios import flow, per_day, port, stage

    made = port(stages=[stage("check")], flows=[flow("out", ["check"], per_day(10))])
    with pytest.raises(ValueError, match=r"was not read by load\(\) or load_text\(\)"):
        made.with_({"stages.check.lanes": 2})


# ---- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8, "8"),
        (0.15, "0.15"),
        (1e22, "1e+22"),
        (True, "true"),
        (None, "null"),
        ("8 min", '"8 min"'),
        ("08:00-20:00", '"08:00-20:00"'),
        ('口岸 "x" \\ \n', '"口岸 \\"x\\" \\\\ \\n"'),
        (float("inf"), ".inf"),
        ([1, "a", None], '[1, "a", null]'),
        (("day", "night"), '["day", "night"]'),
        (range(3), "[0, 1, 2]"),
        ({"8-20": 4, 3: [1.5]}, '{"8-20": 4, "3": [1.5]}'),
        (MappingProxyType({"fixed": "4 min"}), '{"fixed": "4 min"}'),
        ({date(2025, 6, 1): 2}, '{"2025-06-01": 2}'),
        (date(2025, 6, 1), '"2025-06-01"'),
        (datetime(2025, 6, 1, 10), '"2025-06-01 10:00"'),
        (datetime(2025, 6, 1, 10, 0, 30, 5000), '"2025-06-01 10:00:30.005"'),
        (pd.Timestamp("2025-06-01 10:00"), '"2025-06-01 10:00"'),
        (time(8, 30), '"08:30"'),
        (timedelta(minutes=90), '"90 min"'),
        (timedelta(days=1), '"24 h"'),
        (timedelta(milliseconds=1500), '"1500 ms"'),
        (timedelta(seconds=45), '"45 s"'),
        (pd.Timedelta("4min"), '"4 min"'),
        (np.int64(3), "3"),
        (np.float32(0.5), "0.5"),
        (np.float64(0.25), "0.25"),
        (np.bool_(True), "true"),
        (np.array([1, 2]), "[1, 2]"),
        (pd.Series(["a", "b"]), '["a", "b"]'),
        (Fraction(1, 4), "0.25"),
    ],
)
def test_a_value_is_written_as_a_scenario_file_has_it(value, text):
    [edit] = edits_of({"a.b": value})
    assert edit.text == text
    assert "\n" not in edit.text


def as_read(value):
    """What a file gives back: keys are text."""
    if isinstance(value, dict):
        return {str(key): as_read(inner) for key, inner in value.items()}
    return [as_read(inner) for inner in value] if isinstance(value, list) else value


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_a_value_is_read_back_as_it_was_given(value):
    [edit] = edits_of({"a": value})
    read = yamlfile.parse(edit.text, "edit").value
    assert read == as_read(value)
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1, 2}, "got {1, 2} of type set; give what a scenario file can say: a number, text, true or false, None"),
        (b"8", "got b'8' of type bytes; give what"),
        ("a\udc00", "got 'a\\udc00': half of a surrogate pair cannot be written"),
        (1j, "of type complex; give what"),
        ({None: 1}, "has the key None; keys are text, whole numbers or dates"),
        ({True: 1}, "has the key True; keys are text, whole numbers or dates"),
        (datetime(2025, 6, 1, tzinfo=UTC), "times are by the clock of the side, so leave the zone out"),
        (time(8, tzinfo=UTC), "times are by the clock of the side, so leave the zone out"),
        (pd.NaT, "got NaT, which is no date"),
        (timedelta(microseconds=5), "lengths of time are whole milliseconds"),
        (10**50, "is a whole number of more than 40 digits"),
        (float("nan"), "got .nan, which is not finite"),
        (-3, "got -3; it must be a whole number from 0 to 10000"),
        ("8", "got '8'; write a whole number, or numbers by the clock"),
        (2.5, "got 2.5, which is not whole; write a whole number such as 3"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_key_and_the_cure(gate, value, message):
    with pytest.raises(ps.ScenarioError) as refused:
        gate.with_({"stages.check.lanes": value})
    [problem] = refused.value.problems
    assert problem.key == "stages.check.lanes"
    assert message in problem.message
    assert str(problem.place).startswith('with_({"stages.check.lanes": ')


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def test_a_value_without_an_end_is_refused(gate):
    endless: list = []
    endless.append(endless)
    for value in (endless, nested(500)):
        with pytest.raises(ps.ScenarioError, match="is nested more than 30 deep, more than a scenario file may be"):
            gate.with_({"stages.check.lanes": value})


def test_all_that_is_wrong_is_said_at_once(gate):
    with pytest.raises(ps.ScenarioError) as refused:
        gate.with_({"stages.chek.lanes": 3, "stages.scan.lanes": -1, "plans.x": {}, "stages..lanes": 2, "": 1})
    assert [str(problem) for problem in refused.value.problems] == [
        'with_({"": 1}): write a path such as "stages.scan.lanes"',
        "with_({\"plans.x\": {}}): plans.x: with_ cannot change 'plans'",
        'with_({"stages..lanes": 2}): stages..lanes: write a path such as "stages.scan.lanes"',
        "with_({\"stages.chek.lanes\": 3}): stages.chek.lanes: there is no 'chek' under stages; did you mean 'check'?",
        'with_({"stages.scan.lanes": -1}): stages.scan.lanes: got -1; it must be a whole number from 0 to 10000',
    ]


@pytest.mark.parametrize("given", [5, [("stages.check.lanes", 8)], {7: 8}, "stages.check.lanes=8"])
def test_what_names_no_paths_is_an_argument_that_means_nothing(gate, given):
    with pytest.raises(ValueError, match=r"give values by their path|a path is text such as"):
        gate.with_(given)


def test_null_removes_and_a_distribution_replaces(gate):
    changed = gate.with_({"stages.check.officers": None, "stages.check.service": {"fixed": timedelta(minutes=4)}})
    stage = changed.regimes[0].stages[0]
    assert stage.pool is None
    assert [(one.kind, one.mean_ms) for one in stage.service.values()] == [("fixed", 240_000)]


# ---- what becomes of them ------------------------------------------------------------------------------------------


def test_a_run_folder_records_the_edits_and_verifies(tmp_path, gate):
    edited = gate.with_plan("two_lanes").with_({"stages.check.lanes": 3, "to": date(2025, 3, 4)})
    ps.run(edited, replications=2, folder=tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert {"path": "stages.check.lanes", "value": "3", "by": 'with_({"stages.check.lanes": 3})'} in (
        manifest["overridden"]
    )
    assert ps.verify(tmp_path / "run").is_identical
    again = ps.load(tmp_path / "run" / "scenario.yaml")
    assert lanes(again) == 3


def test_processes_play_an_edited_scenario_that_was_read_from_a_text_beside_files(tmp_path):
    edited = ps.load_text(TEXT, folder=tmp_path).with_({"stages.check.lanes": 3})
    assert ps.run(edited, replications=2, workers=2).rows == ps.run(edited, replications=2, workers=1).rows


def test_comparisons_and_sweeps_keep_the_edits(gate):
    edited = gate.with_({"stages.scan.lanes": 4})
    compared = ps.compare(edited, replications=2)
    assert [lanes(one, 1) for one in compared.scenarios.values()] == [4, 4]
    swept = ps.sweep(edited, {"stages.check.lanes": [1, 2]}, replications=2)
    assert [lanes(point.run.scenario, 1) for point in swept.data.points] == [4, 4]


def test_a_scenario_says_what_was_laid_on_it(gate):
    edited = gate.with_({"stages.check.lanes": 8})
    assert 'laid on it     with_({"stages.check.lanes": 8})' in str(edited)
    assert "1 set by with_" in str(edited)
    assert "1 set by with_" in str(ps.run(edited, replications=1))
    assert "laid on it     --set stages.check.lanes=8" in str(ps.load_text(TEXT, sets=["stages.check.lanes=8"]))
    assert repr(edited) == "<Scenario 'A gate': gate, 2025-03-03 00:00 to 2025-03-05 00:00, Asia/Shanghai>"
    assert repr(edited.with_plan("two_lanes")).startswith("<Scenario 'A gate': gate, plan two_lanes, 2025")


def test_a_long_value_is_cut_in_messages(gate):
    with pytest.raises(ps.ScenarioError) as refused:
        gate.with_({"stages.check.lanes": list(range(500))})
    assert all(len(str(problem.place)) < 260 for problem in refused.value.problems)


def test_an_item_of_an_empty_list_is_refused_with_the_cure():
    text = TEXT.replace(
        "plans:\n",
        "changes:\n  - {at: 2025-03-04 00:00, set: {stages.check.lanes: 2}}\nplans:\n  none: {changes: []}\n",
    )
    without = ps.load_text(text, plan="none")
    with pytest.raises(ps.ScenarioError, match=r"changes is a list of 0: write the whole list"):
        without.with_({"changes.0.at": "2025-03-03 12:00"})
