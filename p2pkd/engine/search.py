"""What agents know of architectures: which there are, what they cost, and what peers tell."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from p2pkd.distillation.base import Work
from p2pkd.engine.profile import Profile, families_of
from p2pkd.world.world import World


class Trial(NamedTuple):
    """A width that was tried: what was done with it, what it costs to run, how good it became."""

    model: int
    version: Any
    works: Sequence[Work]
    flops_forward: float
    loss: float
    price: float


@dataclass(eq=False)
class Search:
    """The architectures of a run, and who has which.

    Parameters
    ----------
    learner : of versions; `p2pkd.learning.widths` looks at its numbers.
    family_of : each agent's widths, as numbers of architectures, ascending.
    model_of : the architecture that each agent has now.
    """

    spec: Any
    learner: Any
    profile: Profile
    family_of: Sequence[Sequence[int]]
    model_of: list[int]
    told: list[tuple[list[float], list[tuple[int, float]]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told = [([], []) for _ in self.model_of]

    def candidates(self, agent: int, memos: Sequence[Any]) -> list[int]:
        """Return the architectures to try: one's own first, its neighbours, and the best peer's."""
        family, own = self.family_of[agent], self.model_of[agent]
        place = list(family).index(own)
        places = [place, place - 1, place + 1]
        heard = [told for memo in memos if (told := self._said(memo)) is not None]
        if heard:
            places.append(min(heard, key=lambda told: told[1])[0])
        return list(dict.fromkeys(family[i] for i in places if 0 <= i < len(family)))

    def _said(self, memo: Any) -> tuple[int, float] | None:
        """Return the width and the loss that *memo* tells; None before the first choice."""
        times, said = self.told[memo.sender]
        at = bisect_right(times, memo.made_s)
        return said[at - 1] if at else None

    def resized(self, version: Any, model: int) -> Any:
        """Return *version* with the architecture *model*."""
        from p2pkd.learning.widths import resize

        return resize(self.learner, version, model)

    def trial(self, agent: int, version: Any, model: int, works: Sequence[Work]) -> Trial:
        """Return how good *version* is, which *works* made with the architecture *model*."""
        from p2pkd.learning.widths import held_out_loss

        forward = self.profile.architectures[model].flops_forward
        first = self.profile.architectures[self.family_of[agent][0]].flops_forward
        price = self.spec.price * math.log2(forward / first)
        loss = held_out_loss(self.learner, version)
        return Trial(model, version, works, float(forward), loss, price)

    def held_out(self, agent: int) -> int:
        """Return how many private rows of *agent* are held out from training."""
        private = self.learner.tables.private
        return int(private.offsets[agent + 1] - private.offsets[agent] - private.sizes[agent])

    def keep(self, agent: int, chosen: Trial, now_s: float) -> None:
        """Let *agent* have what was *chosen* from now on, and tell of it."""
        model, kind = chosen.model, self.profile.architectures[chosen.model]
        self.model_of[agent] = model
        self.profile.models[agent] = kind.name  # type: ignore[index]
        self.profile.parameters[agent] = kind.n_parameters  # type: ignore[index]
        self.profile.flops_forward[agent] = float(kind.flops_forward)  # type: ignore[index]
        self.profile.traffic[agent] = self.profile.traffic_of[model]  # type: ignore[index]
        times, said = self.told[agent]
        times.append(now_s)
        said.append((list(self.family_of[agent]).index(model), chosen.loss))


def with_widths(learn: Any, world: World) -> World:
    """Return *world* with all architectures that agents may change to, after their own."""
    if learn.turns_between_choices is None:
        return world
    more = [other for spec in world.model_specs for other in learn.candidates(spec)]
    return replace(world, model_specs=tuple(dict.fromkeys([*world.model_specs, *more])))


def make_search(learn: Any, world: World, learner: Any, profile: Profile) -> Search | None:
    """Return what agents know of architectures; None where they keep theirs."""
    if learn.turns_between_choices is None:
        return None
    model_of = world.model_of.tolist()
    families = families_of(learn, world.model_specs)
    return Search(learn, learner, profile, [families[i] for i in model_of], model_of)
