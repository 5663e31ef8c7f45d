"""Tables and the figure of docs/truth.md."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from making.markdown_parts import replace_part, table
from p2pkd.analysis.figures.style import look
from p2pkd.verify import ns3, real
from p2pkd.verify.replay import cases

PAGE = "docs/truth.md"
GROUPS = {
    "a": "one message, new connection",
    "a-open": "one message, kept connection",
    "b": "fan-in",
    "c": "fan-out",
    "d": "gossip of six hosts",
    "d-open": "the same, kept connections",
    "e": "1 % random loss (medians)",
    "f": "ADSL",
    "bbr": "gossip, senders use BBR",
    "reno": "gossip, senders use Reno",
    "queue 15 kB": "gossip, queues of 15 kB",
    "queue 1 MB": "gossip, queues of 1 MB",
}

FIGURE = ("a", "a-open", "b", "c", "d", "d-open", "e", "f")
ENDS = (0.01, 100.0)


def write(place: Path) -> None:
    """Write what simulated seconds are worth: against Linux, and against ns-3."""
    replace_part(place / PAGE, "real", _real())
    replace_part(place / PAGE, "loss", _loss())
    replace_part(place / PAGE, "ns3", _ns3())
    _figure(place / "docs/img/truth.png")


def _real() -> str:
    found: dict[str, dict[str, real.Row]] = {}
    for row in real.table():
        found.setdefault(row.group, {})[row.model] = row
    rows = [
        [
            f"{name}: {GROUPS[name]}" if len(name) < 7 else GROUPS[name],
            str(of["tcp"].flows),
            *(f"{r.median:.1f}, {r.p90:.0f}, {r.bias:+.0f}" for r in of.values()),
        ]
        for name, of in found.items()
    ]
    return table(["cases", "messages", *(f"`{model}`" for model in real.MODELS)], rows)


def _loss() -> str:
    far = real.deviations(cases())
    inside = sum(abs(each) <= real.SIGMAS for each in far)
    return f"{inside} of {len(far)}"


def _ns3() -> str:
    found: dict[str, dict[str, ns3.Row]] = {}
    for row in ns3.table():
        found.setdefault(row.kind, {})[row.model] = row
    rows = []
    for kind, of in found.items():
        cells = [of.get(model) for model in ns3.MODELS]
        told = [f"{r.mean:.3f}, {r.largest:.2f}, {r.bias:+.2f}" if r else "" for r in cells]
        rows.append([kind, str(of["fair"].cases), *told])
    return table(["", "cases", *(f"`{model}`" for model in ns3.MODELS)], rows)


def _figure(path: Path) -> None:
    """Draw measured against simulated seconds, a panel a model, a colour a group of cases."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
    for ax, model in ((left, "tcp"), (right, "fair")):
        _scatter(ax, model)
        ax.set(title=f"transport: {model}", xlabel="measured between Linux hosts, s")
    left.set(ylabel="simulated, s", xlim=ENDS, ylim=ENDS)
    left.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _scatter(ax: Axes, model: str) -> None:
    flows = list(real.played(cases(), model))
    names = dict.fromkeys(flow.group for flow in flows if flow.group in FIGURE)
    for number, name in enumerate(names):
        own = [flow for flow in flows if flow.group == name]
        x, y = [f.measured_s for f in own], [f.simulated_s for f in own]
        colour, _ = look(number)
        ax.loglog(x, y, "o", ms=3.5, alpha=0.7, color=colour, label=GROUPS[name], mew=0)
    ax.loglog(ENDS, ENDS, color="0.6", lw=0.8, zorder=0)
