"""How many passengers each vehicle brings, and which rows of their flow's streams they read.

Passengers are counted over all vehicles in order of their k, those that stay away included: a vehicle that stays away
takes its passengers along and moves nobody else's to another row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
