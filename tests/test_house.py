"""The house itself: what it imports, ships, names and promises."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import portsim
from benchmarks import __main__ as benchmark_command
from benchmarks import plain_simpy, workloads
from benchmarks.measurements import Row

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCES = sorted((ROOT / "src" / "portsim").rglob("*.py"))
HEAVY = {"pandas", "matplotlib", "scipy", "numba", "pyarrow"}
FOREIGN_WORDS = {"server", "servers", "customer", "customers", "job", "jobs", "entity", "entities"}
TEXT_FOLDERS = (".ci", "benchmarks", "docs", "notebooks", "scenarios", "seeds", "src", "tests")
README_COMMANDS = (
    "python -m pip install . && portsim run irkeshtam-24h",
    "python -m pip install '.[test]' && python -m pytest -n auto",
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def modules_after(code: str) -> set[str]:
    """Top-level names of the modules a new interpreter has loaded after this code."""
    code += "\nimport sys, json; print(); print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(arguments: list[str]) -> str:
    """Code that runs the command line as the installed script does."""
    return (
        f"import sys; sys.argv = {['portsim', *arguments]!r}\n"
        "from portsim.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code, stop.code"
    )


# ---- what is loaded --------------------------------------------------------------------------------------------


def test_help_loads_none_of_the_heavy_libraries():
    assert not modules_after(command(["--help"])) & (HEAVY | {"numpy", "simpy"})


def test_checking_a_scenario_loads_none_of_the_heavy_libraries():
    loaded = modules_after(command(["check", "irkeshtam-24h"]))
    assert not loaded & (HEAVY | {"numpy", "simpy"})
    assert "pydantic" in loaded, "the list of modules is read after the command has done its work"


def test_importing_portsim_loads_nothing_but_the_standard_library():
    assert not modules_after("import portsim") & (HEAVY | {"numpy", "simpy", "yaml", "pydantic", "typer"})


# ---- what is shipped -------------------------------------------------------------------------------------------


def test_scenarios_and_facts_travel_in_the_wheel():
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["src/portsim"]
    assert wheel["force-include"] == {"scenarios": "portsim/data/scenarios", "seeds": "portsim/data/seeds"}
    assert list((ROOT / "scenarios").glob("*.yaml"))
    assert list((ROOT / "seeds").glob("*.yaml"))


def test_the_types_travel_in_the_package():
    assert (ROOT / "src" / "portsim" / "py.typed").is_file()


def test_the_version_is_the_newest_of_the_changelog():
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (?:Unreleased|\d{4}-\d{2}-\d{2})$", text_of("CHANGELOG.md"), re.M)
    assert portsim.__version__ == versions[0]


def test_the_readme_says_what_each_extra_is_for():
    readme = text_of("README.md")
    missing = [extra for extra in PROJECT["project"]["optional-dependencies"] if f"`{extra}`" not in readme]
    assert not missing


@pytest.mark.parametrize("line", README_COMMANDS)
def test_the_full_check_runs_the_commands_of_the_readme(line):
    assert line in text_of("README.md")
    assert f'run "{line}"' in text_of(".ci/run")


def test_the_full_check_can_be_executed():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


# ---- what is named ---------------------------------------------------------------------------------------------


def test_the_public_names_are_these():
    assert sorted(portsim.__all__) == [
        "Calibration",
        "CalibrationError",
        "Check",
        "Comparison",
        "Description",
        "EngineError",
        "Fact",
        "FactError",
        "Facts",
        "LimitError",
        "Place",
        "PortsimError",
        "Problem",
        "Region",
        "RegionCheck",
        "RegionRun",
        "Run",
        "Scenario",
        "ScenarioError",
        "Screening",
        "Sweep",
        "Trace",
        "Verification",
        "__version__",
        "calibrate",
        "check",
        "compare",
        "describe",
        "facts",
        "json_schema",
        "load",
        "load_text",
        "merge",
        "regions",
        "run",
        "scenarios",
        "screen",
        "sweep",
        "trace",
        "verify",
    ]


@pytest.mark.parametrize("name", portsim.__all__)
def test_each_public_name_is_there_and_says_what_it_is(name):
    thing = getattr(portsim, name)
    assert name == "__version__" or (thing.__doc__ or "").strip()


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'portsim' has no attribute 'simulate_everything'"):
        portsim.simulate_everything  # noqa: B018


def names_in(source: Path) -> Iterator[str]:
    """Every name a module defines: its classes, functions, arguments and variables."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def words_in(name: str) -> set[str]:
    """`TruckEntity.job_count` -> truck, entity, job, count."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def test_names_are_taken_apart_into_words():
    assert words_in("TruckEntity.job_count") == {"truck", "entity", "job", "count"}
    assert not words_in("customs_observer") & FOREIGN_WORDS


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_names_are_words_of_the_port(source):
    assert not {name for name in names_in(source) if words_in(name) & FOREIGN_WORDS}


def test_the_schema_speaks_in_words_of_the_port():
    assert not words_in(json.dumps(portsim.json_schema())) & FOREIGN_WORDS


def test_the_help_speaks_in_words_of_the_port():
    commands = ("run", "check", "verify", "trace", "facts")
    help_pages = [["--help"], *([name, "--help"] for name in commands)]
    for page in help_pages:
        done = subprocess.run(
            [sys.executable, "-c", command(page)], capture_output=True, text=True, encoding="utf-8", check=True
        )
        assert "portsim" in done.stdout
        assert not words_in(done.stdout) & FOREIGN_WORDS


# ---- what is promised to readers -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_can_be_read_in_one_sitting(source):
    lines = source.read_text(encoding="utf-8").count("\n")
    assert lines <= 400


def texts() -> Iterator[Path]:
    """Every text file that belongs to the project."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in TEXT_FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")


def test_no_file_names_a_place_on_one_machine():
    someones_folder = re.compile(rb"(?<![\w./-])/(?:home|root|Users|work|mnt|private)/\w|\b[A-Z]:\\\\?Users\\")
    named = {
        path.relative_to(ROOT).as_posix(): found.group()
        for path in texts()
        if (found := someones_folder.search(path.read_bytes()))
    }
    assert not named


def test_every_room_has_its_place_in_the_row():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    row = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rooms = {
        f"portsim.{path.stem if path.is_file() else path.name}"
        for path in (ROOT / "src" / "portsim").iterdir()
        if (path.suffix == ".py" and path.stem not in {"__init__", "__main__"}) or (path / "__init__.py").is_file()
    }
    assert rooms == set(row)


# ---- the benchmarks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["a", "b"])
def test_plain_simpy_and_the_reference_engine_play_the_same_trucks(letter):
    """On the same draws the practitioner's model and portsim give each visit the same three ticks."""
    from portsim.engines import simulate

    draws = getattr(plain_simpy, f"draw_{letter}")(1500, seed=5)
    visits = getattr(plain_simpy, f"simulate_{letter}")(draws)
    work = getattr(workloads, f"workload_{letter}")(draws)
    records = simulate(work.network, work.traffic, engine="reference").visits
    columns = [records[name].tolist() for name in ("unit", "stage", "joined", "started", "ended")]
    assert sorted(visits) == list(zip(*columns, strict=True))
    assert len(visits) == 1500 * len(draws.work)


def test_workload_b_as_a_scenario_is_workload_b():
    """About a unit a minute, five stages, one unit in ten first, mean service of two minutes."""
    from portsim.model import draw, lower
    from portsim.scenario import load_text

    scenario = load_text(workloads.scenario_b(5000))
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    built = workloads.workload_b(plain_simpy.draw_b(5000, seed=1)).network
    assert [stage.lanes[0][1].pairs()[:6] for stage in network.stages] == [
        stage.lanes[0][1].pairs()[:6] for stage in built.stages
    ]
    assert len(traffic) == pytest.approx(5000, abs=4 * 5000**0.5)
    assert traffic.stage.size == 5 * len(traffic)
    assert (traffic.priority < 0).mean() == pytest.approx(0.1, abs=4 * (0.1 * 0.9 / 5000) ** 0.5)
    assert traffic.work.mean() == pytest.approx(120_000, abs=4 * 120_000 / 25_000**0.5)


@pytest.mark.parametrize("build", [workloads.backlog_of_trucks, workloads.backlog_at_door])
def test_the_backlog_grows_as_long_as_units_arrive_and_then_drains(build):
    """200 units every half minute, a minute each: when the last arrives 100 are done or in service."""
    from portsim.engines import simulate

    work = build(100)
    visits = simulate(work.network, work.traffic, engine="reference").visits
    assert work.units == 200
    last_arrival = int(work.traffic.arrived[-1])
    assert (visits["started"] <= last_arrival).sum() == 100
    assert visits["ended"].max() == 200 * 60_000


def test_units_without_a_lane_are_the_whole_backlog_of_the_third_case():
    from portsim.engines import simulate

    work = workloads.backlog_without_lane(100)
    visits = simulate(work.network, work.traffic, engine="reference").visits
    green = visits["role"] == workloads.GREEN
    assert green.sum() == 100
    assert visits["started"][green].min() == 200 * 60_000 // 2
    assert visits["started"][~green].max() < 200 * 60_000 // 2


def test_a_row_of_the_table_says_whether_its_bar_is_met():
    slow = Row("engine", "4 units/s", "10 units/s", 0.4, bar=0.5, at_least=True)
    light = Row("memory", "30 MB", "20 MB", 1.2, bar=1.5, unit=" kB/unit")
    assert slow.verdict == "not met"
    assert light.verdict == "met"
    assert Row("other", "", "", 3.0).verdict == ""
    assert " ".join(benchmark_command.line(light).split()) == "memory 30 MB 20 MB 1.20 kB/unit <= 1.5 met"


def test_the_benchmark_command_prints_its_table():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed", "overload", "memory", "--units", "200", "--repeats", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    for what in ("B, reference engine", "YAML to measures", "A, reference", "outside the door", "memory between"):
        assert what in done.stdout
