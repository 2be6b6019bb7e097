"""How long a run that claims a steady state needs to forget its start, and whether it has one at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portsim.experiments.replicate import Run
from portsim.model.records import Table
from portsim.scenario.calendar import to_local
from portsim.scenario.capacity import loads, overloaded
from portsim.scenario.scenario import Scenario

HOUR_MS = 3_600_000
HOURS_OF_DAY = 24
BATCH = 5
STATES = ("waiting_ms", "in_service_ms", "paused_ms", "blocked_ms")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What the mean over replications says about the start.

    hours : after so many hours it is forgotten; None if the run does not show a steady state
    """

    hours: int | None


class WarmUpAdvice:
    """Takes in the hourly tables of replications and says from when on to measure.

    The series is the number of units in the port hour by hour, averaged over the replications: of a single replication
    MSER-5 cuts by chance (intervals then cover 63 to 76 % in place of 95), of their mean it sees the start.
    """

    def __init__(self) -> None:
        self._sum: Floats | None = None
        self._count = 0

    def add(self, hours: Table) -> None:
        """Take in the table `count_hours` made of a replication; one that ended early does not count."""
        inside = in_port_by_hour(hours)
        if self._sum is None:
            self._sum = np.zeros_like(inside)
        if inside.size == self._sum.size:
            self._sum += inside
            self._count += 1

    def warm_up(self) -> WarmUp:
        """When the start is forgotten."""
        if self._sum is None or self._sum.size < 4 * BATCH:
            return WarmUp(None)
        return WarmUp(truncation(without_daily_pattern(self._sum / self._count)))

    def sentences(self, scenario: Scenario) -> list[str]:
        """What to tell who claims a steady state: that there can be none, or whether it is measured late enough."""
        full = overloaded(loads(scenario))
        if full:
            stages = ", ".join(dict.fromkeys(load.stage for load in full))
            return [
                f"a steady state is claimed, and {stages} is asked for as much as it can do or more (load 1 or above): "
                "there is none, as its queue grows for as long as is simulated"
            ]
        hours = self.warm_up().hours
        if hours is None:
            return [
                "a steady state is claimed, and the run does not show one: units in the port still drift in its second "
                "half; simulate longer, or state how the port stands at the start and claim none"
            ]
        measured = (scenario.measure_from_ms - scenario.start_ms) / HOUR_MS
        if measured >= hours:
            return []
        moment = to_local(scenario.start_ms + hours * HOUR_MS, scenario.clock)
        return [
            f"a steady state is claimed, and the start is forgotten after about {hours} h only, while measuring begins "
            f"after {measured:.0f} h: set measure_from to {moment:%Y-%m-%d %H:%M} or later (MSER-5 on the mean over "
            f"{self._count} replications)"
        ]


def with_warnings(run: Run, sentences: Sequence[str]) -> Run:
    """The run with further warnings, after those it has."""
    return replace(run, warnings=(*run.warnings, *sentences))


def in_port_by_hour(hours: Table) -> Floats:
    """Mean number of units waiting, in service, paused or blocked in each whole hour of a run: float64[hours]."""
    ticks, places = np.unique(hours["tick"], return_inverse=True)
    inside = np.zeros(ticks.size)
    for name in STATES:
        inside += np.bincount(places, weights=hours[name], minlength=ticks.size)
    return inside[: ticks.size - 1] / np.diff(ticks)  # the last hour may be a part of one


def without_daily_pattern(series: Floats) -> Floats:
    """The series without what its second half repeats from day to day, so that a morning peak is no start."""
    half = series.size // 2
    if half < 2 * HOURS_OF_DAY:
        return series
    phase = np.arange(series.size) % HOURS_OF_DAY
    late = series[half:]
    pattern = np.array([late[phase[half:] == hour].mean() for hour in range(HOURS_OF_DAY)])
    result: Floats = series - pattern[phase] + late.mean()
    return result


def truncation(series: Floats) -> int | None:
    """How many observations to leave out at the start after MSER-5; None where that is half of them or more.

    White, Cobb and Spratt (2000), A comparison of five steady-state truncation heuristics for simulation, Proceedings
    of the Winter Simulation Conference, 755-760: of batches of five, leave out as many as give the mean of the
    others the smallest standard error; a minimum in the second half says that the series is too short.
    """
    batches = series[: series.size // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    most = batches.size // 2
    if np.ptp(batches) == 0:
        return 0
    errors = [float(batches[left:].var() / (batches.size - left)) for left in range(most + 1)]
    best = int(np.argmin(errors))
    return None if best >= most else best * BATCH
