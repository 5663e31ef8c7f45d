"""A model's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.knowledge.payloads.base import NUMBERS, codec_misfits, prediction_misfits
from p2pkd.scenario.method import KnowledgeSpec, MethodSpec
from p2pkd.scenario.models import ModelSpec

if TYPE_CHECKING:
    from p2pkd.knowledge.exchange.base import Exchange, Setting
    from p2pkd.learning.training.teaching import Teaching


class Weights(KnowledgeSpec):
    """All parameters of the model, or of its proxy; sender and receiver must have the same."""

    about_rows: ClassVar[bool] = False
    about_reference: ClassVar[bool] = False
    one_architecture: ClassVar[bool] = True
    codec_kinds: ClassVar[tuple[str, ...]] = (*NUMBERS, "largest", "signs")
    knowledge_type: ClassVar[str] = "weights"
    kind: Literal["weights"] = "weights"
    part: Literal["model", "proxy"] = "model"
    """Of a `duo` of models: the `proxy` alone."""

    @property
    def proxied(self) -> bool:  # type: ignore[override]
        """Whether `part` is the proxy."""
        return self.part == "proxy"

    def teaching(self) -> Teaching:
        """Return that of received models."""
        from p2pkd.learning.training.teaching import ModelTeaching

        return ModelTeaching()

    def exchange(self, setting: Setting) -> Exchange:
        """Return what composes its messages."""
        from p2pkd.knowledge.exchange.weights import WeightExchange

        return WeightExchange(setting)

    def message_floats(self, rows: int, n_classes: int, sent: int) -> int:
        """Return the numbers of a message: the *sent* parameters."""
        return sent

    def of_model(self, model: ModelSpec) -> ModelSpec:
        """Return *model*, or its proxy."""
        return model.public if self.part == "proxy" else model

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about codecs, and about rules that only predictions can follow."""
        yield from codec_misfits(self.codec_kinds, method)
        codec = method.send.codec
        if codec is not None and codec.for_differences and method.learn.tag_value != "choco":
            yield (
                f"send.codec: {codec.tag_value!r} leaves much of a model out, and suits"
                " differences; use learn.objective 'choco', or another codec"
            )
        yield from prediction_misfits(method, "weights")
        if self.part == "proxy" and "proxy" not in method.learn.needs:
            yield (
                "send.knowledge.part: proxies are trained by learn.objective 'proxy', given"
                f" {method.learn.tag_value!r}"
            )
