"""Small files that stand for huge things: refused at once, with their place, and nothing else."""

import re
import time

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import load_mapping, load_scenario
from p2pkd.scenario.overrides import override_changes
from p2pkd.scenario.yaml import MAX_DEPTH, parse

BASE = """\
name: t
duration: 1 min
agents: 4
topology: {kind: ring}
data: {dataset: digits, reference: {rows: 32}}
evaluate: {every: 30 s}
"""
DIGITS = "9" * 5000


@pytest.fixture(autouse=True)
def _at_once():
    started = time.process_time()
    yield
    assert time.process_time() - started < 10


def refusal(tmp_path, text):
    file = tmp_path / "s.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ScenarioError) as error:
        load_scenario(file)
    return str(error.value).replace(str(file), "s.yaml")


def aliases(levels, width=9):
    lines = [f"a0: &a0 [{','.join('x' * width)}]"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("levels", [8, 9, 50])
def test_nine_levels_of_nine_aliases(tmp_path, levels):
    told = refusal(tmp_path, aliases(levels) + BASE)
    assert re.match(r"s\.yaml:\d+:\d+  its aliases stand for [\d,]+ values; a file may", told)


def test_an_alias_is_no_copy():
    text = "a: &a {x: [1, 2]}\nb: *a\nc: {<<: *a, y: 3}\n"
    entries = parse(text, "x", []).value
    assert entries["b"].value is entries["a"].value
    assert entries["c"].plain() == {"x": [1, 2], "y": 3}


def test_merge_keys_do_not_multiply(tmp_path):
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    told = refusal(tmp_path, "\n".join(lines) + "\n" + BASE)
    assert "its aliases stand for" in told or "a0: unknown key" in told


def test_a_diamond_of_extends_reads_each_file_once(tmp_path):
    for n in range(25):
        (tmp_path / f"d{n}.yaml").write_text(f"extends: [d{n + 1}.yaml, ./d{n + 1}.yaml]\n")
    (tmp_path / "d25.yaml").write_text(BASE)
    assert load_scenario(tmp_path / "d0.yaml").scenario.agents == 4


def test_a_long_chain_of_extends(tmp_path):
    for n in range(2000):
        (tmp_path / f"d{n}.yaml").write_text(f"extends: d{n + 1}.yaml\n")
    (tmp_path / "d2000.yaml").write_text(BASE)
    with pytest.raises(ScenarioError, match=r"d50.yaml:1:10  extends: a chain of more than 50"):
        load_scenario(tmp_path / "d0.yaml")


@pytest.mark.parametrize("nested", ["[" * 2000 + "]" * 2000, "{a: " * 2000 + "}" * 2000])
def test_deep_yaml(tmp_path, nested):
    told = refusal(tmp_path, f"{BASE}links: {nested}\n")
    assert re.fullmatch(r"s\.yaml:7:\d+  nested more than 64 levels deep; .*", told)


def test_deep_blocks(tmp_path):
    deep = "links:\n" + "".join("  " * n + " -\n" for n in range(500))
    assert "nested more than 64 levels" in refusal(tmp_path, BASE + deep)


def test_deep_changes_and_deep_mappings():
    with pytest.raises(ScenarioError, match="must look like"):
        override_changes([".".join("a" * 2000) + "=1"])
    value = 1
    for _ in range(MAX_DEPTH + 5):
        value = [value]
    with pytest.raises(ScenarioError, match="nested more than 64"):
        load_mapping({"name": "x", "links": value})


@pytest.mark.parametrize(
    "line",
    [
        f"agents: {DIGITS}",
        f"seed: {DIGITS}",
        f"agents: 0x{'f' * 5000}",
        f"seed: -{DIGITS}",
        f"links: {{loss: {DIGITS}}}",
    ],
)
def test_integers_of_5000_digits(tmp_path, line):
    key = re.split(r"[:{]", line)[0]
    base = BASE.replace("agents: 4\n", "") if key == "agents" else BASE
    told = refusal(tmp_path, base + line + "\n").splitlines()
    assert len(told) == 1
    assert re.match(rf"s\.yaml:\d+:\d+  {key}(\.loss)?: a number of .* no key takes that", told[0])


def test_huge_numbers_in_other_places(tmp_path):
    with pytest.raises(ScenarioError, match="no key takes that"):
        load_mapping({"name": "x", "seed": 10**5000})
    file = tmp_path / "s.yaml"
    file.write_text(BASE)
    with pytest.raises(ScenarioError, match=r"--set seed=9+.*no key takes that"):
        load_scenario(file, [f"seed={DIGITS}"])
    with pytest.raises(ScenarioError, match="devices"):
        load_scenario(file, [f"devices.{DIGITS}.share=1"])


@pytest.mark.parametrize("path", ["a" * 5000, '"a\\0b"', "~nobody/x.yaml", '"\\ud800"', "'\\n'"])
def test_paths_that_no_file_has(tmp_path, path):
    assert re.match(r"s\.yaml:1:\d+  ", refusal(tmp_path, f"extends: {path}\n{BASE}"))


@pytest.mark.parametrize("path", ["a" * 5000, '"a\\0b"', "~nobody/x.graphml", '"\\ud800"'])
@pytest.mark.parametrize("kind", ["topology: {kind: file, path: PATH}"])
def test_paths_of_traces(tmp_path, path, kind):
    from p2pkd.core.errors import InputError, TraceError
    from p2pkd.world.paths import locate

    file = tmp_path / "s.yaml"
    file.write_text(BASE.replace("topology: {kind: ring}", kind.replace("PATH", path)))

    def read():
        loaded = load_scenario(file)
        locate(loaded.scenario.topology.path, tmp_path, TraceError, "topology.file.path")

    with pytest.raises(InputError):
        read()


@pytest.mark.parametrize("odd", ["\\e[31m", "\\0", "\\ud800", "\\u202e"])
def test_characters_that_no_text_has(tmp_path, odd):
    told = refusal(tmp_path, BASE.replace("name: t", f'name: "t{odd}"'))
    assert re.fullmatch(r"s\.yaml:1:7  name: U\+[0-9A-F]{4} is no character of a text; .*", told)
    told = refusal(tmp_path, BASE + f'"k{odd}": 1\n')
    assert "is no character" in told
    assert told.isprintable() or all(line.isprintable() for line in told.splitlines())


def test_texts_and_files_of_any_length(tmp_path):
    long = refusal(tmp_path, BASE + f"description: {'x' * 20_000}\n")
    assert long == "s.yaml:7:14  description: a text of 20,000 characters; give at most 10,000"
    told = refusal(tmp_path, BASE + f"evaluate: {{every: {'x' * 9000}}}\n")
    assert len(told) < 5000
    assert "has more than 1,000,000 bytes" in refusal(tmp_path, "# " + "x" * 2_000_000)
    assert "not UTF-8" in refusal(tmp_path, b"\xff\xfe")


def test_a_device_without_end():
    with pytest.raises(ScenarioError, match="more than 1,000,000 bytes"):
        load_scenario("/dev/zero")
