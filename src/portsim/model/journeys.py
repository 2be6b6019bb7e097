"""Draw the steps each unit makes: where it stops, through which lanes, and how much work it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portsim.model.distributions import durations
from portsim.model.network import NONE, Network
from portsim.model.rows import Rows
from portsim.scenario.levels import Distribution
from portsim.scenario.scenario import Flow, Scenario, Step


def draw_steps(scenario: Scenario, network: Network, flow: Flow, rows: Rows) -> dict[str, NDArray[np.generic]]:
    """`steps` of each unit (int64[units]), and the columns of the steps that a journey decides, by (unit, step)."""
    addresses = _addresses(flow)
    stopping = [_draw_referral(rows, step, address) for step, address in zip(flow.journey, addresses, strict=True)]
    steps = np.zeros(len(rows), np.int64)
    for drawn in stopping:
        steps += 1 if drawn is None else drawn

    stage, roles = np.empty((2, int(steps.sum())), np.int16)
    work = np.empty(stage.size, np.int64)
    is_join, join_limit = np.zeros(stage.size, np.bool_), np.full(stage.size, NONE, np.int64)
    place = np.cumsum(steps) - steps  # where each unit's next step goes
    stages = [one.name for one in network.stages]
    for step, address, drawn in zip(flow.journey, addresses, stopping, strict=True):
        uniforms = rows.uniforms("service", *address)
        if drawn is None:
            here = place
        else:
            here, uniforms = place[drawn], uniforms[drawn]
        stage[here] = stages.index(step.stage)
        roles[here] = _role_list(network, step)
        work[here] = durations(_service(scenario, flow, step), uniforms)
        if step.rejoin is not None:
            is_join[here] = True
            join_limit[here] = NONE if step.rejoin.at_most_ms is None else step.rejoin.at_most_ms
        place += 1 if drawn is None else drawn
    return {
        "steps": steps,
        "stage": stage,
        "roles": roles,
        "work": work,
        "is_join": is_join,
        "join_limit": join_limit,
    }


def draw_first_stages(stages: Sequence[str], flow: Flow, rows: Rows) -> NDArray[np.int64]:
    """The stage of the first step each unit really makes: int64[units]."""
    first = np.full(len(rows), NONE, np.int64)
    for step, address in zip(flow.journey, _addresses(flow), strict=True):
        drawn = _draw_referral(rows, step, address)
        first[(first == NONE) & (True if drawn is None else drawn)] = stages.index(step.stage)
        if drawn is None:
            break
    return first


def steps_before(flow: Flow, rows: Rows, stage: str) -> NDArray[np.int64]:
    """How many steps each unit makes before the first at this stage that every unit makes: int64[units]."""
    before = np.zeros(len(rows), np.int64)
    for step, address in zip(flow.journey, _addresses(flow), strict=True):
        drawn = _draw_referral(rows, step, address)
        if drawn is None and step.stage == stage:
            break
        before += 1 if drawn is None else drawn
    return before


def _addresses(flow: Flow) -> list[tuple[str, str]]:
    """What the streams of each step of a journey are named after: the stage, and how often it was named before."""
    named: Counter[str] = Counter()
    addresses = []
    for step in flow.journey:
        addresses.append((step.stage, str(named[step.stage])))
        named[step.stage] += 1
    return addresses


def _draw_referral(rows: Rows, step: Step, address: tuple[str, str]) -> NDArray[np.bool_] | None:
    """Which units stop at a step: bool[units]; None where every one does."""
    return None if step.share >= 1 else rows.uniforms("referral", *address) < step.share


def _service(scenario: Scenario, flow: Flow, step: Step) -> Distribution:
    """How long this flow takes at a step: the step's own service, else the stage's for the kind, else for others."""
    if step.service is not None:
        return step.service
    service = next(stage.service for stage in scenario.regimes[0].stages if stage.name == step.stage)
    return service[flow.kind] if flow.kind in service else service[None]


def _role_list(network: Network, step: Step) -> int:
    """Number of the step's list of accepted lane roles, NONE at a delay."""
    if not step.roles:
        return NONE
    return network.role_lists.index(tuple((network.roles.index(role), helped) for role, helped in step.roles))
