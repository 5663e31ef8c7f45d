"""Aligning messages by row id: which rows have teachers, and where each teacher's numbers are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.batches import Keys, draws
from p2pkd.learning.pools import Pool
from p2pkd.learning.versions import Payload

Ints = NDArray[np.int64]


class Alignment:
    """The lessons of G agents, up to K each, over the ids of the reference rows.

    Attributes
    ----------
    places : ``(G, K, n_reference)``, where in message k a row is; -1 where it is not.
    union, offsets : the rows with any teacher, ascending, agent after agent.
    """

    def __init__(self, lessons: Sequence[Sequence[Payload]], k: int, n_reference: int) -> None:
        self.lessons = lessons
        self.places = np.full((len(lessons), k, n_reference), -1, np.int32)
        for g, heard in enumerate(lessons):
            for place, payload in zip(self.places[g], heard, strict=False):
                place[payload.rows] = np.arange(len(payload.rows))
        owner, self.union = np.nonzero((self.places >= 0).any(1))
        self.sizes = np.bincount(owner, minlength=len(lessons))
        self.offsets = np.cumsum(self.sizes) - self.sizes

    def sample(self, keys: Keys, first: Ints, n: int) -> Ints:
        """Return *n* reference rows of each union, ``(G, n)``, samples from number *first* on."""
        return self.union[draws(keys, first, n, self.sizes) + self.offsets[:, None]]

    def full(self, width: int) -> tuple[Ints, NDArray[np.float32]]:
        """Return every union padded to ``(G, width)``, and the mask of the real rows."""
        places = np.arange(width)
        mask = places < self.sizes[:, None]
        return self.union[np.where(mask, places, 0) + self.offsets[:, None]], mask.astype(
            np.float32
        )

    def values(self, rows: Ints, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return what the teachers say of *rows* ``(G, n)``: ``(G, K, n, W)`` and who says anything.

        The second is ``(G, K, n)``, 1 where message k has the row, else 0.
        """
        g, k, _ = self.places.shape
        found = np.take_along_axis(self.places, rows[:, None, :].repeat(k, 1), 2)
        present = found >= 0
        values = torch.zeros((g * k * rows.shape[1], width), device=device)
        for pool, start in self._starts(k):
            # A message of another pool than this has its start at -1.
            here = present & (start[:, :, None] >= 0)
            source = (start[:, :, None] + found)[here]
            numbers = pool.data.view(-1, width).index_select(0, _tensor(source, device))
            if here.all():
                values = numbers
            else:
                values[_tensor(np.flatnonzero(here), device)] = numbers
        shape = (g, k, rows.shape[1])
        return values.view(*shape, width), torch.from_numpy(present.astype(np.float32)).to(device)

    def _starts(self, k: int) -> list[tuple[Pool, Ints]]:
        """Return, for each pool, where in it (in rows of W numbers) each message begins."""
        starts: dict[Pool, Ints] = {}
        for g, heard in enumerate(self.lessons):
            for j, payload in enumerate(heard):
                table = starts.get(payload.pool)
                if table is None:
                    table = starts[payload.pool] = np.full((len(self.lessons), k), -1, np.int64)
                table[g, j] = payload.row * len(payload.rows)
        return list(starts.items())


def _tensor(values: Ints, device: torch.device) -> Tensor:
    return torch.from_numpy(values).to(device)
