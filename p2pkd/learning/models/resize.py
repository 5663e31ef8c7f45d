"""Perceptrons made wider or narrower, with the weights that they have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from p2pkd.learning.models.architecture import uniform_layer

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Layer = tuple[Floats, Floats]
"""Weights ``(n_out, n_in)`` and biases ``(n_out,)``."""


def resized(
    row: Floats, old: Sequence[int], new: Sequence[int], rng: np.random.Generator | None
) -> Floats:
    """Return the parameters *row* ``(P,)`` of a perceptron of widths *old*, for widths *new*.

    Both begin with the inputs, end with the classes and have as many layers.  A layer that grows
    gets fresh units whose outgoing weights are 0: the network computes what it did, to the bit
    but for the order of sums.  A layer that shrinks keeps the units with the largest product of
    the norms of incoming and outgoing weights, in their order.  Without *rng* fresh numbers are 0.
    """
    return resized_with(row, kept_units(row, old, new), old, new, rng)


def resized_with(
    row: Floats,
    kept: list[Ints],
    old: Sequence[int],
    new: Sequence[int],
    rng: np.random.Generator | None,
) -> Floats:
    """Return *row* with the units *kept* of each layer."""
    return _join(_fill(_split(row, old), kept, new, rng))


def kept_units(row: Floats, old: Sequence[int], new: Sequence[int]) -> list[Ints]:
    """Return the units of each layer, inputs and classes included, that stay, ascending.

    From the top down: what a unit says to units that go does not count.
    """
    layers = _split(row, old)
    kept = [np.arange(old[-1])]
    for number in range(len(layers) - 1, 0, -1):
        (weights, bias), (above, _) = layers[number - 1], layers[number]
        incoming = np.sqrt((weights**2).sum(1) + bias**2)
        worth = incoming * np.sqrt((above[kept[-1]] ** 2).sum(0))
        kept.append(np.sort(np.argsort(-worth, kind="stable")[: new[number]]))
    return [np.arange(old[0]), *reversed(kept)]


def _split(row: Floats, widths: Sequence[int]) -> list[Layer]:
    layers, start = [], 0
    for n_in, n_out in pairwise(widths):
        weights = row[start : start + n_out * n_in].reshape(n_out, n_in)
        start += n_out * n_in
        layers.append((weights, row[start : start + n_out]))
        start += n_out
    return layers


def _fill(
    layers: list[Layer], kept: list[Ints], new: Sequence[int], rng: np.random.Generator | None
) -> list[Layer]:
    """Return layers of widths *new* that hold the weights between units *kept*."""
    filled = []
    for number, (weights, bias) in enumerate(layers):
        n_in, n_out = new[number], new[number + 1]
        wide, tall = _fresh(n_in, n_out, rng)
        inside, outside = kept[number], kept[number + 1]
        # Old units take nothing from new ones; new units take what they were drawn with.
        wide[: len(outside)] = 0
        wide[: len(outside), : len(inside)] = weights[np.ix_(outside, inside)]
        tall[: len(outside)] = bias[outside]
        filled.append((wide, tall))
    return filled


def _fresh(n_in: int, n_out: int, rng: np.random.Generator | None) -> Layer:
    if rng is None:
        return np.zeros((n_out, n_in), np.float32), np.zeros(n_out, np.float32)
    weights, bias = uniform_layer(rng, n_out, n_in)
    return weights.reshape(n_out, n_in), bias


def _join(layers: list[Layer]) -> Floats:
    return np.concatenate([part.ravel() for layer in layers for part in layer])
