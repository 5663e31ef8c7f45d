"""Averaging by gossip: how fast values come together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.verify.check import Check, bounded, exact, sampled
from p2pkd.verify.contacts import run, scenario

CYCLES = 8


def pairwise(*, fast: bool) -> Iterator[Check]:
    """Variance after a cycle over that before: the clock and the choice of pairs decide."""
    law, source = "pairwise averaging, variance factor a cycle", "Jelasity et al., ACM TOCS 2005"
    cases: list[tuple[str, float, dict[str, Any], int]] = [
        ("sequential", 1 / (2 * math.sqrt(math.e)), {"clock": "periodic", "jitter": 0}, 1),
        ("random pairs", 1 / math.e, {"clock": "poisson"}, 1),
        ("two perfect matchings", 1 / 4, {"clock": "rounds", "peers": "matching"}, 2),
    ]
    n, runs = (200, 6) if fast else (1000, 10)
    for case, expected, gossip, rounds in cases:
        values = scenario(n, CYCLES * rounds, {"protocol": "push_pull", **gossip})
        factors = [_factor(n, run(values, seed)[0], rounds, seed) for seed in range(runs)]
        # Factors of finite populations differ from the limit by O(1 / n).
        yield sampled(law, case, expected, factors, source, slack=1 / n)


def _factor(n: int, contacts: NDArray[np.float64], rounds: int, seed: int) -> float:
    """Return the mean, over the cycles, of the variance after one over that before.

    Each cycle begins with new, uncorrelated values, as the theory assumes.  Kept over the cycles,
    values of agents that always call in the same order become correlated, and the sequential
    factor falls from .303 to .293 (2,000 agents, 8 cycles).
    """
    rng = Streams(seed).generator("verify-values")
    cycle = np.floor(contacts[:, 0] / rounds).astype(int)
    asked = contacts[:, 3] == 0
    factors = []
    for number in range(CYCLES - 1):
        x = rng.standard_normal(n)
        before = x.var()
        calls = contacts[asked & (cycle == number)]
        # Both ends of a matched pair call each other in one round: one exchange, not two.
        for i, j in _once(calls) if rounds > 1 else calls[:, 1:3].astype(int):
            x[i] = x[j] = (x[i] + x[j]) / 2
        factors.append(x.var() / before)
    return float(np.mean(factors))


def _once(contacts: NDArray[np.float64]) -> NDArray[np.int64]:
    keep = contacts[contacts[:, 1] < contacts[:, 2]]
    return keep[:, 1:3].astype(np.int64)


def mixing(*, fast: bool) -> Iterator[Check]:
    """Synchronous averaging on a ring contracts by lambda a round, lambda from W's spectrum."""
    for n in (8, 16) if fast else (8, 16, 32, 64):
        w = _ring(n)
        values = np.sort(np.abs(np.linalg.eigvalsh(w)))
        gap = 1 - values[-2]
        formula = 2 / 3 * (1 - math.cos(2 * math.pi / n))
        yield exact("spectral gap of a ring", f"n = {n}", formula, gap, within=1e-6)
        rounds = 12
        distances = _distances(n, rounds)
        for k in (rounds // 2, rounds - 1):
            bound = values[-2] ** k * distances[0]
            yield bounded(
                "synchronous mixing",
                f"n = {n}, round {k}",
                bound * (1 + 1e-5),
                distances[k],
                "Xiao and Boyd (2004)",
            )
        yield exact(
            "synchronous mixing",
            f"n = {n}, W applied {rounds - 1} times",
            _predicted(n, rounds),
            distances[rounds - 1],
            within=1e-4,
        )


def _ring(n: int) -> NDArray[np.float64]:
    eye = np.eye(n)
    return (eye + np.roll(eye, 1, 0) + np.roll(eye, -1, 0)) / 3


def _states(n: int, rounds: int) -> list[NDArray[np.float64]]:
    """Return all models after each round of merging without training, ``(n, P)`` each."""
    values = scenario(n, rounds, {})
    values["method"] = {
        "preset": "d-psgd",
        "gossip": {"every": "1 s"},
        "learn": {"objective": "merge", "mixing": "metropolis", "local_steps": 0},
    }
    values["models"] = {"start": {"kind": "fresh", "alike": False}}
    parsed = scenario_from_dict(values)
    simulation = assemble(parsed, Streams(0), Path(), Observer())
    learner, states = simulation.shared.learner, []
    simulation.start()
    for number in range(rounds):
        simulation.advance(number + 0.5)
        models = [learner.parameters(agent.version) for agent in simulation.agents]
        states.append(np.array(models, np.float64))
    return states


def _distances(n: int, rounds: int) -> list[float]:
    return [float(np.linalg.norm(x - x.mean(0))) for x in _states(n, rounds)]


def _predicted(n: int, rounds: int) -> float:
    x = np.linalg.matrix_power(_ring(n), rounds - 1) @ _states(n, 1)[0]
    return float(np.linalg.norm(x - x.mean(0)))
