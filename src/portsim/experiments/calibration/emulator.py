"""What a replication would give at a point nobody played: its mean, how sure that is, and how far chance takes it.

A Gaussian process with a linear trend, bent where the output is, and a Matern 5/2 kernel (Rasmussen and Williams 2006,
Gaussian Processes for Machine Learning, eqs. 2.41-2.42 and 4.17), whose noise is the chance between replications. Its
size may change over the parameters: its logarithm with each coordinate, its square and the side of the bend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.experiments.calibration.bend import Bend, find_bend, linear

Floats = NDArray[np.float64]

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
    bend: Bend | None

    @classmethod
    def learn(cls, x: Floats, y: Floats) -> Emulator:
        """Learn from what replications gave, each of its own chance: x float64[n, d], y float64[n].

        Its sizes are the most likely ones under weak priors.
        """
        from scipy.optimize import minimize

        centre, scale = float(y.mean()), float(y.std())
        if scale <= 1e-12 * max(abs(centre), 1.0):
            scale = 1.0
        data = _Data(x, (y - centre) / scale, find_bend(x, (y - centre) / scale))
        k = data.shape.shape[1]
        start = np.concatenate([np.zeros(data.d), [np.log(0.5), np.log(0.3)], np.zeros(k)])
        found = minimize(
            data.cost, start, jac=True, method="L-BFGS-B", bounds=data.bounds, options={"maxiter": ITERATIONS}
        )
        return data.emulator(found.x, centre, scale)

    def predict(self, x: Floats) -> Predicted:
        """At points x, float64[m, d]."""
        near = self.amplitude * _matern(_distance(x, self.x, self.lengths))
        basis = _basis(x, self.bend)
        mean = basis @ self.trend + near @ self.alpha
        weights = near @ self.inverse
        # What is not known of the trend adds to the variance (Rasmussen and Williams, eq. 2.42).
        rest = basis - weights @ _basis(self.x, self.bend)
        variance = (
            self.amplitude
            - np.einsum("ij,ij->i", weights, near)
            + np.einsum("ij,jk,ik->i", rest, self.trend_inverse, rest)
        )
        chance = np.exp(self.noise[0] + _shape_of_noise(x, self.bend) @ self.noise[1:])
        size = self.scale * self.stretch
        return Predicted(self.centre + self.scale * mean, size * np.sqrt(np.maximum(variance, 0.0)), size * chance)


class _Data:
    """What an emulator is learnt from, and how likely it is given the sizes of one.

    The sizes are the logarithms of d lengths, of the amplitude (a variance) and of the noise (a standard deviation),
    then how much the latter follows each part of `_shape_of_noise`.
    """

    def __init__(self, x: Floats, y: Floats, bend: Bend | None) -> None:
        self.x, self.y, self.bend = x, y, bend
        self.n, self.d = x.shape
        self.basis = _basis(x, bend)
        self.squares = (x[:, None, :] - x[None, :, :]) ** 2
        self.shape = _shape_of_noise(x, bend)
        d, k = self.d, self.shape.shape[1]
        self.prior_mean = np.concatenate([np.full(d, 0.3), [np.log(0.3), np.log(0.2)], np.zeros(k)])
        self.prior_sd = np.concatenate([np.full(d, 1.0), [2.0, 3.0], np.full(k, 1.5)])
        self.bounds = [(-3.0, 4.0)] * d + [(-12.0, 5.0), (-9.0, 2.0)] + [(-6.0, 6.0)] * k

    def parts(self, sizes: Floats) -> tuple[Floats, Floats, Floats]:
        """Kernel, distance, and the variance of chance at each point."""
        d = self.d
        distance = np.sqrt(np.maximum(self.squares @ np.exp(-2 * sizes[:d]), 0.0))
        kernel = np.exp(sizes[d]) * _matern(distance)
        return kernel, distance, np.exp(2 * (sizes[d + 1] + self.shape @ sizes[d + 2 :]))

    def cost(self, sizes: Floats) -> tuple[float, Floats]:
        """Minus the log of the likelihood, the trend at its best, and of the prior; and its gradient."""
        from scipy.linalg import cho_factor, cho_solve

        d = self.d
        kernel, distance, noise = self.parts(sizes)
        factor = cho_factor(kernel + np.diag(noise + JITTER), lower=True)
        inverse = cho_solve(factor, np.eye(self.n))
        trend = np.linalg.solve(self.basis.T @ inverse @ self.basis, self.basis.T @ inverse @ self.y)
        rest = self.y - self.basis @ trend
        alpha = inverse @ rest
        scores = (sizes - self.prior_mean) / self.prior_sd
        value = 0.5 * float(rest @ alpha) + float(np.log(np.diag(factor[0])).sum()) + 0.5 * float(scores @ scores)
        weight = 0.5 * (inverse - np.outer(alpha, alpha))
        slope = np.exp(sizes[d]) * (5 / 3) * (1 + _ROOT5 * distance) * np.exp(-_ROOT5 * distance)
        by_length = np.einsum("ij,ijk->k", weight * slope, self.squares) * np.exp(-2 * sizes[:d])
        of_noise = np.diag(weight) * noise
        gradient = np.concatenate(
            [by_length, [float((weight * kernel).sum()), 2 * float(of_noise.sum())], 2 * (of_noise @ self.shape)]
        )
        return value, gradient + scores / self.prior_sd

    def emulator(self, sizes: Floats, centre: float, scale: float) -> Emulator:
        """The emulator of these sizes."""
        d = self.d
        kernel, _, noise = self.parts(sizes)
        inverse = np.asarray(np.linalg.inv(kernel + np.diag(noise + JITTER)), np.float64)
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
            noise=sizes[d + 1 :],
            inverse=inverse,
            alpha=alpha,
            residual=left / np.sqrt(noise),
            trend_inverse=np.asarray(trend_inverse, np.float64),
            stretch=max(1.0, float(np.sqrt(unforetold.mean()))),
            bend=self.bend,
        )


def _basis(x: Floats, bend: Bend | None) -> Floats:
    return linear(x) if bend is None else np.column_stack([linear(x), bend.value(x)])


def _shape_of_noise(x: Floats, bend: Bend | None) -> Floats:
    """What the logarithm of chance follows: each coordinate, its square, and the side of the bend."""
    centred = x - 0.5
    parts = [centred, 6 * centred**2 - 0.5]
    return np.column_stack(parts if bend is None else [*parts, bend.side(x)])


def _distance(first: Floats, second: Floats, lengths: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(first / lengths, second / lengths))


def _matern(distance: Floats) -> Floats:
    return np.asarray((1 + _ROOT5 * distance + 5 / 3 * distance**2) * np.exp(-_ROOT5 * distance))
