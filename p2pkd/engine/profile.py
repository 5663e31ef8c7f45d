"""What agents' models cost, known before any of them exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Profile:
    """What each agent's model costs; sequences of length n."""

    models: Sequence[str]
    """The architecture in words, such as ``mlp 64-32-10``."""
    parameters: Sequence[int]
    flops_forward: Sequence[float]
    """FLOPs to predict one row."""
    memory_bytes: Sequence[float]
    """Parameters, gradients, optimiser state, activations of a batch, and remembered messages."""
    private_rows: Sequence[int]
