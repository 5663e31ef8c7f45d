"""Tiny studies: three agents, one simulated minute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

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
