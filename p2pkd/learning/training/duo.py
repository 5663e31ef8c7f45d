"""The steps of two models in one row that teach each other, on private rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from p2pkd.learning.data.batches import Ints
from p2pkd.learning.models.architecture import Pull
from p2pkd.learning.models.duo import MutualPull
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.objectives import mean_weights
from p2pkd.learning.training.steps import Batches, private_rows


def duo_batches(tables: Tables, agents: Ints, firsts: Sequence[int], steps: int) -> Batches:
    """Return the mutual pull on private rows; *firsts* are as in `private_batches`."""
    size, objective = tables.recipe.batch, tables.recipe.objective
    rows, mask = private_rows(tables, agents, firsts, steps)
    weights = mean_weights(mask, (len(agents), size or rows.shape[1]), tables.device)
    shares: Any = objective

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = rows if size is None else rows[:, step * size : (step + 1) * size]
        labels = take(tables.private_y, here)
        pull = MutualPull(labels, weights, shares.weight, shares.proxy_weight)
        return take(tables.private_x, here), pull

    return batch
