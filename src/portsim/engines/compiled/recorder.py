"""What happened, handed over as tables when the run ends."""

from __future__ import annotations

import numpy as np

from portsim.engines.compiled.state import LEVELS as MANY_LEVELS
from portsim.engines.compiled.state import PIECES, State
from portsim.model.network import NONE, Network
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, VisitOutcome, table
from portsim.model.traffic import Traffic


def records_of(network: Network, traffic: Traffic, s: State, end: int) -> Records:
    """The records of everything that happened before tick `end`."""
    here = np.flatnonzero(s.arrived != NONE)
    units = {"unit": here, "arrived": s.arrived[here], "out": s.out[here], "outcome": s.outcome[here]}
    for name in ("flow", "kind", "parent", "priority", "persons", "goods", "wanted"):
        units[name] = getattr(traffic, name)[here]

    rows = np.flatnonzero(s.steps["joined"] != NONE)
    unit = np.searchsorted(traffic.first, rows, side="right") - 1
    columns = {
        "unit": unit,
        "step": rows - traffic.first[unit],
        "leg": traffic.leg[rows],
        "direction": traffic.direction[rows],
        "stage": traffic.stage[rows],
    }
    for name in ("lane", "role", "joined", "started", "ended", "left", "officers", "crew"):
        columns[name] = s.steps[name][rows]
    paused = (s.units["was_paused"] & ~s.units["is_out"] & (s.units["ends_at"] == NONE))[unit] & (
        s.units["row"][unit] == rows
    )
    columns["outcome"] = _outcomes(columns, paused)

    unfinished = _unfinished(network, s)
    pieces = np.concatenate([s.pieces[: s.x[PIECES]], unfinished])
    pieces = pieces[np.lexsort((pieces["since"], pieces["row"], pieces["unit"]))]
    work = {
        "unit": pieces["unit"],
        "step": pieces["row"] - traffic.first[pieces["unit"]],
        "crew": pieces["crew"],
        "officers": pieces["officers"],
        "from": pieces["since"],
        "until": pieces["until"],
    }
    levels = s.levels[: s.x[MANY_LEVELS]]
    levels = levels[np.lexsort((levels["level"], levels["crew"], levels["pool"], levels["tick"]))]
    steps = {
        "tick": levels["tick"],
        "is_pool": np.ones(levels.size),
        "where": levels["pool"],
        "which": levels["crew"],
        "level": levels["level"],
    }
    return Records(table(UNITS, units), table(VISITS, columns), table(WORK, work), table(LEVELS, steps), end)


def _outcomes(columns, paused):
    outcome = np.full(paused.size, VisitOutcome.DONE, np.int8)
    outcome[columns["ended"] == NONE] = VisitOutcome.IN_SERVICE
    outcome[paused] = VisitOutcome.PAUSED
    outcome[columns["started"] == NONE] = VisitOutcome.WAITING
    outcome[(columns["ended"] != NONE) & (columns["left"] == NONE)] = VisitOutcome.BLOCKED
    outcome[(columns["started"] == NONE) & (columns["left"] != NONE)] = VisitOutcome.LEFT
    return outcome


def _unfinished(network: Network, s: State):
    """The pieces of interrupted services still under way."""
    under_way = np.flatnonzero(s.units["was_paused"] & (s.units["ends_at"] != NONE))
    pieces = np.zeros(under_way.size, s.pieces.dtype)
    units = s.units[under_way]
    stages = s.stages[s.stage_of[units["row"]]]
    pieces["unit"], pieces["row"], pieces["since"], pieces["until"] = under_way, units["row"], units["since"], NONE
    pieces["officers"] = stages["officers"]
    has_pool = stages["pool"] != NONE
    pieces["crew"] = NONE
    pieces["crew"][has_pool] = units["crew"][has_pool] - s.pools["first_crew"][stages["pool"][has_pool]]
    return pieces
