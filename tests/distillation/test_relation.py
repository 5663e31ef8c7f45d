"""Relations and graphs: matrices by hand, codecs, and the columns of a batch."""

import numpy as np
import pytest
import torch

from p2pkd.core.errors import ScenarioError
from p2pkd.distillation.graph import Graph
from p2pkd.distillation.relation import Relation
from p2pkd.knowledge.codecs import Edges, Triangle
from p2pkd.learning.models.relation import dissimilarities
from p2pkd.scenario.load import scenario_from_dict

RELATION = {
    "send": {"knowledge": "relations", "rows": 32, "subset": "fixed"},
    "learn": {"objective": "relation", "weight": 0.1, "distill_steps": 10, "lr": 0.2},
}
GRAPH = {**RELATION, "learn": {"objective": "graph"}}
GRAPH = {**GRAPH, "send": {**RELATION["send"], "codec": {"kind": "edges", "k": 3}}}


def features(n=9, d=7, seed=0):
    return torch.rand(2, n, d, generator=torch.Generator().manual_seed(seed))


def test_cosine_is_pytorchs_own():
    x = features()
    expected = 1 - torch.nn.functional.cosine_similarity(x[:, :, None], x[:, None], dim=-1)
    torch.testing.assert_close(dissimilarities(x, "cosine"), expected)


def test_distance_is_squared_and_free_of_scale():
    x = features()
    squared = torch.cdist(x, x).square()
    expected = squared / squared.mean((1, 2), keepdim=True)
    torch.testing.assert_close(dissimilarities(x, "distance"), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(dissimilarities(7 * x, "distance"), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("measure", ["cosine", "distance"])
def test_the_loss_is_the_double_sum_of_the_book(outputs, measure):
    """Equation 1.3.1, pair by pair."""
    student, teacher = features(), features(seed=1)
    target = dissimilarities(teacher, measure)
    loss = Relation(measure=measure).row_loss(outputs(features=student), target)
    own = dissimilarities(student, measure)[0]
    n = len(own)
    by_hand = sum((target[0, i, j] - own[i, j]) ** 2 for i in range(n) for j in range(n)) / n**2
    assert loss[0].mean().item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_the_graphs_loss_by_hand(outputs):
    x = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])
    adjacency = torch.tensor([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    half = 0.5**0.5
    # Cosines: (1, 0, h), (0, 1, h), (h, h, 1).
    by_hand = [(1 + 1 + 0.5) / 3, (1 + 1 + 0.5) / 3, (0.5 + (1 - half) ** 2 + 1) / 3]
    loss = Graph().row_loss(outputs(features=x), adjacency)
    assert loss[0].tolist() == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("codec", [Triangle(), Triangle(half=True), Edges(k=3), Edges(k=99)])
def test_bytes_and_numbers_of_both_codecs(codec):
    matrix = dissimilarities(features(), "cosine").triu(1)
    matrix = matrix + matrix.mT
    data = codec.encode(matrix[0].numpy())
    assert len(data) == codec.size_bytes(9, 9)
    np.testing.assert_array_equal(codec.decode(data, 9, 9), codec.roundtrip(matrix)[0].numpy())


def test_sizes_are_those_of_the_catalogue(run):
    for method, size in ((RELATION, 32 * 31 // 2 * 4), (GRAPH, 8 * 32 * 3)):
        _, log = run(method)
        assert {m.payload_bytes for m in log.messages} == {size}


def test_each_row_has_k_neighbours_and_not_itself():
    adjacency = Edges(k=3).roundtrip(dissimilarities(features(), "cosine"))
    assert (adjacency.sum(-1) == 3).all()
    assert (adjacency.diagonal(dim1=-2, dim2=-1) == 0).all()


def test_descending_the_graphs_loss_parts_neighbours_from_strangers(outputs):
    x = features(n=12).clone().requires_grad_()
    adjacency = Edges(k=3).roundtrip(dissimilarities(features(n=12, seed=5), "cosine"))
    optimizer = torch.optim.SGD([x], lr=2.0)
    for _ in range(200):
        optimizer.zero_grad()
        Graph().row_loss(outputs(features=x), adjacency).mean(1).sum().backward()
        optimizer.step()
    cosine = 1 - dissimilarities(x.detach(), "cosine")
    strangers = (adjacency == 0) & ~torch.eye(12, dtype=torch.bool)
    assert cosine[adjacency == 1].mean() > cosine[strangers].mean() + 0.2


def test_agents_come_to_agree(run):
    """Columns of targets and of batches belong together, or nothing would be learned."""

    def spread(weight):
        learn = {**RELATION["learn"], "weight": weight}
        changed = {**RELATION, "learn": learn, "gossip": {"every": "10 s", "fanout": "all"}}
        simulation, _ = run(changed, numbers=True)
        learner = simulation.shared.learner
        rows = np.arange(32)
        seen = np.stack(
            [learner.resolve(learner.predict(a.version, rows)) for a in simulation.agents]
        )
        return seen.std(0).mean()

    assert spread(0.1) < 0.9 * spread(0.999)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"send": {"knowledge": "relations", "rows": 8}}, "need the same rows"),
        ({"learn": {"objective": "relation", "batch": "full"}}, "give a number"),
        ({"learn": {"objective": "relation", "measure": "distance"}}, "'distance', but send"),
        ({"learn": {"objective": "graph"}}, "'graph' needs 'edges', given 'triangle'"),
    ],
)
def test_what_does_not_go_together_is_refused(change, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({"duration": "1 min", "agents": 3, "method": {**RELATION, **change}})
