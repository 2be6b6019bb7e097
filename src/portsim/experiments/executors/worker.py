"""A worker: a process of its own that plays what it is sent, until whoever sent it is gone."""

from __future__ import annotations

import os
import sys
import threading
from functools import cache
from queue import SimpleQueue
from typing import IO

from portsim.experiments.executors.tasks import Player
from portsim.experiments.executors.wire import answer_of, failure_of, task_of

SIZE = 8
"""Bytes before each message that say how long it is."""


def answer(request: bytes) -> bytes:
    """Play what is asked for; whatever goes wrong is in the answer, for whoever asked to raise."""
    try:
        return answer_of(_player().play(task_of(request)))
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        return failure_of(error)


@cache
def _player() -> Player:
    """This process's own, so that a scenario is lowered once."""
    return Player()


def read_message(stream: IO[bytes]) -> bytes:
    """The next message; EOFError if whoever writes there is gone."""
    size = int.from_bytes(_exactly(stream, SIZE))
    return _exactly(stream, size)


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Send a message; OSError if whoever reads there is gone."""
    stream.write(len(message).to_bytes(SIZE))
    stream.write(message)
    stream.flush()


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def serve() -> None:
    """Answer requests from standard input on standard output, one after another.

    What anybody prints meanwhile goes to standard error. When the input ends nobody waits for an answer any more, and
    the process ends at once, in the middle of a replication as well.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    write_message(answers, b"")
    while True:
        try:
            write_message(answers, answer(requests.get()))
        except OSError:
            os._exit(0)


def _listen(stream: IO[bytes], requests: SimpleQueue[bytes]) -> None:
    try:
        while True:
            requests.put(read_message(stream))
    except (EOFError, OSError):
        os._exit(0)
