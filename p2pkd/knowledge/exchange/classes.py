"""What an agent says of the classes that it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pkd.core.rng import Streams
from p2pkd.engine.contents import RowComposer, Rows
from p2pkd.engine.message import Contents
from p2pkd.knowledge.codecs import ROW_ID_BYTES
from p2pkd.scenario.method import MethodSpec


class ClassComposer(RowComposer):
    """Means over an agent's private rows, class by class; the classes take the rows' place."""

    def __init__(
        self,
        method: MethodSpec,
        classes: Sequence[Rows],
        n_classes: int,
        learner: Any,
        streams: Streams,
        private_rows: Sequence[int],
    ) -> None:
        super().__init__(method, n_classes, n_classes, learner, streams, private_rows)
        self.classes = classes
        self.private_rows = private_rows
        knowledge: Any = method.send.knowledge
        codec: Any = method.send.codec
        width = knowledge.width(n_classes)
        self.sizes = [
            self.fact_bytes
            + int(codec.size_bytes(len(own), width))
            + (ROW_ID_BYTES * len(own) if len(own) < n_classes else 0)
            for own in classes
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
