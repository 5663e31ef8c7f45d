"""Peer-sampling services: agents keep a small view of the network and exchange parts of it.

A sampler that is also a `ViewService` is run by the engine: each agent wakes once a period, turns
to one member of its view with some entries, and gets some back.  These messages, of kind "view",
use the same links as knowledge does, take their bytes, and can be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from p2pkd.core.lazy import numpy as np
from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws
from p2pkd.scenario.method import GossipSpec, PeersSpec
from p2pkd.scenario.quantities import Count, Period, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from p2pkd.world.neighbourhood import Neighbourhood


class ServicePeers(PeersSpec):
    """What all peer-sampling services have in common."""

    view: Count = 20
    """Entries that an agent keeps (c)."""
    every: Period = 10.0
    """Each agent begins an exchange so often, from a random time on."""
    entry: Size = 8.0
    """Bytes of an entry in a message: an address and a time or age of 4 bytes each."""

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield a complaint about rounds, which would wait for the view messages' silence."""
        if gossip.clock == "rounds":
            yield f"clock: {self.tag_value} has a clock of its own; take 'periodic' or 'free'"


class Entry(NamedTuple):
    """What a view says about an agent: when it was heard of (Newscast), or for how long known."""

    agent: int
    stamp: float


@runtime_checkable
class ViewService(Protocol):
    """A protocol that keeps views fresh by exchanging entries."""

    period_s: float
    """Each agent begins one exchange so often."""
    entry_bytes: int
    """Bytes of an entry on the wire."""

    def begin(self, agent: int, now_s: float) -> tuple[int, Sequence[Entry]] | None:
        """Return to whom *agent* turns now, and with what; None where it knows nobody."""

    def answer(
        self, agent: int, sender: int, entries: Sequence[Entry], now_s: float
    ) -> Sequence[Entry]:
        """Let *agent* take in what *sender* began with, and return what it answers."""

    def conclude(self, agent: int, sender: int, entries: Sequence[Entry], now_s: float) -> None:
        """Let *agent* take in what *sender* answered."""

    def view(self, agent: int) -> dict[int, float]:
        """Return whom *agent* knows, with the stamp of each."""


class Views:
    """The views of all agents, each begun with neighbours in the graph; a sampler over them."""

    def __init__(self, size: int, graph: Neighbourhood, streams: Streams) -> None:
        self.size = size
        self.graph = graph
        self.draws = Draws(streams, graph.n, "views")
        self.choices = Draws(streams, graph.n)
        self._views: dict[int, dict[int, float]] = {}

    def view(self, agent: int) -> dict[int, float]:
        """Return whom *agent* knows, with the stamp of each; not to be written to by others."""
        view, draw = self._views.get(agent), self.draws.next
        if view is None:
            # In a random order, or all would find the agents with low numbers the oldest.
            known = sorted(self.graph.neighbours(agent).tolist(), key=lambda _: draw(agent))
            view = self._views[agent] = dict.fromkeys(known[: self.size], 0.0)
        return view

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return up to *fanout* members of *agent*'s view, each equally likely."""
        return self.choices.pick(agent, list(self.view(agent)), fanout)


def in_degrees(service: ViewService, n: int) -> NDArray[np.int64]:
    """Return in how many of the *n* agents' views each agent is, shape ``(n,)``."""
    known = [peer for agent in range(n) for peer in service.view(agent)]
    return np.bincount(np.array(known, np.int64), minlength=n)
