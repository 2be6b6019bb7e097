"""`portsim facts`, `portsim list`, `portsim schema`: what portsim brings along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json

if TYPE_CHECKING:
    from portsim.facts import Fact


def facts(
    port: Annotated[
        str | None, typer.Argument(metavar="[PORT]", help="A port, or the id of one figure; all ports if absent.")
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Option("--file", metavar="FILE", help="A facts file of your own (repeatable).")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Exit:
    """Show the published figures and their sources."""
    del debug
    from portsim import api
    from portsim.facts import fact_rows, lookup
    from portsim.facts.shown import fact_blocks, facts_blocks

    is_one = port is not None and "." in port
    known: Mapping[str, Fact] = api.facts(None if is_one else port, files=files or ())
    if port is not None and is_one:
        known = {port: known[port] if port in known else lookup(known, port)}
    if as_json:
        document = {"schema": "portsim.facts/1", "facts": fact_rows(known)}
        streams.write(json.dumps(document, ensure_ascii=False, indent=2))
    elif port is not None and is_one:
        streams.show(fact_blocks(known[port]))
    else:
        streams.show(facts_blocks(known))
    return Exit.DONE


def list_(debug: Debug = False) -> Exit:
    """List the shipped scenarios and regions."""
    del debug
    from portsim import api
    from portsim.tables import Line, Table

    scenarios = Table.of(("scenario", "title"), api.scenarios(), names=2)
    streams.show([scenarios, Line(""), Table.of(("region", "title"), api.regions(), names=2)])
    return Exit.DONE


def schema(
    region: Annotated[bool, typer.Option("--region", help="That of a region file.")] = False, debug: Debug = False
) -> Exit:
    """Print the JSON Schema of a scenario file.

    Editors complete and explain the keys of a scenario with it.
    """
    del debug
    from portsim import api

    streams.write(json.dumps(api.json_schema(region=region), ensure_ascii=False, indent=2))
    return Exit.DONE
