"""What a scenario file may say, what comes out of it, and what the reader is told when it is wrong."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim import yamlfile
from portsim.errors import ScenarioError
from portsim.scenario import Scenario, load, load_text, shipped_scenarios
from portsim.scenario.arrivals import (
    Departure,
    NoArrivals,
    RateArrivals,
    RegularArrivals,
    TimetableArrivals,
    WhenClosed,
)
from portsim.scenario.levels import DAY_MS, Amount, Distribution, WeekProfile

HOUR = 3_600_000

SMALL = """\
portsim: 1
name: Small
port: nowhere
from: 2025-05-24 00:00
to: 2025-05-26 00:00
sides:
  here: {timezone: Asia/Shanghai}
officers:
  police: {level: 10}
stages:
  check: {lanes: 4, officers: {police: 2}, service: 3 min, counted: true}
  scan: {lanes: 2, service: 4 min}
flows:
  out:
    kind: truck
    direction: out
    journey: [check, {scan: 15%}]
    arrivals: {per_day: 100}
plans:
  less: {officers.police.level: 8}
"""

FULL = """\
portsim: 1
name: Everything
description: a scenario with every key
port: irkeshtam
from: 2025-05-24 00:00
to: 2025-06-16
measure_from: 2025-05-27 00:00
seed: 3
targets: {wait_p95_min: 120, dwell_mean_min: 60}
limits: {units_in_port: 5000}
windows:
  pilot: {from: 2025-06-01 10:00, to: 2025-06-02 08:00}
sides:
  china: {timezone: Asia/Shanghai, open: ["10:00-13:00", "14:00-24:00"], closed: [2025-05-31, 2025-06-05..2025-06-06]}
  kyrgyz: {timezone: Asia/Bishkek, open: {mon-fri: "08:00-22:00", "sat,sun": always}}
officers:
  police: {level: {"8-20": 10, "20-8": 6}, side: china, end_of_shift: hand_over, cost_per_hour: 12.5}
  customs:
    crews: 3
    crew_size: 20
    rota: [day, night, rest]
    shifts: {day: "08:00-20:00", night: "20:00-08:00"}
    handover: 10 min
    breaks: {day: [{at: "12:00", for: 30 min, officers: 5}], night: [{at: "01:00", for: 20 min}]}
    min_rest: 11 h
stages:
  gate: {side: china, service: {truck: 1 min, other: {fixed: PT2M}}}
  check:
    side: china
    counted: true
    lanes: {green: 1, general: {8-20: 5, 20-8: 2}}
    open: "10:00-24:00"
    closed: ["2025-06-10 12:00..2025-06-10 18:00"]
    closing: suspend
    officers: {police: 2}
    waiting_space: 80
    service: {truck: {lognormal: {mean: 3 min, cv: 0.5}}, car: {gamma: {mean: 1 min, cv: 0}}, other: 2 min}
  scan: {lanes: 2, officers: {customs: 1}, service: {triangular: {low: 1 min, mode: 2 min, high: 5 min}}}
  unpack: {lanes: 4, service: {erlang: {mean: 2 h, shape: 3}}}
  leave: {side: kyrgyz, lanes: 4, service: {weibull: {mean: 5 min, shape: 1.5}}}
  hall: {lanes: {citizens: 2, foreigners: 2}, service: {empirical: [40 s, 45 s, 1 min]}}
flows:
  out:
    kind: truck
    direction: out
    journey:
      - gate
      - check: {share: 1, service: {exponential: {mean: 4 min}}, roles: [general, green]}
      - scan: 15%
      - unpack: 0.02
      - leave
    arrivals:
      per_day: {2025-01-01: 533, 2025-06-01: "15/h"}
      by_hour: {0-8: 1, 8-20: 3, 20-24: 1}
      by_weekday: {sun: 0.5}
      by_month: {"6-8": 1.2}
      growth_per_year: 10%
      day_to_day_cv: 0.15
      queue_at_start: 10
      when_closed: {stay_away: 40%, come_back: {uniform: {low: 0 s, high: 2 h}}}
    priority: {high: 10%, low: 5%}
    persons: 1.07
    goods: 0.5
    when_full: turn_away
  cars: {kind: car, direction: in, journey: [{check: {helped_by: [green]}}], arrivals: {rate: 5/h}}
  buses:
    kind: bus
    direction: in
    journey: [{hall: {roles: [citizens]}}]
    arrivals:
      timetable: [{at: "10:00", days: mon-fri, units: 2}, {at: ["11:00", "15:00"]}]
      late: {uniform: {low: 0 s, high: 5 min}}
  convoy: {kind: truck, direction: in, journey: [leave], arrivals: {every: 30 min}}
  standing: {kind: truck, direction: in, journey: [leave], arrivals: {queue_at_start: 4}, patience: 6 h}
changes:
  - at: 2025-06-01 10:00
    set: {sides.china.open: always, stages.check.lanes: {general: 6}, officers.police.level: 12}
  - at: 2025-06-03 00:00
    set: {sides: {china: {closed: [2025-06-12]}}, stages.check.open: null}
plans:
  history: {changes: []}
  less: {officers.police.level: 8, stages: {scan: {lanes: 3}}, flows.out.journey.2.scan: 20%}
sources:
  sides.*: {assumed: a guess}
  officers.police: {measured: roster of May}
"""


def small(old: str = "", new: str = "", **more: Any) -> Scenario:
    """The small scenario with one piece of its text replaced."""
    assert old in SMALL
    return load_text(SMALL.replace(old, new, 1) if old else SMALL, **more)


def wrong(old: str, new: str, **more: Any) -> list[str]:
    """What is said about the small scenario after replacing a piece of its text."""
    assert old in SMALL
    return problems(SMALL.replace(old, new, 1), **more)


def problems(text: str, **more: Any) -> list[str]:
    """What is said about a scenario that is wrong."""
    with pytest.raises(ScenarioError) as raised:
        load_text(text, **more)
    return [str(problem) for problem in raised.value.problems]


# ---- what comes out --------------------------------------------------------------------------------------------------


def test_a_side_that_is_no_name_is_refused_with_a_plan_too() -> None:
    text = """\
portsim: 1
name: a list for a side
port: test
from: 2025-03-03
to: 2025-03-04
sides: {here: {timezone: Asia/Shanghai}}
stages: {gate: {side: [here], service: 1 min}}
flows: {out: {kind: truck, direction: out, journey: [gate], arrivals: {per_day: 5}}}
plans: {more: {stages.gate.service: 2 min}}
"""
    with pytest.raises(ScenarioError, match=r"scenario.yaml:7:23: stages.gate.side: got a list"):
        load_text(text, plan="more")


def test_the_run_is_read_by_the_clock_of_the_first_side() -> None:
    scenario = small()
    assert scenario.clock == "Asia/Shanghai"
    assert scenario.start_ms == 1_748_016_000_000  # 2025-05-23 16:00 UTC
    assert scenario.end_ms - scenario.start_ms == 2 * DAY_MS
    assert scenario.measure_from_ms == scenario.start_ms


def test_what_is_not_written_has_its_default() -> None:
    scenario = small()
    [regime] = scenario.regimes
    [side] = regime.sides
    [pool] = regime.pools
    check = regime.stages[0]
    assert side.open == WeekProfile.constant(1)
    assert side.closures == ()
    assert (pool.side, pool.end_of_shift, pool.cost_per_hour) == ("here", "finish", None)
    assert (check.side, check.counted, check.open, check.closing) == ("here", True, None, "finish")
    assert (check.pool, check.officers, check.waiting_space) == ("police", 2, None)
    assert regime.stages[1].pool is None
    [flow] = scenario.flows
    assert (flow.persons, flow.goods, flow.priority) == (Amount(1.0), Amount(0.0), ())
    assert (flow.when_full, flow.when_closed, flow.queue_at_start) == ("wait_outside", WhenClosed(), 0)
    assert flow.patience is None
    assert (scenario.seed, scenario.limits.units_in_port, scenario.description) == (1, 200_000, "")


def test_lanes_of_one_number_are_general_around_the_clock() -> None:
    check = small().regimes[0].stages[0]
    assert check.lanes == (("general", WeekProfile.constant(4)),)


def test_every_key_of_the_format_is_read() -> None:
    scenario = load_text(FULL)
    first = scenario.regimes[0]
    stages = {stage.name: stage for stage in first.stages}
    flows = {flow.name: flow for flow in scenario.flows}
    assert stages["gate"].lanes is None
    assert stages["gate"].service == {
        "truck": Distribution("fixed", {"value": 60_000}),
        None: Distribution("fixed", {"value": 120_000}),
    }
    assert stages["check"].service["car"] == Distribution("fixed", {"value": 60_000})  # cv 0
    assert stages["check"].service["truck"] == Distribution("lognormal", {"mean": 180_000, "cv": 0.5})
    assert stages["scan"].service[None].params == {"low": 60_000, "mode": 120_000, "high": 300_000}
    assert stages["unpack"].service[None] == Distribution("erlang", {"mean": 7_200_000, "shape": 3})
    assert stages["leave"].service[None] == Distribution("weibull", {"mean": 300_000, "shape": 1.5})
    assert stages["hall"].service[None] == Distribution("empirical", {"values": (40_000, 45_000, 60_000)})
    assert [role for role, _ in stages["check"].lanes or ()] == ["green", "general"]
    assert first.pools[0].cost_per_hour == 12.5
    assert [step.share for step in flows["out"].journey] == [1, 1, 0.15, 0.02, 1]
    assert flows["out"].journey[1].service == Distribution("exponential", {"mean": 240_000})
    assert flows["out"].journey[1].roles == (("general", False), ("green", False))
    assert flows["cars"].journey[0].roles == (("general", False), ("green", True))
    assert flows["out"].priority == ((-1, 0.1), (1, 0.05))
    assert flows["standing"].patience == Distribution("fixed", {"value": 6 * HOUR})
    assert flows["out"].when_closed == WhenClosed(
        stay_away=0.4, come_back=Distribution("uniform", {"low": 0, "high": 2 * HOUR})
    )
    assert flows["convoy"].clock == "Asia/Bishkek"
    assert scenario.targets == {"wait_p95_min": 120.0, "dwell_mean_min": 60.0}
    assert scenario.plans == ("history", "less")
    assert scenario.windows[0].end_ms - scenario.windows[0].start_ms == 22 * HOUR


def test_each_way_to_arrive_is_read() -> None:
    flows = {flow.name: flow.arrivals for flow in load_text(FULL).flows}
    out = flows["out"]
    assert isinstance(out, RateArrivals)
    assert [units for _, units in out.per_day] == [533, 360]
    assert out.growth_per_year == 0.1
    assert out.by_month[0] < out.by_month[6]
    assert flows["cars"] == RateArrivals(
        ((1, 120.0),), WeekProfile.constant(1), (1.0,) * 7, (1.0,) * 12, growth_per_year=0.0, day_to_day_cv=0.0
    )
    assert flows["buses"] == TimetableArrivals(
        (
            Departure(10 * HOUR, (0, 1, 2, 3, 4), 2),
            Departure(11 * HOUR, tuple(range(7)), 1),
            Departure(15 * HOUR, tuple(range(7)), 1),
        ),
        Distribution("uniform", {"low": 0, "high": 300_000}),
    )
    assert flows["convoy"] == RegularArrivals(Distribution("fixed", {"value": 1_800_000}))
    assert flows["standing"] == NoArrivals()


def test_a_pool_follows_the_clock_of_the_first_stage_that_needs_it() -> None:
    text = SMALL.replace("Asia/Shanghai}", "Asia/Shanghai}\n  there: {timezone: Asia/Bishkek}")
    scenario = load_text(text.replace("check: {lanes", "check: {side: there, lanes"))
    assert scenario.regimes[0].pools[0].side == "there"


def test_a_stage_with_lanes_of_one_role_is_used_without_naming_it() -> None:
    assert small("lanes: 2", "lanes: {green: 2}").flows[0].journey[1].roles == (("green", False),)


def test_recorded_arrivals_are_read_by_the_clock_of_the_flow(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text("arrived_at\n2025-05-24 08:00\n2025-05-25 09:00\n2025-05-27 00:00\n")
    scenario = small("per_day: 100", "csv: seen.csv", folder=tmp_path)
    arrivals = scenario.flows[0].arrivals
    assert [(at - scenario.start_ms) // HOUR for at in arrivals.arrived_ms] == [8, 33]
    assert scenario.warnings == (
        "scenario.yaml:18:21: flows.out.arrivals.csv: 1 of the arrivals in seen.csv lie outside the run and are left "
        "out",
    )


def test_observed_durations_are_read_from_a_column(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("truck,minutes\nA,3\nB,4.5\n")
    service = "service: {empirical: {file: times.csv, column: minutes, unit: min}}"
    scenario = small("service: 3 min", service, folder=tmp_path)
    assert scenario.regimes[0].stages[0].service[None].params == {"values": (180_000, 270_000)}


# ---- changes ---------------------------------------------------------------------------------------------------------


def test_changes_add_up_in_the_order_of_their_dates() -> None:
    scenario = load_text(FULL)
    start, pilot, later = scenario.regimes
    assert (pilot.at_ms - start.at_ms) / HOUR == 8 * 24 + 10
    assert start.sides[0].open != WeekProfile.constant(1)
    assert pilot.sides[0].open == later.sides[0].open == WeekProfile.constant(1)
    assert [closure.text for closure in pilot.sides[0].closures] == ["2025-05-31", "2025-06-05..2025-06-06"]
    assert [closure.text for closure in later.sides[0].closures] == ["2025-06-12"]
    assert pilot.stages[1].open is not None
    assert later.stages[1].open is None  # null: the hours of its side
    assert later.pools[0].level == WeekProfile.constant(12)


def test_every_regime_names_the_same_lane_roles() -> None:
    merged = dict(load_text(FULL).regimes[1].stages[1].lanes or ())
    assert merged == {"green": WeekProfile.constant(1), "general": WeekProfile.constant(6)}
    text = FULL.replace("stages.check.lanes: {general: 6}", "stages.check.lanes: 6")
    replaced = dict(load_text(text).regimes[1].stages[1].lanes or ())
    assert replaced == {"green": WeekProfile.constant(0), "general": WeekProfile.constant(6)}


def test_a_change_before_the_start_holds_from_the_start() -> None:
    change = "changes:\n  - {at: 2025-01-01, set: {stages.check.lanes: 9}}\nplans:"
    [regime] = small("plans:", change).regimes
    assert regime.stages[0].lanes == (("general", WeekProfile.constant(9)),)


def test_a_change_after_the_run_is_a_warning() -> None:
    scenario = small("plans:", "changes:\n  - {at: 2025-07-01, set: {stages.check.lanes: 9}}\nplans:")
    assert len(scenario.regimes) == 1
    assert scenario.warnings == (
        "scenario.yaml:20:10: changes.0.at: 2025-07-01 00:00 is after the run; it changes nothing",
    )


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "stages.check.service: 5 min",
            "19:34: changes.0.set.stages.check.service: a change cannot set stages.check.service; allowed: "
            "sides.*.open, sides.*.closed, stages.*.open, stages.*.closed, stages.*.lanes, stages.*.pace.by_hour, "
            "officers.*.level, officers.*.crews, officers.*.crew_size, officers.*.rota, officers.*.shifts, "
            "officers.*.handover, officers.*.breaks",
        ),
        (
            "stages.chek.lanes: 5",
            "19:34: changes.0.set.stages.chek.lanes: there is no 'chek' under stages; did you mean 'check'?",
        ),
        (
            "stages.check.lanes: 2.5",
            "19:54: changes.0.set.stages.check.lanes: got 2.5, which is not whole; write a whole number such as 3",
        ),
        (
            "stages.check.lanes: null",
            "19:54: changes.0.set.stages.check.lanes: a change cannot take the lanes away; write 0 to close them",
        ),
    ],
)
def test_what_a_change_cannot_set_is_refused_where_it_stands(setting: str, said: str) -> None:
    text = f"changes: [{{at: 2025-05-25, set: {{{setting}}}}}]\nplans:"
    [problem] = wrong("plans:", text)
    assert problem == f"scenario.yaml:{said}"


# ---- extends, plans, --set -------------------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / f"{next(iter(files))}.yaml"


def test_a_scenario_starts_from_the_one_it_extends(tmp_path: Path) -> None:
    child = write(
        tmp_path,
        child="extends: base.yaml\nname: Child\nstages: {check: {lanes: 6}}\nflows: {out: {journey: [check]}}\n",
        base=SMALL.replace("lanes: 4,", "lanes: 4, waiting_space: 9,"),
    )
    scenario = load(child)
    check = scenario.regimes[0].stages[0]
    assert scenario.name == "Child"
    assert check.lanes == (("general", WeekProfile.constant(6)),)  # a single value replaces
    assert check.waiting_space == 9  # a map merges
    assert [step.stage for step in scenario.flows[0].journey] == ["check"]  # a list replaces
    assert [file for file, _ in scenario.files] == [str(child), str(tmp_path / "base.yaml")]


def test_a_data_file_is_looked_for_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub", base=SMALL.replace("per_day: 100", "csv: seen.csv"))
    (tmp_path / "sub" / "seen.csv").write_text("arrived_at\n2025-05-24 08:00\n")
    scenario = load(write(tmp_path, child="extends: sub/base.yaml\n"))
    assert len(scenario.flows[0].arrivals.arrived_ms) == 1
    assert scenario.attachments == (("data/seen.csv", str((tmp_path / "sub" / "seen.csv").resolve())),)


def test_null_removes_what_was_inherited(tmp_path: Path) -> None:
    base = SMALL.replace("lanes: 4,", "lanes: 4, waiting_space: 9,")
    child = write(tmp_path, child="extends: base.yaml\nstages: {check: {waiting_space: null}}\n", base=base)
    assert load(child).regimes[0].stages[0].waiting_space is None


def test_a_level_by_the_clock_replaces_another_as_a_whole(tmp_path: Path) -> None:
    base = SMALL.replace("level: 10", "level: {0-8: 2, 8-24: 4}")
    child = write(tmp_path, child="extends: base.yaml\nofficers: {police: {level: {6-18: 5}}}\n", base=base)
    assert load(child).regimes[0].pools[0].level.days[0] == ((6 * HOUR, 18 * HOUR, 5.0),)


def test_one_span_of_a_level_is_set_or_removed_by_its_path() -> None:
    base = SMALL.replace("level: 10", "level: {0-8: 2, 8-24: 4}")

    def day(setting: str) -> tuple[tuple[int, int, float], ...]:
        return load_text(base, sets=[setting]).regimes[0].pools[0].level.days[0]

    assert day("officers.police.level.8-24=6") == ((0, 8 * HOUR, 2.0), (8 * HOUR, 24 * HOUR, 6.0))
    assert day("officers.police.level.8-24=null") == ((0, 8 * HOUR, 2.0),)
    with pytest.raises(ScenarioError, match="overlap"):
        day("officers.police.level.6-10=6")


def test_a_distribution_of_another_kind_replaces_and_one_of_the_same_kind_merges() -> None:
    base = SMALL.replace("service: 3 min", "service: {lognormal: {mean: 3 min, cv: 0.5}}")
    longer = "plans:\n  longer: {stages: {check: {service: {lognormal: {mean: 5 min}}}}}\n"
    other = "  other: {stages: {check: {service: {exponential: {mean: 5 min}}}}}\n"
    text = base.replace("plans:\n", longer + other)
    services = [load_text(text, plan=plan).regimes[0].stages[0].service[None] for plan in ("longer", "other")]
    assert services == [
        Distribution("lognormal", {"mean": 300_000, "cv": 0.5}),
        Distribution("exponential", {"mean": 300_000}),
    ]


def test_a_problem_in_an_inherited_value_is_reported_in_the_file_where_it_stands(tmp_path: Path) -> None:
    child = write(tmp_path, child="extends: base.yaml\n", base=SMALL.replace("service: 3 min", "service: 3 mins ago"))
    with pytest.raises(ScenarioError) as raised:
        load(child)
    assert [str(problem.place) for problem in raised.value.problems] == [f"{tmp_path / 'base.yaml'}:11:53"]


@pytest.mark.parametrize(
    ("extends", "said"),
    [
        ("child.yaml", "leads back to FOLDER/child.yaml; scenarios cannot extend one another in a circle"),
        ("../base.yaml", "got '../base.yaml'; a path may not leave the scenario's folder by '..'"),
        ("/etc/hosts", "got '/etc/hosts'; a path is relative to the scenario's folder and uses '/'"),
        ("bass.yaml", "there is no file 'bass.yaml' in the scenario's folder; did you mean 'base.yaml'?"),
        ("nothing-like-it", "there is no shipped scenario 'nothing-like-it'"),
        ("[a]", "got a list; write a file of this folder or the name of a shipped scenario"),
    ],
)
def test_a_scenario_extends_only_what_it_may(tmp_path: Path, extends: str, said: str) -> None:
    child = write(tmp_path, child=SMALL + f"extends: {extends}\n", base=SMALL)
    with pytest.raises(ScenarioError) as raised:
        load(child)
    [problem] = raised.value.problems
    assert problem.key == "extends"
    assert problem.message.startswith(said.replace("FOLDER", str(tmp_path)))
    assert str(problem.place) == f"{child}:21:10"


def test_a_chain_of_scenarios_has_a_limit(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"s{number}.yaml").write_text(f"extends: s{number + 1}.yaml\n")
    (tmp_path / "s9.yaml").write_text(SMALL)
    assert load(tmp_path / "s2.yaml").name == "Small"
    with pytest.raises(ScenarioError, match="is the 8th in a chain of scenarios that extend one another; shorten it"):
        load(tmp_path / "s0.yaml")


def test_text_without_a_folder_names_no_files() -> None:
    assert wrong("per_day: 100", "csv: seen.csv") == [
        "scenario.yaml:18:21: flows.out.arrivals.csv: got 'seen.csv', but this scenario was read from text and has no "
        "folder to look in"
    ]


def test_a_plan_lies_over_the_scenario_and_set_over_the_plan() -> None:
    def level(**more: Any) -> float:
        return small(**more).regimes[0].pools[0].level.days[0][0][2]

    assert level() == 10
    assert level(plan="less") == 8
    assert level(plan="less", sets=["officers.police.level=6"]) == 6
    assert small(plan="less").plan == "less"


def test_set_reads_its_value_as_yaml_and_reaches_into_lists() -> None:
    scenario = small(
        sets=["stages.scan.lanes={8-20: 3}", "flows.out.journey.1.scan=40%", "flows.out.arrivals.per_day=7"]
    )
    assert scenario.regimes[0].stages[1].lanes == (("general", WeekProfile((((8 * HOUR, 20 * HOUR, 3.0),),) * 7)),)
    assert scenario.flows[0].journey[1].share == 0.4
    assert scenario.flows[0].arrivals.per_day == ((1, 7.0),)


def test_a_path_reaches_into_what_a_change_sets() -> None:
    scenario = load_text(FULL, sets=["changes.0.set.officers.police.level=7"])
    assert scenario.regimes[1].pools[0].level == WeekProfile.constant(7)


def test_a_change_that_overrules_a_plan_is_a_warning() -> None:
    assert load_text(FULL, plan="less").warnings == (
        "scenario.yaml:77:94: changes.0.set.officers.police.level: overrules what plan less set; set it under changes "
        "as well if it is to last",
    )


def test_a_change_that_overrules_a_part_of_what_a_plan_set_is_a_warning() -> None:
    text = FULL.replace("stages: {scan: {lanes: 3}}", "stages: {check: {lanes: {green: 2}}}")
    found = load_text(text, plan="less").warnings
    assert any("changes.0.set.stages.check.lanes: overrules what plan less set" in warning for warning in found)


def test_a_bad_value_of_a_change_is_named_though_arrivals_say_what_they_do_at_a_closed_gate() -> None:
    text = SMALL.replace("per_day: 100", "per_day: 100, when_closed: {stay_away: 40%}")
    change = "changes:\n  - {at: 2025-05-25, set: {stages.check.lanes: x, sides.here.open: 25-26}}\n"
    assert len(problems(text + change)) == 2


def test_a_misspelt_distribution_is_named_where_it_was_written() -> None:
    [problem] = problems(FULL, sets=["stages.scan.service={lognorml: {mean: 2 min, cv: 1}}"])
    assert problem.startswith("--set stages.scan.service={lognorml: {mean: 2 min, cv: 1}}: ")
    assert "did you mean 'lognormal'?" in problem


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("stages.scan.lanes", "write --set path=value, for instance --set stages.scan.lanes=3"),
        ("=3", "write --set path=value, for instance --set stages.scan.lanes=3"),
        ("stages..lanes=3", "write --set path=value, for instance --set stages.scan.lanes=3"),
        ("stages.scan.lanes=", "has no value; write null to remove something"),
        ("plans.less=3", "--set cannot change 'plans'"),
        ("stages.scn.lanes=3", "there is no 'scn' under stages; did you mean 'scan'?"),
        ("stages.scan.lans=3", "unknown key; did you mean 'lanes'?"),
        ("stage.scan.lanes=3", "unknown key; did you mean 'stages'?"),
        ("stages.scan.lanes=2.5", "got 2.5, which is not whole; write a whole number such as 3"),
        ("stages.scan.lanes.green=2", "stages.scan.lanes is 2, with nothing below it: write all of stages.scan.lanes"),
        ("flows.out.journey.7=scan", "flows.out.journey is a list of 2: write a position from 0 to 1, not '7'"),
        (
            "flows.out.journey.0=null",
            "null removes entries of maps, not items of a list: write the list flows.out.journey again",
        ),
        ("name=[", "is not YAML"),
    ],
)
def test_a_wrong_set_is_named_as_it_was_given(setting: str, said: str) -> None:
    [problem] = problems(SMALL, sets=[setting])
    assert problem.startswith(f"--set {setting}: ")
    assert said in problem


@pytest.mark.parametrize(
    "plan",
    [
        "flows.out.arrivals.when_closed: {stay_away: 40%}",
        "flows.out.arrivals: {when_closed: {stay_away: 40%}}",
        "flows: {out: {arrivals: {when_closed: {stay_away: 40%}}}}",
    ],
)
def test_a_plan_may_say_what_arrivals_do_at_a_closed_stage(plan: str) -> None:
    text = SMALL.replace("officers.police.level: 8", plan).replace(
        "per_day: 100", "per_day: 100, when_closed: {come_back: 1 h}"
    )
    back = Distribution("fixed", {"value": HOUR})
    assert load_text(text).flows[0].when_closed == WhenClosed(come_back=back)
    planned = load_text(text, plan="less")
    assert planned.flows[0].when_closed == WhenClosed(stay_away=0.4), "the others queue: the map is one value"
    sources = {source.path: (source.text, source.kind, source.detail) for source in planned.sources}
    assert sources["flows.out.arrivals.when_closed.stay_away"] == ("40%", "plan", "less")
    part = load_text(text, sets=["flows.out.arrivals.when_closed.stay_away=40%"]).flows[0]
    assert part.when_closed == WhenClosed(stay_away=0.4, come_back=back), "by its path one part changes"
    word = load_text(text, sets=["flows.out.arrivals.when_closed=re_spread"]).flows[0]
    assert word.when_closed == WhenClosed(re_spread=True)
    assert word.arrivals == planned.flows[0].arrivals


@pytest.mark.parametrize(
    ("hours", "journey", "warned"),
    [
        ("", "[check]", True),
        (', open: "00:00-24:00"', "[check]", True),
        (', open: "08:00-24:00"', "[check]", False),
        (", closed: [2025-05-25]", "[check]", False),
        (', open: "08:00-24:00"', "[{scan: 15%}, check]", False),
        ("", "[{check: 15%}, scan]", False),
        ("", "[{check: 15%}, {scan: 50%}, check, scan]", False),
        ("", "[check, scan]", True),
    ],
)
def test_a_stage_closes_by_its_hours_or_for_a_date(hours: str, journey: str, warned: bool) -> None:
    """Scan is closed for an hour; only stages that may come first count."""
    text = SMALL.replace("per_day: 100", "per_day: 100, when_closed: {come_back: 1 h}")
    text = text.replace("Asia/Shanghai}", f"Asia/Shanghai{hours}}}").replace("[check, {scan: 15%}]", journey)
    text = text.replace("scan: {lanes: 2", "scan: {lanes: 2, closed: [2025-05-25 12:00..2025-05-25 13:00]")
    assert any("never close" in warning for warning in load_text(text).warnings) == warned


def test_a_plan_that_never_closes_is_no_mistake_of_the_file() -> None:
    text = SMALL.replace("per_day: 100", "per_day: 100, when_closed: {come_back: 1 h}")
    text = text.replace("officers.police.level: 8", "sides.here.open: always")
    text = text.replace("Asia/Shanghai}", "Asia/Shanghai, open: '08:00-20:00'}")
    assert load_text(text, plan="less").warnings == load_text(text).warnings == ()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (
            "flows.out.arrivals: {per_day: 7, when_closed: queue}",
            "plans.less.flows.out.arrivals.per_day: a plan changes no demand, so it cannot set 'arrivals' of a flow; "
            "plans are compared on the same traffic",
        ),
        (
            "flows.out.arrivals: {}",
            "plans.less.flows.out.arrivals: a plan changes no demand, so it cannot set 'arrivals' of a flow; plans are "
            "compared on the same traffic",
        ),
        (
            "flows.out.arrivals.per_day: 7",
            "plans.less.flows.out.arrivals.per_day: a plan changes no demand, so it cannot set 'arrivals' of a flow; "
            "plans are compared on the same traffic",
        ),
        (
            "flows: {out: {persons: 2}}",
            "plans.less.flows.out.persons: a plan changes no demand, so it cannot set 'persons' of a flow; plans are "
            "compared on the same traffic",
        ),
        (
            "flows.more: {kind: car}",
            "plans.less.flows.more.kind: there is no 'more' under flows, and a plan adds no flow; there are: out",
        ),
        (
            "flows.out: null",
            "plans.less.flows.out: a plan changes no demand, so it cannot add, remove or replace flows",
        ),
        ("sources: {}", "plans.less.sources: a plan cannot change 'sources'"),
        (
            "stages.chek.lanes: 7",
            "plans.less.stages.chek.lanes: there is no 'chek' under stages; did you mean 'check'?",
        ),
        ("from: 2025-05-25", "plans.less.from: a plan cannot set 'from': plans are compared on the same traffic"),
        ("seed: 2", "plans.less.seed: a plan cannot set 'seed': plans are compared on the same traffic"),
        (
            "sides: {hier: {open: always}}",
            "plans.less.sides.hier.open: there is no 'hier' under sides, and a plan adds no side; did you mean 'here'?",
        ),
        (
            "sides.here.timezone: Asia/Bishkek",
            "plans.less.sides.here.timezone: a plan cannot set the timezone of a side: it times the demand",
        ),
        (
            "sides.here: null",
            "plans.less.sides.here: a plan cannot add, remove or replace sides: their clocks time the demand",
        ),
        ("stages..lanes: 7", "plans.less.stages..lanes: has an empty part; write a path such as stages.scan.lanes"),
    ],
)
def test_what_a_plan_may_not_set_is_refused_whether_it_is_used_or_not(plan: str, said: str) -> None:
    [problem] = wrong("{officers.police.level: 8}", f"{{{plan}}}")
    assert re.sub(r"^scenario.yaml:20:\d+: ", "", problem) == said


def test_a_stage_that_only_a_plan_adds_is_a_name_misspelt() -> None:
    assert wrong("{officers.police.level: 8}", "{stages: {chek: {lanes: 3}}}", plan="less") == [
        "scenario.yaml:20:19: plans.less.stages.chek: no journey visits this stage, which only this adds; "
        "did you mean 'check'?"
    ]


def test_a_plan_that_does_not_exist_is_named() -> None:
    assert problems(SMALL, plan="les") == ["scenario.yaml:1:1: plans: there is no plan 'les'; did you mean 'less'?"]
    text = SMALL[: SMALL.index("plans:")]
    assert problems(text, plan="less") == [
        "scenario.yaml:1:1: plans: there is no plan 'less'; this scenario has no plans"
    ]


# ---- what is wrong is said, all at once ------------------------------------------------------------------------------


def test_every_problem_is_reported_at_once_in_file_order() -> None:
    text = SMALL.replace("Asia/Shanghai", "Beijing").replace("level: 10", "level: -1").replace("lanes: 4", "lnes: 4")
    text = text.replace("[check, {scan: 15%}]", "[chck, {scan: 150%}]").replace("port: nowhere\n", "")
    assert problems(text) == [
        "scenario.yaml:1:1: port: is required: the port's id, as in the published facts: irkeshtam",
        "scenario.yaml:6:20: sides.here.timezone: unknown time zone 'Beijing'; write an IANA zone name such as "
        "Asia/Shanghai; did you mean 'Asia/Shanghai'?",
        "scenario.yaml:8:19: officers.police.level: got -1; it must be a whole number from 0 to 10000",
        "scenario.yaml:10:11: stages.check.lnes: unknown key; did you mean 'lanes'?",
        "scenario.yaml:16:15: flows.out.journey.0: there is no stage 'chck'; did you mean 'check'?",
        "scenario.yaml:16:28: flows.out.journey.1.scan: got '150%', but a share is between 0 and 1 (0% and 100%); "
        "write a share as '15%' or 0.15",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("portsim: 1", "portsim: 2", "1:10: portsim: got 2; this version reads format 1: write `portsim: 1`"),
        ("portsim: 1", "portsim: '1'", "1:10: portsim: got '1'; this version reads format 1: write `portsim: 1`"),
        ("name: Small", "name: 5", "2:7: name: got 5, which is not text; put it in quotes"),
        ("name: Small", "nmae: Small", "2:1: nmae: unknown key; did you mean 'name'?"),
        (
            "lanes: 4",
            "lanes: 2.5",
            "11:18: stages.check.lanes: got 2.5, which is not whole; write a whole number such as 3",
        ),
        ("lanes: 4", "lanes: {}", "11:18: stages.check.lanes: got an empty mapping"),
        (
            "lanes: 4",
            "lanes: {green: 2, 8-20: 3}",
            "11:29: stages.check.lanes.8-20: got the clock or days beside lane roles; write the roles at the top and "
            "the level below each",
        ),
        (
            "service: 3 min",
            "service: 3",
            "11:53: stages.check.service: got 3, which has no unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "service: 3 min",
            "service: {lognorml: {mean: 3 min, cv: 1}}",
            "11:54: stages.check.service.lognorml: unknown distribution; did you mean 'lognormal'?",
        ),
        (
            "service: 3 min",
            "service: {lognormal: {mean: 3 min}}",
            "11:54: stages.check.service.lognormal.cv: is required",
        ),
        (
            "service: 3 min",
            "service: {lognormal: {mean: 0 s, cv: 1}}",
            "11:72: stages.check.service.lognormal.mean: got '0 s'; a mean is above 0 (write {fixed: 0 s} for no time "
            "at all)",
        ),
        (
            "service: 3 min",
            "service: {gamma: {mean: 1 min, cv: .nan}}",
            "11:79: stages.check.service.gamma.cv: got .nan, which is not finite; write a number",
        ),
        (
            "service: 3 min",
            "service: {uniform: {low: 3 min, high: 1 min}}",
            "11:63: stages.check.service.uniform: low and high do not ascend; write for instance "
            "{uniform: {low: 2 min, high: 6 min}}",
        ),
        (
            "service: 3 min",
            "service: {truck: 1 min, fixed: 2 min}",
            "11:53: stages.check.service: got 2 keys (truck, fixed); write a duration such as '4 min', or one "
            "distribution such as {lognormal: {mean: 3 min, cv: 0.5}}",
        ),
        (
            "officers: {police: 2}",
            "officers: {polcie: 2}",
            "11:32: stages.check.officers.polcie: there is no pool 'polcie' under officers; did you mean 'police'?",
        ),
        (
            "officers: {police: 2}",
            "officers: {police: 0}",
            "11:40: stages.check.officers.police: got 0; it must be a whole number from 1 to 10000",
        ),
        (
            "check: {lanes: 4, ",
            "check: {",
            "11:21: stages.check.officers: check has no lanes, so it is a delay and needs no officers; add `lanes` or "
            "remove this",
        ),
        ("check: {", "check: {side: hre, ", "11:17: stages.check.side: there is no side 'hre'; did you mean 'here'?"),
        (
            "direction: out",
            "direction: outt",
            "16:16: flows.out.direction: got 'outt'; allowed: out, in; did you mean 'out'?",
        ),
        (
            "journey: [check, {scan: 15%}]",
            "journey: []",
            "17:14: flows.out.journey: got an empty list; a journey has at least one stage: write the stages in order, "
            "for instance [border_check, {scan: 15%}]",
        ),
        (
            "{scan: 15%}",
            "{scan: {roles: [green]}}",
            "17:38: flows.out.journey.1.scan.roles.0: scan has no lanes with the role 'green'; there are: general",
        ),
        ("per_day: 100", "per_day: .inf", "18:25: flows.out.arrivals.per_day: got .inf, which is not finite"),
        (
            "per_day: 100",
            "per_day: 1e308",
            "18:25: flows.out.arrivals.per_day: got 1e+308; a flow has at most 10000000",
        ),
        (
            "{per_day: 100}",
            "5",
            "18:15: flows.out.arrivals: got 5; write a map with the keys per_day, rate, by_hour, by_weekday, by_month",
        ),
        (
            "per_day: 100",
            "per_day: 100, every: 5 min",
            "18:30: flows.out.arrivals.every: stands beside per_day; arrivals have one of per_day, rate, every, "
            "timetable, csv, aboard (null removes an inherited one)",
        ),
        (
            "per_day: 100",
            "every: 5 min, by_hour: {0-24: 1}",
            "18:30: flows.out.arrivals.by_hour: only shapes per_day or rate, and neither is given",
        ),
        (
            "per_day: 100",
            "per_day: 100, late: 5 min",
            "18:30: flows.out.arrivals.late: only belongs to a timetable, and none is given",
        ),
        (
            "per_day: 100",
            "every: 0 s",
            "18:23: flows.out.arrivals.every: is 0 on average; units would come without end: write a gap",
        ),
        (
            "per_day: 100",
            "every: 1 ms",
            "18:5: flows.out.arrivals: about 1.73e+08 units would come, 1.73e+08 in all flows; a run holds 20,000,000: "
            "lower the demand or end the run earlier",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: quue",
            "18:43: flows.out.arrivals.when_closed: got 'quue'; allowed: queue, re_spread, {stay_away: 40%}, "
            "{come_back: 2 h}, or the last two in one map; did you mean 'queue'?",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: come_back",
            "18:43: flows.out.arrivals.when_closed: got 'come_back'; allowed: queue, re_spread, {stay_away: 40%}, ",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: [queue]",
            "18:43: flows.out.arrivals.when_closed: got a list; allowed: queue, re_spread, {stay_away: 40%}, ",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: {}",
            "18:43: flows.out.arrivals.when_closed: got a mapping; allowed: queue, re_spread, {stay_away: 40%}, ",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: {stay_awy: 40%}",
            "18:44: flows.out.arrivals.when_closed.stay_awy: unknown key; did you mean 'stay_away'?",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: {stay_away: 140%}",
            "18:55: flows.out.arrivals.when_closed.stay_away: got '140%', but a share is between 0 and 1 (0% and 100%)",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: {stay_away: 40%, come_back: 2}",
            "18:71: flows.out.arrivals.when_closed.come_back: got 2, which has no unit; write for instance '4 min', "
            "'90 s' or '2 h'",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: {come_back: {lognrmal: {mean: 2 h, cv: 1}}}",
            "18:56: flows.out.arrivals.when_closed.come_back.lognrmal: unknown distribution; did you mean 'lognormal'?",
        ),
        (
            "per_day: 100",
            "every: 5 min, when_closed: re_spread",
            "18:43: flows.out.arrivals.when_closed: re_spread moves units of per_day or rate only, and neither is "
            "given; write for instance queue",
        ),
        (
            "per_day: 100",
            "timetable: [{at: '10:00'}], when_closed: re_spread",
            "18:57: flows.out.arrivals.when_closed: re_spread moves units of per_day or rate only, and neither is ",
        ),
        ("kind: truck", "kind: truck\n    patience: 90", "16:15: flows.out.patience: got 90, which has no unit; write"),
        (
            "kind: truck",
            "kind: truck\n    patience: {exponental: {mean: 1 h}}",
            "16:16: flows.out.patience.exponental: unknown distribution; did you mean 'exponential'?",
        ),
        (
            "kind: truck",
            "kind: truck\n    patince: 2 h",
            "16:5: flows.out.patince: unknown key; did you mean 'patience'?",
        ),
        (
            "per_day: 100",
            "when_closed: queue",
            "18:15: flows.out.arrivals: says nothing of when units come; write one of per_day, rate, every, timetable, "
            "csv",
        ),
        (
            "from: 2025-05-24 00:00",
            "from: 2025-02-30",
            "4:7: from: got '2025-02-30', a date that does not exist: that month has 28 days",
        ),
        (
            "to: 2025-05-26 00:00",
            "to: 2025-05-24",
            "5:5: to: is 2025-05-24 00:00, not after `from`, 2025-05-24 00:00; a run ends after it begins",
        ),
        ("to: 2025-05-26 00:00", "to: 2045-05-25", "5:5: to: is more than 20 years after `from`, the longest run"),
        (
            "to: 2025-05-26 00:00",
            "to: 2025-05-26\nmeasure_from: 2025-05-26",
            "6:15: measure_from: lies outside the run: write a time from 2025-05-24 00:00 to before 2025-05-26 00:00",
        ),
        ("to: 2025-05-26 00:00", "to: 2025-05-26\nseed: -1", "6:7: seed: got -1; it must be a whole number from 0 to"),
        (
            "to: 2025-05-26 00:00",
            "to: 2025-05-26\ntargets: {wait_p59_min: 5}",
            "6:11: targets.wait_p59_min: unknown measure; did you mean 'wait_p95_min'?",
        ),
        (
            "to: 2025-05-26 00:00",
            "to: 2025-05-26\nwindows: {w: {from: 2025-05-25, to: 2025-05-27}}",
            "6:37: windows.w.to: lies outside the run, 2025-05-24 00:00 to 2025-05-26 00:00; a window is within it",
        ),
        (
            "here: {timezone: Asia/Shanghai}",
            'here: {timezone: Asia/Shanghai, open: "10:00-25:00"}',
            "7:41: sides.here.open: got '25:00'; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59",
        ),
        (
            "here: {timezone: Asia/Shanghai}",
            "here: {timezone: Asia/Shanghai, closed: [2025-13-01]}",
            "7:44: sides.here.closed.0: got '2025-13-01', a date that does not exist: months go from 01 to 12",
        ),
        (
            "here: {timezone: Asia/Shanghai}",
            "my side: {timezone: Asia/Shanghai}",
            "7:3: sides.'my side': 'my side' is not a name: a name begins with a letter, then letters, digits, '_' or "
            "'-', at most 64 in all",
        ),
        ("  here: {timezone: Asia/Shanghai}", "  {}", "7:3: sides: got an empty map; write at least one side"),
        (
            "police: {level: 10}",
            "police: 10",
            "9:11: officers.police: got 10; write a map with the keys level, crews, crew_size, rota, shifts, ",
        ),
        ("police: {level: 10}", "police:", "9:3: officers.police: there is no 'police' under officers to remove"),
        ("officers:\n  police: {level: 10}", "officers: []", "8:11: officers: got a list; write a map of names"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_cure(old: str, new: str, said: str) -> None:
    assert f"scenario.yaml:{said}" in [problem[: len(said) + 14] for problem in wrong(old, new)]


def test_a_clock_time_that_the_clocks_skip_is_refused_where_it_stands() -> None:
    text = SMALL.replace("Asia/Shanghai}", 'Europe/Berlin, open: "02:30-20:00"}').replace("2025-05", "2025-03")
    text = text.replace("03-24 00:00", "03-29 00:00").replace("03-26 00:00", "03-31 00:00")
    assert problems(text) == [
        "scenario.yaml:7:41: sides.here.open: 2025-03-30 02:30 does not exist in Europe/Berlin: clocks go forward from "
        "2025-03-30 02:00 to 2025-03-30 03:00; write a time before 2025-03-30 02:00 or from 2025-03-30 03:00 on"
    ]


def test_a_kind_without_a_service_time_is_refused_at_the_step_that_needs_it() -> None:
    assert wrong("service: 4 min", "service: {car: 4 min}")[0] == (
        "scenario.yaml:17:23: flows.out.journey.1.scan: scan has no service time for 'truck' (only for car); add "
        "`service` to stages.scan, or to this step"
    )
    assert wrong(", service: 4 min", "") == [
        "scenario.yaml:17:23: flows.out.journey.1.scan: scan has no service time for 'truck' (none); add `service` to "
        "stages.scan, or to this step"
    ]


def test_lanes_of_several_roles_need_a_flow_to_say_which_it_uses() -> None:
    assert wrong("lanes: 2", "lanes: {green: 1, red: 1}") == [
        "scenario.yaml:17:23: flows.out.journey.1.scan: scan has lanes of the roles green, red and none general; "
        "write which to use: {scan: {roles: [green]}}"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[check, {scan: 15%}]", "[check]", "12:3: stages.scan: no journey visits this stage"),
        ("officers: {police: 2}, ", "", "9:3: officers.police: no stage needs these officers"),
        (
            "officers: {police: 2}",
            "officers: {police: 12}",
            "11:31: stages.check.officers: needs 12 officers, but police never has more than 10; nothing will be "
            "served here",
        ),
        (
            "Asia/Shanghai}",
            "Asia/Shanghai, closed: [2025-07-01]}",
            "7:44: sides.here.closed.0: the closure 2025-07-01 lies outside the run; it changes nothing",
        ),
        (
            "service: 4 min",
            "service: {trcuk: 5 min, other: 4 min}",
            "12:35: stages.scan.service.trcuk: no flow is of the kind 'trcuk'; did you mean 'truck'?",
        ),
        (
            ", counted: true",
            "",
            "11:3: stages: no stage is `counted: true`, so crossings will be 0; mark the stage at which units are "
            "counted",
        ),
        (
            "per_day: 100",
            "per_day: 100, when_closed: {stay_away: 40%}",
            "18:43: flows.out.arrivals.when_closed: check never closes during the run, so this changes nothing",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(old: str, new: str, said: str) -> None:
    place, _, text = said.partition(": ")
    [warning] = small(old, new).warnings
    assert warning.endswith(text)
    assert warning.startswith(f"scenario.yaml:{place.split(':')[0]}:")


def test_a_journey_of_shares_alone_is_refused() -> None:
    assert wrong("[check, {scan: 15%}]", "[{check: 90%}, {scan: 15%}]") == [
        "scenario.yaml:17:14: flows.out.journey: every step is for a share of the units only, so some would stop "
        "nowhere: give at least one step 100%"
    ]


def test_a_timetable_at_a_clock_time_that_does_not_exist_within_the_run_is_refused() -> None:
    berlin = SMALL.replace("Asia/Shanghai", "Europe/Berlin").replace("2025-05-24", "2025-03-29")
    nightly = berlin.replace("{per_day: 100}", '{timetable: [{at: "02:30"}]}')
    [problem] = problems(nightly.replace("2025-05-26", "2025-03-31"))
    assert problem.startswith("scenario.yaml:18:27: flows.out.arrivals.timetable: 2025-03-30 02:30 does not exist in ")
    assert load_text(nightly.replace("2025-05-26", "2025-03-30")), "the run ends before the clocks change"


def test_names_may_be_words_for_days_and_still_merge() -> None:
    daily = SMALL.replace("police", "daily").replace("level: 10", "level: 10, cost_per_hour: 5")
    [pool] = load_text(daily, plan="less").regimes[0].pools
    assert (pool.name, pool.level.days[0][0][2], pool.cost_per_hour) == ("daily", 8.0, 5.0)


def test_a_plan_does_not_move_the_demand_to_another_clock() -> None:
    """Whichever stage or side a plan lets units stop at first, they come when they came without it."""
    two = SMALL.replace("{timezone: Asia/Shanghai}", "{timezone: Asia/Shanghai}\n  away: {timezone: Asia/Bishkek}")
    two = two.replace("scan: {lanes", "scan: {side: away, lanes")
    for plan in ("flows.out.journey: [scan, check]", "stages.check.side: away"):
        text = two.replace("officers.police.level: 8", plan)
        assert load_text(text).flows[0].clock == load_text(text, plan="less").flows[0].clock == "Asia/Shanghai"


def test_persons_and_goods_have_a_limit() -> None:
    for key, limit in (("persons", 10_000), ("goods", 1_000_000)):
        [problem] = wrong("kind: truck", f"kind: truck\n    {key}: {limit + 1}")
        assert f"flows.out.{key}: " in problem


@pytest.mark.parametrize("text", ["", "- 1", "5", "[]", "portsim"])
def test_what_is_no_map_is_no_scenario(text: str) -> None:
    [problem] = problems(text)
    assert problem.startswith("scenario.yaml:1:1: ")


def test_a_name_that_is_neither_a_file_nor_shipped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no file and no shipped scenario 'nothing_like_it'"):
        load("nothing_like_it")
    with pytest.raises(ScenarioError, match=r"missing\.yaml: cannot be read: No such file or directory"):
        load(tmp_path / "missing.yaml")


def test_shipped_scenarios_are_listed_by_name_and_load_by_it() -> None:
    listed = shipped_scenarios()
    assert listed == sorted(listed)
    for name, title in listed:
        assert load(name).name == title


# ---- the finished scenario -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", [None, "less"])
def test_the_finished_scenario_loads_again_from_an_empty_folder(tmp_path: Path, plan: str | None) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    (away / "data").mkdir(parents=True)
    (home / "seen.csv").write_text("arrived_at\n2025-05-24 08:00\n")
    text = FULL.replace("{every: 30 min}", "{csv: seen.csv}")
    first = load_text(text, folder=home, plan=plan, sets=["stages.unpack.lanes=5"])
    assert [name for name, _ in first.attachments] == ["data/seen.csv"]
    for name, place in first.attachments:
        (away / name).write_bytes(Path(place).read_bytes())
    (away / "scenario.yaml").write_text(yamlfile.dump(first.resolved))
    second = load(away / "scenario.yaml")
    assert second.regimes == first.regimes
    assert [flow for flow in second.flows if flow.name != "convoy"] == [
        flow for flow in first.flows if flow.name != "convoy"
    ]
    assert second.flows[3].arrivals.arrived_ms == first.flows[3].arrivals.arrived_ms
    for name in ("name", "start_ms", "end_ms", "measure_from_ms", "clock", "seed", "targets", "limits", "windows"):
        assert getattr(second, name) == getattr(first, name)
    assert second.resolved == first.resolved
    assert [source.path for source in second.sources] == [source.path for source in first.sources]
    assert second.plans == ()


# ---- any text --------------------------------------------------------------------------------------------------------

HOSTILE: list[Any] = [
    float("nan"), float("inf"), -1, 0, 1e308, 2.5, "", "x", [], {}, None, True, 10**90, "25:00", "1e400 min", "9" * 50,
    ["a"], {"a": 1}, [[]], {"assumed": "x", "value": {"assumed": "y", "value": 3}}, {"assumed": 3}, {"measured": "x"},
    "2025-02-30", "-", "mon", {"mon": {"mon": 1}}, {"0-8": {"0-8": 1}}, "٣", "1970-01-01", "2200-12-31",
]  # fmt: skip
JARGON = re.compile(r"Input should|pydantic|valid (dictionary|string|integer)|NoneType|object at 0x|<class|Traceback")


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in below for inner in paths(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy(value)
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


def never_escapes(text: str) -> None:
    """Loading ends well or with problems that have a file and a line, in words a planner knows."""
    try:
        load_text(text)
    except ScenarioError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.place is not None
            assert problem.place.file == "scenario.yaml"
            assert problem.place.line >= 1
            assert problem.message
            assert not JARGON.search(problem.message), problem.message


TREE = yamlfile.parse(FULL, "scenario.yaml").value
ALL_PATHS = paths(TREE)


@given(st.sampled_from(ALL_PATHS), st.sampled_from(HOSTILE))
def test_no_value_at_any_place_escapes_as_anything_but_problems(path: tuple[Any, ...], value: Any) -> None:
    try:
        text = yamlfile.dump(put(TREE, path, value))
    except ValueError:  # more than YAML may hold
        return
    never_escapes(text)


@pytest.mark.deep
def test_every_hostile_value_at_every_place() -> None:
    for path in ALL_PATHS:
        for value in HOSTILE:
            never_escapes(yamlfile.dump(put(TREE, path, value)))


@given(st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_no_mutilated_text_escapes_as_anything_but_problems(rng: random.Random) -> None:
    text = FULL
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        piece = rng.choice(["", ":", "{", "]", "\n", "- ", "&a ", "'", "é", "\t", "0", text[at : at + 20]])
        text = text[:at] + piece + text[at + rng.randint(0, 3) :]
    never_escapes(text)


# ---- starting fast ---------------------------------------------------------------------------------------------------


def test_reading_a_scenario_imports_no_arrays_and_no_tables() -> None:
    code = "import sys, portsim.scenario as s; print(sorted({'numpy', 'pandas', 'scipy', 'simpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_all_that_is_wrong_with_a_side_is_told_at_once():
    text = """\
portsim: 1
name: One side
port: t
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides: {a: {timezone: Asia/Kolkatta, open: "6-22"}}
stages: {check: {lanes: 1, service: 10 min, counted: true}}
flows: {out: {kind: truck, direction: out, journey: [check], arrivals: {per_day: 100}}}
"""
    with pytest.raises(ScenarioError) as refused:
        load_text(text)
    assert [problem.key for problem in refused.value.problems] == ["sides.a.timezone", "sides.a.open"]
