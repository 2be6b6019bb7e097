"""What a run that has to stop says: the same words in both engines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from portsim.errors import LimitError
from portsim.model.network import NONE, Network
from portsim.model.records import Records

MOST_ROUNDS = 10_000
"""More rounds than this at one instant is a mistake in the scenario: time would stand still (rule 6)."""

LAST_EVENTS = 4
"""So many starts and ends of services before the stop are told."""


def too_many_rounds(network: Network, tick: int, turns: Sequence[int]) -> LimitError:
    """An instant does not come to rest; `turns` are the stages that still have something to do, in file order."""
    names = ", ".join(network.stages[index].name for index in turns)
    return LimitError(
        f"more than {MOST_ROUNDS} rounds at one instant (rule 6, tick {tick}): stages {names} never come to rest",
        tick=tick,
    )


def too_many_units(network: Network, tick: int, most: int, standing: Sequence[int]) -> LimitError:
    """More units than `most` are in the port; `standing` : how many wait or stand at the door, by stage."""
    longest = int(np.argmax(standing))
    return LimitError(
        f"more than {most} units in the port; most of them, {standing[longest]}, stand at stage "
        f"{network.stages[longest].name}, which gets more than it can do: open more lanes or hours there, lower the "
        "demand, or raise limits.units_in_port",
        tick=tick,
    )


def too_long(network: Network, tick: int, wall_time: float, standing: Sequence[int]) -> LimitError:
    """The run has taken longer than `wall_time` seconds by the clock on the wall."""
    longest = int(np.argmax(standing))
    return LimitError(
        f"not done after {wall_time:g} s of computing; most units, {standing[longest]}, stand at stage "
        f"{network.stages[longest].name}: simulate a shorter stretch, or raise limits.wall_time",
        tick=tick,
    )


def with_records(stop: LimitError, network: Network, records: Records, *, is_part: bool = False) -> LimitError:
    """The same stop with what was recorded until then, and the last of it in words.

    is_part : whether the records are of a part of the run, in which units have numbers that nobody else knows
    """
    told = _last_events(network, records, is_part=is_part)
    return LimitError(f"{stop}; the last events: {told}" if told else str(stop), tick=stop.tick, records=records)


def _last_events(network: Network, records: Records, *, is_part: bool) -> str:
    """The last starts and ends of services, in the order they happened; within a tick ends come first (rule 6)."""
    visits = records.visits
    rows = np.arange(visits["unit"].size)
    tick = np.concatenate([visits["ended"], visits["started"]])
    what = np.repeat([0, 1], rows.size)
    row = np.concatenate([rows, rows])
    happened = tick != NONE
    tick, what, row = tick[happened], what[happened], row[happened]
    last = np.lexsort((row, what, tick))[-LAST_EVENTS:]
    units = records.units

    def name(unit: int) -> str:
        return (
            f"one of {network.flows[units['flow'][np.searchsorted(units['unit'], unit)]]}"
            if is_part
            else f"unit {unit}"
        )

    return ", ".join(
        f"{name(visits['unit'][row[event]])} {('ended', 'started')[what[event]]} at "
        f"{network.stages[visits['stage'][row[event]]].name} at tick {tick[event]}"
        for event in last
    )
