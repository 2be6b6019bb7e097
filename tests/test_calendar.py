"""Local clocks to instants: zones, days, steps, closures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.scenario.calendar import (
    check_zone,
    clock_instant,
    cut,
    day_start,
    midnights,
    parse_closure,
    splice,
    steps,
    to_local,
    to_utc_ms,
    zone_names,
)
from portsim.scenario.levels import DAY_MS, Closure, WeekProfile
from portsim.scenario.profiles import parse_hours, parse_level

H = 3_600_000
MINUTE = 60_000


def utc(*parts):
    """UTC epoch ms of a UTC date and time."""
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


def refusal(read, *values, **options):
    with pytest.raises(ValueError) as caught:
        read(*values, **options)
    return str(caught.value)


def level_at(levels, at_ms):
    return next((level for at, level in reversed(levels) if at <= at_ms), 0.0)


# ---- zones and instants --------------------------------------------------------------------------------------------


def test_the_two_clocks_of_irkeshtam_are_two_hours_apart():
    """Beijing is UTC+8, Bishkek UTC+6: 24:00 in Bishkek is 02:00 in Beijing."""
    assert to_utc_ms(datetime(2025, 6, 1), "Asia/Shanghai") == utc(2025, 5, 31, 16)
    assert to_utc_ms(datetime(2025, 6, 1), "Asia/Bishkek") == utc(2025, 5, 31, 18)
    assert to_local(to_utc_ms(datetime(2025, 6, 1), "Asia/Bishkek"), "Asia/Shanghai") == datetime(2025, 6, 1, 2)


def test_almaty_moved_from_utc_6_to_utc_5_on_1_march_2024():
    assert to_utc_ms(datetime(2024, 2, 29, 12), "Asia/Almaty") == utc(2024, 2, 29, 6)
    assert to_utc_ms(datetime(2024, 3, 1, 12), "Asia/Almaty") == utc(2024, 3, 1, 7)


def test_the_last_hour_before_almaty_moved_happened_twice():
    assert refusal(to_utc_ms, datetime(2024, 2, 29, 23, 30), "Asia/Almaty") == (
        "2024-02-29 23:30 is ambiguous in Asia/Almaty: clocks go back from 2024-03-01 00:00 to 2024-02-29 23:00 and "
        "show it twice; write a time before 2024-02-29 23:00 or from 2024-03-01 00:00 on"
    )
    assert to_utc_ms(datetime(2024, 3, 1), "Asia/Almaty") == utc(2024, 2, 29, 19)
    assert midnights("Asia/Almaty", utc(2024, 2, 29), utc(2024, 3, 1)) == [
        (datetime(2024, 2, 29).toordinal(), utc(2024, 2, 28, 18)),
        (datetime(2024, 3, 1).toordinal(), utc(2024, 2, 29, 19)),
        (datetime(2024, 3, 2).toordinal(), utc(2024, 3, 1, 19)),
    ]


def test_a_local_time_that_does_not_exist_is_refused_with_the_rule():
    assert refusal(to_utc_ms, datetime(2025, 3, 9, 2, 30), "America/Toronto") == (
        "2025-03-09 02:30 does not exist in America/Toronto: clocks go forward from 2025-03-09 02:00 to "
        "2025-03-09 03:00; write a time before 2025-03-09 02:00 or from 2025-03-09 03:00 on"
    )
    refusal(to_utc_ms, datetime(2025, 3, 9, 2), "America/Toronto")
    assert to_utc_ms(datetime(2025, 3, 9, 1, 59), "America/Toronto") == utc(2025, 3, 9, 6, 59)
    assert to_utc_ms(datetime(2025, 3, 9, 3), "America/Toronto") == utc(2025, 3, 9, 7)


def test_a_local_time_that_happens_twice_is_refused_with_the_rule():
    assert refusal(to_utc_ms, datetime(2025, 10, 26, 2, 30), "Europe/Warsaw") == (
        "2025-10-26 02:30 is ambiguous in Europe/Warsaw: clocks go back from 2025-10-26 03:00 to 2025-10-26 02:00 and "
        "show it twice; write a time before 2025-10-26 02:00 or from 2025-10-26 03:00 on"
    )
    refusal(to_utc_ms, datetime(2025, 10, 26, 2), "Europe/Warsaw")
    refusal(to_utc_ms, datetime(2025, 10, 26, 2, fold=1), "Europe/Warsaw")
    assert to_utc_ms(datetime(2025, 10, 26, 1, 59), "Europe/Warsaw") == utc(2025, 10, 25, 23, 59)
    assert to_utc_ms(datetime(2025, 10, 26, 3), "Europe/Warsaw") == utc(2025, 10, 26, 2)


def test_a_midnight_that_the_clocks_skip_is_refused_but_the_day_still_begins():
    """In Havana clocks go from 00:00 to 01:00 on 9 March 2025."""
    assert "does not exist" in refusal(to_utc_ms, datetime(2025, 3, 9), "America/Havana")
    ordinal = datetime(2025, 3, 9).toordinal()
    assert day_start(ordinal, "America/Havana") == utc(2025, 3, 9, 5)
    assert to_local(utc(2025, 3, 9, 5), "America/Havana") == datetime(2025, 3, 9, 1)
    days = midnights("America/Havana", utc(2025, 3, 8, 12), utc(2025, 3, 10))
    assert days == [
        (ordinal - 1, utc(2025, 3, 8, 5)),
        (ordinal, utc(2025, 3, 9, 5)),
        (ordinal + 1, utc(2025, 3, 10, 4)),
    ]


def test_of_a_midnight_that_happens_twice_the_day_begins_at_the_first():
    """In Havana clocks go back from 01:00 to 00:00 on 2 November 2025: the day has 25 hours."""
    days = midnights("America/Havana", utc(2025, 11, 2, 12), utc(2025, 11, 3))
    assert [at for _, at in days] == [utc(2025, 11, 2, 4), utc(2025, 11, 3, 5)]


def test_a_date_that_a_zone_skipped_is_a_day_of_no_length():
    """Samoa went from the end of 29 December 2011 to the start of the 31st."""
    days = midnights("Pacific/Apia", utc(2011, 12, 29, 12), utc(2011, 12, 31, 12))
    skipped = datetime(2011, 12, 30).toordinal()
    assert dict(days)[skipped] == dict(days)[skipped + 1] == utc(2011, 12, 30, 10)


def test_midnights_begin_with_the_day_of_the_start_and_end_at_or_after_the_end():
    start, end = utc(2025, 5, 23, 16), utc(2025, 5, 25, 16)  # midnights of Beijing
    ordinal = datetime(2025, 5, 24).toordinal()
    assert midnights("Asia/Shanghai", start, end) == [
        (ordinal, start),
        (ordinal + 1, start + DAY_MS),
        (ordinal + 2, end),
    ]
    assert midnights("Asia/Shanghai", start + 1, end - 1) == midnights("Asia/Shanghai", start, end)
    assert midnights("Asia/Shanghai", start, start) == [(ordinal, start)]
    assert midnights("Asia/Shanghai", start, start + 1) == [(ordinal, start), (ordinal + 1, start + DAY_MS)]


ZONE_CURE = "write an IANA zone name such as Asia/Shanghai"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Europe/Warsav", f"unknown time zone 'Europe/Warsav'; {ZONE_CURE}; did you mean 'Europe/Warsaw'?"),
        ("asia/bishkek", f"unknown time zone 'asia/bishkek'; {ZONE_CURE}; did you mean 'Asia/Bishkek'?"),
        ("Bishkek", f"unknown time zone 'Bishkek'; {ZONE_CURE}; did you mean 'Asia/Bishkek'?"),
        ("Asia/Beijing", f"unknown time zone 'Asia/Beijing'; {ZONE_CURE}; did you mean 'Asia/Shanghai'?"),
        ("../../etc/passwd", f"unknown time zone '../../etc/passwd'; {ZONE_CURE}"),
        ("/etc/localtime", f"unknown time zone '/etc/localtime'; {ZONE_CURE}"),
        ("", f"unknown time zone ''; {ZONE_CURE}"),
        (8, f"got 8, which is not a time zone; {ZONE_CURE}"),
        (None, f"got nothing, which is not a time zone; {ZONE_CURE}"),
    ],
)
def test_only_names_of_the_tz_database_are_zones(name, message):
    assert refusal(check_zone, name) == message


@pytest.mark.parametrize(
    "name", ["posixrules", "Factory", "localtime", "right/UTC", "posix/UTC", "zone.tab", "Asia", "+VERSION"]
)
def test_files_beside_the_zones_are_no_zones(name):
    assert refusal(check_zone, name).startswith(f"unknown time zone {name!r}")


def test_every_listed_zone_can_be_used():
    names = zone_names()
    assert len(names) > 500
    assert {"Asia/Shanghai", "Asia/Bishkek", "Asia/Almaty", "Etc/UTC"} <= set(names)
    for name in names:
        local = to_local(to_utc_ms(datetime(2025, 6, 18, 12), name), name)
        assert local == datetime(2025, 6, 18, 12)


def test_an_unknown_zone_is_refused_wherever_it_is_used():
    assert refusal(to_utc_ms, datetime(2025, 1, 1), "Asia/Bishkok").endswith("did you mean 'Asia/Bishkek'?")


ZONES = [
    "America/Toronto",
    "America/Havana",
    "America/St_Johns",
    "Asia/Almaty",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/Warsaw",
]


@settings(deadline=None)
@given(at=st.integers(utc(1970, 1, 2), utc(2200, 1, 1)), zone=st.sampled_from(ZONES))
def test_an_instant_and_its_local_time_are_one_unless_refused(at, zone):
    local = to_local(at, zone)
    expected = datetime.fromtimestamp(at // 1000, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    assert local == expected + timedelta(milliseconds=at % 1000)
    try:
        assert to_utc_ms(local, zone) == at
    except ValueError as error:
        assert "is ambiguous" in str(error)


@settings(deadline=None)
@given(at=st.integers(utc(1970, 1, 2), utc(2200, 1, 1)), zone=st.sampled_from(ZONES))
def test_a_day_begins_where_the_date_first_shows(at, zone):
    ordinal = to_local(at, zone).toordinal()
    start = day_start(ordinal, zone)
    assert start <= at
    assert to_local(start, zone).toordinal() == ordinal
    assert to_local(start - 1, zone).toordinal() < ordinal


# ---- steps ---------------------------------------------------------------------------------------------------------


def test_hours_become_steps_that_begin_at_the_start():
    """10:00-24:00 in Beijing is 02:00 to 16:00 UTC."""
    start = utc(2025, 5, 23, 16)
    assert steps(parse_hours("10:00-24:00"), "Asia/Shanghai", start, start + 2 * DAY_MS) == [
        (start, 0.0),
        (start + 10 * H, 1.0),
        (start + 24 * H, 0.0),
        (start + 34 * H, 1.0),
    ]


def test_a_run_that_begins_in_the_middle_of_a_span_begins_at_its_level():
    start = utc(2025, 6, 1, 3)
    assert steps(parse_level({"0-8": 2, "8-20": 4}), "Etc/UTC", start, start + 6 * H) == [
        (start, 2.0),
        (start + 5 * H, 4.0),
    ]


def test_a_span_over_midnight_of_the_day_before_counts():
    start = utc(2025, 6, 2)
    assert steps(parse_hours("20:00-04:00"), "Etc/UTC", start, start + DAY_MS) == [
        (start, 1.0),
        (start + 4 * H, 0.0),
        (start + 20 * H, 1.0),
    ]


def test_a_span_over_midnight_belongs_to_the_weekday_it_starts():
    """Sunday 1 June 2025, 22:00 to Monday 02:00; Monday has no span of its own."""
    levels = steps(parse_hours({"sun": "22:00-02:00"}), "Etc/UTC", utc(2025, 6, 1), utc(2025, 6, 4))
    assert levels == [(utc(2025, 6, 1), 0.0), (utc(2025, 6, 1, 22), 1.0), (utc(2025, 6, 2, 2), 0.0)]


def test_neighbouring_spans_of_one_level_are_one_step():
    start = utc(2025, 6, 1)
    assert steps(WeekProfile.constant(3.0), "Etc/UTC", start, start + 30 * DAY_MS) == [(start, 3.0)]
    assert steps(WeekProfile.constant(0.0), "Etc/UTC", start, start + 30 * DAY_MS) == [(start, 0.0)]
    assert steps(parse_level({"8-20": 3, "20-8": 3}), "Etc/UTC", start, start + 9 * DAY_MS) == [(start, 3.0)]


def test_always_stays_always_where_clocks_change_at_midnight():
    start, end = utc(2025, 1, 1), utc(2026, 1, 1)
    assert steps(parse_hours("always"), "America/Havana", start, end) == [(start, 1.0)]


def test_a_shift_from_20_to_8_is_an_hour_shorter_in_the_night_clocks_go_forward():
    """Warsaw, 30 March 2025: 02:00 becomes 03:00. 20:00 is 19:00 UTC, 08:00 is 06:00 UTC."""
    levels = steps(parse_hours("20:00-08:00"), "Europe/Warsaw", utc(2025, 3, 29, 12), utc(2025, 3, 30, 12))
    assert levels == [(utc(2025, 3, 29, 12), 0.0), (utc(2025, 3, 29, 19), 1.0), (utc(2025, 3, 30, 6), 0.0)]


def test_a_clock_time_that_a_date_of_the_run_lacks_is_refused():
    profile = parse_hours("02:30-10:00")
    start = utc(2025, 3, 9, 5)  # midnight of 9 March in Toronto
    assert refusal(steps, profile, "America/Toronto", start, start + DAY_MS).startswith(
        "2025-03-09 02:30 does not exist in America/Toronto"
    )
    assert steps(profile, "America/Toronto", start + 3 * H, start + DAY_MS)[0] == (start + 3 * H, 1.0)
    assert steps(profile, "America/Toronto", start - DAY_MS, start)[1] == (start - DAY_MS + 5 * H // 2, 1.0)


def test_a_clock_time_that_a_date_of_the_run_has_twice_is_refused():
    profile = parse_hours("01:30-10:00")
    first = utc(2025, 11, 2, 5, 30)  # 01:30 for the first time, and an hour later again
    assert "2025-11-02 01:30 is ambiguous" in refusal(steps, profile, "America/Toronto", first, first + DAY_MS)
    assert "2025-11-02 01:30 is ambiguous" in refusal(steps, profile, "America/Toronto", first + H - 1, first + DAY_MS)
    assert steps(profile, "America/Toronto", first + H, first + 2 * H) == [(first + H, 1.0)]
    assert steps(profile, "America/Toronto", first - H, first) == [(first - H, 0.0)]


def test_without_strictness_a_skipped_time_is_the_jump_and_an_ambiguous_one_its_first():
    start = utc(2025, 3, 9, 5)
    assert steps(parse_hours("02:30-10:00"), "America/Toronto", start, start + 6 * H, strict=False) == [
        (start, 0.0),
        (utc(2025, 3, 9, 7), 1.0),
    ]
    start = utc(2025, 11, 2, 4)
    assert steps(parse_hours("01:30-10:00"), "America/Toronto", start, start + 6 * H, strict=False) == [
        (start, 0.0),
        (utc(2025, 11, 2, 5, 30), 1.0),
    ]
    ordinal = datetime(2025, 11, 2).toordinal()
    assert clock_instant(ordinal, H + 30 * MINUTE, "America/Toronto") == utc(2025, 11, 2, 5, 30)
    assert clock_instant(ordinal, DAY_MS, "America/Toronto") == utc(2025, 11, 3, 5)


WEEKS_WITH_A_CHANGE = [
    ("America/Toronto", (2025, 3, 9)),
    ("America/Toronto", (2025, 11, 2)),
    ("Europe/Warsaw", (2025, 3, 30)),
    ("Europe/Warsaw", (2025, 10, 26)),
    ("Asia/Almaty", (2024, 3, 1)),
    ("America/Havana", (2025, 3, 9)),
    ("Asia/Shanghai", (2025, 6, 1)),
    ("Australia/Lord_Howe", (2025, 4, 6)),
]

SPANS = st.lists(st.integers(0, 47), min_size=2, max_size=6, unique=True).map(sorted)


def profile_of(edges, levels):
    """Level by the half hour, the same each day, with a last span over midnight up to the first edge."""
    half = H // 2
    spans = [
        (start * half, end * half, float(level)) for (start, end), level in zip(pairwise(edges), levels, strict=False)
    ]
    spans.append((edges[-1] * half, DAY_MS + edges[0] * half, float(levels[-1])))
    return WeekProfile((tuple(span for span in spans if span[2]),) * 7)


@settings(max_examples=60, deadline=None)
@given(
    week=st.sampled_from(WEEKS_WITH_A_CHANGE),
    edges=SPANS,
    levels=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    offset=st.integers(-3 * 24 * 60, 24 * 60),
)
def test_steps_agree_with_asking_the_clock_minute_by_minute(week, edges, levels, offset):
    """The naive way: what does the wall clock show, which span is that in? Hours shown twice have one level only if no
    span begins or ends within them, so such profiles must be refused.
    """
    zone, day = week
    profile = profile_of(edges, levels)
    start = utc(*day) + offset * MINUTE
    end = start + 3 * DAY_MS
    info = ZoneInfo(zone)

    def clock_level(at_ms):
        local = datetime.fromtimestamp(at_ms // 1000, info)
        ms = (local.hour * 60 + local.minute) * MINUTE
        today, yesterday = profile.days[local.weekday()], profile.days[local.weekday() - 1]
        running = [level for begin, until, level in today if begin <= ms < until]
        running += [level for begin, until, level in yesterday if begin <= ms + DAY_MS < until]
        return sum(running)

    try:
        found = steps(profile, zone, start, end)
    except ValueError as error:
        assert "does not exist" in str(error) or "is ambiguous" in str(error)
        return
    assert found[0][0] == start
    assert all(before[0] < after[0] and before[1] != after[1] for before, after in pairwise(found))
    position = 0
    for at in range(start, end, 5 * MINUTE):
        while position + 1 < len(found) and found[position + 1][0] <= at:
            position += 1
        assert found[position][1] == clock_level(at)
    assert steps(profile, zone, start, end, strict=False) == found


def test_twenty_years_by_the_hour_are_the_same_from_any_start():
    profile = parse_level({"0-8": 1, "8-20": 2, "20-24": 3})
    start, end = utc(2020, 1, 1), utc(2040, 1, 1)
    whole = steps(profile, "America/Toronto", start, end)
    assert len(whole) == 1 + 3 * 7305  # the start, and three shifts on each of 7305 days
    later = utc(2031, 7, 4, 13)
    assert steps(profile, "America/Toronto", later, end)[1:] == [pair for pair in whole if pair[0] > later]


# ---- closures, cut and splice --------------------------------------------------------------------------------------


def test_a_closed_date_runs_from_midnight_to_midnight_of_its_own_clock():
    closure = parse_closure("2025-05-31", "Asia/Bishkek")
    assert closure == Closure(utc(2025, 5, 30, 18), utc(2025, 5, 31, 18), "2025-05-31")
    assert to_local(closure.end_ms, "Asia/Shanghai") == datetime(2025, 6, 1, 2)


def test_closures_include_both_dates_and_clock_times_to_the_minute():
    assert parse_closure("2025-10-01..2025-10-03", "Asia/Shanghai") == Closure(
        utc(2025, 9, 30, 16), utc(2025, 10, 3, 16), "2025-10-01..2025-10-03"
    )
    text = "2025-05-31 12:00..2025-05-31 18:00"
    assert parse_closure(text, "Asia/Shanghai") == Closure(utc(2025, 5, 31, 4), utc(2025, 5, 31, 10), text)
    assert parse_closure("2025-05-31 12:00..2025-05-31 24:00", "Asia/Shanghai").end_ms == utc(2025, 5, 31, 16)


def test_a_closed_date_may_begin_at_a_skipped_midnight():
    closure = parse_closure("2025-03-09", "America/Havana")
    assert (closure.start_ms, closure.end_ms) == (utc(2025, 3, 9, 5), utc(2025, 3, 10, 4))


CURE = "write '2025-05-31', '2025-10-01..2025-10-03' or '2025-05-31 12:00..2025-05-31 18:00'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (20250531, f"got 20250531, which is not a closure; {CURE}"),
        ("2025-05-31 12:00", f"got '2025-05-31 12:00', which is not a closure; {CURE}"),
        ("2025-10-01 to 2025-10-03", f"got '2025-10-01 to 2025-10-03', which is not a closure; {CURE}"),
        ("2025-10-01..", f"got '2025-10-01..', a closure without a beginning or an end; {CURE}"),
        ("2025-10-03..2025-10-01", f"got '2025-10-03..2025-10-01', which ends before it begins; {CURE}"),
        (
            "2025-05-31 12:00..2025-05-31 12:00",
            f"got '2025-05-31 12:00..2025-05-31 12:00', which ends before it begins; {CURE}",
        ),
        (
            "2025-05-31..2025-06-01 12:00",
            f"got '2025-05-31..2025-06-01 12:00', a date and a date with a clock time; {CURE}",
        ),
        ("2025-02-30", "got '2025-02-30', a date that does not exist: that month has 28 days"),
        ("31 May", "got '31 May', which is not a date; write year-month-day, for instance '2025-05-31'"),
    ],
)
def test_what_is_no_closure_is_refused_with_the_cure(text, message):
    assert refusal(parse_closure, text, "Asia/Shanghai") == message


def test_closures_at_times_that_do_not_exist_or_on_skipped_dates_are_refused():
    assert refusal(parse_closure, "2025-03-09 02:30..2025-03-09 12:00", "America/Toronto").startswith(
        "2025-03-09 02:30 does not exist in America/Toronto"
    )
    assert refusal(parse_closure, "2011-12-30", "Pacific/Apia") == (
        f"got '2011-12-30', a date that Pacific/Apia skipped; {CURE}"
    )


def closed(start, end):
    return Closure(start, end, "")


def test_a_closure_cuts_levels_at_its_edges():
    levels = [(0, 2.0), (10, 5.0), (20, 0.0)]
    assert cut(levels, [closed(5, 12)], 30) == [(0, 2.0), (5, 0.0), (12, 5.0), (20, 0.0)]
    assert cut(levels, [closed(-5, 3), closed(12, 15), closed(14, 18)], 30) == [
        (0, 0.0), (3, 2.0), (10, 5.0), (12, 0.0), (18, 5.0), (20, 0.0),
    ]  # fmt: skip
    assert cut(levels, [closed(-5, 100)], 30) == [(0, 0.0)]
    assert cut(levels, [closed(-5, 0), closed(30, 40)], 30) == levels
    assert cut(levels, [], 30) == levels
    assert cut([], [closed(0, 5)], 30) == []


def test_splicing_holds_each_piece_until_the_next():
    first, second = [(0, 1.0), (10, 2.0), (20, 3.0)], [(0, 7.0), (15, 8.0), (25, 9.0)]
    assert splice([(0, first), (12, second)]) == [(0, 1.0), (10, 2.0), (12, 7.0), (15, 8.0), (25, 9.0)]
    assert splice([(0, first), (10, [(0, 1.0), (40, 2.0)])]) == [(0, 1.0), (40, 2.0)]
    assert splice([(5, [(8, 1.0)])]) == [(5, 0.0), (8, 1.0)]
    assert splice([]) == []


LEVELS = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3)), max_size=6, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [(0, 1.0), *((at, float(level)) for at, level in sorted(pairs))]
)
CLOSURES = st.lists(st.tuples(st.integers(-5, 60), st.integers(1, 20)), max_size=4).map(
    lambda pairs: [closed(start, start + length) for start, length in pairs]
)


@settings(deadline=None)
@given(levels=LEVELS, closures=CLOSURES)
def test_a_cut_function_is_zero_in_closures_and_itself_elsewhere(levels, closures):
    found = cut(levels, closures, 50)
    assert found[0][0] == 0
    assert all(before[1] != after[1] for before, after in pairwise(found))
    for at in range(50):
        is_closed = any(closure.start_ms <= at < closure.end_ms for closure in closures)
        assert level_at(found, at) == (0.0 if is_closed else level_at(levels, at))
    assert cut(found, closures, 50) == found
    assert cut(levels, list(reversed(closures)), 50) == found


@settings(deadline=None)
@given(pieces=st.lists(LEVELS, min_size=1, max_size=3), gap=st.integers(1, 20))
def test_a_spliced_function_is_each_piece_in_its_turn(pieces, gap):
    found = splice([(index * gap, levels) for index, levels in enumerate(pieces)])
    assert all(before[1] != after[1] for before, after in pairwise(found))
    for at in range(60):
        assert level_at(found, at) == level_at(pieces[min(at // gap, len(pieces) - 1)], at)
