"""Where a model looks, and how to change that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from p2pkd.learning.models.architecture import Architecture


def input_maps(architecture: Architecture, flat: Tensor, x: Tensor, *, learn: bool) -> Tensor:
    """Return |d z / d x| of each row's largest logit z, of unit length: ``(G, B, F)``.

    *flat* ``(G, P)`` are the models, *x* ``(G, B, F)`` their rows.  With *learn*, the maps can be
    differentiated with respect to *flat*.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        largest = architecture.forward(flat, x).logits.amax(-1).sum()
        (slopes,) = torch.autograd.grad(largest, x, create_graph=learn)
        maps: Tensor = slopes.abs()
        unit: Tensor = maps / maps.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        return unit


def activation_maps(architecture: Architecture, flat: Tensor, x: Tensor, *, learn: bool) -> Tensor:
    """Return the mean square over channels of the last activations, of unit length: ``(G, B, S)``.

    The arguments are those of `input_maps`; S is the architecture's `n_places`.
    """
    with torch.set_grad_enabled(learn):
        maps = architecture.activations(flat, x).square().mean(2)
        unit: Tensor = maps / maps.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        return unit


@dataclass(frozen=True, eq=False)
class MapPull:
    """Stands for a pull where the loss is about maps, which outputs alone do not give.

    *row_loss* makes ``(G, B)`` of maps and *targets* ``(G, B, F)``; *weights* are ``(G, B)``.
    *maps* is `input_maps` or `activation_maps`.
    """

    row_loss: Callable[[Tensor, Tensor], Tensor]
    targets: Tensor
    weights: Tensor
    maps: Callable[..., Tensor] = input_maps

    def gradient(self, architecture: Architecture, flat: Tensor, x: Tensor) -> Tensor:
        """Return the gradient ``(G, P)`` of the weighted loss, by automatic differentiation."""
        leaf = flat.detach().clone().requires_grad_()
        with torch.enable_grad():
            maps = self.maps(architecture, leaf, x, learn=True)
            loss = (self.row_loss(maps, self.targets) * self.weights).sum()
        (gradient,) = torch.autograd.grad(loss, leaf)
        return gradient
