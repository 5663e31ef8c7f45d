"""A connection: the sender's end, and what it shares with the receiver's.

Behaviour is that of Linux 6.18: SACK with RACK-TLP loss detection (RFC 8985), proportional rate
reduction (RFC 6937), F-RTO (RFC 5682), slow start after idle time (RFC 2861).
"""

from __future__ import annotations

from collections import deque
from math import ceil, inf
from typing import TYPE_CHECKING

from p2pkd.engine.transport.packets.congestion import INITIAL_WINDOW, Congestion, Use, Window
from p2pkd.engine.transport.packets.packet import (
    HEADER_BYTES,
    MSS_BYTES,
    SYN_BYTES,
    Ack,
    Opening,
    Segment,
    Syn,
    SynAck,
)
from p2pkd.engine.transport.packets.receiver import Receiver
from p2pkd.engine.transport.packets.reduction import Reduction
from p2pkd.engine.transport.packets.roundtrip import LEAST_S, RoundTrip
from p2pkd.engine.transport.packets.scoreboard import Scoreboard
from p2pkd.engine.transport.packets.timer import Timer

if TYPE_CHECKING:
    from p2pkd.engine.transport.packets.transport import Tcp, TcpTransfer

OPEN, RECOVERY, LOSS = range(3)
DUPLICATES = 3
PROBE_SLACK_S = 0.002
BURST = 2
"""Segments that leave as one (TSO) at the rates of access links: Linux' least number."""

SYN_RETRIES = 6
GIVE_UP_S = 924.6
"""Linux' defaults: unanswered first packets (127 s in all), and from the first time-out on without
progress as long as 15 of 0.2 s take, doubled each time up to 120 s (`tcp_retries2`)."""

TURN_S = 0.0001
"""From the end of a handshake to the first data: a process wakes up and writes."""


class Connection:
    """Carries transfers from *source* to *target*, one after another; *once*: a single one."""

    __slots__ = (
        "_clear_s", "_high", "_prior", "_probed", "_reduction", "_resent_probe", "_state",
        "_stuck_s", "_timer", "_use", "board", "closed", "congestion", "echo_s", "edge", "end",
        "last_sent_s", "net", "once", "orders", "ready", "receiver", "rtt", "source", "syn_s",
        "target", "unread", "unsent", "used_s", "window",
    )  # fmt: skip

    def __init__(
        self, net: Tcp, source: int, target: int, congestion: Congestion, *, once: bool
    ) -> None:
        self.net, self.source, self.target, self.once = net, source, target, once
        self.congestion, self.window, self.rtt = congestion, Window(), RoundTrip()
        self.board, self.receiver = Scoreboard(), Receiver(self)
        self.closed = self.ready = False
        self.unsent: deque[TcpTransfer] = deque()
        self.unread: deque[TcpTransfer] = deque()
        self.end = 0
        self.edge = self.receiver.edge
        self.orders = 0
        self.echo_s = -1.0
        self.last_sent_s = -1.0
        self.syn_s = 0.0
        self.used_s = 0.0
        self._state = OPEN
        self._stuck_s = 0.0
        self._high = 0
        self._clear_s = 0.0
        self._timer = Timer(net)
        self._use = Use()
        self._prior = (0, inf)
        self._reduction = Reduction(1)
        self._probed, self._resent_probe = -1, False

    # Connecting

    def connect(self) -> None:
        """Send the first packet, again and again until there is an answer."""
        now = self.net.now()
        if self.rtt.backoff == 1:
            self.syn_s = now
        self.net.send(Syn(self, SYN_BYTES), self.source, self.target, now)
        self._timer.arm(now + self.rtt.timeout_s, self._again)

    def _again(self) -> None:
        if self.rtt.backoff >> SYN_RETRIES:
            self.net.gave_up(self)
            return
        self.rtt.backoff *= 2
        self.connect()

    def answer(self) -> None:
        """Answer a first packet, at the receiver."""
        now = self.net.now()
        self.receiver.answered_s = now
        self.net.send(SynAck(self, SYN_BYTES), self.target, self.source, now)

    def established(self) -> None:
        """Begin to send."""
        if self.ready:
            return
        now = self.net.now()
        self.ready = True
        self.echo_s = self.receiver.answered_s
        self._timer.stop()
        if self.rtt.backoff == 1:
            self._measure(now - self.syn_s, now - self.syn_s)
        self.rtt.backoff = 1
        self.receiver.patience_s = self.rtt.timeout_s
        self.net.send(Opening(self, HEADER_BYTES), self.source, self.target, now)
        self._timer.arm(now + TURN_S, self._begin, exact=True)

    def _begin(self) -> None:
        self._timer.due = None
        self.push(self.net.now())

    # Sending

    def write(self, transfer: TcpTransfer) -> None:
        """Send *transfer* after those that were written before."""
        now = self.net.now()
        self.used_s = now
        transfer.connection = self
        transfer.first = self.end
        self.end = transfer.last = self.end + max(1, ceil(transfer.size_bytes / MSS_BYTES))
        self.unsent.append(transfer)
        self.unread.append(transfer)
        if self.ready and self._timer.due != self._begin:
            if self.board.next == self.board.una and self.last_sent_s >= 0:
                self._rested(now - self.last_sent_s)
            self.push(now)

    def _rested(self, seconds: float) -> None:
        """Halve the window for each time-out of idle time, down to the initial one."""
        self.congestion.idle(seconds)
        window, timeout = self.window, self.rtt.timeout_s
        if seconds <= timeout:
            return
        if window.threshold < inf:
            window.threshold = max(window.threshold, window.size * 3 // 4)
        least = min(window.size, INITIAL_WINDOW)
        while (seconds := seconds - timeout) > 0 and window.size > least:
            window.size //= 2
        window.size = max(window.size, least)

    def push(self, now: float) -> None:
        """Send what the windows let out: first what was lost, then what is new."""
        board, size = self.board, self.window.size
        pending, fresh = board.next < self.end, 0
        while len(board.flying) < size:
            if board.lost and (segment := board.hole()) is not None:
                self._resend(segment, now)
            elif board.next < self.end and board.next < self.edge:
                fresh += 1
                self._send_new(now, pushed=fresh % BURST == 0)
            else:
                break
        if fresh:
            self._await(now)
        if pending:
            self._use.note(board.una, board.next, len(board.flying) >= size)

    def _send_new(self, now: float, *, pushed: bool = False) -> None:
        board, transfer = self.board, self.unsent[0]
        seq = board.next
        size = MSS_BYTES
        if seq == transfer.last - 1:
            size = round(transfer.size_bytes) - (seq - transfer.first) * MSS_BYTES
            self.unsent.popleft()
        segment = Segment(self, seq, size, transfer)
        segment.pushed = pushed
        board.next = seq + 1
        self._transmit(segment, now)

    def _await(self, now: float) -> None:
        """Wait for what was sent just now, unless something is waited for that is due sooner."""
        if self._timer.deadline_s == inf or self._timer.due != self._patient:
            self._set_timer(now)

    def _resend(self, segment: Segment, now: float) -> None:
        again = Segment(self, segment.seq, segment.size_bytes, segment.transfer)
        again.resent = True
        self._transmit(again, now)
        if segment.seq == self.board.una:
            self._timer.arm(now + self.rtt.timeout_s, self._timed_out)

    def _transmit(self, segment: Segment, now: float) -> None:
        segment.order = self.orders
        self.orders += 1
        segment.sent_s = self.last_sent_s = now
        segment.echo_s = self.echo_s
        self.board.flying.pop(segment.seq, None)
        self.board.flying[segment.seq] = segment
        if self._state == RECOVERY:
            self._reduction.sent()
        transfer = segment.transfer
        sent, self._clear_s = self.net.send(
            segment, self.source, self.target, now, transfer.extra_s, self._clear_s
        )
        if sent:
            transfer.sent_bytes += segment.size_bytes + HEADER_BYTES

    # Acknowledgements

    def send_back(self, ack: Ack) -> None:
        """Send *ack*, at the receiver."""
        now = self.net.now()
        ack.sent_s = now
        self.net.send(ack, self.target, self.source, now)

    def acknowledged(self, ack: Ack) -> None:
        """Take in *ack*, at the sender."""
        now, board, window = self.net.now(), self.board, self.window
        if ack.edge > self.edge:
            self.edge = ack.edge
        if ack.seq >= board.una:
            self.echo_s = ack.sent_s
        before = board.una
        board.take(ack, now, self.rtt.least_s)
        advanced = board.una > before
        if board.first_rtt_s >= 0:
            self._measure(board.first_rtt_s, board.last_rtt_s)
        if advanced:
            self.rtt.backoff = 1
        if board.last_rtt_s >= 0:
            self.congestion.sample(window, board.last_rtt_s, now, board.una, board.next)
        self._end_probe(ack, advanced)
        lost, due = self._recover(now)
        if self._state == RECOVERY:
            self._reduce(board.delivered, advanced and not lost)
        elif advanced and self._use.fills(window):
            self.congestion.grow(window, board.delivered, now)
        if board.una == self.end and not board.lost:
            self._timer.stop()
        elif due < inf:
            self._timer.arm(now + due + PROBE_SLACK_S, self._patient)
        elif advanced or self._timer.due == self._patient or board.covered:
            self._set_timer(now)
        self.push(now)

    def _measure(self, first_s: float, last_s: float) -> None:
        self.rtt.measure(first_s, self.board.una, self.board.next)
        if last_s < self.rtt.least_s:
            self.rtt.least_s = last_s

    # Losses

    def _recover(self, now: float) -> tuple[int, float]:
        """Look for losses and go to the state that they ask for.

        Return how many were found, and when there may be more to find.
        """
        board, window = self.board, self.window
        if self._state == LOSS and board.originals and self._prior[0]:
            self._undo()
        if self._state != OPEN and board.una >= self._high:
            if self._state == RECOVERY:
                window.size = int(min(window.threshold, 1 << 30))
            self._state = OPEN
        lost, again, due = 0, False, inf
        if board.flying:
            lost, again, due = board.detect(now, self._patience_s())
        if board.lost and (self._state == OPEN or (self._state == LOSS and again)):
            self._enter()
        return lost, due

    def _patience_s(self) -> float:
        """Return how long a segment may come after one that was sent later."""
        if self._state != OPEN or len(self.board.sacked) >= DUPLICATES:
            return 0.0
        return min(self.rtt.least_s / 4, self.rtt.smooth_s) if self.rtt.smooth_s > 0 else 0.0

    def _enter(self) -> None:
        window, board = self.window, self.board
        self._state, self._high = RECOVERY, board.next
        self._reduction = Reduction(window.size)
        window.threshold = self.congestion.reduced(window)
        window.credit = 0
        self._probed = -1

    def _reduce(self, delivered: int, progress: bool) -> None:
        threshold, flying = int(self.window.threshold), len(self.board.flying)
        self.window.size = self._reduction.window(threshold, flying, delivered, progress)

    def _undo(self) -> None:
        """The time-out was spurious: what was sent before it has arrived (F-RTO)."""
        size, threshold = self._prior
        self.window.size = max(self.window.size, size)
        self.window.threshold = threshold
        self.board.restore()
        self._state = OPEN
        self._prior = (0, inf)

    # Timers

    def _set_timer(self, now: float) -> None:
        """A tail-loss probe after two round trips where that is sooner than the time-out."""
        rtt, board = self.rtt, self.board
        deadline, due = now + rtt.timeout_s, self._timed_out
        if self._state == OPEN and self._probed < 0 and not board.sacked and rtt.smooth_s >= 0:
            alone = board.next - board.una == 1
            probe = now + 2 * rtt.smooth_s + (LEAST_S if alone else PROBE_SLACK_S)
            if probe < deadline:
                deadline, due = probe, self._probe
        self._timer.arm(deadline, due)

    def _patient(self) -> None:
        """A segment has been waited for long enough."""
        now = self.net.now()
        self.board.originals = False
        before = self._state
        _, due = self._recover(now)
        if self._state == RECOVERY and before != RECOVERY:
            self._reduce(1, progress=False)
        if due < inf:
            self._timer.arm(now + due + PROBE_SLACK_S, self._patient)
        else:
            self._set_timer(now)
        self.push(now)

    def _probe(self) -> None:
        """Send something new, or the last segment again, to learn whether the tail is lost."""
        now, board = self.net.now(), self.board
        self._resent_probe = not (board.next < self.end and board.next < self.edge)
        if self._resent_probe:
            last = board.flying.get(board.next - 1)
            if last is not None:
                self._resend(last, now)
        else:
            self._send_new(now)
            self._await(now)
        self._probed = board.next
        self._timer.arm(now + self.rtt.timeout_s, self._timed_out)

    def _end_probe(self, ack: Ack, advanced: bool) -> None:
        if self._probed < 0 or ack.seq < self._probed:
            return
        if not self._resent_probe or ack.duplicate:
            self._probed = -1
        elif ack.seq > self._probed:
            # The probe mended a loss that nobody else noticed.
            self._probed = -1
            if self._state == OPEN:
                self.window.threshold = self.congestion.reduced(self.window)
                self.window.size = int(self.window.threshold)
        elif not advanced and not ack.blocks:
            self._probed = -1

    def _timed_out(self) -> None:
        """Nothing came for long: begin with one segment."""
        now, board, window = self.net.now(), self.board, self.window
        if self.rtt.backoff == 1:
            self._stuck_s = now
        elif now - self._stuck_s >= GIVE_UP_S:
            self.net.gave_up(self)
            return
        fresh = self._state == LOSS and self.rtt.backoff == 1
        if self._state == OPEN or board.una >= self._high or fresh:
            self._prior = window.size, window.threshold
            window.threshold = self.congestion.reduced(window)
        else:
            self._prior = (0, inf)
        self.congestion.timed_out(now, board.next)
        board.time_out(now, self._patience_s())
        window.size, window.credit = len(board.flying) + 1, 0
        self._state, self._high, self._probed = LOSS, board.next, -1
        self.rtt.backoff *= 2
        self._timer.arm(now + self.rtt.timeout_s, self._timed_out)
        self.push(now)

    # The end

    def whole(self, before: int) -> list[TcpTransfer]:
        """Return the transfers that end before segment *before* and have not been read."""
        found = []
        while self.unread and self.unread[0].last <= before:
            found.append(self.unread.popleft())
        return found

    def close(self) -> None:
        """Stop: no packet of it means anything any more."""
        self.closed = True
        self._timer.stop()
        self.unsent.clear()
        self.unread.clear()
        self.board = Scoreboard()
