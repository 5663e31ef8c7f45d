"""Lifelong distillation: learn from peers, and do not forget (Kirkpatrick et al., PNAS 2017)."""

from __future__ import annotations

from typing import Literal

from p2pkd.distillation.response import Response
from p2pkd.scenario.quantities import Count, Weight


class Lifelong(Response):
    """L = a CE + (1 - a) T^2 KL(p_t, p_s) + `strength` sum_i Omega_i (theta_i - theta_i,prev)^2.

    Moslemi et al. (2024), equations 3.4.1.1 and 3.4.1.2: elastic weight consolidation, for private
    rows that come class after class (`data.stream`).  It knows no tasks: every `consolidate_every`
    updates, Omega, the diagonal of the Fisher information, grows by the mean squared gradient of
    the steps since, and theta_prev becomes theta, as in online EWC (Schwarz et al., ICML 2018; what
    mattered long ago does not fade here).  Kirkpatrick et al. have a half before the sum.
    The gradient is that of a step's mean loss, so that Omega is about a batch times smaller than of
    single rows; `strength` makes up for it.  The pull back is a proximal step, stable always
    (`p2pkd.learning.optim.consolidate`).  Nothing more travels than with `response`.
    """

    objective: Literal["lifelong"] = "lifelong"  # type: ignore[assignment]
    consolidate_every: Count = 100
    """Updates of an agent, of either kind, between two looks back."""
    strength: Weight = 5000.0
    """Of the pull back, where cross-entropy has factor 1 (gamma lambda of the equations)."""

    @property
    def consolidation(self) -> tuple[int, float] | None:
        """As the keys say."""
        return self.consolidate_every, self.strength
