"""The light event loop: the same order and times as SimPy's own."""

import pytest
import simpy

from p2pkd.engine.timeline import Alarm, Course, Timeline


def steps(env, name, log, alarm, gate):
    log.append((env.now, name, "starts"))
    yield alarm.set(2.0) if alarm else env.timeout(2.0)
    log.append((env.now, name, "goes on"))
    yield gate
    log.append((env.now, name, "passes"))
    yield alarm.set(0.0) if alarm else env.timeout(0.0)
    log.append((env.now, name, "ends"))


def story(*, light):
    env = Timeline() if light else simpy.Environment()
    log, gate = [], env.event()
    for name in "ab":
        alarm = Alarm(env) if light else None
        make = Course if light else simpy.Process
        make(env, steps(env, name, log, alarm, gate))
        log.append((env.now, name, "made"))
    env.timeout(3.0).callbacks.append(lambda _: gate.succeed())
    if light:
        while env.advance(10.0, 2):
            pass
    else:
        env.run(until=10.0)
    return log


def test_courses_run_like_processes():
    assert story(light=True) == story(light=False)
    assert story(light=True)[:4] == [
        (0, "a", "made"),
        (0, "b", "made"),
        (0, "a", "starts"),
        (0, "b", "starts"),
    ]


def test_a_course_passes_what_has_happened():
    env, log = Timeline(), []
    gate = env.event()
    gate.succeed()
    assert env.advance(1.0, 10) == 1
    Course(env, steps(env, "a", log, Alarm(env), gate))
    env.advance(10.0, 10)
    assert [what for _, _, what in log] == ["starts", "goes on", "passes", "ends"]


def test_advance_stops_before_its_end_and_counts():
    env = Timeline()
    for seconds in (1.0, 2.0, 3.0):
        env.timeout(seconds)
    assert env.advance(3.0, 1) == 1
    assert env.advance(3.0, 10) == 1
    assert (env.now, env.advance(3.0, 10)) == (2.0, 0)
    assert env.advance(4.0, 10) == 1


def test_what_fails_in_a_course_or_an_event_is_raised():
    def broken():
        yield env.timeout(1.0)
        raise KeyError("gone")

    env = Timeline()
    Course(env, broken())
    with pytest.raises(KeyError, match="gone"):
        env.advance(2.0, 10)
    env.event().fail(ValueError("unheard"))
    with pytest.raises(ValueError, match="unheard"):
        env.advance(2.0, 10)
