"""Agents that average with one other while they compute a gradient."""

from __future__ import annotations

from typing import Any

from p2pkd.distillation.base import Work
from p2pkd.engine.agent import Agent, Steps
from p2pkd.engine.device import Device
from p2pkd.engine.message import Message
from p2pkd.engine.shared import Shared

# Questions whose answer is still waited for: with more, the oldest is taken to be lost.
OPEN = 64


class PairwiseAgent(Agent):
    """Averages as soon as it hears, whatever its device is at; the device does the sums later.

    As with the two threads of the authors' workers, averaging neither waits for the gradient nor
    holds it up, so that no locks are needed, and no bipartite graph.
    """

    __slots__ = ("asked",)

    def __init__(self, agent: int, shared: Shared, device: Device) -> None:
        super().__init__(agent, shared, device)
        self.asked: dict[int, Any] = {}

    def turn(self) -> Steps:
        """Send one's parameters, then compute the gradient at them."""
        if self.shared.env.now >= self.shared.warm_up_s:
            for peer in self._chosen():
                self._ask(peer)
        yield from self._descend()
        self.books.turns += 1

    def hear(self, message: Message) -> None:
        """Answer with what one's parameters are, and move half the way to what was heard."""
        objective: Any = self.shared.objective
        if message.asks:
            mine = self._reply(message)
        else:
            mine = self.asked.pop(message.replies_to, None)
            if mine is None:
                return
        work = objective.meet(self, mine[0], message.contents)
        self.version = work.version
        age_s = float(self.shared.env.now - message.made_s)
        self.shared.react(self, self._account(work, age_s))

    def _ask(self, peer: int) -> None:
        message = self._message(peer, asks=True, replies_to=-1)
        self.shared.network.send(message)
        self.asked[message.message] = (message.contents,)
        while len(self.asked) > OPEN:
            del self.asked[next(iter(self.asked))]

    def _reply(self, message: Message) -> tuple[Any]:
        reply = self._message(message.sender, asks=False, replies_to=message.message)
        self.shared.network.send(reply)
        return (reply.contents,)

    def _message(self, peer: int, *, asks: bool, replies_to: int) -> Message:
        shared = self.shared
        contents = shared.composer.compose(self.agent, self.version, self.updates, shared.env.now)
        return Message(self.agent, peer, contents, asks=asks, replies_to=replies_to)

    def _descend(self) -> Steps:
        objective: Any = self.shared.objective
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        start = self.version
        for work in objective.learn(self, ()):
            yield from self._compute(work)
            if self.version is start:
                self.version = work.version
            else:  # it has averaged meanwhile
                self.version = objective.catch_up(self, start, work.version).version
        self.device.release()

    def _account(self, work: Work, age_s: float) -> Steps:
        """Let the device do what was asked of it, once it is free."""
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        yield from self._compute(work, 1, age_s)
        self.device.release()

    def _compute(self, work: Work, teachers: int = 0, age_s: float = float("nan")) -> Steps:
        if work.steps or work.parts:
            yield from self._hold(work.kind, self._flops(work), work.steps, teachers, age_s)
