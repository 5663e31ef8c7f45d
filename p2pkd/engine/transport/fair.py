"""Transfers that share links max-min fairly, as fluids: the default network.

A message waits for its propagation delay and then joins as a flow.  Each flow crosses the uplink
of its source, the downlink of its target and, if there are any, shared links on the way.  Rates
are max-min fair at every instant and change when a flow joins or ends or a capacity changes; all
changes of one instant make one solve.  On idle links a message arrives at L + S / min(U, D).

A change reaches only those flows that are connected with it through links, and a solve is
confined to them where they are few.  That is exact: the rates of two sets of flows that have no
link in common do not depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from simpy import Environment

from p2pkd.engine.transport.base import (
    INFINITE,
    Links,
    Plain,
    Roll,
    Transfer,
    bad_size,
    check_rate,
    roll_of,
)
from p2pkd.engine.transport.flows import FairTransfer, Flows
from p2pkd.engine.transport.linktable import LinkTable, SharedLinks
from p2pkd.engine.transport.maxmin import UNBOUNDED, max_min, max_min_few
from p2pkd.engine.transport.tcp import slow_start_stall, window_limit

FEW = 40
"""Most flows that are filled in plain Python; beyond about so many, arrays are faster."""

_NORMAL, _LAST = 1, 2  # SimPy's priorities: what is due at one instant runs in this order


class Allocation(NamedTuple):
    """All flows at one instant, as the arguments of `maxmin.violation`."""

    routes: NDArray[np.intp]
    """Shape ``(width, n_flows)``: ids of links, as `LinkTable` numbers them."""
    capacity: NDArray[np.float64]
    """Shape ``(n_links,)``, bytes/s."""
    limits: NDArray[np.float64]
    """Shape ``(n_flows,)``, bytes/s."""
    rates: NDArray[np.float64]
    """Shape ``(n_flows,)``, bytes/s."""


class _Alarm:
    """The least that SimPy takes for an event."""

    __slots__ = ("callbacks",)
    _ok = True

    def __init__(self, action: Callable[[Any], None]) -> None:
        self.callbacks: Any = (action,)


class Fair(Plain):
    """A `Transport` of max-min fair links.

    *window_bytes* limits each flow to one window a round trip (`tcp.window_limit`); *slow_start*
    puts off its joining (`tcp.slow_start_stall`).  *watch* is called after every solve.
    """

    reentrant = False

    def __init__(
        self,
        env: Environment,
        links: Links,
        shared: SharedLinks | None = None,
        *,
        track: bool = False,
        window_bytes: float | None = None,
        slow_start: bool = False,
        watch: Callable[[Allocation], None] | None = None,
    ) -> None:
        self._env = env
        self._schedule: Any = env.schedule
        self._latency = links.latency
        self._window_bytes = window_bytes
        self._slow_start = slow_start
        self._watch = watch
        self._roll = Roll(len(links.uplink)) if track else None
        self._serial = count()

        self._links = LinkTable(links, shared)
        self._on: list[dict[FairTransfer, None]] = [{} for _ in self._links.capacity]
        self._flows = Flows(2, self._links.filler)

        self._changed_flows: list[FairTransfer] = []
        self._changed_links: dict[int, None] = {}
        self._solving = False
        self._alarms_s: list[float] = []  # pending, the next one last

    def start(
        self,
        source: int,
        target: int,
        size_bytes: float,
        done: Callable[[Any], None],
        extra_latency_s: float = 0.0,
    ) -> FairTransfer:
        """Send a message; see `Transport.start`."""
        if not 0 <= size_bytes < INFINITE:
            raise bad_size(size_bytes)
        propagation_s = self._latency(source, target)
        latency_s = propagation_s + extra_latency_s
        transfer = FairTransfer(source, target, size_bytes, self._env.now, latency_s, done)
        transfer.serial = next(self._serial)
        transfer.slot = -1
        transfer.crossed_bytes = 0.0
        transfer.route = self._links.route(source, target)
        transfer.limit = UNBOUNDED
        if self._window_bytes is not None:
            transfer.limit = window_limit(self._window_bytes, self._half_round_trip(source, target))
        if self._slow_start:
            latency_s += self._stall(transfer, self._half_round_trip(source, target))
        transfer.callbacks = (self._join,)
        self._schedule(transfer, _NORMAL, latency_s)
        if self._roll is not None:
            self._roll.add(transfer)
        return transfer

    def _half_round_trip(self, a: int, b: int) -> float:
        """Return the mean of both directions' delays, which may differ, s."""
        return (self._latency(a, b) + self._latency(b, a)) / 2

    def _stall(self, transfer: FairTransfer, propagation_s: float) -> float:
        rate = min(transfer.limit, *(self._links.capacity[link] for link in transfer.route))
        return slow_start_stall(transfer.size_bytes, rate, propagation_s) if rate else 0.0

    def _join(self, transfer: FairTransfer) -> None:
        if not transfer.live:
            return
        if transfer.size_bytes == 0:
            self._finish(transfer)
            return
        self._flows.add(transfer, self._env.now)
        for link in transfer.route:
            self._on[link][transfer] = None
        self._changed_flows.append(transfer)
        self._wake()

    def _leave(self, transfer: FairTransfer) -> None:
        """Strike *transfer* off everywhere; those who shared links with it may speed up."""
        transfer.live = False
        if self._roll is not None:
            self._roll.remove(transfer)
        if transfer.slot < 0:
            return
        self._flows.remove(transfer)
        for link in transfer.route:
            del self._on[link][transfer]
            if self._links.limited(link):
                self._changed_links[link] = None
        self._wake()

    def _finish(self, transfer: FairTransfer) -> None:
        transfer.crossed_bytes = transfer.size_bytes
        self._leave(transfer)
        transfer.done(transfer)

    def _wake(self) -> None:
        """Solve once, after everything else that happens at this instant."""
        if not self._solving:
            self._solving = True
            self._schedule(_Alarm(self._solve), _LAST, 0.0)

    def _solve(self, _: _Alarm) -> None:
        self._solving = False
        now, few = self._env.now, self._reached()
        if few is None:
            rates = max_min(self._flows.routes(), self._links.capacities, self._flows.limits())
            self._flows.set_rates(rates, now)
        elif few:
            routes, limits = [t.route for t in few], [t.limit for t in few]
            shares = max_min_few(routes, self._links.capacity, limits)
            for transfer, share in zip(few, shares, strict=True):
                self._flows.set_rate(transfer, share, now)
        self._arm()
        if self._watch is not None:
            self._watch(self.allocation())

    def _reached(self) -> list[FairTransfer] | None:
        """Return the flows that the changes reach through limited links, None if many."""
        reached = {each: None for each in self._changed_flows if each.live}
        links = self._changed_links
        self._changed_flows, self._changed_links = [], {}
        fresh = [link for each in reached for link in each.route if self._links.limited(link)]
        stack = list(dict.fromkeys((*links, *fresh)))
        links.update(dict.fromkeys(stack))
        while stack:
            for each in self._on[stack.pop()]:
                if each in reached:
                    continue
                reached[each] = None
                if len(reached) > FEW:
                    return None
                for link in each.route:
                    if link not in links and self._links.limited(link):
                        links[link] = None
                        stack.append(link)
        return list(reached) if len(reached) <= FEW else None

    def _arm(self) -> None:
        """Be there when the next flow ends.

        SimPy cannot cancel an event.  An alarm whose flow has slowed down or gone rings for
        nothing and arms again; none is set while one that is early enough is pending, so that
        many short flows beside a long one leave no alarms behind.
        """
        end = self._flows.next_end_s()
        if end < (self._alarms_s[-1] if self._alarms_s else np.inf):
            self._alarms_s.append(end)
            self._schedule(_Alarm(self._ring), _NORMAL, end - self._env.now)

    def _ring(self, _: _Alarm) -> None:
        self._alarms_s.pop()
        ended = self._flows.ended(self._env.now)
        for transfer in ended:
            if transfer.live:  # the end of one may be the reason to abort the next
                self._finish(transfer)
        if not ended:
            self._arm()

    def abort(self, transfer: FairTransfer) -> None:
        """Stop *transfer* and give its share to the others; see `Transport.abort`."""
        if transfer.live:
            transfer.crossed_bytes = self.crossed(transfer)
            self._leave(transfer)

    def crossed(self, transfer: FairTransfer) -> float:
        """Return the bytes that have crossed; a fluid crosses all its links at once."""
        if transfer.slot < 0:
            return transfer.crossed_bytes
        return transfer.size_bytes - self._flows.left(transfer, self._env.now)

    def transfers_of(self, node: int) -> list[Transfer]:
        """Return the live transfers of *node*; see `Transport.transfers_of`."""
        return roll_of(self._roll, node)

    def set_rates(self, node: int, uplink: float, downlink: float) -> None:
        """Change the capacities of *node*, exactly from now on; 0 halts its flows."""
        self._set_capacity(node, check_rate("uplink", node, uplink, zero=True))
        self._set_capacity(self._links.n + node, check_rate("downlink", node, downlink, zero=True))

    def set_shared_rate(self, link: int, rate: float) -> None:
        """Change the capacity of shared link *link* in bytes/s, exactly from now on."""
        rate = check_rate("shared link", link, rate, zero=True)
        self._set_capacity(2 * self._links.n + link, rate)

    def _set_capacity(self, link: int, rate: float) -> None:
        self._links.set(link, rate)
        self._changed_links[link] = None
        self._wake()

    def rate(self, transfer: FairTransfer) -> float:
        """Return the present rate of *transfer* in bytes/s, 0 before it joins and once over."""
        return self._flows.rate(transfer) if transfer.slot >= 0 else 0.0

    def allocation(self) -> Allocation:
        """Return a copy of all flows' links, limits and rates, as of the last solve."""
        flows = self._flows
        return Allocation(
            flows.routes().copy(),
            self._links.capacities.copy(),
            flows.limits().copy(),
            flows.rates().copy(),
        )
