"""Codecs of probabilities: the simplex grid and the k largest."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.knowledge.codecs import Bits, TopK

DEPTHS = range(1, 9)


@st.composite
def tables(draw):
    rows, classes = draw(st.integers(1, 6)), draw(st.integers(2, 12))
    logits = draw(
        st.lists(st.floats(-12, 12, width=32), min_size=rows * classes, max_size=rows * classes)
    )
    return torch.tensor(logits).view(rows, classes).softmax(-1).numpy()


def roundtrip(codec, values):
    return codec.roundtrip(torch.from_numpy(values)[None])[0].numpy()


codecs = st.one_of(
    st.builds(Bits, b=st.sampled_from(DEPTHS)),
    st.builds(TopK, k=st.integers(1, 5), number=st.sampled_from(["float16", "float32"])),
)


@given(codec=codecs, values=tables())
def test_bytes_are_as_long_as_said_and_decode_to_the_roundtrip(codec, values):
    data = codec.encode(values)
    assert len(data) == codec.size_bytes(*values.shape)
    np.testing.assert_array_equal(codec.decode(data, *values.shape), roundtrip(codec, values))


@given(b=st.sampled_from(DEPTHS), values=tables())
def test_a_point_of_the_grid_stays_where_it_is(b, values):
    codec = Bits(b=b)
    once = roundtrip(codec, values)
    np.testing.assert_array_equal(roundtrip(codec, once), once)


@given(b=st.sampled_from(DEPTHS), values=tables())
def test_grid_error_is_below_a_step_and_rows_sum_to_one(b, values):
    got = roundtrip(Bits(b=b), values)
    assert np.abs(got - values).max() < 1 / (2**b - 1) + 1e-6
    np.testing.assert_allclose(got.sum(1), 1, atol=1e-6)
    steps = got * (2**b - 1)
    np.testing.assert_allclose(steps, steps.round(), atol=1e-4)


@given(values=tables())
def test_grid_point_is_the_nearest(values):
    """Against all points of a small grid, by force."""
    row, classes = values[:1, :3] / values[:1, :3].sum(), min(3, values.shape[1])
    n = 3
    points = np.array([p for p in np.ndindex(*[n + 1] * classes) if sum(p) == n], np.float32) / n
    best = np.square(points - row).sum(1).min()
    got = np.square(roundtrip(Bits(b=2), row.astype(np.float32)) - row).sum()
    assert got <= best + 1e-6


@given(values=tables())
def test_one_bit_is_the_argmax(values):
    got = roundtrip(Bits(b=1), values)
    largest = np.take_along_axis(values, got.argmax(1)[:, None], 1)[:, 0]
    np.testing.assert_allclose(largest, values.max(1))
    assert (got.sum(1) == 1).all()


@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (7, 3), (1000, 10), (5000, 10), (64, 128)])
def test_one_bit_takes_the_bytes_of_cfd(rows, classes):
    assert Bits(b=1).size_bytes(rows, classes) == math.ceil(rows * math.log2(classes) / 8)


def test_more_bits_take_that_many_a_class():
    assert [Bits(b=b).size_bytes(64, 10) for b in (2, 3, 8)] == [160, 240, 640]


@given(k=st.integers(1, 5), values=tables())
def test_top_k_keeps_the_largest_and_spreads_the_rest(k, values):
    got = roundtrip(TopK(k=k, number="float32"), values)
    kept = np.sort(values, 1)[:, ::-1][:, :k]
    error = np.abs(got - values)
    assert (error <= kept[:, -1:] + 1e-6).all()
    np.testing.assert_allclose(np.sort(got, 1)[:, ::-1][:, :k][:, 0], kept[:, 0], atol=1e-6)
    np.testing.assert_allclose(got.sum(1), np.maximum(1, kept.sum(1)), atol=1e-5)


def test_top_k_bytes_count_the_class_numbers():
    assert TopK(k=3).size_bytes(64, 10) == 64 * 3 * (2 + 1)
    assert TopK(k=3).size_bytes(64, 1000) == 64 * 3 * (2 + 2)
    assert TopK(k=3, number="float32").size_bytes(64, 10) == 64 * 3 * (4 + 1)
    assert TopK(k=20).size_bytes(64, 10) == 64 * 10 * (2 + 1)
