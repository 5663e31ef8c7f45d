"""The solvers alone: against each other, a plain one-bottleneck filling, and the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from p2pkd.engine.transport.maxmin import UNBOUNDED, max_min, max_min_few, violation


def one_at_a_time(routes, capacity, limits):
    """Progressive filling as in the textbook, over a dense incidence matrix."""
    crosses = np.zeros((len(capacity), len(routes)), bool)
    for flow, route in enumerate(routes):
        crosses[list(route), flow] = True
    crosses = np.vstack([crosses, np.eye(len(routes), dtype=bool)])  # own limits as own links
    left = np.concatenate([capacity, limits])
    rates, active = np.zeros(len(routes)), np.ones(len(routes), bool)
    while active.any():
        users = (crosses & active).sum(axis=1)
        share = np.where(users > 0, left / np.maximum(users, 1), np.inf)
        least = share.argmin()
        freeze = crosses[least] & active
        rates[freeze] = share[least]
        left = left - share[least] * (crosses & freeze).sum(axis=1)
        active &= ~freeze
    return rates


def padded(routes, n_links):
    """Return routes of any length as columns, filled up with one more link without limit."""
    width = max((len(route) for route in routes), default=2)
    columns = np.full((width, len(routes)), n_links, dtype=np.intp)
    for flow, route in enumerate(routes):
        columns[: len(route), flow] = route
    return columns


@st.composite
def platforms(draw):
    """Return routes over up to 4 of some links, capacities and limits, many of them equal."""
    n_links = draw(st.integers(1, 12))
    rate = st.one_of(st.sampled_from([1.0, 2.0, 3.0, 0.1]), st.floats(1e-3, 1e9))
    capacity = draw(arrays(float, n_links, elements=rate))
    link = st.integers(0, n_links - 1)
    routes = draw(st.lists(st.lists(link, min_size=1, max_size=4, unique=True), max_size=30))
    limit = st.one_of(st.just(UNBOUNDED), rate)
    return routes, capacity, draw(arrays(float, len(routes), elements=limit))


@settings(max_examples=150, deadline=None)
@given(platforms())
def test_all_fillings_agree_and_are_certified(platform):
    routes, capacity, limits = platform
    columns, capacities = padded(routes, len(capacity)), np.append(capacity, UNBOUNDED)
    rates = max_min(columns, capacities, limits)
    expected = one_at_a_time(routes, capacity, limits)
    assert rates == pytest.approx(expected, rel=1e-6)
    assert max_min_few(routes, capacity.tolist(), limits.tolist()) == pytest.approx(
        expected, rel=1e-6
    )
    assert violation(columns, capacities, limits, rates) < 1e-9


def test_a_long_flow_and_one_flow_a_link():
    routes = [[0, 1, 2], [0], [1], [2]]
    columns, capacity = padded(routes, 3), np.array([10, 1, 10, UNBOUNDED])
    limits = np.full(4, UNBOUNDED)
    assert max_min(columns, capacity, limits).tolist() == [0.5, 9.5, 0.5, 9.5]
    assert max_min_few(routes, [10, 1, 10], limits.tolist()) == [0.5, 9.5, 0.5, 9.5]


def test_no_flow_no_rate():
    none = np.empty((2, 0), np.intp)
    assert max_min(none, np.ones(3), np.empty(0)).tolist() == []
    assert max_min_few([], [1.0], []) == []
    assert violation(none, np.ones(3), np.empty(0), np.empty(0)) == 0


def test_a_link_without_capacity_halts_its_flows_only():
    routes = np.array([[0, 1], [2, 2]])
    capacity, limits = np.array([0.0, 5.0, 8.0]), np.full(2, UNBOUNDED)
    rates = max_min(routes, capacity, limits)
    assert rates.tolist() == [0, 5]
    assert violation(routes, capacity, limits, rates) == 0


@pytest.mark.parametrize(
    ("rates", "gap"),
    [
        ([1.0, 1.0, 1.0], 0.0),
        ([1.0, 1.0, 1.5], 0.25),  # the third overloads its link of 2 by a quarter
        ([0.5, 1.5, 1.0], 0.5),  # the first has room beside a third twice as fast
        ([0.9, 0.9, 1.1], 0.1),  # the first two fill no link
    ],
)
def test_the_certificate_measures_the_gap(rates, gap):
    routes = np.array([[0, 0, 1], [2, 1, 2]])
    capacity, limits = np.array([2.0, 2.0, 2.0]), np.full(3, UNBOUNDED)
    assert violation(routes, capacity, limits, np.array(rates)) == pytest.approx(gap)
