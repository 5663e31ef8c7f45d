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
        """Yield complaints about codecs, and about rules that only predictions can follow."""
        yield from codec_misfits(self.codec_kinds, method)
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
            yield f"{key}: is for predictions, and weights are sent"
