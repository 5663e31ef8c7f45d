"""Agents without data, that ask the others and combine what they answer."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any

import simpy

from p2pkd.distillation.base import Work
from p2pkd.distillation.merge import MixingSpec, UniformMixing
from p2pkd.engine.agent import Agent, Steps
from p2pkd.engine.behaviours.bundle import Bundle, Collection, as_told, bundled
from p2pkd.engine.device import Device
from p2pkd.engine.message import REQUEST, Contents, Message
from p2pkd.engine.shared import Shared
from p2pkd.gossip.peers.base import Draws
from p2pkd.world.hierarchy import Hierarchy

NAN = float("nan")
ASKING = Contents(REQUEST)


class AggregatorAgent(Agent):
    """Holds rounds with its children: at its ticks if it is the root, else when it is asked.

    Where models travel, its own is the average of its children's.  Where predictions do, it has no
    model to speak of, but a bundle of what it was told last.
    """

    __slots__ = (
        "answers",
        "children",
        "collections",
        "draws",
        "hierarchy",
        "late",
        "mixing",
        "models",
        "patience_s",
        "protocol",
    )

    def __init__(
        self, agent: int, shared: Shared, device: Device, hierarchy: Hierarchy, draws: Draws
    ) -> None:
        super().__init__(agent, shared, device)
        self.hierarchy = hierarchy
        self.children = hierarchy.children[agent]
        self.draws = draws
        protocol: Any = shared.method.gossip.protocol
        self.protocol = protocol
        self.models = shared.composer.models
        self.mixing: MixingSpec = shared.objective.mixed or UniformMixing()
        self.patience_s: float = protocol.patience_at(hierarchy.depth[agent])
        self.collections: dict[int, Collection] = {}
        self.answers = self.late = 0
        """How many came in time, and how many too late."""

    def rows_below(self, agent: int) -> int:
        """Return the private rows of *agent*, or of all agents with data below it."""
        leaves = self.hierarchy.leaves.get(agent, (agent,))
        return sum(self.shared.private_rows[leaf] for leaf in leaves)

    def turn(self) -> Steps:
        """Hold a round, if one is the root."""
        late_enough = self.shared.env.now >= self.shared.warm_up_s
        if self.agent == self.hierarchy.root and late_enough:
            yield from self._round()

    def hear(self, message: Message) -> None:
        """Take in an answer, hold a round as one is asked to, or pass on what one is told."""
        ledger = self.shared.ledger
        if ledger is not None and not isinstance(message.contents, Bundle):
            ledger.delivered(message)
        collection = self.collections.pop(message.replies_to, None)
        if collection is not None:
            self.answers += 1
            collection.take(message)
        elif message.replies_to >= 0 and not message.asks:
            self.late += 1
        elif message.asks:
            self.shared.react(self, self._serve(message))
        elif message.replies_to < 0:
            self._pass_on(as_told(message))

    def _serve(self, message: Message) -> Steps:
        """Hold rounds with one's own children, and answer with what came out."""
        if self.models:
            yield from self._become([(message.contents, 1.0)])
            for _ in range(self.protocol.inner_rounds):
                answers = yield from self._collect()
                yield from self._average(answers)
            said = self._model()
        else:
            answers = yield from self._collect()
            if not answers:
                return
            yield from self._combine(answers)
            said = self._saying(bundled(answers))
        if self.presence is not None:
            yield from self.presence.wait(self.agent)
        answer = Message(self.agent, message.sender, said, asks=False, replies_to=message.message)
        self.shared.network.send(answer)

    # -- a round ---------------------------------------------------------------------------------

    def _round(self) -> Steps:
        answers = yield from self._collect()
        if self.models:
            yield from self._average(answers)
            yield from self._fuse(answers)
        elif answers:
            told = bundled(answers)
            yield from self._combine(answers)
            if self.protocol.tells == "mean":
                self._pass_on(self._saying(told))
            yield from self._follow(told.lessons)
            if self.protocol.tells == "model":
                said = yield from self._prediction(told.rows)
                self._pass_on(said)

    def _follow(self, lessons: Sequence[Any]) -> Steps:
        """Let one's own model, where the method has one, learn what everybody is told."""
        if self.protocol.server_steps and lessons:
            work = self.distill(self.version, lessons, self.protocol.server_steps)
            yield from self._work(work, len(lessons), self._staleness(lessons))

    def _prediction(self, rows: Any) -> Generator[simpy.Event, Any, Contents]:
        """Return what one's own model says of *rows*, in single precision."""
        shared, version = self.shared, self.version
        payload = shared.learner.predict(version, rows, exact=True)
        made_s, updates = shared.env.now, self.updates
        yield from self._compute("predict", len(rows) * shared.flops_forward[self.agent])
        size, kind = self._table(rows), shared.method.send.knowledge.tag_value
        return Contents(kind, payload, rows, size_bytes=size, made_s=made_s, version=updates)

    def _collect(self, request: Contents = ASKING) -> Any:
        """Ask this round's children; return their answers, by sender."""
        network = self.shared.network
        collection = Collection(self.shared.env, self.patience_s)
        asking = self._model(asking=True) if self.models else request
        for child in self._cohort():
            message = Message(self.agent, child, asking, asks=True, replies_to=-1)
            network.send(message)
            if message.message in network.open:
                collection.asked.add(message.message)
                self.collections[message.message] = collection
        yield from collection.wait()
        for number in collection.asked:
            del self.collections[number]
        self.books.turns += 1
        return sorted(collection.answers, key=lambda answer: answer.sender)

    def _cohort(self) -> Sequence[int]:
        """Return max(C K, 1) of the K children, ascending."""
        count = self.protocol.cohort(len(self.children))
        return sorted(self.draws.pick(self.agent, list(self.children), count))

    def _average(self, answers: Sequence[Message]) -> Steps:
        """Let one's model be the average of the answers; stay as one is without any.

        An answer that is not finite counts as if the child had sent back what the aggregator has.
        """
        if answers:
            shares = self.mixing.coefficients(self, answers)
            total = sum(shares)
            yield from self._become(
                [(a.contents, share / total) for a, share in zip(answers, shares, strict=True)]
            )

    def _fuse(self, answers: Sequence[Message]) -> Steps:
        """Learn from what the answers' models predict, where the method says so (FedDF)."""
        work = self.shared.objective.fuse(self, answers) if answers else None
        if work is not None:
            yield from self._work(work, len(answers), self._staleness(answers))

    def _become(self, parts: Sequence[tuple[Any, float]]) -> Steps:
        yield from self._work(self.merge(self.version, parts))

    def _combine(self, answers: Iterable[Message]) -> Steps:
        """Take as long as the mean of all tables does: two operations a number."""
        numbers = sum(self._table(a.rows) for a in answers) / 4
        yield from self._compute("merge", 2.0 * numbers)

    def _work(self, work: Work, teachers: int = 0, staleness_s: float = NAN) -> Steps:
        yield from self._compute(work.kind, self._flops(work), work.steps, teachers, staleness_s)
        self.version = work.version

    def _compute(
        self, kind: str, flops: float, steps: int = 0, teachers: int = 0, staleness_s: float = NAN
    ) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        yield from self._hold(kind, flops, steps, teachers, staleness_s)
        self.device.release()

    # -- what it says ----------------------------------------------------------------------------

    def _model(self, *, asking: bool = False) -> Contents:
        said = self.shared.composer.compose(
            self.agent, self.version, self.updates, self.shared.env.now
        )
        if asking:  # how many rows there are is told upwards only
            said.size_bytes -= self.mixing.fact_bytes
        return said

    def _saying(self, told: Bundle) -> Contents:
        rows = told.rows
        kind = self.shared.method.send.knowledge.tag_value
        made_s = self.shared.env.now
        return Contents(kind, told, rows, size_bytes=self._table(rows), made_s=made_s)

    def _table(self, rows: Any) -> int:
        composer: Any = self.shared.composer
        size: int = composer.mean_bytes(rows)
        return size

    def _pass_on(self, said: Contents) -> None:
        for child in self.children:
            message = Message(self.agent, child, said, asks=False, replies_to=-1)
            self.shared.network.send(message)
