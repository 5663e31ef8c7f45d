"""How knowledge becomes bytes, exactly: one kind of codec a file."""

from __future__ import annotations

from collections.abc import Sequence

from p2pkd.knowledge.codecs.base import ROW_ID_BYTES, FixedCodec, encode_rows
from p2pkd.knowledge.codecs.bits import Bits
from p2pkd.knowledge.codecs.edges import Edges
from p2pkd.knowledge.codecs.entropy import Compressed, Delta
from p2pkd.knowledge.codecs.floats import Float16, Float32
from p2pkd.knowledge.codecs.int8 import Int8
from p2pkd.knowledge.codecs.labels import LabelCodec
from p2pkd.knowledge.codecs.largest import Largest
from p2pkd.knowledge.codecs.signs import Signs
from p2pkd.knowledge.codecs.top_k import TopK
from p2pkd.knowledge.codecs.triangle import Triangle
from p2pkd.scenario.method import CodecSpec

__all__ = [
    "ROW_ID_BYTES",
    "Bits",
    "Compressed",
    "Delta",
    "Edges",
    "FixedCodec",
    "Float16",
    "Float32",
    "Int8",
    "LabelCodec",
    "Largest",
    "Signs",
    "TopK",
    "Triangle",
    "default_codec",
    "encode_rows",
]


def default_codec(kinds: Sequence[str], n_classes: int) -> CodecSpec:
    """Return the first of *kinds*, which loses nothing; labels take as many bytes as they need."""
    if kinds[0] == "labels":
        return LabelCodec(wide=n_classes > 256)
    member: type[CodecSpec] = CodecSpec.members[kinds[0]]
    return member()
