"""The documentation says what the program does: its examples run, its tables are complete, its links lead somewhere."""

from __future__ import annotations

import csv
import importlib.util
import inspect
import json
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner, Result

import portsim
from portsim import yamlfile
from portsim.cli.app import Exit, app
from portsim.engines import simulate
from portsim.errors import LimitError
from portsim.model import draw, lower
from portsim.results import MetricRow, measure
from portsim.scenario import (
    calendar,
    profiles,
    units,
)
from portsim.scenario.capacity import StageLoad
from portsim.scenario.scenario import NumberSource
from portsim.scenario.schema import arrivals as schema_arrivals
from portsim.scenario.schema import calls as schema_calls
from portsim.scenario.schema import fields as schema_fields
from portsim.scenario.schema import journeys as schema_journeys
from portsim.scenario.schema import pace as schema_pace
from portsim.scenario.schema import values as schema_values
from portsim.scenario.schema.file import ScenarioFile

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "example"
TESTED = [path for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))) if path.is_file()]
LINKED = [path for folder in (".", "docs", "seeds", "benchmarks", "notebooks") for path in (ROOT / folder).glob("*.md")]
OTHERS_WORDS = ("yaml-language-server", "entity_id", "resource_id", "org:resource")
"""Names of a program, and of columns that other tools read."""

FOREIGN_WORDS = {"server", "servers", "customer", "customers", "job", "jobs", "entity", "entities"}

READERS: dict[str, Callable[[Any], object]] = {
    "closure": lambda value: calendar.parse_closure(value, "Asia/Shanghai"),
    "days": profiles.parse_days,
    "distribution": schema_values.read_distribution,
    "duration": units.parse_duration,
    "hours": profiles.parse_hours,
    "level": profiles.parse_level,
    "local_time": units.parse_local_datetime,
    "pace": lambda value: schema_fields.validate(schema_pace.PaceModel, value),
    "rate": units.parse_rate,
    "share": units.parse_share,
    "slots": schema_calls.read_slots,
    "step": schema_journeys.read_step,
    "waves": schema_calls.read_waves,
    "when_closed": schema_arrivals.read_when_closed,
}
"""What reads the values of a table below `<!-- read: NAME -->`."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; `directive` is what the comment above it asks of the test."""

    page: Path
    line: int
    language: str
    text: str
    directive: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path, language: str) -> list[Block]:
    text = page.read_text("utf-8")
    fence = re.compile(r"^(?:<!-- test: ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$", re.M | re.S)
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[2], found[3], found[1] or "")
        for found in fence.finditer(text)
        if found[2] == language
    ]


def blocks(language: str) -> list[Block]:
    return [block for page in TESTED for block in blocks_of(page, language)]


def section(page: Path, heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page.read_text("utf-8"), re.M | re.S)
    assert found, f"{page.name} has no heading {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Cells of every line of the tables in a text, headings left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {number for number, row in enumerate(table[1:]) if set("".join(row)) <= set("-:")}
    return [row for number, row in enumerate(table) if number not in heads and number - 1 not in heads]


def code(text: str) -> list[str]:
    """Everything in single backticks."""
    return re.findall(r"`([^`\n]+)`", without_fences(text))


def without_fences(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


# ---- examples run ----------------------------------------------------------------------------------------------


def is_scenario(block: Block) -> bool:
    return re.search(r"^portsim: 1$", block.text, re.M) is not None


@pytest.mark.parametrize("block", list(filter(is_scenario, blocks("yaml"))), ids=str)
def test_a_scenario_of_the_docs_is_valid_and_runs(block):
    scenario = portsim.load_text(block.text, file=str(block), folder=EXAMPLE)
    assert not scenario.warnings
    assert portsim.run(scenario, replications=1, keep="none").stopped is None


@pytest.mark.parametrize("page", [page for page in TESTED if blocks_of(page, "console")], ids=lambda page: page.name)
def test_the_commands_of_a_page_print_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = [block for language in ("yaml", "csv", "console") for block in blocks_of(page, language)]
    for block in sorted(found, key=lambda block: block.line):
        if block.language != "console":
            do_what_it_asks(block)
            continue
        for command, shown in commands(block):
            done = call(command, is_short=not shown)
            assert (done.exit_code == 0) is (block.directive != "fails"), f"{block}: {command}\n{done.output}"
            printed = iter([" ".join(line.split()) for line in done.output.splitlines()])
            for line in shown:
                assert " ".join(line.split()) in printed, f"{block}: {command} does not print {line!r}, or earlier"


def do_what_it_asks(block: Block) -> None:
    """Write, extend or compare the file that the comment above a block names."""
    asked = re.fullmatch(r"(file|add to|same as) (\S+)", block.directive)
    assert asked or not block.directive, f"{block}: unknown directive {block.directive!r}"
    if asked is None:
        return
    what, path = asked[1], Path(asked[2])
    if what == "file":
        path.write_text(block.text, "utf-8")
        same = EXAMPLE / path
        assert not same.is_file() or same.read_text("utf-8") == block.text, f"{block}: differs from {same.name}"
    elif what == "add to":
        path.write_text(put_together(path.read_text("utf-8"), block.text), "utf-8")
    else:
        assert put_together("", block.text) == put_together("", path.read_text("utf-8")), f"{block}: not {path.name}"


def put_together(text: str, added: str) -> str:
    """A scenario with what a step of a page adds: entries two deep replace those of their name, new ones go last."""
    whole = entries(text)
    for name, section in entries(added).items():
        whole.setdefault(name, {}).update(section)
    return "".join(("\n" if len(section) > 1 else "") + "".join(section.values()) for section in whole.values())


def entries(text: str) -> dict[str, dict[str, str]]:
    """The sections of a scenario by name, and their entries by name as they stand; the first is the heading, ''."""
    found: dict[str, dict[str, str]] = {}
    for line in filter(str.strip, text.splitlines(keepends=True)):
        if heading := re.match(r"(\w+):", line):
            section, entry = found.setdefault(heading[1], {}), ""
            section[entry] = ""
        elif named := re.match(r"  ([^\s:]+):", line):
            entry = named[1]
            section[entry] = ""
        section[entry] += line
    return found


def test_a_step_of_a_page_replaces_entries_and_adds_new_ones():
    text = "portsim: 1\nto: 2025-06-06\nstages:\n  gate: {lanes: 2}\n  hall:\n    lanes: 3\n"
    added = "to: 2025-06-07\n\nstages:\n  gate:\n    lanes: 4\n    open: always\n  exit: {}\n\nplans:\n  none: {}\n"
    assert put_together(text, added) == (
        "portsim: 1\nto: 2025-06-07\n\nstages:\n  gate:\n    lanes: 4\n    open: always\n  hall:\n    lanes: 3\n"
        "  exit: {}\n\nplans:\n  none: {}\n"
    )


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each `$ portsim` command of a block with the lines shown below it, lines left out not among them."""
    assert block.directive in ("", "fails"), f"{block}: unknown directive {block.directive!r}"
    for piece in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        command, *shown = piece.rstrip().splitlines()
        if command.startswith("portsim "):
            yield command, [line for line in shown if line.strip() not in ("...", "")]


def call(command: str, *, is_short: bool) -> Result:
    """Run a command as typed, in this process; a short run is of one replication, unless it says which it is of."""
    words = shlex.split(command)[1:]
    words, target = (words[: words.index(">")], words[-1]) if ">" in words else (words, None)
    says_which = any(re.fullmatch(r"\d+:\d+|--resume|--precision", word) for word in words)
    if words[0] == "run" and is_short and not says_which:
        words += ["-n", "1"]
    done = CliRunner().invoke(app, words)
    if target is not None:
        Path(target).write_text(done.stdout, "utf-8")
    return done


@pytest.mark.parametrize("page", [page for page in TESTED if blocks_of(page, "python")], ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "page.py"
    script.write_text("\n".join(block.text for block in blocks_of(page, "python")), "utf-8")
    runpy.run_path(str(script))


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_of_the_docs_is_json(block):
    assert isinstance(json.loads(block.text), dict)


def tables_of_values() -> list[tuple[str, str, str]]:
    """(what is done, reader, value as written) of every table whose values are tested."""
    found = []
    for page in TESTED:
        for match in re.finditer(r"^<!-- (read|refused): (\w+) -->\n((?:\|.*\n)+)", page.read_text("utf-8"), re.M):
            found += [(match[1], match[2], code(row[0])[0]) for row in rows(match[3])]
    return found


@pytest.mark.parametrize(("what", "reader", "text"), tables_of_values())
def test_a_value_of_the_docs_is_read_or_refused_as_it_says(what, reader, text):
    value = yamlfile.parse(text, "docs").value
    if what == "read":
        READERS[reader](value)
    else:
        with pytest.raises(ValueError, match="got "):
            READERS[reader](value)


# ---- figures -----------------------------------------------------------------------------------------------------


def tables_of_figures() -> list[tuple[str, str, list[str], list[list[str]]]]:
    """(page, command, headings, rows) of every table that shows what a command gives."""
    found = []
    for page in TESTED:
        for match in re.finditer(r"^<!-- figures: (.*) -->\n((?:\|.*\n)+)", page.read_text("utf-8"), re.M):
            headings = [cell.strip() for cell in match[2].splitlines()[0].split("|")[1:-1]]
            found.append((page.name, match[1], headings, rows(match[2])))
    return found


def parts_of(row: dict[str, Any]) -> list[str]:
    """What a row is of: the name of a flow, kind, direction, stage or pool; nothing for the port as a whole."""
    return [row[part] for part in ("flow", "kind", "direction", "stage", "pool") if row[part] is not None]


def plan_of(row: list[str]) -> str | None:
    return next(iter(code(row[0])), None)


@pytest.mark.parametrize(("page", "command", "headings", "lines"), tables_of_figures())
def test_a_table_of_figures_names_plans_and_measures_that_exist(page, command, headings, lines):
    known = {metric for metric, _, _ in measured(shlex.split(command)[2])}
    metrics = [re.sub("^((?:crossings|persons|goods)_in_).*", r"\1NAME", code(heading)[0]) for heading in headings[1:]]
    assert set(metrics) <= known
    scenario = portsim.load(shlex.split(command)[2])
    named = {flow.name for flow in scenario.flows} | {flow.kind for flow in scenario.flows} | {"in", "out"}
    named |= {stage.name for stage in scenario.regimes[0].stages} | {pool.name for pool in scenario.regimes[0].pools}
    assert {part for heading in headings[1:] for part in code(heading)[1:]} <= named
    plans = scenario.plans
    assert {plan for line in lines if (plan := plan_of(line))} <= set(plans)


@pytest.mark.deep
@pytest.mark.parametrize(("page", "command", "headings", "lines"), tables_of_figures())
def test_a_table_of_figures_shows_what_its_command_gives(page, command, headings, lines):
    for line in lines:
        plan = plan_of(line)
        printed = call(f"{command} --json -q" + (f" --plan {plan}" if plan else ""), is_short=False).stdout
        found = json.loads(printed)["metrics"]
        for heading, cell in zip(headings[1:], line[1:], strict=True):
            metric, *parts = code(heading)
            [row] = [row for row in found if row["metric"] == metric and parts_of(row) == parts]
            mean, _, half = cell.replace(",", "").partition(" ± ")
            shown = [(mean, row["mean"])] + ([(half, row["ci_high"] - row["mean"])] if half else [])
            for text, value in shown:
                digits = len(text.partition(".")[2])
                assert f"{value:.{digits}f}" == text, f"{page}: {plan}: {heading}: {cell}, the run gives {value}"


# ---- the scenario reference --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_scenario_reference_is_up_to_date():
    done = subprocess.run([sys.executable, str(DOCS / "generate.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_reference_that_is_out_of_date_is_noticed_and_written_anew(generate, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("something else", "utf-8")
    monkeypatch.setattr(generate, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    assert capsys.readouterr().err == "docs/scenario-reference.md is out of date: run `python docs/generate.py`\n"
    assert page.read_text("utf-8") == "something else"
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    assert page.read_text("utf-8") == (DOCS / "scenario-reference.md").read_text("utf-8")


def test_a_key_without_a_place_or_an_example_stops_the_generator(generate, tmp_path, monkeypatch):
    template = tmp_path / "template.md"
    template.write_text("{{keys . portsim}}\n", "utf-8")
    monkeypatch.setattr(generate, "TEMPLATE", template)
    with pytest.raises(ValueError, match=r"keys without a place in template\.md: .*'stages'"):
        generate.Reference().text()
    monkeypatch.setattr(generate, "EXAMPLES", ())
    with pytest.raises(ValueError, match="no example of portsim"):
        generate.Reference().text()
    template.write_text("{{kyes . portsim}}\n", "utf-8")
    with pytest.raises(ValueError, match=r"unknown placeholder \{\{kyes \. portsim\}\}"):
        generate.Reference().text()


def keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Path of every key below a model, NAME for names of the user's own and N for places in a list."""
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        yield path
        inner, holder = _model_in(field.annotation)
        if inner is not None:
            yield from keys(inner, f"{path}.{holder}")


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    holder = {dict: "NAME.", tuple: "N."}.get(getattr(annotation, "__origin__", None), "")
    for part in get_args(annotation):
        inner, below = _model_in(part)
        if inner is not None:
            return inner, holder + below
    return None, ""


def test_the_walk_finds_keys_of_every_depth():
    assert {"portsim", "from", "sides.NAME.open", "flows.NAME.arrivals.timetable.N.at"} <= set(keys(ScenarioFile))


@pytest.mark.parametrize("key", list(keys(ScenarioFile)))
def test_the_reference_has_every_key_of_the_schema(key):
    assert re.search(rf"^##+ `?{re.escape(key)}`?$", (DOCS / "scenario-reference.md").read_text("utf-8"), re.M)


def test_the_reference_says_required_where_the_schema_does():
    text = (DOCS / "scenario-reference.md").read_text("utf-8")
    entries = re.findall(r"^`[^\n]*` · [^\n]* · (required|optional)\n\n(.*?)(?=^#)", text, re.M | re.S)
    assert len(entries) == len(list(keys(ScenarioFile)))
    assert not [body for need, body in entries if (need == "required") is not ("Required" in body)]


# ---- measures ----------------------------------------------------------------------------------------------------


def measured(source: str | Path) -> Iterator[tuple[str, str, str]]:
    """(metric, unit, part of the port) of every measure of a scenario, played for an hour."""
    scenario = portsim.load(source)
    scenario = replace(scenario, end_ms=scenario.start_ms + 3_600_000, measure_from_ms=scenario.start_ms)
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    for row in measure(network, traffic, simulate(network, traffic), scenario.targets):
        metric = re.sub(
            r"^((?:crossings|persons|goods)_in_).*", r"\1NAME", re.sub(r"^(within_target_).*", r"\1TARGET", row.metric)
        )
        parts = ("flow", "kind", "direction", "stage", "pool")
        yield metric, row.unit, next((part for part in parts if getattr(row, part) is not None), "port")


def test_the_page_of_measures_has_each_measure_with_its_unit_and_parts_and_no_other():
    given = {
        row
        for source in (*(name for name, _ in portsim.scenarios()), EXAMPLE / "port.yaml")
        for row in measured(source)
    }
    cells = [row for row in rows((DOCS / "measures.md").read_text("utf-8")) if len(row) == 4]
    said = {(code(metric)[0], unit, part) for metric, unit, parts, _ in cells for part in parts.split(", ")}
    assert said == given


def test_the_page_of_measures_has_every_method():
    table = rows(section(DOCS / "measures.md", "One number over many replications"))
    runs = [portsim.run("tiny", replications=n, keep="none") for n in (1, 2)]
    runs.append(portsim.run("tiny", precision=0.05, least=2, most=2, keep="none"))
    # An hour of a port that takes a day over each truck: nobody is done.
    sets = ["to=2025-01-01 09:00", "stages.check.open=always", "stages.check.service=1 d"]
    runs += [portsim.run("tiny", replications=n, sets=sets, keep="none") for n in (1, 2)]
    runs.append(portsim.run("tiny", replications=2, sets=["records=summary"], keep="none"))
    given = {
        re.sub("^(lower bound|distorted by unfinished units|.*percentile within 0.4 %), .*", r"\1, ...", row.method)
        for run in runs
        for row in run.rows
    }
    assert given == {code(method)[0] for method, _, _ in table}


# ---- run folder ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "port"
    portsim.run(EXAMPLE / "port.yaml", replications=1, folder=folder)
    return folder


def columns_of(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return set(next(csv.reader(file)))


FIRST = "replications/0000"


@pytest.mark.parametrize(
    ("heading", "files"),
    [
        ("summary.csv", ["summary.csv"]),
        ("measures.csv", [f"{FIRST}/measures.csv"]),
        ("daily.csv", ["daily.csv", f"{FIRST}/daily.csv"]),
        ("hourly.csv", ["hourly.csv", f"{FIRST}/hourly.csv"]),
        ("units", [f"{FIRST}/units.csv"]),
        ("visits", [f"{FIRST}/visits.csv"]),
        ("work", [f"{FIRST}/work.csv"]),
        ("levels", [f"{FIRST}/levels.csv"]),
    ],
)
def test_the_page_of_run_folders_has_every_column(run_folder, heading, files):
    text = section(DOCS / "run-folder.md", heading)
    columns = {column for file in files for column in columns_of(run_folder / file)}
    assert columns <= set(code(text))
    assert {name for row in rows(text) for name in code(row[0])} <= columns


def test_the_page_of_run_folders_has_every_file(run_folder):
    there = {path.relative_to(run_folder).as_posix() for path in run_folder.rglob("*") if path.is_file()}
    said = {
        code(row[0])[0] for row in rows((DOCS / "run-folder.md").read_text("utf-8").partition("## What is exact")[0])
    }
    assert {"data/" if name.startswith("data/") else name for name in there} == said


def test_the_page_of_run_folders_has_every_key_of_the_manifest(run_folder):
    manifest = json.loads((run_folder / "manifest.json").read_text("utf-8"))
    said = [name for row in rows(section(DOCS / "run-folder.md", "manifest.json")) for name in code(row[0])]
    assert sorted(said) == sorted(manifest)
    assert f"`{manifest['schema']}`" in section(DOCS / "run-folder.md", "manifest.json")


# ---- command line and Python --------------------------------------------------------------------------------------


def test_the_page_of_commands_has_every_command_and_option():
    page = (DOCS / "command-line.md").read_text("utf-8")
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert f"## portsim {name}\n" in page
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        assert options <= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", page)), name


def test_the_page_of_commands_has_every_exit_code():
    said = {int(row[0]) for row in rows(section(DOCS / "command-line.md", "How a command ends"))}
    assert said == {int(code) for code in Exit} | {2}
    assert LimitError.exit_code in said


def test_the_page_of_commands_shows_the_json_of_a_run():
    [block] = [block for block in blocks_of(DOCS / "command-line.md", "json") if "portsim.run/1" in block.text]
    shown, given = json.loads(block.text), portsim.run("tiny", keep="none").to_dict()
    assert shown.keys() == given.keys()
    assert shown | {"metrics": None} == given | {"metrics": None}
    assert all(row in given["metrics"] for row in shown["metrics"])
    assert list(shown["metrics"][0]) == [field.name for field in fields(MetricRow)]


def test_the_page_of_commands_shows_the_json_of_a_comparison():
    [block] = [block for block in blocks_of(DOCS / "command-line.md", "json") if "portsim.compare/1" in block.text]
    shown, given = (
        json.loads(block.text),
        portsim.compare("traveller-hall", plans=["forecast"], replications=2).to_dict(),
    )
    assert list(shown) == list(given)
    for part in ("plans", "differences", "best"):
        assert list(shown[part][0]) == list(given[part][0])


def test_the_page_of_commands_has_every_key_of_the_json_of_a_sweep_and_a_screening():
    text = section(DOCS / "command-line.md", "portsim sweep")
    shapes = [re.findall(r'"(\w+)"[:,}]', name) for name in code(text) if name.startswith("{")]
    swept = portsim.sweep("tiny", ["stages.check.lanes=1"], replications=1).to_dict()
    screened = portsim.screen("tiny", trajectories=2).to_dict()
    assert shapes == [list(swept), list(screened)]


def test_the_page_of_commands_has_every_key_of_the_json_of_a_check():
    text = section(DOCS / "command-line.md", "portsim check")
    [shape] = [name for name in code(text) if name.startswith("{")]
    assert re.findall(r'"(\w+)"[:,}]', shape) == list(portsim.check("tiny").to_dict())
    assert {field.name for kind in (StageLoad, NumberSource) for field in fields(kind)} <= set(code(text))
    assert {"file", "line", "col", "key", "message"} <= set(code(text))


def test_the_page_of_python_has_every_public_name_with_its_arguments():
    names = rows((DOCS / "python.md").read_text("utf-8").partition("## Load and run")[0])
    said = [name for row in names for name in code(row[0])]
    assert sorted(name.partition("(")[0] for name in said) == sorted(portsim.__all__)
    for call_ in (name for name in said if "(" in name):
        function, _, arguments = call_.rstrip(")").partition("(")
        given = inspect.signature(getattr(portsim, function)).parameters
        assert [name for name in arguments.split(", ") if name not in ("", "*")] == list(given)


def test_the_page_of_python_has_every_column_of_the_frames():
    run = portsim.run("tiny", replications=1)
    text = section(DOCS / "python.md", "Results")
    assert [
        column for frame in (run.units, run.visits) for column in frame if not re.search(rf"\b{column}\b", text)
    ] == []


# ---- words and links ----------------------------------------------------------------------------------------------


def slug(heading: str) -> str:
    """The anchor of a heading as code hosts make it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", without_fences(page.read_text("utf-8")), re.M)}


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_fences(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            lost.append(target)
    assert not lost


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_a_page_names_are_there(page):
    named = re.findall(
        r"(?:tests|src|docs|scenarios|seeds|benchmarks|notebooks)/[\w./-]+\.\w+", page.read_text("utf-8")
    )
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_index_has_every_page():
    index = (DOCS / "README.md").read_text("utf-8")
    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []


@pytest.mark.parametrize("page", TESTED, ids=lambda page: page.name)
def test_pages_speak_in_words_of_the_port_and_are_finished(page):
    text = page.read_text("utf-8")
    own_words = re.sub("|".join(OTHERS_WORDS), "", text)
    assert not set(re.findall(r"[a-z]+", own_words.lower())) & FOREIGN_WORDS
    assert not re.findall(r"\b(?:TODO|TBD|FIXME|XXX|[A-Z]+_TABLE)\b", text)


def words_of_the_glossary() -> Iterable[str]:
    return [word.strip("*") for word, _ in rows((DOCS / "glossary.md").read_text("utf-8"))]


@pytest.fixture(scope="module")
def everything_written() -> str:
    """All code, scenarios and pages but the glossary, in small letters, `waiting_space` as `waiting space`."""
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "scenarios").glob("*.yaml"), *TESTED]
    texts = [path.read_text("utf-8") for path in sources if path.name != "glossary.md"]
    return " ".join("\n".join(texts).lower().replace("_", " ").split())


@pytest.mark.parametrize("word", words_of_the_glossary())
def test_a_word_of_the_glossary_is_in_use(word, everything_written):
    assert re.search(rf"\b{re.escape(word)}s?\b", everything_written)
