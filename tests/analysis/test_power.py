"""What seeds can tell, against closed forms, published numbers and simulated tests."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from p2pkd.analysis.measures.power import detectable, holm, power, seeds_needed, shows_from
from p2pkd.analysis.measures.statistics import paired


def test_power_is_how_often_the_test_shows_a_true_difference():
    rng = np.random.default_rng(1)
    draws = rng.normal(0.9, 1, (40_000, 8))
    p = stats.ttest_1samp(draws, 0, axis=1).pvalue
    assert power(0.9, 1, 8) == pytest.approx((p < 0.05).mean(), abs=0.01)
    # Under the null hypothesis it is the level of the test.
    assert power(0, 1, 8) == pytest.approx(0.05)


@given(st.integers(2, 60), st.floats(0, 40))
def test_power_is_that_of_scipys_noncentral_t(n, difference):
    critical, noncentral = stats.t.ppf(0.975, n - 1), difference * math.sqrt(n)
    other = np.nan_to_num(stats.nct.cdf(-critical, n - 1, noncentral))
    wanted = stats.nct.sf(critical, n - 1, noncentral) + other
    assert power(difference, 1, n) == pytest.approx(wanted, abs=1e-8)


def test_many_seeds_have_the_closed_form_of_the_normal_distribution():
    wanted = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * 0.02 / math.sqrt(4000)
    assert detectable(0.02, 4000) == pytest.approx(wanted, rel=1e-3)


def test_numbers_of_published_tables():
    # G*Power 3.1, matched pairs, two tails, alpha .05, power .8: 34 for d = .5, 15 for d = .8.
    assert seeds_needed(0.5, 1) == 34
    assert seeds_needed(0.8, 1) == 15


@given(st.integers(2, 50), st.floats(1e-3, 10))
def test_what_is_detectable_is_shown_by_just_so_many_seeds(n, std):
    found = detectable(std, n)
    assert power(found, std, n) == pytest.approx(0.8, abs=1e-6)
    assert seeds_needed(found * 1.0001, std) <= n
    assert seeds_needed(found * 0.9999, std) == n + 1 or n == 2
    assert found > shows_from(std, n)


def test_the_smallest_difference_that_shows_is_on_the_edge_of_the_interval():
    differences = np.array([0.3, -0.1, 0.2, 0.6])
    edge = shows_from(differences.std(ddof=1), 4)
    found = paired(np.zeros(4), differences - differences.mean() + edge)
    assert found.low == pytest.approx(0, abs=1e-12)
    assert found.p == pytest.approx(0.05)


def test_what_cannot_be_told():
    assert math.isnan(shows_from(1, 1))
    assert math.isnan(power(1, 1, 1))
    assert math.isnan(detectable(1, 1))
    assert math.isnan(seeds_needed(0.1, math.nan))
    assert math.isinf(seeds_needed(0, 1))
    assert (detectable(0, 3), seeds_needed(0.1, 0)) == (0, 2)
    assert paired([1, 1], [1, 1]).p == 1
    assert paired([1, 1], [2, 2]).p == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_its_steps_reject(p, level):
    """By the procedure as it is told: the smallest first, against level / what is left."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    rejected = set()
    for left, i in zip(range(len(p), 0, -1), order, strict=True):
        if p[i] > level / left:
            break
        rejected.add(i)
    corrected = holm(p)
    close = [abs(c - level) < 1e-12 for c in corrected]
    assert {i for i, c in enumerate(corrected) if c <= level} ^ rejected <= {
        i for i, is_close in enumerate(close) if is_close
    }


def test_no_test_is_not_counted():
    assert holm([0.01, math.nan, 0.04])[::2] == [0.02, 0.04]
    assert math.isnan(holm([math.nan])[0])
