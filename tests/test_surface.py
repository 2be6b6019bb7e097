"""What others rely on: the public attributes, how every public object shows itself, tables with units and moments."""

from __future__ import annotations

import functools
import inspect
import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt

import portsim as ps
from portsim.api.catalogue import Facts
from portsim.api.describing import Description
from portsim.cli import options
from portsim.experiments.replicate import MOST_REPLICATIONS
from portsim.facts import Fact
from portsim.views.description import Subject, description

ATTRIBUTES = {
    "Calibration": "blocks figures files plot posterior scenario speed summary to_dict warnings write",
    "Check": "blocks is_valid loads problems report scenario to_dict warnings",
    "Comparison": "best blocks differences is_interrupted officer_hours plot ranges rows scenarios stopped summary "
    "to_dict wanted warnings write",
    "Description": "to_dict to_write",
    "Fact": "amount bound change_on_year counts derived dimension id is_rejected measure note period place port "
    "reliability source unit value",
    "Facts": "blocks get items keys to_frame values",
    "Place": "col file line",
    "Problem": "key message place",
    "Region": "clock description end_ms measure_from_ms name ports seed start_ms values warnings",
    "RegionCheck": "blocks is_valid ports problems region report to_dict warnings",
    "RegionRun": "blocks is_interrupted ports region rows stopped summary to_dict warnings",
    "Run": "blocks is_interrupted plot ranges rows scenario stopped summary to_dict to_event_log to_ocel units "
    "visits warnings",
    "Scenario": "attachments clock description end_ms facts files flows limits measure_from_ms name origin plan plans "
    "port posterior records regimes resolved seed sources start_ms targets warnings windows with_ with_plan",
    "Screening": "blocks is_interrupted plot stopped summary to_dict warnings write",
    "Sweep": "blocks is_interrupted plot stopped summary to_dict warnings write",
    "Trace": "blocks data replication to_dict",
    "Verification": "blocks data differences is_identical to_dict warnings",
}
"""Public attributes of each public class; those of errors are `exit_code`, and `problems` of a scenario's."""


def public_classes() -> dict[str, type]:
    found = {name: getattr(ps, name) for name in ps.__all__}
    return {name: value for name, value in found.items() if inspect.isclass(value)}


def test_the_public_attributes_of_every_class_are_these():
    classes = {name: value for name, value in public_classes().items() if not issubclass(value, Exception)}
    found = {name: " ".join(sorted(n for n in dir(value) if n[0] != "_")) for name, value in classes.items()}
    assert found == ATTRIBUTES


def test_every_error_has_the_code_the_command_line_ends_with():
    errors = {name: value.exit_code for name, value in public_classes().items() if issubclass(value, Exception)}
    assert errors == {
        "CalibrationError": 3,
        "EngineError": 1,
        "FactError": 3,
        "LimitError": 4,
        "PortsimError": 1,
        "ScenarioError": 3,
    }


# ---- objects of every class, all of whose names and texts say "harmless" --------------------------------------------

TEXT = """\
portsim: 1
name: harmless title
description: harmless words
port: harmless_port
from: 2025-03-03 00:00
to: 2025-03-03 06:00
targets: {wait_mean_min: 5}
sides: {harmless_side: {timezone: Asia/Shanghai}}
officers: {harmless_pool: {level: 2}}
stages: {harmless_stage: {counted: true, lanes: 1, officers: {harmless_pool: 1}, service: {lognormal: {mean: 8 min, cv: 1}}}}
flows:
  harmless_flow: {kind: harmless_kind, direction: out, journey: [harmless_stage], arrivals: {per_day: 120}}
windows: {harmless_window: {from: 2025-03-03 00:00, to: 2025-03-03 05:00}}
plans: {harmless_plan: {stages.harmless_stage.lanes: 2}}
sources: {stages.*: {assumed: harmless reason}, flows.*: {measured: harmless log}}
"""  # noqa: E501
FACTS = """\
facts: 1
source: {title: harmless title, publisher: harmless paper, date: 2025, where: harmless shelf}
figures:
  harmless.count:
    {measure: harmless measure, value: 240, unit: vehicles/day, counts: {what: trucks, direction: out},
     period: {from: 2025-02, to: 2025-02, timezone: Asia/Shanghai}, bound: about, reliability: C, note: harmless note}
  harmless.words: {measure: harmless words, value: harmless text, unit: text, reliability: C}
"""
CALIBRATION = """\
calibration: 1
name: harmless fit
scenario: port.yaml
fit:
  harmless_number: {sets: flows.harmless_flow.arrivals.per_day, prior: {uniform: [60, 200]}, why: harmless wish}
targets:
  harmless_figure: {value: 30, unit: vehicles, source: harmless log, measure: crossings in 2025-03-03 00:00 .. 2025-03-03 06:00, error: {within: 20%}}
"""  # noqa: E501
REGION = """\
portsim: 1
region: harmless region
from: 2025-03-03 00:00
to: 2025-03-03 06:00
ports: {harmless_one: {scenario: port.yaml}, harmless_two: {scenario: port.yaml, plan: harmless_plan}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("harmless")
    for name, text in {"port": TEXT, "facts": FACTS, "fit": CALIBRATION, "region": REGION}.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    ps.run(folder / "port.yaml", replications=1, folder=folder / "run", folder_keep="all")
    shutil.copytree(folder / "run", folder / "harmless_run")
    summary = folder / "harmless_run" / "summary.csv"
    summary.write_text(summary.read_text("utf-8").replace("harmless_flow,", "harmless_flaw,", 1), "utf-8")
    return folder


@pytest.fixture(scope="module")
def shown(folder) -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    """By name of the class: what is shown, and what makes the public object of it."""
    scenario = ps.load(folder / "port.yaml")
    described = Subject(scenario, scenario, {"harmless_plan": scenario.with_plan("harmless_plan")})
    wrong = ps.check(folder / "port.yaml", sets=["stages.harmless=2", "name=3"])
    assert isinstance(wrong, ps.Check)
    made: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "Scenario": (scenario, lambda data: data),
        "Run": (ps.run(scenario, replications=3).data, ps.Run),
        "Comparison": (ps.compare(scenario, replications=3).data, ps.Comparison),
        "Sweep": (ps.sweep(scenario, {"stages.harmless_stage.lanes": [1, 2]}, replications=2).data, ps.Sweep),
        "Screening": (ps.screen(scenario, trajectories=2).data, ps.Screening),
        "Calibration": (ps.calibrate(folder / "fit.yaml", runs=60).data, ps.Calibration),
        "Check": (ps.check(folder / "port.yaml").report, ps.Check),
        "Check of what is wrong": (wrong.report, ps.Check),
        "Region": (ps.load(folder / "region.yaml"), lambda data: data),
        "RegionRun": (ps.run(folder / "region.yaml", replications=2).data, ps.RegionRun),
        "RegionCheck": (ps.check(folder / "region.yaml").report, ps.RegionCheck),
        "Description": (described, lambda data: Description(description(data))),
        "Trace": (ps.trace(folder / "run").data, lambda data: ps.Trace(0, data)),
        "Verification": (ps.verify(folder / "harmless_run").data, ps.Verification),
        "Facts": (dict(ps.facts("harmless", files=[folder / "facts.yaml"])), Facts),
        "Fact": (ps.facts("harmless", files=[folder / "facts.yaml"])["harmless.count"], lambda data: data),
    }
    return made


def labelled(value: Any, label: str) -> Any:
    """The same with another label in every text of it, as deep as dataclasses and collections go."""
    if isinstance(value, str):
        return value.replace("harmless", label)
    if isinstance(value, Path):
        return Path(str(value).replace("harmless", label))
    if isinstance(value, tuple | list):
        return type(value)(labelled(item, label) for item in value)
    if isinstance(value, Mapping):
        return {labelled(key, label): labelled(item, label) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: labelled(getattr(value, one.name), label) for one in fields(value) if one.init}
        return replace(value, **changed)
    return value


class Elements(HTMLParser):
    """Counts tags, and what they carry."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update([f"<{tag}>", *(f"{name}=" for name, _ in attrs)])

    def handle_endtag(self, tag: str) -> None:
        self.found[f"</{tag}>"] += 1

    def handle_comment(self, data: str) -> None:
        self.found["comment"] += 1

    def handle_decl(self, decl: str) -> None:
        self.found["declaration"] += 1


def elements(shown_object: Any) -> Counter[str]:
    parser = Elements()
    markdown = getattr(shown_object, "_repr_markdown_", None)
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown()) if markdown else None
    parser.feed(shown_object._repr_html_() if page is None else page)
    parser.close()
    return parser.found


SNIPPETS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><b>",
    "</strong></p></div><h1>",
    "' onmouseover='alert(1)",
    '" style="position:fixed" x="',
    "&lt;script&gt;",
    "&#60;script&#62;",
    "&amp;&",
    "<!-- ",
    "--> <i>",
    "]]>",
    "<![CDATA[",
    "<!DOCTYPE html>",
    "<?php echo 1 ?>",
    "\u202e<u>",
    "\u2066<s>\u2069",
    "\x1b[31m<b>",
    "\x00<b>",
    "\ufeff<b>",
    "<svg/onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<iframe srcdoc='<script>'>",
    "<\u200bscript>",
    "口岸<ruby>",
)
LABELS = [shape.format(snippet) for shape, snippet in itertools.product(("{}", "x{}", "{}y", "{0}{0}"), SNIPPETS)]
CLASSES = (
    *("Scenario", "Run", "Comparison", "Sweep", "Screening", "Calibration", "Check", "Check of what is wrong"),
    *("Region", "RegionRun", "RegionCheck", "Description", "Trace", "Verification", "Facts", "Fact"),
)
LARGE = ("RegionRun", "Comparison", "Sweep", "Run", "Description")
"""Shown in many rows, with every snippet once."""


def test_there_are_a_hundred_hostile_labels():
    assert len(set(LABELS)) == 100


def test_every_class_that_results_come_as_is_shown(shown):
    shows = {name for name, one in public_classes().items() if {"_repr_html_", "_repr_markdown_"} & set(dir(one))}
    assert {name.partition(" ")[0] for name in shown} == shows
    assert set(shown) == set(CLASSES)
    assert shows == set(ATTRIBUTES) - {"Place", "Problem"}


@pytest.mark.parametrize("name", CLASSES)
def test_no_label_adds_an_element(shown, name):
    data, made = shown[name]
    plain = elements(made(labelled(data, "quiet")))
    assert "<script>" not in plain
    assert plain["<table>"] or name in ("Check of what is wrong", "Verification")
    for label in LABELS if name not in LARGE else LABELS[: len(SNIPPETS)]:
        assert elements(made(labelled(data, label))) == plain, label


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_shown_names_what_it_is_about(shown, name):
    data, made = shown[name]
    found = made(data)
    assert "harmless" in str(found)
    line = repr(found)
    assert line.startswith(f"<{name.partition(' ')[0]}")
    assert "\n" not in line
    assert len(line) < 250, "a prompt shows one line"


# ---- tables --------------------------------------------------------------------------------------------------------

UNITS = ("_min", "_h", "_s", "_ms", "_per_h", "_per_day")
"""Endings of the names of times and rates."""


def test_moments_are_in_columns_that_end_in_at_and_carry_a_zone(folder):
    run = ps.run(folder / "port.yaml", replications=1)
    frames = [run.units, run.visits, run.to_event_log("xes")]
    for frame in frames:
        moments = [name for name, kind in frame.dtypes.items() if pd.api.types.is_datetime64_any_dtype(kind)]
        assert moments
        for name in moments:
            assert str(frame[name].dtype).endswith("Asia/Shanghai]"), name
            assert str(name).endswith("_at") or str(name) in {"time:timestamp", "start_timestamp"}, name
        lengths = [str(name) for name, kind in frame.dtypes.items() if kind == "float64"]
        assert all(name.endswith(UNITS) for name in lengths), lengths


def test_every_row_of_a_summary_says_its_unit(shown):
    for name in ("Run", "RegionRun", "Comparison", "Sweep"):
        data, made = shown[name]
        frame = made(data).summary()
        assert frame["unit"].notna().all()
        assert not any(pd.api.types.is_datetime64_any_dtype(kind) for kind in frame.dtypes)


def test_the_posterior_and_the_figures_of_a_calibration_are_tables(shown):
    data, made = shown["Calibration"]
    calibration = made(data)
    assert list(calibration.posterior.columns) == ["harmless_number"]
    assert set(calibration.figures().columns) >= {"figure", "value", "away"}
    assert set(calibration.summary().columns) >= {"parameter", "unit", "verdict"}


def test_published_figures_are_a_table_with_missing_values_where_there_is_text(folder):
    found = ps.facts("harmless", files=[folder / "facts.yaml"])
    frame = found.to_frame()
    assert frame["id"].tolist() == ["harmless.count", "harmless.words"]
    assert frame["value"].dtype == "float64"
    assert frame["value"].tolist()[0] == 240
    assert frame["value"].isna().tolist() == [False, True]
    assert frame["shown"].tolist() == ["about 240 vehicles/day", "harmless text"]
    assert frame["days"].tolist()[0] == 28
    assert len(ps.facts().to_frame()) == len(ps.facts())
    assert repr(found) == "<Facts: 2 published figures of 1 port>"
    assert repr(found["harmless.count"]) == "<Fact harmless.count: about 240 vehicles/day>"
    assert isinstance(found["harmless.count"], Fact)
    assert "harmless note" in str(found["harmless.count"])
    assert found == dict(found)
    assert functools.reduce(lambda count, _: count + 1, found, 0) == len(found) == 2


# ---- arguments -----------------------------------------------------------------------------------------------------


def test_one_text_where_several_may_be_given_is_one_and_not_its_letters(tmp_path):
    (tmp_path / "own.yaml").write_text(FACTS, "utf-8")
    assert "harmless.count" in ps.facts(files=str(tmp_path / "own.yaml"))
    path = tmp_path / "port.yaml"
    path.write_text(TEXT, "utf-8")
    lanes = "stages.harmless_stage.lanes"
    assert ps.load(path, sets=f"{lanes}=3") == ps.load(path, sets=[f"{lanes}=3"])
    compared = ps.compare(path, plans="harmless_plan", replications=2)
    assert list(compared.scenarios) == ["(no plan)", "harmless_plan"]
    assert len(ps.sweep(path, f"{lanes}=1:2", replications=1).data.points) == 2


def test_the_command_line_refuses_as_many_replications_as_python_does():
    assert options.MOST == MOST_REPLICATIONS
