"""Codecs: exact bytes, stated errors, one truth for the two ways to round-trip."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from p2pkd.knowledge.codecs import (
    Float16,
    Float32,
    Int8,
    LabelCodec,
    Largest,
    Signs,
    encode_rows,
)

REAL = [Float32(), Float16(), Int8(), Largest(share=0.3), Signs()]
tables = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 12)),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False),
)


@pytest.mark.parametrize("codec", REAL, ids=lambda codec: codec.kind)
@given(values=tables)
def test_size_is_the_length_of_the_bytes(codec, values):
    assert codec.size_bytes(*values.shape) == len(codec.encode(values))


@pytest.mark.parametrize("codec", REAL, ids=lambda codec: codec.kind)
@given(values=tables)
def test_roundtrip_equals_encode_then_decode(codec, values):
    slow = codec.decode(codec.encode(values), *values.shape)
    fast = codec.roundtrip(torch.from_numpy(values)[None])[0].numpy()
    np.testing.assert_array_equal(fast, slow)


@given(values=tables)
def test_float32_is_exact(values):
    np.testing.assert_array_equal(Float32().roundtrip(torch.from_numpy(values)).numpy(), values)


@given(values=tables)
def test_float16_error_is_half_a_unit_in_the_last_place(values):
    error = np.abs(Float16().roundtrip(torch.from_numpy(values)).numpy() - values)
    assert (error <= np.maximum(np.abs(values) * 2.0**-11, 2.0**-25)).all()


@given(values=tables)
def test_int8_error_is_half_a_step(values):
    error = np.abs(Int8().roundtrip(torch.from_numpy(values)).numpy() - values)
    step = np.abs(values).max(1, keepdims=True) / 127
    assert (error <= step * 0.5001 + 1e-30).all()


@given(values=tables)
def test_largest_loses_at_most_its_part_of_the_norm(values):
    codec = Largest(share=0.3)
    lost = values - codec.roundtrip(torch.from_numpy(values)).numpy()
    width = values.shape[1]
    bound = (1 - codec.kept(width) / width) * np.square(values.astype(float)).sum(1)
    assert (np.square(lost.astype(float)).sum(1) <= bound * (1 + 1e-6)).all()


def test_largest_keeps_the_share_asked_for_and_the_earlier_of_equals():
    values = np.array([[1, -3, 3, 0, 2, -3, 1, 0, 0, 0]], np.float32)
    kept = Largest(share=0.2).roundtrip(torch.from_numpy(values)).numpy()
    np.testing.assert_array_equal(kept, [[0, -3, 3, 0, 0, 0, 0, 0, 0, 0]])
    assert Largest(share=0.2).size_bytes(1, 199_210) == 8 * 39_842
    assert Largest(share=0.01).kept(100) == 1


@given(values=tables)
def test_signs_lose_what_the_formula_says(values):
    lost = values - Signs().roundtrip(torch.from_numpy(values)).numpy()
    exact = values.astype(float)
    expected = np.square(exact).sum(1) - np.abs(exact).sum(1) ** 2 / values.shape[1]
    scale = np.square(exact).sum(1)
    np.testing.assert_allclose(
        np.square(lost.astype(float)).sum(1), expected, atol=1e-5 * scale.max() + 1e-30
    )


@pytest.mark.parametrize("wide", [False, True])
def test_labels_take_one_or_two_bytes(wide):
    labels = np.array([[0], [9], [255]], np.float32)
    codec = LabelCodec(wide=wide)
    data = codec.encode(labels)
    assert len(data) == codec.size_bytes(3, 1) == (6 if wide else 3)
    np.testing.assert_array_equal(codec.decode(data, 3, 1), labels)


def test_row_ids_cost_four_bytes_each():
    values = np.zeros((64, 10), np.float32)
    ids = np.arange(64, dtype=np.int32)
    assert len(encode_rows(Float16(), values, ids)) == 64 * (10 * 2 + 4)
    assert len(encode_rows(Float16(), values, None)) == 64 * 10 * 2
