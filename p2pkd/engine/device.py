"""A device: one computation at a time, first come, first served."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import simpy


class Job(NamedTuple):
    """The computation that a device is in the middle of."""

    kind: str
    started_s: float
    flops: float
    steps: int
    teachers: int
    staleness_s: float


class Device:
    """The processor of one agent.

    ``turn = device.acquire()`` gives None if the device was free, and else an event to wait for;
    whoever had it calls ``release()``.
    """

    __slots__ = (
        "busy",
        "compute_w",
        "env",
        "flops_per_s",
        "job",
        "left_flops",
        "queue",
        "worker",
    )

    def __init__(self, env: simpy.Environment, flops_per_s: float, compute_w: float) -> None:
        self.env = env
        self.flops_per_s = flops_per_s
        self.compute_w = compute_w
        self.busy = False
        self.job: Job | None = None
        self.worker: simpy.Process | None = None
        """The process that waits for the job's end."""
        self.left_flops = 0.0
        """What the last job had left when it ended."""
        self.queue: deque[simpy.Event] = deque()

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
        """Take up *job* now, for the process that is running; return how long it will take."""
        self.job = job
        self.worker = self.env.active_process
        return self.seconds(job.flops)

    def end(self, *, completed: bool) -> tuple[Job, float]:
        """Take the job off; return it and how many FLOPs of it were done."""
        job = self.job
        assert job is not None
        self.job = self.worker = None
        done = job.flops if completed else min(job.flops, self.flops(self.env.now - job.started_s))
        self.left_flops = job.flops - done
        return job, done

    def seconds(self, flops: float) -> float:
        """Return how long *flops* take."""
        return flops / self.flops_per_s

    def flops(self, seconds: float) -> float:
        """Return how many FLOPs are done in *seconds*."""
        return seconds * self.flops_per_s
