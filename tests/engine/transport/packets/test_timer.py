"""A timer that is moved calls once, at its last deadline."""

import pytest
from scripted import Path

from p2pkd.engine.transport.packets.timer import Timer, due


def test_a_deadline_that_is_put_off_or_brought_forward():
    path, calls = Path(), []
    timer = Timer(path)
    timer.arm(1.0, lambda: calls.append(("first", path.env.now)), exact=True)
    timer.arm(3.0, lambda: calls.append(("later", path.env.now)), exact=True)
    path.env.run()
    assert calls == [("later", 3.0)]
    timer.arm(9.0, lambda: calls.append(("late", path.env.now)), exact=True)
    timer.arm(5.0, lambda: calls.append(("early", path.env.now)), exact=True)
    path.env.run()
    assert calls[1:] == [("early", 5.0)]


def test_a_timer_that_is_stopped_calls_nothing():
    path, calls = Path(), []
    timer = Timer(path)
    timer.arm(1.0, lambda: calls.append(1))
    timer.stop()
    path.env.run()
    assert calls == []


def test_timers_are_late_by_a_tick_or_more_the_longer_they_are():
    for start in (0.0, 0.0013, 1.3364, 7.77):
        for span, tick in (
            (0.04, 0.004),
            (0.24, 0.004),
            (0.344, 0.032),
            (1.9, 0.032),
            (2.5, 0.256),
        ):
            late = due(start, start + span) - (start + span)
            assert -1e-9 < late + 0.004 <= tick + 0.008
            assert due(start, start + span) / tick == pytest.approx(
                round(due(start, start + span) / tick)
            )


def test_a_timer_waits_for_its_tick():
    path, calls = Path(), []
    timer = Timer(path)
    timer.arm(0.3, lambda: calls.append(path.env.now))
    path.env.run()
    assert calls == [pytest.approx(0.32)]
