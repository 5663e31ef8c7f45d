"""Inputs: generators that say what rows look like, fitted to an agent's model."""

from __future__ import annotations

from typing import Any

from p2pkd.knowledge.exchange.base import Exchange, Setting
from p2pkd.knowledge.exchange.rows import RowExchange


class GeneratorExchange(RowExchange):
    """Generators; a message is one row of numbers, about no reference row."""

    def __init__(self, setting: Setting) -> None:
        Exchange.__init__(self, setting)
        self._prepare(setting, 1, None)
        self.looks_at = []
        n_classes = setting.data.n_classes
        knowledge: Any = setting.method.send.knowledge
        learn: Any = setting.method.learn
        self.private_rows = setting.private_rows
        self.with_kin = bool(learn.private_strength)
        self.flops_forward = setting.flops_forward
        self.made: int = knowledge.steps * knowledge.batch
        self.flops_made: float = knowledge.form(n_classes).flops_forward
        # What reads a made row: the whole model, or its last layer.
        self.flops_read: list[float] = [
            knowledge.read_flops(f, n_classes) for f in setting.flops_forward
        ]

    def samples(self, agent: int) -> int:
        """Return what a fit costs, in rows that go forward through the agent's model.

        Private rows go forward once, for the records; made rows forward and backward, through the
        generator and, for their gradient at its outputs, through what reads them: three passes
        each.
        """
        flops = 3 * self.made * (self.flops_made + self.flops_read[agent])
        return self.private_rows[agent] + round(flops / self.flops_forward[agent])

    def lesson_cost(self, agent: int, rows: int) -> int:
        """Return what a step on *rows* made rows costs, in rows of a step on others.

        They are made in a forward pass, a third of a step.  As many may be made for private rows,
        which the head reads, forward only.
        """
        flops = rows * (self.flops_made / 3 + self.flops_read[agent])
        if self.with_kin:
            flops += rows * (self.flops_made + self.flops_read[agent]) / 3
        return round(flops / self.flops_forward[agent])
