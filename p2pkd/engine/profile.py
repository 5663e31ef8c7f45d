"""What agents' models cost, known before any of them exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from p2pkd.engine.effort import Traffic
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.models.build import build_architecture
from p2pkd.learning.optim.consolidate import optimizer_of
from p2pkd.learning.state.layout import Layout, memories_of
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.models import ModelSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.data import Data
from p2pkd.world.memory import FLOAT_BYTES, check_memory
from p2pkd.world.world import World


@dataclass(frozen=True, eq=False)
class Profile:
    """What each agent's model costs; sequences of length n."""

    architectures: Sequence[Architecture]
    """The different architectures; `World.model_of` says whose is which."""
    models: Sequence[str]
    """The architecture in words, such as ``mlp 64-32-10``."""
    parameters: Sequence[int]
    sent: Sequence[int]
    """How many of them travel, and are merged, where weights are sent."""
    flops_forward: Sequence[float]
    """FLOPs to predict one row."""
    memory_bytes: Sequence[float]
    """Parameters, gradients, optimiser state, activations of a batch, and remembered messages."""
    private_rows: Sequence[int]
    traffic: Sequence[Traffic]
    """What each agent's model moves through memory."""
    traffic_of: Sequence[Traffic]
    """The same of each of `architectures`."""


def make_profile(scenario: Scenario, world: World) -> Profile:
    """Return the costs of all models of *world*.

    Raise InputError, by name, where a device cannot hold its model.
    """
    data = world.data
    assert data is not None
    kinds = [
        build_architecture(spec, data.input_shape, data.n_classes) for spec in world.model_specs
    ]
    groups = _of_groups(world)
    families = families_of(scenario.method.learn, world.model_specs)
    # Who may change its width must be able to hold the widest.
    largest = [max(family, key=lambda i: kinds[i].n_parameters) for family in families]
    needs = [
        memory_needs(scenario.method, kinds[largest[model]], degree, data)
        for model, degree in groups
    ]
    check_memory(world.devices.groups, [kinds[model].name for model, _ in groups], needs)
    totals = [sum(need.values()) for need in needs]
    of = world.model_of.tolist()
    traffic = [make_traffic(scenario.method, kind, data) for kind in kinds]
    return Profile(
        architectures=kinds,
        models=[kinds[i].name for i in of],
        parameters=[kinds[i].n_parameters for i in of],
        sent=[_sent(scenario.method, kinds[i]) for i in of],
        flops_forward=[float(kinds[i].flops_forward) for i in of],
        memory_bytes=[totals[group] for group in world.devices.group.tolist()],
        private_rows=data.partition.sizes.tolist(),
        traffic=[traffic[i] for i in of],
        traffic_of=traffic,
    )


def families_of(learn: Any, specs: Sequence[ModelSpec]) -> list[list[int]]:
    """Return for each of *specs* the numbers of those that its agents may change to, ascending."""
    if learn.turns_between_choices is None:
        return [[i] for i in range(len(specs))]
    families: list[list[int]] = []
    for spec in specs:
        own = [other for other in learn.candidates(spec) if other in specs]
        families.append([specs.index(other) for other in dict.fromkeys(own)])
    return families


def memory_needs(
    method: MethodSpec, model: Architecture, neighbours: int, data: Data
) -> dict[str, float]:
    """Return the bytes of each thing that a device must hold at once.

    *neighbours* is the number of peers whose messages may be remembered.
    """
    learn: Any = method.learn
    memory = method.memory
    knowledge: Any = method.send.knowledge
    p = model.n_parameters
    batch = len(data.private_y) if learn.batch == "full" else learn.batch
    n = len(data.reference_y)
    rows = n if method.send.rows == "all" else min(method.send.rows, n)
    message = knowledge.message_floats(rows, data.n_classes, _sent(method, model))
    cached = method.gossip.protocol.cached_rounds is not None
    numbers = {
        "parameters": p,
        "gradient": p,
        "optimiser state": _state_floats(method, p, data),
        "activations": batch * model.activation_floats,
        "remembered messages": message * memory.capacity(neighbours),
        "cached targets": len(data.reference_y) * data.n_classes if cached else 0,
    }
    if learn.second_model:
        both = numbers["gradient"] + numbers["optimiser state"] + numbers["activations"]
        numbers["the received model, learning"] = p + both
    return {part: float(FLOAT_BYTES * count) for part, count in numbers.items() if count}


def make_traffic(method: MethodSpec, model: Architecture, data: Data) -> Traffic:
    """Return what *model* moves through memory as it learns by *method*."""
    p = model.n_parameters
    state = _state_floats(method, p, data)
    return Traffic(float(model.flops_forward), p, model.activation_floats, state)


def _state_floats(method: MethodSpec, n_parameters: int, data: Data) -> int:
    learn: Any = method.learn
    weights: Any = method.teachers.weights
    n = len(data.partition.sizes)
    memories = memories_of(learn, weights, method.send.knowledge, n, data.n_classes)
    layout = Layout.of(n_parameters, optimizer_of(learn, learn.optimizer), memories)
    return layout.width - n_parameters


def _sent(method: MethodSpec, model: Architecture) -> int:
    return model.n_sent if method.send.knowledge.proxied else model.n_parameters


def _of_groups(world: World) -> list[tuple[int, int]]:
    """Return the model and the largest degree of each device group."""
    pairs = []
    for group in range(len(world.devices.groups)):
        members = np.flatnonzero(world.devices.group == group)
        degree = int(world.topology.degree[members].max()) if len(members) else 0
        pairs.append((int(world.model_of[members[0]]) if len(members) else 0, degree))
    return pairs
