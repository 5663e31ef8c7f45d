"""The price of a message: `Tcp` beside `Fair`, and for scale `Fifo`.

``python benchmarks/transports.py`` prints medians of several rounds in processor time.  A
hundred agents tell one of five neighbours each; access links of 1 to 20 MB/s, 20 ms.
Transports take turns in each round, so that a busy machine slows all alike; what compares machines
is the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from fair import RandomLinks, random_links

from p2pkd.engine.timeline import Timeline
from p2pkd.engine.transport import Fair, Fifo, Tcp

AGENTS = 105
KINDS: dict[str, Callable] = {
    "fifo": Fifo,
    "fair": Fair,
    "tcp": Tcp,
    "tcp, kept": lambda env, links: Tcp(env, links, kept_s=300.0),
}


def play(make: Callable, links: RandomLinks, size: int, messages: int, every_s: float) -> float:
    """Return the seconds of processor time of a message; one begins each *every_s* on average."""
    rng = np.random.default_rng(2)
    sources = rng.integers(0, 100, messages)
    pairs = np.stack([sources, sources + rng.integers(1, 6, messages)], axis=1).tolist()
    times = np.sort(rng.uniform(0, messages * every_s, messages)).tolist()
    env = Timeline()
    net, ended = make(env, links), []
    sent = iter(zip(pairs, times, strict=True))

    def begin(pair: list[int]) -> None:
        source, target = pair
        net.start(source, target, size, ended.append)

    for pair, at in sent:
        env.timeout(at).callbacks.append(lambda _, pair=pair: begin(pair))
    start = time.process_time()
    env.run()
    assert len(ended) == messages
    return (time.process_time() - start) / messages


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    links = random_links(AGENTS, np.random.default_rng(1))
    links.latency_s = 0.02
    # About two and twenty messages on their way at a time, and a crowd.
    for size, messages, every_s in (
        (3_000, 5000, 0.01),
        (3_000, 5000, 0.0002),
        (1_000_000, 60, 0.1),
        (1_000_000, 60, 0.005),
    ):
        spans: dict[str, list[float]] = {name: [] for name in KINDS}
        for _ in range(rounds):
            for name, make in KINDS.items():
                spans[name].append(play(make, links, size, messages, every_s))
        base = statistics.median(spans["fair"])
        told = ", ".join(
            f"{name} {(m := statistics.median(each)) * 1e6:,.0f} us ({m / base:.2g})"
            for name, each in spans.items()
        )
        print(f"{size / 1e3:,.0f} kB, one each {every_s * 1e3:g} ms: {told}")


if __name__ == "__main__":
    main()
