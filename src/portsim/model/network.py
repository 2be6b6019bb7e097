"""The port as an engine sees it: stages, lanes, officers and hours as plain read-only arrays.

An engine knows nothing of dates, zones, rotas or units of measurement. `portsim.model.lowering` turns a
scenario into a `Network`; `portsim.model.traffic` holds the units that run through it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

NONE = -1
"""What stands in an integer column where there is nothing: no tick, no lane, no crew, no parent."""


class Closing(IntEnum):
    """What a stage does with services under way when it closes (contract rule 17)."""

    FINISH = 0
    SUSPEND = 1


class EndOfShift(IntEnum):
    """What officers do with a service under way when their shift ends (contract rule 22)."""

    FINISH = 0
    HAND_OVER = 1


class Precedence(IntEnum):
    """Which of the stages that share a pool is given officers first (contract rule 24)."""

    FIXED = 0
    LONGEST_QUEUE = 1
    LONGEST_WAIT = 2


@dataclass(frozen=True, slots=True, eq=False)
class StepFunction:
    """A level that holds from each step to the next; 0 before the first step.

    at : int64[n], ticks (ms since the start), strictly ascending; may begin before 0
    value : int64[n], the level from that tick on, never negative, and different from the one before
    """

    at: NDArray[np.int64]
    value: NDArray[np.int64]

    @classmethod
    def of(cls, steps: Iterable[tuple[int, int]]) -> StepFunction:
        """Build from (tick, level) pairs in ascending order; of several at one tick the last counts."""
        at: list[int] = []
        value: list[int] = []
        for tick, level in steps:
            if at and at[-1] == tick:
                at.pop()
                value.pop()
            if (value[-1] if value else 0) != level:
                at.append(tick)
                value.append(level)
        return cls(frozen(at, np.int64), frozen(value, np.int64))

    @classmethod
    def constant(cls, level: int) -> StepFunction:
        """The same level from tick 0 on."""
        return cls.of([(0, level)])

    def __call__(self, tick: int) -> int:
        """The level that holds at `tick`."""
        index = int(np.searchsorted(self.at, tick, side="right")) - 1
        return int(self.value[index]) if index >= 0 else 0

    def pairs(self) -> list[tuple[int, int]]:
        """The steps as (tick, level) pairs of Python integers."""
        return list(zip(self.at.tolist(), self.value.tolist(), strict=True))

    def integral(self, start: int, end: int) -> int:
        """Area under the level over start <= t < end, in level-milliseconds, exactly."""
        edges = np.concatenate(([start], self.at[(self.at > start) & (self.at < end)], [end]))
        index = np.searchsorted(self.at, edges[:-1], side="right") - 1
        levels = np.where(index >= 0, self.value[np.maximum(index, 0)] if self.value.size else 0, 0)
        return int(np.sum(levels * np.diff(edges))) if end > start else 0


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """Units are called in at set ticks, so many at a time (contract rule 25); nobody starts without being called.

    at : int64[n], ticks within the run, strictly ascending
    up_to : int64[n], how many are called at most
    """

    at: NDArray[np.int64]
    up_to: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Units are called in when so many wait, or when one has waited long enough (contract rule 25).

    size : how many make a batch
    at_most : ms after which everyone waiting is called, NONE for never
    """

    size: int
    at_most: int


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """How fast a stage works, in permille of the ordinary pace (contract rule 19); the three are multiplied.

    by_clock : by the hour
    by_lanes, by_queue : (lanes open, permille) and (units waiting, permille), ascending: the last entry reached counts
    """

    by_clock: StepFunction
    by_lanes: tuple[tuple[int, int], ...] = ()
    by_queue: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage of the port.

    lanes : lanes open per role, as (role, level); None for a delay, where any number is served at once
    is_open : 1 while the stage is open, 0 while it is closed
    calls : when waiting units are called in; None where each may start on arrival
    pace : how fast it works; None for the ordinary pace throughout
    waiting_space : how many may wait inside (lanes not counted), NONE for any number
    pool : the pool its officers come from, NONE if it needs none; `officers` of them staff one service
    counted : whether a unit passing it is a crossing in the sense of the published counts
    hours : when it would be open without outages (rule 32); None where `is_open` says it, as it has none
    """

    name: str
    side: int
    counted: bool
    lanes: tuple[tuple[int, StepFunction], ...] | None
    is_open: StepFunction
    closing: Closing
    waiting_space: int
    pool: int
    officers: int
    calls: Waves | Batch | None = None
    pace: Pace | None = None
    hours: StepFunction | None = None

    @property
    def on_paper(self) -> StepFunction:
        """1 while the stage is open by its hours and closures, whether or not it is out."""
        return self.is_open if self.hours is None else self.hours


@dataclass(frozen=True, slots=True, eq=False)
class Crew:
    """Officers who come and go together.

    level : officers who can be given to services
    rostered : officers on the roster and paid; differs from `level` in handovers and breaks
    """

    level: StepFunction
    rostered: StepFunction


@dataclass(frozen=True, slots=True)
class Reserve:
    """Officers called in while queues are long (contract rule 24).

    crew : number of the crew they form; on paper its levels are always 0, the run itself raises and lowers them
    officers : how many they are
    watched : stages whose queues, waiting and at the door, are added up; a closed stage counts as empty
    call_at : they are called when so many stand there, or more
    close_at : they go home when so many stand there, or fewer; below call_at
    ready_in : ms from the call until they serve
    stay : ms they serve at least
    """

    crew: int
    officers: int
    watched: tuple[int, ...]
    call_at: int
    close_at: int
    ready_in: int
    stay: int


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Officers that stages draw from: a list of crews (a plain level is one crew, each reserve one more)."""

    name: str
    crews: tuple[Crew, ...]
    end_of_shift: EndOfShift
    cost_per_hour: float | None
    precedence: Precedence = Precedence.FIXED
    reserves: tuple[Reserve, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure of a stage, its own or its side's, beyond its daily hours, or an outage: start <= tick < end."""

    stage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which crossings are counted: start <= tick < end.

    kinds : numbers of the kinds that are counted; empty for all
    """

    name: str
    start: int
    end: int
    kinds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Everything about the port that does not depend on chance, and for one replication its outages.

    end : the run plays ticks 0 <= t < end
    measure_from : measures look at measure_from <= t < end
    midnights : int64[d], ticks at which a calendar day of the port begins (the first side's clock), from the
        day that contains tick 0 to the first one at or after `end`; so days are [midnights[i], midnights[i+1])
    first_day : proleptic ordinal (`date.toordinal`) of the first of these days
    start_ms : UTC epoch milliseconds of tick 0
    clock : IANA name of the port's clock
    role_lists : for each list of accepted lane roles, (role, is helped) in order of preference (rule 14)
    closures : every closure that begins before `end` and ends after 0, by (stage, start); engines do not need them
    rejoining : flows whose units wait for their passengers on the way; engines do not need them
    aboard : flows whose units come aboard those of another; engines do not need them
    booked : (flow, stage) of steps that book units for one of the waves, by (flow, step); engines do not need them
    outages : every outage that begins before `end`, none empty or touching another, by (stage, start); they have cut
        `is_open` already, and engines do not need them
    """

    port: str
    start_ms: int
    end: int
    measure_from: int
    clock: str
    midnights: NDArray[np.int64]
    first_day: int
    stages: tuple[Stage, ...]
    pools: tuple[Pool, ...]
    sides: tuple[str, ...]
    side_open: tuple[StepFunction, ...]
    flows: tuple[str, ...]
    kinds: tuple[str, ...]
    roles: tuple[str, ...]
    role_lists: tuple[tuple[tuple[int, bool], ...], ...]
    windows: tuple[Window, ...]
    closures: tuple[Closed, ...] = ()
    rejoining: tuple[int, ...] = ()
    aboard: tuple[int, ...] = ()
    booked: tuple[tuple[int, int], ...] = ()
    outages: tuple[Closed, ...] = ()


def frozen(values: object, dtype: object) -> NDArray[np.int64]:
    """A new array of this dtype that cannot be written to: what both engines read nobody may change."""
    array: NDArray[np.int64] = np.array(values, dtype=dtype)  # type: ignore[call-overload]
    array.flags.writeable = False
    return array
