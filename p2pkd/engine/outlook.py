"""What agents see before they choose peers by it: the only way from learning to whom they turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.gossip.peers.adaptive import AdaptivePeers, Impression, divergence
from p2pkd.learning.beliefs import beliefs, told
from p2pkd.scenario.method import PeersSpec
from p2pkd.world.data import Data

Rows = NDArray[np.int64]


class Outlook:
    """Shows a sampler of peers what agents believe, and what they remember of others.

    *data* says which reference rows there are, and which of them each agent has.
    """

    def __init__(self, spec: Any, sampler: Any, learner: Any, data: Data) -> None:
        self.spec = spec
        self.sampler = sampler
        self.learner = learner
        self.known = data.known
        self.n_reference = len(data.reference_y)

    def look(self, agent: int, version: Any, memory: Any, now_s: float) -> int:
        """Let *agent* look, and return how many rows go forward through its model for it."""
        memos = memory.read(now_s) if self.spec.judges_peers else ()
        rows = self._rows(agent, memos)
        if len(rows):
            own = beliefs(self.learner, version, rows)
            seen = (self._impression(memo, rows, own) for memo in memos)
            self.sampler.see(agent, own, [impression for impression in seen if impression])
        return len(rows)

    def _rows(self, agent: int, memos: Sequence[Any]) -> Rows:
        """Return the rows to compare oneself with others on; or the first of one's own."""
        known = np.arange(self.n_reference) if self.known is None else self.known[agent]
        if not self.spec.judges_peers:
            first: Rows = known[: self.spec.rows]
            return first
        if not memos:
            return known[:0]
        heard = np.unique(np.concatenate([memo.rows for memo in memos]))
        return np.intersect1d(heard, known, assume_unique=True)

    def _impression(self, memo: Any, rows: Rows, own: Any) -> Impression | None:
        """Return what *memo* makes one think of its sender; None where it is not finite."""
        heard = told(self.learner, memo.contents)
        if heard is None:
            return None
        said, accuracy = heard
        both = np.isin(memo.rows, rows)
        if not both.any():
            return Impression(memo.sender, float("inf"), accuracy)
        mine = own[np.searchsorted(rows, memo.rows[both])]
        return Impression(memo.sender, divergence(said[both], mine), accuracy)


def make_outlook(spec: PeersSpec, sampler: Any, learner: Any, data: Data | None) -> Outlook | None:
    """Return what *sampler* is shown; None where it does not look at learning."""
    if not isinstance(spec, AdaptivePeers):
        return None
    assert data is not None
    return Outlook(spec, sampler, learner, data)
