"""How long gradient steps and predictions take on this machine, one model after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from time import perf_counter
from typing import Any

import numpy as np

from p2pkd.calibration.fit import Timing
from p2pkd.engine.effort import Traffic
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.models.build import build_architecture
from p2pkd.learning.optim.optimizers import Optimizer
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec, ModelSpec

WARM_UP, ROUNDS, LEAST = 3, 5, 4
"""Calls that are not counted; how often all cases are gone through; calls a round at the least."""


def ladder(input_shape: Sequence[int]) -> tuple[ModelSpec, ...]:
    """Return models from small to large to compare a rule on; convolutions only for images."""
    last = CnnSpec(channels=(8, 16)) if len(input_shape) == 3 else MlpSpec(hidden=(64, 64, 64))
    return (
        LinearSpec(),
        MlpSpec(hidden=(32,)),
        MlpSpec(hidden=(256,)),
        MlpSpec(hidden=(512,) * 2),
        last,
    )


def measure(
    specs: Sequence[ModelSpec],
    batches: Sequence[int],
    input_shape: tuple[int, ...],
    n_classes: int,
    optimizer: Optimizer,
    *,
    threads: int = 1,
    seconds: float = 0.2,
    tell: Callable[[int, int], object] = lambda done, of: None,
) -> list[Timing]:
    """Return the times of a gradient step and a prediction of each of *specs* at each batch.

    One model alone, as on a device of its own: forward, cross-entropy, autograd and *optimizer*'s
    update in plain PyTorch, none of the grouping of a simulation.  Each case gets *seconds* in all,
    in several rounds through all cases, so that others' work on the machine hits all alike.
    PyTorch's threads are given back.
    """
    import torch

    kinds = [build_architecture(spec, input_shape, n_classes) for spec in dict.fromkeys(specs)]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        cases = [
            (kind, name, batch, call)
            for kind in kinds
            for batch in batches
            for name, call in _calls(kind, batch, prod(input_shape), optimizer).items()
        ]
        times: list[list[float]] = [[] for _ in cases]
        for turn in range(ROUNDS):
            for (*_, call), taken in zip(cases, times, strict=True):
                taken += _time(call, seconds / ROUNDS)
            tell(turn + 1, ROUNDS)
    finally:
        torch.set_num_threads(before)
    return [
        Timing(
            kind.name,
            name,
            batch,
            float(np.median(taken)),
            min(taken),
            len(taken),
            Traffic(
                float(kind.flops_forward),
                kind.n_parameters,
                kind.activation_floats,
                optimizer.state_floats(kind.n_parameters),
            ),
        )
        for (kind, name, batch, _), taken in zip(cases, times, strict=True)
    ]


def _calls(
    kind: Architecture, batch: int, n_inputs: int, optimizer: Optimizer
) -> dict[str, Callable[[], Any]]:
    import torch
    from torch.nn.functional import cross_entropy

    rng = np.random.default_rng(0)
    flat = torch.from_numpy(kind.initial(rng))[None].clone()
    state = torch.zeros(1, optimizer.state_floats(kind.n_parameters))
    x = torch.from_numpy(rng.random((1, batch, n_inputs), dtype=np.float32))
    y = torch.from_numpy(rng.integers(kind.n_classes, size=batch))
    count = np.zeros(1, np.int64)

    def train() -> None:
        leaf = flat.detach().requires_grad_()
        loss = cross_entropy(kind.forward(leaf, x).logits[0], y)
        (gradient,) = torch.autograd.grad(loss, [leaf])
        count[0] += 1
        optimizer.update_(flat, gradient, state, count, 1e-4)

    def predict() -> Any:
        with torch.no_grad():
            return kind.forward(flat, x).logits[0].softmax(-1)

    return {"train": train, "predict": predict}


def _time(call: Callable[[], Any], seconds: float) -> list[float]:
    for _ in range(WARM_UP):
        call()
    taken: list[float] = []
    end = perf_counter() + seconds
    while len(taken) < LEAST or perf_counter() < end:
        start = perf_counter()
        call()
        taken.append(perf_counter() - start)
    return taken
