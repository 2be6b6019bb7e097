"""Durations from uniforms, by inverse distribution functions: one uniform gives one duration.

A larger uniform never gives a shorter duration, so two plans that change a service time keep each unit's luck.
Sources: Devroye, "Non-Uniform Random Variate Generation" (1986), chapter II.2 for inversion and its table of inverses;
Law, "Simulation Modeling and Analysis" (5th ed.), section 6.2.2 for the parametrisations.

Rule for absurd values: a drawn duration lasts at most `LONGEST_MS`, ten years. It keeps every tick far inside 64 bits
whatever the coefficient of variation, and no port study notices it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from portsim.scenario.levels import DAY_MS, Distribution

LONGEST_MS = 3_653 * DAY_MS
"""Longest duration a draw can give: ten years."""

NO_SPREAD = 1e-12
"""Below this coefficient of variation the mean itself is used: even of the longest mean it moves no whole ms."""


def durations(distribution: Distribution, uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole milliseconds at these uniforms: int64[n], 0 <= duration <= LONGEST_MS, rounded half to even."""
    value = quantiles(distribution, uniforms)
    return np.rint(value, out=value).astype(np.int64)


def quantiles(distribution: Distribution, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Durations in ms before rounding: float64[n], the inverse distribution function at 0 <= u < 1."""
    p = distribution.params
    value: NDArray[np.float64]
    match distribution.kind:
        case "fixed":
            value = np.full(uniforms.shape, float(p["value"]))
        case "uniform":
            value = p["low"] + (p["high"] - p["low"]) * uniforms
        case "triangular":
            value = _triangular(float(p["low"]), float(p["mode"]), float(p["high"]), uniforms)
        case "exponential":
            value = exponential(uniforms)
            value *= p["mean"]
        case "erlang":
            value = _gamma(float(p["mean"]), float(p["shape"]), uniforms)
        case "gamma":
            value = gamma(float(p["mean"]), float(p["cv"]), uniforms)
        case "lognormal":
            value = _lognormal(float(p["mean"]), float(p["cv"]), uniforms)
        case "weibull":
            value = _weibull(float(p["mean"]), float(p["shape"]), uniforms)
        case "empirical":
            values = np.sort(np.asarray(p["values"], dtype=np.float64))
            # (1 - 2^-53) * n always rounds below n, so the index needs no guard.
            value = values[(uniforms * values.size).astype(np.int64)]
    return np.minimum(value, float(LONGEST_MS), out=value)


def exponential(uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponential numbers of mean 1: -ln(1 - u), exact also for small u."""
    value = np.negative(uniforms)
    np.log1p(value, out=value)
    return np.negative(value, out=value)


def gamma(mean: float, cv: float, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gamma numbers by mean and coefficient of variation: shape 1 / cv^2, scale mean * cv^2 (Law, section 6.2.2)."""
    if cv < NO_SPREAD:
        return np.full(uniforms.shape, mean)
    return _gamma(mean, cv**-2, uniforms)


def _gamma(mean: float, shape: float, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gamma numbers by mean and shape (an Erlang distribution where the shape is whole): DLMF 8.2.4 inverted."""
    if shape == 1.0:
        return mean * exponential(uniforms)
    from scipy.special import gammaincinv

    value: NDArray[np.float64] = gammaincinv(shape, uniforms) * (mean / shape)
    return value


def _lognormal(mean: float, cv: float, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(mu + sigma z) with sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2 / 2 (Law, section 6.2.2)."""
    if cv < NO_SPREAD:
        return np.full(uniforms.shape, mean)
    from scipy.special import ndtri

    variance = math.log1p(cv * cv)
    value: NDArray[np.float64] = np.exp(math.log(mean) - variance / 2 + math.sqrt(variance) * ndtri(uniforms))
    return value


def _weibull(mean: float, shape: float, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """scale * (-ln(1 - u))^(1 / shape) with scale = mean / Gamma(1 + 1 / shape) (Law, section 6.2.2).

    In logarithms and capped there: the power of a small shape leaves the range of a float.
    """
    log_scale = math.log(mean) - math.lgamma(1 + 1 / shape)
    with np.errstate(divide="ignore"):  # u = 0 has logarithm -inf and gives exactly 0
        log_value = log_scale + np.log(exponential(uniforms)) / shape
    return np.exp(np.minimum(log_value, math.log(LONGEST_MS)))


def _triangular(low: float, mode: float, high: float, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two square-root branches that meet at the mode (Law, section 6.2.2)."""
    width = high - low
    if width == 0:
        return np.full(uniforms.shape, low)
    rising = low + np.sqrt(uniforms * width * (mode - low))
    falling = high - np.sqrt((1 - uniforms) * width * (high - mode))
    return np.where(uniforms < (mode - low) / width, rising, falling)
