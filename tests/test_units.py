"""Quantities, clock times, dates and profiles: what may be written, what it means, and what is said otherwise."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.scenario import units
from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.profiles import (
    ProfileError,
    parse_days,
    parse_hour_weights,
    parse_hours,
    parse_level,
    parse_month_weights,
    parse_per_day,
    parse_weekday_weights,
)

H = 3_600_000
NOT_TEXT = [None, True, False, [], {}, ["4 min"], {"a": 1}]
NOT_FINITE = [math.nan, math.inf, -math.inf]


def refusal(read, value, **options):
    with pytest.raises(ValueError) as caught:
        read(value, **options)
    return str(caught.value)


def profile_refusal(read, value):
    with pytest.raises(ProfileError) as caught:
        read(value)
    return str(caught.value), caught.value.path


# ---- durations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("4 min", 240_000),
        ("90 s", 90_000),
        ("2 h", 7_200_000),
        ("500 ms", 500),
        ("1 d", DAY_MS),
        ("1 day", DAY_MS),
        ("2 days", 2 * DAY_MS),
        ("1.5 h", 5_400_000),
        ("4min", 240_000),
        ("  4   mins ", 240_000),
        ("4 minutes", 240_000),
        ("1 second", 1000),
        ("3 hours", 3 * H),
        (".5 s", 500),
        ("1e3 ms", 1000),
        ("0 s", 0),
        ("PT5M", 300_000),
        ("PT1H30M", 5_400_000),
        ("P1DT12H", DAY_MS + 12 * H),
        ("PT0.5S", 500),
        ("P1W", 7 * DAY_MS),
        ("366 d", 366 * DAY_MS),
    ],
)
def test_a_duration_is_a_number_and_a_unit_or_iso_8601(text, ms):
    assert units.parse_duration(text) == ms


def test_durations_are_read_in_decimal_not_in_binary():
    assert units.parse_duration("0.1 s") == 100
    assert units.parse_duration("0.29 s") == 290  # 0.29 * 1000 is 289.99999999999994 in binary floating point
    assert units.parse_duration("1.005 s") == 1005


def test_half_a_millisecond_is_rounded_to_the_even_one():
    assert [units.parse_duration(f"{text} ms") for text in ("0.5", "1.5", "2.5", "2.51")] == [0, 2, 2, 3]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (4, "got 4, which has no unit; write for instance '4 min', '90 s' or '2 h'"),
        (0, "got 0, which has no unit; write for instance '4 min', '90 s' or '2 h'"),
        (math.nan, "got .nan, which has no unit; write for instance '4 min', '90 s' or '2 h'"),
        ("4", "got '4', which has no unit; write for instance '4 min', '90 s' or '2 h'"),
        (True, "got true, which is not a duration; write for instance '4 min', '90 s' or '2 h'"),
        (None, "got nothing, which is not a duration; write for instance '4 min', '90 s' or '2 h'"),
        ([], "got a list, which is not a duration; write for instance '4 min', '90 s' or '2 h'"),
        ("", "got empty text, which is not a duration; write for instance '4 min', '90 s' or '2 h'"),
        (
            "9" * 65 + " s",
            "got text of 67 characters, which is not a duration; write for instance '4 min', '90 s' or '2 h'",
        ),
        ("4 mni", "unknown unit 'mni'; write ms, s, min, h or d; did you mean 'min'?"),
        ("4 Min", "unknown unit 'Min'; write ms, s, min, h or d; did you mean 'min'?"),
        ("4 weeks", "unknown unit 'weeks'; write ms, s, min, h or d"),
        (
            "1 h 30 min",
            "got '1 h 30 min', which is not one number and one unit; write for instance '4 min', '90 s' or '2 h'",
        ),
        ("nan min", "got 'nan min', which is not one number and one unit; write for instance '4 min', '90 s' or '2 h'"),
        (
            "1,5 h",
            "got '1,5 h', which is not one number and one unit; decimals take a point and thousands no mark: "
            "'1.5 h' or '15 h'",
        ),
        ("08:30", "got '08:30', which is a clock time, not a duration; write for instance '4 min', '90 s' or '2 h'"),
        ("-4 min", "got '-4 min'; a duration cannot be negative"),
        ("-0.4 ms", "got '-0.4 ms'; a duration cannot be negative"),
        ("367 d", "got '367 d'; a duration is at most 366 days"),
        ("1e999 s", "got '1e999 s'; a duration is at most 366 days"),
        (
            "P1Y",
            "got 'P1Y', which is no ISO 8601 duration of weeks, days, hours, minutes and seconds (years and months "
            "have no fixed length); write for instance 'PT5M', 'PT1H30M' or 'P2D'",
        ),
    ],
)
def test_what_is_no_duration_is_refused_with_the_cure(value, message):
    assert refusal(units.parse_duration, value) == message


@pytest.mark.parametrize("text", ["PT", "P", "PT5", "P5M", "PT1M1H", "-PT5M", "٤ min", "4 min min", "/h", "min"])
def test_near_misses_of_durations_are_refused(text):
    with pytest.raises(ValueError):
        units.parse_duration(text)


@settings(deadline=None)
@given(
    number=st.decimals(min_value=0, max_value=300, places=6),
    unit=st.sampled_from(sorted(units.UNIT_MS)),
    space=st.sampled_from(["", " "]),
)
def test_a_duration_is_the_exact_product_rounded_half_to_even(number, unit, space):
    exact = Fraction(number) * units.UNIT_MS[unit]
    assert units.parse_duration(f"{number:f}{space}{unit}") == round(exact)
    assert units.parse_duration_in(f"{number:f}", unit) == round(exact)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_an_iso_duration_is_the_sum_of_its_parts(days, hours, minutes, seconds):
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert units.parse_duration(f"P{days}DT{hours}H{minutes}M{seconds}S") == length // timedelta(milliseconds=1)


def test_a_unit_of_time_alone_is_checked():
    assert units.parse_time_unit("min") == "min"
    assert refusal(units.parse_time_unit, "mniutes").endswith("did you mean 'minutes'?")
    assert refusal(units.parse_time_unit, 4) == "got 4, which is not a unit of time; write for instance 'min'"


# ---- rates, shares, numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "per_day"),
    [
        ("15/h", 360),
        ("533/day", 533),
        ("2.7/min", 3888),
        ("1/s", 86_400),
        ("15 / hour", 360),
        ("15 per h", 360),
        ("0/h", 0),
    ],
)
def test_a_rate_is_given_per_day(text, per_day):
    assert units.parse_rate(text) == per_day
    assert isinstance(units.parse_rate(text), float)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (15, "got 15, which has no unit of time; write for instance '15/h', '533/day' or '2.7/min'"),
        ("15", "got '15', which has no unit of time; write for instance '15/h', '533/day' or '2.7/min'"),
        ("15 min", "got '15 min', which is not a rate; write for instance '15/h', '533/day' or '2.7/min'"),
        (
            "1,000/day",
            "got '1,000/day', which is not a rate; decimals take a point and thousands no mark: "
            "'1.000/day' or '1000/day'",
        ),
        ("15/hr", "unknown unit 'hr'; write ms, s, min, h or d; did you mean 'hour'?"),
        ("15/dya", "unknown unit 'dya'; write ms, s, min, h or d; did you mean 'day'?"),
        ("-1/h", "got -1/h; a demand cannot be negative"),
        ("1e9/h", "got 1e9/h; a flow has at most 10000000 units a day"),
        (None, "got nothing, which is not a rate; write for instance '15/h', '533/day' or '2.7/min'"),
    ],
)
def test_what_is_no_rate_is_refused_with_the_cure(value, message):
    assert refusal(units.parse_rate, value) == message


def test_units_a_day_are_a_number_or_a_rate():
    assert units.parse_daily(648) == 648
    assert units.parse_daily(0.5) == 0.5
    assert units.parse_daily("15/h") == 360
    assert refusal(units.parse_daily, -1) == "got -1; a demand cannot be negative"
    assert refusal(units.parse_daily, math.nan) == "got .nan, which is not finite; write a number of units a day"
    assert refusal(units.parse_daily, True) == "got true, which is not a number of units a day"


@pytest.mark.parametrize(
    ("value", "share"), [("15%", 0.15), ("2.5 %", 0.025), (0.15, 0.15), (0, 0), (1, 1), ("100%", 1)]
)
def test_a_share_is_a_percentage_or_a_number_up_to_one(value, share):
    assert units.parse_share(value) == share


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (15, "got 15, but a share is between 0 and 1 (0% and 100%); write a share as '15%' or 0.15"),
        ("150%", "got '150%', but a share is between 0 and 1 (0% and 100%); write a share as '15%' or 0.15"),
        (-0.1, "got -0.1, but a share is between 0 and 1 (0% and 100%); write a share as '15%' or 0.15"),
        ("0.15", "got '0.15', which is not a share; write a share as '15%' or 0.15"),
        ("x%", "got 'x%', which is not a share; write a share as '15%' or 0.15"),
        (False, "got false, which is not a share; write a share as '15%' or 0.15"),
        (math.inf, "got .inf, which is not finite; write a share; write a share as '15%' or 0.15"),
    ],
)
def test_what_is_no_share_is_refused_with_the_cure(value, message):
    assert refusal(units.parse_share, value) == message


def test_growth_may_be_negative_but_not_to_nothing():
    assert units.parse_growth("10%") == 0.1
    assert units.parse_growth("-5%") == -0.05
    assert units.parse_growth(0.1) == 0.1
    assert refusal(units.parse_growth, -1) == (
        "got -1, but growth per year is above -100% and at most 1000%; write growth as '10%' or 0.1"
    )


def test_numbers_stay_within_their_limits():
    assert units.parse_number(2) == 2.0
    assert units.parse_number(-3.5) == -3.5
    assert units.parse_number(0, at_least=0, at_most=20) == 0.0
    assert refusal(units.parse_number, -1, at_least=0, at_most=20) == "got -1; it must be at least 0 and at most 20"
    assert refusal(units.parse_number, 21, at_least=0, at_most=20) == "got 21; it must be at least 0 and at most 20"
    assert refusal(units.parse_number, 0, above=0, at_most=20) == "got 0; it must be above 0 and at most 20"
    assert refusal(units.parse_number, 1e300) == "got 1e+300; it must be at least -1e+12 and at most 1e+12"
    assert refusal(units.parse_number, 10**5000) == (
        "got a whole number of more than 30 digits; it must be at least -1e+12 and at most 1e+12"
    )
    assert refusal(units.parse_number, "4") == "got the text '4', which is not a number; write it without quotes"
    assert refusal(units.parse_number, "four") == "got 'four', which is not a number"


@pytest.mark.parametrize("value", NOT_TEXT)
@pytest.mark.parametrize("read", [units.parse_number, units.parse_count, units.parse_daily])
def test_truth_values_nothing_lists_and_mappings_are_never_numbers(read, value):
    assert refusal(read, value).startswith("got ")


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("read", [units.parse_number, units.parse_count, units.parse_share, units.parse_daily])
def test_nan_and_infinity_are_refused(read, value):
    assert "which is not finite" in refusal(read, value)


def test_counts_are_whole():
    assert units.parse_count(4) == 4
    assert units.parse_count(4.0) == 4
    assert isinstance(units.parse_count(4.0), int)
    assert refusal(units.parse_count, 2.5) == "got 2.5, which is not whole; write a whole number such as 3"
    assert refusal(units.parse_count, -1) == "got -1; it must be a whole number from 0 to 1000000000"
    assert refusal(units.parse_count, 1e12) == "got 1000000000000.0; it must be a whole number from 0 to 1000000000"
    assert refusal(units.parse_count, 0, at_least=1, at_most=1000) == "got 0; it must be a whole number from 1 to 1000"


def test_a_priority_is_a_word_or_a_small_whole_number():
    assert [units.parse_priority(value) for value in ("high", "ordinary", "low", 3, -7)] == [-1, 0, 1, 3, -7]
    assert refusal(units.parse_priority, "hihg") == (
        "got 'hihg'; a priority is high, ordinary, low or a whole number from -100 to 100; did you mean 'high'?"
    )


# ---- clock times and dates -----------------------------------------------------------------------------------------


def test_clock_times_go_to_24_00_which_only_an_end_can_be():
    assert units.parse_clock("08:00") == 8 * H
    assert units.parse_clock("8:05") == 8 * H + 5 * 60_000
    assert units.parse_clock("08:00:30") == 8 * H + 30_000
    assert units.parse_clock("24:00", is_end=True) == DAY_MS
    assert refusal(units.parse_clock, "24:00") == "got '24:00', which only an end can be; write '00:00'"
    assert refusal(units.parse_clock, "25:00") == (
        "got '25:00'; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59"
    )
    assert refusal(units.parse_clock, "10:60").startswith("got '10:60'; clock times go from")
    assert refusal(units.parse_clock, "24:01", is_end=True).startswith("got '24:01'; clock times go from")
    assert refusal(units.parse_clock, "noon") == "got 'noon', which is not a clock time; write for instance '08:00'"
    assert refusal(units.parse_clock, 8) == "got 8, which is not a clock time; write for instance '08:00'"


def test_dates_must_exist():
    assert units.parse_date("2025-05-31") == date(2025, 5, 31)
    assert units.parse_date("2024-02-29") == date(2024, 2, 29)
    assert (
        refusal(units.parse_date, "2025-02-30")
        == "got '2025-02-30', a date that does not exist: that month has 28 days"
    )
    assert (
        refusal(units.parse_date, "2025-12-32")
        == "got '2025-12-32', a date that does not exist: that month has 31 days"
    )
    assert (
        refusal(units.parse_date, "2025-13-01")
        == "got '2025-13-01', a date that does not exist: months go from 01 to 12"
    )
    assert refusal(units.parse_date, "1969-12-31") == "got '1969-12-31'; years go from 1970 to 2200"
    assert refusal(units.parse_date, "31.05.2025") == (
        "got '31.05.2025', which is not a date; write year-month-day, for instance '2025-05-31'"
    )
    assert refusal(units.parse_date, 20250531) == "got 20250531, which is not a date; write for instance '2025-05-31'"


def test_a_local_time_is_a_date_and_a_clock_time():
    assert units.parse_local_datetime("2025-06-01 10:00") == datetime(2025, 6, 1, 10)
    assert units.parse_local_datetime("2025-06-01T10:00:30") == datetime(2025, 6, 1, 10, 0, 30)
    assert units.parse_local_datetime("2025-06-01") == datetime(2025, 6, 1)
    assert units.parse_local_datetime("2025-06-01 24:00") == datetime(2025, 6, 2)
    assert units.parse_local_datetime("2025-06-01 10:00:00.0005") == datetime(2025, 6, 1, 10)
    cure = "write for instance '2025-06-01 10:00'"
    assert refusal(units.parse_local_datetime, "2025-06-01 10:00+08:00") == (
        f"got '2025-06-01 10:00+08:00'; times are by the clock of the side, so leave the offset out: {cure}"
    )
    assert refusal(units.parse_local_datetime, "10:00") == f"got '10:00', which is not a local date and time; {cure}"
    assert refusal(units.parse_local_datetime, 2025) == f"got 2025, which is not a local date and time; {cure}"
    assert refusal(units.parse_local_datetime, "2025-06-01 25:00").startswith("got '2025-06-01 25:00'; clock times go")


@settings(deadline=None)
@given(st.integers(0, DAY_MS))
def test_a_clock_time_reads_back_as_written(ms):
    assert units.parse_clock(units.format_clock(ms), is_end=True) == ms


@settings(deadline=None)
@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 12, 31)))
def test_a_local_time_reads_back_as_written(local):
    local = local.replace(microsecond=local.microsecond // 1000 * 1000)
    assert units.parse_local_datetime(units.format_local(local)) == local


def test_the_nearest_word_is_suggested_and_only_if_it_is_near():
    assert units.suggestion("lnaes", ["lanes", "open"]) == "; did you mean 'lanes'?"
    assert units.suggestion("Lanes", ["lanes"]) == "; did you mean 'lanes'?"
    assert units.suggestion("xyz", ["lanes", "open"]) == ""
    assert units.suggestion("person_id", ["persons"], nearness=0.8) == ""


# ---- hours ---------------------------------------------------------------------------------------------------------


def every_day(*spans):
    return WeekProfile((tuple(spans),) * 7)


def test_hours_are_spans_of_the_clock():
    assert parse_hours("10:00-24:00") == every_day((10 * H, 24 * H, 1.0))
    assert parse_hours(["08:00-12:00", "13:00-17:30"]) == every_day(
        (8 * H, 12 * H, 1.0), (13 * H, 17 * H + H // 2, 1.0)
    )
    assert parse_hours("always") == WeekProfile.constant(1.0)
    assert parse_hours("00:00-24:00") == WeekProfile.constant(1.0)
    assert parse_hours("never") == WeekProfile.constant(0.0)


def test_a_span_that_ends_before_it_begins_runs_over_midnight():
    assert parse_hours("20:00-04:00") == every_day((20 * H, 28 * H, 1.0))
    assert parse_hours("10:00-10:00") == every_day((10 * H, 34 * H, 1.0))


def test_hours_by_day_leave_other_days_closed():
    week = parse_hours({"mon-fri": "08:00-20:00", "sat": ["09:00-12:00"]}).days
    assert week[0] == week[4] == ((8 * H, 20 * H, 1.0),)
    assert week[5] == ((9 * H, 12 * H, 1.0),)
    assert week[6] == ()


HOURS_CURE = "write hours as '08:00-20:00', a list of such spans, 'always' or 'never'"
DAYS_CURE = "write days as 'mon', 'mon-fri', 'sat,sun' or 'daily'"


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        ("alway", f"got 'alway'; {HOURS_CURE}; did you mean 'always'?", ()),
        ("8-20", f"got '8-20'; {HOURS_CURE}", ()),
        (True, f"got true; {HOURS_CURE}", ()),
        (None, f"got nothing; {HOURS_CURE}", ()),
        (24, f"got 24; {HOURS_CURE}", ()),
        ([], f"got an empty list; {HOURS_CURE}", ()),
        ({}, f"got an empty mapping; {DAYS_CURE}", ()),
        (["08:00-12:00", "always"], "got 'always' in a list; write it alone, or only spans of the clock", (1,)),
        ("10:00-25:00", "got '25:00'; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59", ()),
        ("24:00-10:00", "got '24:00', which only an end can be; write '00:00'", ()),
        (
            "08:00-12:00, 13:00-17:00",
            "got '08:00-12:00, 13:00-17:00'; write several spans as a list: ['08:00-12:00', '13:00-17:00']",
            (),
        ),
        (["08:00-12:00", "11:00-14:00"], "spans '08:00-12:00' and '11:00-14:00' overlap", (1,)),
        (["11:00-14:00", "08:00-12:00"], "spans '08:00-12:00' and '11:00-14:00' overlap", (0,)),
        (
            ["00:00-06:00", "20:00-04:00"],
            "'20:00-04:00' of mon runs over midnight to 04:00 and overlaps '00:00-06:00' of tue",
            (1,),
        ),
        (
            {"sun": "20:00-04:00", "mon": "03:00-12:00"},
            "'20:00-04:00' of sun runs over midnight to 04:00 and overlaps '03:00-12:00' of mon",
            ("sun",),
        ),
        (
            {"mon-fri": "08:00-20:00", "fri-sun": "08:00-12:00"},
            "fri is named by both 'mon-fri' and 'fri-sun'; name each day once",
            ("fri-sun",),
        ),
        ({"mno": "08:00-20:00"}, f"unknown day 'mno'; {DAYS_CURE}; did you mean 'mon'?", ("mno",)),
        ({"mon": {"tue": "always"}}, "got days within 'mon'; name days once, at the top", ("mon",)),
        ({"mon": ["08:00-12:00", "12"]}, f"got '12'; {HOURS_CURE}", ("mon", 1)),
    ],
)
def test_what_are_no_hours_is_refused_with_the_cure(value, message, path):
    assert profile_refusal(parse_hours, value) == (message, path)


def test_spans_that_touch_do_not_overlap_not_even_over_midnight():
    parse_hours(["08:00-12:00", "12:00-14:00"])
    parse_hours(["20:00-04:00", "04:00-20:00"])
    parse_hours({"mon": "20:00-04:00", "wed": "00:00-06:00"})


def test_days_are_names_ranges_and_lists():
    assert parse_days("mon") == (0,)
    assert parse_days("mon-fri") == (0, 1, 2, 3, 4)
    assert parse_days("sat,sun") == (5, 6)
    assert parse_days("fri-mon") == (0, 4, 5, 6)
    assert parse_days("Monday, wed") == (0, 2)
    assert parse_days("daily") == tuple(range(7))
    assert refusal(parse_days, "mon,mon") == "got 'mon,mon', which names mon twice; name each day once"
    assert refusal(parse_days, "dialy") == f"unknown day 'dialy'; {DAYS_CURE}; did you mean 'daily'?"
    assert refusal(parse_days, 1) == f"got 1, which names no days; {DAYS_CURE}"


# ---- levels --------------------------------------------------------------------------------------------------------


def test_a_level_is_a_number_or_numbers_by_the_clock():
    assert parse_level(6) == WeekProfile.constant(6.0)
    assert parse_level(0) == WeekProfile.constant(0.0)
    assert parse_level({"0-8": 2, "8-20": 4}) == every_day((0, 8 * H, 2.0), (8 * H, 20 * H, 4.0))
    assert parse_level({"08:00-20:00": 4, "20-8": 2}) == every_day((8 * H, 20 * H, 4.0), (20 * H, 32 * H, 2.0))
    assert parse_level({"8-20": 0, "20-24": 1}) == every_day((20 * H, 24 * H, 1.0))


def test_a_level_by_day_holds_levels_without_days():
    week = parse_level({"mon-fri": {"8-20": 4}, "sat": 2}).days
    assert week[0] == ((8 * H, 20 * H, 4.0),)
    assert week[5] == ((0, DAY_MS, 2.0),)
    assert week[6] == ()


LEVEL_CURE = "write a whole number, or numbers by the clock as {8-20: 4, 20-8: 2}"


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        (2.5, "got 2.5, which is not whole; write a whole number such as 3", ()),
        (-1, "got -1; it must be a whole number from 0 to 10000", ()),
        (10_001, "got 10001; it must be a whole number from 0 to 10000", ()),
        (math.nan, "got .nan, which is not finite; write a whole number", ()),
        (True, "got true, which is not a whole number", ()),
        ("six", f"got 'six'; {LEVEL_CURE}", ()),
        ([4], f"got a list; {LEVEL_CURE}", ()),
        ({}, f"got an empty mapping; {DAYS_CURE}", ()),
        ({"0-8": 2.5}, "got 2.5, which is not whole; write a whole number such as 3", ("0-8",)),
        ({"0-25": 2}, "got '0-25'; a span starts at hour 0 to 23 and ends at hour 0 to 24", ("0-25",)),
        ({"24-8": 2}, "got '24-8'; a span starts at hour 0 to 23 and ends at hour 0 to 24", ("24-8",)),
        ({"8": 2}, "got '8', which is not a span of the clock; write a span as '8-20' or '08:00-20:00'", ("8",)),
        (
            {"08:00-26:00": 2},
            "got '26:00'; clock times go from 00:00 to 24:00, minutes and seconds from 00 to 59",
            ("08:00-26:00",),
        ),
        ({"0-8": 2, "7-9": 3}, "spans '0-8' and '7-9' overlap", ("7-9",)),
        ({"0-8": 2, "20-1": 3}, "'20-1' of mon runs over midnight to 01:00 and overlaps '0-8' of tue", ("20-1",)),
        (
            {"0-8": 2, "mon": 3},
            "mixes spans of the clock ('0-8') with days ('mon'); write days at the top and spans within each",
            ("mon",),
        ),
        ({"mon": {"0-8": "x"}}, f"got 'x'; {LEVEL_CURE}", ("mon", "0-8")),
        ({"mon": {"tue": 1}}, "got days within 'mon'; name days once, at the top", ("mon",)),
        ({"mon": {}}, "got an empty mapping; write a whole number or {8-20: 4, 20-8: 2}", ("mon",)),
    ],
)
def test_what_is_no_level_is_refused_with_the_cure(value, message, path):
    assert profile_refusal(parse_level, value) == (message, path)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24)), min_size=1, max_size=4, unique=True),
)
def test_a_level_is_accepted_exactly_if_no_hour_is_claimed_twice(spans):
    """Beside the claim hour by hour over two days, since each day's spans are the same."""
    claimed = [0] * 72
    for start, end in spans:
        last = end if end > start else end + 24
        for day in (0, 24):
            for hour in range(start, last):
                claimed[(hour + day) % 72] += 1
    is_free = max(claimed[24:48]) <= 1
    try:
        profile = parse_level({f"{start}-{end}": 1 for start, end in spans})
    except ProfileError:
        assert not is_free
    else:
        assert is_free
        for day in profile.days:
            assert all(before[1] <= after[0] for before, after in pairwise(day))


# ---- weights and demand by date ------------------------------------------------------------------------------------


def test_hour_weights_are_split_at_midnight_so_that_each_day_holds_its_own():
    assert parse_hour_weights({"0-8": 1, "8-12": 3}) == every_day((0, 8 * H, 1.0), (8 * H, 12 * H, 3.0))
    assert parse_hour_weights({"20-4": 2.5}) == every_day((0, 4 * H, 2.5), (20 * H, 24 * H, 2.5))


def test_weekday_and_month_weights_are_scaled_to_mean_one():
    assert parse_weekday_weights({"sat,sun": 8}) == pytest.approx((1 / 3,) * 5 + (8 / 3,) * 2)
    assert parse_month_weights({"12-2": 5}) == pytest.approx((2.5, 2.5) + (0.5,) * 9 + (2.5,))
    assert sum(parse_month_weights({"6-8": 1.7, "1": 0.2})) == pytest.approx(12)


@pytest.mark.parametrize(
    ("read", "value", "message", "path"),
    [
        (parse_hour_weights, 3, "got 3; write weights by hour as {0-8: 1, 8-20: 3, 20-24: 1}", ()),
        (parse_hour_weights, {"0-8": 0}, "every hour has weight 0; give at least one span a weight above 0", ()),
        (parse_hour_weights, {}, "every hour has weight 0; give at least one span a weight above 0", ()),
        (parse_hour_weights, {"0-8": -1}, "got -1; it must be at least 0 and at most 1e+06", ("0-8",)),
        (parse_hour_weights, {"0-8": math.inf}, "got .inf, which is not finite; write a number", ("0-8",)),
        (parse_hour_weights, {"0-8": 1, "4-9": 1}, "spans '0-8' and '4-9' overlap", ("4-9",)),
        (parse_weekday_weights, [1], "got a list; write weights by weekday as {mon-fri: 1.2, sat-sun: 0.5}", ()),
        (parse_weekday_weights, {"daily": 0}, "every weekday has weight 0; give at least one a weight above 0", ()),
        (
            parse_weekday_weights,
            {"mon-fri": 1, "fri": 2},
            "'fri' and 'mon-fri' name the same weekday; name each once",
            ("fri",),
        ),
        (parse_month_weights, 1, "got 1; write weights by month as {'1-2': 0.8, '6-8': 1.3}", ()),
        (parse_month_weights, {"13": 1}, "got '13'; write months as '1' or '6-8', from 1 to 12", ("13",)),
        (
            parse_month_weights,
            {"jan": 1},
            "got 'jan', which names no months; write months as '1' or '6-8', from 1 to 12",
            ("jan",),
        ),
        (parse_month_weights, {"1-3": 1, "3": 1}, "'3' and '1-3' name the same month; name each once", ("3",)),
    ],
)
def test_wrong_weights_are_refused_with_the_cure(read, value, message, path):
    assert profile_refusal(read, value) == (message, path)


def test_units_a_day_may_change_by_date():
    assert parse_per_day(648) == ((1, 648.0),)
    assert parse_per_day("15/h") == ((1, 360.0),)
    from_april, from_january = date(2025, 4, 3).toordinal(), date(2025, 1, 1).toordinal()
    assert parse_per_day({"2025-04-03": 825, "2025-01-01": 533}) == ((from_january, 533.0), (from_april, 825.0))


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        ({}, "got an empty mapping; write units a day by date, for instance {2025-04-03: 825}", ()),
        (-3, "got -3; a demand cannot be negative", ()),
        ({"2025-02-30": 1}, "got '2025-02-30', a date that does not exist: that month has 28 days", ("2025-02-30",)),
        (
            {"2025-04-03": "x"},
            "got 'x', which is not a rate; write for instance '15/h', '533/day' or '2.7/min'",
            ("2025-04-03",),
        ),
        (
            {"2025-04-03": 1, "2025-4-3": 2},
            "'2025-4-3' and '2025-04-03' are the same date; keep one of them",
            ("2025-4-3",),
        ),
    ],
)
def test_wrong_units_a_day_are_refused_with_the_cure(value, message, path):
    assert profile_refusal(parse_per_day, value) == (message, path)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["8-20", "mon", "4 min"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
READERS = [
    parse_days,
    parse_hour_weights,
    parse_hours,
    parse_level,
    parse_month_weights,
    parse_per_day,
    parse_weekday_weights,
    *(getattr(units, name) for name in sorted(vars(units)) if name.startswith("parse_") and not name.endswith("_in")),
]


@settings(deadline=None)
@given(value=PLAIN, read=st.sampled_from(READERS))
def test_any_yaml_value_is_read_or_refused_with_a_message(value, read):
    try:
        read(value)
    except ValueError as error:
        assert str(error)
        assert len(str(error)) < 400


@settings(deadline=None)
@given(number=st.decimals(min_value=0, max_value=1, places=4))
def test_a_share_and_its_percentage_are_the_same(number):
    assert units.parse_share(f"{number * 100:f}%") == units.parse_share(float(Decimal(number)))
