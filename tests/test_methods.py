"""Every objective, preset and part of a method: runs in little, distils, and makes a difference.

And however it is computed, the records are the same: many agents at a time on two threads, by a
process of its own where learning can have one, or one agent after the other beside the event loop.
"""

from functools import cache
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import p2pkd
from p2pkd.core.errors import InputError
from p2pkd.distillation.base import Objective
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.load import load_scenario
from p2pkd.scenario.presets import load_preset

FOLDER = Path("scenarios/methods")
OBJECTIVES = sorted(FOLDER.glob("objective-*.yaml"))
PARTS = sorted(FOLDER.glob("part-*.yaml"))
PRESETS = sorted(FOLDER.glob("preset-*.yaml"))
# Named by scenarios of their own, elsewhere: controls, parameter gossip and the quickstart.
ELSEWHERE = {"local", "merge", "mutual", "response", "self"}
BRIEF = ("duration=4 min", "evaluate.every=4 min")
LITTLE = ("agents=8", *BRIEF)
# Convolutional nets, and a generator fitted for each message.
SLOW = {"objective-activation-attention", "objective-data-free", "preset-fedgen"}
LESS = ("agents=6", "duration=2 min", "evaluate.every=2 min")


@cache
def summary(source, *overrides):
    with TemporaryDirectory() as folder:
        result = p2pkd.simulate(source, overrides=overrides, out=Path(folder) / "run")
        loss = result.population["loss_mean"].iloc[-1]
        agents = result.agents
        processes = result.manifest["execution"]["processes"]
    more = {"loss": loss, "agents": agents, "accuracies": agents["accuracy"].tolist()}
    return {**result.summary, **more, "processes": processes}


def without_the_part():
    return summary(FOLDER / "small.yaml", "method.preset=latest-labels")


def computed(executor, threads, processes):
    """Return the overrides that say how learning is computed."""
    said = {"executor": executor, "threads": threads, "processes": processes}
    return [f"execution.{key}={value}" for key, value in said.items()]


@pytest.mark.parametrize("path", OBJECTIVES + PRESETS, ids=lambda path: path.stem)
def test_it_distils_matters_and_is_the_same_however_computed(path):
    little = LITTLE if path in OBJECTIVES else BRIEF
    if path.stem in SLOW:
        little = LESS
    elif path.stem == "objective-offline":
        little = (*LITTLE, "duration=6 min")  # its teachers are done after five
    apart = 1 if load_scenario(path).scenario.method.looks else 2
    got = summary(path, *little, *computed("grouped", 2, apart))
    assert got["processes"] == apart
    assert got["distill_steps"] + got["merges"] > 0
    assert got["distilled"]
    assert got["payload_bytes"] > 0 or path.stem == "objective-self"
    without = summary(path, *little, "method.teachers.warm_up=1 h")
    assert without["distill_steps"] == 0
    assert got["accuracies"] != without["accuracies"] or got["loss"] != without["loss"]
    one_by_one = summary(path, *little, *computed("loop", 1, 1))
    assert got["fingerprint"] == one_by_one["fingerprint"]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_has_its_paper_and_says_where_it_departs(path):
    preset = load_preset(path.stem.removeprefix("preset-"))
    assert preset.paper
    assert preset.departures


def test_every_objective_is_named_by_a_scenario():
    load_kinds()
    paths = [*OBJECTIVES, *PRESETS]
    named = {load_scenario(path).scenario.method.learn.tag_value for path in paths}
    ours = {n for n, cls in Objective.members.items() if cls.__module__.startswith("p2pkd.")}
    assert ours - ELSEWHERE == named - ELSEWHERE


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_part_makes_a_difference(path):
    if path.stem == "part-privacy":
        pytest.importorskip("dp_accounting")
    got, plain = summary(path), without_the_part()
    if path.stem == "part-signs":
        plain = summary(FOLDER / "preset-choco.yaml")
    assert got["distill_steps"] + got["merges"] > 0
    if path.stem == "part-mean-losses":
        # With KL the gradient of the mean of losses is that of the loss of the mean.
        assert got["loss"] == pytest.approx(plain["loss"], rel=1e-3)
    elif path.stem == "part-below-chance":
        # Trained a little, all are better than chance: what is left is what it costs to know.
        assert got["payload_bytes"] == plain["payload_bytes"] + 4 * plain["messages_sent"]
    else:
        assert got["loss"] != plain["loss"]


def test_bytes_a_message_are_those_of_the_formulas():
    """128 rows, 10 classes, nothing but the payload."""
    expected = {
        "part-bits": 128 * 10 * 3 // 8,
        "part-top-k": 128 * 3 * 3,
        "part-samples": 128 * 40 + 4,
        "part-validation": 128 * 40 + 4,
        "part-by-competence": 128 * 40 + 40,
        "part-row-memory": 32 * (40 + 4),
        "part-hard-labels": 128,
        "part-int8": 128 * (10 + 4),
        "part-signs": ceil((64 * 32 + 32 + 32 * 10 + 10) / 8) + 4,
        "part-privacy": 128 * 40,
    }
    for name, size in expected.items():
        got = summary(FOLDER / f"{name}.yaml")
        assert got["payload_bytes"] == size * got["messages_sent"], name


def test_one_bit_labels_teach():
    """Ten points more than alone, with the same private steps, at 2 bytes for 5 rows and less."""
    longer = ("duration=14 min", "method.learn.lr=0.005")
    got = summary(FOLDER / "preset-one-bit.yaml", *longer)
    alone = summary(FOLDER / "small.yaml", "method.preset=isolated", *longer)
    assert got["train_steps"] == alone["train_steps"]
    assert got["final_accuracy_mean"] > alone["final_accuracy_mean"] + 0.1
    assert got["payload_bytes"] <= 54 * got["messages_sent"]  # ceil(128 log2(10) / 8) and a byte


def test_differences_are_smaller_and_lose_nothing():
    """The learning is that of the codec inside, to the last digit; only bytes differ."""
    delta = summary(FOLDER / "part-delta.yaml")
    whole = summary(FOLDER / "part-delta.yaml", "method.send.codec={kind: bits, b: 8}")
    assert delta["loss"] == whole["loss"]
    assert delta["payload_bytes"] < 0.8 * whole["payload_bytes"]


@pytest.mark.parametrize("name", ["delta", "compressed"])
def test_sizes_that_depend_on_learning_cannot_run_dry(name, tmp_path):
    with pytest.raises(InputError, match=f"{name}.*dry"):
        p2pkd.simulate(FOLDER / f"part-{name}.yaml", dry_run=True, out=tmp_path / "run")


def test_privacy_spent_is_reported_for_each_agent():
    pytest.importorskip("dp_accounting")
    agents = summary(FOLDER / "part-privacy.yaml")["agents"]
    assert (agents["epsilon"] > 0).all()
    assert without_the_part()["agents"]["epsilon"].isna().all()
