"""Who starts an exchange, and who answers.

A protocol is two facts about the message that an agent sends when its clock ticks: does it carry
knowledge, and does it ask for knowledge in return?
"""

from __future__ import annotations

from typing import ClassVar, Literal

from p2pkd.scenario.method import ProtocolSpec


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
