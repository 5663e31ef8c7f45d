"""What distillation gains over isolation, seed by seed: `python benchmarks/gain.py [SEEDS]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import p2pkd

NAMES = ("quickstart", "isolated", "pooled", "weights")


def main(seeds: int) -> None:
    """Print final mean test accuracy of each scenario, for each seed."""
    print("seed", *(f"{name:>12}" for name in NAMES), "     gain")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            accuracy = [
                p2pkd.simulate(
                    f"scenarios/{name}.yaml", seed=seed, out=Path(folder) / f"{name}-{seed}"
                ).summary["final_accuracy_mean"]
                for name in NAMES
            ]
            cells = (f"{value:12.3f}" for value in accuracy)
            print(f"{seed:4d}", *cells, f"{100 * (accuracy[0] - accuracy[1]):+6.1f} pt", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
