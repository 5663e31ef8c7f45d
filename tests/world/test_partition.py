"""Partitions: nobody shares a row, and the skew is the one asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pkd.core.errors import DataError
from p2pkd.scenario import data as specs
from p2pkd.world.partition import build_partition

KINDS = [
    specs.Iid(),
    specs.Dirichlet(alpha=0.1),
    specs.Shards(classes=2),
    specs.Quantity(alpha=0.2),
    specs.FeatureShift(),
]


def labels(rows=2000, classes=10):
    return np.arange(rows) % classes


def divide(spec, y, n, seed=1):
    return build_partition(spec, y, n, int(y.max()) + 1, np.random.default_rng(seed))


@settings(max_examples=60, deadline=None)
@given(
    spec=st.sampled_from(KINDS),
    n=st.integers(1, 60),
    rows=st.integers(200, 600),
    seed=st.integers(0, 99),
)
def test_books_balance(spec, n, rows, seed):
    y = np.random.default_rng(seed).permutation(labels(rows, 5))
    made = divide(spec, y, n, seed)
    assert len(set(made.rows.tolist())) == len(made.rows)
    assert made.offsets[0] == 0
    assert made.offsets[-1] == len(made.rows)
    assert made.sizes.min() >= spec.min_rows
    for agent in range(n):
        assert (
            made.label_counts[agent].tolist()
            == np.bincount(y[made.of(agent)], minlength=5).tolist()
        )
    if not isinstance(spec, specs.Shards):
        assert len(made.rows) == rows


@pytest.mark.parametrize("spec", KINDS)
def test_the_seed_makes_the_partition(spec):
    first, again, other = (divide(spec, labels(), 20, seed) for seed in (1, 1, 2))
    assert first.rows.tolist() == again.rows.tolist() != other.rows.tolist()


def test_iid_is_even_and_alike():
    made = divide(specs.Iid(), labels(10_003), 10)
    assert set(made.sizes.tolist()) == {1000, 1001}
    # Hypergeometric: mean 100, variance about 81.
    assert abs(made.label_counts - 100).max() < 4.5 * 9.5


@pytest.mark.parametrize("alpha", [0.1, 0.5, 5.0])
def test_dirichlet_shares_have_the_moments_of_the_dirichlet(alpha):
    n, classes = 20, 10
    y = labels(20_000, classes)
    shares = np.concatenate(
        [divide(specs.Dirichlet(alpha=alpha, min_rows=1), y, n, s).label_counts for s in range(30)]
    ) / (20_000 / classes)
    expected = (1 / n) * (1 - 1 / n) / (n * alpha + 1)
    assert shares.mean() == pytest.approx(1 / n)
    assert shares.var() == pytest.approx(expected, rel=0.2)


def test_a_large_alpha_is_iid_and_a_small_one_is_not():
    even = divide(specs.Dirichlet(alpha=1e4), labels(), 10).label_counts
    skewed = divide(specs.Dirichlet(alpha=0.05), labels(), 10).label_counts
    assert abs(even - 20).max() <= 2
    assert np.median((skewed > 0).sum(axis=1)) <= 5


def test_rows_are_moved_where_drawing_again_cannot_help():
    made = divide(specs.Dirichlet(alpha=0.01, min_rows=15), labels(), 100)
    assert made.sizes.min() == 15
    assert made.sizes.sum() == 2000


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_shards_give_each_agent_its_classes(k):
    made = divide(specs.Shards(classes=k), labels(), 20)
    assert set((made.label_counts > 0).sum(axis=1).tolist()) == {k}
    assert made.sizes.sum() == 2000
    assert np.ptp((made.label_counts > 0).sum(axis=0)) == 0  # each class equally often


def test_rows_of_a_class_without_an_owner_stay_out():
    made = divide(specs.Shards(classes=2), labels(), 3)
    assert made.sizes.tolist() == [400, 400, 400]


def test_quantity_skews_amounts_but_not_labels():
    made = divide(specs.Quantity(alpha=0.5), labels(50_000), 20)
    assert made.sizes.max() > 5 * np.median(made.sizes)
    big = made.label_counts[made.sizes > 2000]
    np.testing.assert_allclose(big / big.sum(axis=1, keepdims=True), 0.1, atol=0.035)


@pytest.mark.parametrize(
    ("spec", "n", "message"),
    [
        (specs.Iid(min_rows=30), 70, "70 agents with min_rows: 30 need 2100 private rows, but th"),
        (specs.Shards(classes=11), 5, r"shards\.classes: 11, but the data have only 10"),
    ],
)
def test_refusals_say_what_would_be_right(spec, n, message):
    with pytest.raises(DataError, match=message):
        divide(spec, labels(), n)


def test_owned_rows_that_do_not_suffice():
    y = np.repeat([0, 1, 2], 20)
    with pytest.raises(DataError, match="1 agents have fewer than min_rows: 30 rows and the oth"):
        divide(specs.Shards(classes=1, min_rows=30), y, 1)


def test_a_hundred_thousand_agents():
    made = divide(specs.Dirichlet(alpha=0.3), labels(1_000_000), 100_000)
    assert made.sizes.min() >= 2
    assert made.label_counts.sum() == 1_000_000
