"""`p2pkd verify --real`: the table, and what is wrong with other measurements."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.verify.replay import cases

CASE = next(case for case in cases() if case["name"].startswith("a/"))


@pytest.fixture
def verify(tmp_path):
    def invoke(found, *words):
        (tmp_path / "c.json").write_text(found if isinstance(found, str) else json.dumps(found))
        return CliRunner().invoke(app, ["verify", "--cases", str(tmp_path / "c.json"), *words])

    return invoke


def test_own_measurements_are_held_like_ours(verify):
    got = verify({"cases": [CASE]})
    assert got.exit_code == 0, got.output
    assert "a               2" in got.stdout
    assert "3 of 3 limits are kept" in got.stdout
    slow = {**CASE, "flows": [[*flow[:5], 2 * flow[5], flow[6]] for flow in CASE["flows"]]}
    got = verify({"cases": [slow]})
    assert got.exit_code == 1
    assert "FAIL real TCP, median error, %: a, 2 messages" in got.stdout
    assert len(json.loads(verify({"cases": [CASE]}, "--json").stdout)["rows"]) == 3


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("[1]", "must be a mapping with a list 'cases'"),
        ("{", "not valid JSON"),
        ({"cases": []}, "a list 'cases'"),
        ({"cases": [{"up": [1]}]}, "cases.0: 'down' is missing"),
        ({"cases": [CASE, {**CASE, "down": [1]}]}, "cases.1: down must have 2 numbers"),
        ({"cases": [{**CASE, "latency": [[0], [0]]}]}, "latency must be 2 rows of 2 numbers"),
        ({"cases": [{**CASE, "loss": [0.1, 0.1]}]}, "cases.0"),
        ({"cases": [{**CASE, "flows": [[0, 1, 5]]}]}, "flows.0: must have 7 entries, has 3"),
        ({"cases": [{**CASE, "flows": [[0, 2, 5, 0, "new", 1, [1]]]}]}, "there are hosts 0 to 1"),
        ({"cases": [{**CASE, "flows": [[0, 1, 5, 0, "new", 0, [1]]]}]}, "seconds"),
        ({"cases": [{**CASE, "flows": [[0, 1, 5, 0, "after:7:1", 1, [1]]]}]}, "after:FLOW"),
    ],
)
def test_what_is_wrong_is_named(verify, found, words):
    got = verify(found)
    assert got.exit_code == 2
    assert words in got.stderr
    assert "c.json" in got.stderr


def test_it_stands_alone():
    got = CliRunner().invoke(app, ["verify", "--real", "--fast", "--only", "tcp"])
    assert got.exit_code == 2
    assert "--fast, --only: about laws, and --real is a table" in got.stderr
