"""Convolutional nets on 28 x 28 images: the package, plain PyTorch, and grouped forms.

    python benchmarks/cnn.py [--agents 20] [--steps 10]

A step is one of SGD on a batch of 32 of one agent's own rows; nets of two stages (8 and 16
channels by default), GroupNorm and a dense layer of 64.  `package` is its learner, one agent after
the other; `plain` one ``torch.nn`` module and one ``torch.optim.SGD`` an agent; `unfold` all agents
at once with images unfolded and a batched product; `grouped convolution` with ``conv2d(groups=G)``;
`vmap` with ``torch.func``.  Medians of steps a second, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from throughput import make_recipe
from torch import nn
from torch.nn import functional

from p2pkd.core.rng import Streams
from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.learner import DeferredLearner
from p2pkd.scenario.models import CnnSpec

SIDE, CLASSES, BATCH, LR = 28, 10, 32, 0.05


class Images:
    """Noise, 200 rows an agent, in the form in which a learner takes its data."""

    input_shape = (1, SIDE, SIDE)
    n_classes = CLASSES

    def __init__(self, agents: int) -> None:
        rng, each = np.random.default_rng(0), 200

        def rows(n: int) -> tuple[Any, Any]:
            x = rng.normal(size=(n, SIDE * SIDE)).astype(np.float32)
            return x, rng.integers(0, CLASSES, n)

        self.private_x, self.private_y = rows(agents * each)
        self.reference_x, self.reference_y = rows(64)
        self.test_x, self.test_y = rows(64)
        self.partition = self
        self.offsets = np.arange(agents + 1) * each
        self.rows = np.arange(agents * each)


class Net(nn.Module):
    """The net of the package's `cnn`, as one would write it."""

    def __init__(self, channels: tuple[int, int]) -> None:
        super().__init__()
        a, b = channels
        self.stages = nn.Sequential(
            nn.Conv2d(1, a, 3, padding=1), nn.GroupNorm(min(8, a), a), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(a, b, 3, padding=1), nn.GroupNorm(min(8, b), b), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.dense = nn.Linear(b * (SIDE // 4) ** 2, 64)
        self.classes = nn.Linear(64, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of images *x*."""
        logits: torch.Tensor = self.classes(self.dense(self.stages(x).flatten(1)).relu())
        return logits


def package(data: Images, agents: int, steps: int, channels: tuple[int, int]) -> float:
    spec = CnnSpec(channels=channels, dense=64)
    learner = DeferredLearner(
        data,  # type: ignore[arg-type]
        [spec],
        np.zeros(agents, np.int64),
        make_recipe("parameters"),
        Streams(0),
        Settings(threads=1),
    )
    versions = [learner.initial(i) for i in range(agents)]
    learner.flush()
    start = time.perf_counter()
    versions = [learner.train(version, steps) for version in versions]
    learner.flush()
    return agents * steps / (time.perf_counter() - start)


def plain(data: Images, agents: int, steps: int, channels: tuple[int, int]) -> float:
    nets = [Net(channels) for _ in range(agents)]
    optimizers = [torch.optim.SGD(net.parameters(), LR) for net in nets]
    x, y = (
        torch.from_numpy(data.private_x).view(-1, 1, SIDE, SIDE),
        torch.from_numpy(data.private_y),
    )
    start = time.perf_counter()
    for _ in range(steps):
        for i, (net, optimizer) in enumerate(zip(nets, optimizers, strict=True)):
            rows = torch.randint(200, (BATCH,)) + 200 * i
            optimizer.zero_grad()
            functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
    return agents * steps / (time.perf_counter() - start)


def stacked(agents: int, channels: tuple[int, int]) -> dict[str, torch.Tensor]:
    nets = [Net(channels) for _ in range(agents)]
    names = [name for name, _ in nets[0].named_parameters()]
    return {
        name: torch.stack([dict(net.named_parameters())[name].detach() for net in nets])
        for name in names
    }


def normed(x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """GroupNorm of ``(G, B, C, H, W)`` with each agent's own scale and shift, ReLU, pooling."""
    g, b, c, h, w = x.shape
    x = functional.group_norm(x.reshape(g * b, c, h, w), min(8, c)).view(g, b, c, h, w)
    x = (x * scale[:, None, :, None, None] + shift[:, None, :, None, None]).relu()
    return functional.max_pool2d(x.view(g * b, c, h, w), 2).view(g, b, c, h // 2, w // 2)


def unfolded(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    g, b, c, h, w = x.shape
    patches = functional.unfold(x.reshape(g * b, c, h, w), 3, padding=1)
    patches = patches.view(g, b, 9 * c, h * w).transpose(1, 2).reshape(g, 9 * c, b * h * w)
    made = torch.baddbmm(bias.unsqueeze(2), weight.flatten(2), patches)
    return made.view(g, -1, b, h, w).transpose(1, 2)


def convolved(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    g, b, c, h, w = x.shape
    made = functional.conv2d(
        x.transpose(0, 1).reshape(b, g * c, h, w),
        weight.flatten(0, 1),
        bias.flatten(),
        padding=1,
        groups=g,
    )
    return made.view(b, g, -1, h, w).transpose(0, 1)


def forward_all(convolve: Any, p: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for at in (0, 4):
        x = convolve(x, p[f"stages.{at}.weight"], p[f"stages.{at}.bias"])
        x = normed(x, p[f"stages.{at + 1}.weight"], p[f"stages.{at + 1}.bias"])
    x = x.flatten(2)
    for name in ("dense", "classes"):
        x = torch.baddbmm(p[f"{name}.bias"].unsqueeze(1), x, p[f"{name}.weight"].mT)
        x = x.relu() if name == "dense" else x
    return x


def at_once(convolve: Any) -> Callable[..., float]:
    def run(data: Images, agents: int, steps: int, channels: tuple[int, int]) -> float:
        params = {k: v.requires_grad_() for k, v in stacked(agents, channels).items()}
        x, y = torch.from_numpy(data.private_x), torch.from_numpy(data.private_y)
        first = 200 * torch.arange(agents).unsqueeze(1)
        start = time.perf_counter()
        for _ in range(steps):
            rows = torch.randint(200, (agents, BATCH)) + first
            logits = forward_all(convolve, params, x[rows].unsqueeze(2).unflatten(3, (SIDE, SIDE)))
            loss = functional.cross_entropy(logits.flatten(0, 1), y[rows].flatten()) * agents
            gradients = torch.autograd.grad(loss, list(params.values()))
            with torch.no_grad():
                for value, gradient in zip(params.values(), gradients, strict=True):
                    value.sub_(gradient, alpha=LR)
        return agents * steps / (time.perf_counter() - start)

    return run


def with_vmap(data: Images, agents: int, steps: int, channels: tuple[int, int]) -> float:
    net, params = Net(channels), stacked(agents, channels)

    def loss(p: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(torch.func.functional_call(net, p, (x,)), y)

    gradient = torch.func.vmap(torch.func.grad(loss))
    x, y = torch.from_numpy(data.private_x), torch.from_numpy(data.private_y)
    first = 200 * torch.arange(agents).unsqueeze(1)
    start = time.perf_counter()
    for _ in range(steps):
        rows = torch.randint(200, (agents, BATCH)) + first
        found = gradient(params, x[rows].unsqueeze(2).unflatten(3, (SIDE, SIDE)), y[rows])
        params = {name: value.sub(found[name], alpha=LR) for name, value in params.items()}
    return agents * steps / (time.perf_counter() - start)


def main() -> None:
    """Print the median rate of each way; the ways take turns."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--channels", type=int, nargs=2, default=[8, 16])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    data, channels = Images(args.agents), tuple(args.channels)
    ways: dict[str, Callable[..., float]] = {
        "package": package,
        "plain": plain,
        "unfold": at_once(unfolded),
        "grouped convolution": at_once(convolved),
        "vmap": with_vmap,
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(args.repeats):
        for name, way in ways.items():
            rates[name].append(way(data, args.agents, args.steps, channels))
    for name, found in rates.items():
        print(f"{name:20s} {statistics.median(found):8.0f} steps/s")


if __name__ == "__main__":
    main()
