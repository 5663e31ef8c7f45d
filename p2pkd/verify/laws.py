"""All laws, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterator

from p2pkd.verify import averaging, dpsgd, mass, queues, rumours, sampling, sharing, transfers
from p2pkd.verify.check import Check, Law

LAWS: tuple[Law, ...] = (
    transfers.one_message,
    transfers.pipelining,
    transfers.worked_examples,
    sharing.three_links,
    sharing.certificate,
    sharing.conservation,
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
