"""Looking at many models on the test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.api import Evaluation, Scored
from p2pkd.learning.average import average_of
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.state.screen import number_of
from p2pkd.learning.state.tables import Tables
from p2pkd.learning.state.versions import Version
from p2pkd.learning.training.nearest import Held, held_in, nearest_logits

if TYPE_CHECKING:
    from p2pkd.learning.compute.executor import Executor

# Test rows that go through the models in one call: hidden layers then stay in cache.
BLOCK = 256

Look = tuple[Version, int]
"""A model, and the agent as whom it sees and labels the test rows."""


class _Tally:
    """What is known so far of n models, of which the first *together* make the ensemble.

    Attributes
    ----------
    right : ``(n, C)``, how many test rows of each class each tells; nan, at last, where diverged.
    """

    def __init__(self, n: int, together: int, tables: Tables) -> None:
        m, c = len(tables.test_y), tables.n_classes
        self.tables = tables
        self.together = together
        self.loss, self.rows = np.zeros(n), np.zeros(n)
        self.labels = np.zeros((n, m), np.int32)
        self.right = np.zeros((n, c))
        self.diverged = np.zeros(n, bool)
        self.low, self.high = np.full((n, c), np.inf), np.full((n, c), -np.inf)
        self.probabilities = torch.zeros((m, c), dtype=torch.float64, device=tables.device)

    def look(self, executor: Executor, looks: Sequence[Look], *, proxies: bool = False) -> None:
        """Take in all models, many at a time; or the *proxies* of duos."""
        with torch.no_grad():
            for pool, architecture in executor.architecture_of.items():
                who = [i for i, (version, _) in enumerate(looks) if version.pool is pool]
                size = executor.chunk(architecture)
                for start in range(0, len(who), size):
                    part = who[start : start + size]
                    rows = self.tables.index([looks[i][0].row for i in part])
                    layout = self.tables.layout(architecture)
                    flat = layout.parameters(pool.data).index_select(0, rows)
                    flat, seen = self.tables.deployed(flat), architecture
                    if proxies:
                        duo: Any = architecture
                        flat, seen = duo.split(flat)[0], duo.proxy
                    held = None
                    if "prototypes" in layout and not proxies:
                        memory = layout.part("prototypes", pool.data).index_select(0, rows)
                        held = held_in(memory, self.tables.n_classes)
                    self._add(part, [looks[i][1] for i in part], flat, seen, held)
        self.diverged |= [number_of(version) is not None for version, _ in looks]
        self.diverged |= ~np.isfinite(self.loss)
        self.loss[self.diverged] = np.nan
        self.right[self.diverged] = np.nan

    def _add(
        self,
        who: list[int],
        agents: Sequence[int],
        flat: Tensor,
        architecture: Architecture,
        held: Held | None,
    ) -> None:
        """Take in the models *flat* ``(G, P)``, seen as *agents*; they are numbers *who* of all.

        Where they have *held* prototypes, these predict.
        """
        tables, sight = self.tables, self.tables.sight
        loss = torch.zeros(len(who), dtype=torch.float64, device=tables.device)
        for start in range(0, len(tables.test_y), BLOCK):
            here = slice(start, start + BLOCK)
            y = sight.test_labels(agents, here)
            outputs = architecture.forward(flat, sight.test_rows(agents, here))
            logits = outputs.logits if held is None else nearest_logits(outputs, *held)
            log_p = logits.log_softmax(-1)
            told = log_p.gather(2, y.clamp_min(0).unsqueeze(2)).squeeze(2)
            loss -= (told * (y >= 0)).double().sum(1)
            self._range(who, logits, (y >= 0).unsqueeze(2))
            labels = logits.argmax(-1)
            self.labels[who, here] = labels.cpu().numpy()
            self.right[who] += sight.by_class(agents, here, labels == y).cpu().numpy()
            # One after the other: the order of the sum must not depend on the chunks.
            for i, probabilities in zip(who, log_p.exp_(), strict=True):
                if i < self.together:
                    self.probabilities[here] += probabilities
        self.rows[who] = sight.test_counts(agents).sum(1).cpu().numpy()
        self.loss[who] = loss.cpu().numpy() / self.rows[who]

    def _range(self, who: list[int], logits: Tensor, measured: Tensor) -> None:
        """Note who says what is no number, and the range of each logit, on the rows *measured*."""
        known = logits.where(measured, 0.0)
        self.diverged[who] |= ~known.isfinite().flatten(1).all(1).cpu().numpy()
        low, high = logits.where(measured, torch.inf), logits.where(measured, -torch.inf)
        self.low[who] = np.fmin(self.low[who], low.amin(1).cpu().numpy())
        self.high[who] = np.fmax(self.high[who], high.amax(1).cpu().numpy())

    def result(self, looks: Sequence[Look], scores: dict[str, Scored]) -> Evaluation:
        """Return the measures of the first models, *looks*; the ensemble's joins the *scores*."""
        tables, n, k = self.tables, self.together, len(looks)
        agents, diverged = [eye for _, eye in looks], self.diverged[:k]
        y = tables.test_y.cpu().numpy()
        mean = self.probabilities.cpu().numpy() / max(1, n)
        # Agents with different tasks do not speak of the same classes.
        joint = tables.sight.tasks is None
        alike = joint and not diverged[:n].any()
        if joint:
            right = np.bincount(y[mean.argmax(1) == y], minlength=tables.n_classes)
            right = np.tile(right if alike else np.full(tables.n_classes, np.nan), (n, 1))
            scores["ensemble"] = _scored(tables, agents[:n], right)
        own = _scored(tables, agents, self.right[:k])
        return Evaluation(
            accuracy=own.on_all,
            loss=self.loss[:k],
            diverged=diverged,
            dead=~diverged & (self.rows[:k] > 1) & (self.low == self.high)[:k].all(1),
            labels=self.labels[:n],
            mean_probabilities=mean,
            disagreement=disagreement(self.labels[:n], tables.n_classes) if alike else np.nan,
            ensemble_accuracy=float((mean.argmax(1) == y).mean()) if alike else np.nan,
            own=own,
            scores=scores,
        )


def evaluate(
    tables: Tables,
    executor: Executor,
    versions: Sequence[Version],
    servers: Sequence[Version],
    averaged: Sequence[Version],
) -> Evaluation:
    """Measure computed *versions*, *servers*' and the mean of *averaged* on the test set."""
    # Step 1: whom to look at.  One model for all is seen once in each of the agents' views.
    n = len(versions)
    agents = [version.agent for version in versions]
    _, first, view = np.unique(tables.sight.seen_by(agents), return_index=True, return_inverse=True)
    looks = [(version, version.agent) for version in (*versions, *servers)]
    measured, starts = len(looks), {}
    for name, model in _singles(tables, servers, averaged):
        starts[name] = len(looks)
        looks += [(model, agents[i]) for i in first]
    # Step 2: look.
    tally = _Tally(len(looks), n, tables)
    tally.look(executor, looks)
    # Step 3: what each agent gets.
    scores = {"agents": _scored(tables, agents, tally.right[:n])}
    for name, start in starts.items():
        scores[name] = _scored(tables, agents, tally.right[start + view])
    if tables.proxies is not None:
        seconds = _Tally(n, 0, tables)
        seconds.look(executor, looks[:n], proxies=True)
        scores["proxies"] = _scored(tables, agents, seconds.right)
    return tally.result(looks[:measured], scores)


def _singles(
    tables: Tables, servers: Sequence[Version], averaged: Sequence[Version]
) -> list[tuple[str, Version]]:
    """Return the models that all agents get alike: the root's, and the mean of all."""
    if tables.sight.tasks is not None:
        return []
    mean = average_of(averaged, tables)
    found = [("server", servers[0])] if servers else []
    return found if mean is None else [*found, ("average", mean)]


def _scored(tables: Tables, agents: Sequence[int], right: NDArray[Any]) -> Scored:
    """Return the accuracies of models that tell *right* ``(n, C)`` rows for *agents*."""
    rows = tables.sight.test_counts(agents).cpu().numpy().astype(np.float64)
    mine = tables.label_counts.cpu().numpy()[np.asarray(agents, np.int64)].astype(np.float64)
    mine[rows == 0] = 0
    with np.errstate(invalid="ignore"):
        return Scored(
            on_all=right.sum(1) / rows.sum(1),
            own_classes=(right * (mine > 0)).sum(1) / (rows * (mine > 0)).sum(1),
            own_distribution=(right / np.maximum(rows, 1) * mine).sum(1) / mine.sum(1),
        )


def disagreement(labels: np.ndarray, n_classes: int) -> float:
    """Return the share of rows on which two different models differ, mean over pairs.

    *labels* is ``(n, m)``; 0 where there is only one model.
    """
    n, m = labels.shape
    if n < 2:
        return 0.0
    columns = np.broadcast_to(np.arange(m), labels.shape)
    counts = np.zeros((m, n_classes))
    np.add.at(counts, (columns.ravel(), labels.ravel()), 1)
    agreeing = (counts * (counts - 1)).sum(1) / (n * (n - 1))
    return float(1 - agreeing.mean())
