"""How many exchanges a second: grouped, one by one, and the bare arithmetic.

An exchange is one message merged or distilled from, and one local step of batch 32, on an
8-regular graph of perceptrons 64-64-10.  `parameters`: merge half and half, then train.  `soft
labels`: predict 64 rows, distil one step on them, then train.

    python benchmarks/throughput.py --agents 100 1000 10000
    python benchmarks/throughput.py --engine          # through the whole simulator as well

`grouped` and `loop` are the package's learner with either executor, driven without a simulator.
`kernels` is the same arithmetic on arrays that are ready, in the same chunks, on as many threads,
shared by each call or each making calls of its own, whichever is faster; `vmap` is that written
with torch.func.  Each figure is the median of the repetitions.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from p2pkd.core.garbage import rare_collections
from p2pkd.core.rng import Streams
from p2pkd.distillation.merge import Merge
from p2pkd.distillation.response import Response
from p2pkd.knowledge.payloads import SoftLabels, Weights
from p2pkd.knowledge.teachers import MeanProbabilities, Uniform
from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.learner import DeferredLearner
from p2pkd.learning.models.mlp import Mlp
from p2pkd.learning.recipe import Recipe
from p2pkd.learning.training.objectives import distillation_pull, mean_weights, private_pull
from p2pkd.scenario.models import MlpSpec
from p2pkd.scenario.optimizers import SgdSpec

FEATURES, CLASSES, BATCH, ROWS, REFERENCE, LR = 64, 10, 32, 64, 256, 0.05
KINDS = ("parameters", "soft labels")


class Memo(NamedTuple):
    """What a receiver remembers of a message."""

    contents: Any


def make_data(n: int) -> Any:
    rng = np.random.default_rng(0)
    total = min(n * 40, 40_000)

    def rows(m: int) -> tuple[Any, Any]:
        x = rng.normal(size=(m, FEATURES)).astype(np.float32)
        return x, rng.integers(0, CLASSES, m)

    (x, y), (rx, ry), (tx, ty) = rows(total), rows(REFERENCE), rows(360)
    offsets = np.linspace(0, total, n + 1).astype(np.int64)
    partition = SimpleNamespace(offsets=offsets, rows=np.arange(total))
    return SimpleNamespace(
        input_shape=(FEATURES,),
        n_classes=CLASSES,
        private_x=x,
        private_y=y,
        reference_x=rx,
        reference_y=ry,
        test_x=tx,
        test_y=ty,
        partition=partition,
        known=None,
    )


def make_recipe(kind: str) -> Recipe:
    soft = kind == "soft labels"
    return Recipe(
        optimizer=SgdSpec(),
        lr=LR,
        clip_norm=None,
        batch=BATCH,
        pooled=False,
        about_rows=soft,
        knowledge=SoftLabels() if soft else Weights(),
        codec=None,
        combine=MeanProbabilities(),
        weighting=Uniform(),
        objective=Response() if soft else Merge(),
    )


def make_learner(n: int, kind: str, settings: Settings) -> DeferredLearner:
    specs, of = (MlpSpec(hidden=(64,)),), np.zeros(n, np.int64)
    return DeferredLearner(make_data(n), specs, of, make_recipe(kind), Streams(0), settings)


def gossip(learner: DeferredLearner, versions: list[Any], kind: str, peers: Any, rows: Any) -> None:
    """Let every agent hear from one peer and learn."""
    for i, peer in enumerate(peers):
        if kind == "parameters":
            mixed = learner.merge(versions[i], [(versions[i], 0.5), (versions[peer], 0.5)])
            versions[i] = learner.train(mixed, 1)
        else:
            heard = Memo(learner.predict(versions[peer], rows[i % len(rows)]))
            versions[i] = learner.train(learner.distill(versions[i], [heard], 1), 1)


def learner_rate(
    n: int, kind: str, settings: Settings, exchanges: int, repeats: int
) -> list[float]:
    """Return exchanges a second of the package's learner, once a repetition."""
    learner = make_learner(n, kind, settings)
    rng = np.random.default_rng(1)
    rows = [np.sort(rng.choice(REFERENCE, ROWS, replace=False)) for _ in range(97)]
    versions = [learner.initial(i) for i in range(n)]
    steps = np.array([-4, -3, -2, -1, 1, 2, 3, 4])
    rounds = max(1, exchanges // n)

    def once() -> float:
        peers = [((np.arange(n) + rng.choice(steps, n)) % n).tolist() for _ in range(rounds)]
        start = time.perf_counter()
        for chosen in peers:
            gossip(learner, versions, kind, chosen, rows)
        learner.flush()
        return n * rounds / (time.perf_counter() - start)

    # As in a run of the simulator.
    with rare_collections():
        once()
        return [once() for _ in range(repeats)]


def hand_written(kind: str, g: int) -> Callable[[], None]:
    """Return the arithmetic of *g* exchanges by the package's kernels, on ready arrays."""
    mlp, generator = Mlp((FEATURES, 64, CLASSES)), torch.Generator().manual_seed(0)
    mine, theirs = (torch.randn(g, mlp.n_parameters, generator=generator) * 0.1 for _ in "ab")
    x = torch.randn(g, BATCH, FEATURES, generator=generator)
    labels = torch.randint(0, CLASSES, (g, BATCH), generator=generator)
    public = torch.randn(g, ROWS, FEATURES, generator=generator)
    weights = mean_weights(None, (g, BATCH), torch.device("cpu"))
    private = private_pull(labels, weights)

    def step(flat: torch.Tensor, x: torch.Tensor, pull: Any) -> None:
        flat.add_(mlp.gradient(flat, x, pull), alpha=-LR)

    def parameters() -> None:
        step(mine.add(theirs).mul_(0.5), x, private)

    def soft_labels() -> None:
        said = mlp.forward(theirs, public).logits.softmax(-1)[:, :BATCH]
        flat = mine.clone()
        step(flat, public[:, :BATCH], distillation_pull(Response(), said, weights))
        step(flat, x, private)

    return parameters if kind == "parameters" else soft_labels


def with_vmap(kind: str, g: int) -> Callable[[], None]:
    """Return the same arithmetic written with ``torch.func``."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((64, FEATURES), (64,), (CLASSES, 64), (CLASSES,))
    mine, theirs = (
        tuple(torch.randn(g, *shape, generator=generator) * 0.1 for shape in shapes) for _ in "ab"
    )
    x = torch.randn(g, BATCH, FEATURES, generator=generator)
    labels = torch.randint(0, CLASSES, (g, BATCH), generator=generator)
    public = torch.randn(g, ROWS, FEATURES, generator=generator)

    def logits(p: Any, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(functional.linear(x, p[0], p[1]).relu(), p[2], p[3])

    def private(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(logits(p, x), y)

    def public_loss(p: Any, x: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        log_p = (logits(p, x) / 2).log_softmax(-1)
        return 4 * functional.kl_div(log_p, said, reduction="batchmean")

    train = torch.func.vmap(torch.func.grad(private))
    distill = torch.func.vmap(torch.func.grad(public_loss))
    predict = torch.func.vmap(logits)

    def step(params: Any, gradients: Any) -> Any:
        return tuple(p.sub(d, alpha=LR) for p, d in zip(params, gradients, strict=True))

    def parameters() -> None:
        mixed = tuple(a.add(b).mul_(0.5) for a, b in zip(mine, theirs, strict=True))
        step(mixed, train(mixed, x, labels))

    def soft_labels() -> None:
        said = predict(theirs, public)[:, :BATCH].div(2).softmax(-1)
        params = step(mine, distill(mine, public[:, :BATCH], said))
        step(params, train(params, x, labels))

    return parameters if kind == "parameters" else soft_labels


def kernel_rate(
    make: Callable[[str, int], Callable[[], None]], kind: str, g: int, threads: int, repeats: int
) -> list[float]:
    """Return exchanges a second of bare arithmetic in groups of *g*, the better of two ways.

    Either PyTorch's own *threads* share each call, or so many Python threads make calls at once.
    """
    call, inner = make(kind, g), max(1, 4000 // g)

    def shared() -> float:
        start = time.perf_counter()
        for _ in range(inner):
            call()
        return inner * g / (time.perf_counter() - start)

    torch.set_num_threads(threads)
    shared()
    ways = [[shared() for _ in range(repeats)]]
    torch.set_num_threads(1)
    if threads > 1:
        ways.append(_side_by_side([make(kind, g) for _ in range(threads)], inner, g, repeats))
    return max(ways, key=statistics.median)


def _side_by_side(calls: list[Callable[[], None]], inner: int, g: int, repeats: int) -> list[float]:
    def work(call: Callable[[], None]) -> None:
        for _ in range(inner):
            call()

    rates = []
    with ThreadPoolExecutor(len(calls)) as workers:
        list(workers.map(work, calls))
        for _ in range(repeats):
            start = time.perf_counter()
            list(workers.map(work, calls))
            rates.append(len(calls) * inner * g / (time.perf_counter() - start))
    return rates


def engine_rate(n: int, kind: str, threads: int | None) -> list[float]:
    """Return messages delivered a second of wall time, through the whole simulator."""
    from p2pkd.run import simulate

    send = {"knowledge": "weights"} if kind == "parameters" else {"rows": ROWS, "codec": "float32"}
    learn = {"objective": "merge"} if kind == "parameters" else {"distill_steps": 1}
    scenario = {
        "name": "throughput",
        "duration": "200 s",
        "agents": n,
        "topology": {"kind": "random_regular", "k": 8},
        "devices": [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [64]}}],
        "data": {
            "dataset": {"kind": "synthetic", "rows": 40 * n + 1000, "features": 64, "classes": 10},
            "reference": {"rows": REFERENCE},
        },
        "method": {
            "send": send,
            "gossip": {"every": "10 s"},
            "memory": {"keep": "once"},
            "learn": {"local_steps": 1, **learn},
        },
        "evaluate": {"every": "200 s", "sample": 50},
        "execution": {} if threads is None else {"threads": threads},
    }
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        simulate(scenario, out=Path(folder) / "run")
        wall_s = time.perf_counter() - start
        summary = json.loads((Path(folder) / "run" / "manifest.json").read_text())["summary"]
    return [summary["messages_delivered"] / wall_s]


def measure(n: int, kind: str, args: argparse.Namespace) -> dict[str, list[float]]:
    grouped = Settings(threads=args.threads, chunk=args.chunk, device=args.device)
    chunk = args.chunk or make_learner(2, kind, grouped).executor.chunk(
        Mlp((FEATURES, 64, CLASSES))
    )
    threads, repeats = args.threads or os.cpu_count() or 1, args.repeats
    loop = Settings(executor="loop", threads=1, device=args.device)
    rates = {"grouped": learner_rate(n, kind, grouped, args.exchanges, repeats)}
    if n <= 2000:
        rates["loop"] = learner_rate(n, kind, loop, min(args.exchanges, 2000), repeats)
    if args.device == "cpu":
        rates["kernels"] = kernel_rate(hand_written, kind, min(n, chunk), threads, repeats)
        rates["vmap"] = kernel_rate(with_vmap, kind, min(n, chunk), threads, repeats)
    if args.engine:
        rates["engine"] = engine_rate(n, kind, args.threads)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--agents", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--chunk", type=int)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--exchanges", type=int, default=20_000, help="in each repetition")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--engine", action="store_true", help="the whole simulator as well")
    parser.add_argument("--json", action="store_true", help="all repetitions, as JSON")
    args = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for kind in args.kinds:
        for n in args.agents:
            rates = measure(n, kind, args)
            median = {name: statistics.median(r) for name, r in rates.items() if r}
            figures = "  ".join(f"{name} {rate:,.0f}/s" for name, rate in median.items())
            print(f"{kind}, N = {n:,}: {figures}", file=sys.stderr if args.json else sys.stdout)
            found.append({"kind": kind, "agents": n, "rates": rates})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if args.json:
        print(json.dumps({"torch": torch.__version__, "peak_gib": peak, "found": found}))
    else:
        print(f"torch {torch.__version__}, peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main()
