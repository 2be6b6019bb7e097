"""What lies behind a line over time: hours, closures, dated changes, and who is on duty, as plain spans of ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import Network, Pool, StepFunction
from portsim.results.areas import Ints
from portsim.scenario.scenario import Scenario, Side, Stage

MOST_STAGES = 3
"""Stages with hours of their own that get a strip."""

MOST_POOLS = 5

RESERVE = 2
"""The colour of officers who are called in."""

Floats = NDArray[np.float64]

HANDOVER_MS = 3_600_000
"""Crews that meet no longer than this follow one another: they stand in one row."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of ticks, start <= t < end, with a name to show if there is room."""

    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """A stretch in which something is open or someone on duty.

    colour : which colour of the palette
    share : how strong, 0..1
    row, rows : which part of the strip's height it takes, of how many
    """

    span: Span
    colour: int
    share: float = 1.0
    row: int = 0
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Strip:
    """One line below a picture: what is open, or who is on duty, over time; closures apart."""

    name: str
    duties: tuple[Duty, ...]
    closures: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Shading:
    """Everything that explains a line over time.

    closed : while nobody can cross; closed_name : what is closed then
    closures : of the same place, beyond its daily hours
    changes : ticks of the dated changes
    strips : hours of the sides, and of stages that have their own; officers on duty
    left_out : pools for which there is no room
    """

    closed: tuple[Span, ...]
    closed_name: str
    closures: tuple[Span, ...]
    changes: tuple[int, ...]
    strips: tuple[Strip, ...]
    left_out: int = 0


def shading_of(scenario: Scenario, network: Network, end: int) -> Shading:
    """Hours, closures, changes and duties of a run over 0 <= t < end.

    The port counts as open while one of its counted stages is; without any, while its first side is.
    """
    first = scenario.regimes[0]
    counted = [number for number, stage in enumerate(network.stages) if stage.counted]
    if counted:
        levels = [network.stages[number].is_open for number in counted]
        names = [network.stages[number].name for number in counted]
        sides = sorted({network.stages[number].side for number in counted})
        own = [number for number in counted if _has_own_hours(scenario, number)]
        closed_name = " and ".join(names) if own else " and ".join(network.sides[side] for side in sides)
        closures = _closures(scenario, end, {network.sides[side] for side in sides}, set(names))
    else:
        levels, closed_name = [network.side_open[0]], network.sides[0]
        closures = _closures(scenario, end, {network.sides[0]}, set())
    pools = [pool for pool in network.pools if any(crew.rostered.value.any() for crew in pool.crews)]
    return Shading(
        closed=zero_spans(levels, end),
        closed_name=closed_name,
        closures=closures,
        changes=tuple(
            regime.at_ms - scenario.start_ms
            for regime in scenario.regimes[1:]
            if regime.at_ms < scenario.start_ms + end
        ),
        strips=(
            *(
                _hours(side.name, network.side_open[number], _closures(scenario, end, {side.name}, set()), end)
                for number, side in enumerate(first.sides)
            ),
            *_stage_strips(scenario, network, end),
            *(_officers(pool, end) for pool in pools[:MOST_POOLS]),
        ),
        left_out=max(len(pools) - MOST_POOLS, 0),
    )


def zero_spans(levels: Sequence[StepFunction], end: int) -> tuple[Span, ...]:
    """Where all of the levels are 0 in 0 <= t < end."""
    edges = sorted({0, end, *(int(tick) for level in levels for tick in level.at if 0 < tick < end)})
    found: list[Span] = []
    for start, until in pairwise(edges):
        if any(level(start) > 0 for level in levels):
            continue
        joins = bool(found) and found[-1].end == start
        found[-1:] = [Span(found[-1].start, until)] if joins else [*found[-1:], Span(start, until)]
    return tuple(found)


def positive_spans(level: StepFunction, end: int) -> list[tuple[Span, int]]:
    """Stretches of 0 <= t < end with the level that holds there, those at 0 left out."""
    edges = [0, *(int(tick) for tick in level.at if 0 < tick < end), end]
    pieces = [(Span(start, until), level(start)) for start, until in pairwise(edges)]
    return [(span, value) for span, value in pieces if value > 0]


def _has_own_hours(scenario: Scenario, number: int) -> bool:
    return any(regime.stages[number].open is not None for regime in scenario.regimes)


def _closures(scenario: Scenario, end: int, sides: set[str], stages: set[str]) -> tuple[Span, ...]:
    """Closures of these sides and stages while their regime holds, in ticks, as they are written in the scenario."""
    found: dict[Span, None] = {}
    ends = [*(regime.at_ms for regime in scenario.regimes[1:]), scenario.end_ms]
    for regime, until in zip(scenario.regimes, ends, strict=True):
        places: list[Side | Stage] = [side for side in regime.sides if side.name in sides]
        places += [stage for stage in regime.stages if stage.name in stages]
        for closure in (closure for place in places for closure in place.closures):
            start = max(closure.start_ms, regime.at_ms) - scenario.start_ms
            stop = min(min(closure.end_ms, until) - scenario.start_ms, end)
            if start < stop:
                found[Span(start, stop, closure.text)] = None
    joined: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, span.end)):
        # A dated change within a closure does not make it two.
        same = next((other for other in joined if other.end == span.start and other.name == span.name), None)
        if same is not None:
            joined[joined.index(same)] = Span(same.start, span.end, span.name)
        else:
            joined.append(span)
    return tuple(joined)


def _hours(name: str, is_open: StepFunction, closures: tuple[Span, ...], end: int) -> Strip:
    spans = [span for span, _ in positive_spans(is_open, end)]
    return Strip(f"{name} open", tuple(Duty(span, 0) for span in spans), closures)


def _stage_strips(scenario: Scenario, network: Network, end: int) -> Iterator[Strip]:
    own = [number for number in range(len(network.stages)) if _has_own_hours(scenario, number)]
    for number in own[:MOST_STAGES]:
        name = network.stages[number].name
        yield _hours(name, network.stages[number].is_open, _closures(scenario, end, set(), {name}), end)


def _officers(pool: Pool, end: int) -> Strip:
    """Who of a pool is on the roster: each crew in its colour, or how many where there is only one."""
    crews = [positive_spans(crew.rostered, end) for crew in pool.crews]
    working = [number for number, spans in enumerate(crews) if spans]
    if len(working) <= 1:
        spans = crews[working[0]] if working else []
        most = max((level for _, level in spans), default=1)
        return Strip(
            f"{pool.name} on duty",
            tuple(Duty(Span(span.start, span.end, str(level)), 1, level / most) for span, level in spans),
        )
    turns = sorted((span.start, span.end, number) for number in working for span, _ in _joined(crews[number]))
    rows: list[int] = []
    placed = []
    for start, until, number in turns:
        row = next((row for row, busy_until in enumerate(rows) if busy_until - start <= HANDOVER_MS), len(rows))
        rows[row : row + 1] = [until]
        placed.append((Span(start, until, str(number + 1)), number, row))
    duties = (Duty(span, 1 + number, 1.0, row, len(rows)) for span, number, row in placed)
    return Strip(f"{pool.name}, crew", tuple(duties))


def reserve_strip(name: str, bounds: Ints, called: Floats) -> Strip:
    """When officers beyond the roster were called in, and how many.

    bounds : int64[n + 1], ticks; called : float64[n], how many between two of them, the mean over replications
    """
    found: list[Duty] = []
    most = float(called.max(initial=0.0))
    for start, until, level in zip(bounds[:-1].tolist(), bounds[1:].tolist(), called.tolist(), strict=True):
        if level <= 0:
            continue
        text = f"{level:.1f}".removesuffix(".0")
        if found and found[-1].span.end == start and found[-1].span.name == text:
            found[-1] = Duty(Span(found[-1].span.start, until, text), RESERVE, level / most)
        else:
            found.append(Duty(Span(start, until, text), RESERVE, level / most))
    return Strip(f"{name}, reserve", tuple(found))


def _joined(pieces: list[tuple[Span, int]]) -> list[tuple[Span, int]]:
    """Neighbouring stretches as one: a crew that changes its size stays on duty."""
    found: list[tuple[Span, int]] = []
    for span, level in pieces:
        if found and found[-1][0].end == span.start:
            found[-1] = (Span(found[-1][0].start, span.end), max(level, found[-1][1]))
        else:
            found.append((span, level))
    return found
