"""Options that several commands have, and how what is written for them is read."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

MOST = 10**6
"""A number of replications beyond this is a slip."""

_REPLICATIONS = re.compile(r"(?:(\d{1,9}):)?(\d{1,9})")


class EngineChoice(StrEnum):
    """Engines a user can ask for."""

    auto = "auto"
    reference = "reference"
    compiled = "compiled"


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


ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")]
PlanOption = Annotated[str | None, typer.Option("--plan", metavar="NAME", help="A plan of the scenario.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value: stages.border_check.lanes=8 (repeatable)."),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, max=2**63 - 1, help="In place of the file's seed.")
]
EngineOption = Annotated[EngineChoice, typer.Option(help="The engine that simulates.")]
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
NoPlotsOption = Annotated[bool, typer.Option("--no-plots", help="No pictures in the folder.")]
QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Neither progress nor warnings on stderr.")]
