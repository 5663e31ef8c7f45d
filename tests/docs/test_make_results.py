"""One command for all results: what is stale is made, what is not is left, all is listed."""

import subprocess
import sys
from pathlib import Path

import make_results
import pytest
from making.made import ITEMS
from making.markdown_parts import replace_part
from making.quoted import SOURCES, headings, quoted
from making.results import ROOT, FromStudies, Plan
from making.stamps import _meaning, program_key, read_stamps

TINY = """
name: tiny
duration: 1 min
agents: 4
topology: ring
devices: [{profile: laptop, model: {kind: mlp, hidden: [8]}}]
data: {dataset: digits, reference: {rows: 64}}
method:
  send: {knowledge: soft_labels, rows: 16}
  gossip: {protocol: push, every: 10 s}
  learn: {objective: response, lr: 0.05, local_steps: 2, distill_steps: 2, batch: 16}
"""
STUDY = "name: s\nbase: tiny.yaml\nmatrix: {method.learn.lr: [0.01, 0.1]}\nseeds: 0..2\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one study, one page and one result."""
    import making.results as module

    root = tmp_path / "repo"
    (root / "scenarios/studies").mkdir(parents=True)
    (root / "docs").mkdir()
    (root / "scenarios/studies/tiny.yaml").write_text(TINY)
    (root / "scenarios/studies/s.yaml").write_text(STUDY)
    (root / "docs/page.md").write_text("Before.\n<!-- s -->\nold\n<!-- /s -->\nAfter.\n")
    monkeypatch.setattr(module, "ROOT", root)
    writer = type(sys)("making.written")
    writer.write = lambda place, results: replace_part(place / "docs/page.md", "s", str(results))
    monkeypatch.setitem(sys.modules, "making.written", writer)
    item = FromStudies("s", "a test", ("docs/page.md#s",), 0.1, ("s",), "written:write")
    return item, Plan(place=root, runs=tmp_path / "runs", jobs=1)


def test_what_is_made_is_stamped_and_what_changes_is_stale(repository):
    item, plan = repository
    assert item.state(plan) == "not made by this command yet"
    item.run(plan)
    assert "Results(6 runs" in (plan.place / "docs/page.md").read_text()
    assert (plan.place / "docs/page.md").read_text().endswith("After.\n")
    assert item.state(plan) == "up to date"
    stamp = read_stamps(plan.place)["s"]
    assert stamp["program"] == program_key()
    assert stamp["processor_minutes"] >= 0
    study = plan.place / "scenarios/studies/s.yaml"
    study.write_text(f"# A comment.\n{STUDY}")
    assert item.state(plan) == "up to date"
    study.write_text(STUDY.replace("0.01", "0.02"))
    assert item.state(plan) == "scenarios changed"
    study.write_text(STUDY)
    assert item.state(Plan(plan.place, plan.runs, program="other")) == "program changed"
    (plan.place / "docs/page.md").unlink()
    assert item.state(plan) == "missing: docs/page.md"


def test_runs_that_are_done_stay_done(repository):
    item, plan = repository
    item.run(plan)
    manifests = sorted(plan.runs.glob(f"{program_key()}/s/*/manifest.json"))
    before = [file.stat().st_mtime_ns for file in manifests]
    assert len(manifests) == 6
    manifests[0].unlink()
    item.run(plan)
    assert [file.stat().st_mtime_ns for file in manifests][1:] == before[1:]
    assert manifests[0].is_file()


def test_a_short_form_has_fewer_seeds_and_no_stamp(repository):
    item, plan = repository
    short = Plan(plan.place, plan.runs, jobs=1, seeds=2)
    item.run(short)
    assert "Results(4 runs" in (plan.place / "docs/page.md").read_text()
    assert not read_stamps(plan.place)


def test_the_program_is_its_meaning(tmp_path):
    one, two, three = (tmp_path / f"{name}.py" for name in "abc")
    one.write_text('"""Text."""\ndef f(x):\n    """More."""\n    return x + 1  # why\n')
    two.write_text("def f(x): return (x + 1)\n")
    three.write_text("def f(x): return (x + 2)\n")
    assert _meaning(one) == _meaning(two) != _meaning(three)


def test_all_that_is_listed_is_there():
    assert len({item.name for item in ITEMS}) == len(ITEMS)
    for item in ITEMS:
        for output in item.outputs:
            page, _, part = output.partition("#")
            if part:
                text = (ROOT / page).read_text()
                assert text.count(f"<!-- {part} -->") == text.count(f"<!-- /{part} -->") == 1
    # That they load is a test of their own (scenario/test_precedence.py).
    for study in {study for item in ITEMS for study in getattr(item, "studies", ())}:
        assert (ROOT / f"scenarios/studies/{study}.yaml").is_file()


def test_all_that_is_committed_is_listed():
    outputs = {output for item in ITEMS for output in item.outputs}
    for pattern in ("docs/img/*", "docs/results/*.csv", "notebooks/*.ipynb"):
        for file in ROOT.glob(pattern):
            # Pictures of the house are drawn, and made of no runs.
            if not file.name.startswith("architecture-"):
                assert str(file.relative_to(ROOT)) in outputs
    for page in [*ROOT.glob("docs/*.md"), ROOT / "README.md"]:
        for line in page.read_text().split("<!-- ")[1:]:
            name = line.split(" -->")[0].removeprefix("/")
            assert f"{page.relative_to(ROOT)}#{name}" in outputs


def test_every_sentence_with_numbers_has_a_source():
    known = {item.name for item in ITEMS}
    found = list(quoted(ROOT))
    assert len(found) > 30
    assert {each.source for each in found} <= known
    for page, sources in SOURCES.items():
        assert set(sources) <= headings(ROOT / page), page


def test_the_list_in_the_docs_is_the_list():
    page = (ROOT / "docs/results/README.md").read_text()
    assert f"<!-- list -->\n{make_results.listed()}\n<!-- /list -->" in page


def test_a_part_may_stand_within_a_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("It is <!-- n -->3<!-- /n --> points.\n")
    replace_part(page, "n", "4")
    assert page.read_text() == "It is <!-- n -->4<!-- /n --> points.\n"
    with pytest.raises(SystemExit, match="has no part 'm'"):
        replace_part(page, "m", "4")


def test_the_command_knows_its_names():
    words = [sys.executable, "docs/make_results.py", "--only", "clam"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no result 'clam'" in done.stderr
    done = subprocess.run([*words[:2], "--seeds", "2"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert Path(ROOT / "Makefile").read_text().count("docs/make_results.py") == 2
