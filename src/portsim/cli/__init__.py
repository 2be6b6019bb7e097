"""The command line: parse, call, print."""

from __future__ import annotations

from portsim.cli.app import app, main, register
from portsim.cli.catalogue import facts, list_, schema
from portsim.cli.check import check
from portsim.cli.run import run

register("run", run)
register("check", check)
register("facts", facts)
register("list", list_)
register("schema", schema)

__all__ = ["app", "main"]
