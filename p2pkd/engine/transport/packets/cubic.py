"""CUBIC with HyStart, as in Linux 6.18: the window is a cubic of the time since the last loss."""

from __future__ import annotations

from math import inf

from p2pkd.engine.transport.packets.congestion import Window

BETA = 717 / 1024
SCALE = 41 * 10 / 1024
"""C of RFC 9438, segments/s^3."""

UPDATE_EVERY_S = 1 / 32
SETTLE_S = 1.0
"""No delays are noted for so long after an epoch has begun."""

# HyStart
LOW_WINDOW = 16
TRAIN_GAP_S = 0.002
TRAIN_CUSHION_S = 0.001
LEAST_SAMPLES = 8
DELAY_S = (0.004, 0.016)


class Cubic:
    """One connection's CUBIC and HyStart."""

    __slots__ = (
        "acks",
        "delay_s",
        "epoch_s",
        "found",
        "friendly",
        "k_s",
        "last_ack_s",
        "least_s",
        "origin",
        "pace",
        "round_end",
        "round_s",
        "samples",
        "updated",
        "w_max",
    )  # fmt: skip

    def __init__(self) -> None:
        self.timed_out(0.0, 0)

    def timed_out(self, now: float, sent: int) -> None:
        """Begin anew, and a round with it."""
        self._begin_round(now, sent)
        self.delay_s = inf
        """The least round trip seen."""
        self.epoch_s: float | None = None
        self.w_max = 0
        self.origin = 0
        self.k_s = 0.0
        self.friendly = 0
        self.acks = 0
        self.pace = 1
        self.updated = (-1, -inf)
        self.found = False

    def idle(self, seconds: float) -> None:
        """Move the epoch: the cubic is of the time in use."""
        if self.epoch_s is not None:
            self.epoch_s += seconds

    def reduced(self, window: Window) -> int:
        """Return .7 of the window; remember where it was, a bit less if it was falling."""
        self.epoch_s = None
        falling = window.size < self.w_max
        self.w_max = int(window.size * (1 + BETA) / 2) if falling else window.size
        return max(int(window.size * BETA), 2)

    def grow(self, window: Window, acked: int, now: float) -> None:
        """Slow start, then the cubic."""
        if window.size < window.threshold:
            acked = window.slow_start(acked)
            if not acked:
                return
        self._update(window.size, acked, now)
        window.additive(acked, self.pace)

    def _update(self, size: int, acked: int, now: float) -> None:
        """Set `pace`, the acknowledged segments that make the window one larger."""
        self.acks += acked
        if self.updated[0] == size and now - self.updated[1] <= UPDATE_EVERY_S:
            return
        self.updated = size, now
        if self.epoch_s is None:
            self._begin(size, acked, now)
        assert self.epoch_s is not None
        t = now - self.epoch_s + (self.delay_s if self.delay_s < inf else 0.0) - self.k_s
        grown = int(SCALE * abs(t) ** 3)
        target = self.origin + (grown if t >= 0 else -grown)
        pace = size // (target - size) if target > size else 100 * size
        if self.w_max == 0:
            pace = min(pace, 20)
        self.pace = max(min(pace, self._friendly(size)), 2)

    def _begin(self, size: int, acked: int, now: float) -> None:
        self.epoch_s, self.acks, self.friendly = now, acked, size
        if self.w_max <= size:
            self.k_s, self.origin = 0.0, size
        else:
            self.k_s = ((self.w_max - size) / SCALE) ** (1 / 3)
            self.origin = self.w_max

    def _friendly(self, size: int) -> int:
        """Return the pace at which Reno with the same average would not be faster."""
        each = size * 15 >> 3
        self.friendly += self.acks // each
        self.acks %= each
        return size // (self.friendly - size) if self.friendly > size else 1 << 30

    def sample(self, window: Window, rtt_s: float, now: float, acked: int, sent: int) -> None:
        """Note the delay; leave slow start before the queue overflows (HyStart)."""
        if self.epoch_s is not None and now - self.epoch_s < SETTLE_S:
            return
        self.delay_s = min(self.delay_s, rtt_s)
        if self.found or window.size >= window.threshold:
            return
        if acked > self.round_end:
            self._begin_round(now, sent)
        if window.size < LOW_WINDOW:
            return
        if self._train(now) or self._delayed(rtt_s):
            self.found = True
            window.threshold = window.size

    def _begin_round(self, now: float, sent: int) -> None:
        self.round_end, self.round_s, self.last_ack_s = sent, now, now
        self.least_s, self.samples = inf, 0

    def _train(self, now: float) -> bool:
        """Whether a round's ACKs, close on each other, have gone on for half a round trip."""
        if now - self.last_ack_s > TRAIN_GAP_S:
            return False
        self.last_ack_s = now
        return now - self.round_s > (self.delay_s + TRAIN_CUSHION_S) / 2

    def _delayed(self, rtt_s: float) -> bool:
        """Whether even the shortest round trip of a round is longer than an eighth beyond."""
        self.least_s = min(self.least_s, rtt_s)
        if self.samples < LEAST_SAMPLES:
            self.samples += 1
            return False
        margin = min(max(self.delay_s / 8, DELAY_S[0]), DELAY_S[1])
        return self.least_s > self.delay_s + margin
