"""Packets, which are at the same time the SimPy events of their own next hop.

A packet crosses the uplink queue of its sender, a propagation delay and the downlink queue of its
receiver; `delivered` is called at its end, `dropped` where a queue was full or chance lost it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p2pkd.engine.transport.packets.connection import Connection
    from p2pkd.engine.transport.packets.queues import Queue

MSS_BYTES = 1448
"""Payload of a full segment: 1,500 less 20 (IP), 20 (TCP) and 12 (time stamps)."""

HEADER_BYTES = 52
SYN_BYTES = 60


class Packet:
    """What all kinds of packets have."""

    __slots__ = ("callbacks", "connection", "down", "due_s", "latency_s", "wire_bytes")

    _ok = True
    transfer: Any = None
    size_bytes = 0

    down: Queue | None
    """The queue before it; None once it stands in that one."""
    due_s: float
    """When it is at its next place; nothing else on the event queue about it counts."""
    latency_s: float
    """From its departure to the queue `down`."""

    def __init__(self, connection: Connection, wire_bytes: int) -> None:
        self.connection = connection
        self.wire_bytes = wire_bytes
        self.callbacks: Any = None

    @property
    def wanted(self) -> bool:
        """Whether its arrival changes anything beyond the queues that it has crossed."""
        return not self.connection.closed

    def delivered(self) -> None:
        """Do what its arrival means, where it is `wanted`."""

    def dropped(self) -> None:
        """Do what its loss means beyond its absence."""


class Segment(Packet):
    """A segment of data, sent once."""

    __slots__ = ("echo_s", "order", "pushed", "resent", "sent_s", "seq", "size_bytes", "transfer")

    def __init__(self, connection: Connection, seq: int, size_bytes: int, transfer: Any) -> None:
        super().__init__(connection, size_bytes + HEADER_BYTES)
        self.seq = seq
        self.size_bytes = size_bytes
        self.transfer = transfer
        self.order = -1
        """Its place among all transmissions of the connection."""
        self.pushed = False
        """Whether it ends what was sent at once (PSH): its reader has it acknowledged."""
        self.resent = False
        """Whether this is not the segment's first transmission."""
        self.sent_s = 0.0
        self.echo_s = 0.0
        """When the last packet that its sender had seen was sent (the echoed time stamp)."""

    @property
    def wanted(self) -> bool:
        """Whether its connection is open: data are taken as long as there is a receiver."""
        return not self.connection.closed

    def delivered(self) -> None:
        """Give it to the receiver."""
        self.connection.receiver.take(self)


class Ack(Packet):
    """An acknowledgement: all before `seq`, and those in `blocks` beyond."""

    __slots__ = ("blocks", "duplicate", "echo_s", "edge", "sent_s", "seq")

    def __init__(
        self, connection: Connection, seq: int, blocks: list[int], edge: int, duplicate: bool
    ) -> None:
        super().__init__(connection, HEADER_BYTES)
        self.seq = seq
        self.blocks = blocks
        """Segments that came out of order since the last acknowledgement that was not lost."""
        self.edge = edge
        """The receiver's window ends before this segment."""
        self.duplicate = duplicate
        """Whether a segment came twice (a duplicate SACK)."""
        self.echo_s = 0.0
        """When the segment was sent that let `seq` move on, or the first of them."""
        self.sent_s = 0.0

    def delivered(self) -> None:
        """Give it to the sender."""
        self.connection.acknowledged(self)

    def dropped(self) -> None:
        """Say it again with the next one, as repeated SACK blocks do."""
        self.connection.receiver.repeat(self.blocks)


class Syn(Packet):
    """The first packet of a connection."""

    __slots__ = ()

    def delivered(self) -> None:
        """Answer."""
        self.connection.answer()


class SynAck(Packet):
    """The answer to it."""

    __slots__ = ()

    def delivered(self) -> None:
        """Begin."""
        self.connection.established()


class Opening(Packet):
    """The acknowledgement that ends the handshake."""

    __slots__ = ()

    @property
    def wanted(self) -> bool:
        """Whether its arrival changes anything: data that come behind it say the same."""
        return False
