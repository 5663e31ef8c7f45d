"""A model's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from p2pkd.knowledge.payloads.base import NUMBERS, codec_misfits, prediction_misfits
from p2pkd.scenario.method import KnowledgeSpec, MethodSpec
from p2pkd.scenario.models import ModelSpec


class Weights(KnowledgeSpec):
    """All parameters of the model, or of its proxy; sender and receiver must have the same."""

    about_rows: ClassVar[bool] = False
    one_architecture: ClassVar[bool] = True
    codec_kinds: ClassVar[tuple[str, ...]] = (*NUMBERS, "largest", "signs")
    knowledge_type: ClassVar[str] = "weights"
    kind: Literal["weights"] = "weights"
    part: Literal["model", "proxy"] = "model"
    """Of a `duo` of models: the `proxy` alone."""

    def of_model(self, model: ModelSpec) -> ModelSpec:
        """Return *model*, or its proxy."""
        return model.public if self.part == "proxy" else model

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about codecs, and about rules that only predictions can follow."""
        yield from codec_misfits(self.codec_kinds, method)
        codec = method.send.codec
        if getattr(codec, "for_differences", False) and method.learn.tag_value != "choco":
            assert codec is not None
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
