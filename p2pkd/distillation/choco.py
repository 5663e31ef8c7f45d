"""Parameter gossip with compressed differences against public copies (CHOCO-SGD)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from p2pkd.distillation.base import Objective, Work
from p2pkd.distillation.merge import MetropolisMixing, MixingSpec
from p2pkd.distillation.push_sum import only, only_ticks
from p2pkd.scenario.method import MethodSpec


class Difference(NamedTuple):
    """What travels: the compressed difference, and the public copy before and after it.

    Only the first is on the wire.  A receiver whose copy is `before` has `after` once it adds the
    difference; naming both saves computing the same sum at each neighbour.
    """

    change: Any
    before: Any
    after: Any


class Choco(Objective):
    """x_i <- x_i + gamma sum_j w_ij (x^_j - x^_i), then private steps; q_i = Q(x_i - x^_i) is sent.

    CHOCO-SGD of Koloskova, Stich and Jaggi (ICML 2019), Algorithm 2 (its number recalled).  x^_j is
    the public copy of agent j's parameters: the sum of all q_j, which begins at 0 and is kept by j
    and by each of its neighbours.  Q is `send.codec`.  gamma is `consensus`: 1 with an exact codec
    is D-PSGD, and the coarser the codec, the smaller it must be.  A q that is lost leaves the
    receiver's copy behind for good.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"weights"})
    manner: ClassVar[str] = "choco"
    objective: Literal["choco"] = "choco"
    mixing: MixingSpec = MetropolisMixing()
    consensus: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The step towards consensus, gamma."""

    @property
    def mixed(self) -> MixingSpec:
        """`mixing`."""
        return self.mixing

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about choices under which somebody would miss a difference."""
        yield from super().misfits(method)
        yield from only_ticks(self)
        yield from only(method, protocol="push", memory="inbox", flow="none", fanout="all")
        if self.mixing.tag_value == "age":
            yield "learn.mixing: public copies have no age; use metropolis or uniform"

    def learn(self, agent: Any, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the public copies brought up to date, the consensus step, and the private steps."""
        for memo in lessons:
            yield from agent.take_in(memo)
        if agent.copies:
            yield self._mixed(agent)
        yield agent.train(agent.version, self.local_steps)

    def _mixed(self, agent: Any) -> Work:
        """Return x + gamma sum_j w_ij (x^_j - x^_i), over the neighbours heard of."""
        heard = sorted(agent.copies)
        shares = self.mixing.coefficients(agent, [_Sender(peer) for peer in heard])
        moves = [
            (agent.copies[peer], self.consensus * share)
            for peer, share in zip(heard, shares, strict=True)
        ]
        back = -self.consensus * sum(shares)
        own = agent.version
        # A copy that is not finite is taken to be one's own public one: no move towards it.
        parts = [(own, 1.0), *moves, (agent.known_of_itself(), back)]
        work: Work = agent.merge(own, parts, keeper=len(parts) - 1)
        return work


class _Sender(NamedTuple):
    """As much of a message as the weight of its sender depends on."""

    sender: int
