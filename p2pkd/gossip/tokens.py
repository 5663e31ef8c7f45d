"""Token accounts (see `p2pkd.gossip.flow`): what all kinds share, and who has how many tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws
from p2pkd.scenario.method import FlowSpec, GossipSpec
from p2pkd.scenario.quantities import Count


class TokenSpec(FlowSpec):
    """What all token accounts have in common."""

    capacity: Count = 10
    """Tokens with which an agent speaks at each tick (C)."""
    useful: Literal["all", "trained"] = "all"
    """Which messages are useful: all, or those from models with as many updates as one's own."""

    def build(self, n: int, streams: Streams) -> Accounts:
        """Return the accounts of *n* agents, all empty."""
        return Accounts(self, n, Draws(streams, n, "tokens"))

    @property
    def first_turn(self) -> int:
        """The first turn at which an agent that has heard nothing may speak."""
        return next(n + 1 for n in range(self.capacity + 1) if self.proactive(n) > 0)

    def proactive(self, tokens: int) -> float:
        """Return the probability to speak at a tick: 1 with a full account, else 0."""
        return float(tokens >= self.capacity)

    def reactive(self, tokens: int, useful: bool) -> float:
        """Return how many messages to send upon one that was heard; a fraction is a chance."""
        raise TypeError(f"{type(self).__name__} defines no reactive function")

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield complaints about what a token does not pay for."""
        protocol = gossip.protocol.tag_value
        if protocol != "push":
            yield f"flow: tokens pace what is pushed; take protocol 'push', not {protocol!r}"
        if gossip.fanout != 1:
            yield f"flow: a token pays for one message; take fanout 1, not {gossip.fanout!r}"


class Accounts:
    """How many tokens each of *n* agents has, and what it does with them."""

    __slots__ = ("draws", "spec", "tokens")

    def __init__(self, spec: TokenSpec, n: int, draws: Draws) -> None:
        self.spec = spec
        self.draws = draws
        self.tokens = [0] * n

    def speaks(self, agent: int) -> bool:
        """Tell whether *agent* speaks at this tick of its clock; if not, it earns a token."""
        chance = self.spec.proactive(self.tokens[agent])
        if chance >= 1 or (chance > 0 and self.draws.next(agent) < chance):
            return True
        self.tokens[agent] += 1
        return False

    def reaction(self, agent: int, useful: bool) -> int:
        """Return how many messages *agent* would send upon one that it heard: up to its tokens."""
        tokens = self.tokens[agent]
        wanted = self.spec.reactive(tokens, useful)
        whole = int(wanted)
        if wanted > whole and self.draws.next(agent) < wanted - whole:
            whole += 1
        return min(whole, tokens)

    def spend(self, agent: int, count: int) -> None:
        """Take *count* tokens, one for each message sent in reaction."""
        self.tokens[agent] -= count

    def useful(self, sender_updates: int, own_updates: int) -> bool:
        """Tell whether a message from a model of so many updates is of use."""
        return self.spec.useful == "all" or sender_updates >= own_updates
