"""What units stood and waited for at a stage: its hours, its lanes, its officers and its waiting space, over time.

The records say when a unit waited; with the network they also say what was taken or closed in the meantime.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE, StepFunction
from portsim.results.areas import Ints, level_of, levels_at
from portsim.results.ledger import Ledger

Pairs = list[tuple[StepFunction, StepFunction]]


class Cause(StrEnum):
    """Why a unit stood still; where several hold at once the first of this list is given."""

    PASSENGERS = "passengers"
    CLOSED = "closed"
    OUT = "out"
    TOO_EARLY = "too_early"
    NO_SPACE = "no_space"
    NO_LANE_OPEN = "no_lane_open"
    LANES_TAKEN = "lanes_taken"
    NO_OFFICERS = "no_officers"
    NOT_CALLED = "not_called"
    OTHERS_FIRST = "others_first"


@dataclass(frozen=True, slots=True)
class Stretch:
    """start <= t < end, ticks, in which a unit stood still for one cause.

    most : with lanes taken how many lanes were open, with officers how many were on duty, at most; else 0
    """

    cause: Cause
    start: int
    end: int
    most: int = 0


class StageLevels:
    """What was open, taken and on duty at one stage.

    roles : each lane role of the stage, with lanes open and lanes busy (in service, paused or blocked)
    crews : each crew of its pool, with officers who can be given and officers in use
    """

    def __init__(self, ledger: Ledger, stage: int) -> None:
        self._ledger = ledger
        self._number = stage
        self.stage = ledger.network.stages[stage]

    @cached_property
    def roles(self) -> dict[int, tuple[StepFunction, StepFunction]]:
        """By role: lanes open, lanes busy."""
        ledger = self._ledger
        visits = ledger.visits_of_stage[self._number]
        visits = visits[ledger.visits["started"][visits] != NONE]
        roles = {}
        for role, lanes in self.stage.lanes or ():
            own = visits[ledger.visits["role"][visits] == role]
            roles[role] = lanes, level_of(ledger.visits["started"][own], ledger.left[own])
        return roles

    @cached_property
    def crews(self) -> Pairs:
        """By crew: officers on duty, reserves while they serve among them, and officers in use at all its stages."""
        if self.stage.pool == NONE:
            return []
        ledger, pool = self._ledger, self.stage.pool
        stages = [number for number, stage in enumerate(ledger.network.stages) if stage.pool == pool]
        pieces = [ledger.pieces(number) for number in stages]
        crew, officers, start, end = (
            np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("crew", "officers", "start", "end")
        )
        levels = ledger.records.levels
        decided = (levels["is_pool"] == 1) & (levels["where"] == pool)
        crews = []
        for number, known in enumerate(ledger.network.pools[pool].crews):
            rows = np.flatnonzero(decided & (levels["which"] == number))
            steps = zip(levels["tick"][rows].tolist(), levels["level"][rows].tolist(), strict=True)
            on_duty = StepFunction.of(steps) if rows.size else known.level
            own = crew == number
            crews.append((on_duty, level_of(start[own], end[own], officers[own])))
        return crews

    def stretches(
        self, start: int, end: int, *, accepted: tuple[tuple[int, bool], ...], hold: int, is_at_door: bool = False
    ) -> tuple[Stretch, ...]:
        """What a unit stood still for in start <= t < end, without a gap.

        accepted : lane roles its step accepts, and whether only as helped; hold : tick before which it may not start
        is_at_door : whether it is not yet let in. Where there is waiting space it then stands there because all of it
            is taken, and the stage being closed means that this could not change
        """
        if end <= start:
            return ()
        roles = [self.roles[role] for role, _ in accepted if role in self.roles]
        levels = [self.stage.on_paper, self.stage.is_open, *(level for pair in (*roles, *self.crews) for level in pair)]
        at = np.concatenate([np.array([start, hold], np.int64), *(level.at for level in levels)])
        at = np.unique(at[(at >= start) & (at < end)])
        causes, most = self._causes(at, roles, hold, is_at_door=is_at_door)
        bounds = [*np.flatnonzero(np.diff(causes, prepend=-1)).tolist(), at.size]
        ticks = [*at.tolist(), end]
        names = list(Cause)
        return tuple(
            Stretch(names[causes[low]], ticks[low], ticks[high], int(most[low:high].max()))
            for low, high in pairwise(bounds)
        )

    def _causes(
        self, at: Ints, roles: Pairs, hold: int, *, is_at_door: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """Number of the cause from each of these ticks on, and the number that goes with it."""
        nothing = np.zeros(at.size, np.int64)
        lanes_open = sum((levels_at(lanes, at) for lanes, _ in roles), nothing)
        is_free = np.any([levels_at(busy, at) < levels_at(lanes, at) for lanes, busy in roles], axis=0)
        needed = self.stage.officers
        duty = [levels_at(on_duty, at) for on_duty, _ in self.crews]
        free = [level - levels_at(in_use, at) for level, (_, in_use) in zip(duty, self.crews, strict=True)]
        on_duty = sum(duty, nothing)
        has_officers = np.any([(level > 0) & (left >= needed) for level, left in zip(duty, free, strict=True)], axis=0)
        has_space = is_at_door and self.stage.waiting_space != 0
        conditions = {
            Cause.CLOSED: levels_at(self.stage.on_paper, at) == 0,
            Cause.OUT: levels_at(self.stage.is_open, at) == 0,
            Cause.NO_SPACE: np.full(at.size, has_space),
            Cause.TOO_EARLY: at < hold,
            Cause.NO_LANE_OPEN: (lanes_open == 0) & (self.stage.lanes is not None),
            Cause.LANES_TAKEN: ~is_free & (self.stage.lanes is not None),
            Cause.NO_OFFICERS: ~has_officers & (needed > 0),
            Cause.NOT_CALLED: np.full(at.size, self.stage.calls is not None),
        }
        order = list(Cause)
        numbers = [order.index(cause) for cause in conditions]
        causes = np.select(list(conditions.values()), numbers, order.index(Cause.OTHERS_FIRST))
        is_lanes, is_officers = (causes == order.index(cause) for cause in (Cause.LANES_TAKEN, Cause.NO_OFFICERS))
        return causes, np.select([is_lanes, is_officers], [lanes_open, on_duty], 0)
