"""Which agents collect and combine, and neither have data nor train."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from p2pkd.scenario.agent_ids import AgentId
from p2pkd.scenario.base import Spec


class AggregatorsSpec(Spec):
    """Agents without data that ask the others, combine their answers, and pass the result on.

    The first of them is the root: what it reaches over other aggregators is a tree, at whose end
    every other agent is beside one of them.  With a star this is the distributed pattern (a server
    and its clients), with a tree the hierarchical one.
    """

    who: Literal["hub", "inner"] | Annotated[tuple[AgentId, ...], Field(min_length=1)] = "hub"
    """The first agent, all with more than one neighbour, or these by name."""
    profile: str = "server"
    """What they run on (`p2pkd list devices`), with the first device group's model."""
