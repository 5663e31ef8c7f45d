"""A receiver without a network: segments are put into it."""

from __future__ import annotations

from types import SimpleNamespace

from p2pkd.engine.transport.packets.packet import MSS_BYTES, Ack, Segment
from p2pkd.engine.transport.packets.receiver import Receiver


class Feed:
    """A receiver, what is put into it, and what it says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.acks: list[Ack] = []
        net = SimpleNamespace(now=lambda: self.now, wake=lambda *_: None, on_late=())
        self.receiver = Receiver(
            SimpleNamespace(
                net=net, whole=lambda _: [], send_back=self.acks.append, closed=False, once=False
            )
        )

    def put(self, *numbers: int, pushed: bool = False, echo_s: float = 0.0) -> None:
        """Let segments of *numbers* arrive now."""
        for number in numbers:
            segment = Segment(None, number, MSS_BYTES, None)
            segment.pushed, segment.sent_s, segment.echo_s = pushed, self.now, echo_s
            self.receiver.take(segment)


def test_a_pushed_segment_is_acknowledged_without_another():
    feed = Feed()
    feed.put(*range(22))
    said = len(feed.acks)
    feed.put(22)
    assert len(feed.acks) == said
    feed.put(23)
    assert len(feed.acks) == said + 1
    feed.put(24, pushed=True)
    assert feed.acks[-1].seq == 25


def test_the_room_is_what_segments_beyond_a_hole_leave():
    feed = Feed()
    feed.put(*range(30))
    edge = feed.acks[-1].edge
    assert edge == 30 + 55
    feed.put(*range(31, 61), *range(62, 71))
    assert feed.acks[-1].edge == edge
    # 31 unread and nine beyond the next hole leave room for less than what was offered before.
    feed.put(30)
    assert feed.acks[-1].seq == 61
    assert feed.acks[-1].edge == edge


def test_what_a_filled_hole_sets_free_counts_in_the_next_round():
    feed = Feed()
    receiver = feed.receiver
    feed.put(*range(10))
    receiver.rtt_s, receiver.measured_s, receiver.measured_next = 0.1, 0.0, 0
    feed.now = 0.05
    feed.put(*range(11, 61))
    feed.now = 0.2
    feed.put(10, echo_s=0.1)
    assert (receiver.space, receiver.measured_next) == (10, 11)
    feed.now = 0.4
    feed.put(61, echo_s=0.3)
    assert receiver.space == 62 - 11
    assert receiver.clamp >= 2 * 51 * MSS_BYTES


def test_what_is_echoed_is_when_the_first_unacknowledged_was_sent():
    feed = Feed()
    feed.put(*range(22))
    feed.now = 1.0
    feed.put(22)
    feed.now = 1.5
    feed.put(23)
    assert feed.acks[-1].echo_s == 1.0
    feed.now = 2.0
    feed.put(25)
    assert feed.acks[-1].echo_s == 1.0
    feed.now = 3.0
    feed.put(24)
    assert feed.acks[-1].echo_s == 3.0
