"""Every objective and every preset: computed many at a time or one by one, the same records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pkd.run import simulate

FOLDER = Path(__file__).parents[1] / "scenarios" / "methods"
# Fits a generator for each message, and convolutional nets are computed one by one in any case.
SLOW = {"objective-data-free.yaml"}
FILES = sorted(
    path
    for pattern in ("objective-*.yaml", "preset-*.yaml")
    for path in FOLDER.glob(pattern)
    if path.name not in SLOW
)


def fingerprint(scenario: Path, out: Path, executor: str, threads: int) -> str:
    """Run five minutes of *scenario* and return the hash of all its records."""
    overrides = [
        "duration=5 min",
        f"execution.executor={executor}",
        f"execution.threads={threads}",
    ]
    simulate(scenario, overrides=overrides, out=out)
    return str(json.loads((out / "manifest.json").read_text())["summary"]["fingerprint"])


@pytest.mark.parametrize("scenario", FILES, ids=lambda path: path.stem)
def test_grouping_changes_no_record(scenario: Path, tmp_path: Path) -> None:
    grouped = fingerprint(scenario, tmp_path / "grouped", "grouped", 2)
    assert grouped == fingerprint(scenario, tmp_path / "loop", "loop", 1)
