"""What travels and what is kept: payloads, codecs, memories, teachers."""

from p2pkd.knowledge import codecs, memory, payloads, teachers

__all__ = ["codecs", "memory", "payloads", "teachers"]
