"""Mutual transfer: a received model and one's own learn from each other, on one's private rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from p2pkd.learning.api import Outputs
from p2pkd.learning.data.batches import Ints
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.optim.optimizers import clip_
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.objectives import mean_weights
from p2pkd.learning.training.steps import private_rows


def transfer(
    tables: Tables,
    architecture: Architecture,
    pool: Pool,
    table: Tensor,
    products: Sequence[Any],
    agents: Ints,
) -> Tensor:
    """Return the rows ``(G, P + S)`` that agents keep; *table* are their own, which are changed.

    Each agent has one message, a model in *pool*.  Both models begin with the agent's optimiser
    state, for that is what it has; each goes on with its own, and the one that is kept keeps it.
    """
    recipe, n = tables.recipe, architecture.n_parameters
    objective: Any = recipe.objective
    received = tables.index([p.operation.heard[0].row for p in products])
    guest = table.clone()
    guest[:, :n] = pool.data[:, :n].index_select(0, received)
    firsts = [p.operation.first for p in products]
    rows, mask = private_rows(tables, agents, firsts, products[0].operation.steps)
    size = recipe.batch
    weights = mean_weights(mask, (len(agents), size or rows.shape[1]), tables.device)
    for step in range(products[0].operation.steps):
        here = rows if size is None else rows[:, step * size : (step + 1) * size]
        x, labels = take(tables.private_x, here), take(tables.private_y, here)
        numbers = np.array([p.updates - p.operation.steps + step + 1 for p in products])
        pair = MutualModels(labels, weights, objective.strength)
        gradients = pair.gradients(architecture, table[:, :n], guest[:, :n], x)
        for model, gradient in zip((table, guest), gradients, strict=True):
            if recipe.clip_norm is not None:
                clip_(gradient, recipe.clip_norm)
            tables.optimizer.update_(model[:, :n], gradient, model[:, n:], numbers, recipe.lr)
    return guest if objective.keep == "received" else table


class MutualModels:
    """CE + s KL(other, own) for two models at once; *labels* and *weights* are ``(G, B)``."""

    def __init__(self, labels: Tensor, weights: Tensor, strength: float) -> None:
        self.labels = labels
        self.weights = weights
        self.strength = strength

    def towards(self, own: Tensor, other: Tensor) -> Tensor:
        """Return w ((1 + s) p - y - s q), the gradient at the logits, ``(G, B, C)``.

        *own* and *other* are p and q, class by class, ``(G, C, B)``; q is held fixed.
        """
        gradient = own * (1 + self.strength) - other * self.strength
        minus = gradient.new_full((1, 1, 1), -1.0).expand(own.shape[0], 1, own.shape[2])
        gradient.scatter_add_(1, self.labels.unsqueeze(1), minus)
        return gradient.mul_(self.weights.unsqueeze(1)).mT

    def gradients(
        self, architecture: Architecture, host: Tensor, guest: Tensor, x: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the gradients ``(G, P)`` of both models on rows *x* ``(G, B, F)``.

        The guest's pass lies inside the host's, so that each goes forward once.
        """
        inner: list[Tensor] = []

        def at_host(outputs: Outputs) -> tuple[Tensor, None]:
            own = _probabilities(outputs)
            others: list[Tensor] = []

            def at_guest(outputs: Outputs) -> tuple[Tensor, None]:
                others.append(_probabilities(outputs))
                return self.towards(others[0], own), None

            inner.append(architecture.gradient(guest, x, at_guest))
            return self.towards(own, others[0]), None

        outer = architecture.gradient(host, x, at_host)
        return outer, inner[0]


def _probabilities(outputs: Outputs) -> Tensor:
    return outputs.logits.mT.softmax(1)
