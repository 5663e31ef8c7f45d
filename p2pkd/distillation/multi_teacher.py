"""Several teachers at once, and none too few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from p2pkd.distillation.base import Apprentice, Work
from p2pkd.distillation.response import Response
from p2pkd.scenario.quantities import Count


class MultiTeacher(Response):
    """L = a CE + (1 - a) / M sum_m T^2 KL(p_m, p_s), M teachers; not before `at_least` are heard.

    Moslemi et al. (2024), equation 3.4.2.1.  With `teachers.combine: mean_losses` the sum is taken
    as it stands; with `mean_probabilities` its gradient is the same, at 1 / M of the cost, since
    (1 / M) sum_m KL(p_m, p_s) and KL(mean_m p_m, p_s) differ by a term free of the student.
    """

    objective: Literal["multi_teacher"] = "multi_teacher"  # type: ignore[assignment]
    at_least: Count = 2
    """Teachers without which the agent trains on private rows alone."""

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield what `response` does, or private steps while there are too few teachers."""
        enough = len({memo.sender for memo in lessons}) >= self.at_least
        yield from super().learn(agent, lessons if enough else ())
