"""portsim from Python: names, tables with units and moments, and results that show themselves."""

from __future__ import annotations

import math
import subprocess
import sys
from html import escape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import portsim as ps
from portsim.tables import Line, Table, html, number, plain

TEXT = """
portsim: 1
name: "{name}"
port: test
from: 2025-03-03 09:00
to: 2025-03-03 10:35
sides: {{own: {{timezone: Asia/Shanghai}}}}
officers: {{police: {{level: 2}}}}
stages: {{check: {{counted: true, lanes: 1, service: 10 min, officers: {{police: 1}}}}}}
flows:
  out: {{kind: truck, direction: out, journey: [check], arrivals: {{timetable: [{{at: "10:00", units: 4}}]}}}}
"""


def four_trucks(name: str = "four trucks") -> ps.Scenario:
    """Four trucks at 10:00, one lane, ten minutes each: they start at :00, :10, :20 and :30; the end is at 10:35."""
    return ps.load_text(TEXT.format(name=name))


@pytest.fixture(scope="module")
def run() -> ps.Run:
    return ps.run(four_trucks(), replications=2, keep="all")


def test_the_public_names_of_the_package_are_those_of_the_api():
    from portsim import api

    assert sorted([*api.__all__, "__version__"]) == sorted(ps.__all__) == dir(ps)
    for name in api.__all__:
        assert getattr(ps, name) is getattr(api, name)
    with pytest.raises(AttributeError, match=r"module 'portsim.api' has no attribute 'simulate_everything'"):
        api.simulate_everything  # noqa: B018


def test_facts_is_the_function_even_after_the_room_of_that_name_was_imported():
    code = (
        "import portsim.facts, portsim as ps; from portsim.facts import Fact; "
        "found = ps.facts('irkeshtam'); print(all(isinstance(fact, Fact) for fact in found.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_summary_has_a_row_for_each_measure(run):
    frame = run.summary()
    assert list(frame.columns) == [
        *("metric", "unit", "port", "flow", "kind", "direction", "stage", "pool"),
        *("mean", "sd", "ci_low", "ci_high", "n", "method"),
    ]
    wait = frame[(frame["metric"] == "wait_mean_min") & (frame["flow"] == "out")]
    assert wait["mean"].tolist() == [15.0]
    assert (wait["ci_low"].tolist(), wait["ci_high"].tolist(), wait["n"].tolist()) == ([15.0], [15.0], [2])


def test_units_have_names_moments_and_minutes(run):
    units = run.units
    assert len(units) == 8
    assert list(units.columns) == [
        *("replication", "unit", "flow", "kind", "parent", "priority", "persons", "goods"),
        *("wanted_at", "arrived_at", "out_at", "outcome", "wait_min", "dwell_min"),
    ]
    first = units[units["replication"] == 1].set_index("unit")
    assert first["arrived_at"].tolist() == [pd.Timestamp("2025-03-03 10:00", tz="Asia/Shanghai")] * 4
    assert first["out_at"].tolist()[:3] == list(
        pd.to_datetime(["2025-03-03 10:10", "2025-03-03 10:20", "2025-03-03 10:30"]).tz_localize("Asia/Shanghai")
    )
    assert first["out_at"].isna().tolist() == [False, False, False, True]
    assert first["wait_min"].tolist() == [0, 10, 20, 30]
    assert first["dwell_min"].tolist() == [10, 20, 30, 35]
    assert first["outcome"].tolist() == ["released", "released", "released", "in_port"]
    assert first["flow"].tolist() == ["out"] * 4
    assert first["parent"].isna().all()


def test_visits_have_names_moments_and_minutes(run):
    visits = run.visits
    assert list(visits.columns) == [
        *(
            "replication",
            "unit",
            "step",
            "leg",
            "flow",
            "direction",
            "stage",
            "role",
            "lane",
            "pool",
            "crew",
            "officers",
        ),
        *("joined_at", "started_at", "ended_at", "left_at", "outcome", "wait_min", "service_min", "blocked_min"),
    ]
    first = visits[visits["replication"] == 0]
    assert first["started_at"].dt.strftime("%H:%M %z").tolist() == [f"10:{m} +0800" for m in ("00", "10", "20", "30")]
    assert str(first["joined_at"].dtype) == "datetime64[ms, Asia/Shanghai]"
    assert first["wait_min"].tolist() == [0, 10, 20, 30]
    np.testing.assert_array_equal(first["service_min"], [10, 10, 10, np.nan])
    np.testing.assert_array_equal(first["blocked_min"], [0, 0, 0, np.nan])
    assert first[["stage", "role", "pool", "direction"]].iloc[0].tolist() == ["check", "general", "police", "out"]
    assert first["lane"].tolist() == [0] * 4
    assert first["outcome"].tolist() == ["done", "done", "done", "in_service"]


def test_records_that_were_not_kept_are_asked_for_with_the_cure():
    run = ps.run(four_trucks(), replications=1, keep="none")
    with pytest.raises(ValueError, match="no records were kept: run with keep='first' or keep='all'"):
        run.units  # noqa: B018


def test_a_plan_belongs_to_loading():
    with pytest.raises(ValueError, match="plan and sets belong to loading"):
        ps.run(four_trucks(), plan="fewer")


def test_a_path_or_a_name_is_loaded_with_its_changes(tmp_path):
    (tmp_path / "four.yaml").write_text(TEXT.format(name="four"), encoding="utf-8")
    run = ps.run(tmp_path / "four.yaml", replications=1, sets=["stages.check.lanes=4"])
    assert [source.path for source in run.scenario.sources if source.kind == "set"] == ["stages.check.lanes"]
    assert run.units["wait_min"].tolist() == [0, 0, 10, 10], "four lanes, but two officers"
    assert ps.run("tiny", replications=1).scenario.name == "Six trucks, worked by hand"


def test_a_run_folder_can_be_written_from_python(tmp_path):
    run = ps.run(four_trucks(), replications=2, keep="none", folder=tmp_path / "out", folder_keep="all")
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert (tmp_path / "out" / "replications" / "0001" / "visits.csv").is_file()
    assert run.stopped is None
    assert not run.is_interrupted


# ---- what shows itself -------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def elements(fragment: str) -> Elements:
    parser = Elements()
    parser.feed(fragment)
    parser.close()
    return parser


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><b>",
    "a' onmouseover='alert(1)",
    "&lt;script&gt;",
    "<!-- ",
    "]]>",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_no_label_becomes_an_element(label):
    plain = elements(ps.run(four_trucks(), replications=1)._repr_html_())
    hostile = elements(ps.run(four_trucks(label), replications=1)._repr_html_())
    assert hostile.tags == plain.tags
    assert hostile.attributes == plain.attributes == {"style"}
    assert "script" not in plain.tags


@pytest.mark.parametrize("label", HOSTILE)
def test_no_cell_heading_or_line_becomes_an_element(label):
    blocks = [Line(label), Line(label, is_heading=True), Table.of((label, "n"), [(label, "1"), (label, label)])]
    assert (
        elements(html(blocks)).tags
        == elements(html(blocks).replace(escape(label), "label")).tags
        == [
            *(
                "div",
                "p",
                "span",
                "p",
                "strong",
                "table",
                "thead",
                "tr",
                "th",
                "th",
                "tbody",
                "tr",
                "td",
                "td",
                "tr",
                "td",
                "td",
            )
        ]
    )


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [
        (801.34, 12.4, "801 ± 12"),
        (0.0435, math.nan, "0.0435"),
        (16499.2, 1611.0, "16,499 ± 1,611"),
        (12.345, 0.0, "12.3"),
        (3.0, 0.26, "3.00 ± 0.26"),
        (0.0, math.nan, "0"),
        (-0.00001, math.nan, "0.0000"),
        (math.nan, 1.0, "-"),
        (math.inf, math.nan, "-"),
    ],
)
def test_numbers_show_the_digits_their_interval_deserves(value, half_width, text):
    assert number(value, half_width) == text


def test_columns_are_aligned_by_what_a_terminal_shows():
    assert plain([Table.of(("", "n"), [("口岸", "1"), ("check", "12")])]) == "        n\n口岸    1\ncheck  12\n"


def test_text_and_html_say_the_same(run):
    text, fragment = str(run), run._repr_html_()
    assert text.splitlines()[0] == "four trucks"
    for cell in ("check", "police", "15.0", "lane"):
        assert cell in text
        assert cell in fragment


def test_control_characters_of_a_label_do_not_reach_the_screen():
    text = str(ps.run(four_trucks(r"red \x1b[31m \u202e tide"), replications=1))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.splitlines()[0] == "red  [31m   tide"


# ---- checking ------------------------------------------------------------------------------------------------------


def test_a_check_says_what_is_wrong_instead_of_raising(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(TEXT.format(name="x").replace("lanes: 1", "lanes: 2.5"), encoding="utf-8")
    check = ps.check(path)
    assert not check.is_valid
    [problem] = check.problems
    assert problem.key == "stages.check.lanes"
    assert str(problem) in str(check)
    assert check.to_dict()["problems"][0]["line"] == 9


def test_a_check_of_a_valid_scenario_has_its_loads(tmp_path):
    path = tmp_path / "right.yaml"
    path.write_text(TEXT.format(name="x"), encoding="utf-8")
    check = ps.check(path)
    assert check.is_valid
    [load] = check.loads
    assert load.lane_hours_needed / load.lane_hours_open == pytest.approx(40 / 95), "four times 10 of 95 minutes"
    assert "0.42" in str(check)
    assert "<table>" in check._repr_html_()


def test_facts_are_by_id_and_by_port(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "facts: 1\nsource: {title: Count, publisher: me, date: 2025, where: here}\nfigures:\n"
        "  mine.trucks: {measure: trucks, value: 4, unit: vehicles, counts: {what: trucks, direction: both}, "
        "reliability: B}\n",
        encoding="utf-8",
    )
    assert list(ps.facts("mine", files=[own])) == ["mine.trucks"]
    assert "irkeshtam.freight_first_22_h" in ps.facts()
    with pytest.raises(ps.FactError, match="there are no facts of a port 'mine'"):
        ps.facts("mine")


def test_shipped_scenarios_have_titles():
    assert ("tiny", "Six trucks, worked by hand") in ps.scenarios()


def test_the_schema_is_a_json_schema():
    assert ps.json_schema()["$schema"].startswith("https://json-schema.org/")
