"""IDX files, made here and real."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import Idx
from p2pkd.world.datasets import load
from p2pkd.world.idx import load_idx, read_idx

DATA = Path(os.environ.get("P2PKD_DATA", Path(__file__).parents[3] / "shared" / "data"))


def encode(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write(folder, part, n, *, compress=False, dot="-"):
    images = (np.arange(n * 6) % 256).reshape(n, 2, 3)
    for what, array in (("images", images), ("labels", np.arange(n) % 5)):
        content = encode(array)
        name = f"{part}-{what}{dot}idx{array.ndim}-ubyte"
        if compress:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return images


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dot", ["-", "."])
def test_one_part(tmp_path, compress, dot):
    images = write(tmp_path, "t10k", 10, compress=compress, dot=dot)
    raw = load_idx(tmp_path)
    assert (raw.input_shape, raw.n_classes, raw.test_x) == ((1, 2, 3), 5, None)
    np.testing.assert_allclose(raw.x, images.reshape(10, 6) / np.float32(255))
    assert raw.y.tolist() == [0, 1, 2, 3, 4] * 2


def test_both_parts(tmp_path):
    write(tmp_path, "train", 20)
    write(tmp_path, "t10k", 10, compress=True)
    raw = load_idx(tmp_path)
    assert (len(raw.y), len(raw.test_y)) == (20, 10)


def test_the_folder_may_be_named_by_a_variable(tmp_path, monkeypatch):
    write(tmp_path, "train", 20)
    monkeypatch.setenv("P2PKD_IDX", str(tmp_path))
    assert len(load(Idx(path="${P2PKD_IDX}"), Streams(0), Path()).y) == 20


def test_a_limit_is_stratified_and_counts_both_parts(tmp_path):
    write(tmp_path, "train", 100)
    write(tmp_path, "t10k", 50)
    raw = load(Idx(path=".", limit=30), Streams(0), tmp_path)
    assert np.bincount(raw.y).tolist() == [4] * 5
    assert np.bincount(raw.test_y).tolist() == [2] * 5


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="has neither train-images-idx3-ubyte nor t10k"):
        load_idx(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\3\4", "is not an IDX file: it starts with '50 4b 03 04'"),
        (b"", "is not an IDX file"),
        (encode(np.zeros((2, 3)))[:-1], r"\(2, 3\) needs 6 bytes after the header, has 5"),
        (b"\0\0\x08\x02\0\0", "is cut off in its header"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, message):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "x")


@pytest.mark.skipif(not (DATA / "mnist").is_dir(), reason="the MNIST sample is not there")
def test_mnist():
    raw = load_idx(DATA / "mnist")
    assert (raw.x.shape, raw.input_shape) == ((10_000, 784), (1, 28, 28))
    assert np.bincount(raw.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert 0.12 < raw.x.mean() < 0.14
