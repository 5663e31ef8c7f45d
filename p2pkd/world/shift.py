"""Feature shift: each agent sees its own rows turned and noisy in its own way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams, uniforms
from p2pkd.scenario.data import FeatureShift
from p2pkd.world.partition import Partition

CHUNK = 4096


def shifted(
    spec: FeatureShift,
    x: NDArray[np.float32],
    input_shape: tuple[int, ...],
    partition: Partition,
    streams: Streams,
) -> NDArray[np.float32]:
    """Return the private rows *x*, ``(n_rows, n_features)``, as their owners see them.

    An agent's angle is uniform between -`rotation` and `rotation`, its noise's standard deviation
    uniform between 0 and `noise`; both depend on the agent and the seed alone.  Raise DataError if
    rows that are not images are to be rotated.
    """
    if spec.rotation and len(input_shape) != 3:
        raise DataError(
            f"data.partition.feature_shift.rotation: {spec.rotation:g} degrees, but rows of shape "
            f"{input_shape} are no images; set rotation: 0 and use noise"
        )
    n = len(partition.sizes)
    draw = uniforms(streams.keys("feature shift", n)[:, None], np.arange(2, dtype=np.uint64))
    angle, deviation = (2 * draw[:, 0] - 1) * spec.rotation, draw[:, 1] * spec.noise
    owner = np.repeat(np.arange(n), partition.sizes)
    rng = streams.generator("feature noise")
    result = x.copy()
    for start in range(0, len(owner), CHUNK):
        rows, whose = partition.rows[start : start + CHUNK], owner[start : start + CHUNK]
        part = x[rows]
        if spec.rotation:
            part = rotated(part.reshape(-1, *input_shape), angle[whose]).reshape(part.shape)
        noise = rng.standard_normal(part.shape, dtype=np.float32)
        result[rows] = part + noise * deviation[whose, None].astype(np.float32)
    return result


def rotated(images: NDArray[np.float32], degrees: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rotate each image, ``(n, channels, height, width)``, counter-clockwise about its middle.

    Bilinear interpolation; what comes from outside the image is 0.
    """
    n, _, height, width = images.shape
    turn = np.deg2rad(degrees)[:, None, None]
    down, right = np.mgrid[:height, :width]
    down, right = down - (height - 1) / 2, right - (width - 1) / 2
    y = np.cos(turn) * down + np.sin(turn) * right + (height - 1) / 2
    x = np.cos(turn) * right - np.sin(turn) * down + (width - 1) / 2
    top, left = np.floor(y + 1e-9).astype(np.int64), np.floor(x + 1e-9).astype(np.int64)
    result = np.zeros_like(images)
    which = np.arange(n)[:, None, None]
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row, column = top + i, left + j
        weight = np.clip(1 - abs(y - row), 0, 1) * np.clip(1 - abs(x - column), 0, 1)
        weight *= (row >= 0) & (row < height) & (column >= 0) & (column < width)
        corner = images[which, :, row.clip(0, height - 1), column.clip(0, width - 1)]
        result += (corner * weight[..., None]).transpose(0, 3, 1, 2).astype(np.float32)
    return result
