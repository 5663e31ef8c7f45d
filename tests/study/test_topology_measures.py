"""Measures of graphs whose spectra are known in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pkd.analysis.measures.topology import measures_of, metropolis, mixing_time, spectral_gap
from p2pkd.core.errors import ResultError


def ring(n):
    return [(i, (i + 1) % n) for i in range(n)]


def complete(n):
    return [(i, j) for i in range(n) for j in range(i)]


def star(n):
    return [(0, i) for i in range(1, n)]


@pytest.mark.parametrize("n", [5, 8, 21])
def test_rings(n):
    """W = (I + A) / 3: eigenvalues (1 + 2 cos(2 pi k / n)) / 3."""
    eigenvalues = [(1 + 2 * math.cos(2 * math.pi * k / n)) / 3 for k in range(n)]
    found = measures_of(n, ring(n))
    assert found.spectral_gap == pytest.approx(1 - sorted(map(abs, eigenvalues))[-2])
    assert found.diameter == n // 2
    assert (found.degree_min, found.degree_mean, found.degree_max) == (2, 2, 2)


def test_complete_graphs_mix_in_one_round():
    found = measures_of(6, complete(6))
    assert found.spectral_gap == pytest.approx(1)
    assert (found.mixing_time, found.diameter, found.betweenness_max) == (1, 1, 0)


def test_stars():
    """Leaves keep 1 - 1 / n: the second eigenvalue; every path leads over the hub."""
    found = measures_of(9, star(9))
    assert found.spectral_gap == pytest.approx(1 / 9)
    assert found.betweenness_max == pytest.approx(1)
    assert (found.diameter, found.degree_max) == (2, 8)


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 14), st.randoms(use_true_random=False))
def test_metropolis_is_doubly_stochastic_and_mixing_time_is_the_first(n, random):
    edges = [(i, random.randrange(i)) for i in range(1, n)]
    edges += [(i, j) for i, j in complete(n) if random.random() < 0.2]
    matrix = metropolis(n, edges)
    assert np.allclose(matrix.sum(axis=0), 1)
    assert np.allclose(matrix, matrix.T)
    assert (matrix >= -1e-12).all()
    t = mixing_time(matrix)

    def distance(power):
        return np.abs(np.linalg.matrix_power(matrix, power) - 1 / n).sum(axis=1).max() / 2

    assert distance(t) <= 0.25 < distance(t - 1)


def test_no_gap_no_mixing():
    apart = np.eye(2)
    assert spectral_gap(apart) == 0
    assert mixing_time(apart) == -1
    with pytest.raises(ResultError, match="not connected"):
        measures_of(3, [(0, 1)])
