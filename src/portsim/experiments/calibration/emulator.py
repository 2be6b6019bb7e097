"""What a replication would give at a point nobody played: its mean, how sure that is, and how far chance takes it.

A Gaussian process with a linear trend and a Matern 5/2 kernel (Rasmussen and Williams 2006, Gaussian Processes for
Machine Learning, eqs. 2.41-2.42 and 4.17), whose noise is the chance between replications. Its size may change over the
parameters (as the logarithm of a plane), and points played with the same replication share a part of it: common random
numbers, a random effect of the replication.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JITTER = 1e-8
ITERATIONS = 60
_ROOT5 = 5**0.5


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """One output at many points, each float64[points].

    mean : of a replication there; error : standard deviation of what is known of the mean; chance : standard deviation
    of a replication around it
    """

    mean: Floats
    error: Floats
    chance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Emulator:
    """One output of a replication over the parameters, learnt from some that were played.

    x : float64[n, d], where they were played; residual : float64[n], what is not explained there by the mean, in
    standard deviations of chance; stretch : by how much these are widened, so that points are foretold from the others
    as surely as it says
    """

    x: Floats
    centre: float
    scale: float
    trend: Floats
    lengths: Floats
    amplitude: float
    noise: Floats
    inverse: Floats
    alpha: Floats
    residual: Floats
    trend_inverse: Floats
    stretch: float

    @classmethod
    def learn(cls, x: Floats, replication: Ints, y: Floats) -> Emulator:
        """Learn from what replications gave: x float64[n, d], replication int64[n], y float64[n].

        Its sizes are the most likely ones under weak priors.
        """
        from scipy.optimize import minimize

        centre, scale = float(y.mean()), float(y.std())
        if scale <= 1e-12 * max(abs(centre), 1.0):
            scale = 1.0
        data = _Data(x, replication, (y - centre) / scale)
        start = np.concatenate([np.zeros(data.d), [np.log(0.5), np.log(0.3)], np.zeros(data.d), [0.0]])
        found = minimize(
            data.cost, start, jac=True, method="L-BFGS-B", bounds=data.bounds, options={"maxiter": ITERATIONS}
        )
        return data.emulator(found.x, centre, scale)

    def predict(self, x: Floats) -> Predicted:
        """At points x, float64[m, d]."""
        near = self.amplitude * _matern(_distance(x, self.x, self.lengths))
        basis = _basis(x)
        mean = basis @ self.trend + near @ self.alpha
        weights = near @ self.inverse
        # What is not known of the trend adds to the variance (Rasmussen and Williams, eq. 2.42).
        rest = basis - weights @ _basis(self.x)
        variance = (
            self.amplitude
            - np.einsum("ij,ij->i", weights, near)
            + np.einsum("ij,jk,ik->i", rest, self.trend_inverse, rest)
        )
        chance = np.exp(self.noise[0] + (x - 0.5) @ self.noise[1:])
        size = self.scale * self.stretch
        return Predicted(self.centre + self.scale * mean, size * np.sqrt(np.maximum(variance, 0.0)), size * chance)


class _Data:
    """What an emulator is learnt from, and how likely it is given the sizes of one.

    The sizes are the logarithms of d lengths, of the amplitude (a variance) and of the noise (a standard deviation), d
    slopes of the latter, and the logit of the share of the noise's variance that belongs to the replication.
    """

    def __init__(self, x: Floats, replication: Ints, y: Floats) -> None:
        self.x, self.y = x, y
        self.n, self.d = x.shape
        self.basis = _basis(x)
        self.same = (replication[:, None] == replication[None, :]).astype(np.float64)
        self.squares = (x[:, None, :] - x[None, :, :]) ** 2
        self.slopes = (x - 0.5)[:, None, :] + (x - 0.5)[None, :, :]
        d = self.d
        self.prior_mean = np.concatenate([np.full(d, 0.3), [np.log(0.3), np.log(0.2)], np.zeros(d), [0.0]])
        self.prior_sd = np.concatenate([np.full(d, 1.0), [2.0, 3.0], np.full(d, 1.5), [1.5]])
        self.bounds = [(-3.0, 4.0)] * d + [(-12.0, 5.0), (-9.0, 2.0)] + [(-6.0, 6.0)] * d + [(-6.0, 6.0)]

    def parts(self, sizes: Floats) -> tuple[Floats, Floats, Floats, float]:
        """Kernel, distance, noise of same-replication pairs, and the share of it that the replication has."""
        d = self.d
        distance = np.sqrt(np.maximum(self.squares @ np.exp(-2 * sizes[:d]), 0.0))
        kernel = np.exp(sizes[d]) * _matern(distance)
        chance = np.exp(sizes[d + 1] + (self.x - 0.5) @ sizes[d + 2 : 2 * d + 2])
        share = 1 / (1 + np.exp(-sizes[-1]))
        return kernel, distance, np.outer(chance, chance), float(share)

    def cost(self, sizes: Floats) -> tuple[float, Floats]:
        """Minus the log of the likelihood, the trend at its best, and of the prior; and its gradient."""
        from scipy.linalg import cho_factor, cho_solve

        d = self.d
        kernel, distance, pairs, share = self.parts(sizes)
        mixed = share * self.same
        np.fill_diagonal(mixed, 1.0)
        noise = pairs * mixed
        factor = cho_factor(kernel + noise + JITTER * np.eye(self.n), lower=True)
        inverse = cho_solve(factor, np.eye(self.n))
        trend = np.linalg.solve(self.basis.T @ inverse @ self.basis, self.basis.T @ inverse @ self.y)
        rest = self.y - self.basis @ trend
        alpha = inverse @ rest
        scores = (sizes - self.prior_mean) / self.prior_sd
        value = 0.5 * float(rest @ alpha) + float(np.log(np.diag(factor[0])).sum()) + 0.5 * float(scores @ scores)
        weight = 0.5 * (inverse - np.outer(alpha, alpha))
        slope = np.exp(sizes[d]) * (5 / 3) * (1 + _ROOT5 * distance) * np.exp(-_ROOT5 * distance)
        by_length = np.einsum("ij,ijk->k", weight * slope, self.squares) * np.exp(-2 * sizes[:d])
        by_slope = np.einsum("ij,ijk->k", weight * noise, self.slopes)
        off = self.same - np.eye(self.n)
        gradient = np.concatenate(
            [
                by_length,
                [float((weight * kernel).sum()), 2 * float((weight * noise).sum())],
                by_slope,
                [float((weight * pairs * off).sum()) * share * (1 - share)],
            ]
        )
        return value, gradient + scores / self.prior_sd

    def emulator(self, sizes: Floats, centre: float, scale: float) -> Emulator:
        """The emulator of these sizes."""
        d = self.d
        kernel, _, pairs, share = self.parts(sizes)
        mixed = share * self.same
        np.fill_diagonal(mixed, 1.0)
        inverse = np.linalg.inv(kernel + pairs * mixed + JITTER * np.eye(self.n))
        trend_inverse = np.linalg.inv(self.basis.T @ inverse @ self.basis)
        trend = trend_inverse @ (self.basis.T @ inverse @ self.y)
        alpha = inverse @ (self.y - self.basis @ trend)
        left = self.y - self.basis @ trend - kernel @ alpha
        # Each point foretold from the others: the most likely sizes fit those they were found from a little too well.
        unforetold = alpha**2 / np.diag(inverse)
        return Emulator(
            x=self.x,
            centre=centre,
            scale=scale,
            trend=trend,
            lengths=np.exp(sizes[:d]),
            amplitude=float(np.exp(sizes[d])),
            noise=np.concatenate([[sizes[d + 1]], sizes[d + 2 : 2 * d + 2]]),
            inverse=inverse,
            alpha=alpha,
            residual=left / np.sqrt(np.diag(pairs)),
            trend_inverse=np.asarray(trend_inverse, np.float64),
            stretch=max(1.0, float(np.sqrt(unforetold.mean()))),
        )


def _basis(x: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x - 0.5])


def _distance(first: Floats, second: Floats, lengths: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(first / lengths, second / lengths))


def _matern(distance: Floats) -> Floats:
    return np.asarray((1 + _ROOT5 * distance + 5 / 3 * distance**2) * np.exp(-_ROOT5 * distance))
