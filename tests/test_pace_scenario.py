"""The pace of stages, from scenario text to the network, the loads and the description (rule 19)."""

from __future__ import annotations

from typing import Any

import pytest

from portsim import yamlfile
from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model import draw, lower
from portsim.model.network import Pace
from portsim.scenario import Scenario, json_schema, load_text
from portsim.scenario.capacity import load_warnings, loads
from portsim.scenario.check import report_on
from portsim.tables import plain
from portsim.views.checked import check_blocks
from portsim.views.description.port import stage_words
from tests.test_check import fits

HOUR = 3_600_000

PORT = """\
portsim: 1
name: Pace
port: paper
from: START
to: END
sides:
  own: {timezone: ZONE}
  other: {timezone: Asia/Bishkek}
officers:
  police: {level: 8}
stages:
  check: {SIDElanes: {8-20: 4, 20-8: 2}, officers: {police: 2}, counted: true, service: 3 min, PACE}
  yard: {service: 1 min}
flows:
  out: {kind: truck, direction: out, journey: [check, yard], arrivals: {per_day: 1000}}
"""


def text_of(
    pace: str = "",
    *,
    start: str = "2025-05-05",
    end: str = "2025-05-07",
    zone: str = "UTC",
    side: str = "",
    more: str = "",
) -> str:
    text = PORT.replace("PACE", f"pace: {pace}" if pace else "waiting_space: 900")
    text = text.replace("SIDE", f"side: {side}, " if side else "")
    return text.replace("START", start).replace("END", end).replace("ZONE", zone) + more


def scenario_of(pace: str = "", *, plan: str | None = None, sets: tuple[str, ...] = (), **where: str) -> Scenario:
    return load_text(text_of(pace, **where), plan=plan, sets=sets)


def pace_of(scenario: Scenario, stage: int = 0) -> Pace:
    pace = lower(scenario).stages[stage].pace
    assert pace is not None
    return pace


def by_clock(pace: str, **where: Any) -> list[tuple[float, int]]:
    """Steps of the pace of the hour, in hours and permille."""
    return hours_of(scenario_of(pace, **where))


def hours_of(scenario: Scenario) -> list[tuple[float, int]]:
    return [(tick / HOUR, permille) for tick, permille in pace_of(scenario).by_clock.pairs()]


def problems(text: str, **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(text, **more)
    return [str(problem) for problem in raised.value.problems]


# By the hour ----------------------------------------------------------------------------------------------------------


def test_without_pace_a_stage_has_none() -> None:
    assert [stage.pace for stage in lower(scenario_of()).stages] == [None, None]


def test_hours_that_are_not_named_have_the_ordinary_pace() -> None:
    assert by_clock("{by_hour: {0-6: 0.8, 12-13: 0.5}}") == [
        (0, 800),
        (6, 1000),
        (12, 500),
        (13, 1000),
        (24, 800),
        (30, 1000),
        (36, 500),
        (37, 1000),
    ]


def test_a_span_over_midnight_belongs_to_the_day_it_begins() -> None:
    """5 May 2025 is a Monday: the slow night of Sunday ends as the run is six hours old, Monday's is not slow."""
    assert by_clock("{by_hour: {sun: {22-6: 0.8}}}") == [(0, 800), (6, 1000)]
    assert by_clock("{by_hour: {mon: {22-6: 0.8}}}") == [(0, 1000), (22, 800), (30, 1000)]


def test_days_and_single_numbers() -> None:
    assert by_clock("{by_hour: 0.9}") == [(0, 900)]
    assert by_clock("{by_hour: {tue: 0.9}}") == [(0, 1000), (24, 900)]
    assert by_clock("{by_hour: {mon-fri: {0-6: 0.8}, sat: 0.9}}", start="2025-05-09", end="2025-05-11") == [
        (0, 800),
        (6, 1000),
        (24, 900),
    ]


def test_spans_that_touch_at_the_same_pace_are_one_step() -> None:
    assert by_clock("{by_hour: {0-6: 1, 6-24: 1}}") == [(0, 1000)]


def test_the_hour_is_that_of_the_stages_side() -> None:
    """Bishkek is six hours ahead of UTC: 00:00 to 06:00 there is 18:00 to 24:00 here."""
    assert by_clock("{by_hour: {0-6: 0.8}}", side="other") == [(0, 1000), (18, 800), (24, 1000), (42, 800)]


def test_paces_are_rounded_to_permille() -> None:
    scenario = scenario_of("{by_hour: 1.33349, by_lanes: {1: 0.66666}, by_queue: {0: 1.0005001}}")
    pace = pace_of(scenario)
    assert (pace.by_clock.pairs(), pace.by_lanes, pace.by_queue) == ([(0, 1333)], ((1, 667),), ((0, 1001),))


def test_a_clock_time_that_is_skipped_on_a_date_of_the_run_is_refused_with_the_rule() -> None:
    """Clocks in Bishkek do not change; in Berlin they go from 02:00 to 03:00 on 30 March 2025."""
    found = problems(text_of("{by_hour: {2-6: 0.8}}", zone="Europe/Berlin", start="2025-03-29", end="2025-03-31"))
    assert len(found) == 1
    assert "stages.check.pace.by_hour: 2025-03-30 02:00 does not exist in Europe/Berlin" in found[0]
    assert by_clock("{by_hour: {0-6: 0.8}}", zone="Europe/Berlin", start="2025-03-30", end="2025-03-31") == [
        (0, 800),
        (5, 1000),
    ]


# By lanes and by queue ------------------------------------------------------------------------------------------------


def test_numbers_may_stand_in_any_order() -> None:
    pace = pace_of(scenario_of("{by_lanes: {4: 0.9, 1: 1}, by_queue: {50: 1.2, 20: 1.1}}"))
    assert pace.by_lanes == ((1, 1000), (4, 900))
    assert pace.by_queue == ((20, 1100), (50, 1200))
    assert pace.by_clock.pairs() == [(0, 1000)]


def test_a_run_takes_the_pace() -> None:
    """3 min at four fifths are 225 s, and a service that starts at six o'clock or later is 180 s long."""
    scenario = scenario_of("{by_hour: {0-6: 0.8}}", end="2025-05-06")
    network = lower(scenario)
    records = simulate(network, draw(scenario, network, seed=1, replication=0))
    visits = records.visits
    done = (visits["stage"] == 0) & (visits["ended"] >= 0)
    long = (visits["ended"] - visits["started"])[done]
    assert set(long[visits["started"][done] < 6 * HOUR].tolist()) == {225_000}
    assert set(long[visits["started"][done] >= 6 * HOUR].tolist()) == {180_000}


# Changes, plans, --set ------------------------------------------------------------------------------------------------

CHANGES = """
changes:
  - {at: 2025-05-05 12:00, set: {stages.check.pace.by_hour: {0-6: 0.7, 18-24: 0.6}}}
  - {at: 2025-05-06 06:00, set: {stages.check.pace: {by_hour: null}}}
"""


def test_a_dated_change_sets_the_pace_of_the_hours() -> None:
    scenario = scenario_of("{by_hour: 0.9, by_queue: {20: 1.1}}", more=CHANGES)
    assert hours_of(scenario) == [(0, 900), (12, 1000), (18, 600), (24, 700), (30, 1000)]
    assert pace_of(scenario).by_queue == ((20, 1100),)


def test_a_change_may_give_a_stage_its_first_pace() -> None:
    assert hours_of(scenario_of(more=CHANGES)) == [(0, 1000), (18, 600), (24, 700), (30, 1000)]


@pytest.mark.parametrize("setting", ["stages.check.pace.by_queue: {20: 1.1}", "stages.check.pace: {by_lanes: {4: 1}}"])
def test_a_change_cannot_set_the_pace_by_lanes_or_queue(setting: str) -> None:
    found = problems(text_of(more=f"\nchanges:\n  - {{at: 2025-05-06, set: {{{setting}}}}}\n"))
    key = "by_queue" if "queue" in setting else "by_lanes"
    assert len(found) == 1
    assert f"a change cannot set stages.check.pace.{key}; allowed: " in found[0]
    assert "stages.*.lanes, stages.*.pace.by_hour, officers.*.level" in found[0]


def test_a_change_cannot_take_the_pace_away_as_a_whole() -> None:
    [found] = problems(
        text_of("{by_hour: 0.9}", more="\nchanges:\n  - {at: 2025-05-06, set: {stages.check.pace: null}}\n")
    )
    assert "a change cannot set stages.check.pace; allowed: " in found


PLANS = """
plans:
  lanes: {stages.check.pace: {by_lanes: {4: 0.9}}}
  nights: {stages.check.pace.by_hour: {22-24: 0.7}}
  queue: {stages: {check: {pace: {by_queue: {30: 1.3}}}}}
  constant: {stages.check.pace.by_hour: 0.6}
  none: {stages.check.pace: null}
  no_hours: {stages.check.pace.by_hour: null}
"""


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("lanes", ([(0, 800), (6, 1000), (24, 800), (30, 1000)], ((4, 900),), ((20, 1100), (50, 1200)))),
        (
            "nights",
            ([(0, 1000), (22, 700), (24, 1000), (46, 700)], ((1, 1000), (2, 950)), ((20, 1100), (50, 1200))),
        ),
        ("queue", ([(0, 800), (6, 1000), (24, 800), (30, 1000)], ((1, 1000), (2, 950)), ((30, 1300),))),
        ("constant", ([(0, 600)], ((1, 1000), (2, 950)), ((20, 1100), (50, 1200)))),
        ("no_hours", ([(0, 1000)], ((1, 1000), (2, 950)), ((20, 1100), (50, 1200)))),
    ],
)
def test_each_of_the_three_maps_is_one_value_to_a_plan(plan: str, expected: Any) -> None:
    text = "{by_hour: {0-6: 0.8}, by_lanes: {1: 1, 2: 0.95}, by_queue: {20: 1.1, 50: 1.2}}"
    scenario = scenario_of(text, more=PLANS, plan=plan)
    pace = pace_of(scenario)
    assert (hours_of(scenario), pace.by_lanes, pace.by_queue) == expected


def test_a_plan_may_take_the_pace_away() -> None:
    assert lower(scenario_of("{by_hour: {0-6: 0.8}}", more=PLANS, plan="none")).stages[0].pace is None


def test_set_changes_one_number_of_a_map() -> None:
    scenario = scenario_of("{by_queue: {20: 1.1, 50: 1.2}}", sets=("stages.check.pace.by_queue.50=1.5",))
    assert pace_of(scenario).by_queue == ((20, 1100), (50, 1500))
    scenario = scenario_of("{by_hour: {0-6: 0.8, 12-13: 0.5}}", sets=("stages.check.pace.by_hour.0-6=0.6",))
    assert hours_of(scenario)[:3] == [(0, 600), (6, 1000), (12, 500)]


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pace", "said"),
    [
        ("0.8", "pace: got 0.8; write a map with the keys by_hour, by_lanes, by_queue"),
        ("{by_hours: {0-6: 0.8}}", "pace.by_hours: unknown key; did you mean 'by_hour'?"),
        ("{by_day: 1}", "pace.by_day: unknown key"),
        ("{by_hour: {0-6: 0}}", "pace.by_hour.0-6: got 0; it must be at least 0.05 and at most 20"),
        ("{by_hour: {0-6: 20.1}}", "pace.by_hour.0-6: got 20.1; it must be at least 0.05 and at most 20"),
        (
            "{by_hour: {0-6: 80%}}",
            "pace.by_hour.0-6: got '80%'; write a pace as a number: 1 is the ordinary one, 0.8 a fifth less work",
        ),
        ("{by_hour: {0-6: true}}", "pace.by_hour.0-6: got true, which is not a number"),
        ("{by_hour: {0-6: -1}}", "pace.by_hour.0-6: got -1; it must be at least 0.05 and at most 20"),
        ("{by_hour: {}}", "pace.by_hour: got an empty mapping; write paces by hour as {0-6: 0.8, 6-24: 1}"),
        ("{by_hour: {mon: {}}}", "pace.by_hour.mon: got an empty mapping; write paces by hour as {0-6: 0.8, 6-24: 1}"),
        ("{by_hour: {0-6: 0.8, 5-7: 0.9}}", "pace.by_hour.5-7: spans '0-6' and '5-7' overlap"),
        ("{by_hour: {0-25: 0.8}}", "pace.by_hour.0-25: got '0-25'; a span starts at hour 0 to 23 and ends at hour"),
        ("{by_hour: {mon: 0.8, 0-6: 1}}", "pace.by_hour.mon: mixes spans of the clock ('0-6') with days ('mon')"),
        ("{by_hour: {fri: {22-6: 0.8}, sat: 0.9}}", "pace.by_hour.fri.22-6: '22-6' of fri runs over midnight to 06:00"),
        ("{by_hour: {moon: 0.8}}", "pace.by_hour.moon: unknown day 'moon'"),
        ("{by_lanes: 0.9}", "pace.by_lanes: got 0.9; write the pace by lanes open, for instance {1: 1, 4: 0.9}"),
        ("{by_lanes: {}}", "pace.by_lanes: got an empty map; write the pace by lanes open"),
        (
            "{by_lanes: {0: 1}}",
            "pace.by_lanes.0: got '0'; the pace goes by lanes open, a whole number from 1 to 10,000: {1: 1, 4: 0.9}",
        ),
        ("{by_lanes: {2.5: 1}}", "pace.by_lanes.2.5: got '2.5'; the pace goes by lanes open, a whole number"),
        ("{by_lanes: {1-3: 1}}", "pace.by_lanes.1-3: got '1-3'; the pace goes by lanes open, a whole number"),
        ("{by_lanes: {green: 1}}", "pace.by_lanes.green: got 'green'; the pace goes by lanes open, a whole number"),
        ("{by_lanes: {4: 1, 04: 2}}", "pace.by_lanes.04: 4 stands twice; name each number once"),
        ("{by_lanes: {4: {0-6: 1}}}", "pace.by_lanes.4: got a mapping; write a pace as a number"),
        (
            "{by_queue: [20, 1.1]}",
            "pace.by_queue: got a list; write the pace by units waiting, for instance {20: 1.1, 50: 1.2}",
        ),
        ("{by_queue: {-1: 1.1}}", "pace.by_queue.-1: got '-1'; the pace goes by units waiting, a whole number from 0"),
        ("{by_queue: {1000001: 1.1}}", "pace.by_queue.1000001: got '1000001'; the pace goes by units waiting"),
        ("{by_queue: {20: 0.04}}", "pace.by_queue.20: got 0.04; it must be at least 0.05 and at most 20"),
    ],
)
def test_a_pace_that_makes_no_sense_is_refused_with_its_place_and_the_cure(pace: str, said: str) -> None:
    found = problems(text_of(pace))
    assert len(found) == 1
    assert f"stages.check.{said}" in found[0]
    assert found[0].startswith("scenario.yaml:12:")


def test_everything_wrong_in_a_pace_is_said_at_once() -> None:
    found = problems(text_of("{by_hour: {0-6: 0}, by_lanes: {0: 1, 3: 99}, by_queue: {x: 1}}"))
    keys = ("by_hour.0-6", "by_lanes.0", "by_lanes.3", "by_queue.x")
    assert [f"stages.check.pace.{key}" in one for key, one in zip(keys, found, strict=True)] == [True] * 4


def test_a_stage_without_lanes_has_no_pace_by_lanes() -> None:
    text = text_of().replace("yard: {", "yard: {pace: {by_hour: 0.8, by_lanes: {4: 0.9}}, ")
    [found] = problems(text)
    assert "stages.yard.pace.by_lanes: stands at a stage without lanes; leave it out" in found
    assert pace_of(load_text(text.replace(", by_lanes: {4: 0.9}", "")), 1).by_clock.pairs() == [(0, 800)]


# Where its numbers come from ------------------------------------------------------------------------------------------


def test_each_pace_needs_a_source() -> None:
    sources = (
        "\nsources:\n  stages.check.pace: {assumed: nights are slow}\n  stages.check.pace.by_queue: {measured: us}\n"
    )
    scenario = scenario_of("{by_hour: {mon: {0-6: 0.8}}, by_lanes: {4: 0.9}, by_queue: {20: 1.1}}", more=sources)
    found = {one.path: (one.text, one.kind) for one in scenario.sources if ".pace." in one.path}
    assert found == {
        "stages.check.pace.by_hour.mon.0-6": ("0.8", "assumed"),
        "stages.check.pace.by_lanes.4": ("0.9", "assumed"),
        "stages.check.pace.by_queue.20": ("1.1", "measured"),
    }


def test_a_pace_may_state_its_own_source() -> None:
    scenario = scenario_of("{by_hour: {0-6: {assumed: nights are slow, value: 0.8}}}")
    assert hours_of(scenario)[:2] == [(0, 800), (6, 1000)]
    [source] = [one for one in scenario.sources if ".pace." in one.path]
    assert (source.path, source.kind) == ("stages.check.pace.by_hour.0-6", "assumed")


def test_a_pace_may_cite_a_published_number_or_share() -> None:
    """The shipped share of 0.351, three times: 1.053. A number that is not the fact's is a warning."""
    share = "fact: urumqi.central_asia_flight_share_2025"
    assert pace_of(scenario_of(f"{{by_queue: {{20: {{{share}, times: 3}}}}}}")).by_queue == ((20, 1053),)
    scenario = scenario_of("{by_hour: 0.8}", more=f"\nsources: {{stages.check.pace.by_hour: {{{share}}}}}\n")
    [warning] = scenario.warnings
    assert warning.endswith(f"pace.by_hour: is 0.8, but cites {share.replace(':', '')}, which is 0.351 share")
    with pytest.raises(ScenarioError, match="a duration, and a plain number or a share is needed here"):
        scenario_of("{by_lanes: {4: {fact: alashankou.export_train_clearance}}}")


@pytest.mark.parametrize(
    ("pace", "is_valid"),
    [
        ("{by_hour: {0-6: 0.8}, by_lanes: {4: 0.9}, by_queue: {20: 1.1}}", True),
        ("{by_hour: {mon-fri: {0-6: 0.8}, sat: 0.9}}", True),
        ("{by_hour: 0.9}", True),
        ("{by_hour: {0-6: 0.01}}", False),
        ("{by_queue: {many: 1.1}}", False),
        ("{by_lanes: 2}", False),
        ("{by_day: 2}", False),
    ],
)
def test_the_json_schema_knows_the_pace(pace: str, is_valid: bool) -> None:
    value = yamlfile.parse(text_of(pace), "scenario.yaml").value
    schema = json_schema()
    assert fits(value, schema, schema) == is_valid


# Loads ----------------------------------------------------------------------------------------------------------------


def test_the_load_takes_the_mean_pace_of_open_lane_hours() -> None:
    """Four lanes for 12 hours at 0.9 and two for 12 at 1 do 67.2 hours' work in 72 lane-hours; 50 hours are asked."""
    load = loads(scenario_of("{by_lanes: {4: 0.9}}"))[0]
    assert load.mean_pace == pytest.approx(67.2 / 72)
    assert load.lane_hours_open == pytest.approx(72)
    assert load.lane_hours_needed == pytest.approx(50 / (67.2 / 72))
    assert load.lane_load == pytest.approx(50 / 67.2)
    assert load.officer_hours_needed == pytest.approx(2 * 50 / (67.2 / 72))


def test_the_mean_pace_counts_hours_by_their_lanes() -> None:
    """Half the pace from 00:00 to 08:00, with two lanes: 8 of 72 lane-hours are lost."""
    assert loads(scenario_of("{by_hour: {0-8: 0.5}}"))[0].mean_pace == pytest.approx(64 / 72)


def test_the_mean_pace_counts_only_hours_in_which_the_stage_is_open() -> None:
    text = text_of("{by_hour: {0-8: 0.5}}").replace("counted: true", 'open: "06:00-10:00"')
    assert loads(load_text(text))[0].mean_pace == pytest.approx((2 * 2 * 0.5 + 2 * 4) / 12)


def test_the_mean_pace_of_a_delay_is_that_of_its_hours() -> None:
    text = text_of().replace("yard: {", "yard: {pace: {by_hour: {0-6: 0.5}}, ")
    assert loads(load_text(text))[1].mean_pace == pytest.approx((6 * 0.5 + 18) / 24)


def test_lanes_that_are_never_open_count_all_hours_alike() -> None:
    text = text_of("{by_hour: {0-6: 0.5}}").replace("{8-20: 4, 20-8: 2}", "0")
    assert loads(load_text(text))[0].mean_pace == pytest.approx((6 * 0.5 + 18) / 24)


def test_the_load_of_each_regime_has_its_own_pace() -> None:
    more = "\nchanges:\n  - {at: 2025-05-06, set: {stages.check.pace.by_hour: 0.5}}\n"
    found = [load.mean_pace for load in loads(scenario_of("{by_hour: 0.8}", more=more)) if load.stage == "check"]
    assert found == [pytest.approx(0.8), pytest.approx(0.5)]


def test_a_stage_that_is_full_at_its_pace_is_a_warning_that_names_it() -> None:
    [warning, *_] = load_warnings(scenario_of("{by_hour: 0.5, by_queue: {20: 3}}"))
    assert warning == (
        "stage check: load 1.39 from 2025-05-05 00:00 to 2025-05-07 00:00: 1000 units a day need 100 lane-hours a day, "
        "72 are open, at a mean pace of 0.5, the pace by the queue left out"
    )


def test_check_says_that_the_queue_is_not_counted() -> None:
    said = plain(check_blocks(report_on(scenario_of("{by_queue: {20: 1.1}}"))))
    assert "The pace by the length of the queue is not counted: check." in said
    assert "length of the queue" not in plain(check_blocks(report_on(scenario_of("{by_lanes: {2: 1.1}}"))))


# In words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        ("", "the ordinary one"),
        ("{by_hour: 1}", "the ordinary one"),
        ("{by_hour: {0-6: 0.8}}", "0.8 from 00:00 to 06:00, 1 from 06:00 to 24:00"),
        ("{by_lanes: {1: 1, 4: 0.9}}", "1 from 1, 0.9 from 4 lanes open"),
        ("{by_queue: {0: 0.9, 50: 1.2}}", "0.9 from 0, 1.2 from 50 units waiting"),
        (
            "{by_hour: 0.9, by_queue: {1500: 1.1}}",
            "0.9 around the clock; times 1 below 1,500, 1.1 from 1,500 units waiting",
        ),
    ],
)
def test_a_pace_in_words(pace: str, words: str) -> None:
    assert stage_words(scenario_of(pace).regimes[0].stages[0])["pace"] == words
