"""`portsim describe`: what a model contains, in the order of the STRESS-DES checklist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit
from portsim.cli.options import PlanOption, SetOption
from portsim.errors import Place, Problem, ScenarioError


def describe(
    source: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A file, the name of a shipped scenario, or a run folder.")
    ],
    plan: PlanOption = None,
    sets: SetOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a new file instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of Markdown.")] = False,
    debug: Debug = False,
) -> Exit:
    """Describe what a model contains, for the report of a study.

    Markdown in the order of the STRESS-DES checklist; what only the author can say is marked.
    """
    del debug
    from portsim import api

    if output is not None and output.exists():
        rule = "is there already and is never overwritten: give another name"
        raise ScenarioError([Problem(Place(str(output), 0, 0), "", rule)])
    described = api.describe(source, plan=plan, sets=sets or ())
    text = f"{json.dumps(described.to_dict(), ensure_ascii=False, indent=2)}\n" if as_json else str(described)
    if output is None:
        streams.write(text)
        return Exit.DONE
    with open(output, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    streams.say(f"written to {output}; {len(described.to_write)} things are left for the author to write")
    return Exit.DONE
