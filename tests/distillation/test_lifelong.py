"""A class stream, and elastic weights: by hand, and against forgetting."""

import numpy as np
import pytest
import torch

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.learning.data.stream import DriftRows, StreamRows
from p2pkd.learning.optim.consolidate import Consolidating
from p2pkd.learning.optim.optimizers import Sgd
from p2pkd.scenario.optimizers import SgdSpec

OFFSETS = np.array([0, 12, 15])
LABELS = np.array([2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 5, 3, 4])


def stream(tasks=3, samples=10):
    return StreamRows(OFFSETS, Streams(0).keys("batches", 2), LABELS, tasks, samples)


def test_each_task_has_its_classes_and_the_last_stays():
    rows = stream().sample(np.array([0]), np.array([0]), 50)[0]
    labels = LABELS[rows]
    assert [set(labels[i : i + 10]) for i in range(0, 50, 10)] == [{0}, {1}, {2}, {2}, {2}]


def test_samples_do_not_depend_on_how_they_are_asked_for():
    whole = stream().sample(np.array([0, 1]), np.zeros(2, np.int64), 30)
    parts = [stream().sample(np.array([1, 0]), np.array([a, a]), 5)[::-1] for a in range(0, 30, 5)]
    np.testing.assert_array_equal(whole, np.concatenate(parts, 1))


def test_an_agent_with_fewer_rows_than_tasks_keeps_to_its_own():
    rows = stream(tasks=7).sample(np.array([1]), np.array([0]), 100)
    assert set(rows[0]) == {12, 13, 14}


def test_drift_slides_a_window_over_the_classes_and_stays_at_the_end():
    labels, samples = np.repeat(np.arange(10), 10), 100
    offsets = np.array([0, 100])
    drift = DriftRows(offsets, Streams(0).keys("batches", 1), labels, 5, samples)
    rows = drift.sample(np.array([0]), np.array([0]), 600)[0]
    # A window of 20 of 100 rows: its left end moves 80 rows in (5 - 1) * 100 samples.
    ends = np.minimum(np.arange(600), 400) * 80 // 400
    assert ((rows >= ends) & (rows < ends + 20)).all()
    assert set(labels[rows[400:]]) == {8, 9}
    assert len(set(labels[rows[150:250]])) > 3  # no task's border: it passes through


def test_drift_of_fewer_rows_than_tasks_keeps_to_its_own():
    drift = DriftRows(OFFSETS, Streams(0).keys("batches", 2), LABELS, 7, 10)
    assert set(drift.sample(np.array([1]), np.array([0]), 100)[0]) == {12, 13, 14}


def test_consolidation_step_by_step():
    """The proximal step by its own definition, Omega and theta_prev by hand."""
    every, strength, lr = 3, 5.0, 0.1
    optimizer = Consolidating(Sgd(SgdSpec()), every, strength)
    generator = torch.Generator().manual_seed(0)
    theta = torch.randn(1, 4, generator=generator)
    params, state = theta.clone(), torch.zeros(1, optimizer.state_floats(4))
    omega, previous, squares = torch.zeros(1, 4), torch.zeros(1, 4), []
    for step in range(1, 9):
        grad = torch.randn(1, 4, generator=generator)
        squares.append(grad.square())
        free = theta - lr * grad
        pull = 2 * lr * strength * omega
        theta = (free + pull * previous) / (1 + pull)
        leaf = theta.clone().requires_grad_()
        both = strength * (omega * (leaf - previous).square()).sum()
        both = both + (leaf - free).square().sum() / (2 * lr)
        (slope,) = torch.autograd.grad(both, leaf)
        assert slope.abs().max() < 1e-5  # the least of penalty and distance
        if step % every == 0:
            omega, previous = omega + torch.stack(squares).mean(0), theta
            squares = []
        optimizer.update_(params, grad.clone(), state, np.array([step]), lr)
        torch.testing.assert_close(params, theta)


def test_what_was_learned_first_is_kept_better(run):
    """Accuracy on the first half of the digits, after the second half has been learned."""

    def remembered(strength):
        learn = {
            "objective": "lifelong",
            "consolidate_every": 126,
            "strength": strength,
            "distill_steps": 1,
            "local_steps": 20,
            "lr": 0.1,
        }
        simulation, _ = run(
            {"gossip": {"every": "10 s"}, "learn": learn},
            numbers=True,
            data={"dataset": "digits", "stream": {"tasks": 2, "samples": 3840}},
            duration="3 min",
        )
        seen = simulation.shared.learner.evaluate([a.version for a in simulation.agents])
        y = simulation.world.data.test_y
        return (seen.labels == y)[:, y < 5].mean(), (seen.labels == y)[:, y >= 5].mean()

    free, elastic = remembered(0.0), remembered(10_000.0)
    assert free[1] > 0.8
    assert elastic[0] > free[0] + 0.2
    assert elastic[1] > 0.6


def test_a_full_batch_has_no_stream(run):
    with pytest.raises(InputError, match=r"against data\.stream"):
        run(
            {"learn": {"objective": "response", "batch": "full"}},
            numbers=True,
            data={"dataset": "digits", "stream": {"tasks": 2}},
        )
