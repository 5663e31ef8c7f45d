"""How many agents fit: wall time and peak memory of whole runs through the simulator.

    python benchmarks/scale.py --agents 100000 --messages 10
    python benchmarks/scale.py --agents 1000000 --messages 5 --silent

Everybody pushes to one neighbour of a random 8-regular graph each 10 simulated seconds, over fifo
links of laptops; perceptrons 64-64-10, 33 private rows an agent; parameters are merged and trained
one step, or 64 rows of soft labels distilled from.  `--silent` runs the timeline without learning.
The run is recorded as any other, and its directory is removed.  Memory is the peak of the event
loop's process and that of the learner's added up; one case a call.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from p2pkd.run import simulate

EVERY_S = 10


def scenario(agents: int, messages: int, soft: bool) -> dict[str, Any]:
    rows = 33 * agents + 2000
    learn: dict[str, Any] = {"objective": "merge", "local_steps": 1, "lr": 0.05}
    if soft:
        learn.update(objective="response", distill_steps=1)
    return {
        "name": f"scale-{agents}",
        "duration": f"{EVERY_S * messages + EVERY_S / 2} s",
        "agents": agents,
        "topology": {"kind": "random_regular", "k": 8},
        "links": {"transport": "fifo"},
        "devices": [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [64]}}],
        "data": {
            "dataset": {"kind": "synthetic", "rows": rows, "features": 64, "classes": 10},
            "reference": {"rows": 256},
            "test": 1000 / rows,
        },
        "method": {
            "send": {"rows": 64, "codec": "float32"} if soft else {"knowledge": "weights"},
            "gossip": {"every": f"{EVERY_S} s"},
            "memory": {"keep": "once"},
            "learn": learn,
        },
        "evaluate": {"every": f"{EVERY_S * messages} s", "sample": 100},
    }


def peak_gib(processes: int) -> float:
    """Return the peak of this process, and of the one that learned if there was one, added up.

    Of other children, which only ask git for the commit, none is larger.
    """
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)[:processes]
    return sum(resource.getrusage(each).ru_maxrss for each in who) / 2**20


def main() -> None:
    """Run once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--agents", type=int, required=True)
    parser.add_argument("--messages", type=int, default=10, help="of each agent")
    parser.add_argument("--soft-labels", action="store_true", help="and not parameters")
    parser.add_argument("--silent", action="store_true", help="the timeline alone, no learning")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        simulate(
            scenario(args.agents, args.messages, args.soft_labels),
            out=Path(folder) / "run",
            dry_run=args.silent,
        )
        wall_s = time.perf_counter() - start
        manifest = json.loads((Path(folder) / "run" / "manifest.json").read_text())
    delivered = manifest["summary"]["messages_delivered"]
    peak = peak_gib(manifest["execution"].get("processes", 1))
    print(
        f"{args.agents:,} agents, {delivered:,} messages: {wall_s:.0f} s,"
        f" {wall_s / delivered * 1e6:.0f} us a message, peak {peak:.2f} GiB"
    )


if __name__ == "__main__":
    main()
