"""Traffic: who comes when, with which luck; and that no edit of a scenario changes anybody else's."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.errors import ScenarioError
from portsim.model import Traffic, draw, lower
from portsim.model.arrivals import GRAINS, CumulativeRate, cumulative_rate, day_factors, running_sums
from portsim.model.network import NONE
from portsim.model.streams import Streams, words
from portsim.model.traffic import DTYPES
from portsim.scenario.arrivals import (
    Arrivals,
    Departure,
    RateArrivals,
    RecordedArrivals,
    RegularArrivals,
    TimetableArrivals,
)
from portsim.scenario.levels import DAY_MS, Distribution, WeekProfile
from portsim.scenario.officers import Pool
from portsim.scenario.scenario import Flow, Scenario, Step
from tests.scenarios import GENERAL, HOUR, MINUTE, exponential, fixed, flow, per_day, port, profile, side, stage, utc

BERLIN = "Europe/Berlin"


def drawn(scenario: Scenario, seed: int = 1, replication: int = 0) -> Traffic:
    return draw(scenario, lower(scenario), seed=seed, replication=replication)


def same(one: Traffic, other: Traffic) -> bool:
    """Byte for byte."""
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in DTYPES)


def units_of(traffic: Traffic, number: int) -> Iterator[tuple[object, ...]]:
    """One flow's units in words of numbers: all of a unit's columns and its steps, without the flow's own number."""
    for unit in np.flatnonzero(traffic.flow == number).tolist():
        steps = slice(traffic.first[unit], traffic.first[unit + 1])
        yield (
            *(int(getattr(traffic, name)[unit]) for name in ("priority", "persons", "goods", "wanted", "arrived")),
            *(tuple(getattr(traffic, name)[steps].tolist()) for name in ("stage", "work", "roles", "direction")),
        )


# Streams ------------------------------------------------------------------------------------------------------------


def test_uniforms_stay_the_same_from_version_to_version() -> None:
    """A change here changes every result of every user: tag it so in the changelog."""
    assert Streams(1, 0).uniforms("service", "outbound", "scan", "0", count=3).tolist() == GOLDEN
    key = b"\x02\0\0\0\0\0\0\0ab\x01\0\0\0\0\0\0\0c"
    assert words(("ab", "c")) == tuple(np.frombuffer(hashlib.blake2b(key, digest_size=16).digest(), "<u4").tolist())


GOLDEN = [0.5468636156446415, 0.5232709234220745, 0.23796161989703535]


def test_rows_drawn_alone_equal_the_same_rows_of_the_whole() -> None:
    streams = Streams(7, 3)
    whole = streams.uniforms("gap", "inbound", count=1000)
    assert ((whole >= 0) & (whole < 1)).all()
    for first, last in ((0, 0), (0, 1), (1, 2), (499, 1000), (999, 1000)):
        part = streams.uniforms("gap", "inbound", count=last - first, skip=first)
        assert part.tobytes() == whole[first:last].tobytes()


def test_every_part_of_an_address_makes_another_stream() -> None:
    first = [
        Streams(seed, replication).uniforms(*names, count=1)[0]
        for seed in (0, 1, 2**32, 2**63 - 1)
        for replication in (0, 1, 2**31)
        for names in (("a",), ("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("新疆",))
    ]
    assert len(set(first)) == 4 * 3 * 6


def test_streams_of_neighbouring_addresses_are_independent() -> None:
    """Correlation of 45 pairs of streams, each over 10,000 rows: |z| < 4."""
    rows = np.array([Streams(1, r).uniforms("service", "out", s, count=10_000) for r in range(5) for s in "ab"])
    correlation = np.corrcoef(rows)[np.triu_indices(10, 1)]
    assert np.abs(correlation).max() * math.sqrt(10_000) < 4


# The rate -----------------------------------------------------------------------------------------------------------


def rate_of(arrivals: RateArrivals, start: str, end: str, clock: str = "Asia/Shanghai") -> CumulativeRate:
    someone = flow(arrivals=arrivals, clock=clock)
    return cumulative_rate(someone, arrivals, Streams(1, 0), utc(start, clock), utc(end, clock))


def total(rate: CumulativeRate) -> float:
    return float(rate.grains[-1]) / GRAINS


def expected(rate: CumulativeRate, from_h: float, to_h: float) -> float:
    """Units expected between two hours of the run."""
    return float(np.diff(np.interp([from_h * HOUR, to_h * HOUR], rate.at, rate.grains))[0]) / GRAINS


def per_hour(rate: CumulativeRate) -> list[float]:
    """Units an hour on each piece."""
    return (np.diff(rate.grains) / np.diff(rate.at) * HOUR / GRAINS).tolist()


def reached(rate: CumulativeRate, *units: float) -> list[int]:
    """Ticks at which so many units are expected."""
    return rate.ticks(np.array([round(number * GRAINS) for number in units])).tolist()


def exponentials(uniforms: np.ndarray) -> np.ndarray:
    return -np.log1p(-uniforms)


def test_a_constant_rate_brings_unit_k_at_the_sum_of_its_exponentials() -> None:
    """24 a day is one an hour: half a unit is expected after 30 minutes, one and a half after 90."""
    rate = rate_of(per_day(24), "2025-03-03", "2025-03-05")
    assert total(rate) == 48
    assert reached(rate, 0.0, 0.5, 1.5) == [0, 30 * MINUTE, 90 * MINUTE]
    uniforms = Streams(1, 0).uniforms("arrival", "out", count=3)
    traffic = drawn(port(flows=[flow(arrivals=per_day(24))]))
    assert traffic.wanted[:3] == pytest.approx(np.cumsum(exponentials(uniforms)) * HOUR, abs=1)


def test_hour_weights_share_out_the_day() -> None:
    """Weights 1 x 8 h + 3 x 4 h + 5 x 6 h + 3 x 6 h = 68: with 68 a day the weights are units an hour."""
    weights = profile({"0-8": 1, "8-12": 3, "12-18": 5, "18-24": 3})
    rate = rate_of(per_day(68, by_hour=weights), "2025-03-03", "2025-03-05")
    assert total(rate) == pytest.approx(136)
    assert per_hour(rate) == pytest.approx([1, 3, 5, 3, 1, 3, 5, 3])
    assert (rate.at // HOUR).tolist() == [0, 8, 12, 18, 24, 32, 36, 42, 48]
    # 8 by 08:00, 20 by noon, so the 21st expected unit is there 12 minutes later.
    assert reached(rate, 8.0, 20.0, 21.0) == [8 * HOUR, 12 * HOUR, 12 * HOUR + 12 * MINUTE]


def test_hours_without_weight_bring_nobody_and_may_run_over_midnight() -> None:
    """22:00 to 04:00 is six hours: one an hour, in the night that began the day before too."""
    rate = rate_of(per_day(6, by_hour=profile({"22-4": 7})), "2025-03-03", "2025-03-04")
    assert total(rate) == pytest.approx(6)
    assert expected(rate, 0, 4) == pytest.approx(4)
    assert expected(rate, 4, 22) == 0
    assert reached(rate, 3.5, 4.0, 5.0) == [3.5 * HOUR, 22 * HOUR, 23 * HOUR]


def test_weights_that_differ_by_weekday_still_give_each_day_its_units() -> None:
    """Monday 18:00 to 28:00 only: Monday's 12 come in six hours, Tuesday's 12 in its first four, nobody after."""
    once = WeekProfile((((18 * HOUR, 28 * HOUR, 1.0),),) + ((),) * 6)
    rate = rate_of(per_day(12, by_hour=once), "2025-03-03", "2025-03-06")
    assert [expected(rate, 18, 24), expected(rate, 24, 28), total(rate)] == pytest.approx([12, 12, 24])
    assert per_hour(rate) == pytest.approx([0, 2, 3, 0, 0])


def test_a_run_from_noon_to_noon_takes_half_of_either_day() -> None:
    rate = rate_of(per_day({"2025-01-01": 10, "2025-03-04": 30}), "2025-03-03 12:00", "2025-03-04 12:00")
    assert total(rate) == pytest.approx(5 + 15)


def test_the_first_dated_number_also_holds_before_its_date() -> None:
    dated = per_day({"2025-03-04": 10, "2025-03-06": 20})
    rate = rate_of(dated, "2025-03-03", "2025-03-08")
    assert [expected(rate, 24 * day, 24 * day + 24) for day in range(4)] == pytest.approx([10, 10, 10, 20])


def test_weekday_weights_are_scaled_to_mean_1() -> None:
    """Weights 4 on Monday, 2 to Saturday, 0 on Sunday have mean 2: a whole week keeps its 70 units."""
    weekday = per_day(10, by_weekday=(4.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0))
    rate = rate_of(weekday, "2025-03-03", "2025-03-10")
    assert total(rate) == pytest.approx(70)
    assert expected(rate, 0, 24) == pytest.approx(20)
    assert expected(rate, 24, 48) == pytest.approx(10)
    assert reached(rate, 69.999)[0] < 6 * DAY_MS


def test_month_weights_are_scaled_to_mean_1() -> None:
    """July counts 13, the other months 1, mean 2: 31 days of 65 and 30 or 31 days of 5."""
    month = per_day(10, by_month=tuple(13.0 if month == 6 else 1.0 for month in range(12)))
    assert total(rate_of(month, "2025-06-01", "2025-07-01")) == pytest.approx(150)
    assert total(rate_of(month, "2025-07-01", "2025-08-01")) == pytest.approx(31 * 65)


def test_growth_counts_from_the_start_of_the_run() -> None:
    """10 % a year: after two years of 730.5 days a day has 1.21 times the first's units."""
    rate = rate_of(per_day(100, growth_per_year=0.1), "2025-01-01", "2027-01-03")
    assert expected(rate, 0, 24) == pytest.approx(100 * 1.1 ** (0.5 / 365.25))
    assert expected(rate, 730 * 24, 731 * 24) == pytest.approx(121)


def test_no_weight_at_all_brings_nobody() -> None:
    for nothing in (
        per_day(0),
        per_day(9, by_hour=WeekProfile.constant(0)),
        per_day(9, by_weekday=(0.0,) * 7),
        per_day(9, by_month=(0.0,) * 12),
    ):
        assert len(drawn(port(flows=[flow(arrivals=nothing)]))) == 0


def test_a_day_of_23_hours_lacks_an_hour_and_one_of_25_repeats_one() -> None:
    """Berlin: 02:00 to 03:00 is missing on 30 March 2025 and shown twice on 26 October 2025."""
    always = per_day(24)
    assert total(rate_of(always, "2025-03-30", "2025-03-31", BERLIN)) == pytest.approx(23)
    assert total(rate_of(always, "2025-10-26", "2025-10-27", BERLIN)) == pytest.approx(25)
    week = rate_of(always, "2025-10-20", "2025-10-27", BERLIN)
    assert total(week) == pytest.approx(6 * 24 + 25)
    only_then = per_day(10, by_hour=profile({"2-3": 1}))
    assert total(rate_of(only_then, "2025-03-29", "2025-03-30", BERLIN)) == pytest.approx(10)
    assert total(rate_of(only_then, "2025-03-30", "2025-03-31", BERLIN)) == 0
    assert total(rate_of(only_then, "2025-10-26", "2025-10-27", BERLIN)) == pytest.approx(20)
    from_three = rate_of(per_day(10, by_hour=profile({"3-4": 1})), "2025-03-30", "2025-03-31", BERLIN)
    assert reached(from_three, 0.0, 9.9) == [2 * HOUR, 2 * HOUR + int(59.4 * MINUTE)]


# Rate arrivals: laws ------------------------------------------------------------------------------------------------


def test_twice_the_rate_brings_unit_k_in_half_the_time() -> None:
    once = drawn(port(flows=[flow(arrivals=per_day(50))]))
    twice = drawn(port(flows=[flow(arrivals=per_day(100))], end="2025-03-06 12:00"))
    assert len(once) == len(twice) > 200
    assert np.abs(twice.wanted - once.wanted / 2).max() <= 1
    assert np.array_equal(twice.work, once.work)


@given(block=st.integers(0, 40), seed=st.integers(0, 2**63 - 1))
@settings(max_examples=50, deadline=None)
def test_sums_do_not_depend_on_the_blocks_they_are_drawn_in(block: int, seed: int) -> None:
    def gaps(k: int, count: int) -> np.ndarray:
        return np.rint(exponentials(Streams(seed, 0).uniforms("gap", count=count, skip=k)) * 1000).astype(np.int64)

    whole = np.cumsum(gaps(0, 200))
    sums = running_sums(flow(), gaps, 30_000, expected=float(block))
    assert sums.tolist() == whole[whole < 30_000].tolist()


@pytest.mark.parametrize("arrivals", [per_day(50, day_to_day_cv=0.3), RegularArrivals(exponential(20 * MINUTE))])
def test_units_do_not_depend_on_the_blocks_they_are_drawn_in(
    arrivals: Arrivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = port(flows=[flow(arrivals=arrivals)])
    at_once = drawn(scenario)

    def in_small_blocks(flow: Flow, gaps: Callable, limit: int, *, expected: float, k: int, total: int) -> np.ndarray:
        return running_sums(flow, gaps, limit, expected=0.0, k=k, total=total)

    monkeypatch.setattr("portsim.model.arrivals.running_sums", in_small_blocks)
    assert same(drawn(scenario), at_once)


def test_a_sum_that_reaches_the_limit_is_not_below_it() -> None:
    assert running_sums(flow(), lambda k, count: np.full(count, 10), 30, expected=0.0).tolist() == [10, 20]
    assert running_sums(flow(), lambda k, count: np.full(count, 10), 31, expected=9.0).tolist() == [10, 20, 30]


@pytest.mark.parametrize("weights", [{"0-24": 1}, {"0-8": 1, "8-12": 3, "12-18": 5, "18-24": 3}])
def test_counts_are_poisson(weights: dict[str, int]) -> None:
    """600 days of mean 50: the mean within 4 standard errors, the index of dispersion near 1 (chi squared)."""
    counts = []
    scenario = port(flows=[flow(arrivals=per_day(50, by_hour=profile(weights)))], end="2025-04-02 00:00")
    for replication in range(20):
        wanted = drawn(scenario, replication=replication).wanted
        assert (np.diff(wanted) >= 0).all()
        assert wanted[0] >= 0
        assert wanted[-1] < 30 * DAY_MS
        counts += np.bincount(wanted // DAY_MS, minlength=30).tolist()
    n = len(counts)
    assert n == 600
    assert abs(np.mean(counts) - 50) / math.sqrt(50 / n) < 4
    assert abs((n - 1) * np.var(counts, ddof=1) / np.mean(counts) - (n - 1)) / math.sqrt(2 * (n - 1)) < 4


def test_hours_get_their_share_of_the_units() -> None:
    """A quarter of the weight stands on 18:00 to 24:00: 18 of 68."""
    weights = profile({"0-8": 1, "8-12": 3, "12-18": 5, "18-24": 3})
    wanted = drawn(port(flows=[flow(arrivals=per_day(3000, by_hour=weights))])).wanted
    share = np.mean(wanted % DAY_MS >= 18 * HOUR)
    assert abs(share - 18 / 68) / math.sqrt(18 / 68 * 50 / 68 / wanted.size) < 4


@pytest.mark.parametrize("cv", [0.15, 0.5])
def test_day_factors_have_mean_1_and_the_stated_spread(cv: float) -> None:
    """Gamma with mean 1: its excess kurtosis 6 cv^2 gives the standard error of the variance."""
    days = np.arange(739_000, 741_000)
    factors = day_factors("out", cv, days, Streams(3, 0))
    n = days.size
    assert abs(factors.mean() - 1) / (cv / math.sqrt(n)) < 4
    assert abs(factors.var(ddof=1) / cv**2 - 1) / math.sqrt((2 + 6 * cv**2) / n) < 4
    assert abs(np.corrcoef(factors[1:], factors[:-1])[0, 1]) * math.sqrt(n) < 4


def test_days_differ_more_than_a_poisson_count_does() -> None:
    """Variance of a day's count: mean + (cv mean)^2 = 400 + 3600, within 4 standard errors of a normal sample."""
    scenario = port(flows=[flow(arrivals=per_day(400, day_to_day_cv=0.15))], end="2026-03-03 00:00")
    counts = np.bincount(drawn(scenario).wanted // DAY_MS, minlength=365)
    assert abs(counts.var(ddof=1) / 4000 - 1) / math.sqrt(2 / 364) < 4
    assert abs(counts.mean() - 400) / math.sqrt(4000 / 365) < 4


def test_a_day_keeps_its_factor_when_the_run_starts_earlier() -> None:
    varied = per_day(24, day_to_day_cv=0.5)
    early = rate_of(varied, "2025-02-20", "2025-03-10")
    late = rate_of(varied, "2025-03-01", "2025-03-10")
    assert len(set(per_hour(early))) == 18
    assert per_hour(early)[9:] == per_hour(late)


def test_each_flow_and_replication_has_its_own_day_factors() -> None:
    days = np.arange(739_000, 739_100)
    one = day_factors("out", 0.3, days, Streams(1, 0))
    assert not np.array_equal(one, day_factors("in", 0.3, days, Streams(1, 0)))
    assert not np.array_equal(one, day_factors("out", 0.3, days, Streams(1, 1)))
    assert np.array_equal(day_factors("out", 0.0, days, Streams(1, 0)), np.ones(100))


# Other arrivals -----------------------------------------------------------------------------------------------------


def test_regular_units_come_a_gap_after_one_another_and_none_at_the_end() -> None:
    """Every 6 hours through a week of 168 hours: the first at 6 h, the 27th at 162 h; 168 h is not played."""
    traffic = drawn(port(flows=[flow(arrivals=RegularArrivals(fixed(6 * HOUR)))]))
    assert traffic.wanted.tolist() == [6 * HOUR * (k + 1) for k in range(27)]
    assert np.array_equal(traffic.arrived, traffic.wanted)


def test_random_gaps_add_up() -> None:
    traffic = drawn(port(flows=[flow(arrivals=RegularArrivals(exponential(HOUR)))]))
    uniforms = Streams(1, 0).uniforms("gap", "out", count=len(traffic))
    assert traffic.wanted.tolist() == np.cumsum(np.rint(exponentials(uniforms) * HOUR)).astype(int).tolist()


def test_a_timetable_brings_its_units_on_its_weekdays() -> None:
    """3 March 2025 is a Monday. Two buses at 14:30 on weekdays, one at 10:00 each day, one at midnight on Sundays."""
    timetable = TimetableArrivals(
        (
            Departure(14 * HOUR + 30 * MINUTE, (0, 1, 2, 3, 4), 2),
            Departure(10 * HOUR, tuple(range(7)), 1),
            Departure(DAY_MS, (5,), 1),
        ),
        None,
    )
    traffic = drawn(port(flows=[flow(arrivals=timetable)]))
    week = [[10.0, 14.5, 14.5]] * 5 + [[10.0], [0.0, 10.0]]
    assert (traffic.wanted / HOUR).tolist() == [24 * day + hour for day, hours in enumerate(week) for hour in hours]
    sunday_night = drawn(port(flows=[flow(arrivals=timetable)], start="2025-03-09 00:00", end="2025-03-09 10:00"))
    assert sunday_night.wanted.tolist() == [0]


def test_late_units_keep_their_place_in_the_order_and_those_too_late_are_dropped() -> None:
    hourly = tuple(Departure(hour * HOUR, tuple(range(7)), 1) for hour in range(24))
    late = exponential(8 * HOUR)
    scenario = port(flows=[flow(arrivals=TimetableArrivals(hourly, late))], end="2025-03-04 00:00")
    uniforms = Streams(1, 0).uniforms("late", "out", count=24)
    due = np.arange(24) * HOUR + np.rint(exponentials(uniforms) * 8 * HOUR).astype(int)
    traffic = drawn(scenario)
    assert traffic.wanted.tolist() == due[due < DAY_MS].tolist()
    assert 0 < len(traffic) < 24
    assert (np.diff(traffic.wanted) < 0).any()
    service = Streams(1, 0).uniforms("service", "out", "check", "0", count=24)[due < DAY_MS]
    assert traffic.work.tolist() == np.rint(exponentials(service) * 3 * MINUTE).astype(int).tolist()


def test_a_timetable_on_a_changing_clock_keeps_its_clock_time() -> None:
    """10:00 in Berlin comes 23 hours after the 10:00 before, over the night of 30 March 2025."""
    noon = TimetableArrivals((Departure(10 * HOUR, tuple(range(7)), 1),), None)
    berlin = [side(zone=BERLIN)]
    scenario = port(
        flows=[flow(arrivals=noon, clock=BERLIN)], sides=berlin, start="2025-03-29 00:00", end="2025-03-31 00:00"
    )
    assert (drawn(scenario).wanted / HOUR).tolist() == [10, 33]


def test_recorded_units_come_as_recorded_with_what_the_file_says() -> None:
    start = utc("2025-03-03")
    recorded = RecordedArrivals(
        "day.csv",
        tuple(start + hour * HOUR for hour in (-1, 0, 5, 5, 24 * 7)),
        priority=(0, -1, 0, 1, 0),
        persons=(9, 1, 2, 3, 9),
        goods=None,
    )
    traffic = drawn(port(flows=[flow(arrivals=recorded, persons=40.0, goods=8.0)]))
    assert traffic.wanted.tolist() == [0, 5 * HOUR, 5 * HOUR]
    assert traffic.priority.tolist() == [-1, 0, 1]
    assert traffic.persons.tolist() == [1, 2, 3]
    assert traffic.goods.tolist() == [8, 8, 8]
    queued = drawn(port(flows=[flow(arrivals=recorded, persons=40.0, queue_at_start=2)]))
    assert queued.wanted.tolist() == [0, 0, 0, 5 * HOUR, 5 * HOUR]
    assert queued.persons.tolist() == [40, 40, 1, 2, 3]
    earlier = drawn(port(flows=[flow(arrivals=recorded)], start="2025-03-02 00:00"))
    assert earlier.work[1:4].tolist() == traffic.work.tolist()


def test_the_queue_at_the_start_comes_first_and_shifts_nobody() -> None:
    without = drawn(port(flows=[flow(arrivals=per_day(50), persons=1.5)]))
    queued = drawn(port(flows=[flow(arrivals=per_day(50), persons=1.5, queue_at_start=20)]))
    longer = drawn(port(flows=[flow(arrivals=per_day(50), persons=1.5, queue_at_start=30)]))
    assert queued.wanted[:20].tolist() == queued.arrived[:20].tolist() == [0] * 20
    assert list(units_of(queued, 0))[20:] == list(units_of(without, 0))
    assert list(units_of(longer, 0))[:20] == list(units_of(queued, 0))[:20]
    assert len(set(queued.work.tolist())) == len(queued)


def test_a_flow_of_nothing_but_a_queue() -> None:
    traffic = drawn(port(flows=[flow(queue_at_start=3)]))
    assert traffic.wanted.tolist() == [0, 0, 0]
    assert len(drawn(port(flows=[flow(), flow("in")]))) == 0


@pytest.mark.parametrize(
    ("arrivals", "number"),
    [
        (per_day(1e9), "7e+09"),
        (per_day(1e308), "inf"),
        (RegularArrivals(fixed(0)), "6.05e+11"),
        (RegularArrivals(fixed(1)), "6.05e+08"),
        (TimetableArrivals((Departure(0, tuple(range(7)), 10**7),), None), "7e+07"),
    ],
)
def test_more_units_than_memory_holds_are_refused(arrivals: Arrivals, number: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        drawn(port(flows=[replace(flow(), arrivals=arrivals)]))
    message = str(caught.value)
    assert message.startswith(f"flows.out.arrivals: brings about {number}")
    assert message.endswith("units in one run, at most 20,000,000 are possible: lower the rate or shorten the run")


def test_a_queue_that_no_memory_holds_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"^flows\.out\.arrivals: brings about 1e\+12 units in one run"):
        drawn(port(flows=[flow(queue_at_start=10**12)]))


def test_gaps_that_almost_all_vanish_are_refused_and_do_not_loop_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portsim.model.arrivals.MOST_UNITS", 10_000)
    vanishing = RegularArrivals(Distribution("weibull", {"mean": 10 * MINUTE, "shape": 0.001}))
    with pytest.raises(ScenarioError, match=r"units in one run, at most 10,000 are possible"):
        drawn(port(flows=[flow(arrivals=vanishing)]))


# What units carry and where they stop -------------------------------------------------------------------------------


def test_rows_are_units_by_flow_and_number_in_read_only_columns() -> None:
    traffic = drawn(
        port(
            stages=[stage("check"), stage("yard", lanes=None)],
            flows=[
                flow(journey=["check", Step("yard", 0.5, None, ())], arrivals=per_day(30), kind="truck"),
                flow("in", arrivals=per_day(20), kind="bus", direction="in", when_full="turn_away"),
            ],
        )
    )
    assert (np.diff(traffic.flow) >= 0).all()
    assert set(traffic.flow.tolist()) == {0, 1}
    assert np.array_equal(traffic.kind, traffic.flow)
    assert np.array_equal(traffic.when_full, traffic.flow)
    steps = np.diff(traffic.first)
    assert steps.min() == 1
    assert traffic.first[0] == 0
    assert traffic.first[-1] == traffic.stage.size == traffic.work.size
    assert np.array_equal(np.repeat(traffic.flow, steps), traffic.direction)
    assert np.array_equal(traffic.roles == NONE, traffic.stage == 1)
    assert set(traffic.parent.tolist()) == set(traffic.split_step.tolist()) == set(traffic.patience.tolist()) == {NONE}
    assert set(traffic.hold.tolist()) == set(traffic.leg.tolist()) == {0}
    assert set(traffic.join_limit.tolist()) == {NONE}
    assert not traffic.is_join.any()
    assert traffic.stayed_away.tolist() == [0, 0]
    for field in fields(traffic):
        assert not getattr(traffic, field.name).flags.writeable
        assert getattr(traffic, field.name).dtype == DTYPES[field.name]


def test_service_is_the_steps_own_else_that_of_the_kind_else_of_the_others() -> None:
    check = stage("check", service={"truck": fixed(1), None: fixed(2)})
    flows = [
        flow("a", arrivals=per_day(5), kind="truck"),
        flow("b", arrivals=per_day(5), kind="bus"),
        flow("c", [Step("check", 1.0, fixed(3), GENERAL)], per_day(5), kind="truck"),
    ]
    traffic = drawn(port(stages=[check], flows=flows))
    assert np.array_equal(traffic.work, traffic.flow + 1)


def test_a_stage_named_twice_draws_twice() -> None:
    traffic = drawn(port(flows=[flow(journey=["check", "check"], arrivals=per_day(500))]))
    work = traffic.work.reshape(-1, 2)
    assert abs(np.corrcoef(work.T)[0, 1]) * math.sqrt(len(work)) < 4


@pytest.mark.parametrize("share", [0.02, 0.15, 0.5])
def test_referral_takes_its_share(share: float) -> None:
    scenario = port(stages=[stage("check"), stage("scan")], flows=[flow(journey=["check", ("scan", share)])])
    scenario = replace(scenario, flows=(replace(scenario.flows[0], arrivals=per_day(3000)),))
    traffic = drawn(scenario)
    n = len(traffic)
    assert n > 20_000
    assert abs(np.mean(np.diff(traffic.first) == 2) - share) / math.sqrt(share * (1 - share) / n) < 4


def test_a_larger_share_refers_the_same_units_and_more() -> None:
    def traffic(share: float) -> Traffic:
        stages = [stage("check"), stage("scan")]
        return drawn(port(stages=stages, flows=[flow(journey=["check", ("scan", share)], arrivals=per_day(300))]))

    few, many = list(units_of(traffic(0.15), 0)), list(units_of(traffic(0.3), 0))
    referred = [unit for unit, (stages, *_) in enumerate(unit[5:] for unit in few) if len(stages) == 2]
    assert all(few[unit] == many[unit] for unit in referred)
    assert [unit[6][0] for unit in few] == [unit[6][0] for unit in many]
    assert 0 < len(referred) < sum(len(unit[5]) == 2 for unit in many)
    nobody, all_of_them = list(units_of(traffic(0.0), 0)), list(units_of(traffic(1.0), 0))
    assert {len(unit[5]) for unit in nobody} == {1}
    assert {len(unit[5]) for unit in all_of_them} == {2}


def test_priorities_take_their_shares_and_the_rest_is_ordinary() -> None:
    traffic = drawn(port(flows=[flow(arrivals=per_day(3000), priority=((-1, 0.1), (1, 0.3)))]))
    n = len(traffic)
    for priority, share in ((-1, 0.1), (1, 0.3), (0, 0.6)):
        assert abs(np.mean(traffic.priority == priority) - share) / math.sqrt(share * (1 - share) / n) < 4
    assert set(drawn(port(flows=[flow(arrivals=per_day(300), priority=((-1, 1.0),))])).priority.tolist()) == {-1}
    assert set(drawn(port(flows=[flow(arrivals=per_day(300))])).priority.tolist()) == {0}


def test_persons_are_the_whole_part_and_one_more_with_the_fraction() -> None:
    traffic = drawn(port(flows=[flow(arrivals=per_day(3000), persons=1.07, goods=6.5)]))
    n = len(traffic)
    assert set(traffic.persons.tolist()) == {1, 2}
    assert set(traffic.goods.tolist()) == {6, 7}
    assert abs(traffic.persons.mean() - 1.07) / math.sqrt(0.07 * 0.93 / n) < 4
    assert abs(traffic.goods.mean() - 6.5) / math.sqrt(0.25 / n) < 4
    assert abs(np.corrcoef(traffic.persons, traffic.goods)[0, 1]) * math.sqrt(n) < 4


# The same demand for every plan -------------------------------------------------------------------------------------

STAGES = [stage("check", lanes=4), stage("scan", lanes=2), stage("unpack", lanes=3, service=exponential(2 * HOUR))]
FLOWS = [
    flow("out", ["check", ("scan", 0.15), ("unpack", 0.02)], per_day(60, day_to_day_cv=0.2), persons=1.07),
    flow("in", ["check", ("scan", 0.3)], per_day(40), direction="in", priority=((-1, 0.1),), queue_at_start=5),
]
BASE = port(stages=STAGES, flows=FLOWS)
POOL = Pool("police", "own", WeekProfile.constant(4), "finish", None)


@pytest.mark.parametrize(
    "stages",
    [
        [replace(STAGES[0], lanes=(("general", profile(9)),)), *STAGES[1:]],
        [replace(STAGES[0], lanes=(("general", profile({"8-20": 1})),), open=profile({"10-24": 1})), *STAGES[1:]],
        [replace(STAGES[0], pool="police", officers=2, waiting_space=3, closing="suspend"), *STAGES[1:]],
        [replace(STAGES[0], lanes=(("general", profile(3)), ("green", profile(1)))), *STAGES[1:]],
    ],
    ids=["lanes", "hours", "officers", "roles"],
)
def test_a_plan_for_lanes_hours_or_officers_leaves_the_traffic_as_it_is(stages: list) -> None:
    planned = port(stages=stages, flows=FLOWS, pools=[POOL])
    for replication in (0, 5):
        assert same(drawn(BASE, replication=replication), drawn(planned, replication=replication))


def test_a_slower_service_keeps_each_units_luck() -> None:
    slower = port(stages=[replace(STAGES[0], service={None: exponential(6 * MINUTE)}), *STAGES[1:]], flows=FLOWS)
    one, other = drawn(BASE), drawn(slower)
    check = one.stage == 0
    assert np.array_equal(one.work[~check], other.work[~check])
    assert np.abs(other.work[check] - 2 * one.work[check]).max() <= 1
    assert np.array_equal(one.wanted, other.wanted)


EDITS = {
    "a flow more": lambda rate: (STAGES, [*FLOWS, flow("transit", ["scan"], per_day(rate))]),
    "a flow before": lambda rate: (STAGES, [flow("transit", ["scan"], per_day(rate)), *FLOWS]),
    "a stage nobody uses": lambda rate: ([*STAGES, stage("yard", lanes=None)], FLOWS),
    "another rate of one": lambda rate: (STAGES, [FLOWS[0], replace(FLOWS[1], arrivals=per_day(rate))]),
    "a step more for one": lambda rate: (
        STAGES,
        [FLOWS[0], replace(FLOWS[1], journey=(Step("unpack", 0.5, None, GENERAL), *FLOWS[1].journey))],
    ),
}


@given(
    edit=st.sampled_from(sorted(EDITS)),
    rate=st.integers(1, 500),
    seed=st.integers(0, 2**63 - 1),
    replication=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_no_edit_elsewhere_changes_a_flows_draws(edit: str, rate: int, seed: int, replication: int) -> None:
    stages, flows = EDITS[edit](rate)
    number = [one.name for one in flows].index("out")
    edited = drawn(port(stages=stages, flows=flows), seed, replication)
    assert list(units_of(edited, number)) == list(units_of(drawn(BASE, seed, replication), 0))


@given(seed=st.integers(0, 2**63 - 1), replications=st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_a_replication_alone_is_the_same_among_many(seed: int, replications: list[int]) -> None:
    among = {replication: drawn(BASE, seed, replication) for replication in replications}
    for replication in range(4):
        assert same(among[replication], drawn(BASE, seed, replication))
    assert not same(among[0], among[1])


def test_a_longer_run_begins_with_the_same_units() -> None:
    longer = port(stages=STAGES, flows=FLOWS, end="2025-03-24 00:00")
    for number in (0, 1):
        short = list(units_of(drawn(BASE), number))
        assert list(units_of(drawn(longer), number))[: len(short)] == short


def test_adding_a_step_of_the_journey_keeps_the_luck_at_the_others() -> None:
    flows = [replace(FLOWS[0], journey=(FLOWS[0].journey[1], Step("unpack", 1.0, None, GENERAL))), FLOWS[1]]
    edited, base = drawn(port(stages=STAGES, flows=flows)), drawn(BASE)
    scans_before = base.work[(base.stage == 1) & (np.repeat(base.flow, np.diff(base.first)) == 0)]
    scans_after = edited.work[(edited.stage == 1) & (np.repeat(edited.flow, np.diff(edited.first)) == 0)]
    assert np.array_equal(scans_before, scans_after)


def test_traffic_does_not_depend_on_the_process() -> None:
    """Two processes with other hash seeds, zones and locales draw the bytes this one draws."""
    program = (
        "from tests.test_traffic import BASE, digest, drawn\nprint(digest(drawn(BASE, seed=12345, replication=57)))"
    )
    here = digest(drawn(BASE, seed=12345, replication=57))
    for hash_seed, zone in (("0", "UTC"), ("4242", "America/New_York")):
        environment = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "TZ": zone,
            "LC_ALL": "C",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert done.stdout.strip() == here, done.stderr


def digest(traffic: Traffic) -> str:
    return hashlib.sha256(b"".join(getattr(traffic, name).tobytes() for name in DTYPES)).hexdigest()
