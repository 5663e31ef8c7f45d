"""Messages over single links, dumbbells and random graphs against TCP as ns-3 simulates it.

`data/ns3_cases.json` was made by ``benchmarks/ns3_cases.py``, which tells its form and settings.
The measure is that of Velho and Legrand (2009): the logarithm of simulated over ns-3's seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from p2pkd.engine.timeline import Timeline
from p2pkd.engine.transport import Fair, SharedLinks, Tcp, Transport
from p2pkd.engine.transport.packets.transport import QueueLimit
from p2pkd.verify.check import Check

QUEUE_BYTES = 100 * 1500.0
FAST = 1e12
"""Bytes/s of what is no bottleneck in these cases: a host's access to its links."""
WITHIN = 0.02
"""Median error on single links that is allowed."""

Case = dict[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases."""
    text = files("p2pkd.verify").joinpath("data/ns3_cases.json").read_text(encoding="utf-8")
    return tuple(json.loads(text)["cases"])


class Hosts:
    """Access links of a case's hosts, and the delays of its shortest paths."""

    def __init__(self, case: Case, uplink: float = FAST) -> None:
        self.graph: Any = nx.Graph()
        for a, b, rate, delay in case["links"]:
            self.graph.add_edge(a, b, rate=rate, delay=delay)
        self.uplink: NDArray[np.float64] = np.full(len(self.graph), uplink)
        self.downlink: NDArray[np.float64] = np.full(len(self.graph), FAST)

    def path(self, a: int, b: int) -> list[tuple[int, int]]:
        """Return the edges of the way of fewest hops."""
        return list(nx.utils.pairwise(nx.shortest_path(self.graph, a, b)))

    def latency(self, a: int, b: int) -> float:
        """Return the way's delay, s."""
        return float(sum(self.graph.edges[edge]["delay"] for edge in self.path(a, b)))


def fair(case: Case, env: Timeline, **options: Any) -> Transport:
    """Return fluid shares of all links of *case*, each way by itself."""
    hosts = Hosts(case)
    ways = [way for a, b, *_ in case["links"] for way in ((a, b), (b, a))]
    index = {way: i for i, way in enumerate(ways)}
    rates = [hosts.graph.edges[way]["rate"] for way in ways]
    shared = SharedLinks(rates, lambda a, b: [index[way] for way in hosts.path(a, b)])
    return Fair(env, hosts, shared, **options)


def tcp(case: Case, env: Timeline) -> Transport:
    """Return `Tcp` over the one link of *case*, its queue at the sender."""
    ((_, _, rate, _),) = case["links"]
    return Tcp(env, Hosts(case, rate), queue=QueueLimit(0.0, QUEUE_BYTES))


MODELS: dict[str, Callable[[Case, Timeline], Transport]] = {
    "tcp": tcp,
    "fair": fair,
    "fair, slow start": partial(fair, slow_start=True),
}


def errors(case: Case, model: str) -> NDArray[np.float64]:
    """Return ln(simulated / ns-3) of each message of *case*, ``(flows,)``."""
    env, ended = Timeline(), np.zeros(len(case["flows"]))
    transport = MODELS[model](case, env)

    def end(i: int, _: Any) -> None:
        ended[i] = env.now

    def begin(i: int, _: Any) -> None:
        source, target, size, *_ = case["flows"][i]
        transport.start(source, target, size, partial(end, i))

    for i, flow in enumerate(case["flows"]):
        env.timeout(flow[3]).callbacks.append(partial(begin, i))
    env.run()
    starts, measured = np.array([flow[3:5] for flow in case["flows"]]).T
    return np.asarray(np.log((ended - starts) / measured))


@dataclass(frozen=True)
class Row:
    """A kind of network under one model: means over cases of each one's mean and largest error."""

    kind: str
    model: str
    cases: int
    mean: float
    largest: float
    bias: float


def table() -> Iterator[Row]:
    """Yield a row for each kind of network and model; `tcp` has access links alone."""
    for model in MODELS:
        kinds: dict[str, list[NDArray[np.float64]]] = {}
        for case in cases():
            if model != "tcp" or len(case["links"]) == 1:
                kinds.setdefault(case["name"].split("/")[0], []).append(errors(case, model))
        for kind, found in kinds.items():
            mean, largest = (np.mean([of(abs(e)) for e in found]) for of in (np.mean, np.max))
            bias = np.mean([e.mean() for e in found])
            yield Row(kind, model, len(found), float(mean), float(largest), float(bias))


def against_ns3(*, fast: bool) -> Iterator[Check]:
    """Messages alone on a link take as long as in ns-3 at the median.

    Where they do not, ns-3 waits one round trip more (it delays every second acknowledgement from
    the start) or leaves slow start early; Linux, as measured, does neither.
    """
    single = [case for case in cases() if len(case["links"]) == 1]
    median = float(np.median([abs(errors(case, "tcp")) for case in single]))
    yield Check("ns-3, median |ln error|", f"{len(single)} single links", 0.0, median, 0.0, WITHIN)
