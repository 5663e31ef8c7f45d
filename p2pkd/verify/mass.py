"""What gossip about parameters must not lose: mass, and the sum of all models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.engine.simulation import Simulation
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.verify.check import Check, exact, sampled
from p2pkd.verify.contacts import scenario

AGENTS, ROUNDS = 16, 6
LOSS = 0.2


def push_sum(*, fast: bool) -> Iterator[Check]:
    """Mass is n, and sum w z is what it was; with losses, (1 - p / 2)^k of the mass is left."""
    source = "Assran et al. (ICML 2019), Algorithm 1"
    for gossip in ({}, {"clock": "poisson", "peers": "uniform", "fanout": 2}):
        run = _run("sgp", gossip, latency="400 ms")
        case = "on the exponential graph" if not gossip else "on a ring, with random clocks"
        yield exact("push-sum mass", case, AGENTS, _mass(run), source)
        total, change = _weighted_sum(run), _start(run)
        deviation = float(np.abs(total - change).max() / np.abs(change).max())
        yield Check("push-sum values", f"sum w z, {case}", 0.0, deviation, 0.0, 1e-5, source)
    left = [
        _mass(_run("sgp", {}, loss=f"{LOSS:.0%}", seed=seed)) for seed in range(40 if fast else 200)
    ]
    # Half of the mass travels in each round, and a fifth of that is lost.
    expected = AGENTS * (1 - LOSS / 2) ** ROUNDS
    yield sampled("push-sum mass", f"{LOSS:.0%} of messages lost", expected, left, source)


def pairwise(*, fast: bool) -> Iterator[Check]:
    """Whoever averages with whom, the sum of all models stays, once all answers are there."""
    run = _run("ad-psgd", {"clock": "poisson"}, rounds=3 if fast else 10, rest=True)
    before = _start(run)
    deviation = float(np.abs(_models(run).sum(0) - before).max() / np.abs(before).max())
    source = "Lian et al. (ICML 2018), Algorithm 1"
    yield Check("pairwise averaging", "sum of all models", 0.0, deviation, 0.0, 1e-5, source)


def _run(
    preset: str,
    gossip: dict[str, Any],
    *,
    loss: str = "0 %",
    latency: str = "1 us",
    rounds: int = ROUNDS,
    seed: int = 0,
    rest: bool = False,
) -> Simulation:
    """Return a run without training, as it is after so many rounds.

    With *rest* the last messages have arrived, and nobody has begun anything since.
    """
    values = scenario(AGENTS, rounds, {}, loss=loss)
    values["links"] = {**values["links"], "latency": {"kind": "constant", "value": latency}}
    values["method"] = {
        "preset": preset,
        "gossip": {"every": "1 s", **gossip},
        "learn": {"local_steps": 0},
    }
    # Models that begin alike would keep their sum whatever happens.
    values["models"] = {"start": {"kind": "fresh", "alike": False}}
    parsed = scenario_from_dict({**values, "seed": seed})
    simulation = assemble(parsed, Streams(seed), Path(), Observer())
    simulation.start()
    simulation.advance(rounds - 0.5)
    if rest:
        while simulation.network.open:
            simulation.env.step()
    return simulation


def _parcels(run: Simulation) -> list[Any]:
    """Return all shares that have not been taken in: on their way, or in an inbox."""
    waiting: list[Any] = [memo for agent in run.agents for memo in agent.memory.memos]
    return [memo.contents for memo in [*run.network.open.values(), *waiting]]


def _mass(run: Simulation) -> float:
    agents: list[Any] = run.agents
    held: float = sum(agent.mass for agent in agents)
    moving: float = sum(parcel.mass for parcel in _parcels(run))
    return held + moving


def _weighted_sum(run: Simulation) -> NDArray[np.float64]:
    """Return the sum of w z over agents and shares, ``(P,)``."""
    agents: list[Any] = run.agents
    look = run.shared.learner.parameters
    held = [agent.mass * look(agent.version).astype(float) for agent in agents]
    moving = [parcel.mass * look(parcel.version).astype(float) for parcel in _parcels(run)]
    return np.asarray(np.sum([*held, *moving], axis=0))


def _models(run: Simulation) -> NDArray[np.float64]:
    look = run.shared.learner.parameters
    return np.array([look(agent.version) for agent in run.agents], np.float64)


def _start(run: Simulation) -> NDArray[np.float64]:
    """Return the sum of all models at the beginning, ``(P,)``."""
    learner = run.shared.learner
    first = [learner.parameters(learner.initial(i)) for i in range(AGENTS)]
    return np.asarray(np.array(first, np.float64).sum(0))
