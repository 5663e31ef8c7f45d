"""An agent that says what rows look like: a generator, fitted to its model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pkd.core.rng import Streams
from p2pkd.engine.contents import RowComposer
from p2pkd.scenario.method import MethodSpec


class GeneratorComposer(RowComposer):
    """Generators; a message is one row of numbers, about no reference row.

    Parameters
    ----------
    flops_forward : per agent, FLOPs of its model on one row.
    """

    def __init__(
        self,
        method: MethodSpec,
        n_classes: int,
        learner: Any,
        streams: Streams,
        private_rows: Sequence[int],
        flops_forward: Sequence[float],
    ) -> None:
        super().__init__(method, 1, n_classes, learner, streams)
        knowledge: Any = method.send.knowledge
        form, of_features = knowledge.form(n_classes), knowledge.of_features
        self.private_rows = private_rows
        self.with_kin = bool(getattr(method.learn, "private_strength", 0))
        self.flops_forward = flops_forward
        self.made: int = knowledge.steps * knowledge.batch
        self.flops_made: float = form.flops_forward
        # What reads a made row: the whole model, or its last layer.
        last = float((2 * form.n_out + 1) * n_classes)
        self.flops_read = [last if of_features else forward for forward in flops_forward]

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
