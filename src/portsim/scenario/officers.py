"""Officers as a scenario has them: pools by the clock or in crews on a rota, and reserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portsim.scenario.levels import DatedLevel, WeekProfile


@dataclass(frozen=True, slots=True)
class Break:
    """A break within a shift, in ms; how many officers take it, None for all of the crew.

    at_ms : after midnight of the day the shift belongs to, so above DAY_MS where the shift has run over midnight
    """

    at_ms: int
    for_ms: int
    officers: int | None


@dataclass(frozen=True, slots=True)
class Pool:
    """Officers of one service: how many are on duty by the clock of `side`, and what an hour of one costs.

    level : on duty by the clock or by dates; None for a pool of crews
    forecast : what the level follows; None where it was stated. The level then is what came of it, by dates
    crews : who works when; None for a pool with a plain level
    precedence : which of its stages is given officers first
    reserves : officers called in on top of them
    """

    name: str
    side: str
    level: WeekProfile | DatedLevel | None
    end_of_shift: Literal["finish", "hand_over"]
    cost_per_hour: float | None
    crews: Rota | None = None
    precedence: Literal["fixed", "longest_queue", "longest_wait"] = "fixed"
    reserves: tuple[Reserve, ...] = ()
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """How officers on duty follow the work that is expected, slice by slice.

    every_ms : length of a slice; slices are counted from 00:00 by the clock of the pool's side
    load : share of their time that officers are to be busy
    at_least, at_most : officers on duty while a stage of the pool is open; None for no such limit
    lag_ms : how much later than the services before it would have a unit come to a stage its work is offered
    """

    every_ms: int
    load: float
    at_least: int
    at_most: int | None
    lag_ms: int


@dataclass(frozen=True, slots=True)
class Reserve:
    """Officers who come in while the queues at some stages are long.

    stages : whose queues are added up
    call_at, close_at : units waiting at which they are called, and at which they go home; close_at < call_at
    ready_in_ms : from the call until they serve
    stay_ms : how long they serve at least
    """

    officers: int
    stages: tuple[str, ...]
    call_at: int
    close_at: int
    ready_in_ms: int
    stay_ms: int


@dataclass(frozen=True, slots=True)
class Rota:
    """Crews of equal size who work shifts in a cycle of days, each crew one day further in it than the one before.

    cycle : the shift of each day, None for rest; crew k, from 0, is k days into it on the scenario's first date
    handover_ms : the first ms of each shift, paid and not yet available
    min_rest_ms : rest between two shifts below which `check` warns, None for no such limit
    """

    crews: int
    crew_size: int
    cycle: tuple[Shift | None, ...]
    handover_ms: int
    min_rest_ms: int | None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of the clock that a crew works: ms after midnight of the day it starts; it may end the next day."""

    name: str
    start_ms: int
    end_ms: int
    breaks: tuple[Break, ...]
