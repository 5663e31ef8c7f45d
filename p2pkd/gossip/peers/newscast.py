"""Newscast: the freshest news win."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import PeerSampler
from p2pkd.gossip.peers.views import Entry, ServicePeers, Views

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class NewscastPeers(ServicePeers):
    """Members of a view of the `view` freshest entries, exchanged with a random member.

    Both sides send all they know and themselves, stamped now, and keep the freshest (Jelasity et
    al., ACM TOCS 2007).  The departed are forgotten fast; the in-degree spreads wider than that of
    random views.  The first view is drawn from the agent's neighbours in the graph.
    """

    kind: Literal["newscast"] = "newscast"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return the sampler, which is also a `ViewService`."""
        return _Newscast(self, graph, streams)


class _Newscast(Views):
    def __init__(self, spec: NewscastPeers, graph: Neighbourhood, streams: Streams) -> None:
        super().__init__(spec.view, graph, streams)
        self.period_s = spec.every
        self.entry_bytes = round(spec.entry)

    def begin(self, agent: int, now_s: float) -> tuple[int, Sequence[Entry]] | None:
        """Turn to anybody in the view, with all of it and a new entry about oneself."""
        known = list(self.view(agent))
        if not known:
            return None
        return known[self.draws.below(agent, len(known))], self._news(agent, now_s)

    def answer(
        self, agent: int, sender: int, entries: Sequence[Entry], now_s: float
    ) -> Sequence[Entry]:
        """Give the view as it was, with a new entry about oneself, and merge what came."""
        news = self._news(agent, now_s)
        self._merge(agent, entries)
        return news

    def conclude(self, agent: int, sender: int, entries: Sequence[Entry], now_s: float) -> None:
        """Merge the answer: the freshest entries stay."""
        self._merge(agent, entries)

    def _news(self, agent: int, now_s: float) -> Sequence[Entry]:
        return [Entry(agent, now_s), *(Entry(*item) for item in self.view(agent).items())]

    def _merge(self, agent: int, entries: Iterable[Entry]) -> None:
        known = self.view(agent)
        for peer, stamp in entries:
            if peer != agent and stamp >= known.get(peer, stamp):
                known[peer] = stamp
        freshest = sorted(known.items(), key=lambda item: -item[1])[: self.size]
        self._views[agent] = dict(freshest)
