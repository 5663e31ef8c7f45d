"""Codecs whose size depends on the contents: a compressor, and differences to an earlier message.

A method that uses one makes the timeline depend on learning: its messages are computed when they
are sent, and it cannot run dry.  Neither loses anything beyond what the codec inside loses.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, Bytes, FixedCodec
from p2pkd.scenario.method import CodecSpec

if TYPE_CHECKING:
    from torch import Tensor

Compressor = Literal["zlib", "lzma"]


def _lzma(data: bytes, *, forth: bool) -> bytes:
    import lzma

    # A dictionary as large as messages are: the default takes longer to allocate than to use.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**20}]
    work = lzma.compress if forth else lzma.decompress
    return work(data, lzma.FORMAT_RAW, filters=filters)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": lambda data: zlib.compress(data, 9, wbits=-15),
    "lzma": lambda data: _lzma(data, forth=True),
}
DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": lambda data: zlib.decompress(data, wbits=-15),
    "lzma": lambda data: _lzma(data, forth=False),
}
"""Raw streams: neither magic numbers nor checksums, which the link layer has."""

# The first byte of a message says how to read it.
PLAIN, PACKED, DIFFERENCE = b"\0", b"\1", b"\2"
BASE_BYTES = 4


class Wrapper(FixedCodec):
    """Base of codecs around the codec `of`."""

    looks: ClassVar[bool] = True
    of: CodecSpec = Field("float16", validate_default=True)
    """The codec inside: it decides what is lost."""
    compressor: Compressor = "zlib"

    @property
    def inner(self) -> Any:
        """The codec inside."""
        return self.of

    def size_bytes(self, rows: int, width: int) -> int:
        """Return the size at most: that of the codec inside, and the first byte."""
        return 1 + int(self.inner.size_bytes(rows, width))

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return what the codec inside makes of *values*."""
        rounded: Tensor = self.inner.roundtrip(values)
        return rounded

    def encode(self, values: Array) -> bytes:
        """Return the compressed codes, or the codec's own bytes where those are shorter."""
        plain = PLAIN + self.inner.encode(values)
        packed = PACKED + COMPRESS[self.compressor](self.inner.codes(values).tobytes())
        return packed if len(packed) < len(plain) else plain

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the numbers that *data* stands for."""
        if data[:1] == PLAIN:
            plain: Array = self.inner.decode(data[1:], rows, width)
            return plain
        codes = np.frombuffer(DECOMPRESS[self.compressor](data[1:]), np.uint8)
        table: Array = self.inner.from_codes(codes, rows, width)
        return table


class Compressed(Wrapper):
    """Any codec's output through a real compressor; the bytes are the length of what comes out.

    Never longer than one byte more than without.
    """

    kind: Literal["compressed"] = "compressed"


class Delta(Wrapper):
    """Differences to a message that the peer is known to have; whole where none is, or if shorter.

    The difference is taken between codes, modulo 256, and compressed, so that nothing is lost that
    `of` does not lose.  A message names its base in 4 bytes.  The base is always the newest message
    that *this peer* has acknowledged: a lost one is never a base, so that a drop costs bytes (a
    larger difference, or a full message where nothing has ever arrived) but never contents.  A
    receiver keeps the messages of a sender from the base of its newest one on.  Senders and
    receivers must speak of the same rows each time: ``subset: fixed``, or all rows.
    """

    kind: Literal["delta"] = "delta"

    def encode_against(self, values: Array, base: Bytes | None, number: int) -> bytes:
        """Return *values* as bytes; *base* are the codes of message *number*, which the peer has.

        None where the peer has none.
        """
        whole = self.encode(values)
        if base is None:
            return whole
        change = (self.inner.codes(values) - base).tobytes()  # unsigned: it wraps around
        name = number.to_bytes(BASE_BYTES, "little")
        return min(whole, DIFFERENCE + name + COMPRESS[self.compressor](change), key=len)

    def decode_against(
        self, data: bytes, bases: Callable[[int], Bytes], rows: int, width: int
    ) -> Array:
        """Return the numbers that *data* stands for; *bases* gives the codes of a message.

        Raise KeyError, from *bases*, where the receiver does not have the message.
        """
        if data[:1] != DIFFERENCE:
            return self.decode(data, rows, width)
        number = int.from_bytes(data[1 : 1 + BASE_BYTES], "little")
        change = np.frombuffer(DECOMPRESS[self.compressor](data[1 + BASE_BYTES :]), np.uint8)
        table: Array = self.inner.from_codes(bases(number) + change, rows, width)
        return table
