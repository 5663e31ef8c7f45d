"""Generators as messages: made of one's own model, used in place of reference rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from p2pkd.core.rng import uniforms
from p2pkd.learning.architecture import Architecture, Pull
from p2pkd.learning.batches import Ints
from p2pkd.learning.classes import class_means
from p2pkd.learning.generator import Form, Records, classes_at, fit, normals
from p2pkd.learning.objectives import distillation_pull
from p2pkd.learning.steps import Batches
from p2pkd.learning.tables import Tables, take


def fitted(tables: Tables, agents: Ints, architecture: Architecture, flat: Tensor) -> Tensor:
    """Return generators of rows for the models *flat* ``(G, P)``, and the shares of classes.

    As one row ``(G, 1, Q + C)``: what is sent.
    """
    knowledge: Any = tables.recipe.knowledge
    form = knowledge.form(tables.n_classes)
    every = tables.index(np.tile(np.arange(tables.n_classes), (len(agents), 1)))
    records = class_means(tables, agents, every, lambda x: architecture.forward(flat, x).features)
    counts = tables.label_counts[tables.index(agents)]
    known = Records(records, counts / counts.sum(1, keepdim=True))

    def model(x: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(architecture.forward(flat, x))  # type: ignore[return-value]

    rng = tables.streams.generator("generators")
    made = fit(form, knowledge.fit, model, known, rng)
    return torch.cat([made, known.shares], 1).unsqueeze(1)


def synthetic_batches(
    tables: Tables, products: Sequence[Any], agents: Ints, factor: float
) -> Batches:
    """Return the distillation loss, times *factor*, on rows that received generators make.

    Each row is made by one of the agent's teachers, drawn at random, and of a class by the share
    that the class has there.
    """
    recipe, steps = tables.recipe, products[0].steps
    knowledge: Any = recipe.knowledge
    form, size = knowledge.form(tables.n_classes), recipe.batch
    assert size is not None
    teachers, counts = _teachers(tables, products)
    firsts = np.array([p.argument[2] for p in products])
    whose, chances, noise = _draws(tables, agents, firsts, steps * size, counts, form.noise)

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = slice(step * size, (step + 1) * size)
        x, y = _rows(form, teachers, whose[:, here], chances[:, here], noise[:, here])
        goal = one_hot(y, tables.n_classes).to(x.dtype)
        share = torch.full(y.shape, factor / size, device=tables.device)
        return x, distillation_pull(recipe.objective, goal, share)

    return batch


def _teachers(tables: Tables, products: Sequence[Any]) -> tuple[Tensor, Ints]:
    """Return what each agent has heard, ``(G, K, Q + C)``, and from how many, ``(G,)``.

    Who has fewer than K teachers has its first once more, which is never drawn.
    """
    heard = [p.argument[0] for p in products]
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
        asked = classes_at(flat[:, form.n_parameters :].cumsum(1).contiguous(), chances)
        made = form.rows(flat, noise, asked)
        if x is None or y is None:
            x, y = made, asked
        else:
            here = whose == k
            x, y = torch.where(here.unsqueeze(2), made, x), torch.where(here, asked, y)
    assert x is not None
    assert y is not None
    return x, y
