"""Payloads: typed, and turned into log-probabilities by their own type."""

from types import SimpleNamespace

import torch

from p2pkd.knowledge.payloads import HardLabels, Logits, SoftLabels

logits = torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(1))
outputs = SimpleNamespace(logits=logits)


def test_soft_labels_are_rows_of_probabilities():
    sent = SoftLabels().head(outputs)
    torch.testing.assert_close(sent.sum(-1), torch.ones(3, 5))
    torch.testing.assert_close(SoftLabels().log_probabilities(sent, 7), logits.log_softmax(-1))


def test_logits_and_probabilities_of_one_model_are_the_same_teacher():
    by_logits = Logits().log_probabilities(Logits().head(outputs), 7)
    by_probabilities = SoftLabels().log_probabilities(SoftLabels().head(outputs), 7)
    torch.testing.assert_close(by_logits, by_probabilities)


def test_hard_labels_are_class_numbers_and_one_hot_teachers():
    sent = HardLabels().head(outputs)
    assert sent.shape == (3, 5, 1)
    table = HardLabels().log_probabilities(sent, 7).exp()
    torch.testing.assert_close(table.argmax(-1), logits.argmax(-1))
    assert (table.max(-1).values == 1).all()


def test_zero_probabilities_stay_finite():
    sent = torch.tensor([[[1.0, 0.0, 0.0]]])
    assert torch.isfinite(SoftLabels().log_probabilities(sent, 3)).all()
