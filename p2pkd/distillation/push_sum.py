"""Push-sum: averaging over one-way links, by a weight that travels with each model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, NamedTuple

from p2pkd.distillation.base import Objective, Work
from p2pkd.scenario.method import MethodSpec

MASS_BYTES = 4
"""What the weight takes in a message: a float32."""


class Parcel(NamedTuple):
    """A share of an agent's mass: the de-biased parameters, and how much they weigh."""

    version: Any
    mass: float


class PushSum(Objective):
    """x_i <- sum_j p_ij (x_j - lr g(z_j)), w_i <- sum_j p_ij w_j, z_i = x_i / w_i.

    Stochastic gradient push of Assran, Loizou, Ballas and Rabbat (ICML 2019), Algorithm 1 (its
    number recalled).  A sender with s receivers keeps 1 / (s + 1) of its x and w and sends as much
    to each, so that the columns of P sum to 1 on any directed graph.  What an agent uses, and what
    is evaluated, is the de-biased z; x is w z.  The w of all agents and of all messages on their
    way add up to their number; a message that is lost takes its share along, and the others' mean
    moves accordingly.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"weights"})
    manner: ClassVar[str] = "push_sum"
    objective: Literal["push_sum"] = "push_sum"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about choices that would drop or double shares."""
        yield from super().misfits(method)
        yield from only_ticks(self)
        yield from only(method, protocol="push", memory="inbox", flow="none")

    def learn(self, agent: Any, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the sum of all shares, and the private steps at the de-biased parameters."""
        if lessons:
            yield self._gathered(agent, [memo.contents for memo in lessons])
        debiased, mass = agent.version, agent.mass
        work = agent.train(debiased, self.local_steps)
        if mass != 1 and work.steps:
            # The step is x's; seen from z = x / w it is 1 / w times as long.
            scaled = agent.merge(work.version, [(work.version, 1 / mass), (debiased, 1 - 1 / mass)])
            work = replace(work, version=scaled.version, parts=scaled.parts)
        yield work

    def _gathered(self, agent: Any, parcels: Sequence[Parcel]) -> Work:
        total = agent.mass + sum(parcel.mass for parcel in parcels)
        parts = [(parcel.version, parcel.mass / total) for parcel in parcels]
        # The mass of what is not finite comes in, with one's own numbers: all masses stay n.
        shares = [(agent.version, agent.mass / total), *parts]
        work: Work = agent.merge(agent.version, shares, keeper=0)
        agent.mass = total
        return work


def only_ticks(objective: Objective) -> Iterator[str]:
    """Yield a complaint where *objective* would learn upon each message."""
    if objective.when != "tick":
        yield f"learn.when: {objective.tag_value!r} learns at its own ticks; use 'tick'"


def only(method: MethodSpec, **wanted: str) -> Iterator[str]:
    """Yield a complaint for each choice of *method* that is not as *wanted*."""
    gossip = method.gossip
    given = {
        "protocol": ("gossip.protocol", gossip.protocol.tag_value),
        "flow": ("gossip.flow", gossip.flow.tag_value),
        "memory": ("memory.keep", method.memory.tag_value),
        "fanout": ("gossip.fanout", str(gossip.fanout)),
    }
    name = method.learn.tag_value
    for choice, value in wanted.items():
        key, found = given[choice]
        if found != value:
            yield f"{key}: {name!r} needs {value!r}, given {found!r}"
