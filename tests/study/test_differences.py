"""`sweep --dry-run` shows what the variants of a study differ in."""

import pytest
from rich.console import Console
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.cli.differences import print_differences
from p2pkd.report.study_page import study_html
from p2pkd.study.differences import ABSENT, BYTES, differences, unequal_work
from p2pkd.study.load import load_study

STUDY = """
name: s
base: tiny.yaml
set: {method.learn.lr: 0.005}
variants:
  labels: {method.send.rows: 16}
  more labels: {method.send.rows: 32, method.learn.weight: 0.4}
  "d-psgd [one start]": {method.preset: d-psgd}
matrix: {topology: [ring, star]}
seeds: 0..1
"""


@pytest.fixture
def found(study_file):
    return differences(load_study(study_file(STUDY)).points)


def test_every_resolved_key_that_differs_by_variant(found):
    rows = found.rows
    assert list(rows) == ["labels", "more labels", "d-psgd [one start]"]
    assert found.columns[:3] == ("learn.batch", "learn.local_steps", "learn.distill_steps")
    shown = {key: [row.get(key, ABSENT) for row in rows.values()] for key in found.columns}
    assert shown["learn.local_steps"] == ["2", "2", "1"]
    assert shown["learn.distill_steps"] == ["2", "2", ABSENT]
    assert shown["models.start.alike"] == ["no", "no", "yes"]
    assert shown["send.rows"] == ["16", "32", "all"]
    # 16 rows of 10 single-precision numbers and their ids; 64 * 8 + 8 + 8 * 10 + 10 parameters.
    assert shown[BYTES] == ["704", "1,408", "2,440"]
    assert shown["learn.objective"] == ["response", "response", "merge"]
    assert found.same == {"learn.optimizer": "sgd", "learn.lr": "0.005", "models.start": "fresh"}
    assert found.own["more labels"]["learn.weight"] == "0.4"
    assert found.own["d-psgd [one start]"]["learn.mixing"] == "metropolis"
    assert "topology" not in found.columns  # an axis of its own


def test_no_key_is_left_out(found):
    """What two rows differ in is in a column, or in the text of one of them."""
    labels, _, other = found.rows
    keys = {*found.rows[labels], *found.rows[other]}
    differ = {k for k in keys if found.rows[labels].get(k) != found.rows[other].get(k)}
    told = {*found.columns, *found.own[labels], *found.own[other]}
    assert differ - {k for k in differ if k == ABSENT} <= told | found.usual.keys()


def test_where_there_are_many_rows_the_usual_goes_without_saying(study_file):
    variants = "\n".join(f"  v{i}: {{agents: {4 if i else 5}, seed: {i}}}" for i in range(9))
    text = f"name: s\nbase: tiny.yaml\nvariants:\n{variants}\n"
    found = differences(load_study(study_file(text)).points, weigh=False)
    assert (found.columns, found.usual) == ((), {"agents": "4"})
    assert {label: own for label, own in found.own.items() if own} == {"v0": {"agents": "5"}}


def test_settings_take_the_place_of_variants(study_file):
    text = "name: s\nbase: tiny.yaml\nmatrix: {topology: [ring, star]}\nseeds: 0..1\n"
    found = differences(load_study(study_file(text)).points, weigh=False)
    assert list(found.rows) == ["topology=ring", "topology=star"]
    assert found.columns == ("topology",)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_tables_fit_the_terminal(found, width, capsys):
    print_differences(found, Console(width=width, highlight=False, markup=False))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "d-psgd [one start]" in out
    assert out.count("more labels") > 1  # several tables


def test_a_dry_run_prints_them(study_file, tmp_path):
    out = (
        CliRunner()
        .invoke(
            app, ["sweep", str(study_file(STUDY)), "--dry-run", "--out", str(tmp_path / "runs")]
        )
        .stdout
    )
    assert "What differs" in out
    assert "Same for all: learn.optimizer sgd, learn.lr 0.005, models.start fresh" in out
    assert not (tmp_path / "runs").exists()
    one = "name: s\nbase: tiny.yaml\nseeds: 0..1\n"
    out = CliRunner().invoke(app, ["sweep", str(study_file(one)), "--dry-run"]).stdout
    assert "What differs" not in out


def test_sizes_that_depend_on_learning_are_said_to_vary(study_file):
    text = "name: s\nbase: tiny.yaml\nvariants: {a: {}, b: {method.preset: cfd, topology: star}}\n"
    found = differences(load_study(study_file(text)).points)
    assert [row[BYTES] for row in found.rows.values()] == ["704", "varies"]


def test_unequal_work_is_told_in_plan_sweep_and_report(study_file, tmp_path):
    brief = STUDY.replace("[ring, star]", "[ring]").replace("0..1", "0")
    path, out = study_file(brief), ["--out", str(tmp_path / "runs")]
    wanted = "batch and local_steps differ between settings, and nothing is tuned here"
    for more in (["--dry-run"], ["--jobs", "1"]):
        told = CliRunner().invoke(app, ["sweep", str(path), *out, *more])
        assert told.exit_code == 0, told.output
        assert f"WARNING: {wanted}" in told.stderr
    assert wanted in study_html(tmp_path / "runs")


def test_equal_work_a_swept_key_and_a_tuned_study_draw_no_warning(study_file, tmp_path):
    for text in (
        "variants: {a: {agents: 4}, b: {method.send.rows: 8}}",
        "matrix: {method.learn.local_steps: [1, 2], method.learn.lr: [0.1, 1]}",
        "variants: {a: {agents: 4}, b: {method.preset: d-psgd}}\n"
        "tune: {space: {method.learn.lr: [0.1, 1]}, seeds: [100]}",
    ):
        study = load_study(study_file(f"name: s\nbase: tiny.yaml\n{text}\n"))
        assert unequal_work(study.points) is None
