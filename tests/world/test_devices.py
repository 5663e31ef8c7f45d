"""Shares become counts; agents are dealt their devices; memory is checked by name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.world.catalogue import profiles, resolve
from p2pkd.world.devices import build_devices, group_counts, largest_remainder
from p2pkd.world.memory import check_memory

INLINE = {"flops": "2 GFLOP/s", "memory": "1 GB", "uplink": "1 MB/s", "downlink": "2 MB/s"}


def groups(*shares):
    names = ["raspberry-pi-4", "jetson-nano", "laptop", "server"]
    return [DeviceSpec(profile=name, share=s) for name, s in zip(names, shares, strict=False)]


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=8), st.integers(1, 500))
def test_largest_remainder_adds_up_and_is_near(weights, n):
    counts = largest_remainder(weights, n)
    assert counts.sum() == n
    assert (abs(counts - np.array(weights) / sum(weights) * n) < 1 + 1e-6).all()


def test_counts_by_shares():
    assert group_counts(groups(0.5, 0.3, 0.2), 24).tolist() == [12, 7, 5]
    assert group_counts(groups(0.5, None, None), 12).tolist() == [6, 3, 3]
    assert group_counts(groups(None, None, None), 10).tolist() == [4, 3, 3]
    assert group_counts(groups(0.3, 0.7), 10).tolist() == [3, 7]


def test_columns_follow_the_group():
    table = build_devices(groups(0.5, 0.3, 0.2), 24, Streams(1))
    assert table.counts.tolist() == [12, 7, 5]
    for column in ("flops_per_s", "memory_bytes", "idle_w", "compute_w", "uplink", "downlink"):
        figures = np.array([getattr(device, column) for device in table.groups])
        np.testing.assert_array_equal(getattr(table, column), figures[table.group])
    assert table.name(3) == table.names[table.group[3]]


def test_the_seed_deals_them_out():
    first, again, other = (build_devices(groups(0.5, 0.5), 40, Streams(s)) for s in (1, 1, 2))
    assert first.group.tolist() == again.group.tolist() != other.group.tolist()
    assert first.group.tolist() != sorted(first.group.tolist())


def test_a_small_change_of_shares_changes_few():
    before = build_devices(groups(0.5, 0.3, 0.2), 100, Streams(1)).group
    after = build_devices(groups(0.52, 0.28, 0.2), 100, Streams(1)).group
    assert (before != after).sum() == 2


def test_own_figures_come_before_the_profiles():
    own, slow, inline = resolve(
        [
            DeviceSpec(profile="laptop", name="mine", memory="1 MB"),
            DeviceSpec(profile="laptop", slowdown=20),
            DeviceSpec(**INLINE),
        ]
    )
    laptop = profiles()["laptop"]
    assert (own.name, own.memory_bytes, own.flops_per_s) == ("mine", 1e6, laptop.flops)
    assert slow.flops_per_s == laptop.flops / 20
    assert (inline.name, inline.flops_per_s, inline.idle_w) == ("group-2", 2e9, 0.0)


def test_unknown_profiles_are_refused():
    with pytest.raises(InputError, match=r"devices\.0\.profile.*did you mean 'laptop'"):
        resolve([DeviceSpec(profile="labtop")])


def test_memory_is_refused_by_name():
    devices = resolve([DeviceSpec(profile="cortex-m4"), DeviceSpec(profile="laptop")])
    needs = [{"parameters": 636_040, "activations": 27_000}] * 2
    expected = (
        r"devices\.0: device 'cortex-m4' \(256 kB\) cannot hold model mlp 784-200-10: "
        r"parameters 636 kB \+ activations 27 kB = 663 kB; take a smaller model"
    )
    with pytest.raises(InputError, match=expected) as caught:
        check_memory(devices, ["mlp 784-200-10"] * 2, needs)
    assert "laptop'" not in str(caught.value)
    check_memory(devices[1:], ["mlp"], needs[1:])
