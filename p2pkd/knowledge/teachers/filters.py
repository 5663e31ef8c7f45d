"""Who and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from p2pkd.knowledge.teachers.base import ACCURACY, Filter

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Heard

Probability = Annotated[float, Field(ge=0, le=1)]


class MinConfidence(Filter):
    """Leaves out predictions whose largest probability is below `at_least`, row by row.

    The filter of out-of-distribution rows by maximum softmax probability (Hendrycks and Gimpel,
    2017), as IDKD uses it.
    """

    kind: Literal["min_confidence"] = "min_confidence"
    at_least: Probability = 0.9

    def factors(self, heard: Heard) -> Tensor:
        """Return 1 where max_c p_k(c) >= at_least."""
        return (heard.log_p.amax(-1).exp() >= self.at_least).to(heard.log_p.dtype)


class MinAgreement(Filter):
    """Leaves out rows on which the teachers' mean is ambiguous: its largest probability too small.

    The server's selector of Selective-FD (Shao, Wu and Zhang, 2024).
    """

    kind: Literal["min_agreement"] = "min_agreement"
    at_least: Probability = 0.5

    def factors(self, heard: Heard) -> Tensor:
        """Return 1 where max_c mean_k p_k(c) >= at_least, ``(G, 1, R)``."""
        present = heard.present.unsqueeze(-1)
        total = (heard.log_p.exp() * present).sum(1, keepdim=True)
        mean = total / present.sum(1, keepdim=True).clamp_min(1)
        return (mean.amax(-1) >= self.at_least).to(mean.dtype)


class DropBelowChance(Filter):
    """Leaves out teachers whose accuracy on their own private rows is not above 1 / C.

    As FedDF does on the server's validation rows; here the teacher measures it (see the weighting
    `validation` for its costs), since nobody else has labelled rows of its kind.
    """

    facts: ClassVar[frozenset[str]] = frozenset({ACCURACY})
    kind: Literal["drop_below_chance"] = "drop_below_chance"

    def factors(self, heard: Heard) -> Tensor:
        """Return 1 where accuracy > 1 / C, ``(G, K, 1)``."""
        chance = 1 / heard.log_p.shape[-1]
        return (heard.accuracy > chance).to(heard.log_p.dtype).unsqueeze(-1)
