from __future__ import annotations

import contextlib
import itertools
from typing import Any

import numpy as np
import pytest
from toys import Memo, make_learner

from p2pkd.learning.learner import DeferredLearner

ROWS = np.arange(4)


def used(learner: DeferredLearner) -> list[int]:
    return [len(pool.data) - len(pool.free) for pool in learner.pools()]


def test_nothing_is_computed_before_somebody_looks(learner: DeferredLearner) -> None:
    version = learner.train(learner.initial(0), 2)
    assert learner.executor.executed == 0
    learner.parameters(version)
    assert learner.executor.executed == 1


def test_what_nobody_holds_is_never_computed(learner: DeferredLearner) -> None:
    kept = learner.initial(0)
    lost = learner.predict(learner.train(kept, 1), ROWS)
    del lost
    learner.flush()
    assert learner.executor.executed == 1
    assert used(learner) == [1, 0]


def test_a_payload_keeps_its_version_until_it_is_computed(learner: DeferredLearner) -> None:
    payload = learner.predict(learner.initial(0), ROWS)
    learner.flush()
    assert payload.source is None
    assert used(learner) == [0, 1]
    del payload
    assert used(learner) == [0, 0]


def test_intermediate_versions_need_no_row(learner: DeferredLearner) -> None:
    one, two = learner.initial(0), learner.initial(1)
    learner.flush()
    merged = learner.train(learner.merge(one, [(one, 0.5), (two, 0.5)]), 1)
    before = learner.executor.executed
    learner.flush()
    assert learner.executor.executed == before + 1
    assert learner.pools()[0].largest == 3
    del one, two, merged
    assert used(learner) == [0]


def test_an_intermediate_version_that_is_held_gets_its_row(learner: DeferredLearner) -> None:
    start = learner.initial(0)
    middle = learner.train(start, 1)
    end = learner.train(middle, 1)
    assert not np.array_equal(learner.parameters(middle), learner.parameters(end))
    assert middle.row >= 0
    again = learner.train(learner.train(learner.initial(0), 1), 1)
    assert np.array_equal(learner.parameters(again), learner.parameters(end))


def test_a_long_history_leaves_one_row_an_agent(learner: DeferredLearner) -> None:
    versions = [learner.initial(i) for i in range(7)]
    for turn in range(40):
        payloads = [learner.predict(v, np.roll(ROWS, turn)) for v in versions]
        versions = [
            learner.train(learner.distill(v, [Memo(payloads[i - 1])], 1), 1)
            for i, v in enumerate(versions)
        ]
    del payloads
    learner.flush()
    assert used(learner) == [7, 0]


def test_pending_operations_are_computed_when_there_are_many() -> None:
    from p2pkd.learning.compute.settings import Settings

    learner = make_learner(settings=Settings(threads=1, max_pending=3))
    versions = [learner.initial(i) for i in range(4)]
    assert [v.row >= 0 for v in versions] == [True, True, True, False]


def taught(learner: DeferredLearner) -> list[Any]:
    """Let seven agents teach each other, perhaps with an interruption; return what they are."""
    versions = [learner.initial(i) for i in range(7)]
    for turn in range(3):
        heard = [Memo(learner.predict(version, ROWS)) for version in versions]
        versions = [
            learner.train(learner.distill(version, [heard[(i + turn) % 7]], 1), 1)
            for i, version in enumerate(versions)
        ]
    with contextlib.suppress(KeyboardInterrupt):
        learner.flush()
    return [learner.parameters(version) for version in versions]


@pytest.mark.parametrize("at", range(1, 8))
def test_what_an_interruption_left_undone_is_done_at_the_next_look(
    at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may strike before any call of the arithmetic."""
    learner = make_learner()
    run, calls = learner.executor._run_task, itertools.count(1)

    def interrupted(task: Any) -> None:
        if next(calls) == at:
            raise KeyboardInterrupt
        run(task)

    monkeypatch.setattr(learner.executor, "_run_task", interrupted)
    assert all(map(np.array_equal, taught(learner), taught(make_learner())))
    assert next(calls) > at + 1
