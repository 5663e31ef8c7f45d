"""Teachers' weights that are learned beside the model (KT-pFL)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from p2pkd.knowledge.teachers.base import Judgement
from p2pkd.scenario.quantities import LearningRate, Weight, whole

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Heard


class Learned(Judgement):
    """Weights c that minimise |sum_k c_k p_k - own|^2 + `pull` |c - 1/K|^2, learned as one goes.

    Zhang et al., "Parameterized knowledge transfer for personalized federated learning" (KT-pFL,
    NeurIPS 2021): each agent keeps a row of the knowledge coefficient matrix, and takes `steps`
    steps of descent on it in each lesson, before it learns from the target.  The distance is the
    mean over the lesson's rows of the squared distance between probabilities, as in the authors'
    code.  Here each agent learns its own row, without a server and without itself as a teacher; c
    stays a distribution by exponentiated gradients (Kivinen and Warmuth, 1997).  The row is n
    numbers of each agent's state, and its arithmetic is not charged.
    """

    remembers: ClassVar[bool] = True
    kind: Literal["learned"] = "learned"
    rate: LearningRate = 1.0
    pull: Weight = 0.7
    """Towards equal weights (the authors' rho)."""
    steps: Annotated[int, whole(1, 10**6)] = 1
    """Steps of descent in a lesson."""

    def factors(self, heard: Heard) -> Tensor:
        """Return c after the steps, ``(G, K, 1)``."""
        off = (heard.log_p.exp() - heard.own().exp().unsqueeze(1)) * heard.present.unsqueeze(-1)
        off, n_rows = off.flatten(2), heard.log_p.shape[2]
        said = heard.present.amax(-1)
        before = heard.trust
        trust = before
        for _ in range(self.steps):
            c = shares(trust, said)
            miss = (c.unsqueeze(-1) * off).sum(1, keepdim=True)
            even = said / said.sum(1, keepdim=True).clamp_min(1)
            slope = (off * miss).sum(-1) / n_rows + self.pull * (c - even)
            # Only differences count; with their sum kept at 0, who is new counts like the average.
            slope = slope - (slope * even).sum(1, keepdim=True)
            trust = trust - 2 * self.rate * slope * said
        heard.trusts(trust - before)
        return shares(trust, said).unsqueeze(-1)


def shares(trust: Tensor, said: Tensor) -> Tensor:
    """Return the softmax of *trust* ``(G, K)`` over those who have said something."""
    least = trust.amin(1, keepdim=True)
    top = (least + (trust - least) * said).amax(1, keepdim=True)
    weights = (trust - top).exp() * said
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-30)
