"""Which neighbours an agent turns to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from p2pkd.core.rng import Streams
from p2pkd.scenario.method import PeersSpec

if TYPE_CHECKING:
    from p2pkd.world.topology import Topology


class PeerSampler(Protocol):
    """Chooses peers for all agents of a run."""

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return up to *fanout* distinct peers of *agent*."""


class UniformPeers(PeersSpec):
    """Neighbours drawn uniformly, without replacement within a tick."""

    kind: Literal["uniform"] = "uniform"

    def build(self, topology: Topology, streams: Streams) -> PeerSampler:
        """Return a sampler with a stream for each agent."""
        return _Uniform(topology, streams)


class _Uniform:
    def __init__(self, topology: Topology, streams: Streams) -> None:
        self.topology = topology
        self.streams = streams
        self.generators: dict[int, np.random.Generator] = {}

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        neighbours = self.topology.neighbours(agent)
        n = len(neighbours)
        if fanout >= n:
            return neighbours.tolist()
        rng = self._generator(agent)
        if fanout == 1:
            return (int(neighbours[int(rng.random() * n)]),)
        return neighbours[rng.permutation(n)[:fanout]].tolist()

    def _generator(self, agent: int) -> np.random.Generator:
        rng = self.generators.get(agent)
        if rng is None:
            rng = self.generators[agent] = self.streams.generator("peers", agent)
        return rng


class RoundRobin(PeersSpec):
    """Neighbours in turn, each agent beginning at a random one."""

    kind: Literal["round_robin"] = "round_robin"

    def build(self, topology: Topology, streams: Streams) -> PeerSampler:
        """Return a sampler with a position for each agent."""
        return _RoundRobin(topology, streams)


class _RoundRobin:
    def __init__(self, topology: Topology, streams: Streams) -> None:
        self.topology = topology
        self.streams = streams
        self.position: dict[int, int] = {}

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        neighbours = self.topology.neighbours(agent).tolist()
        n = len(neighbours)
        if fanout >= n:
            return neighbours
        first = self.position.get(agent)
        if first is None:
            first = int(self.streams.generator("peers", agent).random() * n)
        self.position[agent] = (first + fanout) % n
        return [neighbours[(first + step) % n] for step in range(fanout)]
