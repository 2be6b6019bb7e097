"""How many are aboard, and service for each of them: `persons`, `goods` and `service_per` (rules 18 and 32)."""

from __future__ import annotations

import numpy as np
import pytest

from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model import draw, lower
from portsim.model.amounts import draw_amounts
from portsim.model.distributions import LONGEST_MS
from portsim.model.traffic import Traffic
from portsim.scenario import Scenario, load_text
from portsim.scenario.capacity import describe_lanes, loads
from portsim.scenario.levels import Amount
from portsim.views.description.demand import flow_words
from portsim.views.description.port import stage_words
from portsim.views.description.rules import rules

MINUTE = 60_000

PORT = """\
portsim: 1
name: Families
port: paper
from: 2025-01-01
to: 2025-01-11
sides: {own: {timezone: UTC}}
stages:
  counter: {lanes: 4, counted: true, service: 1 min, service_per: person}
  baggage: {service: 30 s}
flows:
  families:
    kind: family
    direction: in
    journey: [counter, baggage]
    arrivals: {per_day: 1000}
    persons: {from: 2, to: 6}
"""


def port(*changes: tuple[str, str], **options: object) -> Scenario:
    text = PORT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return load_text(text, **options)


def drawn(scenario: Scenario, seed: int = 1) -> Traffic:
    return draw(scenario, lower(scenario), seed=seed, replication=0)


def at_counter(traffic: Traffic) -> np.ndarray:
    return traffic.work[traffic.first[:-1]]


# ---- how many --------------------------------------------------------------------------------------------------


def test_each_whole_number_of_a_span_takes_an_equal_part_of_the_uniforms():
    """Two to six: fifths of the interval, both ends included."""
    amount = Amount(4, span=(2, 6))
    uniforms = np.array([0, 0.199, 0.2, 0.5, 0.799, 0.8, 1 - 2**-53])
    assert draw_amounts(amount, uniforms).tolist() == [2, 2, 3, 4, 5, 6, 6]
    grid = (np.arange(1000) + 0.5) / 1000
    assert np.bincount(draw_amounts(amount, grid)).tolist() == [0, 0, 200, 200, 200, 200, 200]


def test_a_mean_between_two_numbers_is_one_or_the_other():
    assert draw_amounts(Amount(1.25), np.array([0, 0.2499, 0.25, 0.9])).tolist() == [2, 2, 1, 1]
    assert draw_amounts(Amount(3), np.array([0.0, 0.99])).tolist() == [3, 3]


def test_persons_of_a_span_are_those_of_the_traffic():
    """Binomial counts of 10,000 within four standard deviations: 2,000 each, sd 40."""
    persons = drawn(port()).persons
    counts = np.bincount(persons)[2:]
    expected = persons.size / 5
    assert counts.size == 5
    assert np.all(abs(counts - expected) < 4 * np.sqrt(expected * 0.8))


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("{from: 3, to: 3}", Amount(3)),
        ("{from: 5, to: 8}", Amount(6.5, span=(5, 8))),
        ("{from: 0, to: 1}", Amount(0.5, span=(0, 1))),
    ],
)
def test_from_and_to_are_read(written, amount):
    assert port(("{from: 2, to: 6}", written)).flows[0].persons == amount
    goods = port(("persons: {from: 2, to: 6}", f"goods: {written}")).flows[0]
    assert (goods.goods, goods.persons) == (amount, Amount(1))


@pytest.mark.parametrize(
    ("written", "key", "message"),
    [
        ("{from: 6, to: 2}", "2}", "got 2, below from, 6"),
        ("{from: 2}", "{from", "is required"),
        ("{from: 2.5, to: 6}", "2.5", "got 2.5"),
        ("{from: 2, to: 20000}", "20000", "20000"),
        ("{from: 2, to: 6, cv: 0.3}", "cv", "unknown key; allowed: from, to"),
        ("{}", "{}", "got an empty map; write a number, {mean: 40, cv: 0.3}, or {from: 5, to: 8}"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused_where_it_stands(written, key, message):
    with pytest.raises(ScenarioError) as error:
        port(("{from: 2, to: 6}", written))
    found = [str(problem) for problem in error.value.problems]
    assert len(found) == 1 and message in found[0], found
    if message != "is required":
        assert found[0].startswith(f"scenario.yaml:16:{14 + written.index(key)}: "), found


def test_how_many_in_words():
    assert flow_words(port().flows[0])["persons aboard"] == "2 to 6, each as likely"


# ---- service for each ------------------------------------------------------------------------------------------


def test_a_fixed_service_is_multiplied():
    """A minute for each person at the counter, 30 s for all at the baggage."""
    traffic = drawn(port())
    assert np.array_equal(at_counter(traffic), traffic.persons * MINUTE)
    assert set(traffic.work[traffic.first[1:] - 1]) == {30_000}


def test_a_group_of_150_keeps_one_counter_for_two_hours_and_a_half():
    scenario = port(("{per_day: 1000}", '{timetable: [{at: ["10:00"]}]}'), ("{from: 2, to: 6}", "150"))
    network = lower(scenario)
    traffic = draw(scenario, network, seed=1, replication=0)
    records = simulate(network, traffic)
    assert set(at_counter(traffic)) == {150 * MINUTE}
    visits = {name: column[records.visits["stage"] == 0] for name, column in records.visits.items()}
    assert set(visits["ended"] - visits["started"]) == {150 * MINUTE}
    assert set(visits["started"] - visits["joined"]) == {0}


def test_work_is_a_sum_of_independent_draws():
    """Four persons, exponential of 1 min: mean 4 min and variance 4 min^2; wholly dependent it would be 16."""
    work = at_counter(
        drawn(port(("service: 1 min", "service: {exponential: {mean: 1 min}}"), ("{from: 2, to: 6}", "4")))
    )
    minutes = work / MINUTE
    n = minutes.size
    assert abs(minutes.mean() - 4) < 4 * np.sqrt(4 / n)
    fourth = 3 + 6 / 4  # kurtosis of an Erlang of shape 4
    assert abs(minutes.var() - 4) < 4 * 4 * np.sqrt((fourth - 1) / n)


def test_work_of_families_of_any_size_has_mean_and_variance_by_hand():
    """E = 4 min; Var = E[n] v + Var[n] m^2 = 4 * 1 + 2 * 1 = 6 min^2."""
    traffic = drawn(port(("service: 1 min", "service: {exponential: {mean: 1 min}}")))
    minutes = at_counter(traffic) / MINUTE
    assert abs(minutes.mean() - 4) < 4 * np.sqrt(6 / minutes.size)
    assert abs(minutes.var() - 6) < 0.6
    for persons in (2, 6):
        of_size = minutes[traffic.persons == persons]
        assert abs(of_size.mean() - persons) < 4 * np.sqrt(persons / of_size.size)


def test_one_more_aboard_changes_nobody_elses_draws():
    """One person takes the draw of the whole unit; the second adds a draw, the third another."""
    by_chance = ("service: 1 min", "service: {exponential: {mean: 1 min}}")
    for_all = at_counter(drawn(port(by_chance, (", service_per: person", ""))))
    one, two, three = (at_counter(drawn(port(by_chance, ("{from: 2, to: 6}", str(n))))) for n in (1, 2, 3))
    assert np.array_equal(one, for_all)
    assert np.all(two >= one) and np.all(three >= two)
    traffic = drawn(port(by_chance))
    assert np.array_equal(at_counter(traffic)[traffic.persons == 2], two[traffic.persons == 2])
    assert np.array_equal(at_counter(traffic)[traffic.persons == 3], three[traffic.persons == 3])


def test_a_unit_with_nobody_aboard_takes_no_time():
    for service in ("1 min", "{exponential: {mean: 1 min}}"):
        traffic = drawn(port(("service: 1 min", f"service: {service}"), ("{from: 2, to: 6}", "{from: 0, to: 1}")))
        assert set(at_counter(traffic)[traffic.persons == 0]) == {0}
        assert np.all(at_counter(traffic)[traffic.persons == 1] > 0)


def test_a_step_may_say_otherwise_than_its_stage():
    """Goods unpacked one by one, and families checked together for 3 minutes."""
    scenario = port(
        ("[counter, baggage]", "[{counter: {service_per: unit, service: 3 min}}, {baggage: {service_per: goods}}]"),
        ("persons:", "goods: {from: 5, to: 8}\n    persons:"),
    )
    traffic = drawn(scenario)
    assert set(at_counter(traffic)) == {3 * MINUTE}
    assert np.array_equal(traffic.work[traffic.first[1:] - 1], traffic.goods * 30_000)
    assert [step.service_per for step in scenario.flows[0].journey] == ["unit", "goods"]


def test_only_those_who_stop_are_served_and_each_with_its_own_number():
    by_chance = ("service: 1 min", "service: {exponential: {mean: 1 min}}")
    everyone = drawn(port(by_chance))
    some = drawn(port(by_chance, ("[counter, baggage]", "[{counter: 30%}, baggage]")))
    stops = np.diff(some.first) == 2
    assert 0 < stops.sum() < stops.size
    assert np.array_equal(some.work[some.first[:-1][stops]], at_counter(everyone)[stops])


def test_the_work_of_all_together_ends_somewhere():
    traffic = drawn(port(("service: 1 min", "service: 300 d"), ("{from: 2, to: 6}", "9000")))
    assert set(at_counter(traffic)) == {LONGEST_MS}


def test_a_recorded_file_has_its_own_numbers(tmp_path):
    """1, 2 and 0 persons in the file, 5 stated: the file counts, also in the load: 1 min a unit on average."""
    (tmp_path / "seen.csv").write_text(
        "arrived_at,persons\n2025-01-01 10:00,1\n2025-01-01 11:00,2\n2025-01-01 12:00,0\n", "utf-8"
    )
    scenario = port(("{per_day: 1000}", "{csv: seen.csv}"), ("{from: 2, to: 6}", "5"), folder=tmp_path)
    traffic = drawn(scenario)
    assert at_counter(traffic).tolist() == [MINUTE, 2 * MINUTE, 0]
    load = loads(scenario)[0]
    assert load.lane_hours_needed == pytest.approx(3 / 60 / 10)


def test_capacity_multiplies_by_the_mean_number():
    """1000 a day times 4 persons times 1 min: 66.7 lane-hours, in 96."""
    load = loads(port())[0]
    assert (load.units_per_day, load.lane_hours_needed) == pytest.approx((1000, 4000 / 60))
    assert load.lane_load == pytest.approx(4000 / 60 / 96)
    assert "1000 units a day need 66.7 lane-hours a day, 96 are open" in describe_lanes(load, "UTC")


def test_a_plan_may_say_what_a_service_time_is_for():
    """The persons stay: they are demand."""
    text = PORT + "plans: {together: {stages.counter.service_per: unit}}\n"
    alone, together = load_text(text), load_text(text, plan="together")
    assert np.array_equal(drawn(alone).persons, drawn(together).persons)
    assert set(at_counter(drawn(together))) == {MINUTE}
    with pytest.raises(ScenarioError, match="a plan changes no demand, so it cannot set 'persons' of a flow"):
        load_text(PORT + "plans: {more: {flows.families.persons: 3}}\n")


def test_what_a_service_time_is_for_in_words():
    scenario = port()
    stage = scenario.regimes[0].stages[0]
    assert stage_words(stage)["one service takes"] == "always 1 min; one such time for each person"
    assert flow_words(scenario.flows[0])["journey"] == "`counter` (one such time for each person), then `baggage`"
    rule = "Where each person or goods unit takes a service time, they are served one after another"
    assert (rule, "rule 18") in rules(scenario)


def test_a_draw_for_each_of_very_many_goods_is_refused():
    with pytest.raises(ScenarioError) as error:
        port(
            ("persons: {from: 2, to: 6}", "goods: 200000"), ("[counter, baggage]", "[{counter: {service_per: goods}}]")
        )
    [problem] = error.value.problems
    assert str(problem) == (
        "scenario.yaml:16:12: flows.families.goods: 2e+05 goods on average, and counter takes a service time for each, "
        "at most 10,000 of them; count in larger units, or give the time of one unit with `service_per: unit`"
    )
    assert port(("persons: {from: 2, to: 6}", "goods: 200000")).flows[0].goods.mean == 200_000


def test_an_unknown_word_is_refused_where_it_stands():
    with pytest.raises(ScenarioError) as error:
        port(("service_per: person", "service_per: passenger"))
    [problem] = error.value.problems
    assert str(problem).startswith("scenario.yaml:8:67: ")
    assert "got 'passenger'; allowed: unit, person, goods" in str(problem)
