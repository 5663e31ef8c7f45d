from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from p2pkd.learning.state.pools import Pool
from p2pkd.learning.training.lessons import Alignment

CPU = torch.device("cpu")


def message(pool: Pool, rows: list[int], scale: float = 1.0) -> Any:
    """A message that says (id, 10 id) of each row."""
    (row,) = pool.take(1)
    values = torch.tensor([[r * scale, 10 * r * scale] for r in rows])
    pool.data[row] = values.flatten()
    return SimpleNamespace(pool=pool, row=row, rows=np.array(rows))


def test_messages_are_aligned_by_row_id_in_any_order() -> None:
    pool = Pool(6, CPU)
    heard = [[message(pool, [7, 3, 5]), message(pool, [5, 9, 3], 2.0)], [message(pool, [1, 2, 0])]]
    aligned = Alignment(heard, 2)
    assert aligned.sizes.tolist() == [4, 3]
    places = np.array([[0, 1, 2, 3], [2, 1, 0, 0]])
    assert aligned.rows(places).tolist() == [[3, 5, 7, 9], [2, 1, 0, 0]]
    values, present = aligned.values(places, 2, CPU)
    assert present.tolist() == [[[1, 1, 1, 0], [1, 1, 0, 1]], [[1, 1, 1, 1], [0, 0, 0, 0]]]
    first = values[..., 0] * present
    assert first.tolist() == [[[3, 5, 7, 0], [6, 10, 0, 18]], [[2, 1, 0, 0], [0, 0, 0, 0]]]


def test_one_message_each_takes_the_short_way_to_the_same_places() -> None:
    pool = Pool(6, CPU)
    for rows in ([[2, 4, 8], [1, 3, 5]], [[8, 2, 4], [5, 3, 1]]):
        aligned = Alignment([[message(pool, r)] for r in rows], 1)
        places = np.array([[0, 1, 2], [2, 1, 0]])
        assert aligned.rows(places).tolist() == [[2, 4, 8], [5, 3, 1]]
        assert aligned.values(places, 2, CPU)[0][:, 0, :, 0].tolist() == [[2, 4, 8], [5, 3, 1]]


def test_messages_of_different_lengths_come_from_different_pools() -> None:
    short, long = Pool(4, CPU), Pool(6, CPU)
    aligned = Alignment([[message(short, [4, 1])], [message(long, [5, 2, 3])]], 1)
    assert aligned.sizes.tolist() == [2, 3]
    values, present = aligned.values(np.array([[0, 1], [1, 2]]), 2, CPU)
    assert values[:, 0, :, 0].tolist() == [[1, 4], [3, 5]]
    assert present.min() == 1


def test_messages_about_the_same_rows_share_them() -> None:
    pool = Pool(4, CPU)
    one, two = message(pool, [6, 2]), message(pool, [6, 2], 3.0)
    two.rows = one.rows
    aligned = Alignment([[one, two]], 2)
    values, _ = aligned.values(np.array([[0, 1]]), 2, CPU)
    assert values[0, :, :, 0].tolist() == [[2, 6], [6, 18]]
