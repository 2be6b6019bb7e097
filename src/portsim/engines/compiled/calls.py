"""Waves and batches: at some stages nobody starts without being called in (contract rule 25)."""

from __future__ import annotations

from portsim.engines.compiled import queue
from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import State


@kernel
def line_up(s: State, stage: int, unit: int) -> None:
    """From now on the unit can be called."""
    if not s.units[unit].is_in_line:
        s.units[unit].is_in_line = True
        s.stages[stage].in_line += 1
        queue.push(s, s.stages[stage].line, unit, True)


@kernel
def become_late(s: State, stage: int, unit: int) -> None:
    """A unit has waited for its batch as long as it may."""
    if s.units[unit].is_in_line and not s.units[unit].is_late:
        s.units[unit].is_late = True
        s.stages[stage].late += 1


@kernel
def forget(s: State, stage: int, unit: int) -> None:
    """The unit has left, or is called; its place in the line is dropped when it comes up."""
    if s.units[unit].is_in_line:
        s.units[unit].is_in_line = False
        s.stages[stage].in_line -= 1
        if s.units[unit].is_late:
            s.units[unit].is_late = False
            s.stages[stage].late -= 1


@kernel
def called(s: State, stage: int, now: int) -> int:
    """How many are called now; asked again until it is nobody."""
    paper = s.stages[stage]
    if not paper.is_batch:
        if paper.wave_at != now:
            return 0
        many = min(paper.in_line, paper.places)
        paper.places -= many
        return many
    full = paper.in_line // paper.batch_size * paper.batch_size
    return full if full > 0 or paper.late == 0 else paper.in_line


@kernel
def next_called(s: State, stage: int) -> int:
    """Who is called next, in the order of rule 4."""
    line = s.stages[stage].line
    while True:
        unit = queue.peek(s, line, True)
        queue.drop(s, line, unit, True)
        if s.units[unit].is_in_line:
            forget(s, stage, unit)
            return unit
