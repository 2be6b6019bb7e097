"""Files, and folders of them, that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
from collections.abc import Iterable

CHUNK = 1 << 20
PARTIAL = ".partial"
"""End of the hidden names under which what is not whole yet stands."""


def write_whole(path: pathlib.Path, pieces: Iterable[bytes], *, is_in_whole_folder: bool = False) -> str:
    """Write a file so that it is there complete or not at all, even if the machine stops; return its sha256, hex.

    The pieces go to a hidden file in the same folder, which takes the place of `path` once it is safely on disk;
    on any error it is removed and the error goes on (OSError for a full disk or a folder that cannot be written).

    is_in_whole_folder : whether the folder itself is not there before `move_whole`, which makes its entries safe
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
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
    if not is_in_whole_folder:
        settle(path.parent)
    return digest.hexdigest()


def move_whole(folder: pathlib.Path, target: pathlib.Path) -> None:
    """Give a folder, whose files are safe on disk, its name; there must be nothing of that name. OSError."""
    settle(folder)
    folder.rename(target)
    settle(target.parent)


def remove_partial(folder: pathlib.Path) -> None:
    """Remove what a process that died was writing in a folder; OSError."""
    for path in folder.glob(f".*{PARTIAL}"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def settle(folder: pathlib.Path) -> None:
    """Make the folder's own entries safe on disk, where folders can be opened (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
