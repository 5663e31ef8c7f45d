"""`p2pkd verify`: every law, expected against measured."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from p2pkd.cli.app import FAILED, app, example
from p2pkd.cli.streams import echo
from p2pkd.core.errors import InputError

if TYPE_CHECKING:
    from p2pkd.verify.check import Check

_COLUMNS = f"{'':4} {'law':45} {'case':42} {'expected':>11} {'measured':>11} {'+-':>9}"


@app.command(
    epilog=example(
        "p2pkd verify --fast",
        "p2pkd verify --only energy",
        "p2pkd verify --real",
        "p2pkd verify --json > laws.json",
    )
)
def verify(
    fast: Annotated[bool, typer.Option(help="Fewer repetitions: under a minute.")] = False,
    only: Annotated[
        str, typer.Option(help="Laws whose names begin so (`p2pkd list laws`), such as energy.")
    ] = "",
    first: Annotated[bool, typer.Option("--first", help="Stop at the first that fails.")] = False,
    real: Annotated[
        bool, typer.Option("--real", help="Seconds of messages beside those of real TCP.")
    ] = False,
    cases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For --real: other measurements, of the same form."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Hold the simulator against theory; exit with 1 where a law fails.

    Transfers, fair sharing, latencies, loss and retransmission, bytes, computing time, joules,
    absences, clocks, queues, rumours, epidemics, averaging, peer sampling and D-PSGD are simulated
    by the engine and compared with closed forms, published figures or an independent computation;
    +- is the measurement's own standard error.
    """
    if real or cases is not None:
        _alone({"--fast": fast, "--only": bool(only), "--first": first})
        _real(cases, as_json=as_json)
        return
    from p2pkd.verify.laws import chosen
    from p2pkd.verify.laws import verify as measure

    chosen(only)  # a wrong name is told before the table begins
    checks = []
    if not as_json:
        echo(_COLUMNS)
    for check in measure(fast=fast, only=only):
        checks.append(check)
        if not as_json:
            echo(_line(check))
        if first and not check.passed:
            break
    failed = [check for check in checks if not check.passed]
    if as_json:
        rows = [_plain(check) for check in checks]
        echo(json.dumps({"passed": not failed, "checks": rows}, indent=2))
    else:
        echo(f"{len(checks) - len(failed)} of {len(checks)} checks hold")
    if failed:
        raise typer.Exit(FAILED)


def _alone(options: dict[str, bool]) -> None:
    """Raise InputError where options about laws stand beside --real."""
    given = [name for name, yes in options.items() if yes]
    if given:
        raise InputError(
            f"{', '.join(given)}: about laws, and --real is a table; leave one of them out"
            " (`p2pkd verify --only real` is its law)"
        )


def _real(path: Path | None, *, as_json: bool) -> None:
    """Print the table of `p2pkd.verify.real`, and fail where its limits are not kept."""
    from p2pkd.verify import real
    from p2pkd.verify.replay import read_cases

    cases = None if path is None else read_cases(path)
    rows, checks = list(real.table(cases)), list(real.checks(cases))
    failed = [check for check in checks if not check.passed]
    if as_json:
        told = {"rows": [asdict(row) for row in rows], "checks": [_plain(c) for c in checks]}
        echo(json.dumps({"passed": not failed, **told}, indent=2))
    else:
        echo("Errors of messages, and of the sums of cases, against real TCP, in %\n")
        for line in real.text(rows):
            echo(line)
        echo("")
        for check in failed:
            echo(f"FAIL {check.law}: {check.case}: {check.measured:.3g}")
        echo(f"{len(checks) - len(failed)} of {len(checks)} limits are kept")
    if failed:
        raise typer.Exit(FAILED)


def _line(check: Check) -> str:
    verdict = "ok" if check.passed else "FAIL"
    numbers = f"{check.expected:>11.5g} {check.measured:>11.5g} {check.error:>9.2g}"
    return f"{verdict:4} {check.law:45} {check.case:42} {numbers}"


def _plain(check: Check) -> dict[str, Any]:
    return {**check._asdict(), "passed": check.passed}
