"""What travels and what is kept: payloads, codecs, memories, teachers, privacy."""

from p2pkd.knowledge import codecs, memory, payloads, privacy, teachers

__all__ = ["codecs", "memory", "payloads", "privacy", "teachers"]
