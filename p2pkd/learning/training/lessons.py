"""Aligning messages by row id: which rows have teachers, and where each teacher's numbers are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.data.batches import Keys, draws
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.versions import Part, Payload

Ints = NDArray[np.int64]
Mask = NDArray[np.float32]


class Alignment:
    """The lessons of G agents, up to K each, by the ids of their rows.

    An agent's *union* is the rows that any of its teachers speaks of, ascending; a *place* is a
    position in the union.

    Attributes
    ----------
    sizes : ``(G,)``, of the unions.
    """

    def __init__(self, lessons: Sequence[Sequence[Payload | Part]], k: int) -> None:
        self.lessons = lessons
        self.k = k
        single = k == 1 and _all_whole(lessons)
        sizes, ids, self.found = _of_one(lessons) if single else _of_many(lessons, k)
        self.sizes = sizes
        self.ids = ids
        self.offsets = np.cumsum(sizes) - sizes

    def sample(self, keys: Keys, first: Ints, n: int) -> Ints:
        """Return *n* places in each union, ``(G, n)``, being samples from number *first* on."""
        return draws(keys, first, n, self.sizes)

    def full(self, width: int) -> tuple[Ints, Mask]:
        """Return all places padded to ``(G, width)``, and the mask of the real ones."""
        places = np.arange(width)
        mask = places < self.sizes[:, None]
        return np.where(mask, places, 0), mask.astype(np.float32)

    def places_of(self, rows: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Return where *rows* ``(G, n)`` are in the unions, and which are there at all."""
        places = np.zeros_like(rows)
        found = np.zeros(rows.shape, bool)
        for g, (asked, offset, size) in enumerate(zip(rows, self.offsets, self.sizes, strict=True)):
            union = self.ids[offset : offset + size]
            places[g] = union.searchsorted(asked).clip(max=size - 1)
            found[g] = union[places[g]] == asked
        return places, found

    def rows(self, places: Ints) -> Ints:
        """Return the row ids at *places* ``(G, n)``."""
        return self.ids[places + self.offsets[:, None]]

    def values(self, places: Ints, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return what the teachers say at *places* ``(G, n)``: ``(G, K, n, W)``, and who speaks.

        The second is ``(G, K, n)``, 1 where message k has the row, else 0.
        """
        found = self.found[:, places + self.offsets[:, None]].transpose(1, 0, 2)
        shape = found.shape
        present = found >= 0
        values = torch.zeros((*shape, width), device=device).view(-1, width)
        for pool, starts in self._starts(width):
            # A message of another pool than this has its start at -1.
            here = present & (starts[:, :, None] >= 0)
            source = torch.from_numpy((starts[:, :, None] + found)[here]).to(device)
            numbers = pool.data.view(-1, width).index_select(0, source)
            if here.all():
                values = numbers
            else:
                values[torch.from_numpy(np.flatnonzero(here)).to(device)] = numbers
        mask = torch.from_numpy(present.astype(np.float32)).to(device)
        return values.view(*shape, width), mask

    def behind(self, width: int, device: torch.device) -> Tensor:
        """Return the number that follows each message's rows, ``(G, K)``; 0 without a message."""
        numbers = torch.zeros((len(self.lessons), self.k), device=device)
        for g, heard in enumerate(self.lessons):
            for j, payload in enumerate(heard):
                numbers[g, j] = payload.pool.data[payload.row, -width]
        return numbers

    def _starts(self, width: int) -> list[tuple[Pool, Ints]]:
        """Return, for each pool, where in it (in rows of W numbers) each message begins."""
        starts: dict[Pool, Ints] = {}
        for g, heard in enumerate(self.lessons):
            for j, payload in enumerate(heard):
                table = starts.get(payload.pool)
                if table is None:
                    table = np.full((len(self.lessons), self.k), -1, np.int64)
                    starts[payload.pool] = table
                table[g, j] = payload.row * (payload.pool.width // width)
        return list(starts.items())


def _all_whole(lessons: Sequence[Sequence[Payload | Part]]) -> bool:
    return not any(isinstance(payload, Part) for heard in lessons for payload in heard)


def _of_one(lessons: Sequence[Sequence[Payload | Part]]) -> tuple[Ints, Ints, Ints]:
    """Return sizes, ids and found (see `_of_many`) where each agent has one message."""
    sizes = np.array([len(heard[0].rows) for heard in lessons])
    if (sizes == sizes[0]).all():
        rows = np.stack([heard[0].rows for heard in lessons])
        if (rows[:, 1:] > rows[:, :-1]).all():
            places = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
            return sizes, rows.ravel(), places.reshape(1, -1)
        order = rows.argsort(1)
        ids = np.take_along_axis(rows, order, 1)
        return sizes, ids.ravel(), order.reshape(1, -1)
    orders = [heard[0].rows.argsort() for heard in lessons]
    ids = np.concatenate([h[0].rows[o] for h, o in zip(lessons, orders, strict=True)])
    return sizes, ids, np.concatenate(orders)[None]


def _of_many(lessons: Sequence[Sequence[Payload | Part]], k: int) -> tuple[Ints, Ints, Ints]:
    """Return the unions' sizes ``(G,)``, their ids one after the other ``(U,)``, and ``(K, U)``.

    The last says where in message k a row of the union is, -1 where it is not.
    """
    sizes, ids, found = [], [], []
    for heard in lessons:
        first = heard[0].rows
        if all(payload.rows is first for payload in heard) and _all_whole([heard]):
            order = first.argsort()
            union, where = first[order], np.full((k, len(first)), -1)
            where[: len(heard)] = order
        else:
            union = np.unique(np.concatenate([payload.rows for payload in heard]))
            where = np.full((k, len(union)), -1)
            for line, payload in zip(where, heard, strict=False):
                here = payload.at if isinstance(payload, Part) else np.arange(len(payload.rows))
                line[union.searchsorted(payload.rows)] = here
        sizes.append(len(union))
        ids.append(union)
        found.append(where)
    return np.array(sizes), np.concatenate(ids), np.concatenate(found, 1)
