"""What each agent gets of what a method delivers, against counting by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from toys import N_AGENTS, N_CLASSES, make_data, make_learner

from p2pkd.scenario.models import LinearSpec, MlpSpec

LINEAR = (LinearSpec(),)


def predicted(flat, x):
    """Return the classes that a linear model of these parameters tells."""
    weight = flat[: 6 * N_CLASSES].reshape(N_CLASSES, 6).astype(np.float64)
    return (x @ weight.T + flat[6 * N_CLASSES :]).argmax(1)


def by_hand(told, y, own):
    """Return accuracy on all rows, on those of *own* labels, and weighed by their shares."""
    right = told == y
    among = np.isin(y, own)
    tested = [c for c in np.unique(own) if (y == c).any()]
    shares = np.array([(own == c).sum() for c in tested], float)
    each = np.array([right[y == c].mean() for c in tested])
    return right.mean(), right[among].mean(), (shares / shares.sum()) @ each


def labels_of(data, agent):
    part = data.partition
    return data.private_y[part.rows[part.offsets[agent] : part.offsets[agent + 1]]]


def trained(learner):
    return [learner.train(learner.initial(agent), 3) for agent in range(N_AGENTS)]


def columns(scored):
    return np.stack([scored.on_all, scored.own_classes, scored.own_distribution], 1)


def test_own_classes_and_own_distribution_are_those_of_a_hand_computation():
    data = make_data()
    data.test_y[data.test_y == 4] = 1  # a class that agents have, and the test set has not
    learner = make_learner(LINEAR, data=data)
    versions = trained(learner)
    result = learner.evaluate(versions)
    wanted = [
        by_hand(predicted(learner.parameters(v), data.test_x), data.test_y, labels_of(data, i))
        for i, v in enumerate(versions)
    ]
    assert any(4 in labels_of(data, i) for i in range(N_AGENTS))
    np.testing.assert_allclose(columns(result.scores["agents"]), wanted, rtol=1e-12)
    np.testing.assert_allclose(columns(result.own), wanted, rtol=1e-12)
    assert len({round(b - c, 6) for _, b, c in wanted}) > 1


def test_one_model_is_weighed_by_each_agents_own_shares():
    data = make_data()
    learner = make_learner(LINEAR, data=data)
    *versions, server = trained(learner)
    result = learner.evaluate(versions, [server], versions)
    mean = np.mean([learner.parameters(v) for v in versions], 0, np.float64).astype(np.float32)
    ensemble = result.mean_probabilities.argmax(1)
    for name, told in (
        ("server", predicted(learner.parameters(server), data.test_x)),
        ("average", predicted(mean, data.test_x)),
        ("ensemble", ensemble),
    ):
        wanted = [by_hand(told, data.test_y, labels_of(data, i)) for i in range(N_AGENTS - 1)]
        np.testing.assert_allclose(columns(result.scores[name]), wanted, rtol=1e-12, err_msg=name)
    assert result.accuracy.shape == (N_AGENTS,)
    assert result.labels.shape == (N_AGENTS - 1, 40)
    alone = learner.evaluate(versions)
    np.testing.assert_array_equal(alone.mean_probabilities, result.mean_probabilities)
    assert "server" not in alone.scores


def test_looking_at_the_average_changes_no_version_and_keeps_no_row():
    learner = make_learner(LINEAR)
    versions = trained(learner)
    learner.flush()
    before = [learner.parameters(v) for v in versions]
    free = len(versions[0].pool.free)
    learner.evaluate(versions)
    assert len(versions[0].pool.free) == free
    for version, parameters in zip(versions, before, strict=True):
        np.testing.assert_array_equal(learner.parameters(version), parameters)
    learner.train(versions[0], 2)


def test_several_architectures_have_no_average():
    learner = make_learner((LinearSpec(), MlpSpec(hidden=(4,))))
    assert set(learner.evaluate(trained(learner)).scores) == {"agents", "ensemble"}


def test_one_model_is_seen_in_each_agents_view():
    data = make_data()
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, *data.test_x.shape)).astype(np.float32)
    of = np.arange(N_AGENTS) % 3
    data.views = SimpleNamespace(of=of, test_x=x, reference_x=data.reference_x[None])
    learner = make_learner(LINEAR, data=data)
    *versions, server = trained(learner)
    result = learner.evaluate(versions, [server], versions)
    flat = learner.parameters(server)
    wanted = [
        by_hand(predicted(flat, x[of[i]]), data.test_y, labels_of(data, i))
        for i in range(N_AGENTS - 1)
    ]
    np.testing.assert_allclose(columns(result.scores["server"]), wanted, rtol=1e-12)


def test_agents_of_different_tasks_are_measured_on_their_own_alone():
    data = make_data()
    test_y = np.stack([data.test_y, np.where(data.test_y < 2, data.test_y, -1)])
    data.tasks = SimpleNamespace(of=np.arange(N_AGENTS) % 2, test_y=test_y)
    learner = make_learner(LINEAR, data=data)
    versions = trained(learner)
    result = learner.evaluate(versions)
    assert set(result.scores) == {"agents"}
    for i, version in enumerate(versions):
        y = test_y[i % 2]
        told = predicted(learner.parameters(version), data.test_x)
        wanted = by_hand(told[y >= 0], y[y >= 0], labels_of(data, i))
        np.testing.assert_allclose(columns(result.own)[i], wanted, rtol=1e-12)


def test_an_agent_without_any_tested_class_has_no_own_accuracy():
    data = make_data()
    poor = min(range(N_AGENTS), key=lambda i: len(set(labels_of(data, i).tolist())))
    own = set(labels_of(data, poor).tolist())
    data.test_y = np.array([c for c in range(N_CLASSES) if c not in own] * 40)[:40]
    learner = make_learner(LINEAR, data=data)
    result = learner.evaluate(trained(learner))
    assert np.isnan([result.own.own_classes[poor], result.own.own_distribution[poor]]).all()
    assert not np.isnan(result.own.on_all).any()


def test_a_diverged_model_has_no_score_and_leaves_the_others_theirs():
    learner = make_learner(LINEAR)
    *versions, server = trained(learner)
    learner.flush()
    versions[0].pool.data[versions[0].row] = np.nan
    result = learner.evaluate(versions, [server], versions)
    assert np.isnan(columns(result.scores["agents"])[0]).all()
    assert not np.isnan(columns(result.scores["agents"])[1:]).any()
    assert np.isnan(result.scores["average"].on_all).all()
    assert np.isnan(result.scores["ensemble"].on_all).all()
    assert not np.isnan(result.scores["server"].on_all).any()
    assert result.diverged.tolist() == [True] + [False] * (N_AGENTS - 1)


@pytest.mark.parametrize("executor", ["loop", "grouped"])
def test_scores_are_the_same_however_they_are_computed(executor):
    from p2pkd.learning.compute.settings import Settings

    def of(settings):
        learner = make_learner((MlpSpec(hidden=(8,)),), settings=settings)
        versions = trained(learner)
        return learner.evaluate(versions[1:], versions[:1], versions).scores

    one, other = of(Settings()), of(Settings(executor=executor, chunk=2))
    for name, scored in one.items():
        np.testing.assert_array_equal(columns(scored), columns(other[name]))
