"""Changing the width of an agent's model, and judging it on held-out rows: looks at learning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from p2pkd.learning.models.mlp import Mlp
from p2pkd.learning.models.resize import kept_units, resized_with
from p2pkd.learning.state.tables import take
from p2pkd.learning.state.versions import Version


def resize(learner: Any, version: Version, model: int) -> Version:
    """Return *version* with the architecture number *model* of *learner*, and its own history.

    Computed at once.  What the optimiser remembers of weights that stay is kept; of new ones it
    remembers 0.
    """
    old, new = learner.architecture(version), learner.architectures[model]
    if new is old:
        return version
    assert isinstance(old, Mlp)
    assert isinstance(new, Mlp)
    learner.flush()
    row = version.pool.data[version.row].cpu().numpy()
    # What is remembered of other agents, and not of weights, stands last and is of no width.
    of_weights = learner.tables.layout(old).slices["optimiser"].stop
    weights, rest = row[:of_weights], row[of_weights:]
    parts = weights.reshape(-1, old.n_parameters)
    kept = kept_units(parts[0], old.widths, new.widths)
    rng = learner.tables.streams.generator("widths", version.agent, version.updates)
    numbers = [
        resized_with(part, kept, old.widths, new.widths, None if i else rng)
        for i, part in enumerate(parts)
    ]
    pool = learner.tables.pools[model]
    product = Version(
        version.agent,
        pool,
        updates=version.updates,
        samples=version.samples,
        drawn=version.drawn,
    )
    (product.row,) = pool.take(1)
    values = torch.from_numpy(np.concatenate([*numbers, rest])).to(pool.data.device)
    pool.data[product.row] = values
    learner.tables.screen.note(pool, [product.row], values[None])
    product.discarded = version.discarded
    return product


def held_out_loss(learner: Any, version: Version) -> float:
    """Return the mean cross-entropy, in nats, of *version* on its agent's held-out rows.

    0 where the agent has too few rows to hold any out; infinite where the model has diverged.
    """
    learner.flush()
    tables, agent = learner.tables, version.agent
    first = tables.private.offsets[agent] + tables.private.sizes[agent]
    rows = tables.index(np.arange(first, tables.private.offsets[agent + 1])[None])
    if not rows.numel():
        return 0.0
    architecture = learner.architecture(version)
    flat = version.pool.data[version.row : version.row + 1, : architecture.n_parameters]
    with torch.no_grad():
        log_p = architecture.forward(flat, take(tables.private_x, rows)).logits.log_softmax(-1)
        told = log_p.gather(2, take(tables.private_y, rows).unsqueeze(2))
    loss = float(-told.mean())
    return loss if math.isfinite(loss) else math.inf
