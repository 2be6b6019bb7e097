"""Officers who follow the forecast, from scenario text: how many are on duty when, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim import yamlfile
from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model import draw, lower
from portsim.scenario import Scenario, calendar, json_schema, load_text
from portsim.scenario.capacity import loads
from portsim.scenario.forecast import wanted
from portsim.scenario.levels import DatedLevel
from portsim.scenario.officers import Forecast
from portsim.views.description.officers import pool_words
from tests.test_check import fits

HOUR = 3_600_000
MINUTE = 60_000

PORT = """\
portsim: 1
name: Followed
port: paper
from: 2025-05-05
to: 2025-05-06
sides:
  own: {timezone: Asia/Shanghai}
officers:
  police: {level: LEVEL}
stages:
  check: {lanes: 99, officers: {police: 1}, counted: true, service: 6 min}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: ARRIVALS}
"""
HOURLY = "{forecast: {every: 1 h, load: 100%}}"
TEN_AT_EIGHT = '{timetable: [{at: "08:00", units: 10}]}'


def text_of(level: str = HOURLY, arrivals: str = TEN_AT_EIGHT, more: str = "") -> str:
    return PORT.replace("LEVEL", level).replace("ARRIVALS", arrivals) + more


def steps_of(scenario: Scenario) -> list[tuple[float, int]]:
    """The steps of officers on duty through the run, in hours since the start."""
    [crew] = lower(scenario).pools[0].crews
    return [(tick / HOUR, officers) for tick, officers in crew.level.pairs()]


def level_of(text: str, **how: Any) -> list[tuple[float, int]]:
    return steps_of(load_text(text, **how))


def problems(level: str, **how: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(text_of(level), **how)
    return [str(problem) for problem in raised.value.problems]


# By hand --------------------------------------------------------------------------------------------------------------


def test_the_work_of_a_slice_over_its_time_and_the_load_gives_the_officers() -> None:
    """Ten units of 6 min are one officer-hour: one officer for an hour, two if they are to be busy half of it."""
    assert level_of(text_of()) == [(8, 1), (9, 0)]
    assert level_of(text_of("{forecast: {every: 1 h, load: 50%}}")) == [(8, 2), (9, 0)]
    assert level_of(text_of("{forecast: {every: 1 h, load: 49%}}")) == [(8, 3), (9, 0)]
    assert level_of(text_of("{forecast: {every: 15 min, load: 100%}}")) == [(8, 4), (8.25, 0)]


def test_what_the_most_officers_cannot_do_is_left_for_the_next_slice() -> None:
    """60 min of work, one officer, quarters of an hour: four of them."""
    assert level_of(text_of("{forecast: {every: 15 min, load: 80%, at_most: 1}}")) == [(8, 1), (9, 0)]


def test_there_are_never_fewer_than_at_least() -> None:
    level = "{forecast: {every: 30 min, load: 100%, at_least: 1, at_most: 4}}"
    assert level_of(text_of(level)) == [(0, 1), (8, 2), (8.5, 1)]


def test_units_are_expected_when_the_services_before_are_done() -> None:
    """Ten trucks at 08:00, half an hour on the road, then six minutes each: one officer's hour, from 08:30 on.

    Half of them go through a shed for an hour first: an hour in the mean of those who do not stop as well, so 30 min.
    """
    road = text_of("{forecast: {every: 30 min, load: 100%}}").replace(
        "stages:\n", "stages:\n  road: {service: 30 min}\n"
    )
    assert level_of(road.replace("[check]", "[road, check]")) == [(8.5, 2), (9.0, 0)]
    shed = road.replace("stages:\n", "stages:\n  shed: {service: 1 h}\n")
    assert level_of(shed.replace("[check]", "[road, {shed: 50%}, check]")) == [(9.0, 2), (9.5, 0)]


def test_passengers_are_expected_when_their_vehicle_lets_them_off() -> None:
    """A bus at 08:00, twenty minutes at the gate, ten at the ramp: forty travellers at the counters from 08:30 on."""
    text = text_of(
        "{forecast: {every: 30 min, load: 100%}}",
        '{timetable: [{at: "08:00"}]}',
        """\
  travellers:
    {kind: traveller, direction: out, journey: [check],
     arrivals: {aboard: {flow: out, number: 40, get_off_at: bay}}}
""",
    ).replace("stages:\n", "stages:\n  gate: {service: 20 min}\n  ramp: {service: 10 min}\n  bay: {service: 1 min}\n")
    assert level_of(
        text.replace("journey: [check], arrivals: {timetable", "journey: [gate, ramp, bay], arrivals: {timetable")
    ) == [
        (8.5, 8),  # 240 minutes of work in half an hour
        (9.0, 0),
    ]


def test_a_lag_moves_the_work() -> None:
    level = "{forecast: {every: 30 min, load: 100%, lag: 90 min}}"
    assert level_of(text_of(level)) == [(9.5, 2), (10, 0)]


def test_a_steady_demand_has_a_steady_level() -> None:
    """600 a day by 36 weights: 33.3 an hour by day are 3.33 officers, 4.2 of them at 80 %; half of that by night."""
    level = "{forecast: {every: 15 min, load: 80%}}"
    text = text_of(level, "{per_day: 600, by_hour: {8-20: 2, 20-8: 1}}")
    assert level_of(text) == [(0, 3), (8, 5), (20, 3)]


def test_while_all_stages_are_closed_nobody_is_on_duty_and_the_work_waits() -> None:
    """Ten units at 08:00, the gate opens at 09:30: two officers for half an hour."""
    level = "{forecast: {every: 1 h, load: 100%, at_least: 1}}"
    text = text_of(level).replace("service: 6 min", 'open: "09:30-12:00", service: 6 min')
    assert level_of(text) == [(9.5, 2), (10, 1), (12, 0)]


def test_a_stage_that_closes_while_another_of_the_pool_is_open_cuts_no_slice() -> None:
    """Ten units are 60 min of work for a slice of four hours: one officer for all of it, also after 09:00."""
    level = "{forecast: {every: 4 h, load: 100%}}"
    two = 'stages:\n  spare: {lanes: 1, officers: {police: 1}, open: "07:00-09:00", service: 6 min}\n'
    text = text_of(level).replace("stages:\n", two)
    assert level_of(text) == level_of(text_of(level)) == [(8, 1), (12, 0)]


def test_the_queue_at_the_start_is_expected_too() -> None:
    assert level_of(text_of(arrivals="{every: 5 d, queue_at_start: 20}"))[0] == (0, 3)


def test_units_count_by_the_share_that_makes_a_step_and_by_the_officers_it_takes() -> None:
    """Half of ten units, each 6 min of two officers: one officer-hour, and two officers at once or none."""
    text = text_of().replace("journey: [check]", "journey: [gate, {check: 50%}]")
    text = text.replace("{police: 1}", "{police: 2}")
    text = text.replace("flows:\n", "  gate: {service: 1 min}\nflows:\n")
    assert level_of(text) == [(8, 2), (9, 0)]


def test_where_a_pool_has_a_larger_service_there_are_enough_for_one() -> None:
    text = text_of().replace("journey: [check]", "journey: [check, {search: 1%}]")
    text = text.replace("flows:\n", "  search: {lanes: 1, officers: {police: 3}, service: 6 min}\nflows:\n")
    assert level_of(text) == [(8, 3), (9, 0)]


def test_passengers_are_expected_with_their_vehicles() -> None:
    """A bus at 08:00 with ten travellers of 6 min: an officer-hour."""
    flows = """\
flows:
  buses: {kind: bus, direction: out, journey: [road], arrivals: {timetable: [{at: "08:00"}]}}
  out:
    kind: traveller
    direction: out
    journey: [check]
    arrivals: {aboard: {flow: buses, number: 10, get_off_at: road}}
"""
    text = text_of().partition("flows:\n")[0] + "  road: {service: 1 min}\n" + flows
    assert level_of(text) == [(8, 1), (9, 0)]


def test_slices_are_counted_by_the_clock_of_the_pools_side_also_where_clocks_change() -> None:
    """Berlin skips 02:00 to 03:00 on 30 March 2025: the slice from 00:00 by six-hour slices is five hours long.

    Units come every 6 min, so that one officer is busy all the time; only the edges of the slices could show.
    """
    text = text_of("{forecast: {every: 6 h, load: 100%, at_least: 2}}", '{timetable: [{at: "07:00", units: 180}]}')
    text = text.replace("Asia/Shanghai", "Europe/Berlin").replace("05-05", "03-30").replace("05-06", "03-31")
    assert level_of(text) == [(0, 2), (5, 3), (11, 2)]


def test_a_run_that_starts_within_a_slice_cuts_it_short() -> None:
    """From 08:30 by slices of an hour: ten units at 08:45, an hour's work in the half hour to 09:00."""
    text = text_of(arrivals='{timetable: [{at: "08:45", units: 10}]}').replace(
        "from: 2025-05-05", "from: 2025-05-05 08:30"
    )
    assert level_of(text) == [(0, 2), (0.5, 0)]


def test_a_demand_that_can_never_be_served_keeps_the_most_on_duty() -> None:
    level = "{forecast: {every: 15 min, load: 80%, at_most: 2}}"
    assert level_of(text_of(level, "{per_day: 100000}")) == [(0, 2)]


# Changes, plans -------------------------------------------------------------------------------------------------------


def test_a_dated_change_takes_over_what_is_left() -> None:
    """From 08:30 two instead of one: half an hour of work is left, 15 min of two, and then none."""
    now = "{forecast: {every: 15 min, load: 100%, at_most: 1}}"
    then = "{forecast: {every: 15 min, load: 100%, at_most: 2}}"
    more = f"changes:\n  - {{at: 2025-05-05 08:30, set: {{officers.police.level: {then}}}}}\n"
    assert level_of(text_of(now, more=more)) == [(8, 1), (8.5, 2), (8.75, 0)]


def test_work_done_before_a_forecast_begins_is_not_done_again() -> None:
    """One officer by the clock until 08:30 does half of it; two need the quarter of an hour then."""
    more = (
        "changes:\n  - {at: 2025-05-05 08:30, set: {officers.police.level: {forecast: {every: 15 min, load: 100%}}}}\n"
    )
    assert level_of(text_of("1", more=more)) == [(0, 1), (8.5, 2), (8.75, 0)]


def test_a_plan_and_set_put_a_forecast_in_the_place_of_a_level_and_change_one_of_its_numbers() -> None:
    more = f"plans:\n  follow: {{officers.police.level: {HOURLY}}}\n  file: {{officers.police.level: 3}}\n"
    assert level_of(text_of("{0-24: 5}", more=more), plan="follow") == [(8, 1), (9, 0)]
    half = ["officers.police.level.forecast.load=50%"]
    assert level_of(text_of("{0-24: 5}", more=more), plan="follow", sets=half) == [(8, 2), (9, 0)]
    assert level_of(text_of(more=more), plan="file") == [(0, 3)]
    other = text_of("{csv: nowhere.csv}")
    assert level_of(other, sets=["officers.police.level={forecast: {every: 1 h, load: 100%}}"]) == [(8, 1), (9, 0)]


# One with the rest ----------------------------------------------------------------------------------------------------


def test_a_level_by_forecast_is_the_level_it_comes_to_written_as_a_file(tmp_path: Path) -> None:
    arrivals = "{per_day: 600, by_hour: {8-20: 2, 20-8: 1}, day_to_day_cv: 0.2}"
    first = load_text(text_of("{forecast: {every: 15 min, load: 90%, at_least: 1}}", arrivals))
    level = first.regimes[0].pools[0].level
    assert isinstance(level, DatedLevel)
    rows = [f"{calendar.to_local(at, 'Asia/Shanghai'):%Y-%m-%d %H:%M},{officers:g}" for at, officers in level.steps]
    (tmp_path / "officers.csv").write_text("\n".join(["from,officers", *rows]) + "\n")
    second = load_text(text_of("{csv: officers.csv}", arrivals), folder=tmp_path)
    assert second.regimes[0].pools[0].level == level
    runs = []
    for scenario in (first, second):
        network = lower(scenario)
        runs.append(simulate(network, draw(scenario, network, seed=1, replication=0)))
    assert len(runs[0].visits["started"]) > 300
    for table in ("units", "visits", "work", "levels"):
        one, other = (getattr(run, table) for run in runs)
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_the_check_of_capacity_reads_the_level_of_a_forecast() -> None:
    """An officer-hour of work for two officer-hours on duty."""
    [load] = loads(load_text(text_of("{forecast: {every: 1 h, load: 50%}}")))
    assert (load.officer_hours_needed, load.officer_hours_on_duty) == (pytest.approx(1), pytest.approx(2))


def test_its_numbers_need_sources_and_the_finished_scenario_has_the_forecast() -> None:
    more = "sources: {officers.*: {assumed: a rule of thumb}}\n"
    first = load_text(text_of("{forecast: {every: 1 h, load: 80%, at_least: 1, at_most: 4, lag: 5 min}}", more=more))
    numbers = [source for source in first.sources if source.path.startswith("officers")]
    keys = ("every", "load", "at_least", "at_most", "lag")
    assert [source.path for source in numbers] == [f"officers.police.level.forecast.{key}" for key in keys]
    assert {source.kind for source in numbers} == {"assumed"}
    assert load_text(yamlfile.dump(first.resolved)).regimes == first.regimes


def test_a_description_says_what_the_level_follows() -> None:
    level = "{forecast: {every: 15 min, load: 80%, at_least: 1, at_most: 4, lag: 5 min}}"
    [pool] = load_text(text_of(level)).regimes[0].pools
    assert pool_words(pool, "Asia/Shanghai")["level follows"] == (
        "the work of the units that are expected 5 min later than the services before would have them "
        "and what is left over from before, every 15 min "
        "anew, so that officers are busy 80 % of the time; 1 at least, 4 at most; 0 while all stages of the pool are "
        "closed"
    )
    [plain] = load_text(text_of("4")).regimes[0].pools
    assert "level follows" not in pool_words(plain, "Asia/Shanghai")


def test_the_json_schema_knows_a_forecast() -> None:
    schema = json_schema()
    assert fits(yamlfile.parse(text_of(), "file").value, schema, schema)
    assert not fits(yamlfile.parse(text_of("{forecast: {every: 1 h}}"), "file").value, schema, schema)


# Laws -----------------------------------------------------------------------------------------------------------------


@given(
    work=st.floats(0, 1e9),
    slice_min=st.integers(1, 1440),
    load=st.floats(0.05, 1),
    limits=st.tuples(st.integers(0, 50), st.none() | st.integers(0, 50)).filter(
        lambda pair: (pair[1] or 50) >= pair[0]
    ),
    officers=st.integers(1, 4),
    services=st.integers(1, 3),
)
def test_officers_are_enough_unless_the_most_is_reached_and_no_fewer_than_the_least(
    work: float, slice_min: int, load: float, limits: tuple[int, int | None], officers: int, services: int
) -> None:
    at_least, at_most = limits
    if at_most is not None and at_least > at_most:
        at_least = at_most
    forecast = Forecast(slice_min * MINUTE, load, at_least, at_most, 0)
    found = wanted(forecast, work, slice_min * MINUTE, officers, officers * services)
    highest = 10_000 if at_most is None else at_most
    assert at_least <= found <= highest
    if found < highest:
        assert found * slice_min * MINUTE * load >= work * (1 - 1e-6) - 1
    if at_least < found < highest:
        assert found % officers == 0
        assert found >= officers * services
        fewer = max(found - officers, 0)
        assert found == officers * services or fewer * slice_min * MINUTE * load <= work


@settings(max_examples=25)
@given(units=st.lists(st.integers(1, 60), min_size=1, max_size=4), at_most=st.integers(1, 5))
def test_all_the_work_is_staffed_sooner_or_later(units: list[int], at_most: int) -> None:
    """Officer-hours are never fewer than the work, if the day is long enough for it."""
    lines = ", ".join(f'{{at: "{hour:02d}:00", units: {number}}}' for hour, number in enumerate(units))
    level = f"{{forecast: {{every: 30 min, load: 100%, at_most: {at_most}}}}}"
    steps = level_of(text_of(level, f"{{timetable: [{lines}]}}"))
    area = sum(officers * (until - at) for (at, officers), (until, _) in zip(steps, [*steps[1:], (24, 0)], strict=True))
    assert area >= min(sum(units) * 0.1, 24 * at_most) - 1e-6
    assert max(officers for _, officers in steps) <= at_most


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("{forecast: 5}", "9:30: .forecast: got 5; write {every: 15 min, load: 80%, at_least: 2, at_most: 12}"),
        (
            "{forecast: {}}",
            "9:30: .forecast: got an empty map; write {every: 15 min, load: 80%, at_least: 2, at_most: 12}",
        ),
        ("{forecast: {every: 1 h}}", "9:20: .forecast.load: is required"),
        (
            "{forecast: {every: 1 h, load: 80%, at_lest: 2}}",
            "9:54: .forecast.at_lest: unknown key; did you mean 'at_least'?",
        ),
        (
            "{forecast: {every: 7 min, load: 80%}}",
            "9:38: .forecast.every: got '7 min'; slices of 1 min to 24 h divide the day evenly: write for instance "
            "15 min, 1 h or 8 h",
        ),
        (
            "{forecast: {every: 30 s, load: 80%}}",
            "9:38: .forecast.every: got '30 s'; slices of 1 min to 24 h divide the day evenly: write for instance "
            "15 min, 1 h or 8 h",
        ),
        (
            "{forecast: {every: 1 h, load: 0%}}",
            "9:49: .forecast.load: got '0%'; no number of officers has so little to do: write for instance 80%",
        ),
        (
            "{forecast: {every: 1 h, load: 80%, at_least: 5, at_most: 4}}",
            "9:64: .forecast.at_least: is 5, above at_most, 4",
        ),
        (
            "{forecast: {every: 1 h, load: 80%, at_most: -1}}",
            "9:63: .forecast.at_most: got -1; it must be a whole number from 0 to 10000",
        ),
        (
            "{forecast: {every: 1 h, load: 80%}, 8-20: 4}",
            "9:55: .8-20: stands beside forecast; a level is a forecast or numbers by the clock: set the whole level",
        ),
        ("{forcast: {every: 1 h, load: 80%}}", "9:20: .forcast: unknown key; did you mean 'forecast'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_cure(level: str, said: str) -> None:
    place, _, rest = said.partition(": ")
    assert problems(level) == [f"scenario.yaml:{place}: officers.police.level{rest}"]


def test_a_forecast_beside_another_mistake_is_no_second_problem() -> None:
    with pytest.raises(ScenarioError) as raised:
        load_text(text_of().replace("service: 6 min", "service: 6"))
    assert len(raised.value.problems) == 1
