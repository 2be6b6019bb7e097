"""What a model contains, in words: each part of a scenario is told, what is unknown is marked, nothing is empty."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import portsim
from portsim.cli.app import app
from portsim.scenario.arrivals import WhenClosed
from portsim.scenario.levels import DatedLevel, Distribution, Wave, WeekProfile
from portsim.scenario.officers import Reserve
from portsim.scenario.scenario import Batch, Scenario
from portsim.views.description import Subject, description
from portsim.views.description.aspects import differences
from portsim.views.description.clock import dated_level, hours, level, weekdays, weights
from portsim.views.description.demand import flow_words, patience, when_closed
from portsim.views.description.document import TO_WRITE, code, escape
from portsim.views.description.officers import pool_words
from portsim.views.description.port import calls, stage_words
from portsim.views.description.quantities import amount, clock, distribution, duration, percent

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "example" / "port.yaml"
SHIPPED = [name for name, _ in portsim.scenarios()]
HOUR, MINUTE = 3_600_000, 60_000
DAY = 24 * HOUR

ITEMS = [
    *("1", "1.1", "1.2", "1.3"),
    *("2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5"),
    *("3", "3.1", "3.2", "3.3", "3.4"),
    *("4", "4.1", "4.2", "4.3"),
    *("5", "5.1", "5.2", "5.3", "5.4"),
    *("6", "6.1"),
]
"""The items of the STRESS-DES checklist, in its order."""

SMALL = """\
portsim: 1
name: Two sides
description: Trucks out.
port: small
from: 2025-03-03 00:00
to: 2025-03-10 00:00
measure_from: 2025-03-04 00:00
targets: {wait_p95_min: 120}
facts: [counts.yaml]
windows:
  tuesday: {from: 2025-03-04 00:00, to: 2025-03-05 00:00, published: small.trucks}
sides:
  own: {timezone: Asia/Shanghai, open: "08:00-20:00", closed: [2025-03-08]}
  other: {timezone: Asia/Bishkek, open: {mon-fri: "09:00-18:00"}}
officers:
  police: {level: {8-12: 2, 12-20: 4}, end_of_shift: hand_over}
stages:
  check: {counted: true, lanes: 2, officers: {police: 2}, service: {lognormal: {mean: 4 min, cv: 0.5}}}
  scan: {lanes: 1, officers: {police: 1}, service: 5 min}
  entry: {side: other, lanes: {green: 1, general: 2}, waiting_space: 7, closing: suspend, service: 3 min}
flows:
  out:
    kind: truck
    direction: out
    persons: 1.5
    journey: [check, {scan: 25%}, {entry: {roles: [green], helped_by: [general]}}]
    arrivals: {per_day: {fact: small.trucks_a_day, times: 0.5}, by_hour: {8-12: 3, 12-20: 1}, queue_at_start: 4}
changes:
  - at: 2025-03-06 00:00
    set: {stages.check.lanes: 3}
plans:
  more: {officers.police.level: 6}
  same: {}
sources:
  stages.*: {assumed: "guessed | by ear"}
  flows.*: {assumed: guessed}
  stages.scan.service: {measured: twelve trucks in May}
"""

FACTS = """\
facts: 1
source: {title: Count, publisher: a port, date: 2025, where: example.org/count}
figures:
  small.trucks_a_day:
    {measure: trucks a day, value: 90, unit: vehicles/day, counts: {what: trucks, direction: out}, reliability: B}
  small.trucks:
    {measure: trucks on a day, value: 80, unit: vehicles, counts: {what: trucks, direction: out}, reliability: C}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "counts.yaml").write_text(FACTS, encoding="utf-8")
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@cache
def told(source: str | Path) -> portsim.Description:
    return portsim.describe(source)


@cache
def example() -> Scenario:
    return portsim.load(EXAMPLE)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def item(text: str, number: str) -> str:
    """What stands under one item of a description, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(number)} .*?\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert found, number
    return found[1]


# ---- the document as a whole -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [*SHIPPED, EXAMPLE], ids=str)
def test_each_scenario_gives_all_items_of_the_checklist_in_order_and_none_is_empty(source):
    text = str(told(source))
    assert re.findall(r"^##+ ([\d.]+) ", text, re.M) == ITEMS
    for number in ITEMS:
        has_items_below = f"{number}.1" in ITEMS
        assert bool(item(text, number).strip()) is not has_items_below, number


@pytest.mark.parametrize("source", [*SHIPPED, EXAMPLE], ids=str)
def test_each_number_of_a_scenario_stands_among_the_parameters_with_its_source(source):
    scenario = portsim.load(source)
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (\S+)", item(str(told(source)), "3.3"), re.M)
    assert [path for path, _, _ in rows] == [one.path for one in scenario.sources]
    words = {"fact": "published:", "assumed": "assumed,", "measured": "measured:", "none": "**no"}
    for one, (_, value, origin) in zip(scenario.sources, rows, strict=True):
        assert origin == words[one.kind]
        assert value == one.text or float(value) == pytest.approx(float(one.text), rel=1e-5)


@pytest.mark.parametrize("source", [*SHIPPED, EXAMPLE], ids=str)
def test_every_mark_for_the_author_is_listed_again_at_the_end(source):
    described = told(source)
    text = str(described)
    body, _, end = text.partition("## What the author still has to write\n")
    marked = re.findall(rf"^\*\*{TO_WRITE}\*\* (.*)$", body, re.M)
    assert marked
    assert [request for _, request in described.to_write] == marked
    assert re.findall(r"^- [\d.]+: (.*)$", end, re.M) == marked


@pytest.mark.parametrize("source", [*SHIPPED, EXAMPLE], ids=str)
def test_every_table_has_as_many_cells_in_each_row_as_headings(source):
    for table in re.findall(r"(?:^\|.*\n)+", str(told(source)), re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_the_same_scenario_gives_the_same_text_whatever_the_hash_seed():
    code = "import portsim, sys; sys.stdout.reconfigure(encoding='utf-8'); print(portsim.describe('irkeshtam-24h'))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone} | KEEP,
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"))
    }
    assert len(texts) == 1


KEEP = {"PYTHONPATH": ":".join(sys.path)}


def test_describing_a_scenario_loads_none_of_the_heavy_libraries():
    code = "import portsim, sys; str(portsim.describe('tiny')); print({'numpy', 'pandas', 'simpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=KEEP)
    assert done.stdout == "set()\n"


def test_nothing_of_what_people_write_changes_the_document(tmp_path):
    """A name that is a heading, a reason with bars and line breaks: each stays on its line, in its cell."""
    text = SMALL.replace("name: Two sides", 'name: "# *Two* `sides`"').replace("guessed | by ear", "a\\n\\n# b | <c>")
    (tmp_path / "counts.yaml").write_text(FACTS, encoding="utf-8")
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    shown = str(portsim.describe(path))
    assert shown.startswith("# \\# \\*Two\\* \\`sides\\`: what the model contains\n")
    assert "| a # b \\| \\<c> |" in shown
    assert re.findall(r"^##+ ([\d.]+) ", shown, re.M) == ITEMS


# ---- what stands under the items ---------------------------------------------------------------------------------


def test_a_small_scenario_in_words(small):
    text = str(portsim.describe(small))
    assert "Trucks out." in item(text, "1.1")
    assert "95th percentile of the wait at most 120 min (`wait_p95_min`)" in item(text, "1.2")
    assert "| `tuesday` | 2025-03-04 00:00 | 2025-03-05 00:00 | every kind | 80 vehicles (`small.trucks`) |" in item(
        text, "1.2"
    )
    assert "`check`, then `scan` (25 % of the units), then `entry` (lanes `green`, helped by `general`" in item(
        text, "2.1"
    )
    assert '  subgraph side2["side other"]\n    s3["entry"]\n  end' in item(text, "2.1")
    assert "  come --> s1 --> s2 --> s3 --> go" in item(text, "2.1")
    assert "| 2025-03-06 00:00 | stage `check` | lanes | 2 around the clock | 3 around the clock |" in item(text, "2.2")
    assert "share: `police` (`check`, `scan`)" in item(text, "2.4")
    assert "| `out` | truck | out | 1.5 on average | 0 on average | ordinary | without end |" in item(text, "2.5.1")
    sides = item(text, "2.5.2")
    assert "| `own` | `Asia/Shanghai` | every day 08:00 to 20:00 | 2025-03-08 |" in sides
    assert "| Monday to Friday 09:00 to 18:00; Saturday, Sunday closed | on no date |" in sides
    assert "the clock of `other` is 2 h behind that of `own`" in sides
    assert "mean 4 min, coefficient of variation 0.5 (lognormal)" in sides
    assert "| `entry` | `green`: 1 around the clock; `general`: 2 around the clock | none |" in item(text, "2.5.3")
    assert "| on duty | 2 from 08:00 to 12:00, 4 from 12:00 to 20:00 |" in item(text, "2.5.3")
    assert "| `entry` | for 7 units | on arrival" in item(text, "2.5.4")
    assert "at random (Poisson process), 45 a day on average" in item(text, "2.5.5")
    assert "| standing at the start | 4 units |" in item(text, "2.5.5")


def test_figures_stand_with_their_source_and_factor_and_assumptions_with_their_reason(small):
    text = str(portsim.describe(small))
    assert "| `small.trucks_a_day` | trucks a day: 90 vehicles/day |" in item(text, "3.1")
    assert "| Count, a port, 2025 | example.org/count | `flows.out.arrivals.per_day` |" in item(text, "3.1")
    assert "beside window `tuesday`" in item(text, "3.1")
    assert "| twelve trucks in May | `stages.scan.service` |" in item(text, "3.1")
    assert "| `flows.out.arrivals.per_day` | `small.trucks_a_day` | times 0.5 |" in item(text, "3.2")
    assert "| `flows.out.arrivals.per_day` | `45` | published: `small.trucks_a_day`, times 0.5 |" in item(text, "3.3")
    assert "| `stages.check.lanes` | `2` | assumed, A1 |" in item(text, "3.3")
    assert "| A1 | guessed \\| by ear | `stages.check`, `stages.scan`, `stages.entry` |" in item(text, "3.4")
    assert "why 7 numbers without a source may be used." in item(text, "3.4")
    assert "`sides.own.open`" in item(text, "3.4")


def test_plans_are_told_by_what_differs_and_a_chosen_plan_is_what_is_described(small):
    text = str(portsim.describe(small))
    before = "2 from 08:00 to 12:00, 4 from 12:00 to 20:00"
    assert f"| officers `police` | on duty | {before} | 6 around the clock |" in item(text, "2.3")
    assert "Plan `same` changes nothing." in item(text, "2.3")
    assert "why plan `more` was chosen" in item(text, "1.3")
    chosen = str(portsim.describe(small, plan="more"))
    assert f"| officers `police` | on duty | {before} | 6 around the clock |" in item(chosen, "2.3")
    assert "| on duty | 6 around the clock |" in item(chosen, "2.5.3")
    assert "This document describes plan `more`." in item(chosen, "1.3")
    assert "| `officers.police.level` | `6` | set by plan `more` |" in item(chosen, "3.3")
    assert "set by `--set stages.check.lanes=5`" in str(portsim.describe(small, sets=["stages.check.lanes=5"]))


def test_a_plan_without_a_change_says_that_things_stay():
    rows = item(str(told("irkeshtam-24h")), "2.3")
    assert "| change on 2025-06-01 10:00: side `china` | open | around the clock | as before |" in rows


def test_the_start_and_the_stretch_are_stated(small):
    text = str(portsim.describe(small))
    assert "the port is with 4 units of `out` before `check`, and nobody else;" in item(text, "4.1")
    assert "The 1 day before 2025-03-04 00:00 are played and not measured" in item(text, "4.1")
    assert "| measured | 2025-03-04 00:00 | 2025-03-10 00:00 | 6 days |" in item(text, "4.2")
    assert "Everything from the start on is measured" in item(str(portsim.describe("tiny")), "4.1")
    assert "PCG64DXSM" in item(text, "5.2")


def test_rules_of_features_that_are_not_used_are_left_out(small):
    rules = item(str(portsim.describe(small)), "2.4")
    assert "Where a shift hands over" in rules
    for absent in (
        "Where a shift finishes",
        "Batches",
        "Waves",
        "Reserves",
        "stays away",
        "patience",
        "higher priority",
    ):
        assert absent not in rules


# ---- every key of the format is told ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [
        *("name=x", "description=x", "port=x", "measure_from=2025-03-05 00:00", "targets={wait_mean_min: 5}"),
        *(
            "limits.units_in_port=9",
            "windows.tuesday=null",
            "sides.ours.open=always",
            "sides.ours.closed=[]",
            "changes=[]",
        ),
        *("sides.theirs.timezone=Asia/Almaty", "officers.police.level=9", "officers.police.side=theirs"),
        *("officers.police.end_of_shift=finish", "officers.police.cost_per_hour=1", "officers.customs.crews=3"),
        *("officers.customs.crew_size=7", "officers.customs.rota=[day, rest]", "officers.customs.handover=5 min"),
        *("officers.customs.breaks=null", "officers.customs.min_rest=null", "officers.customs.shifts.day=08:00-19:00"),
        *("stages.road.side=theirs", "stages.entry.counted=true", "stages.entry.lanes=2", "stages.road.open=always"),
        *("stages.road.closed=[2025-03-05]", "stages.road.closing=suspend", "stages.unpack.officers={customs: 2}"),
        *("stages.entry.waiting_space=3", "stages.road.service=4 min", "flows.trucks.kind=lorry"),
        *("flows.cars.direction=in", "flows.cars.journey=[check]", "flows.cars.priority=low", "flows.cars.persons=2"),
        *("flows.cars.goods=2", "flows.buses.when_full=wait_outside", "flows.cars.arrivals.queue_at_start=1"),
        *("flows.cars.arrivals.every=1 h", "flows.trucks.arrivals.per_day=9", "flows.trucks.arrivals.by_month=null"),
        *("flows.trucks.arrivals.by_hour={6-9: 1}", "flows.trucks.arrivals.by_weekday={sun: 2}"),
        *("flows.trucks.arrivals.growth_per_year=1%", "flows.trucks.arrivals.day_to_day_cv=0"),
        *("flows.buses.arrivals.late=1 min", "flows.buses.arrivals.timetable=[{at: '10:00', units: 2}]"),
    ],
)
def test_whatever_is_set_is_told(setting):
    assert differences(example(), portsim.load(EXAMPLE, sets=[setting]))


def test_every_plan_of_a_shipped_scenario_is_told_by_what_it_changes():
    for name in SHIPPED:
        for plan in portsim.load(name).plans:
            assert f"Plan `{plan}`:" in item(str(told(name)), "2.3")


# ---- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"),
        (500, "0.5 s"),
        (45_000, "45 s"),
        (90_000, "1 min 30 s"),
        (2 * HOUR + 30 * MINUTE, "2 h 30 min"),
        (36 * HOUR, "36 h"),
        (3 * DAY + HOUR, "3 d 1 h"),
        (100_000 / 3, "33.3 s"),
        (1_000_000 / 3, "5.56 min"),
    ],
)
def test_a_duration_is_told_in_its_largest_units(ms, words):
    assert duration(ms) == words


def test_numbers_are_told_without_digits_that_mean_nothing():
    assert [amount(value) for value in (6.0, 1_234_567, 1.0741116751, 412.5)] == ["6", "1,234,567", "1.07411", "412.5"]
    assert [percent(share) for share in (0.15, 1.0, 0.005)] == ["15 %", "100 %", "0.5 %"]
    assert [clock(ms) for ms in (8 * HOUR, DAY, 32 * HOUR)] == ["08:00", "24:00", "08:00 the next day"]


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("fixed", {"value": MINUTE}, "always 1 min"),
        ("uniform", {"low": MINUTE, "high": 3 * MINUTE}, "mean 2 min, anything from 1 min to 3 min alike (uniform)"),
        (
            "triangular",
            {"low": MINUTE, "mode": MINUTE, "high": 4 * MINUTE},
            "mean 2 min, 1 min to 4 min, most often 1 min (triangular)",
        ),
        ("exponential", {"mean": MINUTE}, "mean 1 min (exponential)"),
        ("erlang", {"mean": MINUTE, "shape": 3}, "mean 1 min, shape 3 (Erlang)"),
        ("weibull", {"mean": MINUTE, "shape": 1.5}, "mean 1 min, shape 1.5 (Weibull)"),
        ("gamma", {"mean": MINUTE, "cv": 0.5}, "mean 1 min, coefficient of variation 0.5 (gamma)"),
        (
            "empirical",
            {"values": (MINUTE, 3 * MINUTE)},
            "mean 2 min, one of 2 recorded times, 1 min to 3 min, each as likely (empirical)",
        ),
    ],
)
def test_a_distribution_is_told_with_its_mean(kind, params, words):
    assert distribution(Distribution(kind, params)) == words


def test_hours_and_levels_by_the_clock_are_told_by_days():
    night = WeekProfile((((20 * HOUR, 32 * HOUR, 2.0),),) * 5 + ((),) * 2)
    assert hours(night) == "Monday to Friday 20:00 to 08:00 the next day; Saturday, Sunday closed"
    assert level(night) == "Monday to Friday 2 from 20:00 to 08:00 the next day; Saturday, Sunday none"
    assert hours(WeekProfile.constant(0)) == "never"
    assert level(WeekProfile.constant(0)) == "none"
    halves = WeekProfile((((0, 12 * HOUR, 3.0), (12 * HOUR, DAY, 3.0)),) * 7)
    assert level(halves) == "3 around the clock"
    assert weekdays((0, 2, 4, 5, 6)) == "Monday, Wednesday, Friday to Sunday"
    assert weights((1, 1, 1, 2), ("a", "b", "c", "d")) == "a to c 1, d 2"


def test_a_level_by_dates_is_listed_or_summed_up():
    assert dated_level(DatedLevel(((0, 4.0), (DAY, 6.0))), "UTC") == "4 from 1970-01-01 00:00, 6 from 1970-01-02 00:00"
    long = DatedLevel(tuple((hour * HOUR, float(hour % 7)) for hour in range(48)))
    dates = "1970-01-01 00:00 to 1970-01-02 23:00"
    assert dated_level(long, "UTC") == f"by a list of 48 dates and times from {dates}, between 0 and 6"


def test_waves_and_batches_are_told():
    every = tuple(range(7))
    assert calls(None) == "on arrival: whenever a lane and officers are free"
    assert calls(Batch(10, None)) == "together, whenever 10 wait"
    assert calls(Batch(10, 2 * HOUR)) == "together, whenever 10 wait or one has waited 2 h"
    half_hours = tuple(Wave(at, every, 20) for at in range(0, DAY, 30 * MINUTE))
    assert calls(half_hours) == "in waves: every 30 min from 00:00 to 23:30, every day, up to 20"
    some = (Wave(10 * HOUR, (0, 1, 2), None), Wave(15 * HOUR, (0, 1, 2), None))
    assert calls(some) == "in waves: 10:00, 15:00, Monday to Wednesday, everyone who waits"


def test_precedence_and_reserves_are_told():
    pool = portsim.load(EXAMPLE).regimes[0].pools[0]
    reserve = Reserve(4, ("check", "scan"), 60, 20, 30 * MINUTE, 2 * HOUR)
    words = pool_words(replace(pool, precedence="longest_wait", reserves=(reserve,)), "UTC")
    assert words["whom they serve first"] == "where the unit that is next has waited longest"
    assert words["reserves"] == (
        "4 officers called when 60 or more wait at `check`, `scan`; they serve after 30 min and go when 20 or fewer "
        "wait, after 2 h at the least"
    )
    plain = pool_words(replace(pool, precedence="longest_queue", reserves=(replace(reserve, ready_in_ms=0),)), "UTC")
    assert plain["whom they serve first"] == "where most units wait"
    assert "they serve at once and go" in plain["reserves"]


def test_patience_and_what_units_do_before_a_closed_stage_are_told():
    delay = Distribution("fixed", {"value": 2 * HOUR})
    assert patience(None) == "without end"
    assert patience(delay) == "always 2 h until it leaves without having been served"
    assert when_closed(WhenClosed()) == "they queue before it"
    assert when_closed(WhenClosed(re_spread=True)).startswith("they come within the hours it is open that day")
    assert when_closed(WhenClosed(stay_away=0.4)) == "40 % of them do not come at all, the others queue before it"
    assert when_closed(WhenClosed(come_back=delay)) == "they come back after it opens: always 2 h later"
    assert when_closed(WhenClosed(stay_away=1.0)) == "100 % of them do not come at all"


def test_rules_of_new_features_are_told_where_they_are_used(small):
    scenario = portsim.load(small)
    regime, flow = scenario.regimes[0], scenario.flows[0]
    stages = tuple(replace(stage, calls=Batch(3, None)) for stage in regime.stages)
    pools = tuple(
        replace(pool, precedence="longest_queue", reserves=(Reserve(1, ("check",), 5, 1, 0, 0),))
        for pool in regime.pools
    )
    shy = replace(flow, patience=Distribution("fixed", {"value": HOUR}), when_closed=WhenClosed(stay_away=0.5))
    changed = replace(scenario, flows=(shy,), regimes=(replace(regime, stages=stages, pools=pools),))
    rules = item(written(changed), "2.4")
    for said in ("Batches:", "`longest_queue`", "Reserves are called", "patience is over", "stays away"):
        assert said in rules
    waves = tuple(replace(stage, calls=(Wave(0, (0,), None),)) for stage in regime.stages)
    resspread = replace(flow, when_closed=WhenClosed(re_spread=True))
    changed = replace(scenario, flows=(resspread,), regimes=(replace(regime, stages=waves),))
    assert "Waves:" in item(written(changed), "2.4")
    assert "re-spread" in item(written(changed), "2.4")


def written(scenario: Scenario) -> str:
    return description(Subject(scenario, scenario, {})).markdown()


def test_services_and_waiting_space_are_told(small):
    stage = portsim.load(small).regimes[0].stages[0]
    assert stage_words(replace(stage, waiting_space=0))["waiting space"] == "none: straight onto a lane"
    assert stage_words(replace(stage, service={}))["one service takes"] == "as each flow says"
    assert stage_words(replace(stage, lanes=None))["lanes"] == "no lanes: any number at once"
    assert flow_words(portsim.load(small).flows[0])["weights by hour"] == "3 from 08:00 to 12:00, 1 from 12:00 to 20:00"


def test_what_people_write_is_shown_as_it_is():
    assert escape("1. a") == "1\\. a"
    assert escape("0.1.0") == "0.1.0"
    assert escape("- a_b _c_") == "\\- a_b \\_c\\_"
    assert code("a`b|c") == "a\\`b\\|c"


# ---- a run, and the command ----------------------------------------------------------------------------------------


def test_a_run_folder_also_tells_how_it_was_run(small, tmp_path):
    portsim.run(small, replications=2, seed=9, plan="more", folder=tmp_path / "run")
    text = str(portsim.describe(tmp_path / "run"))
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert "This run has 2 replications, numbered from 0 to 1." in item(text, "4.3")
    assert f"| Python | {manifest['python']} |" in item(text, "5.1")
    assert "Engine: `reference`." in item(text, "5.1")
    assert "The seed is 9." in item(text, "5.2")
    assert f"| system | {escape(manifest['platform'])} |" in item(text, "5.4")
    assert "seconds to" in item(text, "5.4")
    assert "run with plan `more`" in item(text, "2.3")
    assert "| `officers.police.level` | `6` | `more` |" in item(text, "2.3")
    assert manifest["scenario_files"][0]["sha256"] in item(text, "6.1")
    assert re.findall(r"^##+ ([\d.]+) ", text, re.M) == ITEMS


def test_the_name_of_a_shipped_scenario_comes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    portsim.run("tiny", replications=1, seed=4, folder="tiny")
    assert "The seed is 1." in str(portsim.describe("tiny"))
    assert "The seed is 4." in str(portsim.describe("./tiny"))


def test_a_run_folder_takes_no_plan_and_another_folder_is_none(tmp_path):
    portsim.run("tiny", replications=1, folder=tmp_path / "run")
    with pytest.raises(portsim.ScenarioError, match="is a run folder, whose scenario is finished: leave plan"):
        portsim.describe(tmp_path / "run", sets=["seed=2"])
    with pytest.raises(portsim.ScenarioError, match="there is no manifest"):
        portsim.describe(tmp_path)


def test_the_command_writes_markdown_or_json_and_overwrites_nothing(small, tmp_path):
    shown = call("describe", str(small))
    assert shown.exit_code == 0
    assert shown.stdout == str(portsim.describe(small))
    done = call("describe", str(small), "--json", "--plan", "more", "-o", str(tmp_path / "a.json"))
    assert done.exit_code == 0
    assert re.search(r"a\.json; \d+ things are left for the author to write\n$", done.stderr)
    document = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert document == portsim.describe(small, plan="more").to_dict()
    assert list(document) == ["schema", "scenario", "plan", "preface", "sections", "to_write"]
    assert document["schema"] == "portsim.describe/1"
    assert document["plan"] == "more"
    assert [section["number"] for section in document["sections"]] == ITEMS
    kinds = {block["kind"] for section in document["sections"] for block in section["blocks"]}
    assert kinds == {"paragraph", "list", "table", "diagram", "to_write"}
    again = call("describe", str(small), "-o", str(tmp_path / "a.json"))
    assert again.exit_code == 3
    assert "a.json: is there already and is never overwritten: give another name" in again.stderr


def test_a_scenario_that_is_wrong_is_told_as_everywhere(tmp_path):
    done = call("describe", "tiny", "--set", "stages.chekc.lanes=2")
    assert done.exit_code == 3
    assert "did you mean 'check'?" in done.stderr
    assert not done.stdout


def test_a_notebook_shows_the_page():
    described = portsim.describe("tiny")
    assert described._repr_markdown_() == str(described)
