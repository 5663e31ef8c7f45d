"""Which rows a gradient step sees: drawn for many agents at once, without a state.

Sample number c of agent i is its private row ``floor(u(i, c) n_i)``, where u is a counter-based
hash; with replacement, so that neither order nor grouping matters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.rng import uniforms_in_turn

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]


def draws(keys: Keys, first: Ints, n: int, sizes: Ints) -> Ints:
    """Return *n* numbers below ``sizes[g]`` for each g, ``(G, n)``; sample numbers from *first*.

    *keys*, *first* and *sizes* are ``(G,)``.
    """
    numbers = uniforms_in_turn(keys, first, n)
    # u < 1 has 53 bits, so that the product of it and a size below 2^53 stays below the size.
    numbers *= sizes[:, None]
    return numbers.astype(np.int64)


def padded(n: int) -> int:
    """Return *n* or a little more, of few values, so that different sizes share a group.

    It depends on *n* alone: whoever shares the group, the arithmetic is the same.
    """
    if n <= 4:
        return n
    step = 1 << max(0, n.bit_length() - 3)
    return -(-n // step) * step


def seats(n: int) -> int:
    """Return *n* messages or a little more: 1, or 8, 16, 32, ...; few values, as with `padded`."""
    return 1 if n == 1 else max(8, 1 << (n - 1).bit_length())


class PrivateRows:
    """Draws from agents' private rows; agent i owns ``offsets[i]`` to ``offsets[i + 1]``."""

    def __init__(self, offsets: Ints, keys: Keys) -> None:
        self.offsets = offsets
        self.sizes = np.diff(offsets)
        self.keys = keys

    def sample(self, agents: Ints, first: Ints, n: int) -> Ints:
        """Return *n* rows of each agent, ``(G, n)``, being its samples from number *first* on."""
        places = draws(self.keys[agents], first, n, self.sizes[agents])
        places += self.offsets[agents][:, None]
        return places

    def full(self, agents: Ints, width: int) -> tuple[Ints, NDArray[np.float32]]:
        """Return all rows of each agent, padded to ``(G, width)``, and the mask of real ones."""
        places = np.arange(width)
        mask = places < self.sizes[agents][:, None]
        rows = np.where(mask, places, 0) + self.offsets[agents][:, None]
        return rows, mask.astype(np.float32)


class TrainingRows(PrivateRows):
    """Draws from all rows but the last *share* of each agent's, one at least, which are held out.

    An agent's rows are in random order; the first of them it trains on in any case.
    """

    def __init__(self, offsets: Ints, keys: Keys, share: float) -> None:
        super().__init__(offsets, keys)
        held = np.maximum(1, np.round(share * self.sizes)).astype(np.int64)
        self.sizes = np.maximum(1, self.sizes - held)


class PooledRows(PrivateRows):
    """Lets every agent draw from everybody's rows, with numbers of its own."""

    def __init__(self, offsets: Ints, keys: Keys) -> None:
        super().__init__(offsets, keys)
        self.sizes = np.full(len(keys), offsets[-1])
        self.offsets = np.zeros(len(keys) + 1, np.int64)
