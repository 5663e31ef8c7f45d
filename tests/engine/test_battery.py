"""Batteries: when they are empty, to the second, and what an agent does until then."""

import pytest
import simpy
from test_churn import BASE, PREDICT_S, TRAIN_S

from p2pkd.engine.battery import Battery


class Watch:
    def __init__(self, capacity_j, idle_w):
        self.env = simpy.Environment()
        self.died = []
        self.battery = Battery(self.env, capacity_j, idle_w, lambda: self.died.append(self.env.now))

    def at(self, time, action):
        self.env.timeout(time).callbacks.append(lambda _: action())

    def run(self):
        self.env.run(1e6)
        return self.died


def test_idle():
    assert Watch(100, 2).run() == [50]


def test_mains_idle():
    assert Watch(100, 0).run() == []


def test_spans_then_idle():
    """20 s at 3 W, 5 s at 0 W, and 20 J left at 1 W."""
    watch = Watch(90, 1)
    watch.at(10, lambda: watch.battery.follow([(20, 3), (5, 0)]))
    assert watch.run() == [10 + 20 + 5 + 20]


def test_empty_within_a_span():
    watch = Watch(90, 1)
    watch.at(10, lambda: watch.battery.follow([(20, 3), (50, 2)]))
    assert watch.run() == [10 + 20 + 10]


def test_lumps_bring_the_end_forward():
    watch = Watch(100, 1)
    watch.at(10, lambda: watch.battery.take(30))
    watch.at(20, lambda: watch.battery.take(20))
    assert watch.run() == [50]


def test_a_lump_too_many():
    watch = Watch(100, 1)
    watch.at(10, lambda: watch.battery.take(300))
    watch.at(20, lambda: watch.battery.take(20))
    assert watch.run() == [10]


def test_a_lump_within_a_span():
    """The span goes on behind it: 20 J at 1 W, 30 at 3 W, 10 at once, 30 at 3 W."""
    watch = Watch(90, 1)
    watch.at(20, lambda: watch.battery.follow([(100, 3)]))
    watch.at(30, lambda: watch.battery.take(10))
    assert watch.run() == [40]


def test_off_and_on():
    watch = Watch(100, 1)
    watch.at(40, watch.battery.switch_off)
    watch.at(1000, lambda: watch.battery.follow(()))
    assert watch.run() == [1060]


def test_less_power_later_than_feared():
    watch = Watch(100, 0.5)
    watch.at(0, lambda: watch.battery.follow([(1000, 10)]))
    watch.at(5, lambda: watch.battery.follow(()))
    assert watch.run() == [105]


DEVICE = {**BASE["devices"][0], "battery": "50 J", "radio_energy": "0.01 J/B"}


def test_an_agent_dies_when_its_battery_is_empty(run):
    """1 W idle, 3 W computing, .01 J a byte: the energy in the books is the battery's."""
    _, log = run(BASE, devices=[DEVICE])
    deaths = log.of("PresenceRecord")
    assert len(deaths) == 3
    assert {(p.online, p.reason) for p in deaths} == {(False, "battery")}
    for death in deaths:
        record = log.of("AgentRecord")[death.agent]
        assert record.online_s == death.time_s
        # Radio energy is taken when a message's fate is known, so the last lump may overshoot.
        assert 50 - 1e-9 <= record.energy_j <= 50 + 0.01 * 400
        assert not any(
            c.ended_s > death.time_s for c in log.of("ComputeRecord") if c.agent == death.agent
        )


def test_time_of_death_in_closed_form(run):
    """Alone, without messages: 2 W more while it computes, in rounds of 15 s."""
    method = {**BASE["method"], "gossip": {**BASE["method"]["gossip"], "protocol": "none"}}
    device = {**DEVICE, "battery": "24 J"}
    _, log = run(BASE, method=method, devices=[device])
    expected = 24 - 4 * TRAIN_S
    assert 15 + TRAIN_S < expected < 30
    assert [p.time_s for p in log.of("PresenceRecord")] == pytest.approx([expected] * 3)
    assert [a.energy_j for a in log.of("AgentRecord")] == pytest.approx([24.0] * 3)


def test_death_within_a_computation(run):
    device = {**DEVICE, "battery": f"{1.5 * TRAIN_S} J"}
    _, log = run(BASE, devices=[device])
    assert [p.time_s for p in log.of("PresenceRecord")] == pytest.approx([TRAIN_S / 2] * 3)
    assert [c.completed for c in log.of("ComputeRecord")] == [False] * 3


def test_mains_and_battery_together(run):
    devices = [
        {**DEVICE, "share": 0.34, "battery": "20 J"},
        {**BASE["devices"][0], "share": 0.66},
    ]
    simulation, log = run(BASE, devices=devices)
    assert len(log.of("PresenceRecord")) == 1
    assert sum(simulation.network.online) == 2


def test_a_duty_cycle_pays_idle_power_in_its_pauses(run):
    """Half of each second: the work takes twice as long (but for the last half), at 1 W and 3 W."""
    method = {**BASE["method"], "gossip": {**BASE["method"]["gossip"], "protocol": "none"}}
    device = {**BASE["devices"][0], "duty": {"period": "100 ms", "share": "50 %"}}
    _, log = run(BASE, duration="14 s", method=method, devices=[device])
    for agent in log.of("AgentRecord"):
        assert agent.computing_s == pytest.approx(TRAIN_S)
        assert agent.energy_j == pytest.approx(3 * TRAIN_S + (14 - TRAIN_S))
    for job in log.of("ComputeRecord"):
        assert 2 * TRAIN_S - 0.1 <= job.ended_s - job.started_s <= 2 * TRAIN_S + 0.1


def test_throttling_and_background_delay_messages(run):
    curve = [["1 s", 0.5]]
    device = {**BASE["devices"][0], "throttling": {"curve": curve}, "background": "20 %"}
    _, log = run(BASE, duration="14 s", devices=[device])
    work = (TRAIN_S + PREDICT_S) / 0.8
    assert work > 1
    assert log.of("MessageRecord")[0].sent_s == pytest.approx(1 + 2 * (work - 1))
