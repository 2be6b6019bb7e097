"""Options that several commands have, and how what is written for them is read."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

MOST = 10**6
"""A number of replications beyond this is a slip."""

_REPLICATIONS = re.compile(r"(?:(\d{1,9}):)?(\d{1,9})")


class ProgressChoice(StrEnum):
    """How a command says how far it is."""

    bar = "bar"
    plain = "plain"
    none = "none"


def numbers_of(text: str) -> range:
    """The replications that are asked for: `50`, or `50:100`, of which the end is not included."""
    found = _REPLICATIONS.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"write a number, or a range such as 50:100 (50 to 99), got {text!r}")
    numbers = range(int(found[1] or 0), int(found[2]))
    if not numbers or numbers.stop > MOST:
        raise typer.BadParameter(f"that is no replication, or one beyond {MOST:,}, counted from 0; got {text!r}")
    return numbers


ReplicationsOption = Annotated[
    str,
    typer.Option(
        "-n",
        "--replications",
        metavar="N|A:B",
        help="How often chance is drawn anew; or which of them, A to B - 1.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--workers",
        metavar="N",
        min=1,
        max=1024,
        help="Replications played at the same time; as many as are worth it unless said.",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="A Dask scheduler whose workers play the replications."),
]
InsecureOption = Annotated[
    bool, typer.Option("--insecure-cluster", help="Accept a cluster without encryption on another machine.")
]
ProgressOption = Annotated[
    ProgressChoice,
    typer.Option(help="A bar (on a terminal only), a line for each 10 %, or none."),
]
