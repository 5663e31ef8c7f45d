"""A device: one computation at a time, first come, first served."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import simpy

from p2pkd.engine.battery import Battery
from p2pkd.engine.pace import Pace, Span
from p2pkd.engine.timeline import Alarm


@dataclass(slots=True)
class Job:
    """The computation that a device is in the middle of."""

    kind: str
    started_s: float
    flops: float
    steps: int
    teachers: int
    staleness_s: float
    effort: float
    """How many FLOPs would take as long, were there nothing but FLOPs (`p2pkd.engine.effort`)."""


class Device:
    """The processor of one agent.

    ``turn = device.acquire()`` gives None if the device was free, and else an event to wait for;
    whoever had it calls ``release()``.
    """

    __slots__ = (
        "alarm",
        "battery",
        "busy",
        "compute_w",
        "env",
        "flops_per_s",
        "job",
        "left_effort",
        "left_flops",
        "pace",
        "queue",
        "worker",
    )

    def __init__(
        self,
        env: simpy.Environment,
        flops_per_s: float,
        compute_w: float,
        pace: Pace | None = None,
        battery: Battery | None = None,
    ) -> None:
        self.env = env
        self.pace = pace
        """None where the rate is constant."""
        self.battery = battery
        self.flops_per_s = flops_per_s
        self.compute_w = compute_w
        self.busy = False
        self.job: Job | None = None
        self.worker: simpy.Process | None = None
        """The process that waits for the job's end, where an absence may interrupt it."""
        self.left_flops = self.left_effort = 0.0
        """What the last job had left when it ended."""
        self.queue: deque[simpy.Event] = deque()
        self.alarm = Alarm(env)
        """For the end of a computation that nothing interrupts."""

    def acquire(self) -> simpy.Event | None:
        """Take the device, now or when the returned event happens."""
        if not self.busy:
            self.busy = True
            return None
        turn = self.env.event()
        self.queue.append(turn)
        return turn

    def release(self) -> None:
        """Hand the device to the next in the queue."""
        if self.queue:
            self.queue.popleft().succeed()
        else:
            self.busy = False

    def reset(self) -> None:
        """Forget whoever has the device or waits for it."""
        self.busy = False
        self.queue.clear()

    def begin(self, job: Job) -> float:
        """Take up *job* now; return how long it will take."""
        self.job = job
        if self.pace is None:
            if self.battery is None:
                return job.effort / self.flops_per_s
            spans = [Span(job.effort / self.flops_per_s, self.flops_per_s)]
        else:
            self.pace.rest(self.env.now)
            planned = self.pace.plan(job.effort)
            if self.battery is None:
                return sum(span.seconds for span in planned)
            spans = list(planned)
        if self.battery is not None:
            self.battery.follow((span.seconds, self._power(span)) for span in spans)
        return sum(span.seconds for span in spans)

    def _power(self, span: Span) -> float:
        assert self.battery is not None
        return self.compute_w if span.flops_per_s else self.battery.idle_w

    def end(self, *, completed: bool) -> tuple[float, float]:
        """Take the job off now; return the FLOPs done, and the seconds that it really computed.

        These are less than its span where the duty cycle paused it.
        """
        job, now = self.job, self.env.now
        assert job is not None
        self.job = self.worker = None
        if completed and self.pace is None and self.battery is None:
            self.left_flops = self.left_effort = 0.0
            return job.flops, now - job.started_s
        spans = [Span(now - job.started_s, self.flops_per_s)]
        if self.pace is not None:
            spans = self.pace.work(now)
        if self.battery is not None:
            self.battery.follow(())
        flops, effort = job.flops, job.effort
        if not completed:
            effort = min(effort, sum(span.seconds * span.flops_per_s for span in spans))
            # The same share of everything; exact where there is nothing but FLOPs.
            flops = effort if job.effort == job.flops else flops * (effort / job.effort)
        self.left_effort = job.effort - effort
        self.left_flops = job.flops - flops
        active_s = sum(span.seconds for span in spans if span.flops_per_s)
        return flops, active_s
