"""HyStart's rounds."""

import pytest

from p2pkd.engine.transport.packets.congestion import Window
from p2pkd.engine.transport.packets.cubic import Cubic


def slow_start(cubic: Cubic, window: Window, rtt_s: float, now: float, acked: int) -> None:
    """One acknowledged segment; each lets two out."""
    cubic.sample(window, rtt_s, now, acked, acked + window.size - 1)
    cubic.grow(window, 1, now)


def test_a_round_begins_below_the_low_window_too():
    # Seen on Linux 6.18 at 10 Mbit/s, 240 ms behind a queue: 282 ms in the first round, 300 ms in
    # the second, and a threshold at its ninth acknowledgement, with a window of 28.  Were rounds
    # counted from a window of 16 on only (Linux before 6.14), the second would not count alone.
    cubic, window = Cubic(), Window()
    for k in range(10):
        slow_start(cubic, window, 0.282 + 0.001 * k, 0.52 + 0.0025 * k, k + 1)
    assert window.size == 20
    for k in range(8):
        slow_start(cubic, window, 0.300, 0.82 + 0.0025 * k, 11 + k)
    assert not cubic.found
    cubic.sample(window, 0.300, 0.85, 19, 46)
    assert cubic.found
    assert window.threshold == 28


def test_a_train_of_half_the_least_round_trip_ends_slow_start():
    cubic, window = Cubic(), Window()
    window.size = 20
    cubic.delay_s = 0.012
    for k in range(8):
        cubic.sample(window, 0.012, 1.0 + 0.0012 * k, 11 + k, 40)
        assert cubic.found == (0.0012 * k > 0.0065)


def test_a_time_out_begins_a_round():
    cubic, window = Cubic(), Window()
    cubic.sample(window, 0.1, 1.0, 1, 10)
    cubic.timed_out(2.0, 30)
    assert (cubic.round_end, cubic.round_s) == (30, 2.0)
    assert cubic.epoch_s is None


def test_friendliness_keeps_up_with_reno_at_short_round_trips():
    cubic, window = Cubic(), Window()
    window.size = 100
    window.threshold = cubic.reduced(window)
    window.size = int(window.threshold)
    assert window.size == 70
    now, rtt = 1.0, 0.01
    for _ in range(100):
        cubic.sample(window, rtt, now, 1, 2)
        for _ in range(window.size // 2):
            cubic.grow(window, 2, now)
        now += rtt
    # 3 (1 - .7) / (1 + .7) segments a round trip.
    assert window.size - 70 == pytest.approx(100 * 0.53, rel=0.2)


def test_slow_start_does_not_end_below_the_low_window():
    cubic, window = Cubic(), Window()
    cubic.delay_s = 0.02
    for k in range(12):
        cubic.sample(window, 0.5, 0.001 * k, 1 + k, 30)
    assert not cubic.found
