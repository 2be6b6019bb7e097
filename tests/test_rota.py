"""Crews on a rota, from scenario text: who is on duty when, what a run makes of it, and what is refused (rule 23)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portsim import yamlfile
from portsim.errors import ScenarioError
from portsim.experiments import Replication, replicate
from portsim.model import lower
from portsim.model.network import NONE, Crew, StepFunction
from portsim.scenario import Scenario, load_text
from portsim.scenario.capacity import loads
from portsim.scenario.check import report_on

HOUR = 3_600_000
MINUTE = 60_000

FOUR_CREWS = (
    '{crews: 4, crew_size: 10, rota: [day, night, rest, rest], shifts: {day: "08:00-20:00", night: "20:00-08:00"}}'
)
PORT = """\
portsim: 1
name: Crews
port: paper
from: START
to: END
sides:
  own: {timezone: ZONE}
officers:
  police: POOL
stages:
  check: {lanes: 9, officers: {police: 1}, counted: true, service: 1 min}
flows:
  out: {kind: truck, direction: out, journey: [check], arrivals: {per_day: 100}}
"""


def text_of(
    pool: str = FOUR_CREWS,
    *,
    start: str = "2025-05-05",
    end: str = "2025-05-10",
    zone: str = "UTC",
    more: str = "",
) -> str:
    text = PORT.replace("POOL", pool).replace("START", start).replace("END", end).replace("ZONE", zone)
    return text + more


def scenario_of(pool: str = FOUR_CREWS, **where: str) -> Scenario:
    return load_text(text_of(pool, **where))


def crews_of(scenario: Scenario) -> tuple[Crew, ...]:
    return lower(scenario).pools[0].crews


def hours(level: StepFunction) -> list[tuple[float, int]]:
    """The steps of a level, in hours since the start."""
    return [(tick / HOUR, officers) for tick, officers in level.pairs()]


def on_duty(crews: tuple[Crew, ...], hour: float) -> list[int]:
    """Numbers, from 1, of the crews with officers on duty at so many hours after the start."""
    return [number for number, crew in enumerate(crews, 1) if crew.level(round(hour * HOUR))]


def officer_hours(scenario: Scenario, part: str = "rostered") -> float:
    network = lower(scenario)
    return sum(getattr(crew, part).integral(0, network.end) for crew in network.pools[0].crews) / HOUR


def problems(text: str, **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(text, **more)
    return [str(problem) for problem in raised.value.problems]


# Who is on duty -------------------------------------------------------------------------------------------------------


def test_four_crews_take_turns_and_the_night_before_counts() -> None:
    """Crew 1 is on day, crew 2 on night, crews 3 and 4 rest on the first date: the day before, crew 3 was on night."""
    crews = crews_of(scenario_of())
    assert [on_duty(crews, hour) for hour in (0, 7.99)] == [[3], [3]]
    turns = [1, 2, 4, 1, 3, 4, 2, 3, 1, 2]  # day and night of five dates
    for number, crew in enumerate(turns):
        start = 8 + 12 * number
        assert on_duty(crews, start) == [crew]
        assert on_duty(crews, start + 11.99) == [crew]


def test_each_crew_works_its_own_days_of_the_cycle() -> None:
    crews = crews_of(scenario_of())
    assert hours(crews[0].level) == [(8, 10), (20, 0), (44, 10), (56, 0), (104, 10), (116, 0)]
    assert hours(crews[2].level) == [(0, 10), (8, 0), (56, 10), (68, 0), (92, 10), (104, 0)]
    assert all(crew.rostered.pairs() == crew.level.pairs() for crew in crews)


def test_a_run_that_begins_within_a_shift_finds_its_crew_on_duty() -> None:
    crews = crews_of(scenario_of(start="2025-05-05 21:30"))
    assert on_duty(crews, 0) == [2]
    assert hours(crews[1].level)[:2] == [(0, 10), (10.5, 0)]


def test_the_first_date_is_that_of_the_clock_of_the_pools_side() -> None:
    """At 00:00 in Beijing on 5 May it is still 4 May in Bishkek, 22:00: the first date there is the fourth.

    There crew 2 is on night on the first date and crew 1 has just done its day.
    """
    sides = "  own: {timezone: Asia/Shanghai}\n  other: {timezone: Asia/Bishkek}\n"
    text = text_of(FOUR_CREWS[:-1] + ", side: other}").replace("  own: {timezone: UTC}\n", sides)
    crews = crews_of(load_text(text))
    assert [on_duty(crews, hour) for hour in (0, 9.99, 10, 21.99, 22)] == [[2], [2], [4], [4], [1]]


def test_off_is_rest() -> None:
    off = scenario_of(FOUR_CREWS.replace("rest, rest", "off, off"))
    assert off.regimes == scenario_of().regimes


def test_more_crews_than_days_work_a_shift_together() -> None:
    pool = "{crews: 3, crew_size: 2, rota: [day], shifts: {day: 8-16}}"
    assert on_duty(crews_of(scenario_of(pool)), 10) == [1, 2, 3]


def test_the_days_edges_of_a_shift_are_those_of_the_date() -> None:
    """Two crews of a day and a night that meet at midnight: nobody is missing, nobody is there twice."""
    pool = "{crews: 2, crew_size: 3, rota: [late, early], shifts: {early: '00:00-12:00', late: '12:00-24:00'}}"
    crews = crews_of(scenario_of(pool))
    assert [on_duty(crews, hour) for hour in (0, 11.99, 12, 23.99, 24, 35.99, 36)] == [
        [2],
        [2],
        [1],
        [1],
        [1],
        [1],
        [2],
    ]


def test_a_shift_of_24_hours_ends_as_the_next_one_begins() -> None:
    pool = "{crews: 2, crew_size: 3, rota: [watch, rest], shifts: {watch: '08:00-08:00'}}"
    crews = crews_of(scenario_of(pool))
    assert [on_duty(crews, hour) for hour in (0, 7.99, 8, 31.99, 32)] == [[2], [2], [1], [1], [2]]


# Handover and breaks --------------------------------------------------------------------------------------------------


def test_a_handover_is_on_the_roster_and_serves_nobody() -> None:
    crews = crews_of(scenario_of(FOUR_CREWS[:-1] + ", handover: 30 min}"))
    assert hours(crews[0].rostered)[:2] == [(8, 10), (20, 0)]
    assert hours(crews[0].level)[:2] == [(8.5, 10), (20, 0)]


def test_a_run_that_begins_in_a_handover_waits_for_the_rest_of_it() -> None:
    crews = crews_of(scenario_of(FOUR_CREWS[:-1] + ", handover: 30 min}", start="2025-05-05 20:10"))
    assert [on_duty(crews, minutes / 60) for minutes in (0, 19, 20)] == [[], [], [2]]


def test_breaks_take_some_or_all_of_the_crew_and_are_paid() -> None:
    """Of ten officers four are away from 12:00, three more from 12:30 to 13:00, and all from 18:00 to 18:15."""
    breaks = (
        ", breaks: {day: [{at: '12:00', for: 1 h, officers: 4}, {at: '12:30', for: 30 min, officers: 3}, "
        "{at: '18:00', for: 15 min}]}}"
    )
    crew = crews_of(scenario_of(FOUR_CREWS[:-1] + breaks))[0]
    expected = [(8, 10), (12, 6), (12.5, 3), (13, 10), (18, 0), (18.25, 10), (20, 0)]
    assert hours(crew.level)[:7] == expected
    assert hours(crew.rostered)[:2] == [(8, 10), (20, 0)]


def test_a_break_after_midnight_belongs_to_the_shift_that_runs_over_it() -> None:
    breaks = ", breaks: {night: [{at: '02:00', for: 30 min}, {at: '07:30', for: 30 min, officers: 99}]}}"
    crews = crews_of(scenario_of(FOUR_CREWS[:-1] + breaks))
    assert hours(crews[2].level)[:4] == [(0, 10), (2, 0), (2.5, 10), (7.5, 0)]
    assert hours(crews[1].level)[:4] == [(20, 10), (26, 0), (26.5, 10), (31.5, 0)]


# Clocks that change ---------------------------------------------------------------------------------------------------


def test_a_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    """Berlin, 30 March 2025: 02:00 becomes 03:00. The night shift of the 29th lasts from 20:00 to 08:00, 11 hours."""
    crews = crews_of(scenario_of(start="2025-03-29", end="2025-04-01", zone="Europe/Berlin"))
    assert hours(crews[1].level)[:2] == [(20, 10), (31, 0)]
    assert hours(crews[3].level)[:2] == [(31, 10), (43, 0)]


def test_a_shift_that_is_an_hour_shorter_may_end_within_its_break() -> None:
    """Two and a half hours of break from 01:30 would end at 05:00, an hour after the shift, which is over at 04:00."""
    pool = (
        "{crews: 1, crew_size: 2, rota: [night], shifts: {night: '20:00-04:00'}, "
        "breaks: {night: [{at: '01:30', for: 150 min}]}}"
    )
    [crew] = crews_of(scenario_of(pool, start="2025-03-29 12:00", end="2025-03-30 12:00", zone="Europe/Berlin"))
    assert hours(crew.level) == [(8, 2), (13.5, 0)]
    assert hours(crew.rostered) == [(8, 2), (15, 0)]


def test_a_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    crews = crews_of(scenario_of(start="2025-10-25", end="2025-10-28", zone="Europe/Berlin"))
    assert hours(crews[1].level)[:2] == [(20, 10), (33, 0)]


@pytest.mark.parametrize(
    ("pool", "key"),
    [
        (
            "{crews: 1, crew_size: 2, rota: [early], shifts: {early: '02:30-08:00'}}",
            "shifts.early",
        ),
        (
            "{crews: 1, crew_size: 2, rota: [night], shifts: {night: '20:00-08:00'}, "
            "breaks: {night: [{at: '02:30', for: 10 min}]}}",
            "breaks.night.0.at",
        ),
    ],
)
def test_a_clock_time_that_does_not_exist_on_a_date_that_is_worked_is_refused(pool: str, key: str) -> None:
    where = {"start": "2025-03-29", "end": "2025-04-01", "zone": "Europe/Berlin"}
    [problem] = problems(text_of(pool, **where))
    assert f" officers.police.{key}: 2025-03-30 02:30 does not exist in Europe/Berlin" in problem
    scenario_of(pool, start="2025-03-31", end="2025-04-02", zone="Europe/Berlin")


def test_a_clock_time_that_does_not_exist_on_a_day_of_rest_is_nobodys() -> None:
    pool = "{crews: 1, crew_size: 2, rota: [early, rest], shifts: {early: '02:30-08:00'}}"
    crews = crews_of(scenario_of(pool, start="2025-03-29", end="2025-04-01", zone="Europe/Berlin"))
    assert hours(crews[0].level) == [(2.5, 2), (8, 0), (49.5, 2), (55, 0)]


# Officer-hours --------------------------------------------------------------------------------------------------------


def test_officer_hours_are_crew_size_times_hours_and_handover_and_breaks_are_paid() -> None:
    """A crew of ten around the clock is 240 hours a day; half an hour at each of two shifts is 10 fewer on duty."""
    assert officer_hours(scenario_of()) == 5 * 240
    paid = scenario_of(FOUR_CREWS[:-1] + ", handover: 30 min, breaks: {day: [{at: '12:00', for: 1 h, officers: 4}]}}")
    assert officer_hours(paid) == 5 * 240
    # At the end of the run one night shift is 4 hours old, at its start another has 8 left: ten handovers lie within.
    assert officer_hours(paid, "level") == 5 * 240 - 10 * 10 * 0.5 - 5 * 4


SHIFTS = {
    "early": ("00:00-08:00", 8),
    "mid": ("08:00-16:00", 8),
    "long": ("09:00-21:00", 12),
    "night": ("16:00-24:00", 8),
}


@given(
    st.integers(1, 6),
    st.integers(1, 40),
    st.lists(st.sampled_from([*SHIFTS, "rest"]), min_size=1, max_size=7).filter(lambda rota: set(rota) != {"rest"}),
    st.integers(0, 59),
    st.integers(1, 3),
)
def test_over_a_whole_cycle_every_crew_works_every_shift_of_it(crews, size, rota, handover, cycles) -> None:
    shifts = ", ".join(f"{name}: '{span}'" for name, (span, _) in SHIFTS.items())
    pool = (
        f"{{crews: {crews}, crew_size: {size}, rota: [{', '.join(rota)}], shifts: {{{shifts}}}, "
        f"handover: {handover} min}}"
    )
    scenario = scenario_of(pool, start="2025-05-01", end=f"2025-05-{1 + len(rota) * cycles:02}")
    per_cycle = sum(SHIFTS[name][1] for name in rota if name != "rest")
    assert officer_hours(scenario) == cycles * crews * size * per_cycle
    worked = sum(name != "rest" for name in rota)
    lost = worked * handover / 60
    assert officer_hours(scenario, "level") == pytest.approx(cycles * crews * size * (per_cycle - lost))


@given(st.integers(2, 5), st.integers(0, 3), st.integers(0, 23))
def test_with_a_crew_for_each_day_of_the_cycle_every_shift_has_exactly_one(length, rests, start) -> None:
    """A shift of 24 hours from any hour of the day: at every moment one crew is on duty, also before the first one."""
    rota = ["watch", *["rest"] * (length - 1)]
    pool = (
        f"{{crews: {length}, crew_size: 1, rota: [{', '.join(rota)}], "
        f"shifts: {{watch: '{start:02}:00-{start:02}:00'}}}}"
    )
    crews = crews_of(scenario_of(pool))
    assert all(len(on_duty(crews, half / 2)) == 1 for half in range(5 * 48))


# What a run makes of it -----------------------------------------------------------------------------------------------

Play = Callable[..., Replication]


@pytest.fixture
def play(engine_name: str) -> Play:
    """Run a port of nine lanes on one day with trucks at (minute after midnight, minutes of work)."""

    def run(pool: str, *trucks: tuple[int, int]) -> Replication:
        flows = "".join(
            f"  truck{number}: {{kind: truck, direction: out, journey: [{{check: {{service: {work} min}}}}], "
            f"arrivals: {{timetable: [{{at: '{at // 60:02}:{at % 60:02}'}}]}}}}\n"
            for number, (at, work) in enumerate(trucks)
        )
        text = text_of(pool, end="2025-05-05 23:00").partition("  out:")[0] + flows
        return replicate(load_text(text), replications=1, engine=engine_name, keep="all").kept[0]

    return run


def minutes(replication: Replication, column: str) -> list[float | None]:
    return [None if tick == NONE else tick / MINUTE for tick in replication.records.visits[column].tolist()]


def pieces(replication: Replication) -> list[tuple[int, float, float]]:
    work = replication.records.work
    rows = zip(work["crew"].tolist(), work["from"].tolist(), work["until"].tolist(), strict=True)
    return [(crew, start / MINUTE, until / MINUTE) for crew, start, until in rows]


def measured(replication: Replication, metric: str) -> float:
    return next(row.value for row in replication.measures if row.metric == metric and row.pool == "police")


TWO_CREWS = (
    "{crews: 2, crew_size: 1, rota: [early, late], "
    "shifts: {early: '00:00-10:00', late: '10:00-20:00'}, handover: 10 min, end_of_shift: WAY}"
)


def test_a_pool_that_hands_over_pauses_through_the_handover(play: Play) -> None:
    """A truck of 20 minutes comes at 09:50. At 10:00 crew 1 goes, crew 2 takes ten minutes over."""
    replication = play(TWO_CREWS.replace("WAY", "hand_over"), (590, 20))
    assert pieces(replication) == [(0, 590, 600), (1, 610, 620)]
    assert measured(replication, "overtime_hours") == 0


def test_a_pool_that_finishes_goes_on_through_the_handover_in_overtime(play: Play) -> None:
    """The first truck is finished at 10:10 by crew 1; the second, at 09:55, waits for crew 2."""
    replication = play(TWO_CREWS.replace("WAY", "finish"), (590, 20), (595, 5))
    assert pieces(replication) == []
    assert minutes(replication, "ended") == [610, 615]
    assert minutes(replication, "started") == [590, 610]
    assert measured(replication, "overtime_hours") == pytest.approx(10 / 60)
    assert measured(replication, "officer_hours") == 20
    duty = 2 * (10 * 60 - 10)
    assert measured(replication, "officer_utilisation") == pytest.approx((10 + 5) / duty)


def test_without_a_handover_work_handed_over_goes_on_without_a_gap(play: Play) -> None:
    replication = play(TWO_CREWS.replace("WAY", "hand_over").replace("handover: 10 min, ", ""), (590, 20))
    assert pieces(replication) == [(0, 590, 600), (1, 600, 610)]


def test_who_is_serving_as_the_break_begins_goes_late_and_that_is_no_overtime(play: Play) -> None:
    """A break from 12:00 to 12:30: a truck of 10 minutes at 11:55 is finished, the one at 12:10 waits till 12:30."""
    pool = "{crews: 1, crew_size: 1, rota: [day], shifts: {day: 8-18}, breaks: {day: [{at: '12:00', for: 30 min}]}}"
    replication = play(pool, (715, 10), (730, 10))
    assert minutes(replication, "started") == [715, 750]
    assert minutes(replication, "ended") == [725, 760]
    assert measured(replication, "overtime_hours") == 0
    assert measured(replication, "officer_hours") == 10


def test_a_break_of_a_pool_that_hands_over_stops_the_work(play: Play) -> None:
    """The same break: the truck that began at 11:55 has 5 of its 10 minutes left at 12:30."""
    pool = (
        "{crews: 1, crew_size: 1, rota: [day], shifts: {day: 8-18}, end_of_shift: hand_over, "
        "breaks: {day: [{at: '12:00', for: 30 min}]}}"
    )
    assert pieces(play(pool, (715, 10))) == [(0, 715, 720), (0, 750, 755)]


def test_two_crews_of_one_officer_do_not_staff_what_takes_two(engine_name: str) -> None:
    pool = "{crews: 2, crew_size: 1, rota: [day], shifts: {day: '00:00-24:00'}}"
    text = text_of(pool).replace("{police: 1}", "{police: 2}")
    replication = replicate(load_text(text), replications=1, engine=engine_name, keep="all").kept[0]
    assert len(replication.records.visits) > 0
    assert set(minutes(replication, "started")) == {None}


def test_who_finishes_late_counts_against_the_own_crew_only(play: Play) -> None:
    """Three officers until 00:07, two others until 00:11, one more until 00:20, as three crews of their own shifts.

    Trucks come at 1, 1, 1, 9, 9 and 12 and need 5, 7, 9, 4, 5 and 5 minutes. Crews of three are made crews of two and
    one by breaks that last all shift. Nobody waits for those who are late, unlike with a plain level of 3, 2 and 1.
    """
    pool = (
        "{crews: 3, crew_size: 3, rota: [a, b, c], "
        "shifts: {a: '00:00-00:07', b: '00:07-00:11', c: '00:11-00:20'}, "
        "breaks: {b: [{at: '00:07', for: 4 min, officers: 1}], c: [{at: '00:11', for: 9 min, officers: 2}]}}"
    )
    replication = play(pool, (1, 5), (1, 7), (1, 9), (9, 4), (9, 5), (12, 5))
    assert minutes(replication, "started") == [1, 1, 1, 9, 9, 12]
    assert minutes(replication, "ended") == [6, 8, 10, 13, 14, 17]
    assert measured(replication, "overtime_hours") == pytest.approx((1 + 3 + 2 + 3) / 60)


# Changes, plans and --set ---------------------------------------------------------------------------------------------


def test_a_change_holds_from_its_instant_and_days_are_still_counted_from_the_first_date() -> None:
    """From the third date, 12:00, on there are eight in a crew; from 21:00 on shifts change at six o'clock."""
    changes = (
        "changes:\n  - {at: 2025-05-07 12:00, set: {officers.police.crew_size: 8}}\n"
        '  - {at: 2025-05-07 21:00, set: {officers.police.shifts: {day: "06:00-18:00", night: "18:00-06:00"}}}\n'
    )
    crews = crews_of(scenario_of(more=changes))
    assert hours(crews[2].level)[2:4] == [(56, 10), (60, 8)]
    assert hours(crews[3].level)[2:] == [(68, 8), (78, 0)]
    assert on_duty(crews, 77.99) == [4]
    assert on_duty(crews, 78) == [2]
    assert hours(crews[1].level)[2:4] == [(78, 8), (90, 0)]


def test_a_crew_that_a_change_ends_is_at_0_from_then_on() -> None:
    changes = "changes:\n  - {at: 2025-05-06 09:00, set: {officers.police: {crews: 3, rota: [day, night, rest]}}}\n"
    crews = crews_of(scenario_of(more=changes))
    assert len(crews) == 4
    assert hours(crews[3].level) == [(32, 10), (33, 0)]
    assert [on_duty(crews, hour) for hour in (33, 44, 56, 68)] == [[3], [1], [2], [3]]


def test_a_change_may_put_crews_in_the_place_of_a_level() -> None:
    setting = FOUR_CREWS[1:-1]
    changes = f"changes:\n  - {{at: 2025-05-06 09:00, set: {{officers.police: {{level: null, {setting}}}}}}}\n"
    crews = crews_of(scenario_of("{level: 5}", more=changes))
    assert hours(crews[0].level)[:3] == [(0, 5), (33, 0), (44, 10)]
    assert hours(crews[3].level)[:2] == [(33, 10), (44, 0)]


PLANS = (
    "plans:\n  three_crews: {officers.police: {crews: 3, rota: [day, night, rest]}}\n"
    "  eight_a_crew: {officers.police.crew_size: 8}\n"
)


def test_three_crews_work_the_same_hours_with_less_rest() -> None:
    scenario = load_text(text_of(more=PLANS), plan="three_crews")
    assert officer_hours(scenario) == 5 * 240
    assert [on_duty(crews_of(scenario), hour) for hour in (0, 8, 20, 32)] == [[3], [1], [2], [3]]
    assert [(source.path, source.kind) for source in scenario.sources if source.path.startswith("officers")] == [
        ("officers.police.crews", "plan"),
        ("officers.police.crew_size", "none"),
        ("officers.police.shifts.day", "none"),
        ("officers.police.shifts.night", "none"),
    ]


def test_eight_a_crew_are_a_fifth_fewer_officer_hours() -> None:
    assert officer_hours(load_text(text_of(more=PLANS), plan="eight_a_crew")) == 0.8 * 5 * 240
    assert officer_hours(load_text(text_of(), sets=["officers.police.crew_size=8"])) == 0.8 * 5 * 240


def test_every_number_of_a_rota_says_where_it_comes_from_and_a_shift_may_cite_its_reason() -> None:
    pool = (
        "{crews: 2, crew_size: {assumed: a guess, value: 4}, rota: [day, rest], shifts: {day: '08:00-20:00'}, "
        "handover: 10 min, breaks: {day: [{at: '12:00', for: 30 min, officers: 2}]}, min_rest: 12 h}"
    )
    sources = "sources:\n  officers.police.shifts.*: {measured: own roster}\n"
    found = {source.path: source.kind for source in scenario_of(pool, more=sources).sources}
    assert {path: kind for path, kind in found.items() if path.startswith("officers")} == {
        "officers.police.crews": "none",
        "officers.police.crew_size": "assumed",
        "officers.police.shifts.day": "measured",
        "officers.police.handover": "none",
        "officers.police.breaks.day.0.at": "none",
        "officers.police.breaks.day.0.for": "none",
        "officers.police.breaks.day.0.officers": "none",
        "officers.police.min_rest": "none",
    }


def test_the_finished_scenario_has_the_same_crews() -> None:
    first = load_text(text_of(more=PLANS), plan="three_crews", sets=["officers.police.handover=15 min"])
    second = load_text(yamlfile.dump(first.resolved))
    assert second.regimes == first.regimes
    assert second.regimes[0].pools[0].crews is not None


# What check says ------------------------------------------------------------------------------------------------------


def warnings(pool: str, **where: str) -> list[str]:
    return list(scenario_of(pool, **where).warnings)


def test_four_crews_on_the_rota_of_the_design_are_worth_no_warning() -> None:
    assert warnings(FOUR_CREWS) == []


def test_a_shift_without_a_crew_is_named_with_its_days() -> None:
    """Three crews are on three of the four days of the cycle: on its day 2 nobody works day, on its day 3 not night."""
    assert warnings(FOUR_CREWS.replace("crews: 4", "crews: 3")) == [
        "scenario.yaml:9:43: officers.police.rota: shift day: no crew on day 2 of the cycle of 4 "
        "(day 1 is the first date of the run)",
        "scenario.yaml:9:43: officers.police.rota: shift night: no crew on day 3 of the cycle of 4 "
        "(day 1 is the first date of the run)",
    ]


def test_one_crew_alone_leaves_most_days_empty() -> None:
    rota = ", ".join(["day", *["rest"] * 12])
    [warning] = warnings(f"{{crews: 1, crew_size: 2, rota: [{rota}], shifts: {{day: 8-20}}}}")
    assert "shift day: no crew on days 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... of the cycle of 13" in warning


def test_a_shift_without_a_crew_from_a_change_on_says_from_when() -> None:
    changes = "changes:\n  - {at: 2025-05-06 09:00, set: {officers.police.crews: 3}}\n"
    found = warnings(FOUR_CREWS, more=changes)
    assert len(found) == 2
    assert "no crew on day 2 of the cycle of 4 from 2025-05-06 09:00 on" in found[0]


def test_a_shift_that_no_day_has_is_named() -> None:
    [warning] = warnings(FOUR_CREWS.replace("shifts: {", "shifts: {late: 12-22, "))
    assert warning.endswith("officers.police.shifts.late: no day of the rota has shift late")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("24 h", []),
        (
            "25 h",
            ["a crew rests 24 h between shifts day and night, less than min_rest, 25 h"],
        ),
        (
            "49 h",
            [
                "a crew rests 24 h between shifts day and night, less than min_rest, 49 h",
                "a crew rests 48 h between shifts night and day, less than min_rest, 49 h",
            ],
        ),
    ],
)
def test_rest_shorter_than_is_wanted_is_a_warning(rest: str, said: list[str]) -> None:
    """From 20:00 to 20:00 of the next day are 24 hours; from 08:00 after the night to 08:00 two days on are 48."""
    found = warnings(FOUR_CREWS[:-1] + f", min_rest: {rest}}}")
    assert [warning.partition("officers.police.rota: ")[2] for warning in found] == said


def test_a_crew_alone_rests_until_its_own_next_shift() -> None:
    [warning] = warnings("{crews: 1, crew_size: 2, rota: [day], shifts: {day: 8-20}, min_rest: 13 h}")
    assert warning.endswith("a crew rests 12 h between shifts day and day, less than min_rest, 13 h")


def test_a_service_that_needs_more_than_one_crew_has_is_a_warning() -> None:
    """Two crews of ten on the same shift are no crew of twenty."""
    text = text_of("{crews: 2, crew_size: 10, rota: [day], shifts: {day: '00:00-24:00'}}")
    found = load_text(text.replace("{police: 1}", "{police: 12}")).warnings
    assert [warning.partition("officers: ")[2] for warning in found] == [
        "needs 12 officers, but police never has more than 10 in one crew; nothing will be served here"
    ]


def test_the_load_of_officers_counts_whole_services_of_each_crew() -> None:
    """A crew of five can give two services of two officers: 4 officers around the clock, 96 hours a day."""
    text = text_of(FOUR_CREWS.replace("crew_size: 10", "crew_size: 5")).replace("{police: 1}", "{police: 2}")
    [load] = loads(load_text(text))
    assert load.officer_hours_on_duty == 96
    assert load.officer_hours_needed == pytest.approx(100 * 2 / 60)


def test_check_reports_a_scenario_with_crews() -> None:
    assert report_on(scenario_of()).kinds == {"none": 8}


# What is refused ------------------------------------------------------------------------------------------------------

NAMES = "there is no shift"
ROTA_RULE = "write the shifts of the cycle's days in order, for instance [day, night, rest, rest]"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("crews: 4", "crews: 0", "crews: got 0; it must be a whole number from 1 to 100"),
        ("crews: 4", "crews: 101", "crews: got 101; it must be a whole number from 1 to 100"),
        ("crews: 4", "crews: 2.5", "crews: got 2.5, which is not whole; write a whole number such as 3"),
        ("crew_size: 10", "crew_size: 0", "crew_size: got 0; it must be a whole number from 1 to 10000"),
        ("crew_size: 10", "crew_size: 10001", "crew_size: got 10001; it must be a whole number from 1 to 10000"),
        ("crew_size: 10, ", "", "crew_size: is required: crews on a rota have crews, crew_size, rota and shifts"),
        ("crews: 4, ", "", "crews: is required: crews on a rota have crews, crew_size, rota and shifts"),
        ("rest, rest]", "rest, nihgt]", "rota.3: there is no shift 'nihgt' under shifts; did you mean 'night'?"),
        ("rest, rest]", "rest, x]", "rota.3: there is no shift 'x' under shifts; there are: day, night, rest"),
        ("rest, rest]", "rest, 4]", "rota.3: got 4, which is not text; put it in quotes"),
        ("[day, night, rest, rest]", "[]", f"rota: got a list of 0; a rota has 1 to 366 days: {ROTA_RULE}"),
        ("[day, night, rest, rest]", "day", f"rota: got 'day'; {ROTA_RULE}"),
        ("[day, night, rest, rest]", "[rest, off]", f"rota: got a rota without any shift; {ROTA_RULE}"),
        (
            "[day, night, rest, rest]",
            "[night, day, rest, rest]",
            None,  # a night that ends at 08:00 and a day that begins then only touch
        ),
        (
            'night: "20:00-08:00"',
            'night: "20:00-09:00"',
            None,  # after night comes rest
        ),
        (
            '[day, night, rest, rest], shifts: {day: "08:00-20:00", night: "20:00-08:00"}',
            '[night, day, rest, rest], shifts: {day: "08:00-20:00", night: "20:00-09:00"}',
            "rota.1: 'day' begins at 08:00, before 'night' of the day before ends at 09:00; a crew works one shift at "
            "a time",
        ),
        (
            '[day, night, rest, rest], shifts: {day: "08:00-20:00", night: "20:00-08:00"}',
            '[day, night], shifts: {day: "08:00-20:00", night: "20:00-09:00"}',
            "rota.0: 'day' begins at 08:00, before 'night' of the day before ends at 09:00; a crew works one shift at "
            "a time",
        ),
        (
            'day: "08:00-20:00"',
            "day: 8",
            "shifts.day: got 8, which is not a span of the clock; write a span as '8-20' or '08:00-20:00'",
        ),
        (
            'day: "08:00-20:00"',
            'day: "08:00-25:00"',
            "shifts.day: got '25:00'; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59",
        ),
        ("shifts: {", "shifts: {rest: 8-9, ", "shifts.rest: 'rest' is a day without a shift; choose another name"),
        ("shifts: {", "shifts: {off: 8-9, ", "shifts.off: 'off' is a day without a shift; choose another name"),
        (
            "shifts: {",
            "shifts: {mon: 8-9, ",
            "shifts.mon: 'mon' names the clock or days, not a shift; choose another name",
        ),
        (
            "shifts: {",
            "shifts: {'a b': 8-9, ",
            "shifts.'a b': 'a b' is not a name: a name begins with a letter, then letters, digits, '_' or '-', at most "
            "64 in all",
        ),
        (
            'shifts: {day: "08:00-20:00", night: "20:00-08:00"}',
            "shifts: {}",
            "shifts: got a mapping; write shifts by name, for instance {day: '08:00-20:00', night: '20:00-08:00'}",
        ),
        (
            "crews: 4",
            "crews: 4, handover: 12 h",
            "handover: is not shorter than shift 'day', 08:00-20:00; nobody would ever serve",
        ),
        (
            "crews: 4",
            "crews: 4, handover: 10",
            "handover: got 10, which has no unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "crews: 4",
            "crews: 4, min_rest: 11",
            "min_rest: got 11, which has no unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: [12]",
            "breaks: got a list; write breaks by shift, for instance {day: [{at: '12:00', for: 30 min}]}",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {day: 12}",
            "breaks.day: got 12; write breaks by shift, for instance {day: [{at: '12:00', for: 30 min}]}",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {day: [12]}",
            "breaks.day.0: got 12; write a break as {at: '12:00', for: 30 min, officers: 4}",
        ),
        ("crews: 4", "crews: 4, breaks: {day: [{at: '12:00'}]}", "breaks.day.0.for: is required"),
        ("crews: 4", "crews: 4, breaks: {day: [{for: 5 min}]}", "breaks.day.0.at: is required"),
        (
            "crews: 4",
            "crews: 4, breaks: {day: [{at: '12:00', for: 5 min, offcers: 3}]}",
            "breaks.day.0.offcers: unknown key; did you mean 'officers'?",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {day: [{at: '12:00', for: 0 min}]}",
            "breaks.day.0.for: got '0 min'; a break lasts longer than 0 (leave it out for none)",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {day: [{at: '12:00', for: 5 min, officers: 0}]}",
            "breaks.day.0.officers: got 0; it must be a whole number from 1 to 10000",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {dya: [{at: '12:00', for: 5 min}]}",
            "breaks.dya: there is no shift 'dya' under shifts; did you mean 'day'?",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {x: [{at: '12:00', for: 5 min}]}",
            "breaks.x: there is no shift 'x' under shifts; there are: day, night",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {day: [{at: '12:00', for: 5 min}, {at: '19:50', for: 15 min}]}",
            "breaks.day.1: does not lie within shift 'day', 08:00-20:00; move or shorten it",
        ),
        (
            "crews: 4",
            "crews: 4, breaks: {night: [{at: '12:00', for: 5 min}]}",
            "breaks.night.0: does not lie within shift 'night', 20:00-08:00; move or shorten it",
        ),
        (
            "crews: 4",
            "crews: 4, level: 10",
            "level: stands beside crews; a pool has a level or crews on a rota (null removes an inherited one)",
        ),
        (
            FOUR_CREWS,
            "{side: own}",
            "level: is required: officers on duty, or in its place crews on a rota: crews, crew_size, rota and shifts",
        ),
        (FOUR_CREWS, "{level: 5, crew_sizes: 10}", "crew_sizes: unknown key; did you mean 'crew_size'?"),
    ],
)
def test_a_rota_that_is_wrong_is_named_with_its_place_and_its_cure(old: str, new: str, said: str | None) -> None:
    assert old in FOUR_CREWS
    pool = FOUR_CREWS.replace(old, new)
    if said is None:
        scenario_of(pool)
        return
    [problem] = problems(text_of(pool))
    assert problem.startswith("scenario.yaml:9:")
    assert problem.partition(": officers.police.")[2] == said


def test_a_mistake_stands_at_its_own_column() -> None:
    line = "  police: " + FOUR_CREWS.replace("night, rest", "nihgt, rest")
    [problem] = problems(text_of(FOUR_CREWS.replace("night, rest", "nihgt, rest")))
    assert problem.startswith(f"scenario.yaml:9:{line.index('nihgt') + 1}: officers.police.rota.1: {NAMES} 'nihgt'")


def test_a_change_that_does_not_fit_is_named_where_it_stands() -> None:
    changes = "changes:\n  - {at: 2025-05-06, set: {officers.police.level: 5}}\n"
    [problem] = problems(text_of(more=changes))
    assert problem == (
        "scenario.yaml:15:28: changes.0.set.officers.police.level: stands beside crews; a pool has a level or crews on "
        "a rota (null removes an inherited one)"
    )
    changes = "changes:\n  - {at: 2025-05-06, set: {officers.police.handover: 13 h}}\n"
    [problem] = problems(text_of(more=changes))
    assert problem == (
        "scenario.yaml:15:54: changes.0.set.officers.police.handover: is not shorter than shift 'day', 08:00-20:00; "
        "nobody would ever serve"
    )


def test_a_shift_that_only_a_change_or_only_the_time_before_it_has_is_meant() -> None:
    changes = (
        "changes:\n  - at: 2025-05-06 09:00\n"
        "    set: {officers.police.rota: [late, late, late, late], officers.police.shifts.late: '09:00-17:00'}\n"
    )
    assert warnings(FOUR_CREWS, more=changes) == []
