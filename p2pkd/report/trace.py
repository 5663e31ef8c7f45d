"""A run as a trace that Perfetto (ui.perfetto.dev) and chrome://tracing open.

Trace Event Format (Chrome): every agent is a process with a track for its computations, tracks for
what it sends and receives, and counters; messages are flows from sender to receiver.  One
microsecond of the trace is one microsecond of simulated time.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from math import isnan, nan
from pathlib import Path
from typing import Any

import pandas as pd

from p2pkd.analysis.figures.timeline import offline_spans
from p2pkd.analysis.result import Result
from p2pkd.core.files import writing
from p2pkd.core.records import DELIVERED
from p2pkd.core.scores import OTHERS, in_words

Event = dict[str, Any]

# Tracks (thread numbers) of an agent; sending and receiving take as many as overlap.
COMPUTING, OFFLINE, SENDING, RECEIVING = 1, 2, 100, 10_000
# A message that arrives is shown so long, in microseconds: a flow must end in a slice.
ARRIVAL_US = 1.0


def write_trace(run_dir: str | Path | Result, path: str | Path | None = None) -> Path:
    """Write the trace of a run to *path* (default: ``trace.json`` in its directory); return it."""
    result = run_dir if isinstance(run_dir, Result) else Result.from_dir(run_dir)
    path = result.path / "trace.json" if path is None else Path(path)
    with writing(path) as file:
        file.write('{"displayTimeUnit": "ms", "traceEvents": [\n')
        separator = ""
        for event in trace_events(result):
            file.write(separator + json.dumps(event, allow_nan=False))
            separator = ",\n"
        file.write("\n]}\n")
    return path


def trace_events(result: Result) -> Iterator[Event]:
    """Yield all events of the trace."""
    yield _name("process_name", 0, 0, f"all agents of {result.name}")
    for agent in result.agents[["agent", "device", "model"]].to_dict("records"):
        process = int(agent["agent"]) + 1
        yield _name("process_name", process, 0, f"agent {agent['agent']} · {agent['device']}")
        yield {**_name("process_sort_index", process, 0, ""), "args": {"sort_index": process}}
        yield _name("thread_name", process, COMPUTING, f"computing · {agent['model']}")
    yield from _computations(result)
    yield from _absences(result)
    yield from _messages(result)
    yield from _counters(result)


def _computations(result: Result) -> Iterator[Event]:
    columns = ["agent", "kind", "started_s", "ended_s", "steps", "teachers", "flops", "energy_j"]
    for row in _rows(result.compute[columns]):
        details = {
            "steps": row.steps,
            "teachers": row.teachers,
            "flops": row.flops,
            "energy_j": row.energy_j,
        }
        yield _slice(str(row.kind), row.agent, COMPUTING, row.started_s, row.ended_s, details)


def _absences(result: Result) -> Iterator[Event]:
    end = float(result.summary.get("simulated_s") or 0)
    for agent in result.presence["agent"].unique().tolist():
        spans = offline_spans(result.presence, agent, end).tolist()
        if spans:
            yield _name("thread_name", agent + 1, OFFLINE, "offline")
        for start, stop in spans:
            yield _slice("offline", agent, OFFLINE, start, stop, {})


def _messages(result: Result) -> Iterator[Event]:
    lanes = Lanes()
    named: set[tuple[int, int, str]] = set()
    sent = result.messages.sort_values(["sent_s", "message"], kind="stable")
    for row in _rows(sent):
        lane = SENDING + lanes.take((row.sender, "out"), row.sent_s, row.ended_s)
        named.add((row.sender, lane, "sending"))
        details = {
            "to": row.receiver,
            "status": row.status,
            "payload_bytes": row.payload_bytes,
            "wire_bytes": row.wire_bytes,
            "attempts": row.attempts,
            "version": row.version,
        }
        name = str(row.kind) if row.status == DELIVERED else f"{row.kind} ({row.status})"
        yield _slice(name, row.sender, lane, row.sent_s, row.ended_s, details)
        if row.status == DELIVERED:
            yield _flow("s", row.message, row.sender, lane, row.sent_s)
    arrived = result.messages[result.messages["status"] == DELIVERED]
    for row in _rows(arrived.sort_values(["ended_s", "message"], kind="stable")):
        end = row.ended_s + ARRIVAL_US / 1e6
        lane = RECEIVING + lanes.take((row.receiver, "in"), row.ended_s, end)
        named.add((row.receiver, lane, "receiving"))
        yield _slice(str(row.kind), row.receiver, lane, row.ended_s, end, {"from": row.sender})
        yield _flow("f", row.message, row.receiver, lane, row.ended_s)
    for agent, lane, what in sorted(named):
        yield _name("thread_name", agent + 1, lane, what)


def _counters(result: Result) -> Iterator[Event]:
    for row in _rows(result.evaluations):
        yield _counter("accuracy", row.agent + 1, row.time_s, row.accuracy)
    for row in _rows(result.population):
        yield _counter(in_words(result.summary), 0, row.time_s, row.accuracy_mean)
        for name in ("accuracy_mean", *OTHERS.values(), "disagreement", "online"):
            if not isnan(getattr(row, name, nan)):
                yield _counter(name, 0, row.time_s, getattr(row, name))


class Lanes:
    """Gives overlapping intervals of one owner different lanes, the lowest free one each."""

    def __init__(self) -> None:
        self._busy: dict[Any, list[tuple[float, int]]] = {}
        self._free: dict[Any, list[int]] = {}
        self._count: dict[Any, int] = {}

    def take(self, owner: Any, start: float, end: float) -> int:
        """Return the lane for the interval; an owner's intervals must come in order of start."""
        busy, free = self._busy.setdefault(owner, []), self._free.setdefault(owner, [])
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane = heapq.heappop(free)
        else:
            lane = self._count[owner] = self._count.get(owner, -1) + 1
        heapq.heappush(busy, (end, lane))
        return lane


def _slice(
    name: str, agent: int, track: int, start_s: float, end_s: float, details: Event
) -> Event:
    start = _us(start_s)
    return {
        "ph": "X",
        "name": name,
        "pid": int(agent) + 1,
        "tid": track,
        "ts": start,
        "dur": round(_us(end_s) - start, 3),
        "args": _plain(details.items()),
    }


def _flow(phase: str, message: int, agent: int, track: int, time_s: float) -> Event:
    event = {
        "ph": phase,
        "cat": "message",
        "name": "message",
        "id": int(message),
        "pid": int(agent) + 1,
        "tid": track,
        "ts": _us(time_s),
    }
    # "e" binds the end to the slice that encloses it, rather than to the next one.
    return {**event, "bp": "e"} if phase == "f" else event


def _counter(name: str, process: int, time_s: float, value: float) -> Event:
    shown = float(value) if value == value else 0.0
    return {"ph": "C", "name": name, "pid": int(process), "ts": _us(time_s), "args": {name: shown}}


def _name(what: str, process: int, track: int, name: str) -> Event:
    return {"ph": "M", "name": what, "pid": process, "tid": track, "args": {"name": name}}


def _us(time_s: float) -> float:
    return round(float(time_s) * 1e6, 3)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as tuples with the columns' names."""
    return frame.itertuples(index=False)


def _plain(items: Iterable[tuple[str, Any]]) -> Event:
    return {key: value.item() if hasattr(value, "item") else value for key, value in items}
