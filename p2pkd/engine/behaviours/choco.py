"""Agents that send differences to what is publicly known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from p2pkd.distillation.base import Work
from p2pkd.distillation.choco import Difference
from p2pkd.engine.agent import Agent, Steps
from p2pkd.engine.device import Device
from p2pkd.engine.message import Contents, Message
from p2pkd.engine.shared import Shared


class ChocoAgent(Agent):
    """Keeps its own public copy and those of the neighbours it has heard of; all begin at 0."""

    __slots__ = ("copies", "public")

    def __init__(self, agent: int, shared: Shared, device: Device) -> None:
        super().__init__(agent, shared, device)
        self.public: Any = None
        self.copies: dict[int, Any] = {}

    def take_in(self, memo: Message) -> Iterator[Work]:
        """Yield the work of adding a difference to the copy of its sender."""
        said: Difference = memo.contents
        known = self.copies.get(memo.sender)
        if known is said.before:
            self.copies[memo.sender] = said.after  # the very same sum
            yield Work("merge", self.version, 0, 0, 2)
            return
        if known is None:
            known = self._zero()
        # The sender's, whoever adds it up: where it is not finite, `Choco` leaves it out.
        work = self.merge(said.change, [(known, 1.0), (said.change, 1.0)])
        self.copies[memo.sender] = work.version
        yield replace(work, version=self.version)

    def _turn_to(self, peers: Sequence[int]) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        said = yield from self._difference()
        self.device.release()
        if self.presence is not None:
            yield from self.presence.wait(self.agent)
        for peer in peers:
            self.shared.network.send(Message(self.agent, peer, said, asks=False, replies_to=-1))

    def _difference(self) -> Any:
        """Return what is to be said, and take it into one's own public copy."""
        shared, before = self.shared, self.public
        base = self.known_of_itself()
        ahead = self.merge(self.version, [(self.version, 1.0), (base, -1.0)])
        now = shared.env.now
        said = shared.composer.compose(self.agent, ahead.version, self.updates, now)
        added = self.merge(self.version, [(base, 1.0), (said.payload, 1.0)])
        self.public = added.version
        flops = self._flops(ahead) + self._flops(added)
        yield from self._hold("merge", flops, 0, 0, float("nan"))
        return Contents(
            said.kind,
            Difference(said.payload, before, added.version),
            size_bytes=said.size_bytes,
            made_s=said.made_s,
            version=said.version,
        )

    def known_of_itself(self) -> Any:
        """Return the public copy of one's own; 0 for who has not come to speak yet."""
        return self._zero() if self.public is None else self.public

    def _zero(self) -> Any:
        return self.merge(self.version, [(self.version, 0.0)]).version
