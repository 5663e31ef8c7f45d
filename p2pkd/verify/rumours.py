"""Rumours and epidemics: how fast, and how far, news travels by gossip."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from p2pkd.verify.check import Check, sampled
from p2pkd.verify.contacts import by_round, run, scenario

Rounds = Sequence[NDArray[np.int64]]

SIZES = (64, 256, 1024, 4096)
RUMOURS = "Pittel (1987); Karp et al. (2000)"
EPIDEMICS = "Kermack and McKendrick (1927)"

# Rounds until all of n = 64, 256, 1024, 4096 agents know, measured over 200 runs to +-.1.
EXPECTED = {
    "push": (11.3, 14.8, 18.0, 21.5),
    "pull": (8.8, 11.4, 13.8, 16.1),
    "push_pull": (5.9, 7.6, 9.2, 10.7),
}


def spreading(*, fast: bool) -> Iterator[Check]:
    """Rounds until everybody knows: log2 n + ln n + O(1) by push (Pittel, 1987); pull is faster."""
    for protocol, expected in EXPECTED.items():
        sizes = SIZES[: 2 if protocol == "push_pull" else 1] if fast else SIZES
        for n, rounds in zip(sizes, expected, strict=False):
            times = _times(protocol, n, rounds, _repetitions(n, fast))
            law = "rumour, rounds until all know"
            yield sampled(law, f"{protocol}, n = {n}", rounds, times, RUMOURS, slack=0.15)


def final_size(*, fast: bool) -> Iterator[Check]:
    """Everybody who learns the news tells f others once: z = 1 - e^(-f z) hear it."""
    # A mean of 1.5 is a fan-out of 2 with a quarter of the messages lost.
    cases = [(2, "25 %", 1.5), (2, "0 %", 2), (3, "0 %", 3), (4, "0 %", 4), (5, "0 %", 5)]
    n, windows, length = (300, 6, 16) if fast else (1000, 8, 25)
    for fanout, loss, f in cases[1:3] if fast else cases:
        values = scenario(n, windows * length, {"fanout": fanout, "peers": "anyone"}, loss=loss)
        rounds = by_round(run(values, seed=fanout)[0], windows * length)
        reached = [_epidemic(n, window, i) for i, window in enumerate(_windows(rounds, length))]
        # Some rumours die at once; the law is about those that do not.
        spread = [share for share in reached if share > 0.1]
        expected = _fixed_point(f)
        yield sampled(
            "epidemic, final size", f"fan-out {f}", expected, spread, EPIDEMICS, slack=5 / n
        )


def _times(protocol: str, n: int, expected: float, repetitions: int) -> list[int]:
    """Return how many rounds each of so many rumours took, each in its own window of rounds."""
    length = math.ceil(expected) + 14
    times: list[int] = []
    each = min(repetitions, 10)
    for seed in range(math.ceil(repetitions / each)):
        total = each * length
        contacts, _ = run(scenario(n, total, {"protocol": protocol}), seed)
        windows = _windows(by_round(contacts, total), length)
        times += [_rumour(n, window, i) for i, window in enumerate(windows)]
    return times


def _rumour(n: int, rounds: Rounds, start: int) -> int:
    knows = np.zeros(n, bool)
    knows[start % n] = True
    for number, contacts in enumerate(rounds):
        if knows.all():
            return number
        # What is told in a round is what was known at its beginning.
        knows[contacts[knows[contacts[:, 0]], 1]] = True
    return len(rounds)


def _epidemic(n: int, rounds: Rounds, start: int) -> float:
    knows = np.zeros(n, bool)
    knows[start] = True
    fresh = knows.copy()
    for contacts in rounds:
        told = np.zeros(n, bool)
        told[contacts[fresh[contacts[:, 0]], 1]] = True
        fresh = told & ~knows
        knows |= told
    return float(knows.mean())


def _windows(rounds: Rounds, length: int) -> list[Rounds]:
    return [rounds[i : i + length] for i in range(0, len(rounds) - length + 1, length)]


def _repetitions(n: int, fast: bool) -> int:
    return max(5, min(20, 1_300 // n)) if fast else max(5, min(60, 10_000 // n))


def _fixed_point(f: float) -> float:
    z = 1.0
    for _ in range(200):
        z = 1 - math.exp(-f * z)
    return z
