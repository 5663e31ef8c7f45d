"""Agents whose mass is divided among those they speak to."""

from __future__ import annotations

from collections.abc import Sequence

from p2pkd.distillation.push_sum import MASS_BYTES, Parcel
from p2pkd.engine.agent import Agent, Steps
from p2pkd.engine.device import Device
from p2pkd.engine.message import Contents, Message
from p2pkd.engine.shared import Shared


class PushSumAgent(Agent):
    """Has a mass w beside its (de-biased) parameters; sending gives an equal share of it away."""

    __slots__ = ("mass",)

    def __init__(self, agent: int, shared: Shared, device: Device) -> None:
        super().__init__(agent, shared, device)
        self.mass = 1.0

    def _turn_to(self, peers: Sequence[int]) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        said, predicting = self._speak()
        yield from predicting
        self.device.release()
        if self.presence is not None:
            yield from self.presence.wait(self.agent)
        self.mass /= len(peers) + 1
        share = Contents(
            said.kind,
            Parcel(said.payload, self.mass),
            size_bytes=said.size_bytes + MASS_BYTES,
            made_s=said.made_s,
            version=said.version,
        )
        for peer in peers:
            self.shared.network.send(Message(self.agent, peer, share, asks=False, replies_to=-1))
