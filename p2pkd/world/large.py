"""Random graphs of up to millions of nodes, by array operations.

Each returns the edges' two ends, ``(n_edges,)`` each, without loops and repetitions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import InputError

Ends = tuple[NDArray[np.int64], NDArray[np.int64]]


def random_regular(n: int, k: int, rng: np.random.Generator) -> Ends:
    """Return a graph in which each of *n* nodes has *k* neighbours.

    Stubs are paired at random; the ends of pairs that are loops or repetitions are then exchanged
    with those of random pairs until none is left (McKay and Wormald, 1990, without their rejection
    step: uniform only in the limit n >> k^2, which is what this is for).
    """
    stubs = rng.permutation(np.repeat(np.arange(n), k))
    a, b = stubs[::2].copy(), stubs[1::2].copy()
    for _ in range(1000):
        bad = _improper(n, a, b)
        if not len(bad):
            return a, b
        # Distinct partners that are not bad themselves, so that no switch undoes another.
        partner = rng.choice(len(a), size=len(bad), replace=False)
        keep = ~np.isin(partner, bad)
        bad, partner = bad[keep], partner[keep]
        b[bad], b[partner] = b[partner], b[bad]
    raise InputError(f"topology.random_regular: no graph found with {n} agents and k: {k}")


def erdos_renyi(n: int, p: float, rng: np.random.Generator) -> Ends:
    """Return G(*n*, *p*): a binomial number of distinct pairs, all equally likely."""
    pairs = n * (n - 1) // 2
    wanted = int(rng.binomial(pairs, p))
    if wanted > 200_000_000:
        raise InputError(f"topology.erdos_renyi: {wanted:,} edges do not fit; lower p")
    a, b = np.empty(0, np.int64), np.empty(0, np.int64)
    while len(a) < wanted:
        more = wanted - len(a)
        a = np.concatenate([a, rng.integers(n, size=more)])
        b = np.concatenate([b, rng.integers(n, size=more)])
        proper = np.delete(np.arange(len(a)), _improper(n, a, b))
        a, b = a[proper], b[proper]
    return a, b


def watts_strogatz(n: int, k: int, p: float, rng: np.random.Generator) -> Ends:
    """Return a ring of *n* nodes with *k* neighbours, each edge's far end moved with chance *p*.

    Watts and Strogatz (1998), except that all edges are moved at once rather than in turn.
    """
    steps = np.arange(1, k // 2 + 1)
    a = np.repeat(np.arange(n), len(steps))
    b = (np.arange(n)[:, None] + steps).ravel() % n
    moved = np.flatnonzero(rng.random(len(a)) < p)
    b[moved] = rng.integers(n, size=len(moved))
    rank = np.zeros(len(a), np.int64)
    rank[moved] = 1
    while len(bad := _improper(n, a, b, rank)):
        b[bad] = rng.integers(n, size=len(bad))
    return a, b


def _improper(
    n: int,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    rank: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return the places of loops and of all but the first of each repeated pair.

    With *rank*, the first is the one with the lowest rank.
    """
    keys = np.minimum(a, b) * n + np.maximum(a, b)
    order = np.argsort(keys, kind="stable") if rank is None else np.lexsort((rank, keys))
    again = order[1:][keys[order[1:]] == keys[order[:-1]]]
    return np.union1d(again, np.flatnonzero(a == b))
