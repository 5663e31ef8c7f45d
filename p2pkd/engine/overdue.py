"""Who can never do in time what is asked, known once the world is built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.units import DURATION
from p2pkd.engine.profile import Profile
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.world import World


def overdue(scenario: Scenario, world: World, profile: Profile) -> list[str]:
    """Return ``method.gossip.every: ...`` where private steps alone take agents too long.

    A lower bound, for distilling, predicting and sending come on top: who is named is late.
    """
    return [
        *_turns(scenario, world, profile),
        *_answers(scenario, world, profile),
        *_batches(scenario, profile),
    ]


def _batches(scenario: Scenario, profile: Profile) -> Iterator[str]:
    """Yield a warning where a step draws more rows than anybody has."""
    learn = scenario.method.learn
    most = sum(profile.private_rows) if learn.train_on == "pooled" else max(profile.private_rows)
    if learn.batch != "full" and learn.batch > most:
        yield (
            f"method.learn.batch: {learn.batch:,}, but no agent has more than {most:,} rows to"
            " learn from; rows are drawn with replacement, so a step sees some of them several"
            " times; full takes each once"
        )


def _turns(scenario: Scenario, world: World, profile: Profile) -> Iterator[str]:
    """Yield a warning where agents with clocks of their own have no time for a turn."""
    gossip = scenario.method.gossip
    own_clock = gossip.clock in ("periodic", "poisson") and world.hierarchy is None
    if own_clock and scenario.method.learn.when == "tick":
        needed = _private_s(scenario, world, profile)
        late = np.flatnonzero(needed > gossip.every)
        if len(late):
            yield (
                f"method.gossip.every: {DURATION.format(gossip.every)}, but private steps alone"
                f" take {_slowest(late, needed, world.n_agents)}; they will do fewer turns"
            )


def _answers(scenario: Scenario, world: World, profile: Profile) -> Iterator[str]:
    """Yield a warning where members cannot answer before their aggregator's patience is over."""
    hierarchy, protocol = world.hierarchy, scenario.method.gossip.protocol
    if hierarchy is None:
        return
    patient: Any = protocol
    allowed = {
        child: patient.patience_at(hierarchy.depth[node])
        for node in hierarchy.aggregators
        for child in hierarchy.children[node]
        if child not in hierarchy.children
    }
    needed = _private_s(scenario, world, profile)
    late = np.array([i for i, seconds in allowed.items() if needed[i] > seconds], np.int64)
    if len(late):
        shortest = DURATION.format(min(allowed[i] for i in late))
        yield (
            f"method.gossip.protocol.patience: aggregators wait {shortest}, but private steps alone"
            f" take {_slowest(late, needed, len(allowed))}; what they answer is ignored"
        )


def _private_s(scenario: Scenario, world: World, profile: Profile) -> NDArray[np.float64]:
    """Return how long a turn's private steps take each agent at the least, s ``(n,)``."""
    learn = scenario.method.learn
    batch = np.array(profile.private_rows) if learn.batch == "full" else learn.batch
    flops = 3.0 * learn.local_steps * batch * np.array(profile.flops_forward)
    devices = world.devices
    return np.asarray(flops / devices.flops_per_s + learn.local_steps * devices.overhead_s)


def _slowest(late: NDArray[np.int64], needed: NDArray[np.float64], n: int) -> str:
    worst = int(late[needed[late].argmax()])
    return (
        f"{len(late):,} of {n:,} agents longer (agent {worst}:"
        f" {DURATION.format(round(float(needed[worst]), 1))})"
    )
