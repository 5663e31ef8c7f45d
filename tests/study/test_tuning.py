"""`tune:`: every setting has the same budget, on seeds that are not reported."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from p2pkd.analysis.measures.tuning import tuning_notes
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results
from p2pkd.cli import app
from p2pkd.core.errors import ScenarioError
from p2pkd.report.study_page import study_html
from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.plan import plan_of
from p2pkd.study.start import sweep_of

STUDY = """
name: s
base: tiny.yaml
variants:
  labels: {method.send.rows: 16}
  d-psgd: {method.preset: d-psgd, tune: {space: {method.learn.lr: [0.1, 0.3, 1]}}}
tune:
  space: {method.learn.lr: [0.001, 0.05, 0.1]}
  seeds: [100, 101]
seeds: 0..1
"""


def sweep(study_file, folder, text=STUDY):
    return sweep_of(load_study(study_file(text)), folder)


def test_the_best_of_each_setting_by_its_mean_is_run_on_the_reported_seeds(swept):
    folder, table = swept
    assert list(table.columns[:4]) == ["variant", "tuned:method.learn.lr", "seed", "run"]
    assert list(table["seed"]) == [0, 1, 0, 1]
    assert set(table["status"]) == {"done"}
    tried = pd.read_parquet(folder / "tuning" / "table.parquet")
    assert list(tried.columns[:4]) == ["variant", "trial", "method.learn.lr", "seed"]
    assert len(tried) == 2 * 3 * 2
    assert set(tried["seed"]) == {100, 101}
    for variant, own in tried.groupby("variant"):
        means = own.groupby("method.learn.lr")["final_accuracy_mean"].mean()
        chosen = table.loc[table["variant"] == variant, "tuned:method.learn.lr"]
        assert set(chosen) == {means.idxmax()}
    for run, lr in zip(table["run"], table["tuned:method.learn.lr"], strict=True):
        assert f"lr: {lr:g}" in Result.from_dir(folder / run).resolved_text.replace(".0,", ",")


def test_each_variant_has_its_share_in_the_price(swept, study_file, tmp_path):
    folder, table = swept
    tried = pd.read_parquet(folder / "tuning" / "table.parquet")
    plan = plan_of(sweep(study_file, tmp_path / "runs"), samples=4)
    total = plan.estimate.wire_bytes * plan.left
    assert total == pytest.approx(table["wire_bytes"].sum() + tried["wire_bytes"].sum(), rel=0.1)
    # Half of the runs are done: what is left is what is told.
    for run in tried["run"]:
        shutil.copytree(folder / "tuning" / run, tmp_path / "half" / "tuning" / run)
    plan = plan_of(sweep(study_file, tmp_path / "half"), samples=4)
    assert plan.left == 4
    assert plan.estimate.wire_bytes * 4 == pytest.approx(table["wire_bytes"].sum(), rel=0.1)


def test_what_was_tuned_on_is_in_no_table(swept):
    folder, table = swept
    for pattern in (folder, f"{folder.parent}/**"):
        runs = Results.from_dir(pattern)
        assert sorted(run.path.name for run in runs) == sorted(table["run"])
    assert len(Results.from_dir(folder / "tuning")) == 12


def test_budget_choice_and_edge_are_told(swept, study_file):
    folder, table = swept
    notes = tuning_notes(folder)
    assert notes[0] == (
        "Tuned: each of 2 settings had 3 trials on 2 seeds (100, 101), none of them reported."
    )
    for variant, tried in (("labels", [0.001, 0.1]), ("d-psgd", [0.1, 1])):
        lr = table.loc[table["variant"] == variant, "tuned:method.learn.lr"].iloc[0]
        assert f"Chosen for variant={variant}: method.learn.lr {lr}." in notes
        edge = [note for note in notes if note.startswith(f"WARNING: variant={variant}")]
        assert bool(edge) == (lr in tried)
    html = study_html(folder)
    assert "3 trials on 2 seeds (100, 101)" in html
    assert "Chosen for variant=d-psgd" in html


def test_a_tuned_sweep_goes_on_where_it_was_stopped(swept, study_file, tmp_path):
    folder, table = swept
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    tried = pd.read_parquet(folder / "tuning" / "table.parquet")
    lost = [again / "tuning" / tried["run"].iloc[3], again / table["run"].iloc[2]]
    for path in lost:
        shutil.rmtree(path)
    it = sweep(study_file, again)
    assert plan_of(it).left == 4  # a setting that is not tuned has no runs yet
    heard = []
    resumed = it.run(InProcess(), resume=True, told=heard.append)
    assert sorted(outcome.key for outcome in heard) == sorted(path.name for path in lost)
    drop = "git_commit"
    pd.testing.assert_frame_equal(resumed.drop(columns=drop), table.drop(columns=drop))


def test_plan_status_and_notes_on_the_command_line(study_file, tmp_path, swept):
    folder, _ = swept
    path = study_file(STUDY)
    plan = CliRunner().invoke(app, ["sweep", str(path), "--dry-run", "--out", str(tmp_path / "r")])
    assert "16 runs (2 settings, 2 seeds)" in plan.stdout
    assert "each setting 3 trials on 2 seeds (learn.lr), then 2 with the best" in plan.stdout
    assert "learn.lr tuned" in plan.stdout
    status = CliRunner().invoke(app, ["sweep", str(path), "--status", "--out", str(folder)])
    assert "Done       16 of 16" in status.stdout
    assert "Chosen for variant=labels" in status.stdout


def test_what_never_comes_to_an_objective_is_a_failed_row(study_file, tmp_path):
    text = STUDY.replace(
        "seeds: [100, 101]", "seeds: 100\n  objective: {kind: bytes_to, accuracy: 99 %}"
    )
    it = sweep(study_file, tmp_path / "runs", text)
    table = it.run(InProcess())
    assert list(table["status"]) == ["failed"] * 4
    assert set(table["error"]) == {"tuning: no trial has an objective"}


def test_chance_and_ranges_have_the_same_budget_too(study_file, tmp_path):
    text = """
        name: s
        base: tiny.yaml
        tune:
          kind: random
          trials: 3
          space:
            method.learn.lr: {from: 0.01, to: 1, scale: log}
            method.send.codec: [float16, float32]
          seeds: 100
        """
    it = sweep(study_file, tmp_path / "runs", text)
    assert it.size == (4, 1, 1)
    table = it.run(InProcess())
    assert list(table.columns[:3]) == ["tuned:method.learn.lr", "tuned:method.send.codec", "seed"]
    assert tuning_notes(tmp_path / "runs")[1].startswith("Chosen for the base: method.learn.lr ")


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ("seeds: [100, 101]", "seeds: [1, 100]", "tune.seeds", "1 would be tuned on and reported"),
        ("[0.1, 0.3, 1]", "[0.1, 0.3]", "variants.d-psgd.tune.space", "2 trials, where the others"),
        ("tune: {space: {method", "tune: {trials: 2, space: {method", "variants.d-psgd.tune", "sp"),
        (
            "{method.learn.lr: [0.001, 0.05, 0.1]}",
            "{method.learn.weight: [0.1, 0.2, 0.3]}",
            None,
            None,
        ),
        (
            ", tune: {space: {method.learn.lr: [0.1, 0.3, 1]}}}\n",
            "}\nmatrix: {method.learn.lr: [1]}\n",
            "matrix.method.learn.lr",
            "in tune.space too",
        ),
        ("seeds: 0..1\n", "seeds: 0..1\nremove: [0]\n", "remove", "goes not with tune"),
        ("  seeds: [100", "  trials: 4\n  seeds: [100", "tune.trials", "a grid has all"),
        ("  seeds: [100", "  kind: random\n  seeds: [100", "tune.trials", "say how many"),
    ],
)
def test_an_unequal_or_dishonest_budget_is_refused(study_file, old, new, key, what):
    path = study_file(STUDY.replace(old, new))
    if key is None:
        assert load_study(path).tuning.trials == 3  # a space of its own saves the variant
        return
    with pytest.raises(ScenarioError) as caught:
        load_study(path)
    assert any(p.key == key and what in p.message for p in caught.value.problems)


def test_a_variant_without_the_tuned_key_is_refused_by_name(study_file):
    text = STUDY.replace("[0.001, 0.05, 0.1]", "[1, 2, 3]").replace(
        "lr: [1, 2", "weight: [0.1, 0.2"
    )
    text = text.replace(", tune: {space: {method.learn.lr: [0.1, 0.3, 1]}}", "")
    text = text.replace("0.2, 3]", "0.2, 0.3]")
    with pytest.raises(ScenarioError) as caught:
        load_study(study_file(text))
    (problem,) = caught.value.problems
    assert (problem.key, problem.line) == ("method.learn.weight", 7)
    assert "unknown key" in problem.message
    assert "in tuning variant=d-psgd; a variant may have a tune.space of its own" in problem.message


def test_the_example_is_tuned():
    study = load_study(Path("scenarios/studies/tuned.yaml"))
    assert (study.tuning.trials, study.tuning.repetitions, len(study.tuning.seeds)) == (3, 2, 3)


def test_a_variant_with_a_base_of_its_own_is_tuned_on_it(study_file, tmp_path, tiny):
    """The study's own base has no method, so that only the variant's has a rate to tune."""
    (tmp_path / "other.yaml").write_text(tiny.replace("name: tiny", "name: other"))
    (tmp_path / "bare.yaml").write_text(tiny.partition("method:")[0])
    text = STUDY.replace("base: tiny.yaml", "base: bare.yaml").replace(
        "labels: {method.send.rows: 16}", "labels: {base: other.yaml}"
    )
    first = load_study(study_file(text)).tuning.samples()[0]
    assert first.loaded.scenario.name == "other"
    assert first.loaded.scenario.method.learn.lr == 0.001


def test_settings_with_other_chosen_values_are_compared_seed_by_seed(swept):
    folder, table = swept
    assert table["tuned:method.learn.lr"].nunique() == 2
    rows = Results.from_dir(folder).at("final", against="labels").set_index("variant")
    assert rows.loc["d-psgd", "pairs"] == 2
    assert rows.loc["d-psgd", "difference"] == pytest.approx(
        rows.loc["d-psgd", "mean"] - rows.loc["labels", "mean"]
    )


def test_a_server_on_a_graph_without_one_is_refused_by_variant(study_file):
    text = STUDY.replace("{method.preset: d-psgd,", "{method.preset: fedavg,")
    with pytest.raises(ScenarioError, match=r"aggregators.*star.*variant=d-psgd"):
        load_study(study_file(text))
