"""The application: how its commands are called, and how every one of them ends."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any

import typer

from portsim import __version__
from portsim.cli import streams
from portsim.errors import PortsimError


class Exit(IntEnum):
    """What the command line ends with (2, wrong usage, is typer's own)."""

    DONE = 0
    BUG = 1
    BAD_INPUT = 3
    STOPPED = 4
    FAILED = 5
    INTERRUPTED = 130


Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object in place of tables.")]

app = typer.Typer(
    name="portsim",
    help="Simulate land ports: how long trucks and travellers wait, and what officers, lanes and hours change.",
    epilog="A scenario, or a region of several, is a file, or the name of a shipped one (see portsim list).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """The entry point `portsim`; ends the process with one of the documented exit codes."""
    streams.prepare()
    app(prog_name="portsim")


def register(name: str, function: Callable[..., Exit]) -> None:
    """Make a function the command `name`: it returns how it ended, and whatever it raises becomes an exit code."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        raise typer.Exit(int(_ending(function, *args, **kwargs)))

    app.command(name)(guarded)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        streams.write(f"portsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    del version


def _ending(function: Callable[..., Exit], *args: Any, **kwargs: Any) -> int:
    try:
        return function(*args, **kwargs)
    except typer.BadParameter:
        raise  # wrong usage is typer's own to tell
    except BrokenPipeError:
        streams.discard_stdout()
        return Exit.DONE
    except KeyboardInterrupt:
        streams.say("interrupted before there was a result")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost door: whatever went wrong ends in a line and a code
        if kwargs.get("debug"):
            traceback.print_exc()
        message, code = _failure(error)
        streams.say(message)
        return code


def _failure(error: Exception) -> tuple[str, int]:
    if isinstance(error, PortsimError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        parts = (error.filename, error.strerror or type(error).__name__)
        return ": ".join(str(part) for part in parts if part), Exit.BAD_INPUT
    message = (
        f"portsim failed with {type(error).__name__}: {error}. This is a mistake in portsim: please report it with the "
        "command and the scenario (--debug shows where it happened)"
    )
    return message, Exit.BUG
