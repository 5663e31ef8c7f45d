"""Features of the classes of private rows, made by received generators (FedGen)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from p2pkd.core.rng import uniforms
from p2pkd.learning.api import Outputs
from p2pkd.learning.data.batches import Ints
from p2pkd.learning.models.architecture import Architecture, Pull
from p2pkd.learning.models.generator import normals, product
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.objectives import distillation_pull, sum_pull
from p2pkd.learning.training.steps import Batches, private_rows
from p2pkd.learning.training.synthesis import decayed, read, received_generators


@dataclass(frozen=True, eq=False)
class Kin:
    """Features ``(G, B, d)`` of the classes of private rows, and the *weights* ``(G, B)`` of each.

    *objective*'s row loss is the cross-entropy towards a target, whose gradient is KL's.
    """

    features: Tensor
    weights: Tensor
    objective: Any

    def pull(self, head: Tensor) -> Pull:
        """Return the pull of KL(what *head* ``(G, H)`` predicts of the features, own prediction).

        The first is held fixed.
        """
        targets = read(head, self.features).softmax(-1)
        return distillation_pull(self.objective, targets, self.weights)


def kin_batches(
    tables: Tables, products: Sequence[Any], agents: Ints
) -> Callable[[int], Kin] | None:
    """Return, for a step's number, the kin of its private rows; None if the objective wants none.

    A feature is made by one of those teachers, drawn at random, that have the class; a row of which
    none has the class has weight 0.
    """
    objective: Any = tables.recipe.objective
    if not objective.private_strength:
        return None
    knowledge: Any = tables.recipe.knowledge
    form, size, steps = (
        knowledge.form(tables.n_classes),
        tables.recipe.batch,
        products[0].operation.steps,
    )
    assert size is not None
    teachers, counts = received_generators(tables, products)
    factors = decayed(tables, products, objective.private_strength) / size
    rows, _ = private_rows(tables, agents, [p.operation.first for p in products], steps)
    firsts = np.array([p.operation.drawn for p in products])
    chances, noise = _draws(tables, agents, firsts, steps * size, form.noise)
    shares = teachers[:, :, -tables.n_classes :]
    heard = tables.index(np.arange(teachers.shape[1]) < counts[:, None])

    def kin(step: int) -> Kin:
        here = slice(step * size, (step + 1) * size)
        labels = take(tables.private_y, rows[:, here])
        asked = labels.unsqueeze(1).expand(-1, shares.shape[1], -1)
        able = (shares.gather(2, asked) > 0) * heard.unsqueeze(2)
        # Those that have the class are numbered from 1; the number drawn is that of one of them.
        number = able.cumsum(1) * able
        pick = (chances[:, here] * able.sum(1)).floor().long() + 1
        features = chances.new_zeros((*labels.shape, form.n_out))
        for k in range(shares.shape[1]):
            made = form.rows(teachers[:, k], noise[:, here], labels)
            features = torch.where((number[:, k] == pick).unsqueeze(2), made, features)
        return Kin(features, factors * (able.sum(1) > 0), objective)

    return kin


def _draws(tables: Tables, agents: Ints, firsts: Ints, n: int, noise: int) -> tuple[Tensor, Tensor]:
    """Return chances of teachers ``(G, n)`` and noise ``(G, n, noise)``, from *firsts* on."""
    numbers = 1 + 2 * noise
    first = firsts[:, None, None] + np.arange(n)[:, None]
    counters = (first * numbers + np.arange(numbers)).astype(np.uint64)
    drawn = uniforms(tables.kin_keys[agents][:, None, None], counters)
    return tables.tensor(drawn[..., 0].astype(np.float32)), tables.tensor(normals(drawn[..., 1:]))


@dataclass(frozen=True, eq=False)
class HeadPull:
    """Stands for a pull where part of the loss is about features that no row was seen for.

    *private* pulls at the outputs on rows; *public* at those of the head on *features*.  With
    *kin*, the private rows' predictions are also pulled to those of features of their classes.
    """

    private: Pull
    features: Tensor
    public: Pull
    kin: Kin | None = None

    def gradient(self, architecture: Architecture, flat: Tensor, x: Tensor) -> Tensor:
        """Return the gradient ``(G, P)`` of all."""
        c = architecture.n_classes
        h = (self.features.shape[2] + 1) * c
        private = self.private
        if self.kin is not None:
            private = sum_pull(private, self.kin.pull(flat[:, flat.shape[1] - h :]))
        gradient = architecture.gradient(flat, x, private)
        logits = read(flat[:, flat.shape[1] - h :], self.features)
        towards, _ = self.public(Outputs(logits, self.features))
        weights = product(towards.mT, self.features.mT)
        gradient[:, -h:-c] += weights.reshape(len(weights), -1)
        gradient[:, -c:] += towards.sum(1)
        return gradient


def head_batches(
    private: Batches, public: Batches, kin: Callable[[int], Kin] | None = None
) -> Batches:
    """Return both losses in one step, the *public* one being about features; and that of *kin*."""

    def batch(step: int) -> tuple[Tensor, HeadPull]:
        (x, own), (features, pull) = private(step), public(step)
        return x, HeadPull(own, features, pull, None if kin is None else kin(step))

    return batch
