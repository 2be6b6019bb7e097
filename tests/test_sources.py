"""Where each number of a scenario comes from, and what is refused as a source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portsim import yamlfile
from portsim.errors import ScenarioError
from portsim.scenario import Scenario, load, load_text
from portsim.scenario.quantities import dimension
from portsim.scenario.schema.arrivals import AboardModel, ArrivalsModel, DepartureModel
from portsim.scenario.schema.calls import BatchModel
from portsim.scenario.schema.file import FlowModel, PoolModel, SideModel, StageModel
from portsim.scenario.schema.officers import ReserveModel
from portsim.scenario.schema.pace import PaceModel

SMALL = """\
portsim: 1
name: Small
port: p
from: 2025-05-24 00:00
to: 2025-05-26 00:00
facts: [own.yaml]
sides:
  here: {timezone: Asia/Shanghai, open: "10:00-24:00"}
officers:
  police: {level: 10}
stages:
  check: {lanes: 4, officers: {police: 2}, service: 3 min, counted: true}
  scan: {lanes: 2, service: 4 min}
flows:
  out:
    kind: truck
    direction: out
    journey: [check, {scan: 0.15}]
    arrivals: {per_day: 500, by_hour: {8-20: 3, 20-8: 1}}
plans:
  less: {officers.police.level: 8}
sources:
  sides.here.open: {fact: p.hours}
  officers.*: {assumed: never published}
  stages.*: {assumed: "a guess, see docs"}
  stages.check: {measured: "stopwatch, 3 May"}
  flows.out.arrivals.per_day: {fact: p.daily}
"""

FACTS = """\
facts: 1
source: {title: T, publisher: P, where: W}
figures:
  p.hours: {measure: opening hours, value: "10:00-24:00", unit: text, reliability: A}
  p.daily: {measure: traffic, value: 500, unit: vehicles/day, counts: {what: vehicles, direction: both}, reliability: A}
  p.hourly: {measure: traffic, value: 30, unit: vehicles/h, counts: {what: vehicles, direction: both}, reliability: A}
  p.check: {measure: time of a check, value: 3.5, unit: min, reliability: B}
  p.share: {measure: share sent to the scanner, value: 0.3, unit: share, reliability: B}
  p.lanes: {measure: lanes, value: 4, unit: lanes, reliability: B}
  p.persons: {measure: persons a vehicle, value: 1.07, unit: persons/vehicle, reliability: B}
  p.peak:
    measure: peak
    value: 1000
    unit: vehicles/day
    counts: {what: vehicles, direction: both}
    bound: at_least
    reliability: A
  p.wild:
    measure: traffic
    value: 9999
    unit: vehicles/day
    counts: {what: vehicles, direction: both}
    reliability: reject
    note: Ten times any other count.
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with facts of its own."""
    (tmp_path / "own.yaml").write_text(FACTS)
    return tmp_path


def small(home: Path, old: str = "", new: str = "", **more: Any) -> Scenario:
    assert old in SMALL
    return load_text(SMALL.replace(old, new, 1) if old else SMALL, folder=home, **more)


def wrong(home: Path, old: str, new: str) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        small(home, old, new)
    return [str(problem) for problem in raised.value.problems]


def by_path(scenario: Scenario) -> Mapping[str, tuple[str, str, str]]:
    return {source.path: (source.text, source.kind, source.detail) for source in scenario.sources}


def test_every_number_has_one_entry_in_file_order(home: Path) -> None:
    assert by_path(small(home)) == {
        "sides.here.open": ("10:00-24:00", "fact", "p.hours"),
        "officers.police.level": ("10", "assumed", "never published"),
        "stages.check.lanes": ("4", "measured", "stopwatch, 3 May"),
        "stages.check.officers.police": ("2", "measured", "stopwatch, 3 May"),
        "stages.check.service": ("3 min", "measured", "stopwatch, 3 May"),
        "stages.scan.lanes": ("2", "assumed", "a guess, see docs"),
        "stages.scan.service": ("4 min", "assumed", "a guess, see docs"),
        "flows.out.journey.1.scan": ("0.15", "none", ""),
        "flows.out.arrivals.per_day": ("500", "fact", "p.daily"),
        "flows.out.arrivals.by_hour.8-20": ("3", "none", ""),
        "flows.out.arrivals.by_hour.20-8": ("1", "none", ""),
    }


def test_only_facts_that_are_cited_are_kept(home: Path) -> None:
    assert sorted(small(home).facts) == ["p.daily", "p.hours"]


def test_shipped_facts_are_read_only_where_one_is_cited(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setattr("portsim.scenario.loading.load_facts", lambda files: read.append(files) or {})
    text = SMALL[: SMALL.index("sources:")].replace("facts: [own.yaml]\n", "")
    assert load_text(text).facts == {}
    assert read == []


def test_a_facts_file_that_is_wrong_is_told_even_if_nothing_cites_it(home: Path) -> None:
    (home / "own.yaml").write_text(FACTS.replace("value: 500,", "value: many,"))
    with pytest.raises(ScenarioError) as raised:
        load_text(SMALL[: SMALL.index("sources:")], folder=home)
    assert [problem.place.file for problem in raised.value.problems if problem.place] == [str(home / "own.yaml")]


def test_the_longer_pattern_counts_and_of_equal_ones_the_more_exact(home: Path) -> None:
    """stages.check beats stages.* whichever stands first; stages.*.lanes beats both."""
    more = 'stages.check: {measured: "stopwatch, 3 May"}\n  stages.*.lanes: {assumed: seen from the road}\n'
    sources = by_path(small(home, 'stages.check: {measured: "stopwatch, 3 May"}\n', more))
    assert sources["stages.check.lanes"] == ("4", "assumed", "seen from the road")
    assert sources["stages.check.service"] == ("3 min", "measured", "stopwatch, 3 May")


def test_what_a_number_says_of_itself_comes_before_any_pattern(home: Path) -> None:
    scenario = small(home, "check: {lanes: 4,", "check: {lanes: {assumed: drawn on the plan, value: 5},")
    assert by_path(scenario)["stages.check.lanes"] == ("5", "assumed", "drawn on the plan")


def test_a_reason_may_hold_a_comma_without_quotes(home: Path) -> None:
    scenario = small(home, "{assumed: never published}", "{assumed: never published, see docs}")
    assert by_path(scenario)["officers.police.level"] == ("10", "assumed", "never published, see docs")


@pytest.mark.parametrize(
    ("old", "new", "path", "text"),
    [
        ("per_day: 500", "per_day: {fact: p.daily, times: 0.5}", "flows.out.arrivals.per_day", "250"),
        ("per_day: 500", "per_day: {fact: p.hourly}", "flows.out.arrivals.per_day", "720"),
        ("per_day: 500", "rate: {fact: p.hourly}", "flows.out.arrivals.rate", "720/day"),
        ("service: 3 min", "service: {fact: p.check, times: 2}", "stages.check.service", "7 min"),
        ("service: 3 min", "service: {fact: p.check}", "stages.check.service", "210 s"),
        ("{scan: 0.15}", "{scan: {fact: p.share, times: 0.5}}", "flows.out.journey.1.scan", "0.15"),
        ("lanes: 4", "lanes: {fact: p.lanes}", "stages.check.lanes", "4"),
        ("kind: truck", "kind: truck\n    persons: {fact: p.persons}", "flows.out.persons", "1.07"),
        ('open: "10:00-24:00"', "open: {fact: p.hours}", "sides.here.open", "10:00-24:00"),
    ],
)
def test_a_fact_stands_as_the_value_it_has(home: Path, old: str, new: str, path: str, text: str) -> None:
    scenario = load_text(
        SMALL.replace(old, new, 1).replace("  flows.out.arrivals.per_day: {fact: p.daily}\n", ""), folder=home
    )
    assert by_path(scenario)[path][:2] == (text, "fact")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "per_day: 500",
            "per_day: {fact: p.dialy}",
            "19:32: flows.out.arrivals.per_day.fact: there is no fact 'p.dialy'; did you mean 'p.daily'?",
        ),
        (
            "per_day: 500",
            "per_day: {fact: p.wild}",
            "19:32: flows.out.arrivals.per_day.fact: fact p.wild is rejected and cannot be used: Ten times any other "
            "count.",
        ),
        (
            "per_day: 500",
            "per_day: {fact: p.lanes}",
            "19:32: flows.out.arrivals.per_day.fact: fact p.lanes is 4 lanes, a count, and a rate is needed here",
        ),
        (
            "per_day: 500",
            "per_day: {fact: p.hours}",
            "19:32: flows.out.arrivals.per_day.fact: fact p.hours is 10:00-24:00 text, a text, and a rate is needed "
            "here",
        ),
        (
            "lanes: 4",
            "lanes: {fact: p.lanes, times: 0.6}",
            "12:18: stages.check.lanes: got 2.4, which is not whole; write a whole number such as 3",
        ),
        (
            "per_day: 500",
            "per_day: {fact: p.daily, times: .inf}",
            "19:48: flows.out.arrivals.per_day.times: got .inf, which is not finite; write a number",
        ),
        (
            "per_day: 500",
            "per_day: {fact: p.daily, times: 0}",
            "19:48: flows.out.arrivals.per_day.times: got 0; it must be above 0 and at most 1e+12",
        ),
        (
            "per_day: 500",
            "per_day: {fact: p.daily, assumed: half}",
            "19:41: flows.out.arrivals.per_day.assumed: stands beside fact; a number has one source: write {fact: id}, "
            "{fact: id, times: 0.5}, {assumed: reason, value: 6} or {measured: what, value: 6}",
        ),
        (
            "per_day: 500",
            "per_day: {assumed: half}",
            "19:16: flows.out.arrivals.per_day.value: is required: write {fact: id}, {fact: id, times: 0.5}, {assumed: "
            "reason, value: 6} or {measured: what, value: 6}",
        ),
        (
            "per_day: 500",
            "per_day: {measured: '', value: 3}",
            "19:36: flows.out.arrivals.per_day.measured: got ''; say in words what",
        ),
        (
            "stages.*: {assumed",
            "stages.chek: {assumed",
            "25:3: sources.stages.chek: matches nothing: there is no 'chek' under stages; did you mean 'check'?",
        ),
        (
            "stages.*: {assumed",
            "stages.che*: {assumed",
            "25:3: sources.stages.che*: `*` stands for one whole name, not for a part of one",
        ),
        (
            "{assumed: never published}",
            "never published",
            "24:15: sources.officers.*: got 'never published'; write {fact: id}, {assumed: reason} or {measured: what "
            "was measured}",
        ),
        (
            "{assumed: never published}",
            "{asumed: never published}",
            "24:15: sources.officers.*: got the keys asumed; write {fact: id}, {assumed: reason} or {measured: what "
            "was measured}",
        ),
        (
            "{assumed: never published}",
            "{assumed: never published, value: 6}",
            "24:42: sources.officers.*.value: does not belong beside assumed; write {fact: id}, {assumed: reason} or "
            "{measured: what was measured}",
        ),
        (
            "{fact: p.daily}",
            "{fact: p.wild}",
            "27:38: sources.flows.out.arrivals.per_day.fact: fact p.wild is rejected and cannot be used: Ten times any "
            "other count.",
        ),
        (
            "plans:",
            "windows: {w: {from: 2025-05-24, to: 2025-05-25, published: p.wild}}\nplans:",
            "20:60: windows.w.published: fact p.wild is rejected and cannot be used: Ten times any other count.",
        ),
    ],
)
def test_what_is_no_source_is_refused(home: Path, old: str, new: str, said: str) -> None:
    assert wrong(home, old, new)[0] == f"scenario.yaml:{said}"


def test_a_facts_file_that_is_not_there_is_named(home: Path) -> None:
    assert wrong(home, "facts: [own.yaml]", "facts: [onw.yaml]")[0] == (
        "scenario.yaml:6:9: facts.0: there is no file 'onw.yaml' in the scenario's folder; did you mean 'own.yaml'?"
    )


def test_facts_may_be_given_beside_the_scenario(home: Path) -> None:
    text = SMALL.replace("facts: [own.yaml]\n", "")
    assert sorted(load_text(text, facts=[home / "own.yaml"]).facts) == ["p.daily", "p.hours"]


def test_what_a_plan_or_set_changes_loses_its_fact_and_is_marked(home: Path) -> None:
    scenario = small(home, plan="less", sets=["flows.out.arrivals.per_day=600"])
    sources = by_path(scenario)
    assert sources["officers.police.level"] == ("8", "plan", "less")
    assert sources["flows.out.arrivals.per_day"] == ("600", "set", "--set flows.out.arrivals.per_day=600")
    assert scenario.resolved["sources"]["officers.police.level"] == {"assumed": "set by plan less"}
    assert scenario.resolved["sources"]["flows.out.arrivals.per_day"] == {
        "assumed": "set by --set flows.out.arrivals.per_day=600"
    }


def test_a_plan_may_say_where_its_numbers_come_from(home: Path) -> None:
    scenario = small(home, "level: 8}", "level: {measured: roster of June, value: 8}}", plan="less")
    assert by_path(scenario)["officers.police.level"] == ("8", "measured", "roster of June")


def test_sources_are_checked_before_a_plan_is_laid_over(home: Path) -> None:
    """A plan that takes away what a pattern names does not make the pattern wrong."""
    text = SMALL.replace("level: 8}", "level: 8, stages.scan.lanes: null}")
    text = text.replace("sources:\n", "sources:\n  stages.scan.lanes: {assumed: a guess}\n")
    assert load_text(text, folder=home, plan="less").regimes[0].stages[1].lanes is None


def test_a_number_that_a_child_file_overrides_loses_the_source_of_its_parent(home: Path) -> None:
    (home / "base.yaml").write_text(SMALL)
    (home / "child.yaml").write_text("extends: base.yaml\nstages: {check: {lanes: 6}, scan: {lanes: 3}}\n")
    sources = by_path(load(home / "child.yaml"))
    assert sources["stages.check.lanes"] == ("6", "none", "")
    assert sources["stages.check.service"] == ("3 min", "measured", "stopwatch, 3 May")


def test_a_child_file_vouches_for_what_it_inherits_where_it_is_as_exact(home: Path) -> None:
    (home / "base.yaml").write_text(SMALL)
    said = "sources: {stages.*: {assumed: looser}, flows.out: {assumed: a day in May}}\n"
    (home / "child.yaml").write_text(f"extends: base.yaml\n{said}")
    sources = by_path(load(home / "child.yaml"))
    assert sources["stages.check.lanes"][2] == "stopwatch, 3 May"
    assert sources["stages.scan.lanes"][2] == "looser"
    assert sources["flows.out.arrivals.per_day"][2] == "p.daily"
    assert sources["flows.out.journey.1.scan"][2] == "a day in May"


@pytest.mark.parametrize(
    ("per_day", "source", "said"),
    [
        (510, "{fact: p.daily}", "is 510, but cites fact p.daily, which is 500 vehicles/day"),
        (510, "{fact: p.daily, times: 0.5}", "is 510, but cites fact p.daily, which is 500 vehicles/day times 0.5"),
        ('"20/h"', "{fact: p.daily}", "is 20/h, but cites fact p.daily, which is 500 vehicles/day"),
        (900, "{fact: p.peak}", "is 900, but cites fact p.peak, which is 1000 vehicles/day"),
        (501, "{fact: p.daily}", ""),
        (250, "{fact: p.daily, times: 0.5}", ""),
        (1200, "{fact: p.peak}", ""),
        (510, "{fact: p.lanes}", ""),
    ],
)
def test_a_number_unlike_the_fact_it_cites_is_a_warning(home: Path, per_day: object, source: str, said: str) -> None:
    text = SMALL.replace("per_day: 500", f"per_day: {per_day}").replace(
        "per_day: {fact: p.daily}", f"per_day: {source}"
    )
    warnings = load_text(text, folder=home).warnings
    assert warnings == ((f"scenario.yaml:19:25: flows.out.arrivals.per_day: {said}",) if said else ())


def test_the_finished_scenario_keeps_every_source(home: Path, tmp_path: Path) -> None:
    first = small(home, "per_day: 500", "per_day: {fact: p.daily, times: 0.7}")
    away = tmp_path / "away"
    (away / "data").mkdir(parents=True)
    for name, place in first.attachments:
        (away / name).write_bytes(Path(place).read_bytes())
    (away / "scenario.yaml").write_text(yamlfile.dump(first.resolved))
    second = load(away / "scenario.yaml")
    assert first.resolved["sources"]["flows.out.arrivals.per_day"] == {"fact": "p.daily", "times": 0.7}
    assert second.sources == first.sources
    assert second.facts.keys() == first.facts.keys()
    assert second.warnings == ()
    assert second.resolved == first.resolved


NOT_NUMBERS = {
    SideModel: {"timezone"},
    PoolModel: {"side", "end_of_shift", "rota", "precedence"},
    ReserveModel: {"stages"},
    StageModel: {"side", "counted", "closing", "service_per"},
    BatchModel: set(),
    PaceModel: set(),
    FlowModel: {"kind", "direction", "arrivals", "when_full"},
    ArrivalsModel: set(),
    DepartureModel: {"days"},
    AboardModel: {"flow", "get_off_at"},
}


@pytest.mark.parametrize("model", NOT_NUMBERS, ids=lambda model: model.__name__)
def test_every_field_of_the_format_is_either_a_number_or_known_not_to_be(model: type[Any]) -> None:
    """A field added to the format without saying which would be a number that nobody has to vouch for."""
    where = {
        SideModel: ("sides", "x"),
        PoolModel: ("officers", "x"),
        ReserveModel: ("officers", "x", "reserves", "0"),
        StageModel: ("stages", "x"),
        BatchModel: ("stages", "x", "batch"),
        PaceModel: ("stages", "x", "pace"),
        FlowModel: ("flows", "x"),
        ArrivalsModel: ("flows", "x", "arrivals"),
        DepartureModel: ("flows", "x", "arrivals", "timetable", "0"),
        AboardModel: ("flows", "x", "arrivals", "aboard"),
    }[model]
    tails: list[tuple[str, ...]] = [(), ("a",), ("0", "a"), ("0", "at"), ("a", "0", "at"), ("stay_away",), ("no_show",)]
    tails += [("0", "officers"), ("size",), ("number",), ("by_hour",), ("last",)]
    numbers = {key for key in model.model_fields if any(dimension((*where, key, *tail)) for tail in tails)}
    assert set(model.model_fields) - numbers == NOT_NUMBERS[model]
