"""Class-conditional generators of rows: what they make, and how one is fitted to a model.

Tensors are stacked over G agents; a generator is a row of Q numbers: weights ``(hidden, noise +
C)`` and biases of a ReLU layer, then weights ``(n_out, hidden)`` and biases of a linear one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot, pad

from p2pkd.learning.models.architecture import uniform_layer


class Form(NamedTuple):
    """The sizes of a generator's layers."""

    noise: int
    n_classes: int
    hidden: int
    n_out: int

    @property
    def n_parameters(self) -> int:
        """Q."""
        return (self.noise + self.n_classes + 1) * self.hidden + (self.hidden + 1) * self.n_out

    @property
    def flops_forward(self) -> float:
        """Operations to make one row."""
        inputs = self.noise + self.n_classes
        return float((2 * inputs + 1) * self.hidden + (2 * self.hidden + 1) * self.n_out)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(Q,)``."""
        parts = uniform_layer(rng, self.hidden, self.noise + self.n_classes)
        return np.concatenate([*parts, *uniform_layer(rng, self.n_out, self.hidden)])

    def rows(self, flat: Tensor, z: Tensor, y: Tensor) -> Tensor:
        """Return rows ``(G, B, n_out)`` of generators *flat* ``(G, Q)``.

        *z* is noise ``(G, B, noise)``, *y* the classes ``(G, B)`` that are asked for.
        """
        inputs, h = self.noise + self.n_classes, self.hidden
        sizes = [h * inputs, h, self.n_out * h, self.n_out]
        inner, offset, outer, bias = torch.split(flat[:, : sum(sizes)], sizes, 1)
        seen = torch.cat([z, one_hot(y, self.n_classes).to(z.dtype)], 2)
        below = product(seen, inner.reshape(-1, h, inputs)) + offset.unsqueeze(1)
        return product(below.relu(), outer.reshape(-1, self.n_out, h)) + bias.unsqueeze(1)


def product(rows: Tensor, weights: Tensor) -> Tensor:
    """Return *rows* ``(G, B, n_in)`` times the transpose of *weights* ``(G, n_out, n_in)``.

    In whole vectors of four, so that the last digits do not depend on where the numbers lie in
    memory (see `p2pkd.learning.models.mlp`).
    """
    n_out, missing = weights.shape[1], -rows.shape[2] % 4
    weights = pad(weights, (0, missing, 0, -n_out % 4))
    return torch.bmm(pad(rows, (0, missing)), weights.mT)[:, :, :n_out]


class Records(NamedTuple):
    """What an agent knows of its private rows, class by class.

    `features` are the mean activations ``(G, C, d)``, `shares` the shares of classes ``(G, C)``.
    """

    features: Tensor
    shares: Tensor


class Fit(NamedTuple):
    """How a generator is fitted: Adam steps on batches, and the factors of the loss's terms."""

    steps: int
    batch: int
    lr: float
    activation: float
    entropy: float
    certainty: float = 0.0
    diversity: float = 0.0


# Logits and features ``(G, B, .)`` of rows ``(G, B, n_out)``; can be differentiated.
Model = Callable[[Tensor], tuple[Tensor, Tensor]]


def fit(form: Form, how: Fit, model: Model, records: Records, rng: np.random.Generator) -> Tensor:
    """Return generators ``(G, Q)`` whose rows *model* takes for private rows of each class.

    All begin at the same numbers and see the same noise, drawn from *rng*, so that one depends on
    its agent's model and records alone.
    """
    shares = records.shares
    g, device = len(shares), shares.device
    flat = torch.from_numpy(form.initial(rng)).to(device).expand(g, -1).clone()
    mean, square = torch.zeros_like(flat), torch.zeros_like(flat)
    edges = shares.cumsum(1).contiguous()
    for step in range(1, how.steps + 1):
        noise = rng.standard_normal((how.batch, form.noise), np.float32)
        chances = torch.from_numpy(rng.random(how.batch, np.float32)).to(device)
        z = torch.from_numpy(noise).to(device).expand(g, -1, -1)
        y = classes_at(edges, chances.expand(g, -1))
        with torch.enable_grad():
            leaf = flat.detach().requires_grad_()
            made = form.rows(leaf, z, y)
            loss = generator_loss(how, *model(made), y, records).sum()
            if how.diversity:
                loss = loss + how.diversity * likeness(z, made).sum()
        (gradient,) = torch.autograd.grad(loss, leaf)
        mean.lerp_(gradient, 0.1)
        square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        rate = how.lr / (1 - 0.9**step)
        size = (square / (1 - 0.999**step)).sqrt_().add_(1e-8)
        flat = flat.addcdiv(mean, size, value=-rate)
    return flat


def generator_loss(
    how: Fit, logits: Tensor, features: Tensor, y: Tensor, records: Records
) -> Tensor:
    """Return the loss of each agent's generator on its batch, ``(G,)``.

    CE + `activation` L_activation + `certainty` H_rows - `entropy` H_mean: L_activation is the
    squared distance of each class's mean activations in the batch from the recorded ones, a number;
    H_rows the mean entropy of the predictions of single rows, and H_mean the entropy of the mean
    prediction, in nats.
    """
    log_p = logits.log_softmax(-1)
    told = log_p.gather(2, y.unsqueeze(2)).squeeze(2)
    member = one_hot(y, logits.shape[-1]).to(logits.dtype)
    counts = member.sum(1)
    sums = (member.unsqueeze(3) * features.unsqueeze(2)).sum(1)
    apart = (sums / counts.clamp_min(1).unsqueeze(2) - records.features).square().mean(2)
    present = (counts > 0).to(logits.dtype)
    activation = (apart * present).sum(1) / present.sum(1)
    p = log_p.exp().mean(1)
    entropy = (p * p.clamp_min(1e-12).log()).sum(1)
    loss = -told.mean(1) + how.activation * activation + how.entropy * entropy
    if how.certainty:
        loss = loss - how.certainty * (log_p.exp() * log_p).sum(2).mean(1)
    return loss


def likeness(z: Tensor, made: Tensor) -> Tensor:
    """Return exp(-mean_ij |z_i - z_j|^2 |x_i - x_j|_1) of each agent, ``(G,)``.

    Of noise *z* ``(G, B, noise)`` and what was *made* of it ``(G, B, n_out)``, both distances being
    means over the numbers: small where different noise makes different rows (Zhu, Hong and Zhou,
    FedGen, 2021, in their code).
    """
    plain = "donot_use_mm_for_euclid_dist"  # its last digits would depend on the group
    apart = torch.cdist(z, z, compute_mode=plain).square() / z.shape[2]
    rows = torch.cdist(made, made, p=1.0) / made.shape[2]
    return (-(apart * rows).mean((1, 2))).exp()


def classes_at(edges: Tensor, chances: Tensor) -> Tensor:
    """Return the classes ``(G, B)`` at *chances* ``(G, B)`` of distributions.

    *edges* ``(G, C)`` are their cumulative sums, the last about 1; a class without a share is never
    returned.
    """
    last = edges[:, -1:]
    return torch.searchsorted(edges, (chances * last).clamp_max(1) * (1 - 2**-23), right=True)


def normals(uniforms: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return standard normal numbers made of pairs of uniform ones, ``(..., 2 n)`` to ``(..., n)``.

    Box and Muller (1958).
    """
    first, second = np.split(uniforms, 2, axis=-1)
    radius = np.sqrt(-2 * np.log1p(-first))
    normal: NDArray[np.float32] = (radius * np.cos(2 * math.pi * second)).astype(np.float32)
    return normal
