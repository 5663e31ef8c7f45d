"""Two effects of TCP on a fluid flow: the largest window, and slow start."""

from __future__ import annotations

from p2pkd.engine.transport.maxmin import UNBOUNDED

WINDOW_BYTES = 4_194_304.0
"""Largest window, as in SimGrid (``network/TCP-gamma``)."""

INITIAL_WINDOW_BYTES = 10 * 1460.0
"""Ten segments of 1,460 bytes (RFC 6928)."""


def window_limit(window_bytes: float, latency_s: float) -> float:
    """Return the rate in bytes/s of one window a round trip, ``window / 2 L``.

    Velho, Schnorr, Casanova and Legrand, ACM TOMACS 23(4), 2013.

    >>> window_limit(4_194_304, 0.05)
    41943040.0
    """
    return window_bytes / (2 * latency_s) if latency_s > 0 else UNBOUNDED


def slow_start_stall(size_bytes: float, rate: float, latency_s: float) -> float:
    """Return how long slow start idles in all, in seconds, on an otherwise idle path.

    The first window W takes ten segments and each following one twice as many.  After window k,
    except the last one, the sender waits for the rest of the round trip:

        stall = sum over k = 1 .. K - 1 of max(0, 2 L - W 2^(k - 1) / rate),
        K = least k with W (2^k - 1) >= size

    (Kurose and Ross, *Computer Networking*, 3rd ed., section 3.7, without the time of the first
    segment.)  *rate* is the path's bandwidth in bytes/s; a contended one makes stalls shorter.

    >>> round(slow_start_stall(100_000, 1e6, 0.05), 4)
    0.1562
    >>> slow_start_stall(14_600, 1e6, 0.05)
    0.0
    """
    stall, window, sent = 0.0, INITIAL_WINDOW_BYTES, INITIAL_WINDOW_BYTES
    while sent < size_bytes and window < rate * 2 * latency_s:
        stall += 2 * latency_s - window / rate
        window *= 2
        sent += window
    return stall
