"""From one part of a long run to the next: who is still there goes on, among other units.

Between two instants everything follows from where each unit is, so the lists, the heap of ends and the timers are made
anew. Units keep their order, which decides ties, and change only their numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.engines.compiled import state
from portsim.engines.compiled.paper import columns_of, layout_of
from portsim.engines.compiled.state import State
from portsim.model.network import NONE, Network
from portsim.model.traffic import Traffic

Ints = NDArray[np.int64]

OF_UNITS = ("joined", "ends_at", "since", "slot", "lane", "crew", "behind", "priority")
FLAGS = ("is_out", "is_called", "is_aside", "is_in_line", "is_late", "was_paused")
OF_UNIT = ("arrived", "out", "outcome")
OF_ROW = ("joined", "started", "ended", "left", "lane", "role", "crew", "officers")
OF_NETWORK = (
    *("slots", "held", "crews", "pools", "stages_of_pool", "shared"),
    *("touched", "moving", "changes", "reserves", "watched", "paces"),
)


def carry(before: State, network: Network, traffic: Traffic, moved: Ints, now: int) -> State:
    """The arrays of the run from tick `now` on, before which everything has been played.

    traffic : of the next part: who goes on, and who comes
    moved : int64[units before], number there of each unit of the part before, ascending; NONE for those that are gone
    """
    old = np.flatnonzero(moved != NONE)
    new = moved[old]
    x = before.x.copy()
    columns = columns_of(network, traffic, x, before.reserves.size)
    layout = layout_of(network, traffic)
    steps = np.diff(before.first)[old]
    shift = traffic.first[new] - before.first[old]
    old_rows = _ranges(before.first[old], steps)
    new_rows = old_rows + np.repeat(shift, steps)
    for name in OF_UNIT:
        columns[name][new] = before.arrays[name][old]
    for name in OF_ROW:
        columns[name][new_rows] = before.arrays[name][old_rows]

    units, known = columns["units"], before.units[old]
    for name in (*OF_UNITS, *FLAGS):
        units[name][new] = known[name]
    has_come = before.arrived[old] != NONE
    here = new[has_come]
    units["row"][here] = (known["row"] + shift)[has_come]
    units["last_row"][here] = (known["last_row"] + shift)[has_come]
    row = units["row"][here]
    units["queue"][here] = layout.arrays["queue_of"][traffic.stage[row], traffic.roles[row] + 1]

    stages = before.stages.copy()
    for name in ("first_queue", "last_queue"):
        stages[name] = layout.stages[name]
    inside = new[has_come & ~known["is_out"]]
    _line_up(columns, layout.arrays, stages, traffic, inside)
    if before.interrupted.size:
        columns["interrupted"]["remaining"][new] = before.interrupted["remaining"][old]
        _chain_serving(columns, stages, traffic, inside)

    serving = inside[units["ends_at"][inside] != NONE]
    _set_ends(columns, x, serving)
    _set_timers(columns, x, before, moved)
    _set_passengers(columns, x, before, old, new, shift)
    x[state.NEXT_ARRIVAL] = np.searchsorted(columns["arrival_at"], now)
    x[state.NEXT_PATIENCE] = np.searchsorted(columns["losing_at"], now)
    pieces = before.pieces[: x[state.PIECES]]
    pieces = pieces[moved[pieces["unit"]] != NONE]
    x[state.PIECES] = pieces.size
    pieces["row"] += traffic.first[moved[pieces["unit"]]] - before.first[pieces["unit"]]
    pieces["unit"] = moved[pieces["unit"]]
    return State(
        x=x,
        stages=stages,
        **layout.arrays,
        **{name: before.arrays[name] for name in OF_NETWORK},
        pieces=np.concatenate((pieces, np.zeros(64, state.PIECE))),
        levels=np.concatenate((before.levels[: x[state.LEVELS]], np.zeros(64, state.LEVEL))),
        **columns,
    )


def _ranges(begins: Ints, lengths: Ints) -> Ints:
    """begin, begin + 1, ... of each length, one after another."""
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(begins, lengths) + within


def _line_up(
    columns: dict[str, NDArray[Any]],
    layout: dict[str, NDArray[Any]],
    stages: NDArray[Any],
    traffic: Traffic,
    inside: Ints,
) -> None:
    """Make the lists anew: doors, those who wait, those who can be called, those paused.

    inside : numbers of the units in the port, ascending
    """
    units = columns["units"][inside]
    row = units["row"]
    stage = traffic.stage[row]
    has_joined = columns["joined"][row] != NONE
    has_started = columns["started"][row] != NONE
    waits = has_joined & ~has_started
    is_paused = has_started & (columns["ended"][row] == NONE) & (units["ends_at"] == NONE)
    by_priority = np.lexsort((inside, units["joined"], units["priority"]))
    at_door = np.lexsort((inside, units["joined"]))
    for order, is_in, lines in (
        (at_door, ~has_joined, stages["door"][stage]),
        (by_priority, waits & ~units["is_aside"], layout["queues"]["list"][units["queue"]]),
        (by_priority, units["is_in_line"], stages["line"][stage]),
        (by_priority, is_paused, stages["paused"][stage]),
    ):
        chosen = order[is_in[order]]
        chosen = chosen[np.argsort(lines[chosen], kind="stable")]
        if not chosen.size:
            continue
        line, unit = lines[chosen], inside[chosen]
        is_first = np.append(True, line[1:] != line[:-1])
        is_last = np.append(is_first[1:], True)
        columns["units"]["next"][unit[:-1]] = np.where(is_last[:-1], NONE, unit[1:])
        layout["lists"]["head"][line[is_first]] = unit[is_first]
        layout["lists"]["tail"][line[is_last]] = unit[is_last]


def _chain_serving(columns: dict[str, NDArray[Any]], stages: NDArray[Any], traffic: Traffic, inside: Ints) -> None:
    """Where services can be paused, chain those under way, in any order."""
    units = columns["units"][inside]
    stage = traffic.stage[units["row"]]
    chained = np.flatnonzero((units["ends_at"] != NONE) & stages["can_pause"][stage])
    chained = chained[np.argsort(stage[chained], kind="stable")]
    stages["serving"] = NONE
    unit, at = inside[chained], stage[chained]
    is_first = np.append(True, at[1:] != at[:-1])[: unit.size]
    is_last = np.append(is_first[1:], True)[: unit.size]
    columns["interrupted"]["before"][unit] = np.where(is_first, NONE, np.roll(unit, 1))
    columns["interrupted"]["after"][unit] = np.where(is_last, NONE, np.roll(unit, -1))
    stages["serving"][at[is_first]] = unit[is_first]


def _set_ends(columns: dict[str, NDArray[Any]], x: Ints, serving: Ints) -> None:
    """The heap of the ends of services: in ascending order it is one."""
    ends_at = columns["units"]["ends_at"][serving]
    order = np.argsort(ends_at, kind="stable")
    ends = np.zeros(serving.size, state.EVENT)
    ends["at"], ends["what"] = ends_at[order], serving[order]
    columns["ends"] = np.concatenate((ends, columns["ends"]))
    x[state.ENDS] = serving.size


def _set_timers(columns: dict[str, NDArray[Any]], x: Ints, before: State, moved: Ints) -> None:
    """The timers that may still matter: of reserves, and of units that are there and where they were set."""
    events = before.timers[: before.x[state.TIMERS]]
    timers = before.timer[events["what"]]
    of_reserve = np.isin(timers["kind"], (state.READ, state.COME, state.GO))
    unit = np.where(of_reserve, 0, timers["unit"])
    if before.units.size:
        matters = (moved[unit] != NONE) & ~before.units["is_out"][unit]
        matters &= (timers["kind"] == state.PATIENCE) | (before.units["row"][unit] == timers["row"])
    else:
        matters = np.zeros(unit.size, np.bool_)
    chosen = np.flatnonzero(of_reserve | matters)
    chosen = chosen[np.argsort(events["at"][chosen], kind="stable")]
    events, timers, unit = events[chosen].copy(), timers[chosen].copy(), unit[chosen]
    of_unit = ~of_reserve[chosen]
    goes = unit[of_unit]
    timers["unit"][of_unit] = moved[goes]
    row = timers["row"][of_unit]
    shift = columns["first"][moved[goes]] - before.first[goes]
    timers["row"][of_unit] = np.where(row == NONE, NONE, row + shift)
    free = int(x[state.FREE_TIMER]) - chosen.size
    assert free >= 0
    events["what"] = np.arange(free, free + chosen.size)
    columns["timers"][: chosen.size] = events
    columns["timer"][free:] = timers
    x[state.TIMERS], x[state.FREE_TIMER] = chosen.size, free


def _set_passengers(
    columns: dict[str, NDArray[Any]], x: Ints, before: State, old: Ints, new: Ints, shift: Ints
) -> None:
    """Who is still in of each vehicle's passengers, who has got off, and who waits for them."""
    if not x[state.HAS_PASSENGERS]:
        return
    if before.still_in.size:
        columns["still_in"][new] = before.still_in[old]
        gathering = before.gathering[old]
        columns["gathering"][new] = np.where(gathering == NONE, NONE, gathering + shift)
    passengers = np.flatnonzero(columns["parent"] != NONE)
    has_come = columns["arrived"][passengers] != NONE
    got_off = np.bincount(columns["parent"][passengers[has_come]], minlength=columns["first_passenger"].size)
    columns["first_passenger"] += got_off
    x[state.STILL_TO_COME] = np.count_nonzero(~has_come)
