"""A study file expands to its runs, or tells all that is wrong, with places."""

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.study.load import load_study


def problems(path):
    with pytest.raises(ScenarioError) as caught:
        load_study(path)
    return [(p.line, p.column, p.key, p.message) for p in caught.value.problems]


def test_matrix_zip_variants_seeds_in_order(study_file):
    study = load_study(
        study_file("""
        name: s
        base: tiny.yaml
        set: {method.learn.lr: 0.01}
        variants:
          few: {method.send.rows: 8}
          many: {method.send.rows: 32, method.learn.lr: 0.1}
        matrix:
          topology: [ring, {kind: watts_strogatz, k: 2}]
        zip:
          agents: [4, 6]
          links.loss: {none: 0 %, some: 10 %}
        exclude: [{variant: few, agents: 6}]
        seeds: [3, 0..1]
        """)
    )
    assert study.columns == ("variant", "topology", "agents", "links.loss", "seed")
    labels = [tuple(point.labels.values()) for point in study.points]
    assert labels == [
        (variant, topology, agents, loss, seed)
        for variant in ("few", "many")
        for topology in ("ring", "watts_strogatz k=2")
        for agents, loss in ((4, "none"), (6, "some"))
        for seed in (3, 0, 1)
        if (variant, agents) != ("few", 6)
    ]
    last = study.points[-1].loaded.scenario
    assert (last.method.send.rows, last.method.learn.lr, last.agents) == (32, 0.1, 6)
    assert (last.links.loss, last.seed, last.topology.k) == (0.1, 1, 2)
    assert study.points[0].loaded.scenario.method.learn.lr == 0.01


def test_the_hash_is_of_the_resolved_scenario(study_file):
    text = "name: s\nbase: tiny.yaml\nmatrix: {method.learn.lr: [0.05, 0.1]}\n"
    one = load_study(study_file(text)).points
    other = load_study(study_file(text.replace("0.05, 0.1", "0.1"), name="b.yaml")).points
    assert [point.key for point in other] == [one[1].key] != [one[0].key]


def test_a_variant_may_have_a_base_of_its_own(study_file, tmp_path):
    (tmp_path / "alone.yaml").write_text(
        "extends: tiny.yaml\nmethod: {gossip: {protocol: none}, learn: {objective: local}}\n"
    )
    study = load_study(
        study_file("""
        name: s
        base: tiny.yaml
        variants: {plain: {}, alone: {base: alone.yaml}}
        """)
    )
    objectives = [point.loaded.scenario.method.learn.tag_value for point in study.points]
    assert objectives == ["response", "local"]


def test_every_mistake_is_told_where_the_study_makes_it(study_file):
    path = study_file("""
        name: s
        base: tiny.yaml
        matrix:
          topology: [ring, starr]
          method.learn.lrr: [0.1]
          links.latency: [30]
        zip:
          agents: [4, -1]
          duration: [1 min, 2]
        seeds: 0..1
        """)
    found = problems(path)
    assert [problem[:3] for problem in found] == [
        (4, 20, "topology"),
        (5, 16, "method.learn.lrr"),
        (6, 19, "links.latency"),
        (8, 15, "agents"),
        (9, 21, "duration"),
    ]
    assert "did you mean 'lr'" in found[1][3]


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        ("matrx: {}", (3, 1, "matrx"), "did you mean 'matrix'"),
        ("seeds: [0, 4..2]", (3, 12, "seeds"), "range such as 0..4"),
        ("matrix: {agents: []}", (3, 18, "matrix.agents"), "at least one"),
        ("zip: {agents: [4, 5], seed: [1]}", (3, 29, "zip.seed"), "under 'seeds:'"),
        ("zip: {agents: [4, 5], links.loss: [1 %]}", (3, 35, "zip.links.loss"), "has 1 values"),
        ("exclude: [{agent: 4}]", (3, 12, "exclude.0.agent"), "not an axis"),
        ("matrix: {agents: 4}", (3, 18, "matrix.agents"), "must be"),
    ],
)
def test_the_study_itself_is_checked(study_file, line, place, what):
    found = problems(study_file(f"name: s\nbase: tiny.yaml\n{line}\n"))
    assert place in [problem[:3] for problem in found]
    assert any(what in problem[3] for problem in found)


def test_graphs_and_devices_that_cannot_be_made_are_told_before_anything_runs(study_file):
    path = study_file("""
        name: s
        base: tiny.yaml
        matrix:
          agents: [4, 5]
          topology: [ring, {kind: random_regular, k: 3}]
        """)
    (found,) = problems(path)
    assert found[:2] == (5, 20)
    path = study_file("name: s\nbase: tiny.yaml\nset: {devices.0.profile: laptopp}\n")
    (found,) = problems(path)
    assert found[:3] == (3, 26, "devices.0.profile")


def test_a_mistake_of_the_base_is_told_in_the_base(study_file):
    path = study_file("name: s\nbase: tiny.yaml\n", base="duration: 1 min\nagents: no\n")
    with pytest.raises(ScenarioError) as caught:
        load_study(path)
    assert caught.value.problems[0].file.endswith("tiny.yaml")
    assert problems(study_file("name: s\nbase: none.yaml\n"))[0][:3] == (2, 7, "base")


def test_a_key_of_another_kind_names_who_gives_the_kind(study_file):
    path = study_file("""
        name: s
        base: tiny.yaml
        set: {topology: {kind: barabasi_albert, m: 2}}
        variants:
          ba: {}
          mesh: {topology: {kind: star}}
        seeds: 0..1
        """)
    (found,) = problems(path)
    assert found[:3] == (3, 41, "topology.m")
    assert found[3] == (
        f"unknown key of kind star, which {path}:6 gives; known: allow_disconnected, kind"
        " (in the study's run variant=mesh, seed=0)"
    )


def test_a_server_without_a_node_of_its_own_is_told_once_with_the_way_out(study_file):
    path = study_file("""
        name: s
        base: tiny.yaml
        set: {topology: {kind: erdos_renyi, p: 0.5}, agents: 12}
        variants:
          gossip: {}
          fedavg: {method.preset: fedavg}
        seeds: 0..5
        """)
    (found,) = problems(path)
    assert found[:3] == (3, 17, "topology")
    assert "topology: star and agents: 13 (in the study's run variant=fedavg" in found[3]


def test_one_mistake_of_all_seeds_is_told_once(study_file):
    path = study_file("""
        name: s
        base: tiny.yaml
        set: {topology: {kind: erdos_renyi, p: 0.5}, agents: 12}
        variants:
          fedavg: {method.preset: fedavg, aggregators: {who: [0]}}
        seeds: 0..5
        """)
    (found,) = problems(path)
    assert "cannot be reached over aggregators alone" in found[3]
