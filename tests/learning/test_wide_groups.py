"""Groups as wide as those of large runs, on two threads: the same bits as one agent at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toys import Memo, make_data, make_learner

from p2pkd.learning.compute.settings import Settings
from p2pkd.scenario.models import LinearSpec, MlpSpec, ModelSpec
from p2pkd.scenario.optimizers import AdamSpec

N = 70

MODELS: dict[str, tuple[int, tuple[ModelSpec, ...]]] = {
    "64-64": (64, (MlpSpec(hidden=(64,)),)),
    "784-200": (784, (MlpSpec(hidden=(200,)),)),
    "784": (784, (LinearSpec(),)),
    "odd widths, two kinds": (50, (MlpSpec(hidden=(129, 7)), LinearSpec())),
    "one unit": (6, (MlpSpec(hidden=(1,)),)),
    "one feature": (1, (MlpSpec(hidden=(3,)),)),
}


def play(features: int, specs: tuple[ModelSpec, ...], batch: Any, **execution: Any) -> list[Any]:
    """Let everybody distil from two others, merge with one, and train; return all numbers."""
    learner = make_learner(
        specs,
        data=make_data((features,), n_agents=N),
        settings=Settings(**execution),
        optimizer=AdamSpec(),
        batch=batch,
    )
    versions = [learner.initial(i) for i in range(N)]
    said = [Memo(learner.predict(version, np.arange(20))) for version in versions]
    for i, version in enumerate(versions):
        taught = learner.distill(version, [said[(i + 1) % N], said[(i + 2) % N]], 1)
        other = versions[(i + len(specs)) % N]
        versions[i] = learner.train(learner.merge(taught, [(taught, 0.5), (other, 0.5)]), 1)
    seen = learner.evaluate(versions)
    return [*map(learner.parameters, versions), seen.accuracy, seen.loss, seen.mean_probabilities]


# The widest takes as long as all others together: one batch, and all in `make test-long`.
CASES = [
    pytest.param(model, batch, marks=[pytest.mark.long] * (model == "784-200" and batch != 32))
    for model in MODELS
    for batch in (32, 5, 1, None)
]


@pytest.mark.parametrize(("model", "batch"), CASES)
def test_a_wide_group_changes_no_bit(model: str, batch: int | None) -> None:
    features, specs = MODELS[model]
    alone = play(features, specs, batch, executor="loop", threads=1)
    for chunk in (None, 7):
        together = play(features, specs, batch, executor="grouped", threads=2, chunk=chunk)
        assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
