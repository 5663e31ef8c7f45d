"""Asynchronous pairwise averaging, beside the gradient (AD-PSGD)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from p2pkd.distillation.base import Apprentice, Objective, Work
from p2pkd.distillation.push_sum import only, only_ticks
from p2pkd.scenario.method import MethodSpec


class Pairwise(Objective):
    """x_i, x_j <- (x_i + x_j) / 2 with a random neighbour; x_i <- x_i - lr g(x'), x' older.

    AD-PSGD of Lian, Zhang, Zhang and Liu (ICML 2018), Algorithm 1 (its number
    recalled).  At a tick an agent sends its parameters to a neighbour and starts on the gradient at
    them; meanwhile the two average, and
    the gradient is applied to whatever the parameters then are.  Either side moves by half the
    difference between what was sent and what was answered, as soon as it hears it: the sum of both
    stays the same whatever else happens on the way, unless the answer is lost.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"weights"})
    manner: ClassVar[str] = "pairwise"
    objective: Literal["pairwise"] = "pairwise"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about choices under which nobody answers."""
        yield from super().misfits(method)
        yield from only_ticks(self)
        yield from only(method, protocol="push_pull", flow="none")

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the private steps; averaging does not wait for them."""
        yield agent.train(agent.version, self.local_steps)

    def meet(self, agent: Apprentice, mine: Any, theirs: Any) -> Work:
        """Return the move by half the difference of *theirs* and *mine*."""
        now = agent.version
        return agent.merge(now, [(now, 1.0), (theirs, 0.5), (mine, -0.5)], keeper=2)

    def catch_up(self, agent: Apprentice, start: Any, end: Any) -> Work:
        """Return the step from *start* to *end*, made from where the agent is now."""
        # Of `end`, so that the optimiser's state and the rows drawn are those after the step.
        return agent.merge(end, [(agent.version, 1.0), (end, 1.0), (start, -1.0)])
