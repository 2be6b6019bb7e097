"""What portsim's speed is measured beside plays the same trucks: other tools, each in its own model of a workload."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, stdev

import pytest

from benchmarks import __main__ as benchmark_command
from benchmarks import peer_simmer, peers, plain_simpy
from benchmarks.measurements import Row
from benchmarks.plain_simpy import DAY, Draws, Visit
from portsim.errors import UnavailableError
from tests import theory

ROOT = Path(__file__).resolve().parent.parent
UNITS = 2000
"""A day and a half of workload B: lanes open and close four times."""

Simulate = Callable[[Draws], list[Visit]]


def ciw(letter: str) -> Simulate:
    pytest.importorskip("ciw", reason="Ciw is not installed: python -m pip install '.[benchmark]'")
    from benchmarks import peer_ciw

    simulate = getattr(peer_ciw, f"simulate_{letter}")
    return lambda draws: peer_ciw.visits_of(simulate(draws))


def salabim(letter: str, style: str = "") -> Simulate:
    pytest.importorskip("salabim", reason="salabim is not installed: python -m pip install '.[benchmark]'")
    from benchmarks import peer_salabim

    return getattr(peer_salabim, f"simulate_{letter}{style}")


def salabim_on_tuples(letter: str) -> Simulate:
    return salabim(letter, "_on_tuples")


def simmer(letter: str) -> Simulate:
    try:
        peer_simmer.version()
    except UnavailableError as error:
        pytest.skip(str(error))
    simulate = getattr(peer_simmer, f"simulate_{letter}")
    return lambda draws: simulate(draws)[0]


def mean_wait(visits: list[Visit]) -> float:
    return mean(started - joined for _, _, joined, started, _ in visits)


@pytest.mark.parametrize("letter", ["a", "b"])
@pytest.mark.parametrize("tool", [ciw, salabim, salabim_on_tuples, simmer])
def test_another_tool_gives_every_visit_the_ticks_of_the_plain_simpy_model(tool, letter):
    """On draws in which nothing happens at the same tick as anything else: there Ciw draws lots who is first."""
    simulate = tool(letter)
    draws = getattr(plain_simpy, f"draw_{letter}")(UNITS, seed=4)
    expected = getattr(plain_simpy, f"simulate_{letter}")(draws)
    ticks = [*draws.arrived, *(ended for *_, ended in expected)]
    assert len(set(ticks)) == len(ticks) == UNITS * (len(draws.work) + 1)
    visits = simulate(draws)
    assert mean_wait(visits) == pytest.approx(mean_wait(expected), rel=1e-12)
    assert sorted(visits) == sorted(expected)


def test_ciw_by_itself_would_relieve_all_lanes_at_a_change_of_shift():
    """Why its stages are a node of our own: one lane by day and one by night, and a service over the change.

    The first truck is served until 8 h 30 min. The second has to wait for it, unless a new lane begins at 8 h.
    """
    pytest.importorskip("ciw", reason="Ciw is not installed: python -m pip install '.[benchmark]'")
    import ciw as library

    from benchmarks import peer_ciw

    hour = DAY // 24
    draws = Draws([7 * hour, 7 * hour + 1], [0, 0], [[hour * 3 // 2, hour]], end=DAY)
    shifts = ((0, 1), (8 * hour, 1))
    starts = [visit[3] for visit in sorted(peer_ciw.visits_of(peer_ciw.simulate_b(draws, shifts)))]
    assert starts == [7 * hour, 8 * hour + hour // 2]
    assert sorted(plain_simpy.simulate_b(draws, shifts))[1][3] == 8 * hour + hour // 2
    stage, peer_ciw.Stage = peer_ciw.Stage, library.Node
    try:
        assert [visit[3] for visit in sorted(peer_ciw.visits_of(peer_ciw.simulate_b(draws, shifts)))][1] == 8 * hour
    finally:
        peer_ciw.Stage = stage


def test_workload_a_waits_as_theory_says():
    """M/M/3 at load 0.9: 2.72 minutes in the long run, within four standard errors of 20 runs past ten relaxations."""
    expected = theory.mean_wait(2.7, 1.0, 3)
    relaxations = round(10 * 2.7 / (3**0.5 - 2.7**0.5) ** 2)
    runs = []
    for seed in range(20):
        visits = sorted(plain_simpy.simulate_a(plain_simpy.draw_a(relaxations + 4000, seed)))
        runs.append(mean_wait(visits[relaxations:]) / 60_000)
    assert expected == pytest.approx(2.72, abs=0.005)
    assert abs(mean(runs) - expected) < 4 * stdev(runs) / len(runs) ** 0.5


# ---- what is not here ------------------------------------------------------------------------------------------


def test_a_tool_that_is_not_installed_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    assert list(peers.absent()) == [
        "Ciw is not compared, it is not installed: python -m pip install '.[benchmark]'",
        "salabim is not compared, it is not installed: python -m pip install '.[benchmark]'",
        "simmer is not compared: there is no Rscript on this machine",
    ]
    assert [peer.name.split()[0] for peer in [*peers._in_python("b", 100), *peers._in_r("b", 100)]] == ["plain"]


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put an `Rscript` first on the path that is a Python program."""
    if sys.platform == "win32":
        pytest.skip("a program without a suffix is not found on Windows")
    program = folder / "Rscript"
    program.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_r_without_simmer_is_not_asked_further(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "raise SystemExit(1)")
    with pytest.raises(UnavailableError, match="Rscript is there, its package simmer is not"):
        peer_simmer.version()


def test_simmer_is_given_the_draws_and_its_visits_and_seconds_are_read(tmp_path, monkeypatch):
    """Played by a stand-in, for which no unit waits and whose only visit is to the second stage."""
    code = """
import csv, sys
script, drawn, written, *rest = sys.argv[1:]
assert script.endswith("peer_simmer.R"), script
assert rest == ["86400000", "86400000", "0,28800000,57600000", "4,3,2"], rest
units = list(csv.DictReader(open(drawn)))
assert [unit["priority"] for unit in units] == ["0", "1"], units
with open(written, "w") as file:
    print('"unit","stage","joined","started","ended"', file=file)
    for number, unit in enumerate(units):
        time, work = float(unit["time"]), float(unit["work_2"])
        print(number, 1, time, time, time + work, sep=",", file=file)
print(0.25)
"""
    stand_in(tmp_path, monkeypatch, code)
    draws = Draws([10, 20], [plain_simpy.ORDINARY, plain_simpy.HIGH], [[1, 2], [3, 4]], end=DAY)
    assert peer_simmer.simulate_b(draws) == ([(0, 1, 10, 10, 13), (1, 1, 20, 20, 24)], 0.25)


def test_the_table_has_a_row_for_each_tool_that_is_here():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "peers", "--units", "200", "--repeats", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    if not find_spec("numba"):
        assert "peers: the compiled engine needs numba" in done.stdout
        return
    for letter in "BA":
        assert f"{letter} / plain SimPy" in done.stdout
        for name, package in (("Ciw", "ciw"), ("salabim", "salabim")):
            assert (f"{letter} / {name}" in done.stdout) is bool(find_spec(package))
    assert all(sentence in done.stdout for sentence in peers.absent())


# ---- what the documentation shows ------------------------------------------------------------------------------


def test_the_table_of_the_docs_is_one_the_command_prints():
    """Its lines stand in the command's columns, every group is there, and each verdict follows from ratio and bar."""
    page = (ROOT / "docs" / "speed.md").read_text("utf-8")
    printed = page.split("```text\n")[1].split("```")[0].splitlines()
    heading = benchmark_command.LAYOUT.format("", "portsim", "beside", "ratio", "bar", "").rstrip()
    lines = printed[printed.index(heading) + 1 :]
    compared = [line for line in lines if "is not compared" not in line]
    form = r"(.+?)  +(\S+ \S+)(?: +(\S+ \S+))? +([\d.]+)( \S+)?(?: +([<>])= ([\d.]+) +(met|not met))?"
    for line in compared:
        found = re.fullmatch(form, line)
        assert found, line
        what, value, base, ratio, unit, sign, bar, verdict = found.groups()
        limit = None if bar is None else float(bar)
        if limit is not None and abs(float(ratio) - limit) <= 0.005:  # met or not by what is rounded away here
            continue
        row = Row(what, value, base or "", float(ratio), limit, at_least=sign == ">", unit=unit or "")
        assert row.verdict == (verdict or "")
        assert benchmark_command.line(row) == line
    tools = {line.split(" / ")[1].split()[0] for line in compared if re.match("[AB] / ", line)}
    assert tools >= {"plain", "Ciw", "salabim"}
    for what in ("reference engine", "backlog", "portsim --help", "memory", "compiled engine", "draw to measures"):
        assert any(what in line for line in compared), what
