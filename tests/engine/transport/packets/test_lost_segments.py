"""Losses: what a window does meanwhile, and what is measured."""

from math import inf

import pytest
from scripted import Path

from p2pkd.engine.transport.packets.congestion import Reno, Use, Window
from p2pkd.engine.transport.packets.connection import Connection
from p2pkd.engine.transport.packets.packet import MSS_BYTES, Ack, Segment
from p2pkd.engine.transport.packets.reduction import Reduction
from p2pkd.engine.transport.packets.scoreboard import Scoreboard


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, float]]:
    """(first missing, window, threshold) after each acknowledgement."""
    told: list[tuple[int, int, float]] = []
    before = Connection.acknowledged

    def after(connection: Connection, ack: Ack) -> None:
        before(connection, ack)
        window = connection.window
        told.append((connection.board.una, window.size, window.threshold))

    monkeypatch.setattr(Connection, "acknowledged", after)
    return told


def test_selective_acknowledgements_do_not_raise_a_window(told):
    path = Path(lost=(10,), congestion=Reno)
    path.carry(200 * MSS_BYTES)
    # Ten arrived: 20.  Two duplicates let two new segments out and raise nothing; the third halves.
    waiting = [size for una, size, threshold in told if una == 10 and threshold == inf]
    assert waiting == [20, 20, 20]
    assert {threshold for *_, threshold in told} == {inf, 10}


def test_hystart_hears_of_selective_acknowledgements(told):
    # Seen on Linux 6.18: half of a window of 135 is lost; the threshold is .7 of it, and a moment
    # later the 63 that fly, for below the threshold HyStart goes on in the recovery.
    path = Path(rate=625_000, latency_s=0.15, queue=62_500)
    connection = path.open(0, 1)

    def again(_: object) -> None:
        path.env.timeout(0.1).callbacks.append(
            lambda _: path.send_on(connection, 1_000_000, lambda _: None)
        )

    path.send_on(connection, 1_000_000, again)
    path.env.run()
    thresholds = list(dict.fromkeys(threshold for *_, threshold in told))
    assert thresholds[:3] == [inf, 111, 94]
    assert thresholds[3] == pytest.approx(63, abs=2)


def test_a_reduction_lets_out_in_proportion_and_at_least_one():
    reduction = Reduction(100)
    assert reduction.window(70, 90, 1, progress=False) == 91
    reduction.sent()
    out = 1
    for _ in range(29):
        window = reduction.window(70, 80, 1, progress=False)
        for _ in range(window - 80):
            reduction.sent()
            out += 1
    assert out == 21
    # Below the threshold as many as arrive, one more on progress, no more than there is room for.
    assert Reduction(100).window(70, 60, 2, progress=False) == 62
    assert Reduction(100).window(70, 60, 2, progress=True) == 63
    assert Reduction(100).window(70, 69, 2, progress=True) == 70


def test_a_window_that_is_not_used_does_not_grow():
    window, use = Window(), Use()
    window.threshold = 5
    use.note(0, 4, limited=False)
    assert not use.fills(window)
    window.threshold = inf
    use.note(0, 6, limited=False)
    assert use.fills(window)
    window.threshold = 5
    use.note(0, 10, limited=True)
    use.note(5, 9, limited=False)
    assert use.fills(window), "limited in this window"
    use.note(10, 12, limited=False)
    assert not use.fills(window)


def flying(*sent: tuple[int, float, bool]) -> Scoreboard:
    """Return a board with segments (number, time, sent again) under way."""
    board = Scoreboard()
    for order, (seq, time_s, resent) in enumerate(sent):
        segment = Segment(None, seq, MSS_BYTES, None)
        segment.order, segment.sent_s, segment.resent = order, time_s, resent
        board.flying[seq] = segment
        board.next = max(board.next, seq + 1)
    return board


def ack(seq: int, blocks: list[int], echo_s: float = 0.0) -> Ack:
    told = Ack(None, seq, blocks, 100, False)
    told.echo_s = echo_s
    return told


def test_round_trips_are_those_of_segments_sent_once():
    board = flying((0, 0.0, False), (1, 0.1, False), (2, 0.2, False))
    board.take(ack(2, []), 1.0, inf)
    assert (board.first_rtt_s, board.last_rtt_s) == (1.0, 0.9)
    board.take(ack(2, [2]), 1.1, inf)
    assert board.first_rtt_s == board.last_rtt_s == 1.1 - 0.2


def test_the_time_stamp_tells_the_round_trip_of_what_was_sent_again():
    board = flying((1, 0.1, False), (0, 0.5, True))
    board.take(ack(0, [1]), 0.6, inf)
    board.take(ack(2, [], echo_s=0.5), 0.8, 0.1)
    assert board.first_rtt_s == board.last_rtt_s == 0.8 - 0.5


def test_a_timeout_is_put_off_only_where_the_missing_segment_was_sent_after():
    board = flying((0, 0.0, False), (1, 0.1, False))
    board.take(ack(0, [1]), 0.6, inf)
    assert not board.covered
    board = flying((1, 0.1, False), (0, 0.5, True))
    board.take(ack(0, [1]), 0.6, inf)
    assert board.covered


def test_reordering_is_waited_for_until_the_last_that_may_come():
    board = flying((0, 0.0, False), (1, 0.01, False), (2, 0.02, False), (3, 0.03, False))
    board.take(ack(0, [2]), 0.1, inf)
    lost, again, due = board.detect(0.1, 0.05)
    assert (lost, again) == (0, False)
    assert due == 0.01 + 0.08 + 0.05 - 0.1


def test_data_follow_the_handshake_a_moment_later_and_fit_a_queue_of_ten():
    path = Path(rate=825_000, queue=15_000)
    path.carry(9 * MSS_BYTES + 100)
    assert len(path.segments) == 10
    assert not any(segment.resent for segment in path.segments)
    path = Path(rate=825_000, queue=15_000)
    path.carry(10 * MSS_BYTES)
    assert not any(segment.resent for segment in path.segments)
