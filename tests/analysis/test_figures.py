from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from p2pkd.analysis.figures import style
from p2pkd.analysis.figures.cost_axis import CostAxis
from p2pkd.analysis.figures.curves import (
    plot_accuracy,
    plot_accuracy_over_bytes,
    plot_disagreement,
    spread_over_agents,
)
from p2pkd.analysis.figures.network import positions
from p2pkd.analysis.figures.style import spread
from p2pkd.analysis.figures.timeline import STEPS, offline_spans, visible
from p2pkd.analysis.result import Result
from p2pkd.core.records import Observer

NAMES = (
    "accuracy", "accuracy_over_bytes", "disagreement", "devices", "topology", "traffic", "timeline",
)  # fmt: skip


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def draw(ax: Axes) -> None:
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_run_can_be_drawn(result: Result, name: str) -> None:
    draw(getattr(result, f"plot_{name}")())


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_can_be_drawn_into_given_axes(result: Result, name: str) -> None:
    ax = Figure().add_subplot()
    assert getattr(result, f"plot_{name}")(ax) is ax
    draw(ax)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_without_records_has_figures_too(make_run: Callable[..., Result], name: str) -> None:
    def nothing(observer: Observer) -> None:
        pass

    draw(getattr(make_run(records=nothing), f"plot_{name}")())


def test_accuracy_is_drawn_over_minutes_with_a_line_per_device(result: Result) -> None:
    ax = plot_accuracy(result)
    assert ax.get_xlabel() == "simulated time (min)"
    assert {str(line.get_label()) for line in ax.lines} == {"all agents", "laptop", "phone"}
    assert set(texts(ax)) == {"all agents", "laptop", "phone"}
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [0, 1, 2, 4])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.1, 0.3, 0.6, 0.8])


def test_the_band_holds_the_middle_of_the_agents(result: Result) -> None:
    last = spread_over_agents(result).loc[240.0]
    assert last.to_dict() == pytest.approx({"mean": 0.8, "low": 0.72, "high": 0.88})


def test_a_download_of_the_reference_set_is_where_the_curve_starts(result: Result) -> None:
    ax = plot_accuracy_over_bytes(result)
    assert ax.get_xlabel() == "bytes on the wire, all agents together (kB)"
    np.testing.assert_allclose(ax.lines[0].get_xdata(), np.array([0, 1064, 5320, 5820]) / 1e3 + 1.5)


@pytest.mark.parametrize("plot", [plot_accuracy, plot_accuracy_over_bytes, plot_disagreement])
def test_several_runs_are_laid_over_each_other(
    make_run: Callable[..., Result], plot: Callable[[list[Result]], Axes]
) -> None:
    ax = plot([make_run("one"), make_run("two")])
    assert {text.split(":")[0] for text in texts(ax)} == {"one", "two"}
    assert len({line.get_color() for line in ax.lines}) == 2


def test_traffic_is_sender_by_receiver(result: Result) -> None:
    (image,) = result.plot_traffic().images
    shown = np.ma.filled(image.get_array(), 0)
    np.testing.assert_allclose(
        shown, np.array([[0, 1064, 2128], [0, 0, 2128], [400, 100, 0]]) / 1e3
    )


def test_a_layout_is_the_same_each_time() -> None:
    graph = {"nodes": list("abcde"), "edges": [[0, 1], [1, 2], [2, 3], [3, 4], [4, 0]]}
    np.testing.assert_array_equal(positions(graph), positions(graph))
    placed = {**graph, "positions": [[i, 2 * i] for i in range(5)]}
    assert positions(placed).tolist()[2] == [2, 4]
    apart = {"nodes": list("abcd"), "edges": [[0, 1], [2, 3]]}
    assert np.isfinite(positions(apart)).all()


def test_offline_spans_end_with_the_run(result: Result) -> None:
    assert offline_spans(result.presence, 0, 240.0).tolist() == [[130, 200]]
    assert offline_spans(result.presence[:1], 0, 240.0).tolist() == [[130, 240]]
    assert offline_spans(result.presence, 1, 240.0).tolist() == []


def test_overlapping_and_tiny_spans_are_merged() -> None:
    spans = np.array([[0, 1], [0.5, 2], [700, 700], [900, 1000], [950, 960]], dtype=float)
    assert visible(spans, 0, 800).tolist() == [[0, 2], [700, 701]]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), max_size=40))
def test_visible_spans_are_sorted_disjoint_and_cover_all(pairs: list[tuple[float, float]]) -> None:
    spans = np.array([(a, a + length) for a, length in pairs]).reshape(-1, 2)
    shown = visible(spans, 0, 100)
    assert (shown[1:, 0] > shown[:-1, 1]).all()
    assert (shown[:, 1] - shown[:, 0] >= 100 / STEPS - 1e-9).all()
    for start, end in np.clip(spans, 0, 100):
        assert any(a <= start and end <= b for a, b in shown)


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.01, 0.2))
def test_labels_do_not_overlap_and_keep_their_order(wanted: list[float], gap: float) -> None:
    placed = spread(np.array(wanted), gap)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= gap - 1e-9).all()
    if len(wanted) == 1:
        assert placed.tolist() == wanted


def test_a_budget_is_a_line_with_its_text(result: Result) -> None:
    ax = plot_accuracy_over_bytes(result, budgets=["5 kB", "2 min", "final"])
    assert ax.get_xscale() == "linear"
    assert texts(ax)[-1] == "5 kB"
    assert [line.get_xdata()[0] for line in ax.lines][-1] == 5
    draw(ax)


def test_ends_that_are_far_apart_have_a_logarithmic_axis() -> None:
    near, far = CostAxis("wire_bytes", [0, 1e6, 7e6]), CostAxis("wire_bytes", [0, 1e6, 9e6])
    assert (near.log, far.log) == (False, True)
    assert (near.factor, far.factor) == (1e6, 1)
    ax = style.axes(None)
    far.apply(ax)
    far.mark(ax, ["3 MB"])
    ax.set_xlim(1e5, 1e7)
    draw(ax)
    assert ax.get_xscale() == "log"
    assert {"100 kB", "1 MB", "10 MB"} <= {text.get_text() for text in ax.get_xticklabels()}
    assert not CostAxis("time_s", []).log
