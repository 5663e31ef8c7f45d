"""Knowledge about classes: made of one's private rows, used on one's private rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from p2pkd.learning.data.batches import Ints, padded, seats
from p2pkd.learning.models.architecture import Pull
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.lessons import Alignment
from p2pkd.learning.training.nearest import write_held
from p2pkd.learning.training.objectives import (
    distillation_pull,
    mean_weights,
    private_pull,
    sum_pull,
)
from p2pkd.learning.training.steps import Batches, private_rows, targets_of


def class_means(
    tables: Tables, agents: Ints, classes: Tensor, head: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the mean of *head* over each of *agents*' private rows of each class.

    *classes* ``(G, R)`` are those that are asked for, the result is ``(G, R, W)``; *head* makes
    ``(G, n, W)`` of rows ``(G, n, F)``.
    """
    full, real = tables.private.full(agents, padded(int(tables.private.sizes[agents].max())))
    rows, mask = tables.index(full), tables.tensor(real)
    values, labels = head(take(tables.private_x, rows)), take(tables.private_y, rows)
    g, _, w = values.shape
    totals = values.new_zeros((g, tables.n_classes, w))
    totals.scatter_add_(1, labels.unsqueeze(2).expand_as(values), values * mask.unsqueeze(2))
    counts = mask.new_zeros((g, tables.n_classes)).scatter_add_(1, labels, mask)
    means = totals / counts.clamp_min(1).unsqueeze(2)
    return means.gather(1, classes.unsqueeze(2).expand(-1, -1, w))


def class_batches(
    tables: Tables,
    products: Sequence[Any],
    agents: Ints,
    factors: tuple[float, float],
    own: Callable[[Tensor], Tensor] | None = None,
    held: Tensor | None = None,
) -> Batches:
    """Return CE and the distillation loss, times *factors*, both on private rows.

    The target of a row is what the teachers say of its class; rows whose class none of them knows
    have cross-entropy alone.  *own* is what the agents themselves would send of rows, where that
    counts too; where prototypes are *held*, they are written there, ``(G, C (W + 1))``.
    """
    table, known, speakers = _tables_of_classes(tables, products)
    if own is not None:
        table, known = _with_own(tables, agents, table, speakers, own)
    if held is not None:
        write_held(held, table, known)
    firsts = [p.operation.first for p in products]
    rows, mask = private_rows(tables, agents, firsts, products[0].operation.steps)
    size = tables.recipe.batch

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = rows if size is None else rows[:, step * size : (step + 1) * size]
        labels = take(tables.private_y, here)
        weights = mean_weights(mask, (here.shape[0], here.shape[1]), tables.device)
        goal = table.gather(1, labels.unsqueeze(2).expand(-1, -1, table.shape[2]))
        share = weights * factors[1] * known.gather(1, labels)
        private = private_pull(labels, weights * factors[0])
        return take(tables.private_x, here), sum_pull(
            private, distillation_pull(tables.recipe.objective, goal, share)
        )

    return batch


def _with_own(
    tables: Tables,
    agents: Ints,
    table: Tensor,
    speakers: Tensor,
    own: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Return the mean of *table* ``(G, C, W)`` and one's own class means, and which are known.

    Oneself counts as one among the *speakers* ``(G, C)``, where one has the class.
    """
    every = tables.index(np.tile(np.arange(tables.n_classes), (len(agents), 1)))
    means = class_means(tables, agents, every, own)
    has = (tables.label_counts[tables.index(agents)] > 0).to(table.dtype)
    total = (table * speakers.unsqueeze(2)) + means * has.unsqueeze(2)
    count = speakers + has
    return total / count.clamp_min(1).unsqueeze(2), (count > 0).to(table.dtype)


def _tables_of_classes(tables: Tables, products: Sequence[Any]) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the teachers of each agent say of all classes, ``(G, C, W)``, and of which.

    The last is how many of them speak of each class, ``(G, C)``.
    """
    heard = [p.operation.heard for p in products]
    aligned = Alignment(heard, seats(max(map(len, heard))))
    places, real = aligned.full(padded(int(aligned.sizes.max())))
    notes = [p.operation.notes for p in products]
    targets, weights, said = targets_of(tables, aligned, places, notes, _nothing)
    said = said * tables.tensor(real)
    counts = (weights > 0).sum(1).to(said.dtype) * said
    classes = tables.index(aligned.rows(places))
    g, _, w = targets.shape
    table = targets.new_zeros((g, tables.n_classes, w))
    table.scatter_add_(1, classes.unsqueeze(2).expand(-1, -1, w), targets * said.unsqueeze(2))
    known = said.new_zeros((g, tables.n_classes)).scatter_add_(1, classes, said)
    speakers = said.new_zeros((g, tables.n_classes)).scatter_add_(1, classes, counts)
    return table, known, speakers


def _nothing() -> Tensor:
    raise TypeError("nobody predicts reference rows where knowledge is about classes")
