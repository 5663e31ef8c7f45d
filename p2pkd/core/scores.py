"""What a method delivers, and on what it is measured: the words for tables, figures and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCORES = {
    "agents": "mean over agents",
    "server": "server's model",
    "average": "average of all models",
    "ensemble": "ensemble of all agents",
    "proxies": "mean over proxies",
}
MEASURES = {
    "global": "test accuracy",
    "own_classes": "accuracy on own classes",
    "own_distribution": "accuracy on own distribution",
}
SINGLE = frozenset({"server", "average", "ensemble"})
"""Scores of one model, which have no spread over agents."""

OTHERS = {
    "agents": "agents_accuracy_mean",
    "server": "server_accuracy",
    "average": "average_accuracy",
    "ensemble": "ensemble_accuracy",
    "proxies": "proxies_accuracy_mean",
}
"""The column in which each score is recorded, whichever is the declared one."""


def in_words(summary: Mapping[str, Any]) -> str:
    """Return what a run's accuracy is of: ``server's model, test accuracy``.

    *summary* is that of its manifest; older ones do not tell, and had the mean over all agents.
    """
    score, measure = summary.get("score") or "agents", summary.get("measure") or "global"
    return f"{SCORES.get(score, score)}, {MEASURES.get(measure, measure)}"


def short(summary: Mapping[str, Any]) -> str:
    """Return the same for a column of a table: ``server``, ``agents, own_classes``."""
    score, measure = summary.get("score") or "agents", summary.get("measure") or "global"
    return score if measure == "global" else f"{score}, {measure}"


def capital(words: str) -> str:
    """Return *words* with a capital letter in front."""
    return words[:1].upper() + words[1:]
