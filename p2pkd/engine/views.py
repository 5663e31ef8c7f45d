"""The exchange of views: peer-sampling services at work on the network."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import simpy

from p2pkd.core.rng import Streams, uniform
from p2pkd.engine.message import Contents, Message
from p2pkd.engine.network import Network
from p2pkd.gossip.peers import Entry, PeerSampler, ViewService

VIEW = "view"


class ViewExchange:
    """Lets *n* agents exchange views as *service* says, while they are online.

    A view message holds no device; it takes `entry_bytes` for each entry, and the header.
    """

    def __init__(
        self,
        env: simpy.Environment,
        service: ViewService,
        network: Network,
        streams: Streams,
        n: int,
    ) -> None:
        self.env = env
        self.service = service
        self.network = network
        self.keys: list[int] = streams.keys("view-clock", n).tolist()

    def start(self) -> None:
        """Start a process for each agent."""
        for agent in range(len(self.keys)):
            self.env.process(self._run(agent))

    def _run(self, agent: int) -> Generator[simpy.Event, Any, None]:
        env, period_s = self.env, self.service.period_s
        yield env.timeout(uniform(self.keys[agent], 0) * period_s)
        while True:
            if self.network.online[agent]:
                self._begin(agent)
            yield env.timeout(period_s)

    def _begin(self, agent: int) -> None:
        opening = self.service.begin(agent, self.env.now)
        if opening is not None:
            peer, entries = opening
            self._send(agent, peer, entries, asks=True)

    def hear(self, message: Message) -> None:
        """Take in the entries of *message*, and answer if it asks."""
        agent, sender, entries = message.receiver, message.sender, message.contents
        if message.asks:
            answer = self.service.answer(agent, sender, entries, self.env.now)
            self._send(agent, sender, answer, replies_to=message.message)
        else:
            self.service.conclude(agent, sender, entries, self.env.now)

    def _send(
        self,
        agent: int,
        peer: int,
        entries: Sequence[Entry],
        *,
        asks: bool = False,
        replies_to: int = -1,
    ) -> None:
        size = self.service.entry_bytes * len(entries)
        contents = Contents(VIEW, entries, size_bytes=size, made_s=self.env.now)
        self.network.send(Message(agent, peer, contents, asks=asks, replies_to=replies_to))


def make_views(
    env: simpy.Environment, sampler: PeerSampler, network: Network, streams: Streams
) -> ViewExchange | None:
    """Return the exchange of views of *sampler*; None where it is no service."""
    if not isinstance(sampler, ViewService):
        return None
    return ViewExchange(env, sampler, network, streams, len(network.online))
