"""Messages that wait at their sender: until the rate allows, or a place on the wire is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import simpy

from p2pkd.engine.message import Message
from p2pkd.engine.network import Network
from p2pkd.gossip.flow import RateLimit
from p2pkd.scenario.method import GossipSpec, QueueSpec


class Pace(Protocol):
    """How long a message keeps the next one from leaving."""

    @property
    def burst(self) -> float:
        """Seconds that a sender may be ahead of this."""

    def cost_s(self, size_bytes: int) -> float:
        """Return for how long a message of *size_bytes* makes the next one wait."""


class Outbox:
    """The queues of all *n* senders.

    *transmit* puts a message on the wire, *drop* aborts one.  Either of *pace* and *queue* may be
    None: no limit of the rate; no limit of the queue and of what is on its way at once.
    """

    def __init__(
        self,
        env: simpy.Environment,
        n: int,
        pace: Pace | None,
        queue: QueueSpec | None,
        transmit: Callable[[Message], None],
        drop: Callable[[Message], None],
    ) -> None:
        self.env = env
        self.pace = pace
        self.queue = queue
        self.transmit = transmit
        self.drop = drop
        # Dicts as ordered sets: whatever is aborted leaves from the middle.
        self.waiting: list[dict[Message, None]] = [{} for _ in range(n)]
        self.leaving = [0] * n
        # When each sender would be due if it had kept to its pace, and whether it is to be woken.
        self.due_s = [0.0] * n
        self.asleep = [False] * n

    def put(self, message: Message) -> None:
        """Let *message* leave now, or queue it; drop one where the queue is too long."""
        waiting = self.waiting[message.sender]
        waiting[message] = None
        self._pump(message.sender)
        if self.queue is not None and len(waiting) > self.queue.limit:
            ends = iter(waiting) if self.queue.drop == "oldest" else reversed(waiting)
            self.drop(next(ends))

    def over(self, message: Message) -> None:
        """Take note that *message* has met its fate, in the queue or on its way."""
        sender = message.sender
        if message in self.waiting[sender]:
            del self.waiting[sender][message]
        elif message.attempts:
            self.leaving[sender] -= 1
            self._pump(sender)

    def _pump(self, sender: int) -> None:
        """Let leave what may leave now."""
        waiting = self.waiting[sender]
        while waiting and self._has_place(sender) and self._in_time(sender):
            message = next(iter(waiting))
            del waiting[message]
            self.leaving[sender] += 1
            if self.pace is not None:
                size = message.payload_bytes + message.header_bytes
                self.due_s[sender] = max(self.env.now, self.due_s[sender]) + self.pace.cost_s(size)
            self.transmit(message)

    def _has_place(self, sender: int) -> bool:
        return self.queue is None or self.leaving[sender] < self.queue.at_once

    def _in_time(self, sender: int) -> bool:
        if self.pace is None:
            return True
        early_s = self.due_s[sender] - self.pace.burst - self.env.now
        # A sender woken at its due time may find itself early by a rounding error.
        if early_s <= 1e-9 * self.env.now:
            return True
        if not self.asleep[sender]:
            self.asleep[sender] = True
            self.env.timeout(early_s).callbacks.append(lambda _: self._wake(sender))
        return False

    def _wake(self, sender: int) -> None:
        self.asleep[sender] = False
        self._pump(sender)


def make_outbox(env: simpy.Environment, gossip: GossipSpec, network: Network) -> Outbox | None:
    """Return the queues that *gossip* asks for, over *network*; None where nothing ever waits."""
    pace = gossip.flow if isinstance(gossip.flow, RateLimit) else None
    if pace is None and gossip.queue is None:
        return None
    n = len(network.online)
    return Outbox(env, n, pace, gossip.queue, network.transmit, network.abort)
