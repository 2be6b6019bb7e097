"""Executors on this machine: one replication after another, or several at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from portsim.experiments.executors.order import AHEAD, fetch_as_it_is, in_order
from portsim.experiments.executors.tasks import Played, Player, Task


class Serial:
    """Plays one replication after another, each when it is asked for."""

    workers = 1
    is_here = True

    def __init__(self) -> None:
        self._player = Player()

    def play(self, tasks: Iterable[Task]) -> Generator[Played, None, None]:
        """What came of each task, in their order."""
        yield from map(self._player.play, tasks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where


class Threads:
    """Plays several replications at a time in threads of this process, which share its memory.

    The compiled kernel runs beside other threads; Python and most of numpy's work do not.
    """

    is_here = True

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._player = Player()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="portsim")

    def play(self, tasks: Iterable[Task]) -> Generator[Played, None, None]:
        """What came of each task, in their order."""
        return in_order(
            lambda task: self._pool.submit(self._player.play, task), fetch_as_it_is, tasks, ahead=AHEAD * self.workers
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where
        self._pool.shutdown(cancel_futures=True)
