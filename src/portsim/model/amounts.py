"""How many persons, goods or passengers each unit has, from one uniform number each."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from portsim.model.distributions import gamma
from portsim.scenario.levels import Amount


def draw_amounts(amount: Amount, uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
    """A whole number for each of these uniforms: int64[n]."""
    if amount.span is not None:
        low, high = amount.span
        return low + np.minimum((uniforms * (high - low + 1)).astype(np.int64), high - low)
    if amount.cv is not None:
        return np.rint(gamma(amount.mean, amount.cv, uniforms)).astype(np.int64)
    whole = math.floor(amount.mean)
    if amount.is_certain:
        return np.full(uniforms.size, whole, np.int64)
    number: NDArray[np.int64] = whole + (uniforms < amount.mean - whole).astype(np.int64)
    return number
