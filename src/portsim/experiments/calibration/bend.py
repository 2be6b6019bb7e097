"""Where an output bends: two planes that meet, as the count of a port follows its demand up to what it can do and then
its capacity.

Fitted by turns, points to planes and planes to points (max-affine regression; Magnani and Boyd 2009, Optimization and
Engineering 10, 1-17), from several first divisions of the points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TURNS = 25
DIVISIONS = (0.25, 0.5, 0.75)
"""Shares of the points on one side of a first division, along each parameter and along the slope."""


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """The lower or the upper of two planes.

    planes : float64[2, 1 + d], value in the middle of the cube and slopes
    is_lower : whether the lower of the two holds everywhere, else the upper
    width : standard deviation of what is left of an output beside them
    """

    planes: Floats
    is_lower: bool
    width: float

    def value(self, x: Floats) -> Floats:
        """At points float64[m, d]."""
        both = linear(x) @ self.planes.T
        return np.asarray(both.min(axis=1) if self.is_lower else both.max(axis=1))

    def side(self, x: Floats) -> Floats:
        """On which of the two it lies, from -1 to 1, turning over where they meet: float64[m]."""
        first, second = (linear(x) @ self.planes.T).T
        apart = second - first if self.is_lower else first - second
        return np.asarray(np.tanh(apart / self.width))


def linear(x: Floats) -> Floats:
    """A constant and each coordinate from the middle on: float64[m, 1 + d]."""
    return np.column_stack([np.ones(len(x)), x - 0.5])


def find_bend(x: Floats, y: Floats) -> Bend | None:
    """The bend that explains the most of y over one plane; None where that is no more than chance would give.

    By the criterion of Schwarz (1978, Annals of Statistics 6, 461-464), for the parameters of the second plane.
    """
    n, d = x.shape
    basis = linear(x)
    flat, left = _plane(basis, y)
    best: tuple[float, Bend | None] = (left, None)
    for along in [*np.eye(d), flat[1:]]:
        score = x @ along
        for share in DIVISIONS:
            is_first = score > np.quantile(score, share)
            for is_lower in (True, False):
                found = _fitted(basis, y, is_first, is_lower)
                if found is not None and found[0] < best[0]:
                    best = found
    if best[1] is None or n * np.log(left / max(best[0], 1e-300)) <= (d + 2) * np.log(n):
        return None
    return best[1]


def _fitted(basis: Floats, y: Floats, is_first: NDArray[np.bool_], is_lower: bool) -> tuple[float, Bend] | None:
    """What is left of y, squared and summed, and the bend; None where one plane is left with hardly a point."""
    least = basis.shape[1] + 2
    for _ in range(TURNS):
        if min(np.count_nonzero(is_first), np.count_nonzero(~is_first)) < least:
            return None
        planes = np.stack([_plane(basis[part], y[part])[0] for part in (is_first, ~is_first)])
        both = basis @ planes.T
        now = both[:, 0] < both[:, 1] if is_lower else both[:, 0] > both[:, 1]
        if np.array_equal(now, is_first):
            break
        is_first = now
    rest = y - (both.min(axis=1) if is_lower else both.max(axis=1))
    return float(rest @ rest), Bend(planes, is_lower, max(float(rest.std()), 1e-9))


def _plane(basis: Floats, y: Floats) -> tuple[Floats, float]:
    plane = np.linalg.lstsq(basis, y, rcond=None)[0]
    rest = y - basis @ plane
    return np.asarray(plane, np.float64), float(rest @ rest)
