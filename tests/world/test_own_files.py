"""Data sets as people have them: parts, channels, labels, owners; right, or told why not."""

import json
import struct
import zipfile

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario import data as specs
from p2pkd.scenario.data import DataSpec
from p2pkd.world.data import build_data
from p2pkd.world.datasets import load

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)), np.arange(60) % 3


def read(folder, arrays, **options):
    np.savez(folder / "a.npz", **arrays)
    return load(specs.Npz(path="a.npz", **options), Streams(1), folder)


def built(folder, arrays, partition="iid", agents=3, **options):
    np.savez(folder / "a.npz", **arrays)
    dataset = {"kind": "npz", "path": "a.npz", **options}
    spec = DataSpec(dataset=dataset, reference={"rows": 6}, partition=partition)
    return build_data(spec, agents, Streams(1), folder)


# -- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("x", "y", "x_test", "y_test"),
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
def test_an_archives_own_test_part_is_used(tmp_path, names):
    arrays = dict(zip(names, (X, Y, X[:9] + 10, Y[:9]), strict=True))
    data = built(tmp_path, arrays)
    assert len(data.private_y) == 60 - 6
    np.testing.assert_array_equal(data.test_x, (X[:9] + 10).astype(np.float32))


@pytest.mark.parametrize(
    ("what", "sizes"), [("learn", (80, 9)), ("test", (60, 29)), ("unused", (60, 9))]
)
def test_a_validation_part_goes_where_it_is_asked_to(tmp_path, what, sizes):
    arrays = {"x": X, "y": Y, "x_val": X[:20], "y_val": Y[:20], "x_test": X[:9], "y_test": Y[:9]}
    raw = read(tmp_path, arrays, validation=what)
    assert (len(raw.y), len(raw.test_y)) == sizes


def test_half_a_part_is_refused(tmp_path):
    with pytest.raises(DataError, match="has x_test without its other half; needs x_test, y_test"):
        read(tmp_path, {"x": X, "y": Y, "x_test": X})


def test_parts_of_other_shapes_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"rows of \(4,\) to learn from and of \(3,\) for testing"):
        read(tmp_path, {"x": X, "y": Y, "x_test": X[:, :3], "y_test": Y})


# -- inputs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ((32, 32, 3), (3, 32, 32)),
        ((3, 32, 32), (3, 32, 32)),
        ((20, 30, 3), (3, 20, 30)),
        ((1, 8, 8), (1, 8, 8)),
        ((16, 16, 8), (8, 16, 16)),
        ((8, 9), (1, 8, 9)),
    ],
)
def test_channels_are_where_a_shape_tells(tmp_path, shape, seen):
    assert read(tmp_path, {"x": np.zeros((3, *shape)), "y": [0, 1, 1]}).input_shape == seen


@pytest.mark.parametrize("shape", [(3, 32, 3), (32, 32, 32), (16, 9, 8), (4, 4, 20)])
def test_channels_that_a_shape_does_not_tell_are_asked_for(tmp_path, shape):
    arrays = {"x": RNG.random((3, *shape)), "y": [0, 1, 1]}
    with pytest.raises(DataError, match=r"first or last\? set data\.dataset\.channels"):
        read(tmp_path, arrays)
    assert read(tmp_path, arrays, channels="first").input_shape == shape
    last = read(tmp_path, arrays, channels="last")
    assert last.input_shape == (shape[2], *shape[:2])
    expected = arrays["x"].transpose(0, 3, 1, 2).reshape(3, -1).astype(np.float32)
    np.testing.assert_array_equal(last.x, expected)


def test_tables_of_bytes_are_not_images(tmp_path):
    x = np.array([[200, 3], [17, 90]], np.uint8)
    assert read(tmp_path, {"x": x, "y": [0, 1]}).x.tolist() == [[200, 3], [17, 90]]


def test_columns_are_scaled_by_rows_that_are_not_for_testing(tmp_path):
    data = built(tmp_path, {"x": X * 50 + 7, "y": Y, "x_test": X, "y_test": Y}, standardise=True)
    learned = np.concatenate([data.private_x, data.reference_x])
    np.testing.assert_allclose(learned.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(learned.std(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(data.test_x.std(axis=0), 1 / 50, rtol=1e-3)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X.astype(complex), "x is complex"),
        (np.full((60, 1), 1e300), "not finite in float32"),
        (np.zeros((60, 2, 2, 2, 2)), "x has 5 dimensions"),
        (np.zeros((60, 0)), "has no columns"),
        (np.full((60, 2), None), "holds Python objects"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_inputs_that_are_none(tmp_path, x, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, {"x": x, "y": Y})


# -- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([1, 2, 3], ("1", "2", "3")),
        ([0, 5, 11], ("0", "5", "11")),
        ([-1, 0, 1], ("-1", "0", "1")),
        (["cat", "dog", "eel"], ("cat", "dog", "eel")),
        (["9", "10", "11"], ("9", "10", "11")),
        ([b"a", b"b", b"c"], ("a", "b", "c")),
        ([1.0, 2.0, 4.0], ("1", "2", "4")),
        ([0, 1, 2], None),
    ],
)
def test_labels_of_any_kind_are_classes_that_keep_their_names(tmp_path, given, names):
    raw = read(tmp_path, {"x": X, "y": np.array(given)[Y]})
    assert (raw.n_classes, raw.class_names) == (3, names)
    np.testing.assert_array_equal(raw.y, Y)


def test_truth_values_and_columns_are_classes(tmp_path):
    assert read(tmp_path, {"x": X, "y": Y == 1}).class_names == ("False", "True")
    raw = read(tmp_path, {"x": X, "y": np.eye(5)[Y]})
    assert (raw.n_classes, raw.class_names, raw.y.tolist()) == (5, tuple("01234"), Y.tolist())
    assert read(tmp_path, {"x": X, "y": Y[:, None]}).y.tolist() == Y.tolist()


def test_learning_and_test_part_have_the_same_classes(tmp_path):
    raw = read(tmp_path, {"x": X, "y": Y * 2, "x_test": X[:2], "y_test": np.array([9, 4])})
    assert raw.class_names == ("0", "2", "4", "9")
    assert raw.test_y.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y + 0.5, "given float64 0.5; this is not for regression"),
        (Y + np.nan, "given float64 nan"),
        (np.ones((60, 3), int), "is not one-hot: row 0 has 3 classes"),
        (np.full((60, 3), 7), "has not only 0 and 1"),
    ],
)
def test_labels_that_are_none(tmp_path, y, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, {"x": X, "y": y})


def test_what_is_one_class_cannot_be_learned(tmp_path):
    with pytest.raises(DataError, match="all 60 rows of 'a' are of class 7"):
        built(tmp_path, {"x": X, "y": np.full(60, 7)})


# -- owners ---------------------------------------------------------------------------------------


def test_rows_are_whose_the_archive_says(tmp_path):
    owner = np.array(["b", "a", "c"])[np.arange(60) // 20]
    x = np.column_stack([np.arange(60) // 20, X])
    data = built(tmp_path, {"x": x, "y": Y, "owner": owner}, "owners", owner="owner")
    of = [set(data.private_x[data.partition.of(i)][:, 0].tolist()) for i in range(3)]
    assert of == [{1.0}, {0.0}, {2.0}]
    with pytest.raises(DataError, match="3 owners for 4 agents"):
        built(tmp_path, {"x": x, "y": Y, "owner": owner}, "owners", 4, owner="owner")
    with pytest.raises(DataError, match=r"does not say whose .* data\.dataset\.owner"):
        built(tmp_path, {"x": x, "y": Y}, "owners")


def test_rows_are_whose_the_lists_say(tmp_path):
    lists = [list(range(0, 50, 2)), list(range(1, 50, 2))]
    (tmp_path / "p.json").write_text(json.dumps(lists))
    x = np.column_stack([np.arange(60), X])
    partition = {"kind": "indices", "path": "p.json"}
    data = built(tmp_path, {"x": x, "y": Y, "x_test": x, "y_test": Y}, partition, 2)
    for agent in range(2):
        mine = set(data.private_x[data.partition.of(agent)][:, 0].astype(int).tolist())
        public = set(data.reference_x[:, 0].astype(int).tolist())
        assert mine == set(lists[agent]) - public


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[0, 1], [1, 2]]", "row 1 is in list 0 and in 1"),
        ("[[0, 1], [60]]", "list 1 has 60; rows are whole numbers from 0 to 59"),
        ("[[0, true], [2]]", "list 0 has True"),
        ("[[0]]", "1 lists of rows for 2 agents"),
        ('{"0": [1]}', "must be a list of lists"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("[[0, 1, 2], []]", "agent 1 owns 0 private rows, fewer than min_rows: 2"),
    ],
)
def test_lists_that_are_no_partition(tmp_path, text, message):
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(DataError, match=message):
        built(tmp_path, {"x": X, "y": Y}, {"kind": "indices", "path": "p.json"}, 2)


# -- files ----------------------------------------------------------------------------------------


def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path):
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 4), }".ljust(117)
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head.encode() + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member)
        archive.writestr("y.npy", member)
    with pytest.raises(DataError, match=r"x.npy says that it holds \(1000000000000, 4\) float64"):
        load(specs.Npz(path="a.npz"), Streams(1), tmp_path)


def _idx(file, array):
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    file.write_bytes(head + array.astype(np.uint8).tobytes())


def test_emnists_own_names(tmp_path):
    x = RNG.integers(0, 256, (12, 5, 5))
    for split, first in (("letters", 1), ("digits", 0)):
        for part in ("train", "test"):
            name = f"emnist-{split}-{part}"
            _idx(tmp_path / f"{name}-images-idx3-ubyte", x)
            _idx(tmp_path / f"{name}-labels-idx1-ubyte", np.arange(12) % 4 + first)
    with pytest.raises(DataError, match=r"several sets, digits, letters; choose with .*split"):
        load(specs.Idx(path="."), Streams(1), tmp_path)
    raw = load(specs.Idx(path=".", split="letters"), Streams(1), tmp_path)
    assert raw.class_names == ("1", "2", "3", "4")
    assert (len(raw.y), len(raw.test_y), raw.input_shape) == (12, 12, (1, 5, 5))
    with pytest.raises(DataError, match=r"split: 'mnist', but .* has of EMNIST's: digits, letters"):
        load(specs.Idx(path=".", split="mnist"), Streams(1), tmp_path)


def test_made_data_that_no_machine_holds(tmp_path):
    spec = specs.Synthetic(rows=10**9, features=10**6)
    with pytest.raises(DataError, match=r"take 8e\+06 GB, and this machine has"):
        load(spec, Streams(1), tmp_path)
