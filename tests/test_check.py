"""What `check` says of a scenario, and the JSON Schema an editor reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portsim import yamlfile
from portsim.scenario import json_schema, load_text, shipped_scenarios
from portsim.scenario.check import check, report_on
from portsim.scenario.schema.arrivals import ArrivalsModel, DepartureModel
from portsim.scenario.schema.file import SECTIONS, ScenarioFile

TWO_SIDES = """\
portsim: 1
name: Two sides
port: p
from: 2025-05-30 00:00
to: 2025-06-03 00:00
sides:
  china: {timezone: Asia/Shanghai, closed: [2025-05-31]}
  kyrgyz: {timezone: Asia/Bishkek, closed: [2025-05-31]}
officers:
  police: {level: {assumed: never published, value: 10}}
stages:
  check: {lanes: 1, officers: {police: 2}, service: 10 min, counted: true}
  leave: {side: kyrgyz, lanes: 8, service: 4 min, closed: ["2025-06-01 08:00..2025-06-01 12:00"]}
flows:
  out: {kind: truck, direction: out, journey: [check, leave], arrivals: {per_day: 200}}
plans:
  less: {officers.police.level: 8}
"""


def test_each_closure_is_told_in_the_clock_of_every_side() -> None:
    """A date closed by the clock of Bishkek, two hours behind, ends at 02:00 in Beijing."""
    told = {
        (closure.where, side): f"{start:%m-%d %H:%M} {end:%m-%d %H:%M}"
        for closure in report_on(load_text(TWO_SIDES)).closures
        for side, (start, end) in closure.clocks.items()
    }
    assert told == {
        ("china", "china"): "05-31 00:00 06-01 00:00",
        ("china", "kyrgyz"): "05-30 22:00 05-31 22:00",
        ("kyrgyz", "china"): "05-31 02:00 06-01 02:00",
        ("kyrgyz", "kyrgyz"): "05-31 00:00 06-01 00:00",
        ("leave", "china"): "06-01 10:00 06-01 14:00",
        ("leave", "kyrgyz"): "06-01 08:00 06-01 12:00",
    }


def test_a_closure_that_outlives_a_change_is_told_once() -> None:
    text = TWO_SIDES.replace("plans:", "changes:\n  - {at: 2025-06-01, set: {stages.check.lanes: 2}}\nplans:")
    assert len(report_on(load_text(text)).closures) == 3


def test_numbers_are_counted_by_what_vouches_for_them() -> None:
    report = report_on(load_text(TWO_SIDES, plan="less", sets=["stages.check.lanes=2"]))
    assert report.kinds == {"plan": 1, "set": 1, "none": 8}
    assert report_on(load_text(TWO_SIDES)).kinds == {"assumed": 1, "none": 9}
    assert [source.path for source in report.unsourced] == [
        "sides.china.closed.0",
        "sides.kyrgyz.closed.0",
        "stages.check.officers.police",
        "stages.check.service",
        "stages.leave.lanes",
        "stages.leave.service",
        "stages.leave.closed.0",
        "flows.out.arrivals.per_day",
    ]
    assert "8 of 10 numbers have no source" in report.warnings


def test_a_stage_whose_load_reaches_1_is_a_warning() -> None:
    """200 trucks a day need 33.3 lane-hours of 10 minutes each; one lane has at most 24."""
    report = report_on(load_text(TWO_SIDES))
    assert any(warning.startswith("stage check: load ") for warning in report.warnings)
    assert {load.stage for load in report.loads} == {"check", "leave"}


def test_a_scenario_that_is_wrong_is_told_with_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(TWO_SIDES.replace("lanes: 8", "lanes: 2.5"))
    report = check(path)
    assert not report.is_valid
    assert report.facts == ()
    assert [str(problem) for problem in report.problems] == [
        f"{path}:13:32: stages.leave.lanes: got 2.5, which is not whole; write a whole number such as 3"
    ]


def test_every_plan_is_checked_whether_it_is_asked_for_or_not(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(TWO_SIDES.replace("police.level: 8", "police.level: many"))
    [problem] = check(path).problems
    assert str(problem) == (
        f"{path}:17:33: plans.less.officers.police.level: got 'many'; write a whole number, or numbers by the clock as "
        "{8-20: 4, 20-8: 2}"
    )
    path.write_text(TWO_SIDES)
    assert check(path).is_valid
    assert check(path, plan="less").is_valid


def test_a_file_that_is_not_there_is_a_problem_too(tmp_path: Path) -> None:
    [problem] = check(tmp_path / "none.yaml").problems
    assert problem.message == "cannot be read: No such file or directory"


def test_every_number_of_a_shipped_scenario_has_a_source() -> None:
    for name, _ in shipped_scenarios():
        report = check(name)
        assert report.is_valid, name
        assert report.unsourced == (), name


# ---- the JSON Schema -------------------------------------------------------------------------------------------------


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a value fits a JSON Schema, for the part of the language that ours uses."""
    import re

    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
        "null": type(None),
    }  # fmt: skip
    for key, rule in schema.items():
        match key:
            case "$ref":
                ok = fits(value, root["$defs"][rule.removeprefix("#/$defs/")], root)
            case "anyOf":
                ok = any(fits(value, one, root) for one in rule)
            case "type":
                names = [rule] if isinstance(rule, str) else rule
                ok = any(
                    isinstance(value, kinds[name]) and (name == "boolean" or not isinstance(value, bool))
                    for name in names
                )
            case "enum":
                ok = value in rule
            case "const":
                ok = value == rule
            case "pattern":
                ok = not isinstance(value, str) or re.search(rule, value) is not None
            case "minimum":
                ok = not isinstance(value, int | float) or value >= rule
            case "maximum":
                ok = not isinstance(value, int | float) or value <= rule
            case "exclusiveMinimum":
                ok = not isinstance(value, int | float) or value > rule
            case "required":
                ok = not isinstance(value, dict) or set(rule) <= value.keys()
            case "properties":
                ok = not isinstance(value, dict) or all(
                    fits(value[name], below, root) for name, below in rule.items() if name in value
                )
            case "additionalProperties":
                rest = set(value) - set(schema.get("properties", ())) if isinstance(value, dict) else set()
                ok = not rest if rule is False else all(fits(value[name], rule, root) for name in rest)
            case "propertyNames":
                ok = not isinstance(value, dict) or all(fits(name, rule, root) for name in value)
            case "items":
                ok = not isinstance(value, list) or all(fits(item, rule, root) for item in value)
            case "minItems" | "minLength" | "minProperties":
                ok = not isinstance(value, list | str | dict) or len(value) >= rule
            case "maxItems":
                ok = not isinstance(value, list) or len(value) <= rule
            case "maxProperties":
                ok = not isinstance(value, dict) or len(value) <= rule
            case "if":
                ok = fits(value, rule, root) is False or fits(value, schema["then"], root)
            case "not":
                ok = not fits(value, rule, root)
            case "then" | "title" | "description" | "default" | "$schema" | "$defs":
                ok = True
            case _:
                raise AssertionError(f"the schema uses {key}, which this test does not know")
        if not ok:
            return False
    return True


def test_the_json_schema_accepts_what_loads() -> None:
    from tests.test_scenario import FULL, SMALL

    schema = json_schema()
    for text in (FULL, SMALL, TWO_SIDES):
        assert fits(yamlfile.parse(text, "scenario.yaml").value, schema, schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("portsim: 1", "portsim: 2"),
        ("name: Two sides", "nmae: Two sides"),
        ("lanes: 8", "lanes: 2.5"),
        ("lanes: 8", "lnes: 8"),
        ("direction: out", "direction: up"),
        ("service: 4 min", "service: 4"),
        ("service: 4 min", "service: {lognorml: {mean: 4 min, cv: 1}}"),
        ("service: 4 min", "service: {lognormal: {mean: 4 min}}"),
        ("{per_day: 200}", "{per_day: -1, wen_closed: queue}"),
        ("{per_day: 200}", "{per_day: 200, when_closed: come_back}"),
        ("{per_day: 200}", "{per_day: 200, when_closed: {stay_awy: 40%}}"),
        ("{per_day: 200}", "{per_day: 200, when_closed: {}}"),
        ("direction: out", "direction: out, patience: 90"),
        ("value: 10}", "valu: 10}"),
    ],
)
def test_the_json_schema_refuses_common_mistakes(old: str, new: str) -> None:
    schema = json_schema()
    assert old in TWO_SIDES
    assert not fits(yamlfile.parse(TWO_SIDES.replace(old, new), "scenario.yaml").value, schema, schema)


def test_a_file_that_extends_another_need_not_repeat_it() -> None:
    schema = json_schema()
    assert fits({"portsim": 1, "extends": "base.yaml", "name": "x"}, schema, schema)
    assert not fits({"portsim": 1, "name": "x"}, schema, schema)


def test_every_key_of_the_format_is_explained_in_an_editor() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "portsim scenario"
    for model in (ScenarioFile, *SECTIONS.values(), ArrivalsModel, DepartureModel):
        shown = schema if model is ScenarioFile else schema["$defs"][model.__name__]
        for name, field in model.model_fields.items():
            assert shown["properties"][field.alias or name]["description"] == field.description
            assert field.description, f"{model.__name__}.{name} has no docstring"
            needs = field.is_required()
            assert ("Required" in field.description) == needs, f"{model.__name__}.{name}"


def test_every_definition_of_the_json_schema_is_used() -> None:
    schema = json_schema()
    text = str(schema)
    for name in schema["$defs"]:
        assert f"'#/$defs/{name}'" in text, name
