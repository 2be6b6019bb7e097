"""`portsim merge`: the run folders of parts of a run become that of the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from portsim.cli.app import Debug, Exit, Json
from portsim.cli.options import ProgressChoice, ProgressOption, QuietOption
from portsim.cli.outcomes import show, tell
from portsim.cli.progress import Bar

PartsArgument = Annotated[
    list[Path],
    typer.Argument(metavar="PART...", help="Run folders of parts: portsim run -n 0:50 -o PART."),
]


def merge(
    parts: PartsArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The run folder of the whole.")],
    as_json: Json = False,
    progress: ProgressOption = ProgressChoice.bar,
    quiet: QuietOption = False,
    debug: Debug = False,
) -> Exit:
    """Put the run folders of parts of a run together, and say what they are together.

    Nothing is simulated: the folder is what a run of all replications would have written.
    """
    del debug
    from portsim import api

    with Bar(None, is_wanted=not quiet, choice=progress) as bar:
        result = api.merge(parts, output, on_replication=bar.advance)
    show(result, as_json=as_json)
    tell(result, output, is_quiet=quiet)
    return Exit.STOPPED if result.stopped is not None else Exit.DONE
