"""All laws, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterator

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
    pacing,
    queues,
    routes,
    rumours,
    sampling,
    sharing,
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
    wire.servers,
    wire.download,
    computing.flops,
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


def verify(*, fast: bool) -> Iterator[Check]:
    """Measure every law and yield its checks as they come."""
    for law in LAWS:
        yield from law(fast=fast)
