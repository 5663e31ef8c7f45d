"""Max-min fair rates by progressive filling, in arrays and in plain Python.

An allocation is max-min fair when no rate can grow without shrinking one that is not larger
(Bertsekas and Gallager, *Data Networks*, 2nd ed., section 6.5.2).  It is unique, and certified
flow by flow: each crosses a full link on which nobody is faster, or runs at its own limit.

Filling looks for the link with the least left per unfrozen flow, freezes its flows at that share,
subtracts them everywhere, and repeats.  One bottleneck at a time takes as many passes as there are
bottlenecks.  `max_min` freezes, in one pass, every link whose share is the least among all links
that its flows cross: a pass elsewhere could not lower such a share, so that the order between two
of them does not matter and the rates are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

UNBOUNDED = 1e300
"""Capacity of a link without limit: finite, so that no infinity meets a zero."""


def max_min(
    routes: NDArray[np.intp], capacity: NDArray[np.float64], limits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the max-min fair rate of each flow, shape ``(n_flows,)``.

    *routes* has shape ``(width, n_flows)``: column *f* holds the links that flow *f* crosses, each
    once, filled up with a link of `UNBOUNDED` capacity where it crosses fewer.  *capacity* has
    shape ``(n_links,)``, *limits* shape ``(n_flows,)``: the rate that a flow never exceeds.
    """
    if 4 * routes.size < len(capacity):
        used, places = np.unique(routes, return_inverse=True)
        routes, capacity = places.reshape(routes.shape), capacity[used]
    # Row by row, by take and compress: indexing in two dimensions costs three times as much.
    rows, n_links = list(routes), len(capacity)
    flows, rates = np.arange(len(limits)), np.empty(len(limits))
    left = capacity.astype(np.float64)
    users = sum((_crossings(row, n_links) for row in rows), np.zeros(n_links))
    while len(flows):
        with np.errstate(divide="ignore", invalid="ignore"):  # links without users: never read
            frozen, least = _frozen(rows, limits, left / users)
        gone, kept = np.flatnonzero(frozen), np.flatnonzero(~frozen)
        rate = least.take(gone)
        rates[flows.take(gone)] = rate

        for row in rows:
            users -= _crossings(row.take(gone), n_links)
            left -= _load(row.take(gone), rate, n_links)
        np.maximum(left, 0.0, out=left)  # a full link may be left with -1e-16 of its capacity

        rows = [row.take(kept) for row in rows]
        limits, flows = limits.take(kept), flows.take(kept)
    return rates


def _frozen(
    rows: list[NDArray[np.intp]], limits: NDArray[np.float64], share: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which flows freeze in this pass, and the least that each flow is offered."""
    offers = [share.take(row) for row in rows]
    least = limits
    for offer in offers:
        least = np.minimum(least, offer)
    # A link is a bottleneck unless one of its flows is offered less elsewhere.
    bottleneck = np.ones(len(share), bool)
    for row, offer in zip(rows, offers, strict=True):
        bottleneck[row.compress(offer != least)] = False
    frozen = limits == least
    for row in rows:
        frozen |= bottleneck.take(row)
    return frozen, least


def _crossings(links: NDArray[np.intp], n_links: int) -> NDArray[np.intp]:
    return np.bincount(links, minlength=n_links)


def _load(links: NDArray[np.intp], rates: NDArray[np.float64], n_links: int) -> NDArray[np.float64]:
    return np.bincount(links, rates, n_links).astype(np.float64, copy=False)


def max_min_few(
    routes: Sequence[Sequence[int]], capacity: Sequence[float], limits: Sequence[float]
) -> list[float]:
    """Return what `max_min` does, one bottleneck at a time: faster below some forty flows.

    *routes* holds each flow's links, without filling.
    """
    if len(routes) == 1:
        return [min(limits[0], *(capacity[link] for link in routes[0]))]
    rates = [-1.0] * len(routes)
    left, users = _tables(routes, capacity, limits)
    while users:
        least = min(users, key=lambda link: left[link] / len(users[link]))
        rate = left[least] / len(users[least])
        for flow in list(users[least]):
            rates[flow] = rate
            for link in (*routes[flow], -1 - flow):
                if link in users:
                    left[link] = max(0.0, left[link] - rate)
                    del users[link][flow]
                    if not users[link]:
                        del users[link]
    return rates


def _tables(
    routes: Sequence[Sequence[int]], capacity: Sequence[float], limits: Sequence[float]
) -> tuple[dict[int, float], dict[int, dict[int, None]]]:
    """Return what is left and who crosses, by link; flow *f*'s own limit is link ``-1 - f``."""
    left: dict[int, float] = {}
    users: dict[int, dict[int, None]] = {}
    for flow, route in enumerate(routes):
        for link in route:
            left[link] = capacity[link]
            users.setdefault(link, {})[flow] = None
        if limits[flow] < UNBOUNDED:
            left[-1 - flow] = limits[flow]
            users[-1 - flow] = {flow: None}
    return left, users


def violation(
    routes: NDArray[np.intp],
    capacity: NDArray[np.float64],
    limits: NDArray[np.float64],
    rates: NDArray[np.float64],
) -> float:
    """Return how far *rates* are from max-min fair: 0 is perfect, rounding gives about 1e-15.

    The larger of two relative gaps.  Capacity: the worst overload of a link or of a flow's limit.
    Certificate: a flow lacks, at the best link that it crosses, so much of that link's capacity,
    or so much of the rate of the fastest flow there, or of its own limit.  Shapes as in `max_min`.
    """
    if not len(rates):
        return 0.0
    load = _load(routes.ravel(), np.tile(rates, len(routes)), len(capacity))
    scale = np.maximum(capacity, 1e-300)
    overload = max(float((load / scale).max()), float((rates / np.maximum(limits, 1e-300)).max()))
    fastest = np.zeros(len(capacity))
    np.maximum.at(fastest, routes.ravel(), np.tile(rates, len(routes)))
    unused = (1 - load / scale)[routes]
    slower = 1 - rates / np.maximum(fastest, 1e-300)[routes]
    # On a link that carries nothing because it can carry nothing, nobody is faster.
    unused[capacity[routes] == 0] = 0
    slower[fastest[routes] == 0] = 0
    lacking = np.minimum(np.maximum(unused, slower).min(axis=0), 1 - rates / limits)
    return max(overload - 1, float(lacking.max()))
