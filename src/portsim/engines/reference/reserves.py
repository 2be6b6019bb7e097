"""Reserves: officers called in when queues have become long, and sent home when they are short again (rule 24)."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import simpy

from portsim.engines.reference.calendar import pause_for_handover
from portsim.model.network import Reserve as ReserveOnPaper

if TYPE_CHECKING:
    from portsim.engines.reference.port import Port


class Duty(Enum):
    """Where a reserve is."""

    AT_HOME = auto()
    CALLED = auto()
    SERVING = auto()
    GOING = auto()


class Reserve:
    """One reserve: a crew of its pool whose level the run itself decides.

    Queues are read once, when an instant has come to rest; what follows from them happens at a later tick, so that no
    instant depends on its own end.
    """

    __slots__ = ("_duty", "_paper", "_pool", "_port", "_since")

    def __init__(self, port: Port, pool: int, paper: ReserveOnPaper) -> None:
        self._port, self._pool, self._paper = port, pool, paper
        self._duty, self._since = Duty.AT_HOME, 0

    def read(self) -> None:
        """The end of an instant: call the officers, or send them home, by the queues as they are now."""
        paper, now = self._paper, self._port.env.now
        if self._duty is Duty.AT_HOME:
            if self._queue() >= paper.call_at:
                self._duty = Duty.CALLED
                self._port.call_at_calendar(self._come, max(1, paper.ready_in))
        elif self._duty is Duty.SERVING and now >= self._since + paper.stay and self._queue() <= paper.close_at:
            self._duty = Duty.GOING
            self._port.call_at_calendar(self._go, 1)

    def _queue(self) -> int:
        """Units that wait at the watched stages or stand at their doors; before a closed stage nobody counts."""
        watched = (self._port.stages[index] for index in self._paper.watched)
        return sum(stage.queue.waiting + stage.at_door for stage in watched if stage.is_open)

    def _come(self, _: simpy.Event) -> None:
        self._duty, self._since = Duty.SERVING, self._port.env.now
        self._set_level(self._paper.officers)
        if self._paper.stay:
            self._port.call(lambda _: self._port.read_reserves(), self._paper.stay)

    def _go(self, _: simpy.Event) -> None:
        self._duty = Duty.AT_HOME
        self._set_level(0)
        pause_for_handover(self._port)

    def _set_level(self, officers: int) -> None:
        now = self._port.env.now
        self._port.set_officers(self._pool, self._paper.crew, officers, now)
        self._port.recorder.level(now, self._pool, self._paper.crew, officers)
        self._port.read_reserves()
