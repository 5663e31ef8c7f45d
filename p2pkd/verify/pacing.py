"""When agents speak: clocks, token accounts, limits of the rate, queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import ABORTED, MessageRecord
from p2pkd.verify.check import Check, alike, exact, sampled
from p2pkd.verify.observed import WEIGHTS_BYTES, Observed, observe, talking

EVERY_S, JITTER = 10.0, 0.4
INSTANT: dict[str, Any] = {"transport": "instant"}


def clocks(*, fast: bool) -> Iterator[Check]:
    """Periods of `every`, jittered by a uniform share or exponential; phases are uniform."""
    law, n, turns = "clock", 100 if fast else 400, 12
    for clock, jitter, square in (("periodic", JITTER, 1 + JITTER**2 / 3), ("poisson", 0.1, 2.0)):
        first, gaps = _turns(n, turns, {"clock": clock, "jitter": jitter})
        yield sampled(law, f"{clock}, mean period over `every`", 1.0, gaps)
        yield sampled(law, f"{clock}, mean square of it", square, gaps**2)
        phase, phase_square = (0.5, 1 / 3) if clock == "periodic" else (1.0, 2.0)
        yield sampled(law, f"{clock}, mean first turn over `every`", phase, first)
        yield sampled(law, f"{clock}, mean square of it", phase_square, first**2)
    seen = observe(talking(4, 35.0, links=INSTANT))
    for number in range(4):
        times = [m.sent_s for m in seen.messages[4 * number : 4 * number + 4]]
        yield from alike(law, f"rounds, start of number {number}", number * EVERY_S, times)


def _turns(
    n: int, turns: int, gossip: dict[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return first turns, and the periods after them; both over `every`.

    Of each agent only so many periods as hardly any run ends before: those cut off are longer.
    """
    seen = observe(talking(n, EVERY_S * turns * 3, links=INSTANT, method={"gossip": gossip}))
    times: dict[int, list[float]] = {}
    for message in seen.messages:
        times.setdefault(message.sender, []).append(message.sent_s / EVERY_S)
    first = np.array([own[0] for own in times.values()])
    return first, np.concatenate([np.diff(own[: turns + 1]) for own in times.values()])


def tokens(*, fast: bool) -> Iterator[Check]:
    """A tick earns a token or sends a message; a reaction costs a token a message."""
    law, n, ticks, capacity = "token accounts", 20, 60, 6
    flows: list[tuple[str, dict[str, Any], int]] = [
        ("simple", {"kind": "simple_tokens", "capacity": capacity}, capacity),
        # With A = 3 the first chance to speak is at a = 3 tokens.
        ("randomised", {"kind": "randomised_tokens", "capacity": capacity, "reluctance": 3}, 3),
        ("generalised", {"kind": "generalised_tokens", "capacity": capacity, "reluctance": 3}, 6),
    ]
    for case, flow, silent in flows:
        seen = _flowing(n, ticks, flow)
        accounts = seen.simulation.shared.tokens if seen.simulation else None
        held = 0 if accounts is None else sum(accounts.tokens)
        spent = len(seen.messages)
        yield exact(law, f"{case}, messages and tokens left", n * ticks, spent + held)
        first = min(m.sent_s for m in seen.messages)
        yield exact(law, f"{case}, first message in s", silent * EVERY_S, first)
    yield from _reactions(law)
    yield from _chances(law, 300 if fast else 3000)


def _reactions(law: str) -> Iterator[Check]:
    """Whoever has a = C tokens answers by floor((A - 1 + a) / A) messages at once, or by one."""
    for case, flow, expected in (
        ("simple", {"kind": "simple_tokens", "capacity": 6}, 1),
        ("generalised, A = 2", {"kind": "generalised_tokens", "capacity": 6, "reluctance": 2}, 3),
        ("generalised, A = 5", {"kind": "generalised_tokens", "capacity": 6, "reluctance": 5}, 2),
    ):
        # At tick 6 all speak, and nobody has heard anything before: all have six tokens.
        _, answers = _at_tick(20, 6, flow)
        yield from alike(law, f"{case}, answers to one message", expected, list(answers.values()))


def _chances(law: str, n: int) -> Iterator[Check]:
    """Randomised: one speaks with chance (a - A + 1) / (C - A + 1), and answers by a / A."""
    flow = {"kind": "randomised_tokens", "capacity": 6, "reluctance": 3}
    spoke, answers = _at_tick(n, 3, flow)
    chance = [float(agent in spoke) for agent in range(n)]
    yield sampled(law, "randomised, share that speaks with 3 tokens", 1 / 4, chance)
    silent = [count for agent, count in answers.items() if agent not in spoke]
    # Whoever kept silent has earned a fourth token.
    yield sampled(law, "randomised, answers with 4 tokens", 4 / 3, silent)


def _at_tick(n: int, tick: int, flow: dict[str, Any]) -> tuple[set[int], dict[int, int]]:
    """Return who speaks at a tick, and how many messages those send who then hear just one.

    Answers begin a latency of 1 ms later.
    """
    messages = _flowing(n, tick + 1, flow).messages
    begun = [m for m in messages if abs(m.sent_s - tick * EVERY_S) < 1e-6]
    heard = Counter(m.receiver for m in begun)
    answered = Counter(m.sender for m in messages if abs(m.sent_s - tick * EVERY_S - 1e-3) < 1e-6)
    answers = {agent: answered[agent] for agent, count in heard.items() if count == 1}
    return {m.sender for m in begun}, answers


def limits(*, fast: bool) -> Iterator[Check]:
    """Messages of one sender leave apart by `per` / `messages` or S / `rate`, after a burst."""
    law = "limit of the rate"
    for case, flow, apart, ahead in (
        ("3 messages in 6 s", {"messages": 3, "per": "6 s"}, 2.0, 0.0),
        ("80 B/s", {"rate": "80 B/s"}, WEIGHTS_BYTES / 80, 0.0),
        ("80 B/s, 7 s ahead", {"rate": "80 B/s", "burst": "7 s"}, WEIGHTS_BYTES / 80, 7.0),
    ):
        flow = {"kind": "rate_limit", **flow}
        late = sorted(_hub(flow=flow))
        for k in range(4):
            yield exact(law, f"{case}, message {k + 1}, s", max(0.0, k * apart - ahead), late[k])
    law = "queue at the sender"
    # One on the wire at a time: 120 ms each on the hub's uplink, and its latency besides.
    for limit, drop in ((2, "oldest"), (2, "newest")):
        seen = _hub_messages(queue={"limit": limit, "drop": drop})
        dropped = [m.receiver for m in seen if m.status == ABORTED and m.attempts == 0]
        yield exact(law, f"limit {limit} of 4, how many are dropped", 1, len(dropped))
        number = [m.receiver for m in sorted(seen, key=lambda m: m.message)]
        expected = number[1] if drop == "oldest" else number[3]
        yield exact(law, f"drop {drop}, who", expected, dropped[0] if dropped else np.nan)


def _hub(**gossip: Any) -> list[float]:
    """Return how long each of a hub's four messages takes beside the latency."""
    return [m.ended_s - m.sent_s - 0.05 for m in _hub_messages(**gossip)]


def _hub_messages(**gossip: Any) -> list[MessageRecord]:
    values = talking(
        5,
        40.0,
        topology="star",
        links=INSTANT,
        method={"gossip": {"fanout": "all", "every": "50 s", **gossip}},
    )
    return [m for m in observe(values).messages if m.sender == 0]


def _flowing(n: int, ticks: int, flow: dict[str, Any], seed: int = 0) -> Observed:
    """Return a run of so many ticks whose reactions are over before the next tick."""
    links = {**INSTANT, "latency": {"value": "1 ms"}}
    values = talking(n, ticks * EVERY_S - 1, links=links, method={"gossip": {"flow": flow}})
    return observe(values, seed)
