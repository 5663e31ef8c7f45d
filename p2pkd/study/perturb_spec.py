"""What a study file may say under `perturb:`: figures drawn anew around what the base says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from p2pkd.scenario.base import Spec
from p2pkd.scenario.quantities import Fraction, whole


class PerturbSpec(Spec):
    """How sure a comparison is of its world: the same runs in worlds that differ a little.

    In each draw every figure is multiplied by a factor of its own, uniform between ``1 - share``
    and ``1 + share``, the same for all variants and seeds.  Draw 0 is the base as it is.
    """

    keys: Annotated[dict[str, Annotated[Fraction, Field(le=0.99)]], Field(min_length=1)]
    """Dotted scenario keys of numbers, such as ``links.scale.rate``, and the share of each; ``*``
    stands for every item of a list: ``devices.*.slowdown``."""
    draws: Annotated[int, whole(1, 10_000)] = 20
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
