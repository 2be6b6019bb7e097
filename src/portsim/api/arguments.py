"""Arguments that may be one thing or several."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any


def several(given: str | os.PathLike[str] | Iterable[Any]) -> list[Any]:
    """What is given: a single text or path is one of them, not its letters."""
    return [given] if isinstance(given, str | os.PathLike) else list(given)
