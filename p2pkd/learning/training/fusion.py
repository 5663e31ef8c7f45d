"""A server's steps towards what the models that it has received predict on reference rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi
from typing import Any

import numpy as np
import torch
from torch import Tensor

from p2pkd.learning.data.batches import draws
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.optim.optimizers import clip_, make_optimizer
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.objectives import distillation_pull, mean_weights
from p2pkd.learning.training.received import teachers_of
from p2pkd.scenario.optimizers import AdamSpec


def fuse_(
    tables: Tables,
    products: Sequence[Any],
    architecture: Architecture,
    pool: Pool,
    table: Tensor,
) -> None:
    """Take a round's steps of *products*; parameters in *table* ``(G, P + S)`` change in place.

    Adam's moments are the round's own: the state that is kept, S, stays as it is.
    """
    recipe: Any = tables.recipe
    objective, agents = recipe.objective, np.array([p.agent for p in products])
    n, steps, size = architecture.n_parameters, products[0].operation.steps, objective.server_batch
    adam, flat = make_optimizer(AdamSpec()), table[:, :n].contiguous()
    state = flat.new_zeros((len(products), adam.state_floats(n)))
    teachers, shares = teachers_of(tables, products, architecture, pool)
    weights = mean_weights(None, (len(products), size), tables.device)
    firsts = np.array([p.operation.drawn for p in products])
    known = np.full(len(products), len(tables.reference_y))
    rows = tables.index(draws(tables.distill_keys[agents], firsts, steps * size, known))
    rows = tables.sight.places(agents, rows)
    for step in range(steps):
        x = take(tables.reference_x, rows[:, step * size : (step + 1) * size])
        log_p = [architecture.forward(t, x).logits.log_softmax(-1) for t in teachers]
        each = shares.unsqueeze(2).expand(-1, -1, size)
        goal = recipe.combine.targets(torch.stack(log_p, 1), each, 1.0)
        pull = distillation_pull(objective, goal, weights)
        gradient = architecture.gradient(flat, x, pull)
        if objective.server_clip_norm is not None:
            clip_(gradient, objective.server_clip_norm)
        rate = objective.server_lr * (1 + cos(pi * step / steps)) / 2
        adam.update_(flat, gradient, state, np.full(len(products), step + 1), rate)
    table[:, :n] = flat
