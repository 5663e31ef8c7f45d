"""Whether learning gets a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import sys

from p2pkd.core.errors import InputError
from p2pkd.scenario.scenario import Scenario

# Turns in a run from which on a second process repays its start, some 30 ms.
ENOUGH = 2000


def processes(scenario: Scenario) -> int:
    """Return how many processes a run of *scenario* has: 2 if learning has its own.

    Raise InputError if it asks for two where a process cannot go on as two.
    """
    execution = scenario.execution
    if execution.processes == 2 and not _can_fork():
        raise InputError(
            "execution.processes: 2 needs Linux, and a process that may have others; use 1 or auto"
        )
    if execution.processes != "auto":
        return execution.processes
    apart = (
        _can_fork()
        and execution.device == "cpu"
        and (execution.threads or cores()) >= 2
        and not scenario.method.looks
        and turns(scenario) >= ENOUGH
        # A fork must not use PyTorch's automatic differentiation where it has threads for GPUs.
        and not _has_gpu()
    )
    return 2 if apart else 1


def turns(scenario: Scenario) -> float:
    """Return about how many turns all agents take together."""
    return scenario.agents * scenario.duration / scenario.method.gossip.every


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _can_fork() -> bool:
    # macOS has fork as well, but its libraries do not survive it.
    return sys.platform == "linux" and not multiprocessing.current_process().daemon
