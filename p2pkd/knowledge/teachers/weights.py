"""How much a teacher counts, by its predictions alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from p2pkd.knowledge.teachers.base import Weighting
from p2pkd.scenario.quantities import Strength

if TYPE_CHECKING:
    from torch import Tensor


class Uniform(Weighting):
    """All teachers count alike."""

    kind: Literal["uniform"] = "uniform"


class Confidence(Weighting):
    """A teacher counts by how far its prediction is from uniform: 1 - H(p) / ln C, a row."""

    kind: Literal["confidence"] = "confidence"

    def weights(self, log_p: Tensor, present: Tensor) -> Tensor:
        """Return *present* times one minus the normalised entropy."""
        certain = 1 - entropy(log_p) / math.log(log_p.shape[-1])
        # Rows on which all teachers are clueless still need a positive sum.
        return present * certain.clamp_min(1e-6)


class Entropy(Weighting):
    """A teacher counts exp(-H(p) / `scale`), a row, H in nats: never nothing, unlike confidence."""

    kind: Literal["entropy"] = "entropy"
    scale: Strength = 1.0

    def weights(self, log_p: Tensor, present: Tensor) -> Tensor:
        """Return *present* times the exponential of the scaled negative entropy."""
        return present * (-entropy(log_p) / self.scale).exp()


def entropy(log_p: Tensor) -> Tensor:
    """Return the entropy in nats of *log_p* ``(..., C)``."""
    return -(log_p.exp() * log_p).sum(-1)
