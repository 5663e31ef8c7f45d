"""The application that all commands are added to, and how errors become exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from p2pkd.core.errors import InputError, Interrupted, RunError

FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


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
            raise _exit(str(error) or "interrupted", INTERRUPTED) from None
        except RunError as error:
            raise _exit(f"the run failed: {error}", FAILED) from None


def _exit(message: object, code: int) -> typer.Exit:
    typer.echo(str(message), err=True)
    return typer.Exit(code)


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

        typer.echo(version("p2pkd"))
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
