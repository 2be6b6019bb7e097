"""`portsim new`: a scenario to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the scenario is called; its file is NAME.yaml.")],
    port: Annotated[
        str | None, typer.Option("--port", metavar="ID", help="The port's id, as published figures use it.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Where to write it; here if absent.")
    ] = None,
    debug: Debug = False,
) -> Exit:
    """Write a commented scenario to start from.

    It runs as it stands. Beside it goes the schema that editors complete its keys with.
    """
    del debug
    from portsim.scenario.starter import SCHEMA_FILE, write_starter

    path = write_starter(name, output or Path(), port)
    file = shlex.quote(str(path))
    streams.write(
        f"written: {path}, and {SCHEMA_FILE} beside it for editors\n"
        "All its numbers are made up: put your own in their place. Next:\n"
        f"  portsim check {file}\n"
        f"  portsim run {file}\n"
        f"  portsim run {file} --plan more_officers\n"
        f"  portsim describe {file}"
    )
    return Exit.DONE
