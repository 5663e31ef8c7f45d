"""All pairs of objective, weights of teachers, memory and codec, in tiny runs.

Each runs, with balanced bytes, or is refused with a key.  What does neither is printed, and the
exit code is 1:

    python benchmarks/pairs.py [--seconds 600] [--part 0/4] [--reasons]
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import p2pkd
from p2pkd.core.errors import InputError
from p2pkd.scenario.base import FAMILIES
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.load import load_scenario

FAMILY_OF = {
    "method.learn.objective": "objectives",
    "method.teachers.weights": "weightings",
    "method.memory.keep": "memories",
    "method.send.codec": "codecs",
}
# The smallest runs in which everybody hears and learns several times.
TINY = (
    "duration=40 s", "agents=4", "topology={kind: ring, k: 2}", "evaluate.every=40 s",
    "data.reference.rows=128", "method.gossip.every=10 s", "execution.processes=1",
    "execution.threads=1",
)  # fmt: skip


def bases() -> dict[str, Path]:
    """Return for each objective a scenario that runs with it."""
    os.environ.setdefault("P2PKD_DATA", "/data")
    found: dict[str, Path] = {}
    paths = [*Path("scenarios/methods").glob("*.yaml"), *Path("scenarios").glob("[i-z]*.yaml")]
    # One that is about the objective comes before one that is about a preset.
    for path in sorted(paths, key=lambda path: (not path.name.startswith("objective-"), path)):
        try:
            objective = load_scenario(path).scenario.method.learn.tag_value
        except InputError:
            continue  # what others extend is no scenario itself
        found.setdefault(objective, path)
    return found


def cases() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield an objective and changes, for each pair of kinds of two families."""
    members = {key: sorted(FAMILIES[name].members) for key, name in FAMILY_OF.items()}
    for one, other in itertools.combinations(FAMILY_OF, 2):
        for a, b in itertools.product(members[one], members[other]):
            if one == "method.learn.objective":
                yield a, (f"{other}={b}",)
            else:
                yield "response", (f"{one}={a}", f"{other}={b}")


def outcome(base: Path, changes: tuple[str, ...], folder: Path) -> str:
    """Return ``ran``, ``refused``, or what went wrong."""
    try:
        result = p2pkd.simulate(base, overrides=[*TINY, *changes], out=folder)
    except InputError as error:
        key = next(iter(getattr(error, "problems", ())), None)
        return f"refused: {key.key if key else str(error).partition(': ')[0]}"
    except Exception:
        return traceback.format_exc(limit=-3)
    summary = result.summary
    parts = sum(summary[f"messages_{fate}"] for fate in ("delivered", "lost", "aborted"))
    balanced = parts + summary["messages_in_flight"] == summary["messages_sent"]
    return "ran" if balanced else f"books do not balance: {summary}"


def main() -> int:
    """Run what fits the time; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--reasons", action="store_true", help="count why cases are refused")
    parser.add_argument("--part", default="0/1", help="I/N: every N-th case, from number I on")
    args = parser.parse_args()
    first, step = map(int, args.part.split("/"))
    load_kinds()
    known, began, counts = bases(), time.monotonic(), Counter[str]()
    for number, (objective, changes) in enumerate(itertools.islice(cases(), first, None, step)):
        if time.monotonic() - began > args.seconds:
            print(f"stopped after {number} cases")
            break
        if objective not in known:
            counts[f"no scenario for {objective}"] += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            told = outcome(known[objective], changes, Path(folder) / "run")
        kind = told.partition(": ")[0]
        fine = told == "ran" or (kind == "refused" and told != "refused: ")
        counts[(told if args.reasons else kind) if fine else "WRONG"] += 1
        if not fine:
            print(f"{known[objective].name} {' '.join(changes)}\n{told}", flush=True)
    print(dict(counts))
    return 1 if counts["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
