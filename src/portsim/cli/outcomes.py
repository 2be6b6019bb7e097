"""What is shown of a result once there is one, and what the command ends with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from portsim.cli import streams
from portsim.cli.app import Exit
from portsim.errors import WorkerError
from portsim.tables import Line, Table

CONTINUE = "what is done is kept in {folder}: the same command with --resume continues it"


class _Readable(Protocol):
    """A result that can be read, or handed on as an object."""

    def to_dict(self) -> dict[str, Any]: ...

    def blocks(self) -> list[Line | Table]: ...


class _Warning(Protocol):
    """A result with what to know before it is used."""

    @property
    def warnings(self) -> tuple[str, ...]: ...


class _Ended(Protocol):
    """A result that says whether it was played to its end."""

    @property
    def stopped(self) -> str | None: ...

    @property
    def is_interrupted(self) -> bool: ...


def show(result: _Readable, *, as_json: bool) -> None:
    """The result on stdout."""
    if as_json:
        streams.write(json.dumps(result.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        streams.show(result.blocks())


def tell(result: _Warning, folder: Path | None, *, is_quiet: bool) -> None:
    """Its warnings, and where it was written, on stderr."""
    if is_quiet:
        return
    for warning in result.warnings:
        streams.say(f"warning: {warning}")
    if folder is not None:
        streams.say(f"written to {folder}")


def ending(result: _Ended, failures: Callable[[], Sequence[str]]) -> Exit:
    """What the command ends with.

    failures : what to say of each condition that holds; asked only of a result that was played to its end
    """
    if result.is_interrupted:
        return Exit.INTERRUPTED
    if result.stopped is not None:
        return Exit.STOPPED
    held = failures()
    for text in held:
        streams.say(f"failed: {text}")
    return Exit.FAILED if held else Exit.DONE


@contextmanager
def hint(folder: Path | None, kept: str, *, is_quiet: bool) -> Iterator[None]:
    """Say, where the work ends in an error, that the folder keeps what is done.

    kept : the file that stands in the folder from when on there is something to continue
    """
    try:
        yield
    except (OSError, WorkerError, KeyboardInterrupt):
        if folder is not None and not is_quiet and (folder / kept).is_file():
            streams.say(CONTINUE.format(folder=folder))
        raise
