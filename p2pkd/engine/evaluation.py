"""Looking at the models: an observer's act that costs no simulated time."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy

from p2pkd.core.records import EvaluationRecord, Observer, PopulationRecord
from p2pkd.core.rng import Streams
from p2pkd.engine.agent import Agent
from p2pkd.scenario.scenario import EvaluateSpec


class Evaluator:
    """Measures agents on the test set at the start, at every period and at the end."""

    def __init__(
        self,
        env: simpy.Environment,
        spec: EvaluateSpec,
        agents: Sequence[Agent],
        learner: Any,
        observer: Observer,
        streams: Streams,
        online: Sequence[bool],
    ) -> None:
        self.env = env
        self.every = spec.every
        self.learner = learner
        self.observer = observer
        self.online = online
        self.agents = list(agents)
        self.accuracy: dict[int, float] = {}
        # When each was first found to be so, in simulated seconds.
        self.diverged_s: dict[int, float] = {}
        self.dead_s: dict[int, float] = {}
        self.last_s = -1.0
        if spec.sample is not None and spec.sample < len(agents):
            rng = streams.generator("evaluation-sample")
            chosen = np.sort(rng.choice(len(agents), spec.sample, replace=False))
            self.agents = [agents[i] for i in chosen]

    def run(self) -> Generator[simpy.Event, Any, None]:
        """Measure now and then, for ever."""
        while True:
            self.measure()
            yield self.env.timeout(self.every)

    def measure(self) -> None:
        """Measure now, unless that has been done at this very time."""
        if self.env.now == self.last_s:
            return
        self.last_s = now = self.env.now
        result = self.learner.evaluate([agent.version for agent in self.agents])
        if result is None:
            return
        rows = zip(self.agents, result.accuracy.tolist(), result.loss.tolist(), strict=True)
        for agent, accuracy, loss in rows:
            self.accuracy[agent.agent] = accuracy
            self.observer.evaluation(
                EvaluationRecord(now, agent.agent, agent.updates, accuracy, loss)
            )
        for since, found in ((self.diverged_s, result.diverged), (self.dead_s, result.dead)):
            for i in found.nonzero()[0].tolist():
                since.setdefault(self.agents[i].agent, now)
        self.observer.population(self._population(now, result))

    def _population(self, now: float, result: Any) -> PopulationRecord:
        return PopulationRecord(
            time_s=now,
            agents=len(self.agents),
            online=sum(self.online),
            accuracy_mean=float(np.mean(result.accuracy)),
            accuracy_std=float(np.std(result.accuracy)),
            loss_mean=float(np.mean(result.loss)),
            disagreement=result.disagreement,
            ensemble_accuracy=result.ensemble_accuracy,
            diverged=int(result.diverged.sum()),
            dead=int(result.dead.sum()),
        )

    def accuracy_of(self, agent: int) -> float:
        """Return the agent's accuracy when last measured; nan if it never was."""
        return self.accuracy.get(agent, math.nan)
