"""Class prototypes that an agent holds, and predictions by the nearest of them.

Shapes: G agents, B rows, C classes, W numbers a prototype.
"""

from __future__ import annotations

import torch
from torch import Tensor

from p2pkd.learning.api import Outputs
from p2pkd.learning.models.sketch import fold

Held = tuple[Tensor, Tensor]
"""Prototypes ``(G, C, W)``, and which are known ``(G, C)``."""


def write_held(memory: Tensor, prototypes: Tensor, known: Tensor) -> None:
    """Write *prototypes* ``(G, C, W)`` and *known* ``(G, C)`` into *memory* ``(G, C (W + 1))``."""
    memory[:] = torch.cat([prototypes.flatten(1), known], 1)


def held_in(memory: Tensor, n_classes: int) -> Held:
    """Return prototypes ``(G, C, W)`` and which are known ``(G, C)``, of a part of rows.

    They are the last that the agent has learned from, and which of them it knows; 0 at first.
    """
    prototypes = memory[:, :-n_classes].reshape(len(memory), n_classes, -1)
    return prototypes, memory[:, -n_classes:]


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
