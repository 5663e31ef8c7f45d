"""The laws hold, and a wrong formula is found out."""

import json

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.engine.transport import fair
from p2pkd.engine.transport.fifo import Fifo
from p2pkd.verify import queues, sharing, transfers
from p2pkd.verify.check import Check, batch_means, bounded, exact, sampled


@pytest.mark.slow
def test_verify_fast_is_all_green():
    result = CliRunner().invoke(app, ["verify", "--fast", "--json"])
    assert result.stdout, result.exception
    report = json.loads(result.stdout)
    failed = [check for check in report["checks"] if not check["passed"]]
    assert failed == []
    assert report["passed"]
    assert len({check["law"] for check in report["checks"]}) >= 14
    assert result.exit_code == 0


def test_a_link_held_during_propagation_turns_red(monkeypatch):
    """What rivals do: the uplink is busy until the message has arrived."""
    start = Fifo.start

    def holding(self, source, target, *args, **kwargs):
        transfer = start(self, source, target, *args, **kwargs)
        self._free_up[source] = transfer.arrives_s
        return transfer

    monkeypatch.setattr(Fifo, "start", holding)
    assert not all(check.passed for check in transfers.pipelining(fast=True))


def test_greedy_shares_turn_red(monkeypatch):
    """First come, first served, with what is left: not max-min."""

    def greedy(routes, capacity, limits):
        left, rates = list(capacity), list(limits)
        for f, route in enumerate(routes):
            rates[f] = min(limits[f], *(left[link] for link in route))
            for link in route:
                left[link] -= rates[f]
        return rates

    monkeypatch.setattr(fair, "max_min_few", greedy)
    assert not all(check.passed for check in sharing.three_links(fast=True))


def test_a_wrong_service_rate_turns_red(monkeypatch):
    exponential = queues._exponential
    monkeypatch.setattr(queues, "_exponential", lambda mean: exponential(1.2 * mean))
    assert not all(check.passed for check in queues.mm1(fast=True))


def test_checks_compare_with_their_tolerance():
    assert exact("law", "case", 2.0, 2.0 + 1e-10).passed
    assert not exact("law", "case", 2.0, 2.001).passed
    assert not exact("law", "case", 2.0, float("nan")).passed
    assert bounded("law", "case", 1.0, 0.5).passed
    assert not bounded("law", "case", 1.0, 1.5).passed
    assert sampled("law", "case", 1.0, [0.9, 1.1, 1.0, 0.95]).passed
    assert not sampled("law", "case", 2.0, [0.9, 1.1, 1.0, 0.95]).passed


def test_batch_means_leave_out_the_beginning():
    assert batch_means([100.0] * 10 + [1.0] * 90, batches=3) == [1.0, 1.0, 1.0]


def test_the_tolerance_is_four_standard_errors():
    check = sampled("law", "case", 0.0, [1.0, -1.0, 1.0, -1.0])
    assert check.tolerance == pytest.approx(4 * check.error)
    assert isinstance(check, Check)
