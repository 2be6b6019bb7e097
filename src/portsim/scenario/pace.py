"""How fast a stage works on average over a stretch of time, by the hour and by its open lanes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from portsim.scenario.calendar import Steps


def pace_at(paces: Sequence[tuple[int, float]], number: int) -> float:
    """The pace beside the largest number that is reached; 1 before the first. paces : ascending by number."""
    return ([1.0] + [pace for least, pace in paces if least <= number])[-1]


def mean_pace(
    by_hour: Steps, by_lanes: Sequence[tuple[int, float]], is_open: Steps, lanes: Sequence[Steps] | None, end_ms: int
) -> float:
    """Work done in an open hour of a lane, in hours of the ordinary pace; of a delay (lanes None) in an open hour.

    Hours count by how many lanes they have. If none is ever open, all hours count alike.
    """
    functions = [by_hour, is_open, *(lanes or ())]
    events = sorted((at, which, level) for which, steps in enumerate(functions) for at, level in steps)
    levels = [0.0] * len(functions)
    done = hours = done_at_any_time = any_time = 0.0
    for (at, which, level), (until, _, _) in pairwise([*events, (end_ms, 0, 0.0)]):
        levels[which] = level
        pace, opening, *open_lanes = levels
        if lanes is not None:
            pace *= pace_at(by_lanes, int(sum(open_lanes)))
            opening *= sum(open_lanes)
        done += pace * opening * (until - at)
        hours += opening * (until - at)
        done_at_any_time += levels[0] * (until - at)
        any_time += until - at
    return done / hours if hours else done_at_any_time / any_time
