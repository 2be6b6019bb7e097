"""Event logs for process mining and animation: the six trucks worked by hand, and what must hold in any port."""

from __future__ import annotations

import json
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given

import portsim as ps
from portsim.api.eventlogs import ORDER, event_log, ocel, steps_of
from portsim.engines import simulate
from portsim.errors import LimitError
from portsim.experiments.playing import Replication, replay
from portsim.model.network import NONE
from portsim.results.ledger import Ledger
from portsim.scenario import load
from tests.cases import cases


@pytest.fixture(scope="module")
def tiny() -> Replication:
    return replay(load("tiny"), 0, engine="reference")


def test_a_truck_that_blocks_its_lane_is_complete_there_before_it_is_scheduled_at_the_scanner(tiny):
    """Truck 2 of docs/tiny.md: arrives 08:00, checked 08:10 to 08:20, blocked until 08:25, scanned until 08:40."""
    log = event_log(tiny.network, [tiny], "xes")
    truck = log[log["case:concept:name"] == "0-1"]
    told = [
        (f"{at:%H:%M}", stage, what)
        for at, stage, what in zip(
            truck["time:timestamp"], truck["concept:name"], truck["lifecycle:transition"], strict=True
        )
    ]
    assert told == [
        ("08:00", "check", "schedule"), ("08:10", "check", "start"), ("08:20", "check", "complete"),
        ("08:25", "scan", "schedule"), ("08:25", "scan", "start"), ("08:40", "scan", "complete"),
    ]  # fmt: skip
    assert str(log["time:timestamp"].dt.tz) == "Asia/Shanghai"
    assert truck["org:resource"].tolist()[1:3] == ["check general 0"] * 2
    assert truck["org:resource"].isna().tolist() == [True, False, False, True, False, False]
    assert truck["org:group"].isna().all()


def test_what_ends_comes_before_what_begins_within_an_instant(tiny):
    """At 08:40 truck 2's scan ends, truck 3 moves into the scanner and truck 4 starts its check."""
    log = event_log(tiny.network, [tiny], "xes")
    at = log[log["time:timestamp"] == pd.Timestamp("2025-01-01 08:40", tz="Asia/Shanghai")]
    told = list(zip(at["case:concept:name"], at["concept:name"], at["lifecycle:transition"], strict=True))
    assert told == [("0-1", "scan", "complete"), ("0-2", "scan", "schedule"), ("0-2", "scan", "start"),
                    ("0-3", "check", "start")]  # fmt: skip


def test_an_animation_is_told_minutes_queues_and_lanes(tiny):
    """Truck 1 arrives 50 min after the start, is checked from 60 to 70 and scanned until 85, when it leaves."""
    log = event_log(tiny.network, [tiny], "vidigi")
    assert list(log.columns) == [
        "entity_id", "pathway", "event_type", "event", "time", "resource_id", "run_number",
    ]  # fmt: skip
    truck = log[log["entity_id"] == 0]
    assert list(zip(truck["event_type"], truck["event"], truck["time"], strict=True)) == [
        ("arrival_departure", "arrival", 50.0), ("queue", "check_wait", 50.0), ("resource_use", "check", 60.0),
        ("resource_use_end", "check", 70.0), ("queue", "scan_wait", 70.0), ("resource_use", "scan", 70.0),
        ("resource_use_end", "scan", 85.0), ("arrival_departure", "depart", 85.0),
    ]  # fmt: skip
    assert truck["resource_id"].dropna().unique().tolist() == [1]
    assert (log["time"].diff().dropna() >= 0).all()


def test_the_object_centric_log_has_units_lanes_crews_and_passengers():
    whole = ocel(*_played("jeminay-summer"))
    json.dumps(whole, allow_nan=False)
    assert list(whole) == ["objectTypes", "eventTypes", "objects", "events"]
    objects = {one["id"]: one for one in whole["objects"]}
    assert len(objects) == len(whole["objects"])
    assert {one["type"] for one in whole["objects"]} == {one["name"] for one in whole["objectTypes"]}
    assert {one["type"] for one in whole["events"]} == {one["name"] for one in whole["eventTypes"]}
    assert {"lane", "crew", "bus", "traveller"} <= {one["type"] for one in whole["objects"]}
    aboard = [one for one in whole["objects"] if one["relationships"]]
    assert aboard and all(objects[link["objectId"]] for one in aboard for link in one["relationships"])
    for event in whole["events"]:
        assert all(link["objectId"] in objects for link in event["relationships"])
    times = [event["time"] for event in whole["events"]]
    assert times == sorted(times)
    assert len({event["id"] for event in whole["events"]}) == len(times)


def _played(name: str):
    one = replay(
        load(name, sets=["to=2025-07-09 00:00", "measure_from=2025-07-07 00:00", "windows=null"]), 0, engine="compiled"
    )
    return one.network, one


@given(case=cases())
def test_every_tick_of_the_records_is_one_event_and_none_is_made_up(case):
    network, traffic = case
    try:
        records = simulate(network, traffic, engine="compiled")
    except LimitError:
        return
    ledger = Ledger(network, traffic, records)
    steps = steps_of(ledger)
    counted = Counter(ORDER[number] for number in steps.transition.tolist())
    visits = records.visits
    for name, column in (("schedule", "joined"), ("start", "started"), ("complete", "ended")):
        assert counted[name] == (visits[column] != NONE).sum()
    assert counted["withdraw"] == ((visits["started"] == NONE) & (visits["left"] != NONE)).sum()
    assert counted["suspend"] - counted["resume"] == (visits["outcome"] == 4).sum()  # as many as are paused at the end
    assert (steps.tick[1:] >= steps.tick[:-1]).all()


def test_another_style_is_refused(tiny):
    with pytest.raises(ValueError, match="style must be xes or vidigi, got 'xml'"):
        event_log(tiny.network, [tiny], "xml")  # type: ignore[arg-type]


def test_a_run_gives_the_logs_of_what_it_kept():
    run = ps.run("tiny", replications=2, keep="all")
    assert run.to_event_log()["replication"].unique().tolist() == [0, 1]
    assert run.to_event_log("vidigi")["run_number"].unique().tolist() == [0, 1]
    assert run.to_ocel(1)["objects"][0]["id"] == "unit 0"
    assert run.to_ocel() == run.to_ocel(0)
    with pytest.raises(ValueError, match="the records of replication 7 were not kept, those of 0, 1 were"):
        run.to_ocel(7)
    with pytest.raises(ValueError, match="no records were kept"):
        ps.run("tiny", replications=1, keep="none").to_event_log()
