"""How many passengers each vehicle brings, and which rows of their flow's streams they read.

Passengers are counted over all vehicles in order of their k, those that stay away included: a vehicle that stays away
takes its passengers along and moves nobody else's to another row.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from portsim.model.distributions import gamma
from portsim.scenario.arrivals import AboardArrivals


def numbers_aboard(arrivals: AboardArrivals, uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many are aboard each vehicle, from one uniform each: int64[vehicles]."""
    if arrivals.cv is not None:
        return np.rint(gamma(arrivals.mean, arrivals.cv, uniforms)).astype(np.int64)
    whole = math.floor(arrivals.mean)
    number: NDArray[np.int64] = whole + (uniforms < arrivals.mean - whole).astype(np.int64)
    return number


def rows_aboard(numbers: NDArray[np.int64], k: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(place in `k` of the vehicle, row) of each passenger of these vehicles: int64[passengers] each.

    numbers : int64[m], how many are aboard vehicles 0 .. m - 1
    k : int64[v], ascending, rows of the vehicles, each below m
    """
    aboard = numbers[k]
    before = np.cumsum(numbers) - numbers
    vehicle = np.repeat(np.arange(k.size), aboard)
    seat = np.arange(vehicle.size) - (np.cumsum(aboard) - aboard)[vehicle]
    return vehicle, before[k][vehicle] + seat
