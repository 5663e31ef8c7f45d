"""How a gradient becomes an update; each agent has its own state."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Weight

Beta = Annotated[float, Field(ge=0, lt=1)]


class OptimizerSpec(Family, root=True):
    """An optimiser as PyTorch defines it."""

    plural = "optimizers"


class SgdSpec(OptimizerSpec):
    """Stochastic gradient descent, with momentum, weight decay and Nesterov's variant."""

    kind: Literal["sgd"] = "sgd"
    momentum: Beta = 0.0
    weight_decay: Weight = 0.0
    nesterov: bool = False


class AdamSpec(OptimizerSpec):
    """Adam (Kingma and Ba, 2015); weight decay is added to the gradient."""

    kind: Literal["adam"] = "adam"
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Annotated[float, Field(ge=1e-30, le=1)] = 1e-8
    weight_decay: Weight = 0.0


class AdamWSpec(OptimizerSpec):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    kind: Literal["adamw"] = "adamw"
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Annotated[float, Field(ge=1e-30, le=1)] = 1e-8
    weight_decay: Weight = 0.01
