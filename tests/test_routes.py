"""Ways through a journey: shares, `after` and `unless` (rule 32)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model import draw, lower
from portsim.model.traffic import Traffic
from portsim.scenario import Scenario, json_schema, load_text
from portsim.scenario.capacity import loads
from portsim.scenario.routes import chances, first_stages, missed, unreachable
from portsim.scenario.scenario import Step
from portsim.views.description.demand import flow_words
from portsim.views.description.rules import rules
from tests.test_check import fits

PORT = """\
portsim: 1
name: Gates
port: paper
from: 2025-01-01
to: 2025-01-02
sides: {own: {timezone: UTC}}
stages:
  e_gate: {lanes: 2, service: 20 s}
  counter: {lanes: 3, service: 1 min}
  exit: {counted: true, service: 10 s}
flows:
  citizens:
    kind: traveller
    direction: in
    journey: [{e_gate: 40%}, {counter: {unless: e_gate}}, {counter: {share: 5%, after: e_gate}}, exit]
    arrivals: {per_day: 1000}
"""
JOURNEY = "[{e_gate: 40%}, {counter: {unless: e_gate}}, {counter: {share: 5%, after: e_gate}}, exit]"
LINE, COLUMN = 15, 14
STAGES_RULE = "write a stage that stands earlier in the journey, e_gate, or a list of them, [e_gate, green_channel]"
RIDERS = """\
  riders:
    {kind: person, direction: in, journey: [exit], arrivals: {aboard: {flow: citizens, number: 2, get_off_at: counter}}}
"""


def port(journey: str = JOURNEY, **options: object) -> Scenario:
    return load_text(PORT.replace(JOURNEY, journey), **options)


def drawn(scenario: Scenario, seed: int = 1) -> Traffic:
    return draw(scenario, lower(scenario), seed=seed, replication=0)


def ways(scenario: Scenario, traffic: Traffic) -> list[tuple[str, ...]]:
    """The stages of each unit in order."""
    names = [stage.name for stage in scenario.regimes[0].stages]
    steps = [names[stage] for stage in traffic.stage]
    return [tuple(steps[a:b]) for a, b in zip(traffic.first[:-1], traffic.first[1:], strict=True)]


def is_likely(count: int, share: float, total: int) -> bool:
    """Within four standard deviations of a binomial count."""
    return abs(count - share * total) <= 4 * np.sqrt(share * (1 - share) * total)


def step(stage: str, share: float = 1.0, after: tuple[str, ...] = (), unless: tuple[str, ...] = ()) -> Step:
    return Step(stage, share, None, (), after=after, unless=unless)


# ---- how likely each step is -----------------------------------------------------------------------------------


def test_e_gates_and_counters_by_hand():
    journey = port().flows[0].journey
    assert chances(journey) == pytest.approx((0.4, 0.6, 0.02, 1))
    assert first_stages(journey) == ("e_gate", "counter")
    assert missed(journey) == 0


def test_a_condition_on_several_stages_asks_for_one_of_them():
    """1 - 0.7 * 0.5 have been at a or b; of those that have not, a fifth, and half of the rest goes to e."""
    journey = [step("a", 0.3), step("b", 0.5), step("c", after=("a", "b")), step("d", 0.2, unless=("a", "b"))]
    journey.append(step("e", 0.5, unless=("c", "d")))
    assert chances(journey) == pytest.approx((0.3, 0.5, 0.65, 0.07, 0.14))
    assert missed(journey) == pytest.approx(0.14)


def test_both_conditions_have_to_hold():
    journey = [step("a", 0.5), step("b", 0.5), step("c", 0.4, after=("a",), unless=("b",))]
    assert chances(journey)[2] == pytest.approx(0.5 * 0.5 * 0.4)


STAGES = ("a", "b", "c")


@st.composite
def journeys(random: st.DrawFn) -> list[Step]:
    steps: list[Step] = []
    for _ in range(random(st.integers(1, 6))):
        earlier = sorted({one.stage for one in steps})
        named = st.lists(st.sampled_from(earlier), unique=True, max_size=2).map(tuple) if earlier else st.just(())
        share = random(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
        steps.append(step(random(st.sampled_from(STAGES)), share, random(named), random(named)))
    return steps


@settings(max_examples=200, deadline=None)
@given(journeys())
def test_chances_are_those_of_all_outcomes_counted_out(journey):
    """Every combination of drawn and not drawn, weighted with its probability and walked step by step."""
    made, nowhere = np.zeros(len(journey)), 0.0
    first = set()
    for outcome in product((True, False), repeat=len(journey)):
        weight = np.prod([one.share if yes else 1 - one.share for one, yes in zip(journey, outcome, strict=True)])
        stopped: list[str] = []
        for index, (one, yes) in enumerate(zip(journey, outcome, strict=True)):
            meets = not one.after or any(stage in stopped for stage in one.after)
            if yes and meets and not any(stage in stopped for stage in one.unless):
                made[index] += weight
                if weight and not stopped:
                    first.add(one.stage)
                stopped.append(one.stage)
        nowhere += weight * (not stopped)
    assert chances(journey) == pytest.approx(tuple(made), abs=1e-12)
    assert missed(journey) == pytest.approx(nowhere, abs=1e-12)
    assert set(first_stages(journey)) == first


def test_thirty_conditions_on_thirty_stages_are_worked_out_at_once():
    steps = [step(f"s{n}", 0.5) for n in range(30)] + [step("last", unless=tuple(f"s{n}" for n in range(30)))]
    assert chances(steps)[-1] == pytest.approx(0.5**30)


def test_a_share_of_nothing_is_not_a_contradiction_and_a_certain_stage_is_one():
    assert unreachable([step("a", 0), step("b", after=("a",))], [True, False]) == []
    assert unreachable([step("a", 1), step("b", unless=("a",))], [True, False]) == []
    assert unreachable([step("a"), step("b", unless=("a",))], [False, False]) == [1]


# ---- what is drawn ---------------------------------------------------------------------------------------------


def test_every_unit_goes_to_a_gate_or_a_counter_and_some_to_both():
    scenario = port()
    counted = {way: ways(scenario, drawn(scenario)).count(way) for way in set(ways(scenario, drawn(scenario)))}
    total = sum(counted.values())
    assert set(counted) == {("e_gate", "exit"), ("counter", "exit"), ("e_gate", "counter", "exit")}
    assert is_likely(counted["counter", "exit"], 0.6, total)
    assert is_likely(counted["e_gate", "counter", "exit"], 0.02, total)


@pytest.mark.parametrize(
    ("fails", "way"), [("0%", ("e_gate", "exit")), ("100%", ("e_gate", "counter", "exit"))], ids=["none", "all"]
)
def test_nobody_or_everybody_fails_at_the_gate(fails, way):
    """All use the gate: the second counter step takes none of them, or all; nobody is left for the first."""
    scenario = port(JOURNEY.replace("40%", "100%").replace("5%", fails))
    assert set(ways(scenario, drawn(scenario))) == {way}


def test_a_condition_moves_no_other_draw():
    """Work, referral and arrival of everyone who still makes a step stay; exit is the last step of all."""
    with_condition, without = port(), port(JOURNEY.replace(", after: e_gate", ""))
    one, other = drawn(with_condition), drawn(without)
    assert np.array_equal(one.arrived, other.arrived)
    assert np.array_equal(one.work[one.first[1:] - 1], other.work[other.first[1:] - 1])
    pairs = list(zip(ways(with_condition, one), ways(without, other), strict=True))
    assert all(a == b for a, b in pairs if "e_gate" in a), "those at the gate fail by the same draws"
    assert {b for a, b in pairs if a != b} == {("counter", "counter", "exit")}, (
        "others were sent on without being asked"
    )


def test_a_plan_that_changes_a_share_keeps_who_would_fail():
    """Whoever fails at 5 % fails at 20 % too, and the same units use the gate."""
    plan = "\nplans: {worse: {flows.citizens.journey.2.counter.share: 20%}}\n"
    scenario, worse = load_text(PORT + plan), load_text(PORT + plan, plan="worse")
    few, many = ways(scenario, drawn(scenario)), ways(worse, drawn(worse))
    fails = ("e_gate", "counter", "exit")
    assert all(b == fails for a, b in zip(few, many, strict=True) if a == fails)
    assert [way[0] for way in few] == [way[0] for way in many]
    assert many.count(fails) > few.count(fails) > 0
    assert [load.units_per_day for load in loads(worse)] == pytest.approx([400, 600 + 80, 1000])


def test_a_service_centre_shortens_the_check_after_it():
    """Alone in the port: 3 min at the centre and 2 min at the check, or 5 min at the check."""
    text = PORT.replace(
        JOURNEY, "[{e_gate: 50%}, {counter: {after: e_gate, service: 2 min}}, {counter: {unless: e_gate}}]"
    )
    text = text.replace("{lanes: 2, service: 20 s}", "{service: 3 min}").replace(
        "{lanes: 3, service: 1 min}", "{service: 5 min}"
    )
    scenario = load_text(text.replace("  exit: {counted: true, service: 10 s}\n", ""))
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    totals = np.add.reduceat(traffic.work, traffic.first[:-1])
    assert set(totals) == {300_000}
    simulate(network, traffic)
    assert loads(scenario)[1].lane_load is None
    assert loads(scenario)[1].visits_per_day == pytest.approx(1000)


# ---- what goes by them -----------------------------------------------------------------------------------------


def test_capacity_takes_the_exact_share_of_each_step():
    """1000 a day: 400 at 20 s; 600 + 20 at 1 min, which are 10 h 20 min a day."""
    gate, counter, _ = loads(port())
    assert (gate.units_per_day, counter.units_per_day) == pytest.approx((400, 620))
    assert counter.lane_hours_needed == pytest.approx(620 / 60)
    assert counter.lane_load == pytest.approx(620 / 60 / 72)


@pytest.mark.parametrize("closed", ["e_gate", "counter"])
def test_whether_a_unit_finds_its_gate_closed_goes_by_where_it_stops_first(closed):
    """One of the two is closed all day: those who would go there first stay away, the others come."""
    text = PORT.replace("{per_day: 1000}", "{per_day: 1000, when_closed: {stay_away: 100%}}")
    text = text.replace(f"  {closed}: {{", f"  {closed}: {{open: never, ")
    scenario = load_text(text)
    traffic = drawn(scenario)
    total = len(traffic.arrived) + int(traffic.stayed_away.sum())
    assert {way[0] for way in ways(scenario, traffic)} == {"e_gate", "counter"} - {closed}
    assert is_likely(int(traffic.stayed_away.sum()), 0.4 if closed == "e_gate" else 0.6, total)


def test_units_that_come_back_do_so_after_their_own_gate_opens():
    """The counter opens at noon: who would stop there first comes a minute later, gate users as they wanted."""
    text = PORT.replace("{per_day: 1000}", "{per_day: 1000, when_closed: {come_back: 1 min}}")
    scenario = load_text(text.replace("  counter: {", '  counter: {open: "12:00-24:00", '))
    traffic = drawn(scenario)
    noon = 12 * 3_600_000
    for way, wanted, arrived in zip(ways(scenario, traffic), traffic.wanted, traffic.arrived, strict=True):
        assert arrived == (noon + 60_000 if way[0] == "counter" and wanted < noon else wanted)


def test_a_gate_that_says_what_to_do_when_closed_warns_if_no_first_stage_ever_closes():
    scenario = load_text(PORT.replace("{per_day: 1000}", "{per_day: 1000, when_closed: {stay_away: 50%}}"))
    assert "e_gate and counter never close during the run" in scenario.warnings[0]


def test_describe_says_who_goes_where():
    scenario = port()
    words = flow_words(scenario.flows[0])["journey"]
    assert words == (
        "`e_gate` (40 % of the units), then `counter` (those that have not stopped at `e_gate` before, 60 % of all), "
        "then `counter` (5 % of those that have stopped at `e_gate` before, 2 % of all), then `exit`"
    )
    rule = "A step may be for those alone that have, or have not, stopped at another stage before"
    assert (rule, "rule 32") in rules(scenario)


def test_the_json_schema_knows_the_keys():
    schema = json_schema()
    for written in ({"after": "e_gate"}, {"unless": ["e_gate", "b"], "share": "5%"}, {"service_per": "goods"}):
        assert fits([{"counter": written}], schema["$defs"]["journey"], schema)
    assert not fits([{"counter": {"service_per": "bus"}}], schema["$defs"]["journey"], schema)


# ---- what is refused -------------------------------------------------------------------------------------------


def refused(journey: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        port(journey)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("journey", "at", "message"),
    [
        (
            "[{e_gate: 40%}, {counter: {after: e_gat}}, exit]",
            "e_gat}",
            "no earlier step of the journey is at 'e_gat'; did you mean 'e_gate'?",
        ),
        (
            "[{counter: {after: e_gate}}, exit]",
            "e_gate}",
            "got 'e_gate' at the first step, before which no unit stops; remove `after`",
        ),
        (
            "[exit, {counter: {unless: [e_gate]}}, e_gate]",
            "e_gate]}",
            "'e_gate' stands later in the journey, so nobody has stopped there yet; put it before",
        ),
        (
            "[e_gate, {counter: {unless: e_gate}}]",
            "counter: {",
            "no unit can ever meet its unless, whatever the shares are",
        ),
        (
            "[{e_gate: 9%}, {counter: {after: e_gate, unless: e_gate}}, exit]",
            "counter: {",
            "no unit can ever meet its after and unless, whatever the shares are",
        ),
        (
            "[{e_gate: 40%}, {counter: {share: 50%, unless: e_gate}}]",
            "[{e_gate",
            "0.3 of the units would meet no step's conditions and shares",
        ),
        (
            "[{e_gate: 40%}, {counter: 50%}]",
            "[{e_gate",
            "every step is for a share of the units only, so some would stop nowhere: give at least one step 100%",
        ),
        (
            "[e_gate, {counter: {after: []}}]",
            "[]",
            f"got an empty list; {STAGES_RULE}",
        ),
        (
            "[e_gate, {counter: {after: 3}}]",
            "3}",
            f"got 3; {STAGES_RULE}",
        ),
        ("[e_gate, {counter: {after: [e_gate, e_gate]}}]", "e_gate]}", "'e_gate' stands twice; name each stage once"),
        (
            "[{counter: {service_per: persons}}]",
            "persons",
            "got 'persons'; allowed: unit, person, goods; did you mean 'person'?",
        ),
    ],
)
def test_each_mistake_has_its_place_and_its_cure(journey, at, message):
    found = refused(journey)
    place = f"scenario.yaml:{LINE}:{COLUMN + journey.index(at)}"
    assert len(found) == 1 and found[0].startswith(place) and message in found[0], found


def test_passengers_get_off_only_where_every_vehicle_stops():
    with pytest.raises(ScenarioError, match="only some of the units of citizens stop at counter; get off at a stage"):
        load_text(PORT + RIDERS)
    load_text(PORT + RIDERS.replace("get_off_at: counter", "get_off_at: exit"))


def test_a_vehicle_waits_for_its_passengers_at_a_step_without_conditions():
    journey = "[counter, {e_gate: 50%}, {exit: {after: counter, wait_for_passengers: true}}]"
    with pytest.raises(ScenarioError, match="every vehicle has to make this step; remove `after` and `unless`"):
        load_text(PORT.replace(JOURNEY, journey) + RIDERS)
