"""Transfers: one message, and worked examples of fair sharing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from p2pkd.verify.check import Check, exact
from p2pkd.verify.traffic import Platform, Sending, arrivals, platform

MB, KB = 1e6, 1e3


def one_message(*, fast: bool) -> Iterator[Check]:
    """A message on idle links takes L + S / min(U, D)."""
    cases = [("narrow uplink", 2e5, 1e6), ("narrow downlink", 1e6, 2e5), ("alike", 5e5, 5e5)]
    transports: tuple[Literal["fair", "fifo"], ...] = ("fair", "fifo")
    for transport in transports:
        for case, up, down in cases:
            links = platform([up, 1.0], [1.0, down], 0.05)
            (end,) = arrivals(transport, links, [Sending(0.0, 0, 1, 3e5)])
            expected = 0.05 + 3e5 / min(up, down)
            yield exact("one message, idle link", f"{transport}, {case}", expected, end)


def pipelining(*, fast: bool) -> Iterator[Check]:
    """Propagation occupies no link: 10 kB over 100 Mbit/s and 50 ms are 1,250 messages a second."""
    n = 1250
    links = platform([12.5 * MB] * 2, [12.5 * MB] * 2, 0.05)
    ends = arrivals("fifo", links, [Sending(0.0, 0, 1, 10 * KB)] * n)
    yield exact("propagation occupies no link", "1,250 messages", 1.05, max(ends))


def worked_examples(*, fast: bool) -> Iterator[Check]:
    """Four nodes with up/down MB/s a 1/4, b 2/1, c 5/3, d 1/2, and 50 ms between all."""
    links = platform([1 * MB, 2 * MB, 5 * MB, 1 * MB], [4 * MB, 1 * MB, 3 * MB, 2 * MB], 0.05)
    a, b, c, d = range(4)
    first = [Sending(0, a, b, MB), Sending(0, c, b, MB), Sending(0, c, d, 5 * MB)]
    more = [Sending(0.5, b, d, 2 * MB), Sending(1, d, c, 10 * KB), Sending(1, a, c, 100 * KB)]
    yield from _ends("three transfers", links, first, [2.05, 2.05, 2.55])
    yield from _ends("six transfers", links, first + more, [2.05, 2.05, 3.55, 2.55, 1.06, 1.25])


def _ends(
    case: str, links: Platform, sendings: Sequence[Sending], expected: Sequence[float]
) -> Iterator[Check]:
    names = "abcd"
    for sending, wanted, end in zip(
        sendings, expected, arrivals("fair", links, sendings), strict=True
    ):
        route = f"{names[sending.source]}->{names[sending.target]}"
        yield exact("max-min worked example", f"{case}, {route}", wanted, end)
