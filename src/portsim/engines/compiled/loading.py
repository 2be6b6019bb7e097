"""Loads the kernel, or compiles it: the one door through which Python enters it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from numba import __version__, config, types
from numba.core.errors import NumbaError

from portsim.errors import UnavailableError


def kernel_in(folder: Path) -> Callable[[int, int], int]:
    """The kernel's entry, ready to be called; numba keeps it in this folder.

    Numba reads where to keep a function when the function is defined; a user's own functions are left where they are.
    """
    if config.DISABLE_JIT:
        raise UnavailableError("the compiled engine cannot run while NUMBA_DISABLE_JIT is set: unset it")
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        from portsim.engines.compiled.compiling import compile_whole
        from portsim.engines.compiled.port import play
    finally:
        config.CACHE_DIR = before
    try:
        compile_whole(play, (types.int64, types.int64))
    except NumbaError as error:
        raise UnavailableError(f"numba {__version__} does not compile the kernel: install another version") from error
    return play
