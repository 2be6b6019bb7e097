"""`portsim verify`: whether a run folder is what its run wrote, and gives again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from portsim.cli.app import Debug, Exit, Json
from portsim.cli.options import QuietOption
from portsim.cli.outcomes import show, tell
from portsim.cli.progress import Bar

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A run folder, as portsim run -o writes it.")]


def verify(
    folder: FolderArgument,
    as_json: Json = False,
    quiet: QuietOption = False,
    debug: Debug = False,
) -> Exit:
    """Play a run folder again and say whether it is identical.

    Every file is checked against the manifest, then every table against what the run gives today.
    """
    del debug
    from portsim import api

    with Bar(None, is_wanted=not quiet) as bar:
        result = api.verify(folder, on_replication=bar.advance)
    show(result, as_json=as_json)
    tell(result, None, is_quiet=quiet)
    return Exit.DONE if result.is_identical else Exit.BAD_INPUT
