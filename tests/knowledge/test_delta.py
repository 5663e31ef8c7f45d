"""Compression and differences: exact, whatever the network loses."""

import lzma
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.knowledge.codecs import Bits, Compressed, Delta, Float16

INNER = [{"kind": "bits", "b": 1}, {"kind": "bits", "b": 3}, "float16", "float32", "int8"]
ROWS, CLASSES = 40, 10


def table(rng, sharpness=3.0):
    p = np.exp(sharpness * rng.normal(size=(ROWS, CLASSES)))
    return (p / p.sum(1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("compressor", ["zlib", "lzma"])
@pytest.mark.parametrize("inner", INNER, ids=str)
def test_compression_loses_nothing_more(inner, compressor):
    codec = Compressed(of=inner, compressor=compressor)
    values = table(np.random.default_rng(1))
    data = codec.encode(values)
    expected = codec.of.decode(codec.of.encode(values), *values.shape)
    np.testing.assert_array_equal(codec.decode(data, *values.shape), expected)
    assert len(data) <= codec.size_bytes(*values.shape)


def test_bytes_are_what_a_real_compressor_makes():
    values = np.tile(np.array([[1.0, 0, 0, 0]], np.float32), (500, 1))
    codes = np.zeros(500, np.uint8).tobytes()
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    size = len(packed.compress(codes) + packed.flush())
    assert len(Compressed(of=Bits(b=1)).encode(values)) == 1 + size
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**20}]
    size = len(lzma.compress(codes, lzma.FORMAT_RAW, filters=filters))
    assert len(Compressed(of=Bits(b=1), compressor="lzma").encode(values)) == 1 + size


class Sender:
    """Follows the rule: the base is the newest message that the peer has acknowledged."""

    def __init__(self, codec):
        self.codec = codec
        self.sent, self.acknowledged = {}, None

    def send(self, number, values):
        self.sent[number] = self.codec.of.codes(values)
        base = None if self.acknowledged is None else self.sent[self.acknowledged]
        return self.codec.encode_against(values, base, self.acknowledged or 0)


@pytest.mark.parametrize("inner", INNER, ids=str)
@given(fates=st.lists(st.booleans(), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_a_lost_message_never_spoils_a_later_one(inner, fates, seed):
    rng = np.random.default_rng(seed)
    codec = Delta(of=inner)
    sender, known = Sender(codec), {}
    for number, arrives in enumerate(fates):
        values = table(rng)
        data = sender.send(number, values)
        if not arrives:
            continue
        got = codec.decode_against(data, known.__getitem__, *values.shape)
        expected = codec.of.decode(codec.of.encode(values), *values.shape)
        np.testing.assert_array_equal(got, expected)
        known[number] = codec.of.codes(values)
        sender.acknowledged = number


def test_a_base_that_was_sent_but_lost_cannot_be_decoded():
    """The mistake: taking the last message sent, not the last acknowledged, as the base."""
    codec, rng = Delta(of=Float16()), np.random.default_rng(0)
    values = table(rng)
    lost = codec.of.codes(values)
    data = codec.encode_against(values, lost, 0)
    with pytest.raises(KeyError):
        codec.decode_against(data, {}.__getitem__, ROWS, CLASSES)


def test_nothing_new_costs_almost_nothing():
    codec, values = Delta(of=Bits(b=1)), table(np.random.default_rng(0))
    whole = codec.encode_against(values, None, 0)
    again = codec.encode_against(values, codec.of.codes(values), 0)
    assert len(whole) <= 1 + Bits(b=1).size_bytes(ROWS, CLASSES)
    assert len(again) < len(whole)
    assert len(again) <= 5 + 8
