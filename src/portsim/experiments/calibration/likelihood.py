"""How likely figures are, given what replications give and how far each figure may be off.

What a port did is one draw of chance. A figure says in which range it lay: an exact count within a half, a rounded one
within what rounding hides, "more than" anywhere above; before that, counting bodies and the like are off by an error.
So every figure says that a normal variable fell into a range, and all of them together are the probability of a box,
which is worked out one figure after another (Geweke 1991, Hajivassiliou and McFadden 1998, Econometrica 66, 863-896).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from portsim.experiments.calibration.emulator import Predicted
from portsim.experiments.calibration.question import Target

Floats = NDArray[np.float64]

POINTS = 16
"""Quasi-random points over which the probability of a box is averaged; the same for every parameter point."""

NARROW = 1e-3
"""A range narrower than so many standard deviations is taken as a single value."""


def error_covariance(targets: Sequence[Target]) -> Floats:
    """What figures are off by, together, on the scales of `Target.scaled`: float64[n, n].

    Those of one body share the error of its counting.
    """
    n = len(targets)
    covariance = np.zeros((n, n))
    for i, one in enumerate(targets):
        covariance[i, i] += one.off(one.error.counting) ** 2 + one.off(one.error.spread) ** 2
        for k, other in enumerate(targets[:i]):
            if one.error.body is not None and one.error.body == other.error.body:
                shared = one.off(one.error.counting) * other.off(other.error.counting)
                covariance[i, k] = covariance[k, i] = shared
    return covariance


def log_likelihood(targets: Sequence[Target], predicted: Sequence[Predicted], correlation: Floats) -> Floats:
    """Log of the probability of all figures at each point: float64[points].

    predicted : of each target; correlation : float64[n, n], of chance between the targets within a replication
    """
    mean = np.stack([one.mean for one in predicted], axis=1)
    chance = np.stack([one.chance for one in predicted], axis=1)
    unsure = np.stack([one.error for one in predicted], axis=1)
    covariance = chance[:, :, None] * chance[:, None, :] * correlation + error_covariance(targets)
    n = len(targets)
    covariance[:, np.arange(n), np.arange(n)] += unsure**2 + 1e-12 * (1 + mean**2)
    ranges = np.array([one.interval for one in targets], dtype=np.float64).reshape(n, 2)
    spread = np.sqrt(np.median(covariance[:, np.arange(n), np.arange(n)], axis=0))
    width = np.diff(ranges, axis=1)[:, 0] / spread
    order = np.argsort(width, kind="stable")
    return _box(
        mean[:, order],
        covariance[:, order][:, :, order],
        ranges[order, 0],
        ranges[order, 1],
        width[order] < NARROW,
    )


def _box(mean: Floats, covariance: Floats, low: Floats, high: Floats, is_value: NDArray[np.bool_]) -> Floats:
    """Log of the probability (of the density where a range is a value) of a box, at each point."""
    from scipy.special import logsumexp, ndtri
    from scipy.stats import qmc

    points, n = mean.shape
    root = np.linalg.cholesky(covariance)
    open_ = int(np.count_nonzero(~is_value))
    count = POINTS if open_ > 1 else 1
    uniforms = qmc.Halton(max(n, 1), scramble=False).random(count + 1)[1:]
    drawn = np.zeros((points, count, n))
    total = np.zeros((points, count))
    for place in range(n):
        size = root[:, place, place][:, None]
        before = mean[:, place][:, None] + np.einsum("pck,pk->pc", drawn[:, :, :place], root[:, place, :place])
        if is_value[place]:
            score = ((low[place] + high[place]) / 2 - before) / size
            total += -0.5 * score**2 - np.log(size)
            drawn[:, :, place] = score
            continue
        start, end = (low[place] - before) / size, (high[place] - before) / size
        # Where the range lies above the mean both ends change sign, so that no tail is lost.
        is_above = start + end > 0
        lower, upper = np.where(is_above, -end, start), np.where(is_above, -start, end)
        log_lower, log_upper = _log_cdf(lower), _log_cdf(upper)
        share = np.maximum(-np.expm1(np.minimum(log_lower - log_upper, 0.0)), 1e-300)
        total += log_upper + np.log(share)
        if place < n - 1:
            at = np.exp(log_upper) * (1 - share * (1 - uniforms[:, place]))
            inner = ndtri(np.clip(at, 1e-300, 1 - 1e-16))
            inner = np.clip(inner, np.maximum(lower, -37.0), np.maximum(upper, -37.0))
            drawn[:, :, place] = np.where(is_above, -inner, inner)
    return np.asarray(logsumexp(total, axis=1) - np.log(count))


def _log_cdf(score: Floats) -> Floats:
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(score))
