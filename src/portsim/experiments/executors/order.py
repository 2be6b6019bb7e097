"""Many replications at a time, handed back in order, with a bounded number under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import TypeVar

from portsim.experiments.executors.tasks import Played, Task

AHEAD = 2
"""Replications under way or waiting to be fetched, for each that is played at a time."""

Answer = TypeVar("Answer")


def in_order(
    submit: Callable[[Task], Future[Answer]],
    fetch: Callable[[Task, Future[Answer]], Played],
    tasks: Iterable[Task],
    *,
    ahead: int,
) -> Generator[Played, None, None]:
    """What came of each task, in their order.

    submit, fetch : begin a task, and wait for what comes of it
    ahead : how many are under way or wait to be fetched at most

    Whoever stops fetching gives up those that have not begun.
    """
    under_way: deque[tuple[Task, Future[Answer]]] = deque()
    try:
        for task in tasks:
            under_way.append((task, submit(task)))
            if len(under_way) >= ahead:
                yield fetch(*under_way.popleft())
        while under_way:
            yield fetch(*under_way.popleft())
    finally:
        for _, future in under_way:
            future.cancel()


def fetch_as_it_is(task: Task, future: Future[Played]) -> Played:
    """What a thread of this process has made of a task."""
    del task
    return future.result()
