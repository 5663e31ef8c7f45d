"""One run of a study, before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from p2pkd.scenario.load import Loaded
from p2pkd.study.axes import SEED, Label


@dataclass(frozen=True)
class Point:
    """One run of a study.

    `labels` has an entry for each swept key, the seed among them; `key` is the hash of the
    resolved scenario (16 hexadecimal digits), and the name of the run's directory.
    """

    labels: Mapping[str, Label]
    key: str
    loaded: Loaded = field(repr=False)
    resolved_text: str = field(repr=False)

    @property
    def setting(self) -> tuple[Label, ...]:
        """The labels without the seed: what runs are repetitions of."""
        return tuple(label for key, label in self.labels.items() if key != SEED)
