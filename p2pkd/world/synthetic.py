"""Made data of any size, for scale and for closed-form checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]
CHUNK = 1 << 16


def blobs(
    rows: int, features: int, classes: int, separation: float, *, rng: np.random.Generator
) -> Rows:
    """Return Gaussian classes of unit noise: ``(rows, features)`` and ``(rows,)``.

    Centres are random directions of length *separation* / sqrt(2); in many dimensions these are
    nearly orthogonal, so two centres lie about *separation* apart.
    """
    y = _labels(rows, classes, rng)
    centres = _directions(classes, features, rng) * np.float32(separation / np.sqrt(2))
    x = rng.standard_normal((rows, features), dtype=np.float32)
    for part in range(0, rows, CHUNK):
        x[part : part + CHUNK] += centres[y[part : part + CHUNK]]
    return x, y


def shells(
    rows: int, features: int, classes: int, separation: float, *, rng: np.random.Generator
) -> Rows:
    """Return nested spheres, one a class, which no linear model can tell apart.

    Class *c* has radius (c + 1) *separation*, and unit noise along the radius; all is divided by
    the largest radius / sqrt(*features*), so that columns have about unit size.
    """
    y = _labels(rows, classes, rng)
    x = np.empty((rows, features), np.float32)
    scale = np.sqrt(features) / (classes * separation)
    for part in range(0, rows, CHUNK):
        label = y[part : part + CHUNK]
        radius = (label + 1) * separation + rng.standard_normal(len(label))
        way = _directions(len(label), features, rng)
        x[part : part + CHUNK] = way * (radius * scale)[:, None].astype(np.float32)
    return x, y


def _labels(rows: int, classes: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return balanced labels in random order."""
    return rng.permutation(np.arange(rows, dtype=np.int64) % classes)


def _directions(n: int, features: int, rng: np.random.Generator) -> NDArray[np.float32]:
    way = rng.standard_normal((n, features), dtype=np.float32)
    return np.asarray(way / np.linalg.norm(way, axis=1, keepdims=True), np.float32)
