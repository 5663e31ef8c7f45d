"""The data of a run as tensors, and the tables that versions and payloads live in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.learning.data.batches import Keys, PooledRows, PrivateRows, TrainingRows, padded
from p2pkd.learning.data.sight import Sight
from p2pkd.learning.data.stream import DriftRows, StreamRows
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.optim.consolidate import optimizer_of
from p2pkd.learning.recipe import Recipe
from p2pkd.learning.state.layout import Layout, memories_of
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.screen import Screen
from p2pkd.world.data import Data


class Tables:
    """Everything that is shared by all operations of a run.

    Attributes
    ----------
    private_x, private_y : agent after agent, as `private` numbers them.
    sight : reference and test rows, as each agent sees them.
    bare : whether a step does no more than subtract the gradient of the loss.
    pools : versions of models, one table an architecture, its rows as `layout` says.
    proxies : what travels of duos, where proxies are sent; else None.
    payload_pools : predictions, one table for each number of rows.
    screen : knows whether anything that was computed is not finite.
    width : W, the numbers sent for a reference row; 0 where weights are sent.
    """

    def __init__(
        self,
        data: Data,
        architectures: Sequence[Architecture],
        recipe: Recipe,
        streams: Streams,
        device: torch.device,
    ) -> None:
        self.architectures = architectures
        self.recipe = recipe
        self.streams = streams
        self.device = device
        self.on_cpu = device.type == "cpu"
        self.n_classes = data.n_classes
        part = data.partition
        self.private_x = self.tensor(data.private_x[part.rows])
        self.private_y = self.tensor(data.private_y[part.rows])
        self.sight = Sight(data, self.tensor)
        self.reference_x = self.sight.reference_x
        self.reference_y = self.tensor(data.reference_y)
        self.test_y = self.tensor(data.test_y)
        n = len(part.offsets) - 1
        self.own_offsets = part.offsets
        self.private = self._private_rows(data, streams.keys("batches", n))
        self.distill_keys = streams.keys("distill-batches", n)
        self.optimizer = optimizer_of(recipe.objective, recipe.optimizer)
        memories = memories_of(
            recipe.objective, recipe.weighting, recipe.knowledge, n, self.n_classes
        )
        self.layouts = {
            a: Layout.of(a.n_parameters, self.optimizer, memories) for a in architectures
        }
        self.bare = (
            self.optimizer.plain
            and not memories
            and recipe.clip_norm is None
            and recipe.penalty is None
            and recipe.deployed is None
        )
        self.pools = [
            Pool(self.layouts[a].width, device, told=a.n_parameters) for a in architectures
        ]
        self.proxies = Pool(architectures[0].n_sent, device) if recipe.proxied else None
        self.payload_pools: dict[int, Pool] = {}
        self.screen = Screen()
        self.width = recipe.knowledge.width(self.n_classes) if recipe.about_rows else 0

    def _private_rows(self, data: Data, keys: Keys) -> PrivateRows:
        offsets, stream = data.partition.offsets, getattr(data, "stream", None)
        if self.recipe.pooled:
            return PooledRows(offsets, keys)
        if stream is None:
            held = self.recipe.objective.held_out
            return PrivateRows(offsets, keys) if held is None else TrainingRows(offsets, keys, held)
        if self.recipe.batch is None:
            raise InputError(
                "method.learn.batch: 'full' sees all rows at once, against data.stream"
            )
        labels = data.private_y[data.partition.rows]
        rows = DriftRows if stream.change == "gradual" else StreamRows
        return rows(offsets, keys, labels, stream.tasks, stream.samples)

    def deployed(self, flat: Tensor) -> Tensor:
        """Return the parameters ``(G, P)`` that models use, given those that are trained.

        The same, unless the objective has a `deployed` of its own.
        """
        deployed = self.recipe.deployed
        used: Tensor = flat if deployed is None else deployed(flat)
        return used

    def seen_by(self, agents: Any, rows: Tensor) -> Tensor:
        """Return reference *rows* ``(G, R)`` as *agents* see them, ``(G, R, F)``."""
        return take(self.reference_x, self.sight.places(agents, rows))

    def all_rows_of(self, agent: int) -> int:
        """Return how many private rows *agent* has, or a little more (see `batches.padded`)."""
        return padded(int(self.private.sizes[agent]))

    def layout(self, architecture: Architecture) -> Layout:
        """Return what rows of *architecture* hold."""
        return self.layouts[architecture]

    def payload_pool(self, n_rows: int) -> Pool:
        """Return the table of payloads about *n_rows* rows."""
        pool = self.payload_pools.get(n_rows)
        if pool is None:
            # What else a message says stands behind its rows, in a row of its own.
            rows = n_rows + self.recipe.measured
            pool = self.payload_pools[n_rows] = Pool(rows * self.width, self.device)
        return pool

    @cached_property
    def kin_keys(self) -> Keys:
        """Keys of the draws that are made for private rows by generators, ``(n,)``."""
        return self.streams.keys("kin", len(self.own_offsets) - 1)

    @cached_property
    def label_counts(self) -> Tensor:
        """How many private rows of each class each agent has, ``(n, C)``."""
        counts = label_counts(self.private_y.cpu().numpy(), self.own_offsets, self.n_classes)
        return self.tensor(counts)

    def tensor(self, values: NDArray[Any]) -> Tensor:
        """Return a copy of *values* on the device.

        A copy, since the world's arrays are read-only, which PyTorch cannot express.
        """
        return torch.from_numpy(np.array(values)).to(self.device)

    def index(self, values: Any) -> Tensor:
        """Return integers as a tensor on the device, to index with."""
        indices = torch.from_numpy(np.asarray(values, np.int64))
        return indices if self.on_cpu else indices.to(self.device)


def take(table: Tensor, rows: Tensor) -> Tensor:
    """Return the *rows* ``(G, B)`` of *table* ``(n, ...)`` as ``(G, B, ...)``."""
    return table.index_select(0, rows.reshape(-1)).view(*rows.shape, *table.shape[1:])


def label_counts(labels: Any, offsets: Any, n_classes: int) -> Any:
    """Return how many of each agent's rows have each class, ``(n, C)`` float32."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    counts = np.zeros((len(offsets) - 1, n_classes), np.float32)
    np.add.at(counts, (owner, labels), 1)
    return counts
