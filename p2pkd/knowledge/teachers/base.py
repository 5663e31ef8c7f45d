"""What the rules for teachers may know, and what it costs.

Shapes: G agents, K messages, R reference rows, C classes.  Only tensor methods are used (see
`p2pkd.knowledge.payloads`).

Oneself is never among the teachers: nobody sends to oneself, so memory holds peers alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from p2pkd.scenario.method import FilterSpec, WeightingSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Heard

SAMPLES, ACCURACY, LABEL_COUNTS = "samples", "accuracy", "label_counts"


class Weighting(WeightingSpec):
    """Base of the rules for how much a teacher counts."""

    def weights(self, log_p: Tensor, present: Tensor) -> Tensor:
        """Return unnormalised weights ``(G, K, R)`` from *log_p* and the mask *present*."""
        return present


class Judgement(Weighting):
    """Base of the weightings that look at more than the predictions themselves."""

    def factors(self, heard: Heard) -> Tensor:
        """Return what each teacher counts, ``(G, K, R)`` or of a shape that broadcasts to it."""
        raise TypeError(f"{type(self).__name__} defines no factors")


class Filter(FilterSpec):
    """Base of the rules that leave teachers or rows out."""

    def factors(self, heard: Heard) -> Tensor:
        """Return 1 where a prediction counts, else 0, ``(G, K, R)`` or what broadcasts to it."""
        raise TypeError(f"{type(self).__name__} defines no factors")


def fact_bytes(rules: Iterable[Any], n_classes: int) -> int:
    """Return the bytes that the facts which *rules* need add to each message.

    Four bytes a number, once, however many rules need it: nobody reads another's label histogram,
    data size or accuracy for free.
    """
    facts = frozenset().union(*(rule.facts for rule in rules))
    return sum(4 * (n_classes if fact == LABEL_COUNTS else 1) for fact in facts)
