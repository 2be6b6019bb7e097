"""Stages whose units block one another for good (contract rule 27): nobody swaps places, so they stay."""

from __future__ import annotations

import numpy as np

from portsim.model.network import Network, Stage
from portsim.model.records import Records, VisitOutcome
from portsim.model.traffic import Traffic


def blocked_for_good(network: Network, traffic: Traffic, records: Records) -> tuple[str, ...]:
    """Names of the stages that nobody can ever leave, in file order, as things stood when the run ended.

    Every lane such a stage ever opens is held by a unit bound for another such stage. One unit still in service, or
    a lane that opens in the morning, and the stage is only slow.
    """
    visits = records.visits
    rows = np.flatnonzero(visits["outcome"] == VisitOutcome.BLOCKED)
    here = visits["stage"][rows]
    bound_for = traffic.stage[traffic.first[visits["unit"][rows]] + visits["step"][rows] + 1]
    held = np.bincount(here, minlength=len(network.stages)).tolist()
    stuck = {number for number, stage in enumerate(network.stages) if 0 < _most_lanes(stage) <= held[number]}
    moves = set(zip(here.tolist(), bound_for.tolist(), strict=True))
    while loose := {stage for stage, goal in moves if stage in stuck and goal not in stuck}:
        stuck -= loose
    return tuple(network.stages[number].name for number in sorted(stuck))


def _most_lanes(stage: Stage) -> int:
    return sum(int(level.value.max(initial=0)) for _, level in stage.lanes or ())
