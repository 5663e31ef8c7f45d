"""How a group of agents learns from what it has heard: a class for each thing that travels.

An objective says which (`Objective.teaching`); most leave it to the knowledge that they are taught
with.  `p2pkd.learning.compute.kernels` asks, and knows of no kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from p2pkd.learning.data.batches import Ints, padded
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.classes import class_batches
from p2pkd.learning.training.fusion import fuse_
from p2pkd.learning.training.kin import head_batches, kin_batches
from p2pkd.learning.training.received import model_batches
from p2pkd.learning.training.steps import (
    Batches,
    descend,
    joint_batches,
    lesson_batches,
    private_batches,
)
from p2pkd.learning.training.synthesis import average_heads, synthetic_batches
from p2pkd.learning.training.transfer import transfer


@dataclass(frozen=True, eq=False)
class Group:
    """Agents of one architecture that learn in one call.

    *table* ``(G, width)`` are the rows that they start from, which may be changed in place; *pool*
    is where versions of their architecture lie.
    """

    tables: Tables
    products: Sequence[Any]
    architecture: Architecture
    pool: Pool
    table: Tensor

    @cached_property
    def agents(self) -> Ints:
        """Whose rows these are, ``(G,)``."""
        return np.array([p.agent for p in self.products])

    @property
    def steps(self) -> int:
        """How many steps each of them takes."""
        steps: int = self.products[0].operation.steps
        return steps

    @property
    def flat(self) -> Tensor:
        """Their parameters, a view ``(G, P)``."""
        return self.table[:, : self.architecture.n_parameters]

    def memory(self, name: str) -> Tensor | None:
        """Return what they remember by this *name*, a view ``(G, n)``; None where they do not."""
        layout = self.tables.layout(self.architecture)
        return layout.part(name, self.table) if name in layout else None

    def own(self, rows: Tensor) -> Tensor:
        """Return their own logits ``(G, n, C)`` on reference *rows* ``(G, n)``."""
        flat, tables = self.tables.deployed(self.flat), self.tables
        seen = tables.sight.places(self.agents, rows)
        return self.architecture.forward(flat, take(tables.reference_x, seen)).logits

    def said(self, x: Tensor) -> Tensor:
        """Return what they themselves would send of rows *x* ``(G, n, F)``, ``(G, n, W)``."""
        flat = self.tables.deployed(self.flat)
        return self.tables.recipe.knowledge.head(self.architecture.forward(flat, x))

    def private(self, factor: float) -> Batches:
        """Return cross-entropy, times *factor*, on their private rows."""
        firsts = [p.operation.first for p in self.products]
        return private_batches(self.tables, self.agents, firsts, self.steps, factor)

    def descend(self, batch: Batches) -> Tensor:
        """Take all steps; return the rows, changed in place."""
        descend(self.tables, self.architecture, self.table, self.products, batch)
        return self.table


class Teaching(ABC):
    """How what was heard becomes gradient steps, or whatever else changes a group's rows."""

    def shape(self, tables: Tables, product: Any) -> Hashable:
        """Return what lessons must have in common, beside steps and messages, to share a group.

        Here: how many private rows there are, where a step sees all of them.
        """
        if tables.recipe.batch is not None:
            return 0
        return padded(int(tables.private.sizes[product.agent]))

    @abstractmethod
    def teach(self, group: Group) -> Tensor:
        """Return the rows ``(G, width)`` that the agents have after the lesson."""


class RowTeaching(Teaching):
    """Reference rows that teachers speak of: alone, or beside private rows in joint steps."""

    def shape(self, tables: Tables, product: Any) -> Hashable:
        """Return sizes, where a step sees all rows: of the union heard of, and of private rows."""
        private, heard = super().shape(tables, product), product.operation.heard
        if tables.recipe.batch is not None or not heard:
            return private
        union = len(np.unique(np.concatenate([payload.rows for payload in heard])))
        return padded(union), private

    def teach(self, group: Group) -> Tensor:
        """Take steps towards what the teachers say together."""
        objective = group.tables.recipe.objective
        joint = objective.joint
        if joint is None:
            return group.descend(self._public(group, objective.scale))
        return group.descend(joint_batches(group.private(joint[0]), self._public(group, joint[1])))

    def _public(self, group: Group, factor: float) -> Batches:
        tables, products, trust = group.tables, group.products, group.memory("trust")
        return lesson_batches(tables, products, group.agents, factor, group.own, trust)


@dataclass(frozen=True)
class ClassTeaching(RowTeaching):
    """What teachers say of a class is the target of private rows of that class.

    *counts_own*: one's own class means count among the teachers'.
    """

    counts_own: bool = False

    def shape(self, tables: Tables, product: Any) -> Hashable:
        """Return sizes, where all private rows are seen: for a step, or for one's own means."""
        if self.counts_own and tables.recipe.batch is not None:
            return padded(int(tables.private.sizes[product.agent]))
        return super().shape(tables, product)

    def teach(self, group: Group) -> Tensor:
        """Take steps on private rows."""
        tables, products, agents = group.tables, group.products, group.agents
        factors = _factors(tables)
        own = group.said if self.counts_own else None
        held = group.memory("prototypes")
        return group.descend(class_batches(tables, products, agents, factors, own, held))


class GeneratedTeaching(Teaching):
    """Rows that received generators make, beside private ones."""

    def teach(self, group: Group) -> Tensor:
        """Take joint steps."""
        own, public = _factors(group.tables)
        private = group.private(own)
        made = synthetic_batches(group.tables, group.products, group.agents, public)
        return group.descend(self._together(group, private, made))

    def _together(self, group: Group, private: Batches, made: Batches) -> Batches:
        return joint_batches(private, made)


class HeadTeaching(GeneratedTeaching):
    """Features that received generators make, read by the last layer, which is averaged before."""

    def _together(self, group: Group, private: Batches, made: Batches) -> Batches:
        average_heads(group.tables, group.products, group.flat)
        kin = kin_batches(group.tables, group.products, group.agents)
        return head_batches(private, made, kin)


class ModelTeaching(Teaching):
    """Received models, as teachers on one's own private rows."""

    def teach(self, group: Group) -> Tensor:
        """Take steps towards what the models predict."""
        tables, products, agents = group.tables, group.products, group.agents
        factors, arch = _factors(tables), group.architecture
        return group.descend(model_batches(tables, products, agents, factors, arch, group.pool))


class TransferTeaching(Teaching):
    """A received model and one's own learn from each other, and one of them is kept."""

    def teach(self, group: Group) -> Tensor:
        """Take the steps of both."""
        arch, pool, products = group.architecture, group.pool, group.products
        return transfer(group.tables, arch, pool, group.table, products, group.agents)


class FusionTeaching(Teaching):
    """A server's steps towards received models on reference rows, with an optimiser of its own."""

    def shape(self, tables: Tables, product: Any) -> Hashable:
        """Return 0: batches are of reference rows, and of one size."""
        return 0

    def teach(self, group: Group) -> Tensor:
        """Take a round's steps."""
        fuse_(group.tables, group.products, group.architecture, group.pool, group.table)
        return group.table


def _factors(tables: Tables) -> tuple[float, float]:
    """Return the factors of CE and of D of an objective whose steps are always joint."""
    joint = tables.recipe.objective.joint
    assert joint is not None
    return joint
