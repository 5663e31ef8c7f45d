"""What leaves an agent: predictions on reference rows, or weights.

Tensors are stacked over agents: G agents, R rows, C classes, W numbers a row.  Only tensor methods
are used, so that a scenario can be checked without importing torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.scenario.method import KnowledgeSpec, MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs

# The least probability that a logarithm is taken of: float16's smallest subnormal number.
TINY = 2.0**-24

REAL_CODECS = ("float32", "float16", "int8")


def codec_misfits(kinds: tuple[str, ...], method: MethodSpec) -> Iterator[str]:
    """Yield a complaint where the method's codec is none of *kinds*."""
    codec = method.send.codec
    if codec is not None and codec.tag_value not in kinds:
        knowledge = method.send.knowledge.tag_value
        yield f"send.codec: {codec.tag_value!r} cannot encode {knowledge}; use {' or '.join(kinds)}"


class RowKnowledge(KnowledgeSpec):
    """Knowledge about reference rows; a receiver aligns it by row id."""

    codec_kinds: ClassVar[tuple[str, ...]] = REAL_CODECS
    """Codecs that suit it; the first is the default."""

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint about a codec that cannot encode this knowledge."""
        return codec_misfits(self.codec_kinds, method)

    def width(self, n_classes: int) -> int:
        """Return W, the numbers sent for a row."""
        return n_classes

    def head(self, outputs: Outputs) -> Tensor:
        """Return what is sent, ``(G, R, W)``, from a model's outputs on the rows."""
        raise TypeError(f"{type(self).__name__} defines no head")

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return received *values* ``(..., R, W)`` as log-probabilities ``(..., R, C)``.

        Up to a constant a row, these are the sender's logits, so that a receiver may soften them
        with a temperature of its own.
        """
        raise TypeError(f"{type(self).__name__} defines no log-probabilities")


class SoftLabels(RowKnowledge):
    """Class probabilities on reference rows (temperature 1)."""

    knowledge_type: ClassVar[str] = "probabilities"
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
    codec_kinds: ClassVar[tuple[str, ...]] = ("labels",)
    kind: Literal["hard_labels"] = "hard_labels"

    def width(self, n_classes: int) -> int:
        """Return 1: the class number."""
        return 1

    def head(self, outputs: Outputs) -> Tensor:
        """Return the class numbers as floats, ``(G, R, 1)``."""
        return outputs.logits.argmax(-1, keepdim=True).to(outputs.logits.dtype)

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the logarithm of the one-hot table, its zeros being `TINY`."""
        table = values.new_zeros((*values.shape[:-1], n_classes))
        return table.scatter_(-1, values.long(), 1.0).clamp_min(TINY).log()


class Weights(KnowledgeSpec):
    """All parameters of the model; sender and receiver must have one architecture."""

    about_rows: ClassVar[bool] = False
    one_architecture: ClassVar[bool] = True
    codec_kinds: ClassVar[tuple[str, ...]] = REAL_CODECS
    knowledge_type: ClassVar[str] = "weights"
    kind: Literal["weights"] = "weights"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint about a codec that cannot encode weights."""
        return codec_misfits(self.codec_kinds, method)
