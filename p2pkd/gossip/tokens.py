"""The token accounts of all agents (see `p2pkd.gossip.flow`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2pkd.gossip.peers.base import Draws

if TYPE_CHECKING:
    from p2pkd.gossip.flow import TokenSpec


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
