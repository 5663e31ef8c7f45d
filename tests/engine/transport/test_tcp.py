import doctest

import pytest

from p2pkd.engine.transport import tcp


def test_the_examples():
    assert doctest.testmod(tcp).attempted == 3
    assert doctest.testmod(tcp).failed == 0


def test_no_round_trip_no_limit_and_no_stall():
    assert tcp.window_limit(1000, 0.0) > 1e200
    assert tcp.slow_start_stall(1e9, 1e6, 0.0) == 0


def test_stalls_end_when_the_window_fills_the_path():
    # Round trip .1 s at 1 MB/s: windows of 14.6, 29.2 and 58.4 kB stall, 116.8 kB does not.
    stall = 3 * 0.1 - (14_600 + 29_200 + 58_400) / 1e6
    assert tcp.slow_start_stall(1e9, 1e6, 0.05) == pytest.approx(stall)
    assert tcp.slow_start_stall(1e12, 1e6, 0.05) == pytest.approx(stall)
