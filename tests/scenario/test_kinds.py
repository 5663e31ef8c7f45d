"""Kinds of other packages."""

import sys
from importlib.metadata import EntryPoint

import pytest

from p2pkd.core.errors import InputError
from p2pkd.scenario import kinds
from p2pkd.scenario.base import FAMILIES


@pytest.fixture
def entry(monkeypatch):
    def register(value):
        point = EntryPoint("mine", value, kinds.GROUP)
        monkeypatch.setattr(kinds, "entry_points", lambda group: (point,))

    kinds.load_kinds.cache_clear()
    yield register
    kinds.load_kinds.cache_clear()


def test_registered_modules_are_imported(entry):
    entry("p2pkd.gossip")
    kinds.load_kinds()
    assert {"push", "pull"} <= set(FAMILIES["protocols"].members)


def test_module_that_is_not_there_is_named(entry):
    entry("no_such_package.kinds")
    with pytest.raises(
        InputError, match=r"the kinds 'mine' \(no_such_package.kinds\) cannot be imp"
    ):
        kinds.load_kinds()


BAD = {
    "raises": ("raise RuntimeError('no')", r"RuntimeError: no"),
    "exits": ("import sys; sys.exit(3)", r"SystemExit: 3"),
    "is no Python": ("class", r"SyntaxError: "),
    "never ends": ("def f(): f()\nf()", r"RecursionError: "),
    "redefines": (
        "from typing import Literal\n"
        "from p2pkd.scenario.topology import TopologySpec\n"
        "class R(TopologySpec):\n    'x'\n    kind: Literal['ring'] = 'ring'\n",
        r"topologies: 'ring' is defined by p2pkd\.scenario\.topology\.\w+ and by bad_kinds\.R",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_module_that_fails_is_named(entry, tmp_path, monkeypatch, what):
    import p2pkd.scenario.scenario  # noqa: F401  # its families

    code, told = BAD[what]
    (tmp_path / "bad_kinds.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bad_kinds", raising=False)
    entry("bad_kinds")
    with pytest.raises(InputError, match=rf"the kinds 'mine' \(bad_kinds\) cannot be .*: {told}"):
        kinds.load_kinds()
    from typer.testing import CliRunner

    from p2pkd.cli import app

    for command in (["list"], ["schema"], ["validate", "scenarios/quickstart.yaml"]):
        monkeypatch.delitem(sys.modules, "bad_kinds", raising=False)
        done = CliRunner().invoke(app, command)
        assert (done.exit_code, "the kinds 'mine'" in done.output) == (2, True)


def test_what_a_module_raises_later_is_blamed_on_it(entry, tmp_path, monkeypatch):
    (tmp_path / "late_kinds.py").write_text("def check(): return 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    entry("late_kinds")
    import late_kinds

    with pytest.raises(ZeroDivisionError) as caught:
        late_kinds.check()
    told = "the kinds 'mine' (late_kinds) failed: ZeroDivisionError: division by zero"
    assert kinds.blamed(caught.value) == told
    assert kinds.blamed(ValueError("ours")) is None
