"""Every objective and every preset: however it is computed, the same records.

Many agents at a time on two threads, by a process of its own where learning can have one, against
one agent after the other in the process of the event loop.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pkd.run import simulate
from p2pkd.scenario.load import load_scenario

FOLDER = Path(__file__).parents[1] / "scenarios" / "methods"
# Fits a generator for each message, and convolutional nets are computed one by one in any case.
SLOW = {"objective-data-free.yaml"}
FILES = sorted(
    path
    for pattern in ("objective-*.yaml", "preset-*.yaml")
    for path in FOLDER.glob(pattern)
    if path.name not in SLOW
)


def fingerprint(scenario: Path, out: Path, executor: str, threads: int, processes: int) -> str:
    """Run five minutes of *scenario* and return the hash of all its records."""
    overrides = [
        "duration=5 min",
        f"execution.executor={executor}",
        f"execution.threads={threads}",
        f"execution.processes={processes}",
    ]
    simulate(scenario, overrides=overrides, out=out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["execution"]["processes"] == processes
    return str(manifest["summary"]["fingerprint"])


@pytest.mark.parametrize("scenario", FILES, ids=lambda path: path.stem)
def test_how_it_is_computed_changes_no_record(scenario: Path, tmp_path: Path) -> None:
    apart = 1 if load_scenario(scenario).scenario.method.looks else 2
    grouped = fingerprint(scenario, tmp_path / "grouped", "grouped", 2, apart)
    assert grouped == fingerprint(scenario, tmp_path / "loop", "loop", 1, 1)
