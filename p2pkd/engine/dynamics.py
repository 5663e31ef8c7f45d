"""A graph that changes while the run goes on."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from p2pkd.engine.network import Network
from p2pkd.scenario.dynamics import DynamicsSpec
from p2pkd.world.dynamics import Change, History
from p2pkd.world.neighbourhood import Neighbourhood


class ChangingGraph:
    """Makes the changes of *history* to *graph*, those of time 0 at once.

    Where edges are the network itself (``transfers: abort``), what crosses an edge that goes is
    aborted, and *network* refuses what is sent where there is no edge.
    """

    def __init__(
        self,
        env: simpy.Environment,
        spec: DynamicsSpec,
        history: History,
        graph: Neighbourhood,
        network: Network,
    ) -> None:
        self.env = env
        self.graph = graph
        self.network = network
        self.aborts = getattr(spec, "transfers", "finish") == "abort"
        if self.aborts:
            network.reachable = graph.joined
        self.changes = history()
        self.next = self._apply_first()

    def _apply_first(self) -> Change | None:
        for change in self.changes:
            if change.time_s > 0:
                return change
            self._apply(change)
        return None

    def start(self) -> None:
        """Start the process that makes the changes to come."""
        if self.next is not None:
            self.env.process(self._run())

    def _run(self) -> Generator[simpy.Event, Any, None]:
        change = self.next
        while change is not None:
            yield self.env.timeout(max(0.0, change.time_s - self.env.now))
            self._apply(change)
            change = next(self.changes, None)

    def _apply(self, change: Change) -> None:
        if change.topology is not None:
            self.graph.replace(change.topology)
        for a, b, up in change.edges:
            self.graph.set_edge(a, b, up)
        if self.aborts:
            self._cut()

    def _cut(self) -> None:
        """Abort what crosses no edge any more."""
        joined, under_way = self.graph.joined, self.network.open
        hit = [m for m in under_way.values() if not joined(m.sender, m.receiver)]
        # What waits in a queue first: the end of a transfer would let it leave.
        for message in sorted(hit, key=lambda message: message.attempts > 0):
            self.network.abort(message)


def make_changes(
    env: simpy.Environment,
    spec: DynamicsSpec,
    history: History | None,
    graph: Neighbourhood,
    network: Network,
) -> ChangingGraph | None:
    """Return what changes *graph*; None where it stays."""
    return None if history is None else ChangingGraph(env, spec, history, graph, network)
