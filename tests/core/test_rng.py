"""Random streams: independent, stable, and alike in both forms."""

import numpy as np

from p2pkd.core.rng import Streams, uniform, uniforms


def test_a_stream_depends_on_seed_purpose_and_ids_alone():
    draw = Streams(1).generator("peers", 3).random(4)
    np.testing.assert_array_equal(draw, Streams(1).generator("peers", 3).random(4))
    for other in (Streams(2).generator("peers", 3), Streams(1).generator("loss", 3)):
        assert not np.array_equal(draw, other.random(4))


def test_keys_do_not_depend_on_how_many_there_are():
    np.testing.assert_array_equal(Streams(5).keys("clock", 9)[:4], Streams(5).keys("clock", 4))


def test_array_and_scalar_forms_agree():
    keys = Streams(7).keys("clock", 50)
    for counter in (0, 1, 12345):
        many = uniforms(keys, np.array([counter], np.uint64))
        assert many.tolist() == [uniform(int(key), counter) for key in keys]


def test_numbers_are_uniform():
    keys = Streams(3).keys("test", 100)
    u = uniforms(keys[:, None], np.arange(1000, dtype=np.uint64)[None])
    assert abs(u.mean() - 0.5) < 0.004
    counts = np.histogram(u, 20, (0, 1))[0]
    assert ((counts - 5000) ** 2 / 5000).sum() < 45
    assert abs(np.corrcoef(u[:, :-1].ravel(), u[:, 1:].ravel())[0, 1]) < 0.02
