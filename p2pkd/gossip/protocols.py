"""Who starts an exchange, and who answers.

A protocol is two facts about the message that an agent sends when its clock ticks: does it carry
knowledge, and does it ask for knowledge in return?
"""

from __future__ import annotations

from typing import ClassVar, Literal

from p2pkd.scenario.method import ProtocolSpec
from p2pkd.scenario.quantities import Count, Fraction, Period, Steps


class Silent(ProtocolSpec):
    """Nobody sends anything."""

    carries: ClassVar[bool] = False
    asks: ClassVar[bool] = False
    kind: Literal["none"] = "none"


class Push(ProtocolSpec):
    """The initiator sends its knowledge."""

    carries: ClassVar[bool] = True
    asks: ClassVar[bool] = False
    kind: Literal["push"] = "push"


class Pull(ProtocolSpec):
    """The initiator asks; the peer answers with its knowledge."""

    carries: ClassVar[bool] = False
    asks: ClassVar[bool] = True
    kind: Literal["pull"] = "pull"


class PushPull(ProtocolSpec):
    """The initiator sends its knowledge and the peer answers with its own."""

    carries: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    kind: Literal["push_pull"] = "push_pull"


class Coordinated(ProtocolSpec):
    """Aggregators ask, the others learn upon it and answer, and aggregators combine the answers.

    FedAvg's round (McMahan et al., AISTATS 2017, Algorithm 1) where models travel: an aggregator
    sends its model to max(C K, 1) of its K children, drawn anew, and replaces it by the average of
    what they make of it.  Where predictions travel it asks for them, and then tells all children
    their mean.  An aggregator below another one asks its own children when it is asked (HierFAVG,
    Liu et al., ICC 2020).  Needs `aggregators`; `peers` and `fanout` play no part.
    """

    carries: ClassVar[bool] = False
    asks: ClassVar[bool] = False
    aggregated: ClassVar[bool] = True
    kind: Literal["coordinated"] = "coordinated"
    fraction: Fraction = 1.0
    """C, of its children, whom an aggregator asks in a round."""
    inner_rounds: Count = 1
    """Rounds with its own children for each that an inner aggregator is asked in; models only."""
    returns: Literal["all", "others"] = "all"
    """Predictions that make the mean one is told: all, or all but one's own (which costs no more).
    """
    server_steps: Steps = 0
    """Steps that the root's own model takes each round towards the mean it has just made (DS-FL);
    0: where predictions travel it has no model.  Charged to its device."""
    tells: Literal["mean", "model"] = "mean"
    """What all are told of a round's predictions: their mean, or what the root's model predicts
    once it has learned from it (CFD's dual distillation); in single precision either way."""
    cache: Count | None = None
    """For so many rounds a row's mean is kept by all, and neither asked for nor told again
    (SCARLET); default: every row is asked for and told in every round."""
    patience: Period | None = None
    """For how long the root waits for answers; those that come later are ignored.  Default: the
    period, `gossip.every`, so that an answer that is lost does not cost the rounds after it.  An
    aggregator below has its share: `inner_rounds` rounds, and one for the way, fit its asker's.
    """

    @property
    def cached_rounds(self) -> int | None:
        """`cache`."""
        return self.cache

    @property
    def waits_s(self) -> float | None:
        """`patience`."""
        return self.patience

    @property
    def server_learns(self) -> bool:
        """Whether there are `server_steps`."""
        return self.server_steps > 0

    def following(self, every: float) -> Coordinated:
        """Return the protocol with the patience that suits a round each *every* seconds."""
        return self if self.patience else self.model_copy(update={"patience": every})

    def patience_at(self, depth: int) -> float:
        """Return for how long an aggregator with *depth* others above it waits, in seconds."""
        assert self.patience is not None
        return self.patience / float((self.inner_rounds + 1) ** depth)

    def cohort(self, children: int) -> int:
        """Return max(C K, 1) of K *children*."""
        return max(1, int(self.fraction * children + 1e-9))
