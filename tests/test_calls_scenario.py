"""Waves, batches, precedence, reserves and closures, from scenario text to the network (rules 24, 25 and 29)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portsim import yamlfile
from portsim.errors import ScenarioError
from portsim.model import lower
from portsim.model.lowering import EVERYONE
from portsim.model.network import NONE, Batch, Closed, Precedence, Reserve, Waves
from portsim.scenario import Scenario, json_schema, load, load_text
from portsim.scenario.capacity import load_warnings, loads
from portsim.scenario.check import report_on
from portsim.tables import plain
from portsim.views.checked import check_blocks
from tests.test_check import fits

HOUR = 3_600_000
MINUTE = 60_000

PORT = """\
portsim: 1
name: Calls
port: paper
from: START
to: END
sides:
  own: {timezone: ZONE}
  other: {timezone: Asia/Bishkek}
officers:
  police: {level: 8MORE}
stages:
  check: {lanes: 9, officers: {police: 2}, counted: true, service: 1 min, CALLS}
  yard: {side: SIDE, lanes: 9, officers: {police: 3}, service: 1 min}
flows:
  out: {kind: truck, direction: out, journey: [check, yard], arrivals: {per_day: 100}}
"""


def text_of(
    calls: str = "waiting_space: 50",
    *,
    pool: str = "",
    start: str = "2025-05-05",
    end: str = "2025-05-07",
    zone: str = "UTC",
    side: str = "own",
    more: str = "",
) -> str:
    text = PORT.replace("CALLS", calls).replace("MORE", f", {pool}" if pool else "").replace("SIDE", side)
    return text.replace("START", start).replace("END", end).replace("ZONE", zone) + more


def scenario_of(calls: str = "waiting_space: 50", *, plan: str | None = None, **where: str) -> Scenario:
    return load_text(text_of(calls, **where), plan=plan)


def calls_of(scenario: Scenario, stage: int = 0) -> Any:
    return lower(scenario).stages[stage].calls


def waves_of(calls: str, **where: str) -> list[tuple[float, int]]:
    """Ticks, in hours, and how many are called."""
    waves = calls_of(scenario_of(calls, **where))
    assert isinstance(waves, Waves)
    assert waves.at.dtype == np.int64
    assert not waves.at.flags.writeable
    return [(tick / HOUR, up_to) for tick, up_to in zip(waves.at.tolist(), waves.up_to.tolist(), strict=True)]


def problems(text: str, **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(text, **more)
    return [str(problem) for problem in raised.value.problems]


# Waves ----------------------------------------------------------------------------------------------------------------


def test_without_waves_or_batches_each_may_start_on_arrival() -> None:
    assert calls_of(scenario_of()) is None


def test_waves_at_regular_gaps_count_from_midnight() -> None:
    waves = waves_of("waves: {every: 30 min, up_to: 20}")
    assert waves == [(half / 2, 20) for half in range(96)]


def test_a_gap_that_does_not_divide_the_day_begins_anew_at_midnight() -> None:
    assert [hour for hour, _ in waves_of("waves: {every: 7 h}")] == [0, 7, 14, 21, 24, 31, 38, 45]
    assert waves_of("waves: {every: 24 h}") == [(0, EVERYONE), (24, EVERYONE)]


def test_a_wave_on_the_end_of_the_run_is_not_played_and_one_on_its_start_is() -> None:
    assert waves_of("waves: {every: 12 h}", start="2025-05-05 12:00", end="2025-05-06 12:00") == [
        (0, EVERYONE),
        (12, EVERYONE),
    ]


def test_listed_waves_are_at_their_clock_times_on_their_days() -> None:
    """5 May 2025 is a Monday."""
    calls = 'waves: [{at: ["16:00", "10:00"], days: mon, up_to: 40}, {at: "12:30", days: tue-fri}]'
    assert waves_of(calls) == [(10, 40), (16, 40), (36.5, EVERYONE)]


def test_waves_due_at_one_tick_are_one_wave() -> None:
    calls = 'waves: [{at: "10:00", up_to: 40}, {at: "10:00", days: mon, up_to: 2}, {at: "11:00"}, {at: "11:00"}]'
    assert waves_of(calls) == [(10, 42), (11, EVERYONE), (34, 40), (35, EVERYONE)]


def test_waves_go_by_the_clock_of_the_stages_side() -> None:
    """Bishkek is six hours ahead of UTC: 10:00 there is 04:00."""
    calls = 'side: other, waves: [{at: "10:00", up_to: 1}, {at: "03:00", up_to: 2}]'
    assert waves_of(calls) == [(4, 1), (21, 2), (28, 1), (45, 2)]


def test_where_clocks_are_put_forward_the_waves_of_the_hour_that_is_skipped_do_not_take_place() -> None:
    """30 March 2025 in Berlin: after 01:30 comes 03:00."""
    waves = waves_of(
        "waves: {every: 30 min, up_to: 3}", zone="Europe/Berlin", start="2025-03-30", end="2025-03-30 04:00"
    )
    assert waves == [(half / 2, 3) for half in range(6)]


def test_waves_at_a_midnight_that_clocks_skip_or_show_twice_are_like_all_others() -> None:
    """25 April 2025 begins at 01:00 in Cairo; on 2 November 2025 Havana shows 00:00 to 01:00 twice."""
    calls = "waves: {every: 30 min, up_to: 20}"
    skipped = waves_of(calls, zone="Africa/Cairo", start="2025-04-24 22:00", end="2025-04-25 02:00")
    assert [up_to for _, up_to in skipped] == [20] * 6, "22:00 to 23:30, then 01:00 and 01:30"
    repeated = waves_of(calls, zone="America/Havana", start="2025-11-01 23:00", end="2025-11-02 02:00")
    assert [up_to for _, up_to in repeated] == [20] * 8, "23:00, 23:30, twice 00:00 and 00:30, 01:00, 01:30"
    times = [at for at, _ in repeated]
    assert times == [half / 2 for half in range(8)]


def test_where_clocks_are_put_back_the_waves_of_the_hour_shown_twice_take_place_twice() -> None:
    waves = waves_of("waves: {every: 1 h, up_to: 3}", zone="Europe/Berlin", start="2025-10-26", end="2025-10-27")
    assert waves == [(hour, 3) for hour in range(25)]


def test_a_clock_time_somebody_chose_is_refused_where_it_does_not_exist() -> None:
    text = text_of(
        'waves: [{at: "10:00"}, {at: ["02:30", "05:00"]}]', zone="Europe/Berlin", start="2025-03-29", end="2025-03-31"
    )
    [problem] = problems(text)
    assert problem.startswith(
        "scenario.yaml:12:103: stages.check.waves.1.at: 2025-03-30 02:30 does not exist in Europe/Berlin"
    )
    assert load_text(text.replace('["02:30", "05:00"]', '"02:30", days: sat'))


# Batches --------------------------------------------------------------------------------------------------------------


def test_a_batch_has_a_size_and_perhaps_a_longest_wait() -> None:
    assert calls_of(scenario_of("batch: {size: 10, at_most: 2 h}")) == Batch(10, 2 * HOUR)
    assert calls_of(scenario_of("batch: {size: 3}")) == Batch(3, NONE)


def test_a_batch_may_be_as_large_as_the_waiting_space_and_larger_if_it_waits_only_so_long() -> None:
    assert scenario_of("waiting_space: 10, batch: {size: 10}")
    assert scenario_of("waiting_space: 9, batch: {size: 10, at_most: 1 h}")
    assert scenario_of("waiting_space: 1, waves: {every: 1 h}")


# What is refused ------------------------------------------------------------------------------------------------------

WAVES = "write {every: 30 min, up_to: 20}, or the calls of the day as a list: [{at: '10:00', up_to: 40}]"


@pytest.mark.parametrize(
    ("calls", "at", "said"),
    [
        ("waves: 30 min", "30 min", f"waves: got '30 min'; {WAVES}"),
        ("waves: {}", "{}", f"waves: got a mapping; {WAVES}"),
        ("waves: []", "[]", f"waves: got an empty list, and nobody would ever be called; {WAVES}"),
        ("waves: {at: '10:00'}", "{at", f"waves: got one call that is not in a list; {WAVES}"),
        ("waves: {up_to: 20}", "waves", "waves.every: is required"),
        ("waves: {evry: 1 h, every: 1 h}", "evry", "waves.evry: unknown key; did you mean 'every'?"),
        (
            "waves: {every: 30}",
            "30}",
            "waves.every: got 30, which has no unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "waves: {every: 59 s}",
            "59 s",
            "waves.every: got '59 s'; waves come every 1 min to 24 h, counted from 00:00 of each day",
        ),
        (
            "waves: {every: 25 h}",
            "25 h",
            "waves.every: got '25 h'; waves come every 1 min to 24 h, counted from 00:00 of each day",
        ),
        (
            "waves: {every: 1 h, up_to: 0}",
            "0}",
            "waves.up_to: got 0; it must be a whole number from 1 to 1000000",
        ),
        (
            "waves: {every: 1 h, up_to: all}",
            "all",
            "waves.up_to: got 'all', which is not a whole number",
        ),
        ("waves: [10]", "10]", "waves.0: got 10; write a call as {at: '10:00', days: mon-fri, up_to: 40}"),
        ("waves: [{up_to: 4}]", "{up_to", "waves.0.at: is required"),
        ("waves: [{at: '10:00', day: mon}]", "day:", "waves.0.day: unknown key; did you mean 'days'?"),
        (
            "waves: [{at: '10:00', days: mno}]",
            "mno",
            "waves.0.days: unknown day 'mno'; write days as 'mon', 'mon-fri', 'sat,sun' or 'daily'; "
            "did you mean 'mon'?",
        ),
        (
            "waves: [{at: ['10:00', '25:00']}]",
            "'25:00'",
            "waves.0.at.1: got '25:00'; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59",
        ),
        ("waves: [{at: []}]", "[]", "waves.0.at: got an empty list; write a clock time, for instance '10:00'"),
        ("batch: 10", "10,", "batch: got 10; write a map with the keys size, at_most"),
        (
            "batch: {at_most: 1 h}",
            "batch",
            "batch.size: is required: how many units make a batch, a whole number from 1 to a million",
        ),
        ("batch: {sise: 3, size: 3}", "sise", "batch.sise: unknown key; did you mean 'size'?"),
        ("batch: {size: 0}", "0}", "batch.size: got 0; it must be a whole number from 1 to 1000000"),
        ("batch: {size: 2.5}", "2.5", "batch.size: got 2.5, which is not whole; write a whole number such as 3"),
        (
            "batch: {size: 3, at_most: 0 min}",
            "0 min",
            "batch.at_most: got '0 min', and nobody would wait for a batch; leave `batch` out for that",
        ),
        (
            "waves: {every: 1 h}, batch: {size: 3}",
            "batch",
            "batch: stands beside waves; a stage calls in waves or in batches (null removes what is inherited)",
        ),
        (
            "waiting_space: 0, waves: {every: 1 h}",
            "0,",
            "waiting_space: is 0, so nobody could wait to be called by waves; write 1 or more",
        ),
        (
            "waiting_space: 0, batch: {size: 3, at_most: 1 h}",
            "0,",
            "waiting_space: is 0, so nobody could wait to be called by batch; write 1 or more",
        ),
        (
            "waiting_space: 9, batch: {size: 10}",
            "10}",
            "batch.size: is more than waiting_space, 9, so no batch would ever be full; lower it or add `at_most`",
        ),
    ],
)
def test_calls_that_are_wrong_are_named_with_place_and_cure(calls: str, at: str, said: str) -> None:
    text = text_of(f"{calls}, closing: finish")
    line = text.splitlines()[11]
    column = line.index(at, line.index(calls)) + 1
    assert problems(text) == [f"scenario.yaml:12:{column}: stages.check.{said}"]


# Layers ---------------------------------------------------------------------------------------------------------------

PLANS = """\
plans:
  hourly: {stages.check.waves: {every: 1 h}}
  listed: {stages.check.waves: [{at: "10:00", up_to: 7}]}
  fewer: {stages.check.waves.up_to: 5}
  batches: {stages.check: {waves: null, batch: {size: 4}}}
  both: {stages.check.batch: {size: 4}}
  on_arrival: {stages.check.waves: null}
"""
EVERY_6_H = "waves: {every: 6 h, up_to: 20}"


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (None, [(0, 20), (6, 20), (12, 20), (18, 20)]),
        ("listed", [(10, 7)]),
        ("fewer", [(0, 5), (6, 5), (12, 5), (18, 5)]),
    ],
)
def test_a_plan_sets_waves_as_a_whole_or_one_part_by_its_path(plan: str | None, expected: object) -> None:
    waves = calls_of(load_text(text_of(EVERY_6_H, end="2025-05-06", more=PLANS), plan=plan))
    assert [(tick / HOUR, up_to) for tick, up_to in zip(waves.at, waves.up_to, strict=True)] == expected


def test_waves_of_a_plan_take_no_limit_over_from_those_they_replace() -> None:
    waves = calls_of(load_text(text_of(EVERY_6_H, more=PLANS), plan="hourly"))
    assert len(waves.at) == 48
    assert set(waves.up_to.tolist()) == {EVERYONE}


def test_a_batch_replaces_waves_only_where_they_are_removed() -> None:
    text = text_of(EVERY_6_H, more=PLANS)
    assert calls_of(load_text(text, plan="batches")) == Batch(4, NONE)
    assert calls_of(load_text(text, plan="on_arrival")) is None
    [problem] = problems(text, plan="both")
    assert problem == (
        "scenario.yaml:21:10: plans.both.stages.check.batch: stands beside waves; a stage calls in waves or in batches "
        "(null removes what is inherited)"
    )


def test_the_parts_of_a_batch_are_set_one_by_one() -> None:
    scenario = load_text(text_of("batch: {size: 10, at_most: 2 h}"), sets=["stages.check.batch={size: 6}"])
    assert calls_of(scenario) == Batch(6, 2 * HOUR)
    waves = calls_of(load_text(text_of(EVERY_6_H), sets=["stages.check.waves.every=12 h"]))
    assert waves.at.tolist() == [hour * HOUR for hour in (0, 12, 24, 36)]
    assert waves.up_to.tolist() == [20] * 4


def test_a_stage_may_be_called_waves() -> None:
    text = (
        text_of()
        .replace("check", "waves")
        .replace("service: 1 min, ", "service: {uniform: {low: 1 min, high: 3 min}}, ")
    )
    scenario = load_text(text, sets=["stages.waves.service={uniform: {high: 2 min}}"])
    assert scenario.regimes[0].stages[0].service[None].params == {"low": MINUTE, "high": 2 * MINUTE}


def test_the_finished_scenario_calls_as_the_first_did(tmp_path: Path) -> None:
    pool = "precedence: longest_wait, reserves: [{officers: 4, call_at: 9, close_at: 3, stages: [yard]}]"
    first = load_text(text_of('waves: [{at: "10:00", days: tue}]', pool=pool))
    (tmp_path / "scenario.yaml").write_text(yamlfile.dump(first.resolved))
    second = load(tmp_path / "scenario.yaml")
    assert second.regimes == first.regimes
    assert second.resolved == first.resolved


# Precedence and reserves ----------------------------------------------------------------------------------------------

RESERVES = "{officers: 4, stages: [yard, check], call_at: 60, close_at: 20, ready_in: 30 min, stay: 2 h}"


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("", Precedence.FIXED),
        ("precedence: fixed", Precedence.FIXED),
        ("precedence: longest_queue", Precedence.LONGEST_QUEUE),
        ("precedence: longest_wait", Precedence.LONGEST_WAIT),
    ],
)
def test_precedence_is_in_file_order_unless_it_is_said(pool: str, expected: Precedence) -> None:
    assert lower(scenario_of(pool=pool)).pools[0].precedence is expected


def test_each_reserve_is_a_crew_after_those_of_the_pool_that_is_0_on_paper() -> None:
    more = "{officers: 3, call_at: 5, close_at: 0}"
    [pool] = lower(scenario_of(pool=f"reserves: [{RESERVES}, {more}]")).pools
    assert pool.reserves == (
        Reserve(crew=1, officers=4, watched=(0, 1), call_at=60, close_at=20, ready_in=30 * MINUTE, stay=2 * HOUR),
        Reserve(crew=2, officers=3, watched=(0, 1), call_at=5, close_at=0, ready_in=0, stay=0),
    )
    assert [crew.level.pairs() for crew in pool.crews] == [[(0, 8)], [], []]
    assert [crew.rostered.pairs() for crew in pool.crews] == [[(0, 8)], [], []]


def test_a_reserve_watches_the_stages_of_its_pool_unless_others_are_named() -> None:
    text = text_of(pool="reserves: [{officers: 4, call_at: 5, close_at: 1}]")
    text = text.replace("officers: {police: 3}", "officers: {guards: 1}")
    text = text.replace(
        "stages:\n", "  guards: {level: 2, reserves: [{officers: 1, call_at: 9, close_at: 1}]}\nstages:\n", 1
    )
    assert [pool.reserves[0].watched for pool in lower(load_text(text)).pools] == [(0,), (1,)]
    named = text.replace("officers: 4, call_at", "officers: 4, stages: [yard], call_at")
    assert [pool.reserves[0].watched for pool in lower(load_text(named)).pools] == [(1,), (1,)]


def test_reserves_stand_after_the_crews_of_every_regime() -> None:
    """A level is one crew; the change makes them three: the reserve is the fourth throughout."""
    rota = "{level: null, crews: 3, crew_size: 5, rota: [day, rest, rest], shifts: {day: '08:00-20:00'}}"
    change = f"changes:\n  - {{at: 2025-05-06, set: {{officers: {{police: {rota}}}}}}}\n"
    [pool] = lower(load_text(text_of(pool=f"reserves: [{RESERVES}]", more=change))).pools
    assert [reserve.crew for reserve in pool.reserves] == [3]
    assert [bool(crew.level.pairs()) for crew in pool.crews] == [True, False, True, False]


@pytest.mark.parametrize(
    ("pool", "at", "said"),
    [
        (
            "precedence: longest",
            "longest",
            "precedence: got 'longest'; allowed: fixed, longest_queue, longest_wait; did you mean 'longest_wait'?",
        ),
        ("reserves: 4", "4}", "reserves: got 4; write a list"),
        (
            "reserves: [4]",
            "4]",
            "reserves.0: got 4; write a map with the keys officers, stages, call_at, close_at, ready_in, stay",
        ),
        (
            "reserves: [{call_at: 5, close_at: 1}]",
            "{call_at",
            "reserves.0.officers: is required: how many they are, a whole number from 1 to 10,000",
        ),
        (
            "reserves: [{officers: 4, close_at: 1}]",
            "{officers",
            "reserves.0.call_at: is required: they are called when so many units stand there, or more: "
            "a whole number from 1",
        ),
        (
            "reserves: [{officers: 4, call_at: 1}]",
            "{officers",
            "reserves.0.close_at: is required: they go home when so many stand there, or fewer: "
            "a whole number from 0, below call_at",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, stays: 1 h}]",
            "stays",
            "reserves.0.stays: unknown key; did you mean 'stay'?",
        ),
        (
            "reserves: [{officers: 0, call_at: 5, close_at: 1}]",
            "0,",
            "reserves.0.officers: got 0; it must be a whole number from 1 to 10000",
        ),
        (
            "reserves: [{officers: 4, call_at: 0, close_at: 0}]",
            "0,",
            "reserves.0.call_at: got 0; it must be a whole number from 1 to 1000000000",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 5}]",
            "5}]",
            "reserves.0.close_at: is 5, not below call_at, 5; they would come and go at one queue",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, stay: 2}]",
            "2}]",
            "reserves.0.stay: got 2, which has no unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, ready_in: soon}]",
            "soon",
            "reserves.0.ready_in: got 'soon', which is not one number and one unit; "
            "write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, stages: yard}]",
            "yard",
            "reserves.0.stages: got 'yard'; write the stages whose queues are added up, for instance [border_check]",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, stages: []}]",
            "[]}",
            "reserves.0.stages: got an empty list; write the stages whose queues are added up, for instance "
            "[border_check], or leave it out for all stages of the pool",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, stages: [yard, yard]}]",
            "yard]",
            "reserves.0.stages.1: 'yard' stands twice; name each stage once",
        ),
        (
            "reserves: [{officers: 4, call_at: 5, close_at: 1, stages: [yrad]}]",
            "yrad",
            "reserves.0.stages.0: there is no stage 'yrad'; did you mean 'yard'?",
        ),
    ],
)
def test_officers_that_are_wrong_are_named_with_place_and_cure(pool: str, at: str, said: str) -> None:
    text = text_of(pool=pool)
    line = text.splitlines()[9]
    column = line.index(at, line.index(pool)) + 1
    assert problems(text) == [f"scenario.yaml:10:{column}: officers.police.{said}"]


@pytest.mark.parametrize(
    "path", ["officers.police.reserves", "officers.police.precedence", "stages.check.waves", "stages.check.batch"]
)
def test_no_dated_change_sets_reserves_or_calls(path: str) -> None:
    [problem] = problems(text_of(more=f"changes:\n  - {{at: 2025-05-06, set: {{{path}: null}}}}\n"))
    assert problem.startswith(f"scenario.yaml:17:28: changes.0.set.{path}: a change cannot set {path}; allowed: ")


def test_a_plan_sets_reserves_as_a_whole() -> None:
    plans = "plans:\n  two: {officers.police.reserves: [{officers: 5, call_at: 7, close_at: 2}]}\n"
    text = text_of(pool=f"reserves: [{RESERVES}]", more=plans)
    [reserve] = lower(load_text(text, plan="two")).pools[0].reserves
    assert (reserve.officers, reserve.stay) == (5, 0)
    [reserve] = lower(load_text(text, sets=["officers.police.reserves.0.stay=1 h"])).pools[0].reserves
    assert (reserve.officers, reserve.stay) == (4, HOUR)


def test_a_reserve_too_small_for_a_service_is_a_warning() -> None:
    small = scenario_of(pool="reserves: [{officers: 2, call_at: 5, close_at: 1}]")
    assert small.warnings == (
        "scenario.yaml:10:33: officers.police.reserves.0: 2 officers are fewer than one service needs at yard (3); "
        "this reserve will not serve there",
    )
    assert scenario_of(pool=f"reserves: [{RESERVES}]").warnings == ()


def test_a_service_that_only_the_reserve_can_staff_is_served_all_the_same() -> None:
    text = text_of(pool="reserves: [{officers: 9, call_at: 5, close_at: 1}]").replace("{police: 3}", "{police: 9}")
    assert load_text(text).warnings == ()
    assert (
        load_text(text.replace("officers: 9, call", "officers: 8, call"))
        .warnings[0]
        .endswith("needs 9 officers, but police never has more than 8 in one crew; nothing will be served here")
    )


# Where numbers come from ----------------------------------------------------------------------------------------------


def test_every_number_of_calls_and_reserves_says_where_it_comes_from() -> None:
    text = text_of("waves: {every: 30 min, up_to: 20}", pool=f"reserves: [{RESERVES}]")
    text = text.replace("service: 1 min}\nflows", "service: 1 min, batch: {size: 5, at_most: 1 h}}\nflows")
    told = "sources: {officers.police.reserves: {assumed: a guess}, stages.*.waves: {measured: the gate's log}}\n"
    kinds = {number.path: (number.text, number.kind) for number in load_text(text + told).sources}
    of_reserve = {path.rpartition(".")[2]: said for path, said in kinds.items() if ".reserves.0." in path}
    assert of_reserve == {
        "officers": ("4", "assumed"),
        "call_at": ("60", "assumed"),
        "close_at": ("20", "assumed"),
        "ready_in": ("30 min", "assumed"),
        "stay": ("2 h", "assumed"),
    }
    assert kinds["stages.check.waves.every"] == ("30 min", "measured")
    assert kinds["stages.check.waves.up_to"] == ("20", "measured")
    assert kinds["stages.yard.batch.size"] == ("5", "none")
    assert kinds["stages.yard.batch.at_most"] == ("1 h", "none")


def test_numbers_of_calls_may_state_their_source_themselves() -> None:
    calls = 'waves: [{at: {assumed: "as told", value: "10:00"}, up_to: {measured: counted, value: 4}}]'
    scenario = scenario_of(calls)
    assert calls_of(scenario).up_to.tolist() == [4, 4]
    kinds = {number.path: number.kind for number in scenario.sources}
    assert kinds["stages.check.waves.0.at"] == "assumed"
    assert kinds["stages.check.waves.0.up_to"] == "measured"


# For editors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "pool", "is_right"),
    [
        ("waves: {every: 30 min, up_to: 20}", "precedence: longest_queue", True),
        ("waves: [{at: ['10:00', '12:00'], days: mon-fri, up_to: 20}, {at: '11:00'}]", f"reserves: [{RESERVES}]", True),
        ("batch: {size: {assumed: so, value: 10}, at_most: 2 h}", "", True),
        ("waves: {up_to: 20}", "", False),
        ("waves: {every: 30 min, upto: 20}", "", False),
        ("waves: []", "", False),
        ("waves: [{days: mon}]", "", False),
        ("batch: {at_most: 2 h}", "", False),
        ("closing: finish", "precedence: longest", False),
        ("closing: finish", "reserves: [{officers: 4}]", False),
        ("closing: finish", "reserves: {officers: 4, call_at: 3, close_at: 1}", False),
    ],
)
def test_the_json_schema_follows_the_format(calls: str, pool: str, is_right: bool) -> None:
    schema = json_schema()
    assert fits(yamlfile.parse(text_of(calls, pool=pool), "scenario.yaml").value, schema, schema) is is_right


# Closures -------------------------------------------------------------------------------------------------------------


def closures_of(text: str) -> list[tuple[str, float, float]]:
    network = lower(load_text(text))
    return [(network.stages[one.stage].name, one.start / HOUR, one.end / HOUR) for one in network.closures]


def test_a_stage_is_closed_with_its_side_and_on_its_own_dates() -> None:
    """Bishkek's 6 May begins at 18:00 UTC of the day before."""
    text = text_of("closed: ['2025-05-05 10:00..2025-05-05 12:00']", side="other")
    text = text.replace("Asia/Bishkek", "Asia/Bishkek, closed: [2025-05-06]")
    assert closures_of(text) == [("check", 10, 12), ("yard", 18, 42)]


def test_closures_that_overlap_or_touch_are_one() -> None:
    spans = [
        "2025-05-05 10:00..2025-05-05 12:00",
        "2025-05-05 12:00..2025-05-05 13:00",
        "2025-05-05 20:00..2025-05-05 21:00",
    ]
    text = text_of(f"closed: {spans}").replace("UTC}", "UTC, closed: ['2025-05-05 09:00..2025-05-05 11:00']}")
    assert closures_of(text) == [("check", 9, 13), ("check", 20, 21), ("yard", 9, 11)]


def test_closures_are_cut_at_the_run_and_hours_of_the_day_are_none() -> None:
    text = text_of(
        "open: '08:00-20:00', closed: [2025-05-01, 2025-05-03..2025-05-05, 2025-05-06..2025-05-09, 2025-05-20]"
    )
    assert closures_of(text) == [("check", 0, 48)]
    assert closures_of(text_of("open: '08:00-20:00'")) == []


def test_a_dated_change_sets_closures_from_its_instant_on() -> None:
    """The change at noon ends the closure of the first day; that of the second day holds before and after it."""
    change = "changes:\n  - {at: 2025-05-05 12:00, set: {stages.check.closed: [2025-05-06]}}\n"
    assert closures_of(text_of("closed: [2025-05-05..2025-05-06]", more=change)) == [
        ("check", 0, 12),
        ("check", 24, 48),
    ]
    change = change.replace("[2025-05-06]", "[2025-05-05]")
    assert lower(load_text(text_of("closed: [2025-05-05]", more=change))).closures == (Closed(0, 0, 24 * HOUR),)


# check ----------------------------------------------------------------------------------------------------------------


def test_waves_that_call_fewer_than_come_are_a_load_of_1_or_more() -> None:
    """100 trucks a day; 24 waves of 4 call 96 at most."""
    scenario = scenario_of("waves: {every: 1 h, up_to: 4}")
    [check] = [load for load in loads(scenario) if load.stage == "check"]
    assert (check.visits_per_day, check.called_per_day) == (pytest.approx(100), 96)
    assert check.wave_load == pytest.approx(100 / 96)
    assert load_warnings(scenario) == (
        "waves of stage check: load 1.04 from 2025-05-05 00:00 to 2025-05-07 00:00: 100 units a day come, "
        "at most 96 are called",
    )
    assert load_warnings(scenario_of("waves: {every: 1 h, up_to: 5}")) == ()


def test_waves_while_the_stage_is_closed_call_nobody() -> None:
    """Open from 08:00 to 20:00, hourly waves: the wave of 08:00 counts, that of 20:00 does not."""
    twelve = scenario_of("open: '08:00-20:00', waves: {every: 1 h, up_to: 10}")
    assert [load.called_per_day for load in loads(twelve)] == [120, None]
    never = scenario_of("open: '08:00-20:00', waves: [{at: '07:00'}]")
    assert [load.wave_load for load in loads(never)] == [np.inf, None]
    assert load_warnings(never)[0].startswith("waves of stage check: load infinite from")


def test_waves_without_a_limit_and_batches_have_no_load_of_their_own() -> None:
    assert [load.wave_load for load in loads(scenario_of("waves: {every: 12 h}"))] == [None, None]
    assert [load.wave_load for load in loads(scenario_of("batch: {size: 4}"))] == [None, None]


def test_reserves_are_left_out_of_the_load_of_officers_which_says_so() -> None:
    """100 trucks a day need 2 officers for 20 minutes and 3 for 20: 167 officer-hours, 144 (6 of 8 hours) are there."""
    text = text_of(pool="reserves: [{officers: 3, call_at: 5, close_at: 1}, {officers: 6, call_at: 9, close_at: 1}]")
    text = text.replace("service: 1 min", "service: 20 min").replace("level: 8", "level: 6")
    scenario = load_text(text)
    assert load_warnings(scenario) == (
        "officers police: load 1.16 from 2025-05-05 00:00 to 2025-05-07 00:00: stages check, yard need 167 "
        "officer-hours a day, 144 are on duty while open (not counting reserves of 3 and 6)",
    )
    without = load_text(text.replace("reserves: [", "reserves: []} #"))
    assert load_warnings(without)[0].endswith("144 are on duty while open")


def test_check_shows_calls_reserves_and_the_load_of_waves() -> None:
    text = plain(check_blocks(report_on(scenario_of("waves: {every: 1 h, up_to: 4}", pool=f"reserves: [{RESERVES}]"))))
    assert "check (waves), yard\n" in text
    assert "police (with reserve of 4)\n" in text
    assert "Load of waves" in text
    assert "Reserves are not counted." in text
    batches = plain(check_blocks(report_on(scenario_of("batch: {size: 4}"))))
    assert "check (batches of 4), yard\n" in batches
    assert "Load of waves" not in batches
    assert "Reserves" not in batches
