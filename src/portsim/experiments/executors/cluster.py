"""Replications played by the workers of a Dask cluster that is there already.

`Client.get_executor` gives what `concurrent.futures` has, so that replications are handed out and fetched in order by
the same few lines as on this machine; the scheduler gives those of a worker that is lost to another. What is sent is a
function by its name and bytes (see `wire`). Dask itself unpickles what it gets, from anybody who reaches its port.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Generator, Iterable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from portsim.errors import UnavailableError, WorkerError
from portsim.experiments.executors.order import in_order
from portsim.experiments.executors.tasks import Played, Task
from portsim.experiments.executors.versions import check_versions, versions
from portsim.experiments.executors.wire import Requests, played_of
from portsim.experiments.executors.worker import answer

AHEAD = 4
"""Replications under way or waiting to be fetched, for each thread of the workers: the network takes its time."""

PATIENCE_S = 30
"""So long a scheduler and its first worker are waited for."""

_ENCRYPTED = {"tls", "wss"}


class Cluster:
    """Has replications played by the workers of a Dask scheduler.

    address : `tls://HOST:PORT`, `tcp://HOST:PORT`, `HOST:PORT`, or the path of a scheduler file
    insecure : whether an address without encryption may lead to another machine

    Raises UnavailableError for such an address without it, a cluster without workers, a worker with other versions, and
    where distributed is not installed or no scheduler answers.
    """

    is_here = False

    def __init__(self, address: str, *, insecure: bool = False) -> None:
        place = _address(address)
        check_secure(place, insecure=insecure)
        try:
            from distributed import Client
        except ImportError as error:
            raise UnavailableError(
                f"--cluster needs distributed, which does not load ({error}): python -m pip install 'portsim[dask]'"
            ) from None
        try:
            self._client: Any = Client(place, timeout=PATIENCE_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise UnavailableError(f"no Dask scheduler can be used at {place}: {error}") from None
        self._address = place
        try:
            self._check_workers()
        except BaseException:
            self._client.close()
            raise
        self._executor: Executor = self._client.get_executor(pure=False)
        self._requests = Requests(versions())

    @property
    def workers(self) -> int:
        """How many replications are played at the same time, with the workers there are now."""
        return sum(self._client.nthreads().values()) or 1

    def play(self, tasks: Iterable[Task]) -> Generator[Played, None, None]:
        """What came of each task, in their order.

        Raises WorkerError for one that was lost with several workers, for a scheduler that is gone, and for a worker
        that came later and has other versions.
        """
        return in_order(
            lambda task: self._executor.submit(answer, self._requests.of(task)),
            self._fetch,
            tasks,
            ahead=AHEAD * self.workers,
        )

    def _fetch(self, task: Task, future: Future[bytes]) -> Played:
        from distributed.scheduler import KilledWorker

        which = f"replication {task.number} of {task.scenario.name!r}"
        try:
            return played_of(future.result())
        except KilledWorker as error:
            raise WorkerError(f"{which} was lost with every worker that played it: {error}") from None
        except CancelledError:
            raise WorkerError(f"{which} was lost: the scheduler at {self._address} is gone") from None

    def _check_workers(self) -> None:
        """Raise UnavailableError unless there is a worker, and all have the versions that are here."""
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=PATIENCE_S)
        found = self._client.run(versions, on_error="return")
        if not found:
            raise UnavailableError(f"the scheduler at {self._address} has no workers: start them with dask worker")
        for worker, there in sorted(found.items()):
            if not isinstance(there, dict):
                cure = "install the same portsim there"
                raise UnavailableError(f"worker {worker} cannot say which portsim it has ({there!r}): {cure}")
            try:
                check_versions(versions(), there, f"worker {worker}")
            except WorkerError as error:
                raise UnavailableError(str(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where
        self._client.close()


def check_secure(address: str, *, insecure: bool) -> None:
    """Raise UnavailableError for an address without encryption to another machine, unless that is accepted."""
    scheme, _, rest = address.rpartition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if insecure or scheme in _ENCRYPTED or _is_loopback(host):
        return
    raise UnavailableError(
        f"{address} is neither encrypted nor on this machine: whoever reaches such a scheduler, or listens on the way, "
        "can run any code on its workers and here. Use tls:// (docs/when-one-machine-is-not-enough.md shows how), or, "
        "in a network you trust, --insecure-cluster"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(text: str) -> str:
    """The address that is meant, with its scheme; that in a scheduler file if there is one of that name."""
    if text.endswith(".json"):
        try:
            found = json.loads(Path(text).read_text("utf-8"))["address"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnavailableError(f"{text} cannot be read as the file of a scheduler: {error!r}") from None
        return str(found)
    return text if "://" in text else f"tcp://{text}"
