"""Kinds of other packages."""

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
