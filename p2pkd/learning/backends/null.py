"""A learner without numbers: the timeline alone, for dry runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pkd.learning.api import Lesson, Rows


class NullLearner:
    """Every version and every payload is None; nothing is remembered and nothing computed."""

    def initial(self, agent: int) -> None:
        """Return None."""

    def train(self, version: Any, steps: int) -> None:
        """Return None."""

    def distill(
        self, version: Any, lessons: Sequence[Lesson], steps: int, now_s: float = 0.0
    ) -> None:
        """Return None."""

    def merge(self, version: Any, parts: Sequence[tuple[Any, float]], keeper: int = -1) -> None:
        """Return None."""

    def predict(self, version: Any, rows: Rows, *, exact: bool = False) -> None:
        """Return None."""

    def mean(self, version: Any, lessons: Sequence[Lesson], now_s: float = 0.0) -> None:
        """Return None."""

    def weights(self, version: Any) -> None:
        """Return None."""

    def evaluate(
        self, versions: Sequence[Any], servers: Sequence[Any] = (), averaged: Sequence[Any] = ()
    ) -> None:
        """Return None: there is nothing to measure."""

    def discarded(self, versions: Sequence[Any]) -> list[int]:
        """Return 0 for each: nothing is learned from at all."""
        return [0] * len(versions)

    def describe(self) -> dict[str, Any]:
        """Return that there is no learning."""
        return {"executor": "none"}

    def hurry(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
