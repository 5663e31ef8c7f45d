"""Servers, trees of them, agents with two models, and looks at what is learned: what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from p2pkd.core.records import MessageRecord
from p2pkd.verify.check import Check, alike, exact
from p2pkd.verify.observed import (
    CLASSES,
    FEATURES,
    FORWARD_FLOPS,
    PARAMETERS,
    REFERENCE,
    base,
    observe,
    with_preset,
)

STAR: dict[str, Any] = {"topology": "star", "aggregators": {"who": "hub"}}


def rounds(*, fast: bool) -> Iterator[Check]:
    """A server asks max(C K, 1) of K children; it waits for `patience`; inner ones ask twice."""
    law = "children asked in a round"
    for share, expected in (("50 %", 3), ("10 %", 1), ("100 %", 6)):
        method = {"gossip": {"protocol": {"kind": "coordinated", "fraction": share}}}
        sent = with_preset("fedavg", 7, method, **STAR).messages
        asked = sum(m.sender == 0 and m.sent_s == 0 for m in sent)
        yield exact(law, f"{share} of 6", expected, asked)
    # A root, two inner servers, four leaves: 2 questions of the root, and 2 x 2 of each other one.
    tree = {"kind": "balanced_tree", "branching": 2}
    sent = with_preset("hierarchical", 7, topology=tree, aggregators={"who": "inner"}).messages
    for server, expected in ((0, 2), (1, 4), (2, 4)):
        asked = sum(m.sender == server and m.receiver > server and m.sent_s < 10 for m in sent)
        yield exact(law, f"two inner rounds, by server {server}", expected, asked)
    patient = {"gossip": {"protocol": {"kind": "coordinated", "patience": "12 s"}}}
    deaf = {"loss": "100 %", "transport": "instant"}
    sent = with_preset("fedavg", 3, patient, links=deaf, **STAR).messages
    times = sorted({m.sent_s for m in sent})
    for number, time in enumerate(times):
        yield exact("patience of a server", f"round {number} begins at s", 12.0 * number, time)


def sizes(*, fast: bool) -> Iterator[Check]:
    """Models up with the number of rows, down without; means of predictions as float32 tables."""
    law = "what a server sends, bytes"
    p = PARAMETERS
    sent = with_preset("fedavg", 5, **STAR).messages
    yield from alike(law, "models, downwards", 4 * p, _payloads(sent, down=True))
    yield from alike(law, "models, upwards, with the rows", 4 * p + 4, _payloads(sent, down=False))
    half = {"send": {"codec": "float16"}}
    sent = with_preset("fedmd-star", 5, half, **STAR).messages
    cells = REFERENCE * CLASSES
    down = [m.payload_bytes for m in sent if m.sender == 0 and m.kind != "request"]
    yield from alike(law, "float16 predictions, upwards", 2 * cells, _payloads(sent, down=False))
    yield from alike(law, "their mean, downwards", 4 * cells, down)
    asked = [m.payload_bytes for m in sent if m.kind == "request"]
    yield from alike(law, "questions", 0, asked)
    yield from _learning_server(law)


def _learning_server(law: str) -> Iterator[Check]:
    """A server with a model tells its predictions; one that caches asks and tells by row."""
    rows, steps = 5, 7
    protocol: dict[str, Any] = {"kind": "coordinated", "server_steps": steps}
    learn = {"learn": {"batch": 16}}
    own = {"gossip": {"protocol": {**protocol, "tells": "model"}}, **learn}
    seen = with_preset("fedmd-star", 5, own, **STAR)
    told = [m.payload_bytes for m in seen.messages if m.sender == 0 and m.kind != "request"]
    yield from alike(law, "predictions of its model", 4 * REFERENCE * CLASSES, told)
    flops = 3 * steps * 16 * FORWARD_FLOPS
    yield from _work(seen.computations, "steps of a server", "FLOPs", flops, "distill")
    cached = {"send": {"rows": rows}, "gossip": {"protocol": {**protocol, "cache": 10}}, **learn}
    sent = with_preset("scarlet", 5, cached, duration_s=9.0, **STAR).messages
    asked = [m.payload_bytes for m in sent if m.kind == "request"]
    yield from alike(law, "numbers of 5 rows asked for", 4 * rows, asked)
    answers = _payloads(sent, down=False)
    yield from alike(law, "answers about 5 rows", 4 * rows * CLASSES, answers)
    told = [m.payload_bytes for m in sent if m.sender == 0 and m.kind != "request"]
    signals = -(-2 * rows // 8)
    expected = 4 * rows + signals + 4 * rows * CLASSES
    yield from alike(law, "numbers, signals and means of 5 rows", expected, told)


def duos(*, fast: bool) -> Iterator[Check]:
    """Both models are trained; the proxy alone travels, with push-sum's mass, and is merged."""
    law = "private model and proxy"
    hidden = 6
    private = 2 * (FEATURES * hidden + hidden * CLASSES) + hidden + CLASSES
    model = {"kind": "duo", "private": {"kind": "mlp", "hidden": [hidden]}, "proxy": "linear"}
    flops = 3 * 5 * 16 * (private + FORWARD_FLOPS)
    # The first round has nothing to merge.  By push-sum later ones have one's own and one other;
    # where proxies are handed on there are no masses, and the other's alone is taken over.
    for objective, mass, parts in (("proxy", 4, 2), ("proxy_exchange", 0, 1)):
        learn = {"learn": {"objective": objective, "local_steps": 5, "batch": 16}}
        seen = with_preset("proxyfl", 4, learn, device={"model": model})
        sent = [m.payload_bytes for m in seen.messages]
        case = f"objective {objective}"
        yield from alike(law, f"{case}, payload in bytes", 4 * PARAMETERS + mass, sent)
        done = seen.computations
        yield from _work(done, law, f"{case}, FLOPs of training", flops, "train", "distill")
        merging = 2 * parts * PARAMETERS
        yield from _work(done, law, f"{case}, FLOPs of a merge", merging, "merge")


def looks(*, fast: bool) -> Iterator[Check]:
    """A look is a forward pass over its rows; an accuracy is 4 bytes and a pass over one's rows."""
    law = "looks at what is learned"
    gossip = {"protocol": "none", "peers": {"kind": "by_confidence", "rows": 6}}
    spoken = {"gossip": {**gossip, "protocol": "push"}}
    seen = observe(base(3, 9.0, method=spoken), learns=True)
    first = [c.flops for c in seen.computations if c.kind == "predict" and c.agent == 0][:1]
    yield from alike(law, "FLOPs of confidence on 6 rows", 6 * FORWARD_FLOPS, first)
    accuracy = {"teachers": {"weights": "validation"}, "learn": {"objective": "response"}}
    seen = observe(base(3, 9.0, method=accuracy))
    sent = [m.payload_bytes for m in seen.messages]
    yield from alike(law, "bytes with an accuracy", 4 * REFERENCE * CLASSES + 4, sent)
    rows = REFERENCE + seen.agents[0].private_rows
    expected = rows * FORWARD_FLOPS
    yield from _work(seen.computations, law, "FLOPs with an accuracy", expected, "predict")


def _work(records: Any, law: str, case: str, expected: float, *kinds: str) -> Iterator[Check]:
    flops = [c.flops for c in records if c.kind in kinds and c.completed and c.agent == 0]
    yield from alike(law, case, expected, flops)


def _payloads(sent: list[MessageRecord], *, down: bool) -> list[float]:
    return [m.payload_bytes for m in sent if (m.sender == 0) is down]
