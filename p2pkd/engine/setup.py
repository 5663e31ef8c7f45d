"""What agents need before they begin: the reference set, where it has to be fetched."""

from __future__ import annotations

import math
from collections.abc import Sequence

from p2pkd.engine.books import Books
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.memory import FLOAT_BYTES
from p2pkd.world.world import World


def set_up(scenario: Scenario, world: World, books: Sequence[Books]) -> list[float]:
    """Charge every agent for the reference set, and return when each has it, in seconds.

    A `preloaded` set is free and there from the start.  A `download` is the rows that the agent
    has, as float32, from outside the network: it takes its size over the agent's downlink and none
    of others' links.
    """
    at_once = [0.0] * world.n_agents
    if scenario.data.reference.delivery == "preloaded" or world.data is None:
        return at_once
    known = world.data.known
    share = 1.0 if known is None else len(known[0]) / len(world.data.reference_x)
    size = round(FLOAT_BYTES * math.prod(world.data.reference_x.shape) * share)
    for each in books:
        each.setup_bytes += size
    if scenario.links.transport == "instant":
        return at_once
    seconds: list[float] = (size / world.links.downlink).tolist()
    return seconds
