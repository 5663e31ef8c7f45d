"""Measured TCP cases, played again by a transport.

`data/tcp_cases.json` holds transfers between Linux hosts over emulated access links.  A case has
rates in bytes/s of IP packets, queues in bytes, latencies and perhaps a loss by pair, and flows:
source, target, bytes, start, connection, median of the measured seconds, and those of every run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import InputError
from p2pkd.core.plain_json import read_json
from p2pkd.engine.timeline import Timeline
from p2pkd.engine.transport import Fair
from p2pkd.engine.transport.packets import Tcp
from p2pkd.engine.transport.packets.congestion import Reno
from p2pkd.engine.transport.packets.cubic import Cubic
from p2pkd.engine.transport.packets.packet import Packet

OPENED_S = 0.4
"""Kept connections are open for so long before the first message."""

Case = dict[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    """Return the measured cases that come with the package."""
    text = files("p2pkd.verify").joinpath("data/tcp_cases.json").read_text(encoding="utf-8")
    return tuple(json.loads(text)["cases"])


def read_cases(path: Path) -> tuple[Case, ...]:
    """Return the cases in the file *path*; raise InputError where it has none of this form."""
    found = read_json(path, InputError)
    try:
        measured = tuple(found["cases"])
        for case in measured:
            _check(case)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path}: no measured cases as in tcp_cases.json: {error!r}") from None
    if not measured:
        raise InputError(f"{path}: has no cases")
    return measured


def _check(case: Case) -> None:
    n = len(case["up"])
    for key in ("down", "up_queue", "down_queue", "latency"):
        if len(case[key]) != n:
            raise ValueError(f"{case['name']}: {key} is not of {n} hosts")
    for source, target, size, start, connection, median, runs in case["flows"]:
        whole = 0 <= source < n and 0 <= target < n and size >= 0 and median > 0 and runs
        if not (whole and isinstance(connection, str) and start is not None):
            raise ValueError(f"{case['name']}: a flow from {source} to {target}")


def group(case: Case) -> str:
    """Return the group of *case*, such as ``d-open``."""
    name: str = case["name"]
    return name.split("/")[0]


class CaseLinks:
    """The links of a case, as a transport sees them."""

    def __init__(self, case: Case) -> None:
        self.uplink: NDArray[np.float64] = np.array(case["up"])
        self.downlink: NDArray[np.float64] = np.array(case["down"])
        self._latency = case["latency"]

    def latency(self, a: int, b: int) -> float:
        """Return the one-way delay in seconds."""
        return float(self._latency[a][b])


class _Play:
    """One run of a case: when flows begin, and how long they took."""

    def __init__(self, case: Case, env: Timeline, launch: Callable[[int, Any], None]) -> None:
        self.flows: Sequence[Sequence[Any]] = case["flows"]
        self.env, self.launch = env, launch
        self.seconds: list[float] = [float("nan")] * len(self.flows)
        self.followers: dict[int, list[tuple[int, float]]] = {}
        for i, flow in enumerate(self.flows):
            if flow[4].startswith("after:"):
                _, first, gap = flow[4].split(":")
                self.followers.setdefault(int(first), []).append((i, float(gap)))

    def at(self, time_s: float, action: Callable[[], Any]) -> None:
        """Do *action* at *time_s*."""
        self.env.timeout(time_s - self.env.now).callbacks.append(lambda _: action())

    def begin(self, i: int, connection: Any = None) -> None:
        """Begin flow *i* now."""
        self.seconds[i] = -self.env.now
        self.launch(i, connection)

    def ended(self, i: int, connection: Any, _: Any) -> None:
        """Note the end of flow *i*, and let those begin that follow."""
        self.seconds[i] += self.env.now
        for j, gap in self.followers.get(i, ()):
            self.at(self.env.now + gap, partial(self.begin, j, connection))


class _Hosts(Tcp):
    """`Tcp` between hosts that take a moment, drawn anew each time, to react to a packet.

    Without, packets meet in queues in the same way each time they come; one flow loses and another
    never does (phase effects, Floyd and Jacobson 1991).  Real runs differ in it.
    """

    def __init__(self, *args: Any, seed: int, late_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._draw, self._late_s = np.random.default_rng([seed, 1]).random, late_s
        self._reacts: dict[int, tuple[float, float]] = {}

    def send(
        self, packet: Packet, source: int, target: int, now: float, *more: float
    ) -> tuple[bool, float]:
        """Send *packet* a moment later; what is sent at once stays so, in order."""
        heard, due = self._reacts.get(source, (-1.0, 0.0))
        if heard != now:
            due = max(due, now + self._late_s * self._draw())
            self._reacts[source] = now, due
        return super().send(packet, source, target, due, *more)


def play_tcp(case: Case, seed: int = 0, late_s: float = 0.0) -> list[float]:
    """Return the seconds of each flow of *case* over `Tcp`.

    *seed* draws losses, and how late, up to *late_s*, hosts react.
    """
    env = Timeline()
    tcp = (partial(_Hosts, seed=seed, late_s=late_s) if late_s else Tcp)(
        env,
        CaseLinks(case),
        queue=(case["up_queue"], case["down_queue"]),
        congestion=Reno if case["cc"] == "reno" else Cubic,
        lose=_losses(case, seed),
    )

    def launch(i: int, connection: Any) -> None:
        source, target, size = play.flows[i][:3]
        if connection is None:
            connection = tcp.open(source, target, once=i not in play.followers)
        tcp.send_on(connection, size, partial(play.ended, i, connection))

    play = _Play(case, env, launch)
    kept: dict[str, Any] = {}
    for i, flow in enumerate(play.flows):
        name, start = flow[4], 1.0 + flow[3]
        if name == "new":
            play.at(start, partial(play.begin, i))
        elif not name.startswith("after:"):
            play.at(start, partial(_on_kept, play, kept, i))
            if name not in kept:
                kept[name] = None
                play.at(1.0 - OPENED_S, partial(_open, tcp, kept, name, flow))
    env.run()
    return play.seconds


def _open(tcp: Tcp, kept: dict[str, Any], name: str, flow: Sequence[Any]) -> None:
    kept[name] = tcp.open(flow[0], flow[1])


def _on_kept(play: _Play, kept: dict[str, Any], i: int) -> None:
    play.begin(i, kept[play.flows[i][4]])


def draws(case: Case, count: int, late_s: float = 0.0001) -> list[list[float]]:
    """Return the seconds of each flow in *count* runs whose hosts react up to *late_s* late."""
    runs = [play_tcp(case, k, late_s) for k in range(count)]
    return [list(seconds) for seconds in zip(*runs, strict=True)]


def _losses(case: Case, seed: int) -> Callable[[int, int], bool] | None:
    if "loss" not in case:
        return None
    loss, draw = case["loss"], np.random.default_rng(seed).random
    return lambda source, target: bool(draw() < loss[source][target])


def play_fair(case: Case, *, slow_start: bool = False) -> list[float]:
    """Return the seconds of each flow of *case* over `Fair`, which knows no connections."""
    env = Timeline()
    fair = Fair(env, CaseLinks(case), slow_start=slow_start)

    def launch(i: int, connection: Any) -> None:
        source, target, size = play.flows[i][:3]
        fair.start(source, target, size, partial(play.ended, i, connection))

    play = _Play(case, env, launch)
    for i, flow in enumerate(play.flows):
        if not flow[4].startswith("after:"):
            play.at(1.0 + flow[3], partial(play.begin, i))
    env.run()
    return play.seconds
