"""Wider and narrower perceptrons, against plain PyTorch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from p2pkd.learning.data.batches import TrainingRows
from p2pkd.learning.models.mlp import Mlp
from p2pkd.learning.models.resize import kept_units, resized


def fresh(widths, seed=0):
    return Mlp(tuple(widths)).initial(np.random.default_rng(seed))


def logits(row, widths, x):
    below, start = torch.from_numpy(x), 0
    for layer, (n_in, n_out) in enumerate(pairwise(widths)):
        weights = torch.from_numpy(row[start : start + n_in * n_out]).view(n_out, n_in)
        bias = torch.from_numpy(row[start + n_in * n_out : start + (n_in + 1) * n_out])
        below = functional.linear(below, weights, bias)
        below = below.relu() if layer < len(widths) - 2 else below
        start += (n_in + 1) * n_out
    return below.numpy()


sizes = st.lists(st.integers(1, 9), min_size=1, max_size=3)


@given(sizes, st.data())
def test_growing_changes_nothing_and_shrinking_back_undoes_it(hidden, data):
    wider = [n + data.draw(st.integers(0, 5)) for n in hidden]
    old, new = [6, *hidden, 4], [6, *wider, 4]
    row, x = fresh(old), np.random.default_rng(1).normal(size=(8, 6)).astype(np.float32)
    grown = resized(row, old, new, np.random.default_rng(2))
    assert len(grown) == Mlp(tuple(new)).n_parameters
    np.testing.assert_allclose(logits(grown, new, x), logits(row, old, x), atol=1e-5)
    np.testing.assert_array_equal(resized(grown, new, old, None), row)


def test_new_units_can_learn():
    """Their incoming weights are as those of fresh layers, so that gradients flow."""
    grown = resized(fresh([6, 3, 4]), [6, 3, 4], [6, 5, 4], np.random.default_rng(2))
    weights, bias = grown[:30].reshape(5, 6), grown[30:35]
    assert (weights[3:] != 0).all()
    assert (bias[3:] != 0).all()
    assert (grown[35:55].reshape(4, 5)[:, 3:] == 0).all()


def test_the_units_with_most_say_stay_in_their_order():
    old, new = [2, 4, 3], [2, 2, 3]
    incoming = np.array([[1, 0], [3, 4], [0, 2], [1, 1]], np.float32)
    outgoing = np.array([[1, 0, 9, 1], [0, 1, 0, 0], [0, 0, 0, 0]], np.float32)
    row = np.concatenate([incoming.ravel(), np.zeros(4), outgoing.ravel(), np.ones(3)])
    row = row.astype(np.float32)
    # Products of norms: 1, 5, 18, sqrt 2.
    assert [units.tolist() for units in kept_units(row, old, new)] == [[0, 1], [1, 2], [0, 1, 2]]
    narrow = resized(row, old, new, None)
    np.testing.assert_array_equal(narrow[:4].reshape(2, 2), incoming[1:3])
    np.testing.assert_array_equal(narrow[6:12].reshape(3, 2), outgoing[:, 1:3])


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_rows_held_out_are_never_drawn(share):
    offsets = np.array([0, 2, 12, 33])
    rows = TrainingRows(offsets, np.arange(3, dtype=np.uint64), share)
    held = [1, round(10 * share), round(21 * share)]
    assert (np.diff(offsets) - rows.sizes).tolist() == held
    drawn = rows.sample(np.arange(3), np.zeros(3, np.int64), 500)
    assert (drawn < (offsets[1:] - held)[:, None]).all()
    assert (drawn >= offsets[:-1, None]).all()
