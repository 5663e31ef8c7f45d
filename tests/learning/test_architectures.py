from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from toys import FeatureMse, Kl

from p2pkd.core.errors import InputError
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.models.build import build_architecture
from p2pkd.learning.models.mlp import Mlp
from p2pkd.learning.training.objectives import distillation_pull, joint_pull, private_pull
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec, ModelSpec


def torch_mlp(*widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def torch_cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.GroupNorm(4, 4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 12, 3, padding=1),
        nn.GroupNorm(6, 12),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12 * 4, 7),
        nn.ReLU(),
        nn.Linear(7, 5),
    )


def torch_bare_cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(6 * 4, 7, bias=False),
        nn.ReLU(),
        nn.Linear(7, 5, bias=False),
    )


BARE = CnnSpec(channels=(4, 6), dense=7, padding="valid", norm="none", pool="last", bias=False)
CASES = [
    (LinearSpec(), (6,), torch_mlp(6, 5)),
    (MlpSpec(hidden=(8,)), (6,), torch_mlp(6, 8, 5)),
    (MlpSpec(hidden=(9, 3)), (2, 3, 3), torch_mlp(18, 9, 3, 5)),
    (CnnSpec(channels=(4, 12), dense=7), (1, 8, 8), torch_cnn()),
    (BARE, (1, 8, 8), torch_bare_cnn()),
]


@pytest.mark.parametrize(("spec", "shape", "model"), CASES)
def test_equals_the_torch_module_with_the_same_numbers(
    spec: ModelSpec, shape: tuple[int, ...], model: nn.Module
) -> None:
    architecture = build_architecture(spec, shape, 5)
    rng = np.random.default_rng(1)
    flat = torch.from_numpy(np.stack([architecture.initial(rng) for _ in range(3)]))
    x = torch.from_numpy(rng.normal(size=(3, 6, int(np.prod(shape)))).astype(np.float32))
    y = torch.from_numpy(rng.integers(0, 5, (3, 6)))
    outputs = architecture.forward(flat, x)
    gradient = architecture.gradient(flat, x, private_pull(y, torch.full((3, 6), 1 / 6)))
    assert architecture.n_parameters == sum(p.numel() for p in model.parameters())
    assert outputs.features.shape == (3, 6, architecture.n_features)
    for g in range(3):
        nn.utils.vector_to_parameters(flat[g].clone(), model.parameters())
        model.zero_grad()
        rows = x[g].view(6, *shape) if len(shape) == 3 and "cnn" in architecture.name else x[g]
        logits = model(rows)
        nn.functional.cross_entropy(logits, y[g]).backward()
        expected = torch.cat([p.grad.flatten() for p in model.parameters()])
        torch.testing.assert_close(outputs.logits[g], logits.detach())
        torch.testing.assert_close(gradient[g], expected)


@pytest.mark.parametrize("loss", [Kl(), FeatureMse()])
def test_hand_written_gradient_equals_automatic_differentiation(loss: Kl) -> None:
    mlp, rng = Mlp((6, 8, 7, 5)), np.random.default_rng(2)
    flat = torch.from_numpy(np.stack([mlp.initial(rng) for _ in range(4)]))
    x = torch.randn(4, 9, 6, generator=torch.Generator().manual_seed(0))
    targets = torch.rand(4, 9, 5, generator=torch.Generator().manual_seed(1)).softmax(-1)
    pull = distillation_pull(loss, targets, torch.full((4, 9), 1 / 9))
    torch.testing.assert_close(
        mlp.gradient(flat, x, pull), Architecture.gradient(mlp, flat, x, pull)
    )


@settings(max_examples=60, deadline=None)
@given(
    widths=st.lists(st.integers(2, 40), min_size=2, max_size=4),
    rows=st.integers(2, 40),
    group=st.integers(1, 9),
    seed=st.integers(0, 9),
)
def test_who_shares_the_group_changes_no_bit(
    widths: list[int], rows: int, group: int, seed: int
) -> None:
    torch.set_num_threads(1)
    mlp, generator = Mlp(tuple(widths)), torch.Generator().manual_seed(seed)
    flat = torch.randn(group, mlp.n_parameters, generator=generator) * 0.3
    x = torch.randn(group, rows, widths[0], generator=generator)
    y = torch.randint(0, widths[-1], (group, rows), generator=generator)
    targets = torch.randn(group, rows, widths[-1], generator=generator).softmax(-1)
    weights = torch.rand(group, rows, generator=generator)
    half = rows // 2

    def pull(s: slice):  # type: ignore[no-untyped-def]
        private = private_pull(y[s, :half], weights[s, :half])
        return joint_pull(
            private, distillation_pull(Kl(), targets[s, half:], weights[s, half:]), half
        )

    together = mlp.gradient(flat, x, pull(slice(None)))
    logits = mlp.forward(flat, x).logits
    for g in range(group):
        alone = slice(g, g + 1)
        assert torch.equal(mlp.gradient(flat[alone], x[alone], pull(alone))[0], together[g])
        assert torch.equal(mlp.forward(flat[alone], x[alone]).logits[0], logits[g])


def test_equal_specifications_share_one_architecture() -> None:
    one = build_architecture(MlpSpec(hidden=(8,)), (6,), 5)
    assert build_architecture(MlpSpec(hidden=(8,)), (6,), 5) is one
    assert one.name == "mlp 6-8-5"
    assert one.flops_forward == 2 * (6 * 8 + 8 * 5) + 8 + 5


def test_a_convolutional_net_needs_images() -> None:
    with pytest.raises(InputError, match="needs images"):
        build_architecture(CnnSpec(), (64,), 10)


def test_convolutions_that_leave_no_pixel_are_refused() -> None:
    with pytest.raises(InputError, match="leave nothing of images of 6 x 6"):
        build_architecture(CnnSpec(channels=(2, 2, 2), padding="valid"), (1, 6, 6), 5)


def test_an_unknown_specification_says_how_to_register_one() -> None:
    class Odd(ModelSpec):
        pass

    with pytest.raises(InputError, match=r"make\.register"):
        build_architecture(Odd(), (6,), 5)
