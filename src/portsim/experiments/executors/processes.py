"""Several replications at a time on this machine, each in a process of its own.

A process is started anew (never forked: other threads may hold locks), and is sent text and numbers. The result of a
replication does not depend on who plays it, so one that is lost with its process is played again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, Self, cast

import portsim
from portsim.errors import WorkerError
from portsim.experiments.executors.order import AHEAD, fetch_as_it_is, in_order
from portsim.experiments.executors.tasks import Played, Task
from portsim.experiments.executors.wire import Requests, played_of
from portsim.experiments.executors.worker import read_message, write_message

MOST_TRIES = 2
"""A replication whose process dies is begun so often; what kills two is likely to kill the third."""

_ONE_THREAD = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"),
        *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"),
    ),
    "1",
)
"""Libraries would start as many threads as there are processors, in every worker; what the user has set stays."""

_BEGIN = "import sys; sys.path.append(sys.argv[1]); from portsim.experiments.executors.worker import serve; serve()"


class Processes:
    """Plays several replications at a time, each in a process of its own; they end with it."""

    is_here = False

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._hands = [_Hand() for _ in range(workers)]
        self._idle: SimpleQueue[_Hand] = SimpleQueue()
        for hand in self._hands:
            self._idle.put(hand)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="portsim")
        self._is_leaving = False
        self._requests = Requests()

    def play(self, tasks: Iterable[Task]) -> Generator[Played, None, None]:
        """What came of each task, in their order. Raises WorkerError for one that is lost twice."""
        return in_order(
            lambda task: self._pool.submit(self._play, task), fetch_as_it_is, tasks, ahead=AHEAD * self.workers
        )

    def _play(self, task: Task) -> Played:
        """Have a task played by whichever worker is idle; there is one for each thread that asks."""
        request = self._requests.of(task)
        hand = self._idle.get()
        try:
            for _ in range(MOST_TRIES):
                answer = None if self._is_leaving else hand.ask(request)
                if answer is not None:
                    return played_of(answer)
        finally:
            self._idle.put(hand)
        raise WorkerError(
            f"replication {task.number} of {task.scenario.name!r} was begun {MOST_TRIES} times, and each time the "
            f"process that played it ended ({hand.ending}): if memory is short use fewer workers (-j)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where
        self._is_leaving = True
        for hand in self._hands:
            hand.leave()
        self._pool.shutdown(cancel_futures=True)
        for hand in self._hands:
            hand.reap()


class _Hand:
    """One worker as its thread sees it: a process that is started when it is needed, and again when it is gone.

    ending : how the last one ended
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._has_left = False
        self.ending = "not started"

    def ask(self, request: bytes) -> bytes | None:
        """The answer to a request, None if the process ended before it had one."""
        process = self._process or self._start()
        try:
            write_message(cast(IO[bytes], process.stdin), request)
            return read_message(cast(IO[bytes], process.stdout))
        except (EOFError, OSError):
            self._end(process)
            return None

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._has_left:
                raise WorkerError("the workers have been let go")
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-P", "-c", _BEGIN, str(Path(portsim.__file__).parent.parent)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_ONE_THREAD | dict(os.environ),
                **_APART,
            )
            self._process = process
        try:
            read_message(cast(IO[bytes], process.stdout))
        except (EOFError, OSError):
            self._end(process)
            raise WorkerError(f"a worker process could not be started ({self.ending})") from None
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Let a process go that is of no use any more."""
        self._process = None
        process.kill()
        with suppress(OSError), process:  # what could not be written any more cannot be written now
            pass
        code = process.wait()
        self.ending = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def leave(self) -> None:
        """End the process whatever it is doing: nobody waits for it."""
        with self._lock:
            self._has_left = True
            if self._process is not None:
                self._process.kill()

    def reap(self) -> None:
        """Let go of what is left of the process, when nobody reads from it any more."""
        if self._process is not None:
            self._end(self._process)


_APART: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)} if os.name == "nt" else {"process_group": 0}
)
"""Ctrl-C is for whoever waits for the results, and not for the workers."""
