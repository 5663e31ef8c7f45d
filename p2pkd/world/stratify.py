"""Drawing rows so that every class keeps its proportion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from p2pkd.world.devices import largest_remainder


def stratified(y: NDArray[np.int64], take: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return *take* places in *y*, drawn at random in each class by its share (largest remainder).

    The places are in random order.
    """
    order, start = by_class(y, rng)
    counts = np.diff(start)
    quota = largest_remainder(counts.tolist(), take)
    rank = np.arange(len(y)) - np.repeat(start[:-1], counts)
    return rng.permutation(order[rank < np.repeat(quota, counts)])


def by_class(
    y: NDArray[np.int64], rng: np.random.Generator, n_classes: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places sorted by class, shuffled within, and where each class starts.

    The second has one entry more than there are classes.
    """
    shuffled = rng.permutation(len(y))
    order = shuffled[np.argsort(y[shuffled], kind="stable")]
    counts = np.bincount(y, minlength=n_classes)
    return order, np.concatenate([[0], np.cumsum(counts)])
