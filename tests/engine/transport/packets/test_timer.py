"""A timer that is moved calls once, at its last deadline."""

from scripted import Path

from p2pkd.engine.transport.packets.timer import Timer


def test_a_deadline_that_is_put_off_or_brought_forward():
    path, calls = Path(), []
    timer = Timer(path)
    timer.arm(1.0, lambda: calls.append(("first", path.env.now)))
    timer.arm(3.0, lambda: calls.append(("later", path.env.now)))
    path.env.run()
    assert calls == [("later", 3.0)]
    timer.arm(9.0, lambda: calls.append(("late", path.env.now)))
    timer.arm(5.0, lambda: calls.append(("early", path.env.now)))
    path.env.run()
    assert calls[1:] == [("early", 5.0)]


def test_a_timer_that_is_stopped_calls_nothing():
    path, calls = Path(), []
    timer = Timer(path)
    timer.arm(1.0, lambda: calls.append(1))
    timer.stop()
    path.env.run()
    assert calls == []
