"""Received models as teachers, on one's own private rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from p2pkd.learning.data.batches import Ints
from p2pkd.learning.models.architecture import Architecture, Pull
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.objectives import (
    distillation_pull,
    mean_weights,
    private_pull,
    sum_pull,
)
from p2pkd.learning.training.steps import Batches, private_rows


def model_batches(
    tables: Tables,
    products: Sequence[Any],
    agents: Ints,
    factors: tuple[float, float],
    architecture: Architecture,
    pool: Pool,
) -> Batches:
    """Return CE and the distillation loss, times *factors*, both on private rows.

    The target of a row is what the received models predict for it, combined.
    """
    recipe, size = tables.recipe, tables.recipe.batch
    teachers, present = teachers_of(tables, products, architecture, pool)
    firsts = [p.operation.first for p in products]
    rows, mask = private_rows(tables, agents, firsts, products[0].operation.steps)

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = rows if size is None else rows[:, step * size : (step + 1) * size]
        x, labels = take(tables.private_x, here), take(tables.private_y, here)
        log_p = torch.stack(
            [architecture.forward(flat, x).logits.log_softmax(-1) for flat in teachers], 1
        )
        shares = present.unsqueeze(2).expand(-1, -1, x.shape[1])
        goal = recipe.combine.targets(log_p, shares, recipe.objective.softening)
        weights = mean_weights(mask, (x.shape[0], x.shape[1]), tables.device)
        private = private_pull(labels, weights * factors[0])
        public = distillation_pull(recipe.objective, goal, weights * factors[1])
        return x, sum_pull(private, public)

    return batch


def teachers_of(
    tables: Tables, products: Sequence[Any], architecture: Architecture, pool: Pool
) -> tuple[list[Tensor], Tensor]:
    """Return the k-th teacher of every agent, ``(G, P)`` for each k, and their shares ``(G, K)``.

    Who has fewer than K has its first once more, with no share.
    """
    heard = [p.operation.heard for p in products]
    k = max(map(len, heard))
    known = pool.data[:, : architecture.n_parameters]
    teachers = []
    for i in range(k):
        rows = [models[i if i < len(models) else 0].row for models in heard]
        teachers.append(known.index_select(0, tables.index(rows)))
    shares = [[1 / len(models) if i < len(models) else 0.0 for i in range(k)] for models in heard]
    return teachers, torch.tensor(shares, dtype=torch.float32, device=tables.device)
