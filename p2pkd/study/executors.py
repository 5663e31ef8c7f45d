"""Where the runs of a sweep are executed: the one seam is `Executor.outcomes`.

``local`` is a pool of processes of this machine (joblib's loky), ``ray`` a Ray cluster, or one
started here where no address is given.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Protocol

from p2pkd.core.errors import InputError, suggestion
from p2pkd.study.task import FAILED, Outcome, Task, run_task

WATCH_EVERY_S = 0.2


class Executor(Protocol):
    """Runs tasks, in any order and in any place."""

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield each task's outcome as soon as it is known."""


def executor(engine: str, jobs: int | None = None, address: str | None = None) -> Executor:
    """Return the executor named *engine* with *jobs* workers, by default one a core.

    Raise InputError if there is no such engine, or its package is not installed.
    """
    if engine == "local":
        return Local(jobs or os.cpu_count() or 1)
    if engine == "ray":
        return Ray(jobs, address or os.environ.get("RAY_ADDRESS"))
    raise InputError(f"--engine: no engine {engine!r}{suggestion(engine, ['local', 'ray'])}")


class InProcess:
    """One run after the other in this process; for tests and for debuggers."""

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield each task's outcome, in order."""
        yield from map(run_task, tasks)


class Local:
    """*jobs* processes of this machine, one torch thread each."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield each task's outcome as soon as it is known.

        A run that takes its process with it (out of memory, a crash in native code) takes the pool
        too; what is then left runs alone, one process a run, so that the culprit is found.
        """
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        left = {task.key: task for task in tasks}
        try:
            for outcome in _parallel(list(tasks), self.jobs):
                del left[outcome.key]
                yield outcome
        except TerminatedWorkerError:
            for task in left.values():
                yield _alone(task)


def _work(task: Task, parent: int) -> Outcome:
    """Run *task* in a worker of the process *parent*."""
    if parent != os.getpid():  # joblib runs a single job in place
        _leave_with(parent)
    return run_task(task)


@cache
def _leave_with(parent: int) -> None:
    """End this process when *parent* does: loky's workers survive a sweep that is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _parallel(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        pool = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
        yield from pool(delayed(_work)(task, os.getpid()) for task in tasks)


def _alone(task: Task) -> Outcome:
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with ProcessPoolExecutor(1, env={"OMP_NUM_THREADS": "1"}) as pool:
        try:
            outcome: Outcome = pool.submit(_work, task, os.getpid()).result()
        except TerminatedWorkerError as error:
            text = " ".join(str(error).split())
            return Outcome(task.key, FAILED, f"its process died: {text}")
    return outcome


class Ray:
    """A Ray cluster at *address*, or one of *jobs* processes started here and stopped at the end.

    The run directories must lie where all workers can write, on a cluster a shared file system.
    """

    def __init__(self, jobs: int | None, address: str | None) -> None:
        # Read when Ray is imported.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError:
            raise InputError(
                "--engine ray: Ray is not installed; pip install 'p2pkd[ray]'"
            ) from None
        self.ray = ray
        self.jobs = jobs
        self.address = address

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield each task's outcome as soon as it is known."""
        self._start()
        try:
            # Ray gives a task of one CPU one thread (OMP_NUM_THREADS).
            # A run that kills its worker is not tried again: it would kill the next.
            remote = self.ray.remote(num_cpus=1, max_retries=0)(run_task)
            waiting = {remote.remote(task): task for task in tasks}
            while waiting:
                ready, _ = self.ray.wait(list(waiting), num_returns=1)
                for reference in ready:
                    yield self._outcome(reference, waiting.pop(reference))
        finally:
            self.ray.shutdown()

    def _start(self) -> None:
        if self.address:
            self.ray.init(address=self.address, log_to_driver=False)
            return
        self.ray.init(
            num_cpus=self.jobs or os.cpu_count() or 1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )

    def _outcome(self, reference: Any, task: Task) -> Outcome:
        try:
            outcome: Outcome = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            return Outcome(task.key, FAILED, f"its process died: {' '.join(str(error).split())}")
        return outcome
