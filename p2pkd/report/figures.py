"""Which figures a report has, and what is said under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from p2pkd.analysis.figures import style
from p2pkd.analysis.figures.curves import (
    plot_accuracy,
    plot_accuracy_over,
    plot_accuracy_over_bytes,
    plot_disagreement,
)
from p2pkd.analysis.figures.timeline import size_inches
from p2pkd.analysis.measures.scores import common_words
from p2pkd.analysis.result import Result
from p2pkd.core.scores import capital
from p2pkd.report.svg import inline_svg


class Picture(NamedTuple):
    """A figure in a page: `svg` is the element, `wide` asks for the page's whole width."""

    svg: str
    caption: str
    wide: bool = False


ACCURACY = (
    "{words} over simulated time{band}; thin lines are the means over the own models of device "
    "groups."
)
BANDED = "; the band holds the middle 80 % of agents"
OVER_BYTES = "The same over all bytes on the wire until then; one dot an evaluation."
DOTTED = " Dotted: the final accuracy of a run that sends nothing."
OVER_STEPS = "The same over all gradient steps, private and distilling."
DISAGREEMENT = (
    "Diversity. Disagreement: share of test rows on which two random agents differ. Ensemble's "
    "lead: accuracy of all agents' mean prediction less the mean accuracy of their own models. "
    "Both near zero would mean that agents have become copies."
)
DEVICES = "Final accuracy of every agent's own model, by kind of device; bars are means."
TOPOLOGY = (
    "The graph; colour is the final accuracy of the agents' own models, shape their kind of device."
)
TRAFFIC = "Bytes on the wire from sender (row) to receiver (column); white where there were none."
TIMELINE = (
    "What agents did: computing above each line, sending below; blank is idle, grey offline. "
    "Marks have a minimum width, so short work looks longer than it was; the share of time "
    "spent computing stands on the right."
)
OVERLAID = "{words} over simulated time{band}."

# Inches; as wide as two figures of a row, so that letters have one size on the page.
WIDE = 12.8


def figures(result: Result) -> Iterator[Picture]:
    """Yield the figures of one run; those that would be empty are left out."""
    if len(result.population):
        yield _picture(result.plot_accuracy, "accuracy", _worded(ACCURACY, [result]))
        if result.summary.get("wire_bytes"):
            yield _picture(result.plot_accuracy_over_bytes, "bytes", OVER_BYTES)
        yield _picture(result.plot_disagreement, "diversity", DISAGREEMENT)
        yield _picture(result.plot_devices, "devices", DEVICES)
    if result.topology is not None and len(result.agents):
        yield _picture(result.plot_topology, "topology", TOPOLOGY)
    if len(result.messages):
        yield _picture(result.plot_traffic, "traffic", TRAFFIC)
    if len(result.agents):
        ax = style.axes(None, *size_inches(len(result.agents), WIDE))
        yield _picture(lambda: result.plot_timeline(ax), "timeline", TIMELINE, wide=True)


def overlaid(results: Sequence[Result]) -> Iterator[Picture]:
    """Yield the figures in which several runs are laid over each other."""
    yield _picture(lambda: plot_accuracy(results), "accuracy", _worded(OVERLAID, results))
    yield _picture(lambda: plot_accuracy_over_bytes(results), "bytes", OVER_BYTES + DOTTED)
    yield _picture(lambda: plot_accuracy_over(results, "gradient_steps"), "steps", OVER_STEPS)
    yield _picture(lambda: plot_disagreement(results), "diversity", DISAGREEMENT)


def _worded(caption: str, results: Sequence[Result]) -> str:
    """Return *caption* with what the accuracies are of, and whether there are bands."""
    of_agents = any((run.summary.get("score") or "agents") == "agents" for run in results)
    band = BANDED if of_agents else ""
    return caption.format(words=capital(common_words(results)), band=band)


def _picture(draw: Callable[[], Axes], name: str, caption: str, *, wide: bool = False) -> Picture:
    return Picture(inline_svg(draw(), name), caption, wide)
