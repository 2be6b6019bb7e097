"""Officers wanted from a CSV file: by dates, or by the hours of a week, through to the levels of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portsim import yamlfile
from portsim.errors import ScenarioError
from portsim.model import lower
from portsim.scenario import Scenario, calendar, json_schema, load, load_text
from portsim.scenario.capacity import loads
from portsim.scenario.levels import DatedLevel, WeekProfile
from portsim.scenario.staffing import read_staffing
from tests.scenarios import utc
from tests.test_check import fits

HOUR = 3_600_000

PORT = """\
portsim: 1
name: Wanted
port: paper
from: 2025-05-05
to: 2025-05-08
sides:
  own: {timezone: Asia/Shanghai}
  other: {timezone: Asia/Bishkek}
officers:
  police: LEVEL
stages:
  check: {lanes: 9, officers: {police: 1}, counted: true, service: 1 min}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {per_day: 100}}
"""
CSV = "{level: {csv: officers.csv}}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path, "hour,officers\n8,5\n9,5\n10,3\n")
    return tmp_path


def write(folder: Path, text: str, name: str = "officers.csv") -> None:
    (folder / name).write_text(text)


def scenario_of(home: Path, level: str = CSV, more: str = "", **how: Any) -> Scenario:
    return load_text(PORT.replace("LEVEL", level) + more, folder=home, **how)


def level_of(scenario: Scenario) -> list[tuple[float, int]]:
    """The steps of officers on duty, in hours since the start."""
    [crew] = lower(scenario).pools[0].crews
    assert crew.rostered is crew.level
    return [(tick / HOUR, officers) for tick, officers in crew.level.pairs()]


def problems(home: Path, level: str = CSV, more: str = "", **how: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        scenario_of(home, level, more, **how)
    return [str(problem) for problem in raised.value.problems]


# By hours -------------------------------------------------------------------------------------------------------------


def test_a_row_of_an_hour_holds_for_it_on_every_day_and_hours_without_a_row_have_nobody(home: Path) -> None:
    day = [(8, 5), (10, 3), (11, 0)]
    assert level_of(scenario_of(home)) == [(24 * n + hour, officers) for n in range(3) for hour, officers in day]


def test_hours_are_written_as_numbers_or_clock_times_in_any_order(home: Path) -> None:
    write(home, "officers,hour\n 3 ,10:00\n5,09:00\n5, 08\n")
    assert scenario_of(home).regimes[0].pools[0].level == WeekProfile(
        (((8 * HOUR, 10 * HOUR, 5.0), (10 * HOUR, 11 * HOUR, 3.0)),) * 7
    )


def test_rows_may_hold_on_some_days_only(home: Path) -> None:
    """5 May 2025 is a Monday."""
    write(home, 'hour,officers,days\n0,4,"mon,wed"\n23,2,tue\n0,1,tue\n')
    assert level_of(scenario_of(home)) == [(0, 4), (1, 0), (24, 1), (25, 0), (47, 2), (48, 4), (49, 0)]


def test_hours_of_one_level_have_no_clock_time_between_them(home: Path) -> None:
    """02:00 does not exist in Berlin on 30 March; nothing changes then, and so nothing is refused."""
    text = PORT.replace("LEVEL", CSV).replace("Asia/Shanghai", "Europe/Berlin")
    text = text.replace("2025-05-05", "2025-03-30").replace("2025-05-08", "2025-03-31")
    write(home, "hour,officers\n" + "".join(f"{hour},6\n" for hour in range(24)))
    assert level_of(load_text(text, folder=home)) == [(0, 6)]
    write(home, "hour,officers\n" + "".join(f"{hour},{6 if hour < 2 else 4}\n" for hour in range(24)))
    with pytest.raises(ScenarioError) as raised:
        load_text(text, folder=home)
    assert str(raised.value).startswith(
        "scenario.yaml:10:19: officers.police.level: 2025-03-30 02:00 does not exist in Europe/Berlin"
    )


# By dates -------------------------------------------------------------------------------------------------------------


def test_a_row_of_a_date_holds_until_the_next(home: Path) -> None:
    write(home, "from,officers\n2025-05-06 20:00,2\n2025-05-05,4\n2025-05-05 08:00,10\n2025-05-09,1\n")
    scenario = scenario_of(home)
    assert scenario.warnings == ()
    assert level_of(scenario) == [(0, 4), (8, 10), (44, 2)]


def test_what_began_before_the_run_holds_at_its_start(home: Path) -> None:
    write(home, "from,officers\n2025-05-01,4\n2025-05-04 12:00,6\n2025-05-06,6\n2025-05-07,0\n")
    assert level_of(scenario_of(home)) == [(0, 6), (48, 0)]


def test_dates_are_by_the_clock_of_the_pools_side_unless_they_say_their_own(home: Path) -> None:
    """08:00 in Bishkek is 10:00 in Beijing, and 02:00 UTC is that too."""
    write(home, "from,officers\n2025-05-05 08:00,4\n2025-05-06T02:00:00Z,6\n")
    level = "{level: {csv: officers.csv}, side: other}"
    assert level_of(scenario_of(home, level)) == [(10, 4), (34, 6)]
    steps = ((utc("2025-05-05 10:00"), 4.0), (utc("2025-05-06 10:00"), 6.0))
    assert scenario_of(home, level).regimes[0].pools[0].level == DatedLevel(steps)


def test_a_file_that_begins_after_the_run_or_ends_before_it_is_a_warning(home: Path) -> None:
    write(home, "from,officers\n2025-05-05 08:00,4\n")
    place = "scenario.yaml:10:19: officers.police.level"
    assert scenario_of(home).warnings == (
        f"{place}: officers.csv begins at 2025-05-05 08:00 by the clock of Asia/Shanghai; nobody is on duty before",
    )
    write(home, "from,officers\n2024-05-05 08:00,4\n2024-05-06,2\n")
    assert scenario_of(home).warnings == (
        f"{place}: the last row of officers.csv, 2024-05-06 00:00, holds until the end of the run",
    )
    write(home, "from,officers\n2024-05-05 08:00,4\n")
    assert scenario_of(home).warnings == ()


def test_a_level_by_dates_is_read_over_any_stretch_of_the_run() -> None:
    level = DatedLevel(((0, 4.0), (10, 6.0), (20, 6.0), (30, 0.0)))
    assert calendar.steps(level, "UTC", 12, 40) == [(12, 6.0), (30, 0.0)]
    assert calendar.steps(level, "UTC", -5, 10) == [(-5, 0.0), (0, 4.0)]
    assert calendar.steps(level, "UTC", 10, 30) == [(10, 6.0)]


def test_the_check_of_capacity_reads_a_level_by_dates(home: Path) -> None:
    """Two of three days with 4 officers, one with 1: 72 officer-hours a day."""
    write(home, "from,officers\n2025-05-05,4\n2025-05-07,1\n")
    [load] = loads(scenario_of(home))
    assert load.officer_hours_on_duty == pytest.approx(72)


def test_a_service_that_needs_more_than_the_file_ever_has_is_a_warning(home: Path) -> None:
    write(home, "from,officers\n2025-05-05,4\n2025-05-07,1\n")
    text = PORT.replace("LEVEL", CSV).replace("{police: 1}", "{police: 5}")
    assert load_text(text, folder=home).warnings == (
        "scenario.yaml:12:31: stages.check.officers: needs 5 officers, but police never has more than 4; "
        "nothing will be served here",
    )


# Changes, plans, --set ------------------------------------------------------------------------------------------------


def test_a_dated_change_a_plan_and_set_may_name_a_file_or_a_level_in_its_place(home: Path) -> None:
    write(home, "from,officers\n2025-05-06 12:00,7\n2025-05-07,9\n", "later.csv")
    more = "changes:\n  - {at: 2025-05-06 12:00, set: {officers.police.level: {csv: later.csv}}}\n"
    more += (
        "plans:\n  file: {officers.police.level: {csv: later.csv}}\n  plain: {officers.police.level: 2, changes: []}\n"
    )
    now = scenario_of(home, "{level: {0-12: 1, 12-24: 2}}", more)
    assert now.warnings == ()
    assert level_of(now) == [(0, 1), (12, 2), (24, 1), (36, 7), (48, 9)]
    assert level_of(scenario_of(home, "{level: 3}", more, plan="file"))[0] == (36, 7)
    assert level_of(scenario_of(home, CSV, more, plan="plain")) == [(0, 2)]
    assert level_of(scenario_of(home, CSV, sets=["officers.police.level={8-20: 3}"]))[:2] == [(8, 3), (20, 0)]
    assert level_of(scenario_of(home, CSV, sets=["officers.police.level={csv: later.csv}"])) == [(36, 7), (48, 9)]
    assert level_of(scenario_of(home, CSV, sets=["officers.police.level.csv=later.csv"])) == [(36, 7), (48, 9)]


def test_a_change_that_leaves_the_level_alone_goes_on_with_the_file(home: Path) -> None:
    write(home, "from,officers\n2025-05-05,7\n2025-05-07,9\n")
    more = "changes:\n  - {at: 2025-05-06, set: {stages.check.lanes: 3}}\n"
    assert level_of(scenario_of(home, CSV, more)) == [(0, 7), (48, 9)]


def test_one_span_beside_a_file_is_refused(home: Path) -> None:
    assert problems(home, CSV, sets=["officers.police.level.8-20=3"]) == [
        "--set officers.police.level.8-20=3: officers.police.level.8-20: stands beside csv; a level is a file or "
        "numbers by the clock: set the whole level"
    ]


# The file -------------------------------------------------------------------------------------------------------------


def test_the_file_counts_as_one_number_and_travels_with_the_scenario(home: Path, tmp_path: Path) -> None:
    more = "sources: {officers.*.level: {measured: duty roster}}\n"
    first = scenario_of(home, CSV, more)
    [number] = [number for number in first.sources if number.path.startswith("officers")]
    assert (number.path, number.text, number.kind, number.detail) == (
        "officers.police.level.csv",
        "officers.csv",
        "measured",
        "duty roster",
    )
    assert [name for name, _ in first.files] == ["scenario.yaml", "officers.csv"]
    assert first.attachments == (("data/officers.csv", str(home / "officers.csv")),)
    away = tmp_path / "away"
    (away / "data").mkdir(parents=True)
    for name, place in first.attachments:
        (away / name).write_bytes(Path(place).read_bytes())
    (away / "scenario.yaml").write_text(yamlfile.dump(first.resolved))
    second = load(away / "scenario.yaml")
    assert second.regimes == first.regimes
    assert second.resolved == first.resolved
    assert level_of(second) == level_of(first)


def test_a_file_of_a_dated_change_travels_as_well(home: Path) -> None:
    write(home, "from,officers\n2025-05-01,7\n", "later.csv")
    more = "changes:\n  - {at: 2025-05-06, set: {officers.police.level: {csv: later.csv}}}\n"
    scenario = scenario_of(home, CSV, more)
    assert [name for name, _ in scenario.attachments] == ["data/officers.csv", "data/later.csv"]
    assert scenario.resolved["changes"][0]["set"] == {"officers.police.level": {"csv": "data/later.csv"}}


def test_columns_that_mean_nothing_are_a_warning(home: Path) -> None:
    write(home, "hour,officers,remark\n8,5,early\n")
    said = "scenario.yaml:10:25: officers.police.level.csv: columns of officers.csv that mean nothing here:"
    assert scenario_of(home).warnings == (f"{said} remark",)
    write(home, "from,officers,days\n2025-05-01,5,mon\n")
    assert scenario_of(home).warnings == (f"{said} days",)


FORMS = "write `from` (2025-05-24 08:00) for a level by dates, `hour` (8) for one of every day or week"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["officers.csv: is empty; write a header line and rows below it"]),
        ("hour,officers\n", ["officers.csv:1:1: has a header but no rows; write one for each hour"]),
        ("from,officers\n", ["officers.csv:1:1: has a header but no rows; write one for each change of officers"]),
        (
            "hour,number\n8,5\n",
            [
                "officers.csv:1:1: officers: has no column 'officers'; the first line names the columns, "
                "here 'hour', 'number'"
            ],
        ),
        ("hour,oficers\n8,5\n", ["officers.csv:1:6: oficers: unknown column; did you mean 'officers'?"]),
        ("officers\n5\n", [f"officers.csv:1:1: has neither a column 'from' nor a column 'hour'; {FORMS}"]),
        ("from,hour,officers\n1,1,1\n", [f"officers.csv:1:1: has both a column 'from' and a column 'hour'; {FORMS}"]),
        (
            "hour,officers\n24,5\nx,5\n,5\n8:30,5\n25:00,5\n",
            [
                "officers.csv:2:1: hour: got '24', which is not an hour of the day; "
                "write the hour it begins, 0 to 23 or '08:00'",
                "officers.csv:3:1: hour: got 'x', which is not an hour of the day; "
                "write the hour it begins, 0 to 23 or '08:00'",
                "officers.csv:4:1: hour: is empty; write the hour it begins, 0 to 23 or '08:00'",
                "officers.csv:5:1: hour: got '8:30'; each row holds one whole hour: "
                "write the hour it begins, 0 to 23 or '08:00'",
                "officers.csv:6:1: hour: got '25:00'; clock times go from 00:00 to 24:00, "
                "minutes and seconds from 00 to 59",
            ],
        ),
        (
            "hour,officers\n8,\n9,2.5\n10,-1\n11,10001\n",
            [
                "officers.csv:2:3: officers: is empty; write a whole number of officers, 0 for none",
                "officers.csv:3:3: officers: got '2.5', which is not a whole number; write one from 0 to 10000",
                "officers.csv:4:4: officers: got -1; it must be a whole number from 0 to 10000",
                "officers.csv:5:4: officers: got 10001; it must be a whole number from 0 to 10000",
            ],
        ),
        (
            "hour,officers,days\n8,5,mno\n9,5,\n",
            [
                "officers.csv:2:5: days: unknown day 'mno'; write days as 'mon', 'mon-fri', 'sat,sun' or 'daily'; "
                "did you mean 'mon'?",
                "officers.csv:3:5: days: got '', which names no days; "
                "write days as 'mon', 'mon-fri', 'sat,sun' or 'daily'",
            ],
        ),
        (
            "hour,officers\n8,5\n9,5\n08:00,6\n",
            ["officers.csv:4:1: hour: 08:00 stands in line 2 already; keep one of the rows"],
        ),
        (
            'hour,officers,days\n8,5,mon-fri\n8,6,"sat,fri"\n',
            ["officers.csv:3:1: hour: fri 08:00 stands in line 2 already; keep one of the rows"],
        ),
        (
            "from,officers\n2025-05-05,5\n2025-05-05 00:00,6\n",
            ["officers.csv:3:1: from: is the same time as in line 2; keep one of the rows"],
        ),
        (
            "from,officers\n8,5\n,5\n",
            [
                "officers.csv:2:1: from: got '8', which is not a date; write year-month-day, for instance '2025-05-31'",
                "officers.csv:3:1: from: is empty; "
                "write for instance '2025-05-24 08:15' or '2025-05-24T08:15:00+08:00'",
            ],
        ),
    ],
)
def test_a_file_that_is_wrong_is_named_with_line_column_and_cure(home: Path, text: str, said: list[str]) -> None:
    write(home, text)
    assert problems(home) == said


@pytest.mark.parametrize(
    ("level", "at", "said"),
    [
        ("{level: {csv: 5}}", "5}}", ".csv: got 5, which is not text; put it in quotes"),
        ("{level: {csv: ''}}", "''", ".csv: got empty text; write something"),
        ("{level: {cvs: officers.csv}}", "cvs", ".cvs: unknown key; did you mean 'csv'?"),
        (
            "{level: {csv: officers.csv, 8-20: 4}}",
            "8-20",
            ".8-20: stands beside csv; a level is a file or numbers by the clock: set the whole level",
        ),
        (
            "{level: {csv: oficers.csv}}",
            "oficers",
            ".csv: there is no file 'oficers.csv' in the scenario's folder; did you mean 'officers.csv'?",
        ),
        (
            "{level: {csv: ../officers.csv}}",
            "../",
            ".csv: got '../officers.csv'; a path may not leave the scenario's folder by '..'; "
            "put the file beside the scenario and write its name, for instance 'arrivals.csv'",
        ),
    ],
)
def test_a_level_that_names_no_file_is_refused(home: Path, level: str, at: str, said: str) -> None:
    column = f"  police: {level}".index(at) + 1
    assert problems(home, level) == [f"scenario.yaml:10:{column}: officers.police.level{said}"]


def test_a_file_is_read_once_for_each_clock(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def counted(*args: Any) -> Any:
        read.append(args)
        return read_staffing(*args)

    monkeypatch.setattr("portsim.scenario.staffing.read_staffing", counted)
    more = "changes:\n" + "".join(f"  - {{at: 2025-05-0{day}, set: {{stages.check.lanes: {day}}}}}\n" for day in (6, 7))
    assert len(scenario_of(home, CSV, more).regimes) == 3
    assert len(read) == 1


@pytest.mark.parametrize(
    ("level", "is_right"),
    [(CSV, True), ("{level: {8-20: 4}}", True), ("{level: {csv: 5}}", False), ("{level: {cvs: a.csv}}", False)],
)
def test_the_json_schema_follows_the_format(level: str, is_right: bool) -> None:
    schema = json_schema()
    assert fits(yamlfile.parse(PORT.replace("LEVEL", level), "scenario.yaml").value, schema, schema) is is_right
