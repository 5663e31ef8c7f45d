"""The adapter to Hugging Face datasets, with a stand-in for the package."""

import sys
import types

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import HuggingFace
from p2pkd.world.datasets import load


class Table:
    """What the adapter uses of a `datasets.Dataset`."""

    def __init__(self, columns, names=None):
        self.columns = columns
        self.column_names = list(columns)
        self.features = {"label": types.SimpleNamespace(names=names)}

    def __getitem__(self, key):
        if isinstance(key, int):
            return {name: values[key] for name, values in self.columns.items()}
        return self.columns[key]


IMAGES = [np.full((6, 5, 3), i, np.uint8) for i in range(6)]
PHOTOS = Table(
    {"id": list("abcdef"), "picture": IMAGES, "label": [0, 1, 0, 1, 0, 1]}, ["cat", "dog"]
)


@pytest.fixture
def package(monkeypatch):
    module = types.ModuleType("datasets")
    module.calls = []
    module.tables = {"photos": PHOTOS}

    def load_dataset(name, split):
        module.calls.append((name, split))
        return module.tables[name]

    module.load_dataset = load_dataset
    module.load_from_disk = lambda path: {"train": PHOTOS, "test": path}
    monkeypatch.setitem(sys.modules, "datasets", module)
    return module


def read(tmp_path, **spec):
    return load(HuggingFace(**spec), Streams(0), tmp_path)


def test_images_by_name(package, tmp_path):
    raw = read(tmp_path, name="photos")
    assert package.calls == [("photos", "train")]
    assert (raw.x.shape, raw.input_shape, raw.class_names) == ((6, 90), (3, 6, 5), ("cat", "dog"))
    assert raw.x[5, 0] == np.float32(5) / np.float32(255)
    assert raw.y.tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.usefixtures("package")
def test_a_folder_and_a_limit(tmp_path):
    (tmp_path / "saved").mkdir()
    raw = read(tmp_path, name="saved", image="picture", limit=4)
    assert np.bincount(raw.y).tolist() == [2, 2]


def test_labels_that_are_words(package, tmp_path):
    words = ["b", "a", "b"]
    package.tables["words"] = Table({"v": [[0.0, 1.0]] * 3, "label": words})
    raw = read(tmp_path, name="words")
    assert (raw.class_names, raw.y.tolist()) == (("a", "b"), [1, 0, 1])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "none"}, "'none' cannot be loaded: KeyError"),
        ({"name": "photos", "label": "labels"}, "no column 'labels'; did you mean 'label'"),
        ({"name": "photos", "image": "pictur"}, "no column 'pictur'; did you mean 'picture'"),
        ({"name": "text"}, "no column of 'text' holds images or arrays; set image to one of"),
        ({"name": "ragged"}, "rows of different shapes"),
    ],
)
def test_refusals(package, tmp_path, spec, message):
    package.tables["text"] = Table({"sentence": ["a", "b"], "label": [0, 1]})
    package.tables["ragged"] = Table({"v": [[1.0], [1.0, 2.0]], "label": [0, 1]})
    with pytest.raises(DataError, match=message):
        read(tmp_path, **spec)


def test_without_the_package(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install 'p2pkd\[datasets\]'"):
        read(tmp_path, name="mnist")


def test_the_real_package_with_a_local_set(tmp_path):
    datasets = pytest.importorskip("datasets", reason="the package datasets is not installed")
    columns = {"v": [[float(i), 1.0] for i in range(6)], "label": [0, 1] * 3}
    features = datasets.Features(
        {
            "v": datasets.Sequence(datasets.Value("float32")),
            "label": datasets.ClassLabel(names=["x", "y"]),
        }
    )
    datasets.Dataset.from_dict(columns, features=features).save_to_disk(tmp_path / "local")
    raw = read(tmp_path, name="local")
    assert raw.x.tolist() == columns["v"]
    assert (raw.y.tolist(), raw.class_names) == (columns["label"], ("x", "y"))
