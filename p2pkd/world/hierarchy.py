"""Who asks whom, where some agents aggregate what others have learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from p2pkd.core.errors import InputError
from p2pkd.scenario.aggregators import AggregatorsSpec
from p2pkd.world.names import Names
from p2pkd.world.topology import Topology


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A tree of aggregators, with all other agents as its leaves.

    Attributes
    ----------
    aggregators : the root first, each after its parent.
    children : whom each aggregator asks, ascending.
    """

    aggregators: tuple[int, ...]
    children: dict[int, tuple[int, ...]]

    @property
    def root(self) -> int:
        """The aggregator that nobody asks."""
        return self.aggregators[0]

    @cached_property
    def depth(self) -> dict[int, int]:
        """How many aggregators are above each aggregator."""
        found = {self.root: 0}
        for node in self.aggregators:
            found.update((i, found[node] + 1) for i in self.children[node] if i in self.children)
        return found

    @cached_property
    def leaves(self) -> dict[int, tuple[int, ...]]:
        """The agents with data below each aggregator."""
        below: dict[int, tuple[int, ...]] = {}
        for node in reversed(self.aggregators):
            parts = [below.get(child, (child,)) for child in self.children[node]]
            below[node] = tuple(sorted(leaf for part in parts for leaf in part))
        return below


def build_hierarchy(spec: AggregatorsSpec, topology: Topology) -> Hierarchy:
    """Return the tree of *spec* in *topology*, found breadth first from the root.

    Raise InputError where an aggregator does not exist or cannot be reached over others, or where
    an agent has no aggregator beside it.
    """
    chosen = aggregators_of(spec, topology)
    children: dict[int, tuple[int, ...]] = {}
    order, seen = [chosen[0]], {chosen[0]}
    for node in order:
        found = [int(i) for i in topology.neighbours(node) if int(i) not in seen]
        children[node] = tuple(found)
        seen.update(found)
        order += [i for i in found if i in chosen]
    missing = sorted(set(range(topology.n)) - seen)
    if missing:
        if spec.who == "hub":
            # Whom it does not reach is another with each seed; the mistake is the same.
            raise InputError(
                "topology: not all are neighbours of agent 0, the server (aggregators: {who: hub});"
                " a server without data needs a node of its own: beside the same"
                f" {topology.n} agents, topology: star and agents: {topology.n + 1}"
            )
        kind = "aggregator" if missing[0] in chosen else "agent"
        raise InputError(
            f"aggregators: {kind} {missing[0]} cannot be reached over aggregators alone from the"
            f" root, agent {chosen[0]} ({len(missing)} agents cannot); choose more aggregators, or"
            " a topology such as star or balanced_tree"
        )
    return Hierarchy(tuple(order), children)


def aggregators_of(spec: AggregatorsSpec, topology: Topology) -> tuple[int, ...]:
    """Return the aggregators of *spec*, the root first; raise InputError if there are none."""
    if spec.who == "hub":
        return (0,)
    if spec.who == "inner":
        inner = tuple(i for i in range(topology.n) if topology.degree[i] > 1)
        if not 0 < len(inner) < topology.n:
            raise InputError(
                f"topology: {len(inner)} of {topology.n} agents have more than one neighbour;"
                " aggregators: {who: inner} needs a topology with ends, such as balanced_tree"
            )
        return inner
    chosen = Names(topology).all_of(spec.who, "aggregators.who")
    if len(chosen) == topology.n:
        raise InputError(f"aggregators.who: nobody is left to learn, with {topology.n} agents")
    return tuple(chosen)
