"""The split: disjoint, stratified, and independent where it should be."""

from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario import data as specs
from p2pkd.scenario.data import DataSpec, ReferenceSpec
from p2pkd.world.data import build_data
from p2pkd.world.stratify import stratified


def build(n=24, seed=1, base=Path(), **spec):
    return build_data(DataSpec(**spec), n, Streams(seed), base)


def rows_of(*parts):
    return [tuple(row) for part in parts for row in part.tolist()]


def test_digits_are_split_without_remainder_or_overlap():
    data = build()
    assert [len(y) for y in (data.private_y, data.reference_y, data.test_y)] == [1182, 256, 359]
    from sklearn.datasets import load_digits

    rows = rows_of(data.private_x, data.reference_x, data.test_x)
    assert sorted(rows) == sorted(rows_of((load_digits().data / 16).astype(np.float32)))


@pytest.mark.parametrize("part", ["private", "reference", "test"])
def test_each_part_keeps_the_classes_proportions(part):
    reference = ReferenceSpec(rows=300, draw="stratified")
    data = build(dataset=specs.Synthetic(rows=3000, classes=3), reference=reference)
    counts = np.bincount(getattr(data, f"{part}_y"))
    assert np.ptp(counts) <= 1


def test_stratified_counts_are_exact():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    places = stratified(y, 50, np.random.default_rng(0))
    assert np.bincount(y[places]).tolist() == [30, 15, 5]
    assert len(set(places.tolist())) == 50


def test_everything_is_the_same_again_and_else_with_another_seed():
    first, again, other = build(), build(), build(seed=2)
    for field in ("private_x", "private_y", "reference_x", "test_x"):
        np.testing.assert_array_equal(getattr(first, field), getattr(again, field))
        assert not np.array_equal(getattr(first, field), getattr(other, field))


def test_test_rows_depend_on_neither_reference_nor_partition_nor_agents():
    first = build()
    for other in (
        build(reference=ReferenceSpec(rows=64)),
        build(partition=specs.Dirichlet()),
        build(n=7),
    ):
        np.testing.assert_array_equal(first.test_x, other.test_x)


def test_tables_are_standardised_without_the_test_rows():
    data = build(n=3, dataset=specs.Bundled(name="wine"), reference=ReferenceSpec(rows=40))
    learning = np.concatenate([data.private_x, data.reference_x])
    np.testing.assert_allclose(learning.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(learning.std(axis=0), 1, atol=1e-4)
    assert abs(data.test_x.mean(axis=0)).max() > 1e-3


def test_an_own_test_part_is_used_whole(tmp_path):
    from test_idx import write

    write(tmp_path, "train", 100)
    write(tmp_path, "t10k", 50)
    data = build(n=4, base=tmp_path, dataset=specs.Idx(path="."), reference=ReferenceSpec(rows=20))
    assert [len(y) for y in (data.private_y, data.reference_y, data.test_y)] == [80, 20, 50]


def test_feature_shift_touches_private_rows_alone():
    plain, shifted = build(), build(partition=specs.FeatureShift(rotation=30))
    assert not np.array_equal(plain.private_x, shifted.private_x)
    np.testing.assert_array_equal(plain.reference_x, shifted.reference_x)
    np.testing.assert_array_equal(plain.test_x, shifted.test_x)
    np.testing.assert_array_equal(plain.private_y, shifted.private_y)


def test_rows_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        build().private_x[0, 0] = 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"dataset": specs.Bundled(name="iris")},
            r"reference\.rows: 256, but 'iris' has only 120 rows beside its test set; take fewer",
        ),
        ({"test": 0.0}, r"data\.test: 0% of 1797 rows leaves 0 for testing"),
        ({"test": 1.0}, r"data\.test: 100% of 1797 rows leaves 1797 for testing and 0"),
    ],
)
def test_refusals_say_what_would_be_right(spec, message):
    with pytest.raises(DataError, match=message):
        build(**spec)
