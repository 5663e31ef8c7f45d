"""What is two things is shown as two: groups of devices, dry runs, characters of LaTeX."""

import re
import shutil
import string
import subprocess

import pandas as pd
import pytest
from typer.testing import CliRunner

import p2pkd
from p2pkd.analysis.io.latex import tex_text, to_latex
from p2pkd.analysis.measures.communication import by_device
from p2pkd.analysis.results import Results
from p2pkd.cli.app import app
from p2pkd.cli.doctor import findings

TINY = {
    "name": "tiny",
    "duration": "20 s",
    "agents": 6,
    "topology": "ring",
    "data": {"reference": {"rows": 16}},
    "method": {"gossip": {"every": "10 s"}, "learn": {"objective": "response"}},
    "evaluate": {"every": "20 s"},
}
SPECIAL = '\\&%$#_{}~^<>|"'


def test_two_groups_of_one_profile_are_two_groups(tmp_path):
    groups = [
        {"profile": "laptop", "share": "50 %", "model": {"kind": "mlp", "hidden": [8]}},
        {"profile": "laptop", "share": "50 %", "model": {"kind": "mlp", "hidden": [128]}},
    ]
    result = p2pkd.simulate(TINY | {"devices": groups}, out=tmp_path / "run", dry_run=True)
    table = by_device(result)
    assert sorted(table.index) == ["laptop 1", "laptop 2"]
    assert table["agents"].tolist() == [3, 3]


def test_dry_runs_spoil_no_export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dry, real = (p2pkd.simulate(TINY, dry_run=dry) for dry in (True, False))
    assert (dry.path.parent.name, real.path.parent.name) == ("tiny-dry", "tiny")
    assert len(Results.from_dir("runs")) == 1


def plain(latex: str) -> str:
    """Return the text that *latex* shows, strictly: what it does not know is an error."""
    named = {
        r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^",
        r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", r"\textquotedbl{}": '"',
    }  # fmt: skip
    tokens = [*map(re.escape, named), r"\\[&%$#_{}]", r"[^\\&%$#_{}~^]"]
    shown = ""
    while latex:
        match = re.match("|".join(tokens), latex)
        assert match, f"not LaTeX: {latex}"
        shown += named.get(match[0], match[0][-1])
        latex = latex[match.end() :]
    return shown


@pytest.mark.parametrize("text", [SPECIAL, "$5 \\alpha$", r"\{}", "a\\", string.printable[:-5]])
def test_special_characters_are_escaped_once(text):
    assert plain(tex_text(text)) == text


def test_a_table_of_all_special_characters_is_latex(tmp_path):
    table = pd.DataFrame(
        {"mean": [0.5], "std": [0.1], "n": [3], "low": [0.4], "high": [0.6]},
        index=pd.Index([f"${SPECIAL}"], name=f"{SPECIAL}$"),
    )
    text = to_latex(table)
    head, row = (line.removesuffix(r" \\") for line in text.splitlines() if line.endswith(r" \\"))
    assert plain(head.split(" & ")[0]) == f"{SPECIAL}$"
    assert plain(row.split(" & ")[0]) == f"${SPECIAL}"
    assert r"$0.5 \pm 0.1$" in row
    if shutil.which("pdflatex"):
        packages = r"\usepackage{booktabs}\usepackage[T1]{fontenc}"
        head = rf"\documentclass{{article}}{packages}\begin{{document}}"
        body = rf"{head}{text}\end{{document}}"
        (tmp_path / "a.tex").write_text(body)
        subprocess.run(["pdflatex", "-halt-on-error", "a.tex"], cwd=tmp_path, check=True)


def test_doctor_names_extras_that_exist():
    wanted = {"optuna": "search", "dp-accounting": "privacy", "ray": "ray", "topohub": "topohub"}
    for name, finding, _ in findings():
        if name in wanted and finding.startswith("optional"):
            assert f"p2pkd[{wanted[name]}]" in finding


def test_cost_of_all_that_lies_in_a_studys_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, two = (p2pkd.simulate(TINY, seed=seed) for seed in (1, 2))
    (one.path.parent / "table.parquet").write_bytes(b"")
    (one.path.parent / "tuning").mkdir()
    paths = sorted(map(str, one.path.parent.iterdir()))
    outcome = CliRunner().invoke(app, ["cost", *paths])
    assert outcome.exit_code == 0, outcome.output
    assert "left out, as no runs: table.parquet, tuning" in outcome.output
    assert outcome.output.count("agents  ") == len({one.path, two.path})
