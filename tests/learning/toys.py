"""The least that a learner needs: data of noise, and members of the families."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from p2pkd.core.rng import Streams
from p2pkd.distillation.base import Objective
from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.knowledge.teachers.combine import Combination
from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.learner import DeferredLearner
from p2pkd.learning.recipe import Recipe
from p2pkd.scenario.models import MlpSpec, ModelSpec
from p2pkd.scenario.optimizers import SgdSpec

N_AGENTS, N_CLASSES = 7, 5


class SoftLabels(RowKnowledge):
    """As the real ones, with another floor."""

    def width(self, n_classes: int) -> int:
        return n_classes

    def head(self, outputs: Any) -> Any:
        return outputs.logits.softmax(-1)

    def log_probabilities(self, values: Any, n_classes: int) -> Any:
        return values.clamp_min(1e-7).log().log_softmax(-1)


class MeanProbabilities:
    pull = Combination.pull

    def targets(self, log_p: Any, weights: Any, temperature: float) -> Any:
        return ((log_p / temperature).softmax(-1) * weights.unsqueeze(-1)).sum(1)


class Uniform:
    remembers = False

    def weights(self, log_p: Any, present: Any) -> Any:
        return present


class Half:
    lossless = False

    def roundtrip(self, values: Any) -> Any:
        return values.half().float()


class Kl:
    softening = 2.0
    scale = 1.0
    teacher = "peers"
    deployed = penalty_gradient = None
    by_prototypes = False
    held_out = consolidation = public_batch = None
    teaching, read, pull_to = Objective.teaching, Objective.read, Objective.pull_to

    def __init__(self, private_share: float | None = None) -> None:
        self.joint = None if private_share is None else (private_share, 1 - private_share)

    def row_loss(self, outputs: Any, targets: Any) -> Any:
        log_p = (outputs.logits / 2).log_softmax(-1)
        return 4 * (targets * (targets.clamp_min(1e-30).log() - log_p)).sum(-1)


class FeatureMse(Kl):
    """Pulls features towards the first classes' targets: a loss on features alone."""

    def row_loss(self, outputs: Any, targets: Any) -> Any:
        width = min(targets.shape[-1], outputs.features.shape[-1])
        return (outputs.features[..., :width] - targets[..., :width]).square().mean(-1)


class Memo(NamedTuple):
    contents: Any
    sender: int = 0
    made_s: float = 0.0


def make_data(
    shape: tuple[int, ...] = (6,), *, n_agents: int = N_AGENTS, n_reference: int = 24
) -> Any:
    rng = np.random.default_rng(5)
    width = int(np.prod(shape))
    sizes = rng.integers(3, 20, n_agents)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    n = int(offsets[-1])

    def x(rows: int) -> Any:
        return rng.normal(size=(rows, width)).astype(np.float32)

    def y(rows: int) -> Any:
        return rng.integers(0, N_CLASSES, rows)

    return SimpleNamespace(
        input_shape=shape,
        n_classes=N_CLASSES,
        private_x=x(n),
        private_y=y(n),
        reference_x=x(n_reference),
        reference_y=y(n_reference),
        test_x=x(40),
        test_y=y(40),
        known=None,
        partition=SimpleNamespace(offsets=offsets, rows=rng.permutation(n)),
    )


def make_recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "optimizer": SgdSpec(),
        "lr": 0.1,
        "clip_norm": None,
        "batch": 4,
        "pooled": False,
        "about_rows": True,
        "knowledge": SoftLabels(),
        "codec": None,
        "combine": MeanProbabilities(),
        "weighting": Uniform(),
        "objective": Kl(),
    }
    return Recipe(**{**values, **changes})


def make_learner(
    specs: tuple[ModelSpec, ...] = (MlpSpec(hidden=(8,)),),
    *,
    data: Any = None,
    settings: Settings | None = None,
    start: Any = None,
    seed: int = 3,
    **recipe: Any,
) -> DeferredLearner:
    data = data or make_data()
    n = len(data.partition.offsets) - 1
    return DeferredLearner(
        data,
        specs,
        np.arange(n) % len(specs),
        make_recipe(**recipe),
        Streams(seed),
        settings or Settings(threads=1),
        start,
    )
