"""Numbers as JSON has them."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any) -> Any:
    """The value, None for a number that is undefined."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
