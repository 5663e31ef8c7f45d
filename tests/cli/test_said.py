"""What `validate` says of scenarios that can be run, and may not be what was meant."""

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app

GRAPH = "source,target,latency\na,b,{}\nb,c,{}\n"
TEXT = "duration: 1 min\nagents: 3\ntopology: {kind: file, path: g.csv}\n"


@pytest.fixture
def validate(tmp_path):
    def invoke(graph, text, *words):
        (tmp_path / "g.csv").write_text(graph)
        path = tmp_path / "x.yaml"
        path.write_text(text)
        return CliRunner().invoke(app, ["validate", str(path), *words])

    return invoke


def test_a_bare_one_of_a_share_and_a_loss_of_all_are_said(validate):
    found = validate("", "duration: 1 min\nagents: 6\nlinks: {loss: 1}\n")
    assert "links.loss: 1 is 100 %; one in a hundred is '1 %'" in found.stdout
    assert "4:" not in found.stdout
    assert "x.yaml:3:15  links.loss: 100 %, so that no message ever arrives" in found.stderr
    meant = validate("", "duration: 1 min\nagents: 6\nlinks: {loss: 1 %}\n")
    assert "100 %" not in meant.output


def test_a_study_is_said_to_be_one(validate):
    found = validate("", "name: s\nbase: tiny.yaml\nseeds: 0..4\n")
    assert found.exit_code == 2
    (line,) = found.stderr.splitlines()
    assert "is a study, no scenario; 'p2pkd sweep" in line


def test_the_way_out_of_bare_numbers_is_whole_and_its_short_form_works(validate):
    found = validate(GRAPH.format(12, 20), TEXT, "--deep")
    assert "or set topology.latency: {attribute: latency, unit: 1 ms}" in found.stderr
    short = TEXT.replace("g.csv", "g.csv, latency: {unit: 1 ms}")
    found = validate(GRAPH.format(12, 20), short, "--deep")
    assert found.exit_code == 0, found.stderr


def test_delays_of_the_graph_that_replace_those_given_are_said(validate):
    given = TEXT + "links: {latency: {kind: constant, value: 60 ms}}\n"
    said = "links.latency: not used between neighbours on all edges of the graph"
    graph = GRAPH.format("12 ms", "20 ms")
    assert said in validate(graph, given, "--deep").stdout
    assert said not in validate(graph, TEXT, "--deep").stdout
