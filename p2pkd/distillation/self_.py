"""Self-distillation: the control that tells the peers' effect from that of softening."""

from __future__ import annotations

from typing import ClassVar, Literal

from p2pkd.distillation.response import Response
from p2pkd.scenario.quantities import Period


class SelfDistillation(Response):
    """The response loss with one's own earlier snapshot as the only teacher; nothing is sent."""

    teacher: ClassVar[str] = "self"
    objective: Literal["self"] = "self"  # type: ignore[assignment]
    refresh: Period = 300.0
    """A new snapshot is taken when the last is this old."""

    @property
    def refresh_s(self) -> float:
        """`refresh`."""
        return self.refresh
