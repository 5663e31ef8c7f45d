"""Small tensors that each call needs and none changes; making one costs as much as a product."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=256)
def share(n: int, factor: float, device: torch.device) -> Tensor:
    """Return *factor* times 1 / *n*, ``(1, 1)``."""
    return torch.full((1, 1), 1 / n, device=device).mul_(factor)


@lru_cache(maxsize=16)
def minus_one(device: torch.device) -> Tensor:
    """Return -1, ``(1, 1, 1)``."""
    return torch.full((1, 1, 1), -1.0, device=device)


@lru_cache(maxsize=256)
def starts(n: int, size: int, device: torch.device) -> Tensor:
    """Return where *n* bags of *size* rows each begin, ``(n,)``."""
    return torch.arange(0, n * size, size, device=device)
