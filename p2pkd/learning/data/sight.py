"""Reference and test rows as tensors, as each agent sees and labels them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Sight:
    """The rows that several agents look at, view after view (see `p2pkd.world.views`).

    Parameters
    ----------
    tensor : puts an array on the device.

    Attributes
    ----------
    reference_x : ``(V n_reference, n_features)``, V views; 1 where all see the same.
    """

    def __init__(self, data: Any, tensor: Callable[[Any], Tensor]) -> None:
        views, tasks = getattr(data, "views", None), getattr(data, "tasks", None)
        self.of: Tensor | None = None
        self.starts: Tensor | None = None
        self.tasks = None if tasks is None else tensor(tasks.of)
        self.test_y = tensor(data.test_y if tasks is None else tasks.test_y)
        # (m, C), or (T, m, C) with tasks: 1 at a row's class, nowhere if it is of other tasks.
        self.classes = (self.test_y.unsqueeze(-1) == tensor(np.arange(data.n_classes))).float()
        if views is None:
            self.reference_x, self.test_x = tensor(data.reference_x), tensor(data.test_x)
            return
        self.reference_x = tensor(views.reference_x).flatten(0, 1)
        self.test_x = tensor(views.test_x)
        of = tensor(views.of)
        self.of = of if len(views.test_x) > 1 else of * 0
        if len(views.reference_x) > 1:
            self.starts = of * len(data.reference_y)

    def places(self, agents: Any, rows: Tensor) -> Tensor:
        """Return where in `reference_x` the reference *rows* ``(G, n)`` of *agents* stand."""
        if self.starts is None:
            return rows
        return rows + self.starts[self._index(agents)].unsqueeze(1)

    def test_rows(self, agents: Any, here: slice) -> Tensor:
        """Return a part of the test rows as *agents* see them, ``(G, n, n_features)``."""
        if self.of is None:
            x = self.test_x[here]
            return x.expand(len(agents), *x.shape)
        return self.test_x[self.of[self._index(agents)], here]

    def test_labels(self, agents: Any, here: slice) -> Tensor:
        """Return the labels of a part of the test rows, ``(G, n)``; -1 for rows of other tasks."""
        if self.tasks is None:
            return self.test_y[here].expand(len(agents), -1)
        return self.test_y[self.tasks[self._index(agents)], here]

    def by_class(self, agents: Any, here: slice, which: Tensor) -> Tensor:
        """Return how many of the rows *which* ``(G, n)`` of a part have each class, ``(G, C)``."""
        if self.tasks is None:
            return which.float() @ self.classes[here]
        classes = self.classes[self.tasks[self._index(agents)], here]
        return torch.bmm(which.float().unsqueeze(1), classes).squeeze(1)

    def test_counts(self, agents: Any) -> Tensor:
        """Return how many test rows of each class there are for *agents*, ``(G, C)``."""
        counts = self.classes.sum(-2)
        if self.tasks is None:
            return counts.expand(len(agents), -1)
        return counts[self.tasks[self._index(agents)]]

    def seen_by(self, agents: Any) -> Any:
        """Return the number of the view in which each of *agents* sees test rows, ``(G,)``."""
        if self.of is None:
            return np.zeros(len(agents), np.int64)
        return self.of[self._index(agents)].cpu().numpy()

    def _index(self, agents: Any) -> Tensor:
        return torch.from_numpy(np.asarray(agents, np.int64)).to(self.reference_x.device)
