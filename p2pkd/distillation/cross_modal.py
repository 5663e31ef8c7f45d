"""Cross-modal distillation: peers see the same rows in other ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from p2pkd.distillation.base import Apprentice, Work
from p2pkd.distillation.response import Response
from p2pkd.scenario.data import DataSpec


class CrossModal(Response):
    """L = a CE + (1 - a) T^2 KL(p_t(x'), p_s(x)): x and x' are two views of one reference row.

    Gupta, Hoffman and Malik, "Cross modal distillation for supervision transfer", CVPR 2016, whose
    pairs of images supervise features; here they supervise predictions.  The views are those of
    `data.views`, and row ids pair them.  Labels are private as ever, so that each modality teaches
    the others what its own rows have taught it.
    """

    objective: Literal["cross_modal"] = "cross_modal"  # type: ignore[assignment]
    teachers: Literal["others", "all"] = "all"
    """All peers, or those alone whose view differs from one's own."""

    def data_misfits(self, data: DataSpec) -> Iterator[str]:
        """Yield a complaint where all see the same, or reference rows are not paired."""
        if data.views is None:
            yield "data.views: 'cross_modal' needs views that differ; give some, such as 'parts'"
        elif data.views.reference == "common":
            yield "data.views.reference: 'cross_modal' pairs reference rows; use 'own'"

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield what `response` does, with the lessons of other views alone."""
        if self.teachers == "others":
            own = agent.view_of(agent.agent)
            lessons = [memo for memo in lessons if agent.view_of(memo.sender) != own]
        yield from super().learn(agent, lessons)
