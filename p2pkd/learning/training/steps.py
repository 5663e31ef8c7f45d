"""Gradient steps of a group of agents: which rows each step sees, and what it minimises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from p2pkd.learning.data.batches import Ints, padded, seats
from p2pkd.learning.models.architecture import Architecture, Pull
from p2pkd.learning.optim.optimizers import clip_
from p2pkd.learning.state.tables import Tables, take
from p2pkd.learning.training.heard import Hearing
from p2pkd.learning.training.lessons import Alignment
from p2pkd.learning.training.objectives import joint_pull, mean_weights, private_pull

# For a step's number: rows (G, B, F), and the gradient of the loss at the outputs (a Pull), or what
# stands for it where the loss is about more than outputs: a MapPull, or what else has `gradient`.
Batches = Callable[[int], tuple[Tensor, Any]]
Predictions = Callable[[Tensor], Tensor]


class Goals(NamedTuple):
    """What a lesson's rows are pulled to: n of each of G agents, by K teachers.

    *targets* are ``(G, n, ...)``, or of each teacher, ``(G, K, n, ...)``; *weights* ``(G, K, n)``
    how much each teacher counts, *share* ``(G, n)`` how much each row does, and *places* ``(G, n)``
    where the rows are in the message: a target about pairs of rows has columns in that order.
    """

    targets: Tensor
    weights: Tensor
    share: Tensor
    places: Tensor

    def joint(self, here: slice) -> tuple[Tensor, Tensor, Tensor]:
        """Return targets, shares and places of the rows *here*, where teachers have one target."""
        return self.targets[:, here], self.share[:, here], self.places[:, here]


def descend(
    tables: Tables,
    architecture: Architecture,
    table: Tensor,
    products: Sequence[Any],
    batch: Batches,
) -> None:
    """Take all steps of *products*; *table* ``(G, P + S)`` is changed in place."""
    layout = tables.layout(architecture)
    flat = layout.parameters(table)
    steps = products[0].operation.steps
    for step in range(steps):
        x, pull = batch(step)
        if tables.bare and not hasattr(pull, "gradient"):
            # Nothing needs the gradient as a whole.
            architecture.step_(flat, x, pull, tables.recipe.lr)
        else:
            numbers = np.array([p.updates for p in products]) - (steps - step - 1)
            _step(tables, architecture, flat, layout.part("optimiser", table), numbers, x, pull)


def _step(
    tables: Tables,
    architecture: Architecture,
    flat: Tensor,
    state: Tensor,
    numbers: Ints,
    x: Tensor,
    pull: Any,
) -> None:
    """Take one step, which is the agents' *numbers* ``(G,)``."""
    recipe = tables.recipe
    used = tables.deployed(flat)
    if hasattr(pull, "gradient"):
        gradient = pull.gradient(architecture, used, x)
    else:
        gradient = architecture.gradient(used, x, pull)
    if recipe.penalty is not None:
        gradient += recipe.penalty(flat, used)
    if recipe.clip_norm is not None:
        clip_(gradient, recipe.clip_norm)
    tables.optimizer.update_(flat, gradient, state, numbers, recipe.lr)


def private_batches(
    tables: Tables, agents: Ints, firsts: Sequence[int], steps: int, factor: float = 1.0
) -> Batches:
    """Return cross-entropy, times *factor*, on private rows.

    *firsts* are the agents' sample numbers at the first step.
    """
    size = tables.recipe.batch
    rows, mask = private_rows(tables, agents, firsts, steps)
    width = size or rows.shape[1]
    weights = mean_weights(mask, (len(agents), width), tables.device, factor)

    def batch(step: int) -> tuple[Tensor, Pull]:
        here = rows if rows.shape[1] == width else rows[:, step * width : (step + 1) * width]
        pull = private_pull(take(tables.private_y, here), weights)
        return take(tables.private_x, here), pull

    return batch


def private_rows(
    tables: Tables, agents: Ints, firsts: Sequence[int], steps: int
) -> tuple[Tensor, Tensor | None]:
    """Return the private rows of all steps, ``(G, steps * batch)``; or all rows and their mask."""
    size = tables.recipe.batch
    if size is not None:
        sample = tables.private.sample(agents, np.array(firsts), steps * size)
        return tables.index(sample), None
    full, real = tables.private.full(agents, padded(int(tables.private.sizes[agents].max())))
    return tables.index(full), tables.tensor(real)


def lesson_batches(
    tables: Tables,
    products: Sequence[Any],
    agents: Ints,
    factor: float,
    own: Predictions,
    habits: Tensor | None = None,
) -> Batches:
    """Return the distillation loss, times *factor*, on rows that the teachers speak of.

    *own* gives the learners' own logits, before the lesson, on rows ``(G, n)``; *habits* are as in
    `p2pkd.learning.training.heard.Hearing`.
    """
    recipe, steps = tables.recipe, products[0].operation.steps
    size, mask = recipe.batch, None
    heard = [p.operation.heard for p in products]
    aligned = Alignment(heard, seats(max(map(len, heard))))
    if size is None:
        places, real = aligned.full(padded(int(aligned.sizes.max())))
        mask = tables.tensor(real)
    else:
        firsts = np.array([p.operation.drawn for p in products])
        places = aligned.sample(tables.distill_keys[agents], firsts, steps * size)
    ids = tables.index(aligned.rows(places))
    notes = [p.operation.notes for p in products]
    targets, weights, known = targets_of(tables, aligned, places, notes, lambda: own(ids), habits)
    seen = tables.sight.places(agents, ids)
    if mask is not None:
        known = known * mask
    width = size or known.shape[1]
    share = mean_weights(known.reshape(-1, width), (0, 0), tables.device, factor).view_as(known)
    goals = Goals(targets, weights, share, tables.index(places))

    def batch(step: int) -> tuple[Tensor, Any]:
        here = slice(None) if size is None else slice(step * size, (step + 1) * size)
        pull = recipe.combine.pull(recipe.objective, goals, here)
        return take(tables.reference_x, seen[:, here]), pull

    return batch


def targets_of(
    tables: Tables,
    aligned: Alignment,
    places: Ints,
    notes: Any,
    own: Callable[[], Tensor],
    habits: Tensor | None = None,
    *,
    mean: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return targets ``(G, n, C)`` at *places* ``(G, n)``, and what made them.

    Of a mere *mean* they are neither softened nor sharpened.  The second is the weights of the
    teachers, ``(G, K, n)``, the third 1 where any counts.
    """
    recipe = tables.recipe
    values, present = aligned.values(places, tables.width, tables.device)
    log_p = recipe.objective.read(recipe.knowledge, values, tables.n_classes)
    weights = recipe.weighting.weights(log_p, present)
    if recipe.judges:
        heard = Hearing(tables, aligned, log_p, present, notes, own, habits)
        for judge in recipe.judges:
            weights = weights * judge.factors(heard)
    total = weights.sum(1, keepdim=True)
    weights = weights / total.clamp_min(1e-30)
    softening = 1.0 if mean else recipe.objective.softening
    targets = recipe.combine.targets(log_p, weights, softening)
    if recipe.sharpening is not None and not mean:
        targets = recipe.sharpening.sharpen(targets)
    return targets, weights, (total.squeeze(1) > 0).to(targets.dtype)


def joint_targets(tables: Tables, products: Sequence[Any], own: Callable[[], Tensor]) -> Tensor:
    """Return what the payloads of *products* say together of all their rows, ``(G, R, C)``.

    Nan are rows of which none of them says anything any more.
    """
    heard = [p.operation.heard for p in products]
    aligned = Alignment(heard, seats(max(map(len, heard))))
    asked = np.stack([p.rows for p in products])
    places, found = aligned.places_of(asked)
    notes = [p.operation.notes for p in products]
    targets = targets_of(tables, aligned, places, notes, own, mean=True)[0]
    if found.all():
        return targets
    return targets.masked_fill(~tables.tensor(found).unsqueeze(2), torch.nan)


def joint_batches(private: Batches, public: Batches) -> Batches:
    """Return both losses in one step: private rows first, then reference rows."""

    def batch(step: int) -> tuple[Tensor, Pull]:
        (own_x, own_pull), (x, pull) = private(step), public(step)
        return torch.cat([own_x, x], 1), joint_pull(own_pull, pull, own_x.shape[1])

    return batch
