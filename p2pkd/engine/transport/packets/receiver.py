"""The receiving end: when it acknowledges, and how large a window it offers.

It acknowledges each of the first 16 segments and each that lets its window grow (Linux's
`tcp_grow_window`), then every other, at once where segments are missing and after the last of a
message, after 40 ms otherwise.  Its buffer grows with what is read in a round trip, as Linux does
since 6.16 (`tcp_rcvbuf_grow`): twice that, and twice as much again as it has grown by, and what
lies beyond a hole.  What lies there takes room, so that the window shrinks in a recovery.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from p2pkd.engine.transport.packets.packet import MSS_BYTES, Ack, Segment
from p2pkd.engine.transport.packets.timer import due

if TYPE_CHECKING:
    from p2pkd.engine.transport.packets.connection import Connection

QUICK_ACKS = 16
DELAYED_S = 0.04
FIRST_WINDOW = 65_160
GRAIN = 1024
"""Windows are told in multiples of it (a scale of 10, for buffers of up to 32 MB)."""

USABLE = 160 / 256
"""Payload of a full segment over the memory that Linux charges for it: 1,448 of 2,304 bytes."""

BUFFER_BYTES = 131_072
MOST_BYTES = 32 * 1024**2


class Receiver:
    """Takes the segments of one connection."""

    __slots__ = (
        "answered_s", "callbacks", "clamp", "connection", "due_s", "early", "echo_s", "edge",
        "last_s", "latest", "measured_next", "measured_s", "next", "patience_s", "pending", "quick",
        "recent_s", "rtt_s", "space", "told", "unread", "unsaid", "wakes_s", "window",
    )  # fmt: skip

    _ok = True

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.next = 0
        """All segments before this one have arrived."""
        self.early: set[int] = set()
        """Those that have arrived beyond it."""
        self.unsaid: list[int] = []
        self.pending = 0
        self.quick = QUICK_ACKS
        self.due_s = inf
        """When a delayed acknowledgement is sent."""
        self.wakes_s = inf
        self.callbacks: Any = None
        self.last_s = inf
        self.patience_s = inf
        """After so long without data (its time-out) it acknowledges each segment again."""
        self.told = 0
        """`next` of the last acknowledgement, and when the segment was sent that it echoes."""
        self.recent_s = -inf
        self.answered_s = -inf
        """When it answered the first packet of the connection."""
        # The window and the room for it, in bytes of payload.
        self.window = FIRST_WINDOW
        self.clamp = int(BUFFER_BYTES * USABLE)
        self.edge = FIRST_WINDOW // MSS_BYTES
        """The window that was told ends before this segment."""
        self.unread = 0
        """Segments that have come and were not read before an acknowledgement."""
        self.latest = -1
        """The last segment beyond a hole."""
        self.space = 10
        self.measured_next, self.measured_s = 0, -1.0
        self.echo_s, self.rtt_s = -inf, -1.0

    def take(self, segment: Segment) -> None:
        """Take *segment*, acknowledge it now or later, and end the transfers that are whole."""
        connection = self.connection
        now = connection.net.now()
        seq, before = segment.seq, self.next
        if now - self.last_s > self.patience_s:
            self.quick = QUICK_ACKS
        self.last_s = now
        if seq <= self.told:
            self.recent_s = segment.sent_s
        at_once, duplicate = bool(self.early), False
        if seq == before:
            self._join()
            self._widen()
            self._read(segment, now)
        elif seq < before or seq in self.early:
            at_once = duplicate = True
            self.quick = QUICK_ACKS
        else:
            self.early.add(seq)
            self.unsaid.append(seq)
            self.latest = max(self.latest, seq)
            self._widen()
            self._make_room(2 * self.space + self.latest + 1 - self.next)
            at_once = True
        whole = connection.whole(self.next)
        self.pending += 1
        if at_once or self.pending >= 2 or self.quick > 0 or segment.pushed or whole:
            self.acknowledge(duplicate)
        elif self.due_s == inf:
            self.due_s = due(now, now + DELAYED_S)
            if self.wakes_s == inf:
                self._wake()
        self.unread = 0
        for transfer in whole:
            connection.net.arrived(transfer)

    def _join(self) -> None:
        """Move on over what is there without a hole."""
        before = self.next
        self.next += 1
        while self.early and self.next in self.early:
            self.early.discard(self.next)
            self.next += 1
        self.unread = self.next - before

    def acknowledge(self, duplicate: bool = False) -> None:
        """Send an acknowledgement now."""
        self.quick -= 1
        self.pending = 0
        self.due_s = inf
        said, self.unsaid = self.unsaid, []
        offered, room = self.window, self._room()
        if room < offered:
            offered = room
        edge = self.next + -(-offered // GRAIN) * GRAIN // MSS_BYTES
        if edge > self.edge:
            self.edge = edge
        self.told = self.next
        ack = Ack(self.connection, self.next, said, self.edge, duplicate)
        ack.echo_s = self.recent_s
        self.connection.send_back(ack)

    def repeat(self, blocks: list[int]) -> None:
        """Say *blocks* again with the next acknowledgement."""
        self.unsaid[:0] = blocks

    def late(self) -> None:
        """Acknowledge what has waited long enough; early wake-ups wait on."""
        self.wakes_s = inf
        if self.connection.closed or self.due_s == inf:
            return
        if self.connection.net.now() >= self.due_s:
            self.acknowledge()
        else:
            self._wake()

    def _wake(self) -> None:
        net = self.connection.net
        self.wakes_s = self.due_s
        self.callbacks = net.on_late
        net.wake(self.due_s, self)

    def _room(self) -> int:
        """Return what is free of the buffer, in bytes of payload."""
        room = self.clamp - (self.unread + len(self.early)) * MSS_BYTES
        return room if room > 0 else 0

    def _widen(self) -> None:
        """Two segments more for each that comes, up to what the buffer holds."""
        if self.window >= self.clamp:
            return
        room = self._room()
        if self.window < room:
            self.window = min(self.window + 2 * MSS_BYTES, room)
            self.quick = max(self.quick, 0) | 1

    def _read(self, segment: Segment, now: float) -> None:
        """Measure what is read in a round trip, and make the buffer larger if it is more."""
        self._measure(segment, now)
        if self.measured_s < 0:
            self.measured_s = now
        if self.rtt_s < 0 or now - self.measured_s < self.rtt_s:
            return
        # Of those that come at once when a hole is filled, the first is measured before the rest.
        read = self.next - self.unread + 1
        copied = read - self.measured_next - (self.unread - 1)
        if copied > self.space:
            want = 2 * copied
            want += 2 * want * (copied - self.space) // self.space
            self.space = copied
            if self.early:
                want += self.latest + 1 - self.next
            self._make_room(want)
        self.measured_next, self.measured_s = read, now

    def _make_room(self, segments: int) -> None:
        self.clamp = max(self.clamp, min(segments * MSS_BYTES, int(MOST_BYTES * USABLE)))

    def _measure(self, segment: Segment, now: float) -> None:
        """Note the receiver's round trip, from an acknowledgement to what it let go."""
        if segment.echo_s == self.echo_s or segment.size_bytes < MSS_BYTES:
            return
        self.echo_s = segment.echo_s
        rtt = now - segment.echo_s
        self.rtt_s = rtt if self.rtt_s < 0 or rtt < self.rtt_s else self.rtt_s * 7 / 8 + rtt / 8
