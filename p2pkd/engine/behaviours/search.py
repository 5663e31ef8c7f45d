"""Agents that choose the width of their model as they learn."""

from __future__ import annotations

from typing import Any

from p2pkd.engine.agent import Agent, Steps
from p2pkd.engine.search import Trial

_NAN = float("nan")


class SearchAgent(Agent):
    """Learns and gossips as others do, but every few turns learns in several widths."""

    __slots__ = ("turns",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.turns = 0

    def learn(self) -> Steps:
        """Do the objective's work; every few turns in several widths, of which one is kept."""
        self.turns += 1
        if self.turns % self.shared.search.spec.choose_every:
            yield from super().learn()
        else:
            yield from self._choose()

    def _choose(self) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        search, lessons = self.shared.search, self._lessons()
        # 1. What each width would come to; nothing happens in between.
        models = search.candidates(self.agent, lessons)
        trials = [self._tried(model, lessons) for model in models]
        best = min(trials, key=lambda trial: trial.loss + trial.price)
        # 2. All of it takes its time.
        for trial in trials:
            for work in trial.works:
                flops = 3 * work.samples * trial.flops_forward
                effort = self._effort(trial, work.kind, flops, work.steps)
                if trial is not best:  # tried and dropped: it reaches no model
                    yield from self._hold(work.kind, flops, 0, 0, _NAN, effort)
                    continue
                heard = (0, _NAN) if work.kind == "train" else self._heard(lessons)
                yield from self._hold(work.kind, flops, work.steps, *heard, effort)
            held_out = search.held_out(self.agent) * trial.flops_forward
            effort = self._effort(trial, "predict", held_out, 0)
            yield from self._hold("predict", held_out, 0, 0, _NAN, effort)
        # 3. The best is the agent's own from now on.
        search.keep(self.agent, best, self.shared.env.now)
        self.version = best.version
        self.device.release()

    def _tried(self, model: int, lessons: Any) -> Trial:
        before = self.version
        self.version = self.shared.search.resized(before, model)
        works = []
        for work in self.shared.objective.learn(self, lessons):
            works.append(work)
            self.version = work.version
        trial: Trial = self.shared.search.trial(self.agent, self.version, model, works)
        self.version = before
        return trial

    def _effort(self, trial: Trial, kind: str, flops: float, steps: int) -> float:
        efforts = self.shared.efforts
        if efforts is None:
            return flops
        traffic = self.shared.search.profile.traffic_of[trial.model]
        return efforts.of(self.agent, kind, flops, steps, traffic)

    def _heard(self, lessons: Any) -> tuple[int, float]:
        return len(lessons), self._staleness(lessons)
