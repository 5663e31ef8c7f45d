"""`links.transport: tcp`: real TCP's seconds, packet by packet."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from math import ceil, inf
from typing import Any, NamedTuple

from simpy import Environment

from p2pkd.engine.transport.base import (
    INFINITE,
    Links,
    Roll,
    Transfer,
    bad_size,
    check_rate,
    roll_of,
)
from p2pkd.engine.transport.packets.congestion import Congestion
from p2pkd.engine.transport.packets.connection import Connection
from p2pkd.engine.transport.packets.cubic import Cubic
from p2pkd.engine.transport.packets.packet import (
    HEADER_BYTES,
    MSS_BYTES,
    SYN_BYTES,
    Packet,
)
from p2pkd.engine.transport.packets.queues import Queue

_NORMAL = 1
HANDSHAKE_BYTES = SYN_BYTES + HEADER_BYTES
"""What the sender's half of a handshake takes."""


class QueueLimit(NamedTuple):
    """How much a queue holds: what leaves within *seconds*, and at least *least_bytes*."""

    seconds: float = 0.1
    least_bytes: float = 48_000.0

    def bytes(self, rate: float) -> float:
        """Return the limit of a queue of *rate*, in bytes."""
        return max(self.seconds * rate, self.least_bytes) if self.seconds else self.least_bytes


class TcpTransfer(Transfer):
    """A transfer, and its place in the stream of its connection."""

    __slots__ = ("connection", "extra_s", "failed", "first", "last", "resent_bytes", "sent_bytes")

    resent_bytes: int
    failed: bool

    connection: Connection | None
    first: int
    """Its first segment, and the one behind its last."""
    last: int
    extra_s: float
    sent_bytes: int
    """What was let into the uplink for it: segments, repeated ones included, with their headers."""


class Tcp:
    """A `Transport` of TCP connections over drop-tail access links.

    *lose* draws whether a packet from one node to another is lost behind the uplink.  Connections
    are made for a message each, or *kept_s* for each pair of nodes until nothing was sent for so
    many seconds.

    Bytes are those of the sender's segments with their headers, and of its half of the handshake
    where a message opens a connection.  Acknowledgements and the other half take time on the links
    and are in nobody's books.
    """

    reentrant = True

    def __init__(
        self,
        env: Environment,
        links: Links,
        *,
        track: bool = False,
        queue: QueueLimit | tuple[list[float], list[float]] = QueueLimit(),
        congestion: Callable[[], Congestion] = Cubic,
        kept_s: float | None = None,
        lose: Callable[[int, int], bool] | None = None,
    ) -> None:
        self._env: Any = env
        self._latency = links.latency
        self._queue = queue
        self._congestion, self._kept_s, self._lose = congestion, kept_s, lose
        self._up = [self._make("uplink", i, float(r)) for i, r in enumerate(links.uplink)]
        self._down = [self._make("downlink", i, float(r)) for i, r in enumerate(links.downlink)]
        self._roll = Roll(len(self._up)) if track else None
        self._kept: dict[tuple[int, int], Connection] = {}
        self._hop = (self._step,)
        self.on_timer = (self._timer,)
        self.on_late = (self._late,)

    def _make(self, name: str, node: int, rate: float) -> Queue:
        check_rate(name, node, rate, zero=True)
        return Queue(rate, self._limit(name, node, rate))

    def _limit(self, name: str, node: int, rate: float) -> float:
        if isinstance(self._queue, QueueLimit):
            return self._queue.bytes(rate)
        return self._queue[name == "downlink"][node]

    # What the engine asks

    def start(
        self,
        source: int,
        target: int,
        size_bytes: float,
        done: Callable[[Any], None],
        extra_latency_s: float = 0.0,
    ) -> TcpTransfer:
        """Send a message; see `Transport.start`."""
        if not 0 <= size_bytes < INFINITE:
            raise bad_size(size_bytes)
        transfer = self._transfer(source, target, size_bytes, done, extra_latency_s)
        self._write(transfer)
        return transfer

    def send_on(
        self, connection: Connection, size_bytes: float, done: Callable[[Any], None]
    ) -> TcpTransfer:
        """Send a message on *connection*, which `open` has made."""
        transfer = self._transfer(connection.source, connection.target, size_bytes, done, 0.0)
        connection.write(transfer)
        return transfer

    def _transfer(
        self,
        source: int,
        target: int,
        size_bytes: float,
        done: Callable[[Any], None],
        extra_latency_s: float,
    ) -> TcpTransfer:
        latency_s = self._latency(source, target) + extra_latency_s
        transfer = TcpTransfer(source, target, size_bytes, self._env._now, latency_s, done)
        transfer.extra_s = extra_latency_s
        transfer.sent_bytes = transfer.resent_bytes = 0
        transfer.failed = False
        if self._roll is not None:
            self._roll.add(transfer)
        return transfer

    def overhead_bytes(self, size_bytes: int) -> int:
        """Return the headers of a message's segments, and the handshake where it opens one."""
        once = HANDSHAKE_BYTES if self._kept_s is None else 0
        return once + HEADER_BYTES * segments(size_bytes)

    def forget(self, node: int) -> None:
        """Close the kept connections of *node*."""
        for pair in [pair for pair in self._kept if node in pair]:
            self._close(self._kept[pair])

    def _write(self, transfer: TcpTransfer) -> None:
        pair = transfer.source, transfer.target
        connection = self._kept.get(pair)
        if connection is not None and self._stale(connection):
            self._close(connection)
            connection = None
        if connection is None:
            connection = self.open(*pair, once=self._kept_s is None)
            if connection.once:
                transfer.sent_bytes += HANDSHAKE_BYTES
            else:
                self._kept[pair] = connection
        connection.write(transfer)

    def open(self, source: int, target: int, *, once: bool = False) -> Connection:
        """Open a connection now; *once*: for a single message."""
        connection = Connection(self, source, target, self._congestion(), once=once)
        connection.connect()
        return connection

    def _stale(self, connection: Connection) -> bool:
        assert self._kept_s is not None
        return not connection.unread and self._env._now - connection.used_s > self._kept_s

    def abort(self, transfer: TcpTransfer) -> None:
        """Stop *transfer* and close its connection; see `Transport.abort`.

        Others on a kept connection begin anew on another one.  What stands in queues stays there.
        """
        if not transfer.live:
            return
        connection = transfer.connection
        assert connection is not None
        transfer.sent_bytes = round(self.crossed(transfer))
        others = [each for each in connection.unread if each is not transfer]
        self._end(transfer)
        self._close(connection)
        for each in others:
            self._write(each)

    def crossed(self, transfer: TcpTransfer) -> float:
        """Return what has left the sender's uplink; see `Transport.crossed`."""
        if not transfer.live:
            return transfer.sent_bytes
        now = self._env._now
        waits = self._up[transfer.source].waiting
        queued = [
            packet.size_bytes + HEADER_BYTES
            for departs, packet in waits
            if departs > now and packet.transfer is transfer
        ]
        return transfer.sent_bytes - sum(queued)

    def transfers_of(self, node: int) -> list[Transfer]:
        """Return the live transfers of *node*; see `Transport.transfers_of`."""
        return roll_of(self._roll, node)

    def set_rates(self, node: int, uplink: float, downlink: float) -> None:
        """Change the capacities of *node*; 0 stops what is there, and lets queues fill."""
        for name, queue, rate in (
            ("uplink", self._up[node], uplink),
            ("downlink", self._down[node], downlink),
        ):
            check_rate(name, node, rate, zero=True)
            if rate == queue.rate:
                continue
            limit = self._limit(name, node, rate) if rate else queue.limit_bytes
            queue.set_rate(rate, limit, self._env._now)
            for departs, packet in queue.waiting:
                if packet.due_s >= 0:
                    behind = packet.latency_s if packet.down is not None else 0.0
                    self._schedule(packet, departs + behind)

    # What connections ask

    def now(self) -> float:
        """Return the time."""
        now: float = self._env._now
        return now

    def wake(self, due_s: float, event: Any) -> None:
        """Put *event* on the event queue."""
        env = self._env
        heappush(env._queue, (due_s, _NORMAL, next(env._eid), event))

    def send(
        self,
        packet: Packet,
        source: int,
        target: int,
        now: float,
        extra_s: float = 0.0,
        clear_s: float = 0.0,
    ) -> tuple[bool, float]:
        """Send *packet*; it reaches the other end's queue not before *clear_s*.

        Return whether it was let in, and when it reaches that queue.
        """
        up = self._up[source]
        if not up.put(packet, now):
            packet.due_s = -1.0
            packet.dropped()
            return False, clear_s
        latency_s = self._latency(source, target) + extra_s
        due = max(up.departs_s + latency_s, clear_s)
        packet.latency_s = latency_s
        packet.down = self._down[target]
        if self._lose is not None and self._lose(source, target):
            packet.due_s = -1.0
            packet.dropped()
            return True, clear_s
        self._schedule(packet, due)
        return True, due if due < inf else clear_s

    def _schedule(self, packet: Packet, due_s: float) -> None:
        packet.due_s = due_s
        packet.callbacks = self._hop
        if due_s < inf:
            env = self._env
            heappush(env._queue, (due_s, _NORMAL, next(env._eid), packet))

    def _step(self, packet: Packet) -> None:
        """Let *packet* into the queue before it, or deliver it."""
        packet.callbacks = self._hop
        env = self._env
        now = env._now
        if packet.due_s != now:
            return  # the event of a time that has been changed
        down = packet.down
        if down is None:
            packet.due_s = -1.0
            if packet.wanted:
                packet.delivered()
        elif down.put(packet, now):
            packet.down = None
            if packet.wanted:
                packet.due_s = due = down.departs_s
                if due < inf:
                    heappush(env._queue, (due, _NORMAL, next(env._eid), packet))
            else:
                packet.due_s = -1.0
        else:
            packet.due_s = -1.0
            packet.dropped()

    def _timer(self, timer: Any) -> None:
        timer.woken()

    def _late(self, receiver: Any) -> None:
        receiver.late()

    def arrived(self, transfer: TcpTransfer) -> None:
        """End *transfer*: its last byte has been read."""
        connection = transfer.connection
        if connection is None:
            return  # aborted by who was told of another transfer
        size = round(transfer.size_bytes)
        transfer.resent_bytes = transfer.sent_bytes - size - self.overhead_bytes(size)
        self._end(transfer)
        connection.used_s = self._env._now
        if connection.once:
            self._close(connection)
        transfer.done(transfer)

    def gave_up(self, connection: Connection) -> None:
        """Close *connection*, which nobody answers, and tell those who wait that it failed."""
        failed = list(connection.unread)
        for transfer in failed:
            transfer.sent_bytes = round(self.crossed(transfer))
            transfer.failed = True
            self._end(transfer)
        self._close(connection)
        for transfer in failed:
            transfer.done(transfer)

    def _end(self, transfer: TcpTransfer) -> None:
        transfer.live = False
        transfer.connection = None
        if self._roll is not None:
            self._roll.remove(transfer)

    def _close(self, connection: Connection) -> None:
        pair = connection.source, connection.target
        if self._kept.get(pair) is connection:
            del self._kept[pair]
        connection.close()


def segments(size_bytes: float) -> int:
    """Return how many segments a message of *size_bytes* takes, at least one."""
    return max(1, ceil(size_bytes / MSS_BYTES))
