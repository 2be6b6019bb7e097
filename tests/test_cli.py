"""The command line: what it prints where, and what it ends with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import portsim
from portsim.api import runs
from portsim.cli import app, progress
from portsim.experiments.executors import tasks

# Four trucks at noon on each of two days, one lane, ten minutes each: they wait 0, 10, 20 and 30 minutes.
SCENARIO = """\
portsim: 1
name: Four at noon
port: test
from: 2025-03-03 00:00
to: 2025-03-05 00:00
targets: {wait_p95_min: 15}
facts: [counted.yaml]
windows:
  first_day: {from: 2025-03-03 00:00, to: 2025-03-04 00:00, published: test.trucks}
  both_days: {from: 2025-03-03 00:00, to: 2025-03-05 00:00, published: test.trucks_a_day}
  persons: {from: 2025-03-03 00:00, to: 2025-03-04 00:00, published: test.persons}
sides:
  own: {timezone: Asia/Shanghai, closed: [2025-03-04 18:00..2025-03-04 20:00]}
  other: {timezone: Asia/Bishkek}
officers:
  police: {level: {8-20: 2}, cost_per_hour: 10}
stages:
  check: {counted: true, lanes: 1, service: 10 min, officers: {police: 1}}
flows:
  out: {kind: truck, direction: out, persons: 2, journey: [check], arrivals: {timetable: [{at: "12:00", units: 4}]}}
plans:
  two_lanes: {stages.check.lanes: 2}
sources:
  stages.check.service: {assumed: made up}
  flows.out.arrivals: {assumed: made up}
"""

FACTS = """\
facts: 1
source: {title: Count, publisher: a port, date: 2025, where: a page}
figures:
  test.trucks: {measure: trucks, value: 5, unit: vehicles, counts: {what: trucks, direction: both}, reliability: B}
  test.trucks_a_day:
    measure: trucks
    value: 3
    unit: vehicles/day
    bound: at_least
    counts: {what: trucks, direction: out}
    reliability: B
  test.persons:
    measure: persons
    value: 9
    unit: persons
    counts: {what: persons, direction: both, drivers_included: "yes"}
    reliability: B
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "port.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "counted.yaml").write_text(FACTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


COMMAND = [sys.executable, "-c", "from portsim.cli import main; main()"]


def spawn(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, cwd=cwd, env={**os.environ, **environment}, check=False
    )


def cells(text: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading, cells apart by two blanks or more."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(heading):
            break
    else:
        raise AssertionError(f"no {heading!r} in:\n{text}")
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in until_blank(lines)]


def until_blank(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line:
            return
        yield line


# ---- run: the table ---------------------------------------------------------------------------------------------


def test_the_table_says_what_was_run():
    text = call("run", "port.yaml", "-n", "2", "--seed", "7").stdout
    assert text.splitlines()[:4] == [
        "Four at noon",
        "plan          none, as the file says",
        "measured      2025-03-03 00:00 to 2025-03-05 00:00, Asia/Shanghai",
        "replications  2, seed 7, engine reference",
    ]


def test_four_trucks_at_noon_wait_0_10_20_and_30_minutes():
    text = call("run", "port.yaml", "-n", "2").stdout
    assert ["wait", "15.0", "15.0", "30.0", "30.0", "30.0"] in cells(text, "Times of a unit, min")
    assert ["dwell (arrived to out)", "25.0", "25.0", "40.0", "40.0", "40.0"] in cells(text, "Times of a unit, min")
    assert ["crossings a day", "4"] in cells(text, "The port")
    assert ["persons a day", "8"] in cells(text, "The port")
    assert ["officer-hours", "48"] in cells(text, "The port")
    assert cells(text, "By flow")[1][:3] == ["out", "4", "15.0"]
    assert cells(text, "Targets")[1] == ["wait_p95_min", "15", "30", "missed", "50.0 %", "50.0 %"]


def test_a_stage_shows_its_queue_and_lanes():
    """8 times 10 minutes are worked in 46 open hours; 3, 2, 1 wait for ten minutes each, twice in those hours."""
    [_, row] = cells(call("run", "port.yaml", "-n", "2").stdout, "By stage")
    assert row == ["check", "15.0", "30.0", "0.0435", "3", "0", "2.9 %"]


def test_officers_show_their_hours_and_cost():
    """Two officers for twelve hours on two days; one of them works 80 minutes in all."""
    table = cells(call("run", "port.yaml", "-n", "2").stdout, "Officers")
    assert table == [
        ["in use", "hours on the roster", "hours of overtime", "cost"],
        ["police", "2.8 %", "48", "0", "480"],
    ]


def test_a_file_named_without_its_ending_is_suggested():
    result = call("check", "port")
    assert result.exit_code == 3
    assert "there is no file and no shipped scenario 'port'; did you mean 'port.yaml'?" in result.stderr


def test_published_figures_stand_beside_the_model():
    table = cells(call("run", "port.yaml", "-n", "2").stdout, "Crossings beside the published figures")
    assert table == [
        ["fact", "model", "published", "difference"],
        ["first_day", "test.trucks", "4", "5 vehicles", "-20.0 %"],
        ["both_days", "test.trucks_a_day", "4/day", "at least 3 vehicles/day", "within the bound"],
        ["persons", "test.persons", "8", "9 persons", "-11.1 %"],
    ]


def test_a_plan_and_a_setting_show_in_the_provenance():
    result = call("run", "port.yaml", "-n", "1", "--plan", "two_lanes", "--set", "stages.check.service=20 min")
    assert "plan          two_lanes" in result.stdout
    assert "1 set by the plan, 1 set by --set" in result.stdout
    assert ["wait", "10.0", "10.0", "20.0", "20.0", "20.0"] in cells(result.stdout, "Times of a unit, min")


def test_long_waits_are_in_hours_and_lower_bounds_are_marked():
    """Four hours a truck: the fourth of the second day starts at midnight after the end, the third is under way."""
    text = call("run", "port.yaml", "-n", "1", "--set", "stages.check.service=4 h").stdout
    assert cells(text, "Times of a unit, h")[1][1].startswith("≥ ")


def test_the_table_of_a_shipped_scenario_fits_a_screen():
    lines = call("run", "irkeshtam-24h", "-n", "1").stdout.splitlines()
    assert len(lines) <= 62
    assert max(map(len, lines)) <= 110


# ---- run: JSON ------------------------------------------------------------------------------------------------------

METRIC_KEYS = [
    *("metric", "unit", "port", "flow", "kind", "direction", "stage", "pool"),
    *("mean", "sd", "ci_low", "ci_high", "n", "method"),
]


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_json_has_exactly_these_keys():
    result = call("run", "port.yaml", "-n", "3", "--json")
    document = json.loads(result.stdout, parse_constant=refuse)
    assert list(document) == [
        *("schema", "scenario", "plan", "seed", "replications", "engine", "window", "warnings", "metrics", "posterior")
    ]
    assert document["schema"] == "portsim.run/1"
    assert (document["scenario"], document["plan"], document["seed"]) == ("Four at noon", None, 1)
    assert (document["replications"], document["engine"]) == (3, "reference")
    assert document["window"] == {"from": "2025-03-03T00:00:00+08:00", "to": "2025-03-05T00:00:00+08:00"}
    assert all(list(metric) == METRIC_KEYS for metric in document["metrics"])
    assert result.exit_code == 0


def test_json_says_null_for_the_whole_port_and_for_what_is_undefined():
    metrics = json.loads(call("run", "port.yaml", "-n", "2", "--json").stdout)["metrics"]
    [wait] = [m for m in metrics if m["metric"] == "wait_max_min" and m["flow"] is None and m["stage"] is None]
    assert (wait["mean"], wait["sd"], wait["ci_low"]) == (30.0, None, None)
    assert [wait[key] for key in ("flow", "kind", "direction", "stage", "pool")] == [None] * 5


# ---- run: run folders --------------------------------------------------------------------------------------------


def test_a_run_folder_is_written_and_named_on_stderr(folder):
    result = call("run", "port.yaml", "-n", "2", "-o", "out", "--keep", "all")
    assert "written to out" in result.stderr
    assert sorted(path.name for path in (folder / "out" / "replications" / "0001").iterdir()) == [
        *("daily.csv", "hourly.csv", "levels.csv", "measures.csv"),
        *("replication.json", "units.csv", "visits.csv", "work.csv"),
    ]
    manifest = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["replications"] == [0, 1]
    assert [kept["replication"] for kept in manifest["kept"]] == [0, 1]


def test_tables_can_be_parquet(folder):
    pytest.importorskip("pyarrow")
    assert call("run", "port.yaml", "-n", "1", "-o", "out", "--format", "parquet").exit_code == 0
    assert (folder / "out" / "replications" / "0000" / "visits.parquet").is_file()


def test_a_folder_that_is_not_empty_is_refused(folder):
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    result = call("run", "port.yaml", "-o", "out")
    assert result.exit_code == 3
    assert result.stderr == "out: is not empty, and runs are never overwritten: give a new folder, or empty this one\n"


def test_nothing_is_written_when_the_input_is_bad(folder):
    assert call("run", "port.yaml", "-o", "out", "--set", "stages.check.lanes=2.5").exit_code == 3
    assert not (folder / "out").exists()


# ---- how it ends -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "port.yaml", "-n", "0"],
        ["run", "port.yaml", "--engine", "quick"],
        ["run", "port.yaml", "--keep", "some"],
        ["run", "port.yaml", "--seed", "-1"],
        ["run", "port.yaml", "--unknown"],
        ["fly"],
    ],
)
def test_wrong_usage_ends_with_2(arguments):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr


def test_every_problem_is_named_at_once_with_its_place(folder):
    text = SCENARIO.replace("lanes: 1", "lanes: 2.5").replace("kind: truck", "knid: truck")
    (folder / "wrong.yaml").write_text(text, encoding="utf-8")
    for command in ("run", "check"):
        result = call(command, "wrong.yaml")
        assert result.exit_code == 3
        assert result.stdout == ""
        problems = result.stderr.splitlines()
        assert [line.split(": ")[:2] for line in problems if "knid" not in line and "kind" not in line] == [
            ["wrong.yaml:18:33", "stages.check.lanes"]
        ]
        assert any("knid" in line and "kind" in line for line in problems)
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["run", "nowhere.yaml"], ["check", "nowhere"], ["run", "port.yaml", "--plan", "none"], ["facts", "nowhere"]],
)
def test_what_does_not_exist_ends_with_3(arguments):
    result = call(*arguments)
    assert result.exit_code == 3
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_limit_ends_with_4_and_the_partial_result_labelled():
    """The third of the four at noon is one too many."""
    result = call("run", "port.yaml", "-n", "2", "--set", "limits.units_in_port=2")
    assert result.exit_code == 4
    assert "incomplete: replication 0 stopped at 2025-03-03 12:00: " in result.stdout
    assert "the figures are of the part played until then" in result.stdout
    assert result.stderr.startswith("warning: replication 0 stopped at 2025-03-03 12:00: ")
    document = json.loads(call("run", "port.yaml", "--json", "--set", "limits.units_in_port=2").stdout)
    assert document["warnings"][0].startswith("replication 0 stopped at 2025-03-03 12:00: ")


def interrupt_after(done: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while replication number `done` is played."""
    play = tasks.play

    def interrupted(*args, number, **kwargs):
        if number == done:
            raise KeyboardInterrupt
        return play(*args, number=number, **kwargs)

    monkeypatch.setattr(tasks, "play", interrupted)


def test_ctrl_c_ends_with_130_and_the_replications_done(monkeypatch, folder):
    interrupt_after(2, monkeypatch)
    result = call("run", "port.yaml", "-n", "5", "-o", "out")
    assert result.exit_code == 130
    assert "replications  2, seed 1" in result.stdout
    assert "interrupted: the figures are of 2 of 5 replications" in result.stdout
    manifest = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["is_interrupted"]
    assert manifest["replications"] == [0, 1]


def test_ctrl_c_before_there_is_a_result_ends_with_130(monkeypatch):
    interrupt_after(0, monkeypatch)
    result = call("run", "port.yaml", "-n", "5")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert result.stderr == "interrupted before there was a result\n"


def test_progress_in_lines_says_how_far_it_is_and_how_narrow_the_interval(monkeypatch):
    result = call("run", "port.yaml", "-n", "20", "--progress", "plain")
    lines = [line for line in result.stderr.splitlines() if line.startswith("replications ")]
    assert len(lines) == 10
    assert re.fullmatch(r"replications 2 of 20 \(10 %\), \d+ s left, wait_mean_min [\d.]+ ± [\d.]+", lines[0])
    assert re.fullmatch(r"replications 20 of 20 \(100 %\), wait_mean_min [\d.]+ ± [\d.]+", lines[-1])
    [row] = [line for line in result.stdout.splitlines() if line.startswith("wait ")]
    assert lines[-1].split("wait_mean_min ")[1].split()[0] in row, "the last is what is printed"


def test_progress_of_few_replications_has_a_line_for_each():
    result = call("run", "port.yaml", "-n", "3", "--progress", "plain")
    lines = [line for line in result.stderr.splitlines() if line.startswith("replications ")]
    assert [line.partition(",")[0] for line in lines] == [
        "replications 1 of 3 (33 %)",
        "replications 2 of 3 (66 %)",
        "replications 3 of 3 (100 %)",
    ]


@pytest.mark.parametrize("options", [(), ("--progress", "none"), ("--progress", "plain", "-q")])
def test_there_is_no_progress_in_a_pipe_unless_it_is_asked_for(options):
    assert "replications" not in call("run", "port.yaml", "-n", "3", *options).stderr


def test_a_span_is_told_in_words_a_person_uses():
    assert [progress._duration(span) for span in (0.2, 89, 90, 600, 5400, 90_000)] == [
        *("1 s", "89 s", "2 min", "10 min", "1.5 h", "25.0 h")
    ]


def test_workers_are_asked_for_and_change_nothing(folder):
    alone = call("run", "port.yaml", "-n", "4", "--json", "-j", "1")
    assert call("run", "port.yaml", "-n", "4", "--json", "--workers", "2").stdout == alone.stdout
    for wrong in ("0", "-1", "many"):
        assert call("run", "port.yaml", "-j", wrong).exit_code == 2


def test_a_run_that_was_broken_off_is_continued_by_the_same_command(folder, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        result = call("run", "port.yaml", "-n", "5", "-o", "out", "-j", "1")
    assert result.stderr.endswith("what is done is kept in out: the same command with --resume continues it\n")
    again = call("run", "port.yaml", "-n", "5", "-o", "out", "--resume")
    assert again.exit_code == 0
    assert again.stdout == call("run", "port.yaml", "-n", "5", "-o", "whole").stdout
    (folder / "out/replications/0003/daily.csv").write_text("half")
    damaged = call("run", "port.yaml", "-n", "5", "-o", "out", "--resume")
    assert "warning: out/replications/0003/daily.csv: is damaged; the replication is played again" in damaged.stderr
    assert damaged.stdout == again.stdout


def test_there_is_nothing_to_continue_without_a_folder():
    result = call("run", "port.yaml", "--resume")
    assert result.exit_code == 2
    assert "--resume continues what stands in a folder: name it with -o DIR" in " ".join(result.stderr.split())


def test_a_mistake_of_ours_is_one_line_that_asks_for_a_report(monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(runs, "replicate", fail)
    result = call("run", "port.yaml")
    assert result.exit_code == 1
    assert result.stderr == (
        "portsim failed with ZeroDivisionError: division by zero. This is a mistake in portsim: please report it with "
        "the command and the scenario (--debug shows where it happened)\n"
    )
    assert "Traceback (most recent call last)" in call("run", "port.yaml", "--debug").stderr


def test_a_traceback_of_bad_input_is_shown_only_with_debug():
    assert "Traceback" in call("run", "nowhere.yaml", "--debug").stderr


@pytest.mark.skipif(os.name != "posix", reason="a file without permissions")
def test_a_folder_that_cannot_be_written_ends_with_3(folder):
    (folder / "file").write_text("", encoding="utf-8")
    result = call("run", "port.yaml", "-n", "1", "-o", "file/out")
    assert result.exit_code == 3
    assert "Not a directory" in result.stderr
    assert "Traceback" not in result.stderr


# ---- streams ---------------------------------------------------------------------------------------------------


def test_warnings_are_on_stderr_and_counted_in_the_table():
    overload = ["--set", "stages.check.service=9 h"]
    result = call("run", "port.yaml", "-n", "1", *overload)
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert any("load" in line and "check" in line for line in warnings)
    assert f"warnings: {len(warnings)}, on standard error" in result.stdout
    assert call("run", "port.yaml", "-n", "1", "-q", *overload).stderr == ""


def test_the_same_bytes_in_another_folder_zone_locale_and_hash_order(folder):
    """Through the tables, the JSON and the files of the run folder."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    for name in ("port.yaml", "counted.yaml"):
        (elsewhere / name).write_bytes((folder / name).read_bytes())
    outputs = []
    for cwd, environment in (
        (folder, {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}),
        (elsewhere, {"TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "2", "PYTHONUTF8": "0"}),
    ):
        done = spawn("run", "port.yaml", "-n", "2", "-o", "out", "--json", cwd=cwd, **environment)
        assert done.returncode == 0, done.stderr
        files = {
            path.relative_to(cwd / "out").as_posix(): path.read_bytes() for path in sorted((cwd / "out").rglob("*.csv"))
        }
        outputs.append((done.stdout, files))
    assert outputs[0] == outputs[1]
    assert len(outputs[0][1]) == 13


def test_any_text_can_be_printed_in_an_ascii_locale(folder):
    text = SCENARIO.replace("name: Four at noon", "name: 伊尔克什坦口岸 ≤ é")
    (folder / "port.yaml").write_text(text, encoding="utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = spawn("check", "port.yaml", **ascii_only)
    assert done.returncode == 0, done.stderr
    assert "valid: 伊尔克什坦口岸 ≤ é" in done.stdout.decode("utf-8")


@pytest.mark.skipif(os.name != "posix", reason="a pipe whose reader goes away")
def test_a_reader_that_goes_away_is_no_error():
    with subprocess.Popen([*COMMAND, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        assert writer.stderr.read() == b""
    assert writer.returncode == 0


def on_terminal(arguments: Sequence[str], **environment: str) -> str:
    """What a terminal shows: stdout and stderr of the command behind a pseudo-terminal."""
    pty = pytest.importorskip("pty")
    main, other = pty.openpty()
    child = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=other,
        stdout=other,
        stderr=other,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **environment},
    )
    os.close(other)
    shown = b""
    while True:
        try:
            read = os.read(main, 65536)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.close(main)
    assert child.wait(timeout=60) == 0
    return shown.decode("utf-8")


def test_a_terminal_gets_style_and_no_color_is_respected(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    styled = on_terminal(["list"])
    plain = on_terminal(["list"], NO_COLOR="1")
    assert "\x1b[" in styled
    assert "\x1b[" not in plain
    for shown in (styled, plain):
        assert "irkeshtam-24h" in shown
        assert "Six trucks, worked by hand" in shown


TWO = """
portsim: 1
name: Two lanes
port: test
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides: {own: {timezone: Asia/Shanghai}}
stages: {check: {counted: true, lanes: 1, service: 30 min}}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {timetable: [{at: "12:00", units: 4}]}}
plans:
  two: {stages.check.lanes: 2}
"""


def test_a_terminal_gets_small_charts_and_a_pipe_does_not(tmp_path):
    """Four at noon wait 0, 30, 60 and 90 minutes in one lane: 45 on average, and 15 in two."""
    port = tmp_path / "two.yaml"
    port.write_text(TWO, "utf-8")
    arguments = [str(port), "-n", "2", "-q"]
    shown = on_terminal(["run", *arguments], NO_COLOR="1", PYTHONIOENCODING="utf-8").splitlines()
    assert shown[-3:] == [
        "Queue: up to 2.5 trucks on 3 March 12:00, mean of 2 replications",
        " " * 12 + "█▂" + " " * 10,
        "3 March 00:00 4 March 00:00",
    ]
    shown = on_terminal(["compare", *arguments], COLUMNS="50", PYTHONIOENCODING="ascii").splitlines()
    assert shown[-3] == "Difference in mean wait, min, from (no plan)"
    assert re.fullmatch(r"two  o {43}:", shown[-2])
    assert shown[-1].split() == ["-30", "0"]
    for command, title in (("run", "Queue: "), ("compare", "Difference in mean wait, min, from")):
        assert title not in call(command, *arguments).stdout
    assert "Queue: " not in on_terminal(["run", *arguments, "--json"])


# ---- check, facts, list, schema, version ---------------------------------------------------------------------------


def test_check_shows_closures_in_the_clock_of_every_side():
    result = call("check", "port.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith("valid: Four at noon\n")
    assert cells(result.stdout, "Closures, in the clock of every side") == [
        ["as written", "own (Asia/Shanghai)", "other (Asia/Bishkek)"],
        [
            "own",
            "2025-03-04 18:00..2025-03-04 20:00",
            "2025-03-04 18:00 to 2025-03-04 20:00",
            "2025-03-04 16:00 to 2025-03-04 18:00",
        ],
    ]


def test_check_shows_loads_and_numbers_without_a_source():
    """Four times ten minutes a day, one lane open 46 hours in two days; officers 24 hours less the 2 closed."""
    text = call("check", "port.yaml").stdout
    assert cells(text, "Load of lanes")[1] == [
        *("check", "2025-03-03 00:00 to 2025-03-05 00:00", "4", "0.667", "23", "0.03")
    ]
    assert cells(text, "Load of officers")[1] == [
        *("police", "2025-03-03 00:00 to 2025-03-05 00:00", "0.667", "22", "0.03")
    ]
    paths = [row[0] for row in cells(text, "Numbers without a source")]
    assert "stages.check.lanes" in paths
    assert "stages.check.service" not in paths


def test_check_as_json():
    document = json.loads(call("check", "port.yaml", "--json").stdout)
    assert list(document) == [
        "schema",
        "valid",
        "scenario",
        "plan",
        "problems",
        "warnings",
        "sources",
        "facts",
        "loads",
    ]
    assert document["schema"] == "portsim.check/1"
    assert document["valid"] is True
    result = call("check", "port.yaml", "--json", "--set", "stages.check.lanes=2.5")
    assert result.exit_code == 3
    [problem] = json.loads(result.stdout)["problems"]
    assert problem["key"] == "stages.check.lanes"


def test_facts_of_a_port_and_one_in_full():
    table = call("facts", "test", "--file", "counted.yaml").stdout
    assert "test.trucks_a_day  at least 3 vehicles/day" in table
    one = call("facts", "test.persons", "--file", "counted.yaml").stdout
    assert "9 persons" in one
    assert "drivers included: yes" in one
    rejected = call("facts", "xinjiang").stdout
    assert " reject" in rejected


def test_facts_as_json():
    document = json.loads(call("facts", "test", "--file", "counted.yaml", "--json").stdout)
    assert document["schema"] == "portsim.facts/1"
    assert [fact["id"] for fact in document["facts"]] == ["test.trucks", "test.trucks_a_day", "test.persons"]


def test_a_fact_that_does_not_exist_is_met_with_the_nearest():
    result = call("facts", "irkeshtam.freight_first_22")
    assert result.exit_code == 3
    assert "did you mean 'irkeshtam.freight_first_22_h'?" in result.stderr


def test_list_names_the_shipped_scenarios():
    assert ["tiny", "Six trucks, worked by hand"] in [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in call("list").stdout.splitlines()
    ]


def test_schema_is_json():
    assert json.loads(call("schema").stdout)["type"] == "object"


def test_version():
    result = call("--version")
    assert (result.exit_code, result.stdout) == (0, f"portsim {portsim.__version__}\n")


def test_help_names_the_commands_that_exist():
    text = call("--help").stdout
    listed = [line.split()[0] for line in text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()]
    assert listed == [
        "run", "compare", "sweep", "calibrate", "check", "merge", "plot", "verify", "trace", "describe", "new",
        "facts", "list", "schema",
    ]  # fmt: skip


def test_a_closed_stdout_is_no_mistake(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" -m portsim.cli run port.yaml -n 1 -q >&-'],
        cwd=Path.cwd(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
