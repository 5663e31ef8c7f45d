"""What is to be done to make a version or a payload: one type of operation a kind, frozen.

Rows and sample numbers are counted since the run began, agent by agent, so that an operation
means the same whenever, and beside whomever, it is computed.  What is *heard* are payloads, parts
of them, or versions (`p2pkd.learning.state.versions`); parts of a sum are versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from p2pkd.learning.api import Rows

Note = tuple[int, float]
"""Who sent a message, and how old its contents are, in seconds."""


class Initial(NamedTuple):
    """Begin: fresh parameters, or those of a common or pretrained start."""


class Train(NamedTuple):
    """Take *steps* cross-entropy steps on private rows, whose sample numbers begin at *first*."""

    steps: int
    first: int


class Distill(NamedTuple):
    """Take *steps* steps towards what the messages *heard* say.

    *first* is the number of the first private sample, *drawn* that of the first public one;
    *notes* are of each message, None where no rule asks for them.
    """

    steps: int
    heard: Sequence[Any]
    first: int
    drawn: int
    notes: Sequence[Note] | None


class Merge(NamedTuple):
    """Put the weighted sum of *parts* in place of parameters.

    The *keeper* stands in for parts of other agents that are not finite.
    """

    parts: Sequence[tuple[Any, float]]
    keeper: Any


class Encode(NamedTuple):
    """Let parameters be as receivers decode them; as they are, if *exact*."""

    exact: bool


class Predict(NamedTuple):
    """Say what a model knows of *rows*; as receivers decode it, unless *exact*.

    *number* counts what its agent has predicted before, where noise is drawn.
    """

    rows: Rows
    exact: bool = False
    number: int = 0


class Mean(NamedTuple):
    """Combine the messages *heard* into one target about *rows*, not yet sharpened."""

    rows: Rows
    heard: Sequence[Any]
    notes: Sequence[Note]


Operation = Initial | Train | Distill | Merge | Encode | Predict | Mean

# What makes payloads, and no versions.
TELLING: frozenset[type] = frozenset({Predict, Mean})
