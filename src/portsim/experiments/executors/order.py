"""Many replications at a time, handed back in order, with a bounded number under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future

from portsim.experiments.executors.tasks import Played, Task

AHEAD = 2
"""Replications under way or waiting to be fetched, for each that is played at a time."""


def in_order(
    submit: Callable[[Task], Future[Played]], tasks: Iterable[Task], *, ahead: int
) -> Generator[Played, None, None]:
    """What came of each task, in their order; `ahead` : how many are under way or wait to be fetched at most.

    Whoever stops fetching gives up those that have not begun.
    """
    under_way: deque[Future[Played]] = deque()
    try:
        for task in tasks:
            under_way.append(submit(task))
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
