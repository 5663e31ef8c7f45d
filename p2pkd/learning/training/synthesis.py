"""Generators as messages: made of one's own model, used in place of reference rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from p2pkd.core.rng import uniforms
from p2pkd.learning.data.batches import Ints
from p2pkd.learning.models.architecture import Architecture, Pull
from p2pkd.learning.models.generator import Form, Records, classes_at, fit, normals, product
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.classes import class_means
from p2pkd.learning.training.objectives import distillation_pull
from p2pkd.learning.training.steps import Batches


def fitted(tables: Tables, agents: Ints, architecture: Architecture, flat: Tensor) -> Tensor:
    """Return generators for the models *flat* ``(G, P)``, their heads, and the shares of classes.

    As one row ``(G, 1, Q + H + C)``: what is sent.
    """
    knowledge: Any = tables.recipe.knowledge
    form = knowledge.form(tables.n_classes)
    every = tables.index(np.tile(np.arange(tables.n_classes), (len(agents), 1)))
    records = class_means(tables, agents, every, lambda x: architecture.forward(flat, x).features)
    counts = tables.label_counts[tables.index(agents)]
    if knowledge.classes == "uniform":
        counts = (counts > 0).to(counts.dtype)
    known = Records(records, counts / counts.sum(1, keepdim=True))
    head = flat[:, flat.shape[1] - knowledge.head_numbers(tables.n_classes) :]

    def model(x: Tensor) -> tuple[Tensor, Tensor]:
        if knowledge.head_numbers(tables.n_classes):  # of features, which the head reads
            return read(head, x), x
        outputs = architecture.forward(flat, x)
        return outputs.logits, outputs.features

    rng = tables.streams.generator("generators")
    made = fit(form, knowledge.fit, model, known, rng)
    return torch.cat([made, head, known.shares], 1).unsqueeze(1)


def synthetic_batches(
    tables: Tables, products: Sequence[Any], agents: Ints, factor: float
) -> Batches:
    """Return the distillation loss, times *factor*, on rows that received generators make.

    Each row is made by one of the agent's teachers, drawn at random, and of a class by the share
    that the class has there.  The factor decays from turn to turn, as the objective says.
    """
    recipe, steps = tables.recipe, products[0].operation.steps
    factors = decayed(tables, products, factor)
    knowledge: Any = recipe.knowledge
    form, size = knowledge.form(tables.n_classes), recipe.batch
    assert size is not None
    teachers, counts = received_generators(tables, products)
    firsts = np.array([p.operation.drawn for p in products])
    whose, chances, noise = _draws(tables, agents, firsts, steps * size, counts, form.noise)

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = slice(step * size, (step + 1) * size)
        x, y = _rows(form, teachers, whose[:, here], chances[:, here], noise[:, here])
        goal = one_hot(y, tables.n_classes).to(x.dtype)
        share = (factors / size).expand(y.shape)
        return x, distillation_pull(recipe.objective, goal, share)

    return batch


def decayed(tables: Tables, products: Sequence[Any], factor: float) -> Tensor:
    """Return *factor* times the decay of the turns that each agent has had, ``(G, 1)``."""
    objective: Any = tables.recipe.objective
    turns = np.array([(p.updates - p.operation.steps) // p.operation.steps for p in products])
    factors: Tensor = tables.tensor((factor * objective.decay**turns).astype(np.float32))
    return factors.unsqueeze(1)


def received_generators(tables: Tables, products: Sequence[Any]) -> tuple[Tensor, Ints]:
    """Return what each agent has heard, ``(G, K, Q + H + C)``, and from how many, ``(G,)``.

    Who has fewer than K teachers has its first once more, which is never drawn.
    """
    heard = [p.operation.heard for p in products]
    counts = np.array([len(messages) for messages in heard])
    k = int(counts.max())
    rows = [
        [m.row for m in messages] + [messages[0].row] * (k - len(messages)) for messages in heard
    ]
    return take(heard[0][0].pool.data, tables.index(rows)), counts


def _draws(
    tables: Tables, agents: Ints, firsts: Ints, n: int, counts: Ints, noise: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return teachers ``(G, n)``, chances of classes ``(G, n)`` and noise ``(G, n, noise)``."""
    numbers = 2 + 2 * noise
    first = firsts[:, None, None] + np.arange(n)[:, None]
    counters = (first * numbers + np.arange(numbers)).astype(np.uint64)
    drawn = uniforms(tables.distill_keys[agents][:, None, None], counters)
    whose = (drawn[..., 0] * counts[:, None]).astype(np.int64)
    chances = drawn[..., 1].astype(np.float32)
    return tables.index(whose), tables.tensor(chances), tables.tensor(normals(drawn[..., 2:]))


def _rows(
    form: Form, teachers: Tensor, whose: Tensor, chances: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the rows ``(G, B, F)`` that teachers number *whose* ``(G, B)`` make, and classes."""
    x, y = None, None
    for k in range(teachers.shape[1]):
        flat = teachers[:, k]
        asked = classes_at(flat[:, -form.n_classes :].cumsum(1).contiguous(), chances)
        made = form.rows(flat, noise, asked)
        if x is None or y is None:
            x, y = made, asked
        else:
            here = whose == k
            x, y = torch.where(here.unsqueeze(2), made, x), torch.where(here, asked, y)
    assert x is not None
    assert y is not None
    return x, y


def average_heads(tables: Tables, products: Sequence[Any], flat: Tensor) -> None:
    """Put the mean of an agent's own and all received heads in place of its own, in *flat*."""
    knowledge: Any = tables.recipe.knowledge
    h = knowledge.head_numbers(tables.n_classes)
    teachers, counts = received_generators(tables, products)
    first = teachers.shape[2] - h - tables.n_classes
    total, known = flat[:, flat.shape[1] - h :].clone(), tables.tensor(counts)
    for k in range(teachers.shape[1]):
        heard = (known > k).to(flat.dtype).unsqueeze(1)
        total += teachers[:, k, first : first + h] * heard
    flat[:, flat.shape[1] - h :] = total / (known + 1).to(flat.dtype).unsqueeze(1)


def read(head: Tensor, features: Tensor) -> Tensor:
    """Return the logits ``(G, B, C)`` that heads ``(G, (d + 1) C)`` give *features* ``(G, B, d)``.

    A head is the last layer: weights ``(C, d)``, then biases.
    """
    c = head.shape[1] // (features.shape[2] + 1)
    weights = head[:, :-c].reshape(-1, c, features.shape[2])
    return product(features, weights) + head[:, None, -c:]
