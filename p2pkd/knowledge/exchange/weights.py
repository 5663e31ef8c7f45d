"""Weights: whole models, proxies, compressed differences."""

from __future__ import annotations

from typing import Any

from p2pkd.knowledge.exchange.base import Exchange, Setting
from p2pkd.knowledge.exchange.contents import Contents


class WeightExchange(Exchange):
    """All parameters of the model, or of its proxy; they need no computation to be sent."""

    models = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        codec: Any = setting.method.send.codec
        learn: Any = setting.method.learn
        facts: int = 0 if learn.mixed is None else learn.mixed.fact_bytes
        self.parameters = setting.parameters
        self.sizes = {n: facts + int(codec.size_bytes(1, n)) for n in set(setting.parameters)}

    def compose(self, agent: int, version: Any, updates: int, now_s: float) -> Contents:
        """Return the parameters of *version*."""
        return Contents(
            self.kind,
            self.learner.weights(version),
            size_bytes=self.sizes[self.parameters[agent]],
            made_s=now_s,
            version=updates,
        )
