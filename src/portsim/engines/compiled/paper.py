"""From the network and the traffic, as they stand on paper, to the arrays the kernel plays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.engines.compiled import state
from portsim.engines.compiled.state import State
from portsim.model.network import NONE, Batch, Closing, EndOfShift, Network, Precedence, Waves
from portsim.model.records import UnitOutcome
from portsim.model.traffic import Traffic


def state_of(network: Network, traffic: Traffic, units_in_port: int) -> State:
    """All arrays of a run at its beginning."""
    stages, layout = _stages(network), layout_of(network, traffic)
    pools, crews, stages_of_pool = _pools(network)
    reserves, watched = _reserves(network, pools)
    slots = _slots(network)
    shared = _shared_turns(network, stages)
    held = [int(max([0, *(int(v) for v in steps.value)])) for stage in network.stages for _, steps in stage.lanes or ()]
    first_lane = [0, *accumulate(most + 1 for most in held)]
    slots["first"] = first_lane[:-1]
    for name in ("first_queue", "last_queue"):
        stages[name] = layout.stages[name]
    x = np.zeros(state.SCALARS, np.int64)
    x[state.END] = network.end
    x[state.MOST_INSIDE] = units_in_port
    x[state.SPLIT_HEAD] = x[state.SPLIT_TAIL] = NONE
    x[state.HAS_RESERVES] = len(reserves) > 0
    x[state.CAN_PAUSE] = bool(stages["can_pause"].any())
    x[state.ROLE_LISTS] = len(network.role_lists) + 1
    columns = columns_of(network, traffic, x, reserves.size)
    return State(
        x=x,
        stages=stages,
        **layout.arrays,
        slots=slots,
        held=np.zeros(first_lane[-1] + 1, np.bool_),
        crews=crews,
        pools=pools,
        stages_of_pool=stages_of_pool,
        shared=shared,
        touched=np.zeros(len(stages), np.bool_),
        moving=np.zeros(len(stages), np.bool_),
        changes=_changes(network, slots, pools),
        reserves=reserves,
        watched=watched,
        paces=_paces(network, stages),
        pieces=np.zeros(64, state.PIECE),
        levels=np.zeros(64, state.LEVEL),
        **columns,
    )


def columns_of(network: Network, traffic: Traffic, x: NDArray[np.int64], reserves: int) -> dict[str, NDArray[Any]]:
    """The arrays that belong to units and their steps, none of which has arrived; sets in `x` what follows from them.

    reserves : how many there are
    """
    size, rows = len(traffic), int(traffic.first[-1])
    by_itself = np.flatnonzero(traffic.parent == NONE)
    order = by_itself[np.argsort(traffic.arrived[by_itself], kind="stable")]
    arrival_at = traffic.arrived[order]
    losing = by_itself[traffic.patience[by_itself] != NONE]
    losing_at = traffic.arrived[losing] + traffic.patience[losing]
    by_time = np.argsort(losing_at, kind="stable")
    passengers = np.flatnonzero(traffic.parent != NONE)
    has_passengers = passengers.size > 0
    splits_at = traffic.first[traffic.parent[passengers]] + traffic.split_step[passengers]
    by_row = np.argsort(splits_at, kind="stable")
    aboard = np.bincount(traffic.parent[passengers], minlength=size if has_passengers else 0)
    until = np.cumsum(aboard)
    many_turn_away = int(np.count_nonzero(traffic.when_full))
    timers = (
        int(np.count_nonzero(traffic.hold))
        + int(np.count_nonzero(traffic.join_limit != NONE))
        + 3 * _visits_to_batches(network, traffic)
        + int(np.count_nonzero(traffic.patience[passengers] != NONE))
        + 4 * reserves
        + 1
    )
    has_holds = bool(traffic.hold.any())
    x[state.HAS_HOLDS], x[state.HAS_PASSENGERS] = has_holds, has_passengers
    x[state.HOLDS_BACK] = has_holds or has_passengers
    x[state.HAS_DOORS] = x[state.HOLDS_BACK] or any(stage.waiting_space != NONE for stage in network.stages)
    x[state.STILL_TO_COME] = passengers.size
    x[state.MOST_AT_A_TICK] = _most_alike(arrival_at)
    x[state.FREE_TIMER] = timers
    return {
        "units": _units(size),
        "heaped": np.empty(size, state.HEAPED),
        "interrupted": np.zeros(size if x[state.CAN_PAUSE] else 0, state.INTERRUPTED),
        "arrivals": order.astype(np.int32),
        "arrival_at": arrival_at,
        "losing": losing[by_time].astype(np.int32),
        "losing_at": losing_at[by_time],
        "ends": np.zeros(1024 + int(x[state.MOST_AT_A_TICK]) + passengers.size, state.EVENT),
        "timers": np.zeros(timers, state.EVENT),
        "timer": np.zeros(timers, state.TIMER),
        "free_timers": np.arange(timers, dtype=np.int32),
        "stage_of": traffic.stage,
        "work_of": traffic.work,
        "roles_of": traffic.roles,
        # The kernel reads these only where there are any: mostly they are one value throughout, without memory.
        "hold": traffic.hold if has_holds else traffic.hold[:0],
        "is_join": traffic.is_join if has_passengers else traffic.is_join[:0],
        "join_limit": traffic.join_limit if has_passengers else traffic.join_limit[:0],
        "priority": traffic.priority,
        "patience": traffic.patience,
        "when_full": traffic.when_full,
        "may_turn": np.zeros(many_turn_away, np.int32),
        "parent": traffic.parent,
        "still_in": aboard.astype(np.int32),
        "gathering": np.full(size if has_passengers else 0, NONE, np.int64),
        "first_passenger": (until - aboard).astype(np.int64),
        "last_passenger": until.astype(np.int64),
        "passengers": passengers[by_row].astype(np.int32),
        "splits_at": splits_at[by_row],
        "first": traffic.first,
        "arrived": np.full(size, NONE, np.int64),
        "out": np.full(size, NONE, np.int64),
        "outcome": np.full(size, UnitOutcome.IN_PORT, np.int8),
        "joined": np.full(rows, NONE, np.int64),
        "started": np.full(rows, NONE, np.int64),
        "ended": np.full(rows, NONE, np.int64),
        "left": np.full(rows, NONE, np.int64),
        "lane": np.full(rows, NONE, np.int16),
        "role": np.full(rows, NONE, np.int16),
        "crew": np.full(rows, NONE, np.int16),
        "officers": np.zeros(rows, np.int16),
    }


def _units(size: int) -> NDArray[Any]:
    """Units that have not arrived, each in a line of the processor's cache."""
    nobody = np.zeros((), state.UNIT)
    for name in ("next", "slot", "behind", "crew", "lane", "ends_at"):
        nobody[name] = NONE
    room = np.empty((size + 1) * state.UNIT.itemsize, np.uint8)
    begin = -room.ctypes.data % state.UNIT.itemsize
    units = room[begin : begin + size * state.UNIT.itemsize].view(state.UNIT)
    units[:] = nobody
    return units


def _visits_to_batches(network: Network, traffic: Traffic) -> int:
    """How many steps are at a stage where units wait for a batch with a limit on how long."""
    limited = [isinstance(stage.calls, Batch) and stage.calls.at_most != NONE for stage in network.stages]
    return int(np.count_nonzero(np.array(limited)[traffic.stage])) if any(limited) else 0


def _most_alike(ascending: NDArray[np.int64]) -> int:
    """How often the most frequent value comes."""
    if not ascending.size:
        return 0
    begins = np.flatnonzero(np.concatenate(([True], ascending[1:] != ascending[:-1])))
    return int(np.diff(begins, append=ascending.size).max())


def _stages(network: Network) -> NDArray[Any]:
    many = len(network.stages)
    stages = np.zeros(many, state.STAGE)
    slot = 0
    for number, paper in enumerate(network.stages):
        stage = stages[number]
        stage["space"] = paper.waiting_space
        stage["turn"], stage["pool"], stage["serving"] = number, paper.pool, NONE
        stage["officers"] = 0 if paper.pool == NONE else paper.officers
        stage["suspends"] = paper.closing == Closing.SUSPEND
        stage["can_pause"] = stage["suspends"] or (
            paper.pool != NONE and network.pools[paper.pool].end_of_shift == EndOfShift.HAND_OVER
        )
        stage["is_delay"] = paper.lanes is None
        stage["calls_in"] = paper.calls is not None
        stage["is_batch"] = isinstance(paper.calls, Batch)
        stage["batch_after"], stage["wave_at"] = NONE, NONE
        if isinstance(paper.calls, Batch):
            stage["batch_size"], stage["batch_after"] = paper.calls.size, paper.calls.at_most
        stage["door"], stage["paused"], stage["line"] = number, many + number, 2 * many + number
        stage["first_slot"], slot = slot, slot + len(paper.lanes or ())
        stage["last_slot"] = slot
    return stages


def _slots(network: Network) -> NDArray[Any]:
    papers = enumerate(network.stages)
    slots = [(0, 0, 0, 0, 0, role, number) for number, paper in papers for role, _ in paper.lanes or ()]
    return np.array(slots, state.SLOT)


def _shared_turns(network: Network, stages: NDArray[Any]) -> NDArray[np.int32]:
    """The pool whose stages take their turn together at each stage, NONE at others; sets their `turn`."""
    shared = np.full(len(network.stages), NONE, np.int32)
    for number, pool in enumerate(network.pools):
        drawing = [index for index, stage in enumerate(network.stages) if stage.pool == number]
        if pool.precedence != Precedence.FIXED and len(drawing) > 1:
            shared[drawing[0]] = number
            stages["turn"][drawing] = drawing[0]
    return shared


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Which queues there are: one for each stage and list of accepted roles that some unit has there.

    stages : first_queue and last_queue of each stage
    arrays : the arrays of a `State` that follow: queue_of, queues, choices and (empty) lists
    """

    stages: NDArray[Any]
    arrays: dict[str, NDArray[Any]]


def layout_of(network: Network, traffic: Traffic) -> Layout:
    """Which queues this traffic needs."""
    many = len(network.stages)
    slot_of = {
        place: slot
        for slot, place in enumerate(
            (n, role) for n, paper in enumerate(network.stages) for role, _ in paper.lanes or ()
        )
    }
    met = np.zeros((many, len(network.role_lists) + 1), np.bool_)
    met[traffic.stage, traffic.roles + 1] = True
    queue_of = np.full((many, len(network.role_lists) + 1), NONE, np.int32)
    queues: list[tuple[int, ...]] = []
    choices: list[tuple[int, bool]] = []
    stages = np.zeros(many, state.STAGE)
    is_helped = any(helps for roles in network.role_lists for _, helps in roles)
    for number in range(many):
        stages[number]["first_queue"] = len(queues)
        for roles in (np.flatnonzero(met[number]) - 1).tolist():
            accepted = network.role_lists[roles] if roles != NONE else ()
            first = len(choices)
            choices += [(slot_of[number, role], helps) for role, helps in accepted if (number, role) in slot_of]
            last = len(choices)
            own = [choice for choice in choices[first:last] if not choice[1]] if is_helped else []
            choices += own
            queue_of[number, roles + 1] = len(queues)
            queues.append(
                (3 * many + len(queues), first, last, last, len(choices), network.stages[number].lanes is None)
            )
        stages[number]["last_queue"] = len(queues)
    lists = np.full(3 * many + len(queues), NONE, state.LIST)
    for name in ("head", "tail", "root"):
        lists[name] = NONE
    arrays = {
        "queue_of": queue_of,
        "queues": np.array(queues, state.QUEUE),
        "choices": np.array(choices, state.CHOICE),
        "lists": lists,
    }
    return Layout(stages, arrays)


def _pools(network: Network) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    pools = np.zeros(len(network.pools), state.POOL)
    crews: list[tuple[int, int, int, int]] = []
    drawing: list[int] = []
    for number, paper in enumerate(network.pools):
        pool = pools[number]
        pool["first_crew"], pool["first_stage"] = len(crews), len(drawing)
        crews += [(0, 0, 0, number)] * len(paper.crews)
        drawing += [index for index, stage in enumerate(network.stages) if stage.pool == number]
        pool["last_crew"], pool["last_stage"] = len(crews), len(drawing)
        pool["hands_over"] = paper.end_of_shift == EndOfShift.HAND_OVER
        pool["by_queue"] = paper.precedence == Precedence.LONGEST_QUEUE
    return pools, np.array(crews, state.CREW), np.array(drawing, np.int32)


def _reserves(network: Network, pools: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    found = [(number, paper) for number, pool in enumerate(network.pools) for paper in pool.reserves]
    reserves = np.zeros(len(found), state.RESERVE)
    watched: list[int] = []
    for reserve, (pool, paper) in zip(reserves, found, strict=True):
        reserve["pool"], reserve["crew_of_pool"] = pool, paper.crew
        reserve["crew"] = pools[pool]["first_crew"] + paper.crew
        reserve["first_watched"] = len(watched)
        watched += paper.watched
        reserve["last_watched"] = len(watched)
        for name in ("officers", "call_at", "close_at", "ready_in", "stay"):
            reserve[name] = getattr(paper, name)
    return reserves, np.array(watched, np.int32)


def _changes(network: Network, slots: NDArray[Any], pools: NDArray[Any]) -> NDArray[Any]:
    """Every level at its tick, in the order in which the reference engine sets them."""
    changes: list[tuple[int, int, int, int, int]] = []
    slot = 0
    for number, stage in enumerate(network.stages):
        changes += [(max(t, 0), t, v, number, state.SET_HOURS) for t, v in stage.is_open.pairs()]
        for _, steps in stage.lanes or ():
            changes += [(max(t, 0), t, v, slot, state.SET_LANES) for t, v in steps.pairs()]
            slot += 1
        if isinstance(stage.calls, Waves):
            waves = zip(stage.calls.at.tolist(), stage.calls.up_to.tolist(), strict=True)
            changes += [(t, t, v, number, state.BEGIN_WAVE) for t, v in waves]
    for number, pool in enumerate(network.pools):
        for crew, paper in enumerate(pool.crews):
            where = int(pools[number]["first_crew"]) + crew
            changes += [(max(t, 0), t, v, where, state.SET_OFFICERS) for t, v in paper.level.pairs()]
    changes.sort(key=lambda change: change[0])
    return np.array(changes, state.CHANGE)


def _paces(network: Network, stages: NDArray[Any]) -> NDArray[Any]:
    paces: list[tuple[int, int]] = []
    for stage, paper in zip(stages, network.stages, strict=True):
        stage["has_pace"] = paper.pace is not None
        stage["first_pace"] = len(paces)
        if paper.pace is not None:
            paces += paper.pace.by_clock.pairs()
        stage["pace_by_lanes"] = len(paces)
        if paper.pace is not None:
            paces += paper.pace.by_lanes
        stage["pace_by_queue"] = len(paces)
        if paper.pace is not None:
            paces += paper.pace.by_queue
        stage["last_pace"] = len(paces)
    return np.array(paces, state.PACE)
