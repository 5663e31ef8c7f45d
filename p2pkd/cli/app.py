"""The application that all commands are added to, and how errors become exit codes."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from p2pkd.cli.streams import echo, open_streams, refusal, silence
from p2pkd.core.errors import InputError, Interrupted, RunError
from p2pkd.core.interrupts import INTERRUPTS

FAILED, WRONG_INPUT = 1, 2


class Commands(TyperGroup):
    """Turns the errors that p2pkd raises on purpose into a message and an exit code.

    All others are bugs and keep their traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise _exit(error, WRONG_INPUT) from None
        except (Interrupted, KeyboardInterrupt) as error:
            raise _exit(str(error) or "interrupted", _interrupted()) from None
        except RunError as error:
            raise _exit(f"the run failed: {error}", FAILED) from None
        except BrokenPipeError:
            raise  # whoever read has heard enough: click ends quietly
        except OSError as error:
            silence(sys.stdout)
            raise _exit(refusal(error), FAILED) from None
        except Exception as error:
            from p2pkd.scenario.kinds import blamed

            # A plug-in's bug is its author's; ours keep their traceback.
            told = blamed(error)
            if told is None:
                raise
            raise _exit(told, FAILED) from error

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the application, with streams to print to and an end that leaves a manifest."""
        open_streams()
        _came[:] = [signal.SIGINT]
        _end_as_interrupted()
        return super().main(*args, **kwargs)


def _exit(message: object, code: int) -> typer.Exit:
    echo(message, err=True)
    return typer.Exit(code)


# The signal that came, for the exit code.
_came = [signal.SIGINT]


def _end_as_interrupted() -> None:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does, unless somebody else sees to them."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in INTERRUPTS - {signal.SIGINT}:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: Any) -> None:
    _came[:] = [signal.Signals(number)]
    raise KeyboardInterrupt


def _interrupted() -> int:
    """Return 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, as shells have it."""
    return 128 + int(_came[0])


app = typer.Typer(
    cls=Commands,
    name="p2pkd",
    no_args_is_help=True,
    add_completion=False,
    # Without markup the brackets of an example stay as they are.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def example(*commands: str) -> str:
    """Return the end of a command's help: lines to copy."""
    # \b keeps the lines as they are.
    return "\b\nExample:\n" + "\n".join(f"  {command}" for command in commands)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        echo(version("p2pkd"))
        raise typer.Exit


@app.callback(epilog=example("p2pkd run scenarios/quickstart.yaml"))
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Simulate peer-to-peer distillation: accuracy for bytes, seconds and joules."""


ScenarioArgument = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file.")]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key, e.g. method.learn.lr=0.1 or devices.0.share='50 %'. Repeatable.",
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="Instead of the scenario's seed.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
