"""What has been sent, delivered and lost: selective acknowledgements, and RACK (RFC 8985)."""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf

from p2pkd.engine.transport.packets.packet import Ack, Segment


class Scoreboard:
    """The segments of one sender, by number."""

    __slots__ = (
        "_moved", "_now", "delivered", "first_rtt_s", "flying", "holes", "last_rtt_s", "lost",
        "newest", "newest_rtt_s", "next", "originals", "sacked", "sacked_rtt_s", "una",
    )  # fmt: skip

    def __init__(self) -> None:
        self.una = 0
        """All segments before this one have arrived."""
        self.next = 0
        """The first segment that was never sent."""
        self.flying: dict[int, Segment] = {}
        """Sent and neither delivered nor lost, in order of sending."""
        self.lost: dict[int, Segment] = {}
        """Lost and not sent again."""
        self.holes: list[int] = []
        self.sacked: dict[int, bool] = {}
        """Whether they were sent again, by segment."""
        self._moved = False
        self.newest = -1
        """The latest transmission that was delivered, and its round trip."""
        self.newest_rtt_s = 0.0
        # Of the last acknowledgement:
        self.delivered = 0
        self.originals = False
        """Whether it told of a segment that was sent once."""
        self.first_rtt_s = self.last_rtt_s = -1.0
        """Round trips of the first and the last segment that it told of, negative if unknown."""
        self._now, self.sacked_rtt_s = 0.0, -1.0

    @property
    def covered(self) -> bool:
        """Whether the last acknowledgement told of a segment sent before the first missing one.

        Only then may a time-out be put off without the first missing one moving on.
        """
        head = self.flying.get(self.una) or self.lost.get(self.una)
        return head is not None and self.sacked_rtt_s > self._now - head.sent_s

    def take(self, ack: Ack, now: float, least_rtt_s: float) -> None:
        """Take in *ack*; round trips below *least_rtt_s* are not those of what was sent again.

        Round trips are those of segments that were sent once; where only others arrived in order,
        the time stamp tells it (Linux' `tcp_clean_rtx_queue` and `tcp_ack_update_rtt`).
        """
        self.delivered, self.originals, self._now = 0, False, now
        self.first_rtt_s = self.last_rtt_s = -1.0
        first = last = -1.0
        for seq in ack.blocks:
            if seq >= self.una and seq not in self.sacked:
                rtt = self._deliver(seq, now, least_rtt_s)
                self.sacked[seq] = rtt < 0
                if rtt >= 0:
                    first, last = (rtt if first < 0 else first), rtt
        if self.una < ack.seq:
            self._advance(ack, now, least_rtt_s)
        self.sacked_rtt_s = first
        if first >= 0:
            self.last_rtt_s = last
            if self.first_rtt_s < 0:
                self.first_rtt_s = first
        elif self.una == ack.seq and self.first_rtt_s < 0 and self._moved:
            self.first_rtt_s = self.last_rtt_s = now - ack.echo_s
        self._moved = False

    def _advance(self, ack: Ack, now: float, least_rtt_s: float) -> None:
        first, last, again, self._moved = -1.0, -1.0, False, True
        while self.una < ack.seq:
            resent = self.sacked.pop(self.una, None) if self.sacked else None
            if resent is None:
                rtt = self._deliver(self.una, now, least_rtt_s)
                if rtt >= 0:
                    first, last = (rtt if first < 0 else first), rtt
                again = again or rtt < 0
            else:
                again = again or resent
            self.una += 1
        if not again:
            self.first_rtt_s, self.last_rtt_s = first, last

    def _deliver(self, seq: int, now: float, least_rtt_s: float) -> float:
        """Note that *seq* was delivered; return its round trip, negative if it was sent again."""
        self.delivered += 1
        segment = self.flying.pop(seq, None)
        if segment is None:
            segment = self.lost.pop(seq, None)
            if segment is None:
                return -1.0
        rtt = now - segment.sent_s
        if not segment.resent:
            self.originals = True
        elif rtt < least_rtt_s:
            return -1.0
        if segment.order > self.newest:
            self.newest, self.newest_rtt_s = segment.order, rtt
        return -1.0 if segment.resent else rtt

    def detect(self, now: float, patience_s: float) -> tuple[int, bool, float]:
        """Mark as lost what was sent before the newest delivered and waited *patience_s* beyond.

        Return how many, whether one of them was sent again before, and in how many seconds the
        last of the others is due (infinite if none is).
        """
        found: list[Segment] = []
        due = inf
        for segment in self.flying.values():
            if segment.order >= self.newest:
                break
            if patience_s and segment.sent_s + self.newest_rtt_s + patience_s > now:
                due = segment.sent_s + self.newest_rtt_s + patience_s - now
            else:
                found.append(segment)
        return (*self._lose(found), due)

    def time_out(self, now: float, patience_s: float) -> None:
        """Mark the first segment as lost, and all others that are not recent."""
        late = self.newest_rtt_s + patience_s
        old = [s for s in self.flying.values() if s.seq == self.una or s.sent_s + late <= now]
        self._lose(old)

    def _lose(self, segments: list[Segment]) -> tuple[int, bool]:
        again = False
        for segment in segments:
            del self.flying[segment.seq]
            self.lost[segment.seq] = segment
            heappush(self.holes, segment.seq)
            again = again or segment.resent
        return len(segments), again

    def hole(self) -> Segment | None:
        """Return the first lost segment, which is about to be sent again; None if there is none."""
        while self.holes:
            segment = self.lost.pop(heappop(self.holes), None)
            if segment is not None:
                return segment
        return None

    def restore(self) -> None:
        """Take back all losses: they were none."""
        everything = [*self.lost.values(), *self.flying.values()]
        everything.sort(key=lambda segment: segment.order)
        self.flying = {segment.seq: segment for segment in everything}
        self.lost, self.holes = {}, []
