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

GOLDEN = "p2pkd/verify/data/tcp_cases.json"
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
    measured = found.get("cases") if isinstance(found, dict) else None
    if not isinstance(measured, list) or not measured:
        raise InputError(f"{path}: must be a mapping with a list 'cases', as in {GOLDEN}")
    for number, case in enumerate(measured):
        try:
            _check(case)
        except KeyError as error:
            raise InputError(f"{path}: cases.{number}: {error} is missing; see {GOLDEN}") from None
        except (IndexError, TypeError, ValueError) as error:
            raise InputError(f"{path}: cases.{number}: {error}; see {GOLDEN}") from None
    return tuple(measured)


def _check(case: Case) -> None:
    """Raise KeyError, TypeError or ValueError where *case* cannot be played."""
    n = len(case["up"])
    for key in ("down", "up_queue", "down_queue"):
        _sized(case, key, n)
    for key in ("latency", *(["loss"] if "loss" in case else [])):
        _sized(case, key, n)
        if any(len(row) != n for row in case[key]):
            raise ValueError(f"{key} must be {n} rows of {n} numbers")
    if not (isinstance(case["name"], str) and isinstance(case["cc"], str)):
        raise ValueError("name and cc must be texts")
    for i, flow in enumerate(case["flows"]):
        _check_flow(flow, n, f"flows.{i}", len(case["flows"]))


def _sized(case: Case, key: str, n: int) -> None:
    if len(case[key]) != n:
        raise ValueError(f"{key} must have {n} numbers, as up has, and has {len(case[key])}")


def _check_flow(flow: Sequence[Any], n: int, where: str, flows: int) -> None:
    if len(flow) != 7:
        raise ValueError(f"{where}: must have 7 entries, has {len(flow)}")
    source, target, size, start, connection, median, runs = flow
    if not (0 <= source < n and 0 <= target < n and source != target):
        raise ValueError(f"{where}: from {source} to {target}; there are hosts 0 to {n - 1}")
    timed = start is not None or connection.startswith("after:")
    if not (size >= 0 and timed and median > 0 and runs):
        raise ValueError(f"{where}: needs bytes, a start, seconds and those of every run")
    first, _, gap = connection.removeprefix("after:").partition(":")
    if connection.startswith("after:") and not (int(first) < flows and float(gap) >= 0):
        raise ValueError(f"{where}: {connection!r} must be 'after:FLOW:SECONDS'")


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


def play_tcp(case: Case, seed: int = 0, make: Callable[..., Tcp] = Tcp) -> list[float]:
    """Return the seconds of each flow of *case* over `Tcp`, or what *make* makes in its place.

    *seed* draws losses.
    """
    env = Timeline()
    tcp = make(
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
        name = flow[4]
        if name == "new":
            play.at(1.0 + flow[3], partial(play.begin, i))
        elif not name.startswith("after:"):
            play.at(1.0 + flow[3], partial(_on_kept, play, kept, i))
            if name not in kept:
                kept[name] = None
                play.at(1.0 - OPENED_S, partial(_open, tcp, kept, name, flow))
    env.run()
    return play.seconds


def _open(tcp: Tcp, kept: dict[str, Any], name: str, flow: Sequence[Any]) -> None:
    kept[name] = tcp.open(flow[0], flow[1])


def _on_kept(play: _Play, kept: dict[str, Any], i: int) -> None:
    play.begin(i, kept[play.flows[i][4]])


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
