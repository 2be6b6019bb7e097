"""Stages that share a pool of officers and are staffed by need: the longest queue, or the longest wait (rule 24)."""

from __future__ import annotations

from collections.abc import Sequence

from portsim.engines.reference.stage import Grant, Stage
from portsim.model.network import Precedence


class SharedTurn:
    """The stages of one pool, which take their turn in a round together, at the place of the first of them."""

    __slots__ = ("_by_queue", "_stages", "index", "touched")

    def __init__(self, stages: Sequence[Stage], precedence: Precedence) -> None:
        self._stages = stages
        self._by_queue = precedence == Precedence.LONGEST_QUEUE
        self.index = stages[0].index
        self.touched = False

    def move(self) -> None:
        """Rule 11 at each of the stages."""
        for stage in self._stages:
            stage.move()

    def grant(self) -> None:
        """One grant after another to the stage that comes first of those able; ties to file order."""
        for stage in self._stages:
            stage.call_in()
        while able := [(stage, found) for stage in self._stages if (found := stage.next_grant()) is not None]:
            stage, found = min(able, key=self._precedence)
            stage.give(found)

    def _precedence(self, able: tuple[Stage, Grant]) -> int:
        stage, found = able
        return -stage.queue.waiting if self._by_queue else stage.joined_of(found)
