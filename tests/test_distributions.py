"""Durations from uniforms: hand numbers, means and spreads by quadrature, and scipy's own inverse functions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from portsim.model.distributions import LONGEST_MS, durations, gamma, quantiles
from portsim.scenario.levels import Distribution

LAST = 1 - 2**-53
"""The largest uniform a stream can give."""


def of(kind: str, **params: object) -> Distribution:
    return Distribution(kind, params)


def at(distribution: Distribution, *uniforms: float) -> list[int]:
    return durations(distribution, np.array(uniforms)).tolist()


EXAMPLES = [
    of("fixed", value=5),
    of("uniform", low=1000, high=3000),
    of("triangular", low=1000, mode=2000, high=6000),
    of("triangular", low=1000, mode=1000, high=6000),
    of("triangular", low=1000, mode=6000, high=6000),
    of("triangular", low=700, mode=700, high=700),
    of("exponential", mean=60_000),
    of("erlang", mean=60_000, shape=1),
    of("erlang", mean=60_000, shape=4),
    of("erlang", mean=60_000, shape=1000),
    of("gamma", mean=60_000, cv=0.5),
    of("gamma", mean=60_000, cv=2.0),
    of("gamma", mean=60_000, cv=20.0),
    of("gamma", mean=60_000, cv=1e-6),
    of("gamma", mean=60_000, cv=0.0),
    of("lognormal", mean=180_000, cv=0.5),
    of("lognormal", mean=180_000, cv=2.0),
    of("lognormal", mean=180_000, cv=20.0),
    of("lognormal", mean=180_000, cv=0.0),
    of("weibull", mean=60_000, shape=0.5),
    of("weibull", mean=60_000, shape=3.0),
    of("empirical", values=(10, 20, 40)),
]


def test_a_fixed_time_is_itself() -> None:
    assert at(of("fixed", value=240_000), 0.0, 0.5, LAST) == [240_000] * 3


def test_a_uniform_time_goes_straight_from_low_to_high() -> None:
    assert at(of("uniform", low=1000, high=3000), 0.0, 0.25, 0.5, LAST) == [1000, 1500, 2000, 3000]


def test_a_triangular_time_meets_its_mode_at_the_share_of_the_rising_side() -> None:
    """Between 0, 1000 and 4000 a quarter lies below the mode; a sixteenth of it below half the mode."""
    assert at(of("triangular", low=0, mode=1000, high=4000), 0.0, 1 / 16, 0.25, LAST) == [0, 500, 1000, 4000]
    # Half of what lies above the mode: 4000 - sqrt(0.375 * 4000 * 3000) = 1878.68
    assert at(of("triangular", low=0, mode=1000, high=4000), 0.625) == [1879]


def test_an_exponential_time_has_its_median_at_ln_2_of_the_mean() -> None:
    assert at(of("exponential", mean=1000), 0.0, 0.5, 1 - math.exp(-1), 1 - math.exp(-3)) == [0, 693, 1000, 3000]


def test_an_erlang_time_of_shape_1_is_exponential() -> None:
    uniforms = np.linspace(0, LAST, 101)
    one = durations(of("erlang", mean=60_000, shape=1), uniforms)
    assert np.array_equal(one, durations(of("exponential", mean=60_000), uniforms))


def test_a_lognormal_time_has_its_median_at_the_mean_over_root_one_plus_cv_squared() -> None:
    """cv 0.75: sqrt(1 + 0.5625) = 1.25, so a mean of 5 min has its median at 4 min."""
    assert at(of("lognormal", mean=300_000, cv=0.75), 0.5) == [240_000]


def test_a_weibull_time_of_shape_one_half_is_a_squared_exponential() -> None:
    """Scale = mean / Gamma(3) = mean / 2; at u = 1 - 1/e it is the scale, at 1 - e^-3 nine times that."""
    assert at(of("weibull", mean=2000, shape=0.5), 0.0, 1 - math.exp(-1), 1 - math.exp(-3)) == [0, 1000, 9000]


def test_an_empirical_time_is_one_of_the_values_each_equally_likely_in_ascending_order() -> None:
    values = of("empirical", values=(30, 10, 20))
    assert at(values, 0.0, 1 / 3 - 1e-12, 1 / 3, 0.5, 2 / 3, LAST) == [10, 10, 20, 20, 30, 30]


@pytest.mark.parametrize("size", [1, 3, 5, 7, 1000, 99_999, 2**20 - 1])
def test_the_last_uniform_reaches_the_last_empirical_value_and_not_beyond(size: int) -> None:
    assert at(of("empirical", values=tuple(range(size))), LAST) == [size - 1]


def test_halves_are_rounded_to_even() -> None:
    assert at(of("uniform", low=0, high=10), 0.05, 0.15, 0.25) == [0, 2, 2]


@pytest.mark.parametrize(
    ("distribution", "same"),
    [
        (of("exponential", mean=60_000), stats.expon(scale=60_000)),
        (of("uniform", low=1000, high=3000), stats.uniform(1000, 2000)),
        (of("triangular", low=1000, mode=2000, high=6000), stats.triang(0.2, 1000, 5000)),
        (of("erlang", mean=60_000, shape=4), stats.gamma(4, scale=15_000)),
        (of("gamma", mean=60_000, cv=0.5), stats.gamma(4, scale=15_000)),
        (of("gamma", mean=60_000, cv=2.0), stats.gamma(0.25, scale=240_000)),
        (of("lognormal", mean=180_000, cv=0.5), stats.lognorm(math.log(1.25) ** 0.5, scale=180_000 / 1.25**0.5)),
        (of("weibull", mean=60_000, shape=0.5), stats.weibull_min(0.5, scale=30_000)),
    ],
    ids=lambda value: value.kind if isinstance(value, Distribution) else "",
)
def test_inverse_functions_agree_with_scipy(distribution: Distribution, same: stats.rv_continuous) -> None:
    uniforms = np.concatenate((np.linspace(0, 1, 1001)[:-1], [1e-9, 1 - 1e-9]))
    assert quantiles(distribution, uniforms) == pytest.approx(same.ppf(uniforms), rel=1e-9, abs=1e-6)


def moments(distribution: Distribution) -> tuple[float, float]:
    """Mean and cv by the midpoint rule in x, where u = normal cdf of x: fine in both tails."""
    from scipy.special import ndtr

    edges = np.linspace(-9, 8.2, 20_001)
    middles = (edges[1:] + edges[:-1]) / 2
    mass = np.diff(ndtr(edges))
    values = quantiles(distribution, np.minimum(ndtr(middles), LAST))
    mean = float((values * mass).sum())
    return mean, math.sqrt(float(((values - mean) ** 2 * mass).sum())) / mean


@pytest.mark.parametrize("distribution", EXAMPLES, ids=lambda value: f"{value.kind} {dict(value.params)}")
def test_the_stated_mean_is_the_mean(distribution: Distribution) -> None:
    cv = distribution.params.get("cv", 1)
    # What lies beyond the last uniform, a 10^16th of the units, holds a thousandth of the mean at cv 20.
    assert moments(distribution)[0] == pytest.approx(distribution.mean_ms, rel=5e-3 if cv > 2 else 1e-4)


@pytest.mark.parametrize("kind", ["gamma", "lognormal"])
@pytest.mark.parametrize("cv", [1e-6, 0.01, 0.1, 0.5, 1.0, 2.0])
def test_the_stated_cv_is_the_cv(kind: str, cv: float) -> None:
    assert moments(of(kind, mean=180_000, cv=cv))[1] == pytest.approx(cv, rel=2e-3)


def test_a_cv_of_0_means_always_the_mean() -> None:
    for kind in ("gamma", "lognormal"):
        assert at(of(kind, mean=1234, cv=0.0), 0.0, 0.3, LAST) == [1234] * 3
        assert at(of(kind, mean=1234, cv=1e-300), 0.0, 0.3, LAST) == [1234] * 3


@pytest.mark.parametrize(
    "distribution",
    [
        of("lognormal", mean=366 * 86_400_000, cv=20.0),
        of("gamma", mean=366 * 86_400_000, cv=20.0),
        of("weibull", mean=366 * 86_400_000, shape=0.05),
        of("exponential", mean=366 * 86_400_000),
        of("fixed", value=10**18),
    ],
    ids=lambda value: value.kind,
)
def test_no_duration_is_longer_than_ten_years(distribution: Distribution) -> None:
    assert LONGEST_MS == 3653 * 86_400_000
    assert at(distribution, LAST) == [LONGEST_MS]


@pytest.mark.parametrize("shape", [1e-3, 0.05, 1.0, 1000.0])
def test_no_shape_leaves_the_range_of_numbers(shape: float) -> None:
    drawn = at(of("weibull", mean=366 * 86_400_000, shape=shape), 0.0, 1e-300, 0.5, LAST)
    assert drawn == sorted(drawn)
    assert drawn[0] == 0


@given(
    distribution=st.sampled_from(EXAMPLES),
    uniforms=st.lists(
        st.integers(0, 2**53 - 1).map(lambda n: n / 2**53),
        min_size=1,
    ),
)
def test_a_larger_uniform_never_gives_a_shorter_duration(distribution: Distribution, uniforms: list[float]) -> None:
    drawn = durations(distribution, np.array(sorted(uniforms)))
    assert drawn.dtype == np.int64
    assert (drawn >= 0).all()
    assert (np.diff(drawn) >= 0).all()


def test_day_factors_have_mean_1_and_the_stated_cv() -> None:
    middles = (np.arange(100_000) + 0.5) / 100_000
    for cv in (0.05, 0.15, 0.5, 1.0):
        factors = gamma(1.0, cv, middles)
        assert factors.mean() == pytest.approx(1, rel=1e-4)
        assert factors.std() == pytest.approx(cv, rel=2e-3)


def test_nothing_drawn_is_an_empty_array() -> None:
    for distribution in EXAMPLES:
        assert durations(distribution, np.empty(0)).shape == (0,)
