"""Are all scenarios' records what they were?  Each is run in little, and its fingerprint compared.

    python benchmarks/fingerprints.py               # compare with tests/golden/fingerprints.json
    python benchmarks/fingerprints.py --write       # after a change that is meant to change results
    python benchmarks/fingerprints.py --only part-  # those whose name has this in it

A fingerprint covers every record of a run, accuracies and losses to the last digit included; so it
is that of one kind of machine and one version of PyTorch, and learning is on one thread here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

FILE = Path("tests/golden/fingerprints.json")
FOLDERS = ("scenarios", "scenarios/methods", "scenarios/tasks")
COMPUTED = ("execution.threads=1", "execution.processes=1")
LITTLE = ("duration=70 s", "evaluate.every=70 s")
# Who says nothing, or chooses nothing, within so little.
OWN = {
    "objective-offline": ("duration=6 min", "evaluate.every=6 min"),
    "preset-offline-kd": ("duration=4 min", "evaluate.every=4 min"),
    "token-account": ("duration=5 min", "evaluate.every=5 min"),
    "objective-nas": ("duration=3 min", "evaluate.every=3 min"),
}

# It is extended by others, and does not run by itself.
PARTS = {"scenarios/methods/star.yaml"}
# Of a model that hardly fits a machine: the timeline alone.
DRY = {"jeong-labels", "jeong-parameters"}


def scenarios() -> list[Path]:
    """Return the scenarios whose data are here."""
    paths = [path for folder in FOLDERS for path in sorted(Path(folder).glob("*.yaml"))]
    paths = [path for path in paths if path.as_posix() not in PARTS]
    has_files = bool(os.environ.get("P2PKD_DATA"))
    return [path for path in paths if has_files or "P2PKD_DATA" not in path.read_text()]


def fingerprint(path: Path) -> dict[str, str | int | float]:
    """Run *path* in little; return its fingerprint, and what it did, to be read by people."""
    import p2pkd

    overrides = (*COMPUTED, *OWN.get(path.stem, LITTLE))
    with tempfile.TemporaryDirectory() as folder:
        dry = path.stem in DRY
        result = p2pkd.simulate(path, overrides=overrides, out=Path(folder) / "run", dry_run=dry)
        summary = result.summary
        losses = [] if dry else result.population["loss_mean"].tolist()
        return {
            "fingerprint": summary["fingerprint"],
            "messages": summary["messages_sent"],
            "steps": summary["train_steps"] + summary["distill_steps"],
            "loss": repr(losses[-1:]),
        }


def guarded(path: Path) -> tuple[str, dict[str, str | int | float]]:
    """Return *path*'s fingerprint; what went wrong stands in its place."""
    try:
        return path.as_posix(), fingerprint(path)
    except Exception as error:
        return path.as_posix(), {"fingerprint": f"{type(error).__name__}: {error}"}


def main() -> int:
    """Compare, or write; return 1 where any differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    paths = [path for path in scenarios() if options.only in path.as_posix()]
    started = time.perf_counter()
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    found = {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, got in pool.map(guarded, paths):
            found[name] = got
            if options.write:  # one by one: an interruption loses none
                FILE.write_text(json.dumps({**known, **found}, indent=1, sort_keys=True) + "\n")
    print(f"{len(found)} scenarios in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if options.write:
        return 0
    wrong = [name for name, got in found.items() if got != known.get(name)]
    for name in wrong:
        print(f"{name}\n  was {known.get(name)}\n  is  {found[name]}")
    print(f"{len(found) - len(wrong)} of {len(found)} equal")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
