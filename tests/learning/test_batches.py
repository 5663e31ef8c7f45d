from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.core.rng import Streams, uniform
from p2pkd.learning.data.batches import PooledRows, PrivateRows, draws, padded

KEYS = Streams(1).keys("batches", 3)
OFFSETS = np.array([0, 2, 7, 8])


def test_a_draw_is_the_hash_of_agent_and_sample_number() -> None:
    drawn = draws(KEYS, np.array([0, 5, 9]), 2, np.array([10, 20, 30]))
    expected = [
        [int(uniform(int(key), first + j) * size) for j in range(2)]
        for key, first, size in zip(KEYS, [0, 5, 9], [10, 20, 30], strict=True)
    ]
    assert drawn.tolist() == expected


def test_draws_go_on_where_they_ended() -> None:
    sizes, zero = np.array([10, 20, 30]), np.zeros(3, np.int64)
    once = draws(KEYS, zero, 8, sizes)
    twice = np.hstack([draws(KEYS, zero, 3, sizes), draws(KEYS, zero + 3, 5, sizes)])
    assert np.array_equal(once, twice)


def test_agents_draw_their_own_rows_evenly() -> None:
    rows = PrivateRows(OFFSETS, KEYS)
    sample = rows.sample(np.array([1, 2]), np.zeros(2, np.int64), 5000)
    assert set(sample[0]) == {2, 3, 4, 5, 6}
    assert set(sample[1]) == {7}
    assert np.bincount(sample[0])[2:].tolist() == pytest.approx([1000] * 5, abs=130)


def test_pooled_agents_draw_from_everybody() -> None:
    sample = PooledRows(OFFSETS, KEYS).sample(np.array([0, 1]), np.zeros(2, np.int64), 400)
    assert set(sample[0]) == set(sample[1]) == set(range(8))
    assert not np.array_equal(sample[0], sample[1])


def test_full_batches_are_masked() -> None:
    rows, mask = PrivateRows(OFFSETS, KEYS).full(np.array([0, 1]), 6)
    assert rows[mask == 1].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert mask.sum(1).tolist() == [2, 5]


@given(st.integers(0, 10**6))
def test_padding_is_little_and_takes_few_values(n: int) -> None:
    assert n <= padded(n) <= 1.25 * n + 1
    assert padded(padded(n)) == padded(n)
