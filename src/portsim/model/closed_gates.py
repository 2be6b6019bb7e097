"""What units do that want to come while their first stage is closed (contract rule 30).

A unit's answer depends on itself alone: on when it wants to come, on its own rows of the streams and on the hours.
Hours that change under `queue` therefore change no draw, and drawing a long run in chunks gives each unit the same
answer. When a unit wants to come is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.arrivals import Coming, CumulativeRate
from portsim.model.distributions import durations
from portsim.model.network import StepFunction
from portsim.scenario.arrivals import WhenClosed


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """How the units that want to come fare at the first stage of their journey.

    comes : bool[n], whether the unit comes during the run
    arrived : int64[n], tick at which it comes; says nothing of those who do not
    stays_away : bool[n], whether it never comes because it would find the stage closed
    never_shows : bool[n], whether it never comes although it has booked a slot
    slot : int64[n], tick of its slot, before which it does not start; 0 without an appointment
    is_overdue : bool[n], whether it comes so long after its slot that it has no precedence any more
    """

    comes: NDArray[np.bool_]
    arrived: NDArray[np.int64]
    stays_away: NDArray[np.bool_]
    never_shows: NDArray[np.bool_]
    slot: NDArray[np.int64]
    is_overdue: NDArray[np.bool_]

    @classmethod
    def without_slots(cls, comes: NDArray[np.bool_], arrived: NDArray[np.int64], stays_away: NDArray[np.bool_]) -> Gate:
        """How units fare that have no appointment."""
        nobody = np.zeros(comes.size, np.bool_)
        return cls(comes, arrived, stays_away, nobody, np.zeros(comes.size, np.int64), nobody)


def passing(arrived: NDArray[np.int64]) -> Gate:
    """Everybody comes. arrived : int64[n], tick of each."""
    return Gate.without_slots(np.ones(arrived.size, np.bool_), arrived, np.zeros(arrived.size, np.bool_))


def meet_closed(
    when: WhenClosed,
    is_open: Sequence[StepFunction],
    first: NDArray[np.int64],
    wanted: NDArray[np.int64],
    end: int,
    uniforms: Callable[[str], NDArray[np.float64]],
) -> Gate:
    """A share of those who find their first stage closed stays away; the others come after it next opens, or queue.

    A unit for whose return the stage opens too late, or not at all before the run ends, does not come in the run and
    has not stayed away.

    is_open : of each stage
    first : int64[n], the stage each unit goes to first
    wanted : int64[n], tick at which it wants to come
    uniforms : gives one uniform for each unit, by purpose
    """
    is_closed = np.zeros(wanted.size, np.bool_)
    opening = np.empty(wanted.size, np.int64)
    for stage in np.unique(first).tolist():
        here = first == stage
        is_closed[here] = ~levels(is_open[stage], wanted[here]).astype(np.bool_)
        turns = is_open[stage].at  # the next one of a closed stage is its opening
        opening[here] = np.append(turns, end)[np.searchsorted(turns, wanted[here], side="right")]
    stays_away = is_closed & (uniforms("stays away") < when.stay_away)
    arrived = wanted
    if when.come_back is not None:
        arrived = np.where(is_closed, opening + durations(when.come_back, uniforms("comes back")), wanted)
    return Gate.without_slots(~stays_away & (arrived < end), arrived, stays_away)


def re_spread(
    later: Coming, rate: CumulativeRate, is_open: StepFunction, midnights: NDArray[np.int64]
) -> NDArray[np.int64]:
    """When each unit comes if those of each day come within its open hours: int64[n], ticks in the order of `reached`.

    A unit that wants to come when a share q of its day's expected units has come, comes when the share q of those
    expected in the day's open hours has. So the day keeps its units and their order, and hours keep their weights. On
    a day that is open throughout, or on which nobody is expected while it is open, units come when they want to. Of the
    first and the last day only the part within the run counts.

    Everything is whole grains: what rounds is multiplied and divided, exactly as IEEE 754 says on every machine.

    rate : the one `later` was drawn from
    is_open : of the first stage of the journey
    midnights : ticks at which the local dates begin, from the one that contains tick 0 to the first at or after the end
    """
    opened = _while_open(rate, is_open)
    edges = np.clip(midnights, 0, rate.at[-1])
    day_begins, opened_begins = rate.by(edges), opened.by(edges)
    day = np.searchsorted(day_begins, later.reached, side="right") - 1
    in_day, in_open = np.diff(day_begins)[day], np.diff(opened_begins)[day]
    moves = in_open > 0
    day, in_day, in_open = day[moves], in_day[moves], in_open[moves]
    share = (later.reached[moves] - day_begins[day]) * in_open.astype(np.float64) / in_day
    # A run holds fewer than 2^51 grains, so that the rounded quotient of a day open throughout is the grain itself.
    target = np.minimum(np.rint(share).astype(np.int64), in_open - 1)
    arrived = later.wanted.copy()
    arrived[moves] = opened.ticks(opened_begins[day] + target)
    return arrived


def _while_open(rate: CumulativeRate, is_open: StepFunction) -> CumulativeRate:
    """The rate without what is expected while the stage is closed."""
    turns = is_open.at[(is_open.at > 0) & (is_open.at < rate.at[-1])]
    at = np.union1d(rate.at, turns)
    grains = np.diff(rate.by(at)) * levels(is_open, at[:-1])
    return CumulativeRate(at, np.concatenate(([0], np.cumsum(grains))))


def levels(level: StepFunction, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The level at each of these ticks: int64[n]; 0 before the first step."""
    values = np.concatenate(([0], level.value))
    return values[np.searchsorted(level.at, ticks, side="right")]
