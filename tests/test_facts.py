"""Published figures: what they are, what follows from them, and what may not be used."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from portsim import shipped
from portsim.errors import FactError, ScenarioError
from portsim.facts import Fact, fact_rows, load_facts, lookup
from portsim.facts.entries import read_date
from portsim.facts.units import UNITS

SECOND_ENTRY = Path(__file__).parent / "data" / "facts_second_entry.csv"
SOURCE = "source: {title: T, publisher: P, where: W}\n"
HEAD = f"facts: 1\n{SOURCE}figures:\n"


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Fact]:
    return load_facts()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's facts file, named own.yaml in messages."""
    monkeypatch.chdir(tmp_path)
    return Path("own.yaml")


def refused(own: Path, text: str) -> list[str]:
    own.write_text(text, encoding="utf-8")
    with pytest.raises(FactError) as caught:
        load_facts([own])
    return [str(problem) for problem in caught.value.problems]


def figure(**keys: str) -> str:
    """A facts file with one figure, line 4, whose keys stand on lines 5 to 8 and on."""
    told = {"measure": "m", "unit": "number", "value": "1", "reliability": "A", **keys}
    return f"{HEAD}  p.x:\n" + "".join(f"    {key}: {value}\n" for key, value in told.items() if value)


def test_spring_at_irkeshtam_had_825_vehicles_a_day(facts: Mapping[str, Fact]) -> None:
    """98,500 by 1 June less 49,000 by 2 April is 49,500, over 60 calendar days (28 of April, 31 of May, 1 of June)."""
    fact = facts["irkeshtam.vehicles_spring_2025"]
    assert fact.value == 825
    assert (fact.unit, fact.dimension, fact.bound, fact.reliability) == ("vehicles/day", "rate", "about", "A")
    assert str(fact.period) == "2025-04-03..2025-06-01"
    assert fact.period is not None
    assert fact.period.days == 60
    assert fact.counts is not None
    assert (fact.counts.what, fact.counts.direction) == ("vehicles", "both")
    assert str(fact.derived) == "(irkeshtam.vehicles_to_2025_06_01 - irkeshtam.vehicles_to_2025_04_02) per day"
    assert "en.people.cn" in fact.source.where
    assert "imsilkroad.com" in fact.source.where


def test_winter_at_irkeshtam_had_533_vehicles_a_day(facts: Mapping[str, Fact]) -> None:
    """49,000 over the 92 days from 1 January to 2 April; more than 49,000, so at least as many."""
    fact = facts["irkeshtam.vehicles_winter_2025"]
    assert fact.value == 49_000 / 92
    assert round(fact.value) == 533
    assert fact.bound == "at_least"


def test_the_rate_per_open_day_is_not_a_fact(facts: Mapping[str, Fact]) -> None:
    """49,500 over the 59 open days is 839; the published counts are per calendar day."""
    assert not [fact.id for fact in facts.values() if not isinstance(fact.value, str) and 838 < fact.value < 840]


def test_the_first_22_hours_are_22_hours_after_a_closed_day(facts: Mapping[str, Fact]) -> None:
    fact = facts["irkeshtam.freight_first_22_h"]
    assert (fact.value, fact.unit, fact.bound) == (966, "vehicles", "exact")
    assert fact.period is not None
    assert (fact.period.start, fact.period.end) == (datetime(2025, 6, 1, 10), datetime(2025, 6, 2, 8))
    assert fact.period.timezone == "Asia/Shanghai"
    assert str(fact.period) == "2025-06-01 10:00..2025-06-02 08:00 Asia/Shanghai"
    assert "closed all day on 31 May" in fact.note
    assert facts["irkeshtam.freight_first_22_h_per_h"].value == pytest.approx(43.909, abs=1e-3)
    closed, start = facts["irkeshtam.closed_2025_05_31"], facts["irkeshtam.pilot_start"]
    assert (closed.value, closed.unit) == ("2025-05-31", "date")
    assert (start.value, start.unit) == ("2025-06-01 10:00", "date-time")


def test_the_running_counts_and_the_may_peak_are_lower_bounds(facts: Mapping[str, Fact]) -> None:
    for name, value, unit in [
        ("vehicles_to_2025_06_01", 98_500, "vehicles"),
        ("vehicles_to_2025_04_02", 49_000, "vehicles"),
        ("persons_to_2025_06_01", 105_800, "persons"),
        ("peak_may_2025", 1_000, "passages/day"),
    ]:
        fact = facts[f"irkeshtam.{name}"]
        assert (fact.value, fact.unit, fact.bound) == (value, unit, "at_least")
    period = facts["irkeshtam.vehicles_to_2025_06_01"].period
    assert period is not None
    assert period.days == 152
    persons = facts["irkeshtam.persons_to_2025_06_01"].counts
    assert persons is not None
    assert persons.drivers_included == "yes"


def test_irkeshtam_is_a_truck_port_and_jeminay_one_of_travellers(facts: Mapping[str, Fact]) -> None:
    assert facts["irkeshtam.persons_per_vehicle_2025"].amount == pytest.approx(1.07, abs=0.005)
    assert facts["jeminay.persons_per_vehicle_2025"].amount == pytest.approx(4.1, abs=0.05)


def test_three_days_of_november_at_baketu(facts: Mapping[str, Fact]) -> None:
    """163,286 - 161,497 = 1,789 persons from 9 to 11 November; both counts are exact, so the mean is."""
    fact = facts["baketu.persons_november_2025"]
    assert fact.value == 1789 / 3
    assert (fact.bound, str(fact.period)) == ("exact", "2025-11-09..2025-11-11")


def test_hours_before_the_pilot_were_fourteen_a_day(facts: Mapping[str, Fact]) -> None:
    assert facts["irkeshtam.hours_before"].value == "7 days x 14 h"
    assert facts["irkeshtam.hours_a_day_before"].amount == 14 * 3_600_000
    assert "must be marked assumed" in facts["irkeshtam.hours_before"].note


def test_vehicles_exported_are_goods(facts: Mapping[str, Fact]) -> None:
    exported = [fact for fact in facts.values() if fact.id.startswith("horgos.vehicles_exported")]
    assert len(exported) == 8
    assert {fact.counts.what for fact in exported if fact.counts} == {"goods"}


def test_the_border_check_is_bounded_from_above(facts: Mapping[str, Fact]) -> None:
    fact = facts["irkeshtam.border_check_under_4_min"]
    assert (fact.value, fact.unit, fact.bound, fact.dimension, fact.amount) == (
        4,
        "min",
        "at_most",
        "duration",
        240_000,
    )


def test_amounts_are_per_day_and_in_milliseconds(facts: Mapping[str, Fact]) -> None:
    assert facts["torugart.scanner_real"].amount == 15 * 24
    assert facts["urumqi.flights_per_week_2025"].amount == pytest.approx(270 / 7)
    assert facts["alashankou.hall_capacity"].amount == pytest.approx(200_000 / 365)
    assert facts["dostyk.processing_2016"].amount == (4 * 60 + 15) * 60_000
    assert facts["baketu.farm_clearance_before"].amount == 3 * 86_400_000
    with pytest.raises(ValueError, match=r"^fact irkeshtam.pilot_start is date-time '2025-06-01 10:00', not a number$"):
        assert facts["irkeshtam.pilot_start"].amount


def test_every_figure_says_where_it_is_from_and_what_it_counts(facts: Mapping[str, Fact]) -> None:
    for fact in facts.values():
        assert fact.source.title, fact.id
        assert fact.source.publisher, fact.id
        assert fact.source.where, fact.id
        assert "see each figure" not in (fact.source.publisher, fact.source.where), fact.id
        assert fact.id.startswith(f"{fact.port}."), fact.id
        assert fact.period is not None or "has no date" in (fact.note or ""), fact.id
        if fact.unit.partition("/")[0] in ("vehicles", "persons", "trains") and fact.dimension in ("count", "rate"):
            assert fact.counts is not None, fact.id
    assert len(facts) >= 170
    assert {"irkeshtam", "torugart", "horgos", "jeminay", "alashankou", "baketu", "karasu", "urumqi", "xinjiang"} <= {
        fact.port for fact in facts.values()
    }


def test_a_rejected_figure_is_shown_and_refused_as_a_source(facts: Mapping[str, Fact]) -> None:
    assert facts["xinjiang.persons_2025"].is_rejected
    row = next(row for row in fact_rows(facts, "xinjiang") if row["id"] == "xinjiang.persons_2025")
    assert (row["shown"], row["reliability"]) == ("at least 58,000,000 persons", "reject")
    with pytest.raises(FactError) as caught:
        lookup(facts, "xinjiang.persons_2025")
    assert str(caught.value) == (
        "fact 'xinjiang.persons_2025' was rejected and is no source: Eighteen times the official 3.251 million "
        "passages of 2024; a wrong number or another definition, so no scenario and no calibration may rest on it."
    )


def test_an_unknown_fact_is_told_with_the_nearest_one(facts: Mapping[str, Fact]) -> None:
    assert lookup(facts, "irkeshtam.pilot_start").value == "2025-06-01 10:00"
    for name, message in [
        ("irkeshtam.vehicle_spring_2025", "did you mean 'irkeshtam.vehicles_spring_2025'?"),
        ("nowhere", "`portsim facts` lists them"),
    ]:
        with pytest.raises(FactError) as caught:
            lookup(facts, name)
        assert str(caught.value) == f"there is no fact '{name}'; {message}"


def test_rows_are_flat_and_in_the_order_of_the_library(facts: Mapping[str, Fact]) -> None:
    rows = fact_rows(facts, "irkeshtam")
    assert [row["id"] for row in rows] == [name for name in facts if name.startswith("irkeshtam.")]
    row = next(row for row in rows if row["id"] == "irkeshtam.vehicles_spring_2025")
    assert row["shown"] == "about 825 vehicles/day"
    assert (row["counts"], row["direction"], row["period"]) == ("vehicles", "both", "2025-04-03..2025-06-01")
    assert len(fact_rows(facts)) == len(facts)
    with pytest.raises(FactError, match=r"^there are no facts of a port 'irkeshtan'; did you mean 'irkeshtam'\?$"):
        fact_rows(facts, "irkeshtan")
    with pytest.raises(FactError, match=r"^there are no facts of a port 'x'; known ports are alashankou, altynkol, "):
        fact_rows(facts, "x")


def test_a_user_adds_figures_that_may_follow_from_shipped_ones(own: Path) -> None:
    own.write_text(
        f"facts: 1\n{SOURCE}figures:\n"
        "  myport.trucks:\n    measure: trucks in a year\n    value: 36500\n    unit: vehicles\n"
        "    counts: {what: trucks, direction: both}\n    period: {from: 2025, to: 2025}\n    reliability: B\n"
        "  myport.trucks_per_day:\n    measure: trucks a day\n    unit: vehicles/day\n"
        "    derived: {fact: myport.trucks, per: days}\n"
        "  myport.beside_torugart:\n    measure: ratio\n    unit: number\n"
        "    derived: {ratio: [myport.trucks, torugart.vehicles_2024]}\n",
        encoding="utf-8",
    )
    facts = load_facts([own])
    assert list(facts)[-3:] == ["myport.trucks", "myport.trucks_per_day", "myport.beside_torugart"]
    assert facts["myport.trucks_per_day"].value == 100
    assert facts["myport.trucks_per_day"].reliability == "B"
    assert facts["myport.beside_torugart"].value == 36_500 / 144_500
    assert facts["myport.beside_torugart"].reliability == "B"  # the weaker of B and A-
    assert str(facts["myport.trucks"].place) == "own.yaml:4:3"


def test_a_day_of_23_hours_has_23_hours(own: Path) -> None:
    own.write_text(
        f"{HEAD}  p.n:\n    measure: m\n    value: 230\n    unit: vehicles\n    counts: {{what: v}}\n"
        "    period: {from: 2025-03-30, to: 2025-03-30, timezone: Europe/Berlin}\n    reliability: A\n"
        "  p.h:\n    measure: m\n    unit: vehicles/h\n    derived: {fact: p.n, per: hours}\n",
        encoding="utf-8",
    )
    assert load_facts([own])["p.h"].value == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("figures: {}", "own.yaml:1:1: the key 'facts' is missing"),
        ("facts: 2\nfigures: {}", "own.yaml:1:8: facts: the format is 1, got 2; write 'facts: 1'"),
        ("facts: true\nfigures: {}", "own.yaml:1:8: facts: the format is 1, got True; write 'facts: 1'"),
        ("[1]", "own.yaml:1:1: a mapping is needed with the keys facts, figures, source"),
        ("facts: 1\nfigures: [1]", "own.yaml:2:10: figures: figures are a mapping of ids to figures"),
        ("facts: 1\nfigure: {}\nfigures: {}", "own.yaml:2:1: figure: unknown key; did you mean 'figures'?"),
        (f"{HEAD}  Port.x: {{}}", "own.yaml:4:3: figures.Port.x: an id is <port>.<name> in small letters, digits, '_' "
         "(and '-' in the port), for example irkeshtam.vehicles_2025"),
        (f"{HEAD}  p.x: 5", "own.yaml:4:8: figures.p.x: a mapping is needed with the keys bound, change_on_year, "
         "counts, measure, note, period, reliability, source, unit, value"),
        (figure(measure=""), "own.yaml:4:3: figures.p.x: the key 'measure' is missing"),
        (figure(measure="3"), "own.yaml:5:14: figures.p.x.measure: text is needed, got 3"),
        (figure(valu="3"), "own.yaml:9:5: figures.p.x.valu: unknown key; did you mean 'value'?"),
        (figure(zzz="3"), "own.yaml:9:5: figures.p.x.zzz: unknown key; known keys are bound, change_on_year, counts, "
         "measure, note, period, reliability, source, unit, value"),
        (figure(value="many"), "own.yaml:7:12: figures.p.x.value: a number is needed, got 'many'"),
        (figure(value="true"), "own.yaml:7:12: figures.p.x.value: a number is needed, got True"),
        (figure(value=".nan"), "own.yaml:7:12: figures.p.x.value: a finite number is needed, got nan"),
        (figure(value="1e999"), "own.yaml:7:12: figures.p.x.value: a finite number is needed, got inf"),
        (figure(value="1e30"), "own.yaml:7:12: figures.p.x.value: a figure is at most 1e+18, got 1e+30"),
        (figure(unit="min", value="-4"), "own.yaml:7:12: figures.p.x.value: a figure in min is not negative, got -4"),
        (figure(unit="share", value="15"), "own.yaml:7:12: figures.p.x.value: a share is between 0 and 1, got 15"),
        (figure(bound="atleast"), "own.yaml:9:12: figures.p.x.bound: 'atleast' is not one of exact, at_least, at_most, "
         "about; did you mean 'at_least'?"),
        (figure(reliability="Z"), "own.yaml:8:18: figures.p.x.reliability: 'Z' is not one of A, A-, B+, B, C, reject"),
        (figure(reliability="reject"), "own.yaml:4:3: figures.p.x: a rejected figure needs a note that says why"),
        (figure(unit="vehicles"), "own.yaml:4:3: figures.p.x: a figure in vehicles needs 'counts': what, direction, "
         "drivers_included"),
        (figure(counts="{direction: both}"), "own.yaml:9:5: figures.p.x.counts: the key 'what' is missing"),
        (figure(counts="{what: w, direction: up}"), "own.yaml:9:34: figures.p.x.counts.direction: 'up' is not one of "
         "both, in, out, unknown"),
        (figure(counts="{what: w, drivers_included: true}"), "own.yaml:9:41: figures.p.x.counts.drivers_included: True "
         "is not one of yes, no, unknown"),
        (figure(unit="date", value="2025-02-30"), "own.yaml:7:12: figures.p.x.value: '2025-02-30' is not a date: write "
         "2025-05-31, or two with '..' between, earlier first"),
        (figure(unit="date", value="2025-05-02..2025-05-01"), "own.yaml:7:12: figures.p.x.value: "
         "'2025-05-02..2025-05-01' is not a date: write 2025-05-31, or two with '..' between, earlier first"),
        (figure(unit="date-time", value="2025-06-01"), "own.yaml:7:12: figures.p.x.value: '2025-06-01' is not a "
         "date-time: write 2025-06-01 10:00, or two with '..' between, earlier first"),
        (figure(unit="clock", value="25:00"), "own.yaml:7:12: figures.p.x.value: '25:00' is not a clock time: write "
         '"16:00" or "11:00-14:00"'),
        (figure(period="{}"), "own.yaml:9:13: figures.p.x.period: a period has 'from', 'to' or both"),
        (figure(period="{from: 2025-13}"), "own.yaml:9:20: figures.p.x.period.from: '2025-13' is not in the calendar"),
        (figure(period="{from: 1.5}"), "own.yaml:9:20: figures.p.x.period.from: '1.5' is not a date: write 2025, "
         "2025-06, 2025-06-01 or 2025-06-01 10:00"),
        (figure(period="{to: 9999}"), "own.yaml:9:18: figures.p.x.period.to: '9999' is not between 1900 and 2199"),
        (figure(period="{from: 2025-02, to: 2025-01}"), "own.yaml:9:13: figures.p.x.period: the period ends (2025-01) "
         "before it begins (2025-02)"),
        (figure(period="{to: 2025, timezone: Asia/Shangai}"), "own.yaml:9:34: figures.p.x.period.timezone: "
         "'Asia/Shangai' is not a time zone of the IANA list, for example Asia/Shanghai"),
        (figure(period="{to: 2025, timezone: ../../etc}"), "own.yaml:9:34: figures.p.x.period.timezone: '../../etc' is "
         "not a time zone of the IANA list, for example Asia/Shanghai"),
        (figure(change_on_year="-2"), "own.yaml:9:21: figures.p.x.change_on_year: a change is a share and not below -1 "
         "(-1 is -100 %), got -2"),
        (figure(source="{date: yesterday}"), "own.yaml:9:20: figures.p.x.source.date: 'yesterday' is not a date: write "
         "2025, 2025-06, 2025-06-01 or 2025-06-01 10:00"),
        (figure().replace(SOURCE, "source: {title: T, publisher: P}\n"), "own.yaml:2:1: source: the key 'where' is "
         "missing"),
        (figure(source="{title: T, publisher: P}").replace(SOURCE, ""), "own.yaml:3:3: figures.p.x: the source needs "
         "'where', here or at the top of the file"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_facts_file_is_told_with_its_place(own: Path, text: str, message: str) -> None:
    assert refused(own, text) == [message]


COUNT = "measure: m, unit: vehicles, counts: {what: v}, reliability: A"


def derived(rule: str, unit: str, *parts: str) -> str:
    """A facts file whose line 5 is a derived figure p.x; p.a and p.b stand after it."""
    return f"{HEAD}  # derived\n  p.x: {{measure: m, unit: {unit}, derived: {rule}}}\n" + "".join(
        f"  p.{name}: {{{part}}}\n" for name, part in zip("ab", parts, strict=False)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (derived("{}", "number"), "own.yaml:5:44: figures.p.x.derived: exactly one of minus, ratio and fact says what "
         "the figure follows from"),
        (derived("{minus: [p.a]}", "number"), "own.yaml:5:52: figures.p.x.derived.minus: minus takes two ids, [first, "
         "second]"),
        (derived("{fact: [p.a], per: days}", "number"), "own.yaml:5:51: figures.p.x.derived.fact: fact takes one id"),
        (derived("{fact: p.a}", "number"), "own.yaml:5:44: figures.p.x.derived: a figure that follows from one fact "
         "needs 'per: days' or 'per: hours'"),
        (derived("{ratio: [p.a, p.b], per: days}", "number"), "own.yaml:5:69: figures.p.x.derived.per: a ratio has no "
         "'per'"),
        (derived("{fact: p.a, per: weeks}", "number"), "own.yaml:5:61: figures.p.x.derived.per: 'weeks' is not one of "
         "days, hours"),
        (derived("{fact: irkeshtam.pilot_stat, per: days}", "number"), "own.yaml:5:3: figures.p.x.derived: there is no "
         "fact 'irkeshtam.pilot_stat'; did you mean 'irkeshtam.pilot_start'?"),
        (derived("{fact: irkeshtam.pilot_start, per: days}", "number"), "own.yaml:5:3: figures.p.x.derived: fact "
         "'irkeshtam.pilot_start' is date-time '2025-06-01 10:00', not a number"),
        (derived("{fact: p.a, per: days}", "vehicles/day", f"{COUNT}, value: 5, period: {{to: 2025}}"),
         "own.yaml:5:3: figures.p.x.derived: 'per: days' needs a period of whole days, got ..2025-12-31"),
        (derived("{fact: p.a, per: hours}", "vehicles/h", f"{COUNT}, value: 5"),
         "own.yaml:5:3: figures.p.x.derived: 'per: hours' needs a period with both ends, got none"),
        (derived("{fact: jeminay.bus_ride, per: days}", "number"), "own.yaml:5:3: figures.p.x.derived: 'per: days' "
         "needs a count, got h"),
        (derived("{fact: p.a, per: days}", "vehicles", f"{COUNT}, value: 5, period: {{from: 2025, to: 2025}}"),
         "own.yaml:5:3: figures.p.x.derived: the figure is in vehicles/day, not in vehicles; write 'unit: "
         "vehicles/day'"),
        (derived("{ratio: [jeminay.bus_ride, torugart.kyrgyz_lanes]}", "number"),
         "own.yaml:5:3: figures.p.x.derived: the figure is in h/lane, not in number; no unit fits"),
        (derived("{ratio: [p.a, p.b]}", "number", f"{COUNT}, value: 5", f"{COUNT}, value: 0"),
         "own.yaml:5:3: figures.p.x.derived: fact 'p.b' is 0, nothing can be divided by it"),
        (derived("{ratio: [p.a, p.b]}", "number", f"{COUNT}, value: 5", f"{COUNT}, value: 1e-300"),
         "own.yaml:5:3: figures.p.x.derived: the ratio is larger than 1e+18"),
        (derived("{minus: [p.a, jeminay.persons_to_2025_07_15]}", "vehicles", f"{COUNT}, value: 5"),
         "own.yaml:5:3: figures.p.x.derived: a difference needs two counts in one unit, got vehicles and persons"),
        (derived("{minus: [p.a, p.b]}", "vehicles", f"{COUNT}, value: 5", f"{COUNT}, value: 1"),
         "own.yaml:5:3: figures.p.x.derived: a difference needs two figures with periods"),
        (derived("{minus: [p.a, p.b]}", "vehicles", f"{COUNT}, value: 5, period: {{from: 2025-01, to: 2025-04}}",
                 f"{COUNT}, value: 1, period: {{from: 2025-02, to: 2025-03}}"),
         "own.yaml:5:3: figures.p.x.derived: the periods must begin together and p.b end earlier, got "
         "2025-01-01..2025-04-30 and 2025-02-01..2025-03-31"),
        (derived("{minus: [p.a, p.b]}", "vehicles", f"{COUNT}, value: 5, period: {{from: 2025-01, to: 2025-04}}",
                 f"{COUNT}, value: 6, period: {{from: 2025-01, to: 2025-03}}"),
         "own.yaml:5:3: figures.p.x.derived: the difference is negative: 5 - 6"),
        (derived("{fact: p.x, per: days}", "number"), "own.yaml:5:3: figures.p.x.derived: follows from itself: p.x <- "
         "p.x"),
        (derived("{fact: xinjiang.persons_2025, per: days}", "persons/day"), "own.yaml:5:3: figures.p.x.derived: fact "
         "'xinjiang.persons_2025' was rejected and is no source: Eighteen times the official 3.251 million passages of "
         "2024; a wrong number or another definition, so no scenario and no calibration may rest on it."),
    ],
)  # fmt: skip
def test_a_figure_that_cannot_follow_is_told_with_the_reason(own: Path, text: str, message: str) -> None:
    assert refused(own, text) == [message]


def test_a_ring_of_figures_is_named_at_each_of_them(own: Path) -> None:
    ring = "".join(
        f"  p.{a}: {{measure: m, unit: vehicles/day, derived: {{fact: p.{b}, per: days}}}}\n"
        for a, b in ["ab", "bc", "ca"]
    )
    tail = "  p.d: {measure: m, unit: vehicles/day, derived: {fact: p.a, per: days}}\n"
    assert refused(own, HEAD + ring + tail) == [
        "own.yaml:4:3: figures.p.a.derived: follows from itself: p.a <- p.b <- p.c <- p.a",
        "own.yaml:5:3: figures.p.b.derived: follows from itself: p.b <- p.c <- p.a <- p.b",
        "own.yaml:6:3: figures.p.c.derived: follows from itself: p.c <- p.a <- p.b <- p.c",
    ]


def test_what_follows_from_a_wrong_figure_is_not_told_twice(own: Path) -> None:
    assert refused(own, derived("{fact: p.a, per: days}", "vehicles/day", f"{COUNT}, value: many")) == [
        "own.yaml:6:79: figures.p.a.value: a number is needed, got 'many'"
    ]


def test_an_id_stands_once_in_all_files(own: Path) -> None:
    text = figure().replace("p.x", "irkeshtam.pilot_start")
    place = load_facts()["irkeshtam.pilot_start"].place
    assert refused(own, text) == [
        f"own.yaml:4:3: figures.irkeshtam.pilot_start: this id stands already at "
        f"seeds/document-irkeshtam-2025.yaml:{place.line}; give your figure another one"
    ]


def test_all_problems_of_all_files_are_told_at_once_in_their_order(own: Path) -> None:
    other = Path("other.yaml")
    other.write_text("a: [", encoding="utf-8")
    own.write_text(figure(value="many", bound="no", unit="foo"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_facts([other, own, Path("none.yaml")])
    told = [str(problem) for problem in caught.value.problems]
    assert [line.split(": ")[0] for line in told] == ["other.yaml:2:1", "own.yaml:6:11", "own.yaml:9:12", "none.yaml"]
    assert told[3] == "none.yaml: cannot be read: No such file or directory"


def test_dates_include_their_last_day_and_clock_times_are_instants() -> None:
    for text, start, end in [
        ("2024", datetime(2024, 1, 1), datetime(2025, 1, 1)),
        ("2025-12", datetime(2025, 12, 1), datetime(2026, 1, 1)),
        ("2024-02", datetime(2024, 2, 1), datetime(2024, 3, 1)),
        ("2025-05-31", datetime(2025, 5, 31), datetime(2025, 6, 1)),
        ("2025-06-01 10:00", datetime(2025, 6, 1, 10), datetime(2025, 6, 1, 10)),
    ]:
        assert (read_date(text, end=False), read_date(text, end=True)) == (start, end)


def test_units_are_a_closed_list_with_a_dimension_each() -> None:
    assert UNITS["vehicles/day"] == ("rate", 1.0)
    assert UNITS["persons/h"] == ("rate", pytest.approx(24))
    assert UNITS["h"] == ("duration", 3_600_000)
    assert {dimension for dimension, _ in UNITS.values()} == {"count", "rate", "duration", "share", "plain", "text"}


def test_the_shipped_folder_does_not_depend_on_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_facts()
    monkeypatch.chdir(tmp_path)
    assert load_facts() == before
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "site-packages" / "portsim")
    packed = tmp_path / "site-packages" / "portsim" / "data" / "seeds"
    packed.mkdir(parents=True)
    assert shipped.folder("seeds") == packed
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "src" / "portsim")
    assert shipped.folder("seeds") == tmp_path / "seeds"


def test_loading_facts_loads_nothing_heavy() -> None:
    code = (
        "from portsim.facts import load_facts; import sys; load_facts();"
        "print([m for m in ('numpy', 'pydantic', 'pandas', 'asyncio') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(shipped.__file__).resolve().parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def second_entry() -> list[dict[str, str]]:
    assert SECOND_ENTRY.is_file(), f"{SECOND_ENTRY} is missing: the figures as entered a second time, independently"
    with SECOND_ENTRY.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_second_person_read_the_same_figures_from_the_sources(facts: Mapping[str, Fact]) -> None:
    """Columns id, value, unit, from, to, bound; free text is not compared, a computed value to the digits entered."""
    differences = []
    for row in second_entry():
        fact = facts.get(row["id"])
        if fact is None:
            differences.append(f"{row['id']}: no such fact")
            continue
        told = {key: (row[key] or "").strip() for key in ("value", "unit", "from", "to", "bound")}
        period = fact.period
        start = read_date(told["from"], end=False) if told["from"] else None
        end = read_date(told["to"], end=True) if told["to"] else None
        if (start, end) != ((period.start, period.end) if period else (None, None)):
            differences.append(f"{fact.id}: period {told['from']}..{told['to']}, here {period}")
        if fact.dimension == "text":
            if fact.unit != "text" and told["value"] != fact.value:
                differences.append(f"{fact.id}: value {told['value']}, here {fact.value}")
            continue
        if told["unit"] != fact.unit:
            differences.append(f"{fact.id}: unit {told['unit']}, here {fact.unit}")
        if told["bound"] != fact.bound:
            differences.append(f"{fact.id}: bound {told['bound']}, here {fact.bound}")
        if float(told["value"]) != pytest.approx(fact.value, rel=1e-3 if fact.derived else 1e-12):
            differences.append(f"{fact.id}: value {told['value']}, here {fact.value}")
    assert not differences, "\n".join(differences)


def test_the_second_entry_covers_every_figure_of_the_documents(facts: Mapping[str, Fact]) -> None:
    needed = {fact.id for fact in facts.values() if "/document-" in fact.place.file and fact.unit != "text"}
    assert needed - {row["id"] for row in second_entry()} == set()
