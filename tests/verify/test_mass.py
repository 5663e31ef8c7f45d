"""Conservation in parameter gossip, and what breaks it."""

from p2pkd.distillation.pairwise import Pairwise
from p2pkd.distillation.push_sum import PushSum
from p2pkd.engine.behaviours.push_sum import PushSumAgent
from p2pkd.verify import mass


def test_a_sender_that_keeps_all_of_its_mass_turns_red(monkeypatch):
    turn_to = PushSumAgent._turn_to

    def greedy(self, peers):
        before = self.mass
        yield from turn_to(self, peers)
        self.mass = before

    monkeypatch.setattr(PushSumAgent, "_turn_to", greedy)
    assert not all(check.passed for check in mass.push_sum(fast=True))


def test_plain_averages_turn_red(monkeypatch):
    """Half and half, whatever the masses: what averaging over one-way links does."""
    gathered = PushSum._gathered

    def plain(self, agent, parcels):
        share = 1 / (len(parcels) + 1)
        work = agent.merge(
            agent.version, [(agent.version, share), *((p.version, share) for p in parcels)]
        )
        gathered(self, agent, parcels)
        return work

    monkeypatch.setattr(PushSum, "_gathered", plain)
    assert not all(check.passed for check in mass.push_sum(fast=True))


def test_averaging_with_what_the_other_is_by_now_turns_red(monkeypatch):
    """The move by half a difference, against overwriting with the mean of two old models."""

    def overwrite(self, agent, mine, theirs):
        return agent.merge(agent.version, [(mine, 0.5), (theirs, 0.5)])

    monkeypatch.setattr(Pairwise, "meet", overwrite)
    run = mass._run("ad-psgd", {"clock": "poisson"}, latency="300 ms", rounds=8, rest=True)
    drift = abs(mass._models(run).sum(0) - mass._start(run)).max()
    monkeypatch.undo()
    run = mass._run("ad-psgd", {"clock": "poisson"}, latency="300 ms", rounds=8, rest=True)
    assert abs(mass._models(run).sum(0) - mass._start(run)).max() < 1e-5 < drift
