"""Joint pre-training: one model for all agents of an architecture."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.optim.optimizers import clip_
from p2pkd.learning.state.tables import Tables
from p2pkd.learning.training.objectives import mean_weights, private_pull

BATCH = 32


def pretrain(
    architecture: Architecture,
    row: NDArray[np.float32],
    tables: Tables,
    steps: int,
    number: int,
) -> NDArray[np.float32]:
    """Return *row* ``(P,)`` after *steps* cross-entropy steps on the labelled reference rows.

    Batches of 32, drawn with replacement, the run's own optimiser.  *number* tells architectures'
    random streams apart.
    """
    rng = tables.streams.generator("pretrain", number)
    n, optimizer = architecture.n_parameters, tables.optimizer
    flat = torch.from_numpy(row.copy()).unsqueeze(0).to(tables.device)
    state = flat.new_zeros((1, optimizer.state_floats(n)))
    weights = mean_weights(None, (1, BATCH), tables.device)
    for step in range(1, steps + 1):
        # The rows of all views, one view after the other.
        chosen = torch.from_numpy(rng.integers(len(tables.reference_x), size=BATCH))
        chosen = chosen.to(tables.device)
        x, y = tables.reference_x[chosen], tables.reference_y[chosen % len(tables.reference_y)]
        with torch.no_grad():
            gradient = architecture.gradient(
                flat, x.unsqueeze(0), private_pull(y.unsqueeze(0), weights)
            )
            if tables.recipe.clip_norm is not None:
                clip_(gradient, tables.recipe.clip_norm)
            optimizer.update_(flat, gradient, state, np.array([step]), tables.recipe.lr)
    return np.array(flat[0].cpu())
