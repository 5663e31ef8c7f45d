"""What a receiver keeps of what it hears, and for how long: one kind of memory a file."""

from p2pkd.knowledge.memory.base import Memo, Memory
from p2pkd.knowledge.memory.inbox import Inbox
from p2pkd.knowledge.memory.latest import LatestPerPeer, Once
from p2pkd.knowledge.memory.reservoir import Reservoir
from p2pkd.knowledge.memory.rows import Excerpt, LatestPerRow
from p2pkd.knowledge.memory.window import Window

__all__ = [
    "Excerpt",
    "Inbox",
    "LatestPerPeer",
    "LatestPerRow",
    "Memo",
    "Memory",
    "Once",
    "Reservoir",
    "Window",
]
