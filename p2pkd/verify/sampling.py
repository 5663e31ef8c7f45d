"""Peer sampling: how evenly the views of gossip-based services point at everybody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from p2pkd.gossip.peers import in_degrees
from p2pkd.verify.check import Check
from p2pkd.verify.contacts import run, scenario

VIEW, CYCLES = 20, 30


def in_degree(*, fast: bool) -> Iterator[Check]:
    """Cyclon's in-degrees are narrower than those of random views, Newscast's are wider."""
    n = 200 if fast else 1000
    # Random views of c out of n - 1: a binomial in-degree.
    random = math.sqrt(VIEW * (1 - VIEW / (n - 1)))
    source = "Voulgaris et al. (2005); Jelasity et al. (2007)"
    for kind, below, above in (("cyclon", 0.0, 0.9), ("newscast", 1.1, 6.0)):
        ratio = _spread(n, kind) / random
        middle, half = (below + above) / 2, (above - below) / 2
        case = f"{kind}, n = {n}: between {below:g} and {above:g}"
        yield Check("in-degree, deviation over random", case, middle, ratio, 0.0, half, source)


def _spread(n: int, kind: str) -> float:
    peers: dict[str, Any] = {"kind": kind, "view": VIEW, "every": "1 s"}
    values = scenario(n, CYCLES, {"clock": "periodic", "protocol": "none", "peers": peers})
    values["topology"] = {"kind": "random_regular", "k": VIEW}
    _, simulation = run(values)
    assert simulation.views is not None
    return float(np.std(in_degrees(simulation.views.service, n)))
