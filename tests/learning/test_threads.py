"""Threads are used where they are faster, and only there."""

from __future__ import annotations

from p2pkd.learning.threads import ThreadChoice


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
