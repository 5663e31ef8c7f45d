"""Intervals, pairs and shares against SciPy and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from p2pkd.analysis.measures.statistics import gini, interval, jain, paired

NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12)


@given(NUMBERS, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_that_of_scipy(values, confidence):
    found = interval(values, confidence)
    if found.std == 0:
        assert found.low == found.high == found.mean
        return
    low, high = stats.t.interval(confidence, len(values) - 1, np.mean(values), stats.sem(values))
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


def test_one_value_has_no_interval_and_nan_does_not_count():
    found = interval([3.0, float("nan")])
    assert (found.mean, found.n) == (3.0, 1)
    assert np.isnan([found.std, found.low, found.high]).all()
    assert interval([]).n == 0


def test_pairs_are_the_paired_t_test():
    rng = np.random.default_rng(0)
    common = rng.normal(size=8)
    a, b = common + 0.1 * rng.normal(size=8), common + 0.3 + 0.1 * rng.normal(size=8)
    found, wanted = paired(a, b), stats.ttest_rel(b, a)
    assert found.p == pytest.approx(wanted.pvalue)
    limits = wanted.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))
    # Common random numbers: narrower than the difference of two independent means.
    apart = stats.ttest_ind(b, a).confidence_interval(0.95)
    assert found.high - found.low < (apart.high - apart.low) / 3


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20).filter(lambda x: sum(x) > 1e-6))
def test_gini_is_the_mean_difference_over_all_pairs(values):
    x = np.array(values)
    wanted = np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean())
    assert gini(values) == pytest.approx(wanted, abs=1e-9)


def test_shares_of_one_who_has_all():
    assert gini([0, 0, 0, 8]) == pytest.approx(3 / 4)
    assert gini([2, 2, 2]) == pytest.approx(0)
    assert jain([0, 0, 0, 8]) == pytest.approx(1 / 4)
    assert jain([2, 2, 2]) == pytest.approx(1)
    assert np.isnan(gini([0, 0]))
    assert np.isnan(jain([0, 0]))
