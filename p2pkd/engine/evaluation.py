"""Looking at the models: an observer's act that costs no simulated time."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from p2pkd.core.records import EvaluationRecord, Observer, PopulationRecord
from p2pkd.core.rng import Streams
from p2pkd.core.scores import SINGLE
from p2pkd.engine.agent import Agent
from p2pkd.scenario.evaluate import EvaluateSpec

NAN = math.nan
# What a measure is called in `p2pkd.learning.api.Scored`.
FIELDS = {
    "global": "on_all",
    "own_classes": "own_classes",
    "own_distribution": "own_distribution",
}


class Evaluator:
    """Measures agents on the test set at the start, at every period and at the end.

    Parameters
    ----------
    agents : those that learn.
    servers : the aggregators that have a model, the root first.
    """

    def __init__(
        self,
        env: simpy.Environment,
        spec: EvaluateSpec,
        agents: Sequence[Agent],
        servers: Sequence[Agent],
        learner: Any,
        observer: Observer,
        streams: Streams,
        online: Sequence[bool],
    ) -> None:
        self.env = env
        self.spec = spec
        self.learner = learner
        self.observer = observer
        self.online = online
        self.all = list(agents)
        self.agents = self.all
        self.servers = list(servers)
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
            yield self.env.timeout(self.spec.every)

    def measure(self) -> None:
        """Measure now, unless that has been done at this very time."""
        if self.env.now == self.last_s:
            return
        self.last_s = now = self.env.now
        groups = [[a.version for a in part] for part in (self.agents, self.servers, self.all)]
        result = self.learner.evaluate(*groups)
        if result is None:
            return
        columns = [self._own(result.own, measure) for measure in FIELDS]
        rows = zip(*columns, result.loss.tolist(), strict=True)
        for agent, (accuracy, classes, distribution, loss) in zip(
            [*self.agents, *self.servers], rows, strict=True
        ):
            self.accuracy[agent.agent] = accuracy
            self.observer.evaluation(
                EvaluationRecord(
                    now, agent.agent, agent.updates, accuracy, loss, classes, distribution
                )
            )
        measured = [*self.agents, *self.servers]
        for since, found in ((self.diverged_s, result.diverged), (self.dead_s, result.dead)):
            for i in found.nonzero()[0].tolist():
                since.setdefault(measured[i].agent, now)
        self.observer.population(self._population(now, result))

    def _own(self, scored: Any, measure: str) -> list[float]:
        """Return every agent's accuracy; the one on all rows is always known."""
        values = getattr(scored, FIELDS[measure])
        return (values if measure in self._known() else np.full(len(values), NAN)).tolist()

    def _known(self) -> tuple[str, ...]:
        return ("global", *self.spec.on)

    def _population(self, now: float, result: Any) -> PopulationRecord:
        score, first = self.spec.score, self.spec.on[0]

        def figures(score: str | None, measure: str) -> tuple[float, float, float]:
            scored = result.scores.get(score)
            if scored is None or measure not in self.spec.on:
                return NAN, NAN, NAN
            values = getattr(scored, FIELDS[measure])
            # Agents none of whose classes are in the test set cannot be measured on their own.
            return _figures(values[~np.isnan(values) | np.isnan(scored.on_all)])

        mean, std, worst = figures(score, first)
        others = {name: figures(name, first) for name in ("agents", "server", "average", "proxies")}
        classes, shares = figures(score, "own_classes"), figures(score, "own_distribution")
        return PopulationRecord(
            time_s=now,
            agents=len(self.agents),
            online=sum(self.online),
            accuracy_mean=mean,
            accuracy_std=NAN if score in SINGLE and first == "global" else std,
            loss_mean=float(np.mean(result.loss[: len(self.agents)])),
            disagreement=result.disagreement,
            ensemble_accuracy=figures("ensemble", first)[0],
            diverged=int(result.diverged.sum()),
            dead=int(result.dead.sum()),
            accuracy_worst_decile=worst,
            agents_accuracy_mean=others["agents"][0],
            agents_accuracy_std=others["agents"][1],
            server_accuracy=others["server"][0],
            average_accuracy=others["average"][0],
            proxies_accuracy_mean=others["proxies"][0],
            own_classes_mean=classes[0],
            own_classes_std=classes[1],
            own_classes_worst_decile=classes[2],
            own_distribution_mean=shares[0],
            own_distribution_std=shares[1],
            own_distribution_worst_decile=shares[2],
        )

    def accuracy_of(self, agent: int) -> float:
        """Return the agent's accuracy when last measured; nan if it never was."""
        return self.accuracy.get(agent, NAN)


def _figures(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return mean, standard deviation and worst decile of *values*, one an agent.

    The last is the mean over the worst tenth of the agents, at least one.
    """
    if not len(values):
        return NAN, NAN, NAN
    low = np.sort(values)[: max(1, len(values) // 10)]
    # What all have alike is the mean to the last digit.
    mean = values[0] if (values == values[0]).all() else values.mean()
    return float(mean), float(values.std()), float(low.mean())
