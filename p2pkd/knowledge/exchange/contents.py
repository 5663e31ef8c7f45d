"""What a message carries, before it has a sender and a receiver."""

from __future__ import annotations

from typing import Any


class Contents:
    """What a message carries; several messages may share one."""

    __slots__ = ("kind", "made_s", "payload", "rows", "size_bytes", "version")

    def __init__(
        self,
        kind: str,
        payload: Any = None,
        rows: Any = None,
        *,
        size_bytes: int = 0,
        made_s: float = 0.0,
        version: int = 0,
    ) -> None:
        self.kind = kind
        self.payload = payload
        self.rows = rows
        self.size_bytes = size_bytes
        self.made_s = made_s
        self.version = version
