import numpy as np
import pytest
import simpy
from wires import PlainLinks, Wire


@pytest.fixture
def env():
    return simpy.Environment()


@pytest.fixture
def links():
    """Return a maker of links from lists (or one number for all *n* nodes)."""

    def make(uplink, downlink=None, latency_s=0.0, n=None, pairs=None):
        downlink = uplink if downlink is None else downlink
        up = np.full(n, uplink, float) if n else np.array(uplink, float)
        down = np.full(n, downlink, float) if n else np.array(downlink, float)
        return PlainLinks(up, down, latency_s, pairs or {})

    return make


@pytest.fixture
def wire(env):
    return lambda transport: Wire(env, transport)
