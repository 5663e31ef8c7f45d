"""Times of computations on devices whose rate changes, against closed forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.engine.pace import Pace
from p2pkd.scenario.devices import DutySpec, ThrottlingSpec


def seconds(pace, flops):
    return sum(span.seconds for span in pace.plan(flops))


THROTTLING = ThrottlingSpec(curve=[["10 s", 0.5], ["30 s", 0.25]])


@pytest.mark.parametrize(
    ("flops", "expected"),
    [(0, 0), (500, 5), (1000, 10), (1500, 20), (2000, 30), (2500, 50), (3000, 70)],
)
def test_throttling(flops, expected):
    """100 FLOP/s for 10 s, then 50 until 30 s, then 25."""
    assert seconds(Pace(100, THROTTLING), flops) == pytest.approx(expected)


def test_heat_is_kept_between_computations_and_cools():
    pace = Pace(100, THROTTLING)
    pace.work(20)
    assert pace.heat == pytest.approx(20)
    pace.rest(25)
    assert pace.heat == pytest.approx(15)
    assert seconds(pace, 750) == pytest.approx(15)
    assert seconds(pace, 1000) == pytest.approx(25)
    pace.rest(100)
    assert seconds(pace, 1000) == pytest.approx(10)


def test_duty_cycle():
    """The first 3 s of every 10 s."""
    pace = Pace(100, duty=DutySpec(period="10 s", share=0.3))
    assert [seconds(pace, flops) for flops in (100, 300, 400, 600, 601)] == pytest.approx(
        [1, 3, 11, 13, 20.01]
    )
    late = Pace(100, duty=DutySpec(period="10 s", share=0.3), phase=0.9)
    assert seconds(late, 100) == pytest.approx(2)
    off = Pace(100, duty=DutySpec(period="10 s", share=0.3), phase=0.5)
    assert seconds(off, 100) == pytest.approx(6)


def test_a_duty_cycle_cools():
    """4 s on, 6 s off: heat never passes 4 s, so the throttle at 5 s is never reached."""
    throttling = ThrottlingSpec(curve=[["5 s", 0.1]])
    pace = Pace(100, throttling, DutySpec(period="10 s", share=0.4))
    assert seconds(pace, 4000) == pytest.approx(94)


@given(
    st.floats(0.1, 3000),
    st.floats(0.01, 0.99),
    st.floats(0, 0.999),
    st.floats(0.05, 1),
    st.floats(0.1, 5),
)
def test_planned_and_done_agree(flops, part, phase, share, cooling):
    """What is interrupted and gone on with takes as long, and does as much, as in one piece."""
    throttling = ThrottlingSpec(curve=[["3 s", 0.6], ["8 s", 0.2]], cooling=cooling)
    duty = DutySpec(period="7 s", share=share)
    whole, halves = (Pace(100, throttling, duty, phase) for _ in range(2))
    end = seconds(whole, flops)
    done = sum(s.seconds * s.flops_per_s for s in halves.work(part * end))
    rest = seconds(halves, max(0.0, flops - done))
    assert part * end + rest <= end * (1 + 1e-6) + 1e-6
    assert sum(s.seconds * s.flops_per_s for s in whole.work(end)) == pytest.approx(flops)


def test_curve_must_ascend():
    with pytest.raises(ValueError, match="ascend"):
        ThrottlingSpec(curve=[["9 s", 0.5], ["3 s", 0.2]])
