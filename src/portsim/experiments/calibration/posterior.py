"""Draws from the posterior: weighted draws of the prior where that is enough, else a sequential Monte Carlo sampler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.streams import words

Floats = NDArray[np.float64]

PRIOR_POINTS = 4096
PARTICLES = 1024
DRAWS = 1024
"""Draws that are handed on, of equal weight."""

ENOUGH = 400
"""From so many effective draws on, weighted draws of the prior are not improved."""

SWEEPS = 6
KEPT = 0.5
"""The figures are brought in step by step, each leaving this share of effective particles."""

PROPOSALS = 4096
POOR = 200
"""With fewer effective draws than that the particles are taken as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Draws from a posterior, each a share of every prior: 0 at its low end, 1 at its high one.

    shares : float64[draws, d], of equal weight
    effective : how many independent draws they are worth
    evidence : log of the probability of the figures before they were known
    """

    shares: Floats
    effective: float
    evidence: float


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random numbers of their own for each use."""
    return np.random.Generator(
        np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=words(("calibration", *names))))
    )


def sobol(d: int, count: int, seed: int, *names: str) -> Floats:
    """Quasi-random points that fill the unit cube: float64[count, d] (Sobol, scrambled after Owen 1998)."""
    import warnings

    from scipy.stats import qmc

    with warnings.catch_warnings():  # of a number that is no power of two: evenness is a little less then
        warnings.simplefilter("ignore", UserWarning)
        points = qmc.Sobol(d, scramble=True, seed=generator(seed, "sobol", *names)).random(count)
    return np.clip(np.asarray(points, np.float64), 1e-9, 1 - 1e-9)


def draw_posterior(
    log_likelihood: Callable[[Floats], Floats], d: int, *, seed: int, prior: tuple[Floats, Floats] | None = None
) -> Posterior:
    """Draw from the posterior over the unit cube.

    log_likelihood : at points float64[m, d]
    prior : points of the prior with their log likelihoods, where they are known already
    """
    if prior is None:
        points = sobol(d, PRIOR_POINTS, seed, "prior")
        prior = points, log_likelihood(points)
    shares, logs = prior
    effective, evidence = _effective(logs)
    if effective >= ENOUGH:
        chosen = _resample(logs, DRAWS, generator(seed, "resample"))
        return Posterior(shares[chosen], effective, evidence)
    return _sequential(log_likelihood, d, seed)


def _sequential(log_likelihood: Callable[[Floats], Floats], d: int, seed: int) -> Posterior:
    """Bring the figures in little by little (Del Moral, Doucet and Jasra 2006, JRSS B 68, 411-436), then weight draws
    from kernels laid over what came of it.

    Moves are made on the normal scores of the shares, under which the prior is a standard normal distribution.
    """
    from scipy.special import ndtr, ndtri

    random = generator(seed, "sequential")
    scores = ndtri(sobol(d, PARTICLES, seed, "particles"))
    logs = log_likelihood(ndtr(scores))
    power, evidence = 0.0, 0.0
    while power < 1:
        step = _step(logs, 1 - power)
        power += step
        evidence += _effective(step * logs)[1]
        chosen = _resample(step * logs, PARTICLES, random)
        scores, logs = scores[chosen], logs[chosen]
        root = np.linalg.cholesky(np.cov(scores.T).reshape(d, d) + 1e-10 * np.eye(d))
        reach = 2.38 / d**0.5
        for _ in range(SWEEPS):
            proposed = scores + reach * random.standard_normal(scores.shape) @ root.T
            new = log_likelihood(np.clip(ndtr(proposed), 1e-12, 1 - 1e-12))
            ratio = power * (new - logs) + 0.5 * ((scores**2).sum(axis=1) - (proposed**2).sum(axis=1))
            is_taken = np.log(random.random(len(scores))) < ratio
            scores[is_taken], logs[is_taken] = proposed[is_taken], new[is_taken]
            reach *= 1.3 if is_taken.mean() > 0.3 else 0.7 if is_taken.mean() < 0.15 else 1.0
    return _weighted(log_likelihood, scores, evidence, seed)


def _weighted(log_likelihood: Callable[[Floats], Floats], scores: Floats, evidence: float, seed: int) -> Posterior:
    """Draws from kernels around the particles, weighted to be those of the posterior; the particles themselves where
    these do not cover it well.
    """
    from scipy.spatial.distance import cdist
    from scipy.special import logsumexp, ndtr, ndtri

    count, d = scores.shape
    root = np.linalg.cholesky(np.cov(scores.T).reshape(d, d) + 1e-10 * np.eye(d))
    width = 1.2 * (4 / ((d + 2) * count)) ** (1 / (d + 4))  # the rule of thumb (Silverman 1986, eq. 4.14), and wider
    white = np.linalg.solve(root, scores.T).T
    around = white[np.arange(PROPOSALS) % count]
    moved = around + width * ndtri(sobol(d, PROPOSALS, seed, "proposals"))
    proposed = moved @ root.T
    shares = np.clip(ndtr(proposed), 1e-12, 1 - 1e-12)
    density = logsumexp(-0.5 * (cdist(moved, white) / width) ** 2, axis=1)
    logs = log_likelihood(shares) - 0.5 * (proposed**2).sum(axis=1) - density
    effective, _ = _effective(logs)
    if effective < POOR:
        return Posterior(ndtr(scores), effective, evidence)
    return Posterior(shares[_resample(logs, DRAWS, generator(seed, "resample"))], effective, evidence)


def _step(logs: Floats, most: float) -> float:
    """How far the figures may be brought in at once."""
    if _effective(most * logs)[0] >= KEPT * len(logs):
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _effective(middle * logs)[0] > KEPT * len(logs) else (low, middle)
    return max(high, 1e-12)


def _effective(logs: Floats) -> tuple[float, float]:
    """How many draws of equal weight these weights are worth (Kish), and the log of their mean."""
    from scipy.special import logsumexp

    total = float(logsumexp(logs))
    return float(np.exp(2 * total - logsumexp(2 * logs))), total - float(np.log(len(logs)))


def _resample(logs: Floats, count: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Places of draws by weight, with even spacing (systematic resampling).

    They are shuffled before: quasi-random points alternate between the halves of the cube, and even spacing would pick
    one half more often than the other.
    """
    order = random.permutation(len(logs))
    weights = np.exp(logs - logs.max())[order]
    sums = np.cumsum(weights / weights.sum())
    at = (np.arange(count) + random.random()) / count
    return np.asarray(order[np.minimum(np.searchsorted(sums, at), len(logs) - 1)], np.intp)
