"""Which neighbours an agent turns to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from p2pkd.core.rng import Streams, uniform
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
        self.keys: list[int] = streams.keys("peers", topology.n).tolist()
        self.draws = [0] * topology.n

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        left = self.topology.neighbours(agent).tolist()
        if fanout >= len(left):
            return left
        key, first = self.keys[agent], self.draws[agent]
        self.draws[agent] = first + fanout
        # The first steps of a Fisher-Yates shuffle.
        for step in range(fanout):
            other = step + int(uniform(key, first + step) * (len(left) - step))
            left[step], left[other] = left[other], left[step]
        return left[:fanout]


class RoundRobin(PeersSpec):
    """Neighbours in turn, each agent beginning at a random one."""

    kind: Literal["round_robin"] = "round_robin"

    def build(self, topology: Topology, streams: Streams) -> PeerSampler:
        """Return a sampler with a position for each agent."""
        return _RoundRobin(topology, streams)


class _RoundRobin:
    def __init__(self, topology: Topology, streams: Streams) -> None:
        self.topology = topology
        self.keys: list[int] = streams.keys("peers", topology.n).tolist()
        self.position: dict[int, int] = {}

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        neighbours = self.topology.neighbours(agent).tolist()
        n = len(neighbours)
        if fanout >= n:
            return neighbours
        first = self.position.get(agent)
        if first is None:
            first = int(uniform(self.keys[agent], 0) * n)
        self.position[agent] = (first + fanout) % n
        return [neighbours[(first + step) % n] for step in range(fanout)]
