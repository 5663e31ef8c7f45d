"""One agent: learns, says what it knows, hears what others say.

The process of an agent reads like its protocol: at each tick of its clock it learns from what it
remembers, then turns to its peers.  What it hears is a callback.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import simpy

from p2pkd.core.records import ComputeRecord
from p2pkd.distillation.base import Work
from p2pkd.engine.device import Device, Job
from p2pkd.engine.message import REQUEST, Contents, Message

if TYPE_CHECKING:
    from p2pkd.engine.shared import Shared

Steps = Generator[simpy.Event, Any, None]


class Agent:
    """The state and the behaviour of one agent; what all agents have in common is `shared`."""

    __slots__ = (
        "agent",
        "books",
        "degree",
        "device",
        "memory",
        "shared",
        "snapshot",
        "updates",
        "version",
    )

    def __init__(self, agent: int, shared: Shared, device: Device) -> None:
        self.agent = agent
        self.shared = shared
        self.device = device
        self.books = shared.books[agent]
        self.degree = shared.degree_of(agent)
        self.memory = shared.method.memory.build()
        self.version = shared.learner.initial(agent)
        self.updates = 0
        self.snapshot: Message | None = None

    # -- what it does at each tick ---------------------------------------------------------------

    def turn(self) -> Steps:
        """Learn (where the method learns at ticks), then gossip."""
        if self.shared.learns_at_ticks:
            yield from self.learn()
        yield from self.gossip()

    def learn(self) -> Steps:
        """Do the objective's work with what memory holds, piece by piece on the device."""
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        lessons = yield from self._lessons()
        staleness = self._staleness(lessons)
        for work in self.shared.objective.learn(self, lessons):
            if work.steps or work.parts:
                yield from self._compute(work, len(lessons), staleness)
            self.version = work.version
        self.device.release()

    def gossip(self) -> Steps:
        """Send to the peers whose turn it is: knowledge, a request, or both."""
        shared = self.shared
        if not (shared.carries or shared.asks):
            return
        peers = shared.peers.choose(self.agent, shared.fanout)
        if not peers:
            return
        contents = _REQUEST
        if shared.carries:
            turn = self.device.acquire()
            if turn is not None:
                yield turn
            contents = yield from self._speak()
            self.device.release()
        for peer in peers:
            message = Message(self.agent, peer, contents, asks=shared.asks, replies_to=-1)
            shared.network.send(message)

    # -- what it does when it hears something ----------------------------------------------------

    def hear(self, message: Message) -> None:
        """Remember *message*; answer it, and learn from it, where the method says so."""
        shared = self.shared
        if message.kind is not REQUEST:
            self.memory.store(message)
            if shared.learns_on_receipt:
                shared.react(self.learn())
        if message.asks:
            shared.react(self._answer(message))

    def _answer(self, message: Message) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        contents = yield from self._speak()
        self.device.release()
        reply = Message(
            self.agent, message.sender, contents, asks=False, replies_to=message.message
        )
        self.shared.network.send(reply)

    def _speak(self) -> Generator[simpy.Event, Any, Contents]:
        """Return contents, fixed now; the device is held while the model predicts."""
        shared = self.shared
        now = shared.env.now
        contents = shared.composer.compose(self.agent, self.version, self.updates, now)
        samples = shared.composer.samples(self.agent)
        if samples:
            flops = samples * shared.flops_forward[self.agent]
            yield from self._hold("predict", flops, 0, 0, float("nan"))
        return contents

    # -- lessons ---------------------------------------------------------------------------------

    def _lessons(self) -> Generator[simpy.Event, Any, Sequence[Message]]:
        shared = self.shared
        now = shared.env.now
        if shared.objective.teacher == "none" or now < shared.method.teachers.warm_up:
            return ()
        if shared.objective.teacher == "self":
            yield from self._look_back(now)
            return () if self.snapshot is None else (self.snapshot,)
        lessons: Sequence[Message] = self.memory.read(now)
        return lessons

    def _look_back(self, now: float) -> Steps:
        """Renew the snapshot of one's own predictions where it is too old."""
        if self.snapshot is None or now - self.snapshot.made_s >= self.shared.refresh_s:
            contents = yield from self._speak()
            self.snapshot = Message(self.agent, self.agent, contents, asks=False, replies_to=-1)

    def _staleness(self, lessons: Sequence[Message]) -> float:
        if not lessons:
            return float("nan")
        now = self.shared.env.now
        return sum(now - memo.made_s for memo in lessons) / len(lessons)

    # -- computation: what objectives ask for (see `p2pkd.distillation.base.Apprentice`) -----------

    def degree_of(self, agent: int) -> int:
        """Return how many neighbours another agent has."""
        return self.shared.degree_of(agent)

    def train(self, version: Any, steps: int) -> Work:
        """Return the work of *steps* cross-entropy steps on private rows."""
        samples = steps * self.shared.batch_of(self.agent)
        return Work("train", self.shared.learner.train(version, steps), steps, samples)

    def distill(self, version: Any, lessons: Sequence[Any], steps: int) -> Work:
        """Return the work of *steps* steps towards the targets that *lessons* make."""
        samples = steps * self.shared.distill_batch_of(self.agent)
        product = self.shared.learner.distill(version, lessons, steps)
        return Work("distill", product, steps, samples)

    def merge(self, version: Any, parts: Sequence[tuple[Any, float]]) -> Work:
        """Return the work of replacing *version*'s parameters by a weighted sum."""
        product = self.shared.learner.merge(version, parts)
        return Work("merge", product, 0, 0, len(parts))

    def _compute(self, work: Work, teachers: int, staleness_s: float) -> Steps:
        shared = self.shared
        # Backward costs twice forward; a merge is a multiplication and an addition a parameter.
        flops = 3 * work.samples * shared.flops_forward[self.agent]
        flops += 2 * work.parts * shared.parameters[self.agent]
        if work.kind == "train":
            teachers, staleness_s = 0, float("nan")
            self.books.train_steps += work.steps
        else:
            self.books.distill_steps += max(work.steps, 1)
        self.updates += work.steps
        yield from self._hold(work.kind, flops, work.steps, teachers, staleness_s)

    def _hold(
        self, kind: str, flops: float, steps: int, teachers: int, staleness_s: float
    ) -> Steps:
        """Keep the device busy for as long as *flops* take, and record it."""
        seconds = self.device.seconds(flops)
        self.device.job = Job(kind, self.shared.env.now, flops, steps, teachers, staleness_s)
        if seconds > 0:
            yield self.shared.env.timeout(seconds)
        self._record(completed=True)

    def cut_short(self) -> None:
        """Record what the device is in the middle of, at the end of the run."""
        if self.device.job is not None:
            self._record(completed=False)

    def _record(self, *, completed: bool) -> None:
        job, now = self.device.job, self.shared.env.now
        assert job is not None
        self.device.job = None
        seconds = now - job.started_s
        energy_j = self.device.compute_w * seconds
        self.books.computing_s += seconds
        self.books.compute_energy_j += energy_j
        self.shared.observer.compute(
            ComputeRecord(
                self.agent,
                job.kind,
                job.started_s,
                now,
                job.flops,
                energy_j,
                job.steps,
                job.teachers,
                job.staleness_s,
                self.updates,
                completed,
            )
        )


_REQUEST = Contents(REQUEST)
