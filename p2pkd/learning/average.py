"""The model whose parameters are the mean of many: what a consensus would be."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from p2pkd.learning.state.tables import Tables
from p2pkd.learning.state.versions import Version

# Rows that are added up in one call: fixed, since the last digits of sums depend on it.
BLOCK = 1024


def average_of(versions: Sequence[Version], tables: Tables) -> Version | None:
    """Return the mean of computed *versions*, added up in float64; None if they cannot be averaged.

    That is where they are of several architectures.  It takes a row of the table while it is held,
    and nothing knows of it.
    """
    if not versions or any(version.pool is not versions[0].pool for version in versions):
        return None
    pool, agent = versions[0].pool, versions[0].agent
    n = tables.architectures[tables.pools.index(pool)].n_parameters
    total = torch.zeros(n, dtype=torch.float64, device=tables.device)
    for start in range(0, len(versions), BLOCK):
        rows = tables.index([version.row for version in versions[start : start + BLOCK]])
        total += pool.data[:, :n].index_select(0, rows).double().sum(0)
    product = Version(agent, pool)
    (product.row,) = pool.take(1)
    pool.data[product.row, :n] = (total / len(versions)).float()
    pool.data[product.row, n:] = 0  # what agents remember beside is nobody's mean
    return product
