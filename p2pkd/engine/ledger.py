"""Sizes that depend on contents: what is sent is computed when it is sent, and measured.

The bytes are the length of what the codec makes of the numbers that receivers will decode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import simpy

from p2pkd.engine.message import Contents, Message
from p2pkd.knowledge.codecs import Delta


class Ledger:
    """Measures messages, and knows which ones each peer has acknowledged.

    An acknowledgement takes one way back, costs nothing (as with TCP, it is part of the transport)
    and is never lost.  The base of a difference is the newest message acknowledged, so a message
    that is lost, aborted or still on its way is never one.  Whoever forgets what it has heard, or
    comes back without memory, starts again with whole messages.

    Parameters
    ----------
    extra_bytes : what each message has beside the codec's output.
    latency : one-way delay in seconds between two agents.
    """

    def __init__(
        self,
        env: simpy.Environment,
        codec: Any,
        learner: Any,
        extra_bytes: int,
        latency: Callable[[int, int], float],
    ) -> None:
        self.env = env
        self.codec = codec
        self.learner = learner
        self.extra_bytes = extra_bytes
        self.latency = latency
        self.bases: dict[tuple[int, int], tuple[int, Any]] = {}
        self.lives: dict[int, int] = {}

    def addressed(self, contents: Contents, sender: int, peer: int) -> Contents:
        """Return *contents* as *sender* tells *peer*: of the size that they have for it."""
        values = self._numbers(contents.payload)
        if isinstance(self.codec, Delta):
            number, codes = self.bases.get((sender, peer), (0, None))
            data = self.codec.encode_against(values, codes, number)
        else:
            data = self.codec.encode(values)
        return Contents(
            contents.kind,
            contents.payload,
            contents.rows,
            size_bytes=self.extra_bytes + len(data),
            made_s=contents.made_s,
            version=contents.version,
        )

    def _numbers(self, payload: Any) -> Any:
        """Return what *payload* says; zeros where it is not finite, of which nobody learns."""
        values = self.learner.resolve(payload)
        return values if np.isfinite(values).all() else np.zeros_like(values)

    def delivered(self, message: Message) -> None:
        """Let the sender of *message* know, one way back later, that it has arrived."""
        if not isinstance(self.codec, Delta) or message.contents is None:
            return
        pair = message.sender, message.receiver
        lives = self._lives(pair)
        delay = self.latency(message.receiver, message.sender)
        codes = self.codec.inner.codes(self._numbers(message.contents))
        acknowledgement = self.env.timeout(delay)
        acknowledgement.callbacks.append(
            lambda _: self._acknowledged(pair, lives, message.message, codes)
        )

    def _acknowledged(self, pair: tuple[int, int], lives: Any, number: int, codes: Any) -> None:
        if lives == self._lives(pair) and number >= self.bases.get(pair, (0, None))[0]:
            self.bases[pair] = number, codes

    def _lives(self, pair: tuple[int, int]) -> tuple[int, int]:
        return self.lives.get(pair[0], 0), self.lives.get(pair[1], 0)

    def forget(self, agent: int) -> None:
        """Take note that *agent* has lost what it had heard and said."""
        self.lives[agent] = self.lives.get(agent, 0) + 1
        self.bases = {pair: base for pair, base in self.bases.items() if agent not in pair}
