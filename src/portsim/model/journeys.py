"""Draw the steps each unit makes: where it stops, through which lanes, and how much work it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.model.appointments import departures
from portsim.model.distributions import LONGEST_MS, durations
from portsim.model.network import NONE, Network, Waves
from portsim.model.rows import Rows
from portsim.scenario.levels import Distribution
from portsim.scenario.scenario import Flow, Scenario, Step
from portsim.scenario.work import service_of


def draw_steps(
    scenario: Scenario,
    network: Network,
    flow: Flow,
    rows: Rows,
    wanted: NDArray[np.int64],
    numbers: Mapping[str, NDArray[np.int64]],
) -> dict[str, NDArray[np.generic]]:
    """`steps` of each unit (int64[units]), and the columns of the steps that a journey decides, by (unit, step).

    wanted : int64[units], tick at which each unit wants to come, from which the departure it is booked for follows
    numbers : int64[units] each, how many persons and goods a unit has, by what `Step.service_per` calls them
    """
    addresses = _addresses(flow)
    stopping = list(_draw_stops(flow, rows))
    certain = sum(drawn is None for drawn in stopping)
    steps = np.full(len(rows), certain, np.int64)
    for drawn in stopping:
        if drawn is not None:
            steps += drawn

    total = int(steps.sum())
    stage, roles = np.empty(total, np.int16), np.empty(total, np.int16)
    work = np.empty(stage.size, np.int64)
    is_join, join_limit = nothing(total, np.bool_, 0), nothing(total, np.int64, NONE)
    hold = nothing(total, np.int64, 0)
    if any(step.booked_after is not None for step in flow.journey):
        hold = hold.copy()
    if any(step.rejoin is not None for step in flow.journey):
        is_join, join_limit = is_join.copy(), join_limit.copy()
    is_certain = certain == len(stopping)
    place = np.empty(0, np.int64) if is_certain else np.cumsum(steps) - steps  # where each unit's next step goes
    stages = [one.name for one in network.stages]
    for number, (step, address, drawn) in enumerate(zip(flow.journey, addresses, stopping, strict=True)):
        these: slice | NDArray[np.intp] = slice(None) if drawn is None else np.flatnonzero(drawn)
        here = slice(number, None, certain) if is_certain else place[these]
        stage[here] = stages.index(step.stage)
        roles[here] = _role_list(network, step)
        service = _service(scenario, flow, step)
        if step.service_per == "unit":
            work[here] = durations(service, rows.uniforms("service", *address)[these])
        else:
            work[here] = _draw_each(service, rows, address, numbers[step.service_per])[these]
        if step.booked_after is not None:
            hold[here] = _departures(network, step, address, rows, wanted)[these]
        if step.rejoin is not None:
            is_join[here] = True
            join_limit[here] = NONE if step.rejoin.at_most_ms is None else step.rejoin.at_most_ms
        if not is_certain:
            place += 1 if drawn is None else drawn
    return {
        "steps": steps,
        "stage": stage,
        "roles": roles,
        "work": work,
        "hold": hold,
        "is_join": is_join,
        "join_limit": join_limit,
    }


def nothing(size: int, dtype: type[np.generic], value: int) -> NDArray[Any]:
    """A column that holds one value throughout, and takes no memory: what most flows know nothing of."""
    return np.broadcast_to(np.array(value, dtype), size)


def draw_first_stages(stages: Sequence[str], flow: Flow, rows: Rows) -> NDArray[np.int64]:
    """The stage of the first step each unit really makes: int64[units]."""
    first = np.full(len(rows), NONE, np.int64)
    for step, drawn in zip(flow.journey, _draw_stops(flow, rows), strict=False):
        first[(first == NONE) & (True if drawn is None else drawn)] = stages.index(step.stage)
        if drawn is None:
            break
    return first


def possible_first_stages(flow: Flow) -> list[str]:
    """Stages that may be the first a unit of the flow really goes to."""
    stages = []
    for step in flow.journey:
        stages.append(step.stage)
        if step.is_certain:
            break
    return stages


def steps_before(flow: Flow, rows: Rows, stage: str) -> NDArray[np.int64]:
    """How many steps each unit makes before the first at this stage that every unit makes: int64[units]."""
    before = np.zeros(len(rows), np.int64)
    for step, drawn in zip(flow.journey, _draw_stops(flow, rows), strict=False):
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


def _draw_stops(flow: Flow, rows: Rows) -> Iterator[NDArray[np.bool_] | None]:
    """Which units stop at each step of the journey in turn: bool[units]; None where every one does.

    A condition is laid on the step's own draw, which stays what it is without: whoever adds one moves nobody else.
    """
    asked = {stage for step in flow.journey for stage in (*step.after, *step.unless)}
    stopped = {stage: np.zeros(len(rows), np.bool_) for stage in asked}
    for step, address in zip(flow.journey, _addresses(flow), strict=True):
        drawn: NDArray[np.bool_] | None = None
        if not step.is_certain:
            drawn = np.ones(len(rows), np.bool_)
            if step.share < 1:
                drawn = rows.uniforms("referral", *address) < step.share
            if step.after:
                drawn &= np.logical_or.reduce([stopped[stage] for stage in step.after])
            for stage in step.unless:
                drawn &= ~stopped[stage]
        if step.stage in asked:
            stopped[step.stage] |= True if drawn is None else drawn
        yield drawn


def _draw_each(
    service: Distribution, rows: Rows, address: tuple[str, str], numbers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The work of units at a step where each person, or each of the goods, takes a service time of its own, ms.

    The first of a unit reads the draw it would take for all of them; nobody's draws depend on how many others have.
    All together take `LONGEST_MS` at most.

    numbers : int64[units], how many each unit has
    """
    work = np.zeros(len(rows), np.int64)
    if service.kind == "fixed":
        one = int(durations(service, np.zeros(1))[0])
        return np.minimum(numbers * one, LONGEST_MS)
    for each in range(int(numbers.max(initial=0))):
        more = numbers > each
        names = (*address, f"each {each}") if each else address
        work[more] += durations(service, rows.uniforms("service", *names)[more])
    return np.minimum(work, LONGEST_MS)


def _service(scenario: Scenario, flow: Flow, step: Step) -> Distribution:
    """How long one service of this flow takes at a step; the same in every regime."""
    return service_of(flow, step, next(stage for stage in scenario.regimes[0].stages if stage.name == step.stage))


def _departures(
    network: Network, step: Step, address: tuple[str, str], rows: Rows, wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The departure each unit is booked for at a step, made or not: int64[units]; the end where none is in the run."""
    calls = next(stage.calls for stage in network.stages if stage.name == step.stage)
    assert isinstance(calls, Waves) and step.booked_after is not None
    earliest = wanted + durations(step.booked_after, rows.uniforms("booked after", *address))
    return departures(calls, earliest, network.end)


def _role_list(network: Network, step: Step) -> int:
    """Number of the step's list of accepted lane roles, NONE at a delay."""
    if not step.roles:
        return NONE
    return network.role_lists.index(tuple((network.roles.index(role), helped) for role, helped in step.roles))
