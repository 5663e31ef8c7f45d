"""Networks: the protocol that the engine sees, and four ways to carry a message."""

from p2pkd.engine.transport.base import Links, Transfer, Transport
from p2pkd.engine.transport.fair import Allocation, Fair
from p2pkd.engine.transport.fifo import Fifo
from p2pkd.engine.transport.instant import Instant
from p2pkd.engine.transport.linktable import SharedLinks
from p2pkd.engine.transport.packets import Tcp

__all__ = [
    "Allocation",
    "Fair",
    "Fifo",
    "Instant",
    "Links",
    "SharedLinks",
    "Tcp",
    "Transfer",
    "Transport",
]
