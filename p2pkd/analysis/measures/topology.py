"""What a graph is like, and what that did to the agents on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from p2pkd.analysis.io.run_data import RunData
from p2pkd.core.errors import ResultError
from p2pkd.core.scores import short

MIXED = 0.25


@dataclass(frozen=True)
class TopologyMeasures:
    """Figures of a connected graph.

    Attributes
    ----------
    spectral_gap : 1 - max(abs(lambda_2), abs(lambda_n)) of the Metropolis matrix; gossip
        averaging contracts disagreement by 1 - gap a round (Boyd et al., IEEE Trans. IT, 2006).
    mixing_time : rounds until a walk by that matrix is within 1/4 of uniform (total variation)
        from its worst start.
    diameter, path_length : longest and mean distance, in hops.
    betweenness_max : the largest share of shortest paths that lead over one node.
    """

    nodes: int
    edges: int
    spectral_gap: float
    mixing_time: int
    diameter: int
    path_length: float
    degree_min: int
    degree_mean: float
    degree_max: int
    betweenness_max: float


def measures_of(n: int, edges: Sequence[Sequence[int]]) -> TopologyMeasures:
    """Return the measures of the graph on nodes 0 to *n* - 1 with these *edges*.

    Raise ResultError if it is not connected.
    """
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((int(i), int(j)) for i, j in edges)
    if n == 0 or not nx.is_connected(graph):
        raise ResultError("the graph is not connected; its distances are infinite")
    matrix = metropolis(n, edges)
    degree = np.array([graph.degree(i) for i in range(n)])
    return TopologyMeasures(
        nodes=n,
        edges=graph.number_of_edges(),
        spectral_gap=spectral_gap(matrix),
        mixing_time=mixing_time(matrix),
        diameter=nx.diameter(graph),
        path_length=float(nx.average_shortest_path_length(graph)),
        degree_min=int(degree.min()),
        degree_mean=float(degree.mean()),
        degree_max=int(degree.max()),
        betweenness_max=float(max(nx.betweenness_centrality(graph).values())),
    )


def topology_measures(result: RunData) -> TopologyMeasures:
    """Return the measures of the graph that *result* ran on; ResultError where it kept none."""
    graph = result.topology
    if graph is None:
        raise ResultError(f"{result.path}: has no topology.json; its graph was too large to keep")
    return measures_of(len(graph["nodes"]), graph["edges"])


def metropolis(n: int, edges: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Return the Metropolis matrix ``(n, n)``: W_ij = 1 / (1 + max(d_i, d_j)) on edges.

    Symmetric, rows sum to 1 (Xiao, Boyd and Lall, IPSN 2005).
    """
    adjacent = np.zeros((n, n), dtype=bool)
    for i, j in edges:
        adjacent[i, j] = adjacent[j, i] = i != j
    degree = adjacent.sum(axis=1)
    matrix = np.where(adjacent, 1 / (1 + np.maximum.outer(degree, degree)), 0.0)
    np.fill_diagonal(matrix, 1 - matrix.sum(axis=1))
    return matrix


def spectral_gap(matrix: NDArray[np.float64]) -> float:
    """Return 1 less the second largest modulus of the eigenvalues of a symmetric *matrix*."""
    if len(matrix) < 2:
        return 1.0
    moduli = np.sort(np.abs(np.linalg.eigvalsh(matrix)))
    return float(1 - moduli[-2])


def mixing_time(matrix: NDArray[np.float64], within: float = MIXED) -> int:
    """Return the least t at which every row of ``matrix ** t`` is *within* of uniform.

    Distance is total variation.  -1 where that never happens.
    """
    n = len(matrix)
    if spectral_gap(matrix) < 1e-12:
        return -1
    powers = [matrix]
    while _distance(powers[-1]) > within:
        powers.append(powers[-1] @ powers[-1])
    # Binary search downwards: the distance never grows with t.
    reached, t = np.eye(n), 0
    for exponent in reversed(range(len(powers))):
        further = reached @ powers[exponent]
        if _distance(further) > within:
            reached, t = further, t + 2**exponent
    return t + 1 if _distance(reached) > within else t


def hub_load(result: RunData) -> float:
    """Return the bytes sent and received by the busiest agent, over the mean of all agents."""
    agents = result.agents
    load = agents["wire_bytes"] + agents["received_bytes"]
    mean = float(load.mean())
    return float(load.max()) / mean if mean else float("nan")


def final_disagreement(result: RunData) -> float:
    """Return the share of test rows on which two random agents differ, at the last evaluation."""
    values = result.population["disagreement"]
    return float(values.iloc[-1]) if len(values) else float("nan")


def topology_table(results: Sequence[RunData]) -> pd.DataFrame:
    """Return a row per run: its graph's measures, beside accuracy, disagreement and hub load."""
    rows = [
        {
            "name": result.name,
            "seed": result.seed,
            **asdict(topology_measures(result)),
            "score": short(result.summary),
            "accuracy": result.summary.get("final_accuracy_mean"),
            "accuracy_std": result.summary.get("final_accuracy_std"),
            "disagreement": final_disagreement(result),
            "hub_load": hub_load(result),
        }
        for result in results
    ]
    return pd.DataFrame(rows)


def _distance(matrix: NDArray[np.float64]) -> float:
    return float(np.abs(matrix - 1 / len(matrix)).sum(axis=1).max() / 2)
