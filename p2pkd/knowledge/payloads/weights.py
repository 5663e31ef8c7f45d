"""A model's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from p2pkd.knowledge.payloads.base import NUMBERS, codec_misfits
from p2pkd.scenario.method import KnowledgeSpec, MethodSpec


class Weights(KnowledgeSpec):
    """All parameters of the model; sender and receiver must have one architecture."""

    about_rows: ClassVar[bool] = False
    one_architecture: ClassVar[bool] = True
    codec_kinds: ClassVar[tuple[str, ...]] = NUMBERS
    knowledge_type: ClassVar[str] = "weights"
    kind: Literal["weights"] = "weights"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint about a codec that cannot encode weights."""
        return codec_misfits(self.codec_kinds, method)
