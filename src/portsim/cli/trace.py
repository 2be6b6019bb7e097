"""`portsim trace`: one truck's day in words."""

from __future__ import annotations

from typing import Annotated

import typer

from portsim.cli.app import Debug, Exit, Json
from portsim.cli.outcomes import show
from portsim.cli.verify import FolderArgument


def trace(
    folder: FolderArgument,
    unit: Annotated[
        int | None, typer.Option("--unit", metavar="N", min=0, help="Number of the unit, as in units.csv.")
    ] = None,
    longest: Annotated[bool, typer.Option("--longest", help="The unit that waited longest.")] = False,
    replication: Annotated[
        int | None,
        typer.Option("--replication", metavar="R", min=0, help="Whose records; the first that was kept if absent."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Exit:
    """Tell one unit's way through the port in words.

    When it came, what it waited for at each stage, lane and officers, and what its day adds up to.
    """
    del debug
    if (unit is None) is not longest:
        raise typer.BadParameter("give --unit N or --longest, one of the two", param_hint="--unit")
    from portsim import api

    result = api.trace(folder, unit=unit, replication=replication)
    show(result, as_json=as_json)
    return Exit.DONE
