"""Whether this machine can compute what a scenario asks for: told before anything is allocated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2pkd.core.errors import InputError
from p2pkd.core.machine import too_large
from p2pkd.world.memory import FLOAT_BYTES

if TYPE_CHECKING:  # `validate` looks at the device without importing torch.
    from p2pkd.engine.profile import Profile
    from p2pkd.scenario.scenario import ExecutionSpec, Scenario
    from p2pkd.world.world import World


def check_device(spec: ExecutionSpec) -> None:
    """Raise InputError where *spec* asks for CUDA and PyTorch has none here."""
    if spec.device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise InputError(
            "execution.device: cuda, but PyTorch finds no CUDA device here; use cpu or auto"
        )


def check_machine(scenario: Scenario, world: World, profile: Profile) -> None:
    """Raise InputError where the models of all agents, or one batch, fill this machine's memory.

    What counts is the least that a run holds at once: each agent's model, and while it learns the
    next one, its gradient and the activations of a batch.
    """
    if scenario.execution.device != "cpu":
        return
    models = sum(profile.parameters) * float(FLOAT_BYTES)
    learn, data = scenario.method.learn, world.data
    assert data is not None
    largest = max(profile.architectures, key=lambda kind: kind.n_parameters)
    rows = len(data.private_y) if learn.batch == "full" else learn.batch
    numbers = 2.0 * largest.n_parameters
    batch = float(rows) * (data.n_features + largest.activation_floats)
    if (problem := too_large(models + FLOAT_BYTES * numbers)) is not None:
        raise InputError(
            f"devices: the models of {len(profile.parameters):,} agents take {problem}; take fewer"
            " agents, or smaller models"
        )
    if (problem := too_large(models + FLOAT_BYTES * (numbers + batch))) is not None:
        raise InputError(f"method.learn.batch: {rows:,} rows at once take {problem}; take fewer")
