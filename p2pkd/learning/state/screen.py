"""Numbers that are not finite: noticed where they arise, and never learned from.

A payload (predictions, parameters, prototypes, a generator, ...) is *non-finite* if any number of
it is nan or infinite, or was before a codec made something else of it.  No other agent learns from
one.  In a lesson its sender is absent; a lesson without any other teacher is plain training, if
private steps are part of it, or else nothing.  A mean of payloads is of the others.  In a weighted
sum of models the receiver's own numbers, its *keeper*, take the place of the sender's, so that all
shares still sum to what they did.  The timeline is none the wiser: what was charged is charged.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from p2pkd.learning.state.operations import Distill, Mean, Merge, Predict
from p2pkd.learning.state.pools import Pool


class Screen:
    """Notes non-finite rows of pools, and keeps them out of what others learn from.

    Attributes
    ----------
    needed : whether there has been such a row; nobody pays for more than this question until then.
    """

    def __init__(self) -> None:
        self.needed = False
        self._numbers = itertools.count()

    def note(self, pool: Pool, rows: Sequence[int], values: Tensor) -> None:
        """Look at *values* ``(len(rows), width)``, which are *pool*'s *rows* from now on."""
        told = values if values.shape[1] == pool.told else values[:, : pool.told]
        if all_finite(told):
            return
        for i in nonfinite_rows(told).tolist():
            self.needed = True
            pool.nonfinite[rows[i]] = next(self._numbers)

    def sift(self, chain: Sequence[Any]) -> None:
        """Leave out of what *chain* learns from the messages that are not finite."""
        first, last = chain[0], chain[-1]
        if isinstance(last.operation, Mean):
            _sift_mean(last)
            return
        if isinstance(last.operation, Predict):
            return
        missed = frozenset() if first.source is None else first.source.discarded
        for product in chain:
            if isinstance(product.operation, Distill):
                _sift_lesson(product)
            elif isinstance(product.operation, Merge):
                _sift_sum(product)
            missed |= product.discarded
        last.discarded = missed


def number_of(product: Any) -> int | None:
    """Return the number of *product*, computed, among all that is not finite; None if it is."""
    return product.pool.nonfinite.get(product.row)  # type: ignore[no-any-return]


def all_finite(values: Tensor) -> bool:
    """Tell whether all *values* are finite; a sum that overflows is looked at again."""
    return bool(values.sum().isfinite()) or bool(values.isfinite().all())


def nonfinite_rows(values: Tensor) -> Tensor:
    """Return which rows of *values* ``(n, ...)`` have a number that is not finite, ascending."""
    finite = values.isfinite().flatten(1).all(1)
    return torch.nonzero(~finite).flatten()


def _sift_lesson(product: Any) -> None:
    operation: Distill = product.operation
    numbers = [number_of(payload) for payload in operation.heard]
    if all(number is None for number in numbers):
        return
    product.discarded |= {number for number in numbers if number is not None}
    kept = [i for i, number in enumerate(numbers) if number is None]
    notes = operation.notes and [operation.notes[i] for i in kept]
    product.operation = operation._replace(heard=[operation.heard[i] for i in kept], notes=notes)


def _sift_mean(product: Any) -> None:
    operation: Mean = product.operation
    kept = [i for i, payload in enumerate(operation.heard) if number_of(payload) is None]
    heard, notes = [operation.heard[i] for i in kept], [operation.notes[i] for i in kept]
    product.operation = operation._replace(heard=heard, notes=notes)


def _sift_sum(product: Any) -> None:
    operation: Merge = product.operation
    numbers = [
        None if part.agent == product.agent else number_of(part) for part, _ in operation.parts
    ]
    if all(number is None for number in numbers):
        return
    product.discarded |= {number for number in numbers if number is not None}
    pairs = zip(operation.parts, numbers, strict=True)
    kept = tuple((part if n is None else operation.keeper, share) for (part, share), n in pairs)
    product.operation = operation._replace(parts=kept)
