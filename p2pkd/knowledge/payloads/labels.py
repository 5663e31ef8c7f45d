"""Predictions on reference rows: probabilities, logits, or classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.knowledge.payloads.base import PROBABILITY_CODECS, WRAPPERS, RowKnowledge

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs

# The least probability that a logarithm is taken of: float16's smallest subnormal number.
TINY = 2.0**-24


class SoftLabels(RowKnowledge):
    """Class probabilities on reference rows (temperature 1)."""

    knowledge_type: ClassVar[str] = "probabilities"
    codec_kinds: ClassVar[tuple[str, ...]] = PROBABILITY_CODECS
    kind: Literal["soft_labels"] = "soft_labels"

    def head(self, outputs: Outputs) -> Tensor:
        """Return softmax of the logits, ``(G, R, C)``."""
        return outputs.logits.softmax(-1)

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the logarithm, renormalised: a codec may have moved the sums off 1."""
        return values.clamp_min(TINY).log().log_softmax(-1)


class Logits(RowKnowledge):
    """Unnormalised log-probabilities on reference rows."""

    knowledge_type: ClassVar[str] = "logits"
    kind: Literal["logits"] = "logits"

    def head(self, outputs: Outputs) -> Tensor:
        """Return the logits, ``(G, R, C)``."""
        return outputs.logits

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return log-softmax."""
        return values.log_softmax(-1)


class HardLabels(RowKnowledge):
    """The predicted class of each reference row."""

    knowledge_type: ClassVar[str] = "labels"
    codec_kinds: ClassVar[tuple[str, ...]] = ("labels", *WRAPPERS)
    labels_alone: ClassVar[bool] = True
    """Nothing is told of how sure the sender is; so distil at `learn.temperature` 1."""
    kind: Literal["hard_labels"] = "hard_labels"

    def width(self, n_classes: int) -> int:
        """Return 1: the class number."""
        return 1

    def head(self, outputs: Outputs) -> Tensor:
        """Return the class numbers as floats, ``(G, R, 1)``; nan where a logit is not finite."""
        logits = outputs.logits
        finite = logits.abs().amax(-1, keepdim=True) * 0
        return finite + logits.argmax(-1, keepdim=True)

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the logarithm of the one-hot table, its zeros being `TINY`."""
        table = values.new_zeros((*values.shape[:-1], n_classes))
        return table.scatter_(-1, values.long(), 1.0).clamp_min(TINY).log()
