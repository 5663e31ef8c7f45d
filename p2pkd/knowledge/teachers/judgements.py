"""How much a teacher counts, by who it is, how old its message is, and what one knows oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from p2pkd.knowledge.teachers.base import ACCURACY, LABEL_COUNTS, SAMPLES, Judgement
from p2pkd.scenario.quantities import Count, Period, Strength

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Heard


class Samples(Judgement):
    """A teacher counts by how many private rows it has; the number travels, 4 bytes a message."""

    facts: ClassVar[frozenset[str]] = frozenset({SAMPLES})
    kind: Literal["samples"] = "samples"

    def factors(self, heard: Heard) -> Tensor:
        """Return n_k."""
        return heard.samples.unsqueeze(-1)


class Validation(Judgement):
    """A teacher counts by its accuracy on its own private rows, to the power `power`.

    The teacher measures it whenever it predicts: a forward pass over its private rows, which is
    charged, and 4 bytes a message.  It is accuracy on rows seen in training, so it tells immature
    teachers from grown ones, not narrow from broad ones.
    """

    facts: ClassVar[frozenset[str]] = frozenset({ACCURACY})
    kind: Literal["validation"] = "validation"
    power: Annotated[float, Field(gt=0, le=10)] = 1.0

    def factors(self, heard: Heard) -> Tensor:
        """Return accuracy^power; a teacher that is always wrong still counts a little."""
        return heard.accuracy.clamp_min(1e-6).pow(self.power).unsqueeze(-1)


class Similarity(Judgement):
    """A teacher counts exp(-D / `scale`), D being its mean KL from one's own predictions, in nats.

    The mean is over the rows of the lesson; one's own predictions are those before it.
    """

    kind: Literal["similarity"] = "similarity"
    scale: Strength = 1.0

    def factors(self, heard: Heard) -> Tensor:
        """Return exp(-mean_r KL(p_k || own) / scale)."""
        divergence = (heard.log_p.exp() * (heard.log_p - heard.own().unsqueeze(1))).sum(-1)
        said = heard.present.sum(-1, keepdim=True).clamp_min(1)
        mean = (divergence * heard.present).sum(-1, keepdim=True) / said
        # Only ratios matter: with the nearest teacher at 1 the sum never underflows.
        mean = mean.masked_fill(heard.present.sum(-1, keepdim=True) == 0, float("inf"))
        return ((mean.amin(1, keepdim=True) - mean) / self.scale).exp()


class Staleness(Judgement):
    """A teacher counts (1 + age / `scale`)^-`power`.

    The polynomial rule of Xie, Koyejo and Gupta, "Asynchronous federated optimization" (2019), with
    the age of the contents in seconds rather than in rounds.
    """

    kind: Literal["staleness"] = "staleness"
    scale: Period = 60.0
    power: Annotated[float, Field(gt=0, le=10)] = 0.5

    def factors(self, heard: Heard) -> Tensor:
        """Return (1 + age / scale)^-power."""
        return (1 + heard.age_s / self.scale).pow(-self.power).unsqueeze(-1)


class ByCompetence(Judgement):
    """Each row goes to those who have seen its class: the `best` most competent teachers.

    The class of a row is believed from what the teachers say beyond their own habits: the product
    of p_k(c) / share_k(c) over those who have seen class c, share_k(c) being its part of teacher
    k's private rows.  A peer that knows one class and always says so thus says nothing.  The
    competence of a teacher on the row is its share of the believed class, so weighted.  The label
    counts travel, 4 C bytes a message.
    """

    facts: ClassVar[frozenset[str]] = frozenset({LABEL_COUNTS})
    kind: Literal["by_competence"] = "by_competence"
    best: Count = 1

    def factors(self, heard: Heard) -> Tensor:
        """Return the competence of the best teachers of each row, and 0 for all others."""
        counts = heard.label_counts
        share = (counts / counts.sum(-1, keepdim=True).clamp_min(1)).unsqueeze(2)
        evidence = (heard.log_p - share.clamp_min(1e-12).log()) * (share > 0)
        believed = (evidence * heard.present.unsqueeze(-1)).sum(1, keepdim=True).softmax(-1)
        competence = ((believed * share).sum(-1) + 1e-9) * heard.present
        place = (-competence).argsort(dim=1, stable=True).argsort(dim=1)
        return competence * (place < self.best)
