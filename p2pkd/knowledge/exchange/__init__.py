"""What travels, one class a kind of thing: rows, classes, inputs, weights."""

from p2pkd.knowledge.exchange.base import Exchange, Setting
from p2pkd.knowledge.exchange.contents import Contents

__all__ = ["Contents", "Exchange", "Setting"]
