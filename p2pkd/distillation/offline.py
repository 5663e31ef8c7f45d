"""Offline distillation: a frozen teacher, sent once after local training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from p2pkd.distillation.response import Response
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import Period

KEEPS = ("latest_per_peer", "latest_per_row")


class Offline(Response):
    """`response` from peers that stopped learning: each speaks once, and is heard for good.

    L = a CE + (1 - a) T^2 KL(p_t, p_s) with p_t fixed: the offline scheme of Moslemi et al. (2024),
    section 2.1.  Every agent trains alone for `teach_after`, freezes what it then says of the
    reference rows, sends that to each neighbour once, and from then on distils from what it has
    been sent.  A message that is lost stays lost.
    """

    objective: Literal["offline"] = "offline"  # type: ignore[assignment]
    teach_after: Period = 300.0
    """Simulated time of training alone; the first tick after it makes the teacher."""

    @property
    def teach_after_s(self) -> float | None:
        """`teach_after`."""
        return self.teach_after

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints where a teacher would expire, or would have to speak twice."""
        yield from super().misfits(method)
        memory = method.memory
        if memory.tag_value not in KEEPS or memory.max_age is not None:
            given = "memory.max_age" if memory.tag_value in KEEPS else memory.tag_value
            yield f"memory: an offline teacher never expires; use {' or '.join(KEEPS)}, not {given}"
        if method.gossip.protocol.tag_value != "push":
            yield (
                "gossip.protocol: an offline teacher speaks once, unasked; use 'push', not"
                f" {method.gossip.protocol.tag_value!r}"
            )
        if self.when != "tick":
            yield "learn.when: an offline teacher trains before it hears anything; use 'tick'"
