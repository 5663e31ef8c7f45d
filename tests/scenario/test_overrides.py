"""Changes given on the command line."""

import itertools

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import load_scenario

TEXT = """
duration: 10 min
agents: 4
topology: ring
devices:
  - {profile: laptop, share: 60 %}
  - {profile: jetson-nano, share: 40 %}
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "x.yaml").write_text(TEXT)
    return tmp_path / "x.yaml"


def load(path, *overrides, seed=None):
    return load_scenario(path, overrides, seed).scenario


def test_values_are_yaml(path):
    scenario = load(path, "agents=8", "duration=2 h", "topology={kind: ring, k: 4}")
    assert (scenario.agents, scenario.duration, scenario.topology.k) == (8, 7200.0, 4)


def test_seed(path):
    assert load(path, "seed=3").seed == 3
    assert load(path, "seed=3", seed=5).seed == 5


def test_items_of_lists_go_by_number(path):
    devices = load(path, "devices.0.share=70 %", "devices.1.share=30%").devices
    assert [(d.profile, d.share) for d in devices] == [("laptop", 0.7), ("jetson-nano", 0.3)]


def test_shorthand_gains_keys(path):
    assert load(path, "topology.k=4").topology.k == 4


def test_order_does_not_matter(path):
    changes = [
        "topology.kind=erdos_renyi",
        "topology.p=0.5",
        "method.preset=dml",
        "method.learn.lr=0.2",
    ]
    scenarios = [load(path, *order) for order in itertools.permutations(changes)]
    assert {repr(scenario) for scenario in scenarios} == {repr(scenarios[0])}
    assert scenarios[0].topology.p == 0.5
    assert scenarios[0].method.learn.lr == 0.2


def test_last_of_two_for_one_key_holds(path):
    assert load(path, "agents=5", "agents=6").agents == 6


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("agents", "  must look like 'method.learn.lr=0.1': dotted keys, '=', a value"),
        ("=3", "  must look like 'method.learn.lr=0.1': dotted keys, '=', a value"),
        ("a..b=3", "  must look like 'method.learn.lr=0.1': dotted keys, '=', a value"),
        ("devices.2.share=1", "  devices.2: no such item; there are 2, counted from 0"),
        ("agents=x", "  agents: must be an integer, given 'x'"),
        ("agents=", "  agents: must be an integer, given nothing"),
        ("agent=3", "  agent: unknown key; did you mean 'agents'?"),
        ("links={", "  links: not valid YAML: expected the node content, but found '<stream end>'"),
        ("devices.0.shar=1", "  devices.0.shar: unknown key; did you mean 'share'?"),
    ],
)
def test_mistakes_name_the_option(path, override, message):
    with pytest.raises(ScenarioError) as caught:
        load(path, override)
    assert str(caught.value) == f"--set {override}{message}"
