"""The short forms of benchmarks/fuzz.py and benchmarks/kills.py; their long forms take an hour."""

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def benchmark(name):
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fuzz():
    return benchmark("fuzz")


@pytest.fixture(scope="module")
def kills():
    return benchmark("kills")


def test_good_files_are_read(fuzz, tmp_path):
    """Else mutants would be refused for what nobody changed."""
    found = {
        what: fuzz.check_file(name, data, keys, tmp_path)
        for what, (name, data, keys) in fuzz.samples().items()
    }
    assert set(found.values()) == {"read"}, found


def test_scenarios_of_all_kinds_run_or_are_refused(fuzz):
    counts = fuzz.fuzz_scenarios(60, number=0)
    assert counts["ran"] > 15
    assert counts["refused"] > 5
    assert not counts["FINDING"]


def test_mutated_files_are_read_or_refused(fuzz):
    counts = fuzz.fuzz_files(300, number=0)
    assert counts["read"] > 20
    assert counts["refused"] > 100
    assert not counts["FINDING"]


def test_what_is_neither_is_a_finding(fuzz, tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        return {}["no such key"]

    monkeypatch.setattr(fuzz, "run", broken)
    with pytest.raises(fuzz.Finding, match=r"KeyError at (fuzz|test_campaigns)"):
        fuzz.check_scenario(fuzz.BASE, tmp_path)


def test_kills_of_runs(kills, tmp_path):
    assert set(kills.runs(kills.prepared(tmp_path) / "runs", 1)) <= {"nothing", "complete"}


def test_small_disks(kills, tmp_path):
    """The first takes nothing, the last all, and the middle one no tables."""
    found = list(kills.disks(kills.prepared(tmp_path) / "disks", 3))
    assert found[0] != "complete"
    assert set(found) <= {"nothing", "failed", "complete"}


def test_files_that_may_not_grow(kills, tmp_path, monkeypatch):
    monkeypatch.setattr(kills, "SIZES", [100, 10**7])
    monkeypatch.setattr(kills, "may_mount", lambda: False)
    found = list(kills.disks(kills.prepared(tmp_path) / "disks", 2))
    assert (found[0], found[-1]) == ("nothing", "complete")
