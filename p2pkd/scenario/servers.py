"""Whether a server can do with predictions what its scenario asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p2pkd.scenario.scenario import Scenario

KEY = "method.gossip.protocol"


def server_misfits(scenario: Scenario) -> Iterator[str]:
    """Yield, in words, which other choices do not go with a server that learns or remembers."""
    method = scenario.method
    protocol: Any = method.gossip.protocol
    knowledge: Any = method.send.knowledge
    asked = {
        "server_steps": protocol.server_steps > 0,
        "tells": protocol.tells != "mean",
        "cache": protocol.cache is not None,
    }
    if not knowledge.about_reference:
        for key in (key for key, given in asked.items() if given):
            yield f"{KEY}.{key}: is about predictions, and {knowledge.tag_value} are sent"
        return
    learn: Any = method.learn
    if asked["server_steps"] and learn.joint is not None:
        yield (
            f"{KEY}.server_steps: {protocol.server_steps}, but learn.objective"
            f" {learn.tag_value!r} steps on private rows too, and a server has none; use the order"
            " digest_then_revisit or revisit_then_digest"
        )
    if asked["server_steps"] and learn.teacher != "peers":
        yield (
            f"{KEY}.server_steps: {protocol.server_steps}, but learn.objective"
            f" {learn.tag_value!r} learns from no messages; use response"
        )
    if asked["tells"] and not asked["server_steps"]:
        yield f"{KEY}.tells: 'model', but the server has none; give server_steps"
    if asked["tells"] and knowledge.knowledge_type not in ("probabilities", "logits"):
        yield f"{KEY}.tells: 'model' tells soft_labels or logits, not {knowledge.tag_value}"
    if asked["cache"]:
        yield from _cache_misfits(scenario)


def _cache_misfits(scenario: Scenario) -> Iterator[str]:
    method = scenario.method
    protocol: Any = method.gossip.protocol
    teachers, send = method.teachers, method.send
    complaints = {
        f"send.knowledge: {send.knowledge.tag_value!r} has no mean that can be kept; use"
        " soft_labels": send.knowledge.tag_value != "soft_labels",
        "send.codec: differences and compression need the same rows each time; use one of fixed"
        " size": send.codec is not None and send.codec.looks,
        f"{KEY}.returns: 'others' is another mean for everybody; use all": (
            protocol.returns != "all"
        ),
        f"{KEY}.tells: 'model' is not what is kept; use mean": protocol.tells != "mean",
        "teachers.filters: what is left out could not be kept": bool(teachers.filters),
        f"teachers.weights: {teachers.weights.tag_value!r} needs what is told beside predictions;"
        " use uniform, confidence or entropy": bool(teachers.weights.facts),
        "teachers.combine: 'mean_losses' makes no mean; use mean_probabilities": (
            teachers.combine.tag_value == "mean_losses"
        ),
        "data.reference.known: a server asks for rows that everybody has; use 100 %": (
            scenario.data.reference.known < 1
        ),
    }
    for words in (words for words, wrong in complaints.items() if wrong):
        yield words if words.startswith(KEY) else f"{KEY}.cache with {words}"
