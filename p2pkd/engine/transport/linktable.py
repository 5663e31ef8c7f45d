"""All links that flows can cross, numbered: uplinks, downlinks, and shared ones between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from p2pkd.engine.transport.base import Links, check_rate
from p2pkd.engine.transport.maxmin import UNBOUNDED


@dataclass(frozen=True)
class SharedLinks:
    """Links beside the access links: a core, or the edges of a path."""

    capacity: Sequence[float]
    """Bytes/s of each shared link; may be infinite."""
    route: Callable[[int, int], Iterable[int]]
    """``route(source, target)`` gives the indices of the shared links between two nodes."""


class LinkTable:
    """Capacities by link: of *n* nodes, uplink i has id i, its downlink n + i, shared k 2 n + k.

    The last id, `filler`, is a link without limit that makes all routes equally long.
    """

    def __init__(self, links: Links, shared: SharedLinks | None) -> None:
        self.n = len(links.uplink)
        self._route = shared.route if shared else None
        self.capacity = _capacities(links, shared)
        """Bytes/s of each link, as a list for single numbers ..."""
        self.capacities = np.array(self.capacity)
        """... and as an array for whole solves, shape ``(n_links,)``."""
        self.filler = len(self.capacity) - 1

    def route(self, source: int, target: int) -> tuple[int, ...]:
        """Return the ids of the links from *source* to *target*, each once."""
        ends = (source, self.n + target)
        if self._route is None:
            return ends
        between = (2 * self.n + link for link in self._route(source, target))
        return tuple(dict.fromkeys((*ends, *between)))

    def limited(self, link: int) -> bool:
        """Return whether *link* has a limit, and so ties the flows on it together."""
        return self.capacity[link] < UNBOUNDED

    def set(self, link: int, rate: float) -> None:
        """Give *link* the capacity *rate* in bytes/s."""
        self.capacity[link] = self.capacities[link] = min(rate, UNBOUNDED)


def _capacities(links: Links, shared: SharedLinks | None) -> list[float]:
    up = [check_rate("uplink", i, r, zero=True) for i, r in enumerate(links.uplink)]
    down = [check_rate("downlink", i, r, zero=True) for i, r in enumerate(links.downlink)]
    between = [check_rate("shared link", i, r, zero=True) for i, r in enumerate(_rates(shared))]
    return [min(rate, UNBOUNDED) for rate in (*up, *down, *between, UNBOUNDED)]


def _rates(shared: SharedLinks | None) -> Sequence[float]:
    return shared.capacity if shared else ()
