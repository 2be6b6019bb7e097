"""Plans beside a baseline: differences replication by replication, their intervals, and what they show in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portsim.model.streams import Streams
from portsim.results.measure import Measure
from portsim.results.statistics import CONFIDENCE, MAXIMA, MetricRow

Verdict = Literal["better", "worse", "higher", "lower", "no difference shown", "not known"]
"""`higher` and `lower` are of measures that have no good direction, such as officer-hours."""

Plan = str | None
"""The name of a plan or scenario; None for the scenario without a plan."""

Key = tuple[str, str | None, str | None, str | None, str | None, str | None]
"""(metric, flow, kind, direction, stage, pool): what a row is about."""

SMALLEST = 1e-9
"""Differences below this share of the values themselves are rounding, and 0."""

RESAMPLES = 10_000
RESAMPLING_SEED = 20_260_101
"""Fixed, so that the chance of being best is the same for the same replications."""

_LOWER_IS_BETTER = (
    "wait_",
    "left_wait_",
    "blocked_",
    "delay_",
    "dwell_",
    "rejoin_",
    "virtual_wait_",
    "total_wait_",
    "buffer_",
    "unfinished_",
    "truck_hours_lost",
    "queue_",
    "overnight",
    "turned_away",
    "stayed_away",
    "waiting_elsewhere",
    "recovery_",
    "backlog_h",
    "overtime_hours",
    "officer_cost",
)
_HIGHER_IS_BETTER = (
    "crossings",
    "throughput_",
    "persons_",
    "goods_",
    "within_target_",
    "released",
    "caught_share",
    "recovered_share",
    "backlog_cleared_share",
)
_LOWER_ALONE = ("left", "left_behind", "in_port", "in_port_mean", "in_port_max")


def good_direction(metric: str) -> int:
    """-1 where less is better (waits), 1 where more is (crossings), 0 where neither can be said (officer-hours)."""
    if metric in _LOWER_ALONE or metric.startswith(_LOWER_IS_BETTER):
        return -1
    return 1 if metric.startswith(_HIGHER_IS_BETTER) else 0


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One measure of a plan less that of the baseline, over the replications in which both are defined.

    mean, sd : of the differences, replication by replication; NaN where there are none (sd: fewer than two)
    ci_low, ci_high : interval of the mean difference, see `differences`; NaN for fewer than two
    n : replications in which both are defined
    p : the p value of no difference, adjusted after Holm for the number of plans; NaN where there is no interval
    verdict : what the interval shows
    method : how it was made
    """

    plan: Plan
    baseline: Plan
    metric: str
    unit: str
    flow: str | None
    kind: str | None
    direction: str | None
    stage: str | None
    pool: str | None
    mean: float
    sd: float
    ci_low: float
    ci_high: float
    n: int
    p: float
    verdict: Verdict
    method: str


@dataclass(frozen=True, slots=True)
class ChanceRow:
    """How likely a plan is the best of those compared in one measure, the baseline among them; see `chances`."""

    plan: Plan
    metric: str
    flow: str | None
    kind: str | None
    direction: str | None
    stage: str | None
    pool: str | None
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class PlanMeasures:
    """The measures of one plan, replication by replication, and what their summary says of them.

    by_number : replication to its measures; the same rows in each
    rows : the summary, which knows what is a lower bound
    is_whole : whether every replication could be played to its end; of others no difference is stated
    """

    plan: Plan
    by_number: Mapping[int, Sequence[Measure]]
    rows: Sequence[MetricRow]
    is_whole: bool = True


def key_of(row: Measure | MetricRow | DifferenceRow | ChanceRow) -> Key:
    """What a row is about."""
    return (row.metric, row.flow, row.kind, row.direction, row.stage, row.pool)


def differences(baseline: PlanMeasures, plans: Sequence[PlanMeasures]) -> tuple[DifferenceRow, ...]:
    """Every measure of every plan less the baseline's, in the order of the plans; maxima have no mean and are left out.

    Replication k of every plan meets the same units, so differences are taken replication by replication (common random
    numbers, Law 2015, section 11.2) and carry Student's t interval of paired differences (section 10.2.1).

    With m plans beside the baseline, each measure is a family of m tests, corrected after Holm (1979): the plan with
    the smallest p value is tested at 5 %/m, the next at 5 %/(m - 1), and so on until the first that shows nothing; that
    one and all after it stay at its level. Each interval is the t interval at exactly the level its plan was tested at.
    So it leaves 0 out if and only if a difference is shown; in at most 5 % of comparisons is any plan without a
    difference said to have one; and each interval by itself covers the true difference in at least 95 %, as none is
    narrower than the plain 95 % interval. That all of them cover at once is not claimed.

    Where one side of a difference is a lower bound, only what stays true for the whole time is shown.
    """
    numbers, matrices = _matrices([baseline, *plans])
    del numbers
    standing = {key: values for key, values in matrices[0].items() if key[0] not in MAXIMA}
    bounds = [_bounds(plan.rows) for plan in (baseline, *plans)]
    units = {key_of(row): row.unit for row in baseline.rows}
    rows: list[list[DifferenceRow]] = [[] for _ in plans]
    for key, base in standing.items():
        shared = [position for position, matrix in enumerate(matrices[1:]) if key in matrix]
        pairs = [_pair(matrices[position + 1][key], base) for position in shared]
        tests = [_test(pair) for pair in pairs]
        # A plan that stopped is compared with nothing, and still one of those the correction is for.
        levels, adjusted = holm([test.p for test in tests], len(plans))
        for position, test, level, p in zip(shared, tests, levels, adjusted, strict=True):
            plan = plans[position]
            low, high = test.interval(level)
            is_whole = plan.is_whole and baseline.is_whole
            verdict = _verdict(key[0], low, high, bounds[position + 1].get(key, ""), bounds[0].get(key, ""))
            rows[position].append(
                DifferenceRow(
                    plan.plan,
                    baseline.plan,
                    key[0],
                    units[key],
                    *key[1:],
                    mean=test.mean,
                    sd=test.sd,
                    ci_low=low,
                    ci_high=high,
                    n=test.n,
                    p=p,
                    verdict=verdict if is_whole else "not known",
                    method=_method(test.n, len(plans), bounds[position + 1].get(key, ""), bounds[0].get(key, "")),
                )
            )
    return tuple(row for of_plan in rows for row in of_plan)


def holm(p_values: Sequence[float], tests: int) -> tuple[list[float], list[float]]:
    """(level at which each is tested, adjusted p value) after Holm, for a family of `tests`, some perhaps undefined.

    p_values : NaN where there is no test; its level is that of the last step and its adjusted value NaN

    Holm (1979), Scandinavian Journal of Statistics 6, 65-70. Adjusted values are those of Wright (1992), Biometrics 48,
    1005-1013: at or below 5 % exactly where the step-down test rejects.
    """
    alpha = 1 - CONFIDENCE
    order = sorted((p, position) for position, p in enumerate(p_values) if not math.isnan(p))
    levels, adjusted = [math.nan] * len(p_values), [math.nan] * len(p_values)
    largest, left, is_stopped = 0.0, tests, False
    for step, (p, position) in enumerate(order):
        if not is_stopped:
            left = tests - step
            is_stopped = p > alpha / left
        levels[position] = alpha / left
        largest = max(largest, min(1.0, (tests - step) * p))
        adjusted[position] = largest
    last = alpha / (left if is_stopped or not order else max(left - 1, 1))
    return [last if math.isnan(level) else level for level in levels], adjusted


def chances(baseline: PlanMeasures, plans: Sequence[PlanMeasures]) -> tuple[ChanceRow, ...]:
    """How likely each plan, or the baseline, is the best in each measure that has a good direction.

    The replications of all plans are resampled together, 10,000 times with a fixed seed (a paired bootstrap, Efron and
    Tibshirani 1993, chapter 6): the probability is the share of resamples in which the plan's mean is the best; plans
    that share the best one share it. Left out are measures for which fewer than two replications have all values,
    measures of which some plan has lower bounds only, maxima, and plans that could not be played to their end.
    """
    every = [plan for plan in (baseline, *plans) if plan.is_whole]
    if len(every) < 2:
        return ()
    numbers, matrices = _matrices(every)
    if len(numbers) < 2:
        return ()
    unsure = {key for plan in every for key, bound in _bounds(plan.rows).items() if bound}
    counts = _resamples(len(numbers))
    rows: list[ChanceRow] = []
    for key in matrices[0]:
        sign = good_direction(key[0])
        if not sign or key[0] in MAXIMA or key in unsure or any(key not in matrix for matrix in matrices):
            continue
        values = np.array([matrix[key] for matrix in matrices])
        if np.isnan(values).any():
            continue
        means = sign * (values @ counts.T)
        best = means.max(axis=0)
        is_best = means >= best - SMALLEST * np.abs(best)
        shares = (is_best / is_best.sum(axis=0)).mean(axis=1)
        rows += [ChanceRow(plan.plan, *key, float(share)) for plan, share in zip(every, shares, strict=True)]
    return tuple(rows)


def _resamples(n: int) -> NDArray[np.float64]:
    """How often each of n replications is in each resample, as shares of n: float64[RESAMPLES, n]."""
    uniforms = Streams(RESAMPLING_SEED, 0).uniforms("resampling", count=RESAMPLES * n).reshape(RESAMPLES, n)
    drawn = (uniforms * n).astype(np.int64)
    flat = (drawn + n * np.arange(RESAMPLES)[:, None]).ravel()
    counts: NDArray[np.float64] = np.bincount(flat, minlength=n * RESAMPLES).reshape(RESAMPLES, n) / n
    return counts


@dataclass(frozen=True, slots=True)
class _Test:
    """A t test of paired differences."""

    mean: float
    sd: float
    n: int
    p: float

    def interval(self, level: float) -> tuple[float, float]:
        """Both ends of the interval that misses in a share `level` of cases; NaN of fewer than two."""
        if self.n < 2:
            return math.nan, math.nan
        if self.sd == 0:
            return self.mean, self.mean
        from scipy.special import stdtrit

        half = float(stdtrit(self.n - 1, 1 - level / 2)) * self.sd / math.sqrt(self.n)
        return self.mean - half, self.mean + half


def _test(values: Sequence[float]) -> _Test:
    n = len(values)
    mean = math.fsum(values) / n if n else math.nan
    if n < 2:
        return _Test(mean, math.nan, n, math.nan)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    if sd <= SMALLEST * abs(mean):  # the same in every replication, as rostered hours are
        return _Test(mean, 0.0, n, 1.0 if mean == 0 else 0.0)
    from scipy.special import stdtr

    return _Test(mean, sd, n, float(2 * stdtr(n - 1, -abs(mean) / (sd / math.sqrt(n)))))


def paired_values(baseline: PlanMeasures, plan: PlanMeasures) -> Iterator[tuple[Key, list[float]]]:
    """Of each measure that both have, the differences of a plan from the baseline, replication by replication."""
    _, (base, own) = _matrices([baseline, plan])
    for key, values in base.items():
        if key in own:
            yield key, _pair(own[key], values)


def _pair(plan: NDArray[np.float64], base: NDArray[np.float64]) -> list[float]:
    """The differences of replications in which both are defined; rounding is no difference."""
    found = plan - base
    found[np.abs(found) <= SMALLEST * np.maximum(np.abs(plan), np.abs(base))] = 0.0
    return [float(value) for value in found[~np.isnan(found)]]


def _matrices(plans: Sequence[PlanMeasures]) -> tuple[list[int], list[dict[Key, NDArray[np.float64]]]]:
    """The replications that all plans have, ascending, and the values of each plan in them by what they are about."""
    numbers = sorted(set.intersection(*(set(plan.by_number) for plan in plans)))
    matrices = []
    for plan in plans:
        columns = [plan.by_number[number] for number in numbers]
        keys = [key_of(measure) for measure in next(iter(plan.by_number.values()), ())]
        matrices.append(
            {key: np.array([column[row].value for column in columns], np.float64) for row, key in enumerate(keys)}
        )
    return numbers, matrices


def _bounds(rows: Sequence[MetricRow]) -> dict[Key, str]:
    """What is not quite known: `lower bound`, or `distorted`, by what it is about."""
    return {
        key_of(row): row.method.partition(",")[0] for row in rows if row.method.startswith(("lower bound", "distorted"))
    }


def _verdict(metric: str, low: float, high: float, of_plan: str, of_baseline: str) -> Verdict:
    if math.isnan(low) or of_plan.startswith("distorted") or of_baseline.startswith("distorted"):
        return "not known"
    # Of a lower bound the truth lies above: a plan that is above even so stays above, and below a baseline likewise.
    is_higher, is_lower = low > 0 and not of_baseline, high < 0 and not of_plan
    if not is_higher and not is_lower:
        return "not known" if of_plan or of_baseline else "no difference shown"
    sign = good_direction(metric)
    if sign == 0:
        return "higher" if is_higher else "lower"
    return "better" if is_higher is (sign > 0) else "worse"


def _method(n: int, plans: int, of_plan: str, of_baseline: str) -> str:
    if n == 0:
        return "undefined"
    if n == 1:
        return "one replication: no interval"
    corrected = f", Holm for {plans} plans" if plans > 1 else ""
    return (
        ", ".join(dict.fromkeys(text for text in (of_plan, of_baseline) if text))
        + (", " if of_plan or of_baseline else "")
        + f"paired t over replications{corrected}"
    )
