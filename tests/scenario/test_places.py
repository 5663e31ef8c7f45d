"""YAML with the place of every key and value."""

import io

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from p2pkd.scenario.yaml import parse

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("abc: -#'"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner),
    max_leaves=8,
)


@given(plain)
def test_what_was_written_is_read(value):
    writer, out = YAML(typ="safe", pure=True), io.StringIO()
    # In flow style ruamel.yaml writes ":a" without quotes and cannot read it back.
    writer.default_flow_style = False
    writer.dump(value, out)
    assert parse(out.getvalue(), "x", []).plain() == value


def test_places():
    tree = parse("a: 1\nb:\n  - c: x\n    d: {e: 2}\n", "x", [])
    item = tree.value["b"].value[0]
    assert tree.value["b"].key_place == ("x", 2, 1)
    assert item.place == ("x", 3, 5)
    assert item.value["d"].value["e"].key_place == ("x", 4, 9)
    assert item.value["d"].value["e"].place == ("x", 4, 12)


def test_yaml_1_2_words():
    text = "{a: yes, b: on, c: 0o17, d: 2020-01-02, e: 12:30, f: 1e3, g: ~}"
    assert parse(text, "x", []).plain() == {
        "a": "yes",
        "b": "on",
        "c": 15,
        "d": "2020-01-02",
        "e": "12:30",
        "f": 1000.0,
        "g": None,
    }


def test_anchors_and_merge_keys():
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [{x: 9}, *a]}\n"
    values = parse(text, "x", []).plain()
    assert (values["b"], values["c"]) == ({"x": 1, "y": 3}, {"x": 9, "y": 2})
