"""What agents do beside learning at ticks and pushing what they know: one manner a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.engine.agent import Agent
from p2pkd.engine.behaviours.aggregator import AggregatorAgent
from p2pkd.engine.behaviours.caching import CachingMember, CachingServer
from p2pkd.engine.behaviours.choco import ChocoAgent
from p2pkd.engine.behaviours.member import MemberAgent
from p2pkd.engine.behaviours.pairwise import PairwiseAgent
from p2pkd.engine.behaviours.push_sum import PushSumAgent
from p2pkd.engine.behaviours.search import SearchAgent
from p2pkd.engine.device import Device
from p2pkd.engine.shared import Shared
from p2pkd.gossip.peers.base import Draws
from p2pkd.world.hierarchy import Hierarchy

MANNERS: dict[str, type[Agent]] = {
    "gossip": Agent,
    "choco": ChocoAgent,
    "pairwise": PairwiseAgent,
    "push_sum": PushSumAgent,
    "search": SearchAgent,
}

__all__ = ["MANNERS", "make_agents"]


def make_agents(
    shared: Shared, devices: Sequence[Device], hierarchy: Hierarchy | None, streams: Streams
) -> list[Agent]:
    """Return the agents of a run, each with its device, in the manner of the objective.

    With a *hierarchy* they are aggregators, and members who wait to be asked.
    """
    if hierarchy is None:
        kind = MANNERS[shared.objective.manner]
        return [kind(i, shared, device) for i, device in enumerate(devices)]
    draws = Draws(streams, len(devices), "cohorts")
    protocol: Any = shared.method.gossip.protocol
    server, member = AggregatorAgent, MemberAgent
    if protocol.cache is not None:
        server, member = CachingServer, CachingMember
        if len(hierarchy.aggregators) > 1:
            raise InputError(
                f"method.gossip.protocol.cache: {len(hierarchy.aggregators)} aggregators, and the"
                " rows are those of one server; use a star, or leave out cache"
            )
    return [
        server(i, shared, device, hierarchy, draws)
        if i in hierarchy.children
        else member(i, shared, device)
        for i, device in enumerate(devices)
    ]
