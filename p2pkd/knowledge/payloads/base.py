"""What knowledge about rows is.

Tensors are stacked over agents: G agents, R rows, C classes, W numbers a row.  Only tensor methods
are used, so that a scenario can be checked without importing torch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from p2pkd.scenario.method import KnowledgeSpec, MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.knowledge.exchange.base import Exchange, Setting
    from p2pkd.learning.api import Outputs
    from p2pkd.learning.models.architecture import Architecture
    from p2pkd.learning.state.tables import Tables
    from p2pkd.learning.training.teaching import Teaching

NUMBERS = ("float32", "float16", "int8")
WRAPPERS = ("compressed", "delta")
REAL_CODECS = (*NUMBERS, *WRAPPERS)
PROBABILITY_CODECS = (*NUMBERS, "bits", "top_k", *WRAPPERS)


def codec_misfits(kinds: tuple[str, ...], method: MethodSpec) -> Iterator[str]:
    """Yield a complaint where the method's codec, or one inside it, is none of *kinds*."""
    codec: Any = method.send.codec
    knowledge = method.send.knowledge.tag_value
    while codec is not None:
        if codec.tag_value not in kinds:
            good = " or ".join(kinds)
            yield f"send.codec: {codec.tag_value!r} cannot encode {knowledge}; use {good}"
        same_rows = method.send.subset == "fixed" or method.send.rows == "all"
        if codec.tag_value == "delta" and not same_rows:
            yield (
                "send.subset: differences need the same rows each time; use 'fixed', or rows: all;"
                f" given {method.send.subset!r}"
            )
        codec = codec.inner
        kinds = tuple(kind for kind in kinds if kind not in WRAPPERS)


def prediction_misfits(method: MethodSpec, sent: str) -> Iterator[str]:
    """Yield complaints about rules that only predictions can follow, where *sent* is sent."""
    teachers, memory = method.teachers, method.memory
    unused = {
        "teachers.filters": bool(teachers.filters),
        "teachers.sharpen": teachers.sharpen is not None,
        "teachers.weights": teachers.weights.tag_value != "uniform",
        "memory.half_life": memory.half_life is not None,
        "memory.keep: latest_per_row": memory.partial,
        "send.privacy": method.send.privacy is not None,
    }
    for key in (key for key, given in unused.items() if given):
        yield f"{key}: is for predictions, and {sent} are sent"


class RowKnowledge(KnowledgeSpec):
    """Knowledge about reference rows; a receiver aligns it by row id."""

    codec_kinds: ClassVar[tuple[str, ...]] = REAL_CODECS
    """Codecs that suit it; the first is the default."""

    passes: ClassVar[int] = 1
    """What making a row costs, in forward passes."""

    # -- as a group of models makes it, and learns from it (see `p2pkd.learning`) ----------------

    def shape(self, tables: Tables, agent: int) -> Hashable:
        """Return what *agent* must have in common with others to predict in a group with them."""
        return 0

    def predict(
        self, tables: Tables, agents: Any, rows: Tensor, architecture: Architecture, flat: Tensor
    ) -> Tensor:
        """Return what models *flat* ``(G, P)`` of *agents* say of *rows* ``(G, R)``: ``(G, R, W)``.

        Here: what `head` makes of their outputs on reference rows, as the agents see them.
        """
        return self.of_inputs(architecture, flat, tables.seen_by(agents, rows))

    def of_inputs(self, architecture: Architecture, flat: Tensor, x: Tensor) -> Tensor:
        """Return what models *flat* ``(G, P)`` say of inputs *x* ``(G, R, F)``, ``(G, R, W)``."""
        return self.head(architecture.forward(flat, x))

    def teaching(self) -> Teaching:
        """Return how a group learns from messages of it."""
        from p2pkd.learning.training.teaching import RowTeaching

        return RowTeaching()

    # -- as messages hold it -----------------------------------------------------------------

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint about a codec that cannot encode this knowledge."""
        return codec_misfits(self.codec_kinds, method)

    def over(self, rows: int, inputs: int) -> Any:
        """Return this knowledge for messages of *rows* rows of *inputs* numbers: mostly itself."""
        return self

    def exchange(self, setting: Setting) -> Exchange:
        """Return what composes its messages."""
        from p2pkd.knowledge.exchange.rows import RowExchange

        return RowExchange(setting)

    def message_floats(self, rows: int, n_classes: int, sent: int) -> int:
        """Return the numbers of a message of *rows* rows."""
        return rows * self.width(n_classes)

    def row_length(self, inputs: int, models: Sequence[Architecture]) -> int:
        """Return how many numbers a row has that it is about: *inputs*, or what *models* make."""
        return inputs

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
