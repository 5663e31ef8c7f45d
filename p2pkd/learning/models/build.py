"""From a specification to an architecture."""

from __future__ import annotations

from functools import lru_cache

import p2pkd.learning.models.cnn
import p2pkd.learning.models.duo
import p2pkd.learning.models.mlp  # noqa: F401  (they register themselves)
from p2pkd.learning.models.architecture import Architecture, make
from p2pkd.scenario.models import ModelSpec


@lru_cache(maxsize=256)
def build_architecture(
    spec: ModelSpec, input_shape: tuple[int, ...], n_classes: int
) -> Architecture:
    """Return the architecture of *spec*; the same object for equal arguments.

    *input_shape* is ``(channels, height, width)`` or ``(n_features,)``.  Raise InputError if the
    architecture does not take such input.
    """
    return make(spec, input_shape, n_classes)
