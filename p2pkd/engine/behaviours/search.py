"""Agents that choose the width of their model as they learn."""

from __future__ import annotations

from typing import Any

from p2pkd.engine.agent import Agent, Steps

_NAN = float("nan")


class SearchAgent(Agent):
    """Learns and gossips as others do, and every few turns tries other widths."""

    __slots__ = ("turns",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.turns = 0

    def learn(self) -> Steps:
        """Do the objective's work; then, every few turns, choose the width to go on with."""
        yield from super().learn()
        self.turns += 1
        if self.turns % self.shared.search.spec.choose_every == 0:
            yield from self._choose()

    def _choose(self) -> Steps:
        turn = self.device.acquire()
        if turn is not None:
            yield turn
        search, steps = self.shared.search, self.shared.search.spec.trial_steps
        models = search.candidates(self.agent, self._lessons())
        trials = [search.trial(self.agent, self.version, model) for model in models]
        best = min(trials, key=lambda trial: trial.loss + trial.price)
        for trial in trials:
            kept = trial is best
            kind = "train" if kept else "predict"
            yield from self._hold(kind, trial.flops, steps if kept else 0, 0, _NAN)
        search.keep(self.agent, best, self.shared.env.now)
        self.version = best.version
        self.device.release()
