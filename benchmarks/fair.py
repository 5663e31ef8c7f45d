"""What a message costs: `Fair` a change, `Fifo` a second, each beside a plain alternative.

``python benchmarks/fair.py`` prints medians of several rounds, in processor
time, which a busy machine disturbs least.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simpy import Environment

from p2pkd.engine.transport import Allocation, Fair, Fifo
from p2pkd.engine.transport.maxmin import max_min

MB = 1e6


@dataclass
class RandomLinks:
    """Access links of 1 to 20 MB/s; one latency."""

    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]
    latency_s: float = 0.01

    def latency(self, a: int, b: int) -> float:
        """Return the same for all pairs."""
        return self.latency_s


def random_links(n: int, rng: np.random.Generator) -> RandomLinks:
    return RandomLinks(rng.uniform(1, 20, n) * MB, rng.uniform(1, 20, n) * MB)


def one_at_a_time(state: Allocation) -> NDArray[np.float64]:
    """Return the rates by freezing one bottleneck in each pass."""
    routes, left = state.routes, state.capacity.copy()
    users = np.bincount(routes.ravel(), minlength=len(left))
    rates, active = np.zeros(routes.shape[1]), np.ones(routes.shape[1], bool)
    share = np.empty(len(left))
    while active.any():
        share.fill(np.inf)
        np.divide(left, users, out=share, where=users > 0)
        least = share.argmin()
        frozen = active & (routes == least).any(axis=0)
        rates[frozen] = share[least]
        active &= ~frozen
        gone = np.bincount(routes[:, frozen].ravel(), minlength=len(left))
        users -= gone
        left -= gone * share[least]
    return rates


class Crowd:
    """*live* transfers at any time: whoever ends is replaced at once by a random new one."""

    def __init__(self, n: int, live: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.env, self.changes, self.states = Environment(), 0, []
        self.net = Fair(self.env, random_links(n, rng))
        self._pairs = iter(rng.integers(0, n, (200_000, 2)).tolist())
        self._sizes = iter(rng.exponential(1 * MB, 200_000).tolist())
        for _ in range(live):
            self._send(None)

    def _send(self, ended: object) -> None:
        self.changes += 2 if ended else 0  # one departure, and the arrival that follows it
        source, target = next(self._pairs)
        self.net.start(source, target, next(self._sizes), self._send)

    def seconds_a_change(self, changes: int) -> float:
        """Return the mean processor time of an arrival or a departure over the next *changes*."""
        aim, begin = self.changes + changes, time.process_time()
        before = self.changes
        while self.changes < aim:
            self.env.step()
        return (time.process_time() - begin) / (self.changes - before)


def median_s(action, rounds: int) -> float:
    spans = []
    for _ in range(rounds):
        begin = time.process_time()
        action()
        spans.append(time.process_time() - begin)
    return statistics.median(spans)


def crowded(n: int, live: int, rounds: int) -> None:
    """Time one change in a crowd, and whole solves of the state that it leaves."""
    crowd = Crowd(n, live, seed=1)
    crowd.env.run(0.05)
    change = statistics.median(crowd.seconds_a_change(100) for _ in range(rounds))
    state = crowd.net.allocation()
    ours = median_s(lambda: max_min(state.routes, state.capacity, state.limits), rounds)
    plain = median_s(lambda: one_at_a_time(state), max(3, rounds // 5))
    rates = max_min(state.routes, state.capacity, state.limits)
    gap = np.abs(one_at_a_time(state) / rates - 1).max()
    print(
        f"fair, {n:,} agents, {len(rates):,} flows: {change * 1e3:.2f} ms a change; "
        f"a whole solve {ours * 1e3:.2f} ms, one bottleneck at a time {plain * 1e3:.1f} ms "
        f"({plain / ours:.0f} times; rates differ by {gap:.0e})"
    )


def sparse(n: int, messages: int, rounds: int) -> None:
    """Time messages that seldom meet: gossip of a few kilobytes."""

    def play() -> None:
        rng = np.random.default_rng(2)
        env = Environment()
        net = Fair(env, random_links(n, rng))
        pairs, times = rng.integers(0, n, (messages, 2)).tolist(), rng.uniform(0, 30, messages)
        for (a, b), at in zip(pairs, times.tolist(), strict=True):
            net.start(a, b, 5_000, lambda _: None, at)
        env.run()

    span = median_s(play, rounds)
    print(f"fair, {n:,} agents, sparse: {messages / span:,.0f} messages/s")


def fifo(messages: int, rounds: int) -> None:
    """Time fifo messages beside bare SimPy timeouts with a callback."""
    rng = np.random.default_rng(3)
    links = random_links(1000, rng)
    pairs = rng.integers(0, 1000, (messages, 2)).tolist()

    def play(track: bool) -> None:
        env = Environment()
        net, done = Fifo(env, links, track=track), lambda _: None
        for begin in range(0, messages, 1000):
            for a, b in pairs[begin : begin + 1000]:
                net.start(a, b, 5_000, done)
            env.run(env.now + 0.05)
        env.run()

    def timeouts() -> None:
        env, done = Environment(), lambda _: None
        for begin in range(0, messages, 1000):
            for _ in range(begin, begin + 1000):
                env.timeout(0.01).callbacks.append(done)
            env.run(env.now + 0.05)

    plain, bare, tracked = [], [], []
    for _ in range(rounds):  # in turns, so that a busy machine slows all of them alike
        plain.append(messages / median_s(lambda: play(False), 1))
        tracked.append(messages / median_s(lambda: play(True), 1))
        bare.append(messages / median_s(timeouts, 1))
    print(
        f"fifo: {statistics.median(plain):,.0f} messages/s, with a roll "
        f"{statistics.median(tracked):,.0f}; bare timeouts {statistics.median(bare):,.0f}/s"
    )


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    fifo(100_000, rounds)
    sparse(10_000, 20_000, rounds)
    crowded(1_000, 4_000, rounds)
    crowded(5_000, 20_000, rounds)


if __name__ == "__main__":
    main()
