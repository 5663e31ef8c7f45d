"""Who may talk to whom: the graph that agents sit on."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family
from p2pkd.scenario.graph_options import GraphOptions
from p2pkd.scenario.quantities import Count, Duration, Share, Strength


class TopologySpec(Family, root=True):
    """An undirected graph on as many nodes as there are agents."""

    plural = "topologies"

    allow_disconnected: bool = False
    """Accept a graph in several pieces; refused otherwise, since knowledge cannot cross."""


class Complete(TopologySpec):
    """Everybody is a neighbour of everybody."""

    kind: Literal["complete"] = "complete"


class Star(TopologySpec):
    """Agent 0 is the hub, all others are its leaves."""

    kind: Literal["star"] = "star"


class Ring(TopologySpec):
    """A cycle, each agent joined to the `k` / 2 nearest on either side."""

    kind: Literal["ring"] = "ring"
    k: Annotated[int, Field(ge=2, le=10**6, multiple_of=2)] = 2


class Grid(TopologySpec):
    """A two-dimensional grid, as square as the number of agents allows; or a torus."""

    kind: Literal["grid"] = "grid"
    rows: Count | None = None
    """Number of rows; must divide the number of agents.  Default: the divisor nearest its root."""
    torus: bool = False


class RandomRegular(TopologySpec):
    """A random graph in which everybody has exactly `k` neighbours."""

    kind: Literal["random_regular"] = "random_regular"
    k: Count = 4


class ErdosRenyi(TopologySpec):
    """Each pair is joined with probability `p`, or with that which gives `mean_degree`."""

    kind: Literal["erdos_renyi"] = "erdos_renyi"
    p: Share | None = None
    mean_degree: Strength | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.p is None) == (self.mean_degree is None):
            raise ValueError("give either p or mean_degree")
        return self


class WattsStrogatz(TopologySpec):
    """A small world: a ring with `k` neighbours, each edge rewired with probability `p`."""

    kind: Literal["watts_strogatz"] = "watts_strogatz"
    k: Annotated[int, Field(ge=2, le=10**6, multiple_of=2)] = 4
    p: Share = 0.1


class BarabasiAlbert(TopologySpec):
    """Preferential attachment: each newcomer brings `m` edges; a few hubs emerge."""

    kind: Literal["barabasi_albert"] = "barabasi_albert"
    m: Count = 2


class RandomGeometric(TopologySpec):
    """Points in the unit square, joined where closer than `radius`; positions set distances."""

    kind: Literal["random_geometric"] = "random_geometric"
    radius: Annotated[float, Field(gt=0, le=10)] = 0.3


class StochasticBlock(TopologySpec):
    """Clusters of nearly equal size, dense inside (`p_in`) and sparse between (`p_out`)."""

    kind: Literal["stochastic_block"] = "stochastic_block"
    clusters: Count = 3
    p_in: Share = 0.6
    p_out: Share = 0.05


class BalancedTree(TopologySpec):
    """A tree in which each inner node has `branching` children; agent 0 is the root."""

    kind: Literal["balanced_tree"] = "balanced_tree"
    branching: Annotated[int, Field(ge=2, le=10**6)] = 2


class GraphFile(GraphOptions, TopologySpec):
    """A graph from a file: GraphML, GEXF, GML, JSON or an edge list (`.edgelist`, `.txt`, `.csv`).

    The edge attributes `latency` and `bandwidth`, numbers with units such as "20 ms", are used
    where given, and the node attributes `x` and `y` as positions.  Whole-number names are ordered
    by number, others as the file has them.
    """

    kind: Literal["file"] = "file"
    path: str
    """Relative to the scenario file, or to the working directory."""


class GivenGraph(GraphOptions, TopologySpec):
    """A graph written out, as a `networkx.Graph` given in Python is.

    Nodes are names, or mappings with `id`, and perhaps `x` and `y`; edges are pairs of names, with
    a mapping of attributes behind them if there are any, or mappings with `source` and `target`.
    """

    kind: Literal["graph"] = "graph"
    nodes: Annotated[tuple[Any, ...], Field(min_length=1)]
    edges: tuple[Any, ...] = ()


class Topohub(TopologySpec):
    """A real network by its name in the `topohub` package, such as `topozoo/Abilene`."""

    kind: Literal["topohub"] = "topohub"
    name: str
    per_km: Duration | None = 5e-6
    """One-way delay of a kilometre of an edge, 5 us in fibre; null leaves it to `links`."""
