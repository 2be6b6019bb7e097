"""Who plays the replications: whoever does, the results are the same, in order, and none is lost with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import portsim
from portsim.errors import EngineError, ScenarioError, UnavailableError, WorkerError
from portsim.experiments import Played, Task, executor_for, replay, replicate
from portsim.experiments.executors import Automatic, Processes, Serial, Threads, automatic, choose_for, processes, wire
from portsim.experiments.executors.tasks import Player
from portsim.model import lower
from portsim.scenario import load_text
from portsim.scenario.scenario import Scenario

TEXT = """
portsim: 1
name: a check that breaks down, and a yard
port: test
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides: {own: {timezone: Asia/Shanghai}}
officers: {police: {level: 2}}
stages:
  check:
    counted: true
    lanes: 2
    officers: {police: 1}
    service: {exponential: {mean: 6 min}}
    outages: {every: {exponential: {mean: 5 h}}, last: {exponential: {mean: 30 min}}}
  yard: {lanes: 3, service: {exponential: {mean: 9 min}}}
flows:
  out: {kind: truck, direction: out, journey: [check, {yard: 40%}], arrivals: {rate: 10/h}}
"""


def scenario(*sets: str) -> Scenario:
    return load_text(TEXT, sets=sets)


def told(played: Played) -> str:
    """All that came of a replication as text, an undefined value being equal to itself."""
    tables: list[Any] = [played.days, played.hours]
    if played.records is not None:
        tables += [played.records.units, played.records.visits, played.records.work, played.records.levels]
    columns = [(name, array.dtype, array.tolist()) for table in tables for name, array in (table or {}).items()]
    in_port = played.finding.in_port.tolist()
    return repr((played.number, played.measures, in_port, played.finding.ring, played.stopped, played.end, columns))


def work(*, engine: str = "reference", count: int = 6) -> Iterator[Task]:
    """Replications of two scenarios in turn, all of them asked for everything."""
    both = scenario(), scenario("stages.check.lanes=1", "limits.units_in_port=40")
    for number in range(count):
        yield Task(both[number % 2], number, 7, engine, tables=True, records=True)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with Processes(2) as executor:
        yield executor


# ---- the same whoever plays --------------------------------------------------------------------------------------


def test_threads_and_processes_give_what_one_after_another_gives(two, engine_name):
    expected = [told(played) for played in Serial().play(work(engine=engine_name))]
    assert len(set(expected)) == 6
    with Threads(3) as threads:
        assert [told(played) for played in threads.play(work(engine=engine_name))] == expected
    assert [told(played) for played in two.play(work(engine=engine_name))] == expected


def test_a_run_is_the_same_with_processes_and_so_is_what_is_kept_of_it(two):
    alone = replicate(scenario(), replications=5, keep="all")
    shared = replicate(scenario(), replications=5, keep="all", executor=two)
    assert repr(shared.measures) == repr(alone.measures)
    assert (shared.rows, shared.warnings, shared.numbers) == (alone.rows, alone.warnings, alone.numbers)
    for mine, theirs in zip(shared.kept, alone.kept, strict=True):
        assert mine.records.visits["started"].tolist() == theirs.records.visits["started"].tolist()
        assert mine.traffic.work.tolist() == theirs.traffic.work.tolist()
        assert mine.network.outages == theirs.network.outages


def test_a_limit_that_is_reached_ends_the_run_with_processes_as_without(two):
    limited = scenario("stages.check.lanes=1", "limits.units_in_port=40")
    alone, shared = replicate(limited, replications=8), replicate(limited, replications=8, executor=two)
    assert alone.stopped is not None
    assert (shared.stopped, shared.numbers, shared.warnings) == (alone.stopped, alone.numbers, alone.warnings)


def test_a_replication_that_is_looked_at_again_is_what_was_played():
    [played] = Serial().play([Task(scenario(), 3, 7, "reference", tables=True, records=True)])
    again = replay(scenario(), 3, seed=7)
    assert repr(again.measures) == repr(played.measures)
    whole = played.replication(scenario(), lower(scenario()), seed=7)
    assert whole.records is played.records
    with pytest.raises(ValueError, match="the records of replication 3 were not asked for"):
        replace(played, records=None).replication(scenario(), lower(scenario()), seed=7)


# ---- order -------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_tasks_though_the_first_takes_longest(two):
    long = scenario("to=2025-03-30 00:00")
    tasks = [Task(long if number == 0 else scenario(), number, 1, "reference") for number in range(7)]
    assert [played.number for played in two.play(tasks)] == list(range(7))


def test_tasks_are_taken_only_a_few_ahead_of_what_is_fetched(two):
    taken: list[int] = []

    def tasks() -> Iterator[Task]:
        for number in range(1000):
            taken.append(number)
            yield Task(scenario(), number, 1, "reference")

    results = two.play(tasks())
    for _ in range(3):
        next(results)
    assert len(taken) <= 3 + 2 * two.workers
    results.close()
    assert [played.number for played in two.play([Task(scenario(), 5, 1, "reference")])] == [5], "it is usable again"


# ---- what goes wrong ---------------------------------------------------------------------------------------------


def test_what_is_lost_with_a_process_is_played_again():
    expected = repr(replicate(scenario(), replications=12).measures)
    with Processes(2) as executor:

        def kill(played: Played) -> None:
            if played.number in (2, 6):
                for hand in executor._hands[: 1 if played.number == 2 else 2]:
                    assert hand._process is not None
                    hand._process.kill()

        run = replicate(scenario(), replications=12, executor=executor, on_replication=kill)
    assert repr(run.measures) == expected


def test_a_replication_that_ends_its_process_twice_is_named(monkeypatch):
    monkeypatch.setattr(
        processes, "_BEGIN", "import os, sys; os.write(1, bytes(8)); sys.stdin.buffer.read(9); os._exit(3)"
    )
    with Processes(1) as executor, pytest.raises(WorkerError) as caught:
        list(executor.play([Task(scenario(), 4, 1, "reference")]))
    assert str(caught.value) == (
        "replication 4 of 'a check that breaks down, and a yard' was begun 2 times, and each time the process that "
        "played it ended (exit code 3): if memory is short use fewer workers (-j)"
    )


def test_a_process_that_cannot_be_started_is_no_fault_of_the_replication(monkeypatch):
    monkeypatch.setattr(processes, "_BEGIN", "raise SystemExit(7)")
    with Processes(1) as executor, pytest.raises(WorkerError, match=r"could not be started \(exit code 7\)"):
        list(executor.play([Task(scenario(), 4, 1, "reference")]))


def test_an_error_of_a_worker_is_raised_here(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with Processes(1) as executor, pytest.raises(UnavailableError, match="NUMBA_DISABLE_JIT is set: unset it"):
        list(executor.play([Task(scenario(), 0, 1, "compiled")]))


@pytest.mark.parametrize(
    "error",
    [ScenarioError("two keys"), EngineError("the clock ran backwards"), ValueError("no number"), WorkerError("gone")],
)
def test_errors_cross_with_their_words(error):
    with pytest.raises(type(error)) as caught:
        wire.played_of(wire.failure_of(error))
    assert str(caught.value) == str(error)


def test_an_error_nobody_here_knows_keeps_its_name():
    class StrangeError(Exception):
        pass

    with pytest.raises(RuntimeError, match=r"^StrangeError: odd$"):
        wire.played_of(wire.failure_of(StrangeError("odd")))


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_worker_is_refused(workers):
    with pytest.raises(ValueError, match=f"at least one worker is needed, got {workers}"):
        executor_for(workers=workers)


def test_workers_end_with_the_executor_and_with_whoever_started_them():
    with Processes(2) as executor:
        list(executor.play([Task(scenario(), number, 1, "reference") for number in range(4)]))
        started = [hand._process.pid for hand in executor._hands if hand._process is not None]
    assert started
    assert not any(is_running(pid) for pid in started)
    code = (
        "import os, portsim\n"
        "from portsim.experiments.executors import Processes, Task\n"
        f"short = portsim.load_text({TEXT!r})\n"
        f"long = portsim.load_text({TEXT!r}, sets=['to=2026-12-01 00:00'])\n"
        "e = Processes(2)\n"
        "r = e.play(Task(short if n < 2 else long, n, 1, 'reference') for n in range(9))\n"
        "next(r), next(r)\n"
        "print(*(h._process.pid for h in e._hands), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}  # stderr is the workers' too
    done = subprocess.run([sys.executable, "-c", code], timeout=60, **quiet)
    orphans = [int(pid) for pid in done.stdout.split()]
    assert len(orphans) == 2
    until = time.monotonic() + 5
    while any(is_running(pid) for pid in orphans) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in orphans), "they end in the middle of a replication"


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # one that has ended and that nobody has asked about yet is still there
    return not state.exists() or ") Z " not in state.read_text()


# ---- as many as are worth it -------------------------------------------------------------------------------------


def test_small_work_stays_in_this_process():
    with Automatic(expected=4, most=8) as executor:
        run = replicate(scenario(), replications=4, executor=executor)
        assert executor.workers == 1
    assert repr(run.measures) == repr(replicate(scenario(), replications=4).measures)


def test_large_work_is_given_to_workers_once_it_is_seen_to_be_large(monkeypatch):
    monkeypatch.setattr(automatic, "START_S", 1e-6)
    seen: list[int] = []
    with Automatic(expected=6, most=2) as executor:
        run = replicate(
            scenario(), replications=6, executor=executor, on_replication=lambda _: seen.append(executor.workers)
        )
    assert (seen[0], seen[-1]) == (1, 2)
    assert repr(run.measures) == repr(replicate(scenario(), replications=6).measures)


def test_work_of_unknown_length_begins_here(monkeypatch):
    monkeypatch.setattr(automatic, "PATIENCE_S", 1e-6)
    with Automatic(most=2) as executor:
        tasks = [Task(scenario(), number, 1, "reference") for number in range(3)]
        assert [played.number for played in executor.play(tasks)] == [0, 1, 2]
        assert executor.workers == 2
    with Automatic(most=1) as executor:
        assert [played.number for played in executor.play(tasks)] == [0, 1, 2]
        assert executor.workers == 1


def test_a_kernel_that_is_kept_is_not_loaded_by_who_plays_nothing_itself(two, monkeypatch):
    """The workers load it; one that is not kept is compiled here, once, with the notice, before they begin."""
    from portsim.engines import compiled

    traffic = replay(scenario(), 0).traffic
    asked: list[object] = []
    monkeypatch.setattr(compiled, "load", asked.append)
    monkeypatch.setattr(compiled, "is_kept", lambda: True)
    assert choose_for(two, "compiled", traffic, replications=4).engine == "compiled"
    assert choose_for(two, "auto", traffic, replications=4).engine == "reference"
    assert choose_for(two, "auto", traffic, replications=10**6).engine == "compiled"
    assert asked == []
    monkeypatch.setattr(compiled, "is_kept", lambda: False)
    assert choose_for(two, "compiled", traffic, replications=4, on_notice=print).engine == "compiled"
    assert asked == [print]
    assert choose_for(Serial(), "compiled", traffic, replications=4).engine == "compiled"
    assert len(asked) == 2
    with pytest.raises(ValueError, match="engine 'quick' does not exist"):
        choose_for(two, "quick", traffic, replications=4)


# ---- what is sent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, _ in portsim.scenarios()])
def test_every_shipped_scenario_arrives_as_it_was_sent_but_for_what_only_people_read(name):
    sent = portsim.load(name)
    received = wire.scenario_of(wire.scenario_text(sent))
    unread = {"description": "", "resolved": {}, "facts": {}}
    unread |= dict.fromkeys(("sources", "warnings", "plans", "files", "attachments"), ())
    assert received == replace(sent, **unread)


def test_a_scenario_changed_in_memory_is_sent_as_it_is_now():
    changed = replace(scenario(), end_ms=scenario().start_ms + 3_600_000)
    assert wire.scenario_of(wire.scenario_text(changed)).end_ms == changed.end_ms


def test_a_scenario_of_text_with_a_folder_is_sent_without_where_it_was_read(tmp_path):
    loaded = portsim.load_text(TEXT, folder=tmp_path)
    assert loaded.origin is not None
    assert wire.scenario_of(wire.scenario_text(loaded)) == wire.scenario_of(wire.scenario_text(scenario()))
    assert str(tmp_path).encode() not in zlib.decompress(wire.scenario_text(loaded))


def test_what_came_of_a_replication_arrives_as_it_was_sent():
    for task in work(count=2):
        played = Player().play(task)
        received = wire.played_of(wire.answer_of(played))
        assert told(received) == told(played)
        assert not received.days["arrived"].flags.writeable
    bare = Player().play(Task(scenario(), 0, 1, "reference"))
    received = wire.played_of(wire.answer_of(bare))
    assert (received.days, received.hours, received.records) == (None, None, None)
    assert np.array_equal(received.finding.in_port, bare.finding.in_port)


def test_nothing_that_is_sent_says_which_code_to_run():
    with pytest.raises(KeyError):
        wire._whole({"Popen": ["ls"]})
    with pytest.raises(TypeError, match="a scenario has no object"):
        wire._plain(object())


# ---- Ctrl-C ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="there Ctrl-C is no signal that can be sent to one process")
def test_ctrl_c_leaves_a_valid_folder_that_is_continued_and_no_worker(tmp_path):
    (tmp_path / "port.yaml").write_text(TEXT)
    command = [sys.executable, "-m", "portsim.cli", "run", "port.yaml", "-n", "400", "-o", "out", "--no-plots"]
    command += ["--engine", "reference", "--set", "to=2025-03-05 00:00"]
    process = subprocess.Popen(
        [*command, "-j", "2"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 300
    while not (tmp_path / "out/replications/0003").exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "what is done is kept in out: the same command with --resume continues it" in err
    assert "replications" in out
    assert "Traceback" not in err
    verified = portsim.verify(tmp_path / "out")
    assert verified.is_identical, f"{verified}\n{err}"
    assert not (tmp_path / "out/run.lock").exists()
