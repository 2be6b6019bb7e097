"""Common random numbers: two plans meet the same chance, and what is added to a port changes nobody else's draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

import portsim as ps
from portsim.model import draw, lower
from portsim.model.network import Network
from portsim.model.streams import Streams
from portsim.model.traffic import Traffic
from portsim.scenario import Scenario
from tests import chance, verification


def test_a_difference_on_the_same_chance_varies_half_as_much_at_most():
    found = {pair.plan: pair for pair in chance.pairs(("alashankou-rail",), replications=10)}
    for plan in ("more_cranes", "more_tracks", "neighbour_14"):
        assert not found[plan].is_overloaded
        assert found[plan].ratio <= 0.5, found[plan]


@pytest.mark.deep
def test_every_pair_of_plans_that_shares_its_chance_gains_by_it_and_the_page_has_all():
    page = verification.PAGE.read_text(encoding="utf-8")
    for pair in chance.pairs():
        assert f"{pair}\n" in page, "run `python -m tests.verification chance` and look at what has changed"
        shares_it = not pair.is_overloaded and (pair.scenario, pair.plan) not in chance.NOTHING_SHARED
        assert math.isnan(pair.ratio) or pair.ratio <= 0.5 or not shares_it, pair


# ---- what is added changes nobody else's draws -----------------------------------------------------------------------

KINDS = ("truck", "car", "bus")
SERVICES = (
    "{exponential: {mean: 4 min}}",
    "{lognormal: {mean: 3 min, cv: 0.5}}",
    "7 min",
    "{uniform: {low: 1 min, high: 9 min}}",
)


def port(stages: dict[str, str], flows: dict[str, str]) -> str:
    body = "".join(f"  {name}: {{{text}}}\n" for name, text in stages.items())
    return (
        "portsim: 1\nname: chance\nport: chance\nfrom: 2025-03-03 00:00\nto: 2025-03-03 12:00\n"
        f"sides: {{own: {{timezone: UTC}}}}\nstages:\n{body}flows:\n"
        + "".join(f"  {name}: {{{text}}}\n" for name, text in flows.items())
    )


class Choices:
    """Random choices of one case, each by its name."""

    def __init__(self, case: int) -> None:
        self._streams = Streams(2_025, case)

    def number(self, what: str, most: int) -> int:
        """From 0 to `most` - 1."""
        return int(self._streams.uniforms("edits", what, count=1)[0] * most)

    def of(self, what: str, options: tuple[str, ...]) -> str:
        return options[self.number(what, len(options))]


def random_port(choices: Choices) -> tuple[dict[str, str], dict[str, str]]:
    stages = {
        f"stage_{n}": f"lanes: {1 + choices.number(f'lanes {n}', 3)}, service: {choices.of(f'service {n}', SERVICES)}"
        for n in range(1 + choices.number("stages", 3))
    }
    flows = {}
    for n in range(1 + choices.number("flows", 3)):
        steps = [
            name if k == 0 else f"{{{name}: {20 + choices.number(f'share {n} {k}', 70)}%}}"
            for k, name in enumerate(stages)
        ]
        kind = choices.of(f"kind {n}", KINDS)
        arrivals = (
            f"rate: {5 + choices.number(f'rate {n}', 40)}/h",
            "queue_at_start: 9",
            "per_day: 90, day_to_day_cv: 0.3",
        )
        flows[f"flow_{n}"] = (
            f"kind: {kind}, direction: out, persons: {{mean: 2, cv: 0.4}}, journey: [{', '.join(steps)}], "
            f"arrivals: {{{choices.of(f'arrivals {n}', arrivals)}}}"
        )
    return stages, flows


def edited(choices: Choices, stages: dict[str, str], flows: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The port with a lane, a stage or a flow more; new ones stand first, in the middle or last."""
    stages, flows = dict(stages), dict(flows)
    what = choices.of("edit", ("lane", "stage", "flow"))
    if what == "lane":
        stages["stage_0"] = stages["stage_0"].replace("lanes: ", "lanes: 1", 1)
        return stages, flows
    target, new, text = (
        (stages, "another", "lanes: 1, service: 5 min")
        if what == "stage"
        else (flows, "another", "kind: van, direction: in, journey: [stage_0], arrivals: {rate: 30/h}")
    )
    items = list(target.items())
    place = choices.number("place", len(items) + 1)
    items.insert(place, (new, text))
    return (dict(items), flows) if what == "stage" else (stages, dict(items))


def draws(scenario: Scenario, number: int) -> dict[str, dict[str, np.ndarray]]:
    """Of each flow what its units draw: of each unit, and of each of its steps with the name of its stage."""
    network: Network = lower(scenario)
    traffic: Traffic = draw(scenario, network, seed=7, replication=number)
    stages = np.array([stage.name for stage in network.stages])
    found = {}
    for position, name in enumerate(network.flows):
        mine = np.flatnonzero(traffic.flow == position)
        steps = (
            np.concatenate([np.arange(traffic.first[unit], traffic.first[unit + 1]) for unit in mine])
            if mine.size
            else np.array([], np.int64)
        )
        found[name] = {
            column: getattr(traffic, column)[mine]
            for column in ("wanted", "arrived", "persons", "priority", "patience")
        }
        found[name] |= {"work": traffic.work[steps], "stage": stages[traffic.stage[steps]]}
    return found


def check_edit(case: int) -> None:
    choices = Choices(case)
    stages, flows = random_port(choices)
    before = draws(ps.load_text(port(stages, flows)), case % 5)
    after = draws(ps.load_text(port(*edited(choices, stages, flows))), case % 5)
    for flow, columns in before.items():
        for column, values in columns.items():
            assert np.array_equal(values, after[flow][column]), (case, flow, column)


def test_adding_a_lane_a_stage_or_a_flow_changes_no_other_units_draws():
    for case in range(100):
        check_edit(case)


@pytest.mark.deep
def test_a_thousand_edits_change_no_other_units_draws():
    for case in range(1_000):
        check_edit(case)


def test_the_edits_are_of_every_sort():
    sorts = {Choices(case).of("edit", ("lane", "stage", "flow")) for case in range(100)}
    assert sorts == {"lane", "stage", "flow"}
