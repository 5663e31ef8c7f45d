"""The arithmetic of each kind of operation, for a group of operations of one kind and shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.core.rng import Streams
from p2pkd.learning.architecture import Architecture, Pull
from p2pkd.learning.batches import Ints, PooledRows, PrivateRows, padded
from p2pkd.learning.lessons import Alignment
from p2pkd.learning.objectives import (
    distillation_pull,
    joint_pull,
    mean_weights,
    private_pull,
)
from p2pkd.learning.optimizers import clip_, make_optimizer
from p2pkd.learning.pools import Pool
from p2pkd.learning.recipe import Recipe
from p2pkd.learning.versions import DISTILL, ENCODE, INITIAL, MERGE, PREDICT, TRAIN
from p2pkd.world.data import Data

# What a step sees: rows (G, B, F), and the loss's gradient at the outputs.
Batch = tuple[Tensor, Pull]


class Kernels:
    """Data on the device, pools, and what to do with them.

    Attributes
    ----------
    pools : parameters and optimiser state, one table an architecture.
    payload_pools : predictions, one table a number of rows.
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
        self.n_classes = data.n_classes
        self.private_x, self.private_y = self._tensor(data.private_x), self._tensor(data.private_y)
        self.reference_x = self._tensor(data.reference_x)
        self.reference_y = self._tensor(data.reference_y)
        self.test_x, self.test_y = self._tensor(data.test_x), self._tensor(data.test_y)
        offsets, rows = data.partition.offsets, data.partition.rows
        n = len(offsets) - 1
        rows_of = PooledRows if recipe.pooled else PrivateRows
        self.private = rows_of(offsets, rows, streams.keys("batches", n))
        self.distill_keys = streams.keys("distill-batches", n)
        self.optimizer = make_optimizer(recipe.optimizer)
        self.pools = [
            Pool(a.n_parameters + self.optimizer.state_floats(a.n_parameters), device)
            for a in architectures
        ]
        self.payload_pools: dict[int, Pool] = {}
        self.starts: list[Tensor] = []
        self.width = recipe.knowledge.width(self.n_classes) if recipe.about_rows else 0
        self.functions: dict[int, Callable[[Sequence[Any], Architecture, Pool], Tensor]] = {
            INITIAL: self.initial,
            TRAIN: self.train,
            DISTILL: self.distill,
            MERGE: self.merge,
            ENCODE: self.encode,
            PREDICT: self.predict,
        }

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        # A copy: the world's arrays are read-only, which PyTorch cannot express.
        return torch.from_numpy(np.array(values)).to(self.device)

    def _index(self, values: Any) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.int64)).to(self.device)

    def begin_with(self, rows: Sequence[NDArray[np.float32]]) -> None:
        """Let every agent begin with its architecture's row among *rows*; none: fresh ones."""
        self.starts = [self._tensor(row) for row in rows]

    def payload_pool(self, n_rows: int) -> Pool:
        """Return the table of payloads about *n_rows* rows."""
        pool = self.payload_pools.get(n_rows)
        if pool is None:
            pool = self.payload_pools[n_rows] = Pool(n_rows * self.width, self.device)
        return pool

    def shape(self, product: Any) -> Any:
        """Return what operations must have in common to share a group."""
        kind = product.kind
        if kind == TRAIN:
            full = self.recipe.batch is None
            return product.steps, padded(int(self.private.sizes[product.agent])) if full else 0
        if kind == DISTILL:
            return product.steps, padded(len(product.argument[0])), self._full_shape(product)
        if kind == MERGE:
            return len(product.argument)
        return len(product.rows) if kind == PREDICT else 0

    def _full_shape(self, product: Any) -> tuple[int, int]:
        if self.recipe.batch is not None:
            return 0, 0
        union = len(np.unique(np.concatenate([p.rows for p in product.argument[0]])))
        return padded(union), padded(int(self.private.sizes[product.agent]))

    # -- operations ------------------------------------------------------------------------------

    def initial(self, products: Sequence[Any], architecture: Architecture, pool: Pool) -> Tensor:
        """Return fresh rows, ``(G, P + S)``, the optimiser's state being 0."""
        table = torch.zeros((len(products), pool.width), device=self.device)
        n = architecture.n_parameters
        if self.starts:
            table[:, :n] = self.starts[self.pools.index(pool)]
        else:
            fresh = [
                architecture.initial(self.streams.generator("model", p.agent)) for p in products
            ]
            table[:, :n] = self._tensor(np.stack(fresh))
        return table

    def merge(self, products: Sequence[Any], architecture: Architecture, pool: Pool) -> Tensor:
        """Return the weighted sums of rows; the optimiser's state is that of the source."""
        n = architecture.n_parameters
        parts = [[part.row for part, _ in p.argument] for p in products]
        shares = torch.tensor([[s for _, s in p.argument] for p in products], device=self.device)
        rows = self._index(parts)
        result = pool.gather(self._sources(products))
        result[:, :n] = pool.data[:, :n].index_select(0, rows[:, 0]) * shares[:, :1]
        for k in range(1, rows.shape[1]):
            part = pool.data[:, :n].index_select(0, rows[:, k])
            result[:, :n].addcmul_(part, shares[:, k : k + 1])
        return result

    def encode(self, products: Sequence[Any], architecture: Architecture, pool: Pool) -> Tensor:
        """Return rows with parameters as receivers decode them."""
        codec, n = self.recipe.codec, architecture.n_parameters
        assert codec is not None
        result = pool.gather(self._sources(products))
        result[:, :n] = codec.roundtrip(result[:, :n].unsqueeze(1)).squeeze(1)
        return result

    def predict(self, products: Sequence[Any], architecture: Architecture, pool: Pool) -> Tensor:
        """Return what is received of predictions on reference rows, ``(G, R W)``."""
        codec = self.recipe.codec
        flat = pool.data[:, : architecture.n_parameters].index_select(0, self._sources(products))
        rows = self._index(np.stack([p.rows for p in products]))
        outputs = architecture.forward(flat, self._rows(self.reference_x, rows))
        values = self.recipe.knowledge.head(outputs)
        return (values if codec is None else codec.roundtrip(values)).flatten(1)

    def train(self, products: Sequence[Any], architecture: Architecture, pool: Pool) -> Tensor:
        """Return rows after cross-entropy steps on private rows."""
        steps = products[0].steps
        agents = np.array([p.agent for p in products])
        batch = self._private_batches(agents, [p.argument for p in products], steps)
        return self._steps(products, architecture, pool, batch)

    def distill(self, products: Sequence[Any], architecture: Architecture, pool: Pool) -> Tensor:
        """Return rows after steps towards the targets that the lessons make."""
        steps, recipe = products[0].steps, self.recipe
        joint = recipe.objective.joint
        agents = np.array([p.agent for p in products])
        private = None
        if joint is not None:
            firsts = [p.argument[1] for p in products]
            private = self._private_batches(agents, firsts, steps, joint[0])
        factor = recipe.objective.scale if joint is None else joint[1]
        public = self._lesson_batches(products, agents, steps, factor)

        def batch(step: int) -> Batch:
            x, pull = public(step)
            if private is None:
                return x, pull
            own_x, own_pull = private(step)
            return torch.cat([own_x, x], 1), joint_pull(own_pull, pull, own_x.shape[1])

        return self._steps(products, architecture, pool, batch)

    # -- gradient steps --------------------------------------------------------------------------

    def _steps(
        self,
        products: Sequence[Any],
        architecture: Architecture,
        pool: Pool,
        batch: Callable[[int], Batch],
    ) -> Tensor:
        table = pool.gather(self._sources(products))
        n = architecture.n_parameters
        flat, state = table[:, :n], table[:, n:]
        before = np.array([p.source.updates for p in products])
        clip, lr = self.recipe.clip_norm, self.recipe.lr
        for step in range(products[0].steps):
            gradient = architecture.gradient(flat, *batch(step))
            if clip is not None:
                clip_(gradient, clip)
            self.optimizer.update_(flat, gradient, state, before + step + 1, lr)
        return table

    def _private_batches(
        self, agents: Ints, firsts: Sequence[int], steps: int, share: float = 1.0
    ) -> Callable[[int], Batch]:
        size = self.recipe.batch
        mask = None
        if size is None:
            width = padded(int(self.private.sizes[agents].max()))
            full, real = self.private.full(agents, width)
            rows, mask = self._index(full), self._tensor(real)
        else:
            rows = self._index(self.private.sample(agents, np.array(firsts), steps * size))
            width = size
        weights = mean_weights(mask, (len(agents), width), self.device) * share

        def batch(step: int) -> Batch:
            here = rows if size is None else rows[:, step * size : (step + 1) * size]
            labels = self._rows(self.private_y, here)
            return self._rows(self.private_x, here), private_pull(labels, weights)

        return batch

    def _lesson_batches(
        self, products: Sequence[Any], agents: Ints, steps: int, factor: float
    ) -> Callable[[int], Batch]:
        size = self.recipe.batch
        heard = [p.argument[0] for p in products]
        k = padded(max(map(len, heard)))
        aligned = Alignment(heard, k, len(self.reference_x))
        mask = None
        if size is None:
            rows, real = aligned.full(padded(int(aligned.sizes.max())))
            mask = self._tensor(real)
        else:
            firsts = np.array([p.argument[2] for p in products])
            rows = aligned.sample(self.distill_keys[agents], firsts, steps * size)
        targets, known = self._targets(aligned, rows)
        ids = self._index(rows)
        objective = self.recipe.objective

        def batch(step: int) -> Batch:
            here = slice(None) if size is None else slice(step * size, (step + 1) * size)
            real = known[:, here] if mask is None else known[:, here] * mask
            weights = mean_weights(real, (0, 0), self.device) * factor
            pull = distillation_pull(objective, targets[:, here], weights)
            return self._rows(self.reference_x, ids[:, here]), pull

        return batch

    def _targets(self, aligned: Alignment, rows: Ints) -> tuple[Tensor, Tensor]:
        """Return targets ``(G, n, C)`` of *rows* ``(G, n)``, and 1 where any teacher counts."""
        recipe = self.recipe
        values, present = aligned.values(rows, self.width, self.device)
        log_p = recipe.knowledge.log_probabilities(values, self.n_classes)
        weights = recipe.weighting.weights(log_p, present)
        total = weights.sum(1, keepdim=True)
        weights = weights / total.clamp_min(1e-30)
        targets = recipe.combine.targets(log_p, weights, recipe.objective.softening)
        return targets, (total.squeeze(1) > 0).to(targets.dtype)

    def _sources(self, products: Sequence[Any]) -> Tensor:
        return self._index([p.source.row for p in products])

    def _rows(self, table: Tensor, rows: Tensor) -> Tensor:
        """Return the *rows* ``(G, B)`` of *table* ``(n, ...)`` as ``(G, B, ...)``."""
        return table.index_select(0, rows.flatten()).unflatten(0, rows.shape)
