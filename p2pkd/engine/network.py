"""Messages and their fate: sent, lost and resent, delivered, aborted; every byte in the books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import simpy

from p2pkd.core.records import ABORTED, DELIVERED, IN_FLIGHT, LOST, MessageRecord, Observer
from p2pkd.engine.books import Books
from p2pkd.engine.hazards import Hazards
from p2pkd.engine.message import Message
from p2pkd.engine.transport.base import Transport
from p2pkd.scenario.links import LinksSpec

if TYPE_CHECKING:
    from p2pkd.engine.outbox import Outbox


class Network:
    """Carries messages between agents over a transport.

    *receive* is called with each message that arrives.  `idle` tells a round's end: it is an event
    that happens when nothing is on its way any more.
    """

    def __init__(
        self,
        env: simpy.Environment,
        transport: Transport,
        spec: LinksSpec,
        hazards: Hazards,
        books: Sequence[Books],
        observer: Observer,
        receive: Callable[[Message], None],
    ) -> None:
        self.env = env
        self.transport = transport
        self.spec = spec
        self.hazards = hazards
        # Chance need not be asked for each message.
        self.ideal = hazards.ideal
        self.books = books
        self.observer = observer
        # Nobody listens who has not overridden the hook.
        self.records = getattr(observer.message, "__func__", None) is not Observer.message
        self.receive = receive
        self.online = [True] * len(books)
        self.open: dict[int, Message] = {}
        # Set by whoever needs them: queues at the senders, and who can be reached at all.
        self.outbox: Outbox | None = None
        self.reachable: Callable[[int, int], bool] | None = None
        # Told of the bytes that an agent's radio sent or received, where that may empty a battery.
        self.on_radio: Callable[[int, int], None] | None = None
        self.sent = 0
        self.header_bytes = round(spec.header)
        self._quiet: simpy.Event | None = None

    def send(self, message: Message) -> None:
        """Put *message* on its way now."""
        message.message = self.sent
        self.sent += 1
        message.sent_s = self.env.now
        size = message.payload_bytes + self.header_bytes
        message.header_bytes = self.header_bytes + self.transport.overhead_bytes(size)
        self.open[message.message] = message
        self.books[message.sender].sent += 1
        unreachable = self.reachable is not None and not self.reachable(
            message.sender, message.receiver
        )
        if unreachable or not self.online[message.receiver]:
            # Nobody answers the first packet: the message never leaves.
            self._close(message, ABORTED, 0)
        elif self.outbox is not None:
            self.outbox.put(message)
        else:
            self.transmit(message)

    def abort(self, message: Message) -> None:
        """Take *message* off its way, or out of its queue; it is charged as far as it came."""
        if message.transfer is not None:
            self.transport.abort(message.transfer)
        self._close(message, ABORTED, self._crossed(message))

    def idle(self) -> simpy.Event:
        """Return an event that happens once no message is on its way."""
        event = self.env.event()
        if self.open:
            self._quiet = event
        else:
            event.succeed()
        return event

    def node_down(self, node: int) -> None:
        """Take *node* off the network; its transfers are aborted, and charged as far as sent."""
        self.online[node] = False
        hit = [m for m in self.open.values() if node in (m.sender, m.receiver)]
        # What waits in a queue first: the end of a transfer would let it leave.
        hit.sort(key=lambda message: message.attempts > 0)
        for message in hit:
            if message.message in self.open:
                self.abort(message)
        self.transport.forget(node)

    def node_up(self, node: int) -> None:
        """Let *node* send and receive again."""
        self.online[node] = True

    def finish(self) -> None:
        """Record what is still on its way, at the end of the run."""
        for message in list(self.open.values()):
            self._close(message, IN_FLIGHT, self._crossed(message))

    def _crossed(self, message: Message) -> int:
        """Return how much of a message under way has crossed; what is beyond its size is resent."""
        if message.transfer is None:
            return 0
        size = message.payload_bytes + message.header_bytes
        crossed = round(self.transport.crossed(message.transfer))
        message.retransmitted_bytes += max(0, crossed - size)
        return min(crossed, size)

    def transmit(self, message: Message) -> None:
        """Put *message*, which was sent, on the wire now."""
        message.attempts += 1
        size = message.payload_bytes + self.header_bytes
        sender, receiver = message.sender, message.receiver
        delay_s = 0.0
        if not self.ideal:
            message.resent_bytes = self.hazards.resent_bytes(sender, size)
            delay_s = self.hazards.delay_s(sender, receiver)
        transfer = self.transport.start(
            sender, receiver, size + message.resent_bytes, self._arrived, delay_s
        )
        transfer.message = message
        message.transfer = transfer

    def _arrived(self, transfer: Any) -> None:
        message: Message = transfer.message
        if transfer.failed:
            self._failed(message)
            return
        message.transfer = None
        message.retransmitted_bytes += message.resent_bytes + transfer.resent_bytes
        size = message.payload_bytes + message.header_bytes
        if not self.ideal and self.hazards.loses(message.sender, size):
            self._lost(message)
        else:
            self._close(message, DELIVERED, size)

    def _failed(self, message: Message) -> None:
        """The connection was given up: nobody has answered for long."""
        if message.message in self.open:
            self._close(message, ABORTED, self._crossed(message))

    def _lost(self, message: Message) -> None:
        size = message.payload_bytes + message.header_bytes
        again = self.spec.retransmit
        if again is None or message.attempts >= again.attempts:
            self._close(message, LOST, size)
            return
        message.retransmitted_bytes += size
        delay = again.timeout * again.backoff ** (message.attempts - 1)
        self.env.timeout(delay).callbacks.append(lambda _: self._resend(message))

    def _resend(self, message: Message) -> None:
        if message.message in self.open:
            self.transmit(message)

    def _close(self, message: Message, status: str, crossed_bytes: int) -> None:
        del self.open[message.message]
        if self.outbox is not None and status != IN_FLIGHT:
            self.outbox.over(message)
        wire_bytes = message.retransmitted_bytes + crossed_bytes
        self._count(message, status, wire_bytes)
        if self.records:
            self._tell(message, status, wire_bytes)
        if status == DELIVERED:
            self.receive(message)
        if not self.open and self._quiet is not None:
            self._quiet.succeed()
            self._quiet = None

    def _tell(self, message: Message, status: str, wire_bytes: int) -> None:
        self.observer.message(
            MessageRecord(
                message.message,
                message.kind,
                message.sender,
                message.receiver,
                message.sent_s,
                self.env.now,
                status,
                message.payload_bytes,
                message.header_bytes,
                message.retransmitted_bytes,
                wire_bytes,
                message.attempts,
                message.version,
                message.n_rows,
                message.replies_to,
            )
        )

    def _count(self, message: Message, status: str, wire_bytes: int) -> None:
        sender = self.books[message.sender]
        sender.payload_bytes += message.payload_bytes
        sender.wire_bytes += wire_bytes
        sender.radio_bytes += wire_bytes
        if self.on_radio is not None:
            self.on_radio(message.sender, wire_bytes)
        if status == DELIVERED:
            sender.delivered += 1
            receiver = self.books[message.receiver]
            receiver.received += 1
            size = message.payload_bytes + message.header_bytes
            receiver.received_bytes += size
            receiver.radio_bytes += size
            if self.on_radio is not None:
                self.on_radio(message.receiver, size)
        elif status == LOST:
            sender.lost += 1
        elif status == ABORTED:
            sender.aborted += 1
        else:
            sender.in_flight += 1
