"""Graphs that change: closed forms of each kind, and files that are refused."""

from itertools import islice, pairwise, takewhile
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import InputError, TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario import topology as shapes
from p2pkd.scenario.dynamics import (
    EdgeDropout,
    EdgeFailure,
    EdgeList,
    RandomWaypoint,
    Resample,
    Static,
)
from p2pkd.world.dynamics import Setting, build_history
from p2pkd.world.dynamics.mobility import Walkers, within
from p2pkd.world.graphs import build_topology
from p2pkd.world.neighbourhood import Neighbourhood


def setting(spec, n: int, base: Path = Path(), seed: int = 0) -> Setting:
    streams = Streams(seed)
    return Setting(build_topology(spec, n, streams, base), spec, streams, base)


def edges_of(topology) -> set[tuple[int, int]]:
    return set(map(tuple, topology.edges().tolist()))


def test_static_has_no_history():
    assert build_history(Static(), setting(shapes.Ring(), 5)) is None


@pytest.mark.parametrize(
    "spec",
    [
        Resample(),
        RandomWaypoint(radius="200 m"),
        EdgeFailure(mean_up="1 min", mean_down="10 s"),
        EdgeDropout(p=0.3),
    ],
    ids=lambda spec: spec.kind,
)
def test_a_history_is_the_same_each_time_and_in_order(spec):
    def told(seed):
        history = build_history(spec, setting(shapes.RandomRegular(k=4), 20, seed=seed))
        return [
            (c.time_s, c.edges, c.topology and sorted(edges_of(c.topology)))
            for c in islice(history(), 20)
        ]

    first = told(1)
    assert first == told(1)
    assert first != told(2)
    assert [c[0] for c in first] == sorted(c[0] for c in first)


# -- resample ------------------------------------------------------------------------------------


def test_resample_draws_another_graph_of_the_kind():
    place = setting(shapes.RandomRegular(k=4), 30)
    changes = list(islice(build_history(Resample(every="20 s"), place)(), 3))
    assert [c.time_s for c in changes] == [20, 40, 60]
    graphs = [place.topology, *(c.topology for c in changes)]
    assert all((g.degree == 4).all() for g in graphs)
    assert len({frozenset(edges_of(g)) for g in graphs}) == 4


def test_a_ring_is_only_dealt_out_anew():
    with pytest.raises(InputError, match="a ring is the same each time it is drawn; set shuffle"):
        build_history(Resample(), setting(shapes.Ring(), 9))
    change = next(build_history(Resample(shuffle=True), setting(shapes.Ring(), 9))())
    assert (change.topology.degree == 2).all()
    assert change.topology.component_sizes().tolist() == [9]
    assert edges_of(change.topology) != edges_of(setting(shapes.Ring(), 9).topology)


# -- mobility ------------------------------------------------------------------------------------

PACE = {"radius": "100 m", "side": "1 km", "slowest": "1 m/s", "fastest": "3 m/s"}


def test_walkers_keep_to_the_square_and_to_their_speed():
    spec = RandomWaypoint(**PACE, pause="5 s")
    start = np.random.default_rng(0).random((50, 2)) * 1000
    walkers = Walkers(spec, start, Streams(0).keys("mobility", 50))
    places = np.array([walkers.at(float(t)) for t in range(0, 3000, 2)])
    assert places.min() >= 0
    assert places.max() <= 1000
    speed = np.linalg.norm(np.diff(places, axis=0), axis=2) / 2
    assert speed.max() <= 3 + 1e-9
    assert (speed == 0).any(axis=0).all()  # each has paused
    np.testing.assert_array_equal(places[0], start)


def test_mean_leg_is_that_of_two_random_points():
    """Between two random points of a unit square lie .5214 on average; time is way / speed."""
    spec = RandomWaypoint(radius="1 m", side="1 km", slowest="2 m/s", fastest="2 m/s")
    start = np.random.default_rng(0).random((400, 2)) * 1000
    walkers = Walkers(spec, start, Streams(0).keys("mobility", 400))
    walkers.at(20_000.0)
    legs_s = walkers.ends.sum() / walkers.turns.sum()
    # About 30,000 legs; the standard deviation of one is .248 sides.
    assert legs_s * 2 / 1000 == pytest.approx(0.5214, abs=0.005)


def test_positions_do_not_depend_on_how_often_one_looks():
    start = np.zeros((5, 2))
    often, rarely = (
        Walkers(RandomWaypoint(**PACE), start, Streams(0).keys("mobility", 5)) for _ in range(2)
    )
    for t in range(2000):
        often.at(float(t))
    np.testing.assert_allclose(often.at(2000.0), rarely.at(2000.0), atol=1e-6)


def test_those_within_the_radius_are_neighbours():
    places = np.random.default_rng(1).random((40, 2))
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    wanted = {(i, j) for i in range(40) for j in range(i + 1, 40) if apart[i, j] <= 0.3}
    assert edges_of(within(places, 0.3)) == wanted
    assert edges_of(within(places, 1e-9)) == set()


def test_mobility_begins_where_the_topology_is():
    place = setting(shapes.Grid(), 9)
    spec = RandomWaypoint(radius="500 m", side="1 km")
    change = next(build_history(spec, place)())
    # 3 x 3 points 500 m apart: the grid itself.
    assert (change.time_s, edges_of(change.topology)) == (0.0, edges_of(place.topology))


def test_speeds_in_order():
    with pytest.raises(ValueError, match="slowest: must not be more than fastest"):
        RandomWaypoint(radius="1 m", slowest="2 m/s", fastest="1 m/s")
    with pytest.raises(ValueError, match="greater than or equal to"):
        RandomWaypoint(radius="1 m", slowest="0 m/s")


# -- edges that fail -----------------------------------------------------------------------------


def test_edge_failure_has_its_share_of_time_and_its_rate():
    place = setting(shapes.RandomRegular(k=10), 40)
    m, up_s, down_s, end = 200, 30.0, 10.0, 2000.0
    history = build_history(EdgeFailure(mean_up="30 s", mean_down="10 s"), place)
    graph, last, up_time, falls = Neighbourhood(place.topology), 0.0, 0.0, 0
    up = m
    for change in takewhile(lambda c: c.time_s < end, history()):
        up_time += up * (change.time_s - last)
        last = change.time_s
        for a, b, state in change.edges:
            assert graph.joined(a, b) != state
            graph.set_edge(a, b, state)
            up += 1 if state else -1
            falls += not state and change.time_s > 0
    share = (up_time + up * (end - last)) / (m * end)
    # A renewal process: 50 cycles on each of 200 edges.
    assert share == pytest.approx(up_s / (up_s + down_s), abs=0.012)
    assert falls == pytest.approx(m * end / (up_s + down_s), rel=0.03)


def test_edge_failure_begins_in_equilibrium():
    place = setting(shapes.RandomRegular(k=20), 200)
    change = next(build_history(EdgeFailure(mean_up="3 s", mean_down="1 s"), place)())
    assert change.time_s == 0
    assert len(change.edges) / 2000 == pytest.approx(1 / 4, abs=0.04)


def test_edge_dropout():
    place = setting(shapes.RandomRegular(k=10), 100)
    changes = list(islice(build_history(EdgeDropout(p=0.2, every="5 s"), place)(), 40))
    assert [c.time_s for c in changes] == [5.0 * turn for turn in range(40)]
    first = edges_of(place.topology)
    there = [edges_of(c.topology) for c in changes]
    assert all(edges <= first for edges in there)
    counts = np.array([len(edges) for edges in there])
    assert counts.mean() / 500 == pytest.approx(0.8, abs=0.012)
    # Independent edges and periods: binomial, and two periods share .64 of all edges.
    assert counts.std() == pytest.approx(np.sqrt(500 * 0.2 * 0.8), rel=0.35)
    both = np.mean([len(a & b) for a, b in pairwise(there)])
    assert both / 500 == pytest.approx(0.64, abs=0.015)


# -- timed edge lists ----------------------------------------------------------------------------


def read(tmp_path: Path, text: str, **keys):
    (tmp_path / "edges.csv").write_text(text, encoding="utf-8")
    place = setting(shapes.Ring(), 4, tmp_path)
    return list(build_history(EdgeList(path="edges.csv", **keys), place)())


def test_edge_list(tmp_path):
    text = "# time, a, b, what\n0, 0, 2, up\n\n10.5, 0, 1, down  # a cable\n1 min, 0, 1, up\n"
    assert read(tmp_path, text) == [
        (0.0, None, ((0, 2, True),)),
        (10.5, None, ((0, 1, False),)),
        (60.0, None, ((0, 1, True),)),
    ]


def test_edge_list_from_nothing(tmp_path):
    first, second = read(tmp_path, "5, 3, 1, up", begin="empty")
    assert (first.time_s, first.topology.n, first.topology.n_edges) == (0.0, 4, 0)
    assert second == (5.0, None, ((3, 1, True),))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3, 0, 1", "'3, 0, 1' has 3 parts, not 4"),
        ("x, 0, 1, down", "'x' is not a duration"),
        ("-1, 0, 1, down", "time '-1' must be 0 s or more"),
        ("nan, 0, 1, down", "time 'nan' must be 0 s or more"),
        ("1, 0, 1, down", "1 is before the line above, 2 s"),
        ("3, 0, 9, up", "there is no agent '9'; they are numbered 0 to 3"),
        ("3, 1, 1, up", "'1' cannot be joined to itself"),
        ("3, 0, 1, off", "'off' must be up or down"),
        ("3, 0, 1, up", "'0' - '1' is up already"),
        ("3, 0, 2, down", "'0' - '2' is down already"),
    ],
)
def test_wrong_lines_are_refused_with_their_place(tmp_path, line, reason):
    with pytest.raises(TraceError) as error:
        read(tmp_path, f"2, 1, 3, up\n# second\n{line}\n")
    assert str(error.value).startswith(f"{tmp_path / 'edges.csv'}:3: {reason}")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TraceError, match=r"dynamics.edge_list.path: 'no.csv' does not exist"):
        build_history(EdgeList(path="no.csv"), setting(shapes.Ring(), 4, tmp_path))
