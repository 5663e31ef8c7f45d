"""Mutual knowledge transfer: the received model learns too, and takes the receiver's place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.distillation.base import Apprentice, Work
from p2pkd.distillation.received import Received

if TYPE_CHECKING:
    from p2pkd.learning.training.teaching import Teaching


class MutualTransfer(Received):
    """L_own = CE + s KL(p_r, p_own), L_r = CE + s KL(p_own, p_r), both on one's private rows.

    Li, Li and Varshney, "Decentralized federated learning via mutual knowledge transfer" (Def-KT,
    2021), equations 5 and 6 (their numbers recalled), s being `strength`.  Who has received a model
    lets it and its own learn from each other for `local_steps` steps, each holding the other's
    predictions fixed; what comes out of the received one then takes the place of its own.  Several
    models are dealt with one after the other.  Then it trains alone, and sends.  Both models' steps
    are charged, and the second needs memory.
    """

    model_thirds: ClassVar[int] = 3
    objective: Literal["mutual_transfer"] = "mutual_transfer"  # type: ignore[assignment]
    keep: Literal["received", "own"] = "received"
    """Which of the two goes on as the agent's model."""

    second_model: ClassVar[bool] = True

    def teaching(self, knowledge: Any) -> Teaching:
        """Return that of two models that learn from each other."""
        from p2pkd.learning.training.teaching import TransferTeaching

        return TransferTeaching()

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the mutual steps with each received model, and the private steps."""
        for memo in lessons:
            yield agent.distill(agent.version, [memo], self.local_steps)
        yield agent.train(agent.version, self.local_steps)
