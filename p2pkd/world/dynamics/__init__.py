"""Graphs that change: the history of a graph as a sequence of changes, one kind a file."""

from p2pkd.world.dynamics import edge_list, failures, mobility, resample
from p2pkd.world.dynamics.base import Change, History, Setting, build_history, register

__all__ = [
    "Change",
    "History",
    "Setting",
    "build_history",
    "edge_list",
    "failures",
    "mobility",
    "register",
    "resample",
]
