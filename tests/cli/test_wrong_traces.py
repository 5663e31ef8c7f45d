"""Wrong files of measurements: the file, the line and the reason on stderr, exit code 2."""

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app

SCENARIO = "duration: 2 min\nagents: 4\ntopology: {kind: ring}\n"
MATRIX = "links: {latency: {kind: matrix, path: trace}}\n"
SESSIONS = "churn: {sessions: {kind: trace, path: trace}}\n"
SWITCHES = "churn: {sessions: {kind: trace, path: trace, numbers: times}}\n"
EDGES = "dynamics: {kind: edge_list, path: trace}\n"
RATES = "links: {variation: {kind: trace, path: trace}}\n"
CONNECTIONS = "links: {table: {path: trace}}\n"
DEVICES = "devices: [{profile: laptop, table: {path: trace}}]\n"
RATE_HEAD = "time,id,uplink,downlink\n"
CONNECTION_HEAD = "up_u,up_sigma,down_u,down_sigma\n1,.1,1,.1\n"

WRONG = {
    "ragged matrix": (
        MATRIX,
        "0 10 20\n10 0\n20 15 0\n",
        "trace:2: 2 numbers, but the matrix has 3 lines; it must be square",
    ),
    "negative latency": (
        MATRIX,
        "0 10 20\n10 0 -15\n20 15 0\n",
        "trace:2: column 3: -15 is not a round-trip time",
    ),
    "no number": (MATRIX, "0 10\nten 0\n", "trace:2: column 1: 'ten' is not a number"),
    "not measured": (MATRIX, "0 nan\n10 0\n", "trace:1: column 2: nan is not a round-trip time"),
    "one host": (MATRIX, "0\n", "trace: 1 lines; a matrix of two hosts or more is needed"),
    "negative session": (SESSIONS, "0, 0, 60\n1, 0, 60, -5\n", "trace:2: number 3: -5 s"),
    "overlapping sessions": (
        SESSIONS,
        "0, 0, 100, 20, 50, 10\n0, 50, 30, 10\n",
        "trace:2: sessions overlap",
    ),
    "overlapping switches": (
        SWITCHES,
        "0, 0, 100, 90\n",
        "trace:1: sessions overlap: 90 s after 100 s; times must ascend",
    ),
    "unknown id in sessions": (
        SESSIONS,
        "# id, start, on, off\n0, 0, 60\n9, 0, 60\n",
        "trace:3: there is no agent '9'",
    ),
    "no sessions": (SESSIONS, "# nothing\n", "trace: no sessions; a line is like"),
    "unknown id in edges": (
        EDGES,
        "5, 0, 1, down\n6, 0, 7, down\n",
        "trace:2: there is no agent '7'",
    ),
    "edges back in time": (EDGES, "5, 0, 1, down\n4, 0, 1, up\n", "trace:2: 4 is before the line"),
    "unknown id in rates": (
        RATES,
        RATE_HEAD + "0,0,100,100\n10,9,100,100\n",
        "trace:3:4: there is no agent '9'",
    ),
    "negative rate": (RATES, RATE_HEAD + "0,0,-5,100\n", "trace:2:5: uplink: -5 must be 0 or more"),
    "rates back in time": (
        RATES,
        RATE_HEAD + "10,0,9,9\n5,0,9,9\n",
        "trace:3:1: time 5 s after 10 s; times must ascend",
    ),
    "ragged table": (
        CONNECTIONS,
        CONNECTION_HEAD + "1,.1,1\n",
        "trace:3: 3 values, but the header has 4 columns",
    ),
    "negative connection": (
        CONNECTIONS,
        CONNECTION_HEAD + "-1,.1,1,.1\n",
        "trace:3:1: up_u: -1 must be more than 0",
    ),
    "no score": (
        DEVICES,
        "CPU_F_AI_Score,RAM\nabc,8GB\n",
        "trace:2:1: CPU_F_AI_Score: 'abc' is not",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_file_line_and_reason(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scenario, trace, reason = WRONG[name]
    (tmp_path / "trace").write_text(trace)
    (tmp_path / "x.yaml").write_text(SCENARIO + scenario)
    result = CliRunner().invoke(app, ["run", "x.yaml"])
    assert reason in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert (result.exit_code, result.stdout) == (2, "")
    assert not list(tmp_path.glob("runs/*/*")), "nothing may look like a run"


@pytest.mark.parametrize("lines", [MATRIX, SESSIONS, EDGES, RATES, CONNECTIONS, DEVICES])
def test_a_file_that_is_not_there_is_told_at_its_key(lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.yaml").write_text(SCENARIO + lines)
    result = CliRunner().invoke(app, ["run", "x.yaml"])
    assert result.stderr.startswith("x.yaml:4:")
    assert "'trace' does not exist" in result.stderr
    assert result.exit_code == 2
