"""When a receiver acknowledges and what window it tells, against what Linux 6.18 was seen to do.

The numbers come from packets of Linux between hosts at 10 Mbit/s: windows of 67, 70, 73, 75, 78 and
then 79 times 1,024 bytes; 22 acknowledgements of a segment each, then of two.
"""

from itertools import pairwise

from scripted import Path

from p2pkd.engine.transport.packets.packet import MSS_BYTES


def steps(path: Path) -> list[int]:
    """Return how many segments each acknowledgement adds."""
    seqs = [0, *(ack.seq for _, ack in path.acks)]
    return [after - before for before, after in pairwise(seqs)]


def test_the_first_windows_are_those_of_linux():
    path = Path(rate=1_250_000, latency_s=0.12)
    path.carry(20 * MSS_BYTES)
    told = [ack.edge - ack.seq for _, ack in path.acks[:8]]
    assert told == [k * 1024 // MSS_BYTES for k in (67, 70, 73, 75, 78, 79, 79, 79)]


def test_each_segment_is_acknowledged_while_the_window_grows_and_16_times_more():
    path = Path(rate=1_250_000, latency_s=0.12)
    path.carry(30 * MSS_BYTES)
    assert steps(path)[:24] == 22 * [1] + [2, 2]


def test_the_end_of_a_burst_and_of_a_message_is_acknowledged_at_once():
    path = Path()
    arrived = path.carry(61 * MSS_BYTES)
    burst_ends = {segment.seq + 1 for segment in path.segments if segment.pushed}
    told = {ack.seq for _, ack in path.acks}
    assert burst_ends <= told
    assert path.acks[-1][1].seq == 61
    assert path.acks[-1][0] == arrived[0]


def test_what_lies_beyond_a_hole_takes_room_and_the_edge_stays():
    path = Path(latency_s=0.15, lost=(40,))
    path.carry(300 * MSS_BYTES)
    in_hole = [ack for _, ack in path.acks if ack.seq == 40]
    edges = [ack.edge for ack in in_hole]
    assert len(edges) > 20
    # Nothing is offered for segments that fill the buffer beyond the hole.
    assert edges[-1] == edges[20]


def test_a_window_never_shrinks():
    path = Path(latency_s=0.15, lost=(40, 41, 90, 200))
    path.carry(600 * MSS_BYTES)
    edges = [ack.edge for _, ack in path.acks]
    assert edges == sorted(edges)


def test_after_a_pause_longer_than_a_timeout_each_is_acknowledged_again():
    path = Path()
    connection = path.open(0, 1)
    path.send_on(connection, 60 * MSS_BYTES, lambda _: None)
    path.env.run()
    first = len(path.acks)
    path.env.timeout(2.0).callbacks.append(
        lambda _: path.send_on(connection, 12 * MSS_BYTES, lambda _: None)
    )
    path.env.run()
    assert [ack.seq for _, ack in path.acks[first:]] == list(range(61, 73))
