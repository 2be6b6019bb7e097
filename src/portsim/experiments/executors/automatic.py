"""Small work here, one replication after another; large work by as many workers as are worth starting."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable
from itertools import chain
from types import TracebackType
from typing import Self

from portsim.experiments.executors.local import Serial
from portsim.experiments.executors.processes import Processes
from portsim.experiments.executors.tasks import Played, Task

START_S = 2.5
"""Processor time until a worker is ready: Python, numpy, portsim and the kernel loaded. Measured as the figures of
`portsim.engines` were."""

PATIENCE_S = 2 * START_S
"""Work of unknown length is left to this process for so long: it may be over before workers are ready."""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Automatic:
    """Begins in this process, and starts workers once the replications are seen to take long.

    expected : how many replications there will be; None if nobody knows
    most : workers at most
    """

    is_here = True

    def __init__(self, *, expected: int | None = None, most: int | None = None) -> None:
        self._expected = expected
        self._most = processors() if most is None else most
        self._here = Serial()
        self._there: Processes | None = None
        self._done = 0
        self._spent_s = 0.0

    @property
    def workers(self) -> int:
        """How many replications are played at the same time, for now."""
        return 1 if self._there is None else self._there.workers

    def play(self, tasks: Iterable[Task]) -> Generator[Played, None, None]:
        """What came of each task, in their order."""
        rest = iter(tasks)
        while self._there is None:
            task = next(rest, None)
            if task is None:
                return
            if (workers := self._worth()) > 1:
                self._there = Processes(workers)
                rest = chain([task], rest)
                break
            start = time.perf_counter()
            played = list(self._here.play([task]))
            self._spent_s += time.perf_counter() - start
            self._done += 1
            yield from played
        yield from self._there.play(rest)

    def _worth(self) -> int:
        """How many workers are worth starting for what is left to do, seeing how long it took until now."""
        if not self._done:
            return 1
        if self._expected is None:
            return self._most if self._spent_s > PATIENCE_S else 1
        left_s = (self._expected - self._done) * self._spent_s / self._done
        return min(self._most, self._expected - self._done, int(left_s / START_S / 2))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._there is not None:
            self._there.__exit__(kind, error, where)
