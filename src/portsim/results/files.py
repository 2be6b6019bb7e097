"""Files written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import pathlib
from collections.abc import Iterable


def write_whole(path: pathlib.Path, pieces: Iterable[bytes]) -> str:
    """Write a file so that it is there complete or not at all, even if the machine stops; return its sha256, hex.

    The pieces go to a hidden file in the same folder, which takes the place of `path` once it is safely on disk;
    on any error it is removed and the error goes on (OSError for a full disk or a folder that cannot be written).
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    digest = hashlib.sha256()
    try:
        with open(partial, "wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _settle(path.parent)
    return digest.hexdigest()


def _settle(folder: pathlib.Path) -> None:
    """Make the folder's own entries safe on disk, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
