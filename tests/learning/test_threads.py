"""Threads are used where they are faster, and only there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from toys import make_learner

from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.compute.threads import ThreadChoice


def use(choice: ThreadChoice, calls: int, seconds: dict[int, float]) -> list[int]:
    """Make *calls* that take as long as *seconds* says for each number of threads."""
    used = []
    for _ in range(calls):
        used.append(choice.threads("train"))
        choice.took("train", used[-1], seconds[used[-1]])
    return used


def test_on_an_idle_machine_nearly_all_calls_have_all_threads() -> None:
    used = use(ThreadChoice(2), 1000, {1: 1.0, 2: 0.5})
    assert used.count(2) > 980


def test_on_a_busy_machine_nearly_none_has() -> None:
    used = use(ThreadChoice(2), 1000, {1: 1.0, 2: 10.0})
    assert used.count(2) < 6


def test_it_notices_that_the_machine_became_busy_and_idle_again() -> None:
    choice = ThreadChoice(4)
    use(choice, 100, {1: 1.0, 4: 0.3})
    assert use(choice, 100, {1: 1.0, 4: 20.0}).count(4) < 10
    assert use(choice, 2000, {1: 1.0, 4: 0.3})[-500:].count(4) > 480


def test_one_thread_is_one_thread() -> None:
    assert set(use(ThreadChoice(1), 20, {1: 1.0})) == {1}


def test_a_narrow_group_has_one_thread_whatever_others_have_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner, seen = make_learner(settings=Settings(threads=2)), []
    run = learner.executor._run_task

    def watched(task: Any) -> None:
        run(task)
        seen.append(torch.get_num_threads())

    monkeypatch.setattr(learner.executor, "_run_task", watched)
    torch.set_num_threads(2)
    learner.parameters(learner.train(learner.initial(0), 1))
    assert seen == [1]
    assert torch.get_num_threads() == 1
