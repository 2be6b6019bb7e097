"""What happened, handed over as tables when the run ends: mostly the very columns the kernel wrote."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.engines.compiled.state import LEVELS as MANY_LEVELS
from portsim.engines.compiled.state import PIECES, State
from portsim.model.network import NONE
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, Table, VisitOutcome, table
from portsim.model.traffic import Traffic

WRITTEN = ("joined", "started", "ended", "left", "lane", "role", "crew", "officers")
"""Columns of the visits that the kernel wrote itself."""

BLOCK = 65_536

Rows = NDArray[np.int64] | slice
"""Some rows of a column; a slice where it is all of them, so that nothing is copied."""


def records_of(traffic: Traffic, s: State, end: int, *, is_last: bool) -> Records:
    """The records of everything that happened before tick `end`. They share the state's columns.

    is_last : whether the run is over; the state's units are gone then
    """
    work, outcomes = _work(traffic, s), _outcomes(s)
    if is_last:
        s.forget("units", "heaped", "interrupted", "arrivals", "arrival_at", "ends")
    units, levels = _units(traffic, s), _levels(s)
    return Records(units, _visits(traffic, s, outcomes, is_last=is_last), work, levels, end)


def _units(traffic: Traffic, s: State) -> Table:
    here = _where(s.arrived != NONE)
    columns = {"unit": np.arange(len(traffic))[here]}
    for name in ("arrived", "out", "outcome"):
        columns[name] = getattr(s, name)[here]
    for name in ("flow", "kind", "parent", "priority", "persons", "goods", "wanted"):
        columns[name] = getattr(traffic, name)[here]
    return table(UNITS, columns)


def _visits(traffic: Traffic, s: State, outcomes: NDArray[np.int8], *, is_last: bool) -> Table:
    joined = s.joined != NONE
    is_whole = bool(joined.all())

    def of(column: NDArray[Any], *, is_ours: bool = True) -> NDArray[Any]:
        """The elements of steps that were joined; `is_ours` where nobody else needs the column."""
        if is_whole:
            return column
        return _close_up(column, joined) if is_ours else column[joined]

    steps = np.diff(traffic.first)
    narrow = np.dtype(np.int32 if s.joined.size <= np.iinfo(np.int32).max else np.int64)
    step: NDArray[Any] = np.arange(s.joined.size, dtype=narrow)
    np.subtract(step, np.repeat(traffic.first[:-1].astype(narrow), steps), out=step)
    columns = {"step": of(step.astype(VISITS["step"]))}
    del step
    columns["unit"] = of(np.repeat(np.arange(len(traffic)), steps))
    columns["outcome"] = of(outcomes)
    for name in ("leg", "direction", "stage"):
        columns[name] = of(getattr(traffic, name), is_ours=False)
    for name in WRITTEN:
        columns[name] = of(s.arrays[name], is_ours=is_last)
    return table(VISITS, columns)


def _close_up(column: NDArray[Any], is_there: NDArray[np.bool_]) -> NDArray[Any]:
    """Those elements of a column that are there, moved to its beginning: no second column in memory.

    Unless many are not there, for then the column's end would be kept for nothing.
    """
    size = 0
    for begin in range(0, column.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        stay = column[block][is_there[block]]
        column[size : size + stay.size] = stay
        size += stay.size
    return column[:size] if 10 * size >= 9 * column.size else column[:size].copy()


def _where(is_there: NDArray[np.bool_]) -> Rows:
    return slice(None) if is_there.all() else np.flatnonzero(is_there)


def _outcomes(s: State) -> NDArray[np.int8]:
    """How each step ended, or how it stands; most are done, and only the others are looked at."""
    outcome = np.zeros(s.joined.size, np.int8)
    open_ = np.flatnonzero((s.left == NONE) | (s.started == NONE))
    started, ended, left = s.started[open_], s.ended[open_], s.left[open_]
    how = np.full(open_.size, VisitOutcome.DONE, np.int8)
    how[ended == NONE] = VisitOutcome.IN_SERVICE
    if s.interrupted.size:
        paused = s.units["was_paused"] & ~s.units["is_out"] & (s.units["ends_at"] == NONE)
        how[np.isin(open_, s.units["row"][paused])] = VisitOutcome.PAUSED
    how[started == NONE] = VisitOutcome.WAITING
    how[(ended != NONE) & (left == NONE)] = VisitOutcome.BLOCKED
    how[(started == NONE) & (left != NONE)] = VisitOutcome.LEFT
    outcome[open_] = how
    return outcome


def _work(traffic: Traffic, s: State) -> Table:
    pieces = np.concatenate([s.pieces[: s.x[PIECES]], _unfinished(s)])
    pieces = pieces[np.lexsort((pieces["since"], pieces["row"], pieces["unit"]))]
    return table(
        WORK,
        {
            "unit": pieces["unit"],
            "step": pieces["row"] - traffic.first[pieces["unit"]],
            "crew": pieces["crew"],
            "officers": pieces["officers"],
            "from": pieces["since"],
            "until": pieces["until"],
        },
    )


def _unfinished(s: State) -> NDArray[Any]:
    """The pieces of interrupted services still under way."""
    is_under_way = s.units["was_paused"] & (s.units["ends_at"] != NONE) if s.interrupted.size else np.zeros(0, np.bool_)
    under_way = np.flatnonzero(is_under_way)
    pieces = np.zeros(under_way.size, s.pieces.dtype)
    units = s.units[under_way]
    stages = s.stages[s.stage_of[units["row"]]]
    pieces["unit"], pieces["row"], pieces["since"], pieces["until"] = under_way, units["row"], units["since"], NONE
    pieces["officers"] = stages["officers"]
    has_pool = stages["pool"] != NONE
    pieces["crew"] = NONE
    pieces["crew"][has_pool] = units["crew"][has_pool] - s.pools["first_crew"][stages["pool"][has_pool]]
    return pieces


def _levels(s: State) -> Table:
    levels = s.levels[: s.x[MANY_LEVELS]]
    levels = levels[np.lexsort((levels["level"], levels["crew"], levels["pool"], levels["tick"]))]
    return table(
        LEVELS,
        {
            "tick": levels["tick"],
            "is_pool": np.ones(levels.size),
            "where": levels["pool"],
            "which": levels["crew"],
            "level": levels["level"],
        },
    )
