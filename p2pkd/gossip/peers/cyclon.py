"""Cyclon: links are swapped, never copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import PeerSampler
from p2pkd.gossip.peers.views import Entry, ServicePeers, Views
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class CyclonPeers(ServicePeers):
    """Members of a view whose oldest one is asked to swap `shuffle` entries.

    The asker gives itself, of age 0, and takes the other out of its view (Voulgaris, Gavidia and
    van Steen, JNSM 2005, "enhanced shuffling").  Links are neither made nor lost, so the in-degree
    stays narrower than that of random views.  The first view is drawn from the agent's neighbours
    in the graph.
    """

    kind: Literal["cyclon"] = "cyclon"
    shuffle: Count = 8
    """Entries in a message (l), at most `view`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.shuffle > self.view:
            raise ValueError(f"shuffle: {self.shuffle} must be at most view, {self.view}")
        return self

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return the sampler, which is also a `ViewService`."""
        return _Cyclon(self, graph, streams)


class _Cyclon(Views):
    """Stamps are times: when the entry was made by its subject, so that the oldest is the least.

    Every agent ages all its entries once a period, so the order by age is the order by this time.
    """

    def __init__(self, spec: CyclonPeers, graph: Neighbourhood, streams: Streams) -> None:
        super().__init__(spec.view, graph, streams)
        self.period_s = spec.every
        self.entry_bytes = round(spec.entry)
        self.shuffle = spec.shuffle
        # To whom each agent turned last, and which entries it gave away.
        self.offered: dict[int, tuple[int, Sequence[int]]] = {}

    def begin(self, agent: int, now_s: float) -> tuple[int, Sequence[Entry]] | None:
        """Forget the oldest entry and turn to its subject, with `shuffle` entries, one of now."""
        view = self.view(agent)
        if not view:
            return None
        oldest = min(view, key=view.__getitem__)
        del view[oldest]
        given = self._some(agent, self.shuffle - 1)
        self.offered[agent] = oldest, [entry.agent for entry in given]
        return oldest, [Entry(agent, now_s), *given]

    def answer(
        self, agent: int, sender: int, entries: Sequence[Entry], now_s: float
    ) -> Sequence[Entry]:
        """Give up to `shuffle` entries, none about the asker, for those that came."""
        given = self._some(agent, self.shuffle, but=sender)
        self._take(agent, entries, [entry.agent for entry in given])
        return given

    def conclude(self, agent: int, sender: int, entries: Sequence[Entry], now_s: float) -> None:
        """Take the answer; it may replace what was given, if it is to the last question."""
        asked, given = self.offered.get(agent, (-1, ()))
        self._take(agent, entries, given if asked == sender else ())

    def _some(self, agent: int, count: int, but: int = -1) -> list[Entry]:
        view = self.view(agent)
        known = [peer for peer in view if peer != but]
        return [Entry(peer, view[peer]) for peer in self.draws.pick(agent, known, count)]

    def _take(self, agent: int, entries: Sequence[Entry], given: Sequence[int]) -> None:
        """Enter what is new: first in empty places, then in those of what was *given* away."""
        view, places = self.view(agent), [peer for peer in given if peer in self.view(agent)]
        for peer, stamp in entries:
            if peer == agent or peer in view:
                continue
            if len(view) >= self.size:
                if not places:
                    return
                view.pop(places.pop())
            view[peer] = stamp
