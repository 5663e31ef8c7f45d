"""Weights, filters and sharpening against closed forms."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.knowledge.teachers import (
    ByCompetence,
    DropBelowChance,
    Entropy,
    EntropyReduction,
    MeanLosses,
    MinAgreement,
    MinConfidence,
    Power,
    Samples,
    Similarity,
    Staleness,
    Validation,
    entropy,
    fact_bytes,
    normalised,
)


def heard(*tables, own=None, **facts):
    """One agent that has heard one table ``(R, C)`` of probabilities from each teacher."""
    p = torch.tensor(tables)[None]
    return SimpleNamespace(
        log_p=p.log(),
        present=torch.ones(p.shape[:3]),
        own=lambda: torch.tensor(own)[None].log(),
        **{name: torch.tensor([value]) for name, value in facts.items()},
    )


A, B = [[0.7, 0.2, 0.1]], [[0.1, 0.8, 0.1]]


def shares(factors):
    return normalised(factors * torch.ones(1, 2, 1))[0].flatten().tolist()


def shares3(factors):
    return normalised(factors)[0].flatten().tolist()


def test_samples_weigh_in_proportion():
    assert shares(Samples().factors(heard(A, B, samples=[30.0, 10.0]))) == [0.75, 0.25]


def test_validation_weighs_by_accuracy_to_a_power():
    judged = heard(A, B, accuracy=[0.9, 0.3])
    assert shares(Validation(power=2).factors(judged)) == pytest.approx([0.9, 0.1])


def test_staleness_is_a_power_of_age():
    factors = Staleness(scale="1 min", power=0.5).factors(heard(A, B, age_s=[0.0, 180.0]))
    assert factors.flatten().tolist() == [1.0, 0.5]


def test_entropy_weighs_exponentially():
    log_p = heard(A, B).log_p
    w = Entropy(scale=0.5).weights(log_p, torch.ones(1, 2, 1))
    torch.testing.assert_close(w, (-entropy(log_p) / 0.5).exp())


def test_similarity_is_exponential_in_the_divergence_from_oneself():
    factors = Similarity(scale=2.0).factors(heard(A, B, own=A)).flatten()
    kl = (torch.tensor(B) * (torch.tensor(B) / torch.tensor(A)).log()).sum()
    torch.testing.assert_close(factors, torch.stack([torch.ones(()), (-kl / 2).exp()]))


def test_confidently_wrong_narrow_peers_lose_to_who_has_seen_the_class():
    """Two peers that know class 0 alone say so of every row; one broad peer says class 1."""
    narrow, broad = [[0.97, 0.02, 0.01]], [[0.05, 0.9, 0.05]]
    counts = [[50.0, 0, 0], [50.0, 0, 0], [10.0, 10.0, 10.0]]
    judged = heard(narrow, narrow, broad, label_counts=counts)
    majority = judged.log_p.exp().mean(1)[0, 0].argmax()
    assert majority == 0
    weights, _ = normalised(ByCompetence(best=3).factors(judged))
    assert weights[0, 2, 0] > 0.75
    assert shares3(ByCompetence().factors(judged)) == [0, 0, 1]
    # Of a row that broad peers call class 0, those who know nothing else know most.
    judged = heard(narrow, narrow, [[0.9, 0.05, 0.05]], label_counts=counts)
    assert shares3(ByCompetence().factors(judged)) == [1, 0, 0]


def test_min_confidence_looks_at_each_row():
    table = [[0.98, 0.01, 0.01], [0.5, 0.3, 0.2]]
    factors = MinConfidence(at_least=0.9).factors(heard(table))
    assert factors[0, 0].tolist() == [1, 0]


def test_min_agreement_looks_at_the_mean():
    one, other = [[0.9, 0.05, 0.05], [0.9, 0.05, 0.05]], [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]]
    factors = MinAgreement(at_least=0.6).factors(heard(one, other))
    assert factors[0, 0].tolist() == [1, 0]


def test_teachers_at_or_below_chance_are_dropped():
    factors = DropBelowChance().factors(heard(A, B, accuracy=[1 / 3, 0.4]))
    assert factors.flatten().tolist() == [0, 1]


def test_facts_are_charged_once_each():
    rules = [Validation(), DropBelowChance(), ByCompetence(), MinConfidence()]
    assert fact_bytes(rules, 10) == 4 + 40
    assert fact_bytes([Samples()], 10) == 4
    assert fact_bytes([MinConfidence()], 10) == 0


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=20), st.floats(1, 8))
def test_a_power_never_raises_entropy(p, beta):
    p = torch.tensor(p, dtype=torch.float64)
    p = p / p.sum()
    q = Power(beta=beta).sharpen(p)
    assert q.sum().item() == pytest.approx(1)
    assert entropy(q.clamp_min(1e-300).log()) <= entropy(p.log()) + 1e-9


def test_era_sharpens_few_classes_and_flattens_many():
    few, many = torch.tensor([0.6, 0.3, 0.1]), torch.full((100,), 0.3 / 99)
    many[0] = 0.7
    era = EntropyReduction(temperature=0.1)
    assert entropy(era.sharpen(few).log()) < entropy(few.log())
    flat = EntropyReduction(temperature=1.0).sharpen(many)
    assert entropy(flat.log()) > entropy(many.log())
    torch.testing.assert_close(era.sharpen(few), (few / 0.1).softmax(-1))


def test_mean_losses_keep_the_teachers_apart():
    log_p = heard(A, B).log_p
    targets = MeanLosses().targets(log_p, torch.ones(1, 2, 1) / 2, 2.0)
    torch.testing.assert_close(targets, (log_p / 2).softmax(-1))
