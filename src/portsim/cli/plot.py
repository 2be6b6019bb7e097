"""`portsim plot`: pictures of the folder of a run or an experiment."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit

NAMES = ("queue", "daily", "wait", "use", "plans", "queues", "sweep", "assumptions", "posterior", "figures")


class ImageChoice(StrEnum):
    """Formats of pictures."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


def _known(names: list[str] | None) -> list[str] | None:
    from portsim.scenario.units import suggestion

    for name in names or ():
        if name not in NAMES:
            raise typer.BadParameter(f"must be one of {', '.join(NAMES)}, got {name!r}{suggestion(name, NAMES)}")
    return names


def plot(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that run, compare, sweep or calibrate wrote.")
    ],
    what: Annotated[
        list[str] | None,
        typer.Option("--what", metavar="NAME", callback=_known, help=f"{', '.join(NAMES)} (repeatable)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Where to write; default DIR/plots.")
    ] = None,
    image_format: Annotated[ImageChoice, typer.Option("--format", help="Of the pictures.")] = ImageChoice.png,
    debug: Debug = False,
) -> Exit:
    """Draw what happened, or what an experiment showed: all that there is to draw of a folder, or some of it.

    Prints the file of each picture.
    """
    del debug
    from portsim.api.plotting import plot_folder

    paths, notices = plot_folder(folder, what=what or (), output=output, image_format=image_format.value)
    for path in paths:
        streams.write(str(path))
    for notice in notices:
        streams.say(f"warning: {notice}")
    return Exit.DONE
