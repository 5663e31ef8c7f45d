"""How scenarios name agents: as the graph's file does, or by their numbers where there is none."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

AgentId = (
    Annotated[int, Field(ge=0, strict=True)] | Annotated[str, Field(min_length=1, strict=True)]
)
"""A name of `p2pkd.world.names`; whether anybody is called so is known once the graph is."""
Index = Annotated[int, Field(ge=0, strict=True)]
"""A number from 0, of a cluster."""
