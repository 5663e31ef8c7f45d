"""What scenarios make: shares of devices, graphs, partitions of data, memory, changing edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import AgentRecord
from p2pkd.verify.check import Check, alike, exact, sampled
from p2pkd.verify.observed import (
    CLASSES,
    FEATURES,
    PARAMETERS,
    REFERENCE,
    Observed,
    base,
    observe,
    prepare,
    talking,
)


def devices(*, fast: bool) -> Iterator[Check]:
    """Shares by largest remainder; a profile's figures, overridden ones first."""
    law = "devices"
    group = {"memory": "1 GB", "uplink": "2 kB/s", "downlink": "1 kB/s", "model": "linear"}
    values = talking(24, 1.0)
    values["devices"] = [
        {**group, "name": name, "flops": "1 MFLOP/s", "share": share}
        for name, share in (("a", "50 %"), ("b", "30 %"), ("c", "20 %"))
    ]
    names = [agent.device for agent in observe(values).agents]
    # 12, 7.2 and 4.8 of 24.
    for name, expected in (("a", 12), ("b", 7), ("c", 5)):
        yield exact(law, f"{name} of 24", expected, names.count(name))
    values["devices"] = [{"profile": "laptop", "flops": "5 GFLOP/s", "model": "linear"}]
    rates = [agent.flops_per_s for agent in observe(values).agents]
    yield from alike(law, "FLOP/s given beside a profile", 5e9, rates)


def memory(*, fast: bool) -> Iterator[Check]:
    """4 bytes for each parameter, gradient, optimiser state, activation and number remembered."""
    law = "memory in bytes"
    floats = FEATURES + CLASSES
    for case, optimizer, state in (("sgd", "sgd", 0), ("adam", "adam", 2)):
        learn = {"objective": "response", "batch": 16, "optimizer": optimizer}
        agent = _first(observe(base(3, 1.0, method={"learn": learn})))
        # Two neighbours, the latest message of each.
        remembered = 2 * REFERENCE * CLASSES
        expected = 4 * ((2 + state) * PARAMETERS + 16 * floats + remembered)
        yield exact(law, f"linear, batches of 16, {case}", expected, agent.memory_needed_bytes)


def graphs(*, fast: bool) -> Iterator[Check]:
    """Edges of the graphs whose number is known, and the mean of those drawn."""
    n = 24
    fixed: list[tuple[Any, int]] = [
        ("complete", n * (n - 1) // 2),
        ("star", n - 1),
        ({"kind": "ring", "k": 4}, 2 * n),
        ({"kind": "grid", "rows": 4}, 3 * 6 + 4 * 5),
        ({"kind": "grid", "rows": 4, "torus": True}, 2 * n),
        ({"kind": "random_regular", "k": 5}, 5 * n // 2),
        ({"kind": "watts_strogatz", "k": 4}, 2 * n),
        ({"kind": "barabasi_albert", "m": 3}, 3 * (n - 3)),
        ({"kind": "balanced_tree", "branching": 3}, n - 1),
    ]
    for spec, expected in fixed:
        kind = spec if isinstance(spec, str) else f"{spec['kind']}{' torus' * ('torus' in spec)}"
        yield exact("edges of a graph", f"{kind}, {n} agents", expected, _edges(n, spec, 0))
    runs = range(20 if fast else 100)
    pairs = n * (n - 1) / 2
    drawn: list[tuple[str, dict[str, Any], float]] = [
        ("erdos_renyi, p", {"kind": "erdos_renyi", "p": "40 %"}, 0.4 * pairs),
        ("erdos_renyi, mean degree", {"kind": "erdos_renyi", "mean_degree": 9.0}, 9 * n / 2),
        (
            "stochastic_block",
            {"kind": "stochastic_block", "clusters": 3, "p_in": "70 %", "p_out": "20 %"},
            # Three clusters of eight.
            0.7 * 3 * 28 + 0.2 * (pairs - 3 * 28),
        ),
    ]
    for case, spec, mean in drawn:
        counts = [_edges(n, spec, seed) for seed in runs]
        yield sampled("edges of a graph", f"{case}, mean", mean, counts)


def partitions(*, fast: bool) -> Iterator[Check]:
    """Rows and classes of agents, by each partition."""
    law, n = "partition of private rows", 8
    sizes = _counts(n, {"kind": "iid"}, 0).sum(axis=1)
    yield from alike(law, "iid, rows", 20, sizes.tolist())
    owned = (_counts(n, {"kind": "shards", "classes": 2}, 0) > 0).sum(axis=1)
    yield from alike(law, "shards of 2 classes, classes", 2, owned.tolist())
    # Shares of a class are Dirichlet(a, ..., a): E[sum of squares] = (a + 1) / (n a + 1).
    for alpha in (0.3, 3.0):
        spec = {"kind": "dirichlet", "alpha": alpha}
        squares = []
        for seed in range(30 if fast else 200):
            shares = _counts(n, spec, seed, rows=2000)
            squares.append(float(((shares / shares.sum(axis=0)) ** 2).sum(axis=0).mean()))
        expected = (alpha + 1) / (n * alpha + 1)
        case = f"dirichlet, alpha {alpha:g}, sum of squared shares"
        # Rows are whole, and draws that leave somebody without a row are repeated.
        yield sampled(law, case, expected, squares, slack=0.01)
    seeds = range(30 if fast else 200)
    spec = {"kind": "quantity", "alpha": 1.0}
    squares = []
    for seed in seeds:
        sizes = _counts(n, spec, seed, rows=2000).sum(axis=1) - 1
        squares.append(float(((sizes / sizes.sum()) ** 2).sum()))
    yield sampled(law, "quantity, alpha 1, sum of squared shares", 2 / (n + 1), squares, slack=0.01)


def edges(*, fast: bool) -> Iterator[Check]:
    """Edges that come and go are there for the share of time that they should be."""
    law, n = "share of edges that are up", 14
    seeds = range(12 if fast else 60)
    for case, spec, share in (
        ("dropout of 30 %", {"kind": "edge_dropout", "p": "30 %", "every": "10 s"}, 0.7),
        ("failures", {"kind": "edge_failure", "mean_up": "40 s", "mean_down": "10 s"}, 0.8),
    ):
        for time in (0.0, 125.0):
            shares = [_share_up(n, spec, time, seed) for seed in seeds]
            yield sampled(law, f"{case}, at {time:g} s", share, shares)
    walk = {"kind": "random_waypoint", "radius": "300 m", "side": "1 km"}
    # Two uniform points of a square are within r of each other with this probability.
    r = 0.3
    expected = np.pi * r**2 - 8 / 3 * r**3 + r**4 / 2
    shares = [_share_up(n, walk, 0.0, seed) for seed in range(40 if fast else 200)]
    yield sampled(law, "random waypoints, pairs within 300 m at 0 s", float(expected), shares)


def _share_up(n: int, spec: dict[str, Any], time_s: float, seed: int) -> float:
    gossip = {"protocol": "none", "every": "1 h"}
    seen = prepare(talking(n, 130.0, dynamics=spec, method={"gossip": gossip}), seed)
    simulation = seen.simulation
    assert simulation is not None
    simulation.start()
    simulation.advance(time_s + 1e-6)
    return sum(simulation.graph.degree(i) for i in range(n)) / (n * (n - 1))


def _edges(n: int, topology: Any, seed: int) -> float:
    loose = {"allow_disconnected": True}
    spec = {"kind": topology} if isinstance(topology, str) else topology
    seen = prepare(talking(n, 1.0, topology={**spec, **loose}), seed)
    assert seen.simulation is not None
    return sum(seen.simulation.graph.degree(i) for i in range(n)) / 2


def _counts(
    n: int, partition: dict[str, Any], seed: int, rows: int | None = None
) -> NDArray[np.int64]:
    """Return how many rows of each class each agent has, ``(n, CLASSES)``."""
    data: dict[str, Any] = {"partition": {"min_rows": 1, **partition}}
    if rows is not None:
        data["dataset"] = {"rows": rows}
    seen = prepare(base(n, 1.0, data=data), seed)
    assert seen.simulation is not None
    assert seen.simulation.world.data is not None
    return seen.simulation.world.data.partition.label_counts


def _first(seen: Observed) -> AgentRecord:
    return seen.agents[0]
