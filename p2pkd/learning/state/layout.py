"""What a row of a table holds: named parts, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from p2pkd.learning.api import Objective, Weighting
from p2pkd.learning.optim.optimizers import Optimizer


class Layout:
    """The parts of a row of one architecture, in order.

    `parameters`, of which the first may be all that travels; the `optimiser`'s state; and what the
    agent remembers beside, such as its `trust` in every other agent or the `prototypes` that it
    holds.  All but parameters are 0 at first.

    Attributes
    ----------
    slices : where in a row each part is.
    width : numbers in a row.
    """

    def __init__(self, parameters: int, optimiser: int, memories: Mapping[str, int]) -> None:
        self.slices: dict[str, slice] = {}
        self.width = 0
        for name, size in {"parameters": parameters, "optimiser": optimiser, **memories}.items():
            self.slices[name] = slice(self.width, self.width + size)
            self.width += size
        self.remembers = bool(memories)

    @classmethod
    def of(cls, n_parameters: int, optimizer: Optimizer, memories: Mapping[str, int]) -> Layout:
        """Return the layout of models of *n_parameters*, each with its *optimizer*'s state."""
        return cls(n_parameters, optimizer.state_floats(n_parameters), memories)

    def __contains__(self, part: str) -> bool:
        """Tell whether rows have a *part* of this name."""
        return part in self.slices

    def part(self, name: str, table: Tensor) -> Tensor:
        """Return the part *name* of all rows of *table* ``(G, width)``, a view ``(G, size)``."""
        return table[:, self.slices[name]]

    def parameters(self, table: Tensor) -> Tensor:
        """Return the parameters in *table* ``(G, width)``, a view ``(G, P)``; itself, if all."""
        # A view takes as long to make as a small product: none of the whole.
        here = self.slices["parameters"]
        return table if table.shape[1] == here.stop else table[:, here]


def memories_of(
    objective: Objective, weighting: Weighting, knowledge: Any, n_agents: int, n_classes: int
) -> dict[str, int]:
    """Return how many numbers agents remember beside their model and optimiser, by name.

    They are a part of the agent's version as its moments are: what is put off or forgotten takes
    them along.
    """
    memories = {}
    if weighting.remembers:
        memories["trust"] = n_agents
    if objective.by_prototypes:
        memories["prototypes"] = n_classes * (knowledge.width(n_classes) + 1)
    return memories
