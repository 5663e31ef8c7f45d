"""Independent random streams, one per (purpose, agent), never a global generator.

Two kinds, for two needs:

* `Streams.generator`: a NumPy generator with a state, for whoever draws one number after another;
* `Streams.keys` with `uniforms`: a counter-based hash without a state, for drawing many agents'
  numbers in one array operation, in any order and any grouping, with the same outcome.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from p2pkd.core.lazy import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


class Streams:
    """The random streams of one run.

    A stream depends on the run's *seed*, the purpose's name and the ids (of agents, mostly), and
    on nothing else: adding an agent, an observer or another purpose shifts no other stream.
    """

    def __init__(self, seed: int, prefix: str = "") -> None:
        self.seed = seed
        self.prefix = prefix

    def within(self, part: str) -> Streams:
        """Return streams of their own for *part*: the same purposes draw other numbers there."""
        return Streams(self.seed, f"{self.prefix}{part}: ")

    def generator(self, purpose: str, *ids: int) -> np.random.Generator:
        """Return the generator for *purpose* and *ids*, at its start."""
        return np.random.Generator(np.random.PCG64(self._sequence(purpose, *ids)))

    def keys(self, purpose: str, n: int) -> NDArray[np.uint64]:
        """Return *n* 64-bit keys, shape ``(n,)``: number *i* is the stream of agent *i*.

        Key *i* does not depend on *n*.
        """
        base = self._sequence(purpose).generate_state(1, np.uint64)[0]
        return mix(base + np.arange(n, dtype=np.uint64) * np.uint64(_GOLDEN))

    def _sequence(self, purpose: str, *ids: int) -> np.random.SeedSequence:
        # crc32 rather than hash(): the latter changes with PYTHONHASHSEED.
        name = zlib.crc32(f"{self.prefix}{purpose}".encode())
        return np.random.SeedSequence(self.seed, spawn_key=(name, *ids))


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the SplitMix64 finaliser of each value (Steele, Lea and Flood, OOPSLA 2014)."""
    z = values ^ (values >> np.uint64(30))
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def uniforms(keys: NDArray[np.uint64], counters: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return uniform numbers in [0, 1) for each pair of key and counter (broadcast).

    The same pair gives the same number, whoever asks and however often.
    """
    return _unit(mix(keys + (counters + np.uint64(1)) * np.uint64(_GOLDEN)))


def uniforms_in_turn(keys: NDArray[np.uint64], first: NDArray[Any], n: int) -> NDArray[np.float64]:
    """Return `uniforms` of each key ``(G,)`` for *n* counters from its *first* on, ``(G, n)``."""
    before = keys + first.astype(np.uint64) * np.uint64(_GOLDEN)
    steps = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    return _unit(mix(before[:, None] + steps))


def _unit(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return the upper 53 of *bits*, which are overwritten, as numbers in [0, 1)."""
    bits >>= np.uint64(11)
    numbers = bits.astype(np.float64)
    numbers *= 2.0**-53
    return numbers


def uniform(key: int, counter: int) -> float:
    """Return what `uniforms` gives for one pair, without the cost of an array."""
    z = (key + (counter + 1) * _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    z ^= z >> 31
    return float(z >> 11) * 2.0**-53
