"""People and vehicles: who gets off where, who waits for whom, and what is counted (rule 26)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim.engines import simulate
from portsim.errors import ScenarioError
from portsim.model import draw, lower
from portsim.model.network import NONE, Network
from portsim.model.records import Records, UnitOutcome
from portsim.model.traffic import Traffic
from portsim.results import measure
from portsim.scenario import Scenario, json_schema, load_text
from portsim.scenario.capacity import loads
from portsim.scenario.flows import MOST_UNITS
from portsim.views.description.demand import flow_words
from portsim.views.description.rules import rules
from tests import oracle
from tests.conftest import ENGINES
from tests.test_check import fits

MINUTE = 60_000
Play = Callable[..., "Played"]

PORT = """\
portsim: 1
name: Buses
port: paper
from: 2025-01-01
to: 2025-01-01 12:00
sides: {own: {timezone: UTC}}
stages:
  inspection: {lanes: 1, counted: true, service: 10 min}
  hall: {lanes: 1, counted: true, service: 5 min}
  boarding: {service: 2 min}
flows:
  buses:
    kind: bus
    direction: in
    journey: [inspection, {boarding: {wait_for_passengers: true}}]
    arrivals: {timetable: [{at: ["01:00"]}]}
    persons: 2
  travellers:
    kind: traveller
    direction: in
    journey: [hall]
    arrivals: {aboard: {flow: buses, number: 3, get_off_at: inspection}}
"""


def port(*changes: tuple[str, str]) -> str:
    """The port above after replacing pieces of its text."""
    text = PORT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def limit(longest: str) -> tuple[str, str]:
    return "wait_for_passengers: true", f"wait_for_passengers: {longest}"


def number(written: str) -> tuple[str, str]:
    return "number: 3", f"number: {written}"


class Played:
    """A scenario, run once."""

    def __init__(self, scenario: Scenario, engine: Callable[..., Records], replication: int = 0) -> None:
        self.scenario = scenario
        self.network: Network = lower(scenario)
        self.traffic: Traffic = draw(scenario, self.network, seed=1, replication=replication)
        self.records = engine(self.network, self.traffic)
        self.measures = measure(self.network, self.traffic, self.records, {})

    def minutes(self, stage: str, column: str) -> list[float | None]:
        """A column of the visits of a stage in minutes after midnight, by unit; None where it has not come."""
        visits = self.records.visits
        here = visits["stage"] == [one.name for one in self.network.stages].index(stage)
        return [None if tick == NONE else tick / MINUTE for tick in visits[column][here].tolist()]

    def units(self, flow: str, column: str) -> list[Any]:
        units = self.records.units
        values: list[Any] = units[column][units["flow"] == self.network.flows.index(flow)].tolist()
        return values

    def measured(self, metric: str, **where: str) -> float:
        parts = ("flow", "kind", "direction", "stage", "pool")
        [value] = [
            row.value
            for row in self.measures
            if row.metric == metric and all(getattr(row, part) == where.get(part) for part in parts)
        ]
        return value


@pytest.fixture(scope="session", params=[*ENGINES, "oracle"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The oracle has to pass all this as well as the engines."""
    return request.param


@pytest.fixture
def play(engine: Callable[..., Records]) -> Play:
    def run(*changes: tuple[str, str], **more: Any) -> Played:
        return Played(load_text(port(*changes), **more), engine)

    return run


# One bus with three travellers ----------------------------------------------------------------------------------------


def test_a_bus_is_inspected_while_its_travellers_pass_the_hall_and_leaves_with_the_last(play: Play) -> None:
    """Inspected from 60 to 70; one counter, 5 min each: out at 65, 70, 75; boarding 75 to 77."""
    played = play()
    assert played.minutes("inspection", "started") == [60]
    assert played.minutes("hall", "joined") == [60, 60, 60]
    assert played.minutes("hall", "ended") == [65, 70, 75]
    assert played.minutes("boarding", "joined") == [70]
    assert played.minutes("boarding", "started") == [75]
    assert played.units("buses", "out") == [77 * MINUTE]


def test_passengers_are_units_of_their_own_with_their_vehicle_as_parent(play: Play) -> None:
    played = play()
    assert played.units("buses", "parent") == [NONE]
    assert played.units("travellers", "parent") == [0, 0, 0]
    assert played.units("travellers", "wanted") == [60 * MINUTE] * 3
    assert played.units("travellers", "arrived") == [60 * MINUTE] * 3
    assert played.traffic.arrived.tolist() == [60 * MINUTE, NONE, NONE, NONE]


@pytest.mark.parametrize(("longest", "started", "behind"), [("3 min", 73, 1), ("5 min", 75, 0), ("0 min", 70, 1)])
def test_a_bus_that_waits_no_longer_leaves_without_those_still_inside(
    play: Play, longest: str, started: int, behind: int
) -> None:
    """It joins boarding at 70; the second traveller is out at that very minute, the third at 75 and goes on alone."""
    played = play(limit(longest))
    assert played.minutes("boarding", "started") == [started]
    assert played.minutes("hall", "ended") == [65, 70, 75]
    assert played.units("travellers", "outcome") == [UnitOutcome.RELEASED] * 3
    assert played.measured("left_behind") == played.measured("left_behind", flow="buses") == behind
    assert played.measured("rejoin_mean_min", flow="buses") == started - 70


def test_waiting_for_ones_passengers_is_rejoin_and_delay_and_no_wait(play: Play) -> None:
    """Of its 17 minutes the bus is worked on for 12; the travellers wait 0, 5 and 10."""
    played = play()
    assert played.measured("rejoin_max_min") == 5
    assert played.measured("wait_mean_min", flow="buses") == 0
    assert played.measured("wait_max_min", stage="boarding") == 0
    assert played.measured("queue_max", stage="boarding") == 0
    assert played.measured("delay_mean_min", flow="buses") == 5
    assert played.measured("wait_mean_min", flow="travellers") == 5


def test_persons_and_vehicles_are_counted_separately(play: Play) -> None:
    whole_day = ("to: 2025-01-01 12:00", "to: 2025-01-02")
    played = play(whole_day)
    assert played.measured("crossings", kind="bus") == 1
    assert played.measured("crossings", kind="traveller") == 3
    assert played.measured("persons_per_day", kind="bus") == 2
    assert played.measured("persons_per_day", kind="traveller") == 3
    assert played.measured("persons_per_day") == 5


def test_the_ports_truck_hours_are_without_those_of_passengers(play: Play) -> None:
    played = play()
    assert played.measured("truck_hours_lost", flow="travellers") * 60 == pytest.approx(15)
    assert played.measured("truck_hours_lost") * 60 == pytest.approx(5)


def test_the_time_from_wanting_to_come_is_that_of_vehicles_only(play: Play) -> None:
    """A passenger comes later than it wants to because its vehicle waits; that wait is the vehicle's."""
    second = ('at: ["01:00"]', 'at: ["01:00"], units: 2')
    played = play(second)
    assert played.units("travellers", "arrived") == [60 * MINUTE] * 6  # nobody waits before the inspection to get off
    outside = ("lanes: 1, counted: true, service: 10 min", "lanes: 1, waiting_space: 0, service: 10 min")
    played = play(second, outside)
    assert played.units("travellers", "arrived") == [60 * MINUTE] * 3 + [70 * MINUTE] * 3
    assert played.measured("virtual_wait_mean_min") == 0
    assert np.isnan(played.measured("virtual_wait_mean_min", flow="travellers"))


def test_a_family_stays_together_at_the_counter(play: Play) -> None:
    """Three families of four, out as three travellers are, and twelve persons."""
    family = ("journey: [hall]\n", "journey: [hall]\n    persons: 4\n")
    played = play(family, ("to: 2025-01-01 12:00", "to: 2025-01-02"))
    assert played.minutes("hall", "ended") == [65, 70, 75]
    assert played.units("travellers", "persons") == [4, 4, 4]
    assert played.measured("persons_per_day", flow="travellers") == 12


def test_passengers_may_get_off_at_the_very_stage_at_which_the_bus_waits(play: Play) -> None:
    """They get off at 70 and are out at 75, 80, 85."""
    played = play(("get_off_at: inspection", "get_off_at: boarding"))
    assert played.minutes("hall", "joined") == [70, 70, 70]
    assert played.minutes("boarding", "started") == [85]


def test_a_bus_without_passengers_waits_for_nobody(play: Play) -> None:
    played = play(number("0"))
    assert played.minutes("boarding", "started") == [70]
    assert played.measured("rejoin_mean_min") == 0


def test_vehicles_that_need_not_wait_leave_when_they_are_done(play: Play) -> None:
    played = play(("{boarding: {wait_for_passengers: true}}", "boarding"))
    assert played.units("buses", "out") == [72 * MINUTE]
    assert not [row for row in played.measures if row.metric in ("rejoin_mean_min", "left_behind")]


def test_vehicles_in_the_queue_at_the_start_carry_passengers_too(play: Play) -> None:
    played = play(('arrivals: {timetable: [{at: ["01:00"]}]}', "arrivals: {queue_at_start: 2}"))
    assert played.minutes("inspection", "started") == [0, 10]
    assert played.units("travellers", "arrived") == [0] * 6
    assert played.units("travellers", "parent") == [0, 0, 0, 1, 1, 1]


def test_passengers_of_a_vehicle_that_gives_up_never_come(play: Play) -> None:
    """The second bus finds no place, and gives up after 3 minutes outside."""
    played = play(
        ('at: ["01:00"]', 'at: ["01:00"], units: 2'),
        ("lanes: 1, counted: true,", "lanes: 1, waiting_space: 0,"),
        ("persons: 2\n", "persons: 2\n    patience: 3 min\n"),
    )
    assert played.units("buses", "outcome") == [UnitOutcome.RELEASED, UnitOutcome.LEFT]
    assert played.units("travellers", "parent") == [0, 0, 0]
    assert played.measured("arrived", flow="travellers") == 3


def test_who_steps_aside_first_does_not_change_where_the_passengers_get_off(play: Play) -> None:
    """The step at which they split off is counted in the vehicle's own steps: those that are weighed make one more."""
    played = play(
        ("stages:\n", "stages:\n  scales: {lanes: 9, service: 1 min}\n"),
        ("journey: [inspection,", "journey: [{scales: 50%}, inspection,"),
        ('at: ["01:00"]', 'at: ["01:00"], units: 40'),
    )
    traffic = played.traffic
    of_bus = traffic.parent[traffic.parent != NONE]
    split = traffic.first[of_bus] + traffic.split_step[traffic.parent != NONE]
    inspection = [stage.name for stage in played.network.stages].index("inspection")
    assert set(traffic.stage[split].tolist()) == {inspection}
    assert set(traffic.split_step[traffic.parent != NONE].tolist()) == {0, 1}


# Draws ----------------------------------------------------------------------------------------------------------------


def drawn(text: str, *, plan: str | None = None, replication: int = 0) -> tuple[Network, Traffic]:
    scenario = load_text(text, plan=plan)
    network = lower(scenario)
    return network, draw(scenario, network, seed=1, replication=replication)


def columns_of(network: Network, traffic: Traffic, flow: str) -> dict[str, list[Any]]:
    """Everything drawn for a flow, without what numbers mean to other flows (unit numbers, role lists)."""
    mine = traffic.flow == network.flows.index(flow)
    rows = np.repeat(mine, np.diff(traffic.first))
    names = ("priority", "persons", "goods", "wanted", "arrived", "patience", "when_full")
    columns = {name: getattr(traffic, name)[mine].tolist() for name in names}
    stages = [stage.name for stage in network.stages]
    columns["stage"] = [stages[stage] for stage in traffic.stage[rows].tolist()]
    return columns | {name: getattr(traffic, name)[rows].tolist() for name in ("work", "hold", "is_join", "join_limit")}


RANDOM = (
    ("to: 2025-01-01 12:00", "to: 2025-01-04"),
    ('arrivals: {timetable: [{at: ["01:00"]}]}', "arrivals: {per_day: 40, day_to_day_cv: 0.3, queue_at_start: 3}"),
    ("service: 10 min", "service: {exponential: {mean: 10 min}}"),
    ("service: 5 min", "service: {exponential: {mean: 1 min}}"),
    ("persons: 2", "persons: 1.6"),
    number("{mean: 20, cv: 0.5}"),
)


@pytest.mark.parametrize("where", ["before", "after"])
def test_adding_passengers_changes_no_draw_of_the_others(where: str) -> None:
    """Only the numbers of units and roles move; a further flow of passengers changes nothing for the first one."""
    text = port(*RANDOM)
    more = (
        "  families: {kind: traveller, direction: in, journey: [hall], "
        "arrivals: {aboard: {flow: buses, number: 1.5, get_off_at: inspection}}}\n"
    )
    added = text.replace("flows:\n", f"flows:\n{more}") if where == "before" else text + more
    without, with_more = drawn(text), drawn(added)
    for flow in ("buses", "travellers"):
        assert columns_of(*without, flow) == columns_of(*with_more, flow)
    alone = text[: text.index("  travellers:")].replace("{boarding: {wait_for_passengers: true}}", "boarding")
    buses, joining = (columns_of(*one, "buses") for one in (drawn(alone), without))
    assert {**joining, "is_join": buses["is_join"]} == buses


def test_vehicles_that_stay_away_take_their_passengers_along_and_move_nobody_else() -> None:
    """Passengers of the buses that come still draw what they drew when all buses came."""
    open_by_day = ("timezone: UTC", 'timezone: UTC, open: "08:00-20:00"')
    all_come = drawn(port(*RANDOM, open_by_day))
    some = drawn(
        port(*RANDOM, open_by_day, ("queue_at_start: 3}", "queue_at_start: 3, when_closed: {stay_away: 60%}}"))
    )
    wanted = [columns_of(*one, "buses")["wanted"] for one in (all_come, some)]
    assert set(wanted[1]) < set(wanted[0])

    def by_bus(network: Network, traffic: Traffic) -> dict[tuple[int, int], list[int]]:
        """Work of the travellers of each bus, which is known by when it wants to come."""
        found: dict[tuple[int, int], list[int]] = {}
        for unit in np.flatnonzero(traffic.parent != NONE).tolist():
            bus = int(traffic.parent[unit])
            key = int(traffic.wanted[bus]), bus if traffic.wanted[bus] == 0 else 0
            found.setdefault(key, []).append(int(traffic.work[traffic.first[unit]]))
        return found

    before, after = by_bus(*all_come), by_bus(*some)
    assert after.items() <= before.items()
    buses, travellers = (some[1].stayed_away[some[0].flows.index(flow)] for flow in ("buses", "travellers"))
    assert buses == len(wanted[0]) - len(wanted[1]) > 0
    assert travellers == sum(map(len, before.values())) - sum(map(len, after.values())) > 0


@pytest.mark.parametrize(
    ("written", "mean", "spread"),
    [("20.25", 20.25, 0.433), ("{mean: 20, cv: 0.5}", 20, 10), ("{mean: 7, cv: 0}", 7, 0)],
)
def test_the_number_aboard_has_the_mean_and_spread_that_are_asked_for(written: str, mean: float, spread: float) -> None:
    """Some 2,000 buses: the mean is within four standard errors, the spread within a tenth."""
    changes = [*RANDOM[:-1], number(written)]
    _, traffic = drawn(port(*changes).replace("per_day: 40", "per_day: 670"))
    buses = int(np.count_nonzero(traffic.parent == NONE))
    aboard = np.bincount(traffic.parent[traffic.parent != NONE], minlength=int(buses))[:buses]
    assert buses > 1_500
    assert aboard.mean() == pytest.approx(mean, abs=4 * spread / buses**0.5 + 1e-9)
    assert aboard.std() == pytest.approx(spread, rel=0.1)


def test_one_replication_alone_is_that_one_of_many() -> None:
    text = port(*RANDOM)
    _, third = drawn(text, replication=2)
    assert third.parent.tolist() == drawn(text, replication=2)[1].parent.tolist()
    assert third.parent.tolist() != drawn(text, replication=1)[1].parent.tolist()


def test_a_plan_may_set_how_long_a_bus_waits_and_draws_the_same_people() -> None:
    text = port(*RANDOM) + "plans: {hurry: {flows.buses.journey.1.boarding.wait_for_passengers: 20 min}}\n"
    without, hurried = drawn(text), drawn(text, plan="hurry")
    assert set(without[1].join_limit.tolist()) == {NONE}
    assert set(hurried[1].join_limit[hurried[1].is_join].tolist()) == {20 * MINUTE}
    assert without[1].work.tolist() == hurried[1].work.tolist()
    assert without[1].parent.tolist() == hurried[1].parent.tolist()


# Laws -----------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    at=st.lists(st.integers(0, 20), min_size=1, max_size=5, unique=True).map(sorted),
    aboard=st.sampled_from(["0", "1", "2.5", "{mean: 4, cv: 1}"]),
    counters=st.integers(1, 3),
    lanes=st.integers(1, 2),
    space=st.sampled_from(["", "waiting_space: 0, ", "waiting_space: 1, "]),
    longest=st.one_of(st.none(), st.integers(0, 12)),
    replication=st.integers(0, 5),
)
def test_a_bus_goes_on_with_its_last_passenger_or_at_its_limit_and_nobody_is_lost(
    at: list[int],
    aboard: str,
    counters: int,
    lanes: int,
    space: str,
    longest: int | None,
    replication: int,
) -> None:
    """Whole minutes, so that ties are common; both the engine and the oracle, which agree in every column."""
    times = ", ".join(f"'01:{minute:02}'" for minute in at)
    text = port(
        ('at: ["01:00"]', f"at: [{times}]"),
        number(aboard),
        ("lanes: 1, counted: true, service: 10 min", f"lanes: {lanes}, {space}service: 4 min"),
        ("lanes: 1, counted: true, service: 5 min", f"lanes: {counters}, service: 2 min"),
        limit("true" if longest is None else f"{longest} min"),
    )
    scenario = load_text(text)
    played = [Played(scenario, one, replication) for one in (simulate, oracle.simulate)]
    for table in ("units", "visits", "work", "levels"):
        first, second = (getattr(one.records, table) for one in played)
        assert {name: column.tolist() for name, column in first.items()} == {
            name: column.tolist() for name, column in second.items()
        }
    one = played[0]
    units, visits, traffic = one.records.units, one.records.visits, one.traffic
    assert (units["outcome"] == UnitOutcome.RELEASED).all()
    assert units["unit"].size == len(traffic)  # 12 hours are enough for everybody
    for bus in range(len(at)):
        rows = visits["unit"] == bus
        got_off, boarded = visits["joined"][rows][0], visits["joined"][rows][1]
        passengers = units["parent"] == bus
        assert (units["arrived"][passengers] == got_off).all()
        last_out = max([boarded, *units["out"][passengers].tolist()])
        expected = last_out if longest is None else min(last_out, boarded + longest * MINUTE)
        assert visits["started"][rows][1] == expected
    late = [
        units["out"][row] > visits["started"][(visits["unit"] == units["parent"][row]) & (visits["step"] == 1)][0]
        for row in np.flatnonzero(units["parent"] != NONE)
    ]
    assert one.measured("left_behind") == sum(late)


# What is refused ------------------------------------------------------------------------------------------------------


def problems(*changes: tuple[str, str], **more: Any) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        load_text(port(*changes), **more)
    return [str(problem).removeprefix("scenario.yaml:") for problem in raised.value.problems]


WAITING = "{boarding: {wait_for_passengers: true}}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "flow: buses,",
            "flow: busses,",
            "22:31: flows.travellers.arrivals.aboard.flow: there is no flow 'busses'; did you mean 'buses'?",
        ),
        (
            "flow: buses,",
            "flow: travellers,",
            "22:31: flows.travellers.arrivals.aboard.flow: is this flow itself; there are: buses",
        ),
        (
            "get_off_at: inspection",
            "get_off_at: hall",
            "22:61: flows.travellers.arrivals.aboard.get_off_at: the journey of buses has no stage 'hall'; there are: "
            "inspection, boarding",
        ),
        (
            "journey: [inspection",
            "journey: [{inspection: 40%}",
            "22:61: flows.travellers.arrivals.aboard.get_off_at: only 0.4 of the units of buses stop at inspection; "
            "get off at a stage where all do",
        ),
        (
            f"journey: [inspection, {WAITING}]",
            f"journey: [{WAITING}, inspection]",
            "15:27: flows.buses.journey.0.boarding.wait_for_passengers: passengers get off at inspection, later in the "
            "journey; put boarding after it",
        ),
        (
            "boarding: {service: 2 min}",
            "boarding: {lanes: 3, service: 2 min}",
            "15:39: flows.buses.journey.1.boarding.wait_for_passengers: boarding has lanes, and a vehicle waits at a "
            "stage without any; use a stage of its own for it",
        ),
        (
            WAITING,
            f"{WAITING}, {WAITING}",
            "15:80: flows.buses.journey.2.boarding.wait_for_passengers: the units of buses wait for their passengers "
            "at boarding already; once is all",
        ),
        (
            "wait_for_passengers: true",
            "share: 50%, wait_for_passengers: true",
            "15:51: flows.buses.journey.1.boarding.wait_for_passengers: every vehicle has to make this step; remove "
            "`share`, or write 100%",
        ),
        (
            "arrivals: {aboard: {flow: buses, number: 3, get_off_at: inspection}}",
            "arrivals: {per_day: 100}",
            "15:39: flows.buses.journey.1.boarding.wait_for_passengers: no flow comes aboard buses; write `arrivals: "
            "{aboard: {flow: buses, ...}}` at its passengers",
        ),
        (
            "journey: [hall]",
            "journey: [hall]\n    patience: 2 h",
            "22:5: flows.travellers.patience: passengers do not give up, for their vehicle may wait for them; remove "
            "it from travellers, whose units come aboard buses",
        ),
        (
            "journey: [hall]",
            "journey: [hall]\n    when_full: turn_away",
            "22:5: flows.travellers.when_full: passengers cannot turn away: they have got off already; remove it from "
            "travellers, whose units come aboard buses",
        ),
        (
            "get_off_at: inspection}",
            "get_off_at: inspection}, when_closed: queue",
            "22:74: flows.travellers.arrivals.when_closed: does not belong beside aboard: passengers come, and stay "
            "away, with their vehicle; write it at the vehicles' flow",
        ),
        (
            "get_off_at: inspection}",
            "get_off_at: inspection}, queue_at_start: 3",
            "22:74: flows.travellers.arrivals.queue_at_start: does not belong beside aboard: passengers come, and stay "
            "away, with their vehicle; write it at the vehicles' flow",
        ),
        (
            "get_off_at: inspection}",
            "get_off_at: inspection}, per_day: 5",
            "22:16: flows.travellers.arrivals.aboard: stands beside per_day; arrivals have one of per_day, rate, "
            "every, timetable, csv, aboard (null removes an inherited one)",
        ),
        (
            "number: 3",
            "number: -3",
            "22:46: flows.travellers.arrivals.aboard.number: got -3; it must be at least 0 and at most 10000",
        ),
        (
            "number: 3",
            "number: {mean: 3}",
            "22:38: flows.travellers.arrivals.aboard.number.cv: is required",
        ),
        (
            "number: 3, ",
            "",
            "22:16: flows.travellers.arrivals.aboard.number: is required: how many are in one vehicle: a number from 0 "
            "to 10,000, {mean: 40, cv: 0.3} or {from: 30, to: 45}",
        ),
        (
            "wait_for_passengers: true",
            "wait_for_passengers: 30",
            "15:60: flows.buses.journey.1.boarding.wait_for_passengers: got 30; write true, or how long the vehicle "
            "waits at most, for instance 30 min",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_cure(old: str, new: str, said: str) -> None:
    assert problems((old, new)) == [said]


def test_a_limit_or_getting_off_needs_waiting_space_where_the_bus_waits() -> None:
    none = ("boarding: {service: 2 min}", "boarding: {waiting_space: 0, service: 2 min}")
    at = "15:39: flows.buses.journey.1.boarding.wait_for_passengers: boarding has no waiting space, so"
    load_text(port(none))
    assert problems(none, limit("5 min")) == [
        f"{at} vehicles wait before it, where no limit holds; give it waiting_space 1 or more, or write true"
    ]
    assert problems(none, ("get_off_at: inspection", "get_off_at: boarding")) == [
        f"{at} nobody could enter to get off; give it waiting_space 1 or more"
    ]


def test_passengers_of_passengers_are_refused() -> None:
    pets = (
        "  pets: {kind: pet, direction: in, journey: [hall], "
        "arrivals: {aboard: {flow: travellers, number: 1, get_off_at: hall}}}\n"
    )
    with pytest.raises(ScenarioError) as raised:
        load_text(PORT + pets)
    assert [str(problem) for problem in raised.value.problems] == [
        "scenario.yaml:23:79: flows.pets.arrivals.aboard.flow: the units of travellers are themselves aboard buses; "
        "name the flow of the vehicles, which comes by itself"
    ]


def test_a_plan_cannot_change_who_is_aboard() -> None:
    with pytest.raises(ScenarioError, match="a plan changes no demand, so it cannot set 'arrivals'"):
        load_text(PORT + "plans: {full: {flows.travellers.arrivals.aboard.number: 60}}\n")
    assert load_text(PORT, sets=["flows.travellers.arrivals.aboard.number=60"]).flows[1].arrivals.number.mean == 60


def test_more_passengers_than_a_run_can_hold_are_refused_at_their_flow() -> None:
    days = ("to: 2025-01-01 12:00", "to: 2025-12-31")
    [said] = problems(days, number("10000"), ('{timetable: [{at: ["01:00"]}]}', "{per_day: 100}"))
    assert said.startswith("22:5: flows.travellers.arrivals: about 3.64e+08 units would come")
    assert f"a run holds {MOST_UNITS:,}" in said


def test_persons_that_seem_to_be_counted_twice_are_a_warning() -> None:
    assert load_text(PORT).warnings == ()
    [said] = load_text(port(("persons: 2", "persons: 40"), number("38"))).warnings
    assert said == (
        "scenario.yaml:17:14: flows.buses.persons: 40 are counted with the vehicle besides the passengers of "
        "travellers, 38 on average; persons are those who stay with it, as drivers"
    )


# What is said of it ---------------------------------------------------------------------------------------------------


def test_the_load_of_a_stage_follows_from_the_vehicles() -> None:
    """20 buses a day of 30 travellers, 1 min each: 600 a day need 10 lane-hours of 24."""
    text = port(
        ("to: 2025-01-01 12:00", "to: 2025-01-03"),
        ('{timetable: [{at: ["01:00"]}]}', "{per_day: 20}"),
        number("{mean: 30, cv: 0.4}"),
        ("service: 5 min", "service: 1 min"),
    )
    hall = next(load for load in loads(load_text(text)) if load.stage == "hall")
    assert (hall.units_per_day, hall.lane_hours_needed, hall.lane_hours_open) == pytest.approx((600, 10, 24))


def test_numbers_of_passengers_need_a_source() -> None:
    scenario = load_text(port(limit("30 min"), number("{mean: {assumed: a full bus, value: 40}, cv: 0.3}")))
    kinds = {source.path: source.kind for source in scenario.sources}
    assert kinds["flows.travellers.arrivals.aboard.number.mean"] == "assumed"
    assert kinds["flows.travellers.arrivals.aboard.number.cv"] == "none"
    assert kinds["flows.buses.journey.1.boarding.wait_for_passengers"] == "none"


def test_it_is_said_in_words() -> None:
    scenario = load_text(port(limit("30 min"), number("{mean: 40, cv: 0.3}")))
    buses, travellers = map(flow_words, scenario.flows)
    assert buses["journey"] == "`inspection`, then `boarding` (waits for its passengers, at most 30 min)"
    assert travellers["arrivals"] == (
        "aboard the vehicles of `buses`, in each 40 on average (coefficient of variation 0.3, gamma, rounded); they "
        "get off as it joins `inspection`"
    )
    assert [where for text, where in rules(scenario) if "assenger" in text] == ["rule 26", "rule 26"]


def test_the_json_schema_knows_passengers() -> None:
    schema = json_schema()
    flows = {"wait_for_passengers": [True, "30 min"], "number": [3, {"mean": 40, "cv": 0.3}]}
    for value in flows["wait_for_passengers"]:
        assert fits([{"boarding": {"wait_for_passengers": value}}], schema["$defs"]["journey"], schema)
    for value in flows["number"]:
        assert fits(value, schema["$defs"]["persons"], schema)
    assert not fits({"mean": 40, "sd": 3}, schema["$defs"]["persons"], schema)
