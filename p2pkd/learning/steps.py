"""Gradient steps of a group of agents: which rows each step sees, and what it minimises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from p2pkd.learning.architecture import Architecture, Pull
from p2pkd.learning.batches import Ints, padded
from p2pkd.learning.lessons import Alignment
from p2pkd.learning.objectives import distillation_pull, joint_pull, mean_weights, private_pull
from p2pkd.learning.optimizers import clip_
from p2pkd.learning.tables import Tables, take

# For a step's number: rows (G, B, F), and the gradient of the loss at the outputs.
Batches = Callable[[int], tuple[Tensor, Pull]]


def descend(
    tables: Tables,
    architecture: Architecture,
    table: Tensor,
    products: Sequence[Any],
    batch: Batches,
) -> None:
    """Take all steps of *products*; *table* ``(G, P + S)`` is changed in place."""
    recipe, n = tables.recipe, architecture.n_parameters
    flat, state = table[:, :n], table[:, n:]
    steps = products[0].steps
    before = np.array([p.updates for p in products]) - steps
    for step in range(steps):
        gradient = architecture.gradient(flat, *batch(step))
        if recipe.clip_norm is not None:
            clip_(gradient, recipe.clip_norm)
        tables.optimizer.update_(flat, gradient, state, before + step + 1, recipe.lr)


def private_batches(
    tables: Tables, agents: Ints, firsts: Sequence[int], steps: int, factor: float = 1.0
) -> Batches:
    """Return cross-entropy, times *factor*, on private rows.

    *firsts* are the agents' sample numbers at the first step.
    """
    size, mask = tables.recipe.batch, None
    if size is None:
        width = padded(int(tables.private.sizes[agents].max()))
        full, real = tables.private.full(agents, width)
        rows, mask = tables.index(full), tables.tensor(real)
    else:
        width = size
        rows = tables.index(tables.private.sample(agents, np.array(firsts), steps * size))
    weights = mean_weights(mask, (len(agents), width), tables.device).mul_(factor)

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = rows if size is None else rows[:, step * size : (step + 1) * size]
        pull = private_pull(take(tables.private_y, here), weights)
        return take(tables.private_x, here), pull

    return batch


def lesson_batches(tables: Tables, products: Sequence[Any], agents: Ints, factor: float) -> Batches:
    """Return the distillation loss, times *factor*, on rows that the teachers speak of."""
    recipe, steps = tables.recipe, products[0].steps
    size, mask = recipe.batch, None
    heard = [p.argument[0] for p in products]
    aligned = Alignment(heard, padded(max(map(len, heard))))
    if size is None:
        places, real = aligned.full(padded(int(aligned.sizes.max())))
        mask = tables.tensor(real)
    else:
        firsts = np.array([p.argument[2] for p in products])
        places = aligned.sample(tables.distill_keys[agents], firsts, steps * size)
    targets, known = _targets(tables, aligned, places)
    if mask is not None:
        known = known * mask
    ids = tables.index(aligned.rows(places))

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = slice(None) if size is None else slice(step * size, (step + 1) * size)
        weights = mean_weights(known[:, here], (0, 0), tables.device).mul_(factor)
        pull = distillation_pull(recipe.objective, targets[:, here], weights)
        return take(tables.reference_x, ids[:, here]), pull

    return batch


def _targets(tables: Tables, aligned: Alignment, places: Ints) -> tuple[Tensor, Tensor]:
    """Return targets ``(G, n, C)`` at *places* ``(G, n)``, and 1 where any teacher counts."""
    recipe = tables.recipe
    values, present = aligned.values(places, tables.width, tables.device)
    log_p = recipe.knowledge.log_probabilities(values, tables.n_classes)
    weights = recipe.weighting.weights(log_p, present)
    total = weights.sum(1, keepdim=True)
    targets = recipe.combine.targets(
        log_p, weights / total.clamp_min(1e-30), recipe.objective.softening
    )
    return targets, (total.squeeze(1) > 0).to(targets.dtype)


def joint_batches(private: Batches, public: Batches) -> Batches:
    """Return both losses in one step: private rows first, then reference rows."""

    def batch(step: int) -> tuple[Tensor, Pull]:
        (own_x, own_pull), (x, pull) = private(step), public(step)
        return torch.cat([own_x, x], 1), joint_pull(own_pull, pull, own_x.shape[1])

    return batch
