"""All laws, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from p2pkd.core.errors import InputError, suggestion
from p2pkd.verify import (
    absences,
    averaging,
    capacities,
    computing,
    delays,
    dpsgd,
    energy,
    fates,
    mass,
    ns3,
    pacing,
    queues,
    real,
    routes,
    rumours,
    sampling,
    servers,
    sharing,
    tcp,
    transfers,
    wire,
    worlds,
)
from p2pkd.verify.check import Check, Law

LAWS: tuple[Law, ...] = (
    transfers.one_message,
    transfers.pipelining,
    transfers.worked_examples,
    sharing.three_links,
    sharing.certificate,
    sharing.conservation,
    routes.alone,
    routes.together,
    routes.window,
    routes.slow_start,
    routes.shared,
    routes.scaled,
    tcp.alone,
    tcp.kept,
    tcp.together,
    tcp.throughput,
    tcp.books,
    real.against_measured,
    ns3.against_ns3,
    capacities.changes,
    capacities.sleeping,
    delays.distributions,
    delays.pairs,
    delays.places,
    delays.jitter,
    fates.loss,
    fates.retransmission,
    fates.resent_packets,
    fates.lost_packets,
    wire.codecs,
    wire.beside,
    wire.gossip_of_parameters,
    wire.download,
    servers.rounds,
    servers.sizes,
    servers.duos,
    servers.looks,
    computing.flops,
    computing.three_terms,
    computing.one_at_a_time,
    computing.duty,
    computing.throttling,
    computing.battery,
    energy.joules,
    energy.radio,
    absences.sessions,
    absences.other_schedules,
    absences.aborted,
    pacing.clocks,
    pacing.tokens,
    pacing.limits,
    worlds.devices,
    worlds.memory,
    worlds.graphs,
    worlds.partitions,
    worlds.edges,
    queues.mm1,
    queues.waiting,
    queues.processor_sharing,
    rumours.spreading,
    rumours.final_size,
    averaging.pairwise,
    averaging.mixing,
    sampling.in_degree,
    dpsgd.trajectory,
    mass.push_sum,
    mass.pairwise,
)


def name_of(law: Law) -> str:
    """Return a law's name, such as ``energy.joules``: its module and its function."""
    function: Any = law
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def chosen(only: str = "") -> tuple[Law, ...]:
    """Return the laws whose names begin with *only*, such as ``energy``; raise InputError if none.

    Without it, all.
    """
    laws = tuple(law for law in LAWS if name_of(law).startswith(only))
    if not laws:
        hint = suggestion(only, map(name_of, LAWS))
        raise InputError(f"no law is called {only!r}{hint}; `p2pkd list laws` lists them")
    return laws


def verify(*, fast: bool, only: str = "") -> Iterator[Check]:
    """Measure every law whose name begins with *only* and yield its checks as they come."""
    for law in chosen(only):
        yield from law(fast=fast)
