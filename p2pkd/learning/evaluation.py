"""Looking at many models on the test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from p2pkd.learning.api import Evaluation
from p2pkd.learning.architecture import Architecture
from p2pkd.learning.pools import Pool
from p2pkd.learning.screen import number_of
from p2pkd.learning.tables import Tables
from p2pkd.learning.versions import Version

if TYPE_CHECKING:
    from p2pkd.learning.executor import Executor

# Test rows that go through the models in one call: hidden layers then stay in cache.
BLOCK = 256


class _Tally:
    """What is known of all models so far."""

    def __init__(self, n: int, tables: Tables) -> None:
        m, c = len(tables.test_y), tables.n_classes
        self.tables = tables
        self.loss = np.zeros(n)
        self.labels = np.zeros((n, m), np.int16)
        self.right, self.rows = np.zeros(n), np.zeros(n)
        self.diverged = np.zeros(n, bool)
        self.low, self.high = np.full((n, c), np.inf), np.full((n, c), -np.inf)
        self.probabilities = torch.zeros((m, c), dtype=torch.float64, device=tables.device)

    def add(
        self,
        who: Sequence[int],
        versions: Sequence[Version],
        architecture: Architecture,
        pool: Pool,
    ) -> None:
        """Take in *versions*, all in *pool*; they are numbers *who* of all."""
        tables, g = self.tables, len(versions)
        agents = [version.agent for version in versions]
        index = torch.tensor([version.row for version in versions], device=tables.device)
        flat = pool.data[:, : architecture.n_parameters].index_select(0, index)
        flat = tables.deployed(flat)
        loss = torch.zeros(g, dtype=torch.float64, device=tables.device)
        for start in range(0, len(tables.test_y), BLOCK):
            here = slice(start, start + BLOCK)
            y = tables.sight.test_labels(agents, here)
            logits = architecture.forward(flat, tables.sight.test_rows(agents, here)).logits
            log_p = logits.log_softmax(-1)
            told = log_p.gather(2, y.clamp_min(0).unsqueeze(2)).squeeze(2)
            loss -= (told * (y >= 0)).double().sum(1)
            self._look(list(who), logits, (y >= 0).unsqueeze(2))
            self.labels[list(who), here] = logits.argmax(-1).cpu().numpy()
            self.right[list(who)] += (logits.argmax(-1) == y).sum(1).cpu().numpy()
            self.rows[list(who)] += (y >= 0).sum(1).cpu().numpy()
            # One after the other: the order of the sum must not depend on the chunks.
            for probabilities in log_p.exp_():
                self.probabilities[here] += probabilities
        self.loss[list(who)] = loss.cpu().numpy() / self.rows[list(who)]
        self.diverged[list(who)] |= [number_of(version) is not None for version in versions]

    def _look(self, who: list[int], logits: Tensor, measured: Tensor) -> None:
        """Note who says what is no number, and the range of each logit, on the rows *measured*."""
        known = logits.where(measured, 0.0)
        self.diverged[who] |= ~known.isfinite().flatten(1).all(1).cpu().numpy()
        low, high = logits.where(measured, torch.inf), logits.where(measured, -torch.inf)
        self.low[who] = np.fmin(self.low[who], low.amin(1).cpu().numpy())
        self.high[who] = np.fmax(self.high[who], high.amax(1).cpu().numpy())

    def result(self) -> Evaluation:
        """Return the measures of all models together."""
        y = self.tables.test_y.cpu().numpy()
        mean = self.probabilities.cpu().numpy() / max(1, len(self.loss))
        # Agents with different tasks do not speak of the same classes.
        alike = self.tables.sight.tasks is None
        diverged = self.diverged | ~np.isfinite(self.loss)
        alike = alike and not diverged.any()
        dead = ~diverged & (self.rows > 1) & (self.low == self.high).all(1)
        return Evaluation(
            accuracy=np.where(diverged, np.nan, self.right / self.rows),
            loss=np.where(diverged, np.nan, self.loss),
            diverged=diverged,
            dead=dead,
            labels=self.labels,
            mean_probabilities=mean,
            disagreement=disagreement(self.labels, self.tables.n_classes) if alike else np.nan,
            ensemble_accuracy=float((mean.argmax(1) == y).mean()) if alike else np.nan,
        )


def evaluate(tables: Tables, executor: Executor, versions: Sequence[Version]) -> Evaluation:
    """Measure computed *versions* on the test set, many at a time."""
    tally = _Tally(len(versions), tables)
    with torch.no_grad():
        for pool, architecture in executor.architecture_of.items():
            who = [i for i, version in enumerate(versions) if version.pool is pool]
            size = executor.chunk(architecture)
            for start in range(0, len(who), size):
                part = who[start : start + size]
                tally.add(part, [versions[i] for i in part], architecture, pool)
    return tally.result()


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
