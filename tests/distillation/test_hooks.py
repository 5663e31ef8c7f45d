"""What models say they offer is what architectures offer, and what objectives need is offered."""

import pytest

from p2pkd.distillation.base import Objective
from p2pkd.learning.models.build import build_architecture
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.models import ModelSpec


@pytest.mark.parametrize("kind", sorted(ModelSpec.members))
def test_specs_and_architectures_agree(kind):
    spec = ModelSpec.members[kind]
    architecture = build_architecture(spec(), (1, 8, 8), 4)
    assert architecture.hooks == spec.hooks


def test_some_model_has_what_each_objective_needs():
    load_kinds()
    for objective in Objective.members.values():
        assert any(objective.needs <= model.hooks for model in ModelSpec.members.values())
