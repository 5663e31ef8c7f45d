"""How to compute: changes speed, and no result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import torch

from p2pkd.scenario.scenario import ExecutionSpec


@dataclass(frozen=True)
class Settings:
    """How to compute.

    Attributes
    ----------
    executor : many agents a call, one after the other, or by a rule on the architecture.
    chunk : agents computed in one call; None: what fits the cache.
    threads : PyTorch's, in calls of many agents; None: all cores.
    max_pending : operations after which they are computed; None: 4 an agent, at least 32,768.
    """

    executor: Literal["auto", "grouped", "loop"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    chunk: int | None = None
    threads: int | None = None
    max_pending: int | None = None

    @classmethod
    def of(cls, spec: ExecutionSpec) -> Self:
        """Return what a scenario's *spec* says."""
        return cls(
            executor=spec.executor, device=spec.device, chunk=spec.chunk, threads=spec.threads
        )

    @property
    def torch_device(self) -> torch.device:
        """The device, `auto` resolved."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)
