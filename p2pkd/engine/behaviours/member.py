"""Agents that learn when their aggregator asks them to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from p2pkd.engine.agent import Agent, Steps
from p2pkd.engine.behaviours.bundle import Bundle
from p2pkd.engine.device import Device
from p2pkd.engine.message import REQUEST, Contents, Message
from p2pkd.engine.shared import Shared


class MemberAgent(Agent):
    """Does nothing by itself; asked, it learns from what it was told, and answers."""

    __slots__ = ("told",)

    def __init__(self, agent: int, shared: Shared, device: Device) -> None:
        super().__init__(agent, shared, device)
        self.told: tuple[Any, ...] = ()

    def turn(self) -> Steps:
        """Wait to be asked."""
        yield from ()

    def hear(self, message: Message) -> None:
        """Do as one is asked, or remember what one is told."""
        if message.asks:
            self.shared.react(self, self._serve(message))
        else:
            self.told = self._understood(message)

    def _understood(self, message: Message) -> tuple[Any, ...]:
        """Return the lessons of what one is told: a mean's messages, or a model's prediction."""
        if not isinstance(message.contents, Bundle):
            return (message,)
        protocol: Any = self.shared.method.gossip.protocol
        everyone = protocol.returns == "all"
        lessons = message.contents.lessons
        return tuple(m for m in lessons if everyone or m.sender != self.agent)

    def stop(self, *, resumes: bool, keeps_memory: bool) -> None:
        """Go offline, and forget what one was told where the scenario says so."""
        super().stop(resumes=resumes, keeps_memory=keeps_memory)
        if not keeps_memory:
            self.told = ()

    def _serve(self, message: Message) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        lessons: Sequence[Any] = self.told if message.kind is REQUEST else (message,)
        staleness = self._staleness(lessons)
        for work in self.shared.objective.follow(self, lessons):
            if work.steps or work.parts:
                heard = (0, float("nan")) if work.kind == "train" else (len(lessons), staleness)
                yield from self._hold(work.kind, self._flops(work), work.steps, *heard)
            self.version = work.version
        said, predicting = self._reply(message)
        yield from predicting
        self.device.release()
        self.books.turns += 1
        if self.presence is not None:
            yield from self.presence.wait(self.agent)
        answer = Message(self.agent, message.sender, said, asks=False, replies_to=message.message)
        self.shared.network.send(answer)

    def _reply(self, message: Message) -> tuple[Contents, Iterable[Any]]:
        """Return what to answer, fixed now, and what to wait for while the model predicts."""
        said, predicting = self._speak()
        return self._addressed(self.shared.ledger, said, message.sender), predicting
