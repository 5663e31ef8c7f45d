"""Flow control: how often an agent may speak.

Token accounts (Danner and Jelasity, "Token account algorithms: the best of the proactive and
reactive worlds", ICDCS 2018) replace the message of each tick.  At a tick an agent speaks with
probability ``proactive(a)``, a being its tokens, and else earns one; when it hears something it
spends ``reactive(a, useful)`` tokens on as many messages, at once.  In the long run nobody sends
more than a message a tick, and news spreads as fast as reactions do.  C is the `capacity` of an
account and A the `reluctance` to spend.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from p2pkd.gossip.tokens import TokenSpec as TokenSpec
from p2pkd.scenario.method import FlowSpec
from p2pkd.scenario.quantities import Count, Duration, Period, Rate


class NoFlow(FlowSpec):
    """Speak at each tick."""

    kind: Literal["none"] = "none"


class SimpleTokens(TokenSpec):
    """Token account: any message heard is answered by one, while there are tokens."""

    kind: Literal["simple_tokens"] = "simple_tokens"

    def reactive(self, tokens: int, useful: bool) -> float:
        """Return 1 if there is a token."""
        return float(tokens > 0)


class ReluctantSpec(TokenSpec):
    """Token accounts with a reluctance."""

    reluctance: Count = 5
    """Tokens in the account for each message of a reaction (A), at most `capacity`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.reluctance > self.capacity:
            raise ValueError(
                f"reluctance: {self.reluctance} must be at most capacity, {self.capacity}"
            )
        return self


class GeneralisedTokens(ReluctantSpec):
    """Token account: the more tokens, the more messages upon one; half as many if it is useless."""

    kind: Literal["generalised_tokens"] = "generalised_tokens"

    def reactive(self, tokens: int, useful: bool) -> float:
        """Return floor((A - 1 + a) / A), or floor((A - 1 + a) / 2 A) for what is of no use."""
        share = self.reluctance if useful else 2 * self.reluctance
        return float((self.reluctance - 1 + tokens) // share)


class RandomisedTokens(ReluctantSpec):
    """Token account: a / A messages upon a useful one, on average, and none upon another.

    An agent that hears one useful message a tick has A C / (C + 1) tokens on average.
    """

    kind: Literal["randomised_tokens"] = "randomised_tokens"

    def proactive(self, tokens: int) -> float:
        """Return (a - A + 1) / (C - A + 1), between 0 and 1."""
        C, A = self.capacity, self.reluctance
        return min(1.0, max(0.0, (tokens - A + 1) / (C - A + 1)))

    def reactive(self, tokens: int, useful: bool) -> float:
        """Return a / A, or 0."""
        return tokens / self.reluctance if useful else 0.0


class RateLimit(FlowSpec):
    """At most so many messages in a time, or bytes; what is too early waits at the sender.

    A message of S bytes (header included) makes the next one wait for S / `rate`, or else for
    `per` / `messages`.  Whoever was silent may send `burst` ahead of this schedule (the generic
    cell rate algorithm of ITU-T I.371, with burst its tolerance).  Retransmissions are not held up.
    """

    kind: Literal["rate_limit"] = "rate_limit"
    rate: Rate | None = None
    messages: Count | None = None
    per: Period = 60.0
    burst: Duration = 0.0

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.rate is None) == (self.messages is None):
            raise ValueError("give either rate or messages")
        return self

    def cost_s(self, size_bytes: int) -> float:
        """Return for how long a message of *size_bytes* makes the next one wait."""
        if self.rate is not None:
            return size_bytes / self.rate
        assert self.messages is not None
        return self.per / self.messages
