"""What the clock decides: lanes, hours and officers by the step functions of the network (contract rule 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING

import simpy

from portsim.engines.reference.lanes import Lanes
from portsim.engines.reference.stage import Stage
from portsim.model.network import StepFunction, Waves

if TYPE_CHECKING:
    from portsim.engines.reference.port import Port

Change = Callable[[], None]


def keep_calendar(port: Port) -> Generator[simpy.Event, None, None]:
    """Sets every level at its tick, after the ends of that tick, then pauses what may not go on."""
    changes = _changes_by_tick(port)
    for tick in sorted(changes):
        if tick > port.env.now or tick == 0:
            yield port.at_calendar(tick)
        for change in changes[tick]:
            change()
        _pause_in_closed_stages(port)
        pause_for_handover(port)


def _changes_by_tick(port: Port) -> dict[int, list[Change]]:
    changes: dict[int, list[Change]] = defaultdict(list)

    def add(steps: StepFunction, set_level: Callable[[int, int], None]) -> None:
        for tick, level in steps.pairs():
            changes[max(tick, 0)].append(lambda tick=tick, level=level: set_level(level, tick))  # type: ignore[misc]

    for stage, on_paper in zip(port.stages, port.network.stages, strict=True):
        add(on_paper.is_open, _set_hours(port, stage))
        for role, steps in on_paper.lanes or ():
            assert stage.lanes is not None
            add(steps, _set_lanes(port, stage, stage.lanes[role]))
        if isinstance(on_paper.calls, Waves):
            for tick, up_to in zip(on_paper.calls.at.tolist(), on_paper.calls.up_to.tolist(), strict=True):
                changes[tick].append(_begin_wave(port, stage, tick, up_to))
    for pool, pool_on_paper in enumerate(port.network.pools):
        for crew, crew_on_paper in enumerate(pool_on_paper.crews):
            add(crew_on_paper.level, partial(port.set_officers, pool, crew))
    return changes


def _set_hours(port: Port, stage: Stage) -> Callable[[int, int], None]:
    def set_level(level: int, _: int) -> None:
        stage.is_open = level > 0
        port.touch(stage)

    return set_level


def _set_lanes(port: Port, stage: Stage, lanes: Lanes) -> Callable[[int, int], None]:
    def set_level(level: int, _: int) -> None:
        lanes.open = level
        port.touch(stage)

    return set_level


def _begin_wave(port: Port, stage: Stage, tick: int, up_to: int) -> Change:
    def begin() -> None:
        assert stage.calls is not None
        stage.calls.begin_wave(tick, up_to)
        port.touch(stage)

    return begin


def _pause_in_closed_stages(port: Port) -> None:
    """Rule 8 (i): all services of a closed stage that is `suspend`."""
    for stage in port.stages:
        if stage.suspends and not stage.is_open:
            for unit in sorted(stage.serving, key=lambda unit: unit.turn):
                stage.pause(unit)


def pause_for_handover(port: Port) -> None:
    """Rule 8 (ii): where officers hand over, crew by crew, whoever comes last while more work than are on duty."""
    for pool in port.pools:
        if not pool.hands_over:
            continue
        for number, crew in enumerate(pool.crews):
            while crew.in_use > crew.level:
                stage = port.stages[max(index for index in pool.stages if _served_by(port.stages[index], number))]
                stage.pause(max((unit for unit in stage.serving if unit.crew == number), key=lambda unit: unit.turn))


def _served_by(stage: Stage, crew: int) -> bool:
    return any(unit.crew == crew for unit in stage.serving)
