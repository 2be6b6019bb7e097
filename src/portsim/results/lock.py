"""One run at a time in a folder: who writes there holds its lock, and a run that died holds nothing.

The operating system keeps the lock and lets go of it when the process ends, however it ends. What stands in the file
says who holds it, to whoever comes second.
"""

from __future__ import annotations

import errno
import json
import os
import pathlib
import socket
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

from portsim.errors import Place, Problem, ScenarioError

FILE = "run.lock"

_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_FAR = 1 << 30
"""Windows locks bytes; this one is none of those that say who holds the lock."""


class FolderLock:
    """The lock of a folder, held until it is released."""

    def __init__(self, path: pathlib.Path, handle: int) -> None:
        self._path = path
        self._handle: int | None = handle

    @classmethod
    def take(cls, folder: pathlib.Path) -> Self:
        """Take the lock of a folder that is there; one that a run left behind when it died is taken over.

        Raises ScenarioError, saying who holds it, if another run does; OSError.
        """
        path = folder / FILE
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                is_kept = _lock(handle)
                if not _is_at(path, handle):  # whoever held it has just removed the file
                    os.close(handle)
                    continue
                holder = _holder(handle)
                if not is_kept and holder is not None and _may_be_alive(holder):
                    cure = f"remove {path} if it is gone, as locks do not work on this file system"
                    raise _taken(folder, holder, f"wait for it, give another folder, or {cure}")
                _sign(handle)
            except _TakenError:
                holder = _holder(handle)
                os.close(handle)
                raise _taken(folder, holder, "wait for it, or give another folder") from None
            except BaseException:
                os.close(handle)
                raise
            return cls(path, handle)

    def release(self) -> None:
        """Let go of it and remove its file; nothing if that is done."""
        if self._handle is None:
            return
        with suppress(OSError):
            if os.name != "nt":
                self._path.unlink(missing_ok=True)  # while it is held, so that nobody takes what is removed
        os.close(self._handle)
        self._handle = None
        with suppress(OSError):
            if os.name == "nt":
                self._path.unlink(missing_ok=True)


class _TakenError(Exception):
    """Another process holds the lock."""


def _lock(handle: int) -> bool:
    """Have the system keep the lock; False if this file system keeps none."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            raise _TakenError from None
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            return False
        raise
    return True


def _is_at(path: pathlib.Path, handle: int) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    since = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}"
    text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}) + "\n"
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text.encode())


def _holder(handle: int) -> dict[str, Any] | None:
    """What stands in the file; None if that is not to be read."""
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        value = json.loads(os.read(handle, 4096))
    except (OSError, ValueError):
        return None
    is_whole = isinstance(value, dict) and {"pid", "host", "since"} <= value.keys() and isinstance(value["pid"], int)
    return value if is_whole else None


def _may_be_alive(holder: dict[str, Any]) -> bool:
    if holder["host"] != socket.gethostname():
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _taken(folder: pathlib.Path, holder: dict[str, Any] | None, cure: str) -> ScenarioError:
    who = f"process {holder['pid']} on {holder['host']}, since {holder['since']}" if holder else "another process"
    message = f"is being written by another run ({who}): {cure}"
    return ScenarioError([Problem(Place(str(folder), 0, 0), "", message)])
