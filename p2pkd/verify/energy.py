"""Joules: idle power while online and not computing, computing power, and the radio's bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from p2pkd.verify.check import Check, exact
from p2pkd.verify.computing import TRAIN_FLOPS
from p2pkd.verify.observed import (
    FEATURES,
    FLOPS_PER_S,
    FORWARD_FLOPS,
    MESSAGE_BYTES,
    REFERENCE,
    base,
    observe,
)

ROUNDS = 4
BUSY_S = (TRAIN_FLOPS + REFERENCE * FORWARD_FLOPS) / FLOPS_PER_S
"""What a round of `base` computes: five steps, and the predictions that are sent."""
IDLE_W, COMPUTE_W, RADIO_J = 2.0, 7.0, 3e-6
SLOW = 30.0
"""A slowdown that makes the computing a large part of the time."""


def joules(*, fast: bool) -> Iterator[Check]:
    """Every joule of a run of whole rounds, and of one in which an agent goes away."""
    busy = ROUNDS * SLOW * BUSY_S
    seen = observe(base(2, 10.0 * ROUNDS, device={"slowdown": SLOW}))
    received = ROUNDS * MESSAGE_BYTES
    yield from _all("4 rounds", seen.agents[0], 40.0, busy, received, received)

    # Agent 1 leaves in the middle of the second round's computing, for good.
    left = 10.0 + SLOW * BUSY_S / 2
    failure = {"failures": [{"at": f"{left!r} s", "agents": [1]}]}
    seen = observe(base(2, 40.0, device={"slowdown": SLOW}, churn=failure))
    gone = seen.agents[1]
    yield from _all("gone at 10.6 s", gone, left, 1.5 * SLOW * BUSY_S, MESSAGE_BYTES, MESSAGE_BYTES)


def radio(*, fast: bool) -> Iterator[Check]:
    """What was sent counts at the sender, lost or not; what arrives, at the receiver."""
    law = "energy of the radio"
    alone: dict[str, Any] = {"links": {"transport": "instant", "loss": "100 %"}}
    seen = observe(base(2, 5.0, **alone))
    yield exact(
        law, "lost: the sender's alone", RADIO_J * MESSAGE_BYTES, seen.agents[0].radio_energy_j
    )
    alone["links"]["retransmit"] = {"timeout": "1 s", "attempts": 3, "backoff": 1.0}
    seen = observe(base(2, 5.0, **alone))
    expected = 3 * RADIO_J * MESSAGE_BYTES
    yield exact(law, "sent three times", expected, seen.agents[0].radio_energy_j)
    fetched = {
        "data": {"reference": {"delivery": "download"}},
        "method": {"gossip": {"protocol": "none"}},
    }
    seen = observe(base(2, 5.0, **fetched))
    expected = RADIO_J * 4 * REFERENCE * FEATURES
    yield exact(law, "download of the reference set", expected, seen.agents[0].radio_energy_j)


def _all(
    case: str, agent: Any, online_s: float, busy_s: float, sent: float, received: float
) -> Iterator[Check]:
    parts = {
        "idle": (IDLE_W * (online_s - busy_s), agent.idle_energy_j),
        "computing": (COMPUTE_W * busy_s, agent.compute_energy_j),
        "radio": (RADIO_J * (sent + received), agent.radio_energy_j),
    }
    for part, (expected, measured) in parts.items():
        yield exact("energy of an agent", f"{case}, {part}, J", expected, measured)
    total = sum(expected for expected, _ in parts.values())
    yield exact("energy of an agent", f"{case}, total, J", total, agent.energy_j)
    yield exact("energy of an agent", f"{case}, seconds of computing", busy_s, agent.computing_s)
