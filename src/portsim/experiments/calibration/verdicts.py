"""What the figures say of each unknown number, in words, and what would say more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portsim.experiments.calibration.emulator import Emulator, Predicted
from portsim.experiments.calibration.likelihood import error_covariance
from portsim.experiments.calibration.question import Parameter, Target

Floats = NDArray[np.float64]
Verdict = Literal["identified", "bounded above", "bounded below", "not identified"]

INNER = (0.05, 0.95)
"""Intervals are of 90 %: few figures do not tell much of the last per cents."""

EXCLUDED = 0.15
"""An end of a prior is excluded where the posterior has less than this share of its greatest density ..."""

MOST_HELD = 0.03
"""... and less than this share of itself."""

EDGE = 0.15
STILL = 0.5
"""A figure that moves by less than this share of its own error does not say anything."""
TIED = 0.6

ALIKE = "and the other end of the prior is not excluded"
CAPACITY = "a queue length, a wait, or a saturated day (one on which not all who came were cleared)"
SETTLES = (
    (r"stages\.[^.]+\.(service|lanes|officers|pace|waiting_space)|officers\.", CAPACITY),
    (r"flows\.[^.]+\.arrivals\.(per_day|rate)", "a count of days on which it holds"),
    (r"flows\.[^.]+\.arrivals\.by_", "counts by the hour or the day of the week"),
    (r"flows\.[^.]+\.arrivals\.day_to_day_cv", "counts of single days"),
    (r"flows\.[^.]+\.arrivals\.when_closed", "a count of the hours after a reopening, or how many stood there"),
    (r"flows\.[^.]+\.arrivals\.(timetable|aboard|every|late)", "a count of the vehicles, and of the persons, of a day"),
    (r"flows\.[^.]+\.(persons|goods)", "a count of persons or goods beside one of vehicles"),
    (r"flows\.[^.]+\.journey", "how many were sent there"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one parameter.

    prior, posterior : (5 %, 50 %, 95 %) quantiles, in the parameter's unit
    contraction : 1 less the ratio of the variances of posterior and prior, on the scale on which the prior is even; 0
        where nothing was learnt, near 1 where nearly all was
    reason : why the verdict is what it is; settles : the observation that would settle it, empty where it is settled
    """

    parameter: Parameter
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    contraction: float
    verdict: Verdict
    reason: str
    settles: str


def judge(
    parameters: Sequence[Parameter], targets: Sequence[Target], shares: Floats, emulators: Sequence[Emulator]
) -> list[Finding]:
    """What the figures say of each parameter.

    targets, emulators : of the figures that were fitted; shares : float64[draws, d], draws from the posterior
    """
    found = []
    for place, parameter in enumerate(parameters):
        own = shares[:, place]
        verdict = verdict_of(own)
        moved = _moved(parameters, targets, shares, emulators, place)
        quantiles = np.quantile(parameter.prior.value(own), [INNER[0], 0.5, INNER[1]])
        prior = parameter.prior.value(np.array([INNER[0], 0.5, INNER[1]]))
        found.append(
            Finding(
                parameter=parameter,
                prior=(float(prior[0]), float(prior[1]), float(prior[2])),
                posterior=(float(quantiles[0]), float(quantiles[1]), float(quantiles[2])),
                contraction=float(1 - 12 * np.mean((own - own.mean()) ** 2)),
                verdict=verdict,
                reason=_reason(verdict, parameters, targets, shares, place, moved),
                settles="" if verdict == "identified" else settles(parameter),
            )
        )
    return found


def verdict_of(shares: Floats) -> Verdict:
    """What draws of one parameter, as shares of its prior, say of it.

    A number is identified where the figures exclude both ends of its prior, bounded where they exclude one. A narrow
    posterior alone is no sign: where all below a bound is as good, the posterior is the narrower the lower the bound.
    """
    low, high = np.quantile(shares, INNER)
    counts, edges = np.histogram(shares, bins=10, range=(float(low), float(max(high, low + 1e-9))))
    greatest = counts.max() / (len(shares) * (edges[1] - edges[0]))

    def is_out(held: float, width: float) -> bool:
        return held < MOST_HELD and held / width < EXCLUDED * greatest

    below, above = EDGE * high, EDGE * (1 - low)
    is_below_out = is_out(float(np.mean(shares <= below)), below)
    is_above_out = is_out(float(np.mean(shares >= 1 - above)), above)
    if is_below_out and is_above_out:
        return "identified"
    if is_above_out:
        return "bounded above"
    return "bounded below" if is_below_out else "not identified"


def settles(parameter: Parameter) -> str:
    """The kind of observation that would tell a number."""
    for pattern, text in SETTLES:
        if re.match(pattern, parameter.sets[0][0]):
            return text
    return "an observation that moves with it"


@dataclass(frozen=True, slots=True)
class _Moved:
    """How far the figure that moves most with a parameter does, in its own errors.

    inside : within the posterior of the parameter; below, above : from the posterior's middle to the ends of the prior
    """

    inside: tuple[float, int]
    below: tuple[float, int]
    above: tuple[float, int]


def _moved(
    parameters: Sequence[Parameter],
    targets: Sequence[Target],
    shares: Floats,
    emulators: Sequence[Emulator],
    place: int,
) -> _Moved:
    own = shares[:, place]
    low, middle, high = np.quantile(own, [INNER[0], 0.5, INNER[1]])
    grid = np.array([0.001, low, middle, high, 0.999])
    points = np.tile(np.median(shares, axis=0), (len(grid), 1))
    points[:, place] = grid
    x = np.stack([one.prior.coordinate(points[:, n]) for n, one in enumerate(parameters)], axis=1)
    errors = np.sqrt(np.diag(error_covariance(targets)))
    ways: list[Floats] = []
    for emulator, error, target in zip(emulators, errors, targets, strict=True):
        predicted: Predicted = emulator.predict(x)
        half = (target.interval[1] - target.interval[0]) / 2
        size = np.sqrt(predicted.chance[2] ** 2 + error**2 + (half**2 / 3 if np.isfinite(half) else 0.0)) + 1e-12
        ways.append((predicted.mean - predicted.mean[2]) / size)
    table = np.abs(np.stack(ways))
    inside = np.maximum(table[:, 1], table[:, 3])
    return _Moved(*((float(one.max()), int(one.argmax())) for one in (inside, table[:, 0], table[:, 4])))


def _reason(
    verdict: Verdict,
    parameters: Sequence[Parameter],
    targets: Sequence[Target],
    shares: Floats,
    place: int,
    moved: _Moved,
) -> str:
    if verdict == "identified":
        return f"{targets[max(moved.below, moved.above)[1]].name} moves with it"
    if verdict == "bounded above":
        size, of = moved.above
        return f"at the upper end of the prior {targets[of].name} would be {_errors(size)} away, {ALIKE}"
    if verdict == "bounded below":
        size, of = moved.below
        return f"at the lower end of the prior {targets[of].name} would be {_errors(size)} away, {ALIKE}"
    if moved.inside[0] < STILL:
        most = max(moved.inside[0], 0.01)
        return f"no figure moves with it by more than {most:.1g} of its own error, over all the values left"
    tied = _tied(shares, place)
    if tied is not None:
        return f"the figures tell only what it makes together with {parameters[tied].name}"
    return f"{targets[moved.inside[1]].name} moves with it, but by no more than its own error"


def _errors(size: float) -> str:
    return "1 error" if round(size) == 1 else f"{size:.0f} errors"


def _tied(shares: Floats, place: int) -> int | None:
    """The parameter it is bound up with, if there is one."""
    if shares.shape[1] < 2:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.atleast_2d(np.nan_to_num(np.abs(np.corrcoef(shares.T))))[place]
    correlation[place] = 0.0
    other = int(correlation.argmax())
    return other if correlation[other] > TIED else None
