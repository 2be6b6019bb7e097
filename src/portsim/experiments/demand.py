"""Whether two scenarios meet the same units: what common random numbers rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from portsim.model import draw, lower, scenario_of
from portsim.model.network import NONE
from portsim.scenario.scenario import Scenario


def demand_differences(one: Scenario, other: Scenario, *, seed: int, number: int) -> Iterator[str]:
    """What differs between the units that want to come to two ports in a replication, flow by flow, in words.

    Nothing for two plans of a scenario: every unit wants to come at the same moment, and those that a plan keeps away
    (closed gate, no show) are counted.
    """
    if (one.start_ms, one.end_ms) != (other.start_ms, other.end_ms):
        yield "they are played over different stretches of time"
    elif one.measure_from_ms != other.measure_from_ms:
        yield "they are measured over different stretches of time"
    here, there = (_wanted(scenario, seed, number) for scenario in (one, other))
    for name in dict.fromkeys([*here, *there]):
        if name not in here or name not in there:
            yield f"flow {name} comes in one of them only"
            continue
        (ours, our_absent), (theirs, their_absent) = here[name], there[name]
        if (ours - theirs).total() > their_absent or (theirs - ours).total() > our_absent:
            yield f"flow {name} wants to come at other moments"


def _wanted(scenario: Scenario, seed: int, number: int) -> dict[str, tuple[Counter[int], int]]:
    """Of each flow that comes by itself: how many units want to come at each instant (UTC ms), and how many stay away.

    Within the measured stretch, in which those who stay away are counted.
    """
    scenario = scenario_of(scenario, seed=seed, replication=number)
    network = lower(scenario)
    traffic = draw(scenario, network, seed=seed, replication=number)
    alone = traffic.parent == NONE
    wanted = {}
    for position, name in enumerate(network.flows):
        moments = traffic.wanted[alone & (traffic.flow == position)]
        later = traffic.later_wanted[traffic.later_flow == position]
        every = np.concatenate([moments, later])
        measured = every[(every >= network.measure_from) & (every < network.end)] + network.start_ms
        absent = int(traffic.stayed_away[position] + traffic.no_shows[position])
        wanted[name] = Counter(measured.tolist()), absent
    return wanted
