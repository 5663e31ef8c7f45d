"""`p2pkd calibrate`: how fast this machine computes a scenario's models, as a device profile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from p2pkd.cli.app import ScenarioArgument, SetOption, app, example
from p2pkd.cli.streams import echo

if TYPE_CHECKING:
    from p2pkd.calibration.fit import Rule, Timing
    from p2pkd.scenario.load import Loaded

_COLUMNS = f"{'model':24} {'call':7} {'batch':>5} {'median':>8} {'least':>8}"


@app.command(
    epilog=example(
        "p2pkd calibrate scenarios/quickstart.yaml",
        "p2pkd calibrate scenarios/mnist.yaml --batch 16 --batch 64 --out machine.yaml",
    )
)
def calibrate(
    scenario: ScenarioArgument,
    batch: Annotated[
        list[int],
        typer.Option(min=1, max=100_000, help="Rows a step; default: 8, 128 and the scenario's."),
    ] = [],  # noqa: B006 (typer copies it)
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Of PyTorch.")] = 1,
    seconds: Annotated[float, typer.Option(min=0.01, max=600, help="Spent on each case.")] = 0.2,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the profile there too.")
    ] = None,
    set_: SetOption = [],  # noqa: B006
) -> None:
    """Time steps and predictions on this machine; print a device profile to paste.

    The scenario's models and a ladder of others, from linear to convolutions, are timed at each
    batch, alone.  The table holds three rules against the fastest calls: one number, FLOPs / rate;
    with an overhead a step; and with bytes / memory bandwidth as well.  Errors are in per cent of
    the time measured, + where the rule is too slow.  On a busy machine take more --seconds.
    """
    from p2pkd.calibration.bench import ladder, measure
    from p2pkd.calibration.fit import RULES, fit
    from p2pkd.core.files import write_text
    from p2pkd.learning.optim.consolidate import optimizer_of
    from p2pkd.scenario.load import load_scenario

    loaded = load_scenario(scenario, set_)
    shape, n_classes = _data(loaded)
    learn = loaded.scenario.method.learn
    own = [] if learn.batch == "full" else [learn.batch]
    specs = [*(group.model for group in loaded.scenario.devices), *ladder(shape)]
    timings = measure(
        specs,
        sorted(set(batch or [8, *own, 128])),
        shape,
        n_classes,
        optimizer_of(learn, learn.optimizer),
        threads=threads,
        seconds=seconds,
        tell=lambda done, of: echo(f"round {done} of {of}", err=True),
    )
    rules = {name: fit(timings, terms) for name, terms in RULES.items()}
    for line in _table(timings, rules):
        echo(line)
    profile = "\n".join(_profile(rules["three terms"], timings, threads)) + "\n"
    echo()
    echo(profile, nl=False)
    if out is not None:
        write_text(out, profile)


def _data(loaded: Loaded) -> tuple[tuple[int, ...], int]:
    """Return input shape and classes, from the data's files where nothing else tells."""
    from p2pkd.core.rng import Streams
    from p2pkd.world.datasets import load

    dataset = loaded.scenario.data.dataset
    known = dataset.known_shape()
    if known is not None:
        return known
    raw = load(dataset, Streams(loaded.scenario.seed), loaded.base)
    return raw.input_shape, raw.n_classes


def _table(timings: Sequence[Timing], rules: dict[str, Rule]) -> Iterator[str]:
    import numpy as np

    from p2pkd.calibration.fit import RULES, errors, left_out

    by_rule = [errors(rule, timings) for rule in rules.values()]
    yield " ".join([_COLUMNS, *(f"{name:>11}" for name in rules)])
    for i, timing in enumerate(timings):
        yield " ".join(
            [
                f"{timing.model:24} {timing.kind:7} {timing.batch:5}",
                f"{_short(timing.median_s):>8} {_short(timing.fastest_s):>8}",
                *(f"{100 * error[i]:+10.0f}%" for error in by_rule),
            ]
        )
    lines = {
        "|error|, median": [np.median(abs(error)) for error in by_rule],
        "|error|, 90th percentile": [np.quantile(abs(error), 0.9) for error in by_rule],
    }
    if len({timing.model for timing in timings}) > 1:
        others = [left_out(timings, terms) for terms in RULES.values()]
        lines["|error| of models left out of the fit, median"] = [
            np.median(abs(error)) for error in others
        ]
    for title, values in lines.items():
        yield " ".join([f"{title:{len(_COLUMNS)}}", *(f"{100 * v:10.0f}%" for v in values)])


def _profile(rule: Rule, timings: Sequence[Timing], threads: int) -> Iterator[str]:
    """Yield a group of devices; what the fit finds no sign of is left out."""
    from p2pkd.core.units import DURATION, FLOP_RATE, RATE, SIZE

    cases = f"{len(timings)} cases, {threads} thread{'s' * (threads > 1)}"
    yield f"# By p2pkd calibrate ({cases}); powers are unknown and count as 0."
    yield "devices:"
    yield "  - name: this-machine"
    if rule.s_per_flop:
        yield f"    flops: {FLOP_RATE.format(_rounded(1 / rule.s_per_flop))}"
    else:
        most = max(timing.parts[1] / timing.fastest_s for timing in timings)
        seen = FLOP_RATE.format(_rounded(most))
        yield f"    flops: {seen}  # the most that was seen; the fit finds no limit"
    if rule.overhead_s:
        yield f"    overhead: {DURATION.format(_rounded(rule.overhead_s))}"
    if rule.s_per_byte:
        yield f"    memory_bandwidth: {RATE.format(_rounded(1 / rule.s_per_byte))}"
    yield f"    memory: {SIZE.format(_memory_bytes())}"
    yield "    uplink: 20 Mbit/s     # not measured"
    yield "    downlink: 100 Mbit/s  # not measured"


def _memory_bytes() -> float:
    """Return the machine's memory in whole GB; 8 GB where it does not tell."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8e9
    return max(1, round(total / 1e9)) * 1e9


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _short(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-2 else f"{seconds * 1e3:.1f} ms"
