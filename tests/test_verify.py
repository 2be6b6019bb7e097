"""Run folders held against what their run gives: identical, or which row differs and why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import portsim
from portsim.cli import app
from portsim.errors import ScenarioError
from portsim.experiments import Saving, replicate
from portsim.experiments.executors import tasks
from portsim.results.manifest import is_as_written, manifest_text
from portsim.scenario import load

# A truck every 20 minutes for six hours, 15 minutes of work in the only lane, given by an officer whose shift ends at
# 03:00 in the middle of a service: so every table has a row.
SCENARIO = """\
portsim: 1
name: Eighteen trucks
port: test
from: 2025-03-03 00:00
to: 2025-03-03 06:00
facts: [counted.yaml]
windows: {whole: {from: 2025-03-03 00:00, to: 2025-03-03 06:00, published: test.trucks}}
sides: {own: {timezone: Asia/Shanghai}}
officers: {police: {level: {0-3: 1, 4-24: 1}, end_of_shift: hand_over}}
stages: {check: {counted: true, lanes: 1, officers: {police: 1}, service: {exponential: {mean: 15 min}}}}
flows: {out: {kind: truck, direction: out, journey: [check], arrivals: {every: 20 min}}}
"""
FACTS = """\
facts: 1
source: {title: Count, publisher: a port, date: 2025, where: a page}
figures:
  test.trucks: {measure: trucks, value: 5, unit: vehicles, counts: {what: trucks, direction: both}, reliability: B}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenario")
    (folder / "counted.yaml").write_text(FACTS, "utf-8")
    (folder / "port.yaml").write_text(SCENARIO, "utf-8")
    return folder / "port.yaml"


@pytest.fixture(scope="module")
def whole(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of two replications, the first with its records."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    portsim.run(scenario, replications=2, folder=folder, keep="none")
    return folder


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to be damaged."""
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())


def forge(folder: Path, changed: Iterable[str] = (), **entries: Any) -> None:
    """Change a manifest and files with it, hashes and all, as somebody would who means to hide it."""
    manifest = json.loads((folder / "manifest.json").read_bytes()) | entries
    for entry in manifest["files"]:
        if entry["path"] in changed:
            entry["sha256"] = sha256((folder / entry["path"]).read_bytes()).hexdigest()
    (folder / "manifest.json").write_bytes(manifest_text(manifest))


# ---- identical ---------------------------------------------------------------------------------------------------


def test_a_run_folder_is_identical_and_nothing_is_written_to_it(run):
    before = contents(run)
    result = call("verify", str(run))
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        f"identical: 2 replications, {len(before)} files\n",
        "",
    )
    assert contents(run) == before
    assert {
        len((run / f"replications/0000/{name}.csv").read_text().splitlines()) > 1 for name in ("work", "visits")
    } == {True}


def test_json_of_an_identical_folder(run):
    document = json.loads(call("verify", str(run), "--json").stdout)
    assert document == {
        "schema": "portsim.verify/1",
        "identical": True,
        "replications": [0, 1],
        "files": len(contents(run)),
        "differences": [],
        "not_replayed": None,
        "extra": [],
        "versions": [],
        "notes": [],
    }
    verification = portsim.verify(run)
    assert verification.is_identical
    assert not verification.differences
    assert verification.to_dict() == document
    assert str(verification).startswith("identical: ")
    assert verification._repr_html_().startswith("<div>")


@pytest.mark.parametrize("keep", ["all", "none"])
@pytest.mark.parametrize("table_format", ["csv", "parquet"])
def test_whatever_was_kept_and_however_it_was_written_is_identical(scenario, tmp_path, keep, table_format):
    if table_format == "parquet" and find_spec("pyarrow") is None:
        pytest.skip("Parquet needs pyarrow")
    portsim.run(
        scenario,
        replications=range(5, 8),
        seed=7,
        sets=["stages.check.lanes=2"],
        folder=tmp_path / "run",
        folder_keep=keep,
        table_format=table_format,
    )
    verification = portsim.verify(tmp_path / "run")
    assert verification.is_identical
    assert verification.data.numbers == (5, 6, 7)


@pytest.mark.parametrize(("limit", "numbers"), [("units_in_port=1", (0,)), ("units_in_port=4", (0, 1))])
def test_a_run_that_had_to_stop_is_identical(scenario, tmp_path, limit, numbers):
    """With room for one it stops in the first replication, with room for four in a later one of this seed."""
    seed = 1
    if numbers != (0,):
        seed = next(seed for seed in range(1, 200) if stops_second(scenario, seed, limit))
    run = portsim.run(
        scenario, replications=3, seed=seed, sets=[f"limits.{limit}"], folder=tmp_path / "run", keep="none"
    )
    assert run.stopped is not None
    verification = portsim.verify(tmp_path / "run")
    assert verification.is_identical
    assert verification.data.numbers == numbers


def stops_second(scenario: Path, seed: int, limit: str) -> bool:
    run = portsim.run(scenario, replications=2, seed=seed, sets=[f"limits.{limit}"], keep="none")
    return run.stopped is not None and run.stopped.startswith("replication 1 ")


@pytest.mark.parametrize("moment", ["before", "half written", "after"])
def test_a_run_that_was_interrupted_is_identical_however_far_it_had_come(scenario, tmp_path, monkeypatch, moment):
    """Ctrl-C in replication 2: before it is saved, while it is, and when it is and nobody has counted it yet."""
    loaded = load(scenario)
    saving = Saving(loaded, tmp_path / "run", replications=5, keep="all")
    write = saving._folder._stage

    def on_replication(replication):
        if replication.number == 2 and moment == "before":
            raise KeyboardInterrupt
        if replication.number == 2 and moment == "half written":

            def interrupted(path, pieces, rows):
                if path.endswith("units.csv"):
                    raise KeyboardInterrupt
                write(path, pieces, rows)

            monkeypatch.setattr(saving._folder._tables, "_put", interrupted)
        saving.add(replication)
        if replication.number == 2 and moment == "after":
            raise KeyboardInterrupt

    run = replicate(loaded, replications=5, tables=True, records="all", on_replication=on_replication)
    monkeypatch.setattr(saving._folder._tables, "_put", write)
    saving.finish(run)
    saving.close()
    assert run.is_interrupted
    assert not (tmp_path / "run/replications/0002").exists()
    verification = portsim.verify(tmp_path / "run")
    assert str(verification).splitlines()[0].startswith("identical: 2 replications")


# ---- one flipped byte --------------------------------------------------------------------------------------------


def test_every_flipped_byte_of_a_manifest_is_found(run):
    content = (run / "manifest.json").read_bytes()
    assert is_as_written(content)
    for place in range(len(content)):
        for bit in (1, 32):  # 32 makes capitals of small letters, NUL of blanks
            damaged = bytearray(content)
            damaged[place] ^= bit
            assert not is_as_written(bytes(damaged)), place
    for damaged in (content + b"\n", content[:-1], content[1:], b"", b"{}\n"):
        assert not is_as_written(damaged)


def test_a_changed_manifest_is_not_trusted(run):
    replace(run / "manifest.json", '"seed": 1', '"seed": 2')
    result = call("verify", str(run))
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "not verified, nothing was played again: manifest.json may no longer say what was run and what the files "
        "should hold",
        "its own sha256 does not fit it: it was changed after the run (or comes from a portsim that gave it none):",
        "  manifest.json",
    ]
    (run / "manifest.json").write_bytes(b"\xff{")
    assert not portsim.verify(run).is_identical


@pytest.mark.parametrize(
    ("entry", "change"),
    [
        ("names", lambda names: names | {"roles": [*names["roles"], "green"]}),
        ("kept", lambda kept: [one | {"end_tick": one["end_tick"] - 1} for one in kept]),
        ("to", lambda to: to.replace("2025", "2024")),
    ],
)
def test_a_manifest_that_was_changed_with_its_hash_is_found_by_playing_again(run, entry, change):
    manifest = json.loads((run / "manifest.json").read_bytes())
    manifest[entry] = change(manifest[entry])
    (run / "manifest.json").write_bytes(manifest_text(manifest))
    verification = portsim.verify(run)
    assert not verification.is_identical
    [difference] = verification.differences
    assert difference.file == "manifest.json"
    assert f"the run gives another value today for {entry}" in str(verification)


@pytest.mark.parametrize("table", ["visits.csv", "units.csv"])
def test_nothing_is_read_from_a_table_that_was_changed(run, table):
    path = run / "replications/0000" / table
    path.write_bytes(path.read_bytes().rsplit(b"\n", 2)[0] + b"\n")
    for command in (["trace", str(run), "--longest"], ["plot", str(run), "--what", "wait"]):
        result = call(*command)
        assert result.exit_code == 3
        assert f"{table}: was changed after the run, so nothing is read from it: see portsim verify" in result.stderr


def test_a_flipped_byte_of_any_file_is_found_and_the_file_named(run):
    for name, content in contents(run).items():
        if name == "manifest.json":
            continue
        for place in {len(content) // 2, len(content) - 1}:
            flip(run / name, place)
            found = portsim.verify(run)
            assert [difference.file for difference in found.differences][:1] == [name]
            assert found.differences[0].what == "changed"
            (run / name).write_bytes(content)


# ---- what differs, and why ---------------------------------------------------------------------------------------


def test_a_changed_cell_is_named_with_both_values_and_what_the_manifest_says(run):
    path = run / "replications/0000/visits.csv"
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    assert lines[0].split(",")[8] == "started"
    true, cells[8] = cells[8], "4321"
    path.write_bytes(("\n".join([*lines[:3], ",".join(cells), *lines[4:]]) + "\n").encode())
    result = call("verify", str(run))
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        f"different: 1 of {len(contents(run))} files, after 2 replications",
        "changed after the run; played again, the run gives what the manifest says:",
        f"  replications/0000/visits.csv, row 3 (replication 0, unit 2, step 0): started 4321 (played again: {true})",
    ]
    [difference] = json.loads(call("verify", str(run), "--json").stdout)["differences"]
    assert (difference["file"], difference["what"]) == ("replications/0000/visits.csv", "changed")
    assert difference["row"]["keys"] == {"replication": "0", "unit": "2", "step": "0"}
    assert difference["row"]["cells"] == [{"column": "started", "in_folder": "4321", "now": true}]
    assert difference["row"]["rows"] == 1


def test_rows_that_are_gone_or_too_many_and_headings_are_said(run):
    path = run / "summary.csv"
    content = path.read_text()
    lines = content.splitlines(keepends=True)

    def said(text: str) -> str:
        path.write_bytes(text.encode())
        return str(portsim.verify(run)).splitlines()[-1]

    last = len(lines) - 1
    assert said("".join(lines[:-1])).endswith(": the run gives it, and the folder lacks it")
    assert said(content + "more\n") == (
        f"  summary.csv, row {last + 1} (metric more): the folder has it, and the run does not give it"
    )
    assert said(content.replace("metric,", "metrics,", 1)).startswith("  summary.csv, heading: metric metrics (played")
    assert said("".join([lines[0], *lines[2:]])).endswith("and not the same number of rows")
    assert said(content[:-1]).endswith("the same cells, written in another way")
    assert said(content.replace("1.0", "2.0")).endswith(" more rows")
    assert "the same cells, written in another way; and" in said(content.replace("\n", "\r\n"))


def test_files_that_are_missing_or_not_of_the_run_are_named(run):
    (run / "daily.csv").unlink()
    (run / "notes.txt").write_text("mine")
    (run / "plots").mkdir()
    (run / "plots/queue.png").write_bytes(b"")
    result = call("verify", str(run))
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1:] == [
        "missing, and the manifest lists it:",
        "  daily.csv",
        "plots/ was not checked: pictures are no part of what a run must give again",
    ]
    assert result.stderr == "warning: notes.txt is not part of the run\n"
    assert call("verify", str(run), "-q").stderr == ""
    assert json.loads(call("verify", str(run), "--json").stdout)["extra"] == ["notes.txt"]


def test_other_files_and_pictures_are_no_difference(run):
    (run / "notes.txt").write_text("mine")
    assert call("verify", str(run)).exit_code == 0


def test_an_edited_scenario_is_the_cause_of_what_differs(run):
    replace(run / "scenario.yaml", "15 min", "14 min")
    lines = str(portsim.verify(run)).splitlines()
    assert lines[1:4] == [
        "changed after the run:",
        "  scenario.yaml",
        "as it was written, and the run gives something else today: scenario.yaml was edited after the run:",
    ]
    assert lines[4].startswith("  hourly.csv, row ")


def test_a_comment_added_to_a_scenario_changes_no_table(run):
    replace(run / "scenario.yaml", "portsim: 1", "portsim: 1 # mine")
    [difference] = portsim.verify(run).differences
    assert difference.file == "scenario.yaml"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "06:00",
            "07:00",
            "scenario.yaml was edited after the run, and is now of another stretch of time than the run",
        ),
        ("lanes: 1", "lanes: one", "scenario.yaml was edited after the run, and what is left is no valid scenario: "),
    ],
)
def test_a_scenario_that_cannot_be_the_runs_is_not_played(run, old, new, message):
    replace(run / "scenario.yaml", old, new)
    result = call("verify", str(run))
    assert result.exit_code == 3
    assert result.stdout.startswith(f"not verified, nothing was played again: {message}")


def test_a_run_whose_data_are_gone_is_not_played(run):
    [path] = (run / "data").iterdir()
    path.unlink()
    assert f"the run cannot be played without data/{path.name}" in str(portsim.verify(run))


def test_a_file_changed_together_with_its_manifest_is_found_by_playing_again(run):
    replace(run / "replications/0001/daily.csv", ",truck,", ",truck,9")
    forge(run, ["replications/0001/daily.csv"])
    verification = portsim.verify(run)
    assert "Nothing recorded explains it, all versions are those of the run: either portsim's own code was changed" in (
        str(verification)
    )
    [difference] = verification.differences
    assert (difference.what, difference.row.keys[:2]) == ("differs", (("replication", "1"), ("date", "2025-03-03")))


def test_other_versions_are_a_cause_and_no_difference(run):
    forge(run, portsim="0.0.9", packages={"numpy": "1.0"})
    verification = portsim.verify(run)
    assert verification.is_identical
    assert f"though made with other versions: portsim 0.0.9 then, {portsim.__version__} now; " in str(verification)
    versions = {name: then for name, then, _ in verification.data.versions}
    assert (versions["portsim"], versions["numpy"], versions["scipy"]) == ("0.0.9", "1.0", "absent")
    replace(run / "summary.csv", "crossings", "cossings")
    forge(run, ["summary.csv"])
    assert f"gives something else today: portsim 0.0.9 then, {portsim.__version__} now; " in str(portsim.verify(run))


def test_files_the_run_no_longer_gives_and_others_it_gives_are_named(run):
    for name in ("units", "visits", "work", "levels"):
        (run / f"replications/0001/{name}.csv").write_bytes(b"unit\n")
    manifest = json.loads((run / "manifest.json").read_bytes())
    more = {"path": "replications/0001/units.csv", "sha256": sha256(b"unit\n").hexdigest(), "rows": 0}
    kept = [entry for entry in manifest["files"] if not entry["path"].endswith("0000/work.csv")]
    forge(run, files=[*kept, more])
    found = {difference.file: difference for difference in portsim.verify(run).differences}
    assert found["replications/0000/work.csv"].why == "not in the manifest, and the run gives it today"
    assert "the run does not give this file today" in found["replications/0001/units.csv"].why


def test_a_scenario_this_portsim_refuses_is_not_played(run):
    replace(run / "scenario.yaml", "stages:", "stagez:")
    forge(run, ["scenario.yaml"])
    text = str(portsim.verify(run))
    assert text.startswith("not verified, nothing was played again: scenario.yaml cannot be read by this portsim")
    assert "as it was written, and this portsim refuses it: " in text


def test_a_run_that_stops_otherwise_than_then_differs(run):
    forge(run, stopped="replication 1 stopped")
    [difference] = portsim.verify(run).differences
    assert difference.file == "manifest.json"
    assert "then: replication 1 stopped; now: was played to its end" in difference.why


def test_a_manifest_that_counts_other_rows_is_found(run):
    manifest = json.loads((run / "manifest.json").read_bytes())
    [entry] = [entry for entry in manifest["files"] if entry["path"] == "summary.csv"]
    entry["rows"] += 1
    forge(run, files=manifest["files"])
    [difference] = portsim.verify(run).differences
    assert f"of {entry['rows'] - 1} rows, and the manifest says {entry['rows']}" in difference.why


# ---- Parquet -----------------------------------------------------------------------------------------------------


@pytest.fixture
def parquet_run(scenario: Path, tmp_path: Path) -> Path:
    pytest.importorskip("pyarrow")
    portsim.run(scenario, replications=1, folder=tmp_path / "run", keep="none", table_format="parquet")
    return tmp_path / "run"


def rewrite(path: Path, change: Callable[[Any], Any], **options: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(change(pq.read_table(path)), path, **options)


def test_a_changed_row_of_a_parquet_file_is_named(parquet_run):
    import pyarrow as pa

    path = parquet_run / "replications/0000/units.parquet"

    def later(table: Any) -> Any:
        values = table["arrived"].to_pylist()
        values[4] += 1
        return table.set_column(table.column_names.index("arrived"), "arrived", pa.array(values))

    rewrite(path, later)
    [difference] = portsim.verify(parquet_run).differences
    assert (difference.row.number, difference.row.rows) == (5, 1)
    assert difference.row.keys == (("replication", "0"), ("unit", "4"))
    [(column, in_folder, now)] = difference.row.cells
    assert (column, int(in_folder) - int(now)) == ("arrived", 1)
    rewrite(path, lambda table: table.slice(0, 2))
    assert portsim.verify(parquet_run).differences[0].row.in_folder is None
    rewrite(path, lambda table: table.drop_columns(["unit"]))
    assert portsim.verify(parquet_run).differences[0].row.number == 0
    path.write_bytes(b"PAR1 no longer")
    assert "is not a Parquet file" in portsim.verify(parquet_run).differences[0].why


def test_the_same_rows_as_another_pyarrow_writes_them_are_no_difference(parquet_run):
    name = "replications/0000/units.parquet"
    rewrite(parquet_run / name, lambda table: table, compression="gzip")
    [difference] = portsim.verify(parquet_run).differences
    assert difference.why == "changed after the run; played again, the run gives what the manifest says"
    forge(parquet_run, [name])
    verification = portsim.verify(parquet_run)
    assert verification.is_identical
    assert f"the same rows in other bytes, as another pyarrow writes them: {name}" in str(verification)


# ---- how it ends -------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_run_folder_is_refused(tmp_path):
    result = call("verify", str(tmp_path))
    assert (result.exit_code, result.stdout) == (3, "")
    assert "there is no manifest: this is no run folder, or its run did not finish" in result.stderr
    with pytest.raises(ScenarioError):
        portsim.verify(tmp_path / "nowhere")


def test_ctrl_c_ends_it_without_a_result(run, monkeypatch):
    play = tasks.play

    def interrupted(*args, number, **kwargs):
        if number == 1:
            raise KeyboardInterrupt
        return play(*args, number=number, **kwargs)

    monkeypatch.setattr(tasks, "play", interrupted)
    result = call("verify", str(run))
    assert (result.exit_code, result.stdout) == (130, "")


def test_progress_is_told_how_many_there_are(run):
    told: list[int] = []
    portsim.verify(run, on_replication=told.append)
    assert told == [2, 2]
