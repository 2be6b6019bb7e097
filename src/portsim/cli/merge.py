"""`portsim merge`: the run folders of parts of a run become that of the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.options import ProgressChoice, ProgressOption
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
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Neither progress nor warnings on stderr.")] = False,
    debug: Debug = False,
) -> Exit:
    """Put the run folders of parts of a run together, and say what they are together.

    Nothing is simulated: the folder is what a run of all replications would have written.
    """
    del debug
    from portsim import api

    with Bar(None, is_wanted=not quiet, choice=progress) as bar:
        result = api.merge(parts, output, on_replication=bar.advance)
    if as_json:
        streams.write(json.dumps(result.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        streams.show(result.blocks())
    if not quiet:
        for warning in result.warnings:
            streams.say(f"warning: {warning}")
        streams.say(f"written to {output}")
    return Exit.STOPPED if result.stopped is not None else Exit.DONE
