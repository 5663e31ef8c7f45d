"""How far each part of the network moves a result: `python benchmarks/ladder.py [SEEDS]`.

Each rung adds one thing to the rung before.  Prints a Markdown table and the commands that make
its runs.  Means over seeds, ± the standard deviation over seeds of the final accuracy.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from itertools import accumulate
from pathlib import Path

import numpy as np

import p2pkd

SCENARIO = "benchmarks/ladder.yaml"
TARGET = 0.75
RUNGS: dict[str, list[str]] = {
    "ideal": [],
    "+ latency": ["links.latency={kind: lognormal, median: 600 ms, sigma: 0.3}"],
    "+ shared bandwidth": [
        "links.transport=fair",
        "links.uplink=32 kB/s",
        "links.downlink=32 kB/s",
    ],
    "+ slow start": ["links.slow_start=true"],
    "+ loss": ["links.loss=20%"],
    "+ churn": ["churn.sessions={kind: exponential, online: 2 min, offline: 1 min}"],
}
HEAD = (
    "rung",
    "accuracy",
    f"time to {100 * TARGET:.0f} %",
    "on the wire",
    "delivered",
    "mean delay",
)


def measure(overrides: list[str], seed: int, out: Path) -> tuple[float, ...]:
    """Return accuracy, seconds to `TARGET`, MB, share delivered and mean delay of one run."""
    result = p2pkd.simulate(SCENARIO, overrides=overrides, seed=seed, out=out)
    total, curve, messages = result.summary, result.population, result.messages
    reached = curve.loc[curve["accuracy_mean"] >= TARGET, "time_s"]
    arrived = messages[messages["status"] == "delivered"]
    return (
        total["final_accuracy_mean"],
        reached.min() if len(reached) else np.inf,
        total["wire_bytes"] / 1e6,
        total["messages_delivered"] / total["messages_sent"],
        float((arrived["ended_s"] - arrived["sent_s"]).mean()),
    )


def line(rung: str, runs: np.ndarray) -> str:
    """Return a row of the table from *runs*, shape ``(seeds, 5)``."""
    accuracy, time_s, megabytes, delivered, delay_s = runs.mean(axis=0)
    deviation = 100 * runs[:, 0].std(ddof=1) if len(runs) > 1 else 0.0
    reached = f"{time_s:.0f} s" if np.isfinite(time_s) else "not by all seeds"
    cells = (
        rung,
        f"{100 * accuracy:.1f} % ± {deviation:.1f}",
        reached,
        f"{megabytes:.1f} MB",
        f"{100 * delivered:.1f} %",
        f"{delay_s:.2f} s",
    )
    return f"| {' | '.join(cells)} |"


def main(seeds: int) -> None:
    """Climb the ladder, each rung with each seed."""
    rungs = dict(zip(RUNGS, accumulate(RUNGS.values()), strict=True))
    print(f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|", sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, (rung, overrides) in enumerate(rungs.items()):
            runs = [
                measure(overrides, seed, Path(folder) / f"{number}-{seed}") for seed in range(seeds)
            ]
            print(line(rung, np.array(runs)), flush=True)
    for rung, overrides in rungs.items():
        words = [word for override in overrides for word in ("--set", override)]
        print(f"\n# {rung}\n{shlex.join(['p2pkd', 'run', SCENARIO, *words])}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
