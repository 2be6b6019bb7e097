"""Where the files that travel with portsim stand: scenarios and published figures."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder of files shipped under `name`, for example "scenarios" or "seeds".

    An installed wheel carries it inside the package (`portsim/data/<name>`); a checkout has it at the top. The answer
    does not depend on the working folder.
    """
    packed = _PACKAGE / "data" / name
    return packed if packed.is_dir() else _PACKAGE.parent.parent / name
