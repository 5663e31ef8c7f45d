"""How access rates change: from the specification to steps in time."""

from __future__ import annotations

from functools import singledispatch
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from p2pkd.core.errors import InputError, TraceError
from p2pkd.scenario.link_options import (
    DailyVariation,
    MahimahiVariation,
    TraceVariation,
    VariationSpec,
)
from p2pkd.world.links import Links
from p2pkd.world.paths import locate
from p2pkd.world.rate_trace import Step, Variation, mahimahi, read_rates


@singledispatch
def build_variation(spec: VariationSpec, links: Links, base: Path) -> Variation:
    """Return a function that gives the steps of *spec*, ascending in time, perhaps without end.

    Raise TraceError, with file and line, if a file is wrong.
    """
    raise InputError(f"no builder for the variation {type(spec).__name__}")


def register(spec: type[VariationSpec]) -> Any:
    """Return a decorator: a function with `build_variation`'s arguments is that of *spec*."""
    return build_variation.register(spec)


@build_variation.register
def _daily(spec: DailyVariation, links: Links, base: Path) -> Variation:
    nodes, part = np.arange(len(links.uplink)), spec.day / len(spec.factors)
    return lambda: (
        Step(k * part, nodes, links.uplink * factor, links.downlink * factor)
        for k in count()
        for factor in [spec.factors[k % len(spec.factors)]]
    )


@build_variation.register
def _trace(spec: TraceVariation, links: Links, base: Path) -> Variation:
    file = locate(spec.path, base, TraceError, "links.variation.path")
    return read_rates(file, spec, links.topology).scaled(links.scale.rate)


@build_variation.register
def _mahimahi(spec: MahimahiVariation, links: Links, base: Path) -> Variation:
    return mahimahi(spec, len(links.uplink), base).scaled(links.scale.rate)
