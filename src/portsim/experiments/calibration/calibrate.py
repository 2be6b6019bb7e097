"""From figures to what is known of the unknown numbers of a scenario.

Replications are played at quasi-random points of the priors; emulators of the few outputs that figures exist for are
learnt from them; the posterior under the emulators says where to play more, twice; and replications at draws of the
last posterior predict every figure. docs/design.md says what this was chosen over, and by which measurement.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.engines import EngineName
from portsim.errors import CalibrationError
from portsim.experiments.calibration.emulator import Emulator
from portsim.experiments.calibration.likelihood import error_covariance, log_likelihood
from portsim.experiments.calibration.playing import Playing, Point
from portsim.experiments.calibration.posterior import DRAWS, PRIOR_POINTS, Posterior, draw_posterior, sobol
from portsim.experiments.calibration.question import Parameter, Question, Target
from portsim.experiments.calibration.verdicts import INNER, Finding, judge
from portsim.experiments.executors import Executor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RUNS = 320
LEAST_RUNS = 60
FIRST = 0.45
"""Share of the runs that is played at points of the prior."""

CLOSER = {"second": 0.15, "third": 0.15}
"""Shares that are played at points of the posterior as it is known by then, and further out; the rest predicts."""

PREDICTING = 1_000_000
"""Replications that predict are numbered from here, so that they share no chance with those learnt from."""

WIDER = 1.5
"""How much wider than the posterior as it is known the points lie that are played next."""

FAR = 3.0
"""A figure so many standard deviations away from what the model predicts is not reached."""

NEAR = 2.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What replications at draws of the posterior give of one figure.

    low, middle, high : 5 %, 50 % and 95 % quantiles
    least, most : over all points that were played
    away : standard deviations, of prediction and figure together, between the two; 0 where the figure allows the mean
    moved_by : the parameter that moves it most over the prior, None if none does
    """

    target: Target
    low: float
    middle: float
    high: float
    least: float
    most: float
    away: float
    moved_by: str | None

    @property
    def is_reached(self) -> bool:
        """Whether the model gives the figure within what chance and its error allow."""
        return self.away < FAR

    @property
    def is_in_reach(self) -> bool:
        """Whether any point that was played gives it."""
        low, high = self.target.error.interval(self.target.value)
        slack = 2 * math.sqrt(self.target.error.counting**2 + self.target.error.spread**2) * abs(self.target.value)
        return self.most >= low - slack and self.least <= high + slack


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What came of a calibration.

    values : float64[draws, parameters], draws from the posterior, of equal weight
    predictions : of every figure, those fitted first
    effective : independent draws they are worth; evidence : log probability of the figures under the priors
    error_of_emulators : root mean square of what replications at posterior draws differ from the emulators by, in
        standard deviations these state: near 1 if they are right
    seconds : it took; played : replications
    """

    question: Question
    values: Floats
    findings: tuple[Finding, ...]
    predictions: tuple[Prediction, ...]
    effective: float
    evidence: float
    error_of_emulators: float
    points: int
    played: int
    seconds: float
    warnings: tuple[str, ...]


def calibrate(
    question: Question,
    *,
    runs: int = RUNS,
    engine: EngineName = "auto",
    executor: Executor,
    known: dict[str, Floats] | None = None,
    on_point: Callable[[str, Floats], None] | None = None,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Calibration:
    """Find what the figures of a question say of its parameters.

    runs : points that are played in all
    known, on_point : see `Playing`; what is known is not played again, and changes nothing

    Raises CalibrationError where it cannot be done.
    """
    if runs < LEAST_RUNS:
        raise CalibrationError(f"a calibration takes at least {LEAST_RUNS} runs, got {runs}")
    began = time.perf_counter()
    playing = Playing(
        question,
        executor=executor,
        engine=engine,
        expected=runs,
        known=known or {},
        on_point=on_point,
        on_replication=on_replication,
        on_notice=on_notice,
    )
    parameters, d = question.parameters, len(question.parameters)
    first_count = round(FIRST * runs)
    first = sobol(d, first_count, question.seed, "first")
    outputs = playing.play(_points(parameters, first, "first"))
    learnt = learn(question, first, outputs)
    posterior = learnt.posterior(question.seed)

    shares, every = first, outputs
    for name, share in CLOSER.items():
        closer = _wider(posterior.shares, round(share * runs))
        points = _points(parameters, closer, name, start=len(shares))
        shares, every = np.concatenate([shares, closer]), np.concatenate([every, playing.play(points)])
        near = _near(parameters, shares, closer, least=3 * d + 20)
        learnt = learn(question, shares[near], every[near])
        posterior = learnt.posterior(question.seed)

    drawn = _stride(posterior.shares, runs - len(shares))
    predicted = playing.play(_points(parameters, drawn, "predicting", start=PREDICTING))
    every = np.concatenate([every, predicted])
    predictions = [
        _prediction(target, predicted[:, place], every[:, place], parameters, first)
        for place, target in enumerate(question.targets)
    ]
    predictions.sort(key=lambda one: not one.target.is_fitted)
    findings = judge(parameters, learnt.targets, posterior.shares, learnt.emulators)
    error = learnt.error_at(drawn, predicted[:, question.fitted])
    values = np.stack([one.prior.value(posterior.shares[:, n]) for n, one in enumerate(parameters)], axis=1)
    return Calibration(
        question=question,
        values=values,
        findings=tuple(findings),
        predictions=tuple(predictions),
        effective=min(posterior.effective, float(len(values))),  # draws of draws are worth no more than their number
        evidence=posterior.evidence,
        error_of_emulators=error,
        points=runs,
        played=playing.played,
        seconds=time.perf_counter() - began,
        warnings=tuple(_warnings(posterior, error, learnt.left_out)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Emulators of the figures that are fitted, and how chance goes with chance between them.

    left_out : points at which a figure was undefined
    """

    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]
    emulators: tuple[Emulator, ...]
    correlation: Floats
    left_out: int

    def log_likelihood(self, shares: Floats, targets: Sequence[Target] | None = None) -> Floats:
        """Log of the probability of the figures at points float64[m, d], shares of the priors."""
        x = coordinates(self.parameters, shares)
        predicted = [emulator.predict(x) for emulator in self.emulators]
        return log_likelihood(self.targets if targets is None else targets, predicted, self.correlation)

    def posterior(self, seed: int) -> Posterior:
        """Draws from the posterior under these emulators."""
        d = len(self.parameters)
        points = sobol(d, PRIOR_POINTS, seed, "prior")
        return draw_posterior(self.log_likelihood, d, seed=seed, prior=(points, self.log_likelihood(points)))

    def error_at(self, shares: Floats, outputs: Floats) -> float:
        """Root mean square of what replications there differ from the emulators by, in standard deviations."""
        x = coordinates(self.parameters, shares)
        scores = []
        for place, emulator in enumerate(self.emulators):
            predicted = emulator.predict(x)
            size = np.hypot(predicted.error, predicted.chance)
            is_sure = size > 1e-9 * (1 + np.abs(predicted.mean))
            given = self.targets[place].scaled(outputs[:, place])
            scores.append(((given - predicted.mean) / np.where(is_sure, size, np.inf))[is_sure])
        every = np.concatenate(scores)
        every = every[np.isfinite(every)]
        return float(np.sqrt(np.mean(every**2))) if every.size else 1.0


def learn(question: Question, shares: Floats, outputs: Floats) -> Learnt:
    """Learn the figures that are fitted from points: shares float64[n, d], outputs float64[n, figures]."""
    fitted = question.fitted
    is_defined = np.isfinite(outputs[:, fitted]).all(axis=1)
    if np.count_nonzero(is_defined) < 2 * len(question.parameters) + 10:
        undefined = [
            question.targets[place].name
            for place in fitted
            if np.count_nonzero(np.isfinite(outputs[:, place])) < 2 * len(question.parameters) + 10
        ]
        raise CalibrationError(
            f"{', '.join(undefined) or 'the figures together'}: undefined at nearly all points of the priors (nobody "
            "crosses, or nobody waits there); compare it with another measure"
        )
    x = coordinates(question.parameters, shares[is_defined])
    emulators = tuple(Emulator.learn(x, question.targets[place].scaled(outputs[is_defined, place])) for place in fitted)
    residuals = np.stack([emulator.residual for emulator in emulators], axis=1)
    return Learnt(
        parameters=question.parameters,
        targets=tuple(question.targets[place] for place in fitted),
        emulators=emulators,
        correlation=_correlation(residuals),
        left_out=int(np.count_nonzero(~is_defined)),
    )


def coordinates(parameters: Sequence[Parameter], shares: Floats) -> Floats:
    """Points as emulators take them: float64[n, d]."""
    return np.stack([one.prior.coordinate(shares[:, n]) for n, one in enumerate(parameters)], axis=1)


def _points(parameters: Sequence[Parameter], shares: Floats, use: str, *, start: int = 0) -> list[Point]:
    """Points with replications numbered from `start` on, each with chance of its own."""
    values = np.stack([one.prior.value(shares[:, n]) for n, one in enumerate(parameters)], axis=1)
    return [Point(f"{use} {place}", tuple(row), start + place) for place, row in enumerate(values.tolist())]


def _stride(shares: Floats, count: int) -> Floats:
    """So many of the draws, evenly spaced."""
    return (
        shares[(np.arange(count) * len(shares)) // count]
        if count <= len(shares)
        else np.resize(shares, (count, shares.shape[1]))
    )


def _wider(shares: Floats, count: int) -> Floats:
    """Points that lie as the draws do, and further out."""
    from scipy.special import ndtr, ndtri

    scores = ndtri(np.clip(shares, 1e-9, 1 - 1e-9))
    centre = scores.mean(axis=0)
    wider = centre + WIDER * (_stride(scores, count) - centre)
    return np.asarray(np.clip(ndtr(wider), 1e-6, 1 - 1e-6))


def _near(parameters: Sequence[Parameter], shares: Floats, second: Floats, *, least: int) -> NDArray[np.intp]:
    """Places of the points around the second ones: far away a port may behave in another way."""
    x, box = coordinates(parameters, shares), coordinates(parameters, second)
    low, high = box.min(axis=0), box.max(axis=0)
    room = 0.25 * (high - low) + 0.02
    inside = np.flatnonzero(((x >= low - room) & (x <= high + room)).all(axis=1))
    return inside if inside.size >= least else np.arange(len(shares))


def _correlation(residuals: Floats) -> Floats:
    """Of chance between the figures, drawn a little towards none so that it can be inverted."""
    n = residuals.shape[1]
    if n == 1:
        return np.eye(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.atleast_2d(np.nan_to_num(np.corrcoef(residuals.T)))
    np.fill_diagonal(found, 1.0)
    return np.asarray(0.98 * found + 0.02 * np.eye(n))


def _prediction(
    target: Target, predicted: Floats, every: Floats, parameters: Sequence[Parameter], shares: Floats
) -> Prediction:
    """What replications give of a figure: at draws of the posterior, and at every point, those of the prior first.

    shares : float64[n, d], the points of the prior, which alone are spread evenly enough to tell what moves it
    """
    defined, given = predicted[np.isfinite(predicted)], every[np.isfinite(every)]
    if not defined.size:
        nothing = math.nan
        return Prediction(target, nothing, nothing, nothing, nothing, nothing, 0.0, None)
    low, middle, high = np.quantile(defined, [INNER[0], 0.5, INNER[1]])
    scaled = target.scaled(defined)
    mean, chance = float(scaled.mean()), float(scaled.std(ddof=1)) if scaled.size > 1 else 0.0
    start, end = target.interval
    size = math.hypot(chance, math.sqrt(float(error_covariance([target])[0, 0]))) + 1e-12 * (1 + abs(mean))
    away = max(start - mean, mean - end, 0.0) / size
    even = every[: len(shares)]
    is_defined = np.isfinite(even)
    ranks = [_rank_correlation(shares[is_defined, n], even[is_defined]) for n in range(len(parameters))]
    most = max(range(len(ranks)), key=lambda n: abs(ranks[n]))
    return Prediction(
        target=target,
        low=float(low),
        middle=float(middle),
        high=float(high),
        least=float(given.min()),
        most=float(given.max()),
        away=away,
        moved_by=parameters[most].name if abs(ranks[most]) > 0.2 else None,
    )


def _rank_correlation(first: Floats, second: Floats) -> float:
    ranks = [np.argsort(np.argsort(one)).astype(np.float64) for one in (first, second)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nan_to_num(np.corrcoef(ranks[0], ranks[1])[0, 1]))


def _warnings(posterior: Posterior, error: float, left_out: int) -> list[str]:
    found = []
    if not 0.7 <= error <= 1.4:
        found.append(
            f"replications at the posterior differ from what was learnt by {error:.2f} times what they should; take "
            "more runs (-n)"
        )
    if posterior.effective < DRAWS / 4:
        found.append(f"the posterior is worth {posterior.effective:.0f} independent draws only; its tails are rough")
    if left_out:
        found.append(f"{left_out} points at which a figure is undefined were left out")
    return found
