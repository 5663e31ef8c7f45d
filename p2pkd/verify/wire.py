"""Bytes: what each codec makes of a message, and what comes on top."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from p2pkd.core.records import MessageRecord
from p2pkd.verify.check import Check, alike, exact
from p2pkd.verify.observed import (
    CLASSES,
    DOWNLINK,
    FEATURES,
    FLOPS_PER_S,
    FORWARD_FLOPS,
    HEADER_BYTES,
    PARAMETERS,
    REFERENCE,
    base,
    observe,
    with_preset,
)

ROWS = 7
_RESPONSE = {"objective": "response", "temperature": 1.0}
_LINEAR = {"model": "linear"}


def codecs(*, fast: bool) -> Iterator[Check]:
    """The payload of R = 7 rows of C = 4 classes, of P = 44 parameters, of R x R relations."""
    law = "payload in bytes"
    cells = ROWS * CLASSES
    soft: list[tuple[str, Any, int]] = [
        ("float32", "float32", 4 * cells),
        ("float16", "float16", 2 * cells),
        ("int8", "int8", cells + 4 * ROWS),
        ("bits, 1", {"kind": "bits", "b": 1}, math.ceil(ROWS * math.log2(CLASSES) / 8)),
        ("bits, 3", {"kind": "bits", "b": 3}, math.ceil(cells * 3 / 8)),
        ("top_k, 2", {"kind": "top_k", "k": 2}, ROWS * 2 * (2 + 1)),
        ("top_k, 9 of 4", {"kind": "top_k", "k": 9, "number": "float32"}, cells * (4 + 1)),
    ]
    for case, codec, size in soft:
        send = {"knowledge": "soft_labels", "codec": codec, "rows": ROWS, "subset": "fixed"}
        yield exact(law, f"soft labels, {case}", size, _sent(send).payload_bytes)
    weights: list[tuple[str, Any, int]] = [
        ("float32", "float32", 4 * PARAMETERS),
        ("float16", "float16", 2 * PARAMETERS),
        ("int8", "int8", PARAMETERS + 4),
    ]
    merge = {"objective": "merge"}
    for case, codec, size in weights:
        said = _sent({"knowledge": "weights", "codec": codec}, merge)
        yield exact(law, f"weights, {case}", size, said.payload_bytes)
    labels = _sent({"knowledge": "hard_labels", "codec": "labels", "rows": ROWS, "subset": "fixed"})
    yield exact(law, "hard labels", ROWS, labels.payload_bytes)
    relation, deep = {"objective": "relation"}, {"model": {"kind": "mlp", "hidden": [6]}}
    for case, codec, size in (
        ("triangle", {"kind": "triangle"}, 4 * ROWS * (ROWS - 1) // 2),
        ("half triangle", {"kind": "triangle", "half": True}, ROWS * (ROWS - 1)),
    ):
        send = {"knowledge": "relations", "codec": codec, "rows": ROWS, "subset": "fixed"}
        yield exact(law, f"relations, {case}", size, _sent(send, relation, deep).payload_bytes)


def beside(*, fast: bool) -> Iterator[Check]:
    """Row numbers where rows are drawn for each message, the header, requests and views."""
    law = "bytes beside the knowledge"
    drawn = _sent({"rows": ROWS, "subset": "message", "codec": "float32"})
    yield exact(law, "numbers of 7 rows", 4 * ROWS, drawn.payload_bytes - 4 * ROWS * CLASSES)
    every = _sent({"rows": "all", "subset": "message", "codec": "float32"})
    yield exact(law, "numbers of all rows", 0, every.payload_bytes - 4 * REFERENCE * CLASSES)
    total = 4 * ROWS * (CLASSES + 1) + HEADER_BYTES
    yield exact(law, "payload and header on the wire", total, drawn.wire_bytes)
    seen = observe(base(2, 5.0, method={"gossip": {"protocol": "pull"}}))
    request = next(m for m in seen.messages if m.kind == "request")
    yield exact(law, "request", HEADER_BYTES, request.wire_bytes)
    # An entry of a view is an address and a time, of 4 bytes each.
    peers = {"kind": "newscast", "view": 3, "every": "4 s"}
    gossip = {"protocol": "none", "clock": "periodic", "peers": peers}
    views = observe(base(6, 9.0, method={"gossip": gossip})).messages
    sizes = [m.payload_bytes for m in views]
    yield from alike(law, "view of 3 entries and oneself", 4 * 8, sizes)
    agent = seen.agents[0]
    sent = HEADER_BYTES + HEADER_BYTES + 4 * REFERENCE * CLASSES
    yield exact(law, "request and answer, an agent's sum", sent, agent.wire_bytes)
    yield exact(law, "request and answer, received", sent, agent.received_bytes)


def gossip_of_parameters(*, fast: bool) -> Iterator[Check]:
    """What travels in each preset about parameters."""
    law, p = "parameter gossip, payload in bytes", PARAMETERS
    signs = {"send": {"codec": "signs"}}
    cases: list[tuple[str, str, dict[str, Any], float]] = [
        ("d-psgd", "d-psgd", {}, 4 * p),
        ("epidemic", "epidemic", {}, 4 * p),
        ("gossip-learning", "gossip-learning", {}, 4 * p),
        ("ad-psgd, there and back", "ad-psgd", {}, 4 * p),
        ("sgp, with the weight", "sgp", {}, 4 * p + 4),
        ("choco, 1 % of 44", "choco", {}, 8 * 1),
        ("choco, signs", "choco", signs, math.ceil(p / 8) + 4),
    ]
    for case, preset, method, size in cases:
        sizes = [m.payload_bytes for m in with_preset(preset, 5, method).messages]
        yield from alike(law, case, size, sizes)


def download(*, fast: bool) -> Iterator[Check]:
    """The reference set as float32, over one's own downlink, before anything else."""
    law = "download of the reference set"
    values = base(2, 9.0, data={"reference": {"delivery": "download"}})
    seen = observe(values)
    size = 4 * REFERENCE * FEATURES
    yield exact(law, "bytes", size, seen.agents[0].setup_bytes)
    computing = (3 * 5 * 32 + REFERENCE) * FORWARD_FLOPS / FLOPS_PER_S
    expected = size / DOWNLINK + computing
    yield exact(law, "seconds until the first message", expected, seen.messages[0].sent_s)
    values = base(2, 9.0, data={"reference": {"delivery": "download", "known": "50 %"}})
    yield exact(law, "bytes of half of it", size / 2, observe(values).agents[0].setup_bytes)


def _sent(
    send: dict[str, Any],
    learn: dict[str, Any] = _RESPONSE,
    device: dict[str, Any] = _LINEAR,
) -> MessageRecord:
    """Return the first message of a run that sends so."""
    values = base(3, 9.0, method={"send": send, "learn": learn}, device=device)
    return observe(values).messages[0]
