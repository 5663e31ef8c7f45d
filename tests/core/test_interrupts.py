"""Ctrl-C in a finaliser comes a moment later."""

from __future__ import annotations

import time

import pytest

from p2pkd.learning.backends.remote import Handle


def struck(_: int) -> None:
    raise KeyboardInterrupt


def drop() -> None:
    Handle(3, struck)
    time.sleep(5)


def test_an_interruption_in_a_finaliser_is_not_lost() -> None:
    with pytest.raises(KeyboardInterrupt):
        drop()
