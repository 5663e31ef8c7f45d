from __future__ import annotations

import numpy as np
import pytest
import torch

from p2pkd.learning.optim.optimizers import clip_, make_optimizer
from p2pkd.scenario.optimizers import AdamSpec, AdamWSpec, OptimizerSpec, SgdSpec

CASES = [
    (SgdSpec(), lambda p: torch.optim.SGD(p, 0.1)),
    (SgdSpec(momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    (
        SgdSpec(momentum=0.9, weight_decay=0.01, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    ),
    (AdamSpec(), lambda p: torch.optim.Adam(p, 0.1)),
    (AdamSpec(weight_decay=0.1), lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.1)),
    (AdamWSpec(beta1=0.8), lambda p: torch.optim.AdamW(p, 0.1, (0.8, 0.999), weight_decay=0.01)),
]


@pytest.mark.parametrize(("spec", "make"), CASES)
def test_each_agent_is_updated_as_torch_would_update_it_alone(spec: OptimizerSpec, make) -> None:
    optimizer, steps = make_optimizer(spec), [3, 1, 6]
    generator = torch.Generator().manual_seed(0)
    params = torch.randn(3, 5, generator=generator)
    gradients = torch.randn(6, 3, 5, generator=generator)
    expected = []
    for g, n in enumerate(steps):
        alone = params[g].clone().requires_grad_()
        reference = make([alone])
        for step in range(n):
            alone.grad = gradients[step, g].clone()
            reference.step()
        expected.append(alone.detach())
    state = torch.zeros(3, optimizer.state_floats(5))
    for step in range(max(steps)):
        still = [g for g, n in enumerate(steps) if step < n]
        rows, memory = params[still], state[still]
        count = np.full(len(still), step + 1)
        optimizer.update_(rows, gradients[step, still], memory, count, 0.1)
        params[still], state[still] = rows, memory
    torch.testing.assert_close(params, torch.stack(expected))


def test_agents_at_different_steps_share_a_call() -> None:
    optimizer = make_optimizer(AdamSpec())
    rows, gradient = torch.ones(2, 3), torch.full((2, 3), 0.5)
    state = torch.zeros(2, 6)
    optimizer.update_(rows, gradient.clone(), state, np.array([1, 1000]), 0.1)
    alone = torch.ones(1, 3)
    optimizer.update_(alone, gradient[1:].clone(), torch.zeros(1, 6), np.array([1000]), 0.1)
    assert torch.equal(rows[1:], alone)
    assert not torch.equal(rows[0], rows[1])


def test_clipping_is_by_agent() -> None:
    gradient = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    clip_(gradient, 1.0)
    torch.testing.assert_close(gradient, torch.tensor([[0.6, 0.8], [0.3, 0.4]]))
