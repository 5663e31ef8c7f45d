"""What a learner knows of its teachers, gathered only if a rule asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from p2pkd.learning.data.batches import padded
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.lessons import Alignment


class Hearing:
    """The lessons of G agents at the rows of their steps (see `p2pkd.learning.api.Heard`).

    Parameters
    ----------
    notes : per agent and message: who sent it, and how old its contents are, in seconds.
    own : gives one's own logits, ``(G, R, C)``.
    habits : ``(G, n)``, what each learner remembers of every agent; changed in place.
    """

    def __init__(
        self,
        tables: Tables,
        aligned: Alignment,
        log_p: Tensor,
        present: Tensor,
        notes: Sequence[Sequence[tuple[int, float]]],
        own: Callable[[], Tensor],
        habits: Tensor | None = None,
    ) -> None:
        self.tables = tables
        self.aligned = aligned
        self.log_p = log_p
        self.present = present
        self.notes = notes
        self._own = own
        self._habits = habits

    def own(self) -> Tensor:
        """Return one's own log-probabilities before the lesson, ``(G, R, C)``."""
        return self._own().log_softmax(-1)

    @cached_property
    def _senders(self) -> Tensor:
        return self.tables.index(self._padded(0))

    @property
    def trust(self) -> Tensor:
        """What one remembers of the senders, ``(G, K)``."""
        assert self._habits is not None
        return self._habits.gather(1, self._senders)

    def trusts(self, change: Tensor) -> None:
        """Add *change* ``(G, K)``, 0 where there is no message, to what one remembers."""
        assert self._habits is not None
        self._habits.scatter_add_(1, self._senders, change)

    @cached_property
    def age_s(self) -> Tensor:
        """Ages ``(G, K)``; 0 where there is no message."""
        return self.tables.tensor(self._padded(1).astype(np.float32))

    @cached_property
    def label_counts(self) -> Tensor:
        """Private rows of each class, ``(G, K, C)``."""
        return self.tables.label_counts[self._senders]

    @cached_property
    def samples(self) -> Tensor:
        """Private rows, ``(G, K)``."""
        return self.label_counts.sum(-1)

    @cached_property
    def accuracy(self) -> Tensor:
        """What came behind the predictions, ``(G, K)``."""
        return self.aligned.behind(self.tables.width, self.tables.device)

    def _padded(self, which: int) -> Any:
        table = np.zeros((len(self.notes), self.aligned.k))
        for line, notes in zip(table, self.notes, strict=True):
            line[: len(notes)] = [note[which] for note in notes]
        return table


class MeanOfLosses:
    """The mean of a row loss over teachers, each with a target of its own.

    *shares* ``(G, K, B)`` sum to 1 over the teachers of a row.
    """

    def __init__(self, objective: Any, shares: Tensor) -> None:
        self.objective = objective
        self.shares = shares

    def row_loss(self, outputs: Any, targets: Tensor) -> Tensor:
        """Return the loss of each row, ``(G, B)``, given *targets* ``(G, K, B, C)``."""
        each = type(outputs)(*(output.unsqueeze(1) for output in outputs))
        loss: Tensor = self.objective.row_loss(each, targets)
        return (loss * self.shares).sum(1)


def private_accuracy(tables: Tables, agents: Any, forward: Callable[[Tensor], Any]) -> Tensor:
    """Return the accuracy of each of *agents* on its private rows, ``(G,)``.

    *forward* gives the outputs of their models on rows ``(G, B, F)``.
    """
    full, real = tables.private.full(agents, padded(int(tables.private.sizes[agents].max())))
    rows, mask = tables.index(full), tables.tensor(real)
    labels = forward(take(tables.private_x, rows)).logits.argmax(-1)
    right = (labels == take(tables.private_y, rows)).to(torch.float32) * mask
    accuracy: Tensor = right.sum(1) / mask.sum(1).clamp_min(1)
    return accuracy
