"""Runs that are broken off at any moment, and continued: the folder is that of a run that was not."""

from __future__ import annotations

import builtins
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import portsim
from portsim.errors import ScenarioError
from portsim.results import files
from portsim.results.journal import in_words, ranges
from portsim.results.lock import FILE as LOCK
from portsim.results.lock import FolderLock
from portsim.results.manifest import FIRST_SCHEMA, manifest_text
from tests.test_executors import TEXT
from tests.test_store import FullDisk, contents

COUNT = 5
ARGUMENTS: dict[str, Any] = {"replications": COUNT, "keep": "none", "folder_keep": "all", "engine": "reference"}


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("scenario")
    rows = "".join(f"2025-03-03 {hour:02d}:30\n" for hour in range(24))
    (folder / "arrivals.csv").write_text(f"arrived_at\n{rows}")
    recorded = "  more: {kind: truck, direction: out, journey: [check], arrivals: {csv: arrivals.csv}}\n"
    (folder / "port.yaml").write_text(TEXT + recorded)
    return folder / "port.yaml"


@pytest.fixture(scope="module")
def whole(port, tmp_path_factory) -> dict[str, bytes]:
    """The folder of a run that was not broken off."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    portsim.run(port, folder=folder, workers=1, **ARGUMENTS)
    return without_times(folder)


def without_times(folder: Path) -> dict[str, bytes]:
    """What is in a folder, the times in its manifest left out, and with them its hash."""
    found = contents(folder)
    manifest = json.loads(found["manifest.json"])
    del manifest["wall_s"], manifest["sha256"]
    return found | {"manifest.json": json.dumps(manifest).encode()}


def resume(port: Path, folder: Path, **other: Any) -> list[str]:
    """Continue the run in a folder; what it said was damaged."""
    damage: list[str] = []
    run = portsim.run(port, folder=folder, resume=True, on_damage=damage.append, **ARGUMENTS | {"workers": 1} | other)
    assert run.stopped is None
    return damage


# ---- killed ------------------------------------------------------------------------------------------------------


def killed_at(moment: int, port: Path, folder: Path, workers: int) -> bool:
    """Run in a process that is gone, as by kill -9, at a call of the system that makes something lasting.

    Whether it came to that. (A fork will do: it starts its workers as any process does.)
    """
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 137
    calls = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def doing(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == moment:
                os._exit(137)
            return call(*arguments, **named)

        return doing

    os.fsync, Path.replace, Path.rename = map(counted, (os.fsync, Path.replace, Path.rename))  # type: ignore[assignment]
    code = 1
    try:
        portsim.run(port, folder=folder, workers=workers, **ARGUMENTS)
        code = 0
    finally:
        os._exit(code)


CALLS = 3 * 3 + COUNT * (8 * 2 + 3) + 4 * 3
"""Of a run: fsync and replace of each file, and fsync of its folder; a replication's is moved as a whole."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
@pytest.mark.parametrize("workers", [1, 1, 1, 1, 1, 1, 1, 2, 4])
def test_a_run_that_was_killed_is_continued_to_the_same_bytes(port, whole, tmp_path, workers, request):
    """One worker at two random moments each, two and four at one."""
    chance = random.Random(request.node.name)
    for attempt in range(2 if workers == 1 else 1):
        folder = tmp_path / f"run{attempt}"
        moment = chance.randint(1, CALLS)
        assert killed_at(moment, port, folder, workers), f"it came to its end before moment {moment}"
        assert not (folder / "manifest.json").exists()
        assert resume(port, folder) == []
        assert without_times(folder) == whole, f"killed at moment {moment}"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
def test_a_run_that_was_killed_again_and_again_is_continued_to_the_same_bytes(port, whole, tmp_path, monkeypatch):
    monkeypatch.setitem(ARGUMENTS, "resume", True)
    times = 0
    while killed_at(40, port, tmp_path / "run", 1):
        times += 1
    assert 2 <= times <= 9
    assert without_times(tmp_path / "run") == whole


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")
@pytest.mark.parametrize("moment", [4, 30, 50])
def test_a_finished_folder_that_is_going_on_is_not_taken_for_finished(port, whole, tmp_path, monkeypatch, moment):
    """Two replications are there with their manifest; killed while the others are written it has none."""
    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS | {"replications": 2})
    with monkeypatch.context() as patch:
        patch.setitem(ARGUMENTS, "resume", True)
        assert killed_at(moment, port, folder, 1)
    assert not (folder / "manifest.json").exists()
    assert resume(port, folder) == []
    assert without_times(folder) == whole


@pytest.mark.deep
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_command_that_was_killed_at_any_time_is_continued_to_the_same_bytes(port, tmp_path, workers):
    """kill -9 at 34 random times for each number of workers, followed by `--resume` with another number of them."""
    command = [sys.executable, "-m", "portsim.cli", "run", str(port), "-n", "12", "--keep", "all", "--no-plots", "-q"]
    command += ["--engine", "reference", "--set", "to=2025-03-08 00:00", "-o"]
    start = time.monotonic()
    subprocess.run([*command, tmp_path / "whole", "-j", str(workers)], check=True, capture_output=True)
    length = time.monotonic() - start
    expected = without_times(tmp_path / "whole")
    chance = random.Random(workers)
    for attempt in range(34):
        folder = tmp_path / f"run{attempt}"
        process = subprocess.Popen([*command, folder, "-j", str(workers)], stdout=subprocess.DEVNULL)
        after = chance.uniform(0.2, 1.0) * length
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        other = str(chance.choice([1, 2, 4]))
        subprocess.run([*command, folder, "-j", other, "--resume"], check=True, capture_output=True)
        assert without_times(folder) == expected, f"killed after {after:.3f} s"
        shutil.rmtree(folder)


def test_a_folder_whose_run_was_killed_before_it_wrote_anything_is_begun_anew(port, whole, tmp_path):
    for name, continuing in (("one", {}), ("other", {"resume": True})):
        folder = tmp_path / name
        folder.mkdir()
        (folder / LOCK).write_text('{"pid": 1, "ho')
        (folder / ".run.json.77.partial").write_text("{")
        portsim.run(port, folder=folder, workers=1, **ARGUMENTS | continuing)
        assert without_times(folder) == whole


def test_a_run_that_did_not_finish_says_how_to_continue_it(port, tmp_path, monkeypatch):
    def stop(played):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        portsim.run(port, folder=tmp_path / "run", on_replication=stop, **ARGUMENTS)
    with pytest.raises(
        ScenarioError, match="holds a run that did not finish: continue it with --resume, or give a new"
    ):
        portsim.run(port, folder=tmp_path / "run", **ARGUMENTS)
    with pytest.raises(ScenarioError, match=r"its run did not finish; continue it with portsim run \.\.\. --resume"):
        portsim.verify(tmp_path / "run")


# ---- interrupted, stopped, finished ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_a_run_that_was_interrupted_is_continued_to_the_same_bytes(port, whole, tmp_path, number):
    def interrupt(played):
        if played.number == number:
            raise KeyboardInterrupt

    folder = tmp_path / "run"
    run = portsim.run(port, folder=folder, on_replication=interrupt, **ARGUMENTS)
    assert run.is_interrupted
    assert portsim.verify(folder).is_identical
    assert resume(port, folder) == []
    assert without_times(folder) == whole


def test_a_run_that_was_continued_and_interrupted_at_once_loses_nothing(port, whole, tmp_path):
    """It knows four replications, and is interrupted when it has counted two of them again."""
    folder = tmp_path / "run"

    def interrupt_at(number):
        def interrupt(played):
            if played.number == number:
                raise KeyboardInterrupt

        return interrupt

    portsim.run(port, folder=folder, on_replication=interrupt_at(4), **ARGUMENTS)
    again = portsim.run(port, folder=folder, resume=True, on_replication=interrupt_at(2), **ARGUMENTS)
    assert again.is_interrupted
    assert again.data.numbers == (0, 1)
    played: list[int] = []
    before = (folder / "replications/0003").stat().st_ino
    portsim.run(port, folder=folder, resume=True, on_replication=lambda one: played.append(one.number), **ARGUMENTS)
    assert played == list(range(COUNT))
    assert (folder / "replications/0003").stat().st_ino == before, "it was not played again"
    assert without_times(folder) == whole


def test_a_run_that_is_finished_is_summarised_again_and_nothing_is_played(port, whole, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    first = portsim.run(port, folder=folder, **ARGUMENTS)
    monkeypatch.setattr("portsim.experiments.executors.tasks.play", None)
    again = portsim.run(port, folder=folder, resume=True, **ARGUMENTS)
    assert again.rows == first.rows
    assert again.warnings == first.warnings
    assert without_times(folder) == whole


def test_more_replications_may_be_asked_for_than_there_are(port, whole, tmp_path):
    portsim.run(port, folder=tmp_path / "run", **ARGUMENTS | {"replications": 2})
    assert resume(port, tmp_path / "run") == []
    assert without_times(tmp_path / "run") == whole


def test_records_that_the_result_is_to_carry_are_made_again(port, tmp_path):
    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS)
    again = portsim.run(port, folder=folder, resume=True, **ARGUMENTS | {"keep": "first"})
    assert len(again.units)
    assert portsim.verify(folder).is_identical


def test_a_run_that_had_to_stop_stops_again(port, tmp_path):
    sets = ["limits.units_in_port=24", "stages.check.lanes=1"]
    run = portsim.run(port, folder=tmp_path / "run", sets=sets, **ARGUMENTS)
    assert run.stopped is not None
    first = without_times(tmp_path / "run")
    again = portsim.run(port, folder=tmp_path / "run", sets=sets, resume=True, **ARGUMENTS)
    assert again.stopped == run.stopped
    assert without_times(tmp_path / "run") == first


def test_a_region_is_continued_to_the_same_bytes(port, tmp_path):
    (tmp_path / "region.yaml").write_text(
        "portsim: 1\nregion: two\nseed: 3\nfrom: 2025-03-03 00:00\nto: 2025-03-04 00:00\n"
        f"ports:\n  west: {{scenario: {port.name}}}\n"
        f"  east: {{scenario: {port.name}, set: {{stages.check.lanes: 3}}}}\n"
    )
    for name in ("port.yaml", "arrivals.csv"):
        shutil.copy(port.parent / name, tmp_path / name)
    region = tmp_path / "region.yaml"
    portsim.run(region, folder=tmp_path / "whole", **ARGUMENTS)
    expected = without_times_of_region(tmp_path / "whole")
    done: list[int] = []

    def fail(played):
        done.append(played.number)
        if len(done) == 6:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        portsim.run(region, folder=tmp_path / "run", on_replication=fail, **ARGUMENTS)
    with pytest.raises(ScenarioError, match="is not empty"):
        portsim.run(region, folder=tmp_path / "run", **ARGUMENTS)
    portsim.run(region, folder=tmp_path / "run", resume=True, **ARGUMENTS)
    assert without_times_of_region(tmp_path / "run") == expected
    assert portsim.verify(tmp_path / "run").is_identical
    (tmp_path / "run/notes").mkdir()
    with pytest.raises(ScenarioError, match="cannot be continued: notes is no part of a run of this region"):
        portsim.run(region, folder=tmp_path / "run", resume=True, **ARGUMENTS)


def without_times_of_region(folder: Path) -> dict[str, Any]:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["sha256"]
    own = {
        name: text for name, text in contents(folder).items() if not Path(name).parent.parts and name != "manifest.json"
    }
    ports = {port["name"]: without_times(folder / port.pop("name")) for port in manifest["ports"]}
    for one in manifest["ports"]:
        del one["sha256"]
    return {"manifest": manifest, "own": own, "ports": ports}


# ---- a full disk ---------------------------------------------------------------------------------------------------


def test_a_run_on_a_full_disk_is_continued_when_there_is_room(port, whole, tmp_path, monkeypatch):
    open_file = builtins.open
    size = sum(map(len, whole.values()))
    for room in range(0, size, size // 5):
        left = [room]

        def open_on_full_disk(path, mode="r", *rest, left=left, **options):
            file = open_file(path, mode, *rest, **options)
            return FullDisk(file, left) if "b" in mode and "r" not in mode else file

        folder = tmp_path / f"run{room}"
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
            patch.setattr(builtins, "open", open_on_full_disk)
            portsim.run(port, folder=folder, workers=1, **ARGUMENTS)
        assert resume(port, folder) == []
        assert without_times(folder) == whole


@pytest.mark.parametrize("call", ["fsync", "replace", "rename"])
def test_a_disk_that_fails_at_any_call_leaves_what_can_be_continued(port, whole, tmp_path, monkeypatch, call):
    for moment in (1, 4, 9):
        place = os if call == "fsync" else Path
        genuine, calls = getattr(place, call), [0]

        def failing(*arguments, genuine=genuine, calls=calls, moment=moment):
            calls[0] += 1
            if calls[0] == min(moment, 4 if call == "rename" else moment):
                raise OSError(errno.EIO, "Input/output error")
            return genuine(*arguments)

        folder = tmp_path / f"run{moment}"
        with monkeypatch.context() as patch, pytest.raises(OSError, match="Input/output error"):
            patch.setattr(place, call, failing)
            portsim.run(port, folder=folder, workers=1, **ARGUMENTS)
        assert resume(port, folder) == []
        assert without_times(folder) == whole


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_file_system_that_is_really_full_ends_in_a_line_and_the_run_is_continued(port, whole, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"mount is not permitted here: {mounted.stderr.decode().strip()}")
    try:
        command = [sys.executable, "-m", "portsim.cli", "run", port, "-n", str(COUNT), "--keep", "all", "--no-plots"]
        command += ["--engine", "reference", "-o", disk / "run"]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 3
        assert "No space left on device" in result.stderr
        assert f"what is done is kept in {disk / 'run'}: the same command with --resume continues it" in result.stderr
        assert "Traceback" not in result.stderr
        shutil.copytree(disk / "run", tmp_path / "run")
    finally:
        subprocess.run(["umount", disk], check=True)
    assert 0 < len(list((tmp_path / "run/replications").glob("0*"))) < COUNT
    resume(port, tmp_path / "run")
    assert without_times(tmp_path / "run") == whole


# ---- damaged -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_damaged_file_is_named_and_its_replication_is_played_again(port, whole, tmp_path, is_finished):
    portsim.run(port, folder=tmp_path / "run", **ARGUMENTS)
    chance = random.Random(1)
    of_replication = [name for name in whole if name.startswith("replications/0002/")]
    assert len(of_replication) == 8
    of_replication = of_replication if is_finished else of_replication[::3]
    for name in [*of_replication, "scenario.yaml", "data/arrivals.csv"]:
        folder = tmp_path / "damaged"
        shutil.copytree(tmp_path / "run", folder)
        if not is_finished:
            (folder / "manifest.json").unlink()
        text = bytearray((folder / name).read_bytes())
        text[chance.randrange(len(text))] ^= 1 << chance.randrange(8)
        (folder / name).write_bytes(text)
        [damage] = resume(port, folder)
        assert str(folder / name) in damage
        again = "the replication is played again" if name in of_replication else "was damaged, and is written again"
        assert damage.endswith(again)
        assert without_times(folder) == whole
        shutil.rmtree(folder)


def test_a_file_that_is_gone_or_none_of_the_replications_own_counts_as_damage(port, whole, tmp_path):
    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS)
    (folder / "replications/0000/units.csv").unlink()
    (folder / "replications/0001/notes.txt").write_text("mine")
    (folder / "replications/0003/replication.json").unlink()
    (folder / "replications/0004").rename(folder / "replications/0009")
    damage = resume(port, folder)
    assert len(damage) == 4
    assert "units.csv: is damaged" in damage[0]
    assert "notes.txt: is damaged" in damage[1]
    assert "replication.json: is missing; the replication is played again" in damage[2]
    assert "says it is of replication 4" in damage[3]
    assert without_times(folder) == whole


def test_verify_finds_one_flipped_bit_in_any_file(port, tmp_path, monkeypatch):
    """Without playing again: the hashes alone say so."""
    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS | {"replications": 2})
    monkeypatch.setattr("portsim.experiments.verifying._Verifying._replay", lambda *arguments: None)
    assert portsim.verify(folder).is_identical
    chance = random.Random(2)
    for name, text in contents(folder).items():
        for _ in range(3):
            damaged = bytearray(text)
            damaged[chance.randrange(len(text))] ^= 1 << chance.randrange(8)
            (folder / name).write_bytes(damaged)
            found = portsim.verify(folder)
            assert [difference.file for difference in found.differences] == [name]
        (folder / name).write_bytes(text)


def test_what_a_replication_says_of_its_end_is_held_against_what_it_gives(port, tmp_path):
    """With all hashes made to fit: the manifest of a forger."""
    from hashlib import sha256

    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS | {"replications": 1})
    entry = folder / "replications/0000/replication.json"
    entry.write_bytes(manifest_text(json.loads(entry.read_bytes()) | {"ring": ["check"]}))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for file in manifest["files"]:
        if file["path"].endswith("replication.json"):
            file["sha256"] = sha256(entry.read_bytes()).hexdigest()
    (folder / "manifest.json").write_bytes(manifest_text(manifest))
    [difference] = portsim.verify(folder).differences
    assert difference.file == "replications/0000/replication.json"
    assert "another end, or other numbers of units in the port" in difference.why


# ---- another run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seed": 9}, "seed was 1, and is 9 now"),
        ({"folder_keep": "first"}, "--keep was all, and is first now"),
        ({"table_format": "parquet"}, "--format was csv, and is parquet now"),
        ({"sets": ["stages.check.lanes=5"]}, "scenario.yaml would be another than it was"),
        ({"replications": range(1, 9)}, "replications 0 were asked for then, and are not now"),
    ],
)
def test_another_run_is_not_continued_and_nothing_is_touched(port, tmp_path, other, message):
    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS | {"replications": 2})
    before = contents(folder)
    with pytest.raises(ScenarioError, match="holds another run, which cannot be continued: ") as caught:
        portsim.run(port, folder=folder, resume=True, **ARGUMENTS | other)
    assert message in str(caught.value)
    assert contents(folder) == before


def test_a_run_of_another_version_is_not_continued(port, tmp_path, monkeypatch):
    portsim.run(port, folder=tmp_path / "run", **ARGUMENTS)
    monkeypatch.setattr(portsim, "__version__", "99.0")
    with pytest.raises(ScenarioError, match=r"portsim was 0\.\S+, and is 99.0 now"):
        resume(port, tmp_path / "run")


def test_a_folder_of_something_else_is_not_continued(port, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ScenarioError, match=r"cannot be continued: there is no run\.json in it, so it is no"):
        resume(port, tmp_path)
    assert contents(tmp_path) == {"notes.txt": b"mine"}
    (tmp_path / "run.json").write_text('{"schema": "portsim.run-asked/9"}')
    with pytest.raises(ScenarioError, match=r"the schema must be portsim.run-asked/1, got 'portsim.run-asked/9'"):
        resume(port, tmp_path)
    with pytest.raises(ValueError, match="resume continues what stands in a folder: name it with folder="):
        portsim.run(port, resume=True)


def test_a_folder_of_the_first_format_is_read_and_not_continued(port, tmp_path):
    folder = tmp_path / "run"
    portsim.run(port, folder=folder, **ARGUMENTS)
    as_of_the_first_format(folder)
    assert portsim.verify(folder).is_identical
    with pytest.raises(ScenarioError, match=r"cannot be continued: there is no run\.json in it"):
        resume(port, folder)


def as_of_the_first_format(folder: Path) -> None:
    """Make the folder one as the first version wrote them."""
    said = [folder / "run.json", *folder.glob("replications/*/replication.json")]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    names = {path.relative_to(folder).as_posix() for path in said}
    manifest["files"] = [entry for entry in manifest["files"] if entry["path"] not in names]
    for path in said:
        path.unlink()
    (folder / "manifest.json").write_bytes(manifest_text(manifest | {"schema": FIRST_SCHEMA}))


# ---- two at a time ---------------------------------------------------------------------------------------------------


def test_a_second_run_is_refused_and_told_who_holds_the_folder(port, whole, tmp_path):
    folder = tmp_path / "run"

    def second(played):
        if played.number == 1:
            for continuing in (False, True):
                with pytest.raises(ScenarioError) as caught:
                    portsim.run(port, folder=folder, resume=continuing, **ARGUMENTS)
                assert f"is being written by another run (process {os.getpid()} on " in str(caught.value)
                assert ", since 20" in str(caught.value)
                assert str(caught.value).endswith("): wait for it, or give another folder")

    portsim.run(port, folder=folder, on_replication=second, **ARGUMENTS)
    assert without_times(folder) == whole, "and the first goes on as if nothing had been"


def test_the_lock_of_a_run_that_died_is_taken_over(tmp_path):
    (tmp_path / LOCK).write_text('{"pid": 99999999, "host": "elsewhere", "since": "2025-01-01 00:00:00 +0000"}')
    held = FolderLock.take(tmp_path)
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    held.release()
    held.release()
    assert list(tmp_path.iterdir()) == []


def test_where_the_file_system_keeps_no_locks_the_file_decides(tmp_path, monkeypatch):
    monkeypatch.setattr("portsim.results.lock._lock", lambda handle: False)
    held = FolderLock.take(tmp_path)
    with pytest.raises(ScenarioError, match=r"remove \S+run.lock if it is gone, as locks do not work on this file sys"):
        FolderLock.take(tmp_path)
    held.release()
    (tmp_path / LOCK).write_text(f'{{"pid": 99999999, "host": "{os.uname().nodename}", "since": ""}}')
    FolderLock.take(tmp_path).release()
    (tmp_path / LOCK).write_text('{"pid": 99999999, "host": "elsewhere", "since": ""}')
    with pytest.raises(ScenarioError, match="process 99999999 on elsewhere"):
        FolderLock.take(tmp_path)


# ---- small things ------------------------------------------------------------------------------------------------


def test_numbers_are_told_as_ranges():
    assert ranges([0, 1, 2, 5, 7, 8]) == [[0, 3], [5, 6], [7, 9]]
    assert in_words([0, 1, 2, 5, 7, 8]) == "0 to 2, 5, 7 to 8"


def test_what_a_process_that_died_was_writing_is_removed(tmp_path):
    (tmp_path / ".a.csv.12.partial").write_text("half")
    (tmp_path / ".0003.partial").mkdir()
    (tmp_path / ".0003.partial" / "units.csv").write_text("half")
    (tmp_path / "b.csv").write_text("whole")
    files.remove_partial(tmp_path)
    assert contents(tmp_path) == {"b.csv": b"whole"}
