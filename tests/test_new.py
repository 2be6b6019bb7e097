"""The scenario to start from: it runs at once, its comments are true, and nothing is overwritten."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import portsim
from portsim import shipped
from portsim.cli.app import app
from portsim.scenario import calendar

HOUR = 3_600_000
WEEK = ("to=2025-05-12 00:00",)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    done = call("new", "mine")
    assert done.exit_code == 0, done.output
    return tmp_path / "mine.yaml"


def test_it_says_what_it_wrote_and_what_to_do_next_and_that_works(made):
    again = call("new", "other")
    assert again.stdout.splitlines() == [
        "written: other.yaml, and scenario.schema.json beside it for editors",
        "All its numbers are made up: put your own in their place. Next:",
        "  portsim check other.yaml",
        "  portsim run other.yaml",
        "  portsim run other.yaml --plan more_officers",
        "  portsim describe other.yaml",
    ]
    for command in re.findall(r"^  portsim (.*)$", again.stdout, re.M):
        words = command.split() + (["-n", "1", "--set", WEEK[0]] if command.startswith("run") else [])
        assert call(*words).exit_code == 0, command


def test_it_is_valid_with_all_its_plans_and_without_a_warning(made):
    checked = portsim.check(made)
    assert checked.is_valid
    assert not checked.warnings
    assert {source.kind for source in checked.report.scenario.sources} == {"assumed"}
    assert all("replace by" in source.detail for source in checked.report.scenario.sources)


def test_it_has_two_sides_in_two_zones_and_plans_and_goes_by_its_name(made):
    scenario = portsim.load(made)
    assert (scenario.name, scenario.port) == ("mine", "mine")
    assert len({side.timezone for side in scenario.regimes[0].sides}) == 2
    assert scenario.plans == ("more_officers", "longer_hours")


def test_its_figures_are_sensible_and_its_plans_help(made):
    """Officers bind: with more of them, and with longer hours, trucks wait less, and few are left at the end."""

    def rows(plan: str | None) -> dict[str, float]:
        run = portsim.run(made, replications=2, plan=plan, sets=WEEK, keep="none")
        assert run.stopped is None
        whole = ("flow", "kind", "direction", "stage", "pool")
        return {row.metric: row.mean for row in run.rows if not any(getattr(row, part) for part in whole)}

    plain, more, longer = rows(None), rows("more_officers"), rows("longer_hours")
    assert 400 < plain["crossings_per_day"] < 520
    assert 30 < plain["wait_mean_min"] < 240
    assert more["wait_mean_min"] < plain["wait_mean_min"]
    assert longer["wait_mean_min"] < plain["wait_mean_min"]
    assert plain["unfinished_share"] < 0.05


def test_its_comments_are_true(made):
    text, scenario = made.read_text("utf-8"), portsim.load(made)
    [home, neighbour] = scenario.regimes[0].sides
    stages = {stage.name: stage for stage in scenario.regimes[0].stages}
    pools = {pool.name: pool for pool in scenario.regimes[0].pools}

    def is_said(comment: str) -> bool:
        return comment in text

    assert is_said("# a Monday")
    assert calendar.to_local(scenario.start_ms, home.timezone) == datetime(2025, 5, 5)
    assert datetime(2025, 5, 5).weekday() == 0
    assert is_said("# two weeks")
    assert scenario.end_ms - scenario.start_ms == 14 * 24 * HOUR
    assert is_said("# the first day fills the port and is not measured")
    assert scenario.measure_from_ms - scenario.start_ms == 24 * HOUR
    assert is_said("# 95 % of the trucks should wait at most two hours")
    assert scenario.targets == {"wait_p95_min": 120}
    assert is_said("# three hours behind: 10:00 to 22:00 at home")
    opens, closes = (calendar.clock_instant(datetime(2025, 5, 5).toordinal(), ms, neighbour.timezone) for ms, _ in SPAN)
    assert [f"{calendar.to_local(at, home.timezone):%H:%M}" for at in (opens, closes)] == ["10:00", "22:00"]
    assert neighbour.open.days[0] == ((SPAN[0][0], SPAN[1][0], 1.0),)
    assert is_said("at night there are none")
    assert pools["border_police"].level.days[0] == ((8 * HOUR, 13 * HOUR, 4.0), (13 * HOUR, 20 * HOUR, 6.0))
    assert is_said("# Two officers a check: six staff three of the four lanes")
    assert (stages["border_check"].officers, stages["border_check"].lanes[0][1].days[0][0][2]) == (2, 4)
    assert is_said("where stages share a pool")
    assert stages["customs"].pool == stages["scan"].pool
    assert is_said("# When 30 trucks wait here")
    assert stages["neighbour_check"].waiting_space == 30
    assert is_said("# one truck in ten goes to the scanner")
    assert scenario.flows[0].journey[1].share == 0.1
    assert is_said("from 10:00 to 16:00 three times as many an hour as from 16:00")
    assert scenario.flows[0].arrivals.by_hour.days[0][1:] == ((10 * HOUR, 16 * HOUR, 3.0), (16 * HOUR, 20 * HOUR, 1.0))
    assert is_said("# all four lanes of the border check, all day")
    assert portsim.load(made, plan="more_officers").regimes[0].pools[0].level.days[0] == ((8 * HOUR, 20 * HOUR, 8.0),)
    assert is_said("# both sides open two hours more in the evening, staffed as in the afternoon")
    longer = portsim.load(made, plan="longer_hours").regimes[0]
    for before, after in zip(scenario.regimes[0].sides, longer.sides, strict=True):
        assert after.open.days[0][0][1] - before.open.days[0][0][1] == 2 * HOUR
    for pool in longer.pools:
        assert pool.level.days[0][-1][1] == 22 * HOUR
        assert pool.level.days[0][-1][2] == pools[pool.name].level.days[0][-1][2]


SPAN = ((7 * HOUR, 1), (19 * HOUR, 0))


def test_every_comment_of_the_template_is_looked_at_by_a_test_when_it_changes():
    """Whoever adds a comment with a figure sees here that `test_its_comments_are_true` has to say it too."""
    text = (shipped.folder("scenarios") / "templates" / "starter.yaml").read_text("utf-8")
    comments = [line.partition("# ")[2] for line in text.splitlines() if "# " in line]
    number = re.compile(r"\d|\b(?:two|three|four|five|six|ten|dozen|half)\b", re.IGNORECASE)
    assert len([comment for comment in comments if number.search(comment)]) == 10


def test_the_schema_beside_it_is_the_one_its_first_line_names(made):
    first = made.read_text("utf-8").splitlines()[0]
    schema = made.parent / first.partition("$schema=")[2]
    assert first.startswith("# yaml-language-server: ")
    assert json.loads(schema.read_text("utf-8")) == portsim.json_schema()


def test_the_commands_in_it_name_its_file(made):
    text = made.read_text("utf-8")
    assert "#   portsim check mine.yaml " in text
    assert "FILE" not in text
    assert 'name: "mine"                        # what results are titled with' in text


def test_a_port_and_a_folder_may_be_given(tmp_path):
    done = call("new", "null", "--port", "torugart", "-o", str(tmp_path / "a" / "b"))
    assert done.exit_code == 0
    scenario = portsim.load(tmp_path / "a" / "b" / "null.yaml")
    assert (scenario.name, scenario.port) == ("null", "torugart")


def test_a_file_that_is_there_is_not_overwritten(made):
    made.write_text("mine", encoding="utf-8")
    done = call("new", "mine")
    assert done.exit_code == 3
    assert "mine.yaml: is there already and is never overwritten: give another name, or another folder" in done.stderr
    assert made.read_text("utf-8") == "mine"


def test_an_old_schema_is_renewed_and_a_foreign_one_kept(made):
    schema = made.parent / "scenario.schema.json"
    schema.write_text('{"title": "portsim scenario"}', encoding="utf-8")
    assert call("new", "second").exit_code == 0
    assert json.loads(schema.read_text("utf-8")) == portsim.json_schema()
    for foreign in ("{}", "no json", "[]"):
        schema.write_text(foreign, encoding="utf-8")
        done = call("new", "third")
        assert done.exit_code == 3
        assert "scenario.schema.json: is there already and is not portsim's: move it away" in done.stderr
        assert schema.read_text("utf-8") == foreign
        assert not (made.parent / "third.yaml").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a b", "'a b' cannot name a scenario: a name begins with a letter"),
        ("../up", "'../up' cannot name a scenario: a name begins with a letter"),
        ("", "'' cannot name a scenario: a name begins with a letter"),
        ("port.yaml", "got 'port.yaml'; leave the ending out, the file is called NAME.yaml"),
        ("Nul", "'Nul' cannot name a file on Windows: give another name"),
    ],
)
def test_a_name_that_is_no_file_name_is_refused(tmp_path, name, message):
    done = call("new", "-o", str(tmp_path), "--", name)
    assert done.exit_code == 3
    assert message in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_no_name_is_refused_together_with_the_name(tmp_path):
    done = call("new", "1st", "--port", "a.b", "-o", str(tmp_path))
    assert done.exit_code == 3
    assert "'1st' cannot name a scenario" in done.stderr
    assert "'a.b' cannot name a port" in done.stderr


def test_the_template_is_no_shipped_scenario_of_its_own():
    assert "starter" not in [name for name, _ in portsim.scenarios()]
