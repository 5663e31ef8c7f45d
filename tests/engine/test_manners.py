"""Whatever agents do beside plain gossip: books balance, and the executor changes no bit."""

from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import load_scenario

PRESETS = ["sgp", "ad-psgd", "choco", "epidemic", "fedavg", "hierarchical", "fedmd-star", "fd-star"]
CHURN = [
    "churn.sessions={kind: exponential, online: 1 min, offline: 30 s}",
    "links.loss=10 %",
    "duration=5 min",
    "method.gossip.every=10 s",
]


def loaded(preset, *overrides):
    return load_scenario(Path(f"scenarios/methods/preset-{preset}.yaml"), overrides)


def books(simulation):
    return [
        (b.sent, b.delivered, b.lost, b.aborted, b.in_flight, b.payload_bytes, b.merges)
        for b in simulation.books
    ]


@pytest.mark.parametrize(
    ("computation", "memory"),
    [
        ("resumes", "kept"),
        ("lost", "lost"),
        pytest.param("resumes", "lost", marks=pytest.mark.long),
        pytest.param("lost", "kept", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("preset", PRESETS)
def test_agents_may_come_and_go(preset, computation, memory):
    changes = [*CHURN, f"churn.computation={computation}", f"churn.memory={memory}"]

    def run(dry):
        found = loaded(preset, *changes)
        streams = Streams(found.scenario.seed)
        simulation = assemble(found.scenario, streams, found.base, Observer(), dry_run=dry)
        simulation.run()
        return books(simulation)

    dry = run(True)
    assert dry == run(False)  # learning cannot be seen by the timeline
    for sent, delivered, lost, aborted, in_flight, *_ in dry:
        assert sent == delivered + lost + aborted + in_flight
    assert sum(row[3] for row in dry) > 0
    assert sum(row[-1] for row in dry) > 0


@pytest.mark.parametrize("preset", PRESETS)
def test_grouped_and_one_by_one_are_the_same_to_the_bit(preset):
    def models(executor):
        found = loaded(preset, f"execution.executor={executor}", "duration=3 min")
        simulation = assemble(found.scenario, Streams(found.scenario.seed), found.base, Observer())
        simulation.run()
        look = simulation.shared.learner.parameters
        return [look(agent.version) for agent in simulation.agents]

    for one, other in zip(models("loop"), models("grouped"), strict=True):
        np.testing.assert_array_equal(one, other)
