"""A message on its way, and while it is remembered."""

from __future__ import annotations

from typing import Any

from p2pkd.knowledge.exchange.contents import Contents

__all__ = ["REQUEST", "Contents", "Message"]

REQUEST = "request"


class Message:
    """What one agent tells another.

    `contents` is a lazy payload of the learner, None in a request; `rows` are the reference rows
    that it is about, in the order of the contents.  `made_s` is when the contents were fixed, so
    that a receiver can tell how stale they are.
    """

    __slots__ = (
        "asks",
        "attempts",
        "contents",
        "header_bytes",
        "kind",
        "made_s",
        "message",
        "n_rows",
        "payload_bytes",
        "receiver",
        "replies_to",
        "resent_bytes",
        "retransmitted_bytes",
        "rows",
        "sender",
        "sent_s",
        "transfer",
        "version",
    )

    def __init__(
        self, sender: int, receiver: int, contents: Contents, *, asks: bool, replies_to: int
    ) -> None:
        self.message = -1
        self.sender = sender
        self.receiver = receiver
        self.kind = contents.kind
        self.contents = contents.payload
        self.rows = contents.rows
        self.n_rows = 0 if contents.rows is None else len(contents.rows)
        self.payload_bytes = contents.size_bytes
        self.made_s = contents.made_s
        self.version = contents.version
        self.asks = asks
        self.replies_to = replies_to
        self.header_bytes = 0
        self.retransmitted_bytes = 0
        self.resent_bytes = 0
        self.attempts = 0
        self.sent_s = 0.0
        self.transfer: Any = None
