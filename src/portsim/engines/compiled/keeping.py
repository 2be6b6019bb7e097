"""Where the compiled kernel is kept for later runs.

Numba looks at the file of a function when it decides whether what it has kept is still good, not at the files of what
the function calls. So the folder is named by a hash of everything the kernel is made of; another version of portsim,
numba or Python looks elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

PREFIX = "kernel-"

MOST_OTHERS = 3
"""So many kernels of other versions are left, a quarter of a MB each."""


def folder() -> Path:
    """The folder of this kernel; it need not exist yet."""
    return _parent() / f"{PREFIX}{_hash()}"


def prepare() -> Path:
    """The folder of this kernel, there and writable; OSError if it cannot be."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    os.utime(place)
    with tempfile.TemporaryFile(dir=place):
        return place


def is_kept() -> bool:
    """Whether a kernel has been kept."""
    try:
        return any(folder().rglob("*.nbi"))
    except (OSError, RuntimeError):  # not to be read, or nobody's home
        return False


def remove_oldest() -> None:
    """Remove what other versions have kept, but for those used last; what cannot be removed stays.

    Several versions may be at home on one machine: each in an environment of its own, taking turns.
    """
    others = [place for place in _parent().glob(f"{PREFIX}*") if place != folder()]
    for place in sorted(others, key=_last_used)[: -MOST_OTHERS or None]:
        shutil.rmtree(place, ignore_errors=True)


def _last_used(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except OSError:
        return 0.0


def _parent() -> Path:
    """Numba's own folder if the user has named one, else the folder for caches of the system."""
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named) / "portsim"
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        caches = "~/Library/Caches"
    else:
        caches = os.environ.get("XDG_CACHE_HOME")
    return Path(caches or "~/.cache").expanduser() / "portsim"


@cache
def _hash() -> str:
    here = Path(__file__).parent
    model = here.parent.parent / "model"
    digest = hashlib.sha256()
    for source in (*sorted(here.glob("*.py")), model / "network.py", model / "records.py", here.parent / "limits.py"):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    made_by = (sys.version, platform.machine(), version("numba"), version("llvmlite"))
    digest.update("\0".join(made_by).encode())
    return digest.hexdigest()[:16]
