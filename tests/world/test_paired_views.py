"""Views: what is hidden, what is paired, and that nothing else changes."""

from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import DataSpec
from p2pkd.world.data import build_data
from p2pkd.world.shift import rotated

N_AGENTS = 7


def build(views=None, dataset="digits", **changes):
    spec = DataSpec.model_validate(
        {"dataset": dataset, "reference": {"rows": 30}, "views": views, **changes}
    )
    return build_data(spec, N_AGENTS, Streams(4), Path())


@pytest.fixture(scope="module")
def plain():
    return build()


def own_rows(data, agent):
    return data.private_x[data.partition.of(agent)]


def test_features_are_disjoint_and_complete(plain):
    data = build({"kind": "features", "views": 4, "share": "25 %"})
    assert data.views.names == ("features 1", "features 2", "features 3", "features 4")
    np.testing.assert_array_equal(data.views.reference_x.sum(0), plain.reference_x)
    np.testing.assert_array_equal(data.views.test_x.sum(0), plain.test_x)
    seen = (data.views.test_x != 0).any(1).sum(0)
    assert seen.max() == 1


def test_a_larger_share_is_seen_by_several(plain):
    data = build({"kind": "features", "views": 2, "share": 0.75})
    ones = np.isclose(data.views.reference_x, plain.reference_x).all(1).sum(1)
    assert (ones >= 48).all()


def test_parts_of_images(plain):
    sides = ["left", "right", "top", "bottom"]
    data = build({"kind": "parts", "sides": sides})
    left, right, top, bottom = data.views.reference_x.reshape(4, 30, 8, 8)
    whole = plain.reference_x.reshape(30, 8, 8)
    np.testing.assert_array_equal(left[..., :4], whole[..., :4])
    np.testing.assert_array_equal(top[:, :4], whole[:, :4])
    np.testing.assert_array_equal(left + right, whole)
    np.testing.assert_array_equal(top + bottom, whole)


def test_projections_keep_inner_products_up_to_what_they_hide(plain):
    data = build({"kind": "projection", "views": 3, "size": 64})
    for view in data.views.reference_x:
        np.testing.assert_allclose(
            view @ view.T, plain.reference_x @ plain.reference_x.T, rtol=1e-4, atol=1e-4
        )
    few = build({"kind": "projection", "size": 5})
    assert (few.views.reference_x[..., 5:] == 0).all()


@pytest.mark.parametrize("kind", ["features", "parts", "projection", "rotation"])
def test_agents_own_rows_reference_and_test_agree(kind, plain):
    """Whoever sees all reference rows in a view sees private rows in the same."""
    data = build({"kind": kind})
    n = len(data.views.names)
    assert sorted(np.bincount(data.views.of)) == sorted(np.bincount(np.arange(N_AGENTS) % n))
    for name in ("private_y", "reference_y", "test_y", "reference_x"):
        np.testing.assert_array_equal(getattr(data, name), getattr(plain, name))
    # The linear map that makes the test rows of a view makes its private rows, too.  Pixels that
    # are blank in all test rows tell nothing of it.
    blank = (plain.test_x == 0).all(0)
    for agent in range(N_AGENTS):
        fit, *_ = np.linalg.lstsq(plain.test_x, data.views.test_x[data.views.of[agent]], rcond=1e-4)
        known = (own_rows(plain, agent)[:, blank] == 0).all(1)
        assert known.sum() > 100
        error = own_rows(plain, agent)[known] @ fit - own_rows(data, agent)[known]
        assert abs(error).max() < 1e-2


def test_rotations_are_domains(plain):
    data = build({"kind": "rotation", "degrees": [0, 90], "reference": "common"})
    np.testing.assert_array_equal(data.views.reference_x[0], plain.reference_x)
    turned = rotated(plain.test_x.reshape(-1, 1, 8, 8), np.full(len(plain.test_x), 90.0))
    np.testing.assert_array_equal(data.views.test_x[0], plain.test_x)
    np.testing.assert_array_equal(data.views.test_x[1], turned.reshape(-1, 64))


@pytest.mark.parametrize("kind", ["parts", "rotation"])
def test_tables_have_no_sides(kind):
    with pytest.raises(DataError, match=rf"data.views: '{kind}' is for images.*\(13,\)"):
        build({"kind": kind}, dataset={"kind": "sklearn", "name": "wine"})


def test_more_directions_than_numbers():
    with pytest.raises(DataError, match=r"data.views.size: 65, but rows have only 64"):
        build({"kind": "projection", "size": 65})
