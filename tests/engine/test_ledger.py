"""Which message is the base of a difference, while messages are lost, late and forgotten."""

from types import SimpleNamespace

import numpy as np
import pytest
import simpy

from p2pkd.engine.ledger import Ledger
from p2pkd.engine.message import Contents, Message
from p2pkd.knowledge.codecs import Bits, Delta

LATENCY = 2.0
LABELS = np.random.default_rng(0).integers(0, 10, 300)


@pytest.fixture
def ledger():
    learner = SimpleNamespace(resolve=lambda labels: np.eye(10, dtype=np.float32)[labels])
    return Ledger(simpy.Environment(), Delta(of=Bits(b=1)), learner, 4, lambda a, b: LATENCY)


def told(ledger, number, labels, peer=1):
    """Return what agent 0 sends *peer*."""
    contents = ledger.addressed(Contents("soft_labels", labels), 0, peer)
    message = Message(0, peer, contents, asks=False, replies_to=-1)
    message.message = number
    return message


def bases(ledger):
    return {pair: number for pair, (number, _) in ledger.bases.items()}


def test_a_base_is_acknowledged_one_way_back_after_it_arrived(ledger):
    whole = told(ledger, 0, LABELS)
    ledger.delivered(whole)
    ledger.env.run(LATENCY - 0.1)
    assert told(ledger, 1, LABELS).payload_bytes == whole.payload_bytes
    ledger.env.run(LATENCY + 0.1)
    assert bases(ledger) == {(0, 1): 0}
    assert told(ledger, 2, LABELS).payload_bytes < whole.payload_bytes / 5


def test_a_lost_message_is_no_base(ledger):
    first = told(ledger, 0, LABELS)
    told(ledger, 1, LABELS)  # never delivered
    ledger.env.run(10)
    assert bases(ledger) == {}
    assert told(ledger, 2, LABELS).payload_bytes == first.payload_bytes


def test_each_peer_has_bases_of_its_own(ledger):
    ledger.delivered(told(ledger, 0, LABELS, peer=1))
    ledger.env.run(10)
    assert told(ledger, 1, LABELS, peer=1).payload_bytes < 20
    assert told(ledger, 1, LABELS, peer=2).payload_bytes > 100


def test_a_late_message_does_not_take_the_place_of_a_newer_one(ledger):
    old, new = told(ledger, 0, LABELS), told(ledger, 1, LABELS[::-1])
    ledger.delivered(new)
    ledger.delivered(old)
    ledger.env.run(10)
    assert bases(ledger) == {(0, 1): 1}


def test_who_forgets_gets_whole_messages_and_old_acknowledgements_are_void(ledger):
    ledger.delivered(told(ledger, 0, LABELS))
    ledger.env.run(10)
    ledger.delivered(told(ledger, 1, LABELS))
    ledger.forget(1)
    ledger.env.run(20)
    assert bases(ledger) == {}
