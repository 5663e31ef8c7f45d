"""Mistakes that others shipped, where no other test would notice; docs/methods.md lists all."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import p2pkd
from p2pkd.learning.models.build import build_architecture
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec
from p2pkd.scenario.presets import preset_names
from p2pkd.study.load import load_study


def test_immature_teachers_hurt(tmp_path):
    """Pitfall 9: arg maxes of untrained models teach nonsense, and all agree on it."""
    accuracy = {}
    for warm_up in ("0 s", "4 min"):
        result = p2pkd.simulate(
            "scenarios/methods/preset-one-bit.yaml",
            overrides=[
                "duration=10 min",
                "evaluate.every=10 min",
                "method.learn.lr=0.005",
                "method.learn.weight=0.2",
                f"method.teachers.warm_up={warm_up}",
            ],
            out=tmp_path / warm_up,
        )
        accuracy[warm_up] = result.summary["final_accuracy_mean"]
    assert accuracy["4 min"] > accuracy["0 s"] + 0.2


@pytest.mark.parametrize("spec", [LinearSpec(), MlpSpec(), CnnSpec(channels=(4,), dense=8)])
def test_a_prediction_is_about_its_row_alone(spec):
    """Pitfall 12: neither dropout nor statistics of the batch, and nothing kept from last time."""
    architecture = build_architecture(spec, (1, 8, 8), 5)
    rng = np.random.default_rng(0)
    flat = torch.from_numpy(architecture.initial(rng)).unsqueeze(0)
    x = torch.from_numpy(rng.normal(size=(1, 24, 64)).astype(np.float32))
    once = architecture.forward(flat, x).logits
    architecture.forward(flat, 100 * x)
    assert torch.equal(architecture.forward(flat, x).logits, once)
    alone = architecture.forward(flat, x[:, :1]).logits
    torch.testing.assert_close(alone, once[:, :1])


def test_methods_are_compared_beside_controls_with_the_same_private_steps():
    """Pitfall 16: the study of methods has the controls, and whatever else may differ is equal.

    The learning rate may, and is the best of as many for each.
    """
    tuning = load_study("scenarios/studies/methods.yaml").tuning
    assert tuning.keys == ("method.learn.lr",)
    assert {setting.search.trials for setting in tuning.settings} == {tuning.trials}
    scenarios = [p.loaded.scenario for p in tuning.samples()]
    chosen = {scenario.method.preset for scenario in scenarios}
    assert chosen >= {"isolated", "self", "pooled", "d-psgd"}
    assert [name for name in preset_names() if name not in chosen] == []
    assert len({scenario.seed for scenario in scenarios}) == 5
    learning = {
        (s.duration, s.method.gossip.every, s.method.learn.local_steps, s.method.learn.batch,
         s.method.learn.optimizer.tag_value)
        for s in scenarios if s.method.preset != "cfd"
    }  # fmt: skip
    assert learning == {(1200, 30, 5, 32, "adam")}
    aggregators = {scenario.agents: scenario.aggregators is not None for scenario in scenarios}
    assert aggregators == {16: False, 17: True, 21: True}


def test_every_pitfall_names_a_test_that_exists():
    page = Path("docs/methods.md").read_text()
    rows = re.findall(r"^\| (\d+) \| .*$", page, flags=re.MULTILINE)
    assert rows == [str(number) for number in range(1, 17)]
    named = re.findall(r"`(\w[\w/]*\.py)::(\w+)`", page)
    assert len(named) >= 16
    for file, test in named:
        assert f"def {test}(" in Path("tests", file).read_text(), (file, test)
