"""One agent: learns, says what it knows, hears what others say.

The process of an agent reads like its protocol: at each tick of its clock it learns from what it
remembers, then turns to its peers.  What it hears is a callback.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import simpy

from p2pkd.core.records import ComputeRecord
from p2pkd.distillation.base import Work
from p2pkd.engine.device import Device, Job
from p2pkd.engine.frozen import Frozen
from p2pkd.engine.message import REQUEST, Contents, Message

if TYPE_CHECKING:
    from p2pkd.engine.ledger import Ledger
    from p2pkd.engine.outlook import Outlook
    from p2pkd.engine.presence import Presence
    from p2pkd.engine.shared import Shared
    from p2pkd.gossip.tokens import Accounts

Steps = Generator[simpy.Event, Any, None]


class Agent:
    """The state and the behaviour of one agent; what all agents have in common is `shared`."""

    __slots__ = (
        "agent",
        "books",
        "device",
        "frozen",
        "memory",
        "presence",
        "running",
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
        self.memory = shared.new_memory(agent)
        self.version = shared.learner.initial(agent)
        self.updates = 0
        self.snapshot: Message | None = None
        self.frozen = None if shared.teach_after_s is None else Frozen()
        # Set where agents come and go; `running` are the processes that an absence cuts off.
        self.presence: Presence | None = None
        self.running: dict[simpy.Process, None] = {}

    # -- what it does at each tick ---------------------------------------------------------------

    def turn(self) -> Steps:
        """Learn (where the method learns at ticks), then gossip."""
        if self.shared.learns_at_ticks:
            yield from self.learn()
        tokens = self.shared.tokens
        if tokens is None or tokens.speaks(self.agent):
            if self.shared.outlook is not None:
                yield from self._look(self.shared.outlook)
            # To the peers whose turn it is: knowledge, a request, or both.
            peers = self._chosen()
            if peers:
                yield from self._turn_to(peers)
        self.books.turns += 1

    def learn(self) -> Steps:
        """Do the objective's work with what memory holds, piece by piece on the device."""
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        if self.shared.teacher == "self":
            lessons = yield from self._look_back()
        else:
            lessons = self._lessons()
        staleness = self._staleness(lessons)
        for work in self.shared.objective.learn(self, lessons):
            if work.steps or work.parts:
                heard, age_s = (0, _NAN) if work.kind == "train" else (len(lessons), staleness)
                yield from self._hold(work.kind, self._flops(work), work.steps, heard, age_s)
            self.version = work.version
        self.device.release()

    def _look(self, outlook: Outlook) -> Steps:
        """Look at what one knows, where the choice of peers depends on it."""
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        rows = outlook.look(self.agent, self.version, self.memory, self.shared.env.now)
        if rows:
            flops = rows * self.shared.flops_forward[self.agent]
            yield from self._hold("predict", flops, 0, 0, _NAN)
        self.device.release()

    def _chosen(self) -> Sequence[int]:
        shared = self.shared
        if not (shared.carries or shared.asks):
            return ()
        return shared.peers.choose(self.agent, shared.fanout)

    def _turn_to(self, peers: Sequence[int]) -> Steps:
        shared = self.shared
        if self.frozen is not None:
            peers = self._untold(self.frozen, peers)
            if not peers:
                return
        said = contents = _REQUEST
        if shared.carries:
            turn = self.device.acquire()
            if turn is not None:
                yield turn
            said, predicting = self._speak()
            yield from predicting
            self.device.release()
            contents = said
        if self.presence is not None:
            yield from self.presence.wait(self.agent)
        for peer in peers:
            if shared.ledger is not None:
                said = self._addressed(shared.ledger, contents, peer)
            message = Message(self.agent, peer, said, asks=shared.asks, replies_to=-1)
            shared.network.send(message)

    def _addressed(self, ledger: Ledger | None, contents: Contents, peer: int) -> Contents:
        """Return *contents* with the size that they have for *peer*."""
        if ledger is None or contents is _REQUEST:
            return contents
        return ledger.addressed(contents, self.agent, peer)

    def _untold(self, frozen: Frozen, peers: Sequence[int]) -> Sequence[int]:
        """Return those of *peers* who must still be told; nobody while it learns alone."""
        after_s = self.shared.teach_after_s
        return () if after_s is None or self.shared.env.now < after_s else frozen.untold(peers)

    # -- what it does when it hears something ----------------------------------------------------

    def hear(self, message: Message) -> None:
        """Remember *message*; answer it, and learn from it, where the method says so."""
        shared = self.shared
        if shared.ledger is not None:
            shared.ledger.delivered(message)
        if message.kind is not REQUEST:
            self.memory.store(message)
            if shared.learns_on_receipt:
                shared.react(self, self.learn())
            if shared.tokens is not None:
                self._spend_tokens(shared.tokens, message)
        if message.asks:
            shared.react(self, self._answer(message))

    def _spend_tokens(self, tokens: Accounts, message: Message) -> None:
        """Pass the news on to as many peers as the tokens make one send."""
        useful = tokens.useful(message.version, self.updates)
        count = tokens.reaction(self.agent, useful)
        peers = self.shared.peers.choose(self.agent, count) if count else ()
        if peers:
            tokens.spend(self.agent, len(peers))
            self.shared.react(self, self._turn_to(peers))

    def _answer(self, message: Message) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        contents, predicting = self._speak()
        yield from predicting
        self.device.release()
        if self.presence is not None:
            yield from self.presence.wait(self.agent)
        said = self._addressed(self.shared.ledger, contents, message.sender)
        reply = Message(self.agent, message.sender, said, asks=False, replies_to=message.message)
        self.shared.network.send(reply)

    def _speak(self) -> tuple[Contents, Iterable[Any]]:
        """Return contents, fixed now, and what to wait for while the model predicts.

        The device is held for so long.
        """
        shared = self.shared
        if self.frozen is not None and self.frozen.contents is not None:
            return self.frozen.contents, ()
        now = shared.env.now
        contents = shared.composer.compose(self.agent, self.version, self.updates, now)
        if self.frozen is not None:
            self.frozen.contents = contents
        samples = shared.composer.samples(self.agent)
        if not samples:
            return contents, ()
        flops = samples * shared.flops_forward[self.agent]
        return contents, self._hold("predict", flops, 0, 0, _NAN)

    # -- lessons ---------------------------------------------------------------------------------

    def _lessons(self) -> Sequence[Message]:
        shared = self.shared
        now = shared.env.now
        if shared.teacher == "none" or now < shared.warm_up_s:
            return ()
        if self.frozen is not None and self.frozen.contents is None:
            return ()  # it learns alone until it has become a teacher
        lessons: Sequence[Message] = self.memory.read(now)
        return lessons

    def _look_back(self) -> Generator[simpy.Event, Any, Sequence[Message]]:
        """Return the snapshot of one's own predictions, renewed where it is too old."""
        now = self.shared.env.now
        if now < self.shared.warm_up_s:
            return ()
        if self.snapshot is None or now - self.snapshot.made_s >= self.shared.refresh_s:
            contents, predicting = self._speak()
            yield from predicting
            self.snapshot = Message(self.agent, self.agent, contents, asks=False, replies_to=-1)
        return (self.snapshot,)

    def _staleness(self, lessons: Sequence[Message]) -> float:
        if not lessons:
            return _NAN
        now = self.shared.env.now
        if len(lessons) == 1:
            return float(now - lessons[0].made_s)
        return sum(now - memo.made_s for memo in lessons) / len(lessons)

    # -- computation: what objectives ask for (see `p2pkd.distillation.base.Apprentice`) -----------

    @property
    def degree(self) -> int:
        """How many neighbours it has now."""
        return self.shared.degree_of(self.agent)

    def degree_of(self, agent: int) -> int:
        """Return how many neighbours another agent has."""
        return self.shared.degree_of(agent)

    def view_of(self, agent: int) -> int:
        """Return the number of an agent's view of the data; 0 where all see the same."""
        views = self.shared.views
        return 0 if views is None else views[agent]

    def train(self, version: Any, steps: int) -> Work:
        """Return the work of *steps* cross-entropy steps on private rows."""
        samples = steps * self.shared.batch_of(self.agent)
        return Work("train", self.shared.learner.train(version, steps), steps, samples)

    def distill(self, version: Any, lessons: Sequence[Any], steps: int) -> Work:
        """Return the work of *steps* steps towards the targets that *lessons* make."""
        shared = self.shared
        samples = shared.objective.lesson_rows(shared, self.agent, len(lessons), steps)
        product = shared.learner.distill(version, lessons, steps, shared.env.now)
        return Work("distill", product, steps, samples)

    def merge(self, version: Any, parts: Sequence[tuple[Any, float]], keeper: int = -1) -> Work:
        """Return the work of replacing *version*'s parameters by a weighted sum."""
        product = self.shared.learner.merge(version, parts, keeper)
        return Work("merge", product, 0, 0, len(parts))

    def _flops(self, work: Work) -> float:
        # Backward costs twice forward; a merge is a multiplication and an addition a parameter.
        flops = 3 * work.samples * self.shared.flops_forward[self.agent] if work.samples else 0.0
        return flops + 2 * work.parts * self.shared.parameters[self.agent]

    def _hold(
        self,
        kind: str,
        flops: float,
        steps: int,
        teachers: int,
        staleness_s: float,
        effort: float | None = None,
    ) -> Iterable[Any]:
        """Keep the device busy for as long as *flops* take, and record it.

        *effort* is what they take in all, where that is not what the agent's own model would.
        Returns the events to wait for.
        """
        shared = self.shared
        if effort is None:
            known = shared.efforts
            effort = flops if known is None else known.of(self.agent, kind, flops, steps)
        job = Job(kind, shared.env.now, flops, steps, teachers, staleness_s, effort)
        if self.presence is not None:
            return self._hold_online(self.presence, job)
        device = self.device
        seconds = device.begin(job)
        if seconds > 0:
            return (device.alarm.set(seconds, self._record),)
        self._record()
        return ()

    def _hold_online(self, presence: Presence, job: Job) -> Steps:
        """Do as `_hold` does, where an absence may come in between."""
        env, device = self.shared.env, self.device
        yield from presence.wait(self.agent)
        job.started_s = env.now
        seconds = device.begin(job)
        while seconds > 0:
            device.worker = env.active_process
            try:
                yield env.timeout(seconds)
                break
            except simpy.Interrupt:
                if not presence.resumes:
                    raise
                # What was done is recorded; the rest is a job of its own.
                yield from presence.wait(self.agent)
                flops, effort = device.left_flops, device.left_effort
                job = replace(job, started_s=env.now, flops=flops, effort=effort)
                seconds = device.begin(job)
        self._record()

    def cut_short(self) -> None:
        """Record what the device is in the middle of, and take it off."""
        if self.device.job is not None:
            self._record(completed=False)

    # -- absence ---------------------------------------------------------------------------------

    def alive(self, steps: Steps) -> Steps:
        """Return *steps*, so that they end, or pause, when the agent goes offline."""
        return steps if self.presence is None else self._while_online(self.presence, steps)

    def _while_online(self, presence: Presence, steps: Steps) -> Steps:
        if not presence.online[self.agent] and not presence.resumes:
            steps.close()
            return
        yield from presence.wait(self.agent)
        process = self.shared.env.active_process
        assert process is not None
        self.running[process] = None
        try:
            yield from steps
        except simpy.Interrupt:
            pass  # the turn is lost
        finally:
            self.running.pop(process, None)

    def stop(self, *, resumes: bool, keeps_memory: bool) -> None:
        """Go offline: what the device computes is cut short."""
        worker = self.device.worker
        self.cut_short()
        if not resumes:
            for process in self.running:
                process.interrupt()
            self.running.clear()
            self.device.reset()
        elif worker is not None:
            worker.interrupt()
        if not keeps_memory:
            self.memory = self.shared.new_memory(self.agent)
            if self.shared.ledger is not None:
                self.shared.ledger.forget(self.agent)
            self.snapshot = None

    def _record(self, _: Any = None, *, completed: bool = True) -> None:
        """Take the device's job off it, and down; also as what an alarm calls."""
        device, books = self.device, self.books
        job = device.job
        assert job is not None
        flops, seconds = device.end(completed=completed)
        energy_j = device.compute_w * seconds
        books.computing_s += seconds
        books.compute_energy_j += energy_j
        # The steps of what was cut short never reach the model; a rest that resumes brings them.
        steps = job.steps if completed else 0
        self.updates += steps
        books.computed(job.kind, flops, steps, completed=completed)
        if self.shared.records:
            self._tell(job, flops, energy_j, steps, completed=completed)

    def _tell(
        self, job: Job, flops: float, energy_j: float, steps: int, *, completed: bool
    ) -> None:
        self.shared.observer.compute(
            ComputeRecord(
                self.agent,
                job.kind,
                job.started_s,
                self.shared.env.now,
                flops,
                energy_j,
                steps,
                job.teachers,
                job.staleness_s,
                self.updates,
                completed,
            )
        )


_REQUEST = Contents(REQUEST)
_NAN = float("nan")
