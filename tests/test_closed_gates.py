"""Closed gates: units that queue, stay away, come back or come within the open hours; and how long units wait."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import portsim as ps
from portsim.model import Traffic, draw, lower
from portsim.model.arrivals import GRAINS, Coming, CumulativeRate, coming, cumulative_rate
from portsim.model.closed_gates import re_spread
from portsim.model.network import NONE, StepFunction
from portsim.model.streams import Streams
from portsim.scenario import calendar, load_text
from portsim.scenario.arrivals import (
    Arrivals,
    Departure,
    RateArrivals,
    RecordedArrivals,
    RegularArrivals,
    TimetableArrivals,
    WhenClosed,
)
from portsim.scenario.levels import DAY_MS
from portsim.scenario.scenario import Flow, Regime, Scenario
from tests.scenarios import (
    BEIJING,
    BISHKEK,
    HOUR,
    MINUTE,
    closure,
    exponential,
    fixed,
    flow,
    per_day,
    port,
    profile,
    side,
    stage,
    utc,
)

DAY = {"10-14": 1}
"""Hours of a port that is open from 10:00 to 14:00."""

RE_SPREAD = WhenClosed(re_spread=True)


def drawn(scenario: Scenario, seed: int = 1, replication: int = 0) -> Traffic:
    return draw(scenario, lower(scenario), seed=seed, replication=replication)


def port_of(when: WhenClosed, arrivals: Arrivals | None = None, hours: object = None, **other: object) -> Scenario:
    """One stage, open from 10:00 to 14:00, and one flow."""
    sides = [side(hours=DAY if hours is None else hours)]
    return port(sides=sides, flows=[flow(arrivals=arrivals or per_day(24), when_closed=when)], **other)


def hours_of(ticks: np.ndarray) -> list[float]:
    return (ticks / HOUR).tolist()


def minutes(ticks: np.ndarray) -> list[int]:
    """Whole minutes; half a second more, so that a ms lost in rounding does not show."""
    return ((ticks + 500) // MINUTE).tolist()


# Re-spread, by hand -------------------------------------------------------------------------------------------------


def re_spread_units(
    arrivals: RateArrivals,
    units: list[float],
    hours: object,
    start: str = "2025-03-03",
    end: str = "2025-03-04",
    clock: str = BEIJING,
    **other: object,
) -> np.ndarray:
    """When units come that want to come as so many are expected to have come since the start: int64[n]."""
    someone = flow(arrivals=arrivals, clock=clock)
    start_ms, end_ms = utc(start), utc(end)
    rate = cumulative_rate(someone, arrivals, Streams(1, 0), start_ms, end_ms)
    reached = np.array([round(number * GRAINS) for number in units], np.int64)
    scenario = port(sides=[side(hours=hours, **other)], start=f"{start} 00:00", end=f"{end} 00:00")
    midnights = np.array([at - start_ms for _, at in calendar.midnights(clock, start_ms, end_ms)], np.int64)
    later = Coming(np.arange(len(units)), rate.ticks(reached), rate, reached)
    return re_spread(later, rate, lower(scenario).stages[0].is_open, midnights)


def test_a_days_units_share_out_its_open_hours() -> None:
    """24 units want to come at half past each hour; open for 4 hours, one comes every 10 minutes from 10:05 on."""
    arrived = re_spread_units(per_day(24), [hour + 0.5 for hour in range(24)], DAY)
    assert minutes(arrived) == [600 + 10 * k + 5 for k in range(24)]


def test_open_hours_keep_their_weights() -> None:
    """12 until noon and 36 after: of 8 expected from 10 to 14, two come before noon, so a quarter of all 48 does.

    Half of that quarter come in the first of these hours; of the rest, after 18 of 36 come 3 of 6, at one a 20 min.
    """
    weights = per_day(48, by_hour=profile({"0-12": 1, "12-24": 3}))
    assert minutes(re_spread_units(weights, [0, 6, 12, 30], DAY)) == [600, 660, 720, 780]


def test_two_spans_and_a_night_are_filled_in_their_order() -> None:
    """Open 22:00 to 04:00: each date has its own four hours after midnight, then two before the next.

    Of 24 units every quarter of an hour takes one: the 8th comes at 02:00, the 16th at 22:00, the 20th at 23:00.
    """
    night = re_spread_units(per_day(24), [0, 8, 16, 20, 24, 32], {"22-4": 1}, end="2025-03-05")
    assert minutes(night) == [0, 120, 22 * 60, 23 * 60, 24 * 60, 26 * 60]


def test_a_day_closed_altogether_leaves_its_units_as_they_are_and_a_closure_leaves_the_rest_of_the_day() -> None:
    """4 March is closed, and 3 March all day but from 22:00: its units come in two hours, those of the 4th queue."""
    closures = [replace(closure("2025-03-03"), end_ms=utc("2025-03-03 22:00")), closure("2025-03-04")]
    units = [0, 12, 18, 24.5, 36, 48, 60]
    arrived = re_spread_units(per_day(24), units, 1, end="2025-03-06", closures=closures)
    assert minutes(arrived) == [60 * 22, 60 * 23, 60 * 23 + 30, 60 * 24 + 30, 60 * 36, 60 * 48, 60 * 60]


def test_open_time_at_which_nobody_is_expected_takes_nobody() -> None:
    """All come from 18:00 to 24:00; open from 10:00 to 14:00 nobody could come, so they queue."""
    evening = per_day(6, by_hour=profile({"18-24": 1}))
    assert hours_of(re_spread_units(evening, [0, 3], DAY)) == [18, 21]
    assert hours_of(re_spread_units(evening, [0, 3], {"10-20": 1})) == [18, 19]


def test_days_are_those_of_the_flows_clock_and_hours_those_of_the_stages() -> None:
    """Bishkek is two hours behind: its day runs from 02:00 to 02:00 of Beijing, open from 10:00 to 24:00 there.

    The first two hours of the run are the rest of a day on which it does not open again: that unit stays at 01:00. Half
    of the next day's units have come when half of its 14 hours have passed, at 17:00.
    """
    arrived = re_spread_units(per_day(24), [1, 2, 14], {"10-24": 1}, end="2025-03-05", clock=BISHKEK)
    assert hours_of(arrived) == [1, 10, 17]
    away = [side(), side("away", BISHKEK, {"8-22": 1})]
    inbound = flow(arrivals=per_day(240), clock=BISHKEK, when_closed=RE_SPREAD)
    traffic = drawn(port(sides=away, stages=[stage(side="away")], flows=[inbound]))
    came = traffic.arrived[traffic.wanted >= 2 * HOUR]
    assert ((came - 10 * HOUR) % DAY_MS < 14 * HOUR).all()
    assert traffic.arrived.min() < 2 * HOUR


def test_a_run_that_begins_at_noon_spreads_what_is_left_of_the_day() -> None:
    """12 units from noon on come between 12:00 and 14:00."""
    traffic = drawn(port_of(RE_SPREAD, per_day(2400), start="2025-03-03 12:00", end="2025-03-05 00:00"))
    first = traffic.arrived[traffic.wanted < 12 * HOUR]
    assert first.max() < 2 * HOUR
    assert np.abs(first - traffic.wanted[: first.size] / 6).max() <= 1


def test_a_day_open_throughout_comes_as_it_wants_to_the_tick() -> None:
    weights = profile({"0-8": 1, "8-12": 3, "12-18": 5, "18-24": 3})
    demand = per_day(997, by_hour=weights, day_to_day_cv=0.3, growth_per_year=0.1)
    queue = drawn(port_of(WhenClosed(), demand, hours=1))
    spread = drawn(port_of(RE_SPREAD, demand, hours=1))
    assert np.array_equal(queue.arrived, spread.arrived)
    half = {"own": [side(hours=DAY)], "always": [side(hours=1)]}
    regime = Regime(0, tuple(half["always"]), (), (stage(),))
    flows = [flow(arrivals=demand, when_closed=RE_SPREAD)]
    changed = drawn(port(sides=half["own"], flows=flows, changes={"2025-03-06 00:00": regime}))
    later = changed.wanted >= 3 * DAY_MS
    assert np.array_equal(changed.arrived[later], queue.arrived[later])
    assert ((changed.arrived[~later] % DAY_MS - 10 * HOUR) < 4 * HOUR).all()


@pytest.mark.parametrize("day", [1, 3_000_000])
def test_no_unit_is_carried_over_closing_by_rounding(day: int) -> None:
    """The last grain of a day still comes within its hours, however few or many grains the day has."""
    rate = CumulativeRate(np.array([0, DAY_MS]), np.array([0, day * GRAINS]))
    reached = np.array([0, 1, day * GRAINS - 2, day * GRAINS - 1])
    is_open = StepFunction.of([(10 * HOUR, 1), (10 * HOUR + 7, 0)])
    arrived = re_spread(Coming(np.arange(4), rate.ticks(reached), rate, reached), rate, is_open, np.array([0, DAY_MS]))
    assert arrived[0] == 10 * HOUR
    assert (np.diff(arrived) >= 0).all()
    assert arrived[-1] < 10 * HOUR + 7


def test_a_day_open_throughout_keeps_every_grain_though_products_are_rounded() -> None:
    """One grain a ms, so many that their product with a day's takes more than the 53 bits of a float."""
    whole = 2**50 + 2**49 + 1
    rate = CumulativeRate(np.array([0, whole]), np.array([0, whole]))
    reached = np.sort(np.random.default_rng(1).integers(0, whole, 10_000))
    assert (np.floor(reached * float(whole) / whole) < reached).any()
    later = Coming(np.arange(reached.size), rate.ticks(reached), rate, reached)
    always = re_spread(later, rate, StepFunction.constant(1), np.array([0, whole]))
    assert np.array_equal(always, later.wanted)


# Coming back and staying away, by hand ------------------------------------------------------------------------------

SIX_HOURLY = RegularArrivals(fixed(6 * HOUR))
TWO_DAYS = {"end": "2025-03-05 00:00"}


def test_who_comes_back_comes_after_the_next_opening() -> None:
    """Wanted at 6, 12, 18, 24, 30, 36, 42; open 10 to 14. Two hours after opening is noon of the day or of the next.

    The one of 42 would come after the run; it has not stayed away.
    """
    traffic = drawn(port_of(WhenClosed(come_back=fixed(2 * HOUR)), SIX_HOURLY, **TWO_DAYS))
    assert hours_of(traffic.wanted) == [6, 12, 18, 24, 30, 36]
    assert hours_of(traffic.arrived) == [12, 12, 36, 36, 36, 36]
    assert traffic.stayed_away.tolist() == [0]


def test_who_finds_it_closed_again_queues() -> None:
    """Five hours after 10:00 the port has closed at 14:00; 20 hours after the second opening the run is over."""
    back = drawn(port_of(WhenClosed(come_back=fixed(5 * HOUR)), SIX_HOURLY, **TWO_DAYS))
    assert hours_of(back.arrived) == [15, 12, 39, 39, 39, 36]
    late = drawn(port_of(WhenClosed(come_back=fixed(14 * HOUR)), SIX_HOURLY, **TWO_DAYS))
    assert hours_of(late.wanted) == [6, 12, 36]
    assert hours_of(late.arrived) == [24, 12, 36]


def test_the_closing_tick_is_closed_and_the_opening_tick_is_open() -> None:
    traffic = drawn(port_of(WhenClosed(come_back=fixed(0)), RegularArrivals(fixed(2 * HOUR)), end="2025-03-04 00:00"))
    assert hours_of(traffic.wanted) == [2, 4, 6, 8, 10, 12]
    assert hours_of(traffic.arrived) == [10, 10, 10, 10, 10, 12]


def test_a_closure_over_the_hours_moves_the_opening() -> None:
    """Closed on 3 March: who wants to come then comes on the 4th; never open at all, nobody comes."""
    hours = [side(hours=DAY, closures=[closure("2025-03-03")])]
    came = flow(arrivals=SIX_HOURLY, when_closed=WhenClosed(come_back=fixed(HOUR)))
    traffic = drawn(port(sides=hours, flows=[came], **TWO_DAYS))
    assert hours_of(traffic.wanted) == [6, 12, 18, 24, 30, 36]
    assert hours_of(traffic.arrived) == [35, 35, 35, 35, 35, 36]
    never = drawn(port(sides=[side(hours=0)], flows=[came], **TWO_DAYS))
    assert (len(never), never.stayed_away.tolist()) == (0, [0])


def test_those_stay_away_who_drew_less_than_the_share() -> None:
    """Exactly those at a closed port whose own uniform is below it; the others keep everything they drew."""
    queue = drawn(port_of(WhenClosed(), per_day(300)))
    away = drawn(port_of(WhenClosed(stay_away=0.4), per_day(300)))
    uniforms = Streams(1, 0).uniforms("stays away", "out", count=len(queue))
    is_closed = (queue.wanted % DAY_MS - 10 * HOUR) % DAY_MS >= 4 * HOUR
    stays = is_closed & (uniforms < 0.4)
    assert 600 < stays.sum() < is_closed.sum()
    assert away.stayed_away.tolist() == [stays.sum()]
    for name in ("wanted", "arrived", "priority", "persons", "patience"):
        assert np.array_equal(getattr(away, name), getattr(queue, name)[~stays]), name
    assert np.array_equal(away.work, queue.work[~stays])
    assert drawn(port_of(WhenClosed(stay_away=1.0), per_day(300))).stayed_away.tolist() == [is_closed.sum()]
    assert drawn(port_of(WhenClosed(stay_away=1.0), per_day(300), hours=1)).stayed_away.tolist() == [0]


def test_of_those_who_do_not_stay_away_each_comes_back_by_its_own_draw() -> None:
    queue = drawn(port_of(WhenClosed(), per_day(300)))
    away = drawn(port_of(WhenClosed(stay_away=0.4, come_back=exponential(HOUR)), per_day(300)))
    day, clock = np.divmod(queue.wanted, DAY_MS)
    is_closed = (clock - 10 * HOUR) % DAY_MS >= 4 * HOUR
    opening = (day + (clock >= 14 * HOUR)) * DAY_MS + 10 * HOUR
    stays = is_closed & (Streams(1, 0).uniforms("stays away", "out", count=len(queue)) < 0.4)
    delay = np.rint(-np.log1p(-Streams(1, 0).uniforms("comes back", "out", count=len(queue))) * HOUR).astype(np.int64)
    arrived = np.where(is_closed, opening + delay, queue.wanted)
    comes = ~stays & (opening < 7 * DAY_MS) & (arrived < 7 * DAY_MS) | ~is_closed
    assert np.array_equal(away.wanted, queue.wanted[comes])
    assert np.array_equal(away.arrived, arrived[comes])
    assert np.array_equal(away.work, queue.work[comes])


def test_the_gate_is_the_first_stage_a_unit_really_stops_at() -> None:
    """The scan is shut, and half go through it first: they stay away; the others find the check open."""
    stages = [stage("check"), stage("scan", hours=0)]
    journey = [("scan", 0.5), "check"]

    def traffic(when: WhenClosed) -> Traffic:
        return drawn(port(stages=stages, flows=[flow(journey=journey, arrivals=per_day(100), when_closed=when)]))

    queue, away = traffic(WhenClosed()), traffic(WhenClosed(stay_away=1.0))
    is_scanned = queue.stage[queue.first[:-1]] == 1
    assert 200 < is_scanned.sum() < 500
    assert np.array_equal(away.wanted, queue.wanted[~is_scanned])
    assert set(away.stage.tolist()) == {0}
    assert away.stayed_away.tolist() == [is_scanned.sum()]


def test_rows_of_a_recorded_file_go_with_their_units() -> None:
    recorded = RecordedArrivals(
        "day.csv", tuple(utc("2025-03-03") + hour * HOUR for hour in (9, 11, 13, 15)), None, (1, 2, 3, 4), None
    )
    away = drawn(port_of(WhenClosed(stay_away=1.0), recorded))
    assert (hours_of(away.arrived), away.persons.tolist(), away.stayed_away.tolist()) == ([11, 13], [2, 3], [2])
    back = drawn(port_of(WhenClosed(come_back=fixed(0)), recorded))
    assert (hours_of(back.arrived), back.persons.tolist()) == ([10, 11, 13, 34], [1, 2, 3, 4])


def test_the_queue_at_the_start_does_not_go_away() -> None:
    scenario = port_of(WhenClosed(stay_away=1.0, come_back=fixed(HOUR)), SIX_HOURLY, **TWO_DAYS)
    queued = drawn(replace(scenario, flows=(replace(scenario.flows[0], queue_at_start=3),)))
    assert hours_of(queued.arrived) == [0, 0, 0, 12, 36]
    assert queued.stayed_away.tolist() == [5]


def test_only_those_who_wanted_to_come_in_the_measured_stretch_count_as_stayed_away() -> None:
    scenario = port_of(WhenClosed(stay_away=1.0), SIX_HOURLY, **TWO_DAYS)
    measured = replace(scenario, measure_from_ms=scenario.start_ms + 18 * HOUR)
    assert drawn(measured).stayed_away.tolist() == [4]
    assert np.array_equal(drawn(measured).arrived, drawn(scenario).arrived)


# Patience -----------------------------------------------------------------------------------------------------------


def test_each_unit_draws_its_own_patience_once() -> None:
    patient = replace(flow(arrivals=per_day(100), queue_at_start=2), patience=exponential(HOUR))
    traffic = drawn(port(flows=[patient]))
    drew = -np.log1p(-Streams(1, 0).uniforms("patience", "out", count=len(traffic) - 2)) * HOUR
    assert traffic.patience[2:].tolist() == np.maximum(np.rint(drew), 1).astype(int).tolist()
    assert len(set(traffic.patience.tolist())) > 600


def test_patience_is_at_least_a_tick_and_none_is_for_ever() -> None:
    hurried = drawn(
        port(flows=[replace(flow(arrivals=per_day(9)), patience=fixed(0)), flow("in", arrivals=per_day(9))])
    )
    assert set(hurried.patience[hurried.flow == 0].tolist()) == {1}
    assert set(hurried.patience[hurried.flow == 1].tolist()) == {NONE}


# Laws ---------------------------------------------------------------------------------------------------------------

WHENS = st.one_of(
    st.just(WhenClosed()),
    st.just(RE_SPREAD),
    st.builds(
        WhenClosed,
        stay_away=st.sampled_from([0.0, 0.3, 1.0]),
        come_back=st.sampled_from([None, fixed(0), fixed(3 * HOUR), exponential(5 * HOUR)]),
    ),
)
EDGES = st.integers(3, 24)  # Berlin has no 02:00 in that week
SPANS = (
    st.tuples(EDGES, EDGES)
    .filter(lambda span: span[0] < 24 and span[0] != span[1])
    .map(lambda span: f"{span[0]}-{span[1]}")
)
HOURS = st.one_of(st.just(0), st.just(1), SPANS.map(lambda span: {span: 1}))
RATES = st.builds(
    per_day,
    st.sampled_from([0.5, 20.0, 300.0]),
    by_hour=st.sampled_from([profile(1), profile({"0-8": 1, "8-20": 5}), profile({"20-4": 1})]),
    day_to_day_cv=st.sampled_from([0.0, 0.5]),
)
OTHERS = st.sampled_from(
    [SIX_HOURLY, TimetableArrivals((Departure(9 * HOUR, tuple(range(7)), 3),), exponential(4 * HOUR))]
)
ZONES = st.sampled_from([BEIJING, BISHKEK, "Europe/Berlin"])
SEEDS = st.integers(0, 2**63 - 1)


def port_in(zone: str, hours: object, closed: bool, one: Flow) -> Scenario:
    """A week of two sides, with one date closed; in Berlin the clocks go forward in it."""
    sides = [side(), side("away", zone, hours, [closure("2025-03-29", zone=zone)] if closed else [])]
    flows = [replace(one, clock=zone), flow("in", arrivals=per_day(40), direction="in")]
    stages = [stage(side="away", hours=None), stage("scan")]
    return port(sides=sides, stages=stages, flows=flows, start="2025-03-26 00:00", end="2025-04-01 12:00")


@given(zone=ZONES, hours=HOURS, closed=st.booleans(), arrivals=RATES, seed=SEEDS)
def test_re_spread_keeps_each_days_units_in_order_and_within_open_hours(
    zone: str, hours: object, closed: bool, arrivals: RateArrivals, seed: int
) -> None:
    scenario = port_in(zone, hours, closed, flow(arrivals=arrivals, when_closed=RE_SPREAD))
    network, traffic = lower(scenario), drawn(scenario, seed)
    own = traffic.flow == 0
    wanted, arrived = traffic.wanted[own], traffic.arrived[own]
    assert (np.diff(arrived) >= 0).all()
    edges = np.array([at - scenario.start_ms for _, at in calendar.midnights(zone, scenario.start_ms, scenario.end_ms)])
    day = np.searchsorted(edges, wanted, side="right")
    assert np.array_equal(day, np.searchsorted(edges, arrived, side="right"))
    is_open = network.stages[0].is_open
    came_open = np.array([is_open(tick) for tick in arrived.tolist()], bool)
    for each in np.unique(day):
        units = day == each
        assert came_open[units].all() or np.array_equal(arrived[units], wanted[units])


@given(zone=ZONES, hours=HOURS, closed=st.booleans(), arrivals=st.one_of(RATES, OTHERS), when=WHENS, seed=SEEDS)
def test_every_unit_comes_as_it_wanted_or_stays_away_or_comes_too_late(
    zone: str, hours: object, closed: bool, arrivals: Arrivals, when: WhenClosed, seed: int
) -> None:
    """Nobody is lost, `wanted` and all other draws stay, and the other flow's units are the same byte for byte."""
    if when.re_spread and not isinstance(arrivals, RateArrivals):
        when = WhenClosed()
    one = flow(journey=[("scan", 0.2), "check"], arrivals=arrivals, patience=exponential(HOUR), persons=1.5)
    queue = drawn(port_in(zone, hours, closed, one), seed)
    scenario = port_in(zone, hours, closed, replace(one, when_closed=when))
    gated, network = drawn(scenario, seed), lower(scenario)
    before, after = ([*units(traffic, 0)] for traffic in (queue, gated))
    # Every unit's draws tell it from all others; they come in their old order.
    place = {unit: number for number, unit in enumerate(before)}
    kept = [place[unit] for unit in after]
    assert kept == sorted(kept)
    gone = np.setdiff1d(np.arange(len(before)), kept)
    is_open = [network.stages[int(queue.stage[queue.first[unit]])].is_open for unit in gone]
    for unit, opening in zip(gone.tolist(), is_open, strict=True):
        assert not opening(int(queue.wanted[unit]))
    if when.come_back is None:
        assert gated.stayed_away[0] == gone.size
    assert gated.stayed_away[0] <= gone.size
    if when.stay_away == 0:
        assert gated.stayed_away[0] == 0
    assert ((gated.arrived >= 0) & (gated.arrived < network.end)).all()
    if not when.re_spread:
        assert (gated.arrived >= gated.wanted).all()
    assert [*units(gated, 1)] == [*units(queue, 1)]


def units(traffic: Traffic, number: int) -> list[tuple[object, ...]]:
    """All that the units of a flow drew, without when they arrive."""
    found = []
    for unit in np.flatnonzero(traffic.flow == number).tolist():
        steps = slice(traffic.first[unit], traffic.first[unit + 1])
        drew = (int(getattr(traffic, name)[unit]) for name in ("wanted", "priority", "persons", "goods", "patience"))
        found.append((*drew, *traffic.stage[steps].tolist(), *traffic.work[steps].tolist()))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_changed_hours_change_nothing_for_units_that_queue(seed: int) -> None:
    hours = [drawn(port_of(WhenClosed(), per_day(100), hours=each), seed) for each in (DAY, {"8-20": 1}, 1, 0)]
    for other in hours[1:]:
        assert all(np.array_equal(getattr(other, name), getattr(hours[0], name)) for name in Traffic.__slots__)


def test_a_shorter_run_gives_each_unit_the_same_answer() -> None:
    """Until the last day that both play in full: each answer is the unit's own."""
    for when in (RE_SPREAD, WhenClosed(stay_away=0.4), WhenClosed(come_back=exponential(HOUR))):
        short = drawn(port_of(when, per_day(100), end="2025-03-06 00:00"))
        long = drawn(port_of(when, per_day(100), end="2025-03-13 00:00"))
        both = min(len(short), len(long))
        of_both = short.wanted[:both] < 2 * DAY_MS
        assert of_both.sum() > 100
        assert np.array_equal(short.arrived[:both][of_both], long.arrived[:both][of_both])


@pytest.mark.parametrize("when", [RE_SPREAD, WhenClosed(stay_away=0.4, come_back=exponential(HOUR))])
def test_what_units_want_is_the_same_in_every_plan(when: WhenClosed) -> None:
    start, end = utc("2025-03-03"), utc("2025-03-10")
    one = flow(arrivals=per_day(100), when_closed=when)
    wanted = coming(one, Streams(1, 0), start, end)
    for hours in (DAY, 1, 0):
        traffic = drawn(port_of(when, per_day(100), hours=hours))
        assert set(traffic.wanted.tolist()) <= set(wanted.wanted.tolist())
    assert np.array_equal(wanted.wanted, drawn(port_of(RE_SPREAD, per_day(100))).wanted)


# Through a run ------------------------------------------------------------------------------------------------------

SMALL = """
portsim: 1
name: A gate
port: gate
from: 2025-03-03 00:00
to: 2025-03-06 00:00
measure_from: 2025-03-04 00:00
sides: {own: {timezone: Asia/Shanghai, open: "10:00-14:00"}}
stages: {check: {counted: true, lanes: 1, service: 45 min}}
flows:
  trucks:
    kind: truck
    direction: out
    journey: [check]
    patience: 40 min
    arrivals: {timetable: [{at: ["06:00", "20:00"], units: 2}, {at: "13:00"}], when_closed: {stay_away: 100%}}
plans:
  back: {flows.trucks.arrivals.when_closed: {come_back: 30 min}}
  queue: {flows.trucks.arrivals.when_closed: queue}
sources: {sides.*: {assumed: a test}, stages.*: {assumed: a test}, flows.*: {assumed: a test}}
"""


def of_port(run: ps.Run) -> dict[str, float]:
    """The measures of the whole port."""
    rows = run.summary()
    rows = rows[rows[["flow", "kind", "stage", "pool"]].isna().all(axis=1)]
    return dict(zip(rows["metric"], rows["mean"], strict=True))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        # Two days of five that want to come, at 06:00, 06:00, 13:00, 20:00, 20:00: the first and last two stay away.
        (None, {"stayed_away": 8, "arrived": 2, "left": 0, "released": 2, "virtual_wait_mean_min": 0}),
        # The four of a night stand there at 10:30; one is served until 11:15, the others leave at 11:10.
        ("back", {"stayed_away": 0, "arrived": 10, "left": 6, "released": 4}),
        # Nobody has patience until 10:00; the one of 13:00 is served.
        ("queue", {"stayed_away": 0, "arrived": 10, "left": 8, "released": 2, "virtual_wait_mean_min": 0}),
    ],
    ids=["away", "back", "queue"],
)
def test_measures_say_who_stayed_away_and_who_left(
    engine_name: str, plan: str | None, expected: dict[str, float]
) -> None:
    run = ps.run(load_text(SMALL, plan=plan), replications=1, engine=engine_name)
    measured = of_port(run)
    assert {name: measured[name] for name in expected} == expected


def test_who_comes_back_has_waited_virtually() -> None:
    """Two days: twice 4.5 hours from 06:00 to 10:30, one not at all, and twice 14.5 hours from 20:00 to 10:30.

    On the second day the run ends 4 hours after 20:00, and they count with those.
    """
    run = ps.run(load_text(SMALL, plan="back"), replications=1)
    measured = of_port(run)
    assert measured["virtual_wait_mean_min"] == pytest.approx((4 * 4.5 + 2 * 14.5 + 2 * 4) / 10 * 60)
    assert measured["virtual_wait_unfinished_share"] == 0.2
    assert measured["waiting_elsewhere"] == 2
    waits = run.units["wait_min"].tolist()
    assert sorted(wait for wait in waits if wait == wait)[-3:] == [40, 40, 40]
