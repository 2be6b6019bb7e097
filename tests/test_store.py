"""Run folders: what is in them, that it reads back exactly, and that no half file is ever left."""

from __future__ import annotations

import builtins
import dataclasses
import errno
import hashlib
import importlib.util
import json
import math
import os
import pathlib
import re
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portsim.errors import ScenarioError
from portsim.model.network import NONE, Closing, Crew, EndOfShift, Network, Pool, Stage, StepFunction
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, empty, table
from portsim.model.traffic import Traffic
from portsim.results import (
    RunFolder,
    manifest_of,
    measure,
    open_folder,
    read_manifest,
    read_measures,
    read_records,
    read_table,
    summarise,
)
from portsim.results.days import count_days
from portsim.results.hours import count_hours
from portsim.results.journal import Asked, versions_that_count
from portsim.results.names import Names
from portsim.results.parquet import parquet_bytes
from portsim.results.reading import day_columns, hour_columns
from portsim.results.recordfiles import columns_of, from_files, to_files
from portsim.results.tables import Column, csv_text, read_csv
from portsim.scenario.scenario import Limits, NumberSource, Scenario

HOUR = 3_600_000
END = 24 * HOUR
ON = StepFunction.constant(1)

NETWORK = Network(
    port="test",
    start_ms=0,
    end=END,
    measure_from=0,
    clock="Asia/Shanghai",
    midnights=np.array([-8 * HOUR, 16 * HOUR, 40 * HOUR]),
    first_day=719_163,
    stages=(
        Stage("delay", 0, False, None, ON, Closing.FINISH, NONE, NONE, 0),
        Stage("check", 0, True, ((1, ON),), ON, Closing.FINISH, NONE, 1, 1),
    ),
    pools=(
        Pool("customs", (Crew(ON, ON),) * 3, EndOfShift.FINISH, None),
        Pool("police", (Crew(ON, ON),) * 2, EndOfShift.HAND_OVER, 10.0),
    ),
    sides=("own",),
    side_open=(ON,),
    flows=("outbound",),
    kinds=("NA", "truck"),
    roles=("general", "green"),
    role_lists=(((1, False),),),
    windows=(),
)

TRAFFIC = Traffic.of(
    flow=[0, 0], kind=[0, 1], parent=[NONE] * 2, split_step=[NONE] * 2, priority=[-1, 0], persons=[1, 3], goods=[0, 0],
    wanted=[0, HOUR], arrived=[0, HOUR], patience=[NONE] * 2, when_full=[0, 0], first=[0, 2, 4], stage=[0, 1, 0, 1],
    leg=[0] * 4, direction=[0] * 4, work=[HOUR] * 4, hold=[0] * 4, roles=[NONE, 0] * 2, is_join=[False] * 4,
    join_limit=[NONE] * 4, stayed_away=[0],
)  # fmt: skip

# Unit 0 was interrupted and taken over by the next crew; unit 1 waits for the check when the run ends.
RECORDS = Records(
    units=table(UNITS, {
        "unit": [0, 1], "flow": [0, 0], "kind": [0, 1], "parent": [NONE] * 2, "priority": [-1, 0], "persons": [1, 3],
        "goods": [0, 0], "wanted": [0, HOUR], "arrived": [0, HOUR], "out": [5 * HOUR, NONE], "outcome": [0, 3],
    }),
    visits=table(VISITS, {
        "unit": [0, 0, 1, 1], "step": [0, 1, 0, 1], "leg": [0] * 4, "direction": [0] * 4, "stage": [0, 1, 0, 1],
        "lane": [NONE, 0, NONE, NONE], "role": [NONE, 1, NONE, NONE],
        "joined": [0, HOUR, HOUR, 2 * HOUR], "started": [0, HOUR, HOUR, NONE],
        "ended": [HOUR, 5 * HOUR, 2 * HOUR, NONE],
        "left": [HOUR, 5 * HOUR, 2 * HOUR, NONE], "officers": [0, 1, 0, 0], "crew": [NONE, 0, NONE, NONE],
        "outcome": [0, 0, 0, 2],
    }),
    work=table(WORK, {
        "unit": [0, 0], "step": [1, 1], "crew": [0, 1], "officers": [1, 1], "from": [HOUR, 3 * HOUR],
        "until": [2 * HOUR, 5 * HOUR],
    }),
    levels=table(LEVELS, {"tick": [7, 9], "is_pool": [1, 0], "where": [1, 1], "which": [1, 1], "level": [4, 2]}),
    end=END,
)  # fmt: skip

SCENARIO = Scenario(
    name="Test", description="", port="test", plan="fewer", start_ms=0, end_ms=END, measure_from_ms=0,
    clock="Asia/Shanghai", seed=1, targets={}, limits=Limits(200_000), windows=(), flows=(), regimes=(),
    sources=(
        NumberSource("flows.outbound.arrivals.per_day", "324", "fact", "test.count"),
        NumberSource("stages.check.lanes", "1", "assumed", "never published"),
        NumberSource("officers.police.level", "1", "plan", "fewer"),
        NumberSource("stages.check.service", "1 h", "none", ""),
    ),
    facts={}, warnings=(), plans=("fewer",), resolved={}, files=(("test.yaml", "ab" * 32),),
)  # fmt: skip

MEASURES = measure(NETWORK, TRAFFIC, RECORDS, {"wait_p95_min": 30.0})


def begin(
    path: pathlib.Path, *, numbers=(0,), keep="first", table_format="csv", inputs=None, **continuing
) -> RunFolder:
    asked = Asked(
        versions=versions_that_count(table_format),
        scenario="Test",
        port="test",
        plan="fewer",
        seed=1,
        numbers=numbers,
        keep=keep,
        format=table_format,
    )
    return open_folder(path, NETWORK, asked, inputs=inputs or {}, text="portsim: 1\n", **continuing)


def write(folder: RunFolder, number: int, *, is_kept: bool = True, end: int = END, stopped: str | None = None) -> None:
    network, records = dataclasses.replace(NETWORK, end=end), dataclasses.replace(RECORDS, end=end)
    days, hours = (count(network, TRAFFIC, records) for count in (count_days, count_hours))
    kept = records if is_kept else None
    folder.write_replication(
        number, MEASURES, days, hours, kept, end=end, in_port=np.array([0.5, 2.0]), ring=(), stopped=stopped
    )


def finish(folder: RunFolder, numbers, *, engine="reference", wall=1.0) -> None:
    manifest = manifest_of(
        SCENARIO,
        NETWORK,
        seed=1,
        replications=numbers,
        engine=engine,
        warnings=["load of check is 1.2"],
        wall_s={"simulate": wall},
    )
    folder.finish(summarise("test", [MEASURES] * len(numbers)), manifest)


def save(path: pathlib.Path, *, numbers=(0,), engine="reference", wall=1.0, **options) -> pathlib.Path:
    with closing(begin(path, numbers=sorted(numbers), **options)) as folder:
        for number in numbers:
            is_kept = options.get("keep", "first") in ("all", "first" if number == numbers[0] else "")
            write(folder, number, is_kept=is_kept)
        finish(folder, numbers, engine=engine, wall=wall)
    return path


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def assert_same(one: Records, other: Records) -> None:
    assert one.end == other.end
    for name in ("units", "visits", "work", "levels"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert list(mine) == list(theirs)
        for column in mine:
            assert mine[column].dtype == theirs[column].dtype, column
            assert mine[column].tolist() == theirs[column].tolist(), column


def test_a_run_folder_holds_what_the_layout_says(tmp_path):
    save(tmp_path / "run", numbers=(0, 1))
    replication = [f"replications/0000/{name}.csv" for name in ("daily", "hourly", "levels", "measures", "units")]
    assert sorted(contents(tmp_path / "run")) == sorted(
        ["daily.csv", "hourly.csv", "manifest.json", "run.json", "scenario.yaml", "summary.csv", *replication]
        + ["replications/0000/replication.json", "replications/0001/replication.json"]
        + [f"replications/0000/{name}.csv" for name in ("visits", "work")]
        + [f"replications/0001/{name}.csv" for name in ("daily", "hourly", "measures")]
    )


def test_names_stand_for_numbers_and_nothing_for_what_is_missing(tmp_path):
    folder = save(tmp_path / "run") / "replications/0000"
    assert (folder / "units.csv").read_bytes() == (
        b"unit,flow,kind,parent,priority,persons,goods,wanted,arrived,out,outcome\n"
        b"0,outbound,NA,,-1,1,0,0,0,18000000,released\n"
        b"1,outbound,truck,,0,3,0,3600000,3600000,,in_port\n"
    )
    assert (folder / "visits.csv").read_text().splitlines()[2] == (
        "0,1,0,out,check,0,green,3600000,3600000,18000000,18000000,1,police:0,done"
    )
    assert (folder / "work.csv").read_text().splitlines()[1:] == [
        "0,1,police:0,1,3600000,7200000",
        "0,1,police:1,1,10800000,18000000",
    ]
    assert (folder / "levels.csv").read_text().splitlines()[1:] == [
        "7,1,officers.police,1,4",
        "9,0,stages.check,green,2",
    ]


@pytest.mark.parametrize("table_format", ["csv", "parquet"])
def test_records_read_back_exactly(tmp_path, table_format):
    folder = save(tmp_path / "run", numbers=(3,), table_format=table_format)
    assert (folder / f"replications/0003/units.{table_format}").is_file()
    assert_same(read_records(folder, 3), RECORDS)


def test_measures_days_and_hours_read_back_exactly(tmp_path):
    folder = save(tmp_path / "run", keep="none")
    read = read_measures(folder / "replications/0000/measures.csv")
    assert len(read) == len(MEASURES)
    for mine, theirs in zip(read, MEASURES, strict=True):
        assert dataclasses.replace(mine, value=0) == dataclasses.replace(theirs, value=0)
        assert mine.value == theirs.value or (math.isnan(mine.value) and math.isnan(theirs.value))
    names = Names.from_plain(read_manifest(folder)["names"])
    assert names == Names.of(NETWORK)
    days = read_table(folder / "replications/0000/daily.csv", day_columns(names))
    assert days["arrived"].tolist() == [1, 1, 0, 0]
    hours = read_table(folder / "replications/0000/hourly.csv", hour_columns(names))
    assert hours["paused_ms"].sum() == HOUR


def test_the_daily_and_hourly_tables_are_in_the_ports_clock(tmp_path):
    folder = save(tmp_path / "run", numbers=(0, 1))
    daily = (folder / "daily.csv").read_text().splitlines()
    assert daily[0] == "replication,date,is_whole,flow,direction,kind,arrived,crossings,persons,goods"
    assert daily[1] == "0,1970-01-01,0,outbound,out,NA,1,1,1,0"
    assert len(daily) == 1 + 2 * 2 * 2
    hourly = pd.read_csv(folder / "hourly.csv")
    first = hourly[hourly["stage"] == "check"].iloc[1]
    assert (first["date"], first["hour"], first["pool"]) == ("1970-01-01", 9, "police")
    assert (first["started"], first["in_service"], first["lanes_open"]) == (1, 1, 1)
    assert hourly["date"].iloc[-1] == "1970-01-02"
    assert hourly[hourly["stage"] == "delay"]["lanes_open"].isna().all()


def test_the_manifest_says_what_ran_and_what_each_file_holds(tmp_path):
    folder = save(tmp_path / "run")
    manifest = read_manifest(folder)
    assert manifest["schema"] == "portsim.run-folder/2"
    assert (manifest["seed"], manifest["replications"], manifest["engine"], manifest["plan"]) == (
        1,
        [0],
        "reference",
        "fewer",
    )
    assert manifest["from"] == "1970-01-01T08:00:00+08:00"
    assert manifest["kept"] == [{"replication": 0, "end_tick": END}]
    assert manifest["facts"] == [{"id": "test.count", "used_by": ["flows.outbound.arrivals.per_day"]}]
    assert manifest["assumed"] == [{"path": "stages.check.lanes", "value": "1", "reason": "never published"}]
    assert manifest["without_source"] == ["stages.check.service"]
    assert manifest["overridden"] == [{"path": "officers.police.level", "value": "1", "by": "fewer"}]
    assert manifest["warnings"] == ["load of check is 1.2"]
    found = contents(folder)
    assert [entry["path"] for entry in manifest["files"]] == sorted(set(found) - {"manifest.json"})
    for entry in manifest["files"]:
        assert entry["sha256"] == hashlib.sha256(found[entry["path"]]).hexdigest()
        if entry["path"].endswith(".csv"):
            assert entry["rows"] == found[entry["path"]].count(b"\n") - 1


def test_tables_do_not_depend_on_engine_or_time(tmp_path):
    one, other = save(tmp_path / "one"), save(tmp_path / "other", engine="compiled", wall=9.0)
    differing = {name for name, text in contents(one).items() if contents(other)[name] != text}
    assert differing == {"manifest.json"}


def test_the_order_in_which_replications_are_done_changes_no_summary(tmp_path):
    one = save(tmp_path / "one", numbers=(0, 1, 2), keep="none")
    other = save(tmp_path / "other", numbers=(2, 0, 1), keep="none")
    for name in ("daily.csv", "hourly.csv", "summary.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_keep_says_whose_records_are_kept(tmp_path):
    for keep, kept in (("first", [4]), ("all", [4, 5]), ("none", [])):
        folder = save(tmp_path / keep, numbers=(4, 5), keep=keep)
        assert [entry["replication"] for entry in read_manifest(folder)["kept"]] == kept
        assert [(folder / f"replications/000{n}/units.csv").exists() for n in (4, 5)] == [n in kept for n in (4, 5)]
    with pytest.raises(ScenarioError, match=r"replication 5 were not kept \(kept: 4\): use --keep all"):
        read_records(tmp_path / "first", 5)


def test_a_stopped_replication_is_saved_and_left_out_of_the_means(tmp_path):
    with closing(begin(tmp_path / "run")) as folder:
        write(folder, 0)
        write(folder, 1, end=20 * HOUR, stopped="replication 1 stopped")
        folder.finish((), {})
    assert (tmp_path / "run/replications/0001/measures.csv").exists()
    assert {line[:2] for line in (tmp_path / "run/daily.csv").read_text().splitlines()[1:]} == {"0,"}


def test_a_run_never_overwrites(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")
    with pytest.raises(ScenarioError, match="is not empty, and runs are never overwritten: give a new folder"):
        save(tmp_path / "full")
    with pytest.raises(ScenarioError, match="is a file, and a run needs a folder"):
        save(tmp_path / "full/notes.txt")
    assert contents(tmp_path) == {os.path.join("full", "notes.txt"): b"mine"}  # noqa: PTH118
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty")


def test_unknown_options_are_refused(tmp_path):
    with pytest.raises(ValueError, match="keep must be first, all or none, got 'some'"):
        begin(tmp_path / "run", keep="some")
    with pytest.raises(ValueError, match="table_format must be csv or parquet, got 'xls'"):
        begin(tmp_path / "run", table_format="xls")


def test_parquet_without_pyarrow_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "pyarrow" else find(name))
    with pytest.raises(
        ScenarioError, match=r"needs pyarrow, .* pip install 'portsim\[parquet\]', or keep --format csv"
    ):
        save(tmp_path / "run", table_format="parquet")
    assert not (tmp_path / "run").exists()


def test_files_the_scenario_names_are_copied_beside_it(tmp_path):
    (tmp_path / "arrivals.csv").write_bytes(b"arrived_at\r\n2025-06-01 10:00\r\n")
    save(tmp_path / "run", inputs={"data/arrivals.csv": tmp_path / "arrivals.csv"})
    assert (tmp_path / "run/data/arrivals.csv").read_bytes() == b"arrived_at\r\n2025-06-01 10:00\r\n"
    assert (tmp_path / "run/scenario.yaml").read_bytes() == b"portsim: 1\n"


def test_inputs_that_cannot_be_saved_are_all_named_and_nothing_is_written(tmp_path):
    missing = tmp_path / "missing.csv"
    names = ("../a.csv", "/b.csv", "C:\\c.csv", "Daily.csv", "d.csv")
    with pytest.raises(ScenarioError) as caught:
        begin(tmp_path / "run", inputs=dict.fromkeys(names, missing))
    assert [str(problem) for problem in caught.value.problems] == [
        "../a.csv: leads out of the scenario's folder: put the file inside it",
        "/b.csv: leads out of the scenario's folder: put the file inside it",
        "C:\\c.csv: leads out of the scenario's folder: put the file inside it",
        "Daily.csv: is a name run folders use themselves: rename the file",
        "d.csv: cannot be read: No such file or directory",
    ]
    assert not (tmp_path / "run").exists()


class FullDisk:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, file, room: list[int]) -> None:
        self._file, self._room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, piece):
        self._room[0] -= len(piece)
        if self._room[0] < 0:
            self._file.write(piece[: len(piece) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(piece)


def test_a_full_disk_leaves_whole_files_and_no_manifest(tmp_path, monkeypatch):
    whole = contents(save(tmp_path / "whole"))
    open_file = builtins.open
    for room in range(0, sum(map(len, whole.values())), 1500):
        left = [room]

        def open_on_full_disk(path, mode="r", *rest, left=left, **options):
            file = open_file(path, mode, *rest, **options)
            return FullDisk(file, left) if "b" in mode and "r" not in mode else file

        folder = tmp_path / f"run{room}"
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
            patch.setattr(builtins, "open", open_on_full_disk)
            save(folder)
        found = contents(folder)
        assert "manifest.json" not in found
        assert found == {name: whole[name] for name in found}, "every file that is there is complete"
        with pytest.raises(ScenarioError, match="there is no manifest: "):
            read_records(folder, 0)


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="a device only Linux has")
def test_an_error_of_the_device_itself_is_raised(tmp_path, monkeypatch):
    open_file = builtins.open

    def open_full(path, mode="r", *rest, **options):
        return open_file("/dev/full" if "w" in mode else path, mode, *rest, **options)

    monkeypatch.setattr(builtins, "open", open_full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path / "run")
    assert contents(tmp_path / "run") == {}


def test_a_manifest_that_is_damaged_or_of_another_format_is_refused(tmp_path):
    folder = save(tmp_path / "run")
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"schema": "portsim.run-folder/9"}))
    with pytest.raises(ScenarioError, match=r"the schema must be portsim.run-folder/2, got 'portsim.run-folder/9'"):
        read_manifest(folder)
    manifest.write_bytes(b"\xff{")
    with pytest.raises(ScenarioError, match="cannot be read as a manifest"):
        read_manifest(folder)
    manifest.write_text("[]")
    with pytest.raises(ScenarioError, match="the schema must be"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("path", "value", "misfit"),
    [
        (["files", 0, "path"], 1.5, "files.0.path is 1.5"),
        (["files", 0], "first", "files.0 should be a map"),
        (["kept"], None, "kept should be a list"),
        (["names", "stages", 0, "name"], 1, "names.stages.0.name is 1"),
        (["wall_s"], [], "wall_s should be a map"),
        (["wall_s"], {"run": "long"}, "wall_s.run is 'long'"),
        (["seed"], True, "seed is True"),
        (["is_interrupted"], 1, "is_interrupted is 1"),
        (["stopped"], 3, "stopped is 3"),
    ],
)
def test_a_manifest_of_another_shape_is_refused_with_the_place(tmp_path, path, value, misfit):
    folder = save(tmp_path / "run")
    manifest = read_manifest(folder)
    *way, last = path
    at = manifest
    for step in way:
        at = at[step]
    at[last] = value
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ScenarioError, match=f"is no manifest of portsim: {re.escape(misfit)}; run the scenario again"):
        read_manifest(folder)


def test_a_manifest_that_lacks_an_entry_is_refused_with_its_name(tmp_path):
    folder = save(tmp_path / "run")
    manifest = read_manifest(folder)
    del manifest["names"]["days"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ScenarioError, match=r"is no manifest of portsim: names\.days is missing"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"outbound", b"inbound", "line 2, column flow: must be a name of this run, got 'inbound'"),
        (b"released", b"", "line 2, column outcome: must be a name of this run, got ''"),
        (b"1,outbound", b",outbound", "line 3, column unit: must be a whole number from .*, got ''"),
        (b",out,outcome", b",gone,outcome", "should begin with the columns unit,.*, got unit,.*,gone,outcome"),
        (b"18000000", b"18000000.5", "line 2, column out: must be a whole number .* or empty, got '18000000.5'"),
        (b"18000000", b"1e99", "line 2, column out: .* got '1e99'"),
        (b"18000000", b"1" * 19, "line 2, column out: .* got '1111111111111111111'"),
        (b"18000000", b"-", "line 2, column out: .* got '-'"),
        (b",3,0,", b",3000000000,0,", "column persons: must be a whole number from -2147483648 to 2147483647, got"),
        (b"released\n", b"released,1\n", "is damaged: every line must have 11 cells and an end"),
        (b"in_port\n", b"in_port", "is damaged: every line must have 11 cells and an end"),
    ],
)
def test_a_damaged_table_is_refused_with_what_is_wrong(tmp_path, old, new, message):
    folder = save(tmp_path / "run")
    path = folder / "replications/0000/units.csv"
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(ScenarioError, match=message):
        read_records(folder, 0)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    names = Names.of(NETWORK)
    columns, unit_table = columns_of("units", names), RECORDS.units
    path = tmp_path / "units.parquet"
    path.write_bytes(parquet_bytes(columns, unit_table)[:-9])
    with pytest.raises(ScenarioError, match="is not a Parquet file"):
        read_table(path, columns)
    path.write_bytes(parquet_bytes(columns[1:], unit_table))
    with pytest.raises(ScenarioError, match="has no column unit"):
        read_table(path, columns)
    path.write_bytes(parquet_bytes(columns, unit_table))
    with pytest.raises(ScenarioError, match="column kind has 'truck', which names nothing in this run"):
        read_table(path, columns_of("units", dataclasses.replace(names, kinds=("NA",))))
    strict = [dataclasses.replace(column, is_optional=False) for column in columns]
    with pytest.raises(ScenarioError, match="column parent has an empty cell, and may not"):
        read_table(path, strict)


@pytest.mark.parametrize("text", ["", "metric,value\n", "1,2,3\n"])
def test_a_table_of_other_columns_is_no_table_of_measures(tmp_path, text):
    (tmp_path / "measures.csv").write_text(text)
    with pytest.raises(ScenarioError, match="is no table of measures: should have the columns metric, unit, flow"):
        read_measures(tmp_path / "measures.csv")


def test_a_damaged_number_among_measures_is_refused(tmp_path):
    path = save(tmp_path / "run") / "replications/0000/measures.csv"
    path.write_text(path.read_text().replace("crossings,crossings,,,,,,1.0", "crossings,crossings,,,,,,one", 1))
    with pytest.raises(ScenarioError, match="is no table of measures: could not convert string to float: 'one'"):
        read_measures(path)


COLUMNS = (
    Column("tick", np.int64, is_optional=True),
    Column("label", np.int16, ("a", "NA", "null", "b", "1.0", "köşe")),
    Column("maybe", np.int16, ("x",), is_optional=True),
    Column("signed", np.int64),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(-1, 10**17), st.integers(0, 5), st.integers(-1, 0), st.integers(-(10**17), 10**17)
        )
    )
)  # fmt: skip
def test_any_table_reads_back_exactly(tmp_path, rows):
    columns = dict(zip((column.name for column in COLUMNS), np.array(rows, np.int64).reshape(-1, 4).T, strict=True))
    path = tmp_path / "table.csv"
    path.write_bytes(b"".join(csv_text(COLUMNS, columns)))
    assert path.read_bytes().count(b"\n") == len(rows) + 1
    for name, column in read_csv(path, COLUMNS).items():
        assert column.tolist() == columns[name].tolist()


def test_a_name_that_would_break_the_table_is_refused():
    with pytest.raises(ValueError, match="has no comma, quotation mark, line end or NUL; got 'a,b'"):
        b"".join(csv_text([Column("name", np.int64, ("a,b",))], {"name": np.zeros(1, np.int64)}))


def test_long_tables_are_written_piece_by_piece_without_a_seam(tmp_path):
    numbers = np.arange(40_000, dtype=np.int64)
    text = b"".join(csv_text([Column("number", np.int64)], {"number": numbers}))
    assert text == ("number\n" + "".join(f"{number}\n" for number in range(40_000))).encode()


def test_empty_records_have_files_and_read_back():
    nothing = Records(empty(UNITS), empty(VISITS), empty(WORK), empty(LEVELS), 5)
    names = Names.of(NETWORK)
    assert_same(from_files(to_files(nothing, names), names, 5), nothing)
    for name in ("units", "visits", "work", "levels"):
        assert len(columns_of(name, names)) == len(getattr(nothing, name))
