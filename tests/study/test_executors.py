"""The seam that runs go through: processes that die, and Ray behind a stand-in."""

import os
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import pytest

from p2pkd.core.errors import InputError
from p2pkd.study.executors import Local, Ray, executor
from p2pkd.study.task import Outcome, Task


@dataclass(frozen=True)
class Bomb(Task):
    """A run that takes its process with it, unless that is the one that `base` names."""

    def __getattribute__(self, name):
        if name == "text" and str(os.getpid()) != self.base:
            os._exit(9)
        return super().__getattribute__(name)


def task(tmp_path, key, kind=Task):
    return kind(
        key, "not: a scenario", str(os.getpid()), str(tmp_path / key), str(tmp_path / "beats" / key)
    )


@pytest.mark.slow
def test_a_run_that_kills_its_process_is_found_and_the_others_go_on(tmp_path):
    tasks = [task(tmp_path, "a"), task(tmp_path, "b", Bomb), task(tmp_path, "c")]
    found = {outcome.key: outcome for outcome in Local(2).outcomes(tasks)}
    assert sorted(found) == ["a", "b", "c"]
    assert {outcome.status for outcome in found.values()} == {"failed"}
    assert "its process died" in found["b"].error
    assert "unknown key" in found["a"].error
    assert "unknown key" in found["c"].error


def test_ray_is_asked_for_by_name_when_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'p2pkd\[ray\]'"):
        executor("ray")


class RayError(Exception):
    pass


@pytest.fixture
def stand_in(monkeypatch):
    """A module that looks like Ray and runs everything here, the last first."""
    ray = ModuleType("ray")
    ray.log = []
    ray.exceptions = SimpleNamespace(RayError=RayError)
    ray.init = lambda **options: ray.log.append(("init", options))
    ray.shutdown = lambda: ray.log.append(("shutdown",))
    ray.wait = lambda waiting, num_returns: (waiting[-1:], waiting[:-1])

    def remote(**options):
        ray.log.append(("remote", options))
        return lambda function: SimpleNamespace(
            remote=lambda each: Reference(lambda: function(each))
        )

    ray.remote = remote
    ray.get = lambda reference: reference.get()
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    return ray


class Reference:
    def __init__(self, get):
        self.get = get


def test_ray_starts_one_here_without_an_address_and_stops_it(stand_in, tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    tasks = [task(tmp_path, key) for key in "ab"]
    outcomes = list(executor("ray", 2).outcomes(tasks))
    assert [outcome.key for outcome in outcomes] == ["b", "a"]
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    (_, init), (_, remote), last = stand_in.log
    assert init["num_cpus"] == 2
    assert remote == {"num_cpus": 1, "max_retries": 0}
    assert last == ("shutdown",)


def test_ray_joins_a_cluster_and_tells_of_workers_that_died(stand_in, tmp_path):
    def died(reference):
        raise RayError("worker\nkilled")

    stand_in.get = died
    outcomes = list(Ray(None, "ray://head:10001").outcomes([task(tmp_path, "a")]))
    assert outcomes == [Outcome("a", "failed", "its process died: worker killed")]
    assert stand_in.log[0][1]["address"] == "ray://head:10001"
