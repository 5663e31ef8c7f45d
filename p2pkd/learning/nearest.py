"""Class prototypes that an agent holds, and predictions by the nearest of them.

Shapes: G agents, B rows, C classes, W numbers a prototype.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from p2pkd.learning.api import Outputs
from p2pkd.learning.optimizers import Optimizer
from p2pkd.learning.sketch import fold
from p2pkd.learning.trust import Trusting

Held = tuple[Tensor, Tensor]
"""Prototypes ``(G, C, W)``, and which are known ``(G, C)``."""


class Holding(Trusting):
    """An optimiser whose state also has a table of prototypes, ``C (W + 1)`` numbers.

    They are the last that the agent has learned from, and which of them it knows; 0 at first.  As a
    part of the agent's version they are put off, forgotten and charged (memory) along with it.
    """

    def hold(self, table: Tensor, prototypes: Tensor, known: Tensor) -> None:
        """Write *prototypes* ``(G, C, W)`` and *known* ``(G, C)`` into the rows of *table*."""
        table[:, -self.n :] = torch.cat([prototypes.flatten(1), known], 1)

    def held(self, rows: Tensor, n_classes: int) -> Held:
        """Return prototypes ``(G, C, W)`` and which are known ``(G, C)``, of whole *rows*."""
        state = rows[:, -self.n :]
        prototypes = state[:, :-n_classes].reshape(len(rows), n_classes, -1)
        return prototypes, state[:, -n_classes:]


def holding(inner: Optimizer, objective: Any, knowledge: Any, n_classes: int) -> Optimizer:
    """Return *inner*, with room for prototypes where *objective* predicts by the nearest one."""
    if not getattr(objective, "by_prototypes", False):
        return inner
    return Holding(inner, n_classes * (knowledge.width(n_classes) + 1))


def held_by(tables: Any, pool: Any, rows: Tensor) -> Held | None:
    """Return what those *rows* of *pool* hold; None where nobody predicts by prototypes."""
    optimizer = tables.optimizer
    if not isinstance(optimizer, Holding):
        return None
    return optimizer.held(pool.data.index_select(0, rows), tables.n_classes)


def nearest_logits(outputs: Outputs, prototypes: Tensor, known: Tensor) -> Tensor:
    """Return minus the mean squared distance of each row's features to each class, ``(G, B, C)``.

    The largest is the nearest prototype's.  A class that is not *known* ``(G, C)`` is farther than
    all others, by 100; an agent that knows none predicts by its classifier.
    """
    features = fold(outputs.features, prototypes.shape[2])
    far = [(features - p.unsqueeze(1)).square().mean(-1) for p in prototypes.unbind(1)]
    distances, missing = torch.stack(far, 2), known.unsqueeze(1) == 0
    farthest = distances.masked_fill(missing, 0.0).amax(2, keepdim=True)
    distances = torch.where(missing, farthest + 100, distances)
    return torch.where(known.any(1)[:, None, None], -distances, outputs.logits)
