"""Fair shares: the certificate of max-min fairness, and conservation, on every state of a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import simpy

from p2pkd.core.rng import Streams
from p2pkd.engine.transport import Allocation, Fair, SharedLinks
from p2pkd.engine.transport.maxmin import violation
from p2pkd.verify.check import Check, bounded, exact
from p2pkd.verify.traffic import Sending, platform, send


def certificate(*, fast: bool) -> Iterator[Check]:
    """Each flow crosses a full link where nobody is faster, and no link carries too much."""
    for case, n, flows in (("10 nodes", 10, 300), ("100 nodes", 100, 1000 if fast else 6000)):
        worst, states = _worst(n, flows)
        yield bounded(
            "max-min certificate",
            f"{case}, {states} states",
            1e-9,
            worst,
            "Bertsekas and Gallager, Data Networks (1992), 6.5.2",
        )


def conservation(*, fast: bool) -> Iterator[Check]:
    """What goes in comes out: every byte of every transfer crosses, none twice."""
    rng = Streams(2026).generator("verify-conservation")
    n, flows = 12, 400 if fast else 4000
    env = simpy.Environment()
    links = platform(rng.uniform(1e4, 1e6, n), rng.uniform(1e4, 1e6, n), 0.02)
    fair = Fair(env, links)
    sendings = _traffic(rng, n, flows)
    transfers = send(env, fair, sendings)
    crossed = sum(fair.crossed(transfer) for transfer in transfers)
    expected = sum(s.size_bytes for s in sendings)
    yield exact("conservation", f"bytes of {flows} transfers", expected, crossed)


def three_links(*, fast: bool) -> Iterator[Check]:
    """One long flow over core links of 10, 1 and 10 bytes/s, and a flow on each of these."""
    env = simpy.Environment()
    # Who sends to whom over which core links; access links have no limit.
    routes = {(0, 1): (0, 1, 2), (2, 3): (0,), (4, 5): (1,), (6, 7): (2,)}
    core = SharedLinks((10.0, 1.0, 10.0), lambda source, target: routes[source, target])
    fair = Fair(env, platform([np.inf] * 8, [np.inf] * 8), core)
    flows = [fair.start(source, target, 1e6, lambda _: None) for source, target in routes]
    env.run(until=1.0)
    expected = {"long": 0.5, "first": 9.5, "second": 0.5, "third": 9.5}
    for (case, rate), flow in zip(expected.items(), flows, strict=True):
        yield exact("three links in a row", case, rate, fair.rate(flow))


def _worst(n: int, flows: int) -> tuple[float, int]:
    """Return the worst violation over all states of random traffic, and how many these were."""
    rng = Streams(2026).generator("verify-certificate", n)
    env = simpy.Environment()
    seen: list[float] = []

    def watch(state: Allocation) -> None:
        seen.append(violation(state.routes, state.capacity, state.limits, state.rates))

    links = platform(rng.uniform(1e4, 1e6, n), rng.uniform(1e4, 1e6, n), 0.02)
    fair = Fair(env, links, watch=watch)
    send(env, fair, _traffic(rng, n, flows))
    return max(seen), len(seen)


def _traffic(rng: np.random.Generator, n: int, flows: int) -> list[Sending]:
    times = np.cumsum(rng.exponential(1.5 / n, flows))
    sources = rng.integers(0, n, flows)
    targets = (sources + rng.integers(1, n, flows)) % n
    sizes = np.exp(rng.uniform(np.log(1e3), np.log(1e6), flows))
    return [
        Sending(float(t), int(a), int(b), float(s))
        for t, a, b, s in zip(times, sources, targets, sizes, strict=True)
    ]
