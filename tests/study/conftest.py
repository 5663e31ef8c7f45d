"""Tiny studies: three agents, one simulated minute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest

from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.start import sweep_of

TINY = """
name: tiny
duration: 1 min
agents: 4
topology: ring
devices: [{profile: laptop, model: {kind: mlp, hidden: [8]}}]
data: {dataset: digits, reference: {rows: 64}}
method:
  send: {knowledge: soft_labels, rows: 16}
  gossip: {protocol: push, every: 10 s}
  learn: {objective: response, lr: 0.05, local_steps: 2, distill_steps: 2, batch: 16}
evaluate: {every: 30 s}
"""


@pytest.fixture
def study_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a study with base ``tiny.yaml``; return its path."""

    def write(text: str, base: str = TINY, name: str = "study.yaml") -> Path:
        (tmp_path / "tiny.yaml").write_text(base)
        path = tmp_path / name
        path.write_text(dedent(text).lstrip())
        return path

    return write


@pytest.fixture(scope="module")
def swept(request: pytest.FixtureRequest, tmp_path_factory) -> tuple[Path, pd.DataFrame]:
    """Run the module's `STUDY` over ``tiny.yaml``; return its folder and its table."""
    root = tmp_path_factory.mktemp("study")
    (root / "tiny.yaml").write_text(TINY)
    (root / "study.yaml").write_text(request.module.STUDY)
    sweep = sweep_of(load_study(root / "study.yaml"), root / "runs")
    return sweep.folder, sweep.run(InProcess())


@pytest.fixture(scope="module")
def folder(swept) -> Path:
    """The folder of `swept`."""
    return swept[0]


@pytest.fixture
def tiny() -> str:
    """The text of ``tiny.yaml``."""
    return TINY
