"""Computing: FLOPs by layers and rows, seconds by rate, one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from p2pkd.core.records import ComputeRecord
from p2pkd.verify.check import Check, bounded, exact
from p2pkd.verify.observed import (
    CLASSES,
    FEATURES,
    FLOPS_PER_S,
    FORWARD_FLOPS,
    PARAMETERS,
    REFERENCE,
    base,
    observe,
)

STEPS, BATCH = 5, 32
TRAIN_FLOPS = 3 * STEPS * BATCH * FORWARD_FLOPS
"""Forward 1, backward 2."""


def flops(*, fast: bool) -> Iterator[Check]:
    """Training is 3 forward passes a row, predicting 1, a merge 2 operations a number."""
    law = "FLOPs and seconds of a computation"
    # A 10-8-6-4 perceptron: a multiplication and an addition a weight, an addition a bias.
    deep = 2 * (10 * 8 + 8 * 6 + 6 * 4) + 8 + 6 + 4
    cases: list[tuple[str, dict[str, Any], str, float, float]] = [
        ("training, linear", {}, "train", TRAIN_FLOPS, 1),
        ("training, 10-8-6-4", {"device": _mlp(8, 6)}, "train", 3 * STEPS * BATCH * deep, 1),
        ("training, full batches", _learn(batch="full"), "train", TRAIN_FLOPS / BATCH * 20, 1),
        ("predicting", {}, "predict", REFERENCE * FORWARD_FLOPS, 1),
        ("predicting 7 rows", {"method": {"send": {"rows": 7}}}, "predict", 7 * FORWARD_FLOPS, 1),
        ("slowdown 4", {"device": {"slowdown": 4.0}}, "train", TRAIN_FLOPS, 1 / 4),
        ("background 25 %", {"device": {"background": "25 %"}}, "train", TRAIN_FLOPS, 3 / 4),
        ("distilling", _learn("response", distill_steps=4), "distill", TRAIN_FLOPS * 4 / 5, 1),
        # Reference rows and private rows, both in each of the five steps.
        ("distilling, joint", _learn("response", order="joint"), "distill", 2 * TRAIN_FLOPS, 1),
        ("merging two models", _MERGE, "merge", 2 * 2 * PARAMETERS, 1),
    ]
    # Images of 8 x 8: four 3 x 3 convolutions over each pixel, halved planes, 8 units, 4 classes.
    images = {"data": {"dataset": {"features": 64, "image": [1, 8, 8]}}}
    cnn = {"model": {"kind": "cnn", "channels": [4], "dense": 8}}
    wide = 8 * 8 * 4 * (2 * 9 + 1) + 8 * (2 * 4 * 4 * 4 + 1) + 4 * (2 * 8 + 1)
    cases.append(("predicting, cnn", {**images, "device": cnn}, "predict", REFERENCE * wide, 1))
    for case, sections, kind, expected, speed in cases:
        done = _last(observe(base(2, 25.0, **sections)).computations, kind)
        yield exact(law, f"{case}, FLOPs", expected, done.flops)
        seconds = expected / (FLOPS_PER_S * speed)
        yield exact(law, f"{case}, seconds", seconds, done.ended_s - done.started_s)


def three_terms(*, fast: bool) -> Iterator[Check]:
    """Seconds of a computation are overhead + FLOPs / rate + bytes / memory bandwidth."""
    law = "overhead and memory bandwidth"
    both = {"overhead": "20 ms", "memory_bandwidth": "1 MB/s"}
    overhead_s, bytes_per_s, activations = 0.02, 1e6, FEATURES + CLASSES
    # A step: parameters 6 times, both of Adam's moments twice; a row: activations twice a pass.
    train_s = {
        name: STEPS * (overhead_s + 4 * (numbers + 6 * BATCH * activations) / bytes_per_s)
        for name, numbers in (("sgd", 6 * PARAMETERS), ("adam", (6 + 4) * PARAMETERS))
    }
    predict_s = overhead_s / 6 + 4 * (PARAMETERS + 2 * REFERENCE * activations) / bytes_per_s
    merge_s = overhead_s / 6 + 4 * 3 * 2 * PARAMETERS / bytes_per_s
    cases: list[tuple[str, dict[str, Any], str, float, float]] = [
        ("training, sgd", {}, "train", TRAIN_FLOPS, train_s["sgd"]),
        ("training, adam", _learn(optimizer="adam"), "train", TRAIN_FLOPS, train_s["adam"]),
        ("predicting", {}, "predict", REFERENCE * FORWARD_FLOPS, predict_s),
        ("merging two models", _MERGE, "merge", 2 * 2 * PARAMETERS, merge_s),
    ]
    for case, sections, kind, work, more_s in cases:
        for slower, device in ((1, {}), (4, {"slowdown": 4.0}), (2, {"background": "50 %"})):
            seen = observe(base(2, 25.0, device={**both, **device}, **sections))
            done = _last(seen.computations, kind)
            seconds = slower * (work / FLOPS_PER_S + more_s)
            spent = done.ended_s - done.started_s
            yield exact(law, f"{case}, {slower} times as slow, seconds", seconds, spent)
            yield exact(law, f"{case}, {slower} times as slow, joules", 7 * seconds, done.energy_j)
            yield exact(law, f"{case}, {slower} times as slow, FLOPs", work, done.flops)
    # A duty cycle stretches all three alike: 0.3 of the time of a computation longer than the run.
    pauses = {**both, "duty": {"period": "4 s", "share": "30 %"}}
    record = observe(base(2, 40.0, device=pauses, **_learn(local_steps=100_000))).computations[0]
    step_s = TRAIN_FLOPS / FLOPS_PER_S / STEPS + train_s["sgd"] / STEPS
    done_flops = 0.3 * 40 / step_s * TRAIN_FLOPS / STEPS
    yield exact(law, "cut short by the end, FLOPs", done_flops, record.flops)


def one_at_a_time(*, fast: bool) -> Iterator[Check]:
    """A device does one thing at a time, and a free clock leaves it no rest."""
    gossip = {"clock": "free", "every": "1 s"}
    seen = observe(base(4, 20.0, method={"gossip": gossip}, device={"flops": "100 kFLOP/s"}))
    overlap, busy = 0.0, 0.0
    for agent in range(4):
        own = [c for c in seen.computations if c.agent == agent]
        overlap = max(overlap, *(a.ended_s - b.started_s for a, b in pairwise(own)))
        busy += sum(c.ended_s - c.started_s for c in own) / (20.0 - own[0].started_s) / 4
    yield bounded("one computation at a time", "overlap in s", 1e-9, overlap)
    yield exact("one computation at a time", "share of time busy, free clock", 1.0, busy)


def duty(*, fast: bool) -> Iterator[Check]:
    """On for a share of each period: over whole periods that share of the rate is left."""
    law = "duty cycle"
    # One computation that is longer than the run, so that nothing but the cycle stops it.
    endless = _learn(local_steps=100_000)
    device = {"duty": {"period": "4 s", "share": "30 %"}}
    seen = observe(base(3, 40.0, device=device, **endless))
    for record, agent in zip(seen.computations, seen.agents, strict=True):
        case = f"agent {agent.agent}, 10 periods"
        yield exact(law, f"{case}, FLOPs", FLOPS_PER_S * 0.3 * 40, record.flops)
        yield exact(law, f"{case}, seconds of computing", 12.0, agent.computing_s)


def throttling(*, fast: bool) -> Iterator[Check]:
    """Hot after 2 s and 4 s of computing; what rests cools."""
    law = "throttling"
    curve = [["2 s", 0.5], ["4 s", 0.25]]
    hot = observe(
        base(
            2,
            10.0,
            device={"throttling": {"curve": _percent(curve)}},
            **_learn(local_steps=100_000),
        )
    )
    # Two seconds at the full rate, two at a half, six at a quarter.
    yield exact(law, "FLOPs of 10 s", FLOPS_PER_S * (2 + 1 + 1.5), hot.computations[0].flops)
    # 3 s of work: at first 2 + 1 / .5 = 4 s, so heat 4; then 1 s of rest until the next round.
    for cooling, second in ((4.0, 4.0), (2.5, 0.5 + 2.5 / 0.5), (0.5, 6.0)):
        device = {
            "throttling": {"curve": _percent(curve[:1]), "cooling": cooling},
            "flops": f"{TRAIN_FLOPS / 3!r} FLOP/s",
        }
        gossip = {"every": "5 s", "protocol": "none"}
        seen = observe(base(2, 14.0, device=device, method={"gossip": gossip}))
        spans = [c.ended_s - c.started_s for c in seen.computations if c.agent == 0]
        yield exact(law, f"seconds, cold, cooling {cooling:g}", 4.0, spans[0])
        yield exact(law, f"seconds, after a rest of 1 s, cooling {cooling:g}", second, spans[1])


def battery(*, fast: bool) -> Iterator[Check]:
    """A battery is empty when idle, computing and radio power have used it up."""
    law = "battery, seconds until it is empty"
    # 2 W idle and 7 W computing for 3 s of work in a round of 5 s; both ends of 384 B pay.
    rate = {"flops": f"{TRAIN_FLOPS / 3!r} FLOP/s"}
    silent = {"method": {"gossip": {"every": "100 s", "protocol": "none"}}}
    loud = {"method": {"gossip": {"every": "100 s"}, "learn": {"local_steps": 0}}}
    radio_j = 2 * 384 * 0.01
    cases: list[tuple[str, dict[str, Any], dict[str, Any], float]] = [
        ("computing, then idle", {"battery": "31 J", **rate}, silent, 3 + (31 - 21) / 2),
        ("while computing", {"battery": "14 J", **rate}, silent, 14 / 7),
        (
            "radio of both ends",
            {"battery": "20 J", "radio_energy": "0.01 J/B", "compute_power": "2 W"},
            loud,
            (20 - radio_j) / 2,
        ),
    ]
    for case, device, sections, expected in cases:
        seen = observe(base(2, 30.0, device=device, **sections))
        yield exact(law, case, expected, seen.presences[0].time_s)


def _percent(curve: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [[after, f"{factor:.0%}"] for after, factor in curve]


def _last(records: Sequence[ComputeRecord], kind: str) -> ComputeRecord:
    return [record for record in records if record.kind == kind and record.completed][-1]


def _mlp(*hidden: int) -> dict[str, Any]:
    return {"model": {"kind": "mlp", "hidden": list(hidden)}}


def _learn(objective: str = "local", **learn: Any) -> dict[str, Any]:
    return {"method": {"learn": {"objective": objective, **learn}}}


_MERGE = {
    "method": {
        "send": {"knowledge": "weights"},
        "learn": {"objective": "merge", "local_steps": 0},
    }
}
