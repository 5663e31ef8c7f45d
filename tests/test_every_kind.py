"""Whatever `p2pkd list` offers for a method is named by a scenario that a test runs."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import p2pkd
from p2pkd.scenario.base import FAMILIES, Family, Spec
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.load import load_scenario
from p2pkd.scenario.presets import preset_names

# What each of these files ends with, and what it would end with otherwise, is looked at by
# test_scenarios.py, test_methods.py and test_task_scenarios.py.
RUN_BY_TESTS = (
    "scenarios/*.yaml",
    "scenarios/methods/part-*.yaml",
    "scenarios/methods/preset-*.yaml",
    "scenarios/methods/objective-*.yaml",
    "scenarios/tasks/*.yaml",
)
OF_A_METHOD = (
    "knowledge", "codecs", "protocols", "peers", "flows", "memories", "combinations", "weightings",
    "filters", "sharpenings", "privacies", "objectives", "mixings",
)  # fmt: skip
# By design they learn from nobody; the last test runs them.
CONTROLS = {"isolated", "pooled"}


def kinds_in(value: Any) -> Iterator[type[Family]]:
    """Yield the kind of everything chosen from a family, however deep inside *value*."""
    if isinstance(value, Family):
        yield type(value)
    if isinstance(value, Spec):
        for name in type(value).model_fields:
            yield from kinds_in(getattr(value, name))
    if isinstance(value, tuple | list):
        for item in value:
            yield from kinds_in(item)


@cache
def named() -> tuple[set[type[Family]], set[str]]:
    """Return the kinds and the presets that the scenarios name, defaults written out."""
    kinds: set[type[Family]] = set()
    presets = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("P2PKD_DATA", "/data")
        for pattern in RUN_BY_TESTS:
            for path in sorted(Path().glob(pattern)):
                method = load_scenario(path).scenario.method
                kinds |= set(kinds_in(method))
                presets.add(method.preset)
    return kinds, presets


@pytest.mark.parametrize("plural", OF_A_METHOD)
def test_every_kind_is_in_a_scenario(plural):
    load_kinds()
    ours = {n: k for n, k in FAMILIES[plural].members.items() if k.__module__.startswith("p2pkd.")}
    assert ours
    assert [name for name, kind in ours.items() if kind not in named()[0]] == []


def test_every_preset_is_in_a_scenario():
    assert [name for name in preset_names() if name not in named()[1] | CONTROLS] == []


def test_controls_learn_from_nobody(tmp_path):
    """And differ from each other: pooled rows are everybody's."""
    ends = {}
    for name in sorted(CONTROLS):
        result = p2pkd.simulate(
            "scenarios/methods/small.yaml",
            overrides=[f"method.preset={name}"],
            out=tmp_path / name,
        )
        assert result.summary["distill_steps"] == result.summary["messages_sent"] == 0
        assert result.summary["train_steps"] > 0
        ends[name] = result.summary["final_accuracy_mean"]
    assert ends["pooled"] > ends["isolated"]
