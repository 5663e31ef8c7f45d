"""The list of mutants fits the code: cheap, nothing is run."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def mutants():
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "benchmarks" / "mutants.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_mutant_fits_its_file_once_and_is_still_python(mutants):
    for mutant in mutants.mutants():
        text = (ROOT / "p2pkd" / mutant.file).read_text(encoding="utf-8")
        changed = mutant.mutated(text)
        assert changed != text
        compile(changed, mutant.file, "exec")


def test_there_are_ten_of_each_beside_the_nine(mutants):
    every = mutants.mutants()
    assert len({mutant.name for mutant in every}) == len(every)
    counts = Counter(mutant.part for mutant in every)
    assert counts["engine"] >= 7 + 10
    assert counts["world"] >= 2 + 10
    assert counts["learning"] >= 10


def test_mutants_of_learning_name_tests_that_exist(mutants):
    for mutant in mutants.mutants():
        assert bool(mutant.tests) == (mutant.part == "learning")
        assert all((ROOT / "tests" / test).is_file() for test in mutant.tests)


def test_a_mutant_that_does_not_fit_is_an_error(mutants):
    mutant = mutants.Mutant("engine", "twice", "engine/agent.py", "a + a", "a")
    with pytest.raises(ValueError, match="is 0 times"):
        mutant.mutated("b")
    with pytest.raises(ValueError, match="is 2 times"):
        mutant.mutated("a + a; a + a")


def test_the_committed_page_has_them_all(mutants):
    page = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    for mutant in mutants.mutants():
        assert f"| {mutant.name} | `{mutant.file}` |" in page
    assert "| survived |" not in page
