"""Which agent runs on what: groups of devices dealt out by their shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.rng import Streams, uniforms
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.catalogue import Device, resolve
from p2pkd.world.device_table import Measured, draw_rows


@dataclass(frozen=True, eq=False)
class DeviceTable:
    """The device of every agent; all arrays ``(n,)``.

    Attributes
    ----------
    groups : the groups' figures, in the scenario's order.
    group : index into `groups`.
    """

    groups: tuple[Device, ...]
    group: NDArray[np.int64]
    flops_per_s: NDArray[np.float64]
    memory_bytes: NDArray[np.float64]
    idle_w: NDArray[np.float64]
    compute_w: NDArray[np.float64]
    radio_j_per_byte: NDArray[np.float64]
    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]
    overhead_s: NDArray[np.float64]
    """Of a gradient step, on top of its work."""
    bytes_per_s: NDArray[np.float64]
    """Of memory while computing; infinite where that is no matter of its own."""

    @property
    def names(self) -> tuple[str, ...]:
        """The groups' names."""
        return tuple(device.name for device in self.groups)

    def name(self, agent: int) -> str:
        """Return the name of *agent*'s device."""
        return self.groups[int(self.group[agent])].name

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many agents each group has, ``(n_groups,)``."""
        return np.bincount(self.group, minlength=len(self.groups))


def device_groups(scenario: Scenario) -> tuple[DeviceSpec, ...]:
    """Return the groups of *scenario*, and after them that of its aggregators, if it has any."""
    groups = scenario.devices
    if scenario.aggregators is None:
        return groups
    profile, model = scenario.aggregators.profile, groups[0].model
    return (*groups, DeviceSpec(profile=profile, name="aggregator", model=model))


def build_devices(
    specs: Sequence[DeviceSpec],
    n: int,
    streams: Streams,
    base: Path = Path(),
    servers: Sequence[int] = (),
) -> DeviceTable:
    """Deal the groups of *specs* out to *n* agents; *servers*, if any, get the last group alone.

    Each agent has a fixed random rank and the groups take the ranks in turn, so a share that
    changes by little changes the devices of few.  Tables are looked for from *base*; TraceError is
    raised where one is wrong.
    """
    groups = resolve(specs)
    lottery = uniforms(streams.keys("devices", n), np.zeros(1, np.uint64))
    ranks = np.argsort(lottery, kind="stable")
    dealt = specs[:-1] if servers else specs
    group: NDArray[np.int64] = np.full(n, len(specs) - 1, np.int64)
    group[ranks[~np.isin(ranks, servers)]] = np.repeat(
        np.arange(len(dealt)), group_counts(dealt, n - len(servers))
    )

    measured = {
        i: draw_rows(spec, f"devices.{i}.table", np.flatnonzero(group == i), streams, base)
        for i, spec in enumerate(specs)
        if spec.table is not None
    }
    groups = tuple(
        replace(device, memory_bytes=min(measured[i].memory_bytes, default=0.0))
        if i in measured
        else device
        for i, device in enumerate(groups)
    )

    def column(key: str) -> NDArray[np.float64]:
        values = np.array([getattr(device, key) for device in groups], np.float64)[group]
        for rows in measured.values():
            if key in Measured._fields:
                values[rows.agents] = getattr(rows, key)
        values.setflags(write=False)
        return values

    keys = ("flops_per_s", "memory_bytes", "idle_w", "compute_w", "radio_j_per_byte")
    more = ("uplink", "downlink", "overhead_s", "bytes_per_s")
    return DeviceTable(groups, group, *map(column, (*keys, *more)))


def group_counts(specs: Sequence[DeviceSpec], n: int) -> NDArray[np.int64]:
    """Return how many of *n* agents each group gets, by largest remainder.

    Groups without a share divide what the others leave evenly.
    """
    given = [spec.share for spec in specs]
    left = max(0.0, 1 - sum(share for share in given if share is not None))
    each = left / max(given.count(None), 1)
    return largest_remainder([each if share is None else share for share in given], n)


def largest_remainder(shares: Sequence[float], n: int) -> NDArray[np.int64]:
    """Return whole counts that add up to *n*, as near to *shares* as whole counts can be.

    Hamilton's method; ties go to the earlier.

    >>> largest_remainder([0.5, 0.3, 0.2], 24).tolist()
    [12, 7, 5]
    """
    weights = np.asarray(shares, np.float64)
    # Rounding first keeps .3 * 10 from falling to 2.999... and losing its whole part.
    quota = np.round(weights / weights.sum() * n, 9)
    counts: NDArray[np.int64] = np.floor(quota).astype(np.int64)
    order = np.argsort(counts - quota, kind="stable")
    counts[order[: n - counts.sum()]] += 1
    return counts
