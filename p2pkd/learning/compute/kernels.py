"""What each kind of operation does to a group: rows in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.api import Codec
from p2pkd.learning.data.batches import padded, seats
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.state.constants import starts
from p2pkd.learning.state.operations import Distill, Encode, Initial, Mean, Merge, Predict, Train
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.screen import all_finite, nonfinite_rows, number_of
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.duo import duo_batches
from p2pkd.learning.training.heard import private_accuracy
from p2pkd.learning.training.steps import descend, joint_targets, private_batches
from p2pkd.learning.training.teaching import Group

Products = Sequence[Any]


class Kernels:
    """The operations, over the *tables* of a run.

    A group's products are alike in kind and `shape`; *table* is ``(G, P + S)``, the rows they start
    from, which may be changed in place.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.teaching = tables.recipe.teaching
        self.starts: list[Tensor] = []
        self.functions: dict[type, Any] = {
            Initial: self._initial,
            Train: self._train,
            Distill: self._distill,
            Merge: self._merge,
            Encode: self._encode,
        }

    def begin_with(self, rows: Sequence[NDArray[np.float32]]) -> None:
        """Let every agent begin with its architecture's row among *rows*; none: fresh ones."""
        self.starts = [self.tables.tensor(row) for row in rows]

    def shape(self, product: Any) -> Any:
        """Return what operations must have in common, beside their kind, to share a group."""
        operation = product.operation
        kind = type(operation)
        if kind is Train:
            if self.tables.recipe.batch is not None:
                return operation.steps
            return operation.steps, padded(int(self.tables.private.sizes[product.agent]))
        if kind is Distill:
            heard = len(operation.heard)
            shape = self.teaching.shape(self.tables, product)
            return operation.steps, heard and seats(heard), shape
        if kind is Merge:
            return len(operation.parts)
        if kind is Predict:
            return self._predict_shape(product), operation.exact
        if kind is Mean:
            heard = len(operation.heard)
            return len(product.rows), heard and seats(heard)
        return operation.exact if kind is Encode else 0

    def _predict_shape(self, product: Any) -> Any:
        tables, agent = self.tables, product.source.agent
        if tables.recipe.measured:
            return len(product.rows), padded(int(tables.private.sizes[agent]))
        return len(product.rows), tables.recipe.knowledge.shape(tables, agent)

    def run(
        self, chains: Sequence[Sequence[Any]], architecture: Architecture, pool: Pool
    ) -> Tensor:
        """Return what chains, alike link by link, make of the rows they start from."""
        firsts = [chain[0] for chain in chains]
        kind = type(firsts[0].operation)
        if kind is Predict:
            return self._predict(firsts, architecture, pool)
        if kind is Mean:
            return self._mean(firsts, architecture, pool)
        stateless = pool.width == architecture.n_parameters
        if kind is Initial or (kind is Merge and stateless and self.tables.proxies is None):
            table = pool.nothing
        else:
            table = pool.data.index_select(0, self._sources(firsts))
        for products in zip(*chains, strict=True):
            table = self.functions[type(products[0].operation)](products, architecture, pool, table)
        return table

    def _initial(self, products: Products, arch: Architecture, pool: Pool, _: Tensor) -> Tensor:
        n, tables = arch.n_parameters, self.tables
        table = torch.zeros((len(products), pool.width), device=tables.device)
        if self.starts:
            table[:, :n] = self.starts[tables.pools.index(pool)]
        else:
            streams = tables.streams
            fresh = [arch.initial(streams.generator("model", p.agent)) for p in products]
            table[:, :n] = tables.tensor(np.stack(fresh))
        return table

    def _merge(self, products: Products, arch: Architecture, pool: Pool, table: Tensor) -> Tensor:
        """Put weighted sums of rows in place of parameters; the optimiser's state stays."""
        n, tables = arch.n_parameters, self.tables
        if tables.proxies is not None:
            n, pool = arch.n_sent, tables.proxies
        parts = [part for p in products for part in p.operation.parts]
        rows = tables.index([part.row for part, _ in parts]).view(len(products), -1)
        numbers = np.array([share for _, share in parts], np.float32)
        shares = torch.from_numpy(numbers).to(tables.device).view_as(rows)
        if pool.width == n and tables.proxies is None:
            # The sum of an embedding bag reads each row once and writes once.
            return _weighted_sums(pool.data, rows, shares)
        known, flat, shares = pool.data[:, :n], table[:, :n], shares.unsqueeze(2)
        torch.mul(known.index_select(0, rows[:, 0]), shares[:, 0], out=flat)
        for k in range(1, rows.shape[1]):
            flat.addcmul_(known.index_select(0, rows[:, k]), shares[:, k])
        return table

    def _encode(self, products: Products, arch: Architecture, pool: Pool, table: Tensor) -> Tensor:
        """Let parameters be as receivers decode them."""
        codec, proxied = self.tables.recipe.codec, self.tables.proxies is not None
        n = arch.n_sent if proxied else arch.n_parameters
        sent = table[:, :n]
        if not products[0].operation.exact:
            assert codec is not None
            sent.copy_(_received(codec, sent.unsqueeze(1)).squeeze(1))
        return sent if proxied else table

    def _train(self, products: Products, arch: Architecture, pool: Pool, table: Tensor) -> Tensor:
        """Take cross-entropy steps on private rows."""
        return self._revisit(products, arch, table, [p.operation.first for p in products])

    def _revisit(
        self, products: Products, arch: Architecture, table: Tensor, firsts: Sequence[int]
    ) -> Tensor:
        """Take cross-entropy steps; *firsts* are the agents' sample numbers at the first."""
        agents = np.array([p.agent for p in products])
        batches = duo_batches if self.tables.recipe.proxied else private_batches
        batch = batches(self.tables, agents, firsts, products[0].operation.steps)
        descend(self.tables, arch, table, products, batch)
        return table

    def _distill(self, products: Products, arch: Architecture, pool: Pool, table: Tensor) -> Tensor:
        """Take steps towards the targets that the lessons make."""
        if not products[0].operation.heard:
            # None of those who were heard said anything finite: as if nobody had been heard.
            if self.tables.recipe.objective.joint is None:
                return table
            return self._revisit(products, arch, table, [p.operation.first for p in products])
        return self.teaching.teach(Group(self.tables, products, arch, pool, table))

    def _predict(self, products: Products, architecture: Architecture, pool: Pool) -> Tensor:
        """Return what is received about reference rows, or classes, ``(G, R W)``."""
        tables, recipe = self.tables, self.tables.recipe
        flat = pool.data[:, : architecture.n_parameters].index_select(0, self._sources(products))
        flat = tables.deployed(flat)
        rows = tables.index(np.stack([p.rows for p in products]))

        agents = np.array([p.source.agent for p in products])
        values = recipe.knowledge.predict(tables, agents, rows, architecture, flat)
        if recipe.privacy is not None:
            values = recipe.privacy.noised(values, self._normals(products, values))
        if recipe.codec is not None and not products[0].operation.exact:
            values = _received(recipe.codec, values)
        values = values.reshape(len(products), -1)
        if recipe.measured:
            accuracy = private_accuracy(tables, agents, lambda x: architecture.forward(flat, x))
            values = torch.cat([values, accuracy[:, None].expand(-1, tables.width)], 1)
        if tables.screen.needed:
            lost = [i for i, p in enumerate(products) if number_of(p.source) is not None]
            values[lost] = torch.nan
        return values

    def _mean(self, products: Products, architecture: Architecture, pool: Pool) -> Tensor:
        """Return the joint targets of payloads, in single precision, ``(G, R C)``."""
        tables = self.tables
        rows = tables.index(np.stack([p.rows for p in products]))
        if not products[0].operation.heard:
            # Nobody said anything finite: there is no mean.
            return torch.full((len(products), rows.shape[1] * tables.n_classes), torch.nan)
        flat = pool.data[:, : architecture.n_parameters].index_select(0, self._sources(products))
        seen = tables.sight.places([p.source.agent for p in products], rows)

        def own() -> Tensor:
            used = tables.deployed(flat)
            return architecture.forward(used, take(tables.reference_x, seen)).logits

        return joint_targets(tables, products, own).reshape(len(products), -1)

    def _normals(self, products: Products, like: Tensor) -> Tensor:
        """Return standard normal numbers of the shape of *like*, each message's own."""
        generator = self.tables.streams.generator
        return self.tables.tensor(
            np.stack(
                [
                    generator("privacy", p.source.agent, p.operation.number).standard_normal(
                        like.shape[1:], np.float32
                    )
                    for p in products
                ]
            )
        )

    def _sources(self, products: Products) -> Tensor:
        return self.tables.index([p.source.row for p in products])


def _received(codec: Codec, values: Tensor) -> Tensor:
    """Return what receivers decode of *values* ``(G, R, W)``; nan where a message is not finite.

    Whatever the codec would make of it: the clipped, the ranked and the counted look healthy.
    """
    decoded = codec.roundtrip(values)
    if not codec.lossless and not all_finite(values):
        decoded[nonfinite_rows(values)] = torch.nan
    return decoded


def _weighted_sums(table: Tensor, rows: Tensor, shares: Tensor) -> Tensor:
    """Return the sums of *rows* ``(G, K)`` of *table* with weights *shares*, ``(G, width)``.

    ``torch.nn.functional.embedding_bag`` would do, but for the time that its checks take.
    """
    bags = starts(*rows.shape, rows.device)
    sums: Tensor = torch.embedding_bag(
        table, rows.view(-1), bags, False, 0, False, shares.view(-1)
    )[0]
    return sums
