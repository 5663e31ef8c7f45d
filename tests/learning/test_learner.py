from __future__ import annotations

import numpy as np
import pytest
import torch
from toys import Half, Kl, Memo, make_data, make_learner

from p2pkd.core.rng import Streams
from p2pkd.learning.backends.null import NullLearner
from p2pkd.learning.evaluation import disagreement
from p2pkd.learning.learner import DeferredLearner
from p2pkd.scenario.models import LinearSpec, MlpSpec
from p2pkd.scenario.optimizers import SgdSpec
from p2pkd.scenario.scenario import Fresh, Pretrained

ROWS = np.array([3, 1, 8, 5])


def torch_model(flat: np.ndarray) -> torch.nn.Sequential:
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 5))
    torch.nn.utils.vector_to_parameters(torch.from_numpy(flat).clone(), model.parameters())
    return model


def flat_of(model: torch.nn.Module) -> np.ndarray:
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


def test_training_is_plain_cross_entropy_on_the_agents_rows() -> None:
    data = make_data()
    learner = make_learner(data=data, optimizer=SgdSpec(momentum=0.9))
    start = learner.initial(2)
    model = torch_model(learner.parameters(start))
    trained = learner.train(learner.train(start, 2), 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    own = data.partition.rows[data.partition.offsets[2] : data.partition.offsets[3]]
    places = learner.tables.private.sample(np.array([2]), np.array([0]), 12)[0]
    rows = own[places - data.partition.offsets[2]].reshape(3, 4)
    for batch in rows:
        optimizer.zero_grad()
        logits = model(torch.from_numpy(data.private_x[batch]))
        torch.nn.functional.cross_entropy(
            logits, torch.from_numpy(data.private_y[batch])
        ).backward()
        optimizer.step()
    np.testing.assert_allclose(learner.parameters(trained), flat_of(model), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("share", [None, 0.3])
def test_distillation_is_the_objective_on_the_union_of_rows(share: float | None) -> None:
    data = make_data()
    learner = make_learner(data=data, batch=None, objective=Kl(share))
    student, one, two = (learner.initial(i) for i in range(3))
    other = np.array([5, 0, 3])
    mail = [Memo(learner.predict(one, ROWS)), Memo(learner.predict(two, other))]
    distilled = learner.distill(student, mail, 1)
    p_one, p_two = learner.resolve(mail[0].contents), learner.resolve(mail[1].contents)
    table = {row: [p_one[i]] for i, row in enumerate(ROWS.tolist())}
    for i, row in enumerate(other.tolist()):
        table.setdefault(row, []).append(p_two[i])
    union = sorted(table)
    model = torch_model(learner.parameters(student))
    softened = [
        torch.stack([torch.tensor(p).log().div(2).softmax(0) for p in table[r]]).mean(0)
        for r in union
    ]
    targets = torch.stack(softened)
    log_p = (model(torch.from_numpy(data.reference_x[union])) / 2).log_softmax(-1)
    loss = 4 * (targets * (targets.log() - log_p)).sum(-1).mean()
    if share is not None:
        own = data.partition.rows[: data.partition.offsets[1]]
        logits = model(torch.from_numpy(data.private_x[own]))
        private = torch.nn.functional.cross_entropy(logits, torch.from_numpy(data.private_y[own]))
        loss = share * private + (1 - share) * loss
    loss.backward()
    expected = flat_of(model) - 0.1 * np.concatenate(
        [p.grad.numpy().ravel() for p in model.parameters()]
    )
    np.testing.assert_allclose(learner.parameters(distilled), expected, rtol=1e-4, atol=1e-6)


def test_the_order_of_a_messages_rows_changes_nothing(learner: DeferredLearner) -> None:
    student, teacher = learner.initial(0), learner.initial(1)
    results = []
    for order in ([0, 1, 2, 3], [2, 0, 3, 1]):
        mail = [Memo(learner.predict(teacher, ROWS[order]))]
        results.append(learner.parameters(learner.distill(student, mail, 3)))
    assert np.array_equal(*results)


def test_learning_leaves_the_teacher_alone(learner: DeferredLearner) -> None:
    student, teacher = learner.initial(0), learner.initial(1)
    payload = learner.predict(teacher, ROWS)
    before, said = learner.parameters(teacher), learner.resolve(payload)
    learner.parameters(learner.distill(student, [Memo(payload)], 5))
    assert np.array_equal(learner.parameters(teacher), before)
    assert np.array_equal(learner.resolve(payload), said)
    assert not payload.pool.data.requires_grad


def test_a_payload_says_what_its_version_thought_when_it_was_made(
    learner: DeferredLearner,
) -> None:
    version = learner.initial(0)
    early = learner.predict(version, ROWS)
    learner.parameters(learner.train(version, 9))
    assert np.array_equal(learner.resolve(early), learner.resolve(learner.predict(version, ROWS)))


def test_merging_is_linear_and_keeps_the_optimisers_state() -> None:
    learner = make_learner(optimizer=SgdSpec(momentum=0.9))
    one, two = learner.train(learner.initial(0), 1), learner.train(learner.initial(1), 1)
    merged = learner.merge(one, [(one, 0.25), (two, 0.5), (two, 0.25)])
    expected = 0.25 * learner.parameters(one) + 0.75 * learner.parameters(two)
    np.testing.assert_allclose(learner.parameters(merged), expected, rtol=1e-5, atol=1e-7)
    n = learner.architecture(one).n_parameters
    assert torch.equal(one.pool.data[one.row, n:], merged.pool.data[merged.row, n:])
    assert (merged.updates, merged.samples) == (one.updates, one.samples)


def test_merging_refuses_another_architecture() -> None:
    learner = make_learner((LinearSpec(), MlpSpec(hidden=(8,))))
    one, two = learner.initial(0), learner.initial(1)
    with pytest.raises(ValueError, match="architecture"):
        learner.merge(one, [(one, 0.5), (two, 0.5)])


def test_weights_travel_through_a_lossy_codec() -> None:
    plain, lossy = make_learner(), make_learner(codec=Half())
    version = plain.initial(0)
    assert plain.weights(version) is version
    received = lossy.parameters(lossy.weights(lossy.initial(0)))
    expected = plain.parameters(version).astype(np.float16).astype(np.float32)
    assert np.array_equal(received, expected)


def test_no_steps_make_no_version(learner: DeferredLearner) -> None:
    version = learner.initial(0)
    assert learner.train(version, 0) is version
    assert learner.distill(version, [], 3) is version


def test_evaluation_measures_each_model_and_all_together() -> None:
    data = make_data()
    learner = make_learner(data=data)
    versions = [learner.train(learner.initial(i), 20) for i in range(7)]
    result, again = learner.evaluate(versions), learner.evaluate(versions)
    x, y = torch.from_numpy(data.test_x), torch.from_numpy(data.test_y)
    logits = torch.stack([torch_model(learner.parameters(v))(x) for v in versions]).detach()
    labels, mean = logits.argmax(-1), logits.softmax(-1).mean(0)
    assert np.array_equal(result.labels, labels.numpy())
    assert np.array_equal(result.labels, again.labels)
    assert result.accuracy.tolist() == pytest.approx((labels == y).double().mean(1).tolist())
    losses = [torch.nn.functional.cross_entropy(one, y).item() for one in logits]
    assert result.loss.tolist() == pytest.approx(losses, rel=1e-5)
    np.testing.assert_allclose(result.mean_probabilities, mean.numpy(), rtol=1e-5)
    assert result.ensemble_accuracy == pytest.approx((mean.argmax(-1) == y).double().mean().item())
    pairs = [(a != b).double().mean().item() for i, a in enumerate(labels) for b in labels[:i]]
    assert result.disagreement == pytest.approx(np.mean(pairs))


def test_one_model_disagrees_with_nobody() -> None:
    assert disagreement(np.zeros((1, 4), np.int16), 3) == 0
    assert disagreement(np.array([[0, 1], [0, 2]], np.int16), 3) == 0.5


def test_agents_begin_each_for_themselves_alike_or_trained() -> None:
    def parameters(start: object) -> list[np.ndarray]:
        learner = make_learner(start=start)
        return [learner.parameters(learner.initial(i)) for i in range(2)]

    fresh, alike, trained = map(parameters, (Fresh(), Fresh(alike=True), Pretrained(steps=60)))
    assert not np.array_equal(*fresh)
    assert np.array_equal(*alike)
    assert np.array_equal(*trained)
    rng = Streams(3).generator("model", 1)
    architecture = make_learner().architectures[0]
    assert np.array_equal(fresh[1], architecture.initial(rng))


def test_pretraining_learns_the_reference_rows() -> None:
    data = make_data()
    learner = make_learner(data=data, start=Pretrained(steps=900))
    logits = torch_model(learner.parameters(learner.initial(0)))(torch.from_numpy(data.reference_x))
    assert (logits.argmax(-1).numpy() == data.reference_y).mean() > 0.9


def test_a_learner_without_numbers_has_the_same_methods() -> None:
    null = NullLearner()
    assert null.train(null.initial(0), 3) is None
    assert null.distill(None, [Memo(None)], 3) is None
    assert null.merge(None, [(None, 1.0)]) is None
    assert null.predict(None, ROWS) is None
    assert null.weights(None) is None
    assert null.evaluate([None]) is None
    assert null.describe() == {"executor": "none"}
