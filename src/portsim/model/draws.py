"""Draw the traffic of one replication: every unit of every flow with all its luck, before anything moves.

Each purpose has its own stream (portsim.model.streams), addressed by the flow, and for a step also by the stage and
by how many times the journey has named that stage before. A plan that changes lanes, hours or officers reads the
same rows; one that changes a share or a service time reads the same uniforms through another inverse function. The
rows of units that stay away from a closed port are passed over.

Drawing a long run in chunks gives the same units: arrivals carry (k, running sum) from chunk to chunk, every other
draw is a range of rows of its stream, reached by `skip`; the expected rates and day factors of the whole run are a
few numbers an hour and are made once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.arrivals import Coming, coming
from portsim.model.closed_gates import Gate, meet_closed, passing, re_spread
from portsim.model.distributions import durations
from portsim.model.network import NONE, Network
from portsim.model.streams import Streams
from portsim.model.traffic import ORDINARY, Direction, Traffic, WhenFull
from portsim.scenario import calendar
from portsim.scenario.scenario import Distribution, Flow, RecordedArrivals, Scenario, Step


def draw(scenario: Scenario, network: Network, *, seed: int, replication: int) -> Traffic:
    """All units of one replication, ordered by (flow, k).

    network : what `lower` made of the same scenario; gives stages, kinds and role lists their numbers
    replication : counted from 0; drawn alone it equals the same one drawn among many
    Raises ScenarioError if a flow brings more units than can be held.
    """
    streams = Streams(seed, replication)
    flows = [_draw_flow(scenario, network, number, streams) for number in range(len(scenario.flows))]
    columns = {name: np.concatenate([flow[name] for flow in flows]) for name in flows[0]}
    steps = columns.pop("steps")
    nothing = {name: np.full(steps.size, NONE, np.int8) for name in ("parent", "split_step")}
    return Traffic.of(
        **columns,
        **nothing,
        first=np.concatenate(([0], np.cumsum(steps))),
        leg=np.zeros(columns["stage"].size, np.int8),
        hold=np.zeros(columns["stage"].size, np.int8),
        is_join=np.zeros(columns["stage"].size, np.int8),
        join_limit=np.full(columns["stage"].size, NONE, np.int8),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Which row of its flow's streams each unit of a flow reads.

    Units standing in the queue at the start read streams of their own, so that a longer queue shifts nobody.
    standing : how many stand there; they come first
    k : int64[n], ascending, rows of the units that come later
    """

    flow: str
    streams: Streams
    standing: int
    k: NDArray[np.int64]

    def __len__(self) -> int:
        return self.standing + self.k.size

    def uniforms(self, purpose: str, *names: str) -> NDArray[np.float64]:
        """One uniform per unit: float64[standing + n]."""
        address = (purpose, self.flow, *names)
        first, last = (int(self.k[0]), int(self.k[-1])) if self.k.size else (0, -1)
        later = self.streams.uniforms(*address, count=last - first + 1, skip=first)
        if later.size != self.k.size:
            later = later[self.k - first]
        if not self.standing:
            return later
        return np.concatenate((self.streams.uniforms(*address, "standing at the start", count=self.standing), later))


def _draw_flow(scenario: Scenario, network: Network, number: int, streams: Streams) -> dict[str, NDArray[np.generic]]:
    """Columns of one flow's units and of their steps; `steps` is the number of steps of each unit.

    `stayed_away` has one entry for the flow.
    """
    flow = scenario.flows[number]
    later = coming(flow, streams, scenario.start_ms, scenario.end_ms)
    met = _meet_gate(network, flow, later, Rows(flow.name, streams, 0, later.k))
    rows = Rows(flow.name, streams, flow.queue_at_start, later.k[met.comes])
    standing = np.zeros(rows.standing, np.int64)
    steps, stage, roles, work = _draw_steps(scenario, network, flow, rows)
    priority, persons, goods = _draw_unit(flow, rows)
    direction = Direction.OUT if flow.direction == "out" else Direction.IN
    when_full = WhenFull.TURN_AWAY if flow.when_full == "turn_away" else WhenFull.WAIT_OUTSIDE
    return {
        "flow": np.full(len(rows), number, np.int16),
        "kind": np.full(len(rows), network.kinds.index(flow.kind), np.int16),
        "priority": priority,
        "persons": persons,
        "goods": goods,
        "wanted": np.concatenate((standing, later.wanted[met.comes])),
        "arrived": np.concatenate((standing, met.arrived[met.comes])),
        "patience": _draw_patience(flow, rows),
        "when_full": np.full(len(rows), when_full, np.int8),
        "steps": steps,
        "stage": stage,
        "direction": np.full(stage.size, direction, np.int8),
        "work": work,
        "roles": roles,
        "stayed_away": np.array([np.count_nonzero(met.stays_away & (later.wanted >= network.measure_from))]),
    }


def _meet_gate(network: Network, flow: Flow, later: Coming, rows: Rows) -> Gate:
    """Who of the units that want to come does, and when. rows : theirs, without the queue at the start."""
    when = flow.when_closed
    stages = [stage.name for stage in network.stages]
    if when.re_spread and later.rate is not None:
        days = calendar.midnights(flow.clock, network.start_ms, network.start_ms + network.end)
        midnights = np.array([at_ms - network.start_ms for _, at_ms in days], np.int64)
        is_open = network.stages[stages.index(flow.journey[0].stage)].is_open
        return passing(re_spread(later, later.rate, is_open, midnights))
    if not when.stay_away and when.come_back is None:
        return passing(later.wanted)
    hours = [stage.is_open for stage in network.stages]
    first = _draw_first_stages(stages, flow, rows)
    return meet_closed(when, hours, first, later.wanted, network.end, rows.uniforms)


def _draw_first_stages(stages: Sequence[str], flow: Flow, rows: Rows) -> NDArray[np.int64]:
    """The stage of the first step each unit really makes: int64[units]."""
    first = np.full(len(rows), NONE, np.int64)
    for step, address in zip(flow.journey, _addresses(flow), strict=True):
        drawn = _draw_referral(rows, step, address)
        first[(first == NONE) & (True if drawn is None else drawn)] = stages.index(step.stage)
        if drawn is None:
            break
    return first


def _draw_steps(
    scenario: Scenario, network: Network, flow: Flow, rows: Rows
) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int16], NDArray[np.int64]]:
    """Steps of each unit (int64[units]), and of each step its stage, role list and work in ms, by (unit, step)."""
    addresses = _addresses(flow)
    stopping = [_draw_referral(rows, step, address) for step, address in zip(flow.journey, addresses, strict=True)]
    steps = np.zeros(len(rows), np.int64)
    for drawn in stopping:
        steps += 1 if drawn is None else drawn

    stage, roles = np.empty((2, int(steps.sum())), np.int16)
    work = np.empty(stage.size, np.int64)
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
        place += 1 if drawn is None else drawn
    return steps, stage, roles, work


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


def _draw_patience(flow: Flow, rows: Rows) -> NDArray[np.int64]:
    """How long each unit waits for its first service, ms: int64[units], NONE for ever."""
    if flow.patience is None:
        return np.full(len(rows), NONE, np.int64)
    return np.maximum(durations(flow.patience, rows.uniforms("patience")), 1)


def _draw_unit(flow: Flow, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Priority, persons and goods of each unit: int64[units] each. A recorded file's own columns count first."""
    priority = np.full(len(rows), ORDINARY, np.int64)
    if flow.priority:
        ranks = np.array([*(rank for rank, _ in flow.priority), ORDINARY], dtype=np.int64)
        shares = np.cumsum([share for _, share in flow.priority])
        priority = ranks[np.searchsorted(shares, rows.uniforms("priority"), side="right")]
    persons = _whole_units(flow.persons, "persons", rows)
    goods = _whole_units(flow.goods, "goods", rows)
    if isinstance(flow.arrivals, RecordedArrivals):
        for column, recorded in (
            (priority, flow.arrivals.priority),
            (persons, flow.arrivals.persons),
            (goods, flow.arrivals.goods),
        ):
            if recorded is not None:
                column[rows.standing :] = np.asarray(recorded, dtype=np.int64)[rows.k]
    return priority, persons, goods


def _whole_units(mean: float, purpose: str, rows: Rows) -> NDArray[np.int64]:
    """The whole part of the mean, and one more with the fraction as its probability: int64[units]."""
    whole = math.floor(mean)
    number = np.full(len(rows), whole, np.int64)
    if mean > whole:
        number += rows.uniforms(purpose) < mean - whole
    return number


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
