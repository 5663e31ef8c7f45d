"""Two models an agent: only the proxy travels, and teaches the private one (ProxyFL, FML)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from p2pkd.distillation.base import Work
from p2pkd.distillation.push_sum import PushSum
from p2pkd.scenario.method import MethodSpec

Weight = Annotated[float, Field(gt=0, le=1)]


class Proxy(PushSum):
    """L_f = a CE + (1 - a) KL(h, f), L_h = b CE + (1 - b) KL(f, h); h is averaged by push-sum.

    f is the private model and h the proxy of a `duo`; both terms are on the same private rows, each
    model's gradient holding the other's predictions fixed.  Kalra et al., "Decentralized federated
    learning through proxy model sharing" (Nature Communications, 2023), "Training objectives",
    where the weights are those of KL.  Peers' proxies take the place of one's own:
    h <- sum_j w_j h_j / sum_j w_j, w being push-sum's masses; private models are never merged.
    Both models' steps count in full, and one gradient norm is clipped for both.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"proxy"})
    objective: Literal["proxy"] = "proxy"  # type: ignore[assignment]
    weight: Weight = 0.5
    """Of cross-entropy in the private model's loss, a."""
    proxy_weight: Weight = 0.5
    """Of cross-entropy in the proxy's loss, b."""

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint where private models would leave their agents."""
        yield from super().misfits(method)
        knowledge: Any = method.send.knowledge
        if getattr(knowledge, "part", "proxy") != "proxy":
            yield (
                "send.knowledge: 'proxy' sends the proxy alone; use {kind: weights, part: proxy},"
                f" given part {knowledge.part!r}"
            )

    def learn(self, agent: Any, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the average of the proxies, and the steps in which both models learn."""
        if lessons:
            yield self._gathered(agent, [memo.contents for memo in lessons])
        yield agent.train(agent.version, self.local_steps)


class ProxyExchange(Proxy):
    """The losses of `proxy`; a received proxy takes the place of one's own, h_i <- h_j.

    As in the code of Kalra et al. (github.com/layer6ai-labs/ProxyFL, trainer.py): each round's
    graph is a permutation, whose weights hand all of a proxy on and keep nothing of it, so that no
    masses are told.  Of several received proxies the mean is taken; who has received none goes on
    with its own.
    """

    manner: ClassVar[str] = "gossip"
    objective: Literal["proxy_exchange"] = "proxy_exchange"  # type: ignore[assignment]

    def learn(self, agent: Any, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the proxy received in place of one's own, and the steps in which both learn."""
        if lessons:
            share = 1 / len(lessons)
            yield agent.merge(agent.version, [(memo.contents, share) for memo in lessons])
        yield agent.train(agent.version, self.local_steps)
