"""Makes the figures of the README and the docs: `python docs/figures.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from matplotlib.figure import Figure

import p2pkd
from p2pkd.analysis.curves import plot_accuracy, plot_accuracy_over_bytes

NAMES = ("quickstart", "weights", "isolated", "pooled")
IMAGES = Path(__file__).parent / "img"


def main() -> None:
    """Run the quickstart and its controls and draw them over time and over bytes."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        results = [
            p2pkd.simulate(f"scenarios/{name}.yaml", out=Path(folder) / name) for name in NAMES
        ]
        figure = Figure(figsize=(9.5, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        plot_accuracy(results, ax=left)
        plot_accuracy_over_bytes(results[:2], ax=right)
        figure.savefig(IMAGES / "quickstart.png", dpi=160)


if __name__ == "__main__":
    main()
