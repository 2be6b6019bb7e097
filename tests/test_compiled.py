"""The compiled engine: on any port the records are those of the reference engine, column by column; and its kernel."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from portsim import engines
from portsim.engines import Choice, choose, compiled, limits, reference, simulate
from portsim.engines.compiled import keeping, state
from portsim.engines.compiled.paper import state_of
from portsim.errors import LimitError, ScenarioError, UnavailableError
from portsim.model import draw, lower
from portsim.model.network import NONE, Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.scenario import load, shipped_scenarios
from tests.cases import cases, described, difference, passenger, pool, port, seeded, stage, unit

RANDOM_PORTS = 1_000
Case = tuple[Network, Traffic]


def played(engine: Callable[..., Records], case: Case, units_in_port: int = 200_000) -> tuple[Records, str | None]:
    """The records, and what the engine said if it had to stop."""
    try:
        return engine(*case, units_in_port=units_in_port), None
    except LimitError as stop:
        assert stop.records is not None
        return stop.records, str(stop)


def assert_equal(case: Case, units_in_port: int = 200_000) -> None:
    network, traffic = case
    records, why = played(reference.simulate, case, units_in_port)
    other, other_why = played(compiled.simulate, case, units_in_port)
    found = difference(records, other, network)
    assert found is None, f"{found}\n{described(network, traffic)}"
    assert why == other_why


# Equality -------------------------------------------------------------------------------------------------------------


@given(case=cases())
@settings(max_examples=max(50, settings.default.max_examples // 2))
def test_records_are_those_of_the_reference_engine(case):
    assert_equal(case)


@given(case=cases())
@settings(max_examples=max(50, settings.default.max_examples // 2))
def test_a_run_that_has_to_stop_stops_as_the_reference_engine_does_and_says_the_same(case):
    assert_equal(case, units_in_port=3)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_records_are_those_of_the_reference_engine_on_a_thousand_ports(part):
    size = RANDOM_PORTS // 4
    for number in range(part * size, (part + 1) * size):
        assert_equal(seeded(number))
        assert_equal(seeded(number), units_in_port=3)


@pytest.mark.parametrize("name", [name for name, _ in shipped_scenarios()])
def test_a_shipped_scenario_has_the_same_records(name):
    """The first two days of it."""
    scenario = load(name)
    if not hasattr(scenario, "flows"):
        pytest.skip("a region; its ports are scenarios")
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    assert_equal((replace(network, end=min(network.end, 2 * 24 * 3_600_000)), traffic))


def test_a_difference_is_told_in_words():
    """The law above says more than that something differs."""
    network, traffic = port([stage("check")], [unit(0, [(0, 5)])])
    records = compiled.simulate(network, traffic, units_in_port=10)
    late = replace(records, visits=records.visits | {"ended": records.visits["ended"] + 1})
    told = difference(records, late, network)
    assert told is not None
    assert "unit 0, step 0 at stage 'check': ended 5 in the first, 6 in the second" in told


def names_of(source: Path) -> set[str]:
    """What a module defines: functions and classes, methods as `Class.method`, constants."""
    names: set[str] = set()
    for node in ast.parse(source.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            names |= {each.id for each in node.targets if isinstance(each, ast.Name)}
    return names


def test_the_page_that_maps_one_engine_to_the_other_names_what_exists():
    page = (Path(__file__).parent.parent / "docs" / "engines.md").read_text("utf-8")
    table = page.partition("<!-- both: every name below exists -->")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| `")]
    package = Path(engines.__file__).parent
    missing = []
    for file, one, other in rows:
        for folder, cell in (("reference", one), ("compiled", other)):
            source = file.strip("`")
            for name in re.findall(r"`([\w.]+)`", cell):
                if name.endswith(".py"):
                    source = name
                elif name not in names_of(package / folder / source):
                    missing.append(f"{folder}/{source}: {name}")
    assert not missing
    assert len(rows) > 40


# What the arrays must carry -------------------------------------------------------------------------------------------


def test_arrays_that_run_over_are_lengthened():
    """More services at once than the heap of ends has room for, and more pieces, in a port that closes every hour."""
    hours = [(tick, tick // 10 % 2 == 0) for tick in range(0, 400, 10)]
    ward = stage("ward", lanes=None, is_open=[(at, int(is_open)) for at, is_open in hours], closing="suspend")
    many = [unit(number // 40, [(0, 100 + number % 7)]) for number in range(1_600)]
    case = port([ward], many, end=600)
    before = state_of(*case, 200_000)
    records = compiled.simulate(*case, units_in_port=200_000)
    assert records.work["unit"].size > before.pieces.size
    assert_equal(case)


def test_a_slice_of_one_event_changes_nothing(monkeypatch):
    monkeypatch.setattr(compiled, "SLICE", 1)
    for number in range(60):
        assert_equal(seeded(number))


def test_a_stage_may_have_more_lanes_than_a_word_has_bits():
    wide = stage("wide", lanes=[(0, 70), (50, 130), (90, 3)])
    case = port([wide], [unit(number // 9, [(0, 20 + number % 11)]) for number in range(1_200)], end=700)
    assert compiled.simulate(*case, units_in_port=2_000).visits["lane"].max() > 64
    assert_equal(case)


def test_units_that_do_not_come_in_order_of_priority():
    """Each is ahead of, or behind, most of those before it: the pairing heap of a queue is used, not its chain."""
    units = [unit(number, [(0, 7)], priority=(number * 37) % 11 - 5, patience=300 + number) for number in range(400)]
    case = port([stage("check", lanes=2, waiting_space=90)], units, end=1_500)
    assert len(set(compiled.simulate(*case, units_in_port=1_000).units["outcome"].tolist())) > 1
    assert_equal(case)


# Limits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [reference.simulate, compiled.simulate], ids=["reference", "compiled"])
def test_too_many_units_stop_the_run_which_says_where_and_what_happened_last(engine):
    case = port([stage("check"), stage("scan")], [unit(at, [(0, 3), (1, 50)]) for at in (0, 1, 2, 4)])
    with pytest.raises(LimitError) as caught:
        engine(*case, units_in_port=3)
    assert str(caught.value) == (
        "more than 3 units in the port; most of them, 2, stand at stage check, which gets more than it can do: open "
        "more lanes or hours there, lower the demand, or raise limits.units_in_port; the last events: "
        "unit 0 started at check at tick 0, unit 0 ended at check at tick 3, unit 0 started at scan at tick 3, "
        "unit 1 started at check at tick 3"
    )
    assert caught.value.tick == 4


@pytest.mark.parametrize("engine", [reference.simulate, compiled.simulate], ids=["reference", "compiled"])
def test_an_instant_that_does_not_come_to_rest_stops_the_run_which_names_the_stages_and_the_rule(engine):
    steps = [(number % 2, 0) for number in range(limits.MOST_ROUNDS + 10)]
    with pytest.raises(LimitError) as caught:
        engine(*port([stage("left"), stage("right")], [unit(5, steps)]), units_in_port=9)
    assert str(caught.value).startswith(
        "more than 10000 rounds at one instant (rule 6, tick 5): stages left, right never come to rest; the last "
        "events: "
    )
    assert caught.value.records is not None


@pytest.mark.parametrize("engine", [reference.simulate, compiled.simulate], ids=["reference", "compiled"])
def test_a_run_that_takes_too_long_stops_at_the_end_of_an_instant(engine, monkeypatch):
    """The clock on the wall is one hour later whenever somebody looks."""
    hours = iter(range(0, 3_600_000, 3_600))
    monkeypatch.setattr("time.monotonic", lambda: next(hours))
    monkeypatch.setattr(compiled, "SLICE", 100)
    case = port([stage("check", lanes=2)], [unit(at, [(0, 3)]) for at in range(4_000)], end=10_000)
    with pytest.raises(LimitError) as caught:
        engine(*case, units_in_port=9_000, wall_time=60.0)
    stop = caught.value
    assert str(stop).startswith("not done after 60 s of computing; most units, ")
    assert "stand at stage check: simulate a shorter stretch, or raise limits.wall_time; the last events: " in str(stop)
    monkeypatch.undo()
    assert stop.records is not None
    assert 0 < stop.records.end == stop.tick + 1 < 10_000
    whole = reference.simulate(replace(case[0], end=stop.tick + 1), case[1], units_in_port=9_000)
    assert difference(whole, stop.records, case[0]) is None


def test_a_scenario_says_how_long_a_replication_may_take():
    assert load("tiny").limits.wall_time_s is None
    assert load("tiny", sets=["limits.wall_time=10 min"]).limits.wall_time_s == 600.0
    with pytest.raises(ScenarioError, match=r"wall_time: got '10 ms'; a replication needs some time: at least 1 s"):
        load("tiny", sets=["limits.wall_time=10 ms"])


def test_ctrl_c_is_heard_between_slices(monkeypatch):
    """The signal comes while the kernel works; Python hears it when the slice is done."""
    play, slices = compiled.load(), []

    def interrupted(address: int, events: int) -> int:
        slices.append(events)
        if len(slices) == 2:
            signal.raise_signal(signal.SIGINT)
        return play(address, events)

    monkeypatch.setattr(compiled, "load", lambda on_notice=None: interrupted)
    monkeypatch.setattr(compiled, "SLICE", 50)
    case = port([stage("check", lanes=2)], [unit(at, [(0, 1)]) for at in range(1_000)], end=2_000)
    with pytest.raises(KeyboardInterrupt):
        compiled.simulate(*case, units_in_port=9_000)
    assert len(slices) == 2


def test_a_slice_ends_with_the_instant_in_which_it_is_full():
    case = port([stage("check", lanes=2)], [unit(at, [(0, 1)]) for at in range(1_000)], end=2_000)
    s = state_of(*case, 200_000)
    assert compiled.load()(s.table.ctypes.data, 50) == state.SLICED
    assert 50 <= s.x[state.EVENTS] <= 55


# Which engine ---------------------------------------------------------------------------------------------------------


def as_many_as(visits: int) -> Traffic:
    """Traffic of one unit with so many steps."""
    return port([stage()], [unit(0, [(0, 1)] * visits)])[1]


@pytest.mark.parametrize(
    ("loaded", "kept", "visits", "replications", "engine"),
    [
        (True, True, 1_000, 1, "reference"),
        (True, True, 1_000, 10, "compiled"),
        (False, True, 10_000, 1, "reference"),
        (False, True, 10_000, 10, "compiled"),
        (False, False, 10_000, 10, "reference"),
        (False, False, 10_000, 100, "compiled"),
    ],
)
def test_auto_is_the_engine_that_is_done_sooner(monkeypatch, loaded, kept, visits, replications, engine):
    """The reference engine needs 23 us a visit; the kernel 1.1 s to be loaded and 13 s to be compiled."""
    monkeypatch.setattr(compiled, "is_loaded", lambda: loaded)
    monkeypatch.setattr(compiled, "is_kept", lambda: kept)
    monkeypatch.setattr(compiled, "load", lambda on_notice: None)
    assert choose("auto", as_many_as(visits), replications=replications) == Choice(engine)


def test_auto_falls_back_to_the_reference_engine_and_says_why(monkeypatch):
    def unavailable(on_notice: object) -> None:
        raise UnavailableError("no kernel today: wait")

    monkeypatch.setattr(compiled, "load", unavailable)
    choice = choose("auto", as_many_as(1_000), replications=10_000)
    assert choice.engine == "reference"
    assert choice.notice == "the reference engine ran, which takes many times as long: no kernel today: wait"
    with pytest.raises(UnavailableError, match="no kernel today: wait"):
        choose("compiled", as_many_as(1))


# The kernel that is kept ----------------------------------------------------------------------------------------------


def python(code: str, **environment: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", env=os.environ | environment
    )
    assert not done.returncode, done.stderr
    return done.stdout


RUN = """
import sys
{before}
import portsim, portsim.engines
portsim.engines.REFERENCE_VISIT_S = 1e6  # any work is worth the kernel
from portsim.errors import PortsimError
scenario = portsim.load_text(
    "{{portsim: 1, name: one truck, port: paper, from: 2025-01-01, to: 2025-01-02, sides: {{own: {{timezone: UTC}}}},"
    " stages: {{check: {{side: own, lanes: 1}}}}, flows: {{out: {{kind: truck, direction: out,"
    " journey: [{{check: {{service: 5 min}}}}], arrivals: {{timetable: [{{at: '09:00'}}]}}}}}}}}"
)
run = portsim.run(scenario, replications=1)
print(run.data.engine)
print(*[text for text in run.warnings if "engine" in text], sep="\\n")
try:
    portsim.run(scenario, replications=1, engine="compiled")
except PortsimError as error:
    print(error.exit_code, error)
"""


def test_without_numba_everything_works_with_one_notice():
    told = python(RUN.format(before="sys.modules['numba'] = None"))
    why = "the compiled engine needs numba, which is not installed: python -m pip install numba"
    assert told.splitlines() == [
        "reference",
        f"the reference engine ran, which takes many times as long: {why}",
        f"2 {why}",
    ]


def test_where_the_kernel_cannot_be_kept_the_reference_engine_runs(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    first, notice, error = python(RUN.format(before=""), NUMBA_CACHE_DIR=str(tmp_path / "file")).splitlines()
    assert first == "reference"
    assert notice.startswith("the reference engine ran, which takes many times as long: the compiled engine has no ")
    assert error.startswith("2 the compiled engine has no place to keep its kernel (")
    assert error.endswith(": set NUMBA_CACHE_DIR to a folder that can be written to")


def test_the_kernel_is_compiled_once_and_kept_for_other_processes():
    """A new process loads what this one, or one before it, has kept; what numba keeps for others is left alone."""
    compiled.load()
    assert compiled.is_loaded()
    assert keeping.is_kept()
    told = python(
        "import numba\nbefore = numba.config.CACHE_DIR\nfrom portsim.engines import compiled\ncompiled.load(print)\n"
        "from portsim.engines.compiled.port import play\n"
        "print(len(play.stats.cache_hits), len(play.stats.cache_misses), numba.config.CACHE_DIR == before)"
    )
    assert told.split() == ["1", "0", "True"]


def test_the_folder_is_named_by_what_the_kernel_is_made_of(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = keeping.folder()
    assert folder.parent == tmp_path / "portsim"
    monkeypatch.setattr(keeping, "version", lambda name: "another")
    keeping._hash.cache_clear()
    try:
        assert keeping.folder() != folder
    finally:
        keeping._hash.cache_clear()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="other systems have folders of their own for caches")
def test_the_folder_is_that_of_the_system_for_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert keeping.folder().parent == tmp_path / "portsim"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert keeping.folder().parent == Path.home() / ".cache" / "portsim"


def test_of_what_other_versions_have_kept_the_three_used_last_are_left(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    theirs = tmp_path / "another"
    theirs.mkdir()
    old = [tmp_path / "portsim" / f"kernel-{number}" for number in range(5)]
    for used, folder in zip((3, 1, 5, 2, 4), old, strict=True):
        folder.mkdir(parents=True)
        os.utime(folder, (used, used))
    mine = keeping.prepare()
    keeping.remove_oldest()
    assert mine.exists()
    assert theirs.exists()
    assert [folder.exists() for folder in old] == [True, False, True, False, True]


def test_compiling_is_announced_and_loading_is_not(monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(compiled, "is_loaded", lambda: False)
    monkeypatch.setattr(compiled, "_load", lambda: None)
    for kept in (False, True):
        monkeypatch.setattr(keeping, "is_kept", lambda kept=kept: kept)
        compiled.load(told.append)
    assert told == [
        f"compiling the kernel of the compiled engine, once: it is kept in {keeping.folder()} for later runs"
    ]


def test_the_reference_engine_needs_no_numba():
    told = python(
        "import sys\nfrom portsim.engines import simulate\nfrom tests.cases import port, stage, unit\n"
        "simulate(*port([stage()], [unit(0, [(0, 1)])]), engine='reference')\nprint('numba' in sys.modules)"
    )
    assert told.split() == ["False"]


def test_both_engines_answer_through_one_door():
    case = port([stage(pool=0, officers=1)], [unit(0, [(0, 1)]), passenger(0, 0, [(0, 2)])], pools=[pool(1)])
    records = [simulate(*case, engine=engine) for engine in ("reference", "compiled", "auto")]
    assert all(difference(records[0], other, case[0]) is None for other in records)
    assert all(np.array_equal(each.visits["lane"] != NONE, each.visits["started"] != NONE) for each in records)
    assert engines.choose("auto", case[1]).engine == "reference"
