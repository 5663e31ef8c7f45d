"""The catalogue of devices: complete, sourced, and in a believable order."""

import pytest

from p2pkd.world.catalogue import profiles


@pytest.mark.parametrize("name", profiles())
def test_every_figure_has_a_source(name):
    profile = profiles()[name]
    assert {"flops", "memory", "power", "radio_energy", "bandwidth"} <= set(profile.source)
    assert all(len(text) > 5 for text in profile.source.values())


@pytest.mark.parametrize("name", profiles())
def test_figures_are_believable(name):
    profile = profiles()[name]
    assert 1e6 <= profile.flops <= 1e12
    assert 0 < profile.idle_power < profile.compute_power
    assert profile.uplink <= profile.downlink
    # Nobody computes at more than a hundred billion small-model FLOP a joule.
    assert profile.flops / profile.compute_power < 1e11


def test_weakest_first():
    rates = [profile.flops for profile in profiles().values()]
    assert rates == sorted(rates)


def test_the_names_that_scenarios_rely_on():
    wanted = {"cortex-m4", "esp32", "raspberry-pi-3", "raspberry-pi-4", "raspberry-pi-5"}
    wanted |= {"phone-low", "phone-mid", "phone-high", "jetson-nano", "jetson-orin-nano"}
    assert wanted | {"laptop", "desktop", "server"} == set(profiles())
