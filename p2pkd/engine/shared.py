"""What all agents of a run have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

from p2pkd.core.records import Observer
from p2pkd.distillation.base import Objective
from p2pkd.engine.books import Books
from p2pkd.engine.effort import Efforts
from p2pkd.engine.ledger import Ledger
from p2pkd.engine.network import Network
from p2pkd.engine.outlook import Outlook
from p2pkd.gossip.peers import PeerSampler
from p2pkd.gossip.tokens import Accounts
from p2pkd.knowledge.exchange import Exchange
from p2pkd.scenario.method import MethodSpec


@dataclass(frozen=True, eq=False)
class Shared:
    """The run's environment, as its agents see it."""

    env: simpy.Environment
    method: MethodSpec
    objective: Objective
    learner: Any
    network: Network
    composer: Exchange
    peers: PeerSampler
    observer: Observer
    books: Sequence[Books]
    flops_forward: Sequence[float]
    parameters: Sequence[int]
    private_rows: Sequence[int]
    degree_of: Callable[[int], int]
    react: Callable[[Any, Generator[simpy.Event, Any, None]], None]
    """Lets an agent do something beside its turns."""
    tokens: Accounts | None = None
    ledger: Ledger | None = None
    """Set where the size of messages depends on their contents."""
    memory_keys: Sequence[int] | None = None
    """Of each agent, for memories that draw."""
    outlook: Outlook | None = None
    """Set where agents choose their peers by what they have learned."""
    efforts: Efforts | None = None
    """Set where devices pay for more than FLOPs."""
    search: Any = None
    """Set where agents choose their architectures (`p2pkd.engine.search`)."""
    views: Sequence[int] | None = None
    """The view of the data that each agent has; None where all see the same."""

    def __post_init__(self) -> None:
        """Unpack the choices that are looked at for every message."""
        protocol: Any = self.method.gossip.protocol
        fanout = self.method.gossip.fanout
        derived = {
            "carries": protocol.carries,
            "asks": protocol.asks,
            "fanout": 1 << 62 if fanout == "all" else fanout,
            "learns_at_ticks": self.method.learn.when == "tick",
            "learns_on_receipt": self.method.learn.when == "receive",
            "refresh_s": self.objective.refresh_s,
            "teach_after_s": self.objective.teach_after_s,
            "teacher": self.objective.teacher,
            "warm_up_s": self.method.teachers.warm_up,
            # Nobody listens who has not overridden the hook.
            "records": getattr(self.observer.compute, "__func__", None) is not Observer.compute,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    carries: bool = False
    asks: bool = False
    fanout: int = 1
    learns_at_ticks: bool = True
    learns_on_receipt: bool = False
    refresh_s: float = 0.0
    teach_after_s: float | None = None
    teacher: str = "peers"
    warm_up_s: float = 0.0
    records: bool = True

    def new_memory(self, agent: int) -> Any:
        """Return an empty memory for *agent*."""
        key = 0 if self.memory_keys is None else self.memory_keys[agent]
        return self.method.memory.build(key)

    def batch_of(self, agent: int) -> int:
        """Return how many private rows a gradient step of *agent* sees."""
        batch = self.objective.batch
        return self.private_rows[agent] if batch == "full" else batch
