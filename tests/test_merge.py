"""Parts of a run in folders of their own, put together: the folder is that of a run of all at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import portsim
from portsim.cli import app
from portsim.errors import ScenarioError
from tests.test_executors import TEXT
from tests.test_resume import as_of_the_first_format, without_times, without_times_of_region
from tests.test_store import contents

PLANS = "plans:\n  wider: {stages.check.lanes: 4}\n"


@pytest.fixture
def port(tmp_path) -> Path:
    (tmp_path / "arrivals.csv").write_text("arrived_at\n2025-03-03 03:30\n2025-03-03 05:30\n")
    recorded = "  more: {kind: truck, direction: out, journey: [check], arrivals: {csv: arrivals.csv}}\n"
    (tmp_path / "port.yaml").write_text(TEXT + recorded + PLANS)
    return tmp_path / "port.yaml"


def run(port: Path, folder: str, numbers: range, **other: Any) -> Path:
    path = port.parent / folder
    portsim.run(port, folder=path, replications=numbers, **{"keep": "none", "engine": "reference", **other})
    return path


@pytest.mark.parametrize("folder_keep", ["first", "all", "none"])
def test_the_whole_is_what_a_run_of_all_would_have_written(port, tmp_path, folder_keep):
    asked = {"plan": "wider", "sets": ["stages.yard.lanes=1"], "folder_keep": folder_keep}
    whole = run(port, "whole", range(7), **asked)
    parts = [run(port, f"part{first}", range(first, end), **asked) for first, end in ((4, 7), (0, 3), (3, 4))]
    merged = portsim.merge(parts, tmp_path / "merged")
    assert without_times(tmp_path / "merged") == without_times(whole)
    alone = portsim.run(port, replications=7, keep="none", plan="wider", sets=asked["sets"], engine="reference")
    assert str(merged).splitlines()[:-1] == str(alone).splitlines()[:-1], "the last says where the numbers are from"
    assert merged.warnings == alone.warnings
    assert portsim.verify(tmp_path / "merged").is_identical
    resumed = portsim.run(
        port, folder=tmp_path / "merged", replications=9, resume=True, keep="none", engine="reference", **asked
    )
    assert resumed.data.numbers == tuple(range(9)), "and it may be continued like any other"


def test_parts_may_begin_anywhere_if_they_follow_one_another(port, tmp_path):
    whole = run(port, "whole", range(5, 9))
    parts = [run(port, "a", range(5, 7)), run(port, "b", range(7, 9))]
    portsim.merge(parts, tmp_path / "merged")
    assert without_times(tmp_path / "merged") == without_times(whole)


def test_of_parts_that_had_to_stop_the_whole_is_what_the_run_would_have_been(port, tmp_path):
    """The run of all would have ended with the first that stops, and nobody would have played those after it."""
    limit = {"sets": ["limits.units_in_port=24", "stages.check.lanes=1"]}
    whole = run(port, "whole", range(6), **limit)
    stopped = json.loads((whole / "manifest.json").read_text())["stopped"]
    assert stopped is not None
    parts = [run(port, "a", range(3), **limit), run(port, "b", range(3, 6), **limit)]
    merged = portsim.merge(parts, tmp_path / "merged")
    assert merged.stopped == stopped
    assert without_times(tmp_path / "merged") == without_times(whole)


def test_parts_of_a_region_are_merged_port_by_port(port, tmp_path):
    (tmp_path / "region.yaml").write_text(
        "portsim: 1\nregion: two\nseed: 3\nfrom: 2025-03-03 00:00\nto: 2025-03-04 00:00\nports:\n"
        "  west: {scenario: port.yaml}\n  east: {scenario: port.yaml, set: {stages.check.lanes: 1}, plan: wider}\n"
    )
    region = tmp_path / "region.yaml"
    whole = run(region, "whole", range(5))
    parts = [run(region, "b", range(2, 5)), run(region, "a", range(2))]
    merged = portsim.merge(parts, tmp_path / "merged")
    assert without_times_of_region(tmp_path / "merged") == without_times_of_region(whole)
    assert portsim.verify(tmp_path / "merged").is_identical
    alone = portsim.run(region, replications=5, engine="reference", keep="none")
    assert str(merged) == str(alone)
    other = run(region, "other", range(5, 6), seed=4)
    with pytest.raises(ScenarioError, match="is of another region, seed or stretch of time than"):
        portsim.merge([*parts, other], tmp_path / "more")
    limited = run(region, "limited", range(5, 6), sets=["ports.west.set.limits.units_in_port=3"])
    with pytest.raises(ScenarioError, match="cannot be merged, because a port had to stop: port west: replication 5"):
        portsim.merge([limited], tmp_path / "more")
    assert not (tmp_path / "more").exists()


# ---- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (range(1, 4), "has replications 1, and so has"),
        (range(3, 5), "have no replications 2: run them, then merge all"),
    ],
)
def test_replications_that_are_there_twice_or_not_at_all_are_named(port, tmp_path, numbers, message):
    parts = [run(port, "a", range(2)), run(port, "b", numbers)]
    with pytest.raises(ScenarioError, match=message):
        portsim.merge(parts, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seed": 9}, "is of another seed than"),
        ({"plan": "wider"}, "is of another plan than"),
        ({"sets": ["stages.check.lanes=9"]}, "is of another scenario than"),
        ({"folder_keep": "all"}, "is of another --keep than"),
        ({"table_format": "parquet"}, "is of another version and another --format than"),
    ],
)
def test_parts_of_another_run_are_refused_with_what_differs(port, tmp_path, other, message):
    parts = [run(port, "a", range(2)), run(port, "b", range(2, 4), **other)]
    with pytest.raises(ScenarioError, match=message):
        portsim.merge(parts, tmp_path / "merged")


def test_parts_made_by_another_version_or_of_other_data_are_refused(port, tmp_path, monkeypatch):
    parts = [run(port, "a", range(2))]
    with monkeypatch.context() as patch:
        patch.setattr(portsim, "__version__", "99.0")
        parts.append(run(port, "b", range(2, 4)))
    with pytest.raises(ScenarioError, match="is of another version than"):
        portsim.merge(parts, tmp_path / "merged")
    with (port.parent / "arrivals.csv").open("a") as file:
        file.write("2025-03-03 07:30\n")
    with pytest.raises(ScenarioError, match="is of another data than"):
        portsim.merge([parts[0], run(port, "c", range(2, 4))], tmp_path / "merged")


def test_a_part_that_is_not_finished_is_refused_with_the_cure(port, tmp_path):
    def interrupt(played):
        if played.number == 3:
            raise KeyboardInterrupt

    parts = [run(port, "a", range(2)), run(port, "b", range(2, 5), on_replication=interrupt)]
    with pytest.raises(ScenarioError, match=r"was interrupted: continue it with portsim run \.\.\. --resume, then"):
        portsim.merge(parts, tmp_path / "merged")
    (parts[1] / "manifest.json").unlink()
    with pytest.raises(ScenarioError, match="its run did not finish; continue it"):
        portsim.merge(parts, tmp_path / "merged")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("manifest.json", "was changed after the run"),
        ("run.json", "its own sha256 does not fit it"),
        ("scenario.yaml", "is not as it was written: see portsim verify"),
        ("replications/0001/measures.csv", "is not as it was written: run the part again with --resume, then merge"),
        ("replications/0001/replication.json", "its own sha256 does not fit it"),
    ],
)
def test_a_damaged_part_is_refused_and_the_file_is_named(port, tmp_path, name, message):
    part = run(port, "a", range(2))
    text = (part / name).read_bytes()
    (part / name).write_bytes(text.replace(b"check", b"chuck").replace(b"wait", b"wail") + b"")
    if (part / name).read_bytes() == text:
        (part / name).write_bytes(text.replace(b'"in_port": [', b'"in_port": [7,'))
    with pytest.raises(ScenarioError, match=message) as caught:
        portsim.merge([part], tmp_path / "merged")
    assert name in str(caught.value)
    assert not (tmp_path / "merged").exists()


def test_a_folder_of_the_first_format_or_nothing_at_all_is_not_merged(port, tmp_path):
    part = run(port, "a", range(2))
    as_of_the_first_format(part)
    with pytest.raises(
        ScenarioError, match=r"has no run\.json, as folders of earlier versions: run it again with this"
    ):
        portsim.merge([part], tmp_path / "merged")
    with pytest.raises(ValueError, match="there is nothing to merge: name the folders of the parts"):
        portsim.merge([], tmp_path / "merged")
    with pytest.raises(ScenarioError, match="there is no manifest"):
        portsim.merge([tmp_path], tmp_path / "merged")


def test_a_folder_with_something_in_it_is_not_merged_into(port, tmp_path):
    part = run(port, "a", range(2))
    before = contents(part)
    with pytest.raises(ScenarioError, match="is not empty, and runs are never overwritten"):
        portsim.merge([part], part)
    assert contents(part) == before


# ---- from the command line ---------------------------------------------------------------------------------------


def call(*arguments: str):
    return CliRunner().invoke(app, list(arguments), prog_name="portsim")


def test_a_range_is_run_and_merged_from_the_command_line(port, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for numbers, part in (("0:2", "p0"), ("2:4", "p1")):
        assert call("run", "port.yaml", "--replications", numbers, "-o", part, "--no-plots").exit_code == 0
    result = call("merge", "p0", "p1", "-o", "whole")
    assert result.exit_code == 0
    assert "replications  4, seed 1" in result.stdout
    assert "written to whole" in result.stderr
    document = json.loads(call("merge", "p0", "p1", "-o", "again", "--json", "-q").stdout)
    assert (document["schema"], document["replications"]) == ("portsim.run/1", 4)
    shutil.rmtree("p1")
    failed = call("merge", "p0", "p1", "-o", "more")
    assert failed.exit_code == 3
    assert failed.stderr.startswith("p1")


@pytest.mark.parametrize("text", ["0", "3:3", "5:2", "-1", "a", "1:", ":3", "1:2:3", "2000000", "1.5"])
def test_what_is_no_number_of_replications_is_wrong_usage(port, text):
    result = call("run", str(port), "--replications", text)
    assert result.exit_code == 2
    assert "got" in result.stderr
