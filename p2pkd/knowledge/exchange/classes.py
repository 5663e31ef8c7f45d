"""Classes: prototypes and label averages, of the classes that an agent has."""

from __future__ import annotations

from typing import Any

import numpy as np

from p2pkd.knowledge.codecs import ROW_ID_BYTES
from p2pkd.knowledge.exchange.base import Exchange, Setting
from p2pkd.knowledge.exchange.contents import Contents
from p2pkd.knowledge.exchange.rows import RowExchange, Rows


class ClassExchange(RowExchange):
    """Means over an agent's private rows, class by class; the classes take the rows' place."""

    def __init__(self, setting: Setting) -> None:
        Exchange.__init__(self, setting)
        data, method = setting.data, setting.method
        self._prepare(setting, data.n_classes, None)
        labels = data.private_y[data.partition.rows]
        own = np.split(np.asarray(labels), data.partition.offsets[1:-1])
        self.classes = [np.unique(part) for part in own]
        self.private_rows = setting.private_rows
        knowledge: Any = method.send.knowledge
        codec: Any = method.send.codec
        n_classes = data.n_classes
        width = knowledge.width(n_classes)
        self.sizes = [
            self.fact_bytes
            + int(codec.size_bytes(len(own), width))
            + (ROW_ID_BYTES * len(own) if len(own) < n_classes else 0)
            for own in self.classes
        ]

    def samples(self, agent: int) -> int:
        """Return the agent's private rows: all of them go forward."""
        return self.private_rows[agent]

    def compose(self, agent: int, version: Any, updates: int, now_s: float) -> Contents:
        """Return the means of the agent's classes."""
        contents = super().compose(agent, version, updates, now_s)
        contents.size_bytes = self.sizes[agent]
        return contents

    def _rows(self, agent: int, now_s: float) -> Rows:
        return self.classes[agent]
