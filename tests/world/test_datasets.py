"""Loaders: shapes, scales, and refusals by name."""

from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario import data as specs
from p2pkd.world.datasets import load


def read(spec, base=Path(), seed=1):
    return load(spec, Streams(seed), base)


def test_digits():
    raw = read(specs.Digits())
    assert (raw.x.shape, raw.input_shape, raw.n_classes) == ((1797, 64), (1, 8, 8), 10)
    assert (raw.x.dtype, raw.y.dtype) == (np.float32, np.int64)
    assert (raw.x.min(), raw.x.max()) == (0, 1)


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("iris", (150, 4), 3), ("wine", (178, 13), 3), ("breast_cancer", (569, 30), 2)],
)
def test_bundled(name, shape, classes):
    raw = read(specs.Bundled(name=name))
    assert (raw.x.shape, raw.n_classes, raw.input_shape) == (shape, classes, shape[1:])
    assert len(raw.class_names) == classes


def test_digits_by_either_name():
    np.testing.assert_array_equal(read(specs.Bundled(name="digits")).x, read(specs.Digits()).x)


def test_blobs_have_unit_noise_and_the_separation_asked_for():
    spec = specs.Synthetic(rows=40_000, features=400, classes=4, separation=6)
    raw = read(spec)
    centres = np.stack([raw.x[raw.y == c].mean(axis=0) for c in range(4)])
    apart = np.linalg.norm(centres[:, None] - centres, axis=2)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(apart, 6, rtol=0.15)
    noise = raw.x - centres[raw.y]
    assert abs(noise.std() - 1) < 0.01
    assert np.bincount(raw.y).tolist() == [10_000] * 4


def test_shells_differ_in_radius_alone():
    raw = read(specs.Synthetic(shape="shells", rows=9000, features=10, classes=3, separation=5))
    scale = 10**0.5 / 15
    for c in range(3):
        rows = raw.x[raw.y == c]
        radius = np.linalg.norm(rows, axis=1) / scale
        assert abs(radius.mean() - 5 * (c + 1)) < 0.1
        assert abs(radius.std() - 1) < 0.06
        assert abs(rows.mean(axis=0)).max() < 4 * rows.std() / 3000**0.5


def test_a_linear_model_learns_blobs_but_not_shells():
    from sklearn.linear_model import LogisticRegression

    scores = {}
    for shape in ("blobs", "shells"):
        raw = read(specs.Synthetic(shape=shape, rows=2000, features=20, classes=2, separation=5))
        model = LogisticRegression(max_iter=200).fit(raw.x[:1000], raw.y[:1000])
        scores[shape] = model.score(raw.x[1000:], raw.y[1000:])
    assert scores["blobs"] > 0.97
    assert scores["shells"] < 0.6


def test_the_seed_makes_the_rows():
    spec = specs.Synthetic(rows=100)
    np.testing.assert_array_equal(read(spec).x, read(spec).x)
    assert not np.array_equal(read(spec).x, read(spec, seed=2).x)


def test_npz_of_photographs(tmp_path):
    x = np.arange(6 * 5 * 4 * 3, dtype=np.uint8).reshape(6, 5, 4, 3)
    np.savez(tmp_path / "a.npz", x=x, y=[0, 1, 2, 0, 1, 2])
    raw = read(specs.Npz(path="a.npz"), tmp_path)
    assert (raw.input_shape, raw.n_classes) == ((3, 5, 4), 3)
    np.testing.assert_allclose(raw.x.reshape(6, 3, 5, 4), x.transpose(0, 3, 1, 2) / np.float32(255))


def test_npz_of_floats_is_taken_as_it_is(tmp_path):
    np.savez(tmp_path / "a.npz", x=[[1.5, -2], [3, 4]], y=[1, 0])
    raw = read(specs.Npz(path="a.npz"), tmp_path)
    assert raw.x.tolist() == [[1.5, -2], [3, 4]]
    assert raw.input_shape == (2,)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 2)), "y": np.zeros(4, int)}, r"x \(3, 2\) and y \(4,\); need"),
        ({"x": np.zeros((3, 2)), "y": np.full(3, 0.5)}, "y must be classes"),
        ({"x": np.full((2, 2), np.nan), "y": np.array([0, 1])}, "entries that are not finite"),
        ({"a": np.zeros(3)}, r"has arrays \['a'\]; needs x and y"),
        ({"x": np.array([["a"]]), "y": np.array([0])}, "x must be numbers, given <U1"),
        ({"x": np.array([[{}]]), "y": np.array([0])}, r"holds Python objects"),
    ],
)
def test_broken_archives_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        read(specs.Npz(path="a.npz"), tmp_path)


def test_not_an_archive(tmp_path):
    (tmp_path / "a.npz").write_text("text")
    with pytest.raises(DataError, match=r"a\.npz: cannot be read"):
        read(specs.Npz(path="a.npz"), tmp_path)


def test_missing_files_and_variables(monkeypatch, tmp_path):
    with pytest.raises(DataError, match=r"data\.dataset\.path: 'no' does not exist"):
        read(specs.Idx(path="no"), tmp_path)
    monkeypatch.delenv("P2PKD_NOWHERE", raising=False)
    with pytest.raises(DataError, match="the environment variable P2PKD_NOWHERE is not set"):
        read(specs.Idx(path="${P2PKD_NOWHERE}/mnist"), tmp_path)
