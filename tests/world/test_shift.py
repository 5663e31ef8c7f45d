"""Rotation and noise of an agent's own rows."""

import numpy as np
import pytest
from scipy import ndimage

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import FeatureShift
from p2pkd.world.partition import build_partition
from p2pkd.world.shift import rotated, shifted


@pytest.fixture
def images():
    return np.random.default_rng(0).random((6, 1, 8, 8)).astype(np.float32)


def shift(spec, rows=400, n=4, shape=(1, 8, 8), seed=1):
    x = np.random.default_rng(0).random((rows, int(np.prod(shape)))).astype(np.float32)
    partition = build_partition(spec, np.zeros(rows, np.int64), n, 1, np.random.default_rng(0))
    return x, shifted(spec, x, shape, partition, Streams(seed)), partition


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_quarter_turns_are_exact(images, quarter):
    turned = rotated(images, np.full(6, 90.0 * quarter))
    np.testing.assert_allclose(turned, np.rot90(images, quarter, axes=(2, 3)), atol=1e-5)


@pytest.mark.parametrize("angle", [10.0, -33.0, 160.0])
def test_other_angles_equal_scipy_inside(images, angle):
    ours = rotated(images, np.full(6, angle))
    theirs = ndimage.rotate(images, angle, axes=(3, 2), reshape=False, order=1)
    np.testing.assert_allclose(ours[..., 2:6, 2:6], theirs[..., 2:6, 2:6], atol=1e-5)


def test_each_image_takes_its_own_angle(images):
    angles = np.array([0, 90, 180, 270, 0, 90.0])
    turned = rotated(images, angles)
    for i, angle in enumerate(angles):
        np.testing.assert_array_equal(turned[i], rotated(images[i : i + 1], angle * np.ones(1))[0])


def test_an_agent_sees_all_its_rows_turned_alike():
    x, seen, partition = shift(FeatureShift(rotation=90))
    for agent in range(4):
        rows = partition.of(agent)
        own, angles = x[rows].reshape(-1, 1, 8, 8), np.linspace(-90, 90, 181)
        errors = [
            abs(rotated(own, np.full(len(own), angle)).reshape(seen[rows].shape) - seen[rows]).max()
            for angle in angles
        ]
        assert min(errors) < 0.05 < np.median(errors)


def test_noise_has_its_own_deviation_for_each_agent():
    x, seen, partition = shift(FeatureShift(rotation=0, noise=0.5), n=6, rows=1200)
    deviation = [np.std((seen - x)[partition.of(agent)]) for agent in range(6)]
    assert max(deviation) <= 0.51
    assert len(set(np.round(deviation, 2))) >= 4


def test_adding_agents_keeps_the_others_shift():
    deviation = []
    for n in (3, 8):
        x, seen, partition = shift(FeatureShift(rotation=0, noise=1.0), n=n, rows=8000)
        deviation.append(np.std((seen - x)[partition.of(0)]))
    assert deviation[0] == pytest.approx(deviation[1], rel=0.02)


def test_rows_that_are_no_images_are_not_turned():
    with pytest.raises(DataError, match=r"rows of shape \(5,\) are no images; set rotation: 0"):
        shift(FeatureShift(), shape=(5,))
